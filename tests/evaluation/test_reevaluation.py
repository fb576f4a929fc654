"""Reruns of stale results, drift, kept predictions and packages, and the pages that show them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client

from evaluation.models import DriftFinding, EvaluationRun, KeptPredictions, Lane, PackageSet
from evaluation.selectors.cells import UnitCells
from evaluation.selectors.run_differences import run_differences
from evaluation.services import claims
from evaluation.services.drift import find_drift
from evaluation.services.predictions import delete_old_predictions, predictions_folder
from evaluation.services.reruns import rerun_results
from evaluation.services.retention import delete_what_is_old
from leaderboard.models import AuditEntry, ModelMeta, ResultChoice, StaleResult, StaleRule, Task, TaskResult
from tests.factories import Scores, make_model, make_result, make_task, make_variant, result_json
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_stale import make_superseded_result
from tests.factories_submissions import make_moderator

pytestmark = pytest.mark.django_db

PACKAGES = "mteb==2.26.24\ntorch==2.9.0\n"
WORST = {
    "wrongness": 0.7,
    "texts": {"Query": "<script>alert(1)</script>", "Relevant": "A cat."},
    "wanted": "one of 1 relevant",
    "given": "not found",
    "split": "test",
    "subset": "default",
    "details": {},
}


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def environment(**fields: Any) -> dict[str, Any]:
    packages = fields.pop("packages", PACKAGES)
    return {
        "versions": {"mteb": "2.26.24", "torch": "2.9.0"},
        "packages": packages,
        "packages_digest": hashlib.sha256(packages.encode()).hexdigest(),
        "hardware": "Test processor",
        "seed": 42,
        "prompts": {"query": "query: "},
        "encode_kwargs": {"batch_size": 16},
        **fields,
    }


def finish(
    run: EvaluationRun, score: Scores | float = 0.5, *, predictions: Any = None, **of_environment: Any
) -> TaskResult:
    """As a worker would finish the run's only unit. A bare number is the score of the only cell."""
    unit = claimed_unit(run)
    scores = score if isinstance(score, Mapping) else {"test": {"default": score}}
    claims.finish_unit(
        unit=unit,
        payload=result_json(unit.task, scores, date=1_700_000_000 + run.pk),
        environment=environment(**of_environment),
        predictions=predictions,
    )
    return TaskResult.objects.order_by("-pk")[0]


def packed(worst: list[dict[str, Any]], data: bytes = b"{}") -> dict[str, Any]:
    compressed = zstandard.compress(data) if data else b""
    return {"data": base64.b64encode(compressed).decode(), "size": 9, "digest": "0" * 64, "worst": worst}


def test_a_list_of_packages_is_stored_once_and_named_by_its_hash(client: Client) -> None:
    for _ in range(2):
        result = finish(make_run(1))
    kept = PackageSet.objects.get()
    assert kept.content == PACKAGES
    unit = result.evaluation_units.get()
    assert unit.environment is not None
    assert unit.environment["packages_digest"] == kept.digest
    assert "packages" not in unit.environment
    assert client.get(f"/packages/{kept.digest}/requirements.txt").content.decode() == PACKAGES


def test_pages_say_what_a_result_ran_with_and_how_to_repeat_it(client: Client) -> None:
    run = make_run(1, model_meta=make_model("acme/model"))
    result = finish(run)
    for address in (f"/results/{result.pk}/environment/", run.get_absolute_url()):
        page = client.get(address).content.decode()
        assert f"mteb run --model acme/model --model-revision {'1' * 40} --tasks {result.task} --batch-size 16" in page
        assert "query: " in page
        assert "requirements.txt" in page
        assert "Test processor" in page
    drawer = client.get("/results/", {"model": "acme/model", "task": result.task.name}).content.decode()
    assert f"/results/{result.pk}/environment/" in drawer
    assert client.get(f"/results/{make_result(make_model(), make_task()).pk}/environment/").status_code == 404


def test_predictions_are_for_who_asked_and_moderators_and_their_texts_are_escaped(client: Client) -> None:
    owner = User.objects.create_user("owner")
    run = make_run(1, requested_by=owner, keeps_predictions=True)
    result = finish(run, predictions=packed([WORST], b'{"default": {}}'))
    addresses = [f"/results/{result.pk}/examples/", f"/results/{result.pk}/predictions/"]
    for stranger in (None, User.objects.create_user("stranger")):
        if stranger:
            client.force_login(stranger)
        assert [client.get(address).status_code for address in addresses] == [404, 404]
        assert "Predictions" not in client.get(f"/results/{result.pk}/environment/").content.decode()
    for reader in (owner, make_moderator()):
        client.force_login(reader)
        page = client.get(addresses[0]).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        file = client.get(addresses[1])
        content = b"".join(file.streaming_content)  # type: ignore[attr-defined]
        assert json.loads(zstandard.decompress(content)) == {"default": {}}


def test_old_predictions_lose_their_file_and_keep_their_examples() -> None:
    finish(make_run(1), predictions=packed([WORST]))
    assert delete_old_predictions() == 0
    KeptPredictions.objects.update(created_at=Now() - timedelta(days=91))
    kept = KeptPredictions.objects.get()
    assert (predictions_folder() / kept.path).exists()
    assert delete_old_predictions() == 1
    assert not (predictions_folder() / kept.path).exists()
    kept.refresh_from_db()
    assert kept.path == ""
    assert kept.worst == [WORST]


def test_too_many_predictions_leave_the_examples_only() -> None:
    finish(make_run(1), predictions=packed([WORST], b""))
    assert KeptPredictions.objects.get().path == ""


def test_stale_results_are_run_again_on_exactly_their_tasks_in_the_background() -> None:
    model_meta, tasks = make_model("acme/model"), [make_task(), make_task()]
    small = make_variant(model_meta, "embed_dim_64")
    small.settings = {"embed_dim": 64}
    small.save()
    results = [make_result(model_meta, task) for task in tasks]
    results.append(make_result(model_meta, tasks[0], variant=small))
    outcome = rerun_results(results=results, requested_by=None)
    assert outcome.n_tasks == 3
    assert outcome.skipped == []
    asked = {
        (run.lane, tuple(run.settings.items()), tuple(sorted(run.units.values_list("task", flat=True))))
        for run in EvaluationRun.objects.all()
    }
    assert asked == {
        (Lane.BACKGROUND, (), tuple(sorted(task.pk for task in tasks))),
        (Lane.BACKGROUND, (("embed_dim", 64),), (tasks[0].pk,)),
    }
    again = rerun_results(results=results, requested_by=None)
    assert again.runs == []
    assert "queued already" in again.skipped[0]


@pytest.mark.parametrize(
    ("of_model", "of_task", "revision", "words"),
    [
        ({"open_weights": False}, {}, "1" * 40, "weights are not open"),
        ({"modalities": ["image"]}, {}, "1" * 40, "takes no texts"),
        ({}, {"is_public": False}, "1" * 40, "data cannot be had"),
        ({}, {}, "external", "no commit is known"),
    ],
)
def test_what_cannot_be_run_is_skipped_with_the_reason(
    of_model: dict[str, Any], of_task: dict[str, Any], revision: str, words: str
) -> None:
    result = make_result(make_model(**of_model), make_task(**of_task), revision=revision)
    outcome = rerun_results(results=[result], requested_by=None)
    assert outcome.runs == []
    assert words in outcome.skipped[0]


def test_a_part_of_a_task_is_run_again_as_that_part_and_compared_with_it() -> None:
    task, model_meta = make_task(hf_subsets=["en", "de", "fr"]), make_model("acme/model")
    part = make_run([], parts={task: UnitCells(hf_subsets=["de"])}, model_meta=model_meta)
    result = finish(part, {"test": {"de": 0.5}})
    (again,) = rerun_results(results=[result], requested_by=None).runs
    unit = again.units.get()
    assert (unit.eval_splits, unit.hf_subsets) == (None, ["de"])
    finish(again, {"test": {"de": 0.6}})
    assert find_drift() == 1

    reported = make_result(model_meta, task, {"test": {"en": 0.5, "fr": 0.5, "gone": 0.5}}, current_in=())
    (of_reported,) = rerun_results(results=[reported], requested_by=None).runs
    assert of_reported.units.get().hf_subsets == ["en", "fr"]
    whole = make_result(model_meta, task, {"test": dict.fromkeys(("en", "de", "fr"), 0.5)}, current_in=())
    (of_whole,) = rerun_results(results=[whole], requested_by=None).runs
    assert of_whole.units.get().hf_subsets is None, "A part of it that waits is not the whole."


def test_a_model_that_only_a_token_opened_is_skipped_until_it_is_open() -> None:
    result = finish(make_run(1, is_closed=True))
    outcome = rerun_results(results=[result], requested_by=None)
    assert outcome.runs == []
    assert "the token that opened it is gone" in outcome.skipped[0]
    model_meta = result.model_revision.model_meta
    finish(make_run(1, model_meta=model_meta))
    assert rerun_results(results=[result], requested_by=None).runs


def test_a_result_of_a_local_folder_is_repeated_as_its_run_was_made() -> None:
    result = finish(make_run(1, revision="sha", local_path="/models/ours", pinned_by_content=True))
    (run,) = rerun_results(results=[result], requested_by=None).runs
    assert (run.revision, run.local_path, run.pinned_by_content) == ("sha", "/models/ours", True)


def test_drift_is_found_kept_and_noted_as_gone() -> None:
    task, model_meta = make_task(dataset_revision="a" * 40), make_model("acme/model")
    finish(make_run([task], model_meta=model_meta), 0.5)
    assert find_drift() == 0
    finish(make_run([task], model_meta=model_meta), 0.5005)
    assert find_drift() == 0, "That is within the tolerance."
    later = finish(make_run([task], model_meta=model_meta), 0.6)
    assert find_drift() == 1
    moved = DriftFinding.objects.get()
    assert (moved.kind, moved.later_id, moved.gone_at) == ("score", later.pk, None)
    assert "60.00" in moved.summary

    Task.objects.filter(pk=task.pk).update(dataset_revision="b" * 40)
    finish(make_run([task]), 0.5, versions={"mteb": "2.20.0", "torch": "2.9.0"})
    assert find_drift() == 3
    assert set(DriftFinding.objects.values_list("kind", flat=True)) == {"score", "dataset", "environment"}
    mixed = DriftFinding.objects.get(kind="environment")
    assert "mteb 2.20.0, 2.26.24" in mixed.summary
    assert "torch" not in mixed.summary

    Task.objects.filter(pk=task.pk).update(dataset_revision="")
    assert find_drift() == 2
    assert DriftFinding.objects.get(kind="dataset").gone_at is not None
    assert delete_what_is_old() == 0
    DriftFinding.objects.exclude(gone_at=None).update(gone_at=Now() - timedelta(days=181))
    assert delete_what_is_old() == 1
    assert set(DriftFinding.objects.values_list("kind", flat=True)) == {"score", "environment"}


def test_a_newer_commit_on_the_hub_is_drift_until_the_model_is_run_again_there(admin_client: Client) -> None:
    task, model_meta = make_task(), make_model("acme/model")
    finish(make_run([task], model_meta=model_meta), 0.5)
    ModelMeta.objects.update(hub_commit="1" * 40)
    assert find_drift() == 0, "The commit that was run is the newest."
    ModelMeta.objects.update(hub_commit="2" * 40)
    assert find_drift() == 1
    finding = DriftFinding.objects.get()
    assert (finding.kind, finding.model_meta, finding.task, finding.n_results) == ("model", model_meta, None, 1)
    desk = "/admin/evaluation/driftfinding/"
    assert "acme/model is at 22222222 on the Hub" in admin_client.get(desk).content.decode()
    admin_client.post(desk, {"action": "rerun_at_newest_commit", "_selected_action": [finding.pk]})
    again = EvaluationRun.objects.order_by("-pk")[0]
    assert (again.revision, again.lane, [unit.task for unit in again.units.all()]) == (
        "2" * 40,
        Lane.BACKGROUND,
        [task],
    )
    finish(again, 0.6)
    assert find_drift() == 0
    assert DriftFinding.objects.get().gone_at is not None


def test_code_that_was_allowed_at_one_commit_is_not_run_at_another() -> None:
    result = finish(make_run(1, allows_remote_code=True))
    ModelMeta.objects.update(hub_commit="2" * 40)
    result.refresh_from_db()
    outcome = rerun_results(results=[result], requested_by=None, at_newest_commit=True)
    assert outcome.runs == []
    assert "code of its own" in outcome.skipped[0]


def test_two_runs_of_a_model_are_compared_with_what_they_do_not_share(client: Client) -> None:
    task, model_meta = make_task("Compared"), make_model("acme/model")
    first = make_run([task], model_meta=model_meta, settings={"max_seq_length": 64})
    finish(first, 0.5)
    second = make_run([task], model_meta=model_meta)
    link = f'href="/runs/{second.pk}/compare/"'
    assert link not in client.get(second.get_absolute_url()).content.decode()
    finish(second, 0.502, seed=7)
    assert link in client.get(second.get_absolute_url()).content.decode()
    found = run_differences(first, second)
    assert (found.n_shared, found.n_differing) == (1, 1)
    assert {label: (one, other) for label, one, other in found.facts} == {
        "Settings": ("max_seq_length=64", "none"),
        "Seed": ("42", "7"),
    }
    page = client.get(f"/runs/{second.pk}/compare/").content.decode()
    assert "+0.20" in page
    assert "differs" in page
    alone = make_run(1)
    finish(alone)
    assert "/compare/" not in client.get(alone.get_absolute_url()).content.decode()
    assert "Nothing to compare with" in client.get(f"/runs/{alone.pk}/compare/").content.decode()


def test_the_desk_applies_a_rule_reruns_what_it_hits_and_rolls_back(admin_client: Client) -> None:
    task = make_task()
    result = make_result(make_model(), task, mteb_version="2.5.0")
    form = {
        "reason": "Wrong split.",
        "kind": "mteb_versions",
        "effect": "mark",
        "tasks": [task.pk],
        "first_version": "2.0",
        "last_version": "2.10",
        "is_active": "on",
    }
    refused = admin_client.post("/admin/leaderboard/stalerule/add/", {**form, "first_version": "3"})
    assert "is newer than the last" in refused.content.decode()
    admin_client.post("/admin/leaderboard/stalerule/add/", form)
    rule = StaleRule.objects.get()
    assert rule.events.get().by is not None
    hit = StaleResult.objects.get()

    action = {"action": "rerun", "_selected_action": [hit.pk]}
    page = admin_client.post("/admin/leaderboard/staleresult/", action, follow=True).content.decode()
    assert "1 tasks are queued in the background lane" in page
    page = admin_client.post(
        "/admin/leaderboard/stalerule/", {"action": "rerun", "_selected_action": [rule.pk]}, follow=True
    ).content.decode()
    assert "queued already" in page

    newer = finish(EvaluationRun.objects.get(), 0.7)
    asked = {"action": "roll_back_to", "_selected_action": [newer.pk]}
    assert "Why?" in admin_client.post("/admin/leaderboard/taskresult/", asked).content.decode()
    page = admin_client.post("/admin/leaderboard/taskresult/", {**asked, "reason": "x"}, follow=True).content.decode()
    assert "counts already" in page
    assert not ResultChoice.objects.exists()
    for model in ("evaluation/driftfinding", "leaderboard/resultchoice", "leaderboard/stalerule"):
        assert admin_client.get(f"/admin/{model}/").status_code == 200
    admin_client.post(f"/admin/leaderboard/stalerule/{rule.pk}/delete/", {"post": "yes"})
    assert not StaleRule.objects.exists()
    assert result.stale_by.count() == 0
    written = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(written) == ["applied a rule", "asked to evaluate again", "deleted a rule"]


def test_a_moderator_goes_back_to_an_earlier_result_from_its_page() -> None:
    earlier = make_superseded_result()
    page = f"/results/?model={earlier.model_revision.model_meta.name}&task={earlier.task.name}&result={earlier.pk}"
    address = f"/admin/leaderboard/taskresult/{earlier.pk}/roll-back/"
    assert address not in Client().get(page).content.decode()
    client = Client()
    client.force_login(make_moderator())
    assert address in client.get(page).content.decode()
    assert "Why?" in client.get(address).content.decode()
    said = client.post(address, {"reason": "The later run used a broken driver."}, follow=True).content.decode()
    assert "counts again" in said
    assert "The later run used a broken driver." in said
    assert address not in said

    several = {"action": "roll_back_to", "_selected_action": [earlier.pk]}
    assert "Why?" in client.post("/admin/leaderboard/taskresult/", several).content.decode()
