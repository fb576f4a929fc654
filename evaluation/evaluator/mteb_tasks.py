"""A custom task as a task of mteb: mteb's own class for its type, with the data read from our files.

Imported only in the process that evaluates, because it imports mteb.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, get_args

from datasets import Dataset, DatasetDict
from mteb.abstasks import (
    AbsTaskBitextMining,
    AbsTaskClassification,
    AbsTaskClustering,
    AbsTaskMultilabelClassification,
    AbsTaskPairClassification,
    AbsTaskRetrieval,
    AbsTaskSTS,
    AbsTaskSummarization,
)
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.retrieval_dataset_loaders import RetrievalSplitData
from mteb.abstasks.task_metadata import TaskDomain, TaskMetadata, TaskSubtype
from mteb.timing import TimingStack
from mteb.types import Licenses

from evaluation.custom.data_files import Row
from evaluation.custom.rows import RetrievalRows, row_labels
from evaluation.custom.tasks import (
    DEFAULT_SUBSET,
    SCORED_TYPES,
    TASK_KINDS,
    TRAIN_SPLIT,
    TRAINED_TYPES,
    TaskDefinition,
    read_split,
    read_task_folder,
)
from evaluation.evaluator.own_metrics import OwnMetricTask

MAX_CLUSTERED_TEXTS = 2048


class DataChangedError(Exception):
    """The data folder no longer holds what was added to the board."""


class _FolderTask(AbsTask):
    """Fills mteb's task with the rows of a folder. Stands before mteb's class in the order of resolution."""

    folder: ClassVar[Path]
    data_loaded: bool

    def load_data(self, num_proc: int | None = None, *, timer: TimingStack | None = None, **kwargs: Any) -> None:
        if self.data_loaded:
            return
        with (timer or TimingStack())("Data loading"):
            definition = read_task_folder(self.folder)
            if definition.dataset_revision != self.metadata.dataset["revision"]:
                raise DataChangedError(
                    f"The data of {self.metadata.name} in {self.folder} changed after the task was added; "
                    "run manage.py add_tasks for its benchmark folder again, then evaluate again."
                )
            self.dataset = self.fill(definition)
        self.data_loaded = True

    def fill(self, definition: TaskDefinition) -> Any:
        """The value of `dataset` as mteb's class expects it."""
        raise NotImplementedError


class _RowTask(_FolderTask):
    """One file per split: `{subset: {split: Dataset}}`, without the outer level for a task that has no subsets."""

    label_names: dict[str, list[Any]]

    def fill(self, definition: TaskDefinition) -> Any:
        self.label_names = {}
        dataset = {}
        for subset in definition.subsets:
            dataset[subset], self.label_names[subset] = _row_splits(definition, subset)
        return dataset if self.metadata.is_multilingual else dataset[DEFAULT_SUBSET]


class _RankingTask(_FolderTask):
    """Retrieval and reranking: `{subset: {split: RetrievalSplitData}}`, always with the outer level."""

    def fill(self, definition: TaskDefinition) -> Any:
        return {
            subset: {split: _ranking_data(read_split(definition, subset, split)) for split in definition.splits}
            for subset in definition.subsets
        }


_COLUMNS: dict[str, dict[str, str]] = {
    "STS": {"sentence1": "sentence1", "sentence2": "sentence2", "score": "score"},
    "PairClassification": {"sentence1": "sentence1", "sentence2": "sentence2", "labels": "label"},
    "Classification": {"text": "text", "label": "label"},
    "MultilabelClassification": {"text": "text", "label": "labels"},
    "Clustering": {"sentences": "text", "labels": "label"},
    "BitextMining": {"sentence1": "sentence1", "sentence2": "sentence2"},
    "Summarization": {
        "text": "text",
        "human_summaries": "human_summaries",
        "machine_summaries": "machine_summaries",
        "relevance": "relevance",
    },
}
"""Per type the columns that mteb's class reads, and the field of our files behind each."""

_BASES: dict[str, tuple[type[AbsTask], ...]] = {
    "STS": (_RowTask, AbsTaskSTS),
    "PairClassification": (_RowTask, AbsTaskPairClassification),
    "Classification": (_RowTask, AbsTaskClassification),
    "MultilabelClassification": (_RowTask, AbsTaskMultilabelClassification),
    "Clustering": (_RowTask, AbsTaskClustering),
    "BitextMining": (_RowTask, AbsTaskBitextMining),
    "Retrieval": (_RankingTask, AbsTaskRetrieval),
    "InstructionRetrieval": (_RankingTask, AbsTaskRetrieval),
    "Reranking": (_RankingTask, AbsTaskRetrieval),
    "InstructionReranking": (_RankingTask, AbsTaskRetrieval),
    "Summarization": (_RowTask, AbsTaskSummarization),
}


def build_task(definition: dict[str, Any]) -> AbsTask:
    """The task for a definition as `TaskDefinition.to_json` gives it and `Task.definition` stores it.

    The data are read and checked against the definition's dataset revision when mteb loads them.
    """
    attributes = {
        "metadata": _metadata(definition),
        "folder": Path(definition["folder"]),
        "__doc__": definition["description"],
        "__module__": __name__,
        **_settings(definition),
    }
    bases = _BASES[definition["type"]]
    if metric := definition.get("metric"):
        bases = (OwnMetricTask, *bases)
        attributes["own_metric"] = metric
    task: AbsTask = type(definition["name"], bases, attributes)()
    return task


def _metadata(definition: dict[str, Any]) -> TaskMetadata:
    """mteb's metadata. Domains, subtypes and licences outside its lists are left out: they decide no score."""
    return TaskMetadata(
        name=definition["name"],
        description=definition["description"],
        type=definition["type"],
        category=TASK_KINDS[definition["type"]].category,
        dataset={"path": f"custom/{definition['name']}", "revision": definition["dataset_revision"]},
        eval_splits=definition["splits"],
        eval_langs=definition["eval_langs"],
        main_score=definition["main_score"],
        prompt=definition["prompt"],
        domains=[domain for domain in definition["domains"] if domain in get_args(TaskDomain)],
        task_subtypes=[subtype for subtype in definition["subtypes"] if subtype in get_args(TaskSubtype)],
        license=definition["license"] if definition["license"] in get_args(Licenses) else None,
        reference=definition["reference"] or None,
        bibtex_citation=definition["citation"],
        contributed_by=definition["contributed_by"] or None,
        is_public=definition["is_public"],
    )


def _settings(definition: dict[str, Any]) -> dict[str, Any]:
    """Attributes of mteb's class that depend on the data.

    mteb clusters 4 % of the texts, a choice for large datasets; here all texts count, up to a limit.
    """
    if definition["type"] in SCORED_TYPES:
        low, high = definition["score_range"]
        return {"min_score": low, "max_score": high}
    if definition["type"] == "Clustering":
        largest = max(counts["num_samples"] for counts in definition["statistics"].values())
        return {
            "max_fraction_of_documents_to_embed": None,
            "max_document_to_embed": MAX_CLUSTERED_TEXTS,
            "max_documents_per_cluster": min(largest, MAX_CLUSTERED_TEXTS),
        }
    if definition["type"] == "MultilabelClassification" and definition.get("metric"):
        # mteb scores a sample of large splits and does not say which; a metric of one's own gets the whole split.
        return {"max_eval_samples": None}
    return {}


def _row_splits(definition: TaskDefinition, subset: str) -> tuple[DatasetDict, list[Any]]:
    """The splits, and for a classification the labels by their numbers."""
    is_trained = definition.type in TRAINED_TYPES
    names = [*definition.splits, TRAIN_SPLIT] if is_trained else definition.splits
    rows = {name: _rows(read_split(definition, subset, name)) for name in names}
    splits = {name: [row.values for row in read] for name, read in rows.items()}
    label_names: list[Any] = []
    if is_trained:
        # mteb wants numbers: for two classes it computes average precision, for which the higher one is positive.
        label_names = sorted({label for row in rows[TRAIN_SPLIT] for label in row_labels(row)})
        numbers = {label: number for number, label in enumerate(label_names)}
        for values in (values for split in splits.values() for values in split):
            if "labels" in values:
                values["labels"] = [numbers[label] for label in values["labels"]]
            else:
                values["label"] = numbers[values["label"]]
    columns = _COLUMNS[definition.type]
    dataset = DatasetDict(
        {
            name: Dataset.from_dict({column: [row[ours] for row in split] for column, ours in columns.items()})
            for name, split in splits.items()
        }
    )
    return dataset, label_names


def _ranking_data(rows: list[Row] | RetrievalRows) -> RetrievalSplitData:
    return _retrieval_data(rows) if isinstance(rows, RetrievalRows) else _reranking_data(rows)


def _retrieval_data(rows: RetrievalRows) -> RetrievalSplitData:
    relevant: dict[str, dict[str, int]] = {}
    for judgement in _values(rows.qrels):
        relevant.setdefault(judgement["query-id"], {})[judgement["corpus-id"]] = judgement["score"]
    corpus = [{"id": row["id"], "title": row.get("title", ""), "text": row["text"]} for row in _values(rows.corpus)]
    queries = [_query(row["id"], row["text"], row) for row in _values(rows.queries)]
    return RetrievalSplitData(
        corpus=Dataset.from_list(corpus), queries=Dataset.from_list(queries), relevant_docs=relevant, top_ranked=None
    )


def _reranking_data(rows: list[Row]) -> RetrievalSplitData:
    """Each query with its own candidates. They are numbered in the order of their texts: ties are broken by id."""
    corpus, queries = [], []
    relevant: dict[str, dict[str, int]] = {}
    candidates: dict[str, list[str]] = {}
    for number, row in enumerate(_values(rows)):
        query = f"q{number:05d}"
        queries.append(_query(query, row["query"], row))
        ids = {text: f"{query}-{i:05d}" for i, text in enumerate(sorted(row["positive"] + row["negative"]))}
        corpus += [{"id": document, "title": "", "text": text} for text, document in ids.items()]
        relevant[query] = {document: int(text in row["positive"]) for text, document in ids.items()}
        candidates[query] = list(ids.values())
    return RetrievalSplitData(
        corpus=Dataset.from_list(corpus),
        queries=Dataset.from_list(queries),
        relevant_docs=relevant,
        top_ranked=candidates,
    )


def _query(number: str, text: str, row: dict[str, Any]) -> dict[str, str]:
    """mteb puts an instruction behind the text of its query."""
    instruction = {"instruction": row["instruction"]} if "instruction" in row else {}
    return {"id": number, "text": text, **instruction}


def _rows(rows: list[Row] | RetrievalRows) -> list[Row]:
    return [row for row in rows if isinstance(row, Row)]


def _values(rows: list[Row] | RetrievalRows) -> list[dict[str, Any]]:
    return [row.values for row in _rows(rows)]
