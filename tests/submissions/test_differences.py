"""What two submissions of a model differ in."""

from __future__ import annotations

from submissions.differences import Difference, changed_members, changed_scores, changed_values


def test_only_values_that_differ_are_named_with_what_is_gone_last() -> None:
    before = {"Licence": "MIT", "Revision": "one", "Note": "Hello"}
    after = {"Revision": "two", "Licence": "MIT", "Languages": "deu"}
    assert changed_values(before, after) == [
        Difference("Revision", "one", "two"),
        Difference("Languages", "-", "deu"),
        Difference("Note", "Hello", "-"),
    ]


def test_an_empty_value_is_none() -> None:
    assert changed_values({"Note": ""}, {}) == []


def test_what_left_and_what_came_is_one_difference() -> None:
    assert changed_members("Boards", ["A", "B"], ["B", "C", "D"]) == [Difference("Boards", "A", "C, D")]
    assert changed_members("Boards", ["A", "B"], ["B", "A"]) == []


def test_common_tasks_are_compared_the_largest_change_first() -> None:
    found = changed_scores({"A": 0.5, "B": 0.5, "C": 0.5}, {"A": 0.51, "B": 0.4, "D": 0.9})
    assert [(one.task, round(one.change, 6)) for one in found] == [("B", -10.0), ("A", 1.0)]
