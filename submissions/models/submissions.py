"""Submissions: which model somebody asks to have evaluated, and what was decided."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from evaluation.models import Credential, EvaluationRun, Lane
from leaderboard.models import Benchmark, Task
from submissions.checks import Outcome, worst_outcome
from submissions.models.organisations import Organisation


class SourceKind(models.TextChoices):
    """Where a submitted model is read from."""

    HUB = "hub", "Hub"
    LOCAL_FOLDER = "local_folder", "Folder of this server"


class Visibility(models.TextChoices):
    """Who may know of a submission and its results, besides the submitter, the team and the moderators."""

    PUBLIC = "public", "Public"
    PRIVATE = "private", "Private until published"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def pending(self) -> SubmissionQuerySet:
        return self.filter(state=Submission.State.PENDING)

    def to_be_published(self) -> SubmissionQuerySet:
        """Approved private ones whose embargo is over; what still waits is public from its approval on."""
        return self.filter(
            state=Submission.State.APPROVED,
            visibility=Visibility.PRIVATE,
            published_at=None,
            embargo_until__lte=Now(),
        )


class Submission(models.Model):
    """A model at one commit, to be evaluated on the tasks of some boards and on single tasks.

    `decided_by` and `decided_at` are those of the approval or rejection. A withdrawn submission keeps them, and
    its run, if it had been approved.
    """

    class State(models.TextChoices):
        PENDING = "pending", "waiting for a decision"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        WITHDRAWN = "withdrawn", "withdrawn"

    submitter = models.ForeignKey(django_settings.AUTH_USER_MODEL, models.PROTECT, related_name="submissions")
    organisation = models.ForeignKey(
        Organisation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="submissions",
        help_text="Whose members see it as their own.",
    )
    source_kind = models.TextField(choices=SourceKind, default=SourceKind.HUB)
    local_path = models.TextField(blank=True, default="", help_text="The folder, for a model of this server.")
    model_name = models.TextField()
    requested_revision = models.TextField(blank=True, default="", help_text="As asked for; empty for the newest.")
    model_revision = models.TextField(help_text="The commit it was resolved to, or the hash of the folder.")
    benchmarks = models.ManyToManyField(Benchmark, blank=True, related_name="submissions")
    tasks = models.ManyToManyField(
        Task, blank=True, related_name="submissions", help_text="Single tasks, besides those of the boards."
    )
    parts = models.JSONField(
        default=dict, blank=True, help_text="{task: {splits, subsets}} of tasks asked for in part; null: all of them."
    )
    settings = models.JSONField(default=dict, blank=True, help_text="What makes the run a variant of the model.")
    batch_size = models.SmallIntegerField(null=True, blank=True, help_text="A hint; it is no part of the variant.")
    training_data = models.JSONField(
        null=True, blank=True, help_text="{tasks: {task: split or data}, datasets: [name]}; NULL: not disclosed."
    )
    declined = models.JSONField(default=dict, blank=True, help_text="{task: why the model is not to be measured on it}")
    edits = models.JSONField(default=dict, blank=True, help_text="{field: value} where the submitter knows better.")
    visibility = models.TextField(choices=Visibility, default=Visibility.PUBLIC)
    embargo_until = models.DateTimeField(
        null=True, blank=True, help_text="When a private submission is published by itself; NULL: by hand only."
    )
    published_at = models.DateTimeField(null=True, blank=True, help_text="When a private submission was published.")
    credential = models.OneToOneField(Credential, models.SET_NULL, null=True, blank=True, related_name="submission")
    is_closed = models.BooleanField(default=False, help_text="On the Hub only a token opens the model.")
    previous = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="following", help_text="It was submitted again."
    )
    keeps_predictions = models.BooleanField(
        default=False, help_text="Keep what the model predicts, for the submitter to see where it is wrong."
    )
    note = models.TextField(blank=True, default="")
    checks = models.JSONField(default=list, help_text="[{name, outcome, sentence}], as they stood at submission.")
    metadata = models.JSONField(default=dict, help_text="{field: {value, origin}}, as the repository says it.")

    state = models.TextField(choices=State, default=State.PENDING)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="decided_submissions"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True, default="", help_text="Why it was rejected, in words for the submitter.")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    lane = models.SmallIntegerField(choices=Lane, default=Lane.NORMAL, help_text="Higher lanes come first.")
    worker_class = models.TextField(
        blank=True, default="", help_text="Only workers with this label take its run; empty: any worker."
    )
    allows_remote_code = models.BooleanField(
        default=False, help_text="A moderator let the model run code of its own, isolated from the rest."
    )
    version = models.IntegerField(
        default=1, help_text="Grows with each change, so that nobody decides about what they have not seen."
    )
    question_open = models.BooleanField(default=False, help_text="A moderator asked something; nobody answered yet.")
    run = models.OneToOneField(EvaluationRun, models.PROTECT, null=True, blank=True, related_name="submission")

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [
            ("submit_local_folder", "Can submit a model from a folder of the server"),
            ("hand_over_submission", "Can make somebody else the submitter"),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="submission_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(model_name="") & ~Q(model_revision=""), name="a_submission_names_model_and_revision"
            ),
            models.CheckConstraint(
                condition=Q(source_kind="hub", local_path="") | (Q(source_kind="local_folder") & ~Q(local_path="")),
                name="only_a_local_submission_has_a_folder",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decided_submission_has_a_decider",
            ),
            models.CheckConstraint(
                condition=~Q(state="pending") | Q(decided_by__isnull=True, decided_at__isnull=True),
                name="a_pending_submission_is_undecided",
            ),
            models.CheckConstraint(
                condition=(Q(state="rejected") & ~Q(reason="")) | (~Q(state="rejected") & Q(reason="")),
                name="a_rejected_submission_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~Q(state="withdrawn") & Q(withdrawn_at__isnull=True)),
                name="a_withdrawn_submission_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(run__isnull=False), name="an_approved_submission_has_a_run"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["pending", "rejected"]) | Q(run__isnull=True),
                name="an_unapproved_submission_has_no_run",
            ),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="a_submission_is_in_a_lane"),
            models.CheckConstraint(
                condition=Q(visibility="private") | Q(embargo_until__isnull=True, published_at__isnull=True),
                name="only_a_private_submission_is_published_later",
            ),
            models.CheckConstraint(
                condition=Q(batch_size__isnull=True) | Q(batch_size__gt=0), name="a_batch_has_some_texts"
            ),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk} of {self.model_name}"

    def get_absolute_url(self) -> str:
        return reverse("submission", args=[self.pk])

    @property
    def is_hidden(self) -> bool:
        """Whether strangers must not learn of it."""
        return self.visibility == Visibility.PRIVATE and self.published_at is None

    @property
    def embargo_is_over(self) -> bool:
        return self.embargo_until is not None and self.embargo_until <= timezone.now()

    @property
    def can_be_edited(self) -> bool:
        return self.state == self.State.PENDING

    @property
    def can_be_published(self) -> bool:
        return self.is_hidden and self.state == self.State.APPROVED

    @property
    def worst_outcome(self) -> Outcome:
        return worst_outcome(self.checks)

    @property
    def waits_for_answer(self) -> bool:
        """Whether a moderator waits for the submitter before deciding."""
        return self.question_open and self.state == self.State.PENDING

    @property
    def steered(self) -> Submission | EvaluationRun:
        """What says in which lane, by which workers and with which code it is run: its run, once there is one."""
        return self.run or self

    @property
    def is_changing(self) -> bool:
        """Whether its page may look different soon: it waits for a decision, or its run has not ended."""
        return self.state == self.State.PENDING or (self.run is not None and not self.run.is_finished)

    @property
    def is_under_way(self) -> bool:
        """Whether it has still to come to an end, so that it can be watched."""
        return self.is_changing and self.state != self.State.WITHDRAWN

    @property
    def can_be_withdrawn(self) -> bool:
        return self.is_under_way
