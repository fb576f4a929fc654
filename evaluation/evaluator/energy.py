"""Energy as the hardware's own counters tell it; unknown where there are none: nothing is guessed from a wattage."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

RAPL = Path("/sys/class/powercap")
MICROJOULES_PER_KWH = 3.6e12
MILLIJOULES_PER_KWH = 3.6e9

logger = logging.getLogger("evaluation.evaluator.runner")


@dataclass(frozen=True)
class Counter:
    """One package of the processor, or one accelerator: what it has used so far, and where it begins anew."""

    name: str
    used: int
    limit: int | None


def used_kwh(before: list[Counter], after: list[Counter], *, device: str) -> float | None:
    """What was used between two readings of a device's counters; None where one of them could not be read."""
    starts = {one.name: one for one in before}
    if not before or set(starts) != {one.name for one in after}:
        return None
    total = 0
    for end in after:
        used = end.used - starts[end.name].used
        if used < 0 and end.limit is None:
            return None
        total += used if used >= 0 else used + (end.limit or 0)
    return total / (MILLIJOULES_PER_KWH if device == "cuda" else MICROJOULES_PER_KWH)


def counters(device: str, *, folder: Path = RAPL) -> list[Counter]:
    """Of the processor's packages for `cpu`, of the accelerators that torch sees for `cuda`; empty where none tells."""
    if device == "cpu":
        return processor_counters(folder)
    return _accelerator_counters() if device == "cuda" else []


def processor_counters(folder: Path) -> list[Counter]:
    """Intel's and AMD's running average power limit, as Linux shows it; only root may read it on most machines."""
    read = []
    try:
        for package in sorted(folder.glob("intel-rapl:[0-9]")):
            used, limit = (int((package / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
            read.append(Counter(package.name, used, limit))
    except (OSError, ValueError):
        return []
    return read


def _accelerator_counters() -> list[Counter]:
    """By the uuid of the device, because CUDA_VISIBLE_DEVICES renumbers them."""
    with suppress(ImportError):
        import pynvml
        import torch

        try:
            pynvml.nvmlInit()
            uuids = [f"GPU-{torch.cuda.get_device_properties(at).uuid}" for at in range(torch.cuda.device_count())]
            handles = [(uuid, pynvml.nvmlDeviceGetHandleByUUID(uuid)) for uuid in uuids]
            return [Counter(uuid, pynvml.nvmlDeviceGetTotalEnergyConsumption(of), None) for uuid, of in handles]
        except pynvml.NVMLError as error:
            logger.info("The energy of this accelerator is unknown: %s", error)
    return []
