"""Languages and scripts: their names as mteb's registry knows them, and what models have in each."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leaderboard.models.model_meta import ModelMeta
from leaderboard.models.registry import Task
from leaderboard.models.results import Scope
from leaderboard.models.search import search_words, trigrams


class Language(models.Model):
    """A language under its ISO 639-3 code; a programming language under mteb's own, such as `python-Code`."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    short_code = models.TextField(blank=True, default="", help_text="ISO 639-1, where there is one: en.")
    usual_script = models.TextField(
        null=True, blank=True, help_text="The script that goes without saying; NULL where none does."
    )
    search_words = search_words("name")

    class Meta:
        ordering = ["name"]
        indexes = [trigrams("language_by_part_of_its_name")]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="language_has_a_name")]

    def __str__(self) -> str:
        return self.name


class Script(models.Model):
    """A script under its ISO 15924 code. `short_name` is how it reads in parentheses: Chinese (Traditional)."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    short_name = models.TextField()

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="script_has_a_name")]

    def __str__(self) -> str:
        return self.name


class LanguageTaskQuerySet(models.QuerySet["LanguageTask"]):
    def in_scope(self, scope: str) -> LanguageTaskQuerySet:
        return self.filter(**{f"in_{Scope(scope).value}": True})


class LanguageTask(models.Model):
    """What models have on the cells of a task that name a language or a script, replaced whenever results change.

    `code` is a language with its script (`zho-Hant`), a script (`Hant`), or a language alone (`zho`) where the task has
    it in several scripts. Of a model's runs the base run counts, and only models that have all these cells are listed.
    Where the same results count for the task in both scopes, the row belongs to both.
    """

    code = models.TextField()
    task = models.ForeignKey(Task, models.CASCADE, related_name="in_languages", db_constraint=False)
    in_official = models.BooleanField(help_text="Whether the row is one of the official scope.")
    in_all = models.BooleanField(help_text="Whether the row is one of the whole scope.")
    model_meta_ids = ArrayField(models.IntegerField())
    scores = ArrayField(models.FloatField())

    objects = LanguageTaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["code", "task"], condition=Q(in_official=True), name="a_task_is_in_a_language_once_officially"
            ),
            models.UniqueConstraint(
                fields=["code", "task"], condition=Q(in_all=True), name="a_task_is_in_a_language_once"
            ),
            models.CheckConstraint(
                condition=Q(in_official=True) | Q(in_all=True), name="a_language_task_is_in_a_scope"
            ),
            models.CheckConstraint(
                condition=Q(scores__len=F("model_meta_ids__len")), name="each_model_of_a_language_has_a_score"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} in {self.code}"


class LanguageSummary(models.Model):
    """A language or script with results at a glance; `leader` has the first rank on its page."""

    scope = models.TextField(choices=Scope)
    code = models.TextField()
    n_tasks = models.IntegerField()
    n_models = models.IntegerField()
    leader = models.ForeignKey(
        ModelMeta, models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "code"], name="a_language_is_summed_up_once")]

    def __str__(self) -> str:
        return self.code
