"""The data files of a custom task, checked row by row.

Nothing here knows Django or mteb. A mistake is a sentence that names the file and the line; mistakes are collected, so
that a person sees all of them at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from evaluation.custom.data_files import Mistakes, Row, data_file, read_file

Check = Callable[[object], str]
"""Says what is wrong with a value, or "" if nothing is."""

NEIGHBOURS = 5
LARGEST_RELEVANCE = 1000
LARGEST_LABEL = 2**53


def text(value: object) -> str:
    return any_text(value) if isinstance(value, str) and value.strip() else "must be a text that is not empty"


def any_text(value: object) -> str:
    if not isinstance(value, str):
        return "must be a text"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "has half a character (a lone surrogate); write the text in UTF-8"
    return ""


def texts(value: object) -> str:
    good = isinstance(value, list) and value and not any(text(item) for item in value)
    return "" if good else "must be a list with at least one text, and no empty text"


def number(value: object) -> str:
    try:
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        good = False
    return "" if good else "must be a number"


def numbers(value: object) -> str:
    good = isinstance(value, list) and value and not any(number(item) for item in value)
    return "" if good else "must be a list with at least one number, and numbers only"


def label(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "" if abs(value) <= LARGEST_LABEL else "is too large a number; use a text"
    return "" if not text(value) else "must be a text or a whole number"


def labels(value: object) -> str:
    if not isinstance(value, list) or any(label(item) for item in value):
        return "must be a list of texts or whole numbers"
    return "" if len(set(value)) == len(value) else "names a label twice"


def zero_or_one(value: object) -> str:
    good = isinstance(value, int) and not isinstance(value, bool) and value in (0, 1)
    return "" if good else "must be 0 or 1"


def relevance(value: object) -> str:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_RELEVANCE
    return "" if good else f"must be a whole number from 0 (not relevant) to {LARGEST_RELEVANCE}"


FROM_TEXT: Mapping[Check, Callable[[str], object]] = {
    number: float,
    zero_or_one: int,
    relevance: int,
    texts: json.loads,
    labels: json.loads,
    numbers: json.loads,
}
"""How a value of CSV or TSV, always a text, is read; lists are written as JSON. The other checks take texts."""

ROW_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "STS": {"sentence1": text, "sentence2": text, "score": number},
    "PairClassification": {"sentence1": text, "sentence2": text, "label": zero_or_one},
    "Classification": {"text": text, "label": label},
    "MultilabelClassification": {"text": text, "labels": labels},
    "Clustering": {"text": text, "label": label},
    "BitextMining": {"sentence1": text, "sentence2": text},
    "Reranking": {"query": text, "positive": texts, "negative": texts},
    "InstructionReranking": {"query": text, "instruction": text, "positive": texts, "negative": texts},
    "Summarization": {"text": text, "human_summaries": texts, "machine_summaries": texts, "relevance": numbers},
}
"""Fields of `<split>.jsonl` for the types that have one file per split."""

CORPUS_FIELDS: Mapping[str, Check] = {"id": text, "text": text}
QUERY_FIELDS: Mapping[str, Mapping[str, Check]] = {
    "Retrieval": {"id": text, "text": text},
    "InstructionRetrieval": {"id": text, "text": text, "instruction": text},
}
"""Fields of `queries.jsonl` for the types that search a corpus."""
QREL_FIELDS: Mapping[str, Check] = {"query-id": text, "corpus-id": text, "score": relevance}
OPTIONAL_FIELDS: Mapping[str, Check] = {"title": any_text}


class RetrievalRows(NamedTuple):
    corpus: list[Row]
    queries: list[Row]
    qrels: list[Row]


def read_rows(path: Path, fields: Mapping[str, Check], mistakes: Mistakes) -> list[Row]:
    """The well-formed rows of `<name>.jsonl` or what stands in its place; fields that we do not know are left alone.

    `_id` stands for `id`, as in many datasets of the Hub.
    """
    path = data_file(path)
    is_text_only = path.suffix in {".csv", ".tsv"}
    rows = []
    for row in read_file(path, fields, mistakes):
        values = _from_texts(row.values, fields) if is_text_only else row.values
        if "id" in fields and "_id" in values:
            values = {"id": values["_id"], **values}
        complaints = _complaints(values, fields)
        for complaint in complaints:
            mistakes.add(path, f"{complaint}.", row.line)
        if not complaints:
            rows.append(Row(row.line, values))
    return rows


def _complaints(values: Mapping[str, Any], fields: Mapping[str, Check]) -> list[str]:
    missing = [f'the field "{name}" is missing' for name in fields if name not in values]
    return missing + [
        f'"{name}" {complaint}'
        for name, check in {**OPTIONAL_FIELDS, **fields}.items()
        if name in values and (complaint := check(values[name]))
    ]


def _from_texts(values: Mapping[str, str], fields: Mapping[str, Check]) -> dict[str, Any]:
    """What cannot be read stays as it is, for the check to complain of."""
    read: dict[str, Any] = dict(values)
    for name, check in fields.items():
        if (reading := FROM_TEXT.get(check)) and name in values:
            try:
                read[name] = reading(values[name])
            except (ValueError, RecursionError):
                continue
    return read


def read_retrieval(folder: Path, task_type: str, mistakes: Mistakes) -> RetrievalRows:
    """Corpus, queries and relevance judgements of a split, with every name in the judgements resolved."""
    rows = RetrievalRows(
        corpus=read_rows(folder / "corpus.jsonl", CORPUS_FIELDS, mistakes),
        queries=read_rows(folder / "queries.jsonl", QUERY_FIELDS[task_type], mistakes),
        qrels=read_rows(folder / "qrels.jsonl", QREL_FIELDS, mistakes),
    )
    corpus, queries, qrels = (data_file(folder / f"{name}.jsonl") for name in RetrievalRows._fields)
    if corpus in mistakes.counts or queries in mistakes.counts:
        return rows  # Rows that could not be read would be missed below, which is not the fault of the judgements.
    document_ids = _unique_ids(corpus, rows.corpus, mistakes)
    query_ids = _unique_ids(queries, rows.queries, mistakes)
    _check_qrels(qrels, rows.qrels, {corpus.name: document_ids, queries.name: query_ids}, mistakes)
    answered = {row.values["query-id"] for row in rows.qrels if row.values["score"] > 0}
    for row in rows.queries:
        if row.values["id"] not in answered:
            sentence = f'the query "{row.values["id"]}" has no relevant document in {qrels.name}.'
            mistakes.add(queries, sentence, row.line)
    return rows


def _unique_ids(path: Path, rows: list[Row], mistakes: Mistakes) -> set[str]:
    lines: dict[str, int] = {}
    for row in rows:
        first = lines.setdefault(row.values["id"], row.line)
        if first != row.line:
            mistakes.add(path, f'the id "{row.values["id"]}" was used in line {first} already.', row.line)
    return set(lines)


def _check_qrels(path: Path, rows: list[Row], known: Mapping[str, set[str]], mistakes: Mistakes) -> None:
    """`known` has the ids of the corpus and those of the queries, each by the name of its file."""
    (corpus_name, documents), (queries_name, queries) = known.items()
    lines: dict[tuple[str, str], int] = {}
    for row in rows:
        query, document = row.values["query-id"], row.values["corpus-id"]
        if query not in queries:
            mistakes.add(path, f'{queries_name} has no query "{query}".', row.line)
        if document not in documents:
            mistakes.add(path, f'{corpus_name} has no document "{document}".', row.line)
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


def row_labels(row: Row) -> list[Any]:
    """The label or the labels of a row."""
    labels = row.values.get("labels")
    return [row.values["label"]] if labels is None else labels


def check_several_labels(path: Path, rows: list[Row], mistakes: Mistakes) -> None:
    """Both labels of pairs, two or more classes or clusters; and one kind of label, text or number."""
    seen = {label for row in rows for label in row_labels(row)}
    if rows and len(seen) < 2:
        have = f'have the label "{seen.pop()}"' if seen else "have no label"
        mistakes.add(path, f"all rows {have}; at least two labels are needed.")
    elif len({type(value) for value in seen}) > 1:
        mistakes.add(path, "some labels are texts and some are numbers; use one kind.")


def check_trained_labels(path: Path, rows: list[Row], train: list[Row], train_name: str, mistakes: Mistakes) -> None:
    trained = {label for row in train for label in row_labels(row)}
    for row in rows:
        for label in row_labels(row):
            if trained and label not in trained:
                sentence = f'the label "{label}" never occurs in {train_name}, so nothing can learn it.'
                mistakes.add(path, sentence, row.line)


def check_nearest_neighbours(path: Path, train: list[Row], mistakes: Mistakes) -> None:
    labelled = sum(bool(row_labels(row)) for row in train)
    if train and labelled < NEIGHBOURS:
        sentence = f"only {labelled} rows have a label; mteb's classifier asks the {NEIGHBOURS} nearest texts."
        mistakes.add(path, sentence)


def check_two_labels(path: Path, rows: list[Row], main_score: str, mistakes: Mistakes) -> None:
    if rows and len({label for row in rows for label in row_labels(row)}) != 2:
        mistakes.add(path, f'mteb computes "{main_score}" for two labels only; name another main_score.')


def check_summaries(path: Path, rows: list[Row], score_range: tuple[float, float], mistakes: Mistakes) -> None:
    low, high = score_range
    for row in rows:
        scores, summaries = row.values["relevance"], row.values["machine_summaries"]
        if len(scores) != len(summaries):
            sentence = f'"relevance" has {len(scores)} numbers for {len(summaries)} machine summaries.'
            mistakes.add(path, sentence, row.line)
        for score in scores:
            if not low <= score <= high:
                mistakes.add(path, f"the relevance {score} lies outside {low:g} to {high:g}.", row.line)
    if rows and all(len(set(row.values["relevance"])) == 1 for row in rows):
        mistakes.add(path, "in each row all summaries are equally relevant, so there is nothing to correlate with.")


def check_distinct_candidates(path: Path, rows: list[Row], mistakes: Mistakes) -> None:
    for row in rows:
        candidates = row.values["positive"] + row.values["negative"]
        if len(set(candidates)) < len(candidates):
            mistakes.add(path, "a text stands twice among the positive and negative texts of the query.", row.line)


def n_characters(values: Mapping[str, Any]) -> int:
    """Length of all texts of a row, those in lists included."""
    total = 0
    for name, value in values.items():
        if name not in {"id", "label", "labels", "query-id", "corpus-id"}:
            total += sum(len(item) for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
    return total
