"""How much somebody may ask for, and following what others asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from evaluation.failures import Failure, FailureClass
from evaluation.models import EvaluationRun
from evaluation.services import claims
from evaluation.services.runs import retry_failed_units
from leaderboard.models import AuditEntry
from submissions.checks import Outcome, Subject
from submissions.models import Quota, Submission, Visibility, Watch
from submissions.selectors.notifications import people_concerned
from submissions.selectors.quotas import MONTH, allowance
from submissions.selectors.watches import watchers_of
from submissions.services import submissions as services
from submissions.services.errors import SubmissionRefused
from submissions.services.watches import watch_submission
from tests.factories import make_task, result_json
from tests.factories_accounts import make_organisation
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_submissions import make_moderator, make_submission, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few(settings: Settings) -> None:
    settings.QUOTA_SUBMISSIONS_PER_MONTH, settings.QUOTA_UNFINISHED = 3, 2


def left(user: User) -> tuple[int | None, int | None]:
    found = allowance(user)
    return found.left_this_month, found.left_at_once


def approved(user: User, *failure_classes: str) -> Submission:
    """Its run ended: one task was cancelled, the others failed so."""
    submission = make_submission(user, tasks=[make_task() for _ in range(1 + len(failure_classes))])
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    assert run is not None
    units = list(run.units.order_by("pk"))
    for unit, failure_class in zip(units[1:], failure_classes, strict=True):
        run.units.filter(pk=unit.pk).update(state="failed", error="It failed.", failure_class=failure_class)
    run.units.filter(pk=units[0].pk).update(state="cancelled", finished_at=Now())
    state = "failed" if failure_classes else "cancelled"
    EvaluationRun.objects.filter(pk=run.pk).update(state=state, finished_at=Now())
    return submission


def test_what_waits_or_runs_counts_twice() -> None:
    user = make_user()
    make_submission(make_user())
    assert left(user) == (3, 2)
    make_submission(user)
    assert left(user) == (2, 1)


def test_what_ended_counts_for_the_month_only() -> None:
    user = make_user()
    approved(user, "model_code")
    assert left(user) == (2, 2)
    Submission.objects.update(created_at=timezone.now() - MONTH)
    assert left(user) == (3, 2)


def test_what_never_ran_is_given_back() -> None:
    user = make_user()
    services.withdraw(submission=make_submission(user))
    services.reject(submission=make_submission(user), decided_by=make_moderator(), reason="No.")
    assert left(user) == (3, 2)


@pytest.mark.parametrize(
    ("failures", "refunded"),
    [
        (["infrastructure"], True),
        (["infrastructure", "task"], True),
        (["infrastructure", "model_code"], False),
        (["task"], False),
        (["download"], False),
        ([], False),
    ],
)
def test_tasks_that_only_our_machines_failed_give_it_back_and_its_page_says_so(
    client: Client, failures: list[str], refunded: bool
) -> None:
    user = make_user()
    submission = approved(user, *failures)
    assert left(user) == (3 if refunded else 2, 2)
    client.force_login(user)
    page = client.get(submission.get_absolute_url()).content.decode()
    assert ("does not count against the quota" in page) is refunded


def test_a_finished_task_is_no_reason_to_keep_the_price_until_all_are_finished() -> None:
    user = make_user()
    run = make_run(2, requested_by=user)
    make_submission(user, state="approved", run=run, decided_by=make_moderator(), decided_at=timezone.now())

    def finish() -> None:
        unit = claimed_unit(run)
        payload = result_json(unit.task, {"test": {"default": 0.5}})
        claims.finish_unit(unit=unit, payload=payload, environment={"seed": 42})

    finish()
    claims.fail_unit(unit=claimed_unit(run), failure=Failure(FailureClass.INFRASTRUCTURE, "It was dark.", final=True))
    assert left(user) == (3, 2)
    retry_failed_units(run=run)
    assert left(user) == (2, 1)
    finish()
    assert left(user) == (2, 2)


def test_moderators_allow_single_people_more_and_have_no_limit_themselves() -> None:
    user = make_user()
    Quota.objects.create(user=user, submissions_per_month=50, unfinished_at_once=9)
    assert left(user) == (50, 9)
    assert left(make_moderator()) == (None, None)


def test_a_moderator_sets_quotas_by_name_and_from_a_submission(client: Client) -> None:
    client.force_login(make_moderator("mia"))
    user, add = make_user("ada"), "/admin/submissions/quota/add/"
    numbers = {"submissions_per_month": "50", "unfinished_at_once": "9", "reason": "A big family."}
    assert "There is no account" in client.post(add, {"username": "Ada", **numbers}).content.decode()
    assert client.post(add, {"username": "ada", **numbers}).status_code == 302
    assert left(user) == (50, 9)
    assert "has a quota already" in client.post(add, {"username": "ada", **numbers}).content.decode()

    submission = make_submission(user)
    desk = f"/admin/submissions/submission/{submission.pk}/quota/"
    assert 'value="50"' in client.get(desk).content.decode()
    client.post(desk, {**numbers, "submissions_per_month": "20"})
    assert left(user) == (19, 8)
    change = f"/admin/submissions/quota/{Quota.objects.get().pk}/change/"
    client.post(change, {**numbers, "unfinished_at_once": "1"})
    assert left(user) == (49, 0)
    client.post(f"/admin/submissions/quota/{Quota.objects.get().pk}/delete/", {"post": "yes"})
    assert left(user) == (2, 1)
    assert [(entry.action, entry.actor_name, entry.reason) for entry in AuditEntry.objects.order_by("pk")] == [
        *[("set the quota", "mia", "A big family.")] * 3,
        ("removed the quota", "mia", ""),
    ]


@pytest.mark.parametrize(("per_month", "at_once", "words"), [(0, 5, "thirty days"), (5, 0, "unfinished")])
def test_beyond_the_quota_nothing_is_saved(hub: str, per_month: int, at_once: int, words: str) -> None:
    user = make_user()
    Quota.objects.create(user=user, submissions_per_month=per_month, unfinished_at_once=at_once)
    with pytest.raises(SubmissionRefused, match=words) as refused:
        services.submit(submitter=user, model_name="example/model", tasks=[make_task()])
    assert [check.name for check in refused.value.checks if check.outcome is Outcome.ERROR] == [Subject.QUOTA]
    assert not Submission.objects.exists()


def test_the_form_says_what_is_left(client: Client) -> None:
    client.force_login(make_user())
    assert "You have 3 of 3 submissions left within thirty days" in client.get("/submit/").content.decode()


def test_whoever_comes_second_watches_the_first(client: Client, hub: str) -> None:
    task = make_task()
    first = services.submit(submitter=make_user(), model_name="example/model", tasks=[task])
    second = make_user()
    client.force_login(second)
    page = client.post("/submit/", {"model_name": "example/model", "tasks": task.name, "submit": "1"}).content.decode()
    address = reverse("watch_submission", args=[first.pk])
    assert f'action="{address}"' in page
    for _ in range(2):
        assert "You watch the submission" in client.post(address, follow=True).content.decode()
    watch = Watch.objects.get()
    assert "example/model, waiting for a decision" in client.get("/submissions/").content.decode()
    client.post(reverse("unwatch", args=[watch.pk]))
    assert not Watch.objects.exists()


def test_a_run_is_watched_too_and_ends_with_those_who_watch(client: Client, hub: str) -> None:
    task = make_task()
    first = services.submit(submitter=make_user(), model_name="example/model", tasks=[task])
    run = services.approve(submission=first, decided_by=make_moderator()).run
    assert run is not None
    early, late = make_user("early"), make_user("late")
    watch_submission(user=early, submission=first)
    client.force_login(late)
    page = client.post("/submit/", {"model_name": "example/model", "tasks": task.name, "check": "1"}).content.decode()
    assert f"Watch run {run.pk}" in page
    client.post(reverse("watch_run", args=[run.pk]))
    first.refresh_from_db()
    assert {watch.user for watch in watchers_of(first)} == {early, late}
    assert f'href="{run.get_absolute_url()}"' in client.get("/submissions/").content.decode()


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "ended"])
def test_what_has_ended_is_not_found_by_who_would_watch_it(client: Client, state: str) -> None:
    submission = make_submission(tasks=[make_task()])
    if state == "rejected":
        services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    elif state == "withdrawn":
        services.withdraw(submission=submission)
    else:
        submission = services.approve(submission=submission, decided_by=make_moderator())
        EvaluationRun.objects.update(state="cancelled", finished_at=Now())
    client.force_login(make_user())
    assert client.post(reverse("watch_submission", args=[submission.pk])).status_code == 404
    if submission.run is not None:
        assert client.post(reverse("watch_run", args=[submission.run.pk])).status_code == 404
    assert not Watch.objects.exists()


def test_who_may_not_see_it_stops_to_watch_what_a_change_hides(client: Client, hub: str) -> None:
    task, submitter, mate, onlooker = make_task(), make_user(), make_user("mate"), make_user("eve")
    organisation = make_organisation(submitter, mate)
    wish: dict[str, Any] = {"model_name": "example/model", "tasks": [task], "organisation": organisation}
    submission = services.submit(submitter=submitter, **wish)
    for watcher in (mate, onlooker):
        watch_submission(user=watcher, submission=submission)
    services.edit(submission=submission, edited_by=submitter, note="Still public.", **wish)
    assert Watch.objects.count() == 2
    services.edit(submission=submission, edited_by=submitter, is_private=True, **wish)
    assert [watch.user for watch in Watch.objects.all()] == [mate]
    client.force_login(mate)
    assert "example/model, waiting" in client.get("/submissions/").content.decode()
    organisation.memberships.filter(user=mate).delete()
    assert "example/model" not in client.get("/submissions/").content.decode()


def test_nobody_stops_the_watch_of_another(client: Client) -> None:
    watch = watch_submission(user=make_user(), submission=make_submission())
    client.force_login(make_user())
    assert client.post(reverse("unwatch", args=[watch.pk])).status_code == 404


def test_what_becomes_private_is_no_longer_told_to_those_who_watched_it(client: Client) -> None:
    submission, watcher, boss = make_submission(model_name="hush/model"), make_user(), make_moderator()
    for user in (watcher, boss):
        watch_submission(user=user, submission=submission)
    client.force_login(watcher)
    assert "hush/model" in client.get("/submissions/").content.decode()
    submission.visibility = Visibility.PRIVATE
    submission.save()
    assert "hush/model" not in client.get("/submissions/").content.decode()
    assert people_concerned(submission) == [submission.submitter, boss]
