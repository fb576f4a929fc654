"""The moderators' desk, through the client."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from evaluation.models import EvaluationRun, Lane
from leaderboard.models import AuditEntry
from submissions.models import Submission
from submissions.permissions import ADMINISTRATOR, MODERATOR, SUBMITTER
from submissions.services.moderation import ask
from submissions.services.plausibility import report_plausibility
from tests.factories import make_benchmark, make_task
from tests.factories_submissions import make_moderator, make_role, make_submission, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/submissions/submission/"
CODE = {"name": "Code", "outcome": "warning", "sentence": "The model needs code from its own repository."}
VERBS = ("view", "add", "change", "delete")


@pytest.fixture
def moderator() -> User:
    return make_moderator("mia")


@pytest.fixture
def desk(moderator: User) -> Client:
    client = Client()
    client.force_login(moderator)
    return client


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def states() -> list[str]:
    return list(Submission.objects.order_by("pk").values_list("state", flat=True))


OF_SUBMITTERS = {"submissions.add_submission"}
OF_MODERATORS = {
    *OF_SUBMITTERS,
    "submissions.view_submission",
    "submissions.change_submission",
    "submissions.submit_local_folder",
    "submissions.view_organisation",
    "submissions.change_organisation",
    "submissions.view_membership",
    "evaluation.view_evaluationrun",
    "evaluation.change_evaluationrun",
    "evaluation.view_evaluationunit",
    "leaderboard.view_modelmeta",
    *(f"leaderboard.{verb}_{model}" for verb in VERBS for model in ("annotation", "annotationkey")),
    *(f"leaderboard.{verb}_metadatacorrection" for verb in VERBS),
    *(f"leaderboard.{verb}_savedview" for verb in ("view", "change", "delete")),
    *(f"leaderboard.{verb}_benchmark" for verb in ("view", "add")),
    *(f"leaderboard.{verb}_declinedtask" for verb in VERBS),
    "leaderboard.view_task",
    "leaderboard.view_auditentry",
    *(f"leaderboard.{verb}_stalerule" for verb in VERBS),
    *(f"submissions.{verb}_quota" for verb in VERBS),
    *(f"submissions.{verb}_datasetupload" for verb in ("view", "change")),
    *(f"evaluation.{verb}_custommetric" for verb in ("view", "change")),
    "leaderboard.view_taskresult",
    "leaderboard.view_staleresult",
    "leaderboard.view_staleruleevent",
    *(f"leaderboard.{verb}_resultchoice" for verb in ("view", "add")),
    *(f"evaluation.view_{model}" for model in ("driftfinding", "keptpredictions", "packageset")),
    *(f"submissions.{verb}_resultupload" for verb in ("view", "change")),
    *(f"submissions.{verb}_spotcheckrule" for verb in VERBS),
    *(f"submissions.{verb}_spotcheck" for verb in ("view", "add")),
    "leaderboard.view_comparison",
    *(f"leaderboard.{verb}_tasktolerance" for verb in VERBS),
    *(f"leaderboard.{verb}_resultflag" for verb in ("view", "change")),
    "evaluation.view_queuepause",
    "evaluation.change_queuepause",
    *(f"submissions.{verb}_announcement" for verb in VERBS),
    "submissions.view_delivery",
}
OF_ADMINISTRATORS = {
    *OF_MODERATORS,
    *(f"auth.{verb}_{model}" for verb in VERBS for model in ("user", "group")),
    *(f"account.{verb}_emailaddress" for verb in ("view", "change", "delete")),
    *(f"socialaccount.{verb}_socialaccount" for verb in ("view", "delete")),
    "submissions.delete_submission",
    "submissions.hand_over_submission",
    "submissions.delete_organisation",
    *(f"submissions.{verb}_membership" for verb in ("add", "change", "delete")),
    *(f"submissions.{verb}_apitoken" for verb in ("view", "change", "delete")),
    "evaluation.delete_evaluationrun",
    *(f"evaluation.{verb}_worker" for verb in ("view", "change", "delete")),
    *(f"leaderboard.view_{model}" for model in ("resultsource", "importrun", "importedfile", "modelrevision", "board")),
}


@pytest.mark.parametrize(
    ("role", "expected"),
    [(SUBMITTER, OF_SUBMITTERS), (MODERATOR, OF_MODERATORS), (ADMINISTRATOR, OF_ADMINISTRATORS)],
)
def test_each_role_may_do_exactly_this(role: str, expected: set[str]) -> None:
    allowed = {f"{p.content_type.app_label}.{p.codename}" for p in make_role(role).permissions.all()}
    assert allowed == expected


def test_the_queue_shows_what_a_decision_needs_in_few_queries(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    shared = make_task()
    board = make_benchmark("Board", [shared, make_task()])
    for number in range(50):
        submission = make_submission(
            benchmarks=[board], tasks=[shared, make_task()], model_name=f"org{number}/model", checks=[CODE]
        )
        report_plausibility(submission=submission)
    desk.get(LIST)  # Content types are remembered from here on.
    with django_assert_num_queries(13):
        page = text_of(desk.get(LIST))
    assert page.count('<td class="field-asked">3 tasks: Board</td>') == 50
    assert page.count('<span class="unusual is-grave">remote code</span>') == 50
    assert page.count('<span class="unusual">licence unknown</span>') == 50


def test_what_waits_longest_comes_first_and_what_is_decided_last(desk: Client) -> None:
    decided, old, new, express = (make_submission(tasks=[make_task()]) for _ in range(4))
    desk.post(f"{LIST}{decided.pk}/reject/", {"reason": "No."})
    desk.post(f"{LIST}{express.pk}/lane/", {"lane": Lane.EXPRESS})
    assert list(desk.get(LIST).context["cl"].result_list) == [express, old, new, decided]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "big coded old plain"),
        ("q=ada", "coded"),
        ("checks=notes", "coded"),
        ("checks=fine", "big old plain"),
        ("unusual=remote_code", "coded"),
        ("unusual=large", ""),
        ("unusual=nothing", ""),
        ("size=1B to 5B", "big"),
        ("size=unknown", "coded old plain"),
        ("lane__exact=1", "big"),
        ("waiting=us", "big coded old"),
        ("waiting=answer", "plain"),
        ("waiting=answered", ""),
        ("age=7", "old"),
        ("age=new", "big coded plain"),
        ("owner=elsewhere", "old"),
        ("owner=else", ""),
    ],
)
def test_the_queue_is_filtered_and_searched(desk: Client, moderator: User, query: str, expected: str) -> None:
    billions = {"n_parameters": {"value": 2 * 10**9, "origin": "safetensors header"}}
    submissions = [
        make_submission(make_user("ada"), model_name="org/coded", checks=[CODE]),
        make_submission(model_name="org/big", metadata=billions, lane=Lane.EXPRESS),
        make_submission(model_name="elsewhere/old"),
        make_submission(model_name="org/plain"),
    ]
    Submission.objects.filter(model_name="elsewhere/old").update(created_at=timezone.now() - timedelta(days=8))
    for submission in submissions:
        report_plausibility(submission=submission)
    ask(submission=submissions[3], decided_by=moderator, question="Why?")
    found = desk.get(f"{LIST}?{query}").context["cl"].result_list
    assert sorted(submission.model_name.partition("/")[2] for submission in found) == expected.split()


def test_everything_about_a_submission_is_there_to_read_only(desk: Client) -> None:
    sentence = "The card's licence “<b>” is none that is known by that name."
    submission = make_submission(
        tasks=[make_task("Single")], checks=[{"name": "Licence", "outcome": "warning", "sentence": sentence}]
    )
    page = text_of(desk.get(f"{LIST}{submission.pk}/change/"))
    for words in (
        submission.model_name,
        "Single",
        "Licence (note):",
        "“&lt;b&gt;”",
        "Embedding dimension:",
        "Approve",
        "Reject…",
    ):
        assert words in page
    assert "<textarea" not in page
    assert 'name="_save"' not in page
    assert desk.post(f"{LIST}{submission.pk}/change/", {"state": "approved"}).status_code == 405
    assert states() == ["pending"]


def test_all_that_is_decided_is_shown_with_the_code_to_read(desk: Client, settings: Settings) -> None:
    settings.HF_ENDPOINT = "https://hub.example/"
    board = make_benchmark("Board", [make_task("OnBoard")])
    submission = make_submission(
        benchmarks=[board],
        parts={"Parted": {"splits": ["test"], "subsets": None}, "OnBoard": {"splits": None, "subsets": ["en", "de"]}},
        settings={"embed_dim": 4, "model_prompts": {"query": "Find <this>: "}},
        batch_size=16,
        training_data={"tasks": {"NLI": "data"}, "datasets": ["wiki"]},
        declined={"Hard": "No such language."},
        edits={"embed_dim": 16, "languages": ["eng-Latn"]},
        visibility="private",
        keeps_predictions=True,
        checks=[{"name": "Code", "outcome": "warning", "sentence": "The model needs code of its own."}],
    )
    page = text_of(desk.get(f"{LIST}{submission.pk}/change/"))
    for words in (
        "Parted split=test",
        "OnBoard subset=en,de",
        "<strong>Dimension:</strong> 4",
        "query: Find &lt;this&gt;: ",
        "<strong>Batch size:</strong> 16",
        "<strong>Disclosure:</strong> trained on what follows",
        "<strong>Trained on data:</strong> NLI",
        "<strong>Other datasets:</strong> wiki",
        "<strong>Declined:</strong> Hard: No such language.",
        "<strong>Embedding dimension:</strong> 16 (the repository says: 8)",
        "<strong>Languages:</strong> eng-Latn (the repository says: -)",
        "<strong>Private:</strong> yes",
        "<strong>Predictions are kept:</strong> yes",
    ):
        assert words in page, words
    files = f'<a href="https://hub.example/{submission.model_name}/tree/{submission.model_revision}"'
    assert f'{files} rel="noreferrer">read the code at this commit</a>' in page
    assert files in text_of(desk.get(f"{LIST}{submission.pk}/code/"))
    assert "2 tasks: Board" in text_of(desk.get(LIST))
    plain = make_submission(parts={"Parted": {"splits": ["test"], "subsets": None}})
    assert ">1 task<" in text_of(desk.get(LIST))
    assert "training data is not disclosed" in text_of(desk.get(f"{LIST}{plain.pk}/change/"))


def test_nobody_adds_or_deletes_submissions_by_hand(desk: Client) -> None:
    submission = make_submission()
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.get(f"{LIST}{submission.pk}/delete/").status_code == 403


def test_a_moderator_approves(desk: Client, moderator: User) -> None:
    submission = make_submission(tasks=[make_task()])
    response = desk.post(f"{LIST}{submission.pk}/approve/", follow=True)
    submission.refresh_from_db()
    assert (submission.state, submission.decided_by) == ("approved", moderator)
    run = EvaluationRun.objects.get()
    assert f"Run {run.pk}" in text_of(response)
    assert "Reject…" not in text_of(response)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject_id) == (moderator, "approved", str(submission.pk))
    assert entry.after == {"state": "approved", "run": run.pk}


def test_an_approval_needs_more_than_a_link(desk: Client) -> None:
    submission = make_submission(tasks=[make_task()])
    assert desk.get(f"{LIST}{submission.pk}/approve/").status_code == 405
    assert states() == ["pending"]


def test_a_rejection_asks_for_its_reason(desk: Client) -> None:
    submission = make_submission()
    address = f"{LIST}{submission.pk}/reject/"
    assert "<textarea" in text_of(desk.get(address))
    assert "Say why" in text_of(desk.post(address, {"reason": " "}))
    assert states() == ["pending"]
    desk.post(address, {"reason": "The card says nothing."})
    submission.refresh_from_db()
    assert (submission.state, submission.reason) == ("rejected", "The card says nothing.")
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.reason) == ("rejected", "The card says nothing.")


def test_several_are_approved_together_and_what_cannot_be_is_named(desk: Client) -> None:
    task = make_task()
    rows = [make_submission(tasks=[task]), make_submission(), make_submission(tasks=[task])]
    form = {"action": "approve_selected", "_selected_action": [row.pk for row in rows]}
    page = text_of(desk.post(LIST, form, follow=True))
    assert states() == ["approved", "pending", "approved"]
    assert f"Nothing is left to run for {rows[1]}" in page
    assert AuditEntry.objects.count() == 2


def test_several_are_rejected_with_one_reason(desk: Client) -> None:
    rows = [make_submission() for _ in range(3)]
    form = {"action": "reject_selected", "_selected_action": [row.pk for row in rows[:2]]}
    page = text_of(desk.post(LIST, form))
    assert page.count('name="_selected_action"') == 2
    assert "Say why" in text_of(desk.post(LIST, form | {"decide": "1", "reason": ""}))
    assert states() == ["pending"] * 3
    desk.post(LIST, form | {"decide": "1", "reason": "Copies of another model."})
    assert states() == ["rejected", "rejected", "pending"]


def test_a_decision_that_comes_too_late_is_explained(desk: Client) -> None:
    submission = make_submission(tasks=[make_task()])
    desk.post(f"{LIST}{submission.pk}/reject/", {"reason": "No."})
    page = text_of(desk.post(f"{LIST}{submission.pk}/approve/", follow=True))
    assert "cannot be approved: it is rejected." in page
    assert states() == ["rejected"]


@pytest.mark.parametrize("name", ["approve", "code", "reject"])
def test_what_was_changed_since_the_page_was_opened_is_not_decided_about(desk: Client, name: str) -> None:
    submission = make_submission(tasks=[make_task()])
    page = text_of(desk.get(f"{LIST}{submission.pk}/change/"))
    seen = f"{submission.pk}.1"
    assert f'name="seen" value="{seen}"' in page
    assert f"{LIST}{submission.pk}/code/?seen={seen}" in page
    Submission.objects.update(version=2)
    form = {"seen": seen, "reason": "Read.", "allowed": "yes"}
    assert f'name="seen" value="{seen}"' in text_of(desk.get(f"{LIST}{submission.pk}/code/?seen={seen}"))
    answer = text_of(desk.post(f"{LIST}{submission.pk}/{name}/", form, follow=True))
    assert "was changed since you opened it" in answer
    assert list(Submission.objects.values_list("state", "allows_remote_code")) == [("pending", False)]
    desk.post(f"{LIST}{submission.pk}/{name}/", form | {"seen": f"{submission.pk}.2"})
    assert list(Submission.objects.values_list("state", "allows_remote_code")) != [("pending", False)]


@pytest.mark.parametrize("action", ["approve_selected", "reject_selected"])
def test_of_several_only_those_that_are_as_they_were_shown_are_decided(desk: Client, action: str) -> None:
    rows = [make_submission(tasks=[make_task()]) for _ in range(2)]
    seen = [f"{row.pk}.1" for row in rows]
    page = text_of(desk.get(LIST))
    assert all(f'name="seen" value="{one}"' in page for one in seen)
    Submission.objects.filter(pk=rows[0].pk).update(version=2)
    form = {"action": action, "_selected_action": [row.pk for row in rows], "decide": "1", "reason": "No."}
    desk.post(LIST, form | {"seen": seen})
    assert states()[0] == "pending"
    assert states()[1] != "pending"


@pytest.mark.parametrize("permission", [None, "view_submission"])
def test_who_may_not_decide_cannot(permission: str | None) -> None:
    user = make_user(is_staff=True)
    if permission:
        user.user_permissions.add(make_role(MODERATOR).permissions.get(codename=permission))
    client = Client()
    client.force_login(user)
    submission = make_submission(tasks=[make_task()])
    assert client.get(f"{LIST}{submission.pk}/change/").status_code == (200 if permission else 403)
    assert client.post(f"{LIST}{submission.pk}/approve/").status_code == 403
    assert client.post(f"{LIST}{submission.pk}/reject/", {"reason": "No."}).status_code == 403
    client.post(LIST, {"action": "approve_selected", "_selected_action": [submission.pk]})
    assert states() == ["pending"]


def test_the_desk_is_closed_to_everybody_else() -> None:
    client = Client()
    assert client.get(LIST)["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")
    client.force_login(make_user())
    assert client.get(LIST, follow=True).status_code == 403
