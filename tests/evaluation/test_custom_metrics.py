"""Metrics that custom tasks bring along: only code that was approved can be run."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.custom.tasks import CustomTaskError, read_task_folder
from evaluation.models import CustomMetric
from evaluation.services.registration import register_benchmark
from leaderboard.models import AuditEntry, Task
from tests.factories_custom_tasks import ROWS, make_task_folder, write_rows

CODE = "def score(predictions, truth):\n    return 0.5\n"


def make_folder(folder: Path, code: str = CODE, task_type: str = "STS", **fields: Any) -> Path:
    make_task_folder(folder, task_type, **{"main_score": "agreement", **fields})
    (folder / "metric.py").write_text(code)
    return folder


def register(folder: Path) -> Task:
    register_benchmark(definition=read_benchmark_folder(folder))
    return Task.objects.get()


def code_of(task: Task) -> str | None:
    task.refresh_from_db()
    assert task.definition is not None
    code: str | None = task.definition["metric"]["code"]
    return code


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("def score(predictions, truth:\n", "tiny/metric.py, line 1: the line is not valid Python"),
        ("x = 1\n", "tiny/metric.py: define the function score(predictions, truth) that gives a number."),
        ("def score(a, b):\n    return 1\n", "tiny/metric.py: define the function score(predictions, truth)"),
        ("#" * 200_000, "tiny/metric.py: the file is larger than 100 KB"),
    ],
)
def test_code_that_is_no_metric_is_refused_without_being_run(tmp_path: Path, code: str, sentence: str) -> None:
    with pytest.raises(CustomTaskError) as caught:
        read_task_folder(make_folder(tmp_path / "tiny", code))
    assert caught.value.mistakes[0].startswith(sentence)


@pytest.mark.parametrize(
    ("task_type", "main_score", "sentence"),
    [
        ("Clustering", "agreement", "tiny/metric.py: Clustering takes no metric of its own; remove the file."),
        ("STS", "spearman", 'tiny/task.toml: name the metric of metric.py in "main_score"'),
        ("STS", "Not a name", 'tiny/task.toml: name the metric of metric.py in "main_score"'),
    ],
)
def test_a_metric_needs_a_name_of_its_own_and_a_type_that_takes_it(
    tmp_path: Path, task_type: str, main_score: str, sentence: str
) -> None:
    with pytest.raises(CustomTaskError) as caught:
        read_task_folder(make_folder(tmp_path / "tiny", task_type=task_type, main_score=main_score))
    assert any(mistake.startswith(sentence) for mistake in caught.value.mistakes)


@pytest.mark.django_db
def test_code_reaches_the_definition_only_by_approval_and_leaves_it_when_that_is_taken_back(
    tmp_path: Path, client: Client
) -> None:
    task = register(make_folder(tmp_path / "tiny"))
    assert code_of(task) is None
    boss = User.objects.create_superuser("boss", password="pw")
    client.force_login(boss)
    metric = CustomMetric.objects.get()
    page = client.get(f"/admin/evaluation/custommetric/{metric.pk}/change/")
    assert "return 0.5" in page.content.decode()
    desk = "/admin/evaluation/custommetric/"
    client.post(desk, {"action": "approve", "_selected_action": metric.pk})
    metric.refresh_from_db()
    assert (code_of(task), metric.approved_by) == (CODE, boss)
    client.post(desk, {"action": "withdraw", "_selected_action": metric.pk})
    assert code_of(task) is None
    approval, withdrawal = AuditEntry.objects.order_by("pk")
    assert (approval.actor, approval.action, approval.after) == (boss, "approved", {"sha256": metric.sha256})
    assert (withdrawal.actor, withdrawal.before["approved_by"]) == (boss, "boss")


@pytest.mark.django_db
def test_changed_code_needs_a_new_approval_and_is_a_new_version(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny")
    call_command("add_tasks", str(folder), "--approve-metrics", stdout=StringIO())
    task = Task.objects.get()
    assert code_of(task) == CODE
    assert AuditEntry.objects.get().actor_name == "somebody at the server"
    before = task.dataset_revision
    (folder / "metric.py").write_text(CODE.replace("0.5", "0.6"))
    out = StringIO()
    call_command("add_tasks", str(folder), stdout=out)
    assert "TinySTS cannot be evaluated before its metric.py is approved" in out.getvalue()
    assert code_of(task) is None
    assert task.dataset_revision != before


@pytest.mark.django_db
def test_each_change_of_the_data_is_a_version_of_the_task(tmp_path: Path, client: Client) -> None:
    folder = make_task_folder(tmp_path / "tiny")
    task = register(folder)
    register(folder)
    assert task.versions.count() == 1
    write_rows(folder / "test.jsonl", ROWS["STS"]["test.jsonl"][:2])
    task = register(folder)
    assert [version.n_samples for version in task.versions.all()] == [2, 3]
    page = client.get("/tasks/TinySTS/?view=data").content.decode()
    assert all(version.dataset_revision in page for version in task.versions.all())
