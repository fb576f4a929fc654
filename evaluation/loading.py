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


def load_model(wanted: dict[str, Any]) -> EncoderProtocol:
    """From a local folder, through mteb's registry entry, or as any other sentence-transformers model of the Hub."""
    folder = _checked_folder(wanted) if wanted["path"] else None
    import mteb
    from mteb.models.model_implementations import MODEL_REGISTRY
    from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
    from sentence_transformers import SentenceTransformer

    name, revision, settings = wanted["name"], wanted["revision"], dict(wanted["settings"])
    registered = MODEL_REGISTRY.get(name)
    if registered is not None and folder is None:
        meta = registered.model_copy(update={"revision": revision})
        # The registry's own word that a model needs its code is not enough: a moderator has to say so here.
        asks_for_code = "trust_remote_code" in meta.loader_kwargs
        refusals = {"trust_remote_code": wanted["allows_remote_code"]} if asks_for_code else {}
        max_seq_length = settings.pop("max_seq_length", None)
        loaded = meta.load_model(**settings, **refusals)
        if max_seq_length is not None:
            _shorten(getattr(loaded, "model", None), max_seq_length)
        return loaded

    model = SentenceTransformer(
        folder or name,
        revision=None if folder else revision,
        trust_remote_code=wanted["allows_remote_code"],
        truncate_dim=settings.get("embed_dim"),
        model_kwargs={"use_safetensors": True},
    )
    if "max_seq_length" in settings:
        _shorten(model, settings["max_seq_length"])
    prompts = settings.get("model_prompts") or (registered.loader_kwargs.get("model_prompts") if registered else None)
    wrapped = SentenceTransformerEncoderWrapper(model, model_prompts=prompts)
    meta = registered or wrapped.mteb_model_meta or mteb.ModelMeta.create_empty()
    wrapped.mteb_model_meta = meta.model_copy(update={"name": name, "revision": revision})
    return wrapped


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
