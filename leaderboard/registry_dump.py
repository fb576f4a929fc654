"""Prints mteb's registry as one JSON document; run as a process of its own: `python -m leaderboard.registry_dump`.

The only module of this app that imports mteb together with `official.py`; pages never import either.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Any

import orjson

from leaderboard.languages import CODE_SCRIPT, split_code

# Per-subset statistics of tasks with thousands of subsets are megabytes that no page shows.
_MAX_STATISTICS_BYTES = 500_000
# How programming languages are spelled, where that is not their name with a capital.
_SPELLED = {"javascript": "JavaScript", "typescript": "TypeScript", "php": "PHP", "sql": "SQL"}


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    sys.stdout.buffer.write(orjson.dumps(registry(), default=_plain))


def registry() -> dict[str, Any]:
    """{"mteb_version", "tasks", "benchmarks", "menu", "model_metas", "languages", "scripts"}: plain values only."""
    from importlib.metadata import version

    import mteb
    from mteb.models.model_implementations import MODEL_REGISTRY

    found = mteb.get_tasks(exclude_superseded=False, exclude_private=False, exclude_beta=False)
    tasks = [_task(task) for task in found]
    return {
        "mteb_version": version("mteb"),
        "tasks": tasks,
        "benchmarks": [_benchmark(benchmark) for benchmark in mteb.get_benchmarks()],
        "menu": list(_menu_entries()),
        "model_metas": [_model_meta(meta) for meta in MODEL_REGISTRY.values()],
        "languages": list(_languages(tasks)),
        "scripts": list(_scripts()),
    }


def _task(task: Any) -> dict[str, Any]:
    meta = task.metadata
    start, end = meta.date or (None, None)
    return {
        "name": meta.name,
        "type": meta.type,
        "description": meta.description or "",
        "reference": str(meta.reference or ""),
        "category": meta.category or "",
        # Aggregate tasks collect these from sets, so only sorting makes them the same in every process.
        "subtypes": sorted(meta.task_subtypes or []),
        "domains": sorted(meta.domains or []),
        "modalities": sorted(meta.modalities or []),
        "languages": sorted({code for codes in meta.hf_subsets_to_langscripts.values() for code in codes}),
        "eval_langs": meta.eval_langs if isinstance(meta.eval_langs, dict) else sorted(meta.eval_langs),
        "eval_splits": list(meta.eval_splits),
        "hf_subsets": list(meta.hf_subsets),
        "main_score": meta.main_score,
        "dataset_path": meta.dataset.get("path", ""),
        "dataset_revision": meta.dataset.get("revision", ""),
        "license": None if meta.license is None else str(meta.license),
        "is_public": bool(meta.is_public),
        "is_beta": bool(meta.is_beta),
        "is_aggregate": bool(task.is_aggregate),
        "superseded_by": getattr(task, "superseded_by", None) or meta.superseded_by,
        "adapted_from": list(meta.adapted_from or []),
        "annotations_creators": meta.annotations_creators,
        "sample_creation": meta.sample_creation,
        "dialect": list(meta.dialect or []),
        "date_start": start and str(start),
        "date_end": end and str(end),
        "citation": meta.bibtex_citation or "",
        "contributed_by": meta.contributed_by or "",
        "prompt": meta.prompt,
        "descriptive_stats": _descriptive_stats(meta),
    }


def _descriptive_stats(meta: Any) -> dict[str, Any] | None:
    path = meta.descriptive_stat_path
    if not path.exists():
        return None
    content = path.read_bytes()
    statistics = orjson.loads(content)
    if len(content) > _MAX_STATISTICS_BYTES:
        for of_split in statistics.values():
            of_split.pop("hf_subset_descriptive_stats", None)
    return statistics


def _benchmark(benchmark: Any) -> dict[str, Any]:
    flags: list[Any] = [aggregation for aggregation in benchmark.aggregations if isinstance(aggregation, str)]
    groupings = [aggregation for aggregation in benchmark.aggregations if not isinstance(aggregation, str)]
    sort_columns = benchmark.summary_sort_column or ()
    return {
        "name": benchmark.name,
        "display_name": benchmark.display_name or "",
        "description": benchmark.description or "",
        "reference": str(benchmark.reference or ""),
        "citation": benchmark.citation or "",
        "contacts": list(benchmark.contacts or []),
        "aliases": list(benchmark.aliases or []),
        "superseded_by": list(benchmark.superseded_by or []),
        "aggregations": [str(flag.value) for flag in flags],
        "public_tasks_only": type(benchmark).__name__ == "RtebBenchmark",
        "show_zero_shot": bool(benchmark.show_zero_shot),
        "sort_columns": [sort_columns] if isinstance(sort_columns, str) else list(sort_columns),
        "language_view": ["all"] if benchmark.language_view == "all" else list(benchmark.language_view),
        "display_on_leaderboard": bool(benchmark.display_on_leaderboard),
        "tasks": [
            {"name": task.metadata.name, "splits": list(task.eval_splits), "subsets": list(task.hf_subsets)}
            for task in benchmark.tasks
        ],
        "groups": [
            {
                "dimension": grouping.name,
                "label": group.label,
                "description": group.description or "",
                "members": [_group_member(task) for task in group.tasks],
            }
            for grouping in groupings
            for group in grouping.groups
        ],
    }


def _group_member(task: Any) -> dict[str, Any]:
    meta = task.metadata
    is_whole = set(task.hf_subsets) == set(meta.hf_subsets) and set(task.eval_splits) == set(meta.eval_splits)
    return {
        "name": meta.name,
        "is_whole": is_whole,
        "splits": list(task.eval_splits),
        "subsets": list(task.hf_subsets),
    }


def _menu_entries() -> Iterator[dict[str, Any]]:
    """{"benchmark", "path"} in the order of the official benchmark menu."""
    from mteb.benchmarks._leaderboard_menu import GP_BENCHMARK_ENTRIES, R_BENCHMARK_ENTRIES

    def walk(entries: Sequence[Any], path: list[str]) -> Iterator[dict[str, Any]]:
        for entry in entries:
            if hasattr(entry, "benchmarks"):
                yield from walk(entry.benchmarks, [*path, entry.name.strip()])
            else:
                yield {"benchmark": entry.name, "path": path}

    yield from walk([*GP_BENCHMARK_ENTRIES, *R_BENCHMARK_ENTRIES], [])


def _languages(tasks: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every language that mteb has a name for, whether or not a task is in it: a custom task may be.

    The usual script is mteb's default, else the only one in which tasks have the language.
    """
    from mteb.languages import ISO_TO_LANGUAGE, PROGRAMMING_LANGS
    from mteb.languages.iso_mappings import _get_iso1_to_iso3, _get_iso3_to_default_script

    short_codes = {code: short_code for short_code, code in _get_iso1_to_iso3().items()}
    used = defaultdict(set)
    for language, script in {split_code(code) for task in tasks for code in task["languages"]}:
        used[language].add(script)
    usual = {language: scripts.pop() for language, scripts in used.items() if len(scripts) == 1}
    usual |= _get_iso3_to_default_script()
    for code, name in ISO_TO_LANGUAGE.items():
        yield {
            "code": code,
            "name": name,
            "short_code": short_codes.get(code, ""),
            "usual_script": usual.get(code),
        }
    for name in PROGRAMMING_LANGS:
        spelled = _SPELLED.get(name, name.capitalize())
        yield {"code": f"{name}-{CODE_SCRIPT}", "name": spelled, "short_code": "", "usual_script": CODE_SCRIPT}


def _scripts() -> Iterator[dict[str, str]]:
    from mteb.languages import ISO_TO_SCRIPT
    from mteb.languages.iso_mappings import _SCRIPT_DISPLAY_ALIASES

    for code, name in ISO_TO_SCRIPT.items():
        yield {"code": code, "name": name, "short_name": _SCRIPT_DISPLAY_ALIASES.get(code, name)}
    yield {"code": CODE_SCRIPT, "name": "Programming languages", "short_name": "code"}


def _model_meta(meta: Any) -> dict[str, Any]:
    plain = meta.model_dump(mode="json", exclude={"loader", "loader_kwargs"})
    dims = meta.embed_dim
    all_dims = None if dims is None else [dims] if isinstance(dims, int) else [int(dim) for dim in dims]
    data = plain["public_training_data"]
    return {
        "name": meta.name,
        "registry_revision": meta.revision,
        "loader": _loader_name(meta.loader),
        "release_date": plain["release_date"],
        "languages": plain["languages"],
        "n_parameters": meta.n_parameters,
        "n_active_parameters": meta.n_active_parameters,
        "n_embedding_parameters": meta.n_embedding_parameters,
        "memory_usage_mb": meta.memory_usage_mb,
        "max_tokens": _finite_int(meta.max_tokens),
        "embed_dim": max(all_dims) if all_dims else None,
        "embed_dims": all_dims,
        "license": plain["license"],
        "open_weights": meta.open_weights,
        "public_training_code": plain["public_training_code"],
        "public_training_data": None if data is None else str(data),
        "framework": list(plain["framework"] or []),
        "reference": plain["reference"],
        "similarity_fn_name": plain["similarity_fn_name"],
        "use_instructions": meta.use_instructions,
        "training_datasets": None if meta.training_datasets is None else sorted(meta.training_datasets),
        "adapted_from": _canonical_name(meta.adapted_from),
        "superseded_by": meta.superseded_by,
        "model_type": list(plain["model_type"]),
        "modalities": list(plain["modalities"]),
        "output_dtypes": plain["output_dtypes"],
        "citation": meta.citation,
        "contacts": list(meta.contacts or []),
    }


def _loader_name(loader: Any) -> str | None:
    """The class or function that loads a model, whatever arguments it is given."""
    return None if loader is None else str(getattr(loader, "func", loader).__name__)


def _canonical_name(name: str | None) -> str | None:
    """The registry's own spelling of a model name that may be an old one."""
    import mteb

    if name is None:
        return None
    try:
        return mteb.get_model_meta(name, fetch_from_hf=False).name
    except (ValueError, KeyError):
        return name


def _finite_int(value: float | None) -> int | None:
    return None if value is None or value == float("inf") else int(value)


def _plain(value: Any) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value)


if __name__ == "__main__":
    main()
