"""The search: what it finds, what it forgives, and what a missing page suggests."""

from __future__ import annotations

import pytest

from leaderboard.models import ModelMeta
from leaderboard.search_terms import BEGINS, EQUAL, WITHIN, WORDS_BEGIN, cleaned, corrected, nearness, terms, words_of
from tests.factories import make_model

NAMES = [
    "sentence-transformers/all-MiniLM-L6-v2",
    "ArguAnaRetrieval",
    "MTEB(eng, v2)",
    "c++_Code#1",
    "Norwegian Bokmål",
    "-- odd --",
]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("org/MiniLM-L6", "org minilm l6 org mini lm l6"),
        ("BAAI/bge-m3", "baai bge m3"),
        ("MTEB(eng, v2)", "mteb eng v2"),
    ],
)
def test_a_name_is_cut_into_words_with_humps_and_without(name: str, words: str) -> None:
    assert words_of(name) == words


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_the_database_cuts_names_as_the_search_does(name: str) -> None:
    make_model(name)
    assert ModelMeta.objects.get(name=name).search_words == words_of(name)


def test_what_was_typed_loses_what_no_name_has() -> None:
    assert cleaned(" a\0b \n c" + "x" * 200) == ("a b c" + "x" * 200)[:100]
    assert terms("Qwen3_embedding, QWEN3") == ["qwen3", "embedding"]


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("intfloat/e5-small", "e5 small", EQUAL),
        ("intfloat/e5-small", "intfloat/e5-small", EQUAL),
        ("intfloat/e5-small", "e5", BEGINS),
        ("intfloat/multilingual-e5-small", "e5 multi", WORDS_BEGIN),
        ("ArguAnaRetrieval", "retrieval", WORDS_BEGIN),
        ("intfloat/multilingual-e5-small", "lingual", WITHIN),
    ],
)
def test_the_better_a_name_fits_the_nearer_it_is(name: str, typed: str, expected: int) -> None:
    assert nearness(name, terms(typed)) == expected


def test_a_word_is_corrected_to_one_that_names_have() -> None:
    assert corrected(["qwen3", "embeding"], ["Qwen/Qwen3-Embedding-8B"]) == "qwen3 embedding"
    assert corrected(["qwen3"], ["Qwen/Qwen3-Embedding-8B"]) is None
