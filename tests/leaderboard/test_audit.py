"""The audit log: what is written, and that nobody rewrites it."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction

from leaderboard.models import AuditEntry
from leaderboard.selectors.audit import audit_entries
from leaderboard.services.audit import record
from tests.factories import make_model
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> AuditEntry:
    return record(
        actor=make_user("ada"),
        action="moved",
        subject=make_model("org/model"),
        before={"lane": "normal", "worker_class": ""},
        after={"lane": "express", "worker_class": ""},
        reason="A release waits for it.",
    )


def test_an_entry_says_who_did_what_to_what_and_what_changed(entry: AuditEntry) -> None:
    kept = AuditEntry.objects.get()
    assert str(kept) == "ada moved org/model"
    assert (kept.before, kept.after, kept.reason) == (
        {"lane": "normal"},
        {"lane": "express"},
        "A release waits for it.",
    )
    assert kept.at is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leaderboard_auditentry SET actor_name = 'somebody else'",
        "DELETE FROM leaderboard_auditentry",
        "TRUNCATE leaderboard_auditentry",
        "SET LOCAL session_replication_role = replica; DELETE FROM leaderboard_auditentry",
    ],
)
def test_the_database_refuses_to_change_entries(entry: AuditEntry, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leaderboard_auditentry ENABLE ALWAYS TRIGGER the_audit_log_is_never_emptied")
        with pytest.raises(IntegrityError, match="added to, never changed"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEntry.objects.get().actor_name == "ada"


def test_entries_outlive_the_account_and_what_they_are_about(entry: AuditEntry) -> None:
    model_meta = make_model("org/model-2")
    assert entry.actor is not None
    record(actor=entry.actor, action="deleted", subject=model_meta)
    model_meta.delete()
    entry.actor.delete()
    assert [kept.actor_name for kept in AuditEntry.objects.all()] == ["ada", "ada"]


def test_entries_about_something_are_found_the_latest_first(entry: AuditEntry) -> None:
    actor, model_meta = make_user(), make_model()
    for action in ("noted", "corrected"):
        record(actor=actor, action=action, subject=model_meta)
    assert [found.action for found in audit_entries(model_meta)] == ["corrected", "noted"]


def test_what_is_changed_by_hand_in_the_admin_is_copied_into_the_log() -> None:
    actor, group = make_user("ada"), Group.objects.create(name="Judges")
    LogEntry.objects.log_actions(
        actor.pk, Group.objects.filter(pk=group.pk), CHANGE, [{"changed": {"fields": ["Permissions"]}}]
    )
    entry = AuditEntry.objects.get()
    assert str(entry) == "ada changed Judges"
    assert (entry.subject_type, entry.subject_id) == ("auth.group", str(group.pk))
    assert "Permissions" in entry.after["admin"]
