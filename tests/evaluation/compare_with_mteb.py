"""Evaluates custom tasks beside mteb's own classes, which read the same data as a dataset in the layout of the Hub.

A process of its own keeps mteb and torch out of that of the tests. Reads {"model": folder, "definitions": [...]} from
standard input and writes {task: {"ours", "mtebs": {metric: value}, "error"}} to the file named by its argument.
Nothing of our reading is used for mteb's side. For tasks with metrics of their own, {"ours", "kept", "predictions"} are
the scores, those of an evaluation that keeps predictions, and these.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import mteb
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
from mteb.abstasks.task_metadata import TaskMetadata
from sentence_transformers import SentenceTransformer

from evaluation.evaluator.mteb_tasks import build_task
from evaluation.evaluator.predictions import PredictionKeeper

Rows = list[dict[str, Any]]

CLASSES: dict[str, type[AbsTask]] = {
    "STS": AbsTaskSTS,
    "PairClassification": AbsTaskPairClassification,
    "Classification": AbsTaskClassification,
    "MultilabelClassification": AbsTaskMultilabelClassification,
    "Clustering": AbsTaskClustering,
    "Retrieval": AbsTaskRetrieval,
    "InstructionRetrieval": AbsTaskRetrieval,
    "Reranking": AbsTaskRetrieval,
    "InstructionReranking": AbsTaskRetrieval,
    "BitextMining": AbsTaskBitextMining,
    "Summarization": AbsTaskSummarization,
}
RENAMED = {"PairClassification": {"label": "labels"}, "Clustering": {"text": "sentences", "label": "labels"}}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "Summarization": {"min_score": 0, "max_score": 5},
    # Ours clusters all texts of small data; mteb's default takes one in twenty-five.
    "Clustering": {
        "max_fraction_of_documents_to_embed": None,
        "max_document_to_embed": 2048,
        "max_documents_per_cluster": 4,
    },
}


def read(path: Path) -> Rows:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Rows) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_dataset(task_type: str, source: Path, target: Path) -> None:
    """The data as somebody would put them on the Hub for mteb."""
    if (source / "corpus.jsonl").exists():
        queries = read(source / "queries.jsonl")
        instructions = [
            {"query-id": row["id"], "instruction": row.pop("instruction")} for row in queries if len(row) > 2
        ]
        corpus = [{"title": "", **row} for row in read(source / "corpus.jsonl")]
        write_ranking(target, corpus, queries, read(source / "qrels.jsonl"), instructions, [])
    elif task_type.endswith("Reranking"):
        write_reranking(read(source / "test.jsonl"), target)
    else:
        for path in source.glob("*.jsonl"):
            write(target / path.name, numbered(task_type, read(path)))


def numbered(task_type: str, rows: Rows) -> Rows:
    """Under mteb's names, with numbers for classes in the order of the alphabet."""
    names = RENAMED.get(task_type, {})
    rows = [{names.get(name, name): value for name, value in row.items()} for row in rows]
    if task_type == "Classification":
        numbers = {"fault": 0, "praise": 1}
        rows = [{**row, "label": numbers[row["label"]]} for row in rows]
    if task_type == "MultilabelClassification":
        numbers = {"food": 0, "home": 1, "sport": 2}
        rows = [{"text": row["text"], "label": [numbers[label] for label in row["labels"]]} for row in rows]
    return rows


def write_reranking(rows: Rows, target: Path) -> None:
    corpus, queries, qrels, instructions, top_ranked = [], [], [], [], []
    for i, row in enumerate(rows):
        queries.append({"id": f"q{i}", "text": row["query"]})
        if "instruction" in row:
            instructions.append({"query-id": f"q{i}", "instruction": row["instruction"]})
        candidates = row["positive"] + row["negative"]
        ids = [f"q{i}d{j}" for j in range(len(candidates))]
        corpus += [{"id": number, "title": "", "text": text} for number, text in zip(ids, candidates, strict=True)]
        top_ranked.append({"query-id": f"q{i}", "corpus-ids": ids})
        qrels += [
            {"query-id": f"q{i}", "corpus-id": number, "score": int(j < len(row["positive"]))}
            for j, number in enumerate(ids)
        ]
    write_ranking(target, corpus, queries, qrels, instructions, top_ranked)


def write_ranking(target: Path, corpus: Rows, queries: Rows, qrels: Rows, instructions: Rows, top_ranked: Rows) -> None:
    parts = {
        "corpus": corpus,
        "queries": queries,
        "qrels": qrels,
        "instruction": instructions,
        "top_ranked": top_ranked,
    }
    configs = []
    for name, rows in parts.items():
        if rows:
            write(target / f"{name}.jsonl", rows)
            configs.append(f"- config_name: {name}\n  data_files:\n  - split: test\n    path: {name}.jsonl\n")
    (target / "README.md").write_text(f"---\nconfigs:\n{''.join(configs)}---\n", encoding="utf-8")


def mtebs_task(definition: dict[str, Any], folder: Path) -> AbsTask:
    task_type = definition["type"]
    write_dataset(task_type, Path(definition["folder"]), folder)
    metadata = TaskMetadata(
        name=definition["name"],
        description="The same data.",
        type=task_type,
        dataset={"path": str(folder), "revision": "main"},
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score=definition["main_score"] if not definition["metric"] else "f1",
    )
    attributes = {"metadata": metadata, **ATTRIBUTES.get(task_type, {})}
    task: AbsTask = type(f"Mtebs{definition['name']}", (CLASSES[task_type],), attributes)()
    return task


def numbers(model: SentenceTransformer, task: AbsTask, folder: str | None = None) -> dict[str, float]:
    results = mteb.evaluate(model, [task], cache=None, show_progress_bar=False, prediction_folder=folder)
    scores = results.task_results[0].scores["test"][0]
    return {name: value for name, value in scores.items() if isinstance(value, int | float)}


def compare(model: SentenceTransformer, definition: dict[str, Any]) -> dict[str, Any]:
    try:
        ours = numbers(model, build_task(definition))
        if definition["metric"]:
            return {"ours": ours, **keeping_predictions(model, definition)}
        with tempfile.TemporaryDirectory() as folder:
            return {"ours": ours, "mtebs": numbers(model, mtebs_task(definition, Path(folder)))}
    except Exception as problem:  # noqa: BLE001 - the test looks at it
        return {"error": f"{type(problem).__name__}: {problem}"}


def keeping_predictions(model: SentenceTransformer, definition: dict[str, Any]) -> dict[str, Any]:
    task = build_task(definition)
    keeper = PredictionKeeper(task)
    return {"kept": numbers(model, task, tempfile.gettempdir()), "predictions": keeper.packed()["data"]}


def main() -> None:
    wanted = json.load(sys.stdin)
    model = SentenceTransformer(wanted["model"], device="cpu")
    found = {definition["name"]: compare(model, definition) for definition in wanted["definitions"]}
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
