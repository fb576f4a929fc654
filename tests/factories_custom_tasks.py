"""Folders of custom tasks as a user would write them, valid and tiny, for any test."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, Any]]

ROWS: Mapping[str, Mapping[str, Rows]] = {
    "STS": {
        "test.jsonl": [
            {"sentence1": "The soup is hot.", "sentence2": "The soup is very hot.", "score": 4.5},
            {"sentence1": "He sleeps.", "sentence2": "She paints the fence.", "score": 0},
            {"sentence1": "A boat on a lake.", "sentence2": "A ship at sea.", "score": 2},
        ]
    },
    "PairClassification": {
        "test.jsonl": [
            {"sentence1": "It rains.", "sentence2": "Rain is falling.", "label": 1},
            {"sentence1": "It rains.", "sentence2": "The bank is shut.", "label": 0},
            {"sentence1": "Good night.", "sentence2": "Sleep well.", "label": 1},
        ]
    },
    "Classification": {
        "train.jsonl": [
            {"text": "I love this lamp.", "label": "praise"},
            {"text": "What a great chair.", "label": "praise"},
            {"text": "The lamp is broken.", "label": "fault"},
            {"text": "The chair fell apart.", "label": "fault"},
        ],
        "test.jsonl": [{"text": "A great lamp.", "label": "praise"}, {"text": "It broke at once.", "label": "fault"}],
    },
    "Clustering": {
        "test.jsonl": [
            {"text": "Bake the bread.", "label": "food"},
            {"text": "Stir the soup.", "label": "food"},
            {"text": "Kick the ball.", "label": "sport"},
            {"text": "Win the match.", "label": "sport"},
        ]
    },
    "Retrieval": {
        "corpus.jsonl": [
            {"id": "d1", "title": "Bread", "text": "Flour, water, salt and time."},
            {"id": "d2", "text": "Eleven players a side."},
        ],
        "queries.jsonl": [{"id": "q1", "text": "how to bake"}, {"id": "q2", "text": "football team size"}],
        "qrels.jsonl": [
            {"query-id": "q1", "corpus-id": "d1", "score": 2},
            {"query-id": "q2", "corpus-id": "d2", "score": 1},
            {"query-id": "q2", "corpus-id": "d1", "score": 0},
        ],
    },
    "Reranking": {
        "test.jsonl": [
            {"query": "boil eggs", "positive": ["Eggs need five minutes."], "negative": ["Hens lay eggs.", "No."]},
            {"query": "mend a tyre", "positive": ["Patch the tube."], "negative": ["Tyres are black."]},
        ]
    },
    "MultilabelClassification": {
        "train.jsonl": [
            {"text": "Bake the bread at home.", "labels": ["food", "home"]},
            {"text": "Paint the wall.", "labels": ["home"]},
            {"text": "Stir the soup.", "labels": ["food"]},
            {"text": "Kick the ball in the garden.", "labels": ["sport", "home"]},
            {"text": "Win the match.", "labels": ["sport"]},
            {"text": "Eat rice before the race.", "labels": ["food", "sport"]},
        ],
        "test.jsonl": [
            {"text": "Boil rice in your kitchen.", "labels": ["food", "home"]},
            {"text": "The team lost the game.", "labels": ["sport"]},
            {"text": "Mend the roof.", "labels": ["home"]},
        ],
    },
    "InstructionRetrieval": {
        "corpus.jsonl": [
            {"id": "d1", "title": "Bread", "text": "Flour, water, salt and time."},
            {"id": "d2", "text": "Eleven players a side."},
            {"id": "d3", "text": "Bread can be baked without yeast."},
        ],
        "queries.jsonl": [
            {"id": "q1", "text": "how to bake", "instruction": "Find texts without yeast."},
            {"id": "q2", "text": "football team size", "instruction": "Find a number of players."},
        ],
        "qrels.jsonl": [
            {"query-id": "q1", "corpus-id": "d3", "score": 1},
            {"query-id": "q2", "corpus-id": "d2", "score": 1},
        ],
    },
    "InstructionReranking": {
        "test.jsonl": [
            {
                "query": "boil eggs",
                "instruction": "Give a time.",
                "positive": ["Eggs need five minutes."],
                "negative": ["Hens lay eggs.", "Put eggs into water."],
            },
            {
                "query": "mend a tyre",
                "instruction": "Name a tool.",
                "positive": ["Use a pump."],
                "negative": ["Patch the tube."],
            },
        ]
    },
    "Summarization": {
        "test.jsonl": [
            {
                "text": "The ferry was cancelled because of the storm, and people waited in the harbour all night.",
                "human_summaries": ["A storm stopped the ferry.", "Travellers waited a night."],
                "machine_summaries": ["The storm stopped the ferry.", "Ships are large.", "People waited."],
                "relevance": [5, 1, 3.5],
            },
            {
                "text": "The council voted to plant two hundred trees along the main road next spring.",
                "human_summaries": ["Two hundred trees will be planted."],
                "machine_summaries": ["Trees are green.", "The council will plant trees.", "A road was closed."],
                "relevance": [2, 5, 1],
            },
        ]
    },
    "BitextMining": {
        "test.jsonl": [
            {"sentence1": "Guten Tag.", "sentence2": "Good day."},
            {"sentence1": "Der Hund schläft.", "sentence2": "The dog sleeps."},
        ]
    },
}
"""Per type the data files of a small valid task."""


def write_rows(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_toml(path: Path, fields: Mapping[str, Any]) -> None:
    """Top-level fields; JSON and TOML write texts, numbers, booleans and lists alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items()]
    path.write_text("".join(lines), encoding="utf-8")


def make_task_folder(
    folder: Path, task_type: str = "STS", files: Mapping[str, Rows] | None = None, **fields: Any
) -> Path:
    """A task of the type; a field given as None is left out of its description."""
    described = {
        "name": f"Tiny{task_type}",
        "type": task_type,
        "description": "A tiny task.",
        "languages": ["eng-Latn"],
        **fields,
    }
    write_toml(folder / "task.toml", {name: value for name, value in described.items() if value is not None})
    for name, rows in {**ROWS.get(task_type, {}), **(files or {})}.items():
        write_rows(folder / name, rows)
    return folder


def make_benchmark_folder(folder: Path, types: Sequence[str] = ("STS", "Retrieval"), **fields: Any) -> Path:
    described = {"name": "Tiny(v1)", "description": "Tiny tasks.", **fields}
    write_toml(folder / "benchmark.toml", {name: value for name, value in described.items() if value is not None})
    for task_type in types:
        make_task_folder(folder / task_type.lower(), task_type)
    return folder


def zipped(folder: Path, top: str = "") -> bytes:
    """The folder as a zip, with a folder `top` around everything if wanted."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, top + path.relative_to(folder).as_posix())
    return buffer.getvalue()
