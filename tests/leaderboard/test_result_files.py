"""Reading result files of every age."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from leaderboard.result_files import TaskFacts, UnusableFile, load_json, parse_result

TASKS = {
    "STS22": TaskFacts("cosine_spearman", {"de": ["deu-Latn"], "fr": ["fra-Latn"]}),
    "NFCorpus": TaskFacts("ndcg_at_10", ["eng-Latn"]),
    "DiaBlaBitextMining": TaskFacts("f1", {"fr-en": ["fra-Latn", "eng-Latn"]}),
    "EightTagsClustering": TaskFacts("v_measure", ["pol-Latn"]),
    "XPQARetrieval": TaskFacts("ndcg_at_10", {"fra-fra": ["fra-Latn"]}),
    "MLSUMClusteringP2P": TaskFacts("v_measure", {"fr": ["fra-Latn"], "de": ["deu-Latn"]}),
    "SynAggregate": TaskFacts("accuracy", {"a": ["deu-Latn"], "b": ["fra-Latn", "deu-Latn"]}),
}


def current_file(**fields: Any) -> bytes:
    entry = {"main_score": 0.5, "hf_subset": "default", "languages": ["eng-Latn"], "ndcg_at_10": 0.5}
    body = {"task_name": "NFCorpus", "dataset_revision": "abc", "mteb_version": "2.0.0", "scores": {"test": [entry]}}
    return json.dumps({**body, **fields}).encode()


def historic_file(name: str, **splits: Any) -> bytes:
    return json.dumps(
        {"mteb_dataset_name": name, "dataset_revision": "abc", "mteb_version": "1.1.0", **splits}
    ).encode()


def test_cells_stand_in_the_order_of_the_file() -> None:
    scores = {
        split: [{"main_score": score, "hf_subset": subset, "languages": [subset]} for subset, score in entries]
        for split, entries in {"test": [("fr", 0.1), ("de", 0.2)], "dev": [("de", 0.3)]}.items()
    }
    parsed = parse_result(current_file(task_name="STS22", scores=scores), {})
    assert parsed.splits == ["test", "test", "dev"]
    assert parsed.subsets == ["fr", "de", "de"]
    assert parsed.languages == [["fr"], ["de"], ["de"]]
    assert parsed.main_scores == [0.1, 0.2, 0.3]


def test_a_bare_infinity_reads_as_missing() -> None:
    assert load_json(b'{"max_tokens": Infinity, "x": [-Infinity, 1]}') == {"max_tokens": None, "x": [None, 1]}


def test_a_bare_nan_reads_as_missing_and_the_word_in_a_text_stays() -> None:
    content = b'{"a": NaN, "b": [NaN,1, NaN], "c": "NaN", "d":NaN, "banana": "NaNa"}'
    assert load_json(content) == {"a": None, "b": [None, 1, None], "c": "NaN", "d": None, "banana": "NaNa"}


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "null"])
def test_a_main_score_that_is_no_number_is_missing(value: str) -> None:
    content = current_file().replace(b'"main_score": 0.5', f'"main_score": {value}'.encode())
    assert parse_result(content, {}).main_scores == [None]


def test_a_whole_number_is_a_score_and_a_negative_one_too() -> None:
    for value in (1, -0.25, 0):
        content = current_file().replace(b'"main_score": 0.5', f'"main_score": {value}'.encode())
        assert parse_result(content, {}).main_scores == [float(value)]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        (1747742400.0, datetime(2025, 5, 20, 12, tzinfo=UTC)),
        ("2025-05-20T12:00:00", datetime(2025, 5, 20, 12, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (1e300, None),
    ],
)
def test_dates_are_epoch_seconds_or_iso_and_otherwise_unknown(date: object, expected: datetime | None) -> None:
    assert parse_result(current_file(date=date), {}).date == expected


def test_what_the_file_does_not_say_is_none() -> None:
    parsed = parse_result(current_file(mteb_version=None, dataset_revision=""), {})
    assert (parsed.mteb_version, parsed.dataset_revision, parsed.evaluation_time) == (None, None, None)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "not valid JSON"),
        (b"[1]", "not a JSON object but a list"),
        (b"{}", "not an mteb result"),
        (current_file(task_name=None), "names no task"),
        (current_file(scores=[]), "not an object of splits"),
        (current_file(scores={"test": {}}), "split 'test' is not a list"),
        (current_file(scores={"test": [1]}), "is not an object"),
        (current_file(scores={"test": [{"hf_subset": "x", "languages": []}]}), "has no main_score"),
        (current_file(scores={"test": [{"main_score": 1, "languages": []}]}), "has no hf_subset"),
        (current_file(scores={"test": [{"main_score": 1, "hf_subset": "x", "languages": "eng"}]}), "no list of lang"),
        (historic_file("NoSuchTask", test={"f1": 1.0}), "'NoSuchTask' is not in the registry"),
    ],
)
def test_an_unusable_file_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile, match=reason):
        parse_result(content, TASKS)


def test_a_historic_file_without_subsets_has_the_default_one() -> None:
    parsed = parse_result(historic_file("NFCorpus", test={"ndcg_at_10": 0.3, "evaluation_time": 5.0}), TASKS)
    assert (parsed.task_name, parsed.splits, parsed.subsets) == ("NFCorpus", ["test"], ["default"])
    assert parsed.languages == [["eng-Latn"]]
    assert parsed.main_scores == [0.3]
    assert parsed.mteb_version == "1.1.0"


def test_nested_metrics_of_a_historic_file_are_no_subsets() -> None:
    parsed = parse_result(historic_file("STS22", test={"cos_sim": {"spearman": 0.7}, "evaluation_time": 1}), TASKS)
    assert parsed.subsets == ["default"]
    assert parsed.main_scores == [0.7]
    assert parsed.languages == [["deu-Latn", "fra-Latn"]]


def test_subsets_of_a_historic_file_keep_their_order() -> None:
    subsets = {"fr": {"cos_sim": {"spearman": 0.2}}, "de": {"cos_sim": {"spearman": 0.1}}}
    parsed = parse_result(historic_file("STS22", test=subsets), TASKS)
    assert parsed.subsets == ["fr", "de"]
    assert parsed.languages == [["fra-Latn"], ["deu-Latn"]]


def test_a_historic_main_score_that_was_not_computed_is_missing() -> None:
    assert parse_result(historic_file("NFCorpus", test={"map_at_10": 0.3}), TASKS).main_scores == [None]


@pytest.mark.parametrize(
    ("written", "read"),
    [("8TagsClustering", "EightTagsClustering"), ("DiaBLaBitextMining", "DiaBlaBitextMining")],
)
def test_historic_names_become_those_of_the_registry(written: str, read: str) -> None:
    assert parse_result(historic_file(written, test={"f1": 0.1, "v_measure": 0.1}), TASKS).task_name == read


def test_a_retired_task_is_read_without_a_registry() -> None:
    parsed = parse_result(historic_file("ScalaDaClassification", test={"accuracy": 0.6}), {})
    assert (parsed.main_scores, parsed.languages) == ([0.6], [["dan-Latn"]])


def test_renamed_subsets_of_historic_files_are_renamed() -> None:
    french = parse_result(historic_file("XPQARetrieval", test={"fr": {"ndcg_at_10": 0.4}}), TASKS)
    assert french.subsets == ["fra-fra"]
    early = historic_file("MLSUMClusteringP2P", test={"v_measure": 0.4}).replace(b"1.1.0", b"1.1.2.dev0")
    assert parse_result(early, TASKS).subsets == ["fr"]


def test_equal_cells_share_a_digest_whatever_the_scores() -> None:
    one = parse_result(current_file(), {})
    other = parse_result(current_file().replace(b"0.5", b"0.6"), {})
    renamed = parse_result(current_file(task_name="Other"), {})
    assert one.cell_set_digest() == other.cell_set_digest() != renamed.cell_set_digest()
