"""What was asked for and how far it is. A row in a state is the message. See docs/evaluation.md."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.urls import reverse

from evaluation.failures import FailureClass
from evaluation.models.withheld_results import WithheldResult
from evaluation.models.workers import Worker
from leaderboard.models import ModelMeta, Task, TaskResult

FAILURE_LABELS = {
    FailureClass.DOWNLOAD: "Download",
    FailureClass.MEMORY: "Memory",
    FailureClass.TIME: "Time limit",
    FailureClass.MODEL_CODE: "Model",
    FailureClass.TASK: "Task",
    FailureClass.INFRASTRUCTURE: "Infrastructure",
}


class Lane(models.IntegerChoices):
    """Which runs come first. Inside a lane submitters share the workers."""

    EXPRESS = 1, "express"
    NORMAL = 0, "normal"
    BACKGROUND = -1, "background"


class EvaluationRun(models.Model):
    """A model revision to be evaluated on some tasks. Its state is that of its units, kept by the services."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    FINISHED_STATES = (State.DONE, State.FAILED, State.CANCELLED)

    model_meta = models.ForeignKey(ModelMeta, models.PROTECT, related_name="evaluation_runs")
    revision = models.TextField(help_text="Commit on the Hub, or the hash of a local folder.")
    local_path = models.TextField(blank=True, default="", help_text="Folder of the model; empty: it is on the Hub.")
    pinned_by_content = models.BooleanField(
        default=False, help_text="The revision is the hash of the local folder; a folder that changed is refused."
    )
    settings = models.JSONField(default=dict, blank=True, help_text="What makes the run a variant of the model.")
    requested_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="evaluation_runs"
    )
    lane = models.SmallIntegerField(choices=Lane, default=Lane.NORMAL, help_text="Higher lanes come first.")
    worker_class = models.TextField(
        blank=True, default="", help_text="Only workers with this label take the run; empty: any worker."
    )
    allows_remote_code = models.BooleanField(
        default=False, help_text="A maintainer let the model run code of its own, isolated from the rest."
    )
    is_closed = models.BooleanField(
        default=False, help_text="On the Hub only a token opened the model; the token goes when the run ends."
    )
    keeps_predictions = models.BooleanField(default=False, help_text="Keep what the model predicted, up to a size.")
    batch_size = models.SmallIntegerField(
        null=True, blank=True, help_text="A hint for the first attempt of each task; NULL: the default."
    )
    n_retries = models.SmallIntegerField(
        default=0,
        help_text="How often those it belongs to had failed tasks run again, but for failures of our machines.",
    )
    is_private = models.BooleanField(
        default=False, help_text="Results are withheld, and only who may see the run knows of it."
    )
    state = models.TextField(choices=State, default=State.QUEUED)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = "run"
        indexes = [models.Index(fields=["state", "lane"], name="run_by_state")]
        constraints = [
            models.CheckConstraint(condition=~Q(revision=""), name="a_run_names_its_revision"),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="a_run_is_in_a_lane"),
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False)
                | Q(state__in=["queued", "running"], finished_at__isnull=True),
                name="a_finished_run_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"Run {self.pk} of {self.model_meta}"

    def get_absolute_url(self) -> str:
        return reverse("run", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.state in self.FINISHED_STATES


class UnitQuerySet(models.QuerySet["EvaluationUnit"]):
    def claimable(self) -> UnitQuerySet:
        """Waiting and due, or left behind by a worker whose lease ran out."""
        state = EvaluationUnit.State
        return self.filter(
            Q(state=state.QUEUED, available_at__lte=Now()) | Q(state=state.RUNNING, lease_until__lt=Now())
        )

    def fitting(self, worker: Worker | None) -> UnitQuerySet:
        """What the worker can evaluate: its labels, its memory, and whether it can isolate code of models and tasks.

        One process evaluates all tasks of a run, so a metric of one task asks for isolation of them all.
        """
        if worker is None:
            return self
        units = self.filter(Q(run__worker_class="") | Q(run__worker_class__in=worker.labels))
        if worker.memory_mb is not None:
            units = units.filter(Q(needs_memory_mb=None) | Q(needs_memory_mb__lte=worker.memory_mb))
        if worker.sandbox:
            return units
        with_metric = EvaluationUnit.objects.filter(run=OuterRef("run"), task__definition__metric__code__isnull=False)
        return units.filter(~Exists(with_metric), run__allows_remote_code=False)

    def unfinished(self) -> UnitQuerySet:
        return self.filter(state__in=[EvaluationUnit.State.QUEUED, EvaluationUnit.State.RUNNING])


class EvaluationUnit(models.Model):
    """One task of a run: what a worker claims, under a lease that it has to renew."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    run = models.ForeignKey(EvaluationRun, models.CASCADE, related_name="units")
    task = models.ForeignKey(Task, models.PROTECT, related_name="evaluation_units")
    eval_splits = ArrayField(models.TextField(), null=True, blank=True, help_text="NULL: those of the task.")
    hf_subsets = ArrayField(models.TextField(), null=True, blank=True, help_text="NULL: those of the task.")

    state = models.TextField(choices=State, default=State.QUEUED)
    attempts = models.SmallIntegerField(default=0)
    lost_claims = models.SmallIntegerField(default=0, help_text="How often the worker that held it was gone.")
    available_at = models.DateTimeField(db_default=Now(), help_text="Not to be claimed before; retries wait.")
    owner = models.TextField(blank=True, default="", help_text="The claim that holds it; writes are fenced by it.")
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, blank=True, related_name="units")
    lease_until = models.DateTimeField(null=True, blank=True)
    needs_memory_mb = models.IntegerField(
        null=True, blank=True, help_text="Workers with less memory do not take it. NULL: not known."
    )
    estimated_seconds = models.FloatField(null=True, blank=True, help_text="Longest first; NULL: not known.")
    batch_size = models.SmallIntegerField(
        null=True, blank=True, help_text="NULL: the default; less after memory ran out."
    )
    progress = models.TextField(blank=True, default="", help_text="What the evaluating process is doing.")

    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="", help_text="What went wrong last, in words for the submitter.")
    failure_class = models.TextField(choices=[(c.value, label) for c, label in FAILURE_LABELS.items()], blank=True)
    log = models.TextField(blank=True, default="", help_text="The end of what the evaluating process wrote.")
    result = models.ForeignKey(TaskResult, models.PROTECT, null=True, blank=True, related_name="evaluation_units")
    withheld_result = models.OneToOneField(
        WithheldResult,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="unit",
        help_text="What came out of a private run, until it is published.",
    )
    evaluation_time = models.FloatField(null=True, blank=True, help_text="Seconds, as mteb measured them.")
    environment = models.JSONField(null=True, blank=True, help_text="Versions, hardware and settings of the attempt.")

    objects = UnitQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = "unit"
        indexes = [
            models.Index(fields=["state", "available_at"], name="unit_by_state"),
            models.Index(fields=["finished_at"], name="unit_by_end"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "task"], name="a_task_is_evaluated_once_per_run"),
            models.CheckConstraint(
                condition=~Q(state="running") | (~Q(owner="") & Q(lease_until__isnull=False)),
                name="a_running_unit_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(state="running") | Q(owner="", lease_until__isnull=True),
                name="only_a_running_unit_has_an_owner",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False, withheld_result__isnull=True)
                | Q(state="done", result__isnull=True, withheld_result__isnull=False)
                | (~Q(state="done") & Q(result__isnull=True, withheld_result__isnull=True)),
                name="a_unit_is_done_when_it_has_a_result",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | (~Q(error="") & ~Q(failure_class="")), name="a_failed_unit_says_why"
            ),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="attempts_are_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.task} of run {self.run_id}"

    @property
    def is_finished(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_partial(self) -> bool:
        """Whether it evaluates other cells than all that the task has by default."""
        return self.eval_splits is not None or self.hf_subsets is not None
