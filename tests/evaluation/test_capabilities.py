"""What a host offers, as its driver tells."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evaluation.capabilities import default_memory_mb, detect, memory_needed_mb

SMI = "#!/bin/sh\ncase $1 in --id=1) echo 'NVIDIA L4, 23034' ;; *) echo 'NVIDIA A100-SXM4-80GB, 81920' ;; esac\n"


@pytest.fixture
def driver(tmp_path: Path) -> dict[str, str]:
    """A host with two accelerators: its driver's program is all that is asked."""
    if sys.platform == "darwin":
        pytest.skip("A Mac has its own accelerator.")
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI)
    program.chmod(0o755)
    return {"PATH": f"{tmp_path}:/usr/bin:/bin"}


def test_an_accelerator_has_its_name_and_memory(driver: dict[str, str]) -> None:
    found = detect(labels=["b", "a", "a"], units_at_once=1, surroundings=driver)
    assert (found.device, found.device_name, found.memory_mb) == ("cuda", "NVIDIA A100-SXM4-80GB", 81920)
    assert found.labels == ["a", "b"]


def test_the_accelerator_that_the_worker_was_given_counts(driver: dict[str, str]) -> None:
    found = detect(labels=[], units_at_once=1, surroundings=driver | {"CUDA_VISIBLE_DEVICES": "1"})
    assert (found.device_name, found.memory_mb) == ("NVIDIA L4", 23034)


def test_units_that_run_at_once_share_the_memory(driver: dict[str, str]) -> None:
    assert detect(labels=[], units_at_once=2, surroundings=driver).memory_mb == 40960


@pytest.mark.parametrize("hidden", ["", "-1"])
def test_a_worker_without_an_accelerator_offers_the_hosts_memory(driver: dict[str, str], hidden: str) -> None:
    found = detect(labels=[], units_at_once=1, surroundings=driver | {"CUDA_VISIBLE_DEVICES": hidden})
    assert (found.device, found.device_name, found.memory_mb) == ("cpu", "", default_memory_mb(1))


def test_a_driver_that_fails_is_no_accelerator(driver: dict[str, str]) -> None:
    Path(driver["PATH"].partition(":")[0], "nvidia-smi").write_text("#!/bin/sh\necho broken; exit 9\n")
    assert detect(labels=[], units_at_once=1, surroundings=driver).device == "cpu"


def test_a_model_needs_more_than_its_weights_and_nobody_guesses_about_unknown_ones() -> None:
    assert memory_needed_mb(1000) == 1500
    assert memory_needed_mb(None) is None
