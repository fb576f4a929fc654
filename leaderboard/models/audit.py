"""What people with power decided and changed. Rows are added and never changed; the database sees to it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """Who did what to what, when and why, with the values that it changed.

    Entries outlive whoever and whatever they name, so the names are kept as they were. Triggers refuse UPDATE, DELETE
    and TRUNCATE (migration `audit_is_append_only`), and another copies what Django's admin notes of changes by hand.
    """

    at = models.DateTimeField(db_default=Now())
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        help_text="The account; it may be gone.",
    )
    actor_name = models.TextField(help_text="The account's name at that time.")
    action = models.TextField(help_text="What was done, as a verb in the past: approved, rejected, …")
    subject_type = models.TextField(help_text="app.model of what it was done to.")
    subject_id = models.TextField()
    subject_name = models.TextField(help_text="What it was called at that time.")
    before = models.JSONField(default=dict, help_text="{field: value} of what changed, as it was.")
    after = models.JSONField(default=dict, help_text="{field: value} of what changed, as it is since.")
    reason = models.TextField(default="")

    class Meta:
        ordering = ["-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="") & ~Q(actor_name="") & ~Q(subject_type="") & ~Q(subject_id=""),
                name="an_audit_entry_says_who_did_what_to_what",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.subject_name}"
