"""The address of a view, and what stays of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard.board_query import BoardQuery, Range, ZeroShot, parse
from leaderboard.methods import Method
from leaderboard.wording import Extent, chips, in_one_line, languages_in_one_line


def test_an_empty_address_is_the_board_as_it_stands() -> None:
    assert parse({}) == BoardQuery()
    assert parse({"view": ["tasks"], "utm_source": ["x"]}).is_plain


def test_values_come_with_commas_or_repeated_and_have_one_address() -> None:
    from_link = parse({"type": ["STS,Retrieval"]})
    from_form = parse({"type": ["Retrieval", "STS", "STS", ""]})
    assert from_link == from_form
    assert from_form.pairs == [("type", "Retrieval,STS")]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"size": ["100M..1B"]}, Range(1e8, 1e9)),
        ({"size": ["..1B,unknown"]}, Range(None, 1e9, unknown=True)),
        ({"size_min": ["500k"], "size_max": [""], "size_unknown": ["1"]}, Range(5e5, None, unknown=True)),
        ({"size": ["33M"]}, Range(33e6, 33e6)),
    ],
)
def test_ranges_are_read_from_links_and_forms(parameters: dict[str, list[str]], expected: Range) -> None:
    assert parse(parameters).ranges["size"] == expected


def test_a_month_runs_from_its_first_to_its_last_day() -> None:
    assert parse({"released": ["2024-02..2024-02"]}).ranges["released"] == Range(date(2024, 2, 1), date(2024, 2, 29))
    assert parse({"released": ["2024..2024-12"]}).ranges["released"] == Range(date(2024, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    "parameters",
    [{"size": ["big"]}, {"size": ["1B..1M"]}, {"released": ["2024-13"]}, {"method": ["magic"]}, {"zero_shot": ["x"]}],
)
def test_what_cannot_be_understood_is_said_and_left_out(parameters: dict[str, list[str]]) -> None:
    query = parse(parameters)
    assert query.is_plain
    assert len(query.problems) == 1


def test_an_unknown_value_is_let_in_only_where_asked() -> None:
    assert not Range(1e6, 1e9).admits(None)
    assert Range(1e6, 1e9, unknown=True).admits(None)
    assert Range(1e6, 1e9).admits(1e9)


def test_removing_one_value_leaves_the_others() -> None:
    query = parse({"type": ["STS,Retrieval"], "size": ["..1B"], "zero_shot": ["only"], "q": ["bge"]})
    assert query.without("type", "STS").pairs[0] == ("type", "Retrieval")
    left = query.without("type").without("size").without("zero_shot").without("q")
    assert left.is_plain


@pytest.mark.parametrize("bounds", ["4096..", "..1234567", "137M..1.5B", "..999999999999"])
def test_a_range_keeps_every_digit_it_was_given(bounds: str) -> None:
    assert parse({"size": [bounds]}).pairs == [("size", bounds)]


def test_every_condition_has_a_chip_that_removes_only_it() -> None:
    query = parse({"type": ["STS"], "size": ["..1B"], "complete": ["1"], "q": ["bge"], "method": ["win_rate"]})
    found = chips(query, lambda _, value: value)
    assert [chip.label for chip in found] == ["Task type", "Parameters", "Coverage", "Query"]
    assert all(len(chip.without.pairs) == len(query.pairs) - 1 for chip in found)


def test_one_line_says_what_the_reader_is_looking_at() -> None:
    query = parse({"type": ["STS"], "method": ["win_rate"], "means": ["lenient"]})
    line = in_one_line(Extent(12, 40, 3, 41), query, rule="Borda count", official_only=True)
    assert line == (
        "12 of 40 models ranked anew by win rate over 3 of 41 tasks, means over the tasks that are not blank, "
        "from official results only."
    )


def test_the_table_per_language_says_which_languages_it_shows() -> None:
    assert languages_in_one_line(430, 120, 1062, official_only=True) == (
        "430 models placed by Borda count over 120 of 1,062 languages, those that most models have, "
        "from official results only."
    )


NAMES = st.sampled_from(["STS", "Retrieval", "eng-Latn", "apache-2.0", "unknown"])


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.lists(NAMES),
            "lang": st.lists(NAMES),
            "org": st.lists(NAMES),
            "size": st.sampled_from([["100M..1B"], ["..7B,unknown"], ["1k.."], ["1234567..2345678"]]),
            "released": st.sampled_from([["2024-01-31..2025-01-01"], ["2024-06.."]]),
            "zero_shot": st.sampled_from([[value] for value in ZeroShot]),
            "method": st.sampled_from([[value] for value in Method]),
            "means": st.just(["lenient"]),
            "complete": st.just(["1"]),
            "q": st.sampled_from([["params < 1B"], ["bge and STS > 0.8"]]),
        },
    )
)
def test_an_address_made_of_a_query_is_read_as_the_same_query(parameters: dict[str, list[str]]) -> None:
    query = parse(parameters)
    assert parse({name: [value] for name, value in query.pairs}) == query
