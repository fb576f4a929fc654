"""Doubts about results that anybody with an account may raise, and what was said to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from leaderboard.models.results import TaskResult


class ResultFlag(models.Model):
    """A doubt about a result. Without a flagger it is the board's own: a rerun came out differently."""

    class Reason(models.TextChoices):
        TOO_GOOD = "too_good", "The score is not plausible"
        TRAINED_ON = "trained_on", "The model was trained on this task's data"
        WRONG_SETUP = "wrong_setup", "Wrong prompts, settings, revision or dataset"
        NOT_REPRODUCED = "not_reproduced", "I ran it and got something else"
        METADATA = "metadata", "What is said of the model is wrong"
        OTHER = "other", "Something else"
        DISAGREES = "disagrees", "A rerun here came out differently"

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACCEPTED = "accepted", "accepted"
        DISMISSED = "dismissed", "dismissed"

    result = models.ForeignKey(TaskResult, models.PROTECT, related_name="flags")
    flagger = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="result_flags"
    )
    reason = models.TextField(choices=Reason)
    text = models.TextField()
    state = models.TextField(choices=State, default=State.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="decided_flags"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(
        blank=True, default="", help_text="Why it was accepted or dismissed; everybody reads it."
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = "flag"
        indexes = [models.Index(fields=["state", "created_at"], name="flag_by_state")]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="a_flag_says_what_is_wrong"),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True, decision="")
                | (~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decision="")),
                name="a_decided_flag_says_who_when_and_why",
            ),
            models.CheckConstraint(
                condition=Q(flagger__isnull=False) | Q(reason="disagrees"), name="only_a_rerun_flags_by_itself"
            ),
            models.UniqueConstraint(
                fields=["result", "flagger"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="one_open_flag_per_person_and_result",
            ),
        ]

    def __str__(self) -> str:
        return f"Flag {self.pk} on {self.result}"

    def get_absolute_url(self) -> str:
        return reverse("flag", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class FlagReply(models.Model):
    """What somebody answered to a flag; never changed."""

    flag = models.ForeignKey(ResultFlag, models.CASCADE, related_name="replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="flag_replies")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "flag replies"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="a_reply_says_something")]

    def __str__(self) -> str:
        return f"Reply {self.pk} to flag {self.flag_id}"
