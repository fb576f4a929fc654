"""The data files of a custom task: JSON Lines, one object a line, checked line by line.

Nothing here knows Django or mteb. A mistake is a sentence that names the file and the line; mistakes are collected, so
that a person sees all of them at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

Check = Callable[[object], str]
"""Says what is wrong with a value, or "" if nothing is."""


class Row(NamedTuple):
    line: int
    values: dict[str, Any]


@dataclass
class Mistakes:
    """What is wrong with the files below `root`, as sentences."""

    root: Path
    sentences: list[str] = field(default_factory=list)

    def add(self, path: Path, sentence: str, line: int | None = None) -> None:
        place = path.relative_to(self.root.parent).as_posix()
        self.sentences.append(f"{place}, line {line}: {sentence}" if line else f"{place}: {sentence}")


def text(value: object) -> str:
    return "" if isinstance(value, str) and value.strip() else "must be a text that is not empty"


def texts(value: object) -> str:
    good = isinstance(value, list) and value and not any(text(item) for item in value)
    return "" if good else "must be a list with at least one text, and no empty text"


def number(value: object) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return "" if good else "must be a number"


def label(value: object) -> str:
    good = (isinstance(value, int) and not isinstance(value, bool)) or not text(value)
    return "" if good else "must be a text or a whole number"


def zero_or_one(value: object) -> str:
    good = isinstance(value, int) and not isinstance(value, bool) and value in (0, 1)
    return "" if good else "must be 0 or 1"


def relevance(value: object) -> str:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return "" if good else "must be a whole number, 0 (not relevant) or more"


def any_text(value: object) -> str:
    return "" if isinstance(value, str) else "must be a text"


ROW_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "STS": {"sentence1": text, "sentence2": text, "score": number},
    "PairClassification": {"sentence1": text, "sentence2": text, "label": zero_or_one},
    "Classification": {"text": text, "label": label},
    "Clustering": {"text": text, "label": label},
    "BitextMining": {"sentence1": text, "sentence2": text},
    "Reranking": {"query": text, "positive": texts, "negative": texts},
}
"""Fields of `<split>.jsonl` for the types that have one file per split."""

CORPUS_FIELDS: Mapping[str, Check] = {"id": text, "text": text}
QUERY_FIELDS: Mapping[str, Check] = {"id": text, "text": text}
QREL_FIELDS: Mapping[str, Check] = {"query-id": text, "corpus-id": text, "score": relevance}
OPTIONAL_FIELDS: Mapping[str, Check] = {"title": any_text}


class RetrievalRows(NamedTuple):
    corpus: list[Row]
    queries: list[Row]
    qrels: list[Row]


def read_rows(path: Path, fields: Mapping[str, Check], mistakes: Mistakes) -> list[Row]:
    """The well-formed rows of a JSON Lines file; fields that we do not know are left alone."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        mistakes.add(path, "the file is missing.")
        return []
    except OSError as error:
        mistakes.add(path, f"the file cannot be read ({error.strerror}).")
        return []
    rows = []
    seen_any = False
    for line, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if raw.strip():
            seen_any = True
            row = _read_line(path, line, raw, fields, mistakes)
            if row is not None:
                rows.append(row)
    if not seen_any:
        mistakes.add(path, "the file is empty.")
    return rows


def _read_line(path: Path, line: int, raw: bytes, fields: Mapping[str, Check], mistakes: Mistakes) -> Row | None:
    try:
        values = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        mistakes.add(path, "the line is not UTF-8; save the file in UTF-8.", line)
        return None
    except ValueError as error:
        mistakes.add(path, f"the line is not a JSON object ({error}).", line)
        return None
    if not isinstance(values, dict):
        mistakes.add(path, "the line is not a JSON object; write {...} with the fields by name.", line)
        return None
    complaints = [f'the field "{name}" is missing' for name in fields if name not in values]
    checks = {**OPTIONAL_FIELDS, **fields}
    complaints += [
        f'"{name}" {complaint}'
        for name, check in checks.items()
        if name in values and (complaint := check(values[name]))
    ]
    for complaint in complaints:
        mistakes.add(path, f"{complaint}.", line)
    return None if complaints else Row(line, values)


def read_retrieval(folder: Path, mistakes: Mistakes) -> RetrievalRows:
    """Corpus, queries and relevance judgements of a split, with every name in the judgements resolved."""
    rows = RetrievalRows(
        corpus=read_rows(folder / "corpus.jsonl", CORPUS_FIELDS, mistakes),
        queries=read_rows(folder / "queries.jsonl", QUERY_FIELDS, mistakes),
        qrels=read_rows(folder / "qrels.jsonl", QREL_FIELDS, mistakes),
    )
    documents = _unique_ids(folder / "corpus.jsonl", rows.corpus, mistakes)
    queries = _unique_ids(folder / "queries.jsonl", rows.queries, mistakes)
    _check_qrels(folder / "qrels.jsonl", rows.qrels, documents, queries, mistakes)
    answered = {row.values["query-id"] for row in rows.qrels if row.values["score"] > 0}
    for row in rows.queries:
        if row.values["id"] not in answered:
            sentence = f'the query "{row.values["id"]}" has no relevant document in qrels.jsonl.'
            mistakes.add(folder / "queries.jsonl", sentence, row.line)
    return rows


def _unique_ids(path: Path, rows: list[Row], mistakes: Mistakes) -> set[str]:
    lines: dict[str, int] = {}
    for row in rows:
        first = lines.setdefault(row.values["id"], row.line)
        if first != row.line:
            mistakes.add(path, f'the id "{row.values["id"]}" was used in line {first} already.', row.line)
    return set(lines)


def _check_qrels(path: Path, rows: list[Row], documents: set[str], queries: set[str], mistakes: Mistakes) -> None:
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        query, document = row.values["query-id"], row.values["corpus-id"]
        if query not in queries:
            mistakes.add(path, f'queries.jsonl has no query "{query}".', row.line)
        if document not in documents:
            mistakes.add(path, f'corpus.jsonl has no document "{document}".', row.line)
        first = lines.setdefault((query, document), row.line)
        if first != row.line:
            mistakes.add(path, f'"{query}" and "{document}" were judged in line {first} already.', row.line)


def check_scores(path: Path, rows: list[Row], score_range: tuple[float, float], mistakes: Mistakes) -> None:
    low, high = score_range
    for row in rows:
        if not low <= row.values["score"] <= high:
            mistakes.add(path, f"the score {row.values['score']} lies outside {low:g} to {high:g}.", row.line)
    if rows and len({row.values["score"] for row in rows}) == 1:
        mistakes.add(path, "all scores are equal, so there is nothing to correlate with.")


def check_several_labels(path: Path, rows: list[Row], mistakes: Mistakes) -> None:
    """Both labels of pairs, two or more classes or clusters; and one kind of label, text or number."""
    labels = {row.values["label"] for row in rows}
    if len(labels) == 1:
        mistakes.add(path, f'all rows have the label "{labels.pop()}"; at least two labels are needed.')
    elif len({type(value) for value in labels}) > 1:
        mistakes.add(path, "some labels are texts and some are numbers; use one kind.")


def check_trained_labels(path: Path, rows: list[Row], train: list[Row], mistakes: Mistakes) -> None:
    trained = {row.values["label"] for row in train}
    for row in rows:
        if trained and row.values["label"] not in trained:
            sentence = f'the label "{row.values["label"]}" never occurs in train.jsonl, so nothing can learn it.'
            mistakes.add(path, sentence, row.line)


def check_distinct_candidates(path: Path, rows: list[Row], mistakes: Mistakes) -> None:
    for row in rows:
        candidates = row.values["positive"] + row.values["negative"]
        if len(set(candidates)) < len(candidates):
            mistakes.add(path, "a text stands twice among the positive and negative texts of the query.", row.line)


def n_characters(values: Mapping[str, Any]) -> int:
    """Length of all texts of a row, those in lists included."""
    total = 0
    for name, value in values.items():
        if name not in {"id", "label", "query-id", "corpus-id"}:
            total += sum(len(item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
    return total
