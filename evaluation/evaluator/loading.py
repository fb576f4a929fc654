"""Loading a model as mteb would: from a folder, through mteb's registry, or as any sentence-transformers model.

Imported only in the process that evaluates.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.failures import ModelRefused
from evaluation.local_models import folder_revision

if TYPE_CHECKING:
    from mteb.models.models_protocols import EncoderProtocol
    from sentence_transformers import SentenceTransformer

# What loaders of the registry take by these names.
_FOR_LOADERS = ("embed_dim", "model_prompts")


def load_model(wanted: dict[str, Any]) -> EncoderProtocol:
    """From a local folder, through mteb's registry entry, or as any other sentence-transformers model of the Hub."""
    folder = _checked_folder(wanted) if wanted["path"] else None
    import mteb
    from mteb.models.model_implementations import MODEL_REGISTRY
    from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper

    name, revision, settings = wanted["name"], wanted["revision"], wanted["settings"]
    registered, framework = MODEL_REGISTRY.get(name), settings.get("framework")
    if registered is not None and folder is None and framework in {None, "registry"}:
        return _through_registry(registered, wanted)
    if framework == "registry":
        raise ModelRefused(f"mteb's registry has no loader for {name}. Request a run without “framework”.")

    model = _as_sentence_transformer(folder, wanted)
    _adapt(model, settings)
    prompts = settings.get("model_prompts") or (registered.loader_kwargs.get("model_prompts") if registered else None)
    wrapped = SentenceTransformerEncoderWrapper(model, model_prompts=prompts)
    meta = registered or wrapped.mteb_model_meta or mteb.ModelMeta.create_empty()
    wrapped.mteb_model_meta = meta.model_copy(update={"name": name, "revision": revision})
    return wrapped


def _through_registry(registered: Any, wanted: dict[str, Any]) -> EncoderProtocol:
    settings = wanted["settings"]
    meta = registered.model_copy(update={"revision": wanted["revision"]})
    # The registry's own word that a model needs its code is not enough: a moderator has to say so here.
    asks_for_code = "trust_remote_code" in meta.loader_kwargs
    refusals = {"trust_remote_code": wanted["allows_remote_code"]} if asks_for_code else {}
    loaded: EncoderProtocol = meta.load_model(
        **{key: settings[key] for key in _FOR_LOADERS if key in settings}, **refusals
    )
    _adapt(getattr(loaded, "model", None), settings)
    return loaded


def _as_sentence_transformer(folder: str | None, wanted: dict[str, Any]) -> SentenceTransformer:
    """As its repository says; with the framework “transformers” the mean of its token embeddings."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    name, dimension = folder or wanted["name"], wanted["settings"].get("embed_dim")
    arguments = {"trust_remote_code": wanted["allows_remote_code"]}
    if folder is None:
        arguments["revision"] = wanted["revision"]
    if wanted["settings"].get("framework") != "transformers":
        return SentenceTransformer(name, **arguments, truncate_dim=dimension, model_kwargs={"use_safetensors": True})
    transformer = Transformer(
        name,
        model_kwargs={**arguments, "use_safetensors": True},
        config_kwargs=arguments,
        processor_kwargs=arguments,
    )
    pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
    return SentenceTransformer(modules=[transformer, pooling], truncate_dim=dimension)


def _adapt(model: Any, settings: dict[str, Any]) -> None:
    """Settings that a loaded model takes, whoever loaded it."""
    if "max_seq_length" in settings:
        _shorten(model, settings["max_seq_length"])
    if "dtype" in settings:
        _cast(model, settings["dtype"])


def _cast(model: Any, dtype: str) -> None:
    import torch

    if not isinstance(model, torch.nn.Module):
        raise ModelRefused("This model has no setting “dtype”. Request a run without it.")
    model.to(getattr(torch, dtype))


def _shorten(model: Any, max_seq_length: int) -> None:
    if not hasattr(model, "max_seq_length"):
        raise ModelRefused("This model has no setting “max_seq_length”. Request a run without it.")
    model.max_seq_length = max_seq_length


def _checked_folder(wanted: dict[str, Any]) -> str:
    folder = Path(wanted["path"])
    if not folder.is_dir():
        raise ModelRefused(f"This worker has no folder {folder}. Put the model there, then retry.")
    if wanted["pinned_by_content"] and folder_revision(folder) != wanted["revision"]:
        raise ModelRefused(f"The model in {folder} changed after the run was requested. Request a new run.")
    return str(folder)
