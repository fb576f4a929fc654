"""Reading from the Hub what the registry does not say."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leaderboard.models import MetadataClaim, MetadataVersion, ModelMeta, Origin
from leaderboard.selectors.versions import data_version
from submissions.hub_metadata import models_on_hub
from tests.factories import make_model
from tests.factories_submissions import COMMIT, model_files
from tests.submissions.conftest import StartHub

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("submissions.hub_metadata.SECONDS_BEFORE_RETRIES", (0.0, 0.0))


def synced(*names: str, **options: int) -> str:
    out = StringIO()
    call_command("sync_hub_metadata", model=list(names), stdout=out, **options)
    return out.getvalue()


def test_gaps_are_filled_and_what_the_registry_says_stays(hub: str) -> None:
    model = make_model("example/model", embed_dim=5, open_weights=True)
    before = data_version()
    assert "1 model asked for: 1 changed." in synced()
    model.refresh_from_db()
    assert (model.embed_dim, model.architecture, model.spdx_license) == (5, "bert", "Apache-2.0")
    assert {name: model.field_origins[name] for name in ("embed_dim", "architecture", "license")} == {
        "embed_dim": "registry",
        "architecture": "config.json",
        "license": "card",
    }
    assert MetadataVersion.objects.get().reason == "hub"
    assert MetadataClaim.objects.get(model_meta=model, origin="config.json").reference == COMMIT
    assert data_version() == before + 1


def test_a_model_at_the_same_commit_is_asked_for_nothing_more(start_hub: StartHub) -> None:
    start_hub({"example/model": model_files()}, faults=("README.md=500:1",))
    make_model("example/model")
    assert "1 changed" in synced()
    before = data_version()
    ModelMeta.objects.update(hub_commit=None)
    assert "example/model: same commit." in synced("example/model")
    assert ModelMeta.objects.get().hub_commit == COMMIT
    assert (MetadataVersion.objects.count(), data_version()) == (1, before)


def test_the_models_never_read_come_first_and_only_those_of_the_hub(hub: str) -> None:
    models: dict[str, dict[str, Any]] = {
        "example/model": {},
        "example/later": {},
        "example/closed": {"open_weights": False},
        "example/model (embed_dim=8)": {},
        "nobody": {},
        "example/here": {"local_path": "/models/here", "origin": Origin.RESULTS},
    }
    for name, fields in models.items():
        make_model(name, **fields)
    synced("example/model")
    assert [model.name for model in models_on_hub()] == ["example/later", "example/model"]
    assert "1 model asked for: 1 not readable." in synced(limit=1)
    assert [model.name for model in models_on_hub()] == ["example/model", "example/later"]


def test_a_model_that_is_not_there_is_reported_and_the_next_one_read(hub: str) -> None:
    make_model("example/absent")
    make_model("example/model")
    out = synced()
    assert "example/absent: not readable. The Hub has no public model example/absent." in out
    assert "1 changed" in out
    assert models_on_hub()[0].name == "example/absent"
    assert "example/model" not in synced(limit=1)
    assert models_on_hub()[0].name == "example/model"


@pytest.mark.usefixtures("unreachable_hub")
def test_a_silent_hub_ends_the_sync_with_a_clear_word() -> None:
    for number in range(4):
        make_model(f"example/model-{number}")
    with pytest.raises(CommandError, match=r"cannot be reached.*2 models asked for: 2 not readable"):
        synced()


@pytest.mark.usefixtures("unreachable_hub")
def test_one_model_that_nobody_answers_for_is_an_error_too() -> None:
    make_model("example/model", embed_dim=5)
    with pytest.raises(CommandError, match="cannot be reached"):
        synced("example/model")


def test_unknown_names_and_limits_are_refused() -> None:
    make_model("example/closed", open_weights=False)
    with pytest.raises(CommandError, match="example/closed, no/body"):
        synced("no/body", "example/closed")
    with pytest.raises(CommandError, match="from 1 on"):
        synced(limit=0)
    assert not ModelMeta.objects.filter(claims__isnull=False).exists()
