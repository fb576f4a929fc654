"""What was measured beside the scores: how fast a model encodes, and the memory that takes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from leaderboard.models.model_meta import ModelRevision, Variant
from leaderboard.models.registry import Task

BYTES_PER_NUMBER = 4


class Measurement(models.Model):
    """What one run on one task took; never changed after it was written. NULL where it was not measured.

    Times count what happens inside the model's `encode`: tokenizing included, loading data and scoring not.
    """

    model_revision = models.ForeignKey(ModelRevision, models.PROTECT, related_name="measurements")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="measurements")
    task = models.ForeignKey(Task, models.PROTECT, related_name="measurements")
    hardware = models.TextField(help_text="Processor or accelerator, and how many.")
    device = models.TextField(help_text="Where the model ran: cpu, cuda, mps.")
    batch_size = models.IntegerField(null=True, blank=True)
    n_texts = models.BigIntegerField(help_text="That went through the model.")
    n_texts_served = models.BigIntegerField(default=0, help_text="Repeated texts, which were not encoded again.")
    n_tokens = models.BigIntegerField(null=True, blank=True, help_text="That the model read, without padding.")
    encode_seconds = models.FloatField()
    load_seconds = models.FloatField(null=True, blank=True)
    latency_p50_ms = models.FloatField(null=True, blank=True, help_text="Of one short text at a time.")
    latency_p95_ms = models.FloatField(null=True, blank=True, help_text="Of one short text at a time.")
    peak_host_mb = models.FloatField(null=True, blank=True, help_text="MiB, of the whole evaluating process.")
    peak_device_mb = models.FloatField(null=True, blank=True, help_text="MiB that tensors took on the accelerator.")
    energy_kwh = models.FloatField(null=True, blank=True, help_text="Of the device, as its own counter tells it.")
    measured_at = models.DateTimeField(auto_now_add=True)
    run = models.BigIntegerField(null=True, blank=True, help_text="Number of the run of this board.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(n_texts__gt=0), name="a_measurement_is_of_some_texts"),
            models.CheckConstraint(condition=Q(n_texts_served__gte=0), name="texts_that_were_served_are_counted"),
            models.CheckConstraint(condition=Q(encode_seconds__gt=0), name="a_measurement_takes_time"),
            models.CheckConstraint(condition=~Q(hardware=""), name="a_measurement_names_its_hardware"),
        ]

    def __str__(self) -> str:
        return f"{self.task} of {self.model_revision} on {self.hardware}"

    @property
    def texts_per_second(self) -> float:
        return self.n_texts / self.encode_seconds

    @property
    def tokens_per_second(self) -> float | None:
        return None if self.n_tokens is None else self.n_tokens / self.encode_seconds


def index_megabytes(dimension: int, *, n_vectors: int = 10**6) -> float:
    """What vectors take in an index that keeps them whole, four bytes a number, without what the index adds."""
    return dimension * BYTES_PER_NUMBER * n_vectors / 10**6
