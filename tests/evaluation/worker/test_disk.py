"""Room on the disks of a worker's host."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from evaluation import jobs
from evaluation.models import EvaluationUnit
from evaluation.selectors.workers import worker_states
from evaluation.worker.disk import MEBIBYTE, lack_of_room, prune
from tests.factories import make_model, make_task
from tests.factories_evaluation import make_run, make_worker

DAY = 24 * 3600


def cached(cache: Path, kind: str, name: str, *, days_ago: float) -> Path:
    """A repository of 2 MiB, as huggingface_hub keeps it, that was last read so long ago."""
    folder = cache / f"{kind}s--{name.replace('/', '--')}"
    snapshot, blob = folder / "snapshots" / ("1" * 40), folder / "blobs" / "weights"
    for one in (snapshot, blob.parent, folder / "refs"):
        one.mkdir(parents=True)
    blob.write_bytes(b"x" * 2 * MEBIBYTE)
    (snapshot / "model.safetensors").symlink_to(blob)
    (folder / "refs" / "main").write_text("1" * 40)
    past = time.time() - days_ago * DAY
    os.utime(blob, (past, past))
    return folder


def test_what_nobody_used_for_longest_goes_first_until_the_rest_fits(tmp_path: Path) -> None:
    new = cached(tmp_path, "model", "acme/new", days_ago=3)
    old = cached(tmp_path, "dataset", "acme/old", days_ago=9)
    needed = cached(tmp_path, "model", "Acme/Needed", days_ago=99)
    assert prune(tmp_path, 6, in_use=[]) == []
    assert prune(tmp_path, 4, in_use=["acme/needed"]) == ["dataset acme/old (2 MiB)"]
    assert (old.exists(), new.exists(), needed.exists()) == (False, True, True)
    read_today = cached(tmp_path, "model", "acme/today", days_ago=0.5)
    assert prune(tmp_path, 1, in_use=["acme/needed"]) == ["model acme/new (2 MiB)"]
    assert read_today.exists()


def test_where_nothing_was_downloaded_nothing_is_pruned(tmp_path: Path) -> None:
    assert prune(tmp_path / "missing", 1, in_use=[]) == []


@pytest.mark.django_db
def test_what_unfinished_runs_need_stays_when_a_worker_prunes(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    settings.EVALUATION_HUB_CACHE_MB = 1
    kept = [cached(tmp_path, "model", "acme/wanted", days_ago=9), cached(tmp_path, "dataset", "acme/data", days_ago=9)]
    gone = cached(tmp_path, "model", "acme/forgotten", days_ago=5)
    make_run([make_task(dataset_path="acme/data")], model_meta=make_model("acme/wanted"))
    out = StringIO()
    call_command("prune_hub_cache", stdout=out)
    assert out.getvalue() == "Deleted model acme/forgotten (2 MiB).\n"
    assert all(folder.exists() for folder in kept)
    assert not gone.exists()
    call_command("prune_hub_cache", "--megabytes", "0", stdout=out)
    assert "may be of any size" in out.getvalue()


def test_lack_of_room_is_told_without_the_place(tmp_path: Path) -> None:
    assert lack_of_room({"temporary files": tmp_path / "not" / "there"}, 1) == ""
    words = lack_of_room({"temporary files": tmp_path}, 10**9)
    assert words.startswith("Its disk for temporary files has ")
    assert words.endswith(" MiB free, and an evaluation wants 1,000,000,000 (PODIUM_FREE_DISK_MB).")


@pytest.mark.django_db
def test_a_worker_whose_disk_is_nearly_full_takes_nothing_and_says_why(settings: Any) -> None:
    settings.EVALUATION_FREE_DISK_MB = 10**9
    worker = make_worker()
    make_run()
    assert jobs.evaluate_claimable(worker) == 0
    unit = EvaluationUnit.objects.get()
    assert (unit.state, unit.attempts) == (EvaluationUnit.State.QUEUED, 0)
    (state,) = worker_states()
    assert state.state == "resting"
    assert "MiB free" in state.reason
