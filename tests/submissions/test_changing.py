"""Changing what waits, submitting again, and correcting what is known of the model."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from evaluation.models import Worker
from evaluation.selectors.cells import UnitCells
from leaderboard.models import AuditEntry, DeclinedTask, ModelMeta
from submissions.checks import Outcome, Subject
from submissions.experts import n_active_parameters
from submissions.models import Submission, SubmissionEdit
from submissions.services import submissions as services
from submissions.services.assessment import assess
from submissions.services.errors import NotPossible
from submissions.services.moderation import allow_remote_code
from tests.factories import make_benchmark, make_task
from tests.factories_evaluation import make_worker
from tests.factories_submissions import COMMIT, make_moderator, make_submission, make_user, model_files
from tests.submissions.conftest import StartHub
from tests.submissions.test_pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def outcomes(**wish: Any) -> dict[Subject, Outcome]:
    found = assess(**({"model_name": "example/model", "tasks": [make_task()]} | wish))
    return {check.name: check.outcome for check in found.checks}


def test_a_submission_is_changed_while_it_waits_and_its_page_says_how(hub: str) -> None:
    task, other = make_task(), make_task("Better")
    submission = services.submit(submitter=make_user("ada"), model_name="example/model", tasks=[task], note="Please.")
    client = signed_in(submission.submitter)
    address = f"/submissions/{submission.pk}/edit/"
    assert task.name in text_of(client.get(address))
    form = {"model_name": "example/model", "tasks": "Better", "note": "Now.", "batch_size": "16", "submit": "1"}
    page = text_of(client.post(address, form, follow=True))
    assert "Changed." in page
    assert "from “Please.” to “Now.”" in page
    submission.refresh_from_db()
    assert ([*submission.tasks.all()], submission.note, submission.batch_size) == ([other], "Now.", 16)
    assert SubmissionEdit.objects.get().edited_by == submission.submitter
    assert Submission.objects.count() == 1


def test_a_change_that_fails_a_check_changes_nothing(hub: str) -> None:
    task = make_task()
    submission = services.submit(submitter=make_user(), model_name="example/model", tasks=[task])
    page = text_of(
        signed_in(submission.submitter).post(
            f"/submissions/{submission.pk}/edit/", {"model_name": "example/none", "tasks": task.name, "submit": "1"}
        )
    )
    assert "no public model example/none" in page
    submission.refresh_from_db()
    assert submission.model_name == "example/model"
    assert not SubmissionEdit.objects.exists()


def test_what_was_decided_or_belongs_to_somebody_else_is_not_changed(hub: str) -> None:
    submission = make_submission(tasks=[make_task()], model_name="example/model")
    address = f"/submissions/{submission.pk}/edit/"
    assert signed_in(make_user()).get(address).status_code == 404
    services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    owner = signed_in(submission.submitter)
    assert "cannot be changed any more" in text_of(owner.get(address, follow=True))
    form = {"model_name": "example/model", "tasks": make_task().name, "submit": "1"}
    assert "cannot be changed: it is rejected." in text_of(owner.post(address, form, follow=True))


def test_a_submission_is_made_again_with_changes_and_both_say_so(hub: str) -> None:
    task = make_task(hf_subsets=["de", "en"])
    first = make_submission(
        make_user(),
        benchmarks=[make_benchmark(tasks=[make_task()])],
        model_name="example/model",
        parts={task.name: {"splits": None, "subsets": ["de"]}},
        settings={"dtype": "float16", "model_prompts": {"STS": "Compare."}},
        training_data={"tasks": {task.name: "data"}, "datasets": ["NQ"]},
    )
    services.reject(submission=first, decided_by=make_moderator(), reason="Say more.")
    client = signed_in(first.submitter)
    page = text_of(client.get(f"/submit/?from={first.pk}"))
    for words in (f"{task.name} subset=de", "STS: Compare.", "float16", f'name="previous" value="{first.pk}"', "NQ"):
        assert words in page
    form = {"model_name": "example/model", "tasks": task.name, "previous": str(first.pk), "submit": "1"}
    page = text_of(client.post("/submit/", form, follow=True))
    assert "rejected: Say more." in page
    second = Submission.objects.get(previous=first)
    assert second.get_absolute_url() in text_of(client.get(first.get_absolute_url()))
    assert "Say more" not in text_of(signed_in(make_user()).get(f"/submit/?from={first.pk}"))


def test_a_part_of_a_task_is_evaluated_and_marked(hub: str) -> None:
    task = make_task(hf_subsets=["de", "en"])
    submission = services.submit(
        submitter=make_user(), model_name="example/model", parts={task: UnitCells(None, ["de"])}, batch_size=4
    )
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    unit = run.units.get()
    assert (unit.eval_splits, unit.hf_subsets, unit.batch_size, unit.is_partial) == (None, ["de"], 4, True)
    assert "partial" in text_of(signed_in(submission.submitter).get(submission.get_absolute_url()))
    assert "partial" in text_of(Client().get(run.get_absolute_url()))
    assert outcomes(tasks=[], parts={task: UnitCells(None, ["de"])})[Subject.NEWS] is Outcome.ERROR
    assert outcomes(tasks=[task])[Subject.NEWS] is Outcome.OK


def test_parts_join_what_a_board_counts_of_the_task(hub: str) -> None:
    task = make_task(hf_subsets=["de", "en", "fr"])
    board = make_benchmark(tasks=[task])
    board.benchmark_tasks.update(subsets=["en"])
    submission = services.submit(
        submitter=make_user(), model_name="example/model", benchmarks=[board], parts={task: UnitCells(None, ["de"])}
    )
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert run.units.get().hf_subsets == ["en", "de"]


def test_settings_make_a_variant_that_waits_beside_the_plain_model(hub: str) -> None:
    task = make_task()
    services.submit(submitter=make_user(), model_name="example/model", tasks=[task])
    variant = services.submit(
        submitter=make_user(), model_name="example/model", tasks=[task], settings={"embed_dim": 4}
    )
    run = services.approve(submission=variant, decided_by=make_moderator()).run
    assert run is not None
    assert run.settings == {"embed_dim": 4}
    assert outcomes(tasks=[task], settings={"embed_dim": 4})[Subject.NEWS] is Outcome.ERROR


@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        ({"embed_dim": 4}, Outcome.OK),
        ({"embed_dim": 8}, Outcome.ERROR),
        ({"framework": "registry"}, Outcome.ERROR),
        ({"framework": "transformers"}, Outcome.OK),
        ({"max_seq_length": 999}, Outcome.WARNING),
    ],
)
def test_settings_must_fit_the_model(hub: str, wanted: dict[str, Any], outcome: Outcome) -> None:
    assert outcomes(settings=wanted)[Subject.SETTINGS] is outcome


def test_a_model_must_fit_some_worker(hub: str) -> None:
    assert outcomes()[Subject.SIZE] is Outcome.OK
    make_worker(memory_mb=1000)
    assert outcomes()[Subject.SIZE] is Outcome.OK
    Worker.objects.update(memory_mb=-1)
    assert outcomes()[Subject.SIZE] is Outcome.ERROR


def test_a_model_with_code_of_its_own_needs_a_moderators_leave(start_hub: StartHub) -> None:
    start_hub({"example/model": model_files(**{"config.json": {"model_type": "x", "auto_map": {"AutoModel": "m.M"}}})})
    submission = services.submit(submitter=make_user(), model_name="example/model", tasks=[make_task()])
    with pytest.raises(NotPossible, match="Allow that first"):
        services.approve(submission=submission, decided_by=make_moderator())
    allow_remote_code(submission=submission, decided_by=make_moderator())
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert run.allows_remote_code


def test_leave_for_code_ends_when_other_code_is_named(start_hub: StartHub) -> None:
    coded = model_files(**{"config.json": {"model_type": "x", "auto_map": {"AutoModel": "m.M"}}})
    start_hub({"example/read": coded, "example/unread": coded})
    task, moderator = make_task(), make_moderator()
    submission = services.submit(submitter=make_user(), model_name="example/read", tasks=[task])
    allow_remote_code(submission=submission, decided_by=moderator, reason="Read it.")
    change: dict[str, Any] = {"submission": submission, "edited_by": submission.submitter, "tasks": [task]}
    assert services.edit(model_name="example/read", note="More.", **change).allows_remote_code
    services.edit(model_name="example/unread", **change)
    with pytest.raises(NotPossible, match="Allow that first"):
        services.approve(submission=submission, decided_by=moderator)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.actor, entry.after) == (submission.submitter, {"allows_remote_code": False})


def test_facts_are_shown_with_their_origin_and_corrected(hub: str) -> None:
    user, task = make_user(), make_task()
    client = signed_in(user)
    form = {"model_name": "example/model", "tasks": task.name}
    page = text_of(client.post("/submit/", form | {"check": "1"}))
    assert 'name="fact-embed_dim" value="8"' in page
    assert "1_Pooling/config.json" in page
    assert 'name="fact-n_parameters"' not in page
    wrong = text_of(client.post("/submit/", form | {"submit": "1", "fact-embed_dim": "eight"}))
    assert "Embedding dimension: Write a whole number" in wrong
    assert 'value="eight"' in text_of(client.post("/submit/", form | {"check": "1", "fact-embed_dim": "eight"}))
    client.post(
        "/submit/", form | {"submit": "1", "fact-embed_dim": "8", "fact-max_tokens": "64", "fact-citation": "@x"}
    )
    submission = Submission.objects.get()
    assert submission.edits == {"max_tokens": 64, "citation": "@x"}
    services.approve(submission=submission, decided_by=make_moderator())
    model_meta = ModelMeta.objects.get()
    assert (model_meta.max_tokens, model_meta.field_origins["max_tokens"]) == (64, "submitter")
    assert model_meta.field_origins["embed_dim"] == "config.json"


def test_corrections_stay_through_every_answer(hub: str) -> None:
    user, task = make_user(), make_task()
    client, form = signed_in(user), {"model_name": "example/model", "tasks": task.name}
    corrected = {"fact-max_tokens": "64", "said-max_tokens": "256", "fact-embed_dim": "8", "said-embed_dim": "8"}
    kept = 'name="fact-max_tokens" value="64"'
    assert kept in text_of(client.post("/submit/", form | corrected | {"submit": "1", "tasks": "Nothing"}))
    refused = text_of(client.post("/submit/", form | corrected | {"submit": "1", "tasks": ""}))
    assert kept in refused
    assert "(sentence_bert_config.json)" in refused
    client.post("/submit/", form | corrected | {"submit": "1"})
    submission = Submission.objects.get()
    assert submission.edits == {"max_tokens": 64}
    assert kept in text_of(client.get(f"/submit/?from={submission.pk}"))
    address = f"{submission.get_absolute_url()}edit/"
    assert kept in text_of(client.post(address, form | {"submit": "1", "tasks": "Nothing"}))
    client.post(address, form | {"submit": "1", "note": "More."})
    submission.refresh_from_db()
    assert (submission.edits, submission.note) == ({"max_tokens": 64}, "More.")


def test_facts_of_one_model_are_no_corrections_of_another(start_hub: StartHub) -> None:
    wide = model_files(**{"1_Pooling/config.json": {"word_embedding_dimension": 16}})
    start_hub({"example/wide": wide})
    form = {"model_name": "example/wide", "tasks": make_task().name, "fact-embed_dim": "8", "said-embed_dim": "8"}
    signed_in(make_user()).post("/submit/", form | {"submit": "1"})
    assert Submission.objects.get().edits == {}


def test_disclosed_data_and_declined_tasks_stand_on_the_board(hub: str) -> None:
    task, declined = make_task("Run"), make_task("Declined")
    submission = services.submit(
        submitter=make_user(),
        model_name="example/model",
        tasks=[task, declined],
        training_data={"tasks": {"Run": "split"}, "datasets": ["NQ"]},
        declined={declined: ""},
    )
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    assert [unit.task for unit in run.units.all()] == [task]
    assert ModelMeta.objects.get().training_datasets == ["NQ", "Run"]
    assert DeclinedTask.objects.get().reason == "Declined by the submitter."


def test_the_field_of_the_model_is_checked_while_the_form_is_filled_in(hub: str) -> None:
    client = signed_in(make_user())
    assert f"The newest revision is {COMMIT}" in text_of(client.post("/submit/model/", {"model_name": "example/model"}))
    assert "no public model" in text_of(client.post("/submit/model/", {"model_name": "example/none"}))
    assert not client.post("/submit/model/", {"model_name": " "}).content
    wrong = client.post("/submit/model/", {"model_name": "example/model", "revision": "v9"})
    assert "no revision “v9”" in text_of(wrong)
    assert Client().post("/submit/model/", {"model_name": "example/model"}).status_code == 302


def test_models_are_read_so_often_and_what_was_typed_stays(unreachable_hub: None, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"read_model": "2/m/user"}
    client, form = signed_in(make_user()), {"model_name": "example/model", "tasks": make_task("Chosen").name}
    client.post("/submit/model/", form)
    assert client.post("/submit/", form | {"check": "1"}).status_code == 200
    answer = client.post("/submit/", form | {"submit": "1", "note": "Typed."})
    assert answer.status_code == 429
    for words in ("Wait a minute", "Typed.", "example/model", "Chosen"):
        assert words in text_of(answer)
    assert "Wait a minute" in text_of(client.post("/submit/model/", form))
    assert signed_in(make_user()).post("/submit/", form | {"check": "1"}).status_code == 200


def test_the_form_says_how_many_tasks_and_that_their_time_is_not_known_yet(hub: str) -> None:
    page = text_of(
        signed_in(make_user()).post(
            "/submit/", {"model_name": "example/model", "tasks": make_task().name, "check": "1"}
        )
    )
    assert "1 task to evaluate." in page
    assert "not known yet" in page


@pytest.mark.parametrize(
    ("config", "active"),
    [
        ({"hidden_size": 8}, None),
        (
            {"num_local_experts": 8, "num_experts_per_tok": 2, "hidden_size": 2, "intermediate_size": 5,
             "num_hidden_layers": 3, "hidden_act": "silu"},
            10_000 - 6 * 3 * 2 * 5 * 3,
        ),
        (
            {"num_experts": 8, "moe_top_k": 2, "n_embd": 2, "n_inner": 5, "n_layer": 4, "moe_every_n_layers": 2,
             "activation_function": "gelu"},
            10_000 - 6 * 2 * 2 * 5 * 2,
        ),
        ({"num_experts": 2, "moe_top_k": 2, "n_embd": 2, "n_inner": 5, "n_layer": 4}, None),
    ],
)  # fmt: skip
def test_active_parameters_of_experts_follow_from_the_config(config: dict[str, Any], active: int | None) -> None:
    assert n_active_parameters(config, 10_000) == active
