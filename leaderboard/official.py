"""The official board's own tables for a results folder, computed by mteb.

`python -m leaderboard.official FOLDER [--language CODE] [BENCHMARK ...]`; a language filters as on that board.

Runs in a process of its own (mteb takes gigabytes for the whole archive) and prints one JSON line per benchmark. This
is the other side of `manage.py check_parity`; nothing here shares code with our ranking.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

_GROUP_PREFIX = "__cg__"
_MEANS = {
    "Mean (Task)": "mean_task",
    "Mean (TaskType)": "mean_task_type",
    "Mean (Subset)": "mean_subset",
    "Mean (Public)": "mean_public",
    "Mean (Private)": "mean_private",
}


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--language")
    asked = parser.parse_args()
    for table in official_tables(asked.folder, asked.names, asked.language):
        sys.stdout.buffer.write(orjson.dumps(table) + b"\n")
        sys.stdout.buffer.flush()


def official_tables(folder: Path, names: Sequence[str] = (), language: str | None = None) -> Iterator[dict[str, Any]]:
    """{"benchmark", "summary", "per_task", "per_language"} for each benchmark; `folder` holds `results/`.

    Rows are lists of plain objects in the official order; a table that mteb does not build is an empty list. With a
    language there is only the summary, over the cells that name it.
    """
    import mteb
    from mteb.cache import ResultCache
    from mteb.models.model_implementations import MODEL_REGISTRY
    from mteb.results import BenchmarkResults

    results = ResultCache(cache_path=folder).load_results(
        models=list(MODEL_REGISTRY),
        only_main_score=True,
        require_model_meta=False,
        load_experiments="match_name",
    )
    frames = BenchmarkResults.split_leaderboard_frame(results._to_results_df())
    for benchmark in mteb.get_benchmarks():
        if names and benchmark.name not in names:
            continue
        frame = frames.get(benchmark.name)
        if language is not None:
            yield {"benchmark": benchmark.name, **_NO_TABLES, "summary": _summary_in(benchmark, frame, language)}
            continue
        yield {"benchmark": benchmark.name, **(_tables(benchmark, frame) if frame is not None else _NO_TABLES)}


_NO_TABLES: dict[str, list[Any]] = {"summary": [], "per_task": [], "per_language": []}


def _summary_in(benchmark: Any, frame: Any, language: str) -> list[dict[str, Any]]:
    import polars as pl

    if frame is None:
        return []
    left = frame.filter(pl.col("language").list.contains(language))
    return [] if left.is_empty() else _summary(benchmark, left)


def _summary(benchmark: Any, frame: Any) -> list[dict[str, Any]]:
    summary = benchmark._create_summary_table(frame)
    return [] if summary.is_empty else [_summary_row(summary, row) for row in summary.df.iter_rows(named=True)]


def _tables(benchmark: Any, frame: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "summary": _summary(benchmark, frame),
        "per_task": [_task_row(row) for row in _rows(benchmark._create_per_task_table(frame))],
        "per_language": (
            [_language_row(row) for row in _rows(benchmark._create_per_language_table(frame))]
            if benchmark.language_view
            else []
        ),
    }


def _rows(table: Any) -> list[dict[str, Any]]:
    return [] if "No results" in table.columns else list(table.iter_rows(named=True))


def _summary_row(summary: Any, row: dict[str, Any]) -> dict[str, Any]:
    known = {
        summary.rank_col,
        "Rank (Borda)",
        "Model",
        "_experiment_id",
        "Zero-shot",
        "Active Parameters (B)",
        "Total Parameters (B)",
        "Embedding Dimensions",
        "Max Tokens",
        "Release Date",
    }
    means = {field: row.get(column) for column, field in _MEANS.items()}
    groups: dict[str, dict[str, float | None]] = {}
    for dimension, columns in summary.custom_group_cols.items():
        prefix = f"{_GROUP_PREFIX}{dimension}::"
        groups[dimension] = {column.removeprefix(prefix): row[column] for column in columns}
    types = {
        column: value
        for column, value in row.items()
        if column not in known and column not in _MEANS and not column.startswith(_GROUP_PREFIX)
    }
    return {
        "rank": row[summary.rank_col],
        "borda_rank": row["Rank (Borda)"],
        "model": row["Model"],
        "variant": row.get("_experiment_id") or "",
        "zero_shot": None if row["Zero-shot"] == -1 else row["Zero-shot"],
        **means,
        "task_types": types,
        "groups": {dimension: values for dimension, values in groups.items() if values},
    }


def _task_row(row: dict[str, Any]) -> dict[str, Any]:
    scores = {key: value for key, value in row.items() if key not in {"Model", "_experiment_id"}}
    return {"model": row["Model"], "variant": row.get("_experiment_id") or "", "scores": scores}


def _language_row(row: dict[str, Any]) -> dict[str, Any]:
    return {"model": row["Model"], "scores": {key: value for key, value in row.items() if key != "Model"}}


if __name__ == "__main__":
    main()
