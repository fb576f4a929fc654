"""Which examples are told as the most wrong."""

from __future__ import annotations

from evaluation.worst_examples import (
    LONGEST_TEXT,
    MOST_EXAMPLES,
    shortened,
    worst_labels,
    worst_pairs,
    worst_queries,
    worst_similarities,
)


def test_pairs_are_wrong_by_how_far_their_place_is_from_that_of_people() -> None:
    texts = [(f"one {number}", f"other {number}") for number in range(4)]
    found = worst_similarities(texts, [0, 1, 2, 3], [0.1, 0.9, 0.3, 0.4])
    assert found[0].texts == {"First text": "one 1", "Second text": "other 1"}
    assert found[0].wrongness == 0.5
    assert "one 0" not in [example.texts["First text"] for example in found], "What is right is not listed."


def test_a_pair_is_wrong_by_the_share_of_the_other_kind_on_the_wrong_side() -> None:
    texts = [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]
    found = worst_pairs(texts, [1, 1, 0, 0], [0.9, 0.2, 0.3, 0.1])
    assert [(example.texts["First text"], example.wrongness) for example in found] == [("c", 0.5), ("e", 0.5)]
    assert found[0].wanted == "match"


def test_pairs_of_one_kind_only_cannot_be_wrong() -> None:
    assert worst_pairs([("a", "b")], [1], [0.1]) == []


def test_a_text_is_wrong_by_the_share_of_classifiers_that_mislabelled_it() -> None:
    found = worst_labels(["fine", "twice", "once"], ["x", "x", "x"], [["x", "y", "x"], ["x", "y", "z"]])
    assert [(example.texts["Text"], example.wrongness, example.given) for example in found] == [
        ("twice", 1.0, "y (2 of 2 times)"),
        ("once", 0.5, "z (1 of 2 times)"),
    ]


def test_a_query_is_wrong_by_the_rank_of_its_first_relevant_document() -> None:
    queries = {"q1": "found first", "q2": "found second", "q3": "not found", "q4": "nothing is relevant"}
    documents = {"d1": "one", "d2": "two", "d3": "three"}
    relevant = {"q1": {"d1": 1}, "q2": {"d2": 1, "d3": 0}, "q3": {"d3": 2}, "q4": {"d1": 0}}
    scores = {"d1": 0.9, "d2": 0.5}
    found = worst_queries(queries, documents, relevant, dict.fromkeys(queries, scores))
    assert [example.texts["Query"] for example in found] == ["not found", "found second"]
    assert found[0].texts["Relevant"] == "three"
    assert found[0].texts["Ranked first"] == "one"
    assert (found[0].given, found[1].given) == ("not found", "first relevant one at rank 2")


def test_texts_and_lists_are_bounded() -> None:
    assert len(shortened("word " * 1000)) == LONGEST_TEXT
    assert len(worst_labels(["text"] * 100, ["x"] * 100, [["y"] * 100])) == MOST_EXAMPLES
