"""Evaluates definitions of custom tasks with mteb; a process of its own keeps mteb and torch out of that of the tests.

Reads {"models": {name: folder}, "definitions": [...]} from standard input and writes a list of {"model", "task",
"scores" or "error"} to the file named by its argument. Each result makes the way through mteb's own file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import mteb
from mteb.results import TaskResult
from sentence_transformers import SentenceTransformer

from evaluation.evaluator.mteb_tasks import build_task


def evaluate(model: SentenceTransformer, definition: dict[str, Any]) -> dict[str, Any]:
    try:
        result = mteb.evaluate(model, [build_task(definition)], cache=None, show_progress_bar=False).task_results[0]
    except Exception as problem:  # noqa: BLE001 - the test looks at it
        return {"error": f"{type(problem).__name__}: {problem}"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        result.to_disk(path)
        read = TaskResult.from_disk(path)
    return {
        "dataset_revision": read.dataset_revision,
        "scores": {split: {row["hf_subset"]: row["main_score"] for row in rows} for split, rows in read.scores.items()},
        "languages": {row["hf_subset"]: row["languages"] for rows in read.scores.values() for row in rows},
        "main_score": read.get_score(),
    }


def main() -> None:
    wanted = json.load(sys.stdin)
    found = []
    for name, folder in wanted["models"].items():
        model = SentenceTransformer(folder, device="cpu")
        for definition in wanted["definitions"]:
            started = time.monotonic()
            found.append({"model": name, "task": definition["name"], **evaluate(model, definition)})
            found[-1]["seconds"] = time.monotonic() - started
    Path(sys.argv[1]).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
