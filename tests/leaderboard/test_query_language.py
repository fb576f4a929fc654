"""The query field's language: what matches, what is refused and where, what is offered."""

from __future__ import annotations

import math
import operator
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leaderboard.query_language import MAX_LENGTH, Field, QueryError, compile_query, suggestions

FIELDS = (
    Field("name", "text"),
    Field("params", "number", aliases=("parameters", "size"), description="Parameters"),
    Field("memory", "number", unit="MB"),
    Field("released", "date"),
    Field("license", "text", aliases=("licence",), choices=("apache-2.0", "mit", "cc-by-4.0", "cc-by-nc-4.0")),
    Field("org", "text", choices=("BAAI", "Qwen", "Sentence Transformers")),
    Field("language", "texts", choices=("eng", "deu", "zho")),
    Field("framework", "texts"),
    Field("open", "flag"),
    Field("zero_shot", "number", unit="%"),
    Field("STS", "score"),
    Field("PairClassification", "score", aliases=("Pair Classification",)),
    Field("Classification", "score"),
    Field("VisualSTS(eng)", "score"),
)
ROW: dict[str, Any] = {
    "name": "BAAI/bge-m3",
    "params": 568_000_000,
    "memory": 2166.0,
    "released": date(2024, 6, 28),
    "license": "mit",
    "org": "BAAI",
    "language": ["eng", "deu"],
    "framework": ["PyTorch", "Sentence Transformers"],
    "open": True,
    "zero_shot": 95,
    "STS": 0.81229,
    "PairClassification": None,
    "VisualSTS(eng)": math.nan,
}


def matches(query: str, **values: Any) -> bool:
    return compile_query(query, FIELDS)({**ROW, **values}.get)


def error(query: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        compile_query(query, FIELDS)
    return caught.value


@pytest.mark.parametrize(
    "query",
    [
        "",
        "  ",
        "bge m3",
        "* license:mit",
        "BAAI/BGE",
        "b*m3 and not qwen",
        '"bge-m3"',
        "name:m3 name=baai/bge-m3 name!=bge",
        "params < 600M and params>0.5b and params = 568M and size:100M..1B and params:500000k..",
        "memory < 2.2GB and memory > 2GB and memory >= 2166 and memory:..2166MB",
        "zero_shot > 0.9 and zero_shot > 90 and zero_shot = 95% and zero_shot < 1",
        "released:2024 and released >= 2024 and released <= 2024-06 and released > 2024-05 and released = 2024-06-28",
        "released:2023..2024-06 and not released > 2024 and not released < 2024",
        "license:MIT and licence:m* and license != apache-2.0",
        "language:deu and language != zho and framework:torch and framework != torch",
        'framework = pytorch and framework:"sentence *"',
        "open:yes and open != no and open:true and open:known",
        "STS > 0.8 and STS > 80 and STS ≥ 81.23 and STS = 81.23% and STS:80..82 and STS != 0.5%",
        "params:1 or STS > 90 or qwen or (open:yes and not open:no)",
        "qwen and org:Qwen or org:BAAI",
        "not (qwen or params > 1B)",
        "NOT qwen AND Bge Or x",
        '“Pair Classification”:unknown and pair_classification = unknown and "VisualSTS(eng)":unknown',
    ],
)
def test_these_match_the_row(query: str) -> None:
    assert matches(query)


@pytest.mark.parametrize(
    "query",
    [
        "qwen",
        "bge qwen",
        "m3*bge",
        "name = bge-m3",
        "params > 1B",
        "memory > 3GB",
        "released > 2024",
        "released:2023",
        "license:apache-2.0",
        "language:zho",
        "framework = torch",
        "open:no",
        "STS > 81.23",
        "STS >= 0.9",
        "not bge",
        "bge and (qwen or params > 1B)",
    ],
)
def test_these_do_not(query: str) -> None:
    assert not matches(query)


@pytest.mark.parametrize("comparison", ["< 1", "<= 1", "> 0", ">= 0", "= 0", "!= 0", ":0..1", ":known"])
def test_an_unknown_value_matches_no_comparison_and_so_every_negated_one(comparison: str) -> None:
    for unknown in (None, math.nan):
        assert not matches(f"STS {comparison}", STS=unknown)
        assert matches(f"not STS {comparison}", STS=unknown)
    assert matches("language:unknown", language=[])
    assert not matches("license != mit", license=None)


def test_scores_compare_as_the_page_shows_them() -> None:
    assert matches("STS >= 80 and STS = 0.8 and not STS < 80", STS=0.799999)
    assert matches("STS:1 and STS = 100%", STS=1.0)
    assert matches("STS < 0 and STS > -0.1 and STS > -6", STS=-0.05)


def test_an_empty_query_asks_for_nothing() -> None:
    predicate = compile_query(" ", FIELDS)
    assert (predicate.text, predicate.fields) == ("", frozenset())


def test_the_canonical_text_names_fields_and_choices_as_they_are_spelt() -> None:
    predicate = compile_query("bge SIZE<1b licence:MIT (x or 'y z') not (“pair classification”>.5 open=TRUE)", FIELDS)
    assert predicate.text == (
        'bge and params < 1b and license:mit and (x or "y z") and not (PairClassification > .5 and open = yes)'
    )
    assert predicate.fields == {"name", "params", "license", "PairClassification", "open"}


@pytest.mark.parametrize(
    ("query", "wrong", "words"),
    [
        ("STS > 1 and stss > 1", "stss", "mean STS"),
        ("licens:mit", "licens", "mean license"),
        ("zzz > 1", "zzz", "There are name, params"),
        ("org:BAI", "BAI", "mean BAAI"),
        ("org:Sentence Transformers", "Sentence", '"Sentence Transformers"'),
        ("license:gpl*", "gpl*", "apache-2.0, mit"),
        ("Pair Classification > 0.5", "Pair Classification", "Write this name as PairClassification"),
        ("bge VisualSTS(eng) > 0.5", "VisualSTS(eng)", '"VisualSTS(eng)"'),
        ("bge params", "params", "compare it"),
        ("STS >", ">", "value after"),
        ("STS > and bge", "and", "value before"),
        ("bge and", "and", "condition after"),
        ("bge or or x", "or", "condition after"),
        ("or bge", "or", "condition before"),
        ("> 0.8", ">", "field before"),
        ("(STS) > 0.8", ">", "quotation marks"),
        ("0.5 < STS", "0.5", "starts with its field"),
        ("STS > 0.1 > 0.2", ">", "One comparison"),
        ("(bge and (m3)", "(", "Close this parenthesis"),
        ("bge)", ")", "remove"),
        ("()", ")", "between the parentheses"),
        ("org:(BAAI or Qwen)", "(", "org:BAAI or org:Qwen"),
        ('name:"bge', '"bge', "Close the quotation marks"),
        ('""', '""', "between the quotation marks"),
        ("name:''", "''", "name:unknown"),
        ("bge && m3", "&", "“and”"),
        ("STS > 0,8", ",", "point"),
        ("!bge", "!", "“not”"),
        ("name:~b.*", ":", "value after"),
        ('name~"b("', '"b("', "no regular expression"),
        ("name~(?<=a)b", "(", "one value"),
        ('name~"(?<=a)b"', '"(?<=a)b"', "invalid perl operator"),
        ("params~1", "1", "is no text"),
        ("open~yes", "yes", "is no text"),
        ("params < 5x", "5x", "500M, 7B or 1.5k"),
        ("memory < 5x", "5x", "2GB"),
        ("STS > high", "high", "0.8, 80 or 80%"),
        ("released > 2024-02-30", "2024-02-30", "2024-06-30"),
        ("params:1B..1M", "1B..1M", "params:1M..1B"),
        ("params > 1..2", "1..2", "params:1..2"),
        ("params:..", "..", "at least one end"),
        ("params > unknown", "unknown", "params:unknown"),
        ("open:maybe", "maybe", "open:unknown"),
        ("name > a", "a", "no order"),
        ("bge\0", "\0", "Remove"),
    ],
)
def test_an_error_points_at_the_place_and_says_what_to_do(query: str, wrong: str, words: str) -> None:
    found = error(query)
    assert found.wrong == wrong
    assert words in found.message
    assert found.before + found.wrong + found.after == query
    assert found.column == len(found.before) + 1


def test_what_is_too_long_or_too_deep_is_refused_and_parentheses_alone_are_not_deep() -> None:
    assert str(MAX_LENGTH) in error("a" * (MAX_LENGTH + 1)).message
    assert "nested" in error("not " * 100 + "a").message
    assert "nested" in error("(a or not " * 40 + "a" + ")" * 40).message
    assert compile_query("(" * 249 + "a" + ")" * 249, FIELDS).text == "a"


WORDS = "params STS bge org BAAI and or not ( ) < >= : = .. 1B 0.8 unknown \" ' “ ” \\ * ~ 2024-06 ß yes open 1..2"
PIECES = st.sampled_from([*WORDS.split(), " ", "\0", '"Pair Classification"'])
BROKEN = (
    st.lists(PIECES, max_size=40).map(" ".join)
    | st.lists(PIECES, max_size=40).map("".join)
    | st.text(max_size=80)
    | st.lists(st.sampled_from(["bge", "STS>1", "not", "(", ")"]), max_size=150).map(" ".join)
)


@given(BROKEN, st.integers(-5, 200))
@example("a" * (MAX_LENGTH + 1), 0)
@example("a " * (MAX_LENGTH // 2), 0)
def test_no_text_brings_anything_but_an_answer_or_a_query_error(query: str, cursor: int) -> None:
    for suggestion in suggestions(query, cursor, FIELDS):
        assert 0 <= suggestion.start <= suggestion.end <= len(query)
    try:
        predicate = compile_query(query, FIELDS)
    except QueryError as refused:
        place = refused.start, refused.end
        assert 0 <= place[0] < place[1] <= len(query)
        return
    again = compile_query(predicate.text, FIELDS)
    assert again.text == predicate.text
    assert again(ROW.get) == predicate(ROW.get)


@dataclass(frozen=True)
class Asked:
    """A query, and what it should say about a row."""

    text: str
    expected: Callable[[dict[str, Any]], bool]


SYMBOLS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
AMOUNTS = st.integers(0, 5)


def _number(symbol: str, millions: int) -> Asked:
    def expected(row: dict[str, Any]) -> bool:
        return row["params"] is not None and bool(SYMBOLS[symbol](row["params"], millions * 1_000_000))

    return Asked(f"params {symbol} {millions}M", expected)


def _license(symbol: str, name: str) -> Asked:
    def expected(row: dict[str, Any]) -> bool:
        return row["license"] is not None and (row["license"] == name) == (symbol != "!=")

    return Asked(f"license{symbol}{name}", expected)


def _negated(part: Asked) -> Asked:
    return Asked(f"not ({part.text})", lambda row: not part.expected(row))


def _joined(joint: str, parts: list[Asked]) -> Asked:
    combine = any if joint == "or" else all
    text = f" {joint} ".join(f"({part.text})" for part in parts)
    return Asked(text, lambda row: combine(part.expected(row) for part in parts))


QUERIES = st.recursive(
    st.builds(_number, st.sampled_from(list(SYMBOLS)), AMOUNTS)
    | st.builds(_license, st.sampled_from([":", "=", "!="]), st.sampled_from(["mit", "apache-2.0"]))
    | AMOUNTS.map(lambda digit: Asked(f"*{digit}", lambda row: str(digit) in row["name"])),
    lambda inner: (
        inner.map(_negated)
        | st.builds(_joined, st.sampled_from(["and", "or", ""]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)
ROWS = st.fixed_dictionaries(
    {
        "name": st.integers(0, 99).map(lambda number: f"org/model-{number}"),
        "params": st.none() | AMOUNTS.map(lambda millions: millions * 1_000_000),
        "license": st.none() | st.sampled_from(["mit", "apache-2.0", "cc-by-4.0"]),
    }
)


@given(QUERIES, st.lists(ROWS, min_size=1, max_size=5))
def test_a_query_says_what_its_parts_say(asked: Asked, rows: list[dict[str, Any]]) -> None:
    predicate = compile_query(asked.text, FIELDS)
    again = compile_query(predicate.text, FIELDS)
    for row in rows:
        assert predicate(row.get) == again(row.get) == asked.expected(row)


def completed(query: str) -> list[str]:
    """What the text would be after taking each suggestion; | is the cursor."""
    cursor = query.index("|")
    text = query.replace("|", "")
    return [text[: found.start] + found.text + text[found.end :] for found in suggestions(text, cursor, FIELDS)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("siz|", ["params"]),
        ("STS > 0.8 and lic|", ["STS > 0.8 and license"]),
        ("classif|", ["Classification", "PairClassification"]),
        ('"Pair Cl|', ["PairClassification"]),
        ("visual| > 0.5", ['"VisualSTS(eng)" > 0.5']),
        ("open|", ["open:"]),
        ("license|", ["license:", "license != ", "license ~ "]),
        ("params |", ["params > ", "params >= ", "params < ", "params <= ", "params :"]),
        ("org:|", ["org:BAAI", "org:Qwen", 'org:"Sentence Transformers"', "org:unknown", "org:known"]),
        ("license:nc|", ["license:cc-by-nc-4.0"]),
        ("license != ap|", ["license != apache-2.0"]),
        ("open:n|", ["open:no"]),
        ("params:u|", ["params:unknown"]),
        ("params < |", []),
        ("org:BAAI|", ["org:BAAI and ", "org:BAAI or "]),
        ("(STS > 0.8) |", ["(STS > 0.8) and ", "(STS > 0.8) or "]),
        ("STS > 0.8 o|", ["STS > 0.8 or ", "STS > 0.8 org", "STS > 0.8 open"]),
        ("zzz > |", []),
    ],
)
def test_completion_offers_what_can_stand_at_the_cursor(query: str, expected: list[str]) -> None:
    assert completed(query) == expected


def test_at_the_start_completion_names_fields_and_what_they_mean() -> None:
    offered = suggestions("", 0, FIELDS)
    assert [found.text for found in offered][:2] == ["name", "params"]
    assert offered[1].hint == "Parameters"


def test_the_parser_is_loaded_with_the_first_query_only() -> None:
    code = "import sys, leaderboard.query_language; sys.exit('lark' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('name~"^baai/.*-m[0-9]$"', True),
        ("name~bge", True),
        ("name~^bge", False),
        ('not name~"large|small"', True),
        ('language~"^d"', True),
        ('org~"^(Qwen|google)$"', False),
        ("framework~unknown", False),
    ],
)
def test_a_regular_expression_is_looked_for_in_texts(query: str, expected: bool) -> None:
    assert matches(query) is expected


def test_unknown_texts_match_no_regular_expression() -> None:
    assert not matches('name~".*"', name=None)


def test_a_regular_expression_that_others_choke_on_takes_no_time() -> None:
    assert not matches('name~"^(a+)+$"', name="a" * 5_000 + "!")


def test_a_regular_expression_is_offered_for_texts_only() -> None:
    assert "~" in {one.text.strip() for one in suggestions("name ", 5, FIELDS)}
    assert "~" not in {one.text.strip() for one in suggestions("params ", 7, FIELDS)}
