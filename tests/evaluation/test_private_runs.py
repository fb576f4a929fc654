"""What a private run gives is withheld, and becomes facts of the board when it is published."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from evaluation.models import EvaluationRun, EvaluationUnit, KeptPredictions, WithheldResult
from evaluation.selectors.scores import unit_score
from evaluation.services import claims
from evaluation.services.publication import publish_run
from leaderboard.models import Board, CurrentResult, Measurement, ModelMeta, ModelRevision, Task, TaskResult, Variant
from leaderboard.services.model_metas import ensure_model_meta, ensure_unlisted_model_meta
from tests.factories import make_benchmark, make_task, result_json
from tests.factories_evaluation import claimed_unit, make_run

pytestmark = pytest.mark.django_db

MEASURED = {"hardware": "Some processor", "device": "cpu", "n_texts": 10, "encode_seconds": 2.0}


def private_run(*tasks: Task, requested_by: User | None = None) -> EvaluationRun:
    model_meta = ensure_unlisted_model_meta(name="secret/model")
    return make_run(tasks, model_meta=model_meta, is_private=True, requested_by=requested_by)


def finish(unit: EvaluationUnit, score: float = 0.5) -> None:
    payload = result_json(unit.task, {"test": {"default": score}})
    claims.finish_unit(unit=unit, payload=payload, environment={}, measurement=MEASURED)


def test_results_of_a_private_run_are_no_facts() -> None:
    run = private_run(make_task())
    finish(claimed_unit(run), 0.25)
    unit, run = run.units.get(), EvaluationRun.objects.get()
    assert (run.state, unit.state, unit.result) == ("done", "done", None)
    assert unit_score(unit) == 0.25
    for facts in (TaskResult, CurrentResult, Measurement, ModelRevision, Variant, ModelMeta):
        assert not facts.objects.exists()


def test_publishing_makes_facts_of_all_that_was_withheld_and_lists_the_model() -> None:
    tasks = [make_task(), make_task()]
    board = make_benchmark(tasks=tasks)
    run = private_run(*tasks)
    for score in (0.25, 0.75):
        finish(claimed_unit(run), score)
    assert publish_run(run=run) == 2
    assert sorted(unit_score(unit) or 0 for unit in run.units.all()) == [0.25, 0.75]
    assert {unit.result is not None for unit in run.units.all()} == {True}
    assert not WithheldResult.objects.exists()
    model_meta = ModelMeta.objects.get(name="secret/model")
    assert model_meta.first_seen_at is not None
    row = Board.objects.get(benchmark=board, scope="all").rows.get()
    assert (row.model_meta, row.n_done) == (model_meta, 2)
    assert Measurement.objects.count() == 2
    run.refresh_from_db()
    assert not run.is_private
    assert publish_run(run=run) == 0


def test_a_run_that_is_published_half_way_goes_on_in_public() -> None:
    run = private_run(make_task(), make_task())
    finish(claimed_unit(run), 0.25)
    later = claimed_unit(run)
    publish_run(run=run)
    finish(later, 0.75)
    assert TaskResult.objects.count() == 2
    assert not WithheldResult.objects.exists()


def test_results_of_others_make_a_hidden_name_known() -> None:
    hidden = ensure_unlisted_model_meta(name="secret/model")
    assert not ModelMeta.objects.exists()
    assert ensure_model_meta(name="secret/model") == hidden
    assert ModelMeta.objects.get() == hidden


def test_asking_for_a_private_run_of_a_listed_model_hides_nothing_else() -> None:
    known = ensure_model_meta(name="open/model")
    assert ensure_unlisted_model_meta(name="open/model") == known
    assert ModelMeta.objects.get() == known


def test_only_the_one_who_asked_and_moderators_find_a_private_run(
    client: Client, django_user_model: type[User]
) -> None:
    owner = django_user_model.objects.create_user("owner")
    other = django_user_model.objects.create_user("other")
    boss = django_user_model.objects.create_superuser("boss")
    run = private_run(make_task(), requested_by=owner)
    addresses = [run.get_absolute_url(), f"{run.get_absolute_url()}compare/"]
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    for user, status in ((other, 404), (owner, 200), (boss, 200)):
        client.force_login(user)
        assert [client.get(address).status_code for address in addresses] == [status, status]


def test_a_private_run_is_compared_with_public_ones_for_its_owner_only(
    client: Client, django_user_model: type[User]
) -> None:
    owner = django_user_model.objects.create_user("owner")
    task, model_meta = make_task("Compared"), ensure_model_meta(name="open/model")
    public = make_run([task], model_meta=model_meta)
    finish(claimed_unit(public), 0.25)
    hidden = make_run([task], model_meta=model_meta, is_private=True, requested_by=owner, revision="b" * 40)
    finish(claimed_unit(hidden), 0.75)
    addresses = [f"{public.get_absolute_url()}compare/", f"{public.get_absolute_url()}compare/?with={hidden.pk}"]
    for address in addresses:
        page = client.get(address).content.decode()
        assert "Nothing to compare with" in page
        assert "b" * 40 not in page
    client.force_login(owner)
    for address in (*addresses, f"{hidden.get_absolute_url()}compare/"):
        page = client.get(address).content.decode()
        assert "b" * 40 in page
        assert "25.00" in page
        assert "75.00" in page


def test_the_queue_counts_a_private_run_and_names_nothing(client: Client) -> None:
    run = private_run(make_task())
    page = client.get("/queue/").content.decode()
    assert "A private model" in page
    assert "secret" not in page
    assert run.get_absolute_url() not in page
    finish(claimed_unit(run))
    assert "private" not in client.get("/queue/").content.decode()


def test_predictions_of_a_private_run_are_kept_for_its_owner_and_move_on_when_it_is_published(
    client: Client, django_user_model: type[User], settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    owner = django_user_model.objects.create_user("owner")
    run = private_run(make_task(), requested_by=owner)
    EvaluationRun.objects.update(keeps_predictions=True)
    unit = claimed_unit(run)
    wrong = {"texts": {"Query": "A cat."}, "wanted": "first", "given": "last", "split": "test", "subset": "default"}
    packed = {"data": base64.b64encode(b"packed").decode(), "size": 6, "digest": "", "worst": [wrong]}
    payload = result_json(unit.task, {"test": {"default": 0.5}})
    claims.finish_unit(unit=unit, payload=payload, environment={}, predictions=packed)
    examples, file = (f"{run.get_absolute_url()}tasks/{unit.pk}/{what}/" for what in ("examples", "predictions"))
    assert [client.get(address).status_code for address in (examples, file)] == [404, 404]
    client.force_login(owner)
    assert examples in client.get(run.get_absolute_url()).content.decode()
    page = client.get(examples).content.decode()
    assert "A cat." in page
    assert file in page
    assert b"".join(client.get(file).streaming_content) == b"packed"  # type: ignore[attr-defined]
    publish_run(run=run)
    result = TaskResult.objects.get()
    assert KeptPredictions.objects.get().result == result
    assert "A cat." in client.get(examples).content.decode()
    assert "A cat." in client.get(f"/results/{result.pk}/examples/").content.decode()
