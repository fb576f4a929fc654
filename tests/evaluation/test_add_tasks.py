"""manage.py add_tasks, on PostgreSQL."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from evaluation.custom.tasks import TASK_KINDS
from leaderboard.models import Benchmark, Board, Origin, Task, TaskGroup
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_custom_tasks import ROWS, make_benchmark_folder, make_task_folder, write_rows

pytestmark = pytest.mark.django_db


def add_tasks(folder: Path, *options: str) -> str:
    out = StringIO()
    call_command("add_tasks", str(folder), *options, stdout=out)
    return out.getvalue()


def refusal(folder: Path) -> str:
    with pytest.raises(CommandError) as caught:
        add_tasks(folder)
    return str(caught.value)


def test_tasks_of_every_type_stand_on_the_board_afterwards(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board", list(TASK_KINDS))
    assert add_tasks(folder).splitlines()[0] == "Added benchmark Tiny(v1)."
    benchmark = Benchmark.objects.get(name="Tiny(v1)")
    assert (benchmark.origin, benchmark.menu_path, benchmark.display_on_leaderboard) == (
        Origin.CUSTOM,
        ["Custom"],
        True,
    )
    assert benchmark.benchmark_tasks.count() == len(TASK_KINDS)
    assert Board.objects.filter(benchmark=benchmark).exists()
    task = Task.objects.get(name="TinySTS")
    assert (task.origin, task.in_registry, task.main_score) == (Origin.CUSTOM, False, "cosine_spearman")
    assert task.definition is not None
    assert task.definition["folder"] == str(folder / "sts")
    assert task.definition["dataset_revision"] == task.dataset_revision


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board")
    add_tasks(folder)
    boards = list(Board.objects.values_list("pk", flat=True))
    assert add_tasks(folder) == "Tiny(v1): 2 tasks, nothing has changed.\n"
    assert list(Board.objects.values_list("pk", flat=True)) == boards


def test_checking_only_writes_nothing(tmp_path: Path) -> None:
    assert add_tasks(make_benchmark_folder(tmp_path / "board"), "--check") == "Tiny(v1): 2 tasks, all in order.\n"
    assert not Task.objects.exists()


def test_changed_data_get_a_new_dataset_revision_and_that_is_said(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board")
    add_tasks(folder)
    before = Task.objects.get(name="TinySTS").dataset_revision
    write_rows(folder / "sts" / "test.jsonl", ROWS["STS"]["test.jsonl"][:2])
    assert "Changed task TinySTS: its data, now revision" in add_tasks(folder)
    assert Task.objects.get(name="TinySTS").dataset_revision != before


def test_a_task_whose_folder_is_gone_stays_but_no_longer_counts(tmp_path: Path) -> None:
    add_tasks(make_benchmark_folder(tmp_path / "board", ["STS", "Retrieval"]))
    assert "TinyRetrieval no longer counts." in add_tasks(make_benchmark_folder(tmp_path / "other", ["STS"]))
    assert Task.objects.filter(name="TinyRetrieval").exists()
    assert Benchmark.objects.get(name="Tiny(v1)").benchmark_tasks.count() == 1


def test_groups_are_kept_with_their_tasks(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board")
    with (folder / "benchmark.toml").open("a") as file:
        file.write('[[groups]]\ndimension = "Length"\nlabel = "short"\ntasks = ["TinySTS"]\n')
    add_tasks(folder)
    group = TaskGroup.objects.get(benchmark__name="Tiny(v1)")
    assert (str(group), [member.task.name for member in group.members.all()]) == ("Length: short", ["TinySTS"])
    assert "nothing has changed" in add_tasks(folder)


def test_a_name_of_mteb_is_refused_whatever_its_case(tmp_path: Path) -> None:
    make_task("tinysts")
    make_benchmark("TINY(v1)")
    message = refusal(make_benchmark_folder(tmp_path / "board"))
    assert 'mteb has a task "tinysts" already; give yours another name.' in message
    assert 'The benchmark "Tiny(v1)" clashes with one of mteb or of this board; give it another name.' in message
    assert not Task.objects.filter(origin=Origin.CUSTOM).exists()


def test_a_benchmark_whose_address_is_taken_is_refused(tmp_path: Path) -> None:
    make_benchmark("Tiny v1", slug="tiny-v1")
    assert 'The address of "Tiny(v1)" is taken or empty' in refusal(make_benchmark_folder(tmp_path / "board"))


def test_a_broken_folder_adds_nothing_at_all(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board")
    (folder / "sts" / "test.jsonl").write_text("")
    assert "board/sts/test.jsonl: the file is empty." in refusal(folder)
    assert not Task.objects.exists()


def test_a_task_with_results_may_not_become_another_task(tmp_path: Path) -> None:
    folder = make_benchmark_folder(tmp_path / "board", ["STS"])
    add_tasks(folder)
    make_result(make_model(), Task.objects.get(name="TinySTS"))
    make_task_folder(folder / "sts", "PairClassification", name="TinySTS")
    assert '"TinySTS" has results as STS; give the new PairClassification task another name.' in refusal(folder)
    make_task_folder(folder / "sts", files={"dev.jsonl": ROWS["STS"]["test.jsonl"]}, splits=["dev"])
    assert '"TinySTS" has results on test, which the folder lacks' in refusal(folder)
