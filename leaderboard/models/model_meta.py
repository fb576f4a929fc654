"""Embedding models: metadata, revisions, and variants (mteb's experiments)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse

from leaderboard.metadata import OPENNESS_FIELDS, Openness, openness
from leaderboard.models.registry import Origin, text_list
from leaderboard.models.search import search_words, trigrams


class ListedModels(models.Manager["ModelMeta"]):
    """The models that everybody may know of: whoever asks for models gets these, unless `everything` is said."""

    def get_queryset(self) -> models.QuerySet[ModelMeta]:
        return super().get_queryset().filter(is_listed=True)


class ModelMeta(models.Model):
    """An embedding model under its Hub name `organisation/name`. Unknown is NULL, never 0 or an empty string.

    A model of which there are private evaluations only is not listed: it is a name that runs refer to, without
    results, claims or revisions, until somebody publishes them.
    """

    name = models.TextField(unique=True)
    organisation = models.GeneratedField(
        expression=Func(Func(F("name"), Value("^(.*)/"), function="substring"), Value(""), function="COALESCE"),
        output_field=models.TextField(),
        db_persist=True,
        db_index=True,
        help_text="The part of the name before the slash, or nothing.",
    )
    first_seen_at = models.DateTimeField(
        auto_now_add=True, null=True, help_text="NULL for models that were here before anybody noted it."
    )
    is_listed = models.BooleanField(default=True, db_default=True, help_text="Whether everybody may know of it.")
    origin = models.TextField(choices=Origin, default=Origin.REGISTRY)
    in_registry = models.BooleanField(default=True)
    registry_order = models.IntegerField(null=True, blank=True, help_text="Position in the registry; breaks ties.")
    registry_revision = models.TextField(null=True, blank=True, help_text="The revision the registry names.")

    hub_commit = models.TextField(
        null=True, blank=True, editable=False, help_text="The newest commit on the Hub when it was read last."
    )

    release_date = models.DateField(null=True, blank=True)
    languages = ArrayField(models.TextField(), null=True, blank=True)
    n_parameters = models.BigIntegerField(null=True, blank=True)
    n_active_parameters = models.BigIntegerField(null=True, blank=True)
    n_embedding_parameters = models.BigIntegerField(null=True, blank=True)
    memory_usage_mb = models.FloatField(null=True, blank=True)
    max_tokens = models.BigIntegerField(null=True, blank=True, help_text="NULL where unknown or unlimited.")
    embed_dim = models.IntegerField(null=True, blank=True, help_text="The largest dimension the model offers.")
    embed_dims = ArrayField(models.IntegerField(), null=True, blank=True, help_text="All dimensions, for Matryoshka.")
    license = models.TextField(null=True, blank=True, help_text="As given.")
    spdx_license = models.TextField(null=True, blank=True, help_text="The licence as an SPDX expression.")
    commercial_use = models.BooleanField(null=True, blank=True, help_text="Whether the licence allows it.")
    architecture = models.TextField(null=True, blank=True, help_text="Family: model_type of config.json.")
    training_approach = ArrayField(models.TextField(), null=True, blank=True)
    open_weights = models.BooleanField(null=True, blank=True)
    public_training_code = models.TextField(null=True, blank=True)
    public_training_data = models.TextField(null=True, blank=True)
    framework = text_list()
    reference = models.TextField(null=True, blank=True)
    similarity_fn_name = models.TextField(null=True, blank=True)
    use_instructions = models.BooleanField(null=True, blank=True)
    training_datasets = ArrayField(
        models.TextField(), null=True, blank=True, help_text="Declared training datasets; NULL where undisclosed."
    )
    contaminated_tasks = ArrayField(
        models.TextField(),
        null=True,
        blank=True,
        help_text="Tasks whose data the model saw: training datasets, those of its base models, and similar tasks.",
    )
    adapted_from = models.TextField(null=True, blank=True)
    superseded_by = models.TextField(null=True, blank=True)
    model_type = text_list()
    modalities = text_list()
    output_dtypes = models.JSONField(null=True, blank=True)
    citation = models.TextField(null=True, blank=True)
    contacts = text_list()
    field_origins = models.JSONField(default=dict, blank=True, help_text="{field: who says it}, for known fields.")
    local_path = models.TextField(null=True, blank=True, help_text="For a model of a private board: its folder.")
    search_words = search_words("name")

    objects = ListedModels()
    everything = models.Manager["ModelMeta"]()

    class Meta:
        ordering = ["name"]
        verbose_name = "model"
        indexes = [trigrams("model_by_part_of_its_name")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="model_meta_has_a_name"),
            models.CheckConstraint(
                condition=Q(n_parameters__isnull=True) | Q(n_parameters__gte=0), name="parameters_are_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(is_listed=True) | Q(in_registry=False), name="a_model_of_the_registry_is_listed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("model", args=[self.name])

    @property
    def openness(self) -> Openness:
        """As mteb computes it. Every model of the registry has a card: it is reviewed when the model enters."""
        values = {name: getattr(self, name) for name in OPENNESS_FIELDS}
        return openness(values, has_card=self.in_registry or bool(self.reference))

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]


class ModelRevision(models.Model):
    """A revision of a model as its results name it: a commit, or a label such as `external`."""

    model_meta = models.ForeignKey(ModelMeta, models.PROTECT, related_name="revisions")
    name = models.TextField(help_text="Commit, or the label used instead of one.")
    metadata = models.JSONField(null=True, blank=True, help_text="model_meta.json beside the results, as it was read.")
    run_settings = models.JSONField(null=True, blank=True, help_text="Lines of run_settings.jsonl beside the results.")

    class Meta:
        ordering = ["model_meta", "name"]
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "name"], name="a_revision_is_unique_in_its_model"),
            models.CheckConstraint(condition=~Q(name=""), name="a_revision_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta}@{self.name}"


class Variant(models.Model):
    """How a model was run, where that differs from its default: mteb's experiments. The base run has an empty name.

    `experiment_name` separates results (mteb's `experiment_name`, the folder); `experiment_id` separates rows (mteb's
    `_experiment_id`). Settings without meaning such as `model_kwargs={}` have a name but no id: the cells of such a run
    are pooled into the base row, as the official board does.
    """

    model_meta = models.ForeignKey(ModelMeta, models.PROTECT, related_name="variants")
    experiment_name = models.TextField(blank=True, default="")
    experiment_id = models.TextField(blank=True, default="")
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["model_meta", "experiment_name"]
        constraints = [
            models.UniqueConstraint(fields=["model_meta", "experiment_name"], name="a_variant_is_unique_in_its_model"),
        ]

    def __str__(self) -> str:
        return f"{self.model_meta} {self.experiment_name}".strip()
