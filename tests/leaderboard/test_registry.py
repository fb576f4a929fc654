"""Bringing mteb's registry into the database."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from django.core.management import call_command

from leaderboard.models import Benchmark, BenchmarkTask, Language, ModelMeta, Origin, Script, Task, TaskGroup
from leaderboard.services.registry import NameTaken, sync_registry
from tests.factories import make_benchmark, make_model, make_task

pytestmark = pytest.mark.django_db


def task(name: str, **fields: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": name,
        "type": "STS",
        "description": f"About {name}.",
        "main_score": "cosine_spearman",
        "eval_langs": ["eng-Latn"],
        "languages": ["eng-Latn"],
        "eval_splits": ["test"],
        "hf_subsets": ["default"],
        "superseded_by": None,
        "adapted_from": [],
    }
    return {**defaults, **fields}


def model_meta(name: str, **fields: Any) -> dict[str, Any]:
    defaults = {
        "name": name,
        "release_date": "2025-01-31",
        "n_parameters": 10,
        "training_datasets": None,
        "adapted_from": None,
        "registry_revision": "abc",
    }
    return {**defaults, **fields}


def benchmark(name: str, tasks: list[str], **fields: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "name": name,
        "aggregations": ["mean_task"],
        "tasks": [{"name": task, "splits": ["test"], "subsets": ["default"]} for task in tasks],
        "groups": [],
    }
    return {**defaults, **fields}


GROUP = {
    "dimension": "Length",
    "label": "long",
    "description": "",
    "members": [{"name": "A", "is_whole": True, "splits": ["test"], "subsets": ["default"]}],
}


@pytest.fixture
def registry() -> dict[str, Any]:
    return {
        "mteb_version": "2.0.0",
        "tasks": [task("A"), task("B", adapted_from=["A"])],
        "benchmarks": [benchmark("MTEB(x, v1)", ["A", "B"], groups=[GROUP]), benchmark("Other", ["B"])],
        "menu": [{"benchmark": "Other", "path": ["General", "Rest"]}],
        "model_metas": [model_meta("org/m", training_datasets=["A"]), model_meta("org/n", release_date=None)],
        "languages": [{"code": "eng", "name": "English", "short_code": "en", "usual_script": "Latn"}],
        "scripts": [{"code": "Latn", "name": "Latin", "short_name": "Latin"}],
    }


def test_the_registry_comes_in_whole(registry: dict[str, Any]) -> None:
    report = sync_registry(registry=registry)
    assert report.tasks.added == ["A", "B"]
    assert report.benchmarks.added == ["MTEB(x, v1)", "Other"]
    board = Benchmark.objects.get(name="MTEB(x, v1)")
    assert [entry.task.name for entry in BenchmarkTask.objects.filter(benchmark=board)] == ["A", "B"]
    assert [member.task.name for member in TaskGroup.objects.get().members.all()] == ["A"]
    assert Benchmark.objects.get(name="Other").menu_path == ["General", "Rest"]
    assert Benchmark.objects.get(name="Other").menu_position == 0
    model = ModelMeta.objects.get(name="org/m")
    assert (model.registry_order, model.contaminated_tasks) == (0, ["A", "B"])
    assert ModelMeta.objects.get(name="org/n").contaminated_tasks is None


def test_a_second_sync_changes_nothing(registry: dict[str, Any]) -> None:
    sync_registry(registry=registry)
    ids = list(BenchmarkTask.objects.values_list("id", flat=True))
    assert not sync_registry(registry=copy.deepcopy(registry))
    assert list(BenchmarkTask.objects.values_list("id", flat=True)) == ids


def test_a_sync_says_what_changed(registry: dict[str, Any]) -> None:
    sync_registry(registry=registry)
    registry["tasks"][0]["description"] = "Rewritten."
    registry["benchmarks"][0]["tasks"].pop()
    registry["benchmarks"][1]["groups"] = [GROUP]
    report = sync_registry(registry=registry)
    assert report.tasks.changed == ["A"]
    assert report.benchmarks.changed == ["MTEB(x, v1)", "Other"]
    assert not report.model_metas
    assert Task.objects.get(name="A").description == "Rewritten."
    assert BenchmarkTask.objects.filter(benchmark__name="MTEB(x, v1)").count() == 1


def test_what_leaves_the_registry_is_kept_and_marked_and_may_return(registry: dict[str, Any]) -> None:
    sync_registry(registry=registry)
    without = {**registry, "model_metas": registry["model_metas"][:1]}
    assert sync_registry(registry=without).model_metas.gone == ["org/n"]
    assert ModelMeta.objects.get(name="org/n").in_registry is False
    assert not sync_registry(registry=without)
    assert sync_registry(registry=registry).model_metas.changed == ["org/n"]
    assert ModelMeta.objects.get(name="org/n").in_registry is True


def test_a_model_known_from_results_joins_the_registry(registry: dict[str, Any]) -> None:
    make_model("org/m", origin=Origin.RESULTS, in_registry=False)
    sync_registry(registry=registry)
    model = ModelMeta.objects.get(name="org/m")
    assert (model.origin, model.in_registry, model.n_parameters) == (Origin.REGISTRY, True, 10)


def test_models_tasks_and_boards_of_this_site_are_left_alone(registry: dict[str, Any]) -> None:
    make_model("local/m", origin=Origin.RESULTS, in_registry=False)
    make_benchmark("Ours", [make_task("Own", origin=Origin.CUSTOM, in_registry=False)], origin=Origin.CUSTOM)
    report = sync_registry(registry=registry)
    assert report.tasks.gone == report.benchmarks.gone == report.model_metas.gone == []
    assert BenchmarkTask.objects.filter(benchmark__name="Ours").exists()


def test_a_task_of_this_site_is_not_taken_over_by_one_of_the_same_name(registry: dict[str, Any]) -> None:
    make_task("A", origin=Origin.CUSTOM, in_registry=False)
    with pytest.raises(NameTaken, match="'A' is now a task of mteb's registry too"):
        sync_registry(registry=registry)


def test_names_of_languages_follow_the_registry(registry: dict[str, Any]) -> None:
    sync_registry(registry=registry)
    registry["languages"] = [{"code": "deu", "name": "German", "short_code": "de", "usual_script": "Latn"}]
    report = sync_registry(registry=registry)
    assert (report.languages.added, report.languages.gone) == (["deu"], ["eng"])
    registry["languages"] = [{"code": "deu", "name": "Deutsch", "short_code": "de", "usual_script": "Latn"}]
    assert sync_registry(registry=registry).languages.changed == ["deu"]
    assert list(Language.objects.values_list("name", flat=True)) == ["Deutsch"]


@pytest.mark.slow
def test_the_command_reads_the_installed_registry_and_says_when_nothing_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("sync_registry")
    assert "tasks: 2" in capsys.readouterr().out
    assert Task.objects.count() > 2000
    names = {"MTEB(eng, v2)", "MTEB(Multilingual, v2)", "LongEmbed"}
    assert names <= set(Benchmark.objects.values_list("name", flat=True))
    eng = Benchmark.objects.get(name="MTEB(eng, v2)")
    massive = BenchmarkTask.objects.get(benchmark=eng, task__name="MassiveScenarioClassification")
    assert massive.subsets == ["en"]
    rteb = Benchmark.objects.get(name="RTEB(beta)")
    assert (rteb.public_tasks_only, rteb.show_zero_shot) == (True, False)
    assert Language.objects.get(code="jpn").usual_script == "Jpan"
    assert Language.objects.get(code="python-Code").name == "Python"
    assert Script.objects.get(code="Hant").short_name == "Traditional"
    assert Benchmark.objects.get(name="ViDoRe(v3)").sort_columns == ["Mean (Task)", "Mean (Public)", "Mean (Private)"]
    call_command("sync_registry")
    assert capsys.readouterr().out.count("nothing changed") == 4
