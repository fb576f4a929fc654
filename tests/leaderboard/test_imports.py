"""Importing results: facts are added, what counts follows the latest import, nothing is lost."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.management import CommandError, call_command
from django.db import connection

from leaderboard.importing.worker import _FILE_COLUMNS, _RESULT_COLUMNS
from leaderboard.models import (
    Benchmark,
    BoardRow,
    CurrentResult,
    DataVersion,
    ImportedFile,
    ImportRun,
    ModelMeta,
    ModelRevision,
    Origin,
    Scope,
    Task,
    TaskResult,
    TaskRow,
    Variant,
)
from tests.factories import make_benchmark, make_model, make_task
from tests.leaderboard.repositories import pack, result, write_repository

# Worker processes read and write over connections of their own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def registry() -> None:
    tasks = [make_task("A"), make_task("B", hf_subsets=["x", "y"])]
    make_benchmark("Board", tasks)
    make_model("org/m", registry_order=0, registry_revision="r1")
    make_model("org/n", registry_order=1)


def import_(path: Path, **options: Any) -> str:
    out = StringIO()
    call_command("import_results", str(path), jobs=1, stdout=out, **options)
    return out.getvalue()


def board(scope: Scope = Scope.OFFICIAL) -> list[tuple[str, str, list[float | None]]]:
    rows = BoardRow.objects.filter(board__scope=scope).order_by("position")
    return list(rows.values_list("model_meta__name", "experiment_id", "task_scores"))


BASIC = {
    "org__m/r1": {"A.json": result("A", 0.9), "B.json": result("B", 0.2, 0.4, subsets=["x", "y"])},
    "org__n/r1": {"A.json": result("A", 0.5)},
}


def test_results_become_facts_and_boards(tmp_path: Path) -> None:
    printed = import_(write_repository(tmp_path, BASIC))
    assert printed == "3 files: 3 new, 0 unchanged, 0 gone, 0 not usable.\n"
    assert board() == [("org/m", "", [0.9, 0.30000000000000004]), ("org/n", "", [0.5, None])]
    stored = TaskResult.objects.get(task__name="B")
    assert stored.main_scores == [0.2, 0.4]
    assert stored.cell_set.subsets == ["x", "y"]
    assert stored.source_path == "org__m/r1/B.json"
    content = (tmp_path / "results/org__m/r1/B.json").read_bytes()
    assert zstandard.ZstdDecompressor().decompress(bytes(stored.payload)) == content
    assert list(stored.cells.values_list("subset", "main_score").order_by("position")) == [("x", 0.2), ("y", 0.4)]


def test_the_planner_knows_how_large_tables_are_although_it_took_them_for_empty(tmp_path: Path) -> None:
    tables = [model._meta.db_table for model in (TaskResult, Variant, ModelMeta, Task, CurrentResult, TaskRow)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 0 WHERE relname = ANY(%s)", [tables])
        import_(write_repository(tmp_path, BASIC))
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s) AND reltuples < 1", [tables])
        assert cursor.fetchall() == []


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, BASIC)
    import_(repository)
    before = list(TaskResult.objects.values_list("id", flat=True)), board()
    assert import_(repository) == "3 files: 0 new, 3 unchanged, 0 gone, 0 not usable.\n"
    assert (list(TaskResult.objects.values_list("id", flat=True)), board()) == before


def test_the_same_archive_is_recognised_without_reading_it(tmp_path: Path) -> None:
    archive = pack(write_repository(tmp_path, BASIC), tmp_path / "all.tar.zst")
    import_(archive)
    version = DataVersion.objects.get().number
    assert import_(archive) == "3 files: 0 new, 3 unchanged, 0 gone, 0 not usable.\n"
    assert DataVersion.objects.get().number == version


def test_a_changed_file_is_a_new_fact_and_the_old_one_stays(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, BASIC)
    import_(repository)
    write_repository(repository, {"org__m/r1": {"A.json": result("A", 0.1)}})
    assert import_(repository) == "3 files: 1 new, 2 unchanged, 1 gone, 0 not usable.\n"
    assert {name: scores[0] for name, _, scores in board()} == {"org/m": 0.1, "org/n": 0.5}
    scores = TaskResult.objects.filter(task__name="A", model_revision__model_meta__name="org/m")
    assert {score for (score,) in scores.values_list("main_scores", flat=True)} == {0.1, 0.9}
    assert CurrentResult.objects.get(task__name="A", variant__model_meta__name="org/m").result.main_scores == [0.1]


def test_a_file_that_returns_counts_again(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, BASIC)
    import_(repository)
    write_repository(repository, {"org__m/r1": {"A.json": result("A", 0.1)}})
    import_(repository)
    write_repository(repository, BASIC)
    import_(repository)
    assert board()[0] == ("org/m", "", [0.9, 0.30000000000000004])
    assert TaskResult.objects.count() == 4


def test_a_file_gone_from_the_source_stays_as_a_fact_but_no_longer_counts(tmp_path: Path) -> None:
    import_(write_repository(tmp_path / "old", BASIC))
    newer = write_repository(tmp_path / "new", {"org__m/r1": BASIC["org__m/r1"]})
    assert import_(newer) == "2 files: 0 new, 2 unchanged, 1 gone, 0 not usable.\n"
    assert [name for name, _, _ in board(Scope.ALL)] == ["org/m"]
    assert TaskResult.objects.count() == 3


def test_sources_of_other_names_do_not_replace_each_other(tmp_path: Path) -> None:
    import_(write_repository(tmp_path / "one", {"org__m/r1": BASIC["org__m/r1"]}))
    import_(write_repository(tmp_path / "two", {"org__n/r1": BASIC["org__n/r1"]}), source="other")
    assert {name for name, _, _ in board()} == {"org/m", "org/n"}


def test_every_file_that_cannot_be_used_is_listed_with_its_reason(tmp_path: Path) -> None:
    broken = {
        "A.json": "{",
        "notes.log": "x",
        "deep/er/A.json": result("A", 1.0),
        "experiments/lost/A.json": result("A", 1.0),
        "B.json": result("B", 0.2, 0.4, subsets=["x", "y"]),
    }
    printed = import_(write_repository(tmp_path, {"org__m/r1": broken}))
    assert printed.startswith("5 files: 1 new, 0 unchanged, 0 gone, 4 not usable.")
    out = StringIO()
    call_command("import_report", stdout=out)
    for words in (
        "org__m/r1/A.json: not valid JSON",
        "org__m/r1/notes.log: not a result file (.log)",
        "org__m/r1/deep/er/A.json: not at <model>/<revision>",
        "org__m/r1/experiments/lost/A.json: an experiment without model_meta.json",
    ):
        assert words in out.getvalue()


def test_a_file_that_was_mended_is_used(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, {"org__m/r1": {"A.json": "{"}})
    import_(repository)
    write_repository(repository, {"org__m/r1": {"A.json": result("A", 0.7)}})
    assert import_(repository).startswith("1 files: 1 new, 0 unchanged")
    assert board() == [("org/m", "", [0.7])]
    assert not ImportedFile.objects.filter(result=None).exists()


def test_a_historic_file_waits_for_the_registry_to_know_its_task(tmp_path: Path) -> None:
    historic = {"mteb_dataset_name": "Late", "test": {"cosine_spearman": 0.5}}
    repository = write_repository(tmp_path, {"org__m/r1": {"Late.json": historic}})
    assert "1 not usable" in import_(repository)
    make_task("Late")
    assert "1 new, 0 unchanged, 0 gone, 0 not usable" in import_(repository)


def test_model_meta_json_has_the_last_word_on_the_name_and_the_revision(tmp_path: Path) -> None:
    meta = {"name": "org/m", "revision": "r9"}
    import_(write_repository(tmp_path, {"Org__M/abc": {"A.json": result("A", 0.5), "model_meta.json": meta}}))
    stored = TaskResult.objects.get()
    assert (stored.model_revision.model_meta.name, stored.model_revision.name) == ("org/m", "r9")
    assert ModelRevision.objects.get().metadata == meta


def test_a_model_outside_the_registry_is_reachable_but_no_official_row(tmp_path: Path) -> None:
    import_(write_repository(tmp_path, {**BASIC, "new__model/r1": {"A.json": result("A", 0.95)}}))
    assert {name for name, _, _ in board()} == {"org/m", "org/n"}
    assert {name for name, _, _ in board(Scope.ALL)} == {"org/m", "org/n", "new/model"}
    assert ModelMeta.objects.get(name="new/model").origin == Origin.RESULTS


def test_a_task_outside_the_registry_is_kept(tmp_path: Path) -> None:
    import_(write_repository(tmp_path, {"org__m/r1": {"Unheard.json": result("Unheard", 0.5)}}))
    task = Task.objects.get(name="Unheard")
    assert (task.origin, task.in_registry) == (Origin.RESULTS, False)


def test_an_experiment_is_a_variant_and_a_meaningless_one_is_pooled(tmp_path: Path) -> None:
    folders = {
        **BASIC,
        "org__n/r1/experiments/dim_64": {
            "A.json": result("A", 0.7),
            "model_meta.json": {"name": "org/n", "revision": "r1", "experiment_kwargs": {"dim": 64}},
        },
        "org__m/r1/experiments/model_kwargs_{}": {
            "A.json": result("A", 0.1),
            "model_meta.json": {"name": "org/m", "revision": "r1", "experiment_kwargs": {"model_kwargs": {}}},
        },
    }
    import_(write_repository(tmp_path, folders))
    assert {(name, variant): scores[0] for name, variant, scores in board()} == {
        ("org/m", ""): 0.5,
        ("org/n", ""): 0.5,
        ("org/n", "dim_64"): 0.7,
    }
    assert Variant.objects.get(experiment_name="dim_64").settings == {"dim": 64}


def test_the_registry_revision_counts_and_rows_name_all_revisions(tmp_path: Path) -> None:
    folders = {
        "org__m/r0": {"A.json": result("A", 0.9, mteb_version="9.9.9"), "B.json": result("B", 0.5, subsets=["x"])},
        "org__m/r1": {"A.json": result("A", 0.4)},
    }
    import_(write_repository(tmp_path, folders))
    row = BoardRow.objects.get(board__scope=Scope.OFFICIAL)
    assert row.task_scores == [0.4, 0.5]
    assert (row.revision, row.revisions) == ("r1", ["r0", "r1"])


def test_a_failed_import_leaves_the_last_state_visible_and_a_rerun_finishes_it(tmp_path: Path) -> None:
    import_(write_repository(tmp_path / "old", BASIC))
    before = board()
    newer = write_repository(tmp_path / "new", {**BASIC, "org__z/r1": {"A.json": result("A", 0.99)}})
    archive = pack(newer, tmp_path / "all.tar.gz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-20])
    with pytest.raises(CommandError, match="damaged"):
        import_(archive)
    assert board() == before
    assert ImportRun.objects.filter(state=ImportRun.State.FAILED).exists()
    archive.write_bytes(whole)
    import_(archive)
    assert {name for name, _, _ in board(Scope.ALL)} == {"org/m", "org/n", "org/z"}


def test_the_workers_columns_are_those_of_the_models() -> None:
    for model, columns in ((TaskResult, _RESULT_COLUMNS), (ImportedFile, _FILE_COLUMNS)):
        expected = {field.column for field in model._meta.concrete_fields}
        assert set(columns) | {"id"} == expected


def test_wrong_arguments_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="whole number from 1"):
        call_command("import_results", str(tmp_path), jobs=0)
    with pytest.raises(CommandError, match="There is nothing at"):
        import_(tmp_path / "nowhere")


def test_an_empty_registry_is_asked_for_first(tmp_path: Path) -> None:
    Benchmark.objects.all().delete()
    with pytest.raises(CommandError, match="sync_registry first"):
        import_(write_repository(tmp_path, BASIC))


def test_json_that_python_writes_with_nan_is_used(tmp_path: Path) -> None:
    content = json.dumps(result("A", 0.5, evaluation_time=float("nan")))
    import_(write_repository(tmp_path, {"org__m/r1": {"A.json": content}}))
    assert TaskResult.objects.get().evaluation_time is None
