"""The revision of a model in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from evaluation.local_models import folder_revision, is_model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_the_revision_looks_like_a_commit(folder: Path) -> None:
    revision = folder_revision(folder)
    assert len(revision) == 40
    assert int(revision, 16) >= 0


@pytest.mark.parametrize("name", ["model.safetensors", "modules.json", "1_Pooling/config.json"])
def test_the_revision_changes_with_weights_and_configuration(folder: Path, name: str) -> None:
    before = folder_revision(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"changed")
    assert folder_revision(folder) != before


@pytest.mark.parametrize("name", ["README.md", ".git/HEAD", "__pycache__/x.pyc"])
def test_the_revision_does_not_change_with_what_is_no_part_of_the_model(folder: Path, name: str) -> None:
    before = folder_revision(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"words")
    assert folder_revision(folder) == before


def test_the_revision_is_that_of_the_content_not_of_the_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(folder, copy)
    assert folder_revision(copy) == folder_revision(folder)


def test_a_folder_without_a_configuration_is_no_model(folder: Path, tmp_path: Path) -> None:
    assert is_model_folder(folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not is_model_folder(empty)
