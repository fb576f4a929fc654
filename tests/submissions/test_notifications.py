"""People are told what became of submissions: outbox, e-mail, signed webhooks, and what each person chose."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from evaluation.failures import Failure, FailureClass
from evaluation.services import claims
from evaluation.services.runs import cancel_run, retry_failed_units
from submissions.delivery_jobs import deliver
from submissions.jobs import delete_what_is_old
from submissions.models import Delivery, Notification, Submission, Visibility, Webhook
from submissions.notices import Event, Subject
from submissions.selectors import notifications as selectors
from submissions.services import notifications as services
from submissions.services import submissions as submission_services
from submissions.services.watches import watch_submission
from tests.factories import make_task
from tests.factories_accounts import make_organisation
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_submissions import make_moderator, make_submission, make_user
from tests.factories_webhooks import receiving

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def ada() -> User:
    return make_user("ada", email="ada@example.org")


@pytest.fixture
def private(settings: Settings) -> None:
    """As an operator would set it who has webhooks in the own network."""
    settings.WEBHOOK_PRIVATE = settings.WEBHOOK_HTTP = True


def with_run(submitter: User, n_tasks: int = 1) -> Submission:
    """An approved submission, its run in the queue."""
    run = make_run(n_tasks, requested_by=submitter)
    return make_submission(submitter, state="approved", run=run, decided_by=make_moderator(), decided_at=timezone.now())


def test_a_rejection_reaches_the_submitter_with_its_reason(ada: User) -> None:
    submission = make_submission(ada, model_name="ada/model")
    submission_services.reject(submission=submission, decided_by=make_moderator(), reason="No licence.")
    assert deliver() == 1
    (message,) = mail.outbox
    assert message.subject == "Podium: ada/model: rejected"
    assert message.to == ["ada@example.org"]
    assert "The moderators rejected the submission of ada/model.\n\nNo licence." in message.body
    assert f"http://localhost:8000/submissions/{submission.pk}/" in message.body
    assert "/accounts/notifications/" in message.body
    assert Delivery.objects.get().state == State.DELIVERED


def test_each_end_of_a_run_is_told_once(ada: User) -> None:
    submission = with_run(ada, n_tasks=2)
    run = submission.run
    assert run is not None
    claims.fail_unit(unit=claimed_unit(run), failure=Failure(FailureClass.TASK, "Broken.", final=True))
    assert not Notification.objects.exists()
    claims.fail_unit(unit=claimed_unit(run), failure=Failure(FailureClass.TASK, "Broken.", final=True))
    notification = Notification.objects.get()
    assert notification.event == Event.RUN_FAILED
    assert (notification.facts["failed"], notification.facts["total"]) == (2, 2)
    retry_failed_units(run=run)
    cancel_run(run=run)
    cancel_run(run=run)
    assert [one.event for one in Notification.objects.order_by("pk")] == [Event.RUN_FAILED, Event.RUN_CANCELLED]


@pytest.mark.parametrize("event", [event for event in Event if event.subject is Subject.SUBMISSION])
def test_onlookers_hear_that_it_ended_and_others_hear_what_was_said(ada: User, event: Event) -> None:
    submission = with_run(ada)
    mate, moderator, onlooker = make_user("mate"), make_moderator("mo"), make_user("eve", email="eve@example.org")
    submission.organisation = make_organisation(ada, mate)
    submission.save()
    for watcher in (mate, moderator, onlooker):
        watch_submission(user=watcher, submission=submission)
    services.notify(submission=submission, event=event, message="For your eyes only.")
    told = {one.recipient: one for one in Notification.objects.all()}
    for person in (ada, mate, moderator):
        assert told.pop(person).facts["message"] == "For your eyes only."
    if event == Event.QUESTION:
        assert not told
        return
    notification = told.pop(onlooker)
    assert not told
    assert (notification.facts["message"], notification.path) == ("", f"/runs/{submission.run_id}/")
    deliver()
    (message,) = [message for message in mail.outbox if message.to == ["eve@example.org"]]
    assert "For your eyes only." not in message.body
    assert "lets you run them again" not in message.body
    assert f"/submissions/{submission.pk}/" not in message.body
    client = Client()
    client.force_login(onlooker)
    assert f'href="{notification.path}"' in client.get("/accounts/notifications/").content.decode()
    assert client.get(notification.path).status_code == 200


def test_taking_it_back_is_told_once_whenever_it_happens(ada: User) -> None:
    waiting, running, watcher = make_submission(ada), with_run(ada), make_user()
    for submission in (waiting, running):
        watch_submission(user=watcher, submission=submission)
        submission_services.withdraw(submission=submission)
    told = [(one.submission, one.recipient, one.event) for one in Notification.objects.order_by("pk")]
    assert told == [
        (waiting, ada, Event.WITHDRAWN),
        (waiting, watcher, Event.WITHDRAWN),
        (running, ada, Event.RUN_CANCELLED),
        (running, watcher, Event.RUN_CANCELLED),
    ]


@pytest.mark.usefixtures("private")
def test_a_webhook_of_an_onlooker_is_not_told_the_reason(ada: User) -> None:
    submission, onlooker = make_submission(ada), make_user("eve")
    watch_submission(user=onlooker, submission=submission)
    with receiving() as receiver:
        services.set_webhook(owner=onlooker, url=receiver.url)
        submission_services.reject(submission=submission, decided_by=make_moderator(), reason="No licence.")
        deliver()
    body = json.loads(receiver.requests[0].body)
    assert (body["event"], body["message"]) == ("submission.rejected", "")
    assert body["submission"]["url"] == "http://localhost:8000/submissions/"
    assert b"No licence" not in receiver.requests[0].body


def test_onlookers_hear_nothing_of_what_is_hidden(ada: User) -> None:
    submission, onlooker = make_submission(ada), make_user("eve")
    watch_submission(user=onlooker, submission=submission)
    Submission.objects.update(visibility=Visibility.PRIVATE)
    submission.refresh_from_db()
    services.notify(submission=submission, event=Event.RUN_DONE)
    assert [one.recipient for one in Notification.objects.all()] == [ada]


def test_a_run_without_a_submission_tells_nobody() -> None:
    cancel_run(run=make_run())
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_did_not_happen_is_not_told(ada: User) -> None:
    submission = make_submission(ada)
    with transaction.atomic():
        submission_services.reject(submission=submission, decided_by=make_moderator(), reason="No licence.")
        transaction.set_rollback(True)
    assert not Notification.objects.exists()
    assert not OrmQ.objects.exists()


def test_the_job_is_sent_for_once_it_is_committed(
    ada: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.notify(submission=make_submission(ada), event=Event.QUESTION, message="Which data?")
    assert [job.key for job in OrmQ.objects.all()] == ["default"]


def test_who_wants_no_mail_gets_none_unless_they_asked_for_one_submission(ada: User) -> None:
    services.save_settings(user=ada, by_email=False)
    first, second = make_submission(ada), make_submission(ada)
    services.choose_for_submission(user=ada, submission=second, by_email=True)
    for submission in (first, second):
        services.notify(submission=submission, event=Event.PUBLISHED)
    assert [delivery.notification.submission for delivery in Delivery.objects.all()] == [second]
    assert Notification.objects.filter(recipient=ada).count() == 2


def test_without_an_address_or_with_a_closed_account_nothing_is_sent() -> None:
    services.notify(submission=make_submission(make_user()), event=Event.PUBLISHED)
    assert Notification.objects.count() == 1
    services.notify(submission=make_submission(make_user(is_active=False)), event=Event.PUBLISHED)
    assert Notification.objects.count() == 1
    assert deliver() == 0


@pytest.mark.usefixtures("private")
def test_a_webhook_is_signed_as_the_recipe_says(ada: User) -> None:
    submission = with_run(ada, n_tasks=1)
    with receiving() as receiver:
        secret = services.set_webhook(owner=ada, url=receiver.url).secret
        cancel_run(run=submission.run)  # type: ignore[arg-type]
        deliver()
    (request,) = receiver.requests
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Podium-Event"] == "run.cancelled"
    # The recipe of docs/notifications.md.
    signed = dict(part.split("=", 1) for part in request.headers["Podium-Signature"].split(","))
    message = signed["t"].encode() + b"." + request.body
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signed["v1"], expected)
    assert abs(int(signed["t"]) - timezone.now().timestamp()) < 60
    body = json.loads(request.body)
    notification = Notification.objects.get()
    assert body["id"] == notification.pk
    assert body["event"] == "run.cancelled"
    assert body["submission"] == {
        "number": submission.pk,
        "url": f"http://localhost:8000/submissions/{submission.pk}/",
        "model": submission.model_name,
        "revision": submission.model_revision,
    }
    assert body["run"] == {
        "number": submission.run_id,
        "url": f"http://localhost:8000/runs/{submission.run_id}/",
        "tasks": {"total": 1, "done": 0, "failed": 0},
    }


@pytest.mark.usefixtures("private")
def test_webhooks_for_everything_and_for_one_submission_are_both_told_and_have_their_own_secrets(ada: User) -> None:
    submission, other = make_submission(ada), make_submission(ada)
    with receiving() as everything, receiving() as one:
        first = services.set_webhook(owner=ada, url=everything.url)
        second = services.set_webhook(owner=ada, url=one.url, submission=submission)
        assert first.secret != second.secret
        services.notify(submission=submission, event=Event.PUBLISHED)
        services.notify(submission=other, event=Event.PUBLISHED)
        deliver()
    assert (len(everything.requests), len(one.requests)) == (2, 1)


@pytest.mark.usefixtures("private")
def test_a_webhook_that_fails_is_tried_again_later_each_time_and_at_last_given_up(ada: User) -> None:
    submission = make_submission(make_user())
    Submission.objects.filter(pk=submission.pk).update(submitter=ada)
    submission.refresh_from_db()
    services.save_settings(user=ada, by_email=False)
    waits = []
    with receiving(status=500) as receiver:
        services.set_webhook(owner=ada, url=receiver.url)
        services.notify(submission=submission, event=Event.PUBLISHED)
        while True:
            assert deliver() == 1
            delivery = Delivery.objects.get()
            if delivery.state == State.FAILED:
                break
            waits.append(round((delivery.available_at - timezone.now()).total_seconds() / 30) * 30)
            assert deliver() == 0
            Delivery.objects.update(available_at=Now())
    assert waits == [30, 120, 900, 3600, 21600]
    assert len(receiver.requests) == 6
    assert delivery.error == "The address answered with status 500."
    client = Client()
    client.force_login(ada)
    page = client.get(submission.get_absolute_url()).content.decode()
    assert "You could not be told by webhook (published): The address answered with status 500." in page
    with receiving() as receiver:
        Webhook.objects.update(url=receiver.url)
        assert "Send again" in client.get("/accounts/notifications/").content.decode()
        client.post(f"/accounts/notifications/{delivery.pk}/again/")
        deliver()
    assert Delivery.objects.get().state == State.DELIVERED
    assert len(receiver.requests) == 1


def test_mail_that_cannot_be_sent_is_tried_again(ada: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    services.notify(submission=make_submission(ada), event=Event.PUBLISHED)
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == (State.WAITING, 1)
    assert "refused" in delivery.error


def test_a_delivery_whose_sender_died_is_taken_again_and_the_dead_one_changes_nothing(ada: User) -> None:
    services.notify(submission=make_submission(ada), event=Event.PUBLISHED)
    lost = services.claim_delivery()
    assert lost is not None
    assert services.claim_delivery() is None
    Delivery.objects.update(available_at=Now() - timedelta(seconds=1))
    assert deliver() == 1
    services.not_delivered(delivery=lost, error="Too late.")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error, delivery.attempts) == (State.DELIVERED, "", 2)


def test_old_notifications_are_deleted_once_nothing_of_them_waits(ada: User, settings: Settings) -> None:
    settings.KEEP_NOTIFICATIONS_DAYS = 90
    services.set_webhook(owner=ada, url="https://example.org/hook")
    old, waiting, young = (services.notify(submission=make_submission(ada), event=Event.PUBLISHED)[0] for _ in range(3))
    Delivery.objects.exclude(notification=waiting).update(state=State.DELIVERED, ended_at=Now())
    Delivery.objects.filter(notification=waiting, channel="email").update(state=State.DELIVERED, ended_at=Now())
    Notification.objects.exclude(pk=young.pk).update(created_at=Now() - timedelta(days=91))
    over, going_on = SessionStore(), SessionStore()
    over.set_expiry(timezone.now() - timedelta(days=1))
    over.save()
    going_on.save()
    assert delete_what_is_old() == 1
    assert set(Notification.objects.all()) == {waiting, young}
    assert set(Delivery.objects.values_list("notification", flat=True)) == {waiting.pk, young.pk}
    assert [session.session_key for session in Session.objects.all()] == [going_on.session_key]
    assert not Notification.objects.filter(pk=old.pk).exists()


def test_a_webhook_in_a_private_network_is_refused_where_it_is_not_allowed(ada: User, settings: Settings) -> None:
    settings.WEBHOOK_HTTP = True
    with receiving() as receiver:
        services.set_webhook(owner=ada, url=receiver.url)
        services.notify(submission=make_submission(ada), event=Event.PUBLISHED)
        deliver()
    assert receiver.requests == []
    assert "private network" in Delivery.objects.get(channel="webhook").error


def test_somebody_sets_a_webhook_reads_its_secret_once_and_takes_it_away(ada: User, settings: Settings) -> None:
    settings.WEBHOOK_HTTP = False
    client = Client()
    client.force_login(ada)
    refused = client.post("/accounts/notifications/webhook/", {"url": "http://example.org/"}).content.decode()
    assert "The address has to begin with https://." in refused
    assert 'value="http://example.org/"' in refused
    shown = client.post("/accounts/notifications/webhook/", {"url": "https://example.org/hook"})
    webhook = Webhook.objects.get()
    assert webhook.secret in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    again = client.get("/accounts/notifications/").content.decode()
    assert webhook.secret not in again
    assert 'value="https://example.org/hook"' in again
    client.post("/accounts/notifications/webhook/", {"url": ""})
    assert not Webhook.objects.exists()


def test_the_database_alone_does_not_give_secrets_away(ada: User, settings: Settings) -> None:
    webhook = services.set_webhook(owner=ada, url="https://example.org/hook")
    before = webhook.secret
    assert webhook.salt not in before
    settings.SECRET_KEY = "another key of the site"
    assert webhook.secret != before


def test_somebody_chooses_for_everything_and_for_one_submission(ada: User) -> None:
    client = Client()
    client.force_login(ada)
    submission = make_submission(ada)
    address = f"/submissions/{submission.pk}/notices/"
    assert "ada@example.org" in client.get("/accounts/notifications/").content.decode()
    client.post("/accounts/notifications/", {})
    assert "checked" not in client.get(address).content.decode()
    client.post(address, {"by_email": "on"})
    assert "checked" in client.get(address).content.decode()
    assert "checked" not in client.get("/accounts/notifications/").content.decode()
    client.post(address, {"url": "https://example.org/hook"})
    assert Webhook.objects.get().submission == submission


def test_the_form_says_how_one_is_told_and_the_next_page_shows_the_secret_once(
    client: Client, hub: str, ada: User, settings: Settings
) -> None:
    settings.WEBHOOK_HTTP = False
    client.force_login(ada)
    wish = {"model_name": "example/model", "tasks": make_task().name, "by_email": "no", "submit": "1"}
    refused = client.post("/submit/", wish | {"webhook": "http://example.org/hook"}).content.decode()
    assert "The address has to begin with https://." in refused
    assert not Submission.objects.exists()
    shown = client.post("/submit/", wish | {"webhook": "https://example.org/hook"}, follow=True)
    submission, webhook = Submission.objects.get(), Webhook.objects.get()
    assert webhook.submission == submission
    assert webhook.secret in shown.content.decode()
    assert webhook.secret not in client.get(submission.get_absolute_url()).content.decode()
    assert not selectors.wants_email(ada, submission)
    assert selectors.wants_email(ada)

    for address in (f"/submit/?from={submission.pk}", f"{submission.get_absolute_url()}edit/"):
        form = client.get(address).content.decode()
        assert 'value="https://example.org/hook"' in form
        assert '<option value="no" selected>' in form
    unchanged = wish | {"webhook": "https://example.org/hook", "note": "As before."}
    again = client.post(f"{submission.get_absolute_url()}edit/", unchanged, follow=True).content.decode()
    assert "The secret of your webhook" not in again
    assert Webhook.objects.get().secret == webhook.secret
    client.post(f"{submission.get_absolute_url()}edit/", wish | {"webhook": "", "by_email": ""})
    assert not Webhook.objects.exists()
    assert selectors.wants_email(ada, submission)


def test_notices_of_others_are_nobodys_business(ada: User) -> None:
    services.notify(submission=make_submission(ada), event=Event.PUBLISHED)
    delivery = Delivery.objects.get()
    stranger = Client()
    assert stranger.get("/accounts/notifications/")["Location"].startswith("/accounts/login/")
    stranger.force_login(make_user("eve"))
    assert stranger.get(f"/submissions/{delivery.notification.submission_id}/notices/").status_code == 404
    assert stranger.post(f"/accounts/notifications/{delivery.pk}/again/").status_code == 404
    assert delivery.notification.name not in stranger.get("/accounts/notifications/").content.decode()
