"""Computed boards: each benchmark's tables as they stand, replaced as a whole whenever results change."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import Benchmark
from leaderboard.models.results import Scope


class DataVersion(models.Model):
    """A single row that grows with every change of what the boards show; caches carry it in their key."""

    number = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return str(self.number)


class Board(models.Model):
    """The computed tables of a benchmark in a scope. The column names stand here, the numbers in the rows."""

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="boards")
    scope = models.TextField(choices=Scope)
    data_version = models.BigIntegerField()
    computed_at = models.DateTimeField(auto_now_add=True)
    n_declared_tasks = models.IntegerField(help_text="Tasks that the summary of the benchmark declares.")
    n_rows = models.IntegerField(default=0, help_text="Rows of the summary.")
    task_names = ArrayField(models.TextField(), help_text="Columns of the per-task table.")
    summary_task_names = ArrayField(models.TextField(), help_text="The columns among them that the summary counts.")
    task_types = ArrayField(models.TextField())
    groups = models.JSONField(help_text="[[dimension, label], ...]")
    languages = ArrayField(models.TextField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["benchmark", "scope"], name="one_board_per_benchmark_and_scope")]

    def __str__(self) -> str:
        return f"{self.benchmark} ({self.scope})"


class BoardCube(models.Model):
    """All cells of a board, packed by `leaderboard.cube`: what filtered views are computed from."""

    board = models.OneToOneField(Board, models.CASCADE, primary_key=True, related_name="cube")
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"Cells of {self.board}"


class BoardRow(models.Model):
    """A model variant on a board. Scores are fractions; blank is NULL.

    `position` is the place in the summary (NULL for a row that only the per-task table has), `task_position` in the
    per-task table. Arrays are aligned with the columns that `Board` names.
    """

    board = models.ForeignKey(Board, models.CASCADE, related_name="rows", db_index=False)
    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="board_rows")
    experiment_id = models.TextField(blank=True, default="")
    revision = models.TextField()
    revisions = ArrayField(models.TextField())
    origins = ArrayField(models.TextField(), help_text="Kinds of source behind the row's cells.")

    position = models.IntegerField(null=True)
    task_position = models.IntegerField(null=True)
    rank = models.IntegerField(null=True)
    borda_rank = models.IntegerField(null=True)
    percentile = models.FloatField(null=True, help_text="Percent of the other rows with a worse rank, ties half.")
    zero_shot = models.SmallIntegerField(null=True, help_text="Percent of the board's tasks unseen in training.")
    n_done = models.IntegerField(help_text="Tasks of the summary with a score.")
    mean_task = models.FloatField(null=True)
    mean_task_type = models.FloatField(null=True)
    mean_subset = models.FloatField(null=True)
    mean_public = models.FloatField(null=True)
    mean_private = models.FloatField(null=True)
    rank_low = models.IntegerField(null=True, help_text="Best rank of the 95 % interval.")
    rank_high = models.IntegerField(null=True, help_text="Worst rank of the 95 % interval.")
    mean_lows = ArrayField(
        models.FloatField(null=True), default=list, help_text="Lower ends, one for each of the five means."
    )
    mean_highs = ArrayField(
        models.FloatField(null=True), default=list, help_text="Upper ends, one for each of the five means."
    )
    type_means = ArrayField(models.FloatField(null=True))
    group_means = ArrayField(models.FloatField(null=True))
    task_scores = ArrayField(models.FloatField(null=True))

    class Meta:
        ordering = ["board", "position"]
        constraints = [
            models.UniqueConstraint(fields=["board", "model_meta", "experiment_id"], name="a_variant_has_one_board_row")
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.model_meta}"


class BoardLanguageRow(models.Model):
    """A model in the per-language table of a board; variants of a model are pooled here, as on the official board."""

    board = models.ForeignKey(Board, models.CASCADE, related_name="language_rows", db_index=False)
    model_meta = models.ForeignKey(ModelMeta, models.CASCADE, related_name="board_language_rows")
    position = models.IntegerField()
    scores = ArrayField(models.FloatField(null=True))

    class Meta:
        ordering = ["board", "position"]
        constraints = [
            models.UniqueConstraint(fields=["board", "model_meta"], name="a_model_has_one_language_row"),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta}"
