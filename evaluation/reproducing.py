"""How to repeat an evaluation outside Podium, with plain mteb."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FOR_LOADERS = ("embed_dim", "model_prompts")
"""The settings that mteb's loaders take; the others are applied to what they have loaded."""


@dataclass(frozen=True)
class WantedModel:
    """`local_path` is empty for a model of the Hub; `in_registry` says whether mteb knows how to load it."""

    name: str
    revision: str
    in_registry: bool
    settings: Mapping[str, Any] = field(default_factory=dict)
    local_path: str = ""
    runs_own_code: bool = False


@dataclass(frozen=True)
class EvaluatedTask:
    """`eval_splits` and `hf_subsets` are None for those of the task itself."""

    name: str
    is_custom: bool = False
    eval_splits: Sequence[str] | None = None
    hf_subsets: Sequence[str] | None = None


@dataclass(frozen=True)
class Recipe:
    """`text` is a command of the shell or a Python program; `note` says what to know before."""

    text: str
    is_program: bool
    note: str = ""


def recipe(model: WantedModel, tasks: Sequence[EvaluatedTask], *, batch_size: int) -> Recipe:
    """The shortest way to repeat it: `mteb run` where its options say everything, else a program."""
    known = [task for task in tasks if not task.is_custom]
    if not known:
        return _own_command(model, tasks)
    note = "" if len(known) == len(tasks) else "Tasks of this board's own are left out: mteb does not know them."
    by_hand = model.settings or model.local_path or (model.runs_own_code and not model.in_registry)
    if by_hand or any(task.hf_subsets for task in known) or not _same_splits(known):
        return Recipe(_program(model, known, batch_size), is_program=True, note=note)
    return Recipe(_command(model, known, batch_size), is_program=False, note=note)


def _same_splits(tasks: Sequence[EvaluatedTask]) -> bool:
    return len({None if task.eval_splits is None else tuple(task.eval_splits) for task in tasks}) == 1


def _command(model: WantedModel, tasks: Sequence[EvaluatedTask], batch_size: int) -> str:
    words = ["mteb", "run", "--model", model.name, "--model-revision", model.revision]
    words += ["--tasks", *(task.name for task in tasks)]
    if tasks[0].eval_splits:
        words += ["--eval-splits", *tasks[0].eval_splits]
    words += ["--batch-size", str(batch_size), "--no-co2-tracker", "--overwrite-strategy", "always"]
    return shlex.join([*words, "--output-folder", "results"])


def _own_command(model: WantedModel, tasks: Sequence[EvaluatedTask]) -> Recipe:
    words = ["manage.py", "evaluate", model.local_path or model.name]
    if model.local_path:
        words += ["--name", model.name]
    words += ["--revision", model.revision]
    for task in tasks:
        words += ["--task", task.name]
    note = "These are tasks of this board's own, which plain mteb does not know. Podium with their folder repeats them."
    if model.settings:
        chosen = ", ".join(f"{name}={value!r}" for name, value in model.settings.items())
        note += f" The command has no options for the settings of this run ({chosen}): submit it with them instead."
    return Recipe(shlex.join([*words, "--wait"]), is_program=False, note=note)


def _program(model: WantedModel, tasks: Sequence[EvaluatedTask], batch_size: int) -> str:
    lines = ["import mteb", *_loading(model), ""]
    lines += ["tasks = [", *(f"    {_task(task)}," for task in tasks), "]"]
    lines += [
        "results = mteb.evaluate(",
        '    model, tasks, cache=None, overwrite_strategy="always",',
        f'    co2_tracker=False, encode_kwargs={{"batch_size": {batch_size}}},',
        ")",
        "for result in results.task_results:",
        "    print(result.task_name, result.get_score())",
    ]
    return "\n".join(lines) + "\n"


def _loading(model: WantedModel) -> list[str]:
    """As evaluator/loading.py does it. Tokens are no part of it: the libraries take HF_TOKEN from the environment."""
    settings = model.settings
    if model.in_registry and not model.local_path and settings.get("framework") in {None, "registry"}:
        options = "".join(f", {name}={settings[name]!r}" for name in FOR_LOADERS if name in settings)
        lines = ["", f"model = mteb.get_model({_text(model.name)}, revision={_text(model.revision)}{options})"]
        return [*_imports(settings), *lines, *_adapting("model.model", settings)]
    imports = ["from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper"]
    imports.append("from sentence_transformers import SentenceTransformer")
    if settings.get("framework") == "transformers":
        imports.append("from sentence_transformers.sentence_transformer.modules import Pooling, Transformer")
        inner = _mean_of_tokens(model)
    else:
        inner = _as_its_repository_says(model)
    wrapping = f"model = SentenceTransformerEncoderWrapper(inner, model_prompts={_prompts(model)})"
    return [*imports, *_imports(settings), "", *inner, *_adapting("inner", settings), wrapping]


def _imports(settings: Mapping[str, Any]) -> list[str]:
    return ["import torch"] if "dtype" in settings else []


def _adapting(inner: str, settings: Mapping[str, Any]) -> list[str]:
    lines = []
    if "max_seq_length" in settings:
        lines.append(f"{inner}.max_seq_length = {settings['max_seq_length']}")
    if "dtype" in settings:
        lines.append(f"{inner}.to(torch.{settings['dtype']})")
    return lines


def _origin(model: WantedModel) -> dict[str, Any]:
    origin: dict[str, Any] = {} if model.local_path else {"revision": model.revision}
    return origin | ({"trust_remote_code": True} if model.runs_own_code else {})


def _as_its_repository_says(model: WantedModel) -> list[str]:
    options = [f"{name}={value!r}" for name, value in _origin(model).items()]
    options += [f"truncate_dim={model.settings.get('embed_dim')}", "model_kwargs={'use_safetensors': True}"]
    return [f"inner = SentenceTransformer({_text(model.local_path or model.name)}, {', '.join(options)})"]


def _mean_of_tokens(model: WantedModel) -> list[str]:
    place, dimension = _text(model.local_path or model.name), model.settings.get("embed_dim")
    return [
        f"origin = {_origin(model)!r}",
        "transformer = Transformer(",
        f"    {place}, config_kwargs=origin, processor_kwargs=origin,",
        "    model_kwargs={**origin, 'use_safetensors': True},",
        ")",
        "pooling = Pooling(transformer.get_embedding_dimension(), pooling_mode='mean')",
        f"inner = SentenceTransformer(modules=[transformer, pooling], truncate_dim={dimension})",
    ]


def _prompts(model: WantedModel) -> str:
    """Those of the run, else those that mteb knows for the model, however it is loaded."""
    if prompts := model.settings.get("model_prompts"):
        return repr(prompts)
    if model.in_registry:
        return f"mteb.get_model_meta({_text(model.name)}).loader_kwargs.get('model_prompts')"
    return "None"


def _task(task: EvaluatedTask) -> str:
    options = ""
    if task.eval_splits is not None:
        options += f", eval_splits={list(task.eval_splits)!r}"
    if task.hf_subsets is not None:
        options += f", hf_subsets={list(task.hf_subsets)!r}"
    return f"mteb.get_task({_text(task.name)}{options})"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
