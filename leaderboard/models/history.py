"""How boards stood on earlier days: one record for each place that a row held, for as long as it held it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import Benchmark
from leaderboard.models.results import Scope


class BoardSnapshot(models.Model):
    """A day on which a board changed, and how it stood at the end of that day. The places are in `RankRecord`.

    There is none for a day without a change: the board then stood as on the latest day before.
    """

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="snapshots", db_index=False)
    scope = models.TextField(choices=Scope)
    day = models.DateField()
    data_version = models.BigIntegerField(help_text="The data version that brought the day's last change.")
    recorded_at = models.DateTimeField(help_text="When the day's last change was published.")
    n_rows = models.IntegerField()
    n_declared_tasks = models.IntegerField(help_text="Tasks that the summary of the benchmark declares.")
    n_run_tasks = models.IntegerField(help_text="Those among them that anybody was run on: the columns of the means.")
    mean_name = models.TextField(help_text="Which mean the records hold: the leading one of the benchmark.")

    class Meta:
        ordering = ["benchmark", "scope", "-day"]
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "scope", "day"], name="a_board_has_one_snapshot_a_day"),
        ]
        indexes = [models.Index(fields=["day", "scope"], name="snapshots_of_a_day")]

    def __str__(self) -> str:
        return f"{self.benchmark} ({self.scope}) on {self.day}"

    def get_absolute_url(self) -> str:
        return snapshot_address(self.benchmark.slug, self.day, self.scope)


def snapshot_address(slug: str, day: date, scope: str) -> str:
    """The address of a board as it stood on a day; it shows the same for ever once the day is over."""
    query = f"?source={scope}" if scope == Scope.OFFICIAL else ""
    return reverse("board_on_day", args=[slug, day]) + query


class RankRecord(models.Model):
    """The place of a row on a board from the day `since` on, up to and without the day `until` (NULL: it holds).

    A row has a new record when its rank, its mean or its number of done tasks changes. What a day changed are the
    records that begin on it beside those that end on it.
    """

    pk = models.CompositePrimaryKey("benchmark_id", "scope", "since", "model_meta_id", "experiment_id")
    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="rank_records", db_index=False)
    scope = models.TextField(choices=Scope)
    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="rank_records")
    experiment_id = models.TextField(blank=True, default="")
    since = models.DateField()
    until = models.DateField(null=True)
    rank = models.IntegerField()
    n_done = models.IntegerField(help_text="Tasks of the summary with a score.")
    mean = models.FloatField(null=True, help_text="The leading mean of the benchmark; NULL while blank.")

    class Meta:
        ordering = ["benchmark", "scope", "since", "rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["benchmark", "scope", "model_meta", "experiment_id"],
                condition=Q(until__isnull=True),
                name="a_row_holds_one_place",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="a_place_is_held_for_a_day_at_least"
            ),
        ]
        indexes = [
            models.Index(
                fields=["benchmark", "scope", "until"],
                condition=Q(until__isnull=False),
                name="places_left_on_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.model_meta} since {self.since}"
