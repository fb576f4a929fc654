"""Who may follow, cancel and repeat a run: a test per cell of the table in docs/submitting.md."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from evaluation.failures import FailureClass
from evaluation.models import EvaluationRun, EvaluationUnit
from evaluation.services import claims
from evaluation.services.runs import cancel_run
from submissions.models import Submission
from submissions.services.submissions import withdraw
from tests.factories_accounts import make_organisation
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_submissions import make_moderator, make_submission, make_user

pytestmark = pytest.mark.django_db

LINE = "line of the log"
PEOPLE = ["anonymous", "stranger", "submitter", "team-mate", "moderator"]
TRUSTED = {"submitter", "team-mate", "moderator"}


@pytest.fixture
def run() -> EvaluationRun:
    """Of a submission, at work, with a line in its log."""
    submitter = make_user("submitter")
    make_user("stranger")
    make_moderator("moderator")
    organisation = make_organisation(submitter, make_user("team-mate"))
    run = make_run(2, requested_by=submitter)
    make_submission(
        submitter,
        organisation=organisation,
        state="approved",
        run=run,
        decided_by=make_moderator(),
        decided_at=timezone.now(),
    )
    claims.heartbeat(unit=claimed_unit(run), progress="evaluating", log=LINE)
    return run


def browser(who: str) -> Client:
    client = Client()
    if who != "anonymous":
        client.force_login(User.objects.get(username=who))
    return client


@pytest.mark.parametrize("who", PEOPLE)
def test_the_log_is_for_those_it_belongs_to_and_for_moderators(run: EvaluationRun, who: str) -> None:
    client, may = browser(who), who in TRUSTED
    unit = EvaluationUnit.objects.get(state="running")
    page = client.get(run.get_absolute_url())
    assert page.status_code == 200
    assert (LINE in page.content.decode()) is may
    assert ("data-log-stream" in page.content.decode()) is may
    log = client.get(f"/runs/{run.pk}/tasks/{unit.pk}/log/")
    assert log.status_code == (200 if may else 302 if who == "anonymous" else 403)
    if not may:
        assert client.get(f"/runs/{run.pk}/log/stream/").status_code == 403
        assert client.get(f"/runs/{run.pk}/tasks/{unit.pk}/log/1.log").status_code in {302, 403}


@pytest.mark.parametrize("who", PEOPLE)
def test_a_run_is_cancelled_by_those_it_belongs_to_and_by_moderators(run: EvaluationRun, who: str) -> None:
    client, may = browser(who), who in TRUSTED
    address = f"/runs/{run.pk}/cancel/"
    assert (address in client.get(run.get_absolute_url()).content.decode()) is may
    assert client.get(address).status_code in {302, 405}
    response = client.post(address, {"next": "/queue/"})
    assert response.status_code == (302 if may or who == "anonymous" else 403)
    run.refresh_from_db()
    assert run.state == ("cancelled" if may else "running")
    if may:
        assert response["Location"] == "/queue/"


@pytest.mark.parametrize("who", PEOPLE)
def test_failed_tasks_run_again_for_those_it_belongs_to_and_for_moderators(run: EvaluationRun, who: str) -> None:
    cancel_run(run=run)
    client, may = browser(who), who in TRUSTED
    address = f"/runs/{run.pk}/retry/"
    assert (address in client.get(run.get_absolute_url()).content.decode()) is may
    response = client.post(address, {"next": "https://elsewhere.example/"}, follow=may)
    assert response.status_code == (200 if may else 302 if who == "anonymous" else 403)
    run.refresh_from_db()
    assert run.state == ("running" if may else "cancelled")
    if may:
        assert "Queued again: 2 tasks." in response.content.decode()
        assert response.redirect_chain[-1][0] == run.get_absolute_url()


def test_those_to_whom_a_run_belongs_try_again_a_few_times_and_moderators_always(run: EvaluationRun) -> None:
    address, client = f"/runs/{run.pk}/retry/", browser("submitter")
    failed = {"state": "failed", "owner": "", "lease_until": None, "error": "It broke.", "failure_class": "model"}
    for _ in range(4):
        run.units.update(**failed | {"failure_class": FailureClass.INFRASTRUCTURE.value})
        assert "Queued again" in client.post(address, follow=True).content.decode()
    for words in ("Queued again", "Queued again", "Queued again", "which is the limit"):
        run.units.update(**failed | {"failure_class": FailureClass.MODEL_CODE.value})
        assert words in client.post(address, follow=True).content.decode()
    assert "Queued again" in browser("moderator").post(address, follow=True).content.decode()


def test_a_run_whose_token_is_gone_leads_to_a_new_submission(run: EvaluationRun) -> None:
    EvaluationRun.objects.update(is_closed=True)
    cancel_run(run=run)
    client = browser("submitter")
    page = client.get(run.get_absolute_url()).content.decode()
    assert f"/submit/?from={Submission.objects.get().pk}" in page
    assert f"/runs/{run.pk}/retry/" not in page
    assert "submit it again with one" in client.post(f"/runs/{run.pk}/retry/", follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_what_was_withdrawn_does_not_come_to_life_again(run: EvaluationRun) -> None:
    withdraw(submission=Submission.objects.get())
    client = browser("submitter")
    assert f"/runs/{run.pk}/retry/" not in client.get(run.get_absolute_url()).content.decode()
    assert client.post(f"/runs/{run.pk}/retry/").status_code == 403


def test_a_run_that_was_asked_for_without_a_submission_belongs_to_whoever_asked() -> None:
    asked, nobody = make_run(requested_by=make_user("submitter")), make_run()
    client = browser("submitter")
    assert client.post(f"/runs/{asked.pk}/cancel/").status_code == 302
    assert client.post(f"/runs/{nobody.pk}/cancel/").status_code == 403
    assert Client().get(nobody.get_absolute_url()).content.decode().count("data-log-stream") == 0
    assert (
        "Nothing of this run" in browser_of_moderator().post(f"/runs/{nobody.pk}/retry/", follow=True).content.decode()
    )


def browser_of_moderator() -> Client:
    make_moderator("moderator")
    return browser("moderator")
