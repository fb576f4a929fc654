"""Custom tasks: a folder with a short description and data files, read and checked.

docs/custom-tasks.md describes the format. Nothing here knows Django or mteb, so that a folder can be checked anywhere;
`evaluation/evaluator/mteb_tasks.py` makes a task of mteb's own classes of a definition, `manage.py add_tasks` puts it
on the board.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from evaluation.custom.data_files import Mistakes, Row, data_file
from evaluation.custom.descriptions import Description, jsonable
from evaluation.custom.rows import (
    QUERY_FIELDS,
    ROW_FIELDS,
    RetrievalRows,
    check_distinct_candidates,
    check_nearest_neighbours,
    check_scores,
    check_several_labels,
    check_summaries,
    check_trained_labels,
    check_two_labels,
    n_characters,
    read_retrieval,
    read_rows,
)

DEFAULT_SUBSET = "default"
TRAIN_SPLIT = "train"
SHOWN_MISTAKES = 20

TASK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")
PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
LANGUAGE = re.compile(r"[a-z]{3}-[A-Z][a-z]{3}")
ADDRESS = re.compile(r"https?://\S+")
_RANKED = (
    r"accuracy|(ndcg|map|recall|precision|mrr|hit_rate)_at_(1|3|5|10|20|100|1000)"
    r"|nauc_(ndcg|map|recall|precision|mrr)_at_(1|3|5|10|20|100|1000)_(max|std|diff1)"
)
TRAINED_TYPES = ("Classification", "MultilabelClassification")
"""Types with a file `train`."""
SCORED_TYPES = ("STS", "Summarization")
"""Types whose data hold scores of people, and so a range of scores."""
TWO_LABEL_SCORES = ("ap", "ap_weighted")
METRIC_FILE = "metric.py"
OWN_METRIC = re.compile(r"[a-z][a-z0-9_]{0,59}")
LARGEST_METRIC = 100_000


class CustomTaskError(ValueError):
    """The folder cannot be used. `mistakes` has one sentence for each thing to correct."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        shown = self.mistakes[:SHOWN_MISTAKES]
        if len(self.mistakes) > SHOWN_MISTAKES:
            shown.append(f"And {len(self.mistakes) - SHOWN_MISTAKES} more.")
        super().__init__("\n".join(shown))


@dataclass(frozen=True)
class TaskKind:
    """A task type of mteb as a custom task can have it."""

    main_score: str
    main_scores: str
    """Pattern of the metrics that mteb computes for the type."""
    category: str = "t2t"
    takes_own_metric: bool = True
    """Whether mteb has all predictions at hand beside what they should be."""


TASK_KINDS: Mapping[str, TaskKind] = {
    "STS": TaskKind("cosine_spearman", r"((cosine|manhattan|euclidean)_)?(spearman|pearson)"),
    "PairClassification": TaskKind(
        "max_ap", r"(similarity|cosine|manhattan|euclidean|dot|max)_(accuracy|f1|precision|recall|ap)"
    ),
    "Classification": TaskKind("accuracy", r"accuracy|(f1|precision|recall|ap)(_weighted)?", "t2c"),
    "MultilabelClassification": TaskKind("accuracy", r"accuracy|f1|lrap|hamming", "t2c"),
    "Clustering": TaskKind("v_measure", r"v_measure|ami", "t2c", takes_own_metric=False),
    "Retrieval": TaskKind("ndcg_at_10", _RANKED),
    "InstructionRetrieval": TaskKind("ndcg_at_20", _RANKED),
    "Reranking": TaskKind("map_at_1000", _RANKED),
    "InstructionReranking": TaskKind("ndcg_at_10", _RANKED),
    "BitextMining": TaskKind("f1", r"f1|precision|recall|accuracy"),
    "Summarization": TaskKind("cosine_spearman", r"((cosine|dot)_)?(spearman|pearson)"),
}
"""Per type the main score that most of mteb's own tasks of the type have, and those it could have."""


@dataclass(frozen=True)
class TaskDefinition:
    """A checked task. `subsets` maps each subset to its languages; a task without subsets has the one `default`.

    `dataset_revision` is a digest of everything that decides the scores: the data files, the type, the main score, the
    prompt, the score range and the code of a metric of its own.
    """

    folder: Path
    name: str
    type: str
    description: str
    subsets: Mapping[str, tuple[str, ...]]
    splits: tuple[str, ...]
    main_score: str
    dataset_revision: str
    domains: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    license: str | None = None
    reference: str = ""
    citation: str = ""
    contributed_by: str = ""
    is_public: bool = True
    prompt: str | Mapping[str, str] | None = None
    score_range: tuple[float, float] = (0, 5)
    metric: Mapping[str, Any] | None = None
    """A metric of its own: `sha256` and `code` of metric.py. The board stores the code once a moderator approved it."""
    statistics: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Per split `num_samples` and `number_of_characters`, named as in mteb's descriptive statistics."""

    @property
    def languages(self) -> list[str]:
        return sorted({code for codes in self.subsets.values() for code in codes})

    @property
    def eval_langs(self) -> list[str] | dict[str, list[str]]:
        """mteb's form: a list where there are no subsets, else a mapping."""
        if list(self.subsets) == [DEFAULT_SUBSET]:
            return list(self.subsets[DEFAULT_SUBSET])
        return {subset: list(codes) for subset, codes in self.subsets.items()}

    def to_json(self) -> dict[str, Any]:
        fields = {name: value for name, value in asdict(self).items() if name != "subsets"}
        return jsonable({**fields, "eval_langs": self.eval_langs})


def read_task_folder(folder: Path) -> TaskDefinition:
    """The task in `folder`, its data checked. Raises CustomTaskError with everything that is wrong."""
    folder = folder.resolve()
    mistakes = Mistakes(folder)
    definition = read_task(folder, mistakes)
    if mistakes.sentences:
        raise CustomTaskError(mistakes.told())
    return definition


def write_task_description(folder: Path, fields: Mapping[str, Any]) -> None:
    """A task.toml of texts and lists of texts, which JSON and TOML write alike."""
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in fields.items()]
    (folder / "task.toml").write_text("".join(lines), encoding="utf-8")


def read_split(definition: TaskDefinition, subset: str, split: str) -> list[Row] | RetrievalRows:
    """The rows of a split, or of `train` for a classification, as they stand in the files. Raises CustomTaskError."""
    mistakes = Mistakes(definition.folder)
    rows = _read_split(definition, subset, split, mistakes)
    if mistakes.sentences:
        raise CustomTaskError(mistakes.told())
    return rows


def _read_split(definition: TaskDefinition, subset: str, split: str, mistakes: Mistakes) -> list[Row] | RetrievalRows:
    folder = _subset_folder(definition.folder, subset)
    if definition.type in QUERY_FIELDS:
        place = _retrieval_folder(folder, split, len(definition.splits) == 1)
        return read_retrieval(place, definition.type, mistakes)
    return read_rows(folder / f"{split}.jsonl", ROW_FIELDS[definition.type], mistakes)


def read_task(folder: Path, mistakes: Mistakes) -> TaskDefinition:
    """As `read_task_folder`, noting what is wrong in `mistakes`."""
    description = Description(folder / "task.toml", mistakes)
    known_type = True
    name = description.text("name")
    if name and not TASK_NAME.fullmatch(name):
        description.wrong(
            f'the name "{name}" may have only letters, digits, "_", "." and "-", and begin with one of them.'
        )
    task_type = description.text("type")
    if task_type not in TASK_KINDS:
        known_type = False
        if task_type:
            description.wrong(f'the type "{task_type}" is unknown; use one of {", ".join(TASK_KINDS)}.')
    metric = _read_metric(folder / METRIC_FILE, task_type, mistakes)
    definition = TaskDefinition(
        folder=folder,
        name=name,
        type=task_type,
        description=description.text("description"),
        subsets=_read_subsets(description),
        splits=_read_splits(description, task_type),
        main_score=_read_main_score(description, task_type, has_metric=metric is not None),
        dataset_revision="",
        metric=metric,
        domains=description.texts("domains"),
        subtypes=description.texts("subtypes"),
        license=description.text("license", "") or None,
        reference=read_reference(description),
        citation=description.text("citation", ""),
        contributed_by=description.text("contributed_by", ""),
        is_public=description.boolean("public", default=True),
        prompt=_read_prompt(description),
        score_range=_read_score_range(description, task_type),
    )
    description.finish()
    if not known_type:
        return definition
    statistics = _check_data(definition, mistakes)
    revision = "" if mistakes.sentences else _digest(definition)
    return replace(definition, statistics=statistics, dataset_revision=revision)


def _read_subsets(description: Description) -> dict[str, tuple[str, ...]]:
    table = description.fields.pop("subsets", None)
    if table is None:
        languages = description.texts("languages")
        if not languages:
            description.wrong('"languages" is missing; give it, for example ["eng-Latn"], or a table [subsets].')
        subsets: dict[str, tuple[str, ...]] = {DEFAULT_SUBSET: languages}
    elif "languages" in description.fields:
        description.fields.pop("languages")
        description.wrong('give "languages" or the table [subsets], not both.')
        subsets = {}
    elif not isinstance(table, dict) or not table or not all(isinstance(codes, list) for codes in table.values()):
        description.wrong(
            '[subsets] must list the languages of each subset, for example de-en = ["deu-Latn", "eng-Latn"].'
        )
        subsets = {}
    else:
        subsets = {str(subset): tuple(map(str, codes)) for subset, codes in table.items()}
    for subset, codes in subsets.items():
        if not PART_NAME.fullmatch(subset):
            description.wrong(f'the subset "{subset}" may have only letters, digits, "_", "." and "-".')
        if not codes and table is not None:
            description.wrong(f'the subset "{subset}" names no language.')
        for code in codes:
            if not LANGUAGE.fullmatch(code):
                sentence = f'the language "{code}" must be an ISO 639-3 code and a script, for example "eng-Latn".'
                description.wrong(sentence)
    return subsets


def _read_splits(description: Description, task_type: str) -> tuple[str, ...]:
    splits = description.texts("splits", ("test",))
    if not splits:
        description.wrong('"splits" must name at least one split.')
    for split in splits:
        if not PART_NAME.fullmatch(split):
            description.wrong(f'the split "{split}" may have only letters, digits, "_", "." and "-".')
    if len(set(splits)) < len(splits):
        description.wrong('"splits" names a split twice.')
    if task_type in TRAINED_TYPES and TRAIN_SPLIT in splits:
        description.wrong('"splits" are those to score; train.jsonl is read for training and may not be one of them.')
    return splits


def _read_main_score(description: Description, task_type: str, *, has_metric: bool) -> str:
    kind = TASK_KINDS.get(task_type)
    main_score = description.text("main_score", kind.main_score if kind else "")
    if kind and has_metric:
        if not OWN_METRIC.fullmatch(main_score) or re.fullmatch(kind.main_scores, main_score):
            description.wrong(
                f'name the metric of {METRIC_FILE} in "main_score": small letters, digits and "_", no name of mteb\'s.'
            )
    elif kind and not re.fullmatch(kind.main_scores, main_score):
        description.wrong(
            f'mteb computes no "{main_score}" for {task_type}; leave main_score out for {kind.main_score}.'
        )
    return main_score


def _read_metric(path: Path, task_type: str, mistakes: Mistakes) -> dict[str, Any] | None:
    """The code of a metric of its own, if there is one. It is parsed here and never run."""
    if not path.is_file():
        return None
    kind = TASK_KINDS.get(task_type)
    if kind and not kind.takes_own_metric:
        mistakes.add(path, f"{task_type} takes no metric of its own; remove the file.")
        return None
    try:
        content = path.read_bytes()
        if len(content) > LARGEST_METRIC:
            mistakes.add(path, f"the file is larger than {LARGEST_METRIC // 1000} KB; a metric is a short function.")
            return None
        code = content.decode("utf-8-sig")
        tree = ast.parse(code)
    except OSError as error:
        mistakes.add(path, f"the file cannot be read ({error.strerror}).")
    except (UnicodeDecodeError, ValueError, RecursionError, MemoryError):
        mistakes.add(path, "the file is not Python in UTF-8.")
    except SyntaxError as error:
        mistakes.add(path, f"the line is not valid Python ({error.msg}).", error.lineno)
    else:
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        if "score" not in functions or [arg.arg for arg in functions["score"].args.args] != ["predictions", "truth"]:
            mistakes.add(path, "define the function score(predictions, truth) that gives a number.")
        return {"sha256": hashlib.sha256(code.encode()).hexdigest(), "code": code}
    return None


def read_reference(description: Description) -> str:
    reference = description.text("reference", "")
    if reference and not ADDRESS.fullmatch(reference):
        description.wrong('"reference" must be an address that begins with http:// or https://.')
    return reference


def _read_prompt(description: Description) -> str | dict[str, str] | None:
    prompt = description.fields.pop("prompt", None)
    if prompt is None or (isinstance(prompt, str) and prompt.strip()):
        return prompt
    known = isinstance(prompt, dict) and prompt and set(prompt) <= {"query", "document"}
    if known and all(isinstance(value, str) and value.strip() for value in prompt.values()):
        return dict(prompt)
    description.wrong('"prompt" must be a text, or a table with texts for "query" and "document".')
    return None


def _read_score_range(description: Description, task_type: str) -> tuple[float, float]:
    given = description.fields.pop("score_range", None)
    if given is None:
        return (0, 5)
    if task_type not in SCORED_TYPES:
        description.wrong('"score_range" is for tasks of type STS and Summarization only.')
        return (0, 5)
    numbers = isinstance(given, list) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    if not numbers or len(given) != 2 or given[0] >= given[1]:
        description.wrong('"score_range" must be the lowest and the highest score, for example [0, 5].')
        return (0, 5)
    return (given[0], given[1])


def _subset_folder(folder: Path, subset: str) -> Path:
    return folder if subset == DEFAULT_SUBSET else folder / subset


def _retrieval_folder(folder: Path, split: str, only_split: bool) -> Path:
    """The folder of the split; with one split its files may lie directly in the folder of the subset."""
    return folder if only_split and not (folder / split).is_dir() else folder / split


def _check_data(definition: TaskDefinition, mistakes: Mistakes) -> dict[str, dict[str, int]]:
    statistics: dict[str, dict[str, int]] = {}
    for subset in definition.subsets:
        folder = _subset_folder(definition.folder, subset)
        train: list[Row] = []
        if definition.type in TRAINED_TYPES:
            path = data_file(folder / f"{TRAIN_SPLIT}.jsonl")
            train = read_rows(path, ROW_FIELDS[definition.type], mistakes)
            check_several_labels(path, train, mistakes)
            if definition.type == "MultilabelClassification":
                check_nearest_neighbours(path, train, mistakes)
        for split in definition.splits:
            rows = _read_split(definition, subset, split, mistakes)
            if not isinstance(rows, RetrievalRows):
                _check_rows(definition, data_file(folder / f"{split}.jsonl"), rows, train, mistakes)
            counts = statistics.setdefault(split, {"num_samples": 0, "number_of_characters": 0})
            counted = rows.corpus + rows.queries if isinstance(rows, RetrievalRows) else rows
            counts["num_samples"] += len(counted)
            counts["number_of_characters"] += sum(n_characters(row.values) for row in counted)
    return statistics


def _check_rows(definition: TaskDefinition, path: Path, rows: list[Row], train: list[Row], mistakes: Mistakes) -> None:
    match definition.type:
        case "STS":
            check_scores(path, rows, definition.score_range, mistakes)
        case "Summarization":
            check_summaries(path, rows, definition.score_range, mistakes)
        case "PairClassification" | "Clustering":
            check_several_labels(path, rows, mistakes)
        case "Classification" | "MultilabelClassification":
            train_name = data_file(path.with_name(f"{TRAIN_SPLIT}.jsonl")).name
            check_trained_labels(path, rows, train, train_name, mistakes)
            if definition.type == "Classification" and definition.main_score in TWO_LABEL_SCORES:
                check_two_labels(path, rows, definition.main_score, mistakes)
        case "Reranking" | "InstructionReranking":
            check_distinct_candidates(path, rows, mistakes)


def _data_files(definition: TaskDefinition) -> Iterator[Path]:
    for subset in definition.subsets:
        folder = _subset_folder(definition.folder, subset)
        if definition.type in TRAINED_TYPES:
            yield data_file(folder / f"{TRAIN_SPLIT}.jsonl")
        for split in definition.splits:
            if definition.type in QUERY_FIELDS:
                place = _retrieval_folder(folder, split, len(definition.splits) == 1)
                yield from (data_file(place / f"{name}.jsonl") for name in RetrievalRows._fields)
            else:
                yield data_file(folder / f"{split}.jsonl")


def _digest(definition: TaskDefinition) -> str:
    """40 hexadecimal digits, as a commit has, over the data and the settings that decide the scores."""
    task = definition.to_json()
    settings = {name: task[name] for name in ("type", "main_score", "prompt", "score_range")}
    if definition.metric:
        settings["metric"] = definition.metric["sha256"]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in _data_files(definition):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(definition.folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:40]
