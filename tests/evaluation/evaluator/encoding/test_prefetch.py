"""Fetching ahead fills the cache of datasets and touches nothing else."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from config.settings import BASE_DIR
from evaluation.evaluator.encoding.prefetch import Prefetch, fetch
from tests.evaluation.test_hub import HUB, StartHub, start_hub

__all__ = ["start_hub"]

TASK: dict[str, Any] = {"definition": None, "eval_splits": None, "hf_subsets": None}


def test_tasks_of_ones_own_lie_on_this_host_already() -> None:
    prefetch = Prefetch()
    assert not prefetch.begin(), "Nothing was announced."
    prefetch.announce(TASK | {"name": "Ours", "definition": {"folder": "/nowhere"}})
    assert not prefetch.begin()
    prefetch.announce(TASK | {"name": "NoSuchTask"})
    assert prefetch.begin()
    prefetch.wait()
    assert not prefetch.begin(), "Each announcement counts once."


@pytest.mark.filterwarnings("ignore::DeprecationWarning:mteb", "ignore::FutureWarning:mteb")
@pytest.mark.parametrize("name", ["NoSuchTask", "STS13", "LIMITSmallRetrieval"])
def test_what_cannot_be_fetched_is_left_to_the_task(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    importlib.import_module("mteb")  # It draws numbers when it is imported, which is long before a task runs.
    state = random.getstate()
    fetch(TASK | {"name": name})
    assert random.getstate() == state, "The task that runs meanwhile may be drawing from it."


@pytest.mark.slow
@pytest.mark.skipif(not HUB.is_dir(), reason="The local Hub (../shared/hub) is not on this machine.")
def test_a_task_whose_dataset_was_fetched_needs_no_hub(start_hub: StartHub, tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, mteb
        from evaluation.evaluator.encoding.prefetch import fetch
        for name in sys.argv[2:]:
            if sys.argv[1] == "fetch":
                fetch({"name": name, "definition": None, "eval_splits": None, "hf_subsets": None})
            else:
                task = mteb.get_task(name)
                task.load_data()
                assert task.data_loaded
        """
    )
    variables = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1", "HF_ENDPOINT": start_hub()}
    for how, offline in (("fetch", "0"), ("load", "1")):
        command = [sys.executable, "-c", program, how, "STS13", "LIMITSmallRetrieval"]
        done = subprocess.run(
            command, cwd=BASE_DIR, env=variables | {"HF_HUB_OFFLINE": offline}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
