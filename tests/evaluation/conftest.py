"""What several tests of evaluations share: the two small models of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.demo_models import DemoModel, ensure_demo_models


@pytest.fixture(scope="session")
def demo_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def demo_models(demo_models_folder: Path) -> list[DemoModel]:
    return ensure_demo_models(demo_models_folder)
