"""Energy from counters, and nothing from guesses."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.evaluator.energy import Counter, processor_counters, used_kwh


def package(folder: Path, number: int, used: int, limit: int = 1000) -> None:
    (folder / f"intel-rapl:{number}").mkdir()
    (folder / f"intel-rapl:{number}" / "energy_uj").write_text(f"{used}\n")
    (folder / f"intel-rapl:{number}" / "max_energy_range_uj").write_text(f"{limit}\n")


def test_packages_of_the_processor_are_read(tmp_path: Path) -> None:
    package(tmp_path, 0, 10)
    package(tmp_path, 1, 20)
    (tmp_path / "intel-rapl:0:0").mkdir()
    assert processor_counters(tmp_path) == [Counter("intel-rapl:0", 10, 1000), Counter("intel-rapl:1", 20, 1000)]


def test_a_package_that_cannot_be_read_makes_the_energy_unknown(tmp_path: Path) -> None:
    package(tmp_path, 0, 10)
    (tmp_path / "intel-rapl:1").mkdir()
    assert processor_counters(tmp_path) == []
    assert processor_counters(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("before", "after", "device", "expected"),
    [
        ([Counter("a", 0, None)], [Counter("a", 3_600_000_000, None)], "cuda", 1.0),
        ([Counter("a", 900, 1000)], [Counter("a", 100, 1000)], "cpu", 200 / 3.6e12),
        ([Counter("a", 900, None)], [Counter("a", 100, None)], "cuda", None),
        ([], [], "cpu", None),
        ([Counter("a", 0, 9)], [], "cpu", None),
    ],
)
def test_what_was_used_is_known_only_from_two_whole_readings(
    before: list[Counter], after: list[Counter], device: str, expected: float | None
) -> None:
    assert used_kwh(before, after, device=device) == expected
