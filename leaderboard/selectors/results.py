"""Results that count now, and those that do not, with where they come from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import isnan

import zstandard

from leaderboard.cell_means import Cell, mean_in_order
from leaderboard.currency import parsed_version
from leaderboard.models import (
    CellSet,
    Comparison,
    CurrentResult,
    ModelMeta,
    ResultChoice,
    ResultFlag,
    Scope,
    SourceKind,
    StaleRule,
    Task,
    TaskResult,
)
from leaderboard.result_files import TaskFacts
from leaderboard.result_metrics import metric_column, stored_cells
from leaderboard.selectors.staleness import choice_of, stale_reasons
from leaderboard.selectors.verification import comparisons_of, levels_by_reruns, open_flags
from leaderboard.verification import Level, result_level


@dataclass(frozen=True)
class CurrentScore:
    """What a model variant has on a task now: the mean of the cells that the task declares, in their order.

    Provenance is that of the leading part where several results merge. `score` is None if no declared cell is scored.
    """

    result_id: int
    model_id: int
    model_name: str
    experiment_id: str
    task_name: str
    task_type: str
    score: float | None
    n_cells: int
    n_parts: int
    model_revision: str
    dataset_revision: str | None
    mteb_version: str | None
    date: datetime | None
    origin: str
    source: str
    level: Level = Level.REPORTED


def _declared_cells(cell_set_ids: Iterable[int]) -> dict[int, list[Cell | None]]:
    """Cell set -> its cells in order; None in place of a cell that its task does not declare."""
    cell_sets = CellSet.objects.filter(pk__in=list(cell_set_ids)).select_related("task")
    return {
        cell_set.pk: cell_set.task.declared(zip(cell_set.splits, cell_set.subsets, strict=True))
        for cell_set in cell_sets.only("splits", "subsets", "task__eval_splits", "task__hf_subsets")
    }


@dataclass(frozen=True)
class Standing:
    """A stored result of a model on a task, and whether it counts now.

    `scopes` maps each scope in which it counts to its part; `why` says it in a sentence. `rerun` is how a run of ours
    came out beside it, `flag` a doubt about it that nobody has decided. `stale_by` are the rules that hit it, `choice`
    the rollback that makes it count.
    """

    result: TaskResult
    score: float | None
    n_cells: int
    scopes: dict[str, int]
    why: str
    level: Level
    rerun: Comparison | None
    flag: ResultFlag | None
    stale_by: list[StaleRule]
    choice: ResultChoice | None

    @property
    def leads(self) -> bool:
        """Whether it comes first among all results, so that there is nothing to go back to."""
        return self.scopes.get(Scope.ALL) == 0


@dataclass(frozen=True)
class CellRow:
    """`by_metric` is the metric that was asked for beside the main score, None where the file has none."""

    split: str
    subset: str
    languages: str
    main_score: float | None
    by_metric: float | None = None


def result_standings(model_meta: ModelMeta, task: Task) -> list[Standing]:
    """Every result of a model on a task: those that count first, then by date, newest first."""
    parts = _parts(model_meta, task)
    found = list(
        TaskResult.objects.filter(model_revision__model_meta=model_meta, task=task)
        .select_related("model_revision", "variant", "source", "cell_set", "task")
        .defer("payload")
    )
    official = {result.variant_id: result for result in found if parts[result.pk].get(Scope.OFFICIAL) == 0}
    cells = _declared_cells({result.cell_set_id for result in found})
    reruns, flags, by_reruns = comparisons_of(found), open_flags(model_meta), levels_by_reruns()
    stale = stale_reasons([result.pk for result in found])
    choices = choice_of(model_meta.pk, task)
    chosen_for = {choice.variant_id: choice for choice in choices.values()}
    standings = []
    for result in found:
        scored = [
            score
            for cell, score in zip(cells[result.cell_set_id], result.main_scores, strict=True)
            if cell is not None and score is not None
        ]
        scopes = parts[result.pk]
        stale_by, choice = stale.get(result.pk, []), choices.get(result.pk)
        why = _set_aside(result, scopes, stale_by, chosen_for.get(result.variant_id)) or why_it_counts(
            result, scopes, official.get(result.variant_id), model_meta.registry_revision
        )
        rerun, flag = reruns.get(result.pk), flags.get(result.pk)
        level = result_level(
            result.source.kind,
            agrees=rerun.agrees if rerun else None,
            of_model=by_reruns.get((model_meta.pk, result.variant.experiment_id)),
        )
        standings.append(
            Standing(result, mean_in_order(scored), len(scored), scopes, why, level, rerun, flag, stale_by, choice)
        )
    return sorted(standings, key=_place)


def _parts(model_meta: ModelMeta, task: Task) -> defaultdict[int, dict[str, int]]:
    """Result -> scope -> the part it plays in what counts there."""
    parts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    currents = CurrentResult.objects.filter(task=task, variant__model_meta=model_meta)
    for pk, official_part, all_part in currents.values_list("pk", "official_part", "all_part"):
        scoped = ((Scope.OFFICIAL, official_part), (Scope.ALL, all_part))
        parts[pk] = {scope: part for scope, part in scoped if part is not None}
    return parts


def _set_aside(
    result: TaskResult, scopes: dict[str, int], stale_by: Iterable[StaleRule], choice: ResultChoice | None
) -> str:
    """Why a rule or a maintainer keeps the result from counting, or makes it count; empty where neither does."""
    if choice and choice.result_id == result.pk:
        return f"A maintainer went back to it: {choice.reason}"
    elsewhere = " It counts on official boards, which follow mteb alone." if Scope.OFFICIAL in scopes else ""
    if choice and result.pk <= choice.latest_result_id and Scope.ALL not in scopes:
        return f"A maintainer went back to another result: {choice.reason}{elsewhere}"
    hides = [rule.reason for rule in stale_by if rule.effect == StaleRule.Effect.HIDE]
    return f"Hidden by a rule: {hides[0]}{elsewhere}" if hides and Scope.ALL not in scopes else ""


def _place(standing: Standing) -> tuple[int, float]:
    date = standing.result.date
    return -len(standing.scopes), -(date.timestamp() if date else 0.0)


def why_it_counts(
    result: TaskResult, scopes: dict[str, int], official: TaskResult | None, registry_revision: str | None
) -> str:
    """The rule of `leaderboard/currency.py` in words. `official` is the result the official boards count."""
    if Scope.ALL in scopes and Scope.OFFICIAL in scopes:
        return "Counts on every board."
    if Scope.ALL in scopes:
        return "Counts on boards of all results." if scopes[Scope.ALL] == 0 else "Counts for cells that others lack."
    if Scope.OFFICIAL in scopes:
        return "Counts on official boards; among all results another covers more or is our own."
    if result.source.kind != SourceKind.OFFICIAL or official is None:
        return "Another result covers as much or more and goes first."
    if official.model_revision.name == registry_revision != result.model_revision.name:
        return "The registry names another revision."
    if parsed_version(result.mteb_version) is None and parsed_version(official.mteb_version) is not None:
        return "Its mteb version is not known."
    return "Another result has a newer mteb version, names a real revision or was stored first."


def chosen_standing(standings: list[Standing], result_id: str) -> Standing | None:
    """The one asked for, else the first."""
    asked = (standing for standing in standings if str(standing.result.pk) == result_id)
    return next(asked, standings[0] if standings else None)


def cells_of(result: TaskResult, metric: str = "") -> list[CellRow]:
    """The scores in the order of the file."""
    cell_set = result.cell_set
    by_metric = _by_metric(result, metric) if metric else [None] * result.n_cells
    return [
        CellRow(split, subset, ", ".join(languages), *scores)
        for split, subset, languages, *scores in zip(
            cell_set.splits, cell_set.subsets, cell_set.languages, result.main_scores, by_metric, strict=True
        )
    ]


def _by_metric(result: TaskResult, metric: str) -> list[float | None]:
    facts = {result.task.name: TaskFacts(result.task.main_score, result.task.eval_langs)}
    column = metric_column(stored_cells(stored_file(result), facts), metric)
    return [None if isnan(value) else value for value in column.tolist()]


def stored_file(result: TaskResult) -> bytes:
    """The result file byte for byte."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(bytes(result.payload))
