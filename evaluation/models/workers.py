"""The workers that there are."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from evaluation.abilities import code_in_words, device_in_words, memory_in_words


class Worker(models.Model):
    """A supervised django-q2 cluster on some host. It is alive while `last_seen` is fresh."""

    host = models.TextField(help_text="The name of the machine, or the one that it was started with.")
    pid = models.IntegerField(help_text="Process of the supervisor.")
    queue = models.TextField()
    started_at = models.DateTimeField(db_default=Now())
    last_seen = models.DateTimeField(db_default=Now(), help_text="When its supervisor last gave a sign of life.")
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When its cluster last worked on a job.")
    draining = models.BooleanField(default=False, help_text="It finishes nothing more and takes nothing more.")
    stopped_at = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True, help_text="It takes nothing before that.")
    rest_reason = models.TextField(blank=True, default="", help_text="Why, in words for the operator.")

    device = models.TextField(default="cpu", help_text="cpu, cuda or mps.")
    device_name = models.TextField(blank=True, default="", help_text="The accelerator, as its driver names it.")
    memory_mb = models.IntegerField(null=True, blank=True, help_text="For one unit: of the device, else of the host.")
    cores = models.SmallIntegerField(null=True, blank=True)
    labels = ArrayField(models.TextField(), default=list, blank=True, help_text="Worker classes that it belongs to.")
    sandbox = models.TextField(blank=True, default="", help_text="How it isolates code of models; empty: it cannot.")

    class Meta:
        ordering = ["-last_seen"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid} ({self.queue})"

    @property
    def device_words(self) -> str:
        return device_in_words(self.device, self.device_name)

    @property
    def memory_words(self) -> str:
        return memory_in_words(self.memory_mb)

    @property
    def abilities(self) -> list[str]:
        """Each thing that it told of itself, in words."""
        told = [
            self.device_words,
            f"{self.memory_words} for a task" if self.memory_mb is not None else "",
            f"{self.cores} core{'' if self.cores == 1 else 's'}" if self.cores is not None else "",
            f"labels {', '.join(self.labels)}" if self.labels else "",
            f"code of models: {self.code_words}",
        ]
        return [words for words in told if words]

    @property
    def code_words(self) -> str:
        return code_in_words(self.sandbox)
