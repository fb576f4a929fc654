"""Benchmarks and tasks: what is measured, and which cells of it a benchmark counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import slugify

from leaderboard.models.search import search_words, trigrams


class Origin(models.TextChoices):
    """Who defined a task, a benchmark or a model."""

    REGISTRY = "registry", "mteb registry"
    CUSTOM = "custom", "this board"
    RESULTS = "results", "seen in results only"


def text_list(**kwargs: Any) -> ArrayField:
    """A list of texts, empty by default."""
    return ArrayField(models.TextField(), default=list, blank=True, **kwargs)


class Task(models.Model):
    """An MTEB task (never a background job).

    `eval_langs` keeps mteb's own form: a list of language codes, or a mapping subset -> list of codes. `eval_splits`
    and `hf_subsets` are the task's own defaults; what a benchmark counts of it stands in `BenchmarkTask`.
    """

    name = models.TextField(unique=True)
    origin = models.TextField(choices=Origin, default=Origin.REGISTRY)
    in_registry = models.BooleanField(default=True, help_text="False once the task has left mteb's registry.")
    registry_order = models.IntegerField(null=True, blank=True)

    type = models.TextField(help_text="mteb's task type, for example Retrieval.")
    description = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")
    category = models.TextField(blank=True, default="", help_text="Input and output modality, for example t2t.")
    subtypes = text_list()
    domains = text_list()
    modalities = text_list()
    languages = text_list(help_text="Every language-script code of the task, for example eng-Latn.")
    eval_langs = models.JSONField(default=list, blank=True)
    eval_splits = text_list()
    hf_subsets = text_list()
    main_score = models.TextField()

    dataset_path = models.TextField(blank=True, default="")
    dataset_revision = models.TextField(blank=True, default="")
    license = models.TextField(null=True, blank=True)
    is_public = models.BooleanField(default=True)
    is_beta = models.BooleanField(default=False)
    is_aggregate = models.BooleanField(default=False)
    superseded_by = models.TextField(null=True, blank=True)
    adapted_from = text_list(help_text="Tasks this one was derived from; training on one contaminates the other.")
    annotations_creators = models.TextField(null=True, blank=True)
    sample_creation = models.TextField(null=True, blank=True)
    dialect = text_list()
    date_start = models.TextField(null=True, blank=True)
    date_end = models.TextField(null=True, blank=True)
    citation = models.TextField(blank=True, default="")
    contributed_by = models.TextField(blank=True, default="")
    prompt = models.JSONField(null=True, blank=True)
    descriptive_stats = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    definition = models.JSONField(
        null=True, blank=True, help_text="For a custom task: its description file and where its data folder lies."
    )
    search_words = search_words("name")

    class Meta:
        ordering = ["name"]
        indexes = [trigrams("task_by_part_of_its_name")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="task_has_a_name"),
            models.CheckConstraint(condition=~Q(main_score=""), name="task_has_a_main_score"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("task", args=[self.name])

    def declared(self, cells: Iterable[tuple[str, str]]) -> list[tuple[str, str] | None]:
        """The (split, subset) pairs, None in place of one that does not count for the task.

        A task that names no splits or subsets counts all of them.
        """
        splits, subsets = set(self.eval_splits), set(self.hf_subsets)
        return [
            (split, subset) if split in (splits or (split,)) and subset in (subsets or (subset,)) else None
            for split, subset in cells
        ]

    @property
    def can_be_run(self) -> bool:
        """Whether it can be evaluated here: its data can be had, and its definition has not left mteb."""
        return self.origin == Origin.CUSTOM or (self.origin == Origin.REGISTRY and self.in_registry and self.is_public)


class Benchmark(models.Model):
    """A named selection of task cells with the rules by which its board aggregates and ranks.

    `aggregations` holds mteb's names (`mean_task`, `mean_task_type`, `task_types`, `public_private`, `mean_subset`) in
    its order. `sort_columns` is empty where the Borda rank orders the board; else rows are numbered after sorting by
    these means, descending, blanks last.
    """

    name = models.TextField(unique=True)
    slug = models.SlugField(unique=True, max_length=120)
    origin = models.TextField(choices=Origin, default=Origin.REGISTRY)
    in_registry = models.BooleanField(default=True)
    registry_order = models.IntegerField(null=True, blank=True)

    display_name = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    reference = models.TextField(blank=True, default="")
    citation = models.TextField(blank=True, default="")
    contacts = text_list()
    aliases = text_list()
    superseded_by = text_list()

    aggregations = text_list()
    public_tasks_only = models.BooleanField(default=False, help_text="The summary counts public tasks only (RTEB).")
    show_zero_shot = models.BooleanField(default=True)
    sort_columns = text_list()
    language_view = ArrayField(
        models.TextField(), default=list, blank=True, help_text='Languages of the per-language table; ["all"] for all.'
    )
    display_on_leaderboard = models.BooleanField(default=True)
    menu_path = text_list(
        help_text="Headings of the benchmark menu above this entry, outermost first; empty if unlisted."
    )
    menu_position = models.IntegerField(null=True, blank=True)

    search_words = search_words("name", "display_name")

    tasks = models.ManyToManyField(Task, through="BenchmarkTask", related_name="benchmarks")

    class Meta:
        ordering = ["registry_order", "name"]
        indexes = [trigrams("board_by_part_of_its_name")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="benchmark_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("benchmark", args=[self.slug])

    @staticmethod
    def slug_of(name: str) -> str:
        """The address of a benchmark of that name: "MTEB(eng, v2)" is mteb-eng-v2."""
        return slugify(re.sub(r"[(.]", "-", name.replace("&", " and ")))

    @property
    def title(self) -> str:
        """The name people know it by."""
        return self.display_name or self.name


class BenchmarkTask(models.Model):
    """A task in a benchmark, with the exact cells that count: every pair of `splits` x `subsets`."""

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="benchmark_tasks")
    task = models.ForeignKey(Task, models.PROTECT, related_name="benchmark_tasks")
    position = models.IntegerField()
    weight = models.PositiveSmallIntegerField(default=1, help_text="How often the task counts in ranks and means.")
    splits = ArrayField(models.TextField())
    subsets = ArrayField(models.TextField())

    class Meta:
        ordering = ["benchmark", "position"]
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "task"], name="a_task_counts_once_in_a_benchmark"),
            models.CheckConstraint(
                condition=Q(splits__len__gt=0) & Q(subsets__len__gt=0), name="a_benchmark_task_counts_some_cell"
            ),
            models.CheckConstraint(condition=Q(weight__gte=1), name="a_benchmark_task_has_a_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.task} in {self.benchmark}"


class TaskGroup(models.Model):
    """One bucket of a benchmark's own grouping of tasks, for example Context Length: 4096."""

    benchmark = models.ForeignKey(Benchmark, models.CASCADE, related_name="task_groups")
    dimension = models.TextField()
    label = models.TextField()
    description = models.TextField(blank=True, default="")
    position = models.IntegerField(help_text="Order within the benchmark, over all dimensions.")

    class Meta:
        ordering = ["benchmark", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["benchmark", "dimension", "label"], name="a_group_label_is_unique_in_its_dimension"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dimension}: {self.label}"


class TaskGroupMember(models.Model):
    """A whole task in a group, or (not `is_whole`) the mean of its cells `splits` x `subsets` as one data point."""

    group = models.ForeignKey(TaskGroup, models.CASCADE, related_name="members")
    task = models.ForeignKey(Task, models.PROTECT, related_name="group_memberships")
    position = models.IntegerField()
    is_whole = models.BooleanField(default=True)
    splits = text_list()
    subsets = text_list()

    class Meta:
        ordering = ["group", "position"]
        constraints = [
            models.UniqueConstraint(fields=["group", "position"], name="a_group_position_is_taken_once"),
            models.CheckConstraint(
                condition=Q(is_whole=True) | (Q(splits__len__gt=0) & Q(subsets__len__gt=0)),
                name="a_scoped_member_names_its_cells",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} in {self.group}"
