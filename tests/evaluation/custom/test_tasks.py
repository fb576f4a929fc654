"""Reading and checking folders of custom tasks; no database, no mteb."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.custom.tasks import TASK_KINDS, CustomTaskError, read_task_folder
from tests.factories_custom_tasks import ROWS, make_benchmark_folder, make_task_folder, write_rows, write_toml


def mistakes_of(folder: Path) -> list[str]:
    with pytest.raises(CustomTaskError) as caught:
        read_task_folder(folder)
    return caught.value.mistakes


@pytest.mark.parametrize("task_type", TASK_KINDS)
def test_a_valid_folder_of_each_type_is_read(tmp_path: Path, task_type: str) -> None:
    definition = read_task_folder(make_task_folder(tmp_path / "tiny", task_type))
    assert definition.type == task_type
    assert definition.main_score == TASK_KINDS[task_type].main_score
    assert definition.eval_langs == ["eng-Latn"]
    assert definition.statistics["test"]["num_samples"] > 0
    assert len(definition.dataset_revision) == 40


def test_a_definition_is_stored_as_json_with_the_absolute_folder(tmp_path: Path) -> None:
    definition = read_task_folder(make_task_folder(tmp_path / "tiny", prompt="Find the same meaning."))
    stored = json.loads(json.dumps(definition.to_json()))
    assert stored["folder"] == str(tmp_path / "tiny")
    assert stored["prompt"] == "Find the same meaning."
    assert stored["score_range"] == [0, 5]


def test_subsets_have_a_folder_and_languages_each(tmp_path: Path) -> None:
    folder = make_task_folder(tmp_path / "tiny", "BitextMining", languages=None)
    with (folder / "task.toml").open("a") as file:
        file.write('[subsets]\nde-en = ["deu-Latn", "eng-Latn"]\nfr-en = ["fra-Latn", "eng-Latn"]\n')
    for subset in ("de-en", "fr-en"):
        write_rows(folder / subset / "test.jsonl", ROWS["BitextMining"]["test.jsonl"])
    definition = read_task_folder(folder)
    assert definition.eval_langs == {"de-en": ["deu-Latn", "eng-Latn"], "fr-en": ["fra-Latn", "eng-Latn"]}
    assert definition.languages == ["deu-Latn", "eng-Latn", "fra-Latn"]
    assert definition.statistics["test"]["num_samples"] == 4


def test_several_splits_of_a_retrieval_task_have_a_folder_each(tmp_path: Path) -> None:
    folder = make_task_folder(tmp_path / "tiny", "Retrieval", splits=["dev", "test"])
    for split in ("dev", "test"):
        for name, rows in ROWS["Retrieval"].items():
            write_rows(folder / split / name, rows)
    assert set(read_task_folder(folder).statistics) == {"dev", "test"}


def test_a_byte_order_mark_and_blank_lines_are_forgiven(tmp_path: Path) -> None:
    folder = make_task_folder(tmp_path / "tiny")
    data = folder / "test.jsonl"
    data.write_bytes(b"\xef\xbb\xbf" + data.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert read_task_folder(folder).statistics["test"]["num_samples"] == 3


def test_the_dataset_revision_follows_the_data_and_what_decides_scores_but_not_the_description(tmp_path: Path) -> None:
    original = read_task_folder(make_task_folder(tmp_path / "a")).dataset_revision
    assert read_task_folder(make_task_folder(tmp_path / "b")).dataset_revision == original
    described = make_task_folder(tmp_path / "c", description="Other words.", domains=["Written"])
    assert read_task_folder(described).dataset_revision == original
    prompted = make_task_folder(tmp_path / "d", prompt="Find the same meaning.")
    assert read_task_folder(prompted).dataset_revision != original
    other_rows = {"test.jsonl": [*ROWS["STS"]["test.jsonl"], {"sentence1": "a", "sentence2": "b", "score": 1}]}
    assert read_task_folder(make_task_folder(tmp_path / "e", files=other_rows)).dataset_revision != original


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": None}, '"name" is missing.'),
        ({"name": "a/b"}, 'the name "a/b" may have only letters'),
        ({"type": "Summarisation"}, 'the type "Summarisation" is unknown; use one of STS, PairClassification,'),
        ({"description": " "}, '"description" must be a text that is not empty.'),
        ({"languages": None}, '"languages" is missing; give it, for example ["eng-Latn"]'),
        ({"languages": ["en"]}, 'the language "en" must be an ISO 639-3 code and a script'),
        ({"splits": []}, '"splits" must name at least one split.'),
        ({"splits": ["test", "test"]}, '"splits" names a split twice.'),
        ({"splits": ["../x"]}, 'the split "../x" may have only letters'),
        ({"main_score": "ndcg_at_10"}, 'mteb computes no "ndcg_at_10" for STS; leave main_score out'),
        ({"reference": "here"}, '"reference" must be an address'),
        ({"prompt": ["x"]}, '"prompt" must be a text, or a table'),
        ({"score_range": [5, 0]}, '"score_range" must be the lowest and the highest score'),
        ({"domains": "Written"}, '"domains" must be a list of texts.'),
        ({"public": "no"}, '"public" must be true or false.'),
        ({"licence": "mit"}, '"licence" is not a field of this file'),
    ],
)
def test_a_mistake_in_the_description_is_one_clear_sentence(
    tmp_path: Path, fields: dict[str, Any], sentence: str
) -> None:
    mistakes = mistakes_of(make_task_folder(tmp_path / "tiny", **fields))
    assert any(mistake.startswith(f"tiny/task.toml: {sentence}") for mistake in mistakes), mistakes


STS_ROW = ROWS["STS"]["test.jsonl"][0]


@pytest.mark.parametrize(
    ("task_type", "file", "rows", "sentence"),
    [
        ("STS", "test.jsonl", [], "test.jsonl: the file is empty."),
        (
            "STS",
            "test.jsonl",
            [{"sentence1": "a", "score": 1}],
            'test.jsonl, line 1: the field "sentence2" is missing.',
        ),
        ("STS", "test.jsonl", [STS_ROW, {**STS_ROW, "score": 7}], "line 2: the score 7 lies outside 0 to 5."),
        ("STS", "test.jsonl", [{**STS_ROW, "score": True}], 'line 1: "score" must be a number.'),
        ("STS", "test.jsonl", [{**STS_ROW, "sentence1": ""}], 'line 1: "sentence1" must be a text that is not empty.'),
        ("STS", "test.jsonl", [STS_ROW, STS_ROW], "all scores are equal, so there is nothing to correlate with."),
        ("PairClassification", "test.jsonl", [{**STS_ROW, "label": 2}], 'line 1: "label" must be 0 or 1.'),
        ("PairClassification", "test.jsonl", [{**STS_ROW, "label": 1}], 'all rows have the label "1"'),
        (
            "Classification",
            "test.jsonl",
            [{"text": "x", "label": "new"}],
            'the label "new" never occurs in train.jsonl',
        ),
        ("Classification", "train.jsonl", [{"text": "x", "label": "praise"}], "at least two labels are needed."),
        ("Clustering", "test.jsonl", [{"text": "x", "label": 1}, {"text": "y", "label": "b"}], "use one kind."),
        (
            "Retrieval",
            "corpus.jsonl",
            [{"id": "d1", "text": "x"}] * 2,
            'line 2: the id "d1" was used in line 1 already.',
        ),
        (
            "Retrieval",
            "qrels.jsonl",
            [{"query-id": "q1", "corpus-id": "d9", "score": 1}],
            'qrels.jsonl, line 1: corpus.jsonl has no document "d9".',
        ),
        (
            "Retrieval",
            "qrels.jsonl",
            [{"query-id": "q9", "corpus-id": "d1", "score": 1}],
            'qrels.jsonl, line 1: queries.jsonl has no query "q9".',
        ),
        (
            "Retrieval",
            "qrels.jsonl",
            [{"query-id": "q1", "corpus-id": "d1", "score": 1}],
            'queries.jsonl, line 2: the query "q2" has no relevant document',
        ),
        (
            "Retrieval",
            "qrels.jsonl",
            [{"query-id": "q1", "corpus-id": "d1", "score": 1}] * 2,
            'line 2: "q1" and "d1" were judged in line 1 already.',
        ),
        ("Retrieval", "qrels.jsonl", [{"query-id": "q1", "corpus-id": "d1", "score": 0.5}], '"score" must be a whole'),
        ("Reranking", "test.jsonl", [{"query": "q", "positive": [], "negative": ["a"]}], '"positive" must be a list'),
        ("Reranking", "test.jsonl", [{"query": "q", "positive": ["a"], "negative": ["a"]}], "a text stands twice"),
    ],
)
def test_a_mistake_in_the_data_names_file_and_line(
    tmp_path: Path, task_type: str, file: str, rows: list[dict[str, Any]], sentence: str
) -> None:
    mistakes = mistakes_of(make_task_folder(tmp_path / "tiny", task_type, files={file: rows}))
    assert any(sentence in mistake for mistake in mistakes), mistakes
    assert all(mistake.startswith("tiny/") and mistake.endswith(".") for mistake in mistakes)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"sentence1": "\xff"}\n', "tiny/test.jsonl, line 1: the line is not UTF-8; save the file in UTF-8."),
        (b"\n{oops\n", "tiny/test.jsonl, line 2: the line is not a JSON object"),
        (b"[1, 2]\n", "tiny/test.jsonl, line 1: the line is not a JSON object; write {...}"),
        (b'{"sentence1": "a", "sentence2": "b", "score": NaN}', 'tiny/test.jsonl, line 1: "score" must be a number.'),
    ],
)
def test_a_line_that_is_no_json_object_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    folder = make_task_folder(tmp_path / "tiny")
    (folder / "test.jsonl").write_bytes(content)
    assert any(mistake.startswith(sentence) for mistake in mistakes_of(folder))


def test_all_mistakes_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    rows = [{**STS_ROW, "score": 9}, {"sentence1": "a"}, {**STS_ROW, "score": 1}]
    assert len(mistakes_of(make_task_folder(tmp_path / "tiny", name="a b", files={"test.jsonl": rows}))) == 4


def test_of_very_many_mistakes_the_message_shows_the_first(tmp_path: Path) -> None:
    rows = [{**STS_ROW, "score": 9}] * 50
    with pytest.raises(CustomTaskError, match=r"\nAnd 31 more\.$"):
        read_task_folder(make_task_folder(tmp_path / "tiny", files={"test.jsonl": rows}))


def test_a_missing_file_is_the_only_thing_said_about_it(tmp_path: Path) -> None:
    folder = make_task_folder(tmp_path / "tiny")
    (folder / "test.jsonl").unlink()
    assert mistakes_of(folder) == ["tiny/test.jsonl: the file is missing."]
    assert mistakes_of(tmp_path / "nowhere") == ["nowhere/task.toml: the file is missing."]


def test_a_benchmark_takes_its_task_folders_in_the_order_it_names_them(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board", tasks=["retrieval", "sts"])
    assert [task.name for task in read_benchmark_folder(folder).tasks] == ["TinyRetrieval", "TinySTS"]
    without_order = make_benchmark_folder(tmp_path / "other", types=["STS", "Clustering"])
    assert [task.name for task in read_benchmark_folder(without_order).tasks] == ["TinyClustering", "TinySTS"]


def same_name_twice(folder: Path) -> None:
    make_task_folder(folder / "again", "STS")


def broken_task(folder: Path) -> None:
    (folder / "sts" / "test.jsonl").write_text("")


def unknown_group_member(folder: Path) -> None:
    with (folder / "benchmark.toml").open("a") as file:
        file.write('[[groups]]\ndimension = "Length"\nlabel = "short"\ntasks = ["TinyClustering"]\n')


def no_toml(folder: Path) -> None:
    (folder / "benchmark.toml").write_text("name = ")


def absent_folder(folder: Path) -> None:
    write_toml(folder / "benchmark.toml", {"name": "T", "description": "d", "tasks": ["../sts"]})


def unknown_aggregation(folder: Path) -> None:
    write_toml(folder / "benchmark.toml", {"name": "T", "description": "d", "aggregations": ["median"]})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (same_name_twice, 'board/benchmark.toml: the folders "again" and "sts" both define the task "TinySTS".'),
        (broken_task, "board/sts/test.jsonl: the file is empty."),
        (unknown_group_member, 'the group "short" names the task "TinyClustering", which no folder defines.'),
        (no_toml, "board/benchmark.toml: the file is not valid TOML"),
        (absent_folder, '"tasks" names the folder "../sts", which does not exist beside this file.'),
        (
            unknown_aggregation,
            'the aggregation "median" is unknown; use some of mean_task, mean_task_type, task_types.',
        ),
    ],
)
def test_a_mistake_in_a_benchmark_is_told(tmp_path: Path, spoil: Callable[[Path], None], sentence: str) -> None:
    folder = make_benchmark_folder(tmp_path / "board")
    spoil(folder)
    with pytest.raises(CustomTaskError) as caught:
        read_benchmark_folder(folder)
    assert any(sentence in mistake for mistake in caught.value.mistakes), caught.value.mistakes
