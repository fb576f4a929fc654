"""Reading mteb result files, of every age, without mteb.

What comes out equals what `mteb.TaskResult.from_disk` makes of the same file: the same cells in the same order with the
same main scores. Going through pydantic for a hundred thousand files costs minutes; this costs seconds.

Layout of a results repository: `<org>__<name>/<revision>/[experiments/<variant>/]<Task>.json`, beside
`model_meta.json`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import orjson

# JSON has no NaN, but every fifth file does. As a bare token it means "missing". The pattern begins with its literal,
# which lets the regular expression engine skip to it; looking behind comes after.
_BARE_NAN = re.compile(rb"NaN(?<=[:\[,\s]NaN)(?=[\s,\]}])")

# Names of tasks before mteb 1.11.0.
RENAMED_TASKS = {
    "NorwegianParliament": "NorwegianParliamentClassification",
    "CMedQAv2": "CMedQAv2-reranking",
    "CMedQAv1": "CMedQAv1-reranking",
    "8TagsClustering": "EightTagsClustering",
    "PPC": "PpcPC",
}
# Tasks that only historic files know: their main score and languages.
RETIRED_TASKS = {
    "ScalaNbClassification": ("accuracy", ["nob-Latn"]),
    "ScalaNnClassification": ("accuracy", ["nob-Latn"]),
    "ScalaDaClassification": ("accuracy", ["dan-Latn"]),
    "ScalaSvClassification": ("accuracy", ["swe-Latn"]),
}
# Before mteb 1.11.0 these keys of a split held nested metrics; any other dictionary was a subset.
_NESTED_METRICS = {"v_measures", "cos_sim", "euclidean", "manhattan", "dot", "max"}
_METRIC_PREFIXES = {
    "cos_sim": "cosine",
    "manhattan": "manhattan",
    "euclidean": "euclidean",
    "dot": "dot",
    "max": "max",
    "similarity": "similarity",
}
_FIRST_MLSUM_VERSIONS = {"1.1.2.dev0", "1.1.3.dev0"}


class UnusableFile(ValueError):
    """The file is not a result; the message says why, for the import report."""


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """What reading a historic file needs to know of its task."""

    main_score: str
    eval_langs: Sequence[str] | Mapping[str, Sequence[str]]

    def languages_of(self, subset: str) -> list[str]:
        """Languages of a subset; of all subsets together where the task does not know it (aggregate tasks)."""
        if not isinstance(self.eval_langs, Mapping):
            by_subset: Mapping[str, Sequence[str]] = {"default": self.eval_langs}
        else:
            by_subset = self.eval_langs
        if subset in by_subset:
            return list(by_subset[subset])
        return list(dict.fromkeys(code for codes in by_subset.values() for code in codes))


@dataclass(frozen=True, slots=True)
class ParsedResult:
    """The facts of a result file. `main_scores` are fractions, None where missing; cells stand in file order."""

    task_name: str
    splits: list[str]
    subsets: list[str]
    languages: list[list[str]]
    main_scores: list[float | None]
    dataset_revision: str | None
    mteb_version: str | None
    date: datetime | None
    evaluation_time: float | None
    kg_co2_emissions: float | None

    def cell_set_digest(self) -> bytes:
        """Identifies the list of cells, whatever the scores."""
        cells = [self.task_name, self.splits, self.subsets, self.languages]
        return hashlib.sha256(orjson.dumps(cells)).digest()


def load_json(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; bare NaN and Infinity read as null.

    Raises UnusableFile where the content is no JSON object.
    """
    try:
        data = orjson.loads(content)
    except orjson.JSONDecodeError:
        data = _load_lenient_json(content)
    if not isinstance(data, dict):
        raise UnusableFile(f"not a JSON object but a {type(data).__name__}")
    return data


def _load_lenient_json(content: bytes) -> Any:
    try:
        return orjson.loads(_BARE_NAN.sub(b"null", content))
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(content, parse_constant=lambda _: None)
    except ValueError as error:
        raise UnusableFile(f"not valid JSON: {error}") from error


def parse_result(content: bytes, tasks: Mapping[str, TaskFacts]) -> ParsedResult:
    """Read one result file; `tasks` is asked only for files from before mteb 1.11.0.

    Raises UnusableFile with the reason where mteb could not read the file either.
    """
    data = load_json(content)
    task_name, scores, version, revision = normalise(data, tasks)
    splits: list[str] = []
    subsets: list[str] = []
    languages: list[list[str]] = []
    main_scores: list[float | None] = []
    for split, entries in scores.items():
        for entry in entries:
            splits.append(split)
            subsets.append(entry["hf_subset"])
            languages.append(entry["languages"])
            score = entry["main_score"]
            main_scores.append(score if type(score) is float and isfinite(score) else _number(score))
    return ParsedResult(
        task_name=task_name,
        splits=splits,
        subsets=subsets,
        languages=languages,
        main_scores=main_scores,
        dataset_revision=revision,
        mteb_version=version,
        date=_date(data.get("date")),
        evaluation_time=_number(data.get("evaluation_time")),
        kg_co2_emissions=_number(data.get("kg_co2_emissions")),
    )


def normalise(
    data: dict[str, Any], tasks: Mapping[str, TaskFacts]
) -> tuple[str, dict[str, list[dict[str, Any]]], str | None, str | None]:
    """(task name, scores in today's form, mteb version, dataset revision) of a loaded file."""
    if "scores" in data:
        task_name = data.get("task_name")
        if not isinstance(task_name, str) or not task_name:
            raise UnusableFile("it names no task (task_name)")
        return task_name, _checked(data["scores"]), _text(data.get("mteb_version")), _text(data.get("dataset_revision"))
    if "mteb_dataset_name" in data:
        return _convert_historic(data, tasks)
    raise UnusableFile("it has neither scores nor mteb_dataset_name, so it is not an mteb result")


def _checked(scores: Any) -> dict[str, list[dict[str, Any]]]:
    if not isinstance(scores, dict):
        raise UnusableFile("scores is not an object of splits")
    for split, entries in scores.items():
        if not isinstance(entries, list):
            raise UnusableFile(f"split {split!r} is not a list of subsets")
        for entry in entries:
            if not (
                type(entry) is dict
                and "main_score" in entry
                and type(entry.get("hf_subset")) is str
                and type(entry.get("languages")) is list
            ):
                raise UnusableFile(f"a subset of split {split!r} {_what_is_wrong(entry)}")
    return scores


def _what_is_wrong(entry: Any) -> str:
    if not isinstance(entry, dict):
        return "is not an object"
    if "main_score" not in entry:
        return "has no main_score"
    return "has no hf_subset" if not isinstance(entry.get("hf_subset"), str) else "has no list of languages"


def _convert_historic(
    data: dict[str, Any], tasks: Mapping[str, TaskFacts]
) -> tuple[str, dict[str, list[dict[str, Any]]], str | None, str | None]:
    """A file from before mteb 1.11.0: {mteb_dataset_name, mteb_version?, <split>: {<metric or subset>: ...}}."""
    by_split = {key: value for key, value in data.items() if isinstance(value, dict)}
    written_name = data["mteb_dataset_name"]
    task_name, facts = _historic_task(RENAMED_TASKS.get(written_name, written_name), tasks)
    for scores in by_split.values():
        scores.pop("evaluation_time", None)
    if not _has_subsets(by_split):
        by_split = {split: {"default": dict(scores)} for split, scores in by_split.items()}
    for subsets in by_split.values():
        for metrics in subsets.values():
            if not isinstance(metrics, dict):
                raise UnusableFile("subsets and metrics are mixed on one level")
            _flatten_metrics(metrics)
            metrics.setdefault("main_score", metrics.get(facts.main_score))
    version = _text(data.get("mteb_version"))
    _rename_subsets(task_name, version, by_split)
    converted = {
        split: [
            {**metrics, "hf_subset": subset, "languages": facts.languages_of(subset)}
            for subset, metrics in subsets.items()
        ]
        for split, subsets in by_split.items()
    }
    return task_name, converted, version, _text(data.get("dataset_revision"))


def _historic_task(task_name: str, tasks: Mapping[str, TaskFacts]) -> tuple[str, TaskFacts]:
    """The task's name as the registry spells it, and its facts."""
    if task_name in RETIRED_TASKS:
        return task_name, TaskFacts(*RETIRED_TASKS[task_name])
    if task_name in tasks:
        return task_name, tasks[task_name]
    for name, facts in tasks.items():
        if name.lower() == task_name.lower():
            return name, facts
    raise UnusableFile(f"task {task_name!r} is not in the registry, and a file of this age cannot be read without it")


def _has_subsets(by_split: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(
        isinstance(value, dict)
        for scores in by_split.values()
        for key, value in scores.items()
        if key not in _NESTED_METRICS
    )


def _flatten_metrics(metrics: dict[str, Any]) -> None:
    """{"cos_sim": {"ap": x}} -> {"cosine_ap": x}"""
    for nested, prefix in _METRIC_PREFIXES.items():
        values = metrics.pop(nested, None)
        if isinstance(values, dict):
            metrics.update({f"{prefix}_{key}": value for key, value in values.items()})


def _rename_subsets(task_name: str, version: str | None, by_split: dict[str, dict[str, Any]]) -> None:
    test = by_split.get("test", {})
    only_french = task_name in {"MLSUMClusteringP2P", "MLSUMClusteringS2S"} and version in _FIRST_MLSUM_VERSIONS
    if only_french and "default" in test:
        test["fr"] = test.pop("default")
    if task_name == "XPQARetrieval" and "fr" in test:
        test["fra-fra"] = test.pop("fr")


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _date(value: Any) -> datetime | None:
    """Epoch seconds, or ISO 8601 in some files."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
