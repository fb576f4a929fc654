"""Everything that takes part in an evaluation is killed once, in the middle of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded_postgres import Server
from config.settings import BASE_DIR
from evaluation.trials import Target, plan

MANAGE = [sys.executable, str(BASE_DIR / "manage.py")]


def test_every_target_has_its_turn() -> None:
    assert sorted(plan(5, seed=1)) == sorted(Target)
    assert plan(20, seed=1) != plan(20, seed=2)
    assert [plan(20, seed=3).count(target) for target in Target] == [4, 4, 4, 4, 4]


@pytest.mark.slow
def test_whatever_is_killed_every_run_ends_as_it_should(tmp_path: Path) -> None:
    surroundings = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    surroundings |= {"PODIUM_DATA_DIR": str(tmp_path), "PODIUM_LEASE_SECONDS": "4"}
    try:
        done = subprocess.run(
            [*MANAGE, "trial", "--kills", str(len(Target)), "--tasks", "2", "--model", "glove"],
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    finally:
        Server(tmp_path / "pg").stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(Target)} of {len(Target)} runs ended as they should." in done.stdout


def test_a_trial_leaves_other_databases_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    surroundings = {**os.environ, "DATABASE_URL": "postgresql://podium@localhost/podium"}
    refused = subprocess.run([*MANAGE, "trial"], env=surroundings, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "A trial kills its PostgreSQL" in refused.stderr
