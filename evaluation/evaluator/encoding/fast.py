"""The `encode` that takes the place of a SentenceTransformer's own, behind mteb's preparation of the texts."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.evaluator.encoding.batching import batches, token_budget, windows
from evaluation.evaluator.encoding.columns import read_numbers_at_once
from evaluation.evaluator.encoding.paths import Way, choose_way
from evaluation.evaluator.encoding.store import EmbeddingStore, Vectors, digests

PLAIN_ARGUMENTS: Mapping[str, tuple[object, ...]] = {
    "output_value": ("sentence_embedding",),
    "precision": ("float32", None),
    "convert_to_numpy": (True,),
    "convert_to_tensor": (False,),
    "device": (None,),
    "pool": (None,),
    "chunk_size": (None,),
}
"""A call that wants anything else is left to SentenceTransformer."""
SHAPING_ARGUMENTS = {"task", "normalize_embeddings", "truncate_dim"}

logger = logging.getLogger("evaluation.evaluator.runner")


@dataclass
class Counts:
    """Texts that went through the model, and texts that were repeated or known already."""

    encoded: int = 0
    served: int = 0


def quicken(model: Any, *, store_bytes: int) -> Counts | None:
    """Let a loaded model encode the fast way where that cannot change its vectors; the log says which way it took.

    The counts grow while it encodes; None where the model is untouched. The vectors lie in the process's own folder for
    temporary files, and go with it.
    """
    if not store_bytes:
        logger.info("Encoding is plain, because PODIUM_EMBEDDINGS_MB is 0.")
        return None
    read_numbers_at_once()
    try:
        choice = choose_way(model)
    except Exception:
        logger.warning("Encoding is plain, because the model could not be looked into.", exc_info=True)
        return None
    logger.info("Encoding is %s, because %s.", choice.way, choice.reason)
    if choice.way is Way.PLAIN:
        return None
    inner = model.model
    folder = Path(tempfile.mkdtemp(prefix="embeddings-"))
    store = EmbeddingStore(folder, limit_bytes=store_bytes) if choice.way is Way.FAST else None
    encoder = FastEncoder(inner, store)
    inner.encode = encoder.encode
    return encoder.counts


class FastEncoder:
    """Without a store it only sees to it that no text of a call is encoded twice."""

    def __init__(self, inner: Any, store: EmbeddingStore | None) -> None:
        self._inner = inner
        self._plain_encode = inner.encode
        self._store = store
        self.counts = Counts()

    def encode(
        self,
        inputs: Any,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: bool | None = None,
        **named: Any,
    ) -> Any:
        """As `SentenceTransformer.encode`, a little faster."""
        common = {"prompt_name": prompt_name, "prompt": prompt, "batch_size": batch_size}
        if not _is_plain_call(inputs, named):
            self.counts.encoded += 1 if isinstance(inputs, str) else len(inputs)
            return self._plain_encode(inputs, show_progress_bar=show_progress_bar, **common, **named)
        position_of = {text: position for position, text in enumerate(dict.fromkeys(inputs))}
        distinct = list(position_of)
        self.counts.served += len(inputs) - len(distinct)
        if self._store is None:
            self.counts.encoded += len(distinct)
            vectors = self._plain_encode(distinct, show_progress_bar=show_progress_bar, **common, **named)
        else:
            prompt = self._inner._resolve_prompt(prompt, prompt_name)
            vectors = self._known_or_new(distinct, prompt, batch_size, bool(show_progress_bar), named, self._store)
        return vectors if len(distinct) == len(inputs) else vectors[[position_of[text] for text in inputs]]

    def _known_or_new(
        self,
        texts: Sequence[str],
        prompt: str | None,
        batch_size: int,
        progress: bool,
        named: Mapping[str, Any],
        store: EmbeddingStore,
    ) -> Vectors:
        shaping = {key: named.get(key) for key in sorted(SHAPING_ARGUMENTS)}
        keys = digests(texts, settings=(prompt, self._inner.max_seq_length, self._inner.truncate_dim, shaping))
        known, kept = store.find(keys)
        is_new = np.ones(len(texts), dtype=bool)
        is_new[known] = False
        new = np.flatnonzero(is_new)
        self.counts.served += len(known)
        self.counts.encoded += len(new)
        if not len(new):
            return kept
        computed = self._compute([texts[int(at)] for at in new], prompt, batch_size, progress, named)
        store.add([keys[int(at)] for at in new], computed)
        if not len(known):
            return computed
        vectors = np.empty((len(texts), computed.shape[1]), dtype=np.float32)
        vectors[known], vectors[new] = kept, computed
        return vectors

    def _compute(
        self, texts: Sequence[str], prompt: str | None, batch_size: int, progress: bool, named: Mapping[str, Any]
    ) -> Vectors:
        """Tokenizing the next window overlaps computing this one."""
        import torch
        from tqdm import tqdm

        inner = self._inner.eval()
        budget = token_budget(batch_size, device=inner.device.type, max_seq_length=inner.max_seq_length)
        vectors: Vectors = np.empty((0, 0), dtype=np.float32)
        with torch.inference_mode(), tqdm(total=len(texts), desc="Encoding", unit="text", disable=not progress) as bar:
            for positions, features in self._tokenized(texts, prompt, named):
                for batch in batches(_lengths(features), budget=budget):
                    computed = self._forward(_rows(features, batch), named)
                    if not len(vectors):
                        vectors = np.empty((len(texts), computed.shape[1]), dtype=np.float32)
                    vectors[positions[batch]] = computed
                    bar.update(len(batch))
        return vectors

    def _tokenized(
        self, texts: Sequence[str], prompt: str | None, named: Mapping[str, Any]
    ) -> Iterator[tuple[npt.NDArray[np.intp], dict[str, Any]]]:
        arguments = {"task": named["task"]} if "task" in named else {}

        def tokenize(positions: npt.NDArray[np.intp]) -> dict[str, Any]:
            features: dict[str, Any] = self._inner.preprocess(
                [texts[int(at)] for at in positions], prompt=prompt, **arguments
            )
            return features

        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="tokenizer") as tokenizer:
            ahead: tuple[npt.NDArray[np.intp], Future[dict[str, Any]]] | None = None
            for positions in windows(texts):
                following = positions, tokenizer.submit(tokenize, positions)
                if ahead:
                    yield ahead[0], ahead[1].result()
                ahead = following
            if ahead:
                yield ahead[0], ahead[1].result()

    def _forward(self, features: dict[str, Any], named: Mapping[str, Any]) -> Vectors:
        """What `SentenceTransformer.encode` does with one batch."""
        import torch
        from sentence_transformers.util import batch_to_device, truncate_embeddings

        arguments = {"task": named["task"]} if "task" in named else {}
        embeddings = self._inner(batch_to_device(features, self._inner.device), **arguments)["sentence_embedding"]
        truncate_dim = named.get("truncate_dim") or self._inner.truncate_dim
        if truncate_dim is not None:
            embeddings = truncate_embeddings(embeddings, truncate_dim)
        if named.get("normalize_embeddings"):
            embeddings = torch.nn.functional.normalize(embeddings, p=2, dim=1)
        vectors: Vectors = embeddings.cpu().numpy()
        return vectors


def _is_plain_call(inputs: Any, named: Mapping[str, Any]) -> bool:
    return (
        isinstance(inputs, list)
        and bool(inputs)
        and all(type(text) is str for text in inputs)
        and all(
            name in SHAPING_ARGUMENTS or (name in PLAIN_ARGUMENTS and value in PLAIN_ARGUMENTS[name])
            for name, value in named.items()
        )
    )


def _lengths(features: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = features["attention_mask"].sum(dim=1).numpy()
    return lengths


def _rows(features: Mapping[str, Any], positions: npt.NDArray[np.intp]) -> dict[str, Any]:
    """The features of some texts, without the columns in which all of them are padding."""
    import torch

    rows = torch.from_numpy(positions)
    mask = features["attention_mask"]
    columns = mask[rows].any(dim=0)
    first, last = int(columns.int().argmax()), len(columns) - int(columns.flip(0).int().argmax())
    return {
        name: value[rows, first:last] if isinstance(value, torch.Tensor) and value.shape == mask.shape else value
        for name, value in features.items()
    }
