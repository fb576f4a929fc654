"""The examples that a model got most wrong, from its predictions and the data, by kind of task."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any

MOST_EXAMPLES = 20
MOST_BYTES = 16 * 1024**2
"""Of compressed predictions per task; more is not kept."""
LONGEST_TEXT = 400
FOUND_IN = 1000
"""A relevant document that was ranked behind this many counts as not found."""


@dataclass(frozen=True)
class WrongExample:
    """`wrongness` is from 0, right, to 1, as wrong as can be. `texts` are labelled; so are `wanted` and `given`."""

    wrongness: float
    texts: dict[str, str]
    wanted: str
    given: str
    split: str = ""
    subset: str = ""
    details: dict[str, str] = field(default_factory=dict)


def shortened(text: Any) -> str:
    words = " ".join(str(text).split())
    return words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…"


def worst_similarities(
    texts: Sequence[tuple[str, str]], wanted: Sequence[float], given: Sequence[float]
) -> list[WrongExample]:
    """Pairs whose place by the model's similarity is furthest from their place by people's judgement."""
    wanted_places, given_places = _places(wanted), _places(given)
    found = (
        WrongExample(
            abs(given_place - wanted_place),
            {"First text": shortened(one), "Second text": shortened(other)},
            f"{score:g}: more alike than {wanted_place:.0%} of the pairs",
            f"{similarity:.3f}: more alike than {given_place:.0%}",
        )
        for (one, other), score, similarity, wanted_place, given_place in zip(
            texts, wanted, given, wanted_places, given_places, strict=True
        )
    )
    return _worst(found)


def worst_pairs(texts: Sequence[tuple[str, str]], labels: Sequence[int], given: Sequence[float]) -> list[WrongExample]:
    """Pairs of one kind that lie among those of the other: the share of the others on the wrong side of it."""
    alike = sorted(score for score, label in zip(given, labels, strict=True) if label)
    unlike = sorted(score for score, label in zip(given, labels, strict=True) if not label)
    found = []
    for (one, other), label, score in zip(texts, labels, given, strict=True):
        others = unlike if label else alike
        above = len(others) - bisect_left(others, score) if label else bisect_right(others, score)
        words = "pairs that do not match are more alike" if label else "pairs that match are less alike"
        found.append(
            WrongExample(
                above / len(others) if others else 0.0,
                {"First text": shortened(one), "Second text": shortened(other)},
                "match" if label else "no match",
                f"{score:.3f}: {above} {words}",
            )
        )
    return _worst(found)


def worst_labels(
    texts: Sequence[Any], labels: Sequence[Any], experiments: Sequence[Sequence[Any]]
) -> list[WrongExample]:
    """Texts that most of the experiments' classifiers gave another label; `experiments` are lists of predictions."""
    found = []
    for place, (text, label) in enumerate(zip(texts, labels, strict=True)):
        given = Counter(str(predictions[place]) for predictions in experiments)
        wrong = {name: n for name, n in given.items() if name != str(label)}
        if not wrong:
            continue
        most, n = max(wrong.items(), key=lambda item: item[1])
        found.append(
            WrongExample(
                sum(wrong.values()) / len(experiments),
                {"Text": shortened(text)},
                str(label),
                f"{most} ({n} of {len(experiments)} times)",
            )
        )
    return _worst(found)


def worst_queries(
    queries: Mapping[str, Any],
    documents: Mapping[str, Any],
    relevant: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Mapping[str, float]],
) -> list[WrongExample]:
    """Queries whose first relevant document is ranked lowest, with what was ranked first instead.

    Of `queries` and `documents` only those in the answer are looked up.
    """
    wrongness: dict[str, tuple[float, int | None]] = {}
    for query, scores in rankings.items():
        wanted = [name for name, grade in relevant.get(query, {}).items() if grade > 0]
        if not wanted:
            continue
        ordered = sorted(scores, key=lambda name: -scores[name])[:FOUND_IN]
        place = next((rank for rank, name in enumerate(ordered, start=1) if name in wanted), None)
        if place != 1:
            wrongness[query] = (1.0 if place is None else 1 - 1 / place, place)
    worst = nlargest(MOST_EXAMPLES, wrongness, key=lambda query: wrongness[query][0])
    return [_wrong_query(query, *wrongness[query], queries, documents, relevant, rankings) for query in worst]


def _wrong_query(
    query: str,
    wrongness: float,
    place: int | None,
    queries: Mapping[str, Any],
    documents: Mapping[str, Any],
    relevant: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Mapping[str, float]],
) -> WrongExample:
    scores = rankings[query]
    first = max(scores, key=lambda name: scores[name])
    grades = relevant[query]
    best = max(grades, key=lambda name: (grades[name], scores.get(name, float("-inf"))))
    return WrongExample(
        wrongness,
        {
            "Query": shortened(queries.get(query, query)),
            "Relevant": shortened(documents.get(best, best)),
            "Ranked first": shortened(documents.get(first, first)),
        },
        f"one of {sum(grade > 0 for grade in grades.values())} relevant",
        "not found" if place is None else f"first relevant one at rank {place}",
        details={"Relevant document": best, "First document": first},
    )


def _places(values: Sequence[float]) -> list[float]:
    """The share of the values that are lower; of equal ones half."""
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 / len(ordered) for value in values]


def _worst(examples: Any) -> list[WrongExample]:
    wrong = (example for example in examples if example.wrongness > 0)
    return nlargest(MOST_EXAMPLES, wrong, key=lambda example: example.wrongness)
