"""Reading a model from the Hub, and from a folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from submissions import hub, local_folder
from tests.factories_submissions import COMMIT, model_files, write_files
from tests.submissions.conftest import StartHub


def test_a_model_is_read_with_its_small_files(start_hub: StartHub) -> None:
    start_hub()
    snapshot = hub.read_model("example/model", "main")
    assert (snapshot.name, snapshot.requested_revision, snapshot.commit) == ("example/model", "main", COMMIT)
    assert snapshot.files["model.safetensors"]
    assert snapshot.parameters == {"F32": 80}
    assert snapshot.card["license"] == "apache-2.0"
    assert snapshot.document("config.json", "1_Pooling") == {
        "word_embedding_dimension": 8,
        "pooling_mode_mean_tokens": True,
    }
    assert "model.safetensors" not in snapshot.documents


def test_a_file_that_is_too_large_counts_as_unreadable(start_hub: StartHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LARGEST_SMALL_FILE", 300)
    start_hub({"example/model": model_files(**{"config.json": {"model_type": "x" * 500}})})
    assert hub.read_model("example/model").unreadable == ("config.json",)


@pytest.mark.parametrize(
    ("faults", "error", "words"),
    [
        (("/api/models=401",), hub.ModelNotFound, "no public model example/model"),
        (("/api/models=404",), hub.ModelNotFound, "no public model example/model"),
        (("/api/models=403",), hub.ModelClosed, "gated"),
        (("/resolve/=403",), hub.ModelClosed, "gated"),
        (("/api/models=429",), hub.HubUnreachable, "too many questions"),
        (("/api/models=500",), hub.HubUnreachable, "does not work properly"),
        (("/api/models=drop",), hub.HubUnreachable, "cannot be reached"),
        (("config.json=drop",), hub.HubUnreachable, "cannot be reached"),
        (("README.md=500",), hub.HubUnreachable, "does not work properly"),
    ],
)
def test_what_the_hub_refuses_is_said_plainly(
    start_hub: StartHub, faults: tuple[str, ...], error: type[hub.HubError], words: str
) -> None:
    start_hub(faults=faults)
    with pytest.raises(error, match=words):
        hub.read_model("example/model")


def test_a_model_that_is_not_there_is_not_found(start_hub: StartHub) -> None:
    start_hub()
    with pytest.raises(hub.ModelNotFound, match="no public model example/other"):
        hub.read_model("example/other")


def test_an_unknown_revision_is_named(start_hub: StartHub) -> None:
    start_hub()
    with pytest.raises(hub.RevisionUnknown, match="no revision “v9”"):
        hub.read_model("example/model", "v9")


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b/c", "example/model?x=1", "örg/model"])
def test_what_is_no_name_is_never_asked_for(name: str, unreachable_hub: None) -> None:
    with pytest.raises(hub.ModelNotFound, match="is not a model name"):
        hub.read_model(name)


@pytest.mark.parametrize("revision", ["a b", "x?y", "v" * 201])
def test_what_is_no_revision_is_never_asked_for(revision: str, unreachable_hub: None) -> None:
    with pytest.raises(hub.RevisionUnknown, match="is not a revision"):
        hub.read_model("example/model", revision)


def test_a_hub_that_is_away_is_unreachable(unreachable_hub: None) -> None:
    with pytest.raises(hub.HubUnreachable, match="cannot be reached"):
        hub.read_model("example/model")


def test_a_folder_is_read_like_a_repository(tmp_path: Path) -> None:
    weights = model_files()["model.safetensors"]
    folder = write_files(tmp_path / "model", model_files(**{"checkpoint-10/model.safetensors": weights}))
    snapshot = local_folder.read_model("house/model", str(folder))
    assert len(snapshot.commit) == 40
    assert snapshot.parameters == {"F32": 80}
    assert snapshot.config["model_type"] == "bert"


def test_a_folder_has_another_revision_once_its_weights_change(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "model", model_files())
    before = local_folder.read_model("house/model", str(folder)).commit
    (folder / "model.safetensors").write_bytes(b"no header at all")
    after = local_folder.read_model("house/model", str(folder))
    assert after.commit != before
    assert after.parameters is None


@pytest.mark.parametrize("folder", ["relative/path", "/no/such/folder/at/all"])
def test_a_folder_that_cannot_be_read_is_named(folder: str) -> None:
    with pytest.raises(local_folder.FolderUnreadable, match="folder"):
        local_folder.read_model("house/model", folder)


def test_the_pages_load_without_the_hubs_library() -> None:
    code = (
        "import django, sys; django.setup(); import submissions.urls, submissions.admin; "
        "heavy = ('huggingface_hub', 'license_expression', 'mteb', 'torch', 'transformers'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": "postgresql:///unused"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
