"""The results of a model as a zip that mteb reads."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from leaderboard.models import ModelMeta, ModelRevision, Scope, SourceKind, TaskResult
from leaderboard.selectors.results import stored_file
from tests.factories import make_model, make_result, make_revision, make_task, make_variant

pytestmark = pytest.mark.django_db

FOLDER = f"results/org__small/{'1' * 40}"


def downloaded(client: Client, query: str = "", name: str = "org/small") -> zipfile.ZipFile:
    response = client.get(f"/models/{name}/results.zip{query}")
    assert response.status_code == 200
    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    assert archive.testzip() is None
    return archive


def small_model() -> ModelMeta:
    """A model with two tasks, one variant, and metadata that came with the results."""
    model_meta = make_model("org/small")
    make_result(model_meta, make_task("STS13"), {"test": {"default": 0.5}})
    make_result(model_meta, make_task("STS14"), {"test": {"default": None}})
    variant = make_variant(model_meta, "embed_dim_64")
    variant.settings = {"embed_dim": 64}
    variant.save()
    make_result(model_meta, make_task("STS15"), 0.25, variant=variant)
    ModelRevision.objects.filter(model_meta=model_meta).update(
        metadata={"name": "org/small", "revision": "?", "n_parameters": 5}, run_settings=[{"task": "STS13"}]
    )
    return model_meta


def test_files_lie_byte_for_byte_where_mteb_looks_for_them(client: Client) -> None:
    small_model()
    archive = downloaded(client)
    assert archive.namelist() == [
        "README.md",
        f"{FOLDER}/model_meta.json",
        f"{FOLDER}/run_settings.jsonl",
        f"{FOLDER}/STS13.json",
        f"{FOLDER}/STS14.json",
        f"{FOLDER}/experiments/embed_dim_64/model_meta.json",
        f"{FOLDER}/experiments/embed_dim_64/STS15.json",
    ]
    for result in TaskResult.objects.select_related("task", "variant"):
        within = f"/experiments/{result.variant.experiment_name}" if result.variant.experiment_name else ""
        assert archive.read(f"{FOLDER}{within}/{result.task.name}.json") == stored_file(result)
    metadata = json.loads(archive.read(f"{FOLDER}/model_meta.json"))
    assert (metadata["revision"], metadata["n_parameters"], metadata["experiment_kwargs"]) == ("1" * 40, 5, None)
    of_variant = json.loads(archive.read(f"{FOLDER}/experiments/embed_dim_64/model_meta.json"))
    assert of_variant["experiment_kwargs"] == {"embed_dim": 64}


def test_results_that_no_longer_count_come_on_request(client: Client) -> None:
    model_meta = make_model("org/small")
    task = make_task("STS13")
    make_result(model_meta, task, 0.5)
    old = make_result(model_meta, task, 0.4, revision="old/one", current_in=())
    assert len(downloaded(client).namelist()) == 3
    names = downloaded(client, "?all=1").namelist()
    assert f"results/org__small/old_one_{old.model_revision_id}/STS13.json" in names


def test_the_scope_of_the_address_decides_what_counts(client: Client) -> None:
    model_meta = make_model("org/small")
    make_result(model_meta, make_task("STS13"), 0.5)
    make_result(model_meta, make_task("STS14"), 0.5, kind=SourceKind.RUN, current_in=[Scope.ALL])
    assert f"{FOLDER}/STS14.json" in downloaded(client).namelist()
    assert f"{FOLDER}/STS14.json" not in downloaded(client, "?source=official").namelist()


def test_a_place_goes_to_the_leading_result_and_the_other_stays_reachable(client: Client) -> None:
    model_meta = make_model("org/small")
    task = make_task("STS13")
    filling = make_result(model_meta, task, 0.4, current_in=[Scope.ALL], part=1)
    leading = make_result(
        model_meta,
        task,
        0.5,
        kind=SourceKind.RUN,
        current_in=[Scope.ALL],
        part=0,
        date=datetime(2020, 1, 1, tzinfo=UTC),
    )
    archive = downloaded(client)
    assert archive.read(f"{FOLDER}/STS13.json") == stored_file(leading)
    assert archive.read(f"more/{filling.pk}/{FOLDER.removeprefix('results/')}/STS13.json") == stored_file(filling)
    assert "more/" in archive.read("README.md").decode()


def test_names_cannot_lead_out_of_the_folder(client: Client) -> None:
    model_meta = make_model("../..")
    revision = make_revision(model_meta, "..")
    make_result(model_meta, make_task("a/../../b"), revision="..")
    names = downloaded(client, name="../..").namelist()
    assert f"results/..__../__{revision.pk}/a_.._.._b.json" in names


@pytest.mark.parametrize("name", ["org/unknown", "org/unmeasured", "org%00"])
def test_there_is_no_zip_of_nothing(client: Client, name: str) -> None:
    make_model("org/unmeasured")
    assert client.get(f"/models/{name}/results.zip").status_code == 404


READ_BACK = """
import json, sys, mteb
found = mteb.ResultCache(sys.argv[1]).load_results(load_experiments="match_name", validate_and_filter=False)
scores = {
    f"{model.model_name} {model.model_revision} {model.experiment_name or ''} {result.task_name}": [
        [split, cell["hf_subset"], cell["main_score"]] for split, cells in result.scores.items() for cell in cells
    ]
    for model in found.model_results
    for result in model.task_results
}
print(json.dumps(scores))
"""


@pytest.mark.slow
def test_mteb_reads_the_same_scores_out_of_the_zip(client: Client, tmp_path: Path) -> None:
    model_meta = small_model()
    make_result(model_meta, make_task("STS16"), {"test": {"en": 0.1, "de": -0.2}}, revision="2" * 40)
    downloaded(client).extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", READ_BACK, str(tmp_path)],
        env={**os.environ, "MTEB_CACHE": str(tmp_path / "empty"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    revision = "1" * 40
    assert json.loads(done.stdout.splitlines()[-1]) == {
        f"org/small {revision}  STS13": [["test", "default", 0.5]],
        f"org/small {revision}  STS14": [["test", "default", None]],
        f"org/small {revision} embed_dim_64 STS15": [["test", "default", 0.25]],
        f"org/small {'2' * 40}  STS16": [["test", "en", 0.1], ["test", "de", -0.2]],
    }
