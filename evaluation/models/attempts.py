"""What became of each attempt to evaluate a task, with its log. Written once, when the attempt ends."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from evaluation.failures import FailureClass
from evaluation.models.runs import FAILURE_LABELS, EvaluationUnit


class AttemptLog(models.Model):
    """An attempt that ended. `number` counts all attempts of the unit, those that did not use up a try included."""

    class Outcome(models.TextChoices):
        DONE = "done", "done"
        FAILED = "failed", "failed"
        CANCELLED = "cancelled", "cancelled"
        HANDED_BACK = "handed_back", "stopped with its worker"
        LOST = "lost", "lost with its worker"

    unit = models.ForeignKey(EvaluationUnit, models.CASCADE, related_name="attempt_logs")
    number = models.SmallIntegerField()
    worker_host = models.TextField(blank=True, default="")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.TextField(choices=Outcome)
    failure_class = models.TextField(blank=True, default="", help_text="One of evaluation.failures.FailureClass.")
    error = models.TextField(blank=True, default="", help_text="What went wrong, in words for the submitter.")
    text = models.TextField(blank=True, default="", help_text="The end of the log, at most 64 KB, without secrets.")

    class Meta:
        ordering = ["unit", "number"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="attempts_of_a_unit_have_numbers_of_their_own"),
            models.CheckConstraint(condition=Q(number__gte=1), name="attempts_count_from_one"),
            models.CheckConstraint(condition=Q(ended_at__gte=F("started_at")), name="an_attempt_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(outcome="failed") & ~Q(failure_class="") & ~Q(error="")
                | ~Q(outcome="failed") & Q(failure_class="", error=""),
                name="a_failed_attempt_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number} of {self.unit}"

    def get_absolute_url(self) -> str:
        return f"{reverse('unit_log', args=[self.unit.run_id, self.unit_id])}#attempt-{self.number}"

    @property
    def failure_label(self) -> str:
        return FAILURE_LABELS[FailureClass(self.failure_class)] if self.failure_class else ""
