"""People are told what was decided about their uploads, and what is said of their results."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from evaluation.services import claims
from leaderboard.models import TaskResult
from submissions.delivery_jobs import deliver
from submissions.models import Notification, ResultUpload
from submissions.notices import Event, Subject
from submissions.services import flags, uploads
from submissions.services import notifications as services
from tests.factories import make_model, make_task, result_json
from tests.factories_evaluation import claimed_unit, make_run
from tests.factories_submissions import make_moderator, make_submission, make_user
from tests.factories_uploads import make_comparison, make_flag, make_reported, make_upload
from tests.factories_webhooks import receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_user("ada", email="ada@example.org")


def approved_upload(submitter: User) -> TaskResult:
    upload = uploads.approve_upload(upload=make_upload(submitter), decided_by=make_moderator())
    return upload.files.get().result  # type: ignore[return-value]


def result_of_a_run(submitter: User) -> TaskResult:
    """The result of a submission's only task."""
    run = make_run(1, requested_by=submitter)
    make_submission(
        submitter,
        model_name=run.model_meta.name,
        state="approved",
        run=run,
        decided_by=make_moderator(),
        decided_at=timezone.now(),
    )
    unit = claimed_unit(run)
    claims.finish_unit(unit=unit, payload=result_json(unit.task, {"test": {"default": 0.5}}), environment={"seed": 42})
    unit.refresh_from_db()
    assert unit.result is not None
    return unit.result


def told(event: Event) -> set[User]:
    return {one.recipient for one in Notification.objects.filter(event=event)}


def test_the_reason_of_a_rejected_upload_reaches_the_submitter_by_mail(ada: User) -> None:
    upload = make_upload(ada, model_name="ada/model")
    uploads.reject_upload(upload=upload, decided_by=make_moderator(), reason="The prompts are missing.")
    assert deliver() == 1
    (message,) = mail.outbox
    assert message.subject == "Podium: ada/model: results rejected"
    assert "rejected the uploaded results of ada/model.\n\nThe prompts are missing." in message.body
    assert f"http://localhost:8000{upload.get_absolute_url()}" in message.body
    assert "because you uploaded the results" in message.body


def test_who_wants_no_mail_finds_it_on_the_page_only(ada: User) -> None:
    services.save_settings(user=ada, by_email=False)
    approved_upload(ada)
    assert deliver() == 0
    assert told(Event.UPLOAD_APPROVED) == {ada}


def test_a_webhook_for_everything_hears_of_uploads_and_flags_and_one_for_a_submission_does_not(
    ada: User, settings: Settings
) -> None:
    settings.WEBHOOK_PRIVATE = settings.WEBHOOK_HTTP = True
    with receiving() as everything, receiving() as one:
        services.set_webhook(owner=ada, url=everything.url)
        services.set_webhook(owner=ada, url=one.url, submission=make_submission(ada))
        result = approved_upload(ada)
        flag = flags.raise_flag(result=result, flagger=make_user(), reason="other", text="Odd.")
        deliver()
    assert not one.requests
    approved, flagged = (json.loads(request.body) for request in everything.requests)
    upload = ResultUpload.objects.get()
    assert approved["event"] == "upload.approved"
    assert (approved["upload"]["number"], approved["upload"]["model"]) == (upload.pk, upload.model_name)
    assert approved["submission"] is approved["run"] is approved["flag"] is None
    assert (flagged["event"], flagged["message"]) == ("flag.raised", "Something else: Odd.")
    assert flagged["flag"] == {
        "number": flag.pk,
        "url": f"http://localhost:8000/flags/{flag.pk}/",
        "model": upload.model_name,
        "revision": upload.model_revision,
        "task": result.task.name,
    }


@pytest.mark.parametrize("made", [approved_upload, result_of_a_run])
def test_whose_result_it_is_and_who_wrote_hear_what_is_said(ada: User, made: Callable[[User], TaskResult]) -> None:
    result, flagger, moderator = made(ada), make_user("fred"), make_moderator("mo")
    make_upload()
    flag = flags.raise_flag(result=result, flagger=flagger, reason="too_good", text="Far above its size.")
    assert told(Event.FLAG_RAISED) == {ada}
    flags.reply(flag=flag, author=ada, text="I ran it twice.")
    assert told(Event.FLAG_ANSWERED) == {flagger}
    flags.reply(flag=flag, author=moderator, text="We look into it.")
    assert told(Event.FLAG_ANSWERED) == {flagger, ada}
    flags.decide_flag(flag=flag, decided_by=make_moderator(), state="dismissed", decision="A rerun gave the same.")
    assert told(Event.FLAG_DISMISSED) == {flagger, ada, moderator}
    assert {one.facts["message"] for one in Notification.objects.filter(event=Event.FLAG_DISMISSED)} == {
        "A rerun gave the same."
    }


def test_a_flag_of_the_board_itself_is_told_once() -> None:
    reported = make_reported(make_model(), make_task(), 0.5)
    upload = make_upload(task=reported.task)
    upload.files.update(payload=None, result=reported)
    make_comparison(reported, 0.6)
    flags.flag_disagreements()
    flags.flag_disagreements()
    notification = Notification.objects.get(event=Event.FLAG_RAISED)
    assert notification.recipient == upload.submitter
    assert "differs by 10.000 points" in notification.facts["message"]


def test_a_notification_is_about_one_thing(ada: User) -> None:
    flags.reply(flag=make_flag(flagger=ada), author=make_moderator(), text="Say more.")
    notification = Notification.objects.get()
    for change in ({"flag": None}, {"submission": make_submission()}):
        with pytest.raises(IntegrityError, match="a_notification_is_about_one_thing"), transaction.atomic():
            Notification.objects.filter(pk=notification.pk).update(**change)


def test_each_event_has_a_subject_that_a_notification_can_have() -> None:
    fields = {field.name for field in Notification._meta.get_fields()}
    assert {event.subject for event in Event} == set(Subject)
    assert {subject.value for subject in Subject} <= fields
