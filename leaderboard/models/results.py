"""Results: append-only facts with provenance, and which of them count now."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leaderboard.models.model_meta import ModelRevision, Variant
from leaderboard.models.registry import Task


class SourceKind(models.TextChoices):
    OFFICIAL = "official", "Official results"
    UPLOAD = "upload", "Uploaded, self-reported"
    RUN = "run", "Evaluated here"


class Scope(models.TextChoices):
    """Which results a board is made of."""

    OFFICIAL = "official", "Official results only"
    ALL = "all", "Everything"


class ResultSource(models.Model):
    """Where results come from. Two imports are of the same source when they name the same source, not the same path."""

    name = models.TextField(unique=True)
    kind = models.TextField(choices=SourceKind)
    location = models.TextField(blank=True, default="", help_text="Path or address of the latest import.")
    commit = models.TextField(null=True, blank=True, help_text="Commit of the latest import, where it is known.")

    def __str__(self) -> str:
        return self.name


class CellSet(models.Model):
    """An ordered list of cells (split, subset, languages) of a task, shared by all results with that very list.

    A results repository holds a hundred thousand files but only a few thousand such lists, so a result stores just its
    numbers. `languages[i]` is a list of codes as the file gave them, duplicates included: the per-language table counts
    a language twice that a cell names twice.
    """

    task = models.ForeignKey(Task, models.PROTECT, related_name="cell_sets")
    digest = models.BinaryField(max_length=32, unique=True)
    size = models.IntegerField()
    splits = ArrayField(models.TextField())
    subsets = ArrayField(models.TextField())
    languages = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(splits__len=F("size")) & Q(subsets__len=F("size")), name="a_cell_set_has_its_size"
            ),
            # Target of the composite foreign key of TaskResult (migration 0002).
            models.UniqueConstraint(fields=["id", "size"], name="cell_set_id_and_size"),
        ]

    def __str__(self) -> str:
        return f"{self.size} cells of {self.task}"


class TaskResult(models.Model):
    """What one run of one model on one task gave; never changed after it was written.

    `main_scores[i]` is the score of the i-th cell of `cell_set`, as mteb stores it (a fraction, NULL where missing).
    The order is that of the file: sums run in it. `payload` is the whole file, compressed with zstandard, byte for
    byte.
    """

    # The constraint and the index below serve every look-up; one more index per foreign key would only slow imports.
    model_revision = models.ForeignKey(ModelRevision, models.PROTECT, related_name="results", db_index=False)
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="results", db_index=False)
    task = models.ForeignKey(Task, models.PROTECT, related_name="results", db_index=False)
    source = models.ForeignKey(ResultSource, models.PROTECT, related_name="results", db_index=False)
    source_path = models.TextField(help_text="Path within the source.")
    source_commit = models.TextField(null=True, blank=True)
    digest = models.BinaryField(max_length=32, help_text="SHA-256 of the file.")

    dataset_revision = models.TextField(null=True, blank=True)
    mteb_version = models.TextField(null=True, blank=True)
    date = models.DateTimeField(null=True, blank=True)
    evaluation_time = models.FloatField(null=True, blank=True, help_text="Seconds.")
    kg_co2_emissions = models.FloatField(null=True, blank=True)

    # Migration 0002 has the foreign key: (cell_set, n_cells) -> (id, size), so that scores and cells always fit.
    cell_set = models.ForeignKey(CellSet, models.PROTECT, related_name="results", db_constraint=False, db_index=False)
    n_cells = models.IntegerField()
    main_scores = ArrayField(models.FloatField(null=True))
    payload = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["task", "model_revision"], name="result_by_task"),
            models.Index(fields=["created_at"], name="result_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["model_revision", "variant", "task", "source", "digest"], name="a_result_is_stored_once"
            ),
            models.CheckConstraint(condition=Q(main_scores__len=F("n_cells")), name="a_result_scores_each_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.task} of {self.model_revision}"


class CellScore(models.Model):
    """One row per scored cell: a database view over TaskResult and CellSet (migration 0002), for queries by hand."""

    id = models.TextField(primary_key=True)
    result = models.ForeignKey(TaskResult, models.DO_NOTHING, related_name="cells")
    position = models.IntegerField()
    split = models.TextField()
    subset = models.TextField()
    languages = models.JSONField()
    main_score = models.FloatField(null=True)

    class Meta:
        managed = False
        db_table = "leaderboard_cellscore"

    def __str__(self) -> str:
        return f"{self.split} {self.subset}: {self.main_score}"


class CurrentResultQuerySet(models.QuerySet["CurrentResult"]):
    def in_scope(self, scope: str) -> CurrentResultQuerySet:
        """The results that count in the scope, annotated with their `part`."""
        field = f"{Scope(scope).value}_part"
        return self.filter(**{f"{field}__isnull": False}).annotate(part=F(field))


class CurrentResult(models.Model):
    """That a result counts now, by the rule in `leaderboard/currency.py`; replaced whenever results change.

    Usually one result counts for a (variant, task). Where results merge per cell there are several: a cell counts
    from the lowest part that scores it. `official_part` is NULL where the result does not count in the official
    scope, `all_part` where it does not count in the whole one. `variant` and `task` repeat the result's own, for the
    constraints.
    """

    result = models.OneToOneField(TaskResult, models.CASCADE, primary_key=True, related_name="current")
    variant = models.ForeignKey(
        Variant, models.DO_NOTHING, related_name="current_results", db_constraint=False, db_index=False
    )
    task = models.ForeignKey(
        Task, models.DO_NOTHING, related_name="current_results", db_constraint=False, db_index=False
    )
    official_part = models.SmallIntegerField(null=True)
    all_part = models.SmallIntegerField(null=True)

    objects = CurrentResultQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "variant", "official_part"], name="one_official_result_per_variant_task_and_part"
            ),
            models.UniqueConstraint(
                fields=["task", "variant", "all_part"], name="one_result_per_variant_task_and_part"
            ),
            models.CheckConstraint(
                condition=Q(official_part__isnull=False) | Q(all_part__isnull=False),
                name="a_current_result_counts_somewhere",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.result}"
