"""Flags: who may raise, answer and decide, and what pages say."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from leaderboard.models import AuditEntry, ResultFlag
from submissions.models import ResultUpload
from submissions.selectors import flags as selectors
from submissions.services import flags as services
from submissions.services.errors import NotPossible
from tests.factories import make_model, make_task
from tests.factories_submissions import make_moderator, make_user
from tests.factories_uploads import make_comparison, make_flag, make_reported, make_upload

pytestmark = pytest.mark.django_db


def owner_of(flag: ResultFlag) -> ResultUpload:
    upload = make_upload(model_name=flag.result.model_revision.model_meta.name)
    ResultUpload.objects.filter(pk=upload.pk).update(
        state="approved", decided_by=make_moderator(), decided_at=upload.created_at
    )
    return upload


def test_a_person_flags_a_result_from_its_page(client: Client) -> None:
    result = make_reported(make_model(), make_task())
    address = reverse("new_flag", args=[result.pk])
    assert client.get(address).status_code == 302
    client.force_login(make_user())
    assert "Say why" in client.post(address, {"reason": "too_good", "text": " "}).content.decode()
    client.post(address, {"reason": "too_good", "text": "<script>alert(1)</script> Far above its size."})
    flag = ResultFlag.objects.get()
    page = Client().get(flag.get_absolute_url()).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert flag.result.task.name in Client().get(reverse("flags")).content.decode()
    assert "still open" in client.post(address, {"reason": "other", "text": "Again."}).content.decode()


def test_only_so_many_flags_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "FLAGS_A_DAY", 2)
    user = make_user()
    for _ in range(2):
        make_flag(flagger=user)
    with pytest.raises(services.TooMany):
        services.raise_flag(
            result=make_reported(make_model(), make_task()), flagger=user, reason="other", text="One more."
        )


def test_flagger_owner_and_moderators_answer_and_strangers_do_not() -> None:
    flag = make_flag()
    assert flag.flagger is not None
    for author in (flag.flagger, owner_of(flag).submitter, make_moderator()):
        services.reply(flag=flag, author=author, text="I looked into it.")
    with pytest.raises(services.NotAllowed):
        services.reply(flag=flag, author=make_user(), text="Me, too.")
    assert flag.replies.count() == 3


def test_only_so_many_answers_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "REPLIES_AN_HOUR", 1)
    flag = make_flag()
    assert flag.flagger is not None
    services.reply(flag=flag, author=flag.flagger, text="More.")
    with pytest.raises(services.TooMany):
        services.reply(flag=flag, author=flag.flagger, text="And more.")


def test_moderators_decide_with_a_reason(client: Client) -> None:
    flag = make_flag()
    address = reverse("decide_flag", args=[flag.pk])
    client.force_login(make_user())
    assert client.post(address, {"state": "accepted", "decision": "True."}).status_code == 403
    client.force_login(make_moderator())
    assert "This field is required" in client.post(address, {"state": "accepted", "decision": ""}).content.decode()
    client.post(address, {"state": "dismissed", "decision": "A rerun gave the same."})
    page = client.get(flag.get_absolute_url()).content.decode()
    assert "A rerun gave the same." in page
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before, entry.reason) == ("dismissed", {"state": "open"}, "A rerun gave the same.")
    with pytest.raises(NotPossible, match="dismissed"):
        services.decide_flag(flag=flag, decided_by=make_moderator(), state="accepted", decision="No.")
    assert flag.flagger is not None
    flag.refresh_from_db()
    with pytest.raises(services.NotAllowed):
        services.reply(flag=flag, author=flag.flagger, text="But.")


def test_answers_are_written_on_the_page(client: Client) -> None:
    flag = make_flag()
    assert flag.flagger is not None
    client.force_login(flag.flagger)
    client.post(reverse("reply_to_flag", args=[flag.pk]), {"text": "I ran it twice."})
    assert "I ran it twice." in client.get(flag.get_absolute_url()).content.decode()


def test_a_disagreement_is_flagged_once_for_the_moderators(client: Client) -> None:
    make_comparison(make_reported(make_model(), make_task(), 0.5), 0.6)
    assert services.flag_disagreements() == 1
    flag = ResultFlag.objects.get()
    assert "differs by 10.000 points" in flag.text
    assert services.flag_disagreements() == 0
    client.force_login(make_moderator())
    assert f"flag {flag.pk}" in client.get(reverse("admin:leaderboard_resultflag_changelist")).content.decode()
