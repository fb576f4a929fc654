"""Which way a model's texts are encoded, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

INDEPENDENT_OF_BATCH = frozenset(
    {
        "albert",
        "bert",
        "camembert",
        "deberta",
        "deberta-v2",
        "distilbert",
        "electra",
        "ernie",
        "gemma",
        "gemma2",
        "gemma3_text",
        "llama",
        "mistral",
        "modernbert",
        "mpnet",
        "mt5",
        "qwen2",
        "qwen3",
        "roberta",
        "t5",
        "xlm-roberta",
        "xlm-roberta-xl",
    }
)
"""Architectures, as `model_type` of transformers, whose attention ignores padding and reads no other text."""
LENGTH_OF_BATCH_MATTERS = ("dynamic", "longrope")
"""Rotary positions that are scaled by the longest text of the batch."""


class Way(StrEnum):
    FAST = "fast"
    """Each text once in the run, batches by tokens."""
    DISTINCT = "distinct"
    """Each text once in a call: the model is so fast that keeping its vectors would cost more than they do."""
    PLAIN = "plain"
    """Untouched."""


@dataclass(frozen=True)
class Choice:
    """The reason ends a sentence that begins with “because”."""

    way: Way
    reason: str


def choose_way(model: Any) -> Choice:
    """Plain, unless everything about the model is known to give each text the vector that it has in any batch."""
    from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    if getattr(type(model), "encode", None) is not SentenceTransformerEncoderWrapper.encode:
        return Choice(Way.PLAIN, f"{type(model).__name__} has its own way of encoding")
    inner = model.model
    if type(inner) is not SentenceTransformer or "encode" in vars(inner):
        return Choice(Way.PLAIN, f"{type(inner).__name__} is not SentenceTransformer itself")
    first, *rest = inner.children()
    if strange := _strange_module(rest):
        return Choice(Way.PLAIN, f"its module {strange} may depend on more than the text")
    if any((inner.module_kwargs or {}).values()):
        return Choice(Way.PLAIN, "its modules take arguments of their own")
    if type(first) is StaticEmbedding:
        return Choice(Way.DISTINCT, "static embeddings are quicker computed than looked up")
    if type(first) is not Transformer:
        return Choice(Way.PLAIN, f"its module {type(first).__name__} may depend on more than the text")
    if reason := _doubt(inner, first):
        return Choice(Way.PLAIN, reason)
    return Choice(Way.FAST, f"{first.config.model_type} in float32 gives a text the same vector in any batch")


def _strange_module(modules: list[Any]) -> str | None:
    from sentence_transformers.base.modules import Dense, Normalize
    from sentence_transformers.sentence_transformer.modules import LayerNorm, Pooling

    return next(
        (type(one).__name__ for one in modules if type(one) not in {Dense, LayerNorm, Normalize, Pooling}), None
    )


def _doubt(inner: Any, transformer: Any) -> str | None:
    """The first thing about a transformer that may let other texts, or the rounding of a batch, change a vector."""
    import torch

    config = transformer.config
    special = transformer.query_expansion or transformer.processing_kwargs or "message" in transformer.modality_config
    checks = [
        (inner.device.type not in {"cpu", "cuda", "mps"} or inner._placement_is_delegated, "it spans devices"),
        (inner._distributed_inference is not None, "it encodes with several processes"),
        (transformer.backend != "torch", f"it runs on {transformer.backend}"),
        (transformer.transformer_task != "feature-extraction", f"its task is {transformer.transformer_task}"),
        (not type(transformer.model).__module__.startswith("transformers."), "its code is its own"),
        (
            config.model_type not in INDEPENDENT_OF_BATCH,
            f"{config.model_type} is not on the list of known architectures",
        ),
        (any(kind in repr(config.to_dict()) for kind in LENGTH_OF_BATCH_MATTERS), "its positions depend on the batch"),
        (any(one.dtype != torch.float32 for one in inner.parameters()), "it computes with less than float32"),
        (bool(special), "it rewrites what it is given"),
        (transformer.can_flatten_inputs, "it needs no padding"),
    ]
    return next((reason for doubtful, reason in checks if doubtful), None)
