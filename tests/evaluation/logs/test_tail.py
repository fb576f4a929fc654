"""What is new in a log of which only the end is kept."""

from __future__ import annotations

import pytest

from evaluation.logs.tail import everything, from_a_line, news


def test_lines_that_came_are_told_apart_from_the_line_that_is_being_written() -> None:
    before = everything("one\ntwo\nthr")
    assert (before.lines, before.partial, before.anew) == ("one\ntwo\n", "thr", True)
    after = news("one\ntwo\nthree\nfour\nfi", before.mark)
    assert after is not None
    assert (after.lines, after.partial, after.anew) == ("three\nfour\n", "fi", False)


def test_nothing_new_is_no_lines_and_the_same_mark() -> None:
    before = everything("one\ntwo\n")
    after = news("one\ntwo\n", before.mark)
    assert after is not None
    assert (after.lines, after.partial, after.mark) == ("", "", before.mark)


@pytest.mark.parametrize("dropped", [1, 30, 60])
def test_the_place_is_found_though_the_beginning_was_cut_off(dropped: int) -> None:
    lines = [f"line {number:03}\n" for number in range(100)]
    before = everything("".join(lines[:95]))
    after = news("".join(lines[dropped:]), before.mark)
    assert after is not None
    assert after.lines == "".join(lines[95:])


def test_a_place_that_is_gone_is_not_found() -> None:
    before = everything("one\n")
    assert news("".join(f"line {number}\n" for number in range(100)), before.mark) is None
    assert news("one\ntwo\n", "") is None


def test_a_repeated_line_is_the_last_of_its_kind_only_if_all_before_it_are_alike() -> None:
    before = everything("start\n" + "again\n" * 3)
    after = news("start\n" + "again\n" * 5, before.mark)
    assert after is not None
    assert after.lines == "again\n" * 2


def test_a_cut_text_begins_at_a_line() -> None:
    assert from_a_line("lf a line\nwhole\n") == "whole\n"
