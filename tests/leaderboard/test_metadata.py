"""What origins say of a model, what is shown of it, what was known before, and the maintainers' notes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from leaderboard.architectures import Ancestry, inherited_family
from leaderboard.metadata import (
    InvalidValue,
    MetadataOrigin,
    conflicts,
    normalised,
    read_meta_file,
    read_text,
    resolve,
    shown,
)
from leaderboard.models import (
    Annotation,
    AnnotationKey,
    Language,
    MetadataCorrection,
    MetadataVersion,
    ModelMeta,
    Origin,
)
from leaderboard.selectors.metadata import (
    annotation_values,
    annotations_of,
    described_fields,
    metadata_conflicts,
    metadata_history,
)
from leaderboard.selectors.versions import data_version
from leaderboard.services.metadata import (
    Claim,
    NoteRefused,
    Reason,
    annotate,
    apply_corrections,
    record_claims,
    record_meta_files,
    remove_note,
)
from leaderboard.training_approaches import of_name, of_registry
from tests.factories import make_model, make_revision

MAINTAINER, REGISTRY = MetadataOrigin.MAINTAINER, MetadataOrigin.REGISTRY
WEIGHTS, CONFIG, CARD = MetadataOrigin.WEIGHTS, MetadataOrigin.CONFIG, MetadataOrigin.CARD
META_FILE, LINEAGE = MetadataOrigin.META_FILE, MetadataOrigin.LINEAGE


def resolved(**claims: dict[str, Any]) -> dict[str, tuple[Any, str]]:
    by_origin = {MetadataOrigin[origin]: normalised(values, {"en": "eng-Latn"}) for origin, values in claims.items()}
    found = resolve(by_origin)
    return {name: (value, found.origins[name]) for name, value in found.values.items()}


def test_the_most_believed_origin_is_shown_and_gaps_are_filled() -> None:
    found = resolved(
        CARD={"languages": ["en"], "embed_dim": 3},
        REGISTRY={"embed_dim": 1, "languages": None},
        CONFIG={"embed_dim": 2},
    )
    assert found == {"embed_dim": (1, "registry"), "languages": (["eng-Latn"], "card")}


def test_a_maintainer_has_the_last_word() -> None:
    found = resolved(MAINTAINER={"commercial_use": False}, REGISTRY={"license": "apache-2.0", "embed_dim": 1})
    assert found["commercial_use"] == (False, "maintainer")
    assert found["spdx_license"] == ("Apache-2.0", "registry")


def test_commercial_use_follows_the_licence_that_is_shown() -> None:
    found = resolved(REGISTRY={"license": "cc-by-nc-4.0"}, CARD={"license": "mit", "spdx_license": "MIT"})
    assert found["spdx_license"] == ("CC-BY-NC-4.0", "registry")
    assert found["commercial_use"] == (False, "registry")
    assert "commercial_use" not in resolved(REGISTRY={"license": "not specified"})


def test_variants_and_zero_shot_of_registered_models_follow_from_the_registry_alone() -> None:
    said = {"embed_dims": [8], "training_datasets": ["A"], "model_type": ["dense"]}
    assert set(resolved(CARD=said)) == set(said)
    assert resolved(CARD=said, REGISTRY={"embed_dims": [4]}) == {"embed_dims": ([4], "registry")}


def test_what_the_registry_has_dropped_is_not_filled_from_a_file_of_an_older_day() -> None:
    assert resolved(META_FILE={"citation": "@misc{}"}) == {"citation": ("@misc{}", "model_meta.json")}
    assert "citation" not in resolved(META_FILE={"citation": "@misc{}"}, REGISTRY={"embed_dim": 1})


def test_training_approaches_are_added_up() -> None:
    found = resolved(CARD={"training_approach": ["contrastive"]}, REGISTRY={"training_approach": ["matryoshka"]})
    assert found["training_approach"] == (["contrastive", "matryoshka"], "registry+card")


@pytest.mark.parametrize(
    ("shown", "other", "disagree"),
    [
        ({"n_parameters": 1_000_000}, {"n_parameters": 1_005_000}, False),
        ({"n_parameters": 1_000_000}, {"n_parameters": 1_100_000}, True),
        ({"license": "apache-2.0"}, {"license": "Apache 2.0", "spdx_license": "Apache-2.0"}, False),
        ({"license": "apache-2.0"}, {"license": "mit"}, True),
        ({"languages": ["eng-Latn", "cmn-Hans"]}, {"languages": ["en", "zho-Hans"]}, False),
        ({"languages": ["eng-Latn"]}, {"languages": ["en", "deu-Latn"]}, True),
        ({"similarity_fn_name": "MaxSim"}, {"similarity_fn_name": "max_sim"}, False),
        ({"adapted_from": "org/base"}, {"adapted_from": "https://huggingface.co/org/base"}, False),
        ({"embed_dim": 8}, {}, False),
        ({"citation": "@misc{a}"}, {"citation": "@misc{ a }"}, False),
    ],
)
def test_origins_disagree_when_they_mean_something_else(
    shown: dict[str, Any], other: dict[str, Any], disagree: bool
) -> None:
    said = {REGISTRY: normalised(shown, {"en": "eng-Latn"}), CARD: normalised(other, {"en": "eng-Latn"})}
    found = conflicts(said, resolve(said))
    assert [conflict.name for conflict in found] == (list(shown) if disagree else [])
    assert all(conflict.shown.origin == REGISTRY and conflict.others[0].origin == CARD for conflict in found)


def test_an_inference_contradicts_nobody() -> None:
    said = {CONFIG: {"architecture": "new"}, LINEAGE: {"architecture": "bert"}}
    assert conflicts(said, resolve(said)) == []


def test_a_model_meta_file_is_read_whatever_its_age() -> None:
    content = {
        "embed_dim": [64, 128],
        "languages": "eng-Latn",
        "training_datasets": {"MSMARCO": ["train"]},
        "public_training_data": True,
        "public_training_code": {"a": 1},
        "max_tokens": 1e30,
        "n_parameters": "many",
        "release_date": "soon",
        "license": "none",
        "framework": None,
        "open_weights": "yes",
    }
    assert read_meta_file(content) == {
        "embed_dim": 128,
        "embed_dims": [64, 128],
        "languages": ["eng-Latn"],
        "training_datasets": ["MSMARCO"],
        "public_training_data": "True",
    }


def ancestor(adapted_from: str | None = None, **facts: Any) -> Ancestry:
    defaults: dict[str, Any] = {
        "loader": None,
        "model_type": ["dense"],
        "modalities": ["text"],
        "is_static": False,
        "is_open": True,
    }
    return Ancestry(adapted_from=adapted_from, **{**defaults, **facts})


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ({"org/child": ancestor("Qwen/Qwen3-0.6B")}, "qwen3"),
        (
            {"org/child": ancestor("org/base"), "org/base": ancestor("https://huggingface.co/BAAI/bge-m3")},
            "xlm-roberta",
        ),
        ({"org/child": ancestor("org/base"), "org/base": ancestor(loader="WhisperAudioWrapper")}, "whisper"),
        ({"org/child": ancestor("org/unheard-of")}, None),
        ({"org/child": ancestor("org/child")}, None),
        ({"org/child": ancestor("BAAI/bge-m3", is_static=True)}, None),
        ({"org/child": ancestor("BAAI/bge-m3", is_open=False)}, None),
        ({"org/child": ancestor("BAAI/bge-m3", model_type=["router"])}, None),
        ({"org/child": ancestor("Qwen/Qwen3-0.6B", modalities=["image"])}, None),
        ({"org/child": ancestor("Qwen/Qwen3-VL-2B-Instruct", modalities=["image", "text"])}, "qwen3_vl"),
    ],
)
def test_a_family_is_inherited_where_nothing_was_built_anew(models: dict[str, Ancestry], expected: str | None) -> None:
    assert inherited_family("org/child", models) == expected


def test_a_teacher_is_no_ancestor() -> None:
    models = {"org/sentence-bert-sv": ancestor("sentence-transformers/all-mpnet-base-v2")}
    assert inherited_family("org/sentence-bert-sv", models) is None


def test_the_registry_and_a_name_declare_training_approaches() -> None:
    assert of_registry(embed_dims=[64, 128], loader=None, framework=["PyTorch"]) == ["matryoshka"]
    assert of_registry(embed_dims=[64], loader=None, framework=["NumPy", "Sentence Transformers"]) == ["static"]
    assert of_registry(embed_dims=None, loader="Model2VecModel", framework=None) == ["static"]
    assert of_name("instruct/e5-mistral-7b-instruct") == ["instruction-tuned"]
    assert of_name("org/distilbert-mergers") == []


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("n_parameters", 22_713_216, "22,713,216"),
        ("memory_usage_mb", 1631.0, "1,631 MB"),
        ("memory_usage_mb", 86.64, "86.6 MB"),
        ("embed_dims", [64, 1024], "64, 1,024"),
        ("training_approach", ["matryoshka", "static"], "Matryoshka, static embeddings"),
        ("training_datasets", [], "no dataset of a task"),
        ("open_weights", False, "no"),
        ("public_training_data", "True", "yes"),
        ("license", None, ""),
    ],
)
def test_values_read_well(field: str, value: Any, text: str) -> None:
    assert shown(field, value) == text


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("commercial_use", "Yes", True),
        ("n_parameters", "22,713,216", 22_713_216),
        ("memory_usage_mb", "86.6", 86.6),
        ("release_date", "2025-01-31", "2025-01-31"),
        ("languages", "eng-Latn, deu-Latn", ["eng-Latn", "deu-Latn"]),
        ("reference", "https://example.org", "https://example.org"),
    ],
)
def test_a_correction_is_read(field: str, text: str, expected: Any) -> None:
    assert read_text(field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "match"),
    [
        ("commercial_use", "perhaps", "yes or no"),
        ("n_parameters", "many", "whole number"),
        ("n_parameters", "9" * 30, "whole number"),
        ("memory_usage_mb", "nan", "number"),
        ("memory_usage_mb", "-1", "from 0"),
        ("release_date", "soon", "year-month-day"),
        ("training_approach", "magic", "There are: contrastive"),
        ("languages", " , ", "at least one"),
        ("reference", "javascript:alert(1)", "https://"),
        ("license", " ", "Write a value"),
        ("training_datasets", "A", "cannot be corrected"),
        ("no_such_field", "A", "cannot be corrected"),
    ],
)
def test_a_wrong_correction_is_explained(field: str, text: str, match: str) -> None:
    with pytest.raises(InvalidValue, match=match):
        read_text(field, text)


def record(model_meta: ModelMeta, origin: MetadataOrigin, **values: Any) -> list[str]:
    return record_claims(claims=[Claim(model_meta.pk, origin, values)], reason=Reason.HUB)


@pytest.mark.django_db
def test_claims_reach_the_model_its_history_and_its_page() -> None:
    Language.objects.create(code="eng", name="English", short_code="en", usual_script="Latn")
    model = make_model(origin=Origin.RESULTS, in_registry=False)
    assert record(model, CARD, languages=["en"], license="mit", release_date="2025-01-31") == [model.name]
    assert record(model, CARD, languages=["en"], license="mit", release_date="2025-01-31") == []
    assert record(model, CONFIG, architecture="bert") == [model.name]
    model.refresh_from_db()
    assert (model.languages, model.spdx_license, model.commercial_use) == (["eng-Latn"], "MIT", True)
    assert str(model.release_date) == "2025-01-31"
    shown = {field.name: field for field in described_fields(model)}
    assert (shown["architecture"].text, shown["architecture"].origin) == ("bert", "config.json")
    assert (shown["commercial_use"].text, shown["commercial_use"].origin_label) == ("yes", "model card")
    assert (shown["n_parameters"].text, shown["n_parameters"].origin) == ("", None)
    newest, first = metadata_history(model)
    assert [(change.name, change.before, change.after) for change in newest.changes] == [("architecture", "", "bert")]
    assert first.is_first
    assert {change.name for change in first.changes} >= {"languages", "license", "release_date"}


@pytest.mark.django_db
def test_an_origin_that_no_longer_says_something_is_not_believed_any_more() -> None:
    model = make_model(origin=Origin.RESULTS, in_registry=False)
    record(model, CARD, license="mit", framework=["PyTorch"])
    record(model, CARD, license="apache-2.0")
    model.refresh_from_db()
    assert (model.license, model.framework, model.field_origins.get("framework")) == ("apache-2.0", [], None)


@pytest.mark.django_db
def test_what_a_row_held_before_origins_were_noted_is_kept() -> None:
    model = make_model(embed_dim=5, license="mit")
    assert {field.name: field.origin for field in described_fields(model)}["embed_dim"] == "registry"
    record(model, CARD, embed_dim=8, languages=["eng-Latn"])
    model.refresh_from_db()
    assert (model.embed_dim, model.license, model.languages) == (5, "mit", ["eng-Latn"])
    assert model.field_origins["embed_dim"] == "registry"


@pytest.mark.django_db
def test_a_page_says_where_origins_disagree() -> None:
    model = make_model(embed_dim=5)
    record(model, CARD, embed_dim=8)
    model.refresh_from_db()
    (conflict,) = metadata_conflicts(model)
    assert (conflict.label, conflict.shown.value, conflict.others[0].value) == ("Embedding dimension", 5, 8)
    assert "reviewed" in conflict.why
    assert next(field for field in described_fields(model) if field.name == "embed_dim").conflict == conflict


@pytest.mark.django_db
def test_history_is_never_rewritten() -> None:
    model = make_model()
    record(model, CARD, license="mit")
    version = MetadataVersion.objects.get()
    version.values = {}
    with pytest.raises(IntegrityError, match="not changed afterwards"), transaction.atomic():
        version.save()


@pytest.mark.django_db
def test_a_model_that_only_results_name_is_described_by_the_file_beside_them() -> None:
    model = make_model(origin=Origin.RESULTS, in_registry=False)
    old, new = make_revision(model, "no_revision_available"), make_revision(model, "1")
    old.metadata, new.metadata = {"embed_dim": 4}, {"embed_dim": 8, "open_weights": False}
    for revision in (new, old):
        revision.save()
    assert record_meta_files() == [model.name]
    model.refresh_from_db()
    assert (model.embed_dim, model.open_weights, model.field_origins["embed_dim"]) == (8, False, "model_meta.json")
    assert record_meta_files() == []


@pytest.mark.django_db
def test_openness_asks_the_six_questions_of_mteb() -> None:
    model = make_model(open_weights=True, license="apache-2.0", citation="@misc{}")
    assert model.openness.score == 4
    assert model.openness.answers["Training data"] is False
    assert make_model(origin=Origin.RESULTS, in_registry=False).openness.score == 0


@pytest.fixture
def speed() -> AnnotationKey:
    return AnnotationKey.objects.create(key="price", label="Price", kind=AnnotationKey.Kind.NUMBER)


@pytest.mark.django_db
def test_notes_are_checked_against_their_kind(speed: AnnotationKey) -> None:
    model, before = make_model(), data_version()
    note = annotate(model_meta=model, key=speed, value=0.5)
    assert annotation_values() == {model.pk: {"price": 0.5}}
    assert [(shown.label, shown.text) for shown in annotations_of(model)] == [("Price", "0.5")]
    with pytest.raises(NoteRefused, match="Number"):
        annotate(model_meta=model, key=speed, value="cheap")
    remove_note(note=note)
    assert annotation_values() == {}
    assert data_version() == before + 2


@pytest.mark.django_db
def test_a_kind_of_note_stays_true_to_its_notes() -> None:
    tier = AnnotationKey(key="tier", label="Tier", kind=AnnotationKey.Kind.CHOICE)
    with pytest.raises(ValidationError, match="Write the choices"):
        tier.full_clean()
    tier.choices = ["gold", "silver"]
    tier.full_clean()
    tier.save()
    annotate(model_meta=make_model(), key=tier, value="gold")
    tier.choices = ["silver"]
    with pytest.raises(ValidationError, match="has the note “gold”"):
        tier.full_clean()


def formset(prefix: str, *rows: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
    return data | {f"{prefix}-{i}-{name}": value for i, row in enumerate(rows) for name, value in row.items()}


@pytest.mark.django_db
def test_the_desk_takes_notes_and_corrections_and_explains_wrong_ones(speed: AnnotationKey) -> None:
    model = make_model(license="mit")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    address = f"/admin/leaderboard/modelmeta/{model.pk}/change/"
    wrong = formset("annotations", {"key": speed.pk, "value": "cheap"}) | formset(
        "corrections", {"field": "n_parameters", "value": "many"}
    )
    page = client.post(address, wrong).content.decode()
    assert "Write a number, such as 86.6." in page
    assert "Write a whole number" in page
    assert not Annotation.objects.exists()
    right = formset("annotations", {"key": speed.pk, "value": "3"}) | formset(
        "corrections", {"field": "license", "value": "apache-2.0", "grounds": "The card was changed."}
    )
    before = data_version()
    assert client.post(address, right | formset("claims") | formset("declined_tasks")).status_code == 302
    model.refresh_from_db()
    assert (model.license, model.spdx_license, model.field_origins["license"]) == (
        "apache-2.0",
        "Apache-2.0",
        "maintainer",
    )
    assert annotation_values() == {model.pk: {"price": 3}}
    assert data_version() > before
    MetadataCorrection.objects.all().delete()
    apply_corrections(model_meta=model)
    model.refresh_from_db()
    assert (model.license, model.field_origins["license"]) == ("mit", "registry")
