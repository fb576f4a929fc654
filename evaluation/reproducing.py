"""How to repeat an evaluation outside Podium, with plain mteb."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


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
    settings = dict(model.settings)
    shortened = settings.pop("max_seq_length", None)
    if model.in_registry and not model.local_path:
        options = "".join(f", {name}={value!r}" for name, value in settings.items())
        lines = ["", f"model = mteb.get_model({_text(model.name)}, revision={_text(model.revision)}{options})"]
        inner = "model.model"
    else:
        lines = _loading_by_hand(model, settings)
        inner = "inner"
    return lines if shortened is None else [*lines, f"{inner}.max_seq_length = {shortened}"]


def _loading_by_hand(model: WantedModel, settings: Mapping[str, Any]) -> list[str]:
    options = "" if model.local_path else f", revision={_text(model.revision)}"
    if model.runs_own_code:
        options += ", trust_remote_code=True"
    if "embed_dim" in settings:
        options += f", truncate_dim={settings['embed_dim']}"
    prompts = f", model_prompts={settings['model_prompts']!r}" if settings.get("model_prompts") else ""
    return [
        "from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper",
        "from sentence_transformers import SentenceTransformer",
        "",
        f"inner = SentenceTransformer({_text(model.local_path or model.name)}{options})",
        f"model = SentenceTransformerEncoderWrapper(inner{prompts})",
    ]


def _task(task: EvaluatedTask) -> str:
    options = ""
    if task.eval_splits is not None:
        options += f", eval_splits={list(task.eval_splits)!r}"
    if task.hf_subsets is not None:
        options += f", hf_subsets={list(task.hf_subsets)!r}"
    return f"mteb.get_task({_text(task.name)}{options})"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
