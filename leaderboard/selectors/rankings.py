"""A board's ranking as plain data, for commands and exports."""

from __future__ import annotations

import difflib
from typing import Any

from leaderboard.board_query import parse
from leaderboard.models import Benchmark, Board, BoardLanguageRow, BoardRow, Scope
from leaderboard.ranking import MEAN_TASK, MEAN_TASK_TYPE, TASK_TYPES
from leaderboard.selectors.standings import board_standings
from leaderboard.standing import MEANS


class UnknownBenchmark(LookupError):
    """No benchmark has that name; the message names close ones."""


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of that name, alias or slug. Raises UnknownBenchmark."""
    for lookup in ({"name": name}, {"slug": name}, {"aliases__contains": [name]}):
        found = Benchmark.objects.filter(**lookup).first()
        if found:
            return found
    names = list(Benchmark.objects.values_list("name", flat=True))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise UnknownBenchmark(f"There is no benchmark {name!r}.{hint}")


def board_rankings(benchmark: Benchmark, scope: Scope) -> list[dict[str, Any]]:
    """The summary of the board, one object a row in display order; docs/ranking.md describes the fields.

    Scores are fractions; unknown or blank is None.
    """
    board = Board.objects.filter(benchmark=benchmark, scope=scope).first()
    if board is None:
        return []
    rows = (
        BoardRow.objects.filter(board=board, position__isnull=False).select_related("model_meta").order_by("position")
    )
    shows_types = TASK_TYPES in benchmark.aggregations
    return [_ranking(board, row, shows_types=shows_types) for row in rows]


def _ranking(board: Board, row: BoardRow, *, shows_types: bool) -> dict[str, Any]:
    groups: dict[str, dict[str, float | None]] = {}
    for (dimension, label), value in zip(board.groups, row.group_means, strict=True):
        groups.setdefault(dimension, {})[label] = value
    return {
        "rank": row.rank,
        "borda_rank": row.borda_rank,
        "model": row.model_meta.name,
        "variant": row.experiment_id,
        "revision": row.revision,
        "revisions": row.revisions,
        "zero_shot": row.zero_shot,
        "coverage": {"done": row.n_done, "of": board.n_declared_tasks},
        **{name: getattr(row, name) for name in MEANS},
        "task_types": dict(zip(board.task_types, row.type_means, strict=True)) if shows_types else {},
        "groups": groups,
        "tasks": dict(zip(board.task_names, row.task_scores, strict=True)) if row.task_scores else {},
    }


def parity_tables(benchmark: Benchmark, scope: Scope) -> dict[str, list[dict[str, Any]]]:
    """The board in the shape of `leaderboard.official`: summary, per-task and per-language rows."""
    board = Board.objects.filter(benchmark=benchmark, scope=scope).first()
    if board is None:
        return {"summary": [], "per_task": [], "per_language": []}
    task_rows = BoardRow.objects.filter(board=board, task_position__isnull=False).order_by("task_position")
    language_rows = BoardLanguageRow.objects.filter(board=board).order_by("position")
    return {
        "summary": board_rankings(benchmark, scope),
        "per_task": [
            {"model": name, "variant": variant, "scores": dict(zip(board.task_names, scores, strict=True))}
            for name, variant, scores in task_rows.values_list("model_meta__name", "experiment_id", "task_scores")
        ],
        "per_language": [
            {"model": name, "scores": dict(zip(board.languages, scores, strict=True))}
            for name, scores in language_rows.values_list("model_meta__name", "scores")
        ],
    }


def language_parity_tables(benchmark: Benchmark, scope: Scope, language: str) -> dict[str, list[dict[str, Any]]]:
    """As `parity_tables`, the summary alone, of the board narrowed to a language."""
    tables: dict[str, list[dict[str, Any]]] = {"summary": [], "per_task": [], "per_language": []}
    board = Board.objects.select_related("benchmark").filter(benchmark=benchmark, scope=scope).first()
    standings = board_standings(board, parse({"lang": [language]})) if board else None
    if standings is None:
        return tables
    head = standings.head
    shows_types = TASK_TYPES in benchmark.aggregations
    for record in standings.records():
        groups: dict[str, dict[str, float | None]] = {}
        for (dimension, label), value in zip(head.groups, record.group_means, strict=True):
            groups.setdefault(dimension, {})[label] = value
        tables["summary"].append(
            {
                "rank": record.rank,
                "borda_rank": record.borda_rank,
                "model": record.model_meta__name,
                "variant": record.experiment_id,
                "zero_shot": record.zero_shot,
                **{name: getattr(record, name) for name in MEANS},
                "task_types": dict(zip(head.task_types, record.type_means, strict=True)) if shows_types else {},
                "groups": groups,
            }
        )
    return tables


def shown_means(benchmark: Benchmark) -> list[str]:
    """Names of the means that the benchmark shows, in the official order."""
    flags = set(benchmark.aggregations)
    wanted = {"mean_task": MEAN_TASK, "mean_task_type": MEAN_TASK_TYPE, "mean_subset": "mean_subset"}
    public_private = {"mean_public": "public_private", "mean_private": "public_private"}
    return [name for name in MEANS if {**wanted, **public_private}[name] in flags]
