"""The log as it is written, and the pages about a run, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from evaluation.failures import Failure, FailureClass
from evaluation.logs import stream
from evaluation.models import EvaluationUnit
from evaluation.services import claims
from evaluation.services.runs import cancel_run
from submissions.models import Submission
from tests.browser.inspector import Inspector
from tests.factories_evaluation import claimed_unit, make_run, make_worker
from tests.factories_submissions import make_moderator, make_submission

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unit(transactional_db: None) -> EvaluationUnit:
    """At work for ada's submission, which moderators approved."""
    ada = User.objects.create_user("ada", "ada@example.org")
    run = make_run(2, requested_by=ada)
    make_submission(ada, state="approved", run=run, decided_by=make_moderator(), decided_at=timezone.now())
    return claimed_unit(run, worker=make_worker())


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, unit: EvaluationUnit) -> Iterator[Page]:
    """A browser in which ada is signed in; its streams have ended when the test has."""
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    yield context.new_page()
    context.close()
    assert all(stream.free_places.acquire(timeout=10) for _ in range(stream.MAX_STREAMS))
    stream.free_places.release(stream.MAX_STREAMS)


def write(unit: EvaluationUnit, log: str) -> None:
    claims.heartbeat(unit=unit, progress="evaluating", log=log)


def test_lines_appear_as_they_are_written_and_the_button_ends_it(page: Page, unit: EvaluationUnit) -> None:
    submission = Submission.objects.get()
    write(unit, "loading the model\nbatch 1: 10%")
    page.goto(submission.get_absolute_url())
    log = page.locator("[data-log-lines]")
    expect(log).to_have_text("loading the model\nbatch 1: 10%")
    write(unit, "loading the model\nbatch 1: 100%\nbatch 2: 5%")
    expect(log).to_have_text("loading the model\nbatch 1: 100%\nbatch 2: 5%")
    page.get_by_text("Cancel the evaluation").first.click()
    page.get_by_role("button", name="Cancel the evaluation").click()
    expect(page.get_by_text("Cancelled: 2 tasks will not be evaluated.")).to_be_visible()
    expect(log).to_have_text("loading the model\nbatch 1: 100%\nbatch 2: 5%")
    page.get_by_role("button", name="Run failed and cancelled tasks again").click()
    expect(page.get_by_text("Queued again: 2 tasks.")).to_be_visible()


def test_without_a_free_thread_the_log_is_loaded_anew(page: Page, unit: EvaluationUnit) -> None:
    assert all(stream.free_places.acquire(timeout=10) for _ in range(stream.MAX_STREAMS))
    try:
        write(unit, "one\n")
        page.goto(unit.run.get_absolute_url())
        write(unit, "one\ntwo\n")
        expect(page.locator("[data-log-lines]")).to_have_text("one\ntwo", timeout=15_000)
    finally:
        stream.free_places.release(stream.MAX_STREAMS)


def test_pages_about_a_run_are_accessible_and_fit_the_screen(page: Page, unit: EvaluationUnit) -> None:
    claims.fail_unit(unit=unit, failure=Failure(FailureClass.TASK, "It has no split.", final=True), log="line\n" * 80)
    cancel_run(run=unit.run)
    submission = Submission.objects.get()
    inspector = Inspector(page)
    inspector.walk(
        {
            "run": unit.run.get_absolute_url(),
            "log": f"/runs/{unit.run_id}/tasks/{unit.pk}/log/",
            "submission": submission.get_absolute_url(),
            "notices": f"/submissions/{submission.pk}/notices/",
            "notifications": "/accounts/notifications/",
        }
    )
    assert not inspector.findings, "\n".join(inspector.findings)
