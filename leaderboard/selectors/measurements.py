"""How fast models were seen to be here, and the memory that took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from django.db.models import F

from leaderboard.memory import Kept
from leaderboard.models import Measurement, ModelMeta
from leaderboard.models.measurements import index_megabytes
from leaderboard.selectors.versions import data_version

MILLION = 10**6


@dataclass(frozen=True)
class Speed:
    """A model on one hardware: the latest measurement of each task, taken together.

    Rates are totals over totals, the latencies the medians over the measurements, the memory the most that was seen.
    """

    hardware: str
    device: str
    variant: str
    n_tasks: int
    n_texts: int
    n_texts_served: int
    n_tokens: float | None
    encode_seconds: float
    tokens_per_second: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    load_seconds: float | None
    peak_host_mb: float | None
    peak_device_mb: float | None
    energy_kwh: float | None
    measured_at: datetime

    @property
    def texts_per_second(self) -> float:
        return self.n_texts / self.encode_seconds

    @property
    def peak_mb(self) -> float | None:
        """Where the model was: on the accelerator, else in the memory of the process."""
        return self.peak_host_mb if self.device == "cpu" else self.peak_device_mb

    @property
    def watt_hours_per_million_tokens(self) -> float | None:
        if self.energy_kwh is None or not self.n_tokens:
            return None
        return 1000 * self.energy_kwh * MILLION / self.n_tokens

    def cost_per_million_tokens(self, price_per_hour: float) -> float | None:
        """What the machine costs while the model reads a million tokens."""
        return MILLION / self.tokens_per_second / 3600 * price_per_hour if self.tokens_per_second else None


@dataclass(frozen=True)
class MeasuredModel:
    """`speeds` are by hardware and variant, the ones that boards compare first; the index holds a million vectors."""

    speeds: list[Speed]
    compared: Speed | None
    embed_dim: int | None
    index_mb: float | None


_kept: Kept[dict[int, Speed]] = Kept(1)


def speed_of_models() -> dict[int, Speed]:
    """The speed of models as boards compare it, by the id of the model: all on one hardware, run without settings.

    Where models were measured on several kinds of hardware, it is the one with most models, and of equals the one that
    was used last. A model that was not measured on it has no speed here.
    """
    return _kept.get(data_version(), _comparable)


def compared_hardware() -> str:
    """What boards compare models on; empty where nothing was measured."""
    return next((speed.hardware for speed in speed_of_models().values()), "")


def measurements_of(model_meta: ModelMeta) -> MeasuredModel:
    """Everything that was measured of a model."""
    groups: dict[tuple[str, str, str], list[Measurement]] = defaultdict(list)
    for one in _latest(model_revision__model_meta=model_meta):
        groups[one.hardware, one.device, one.variant.experiment_name].append(one)
    compared = speed_of_models().get(model_meta.pk) if groups else None
    speeds = sorted(map(_together, groups.values()), key=lambda of: (of != compared, of.variant, of.hardware))
    dimension = model_meta.embed_dim
    return MeasuredModel(speeds, compared, dimension, None if dimension is None else index_megabytes(dimension))


def _comparable() -> dict[int, Speed]:
    groups: dict[tuple[str, str], dict[int, list[Measurement]]] = defaultdict(lambda: defaultdict(list))
    for one in _latest(variant__experiment_name=""):
        groups[one.hardware, one.device][one.model_revision.model_meta_id].append(one)
    if not groups:
        return {}
    speeds = [{id_: _together(of) for id_, of in models.items()} for models in groups.values()]
    return max(speeds, key=lambda models: (len(models), max(of.measured_at for of in models.values())))


def _latest(**conditions: object) -> Iterable[Measurement]:
    """The latest measurement of each model, variant and task on each hardware."""
    return (
        Measurement.objects.filter(**conditions)
        .select_related("model_revision", "variant")
        .order_by("variant_id", "task_id", "hardware", "device", F("measured_at").desc(), "-pk")
        .distinct("variant_id", "task_id", "hardware", "device")
    )


def _together(measurements: list[Measurement]) -> Speed:
    first = measurements[0]
    counted = [one for one in measurements if one.n_tokens is not None]
    return Speed(
        hardware=first.hardware,
        device=first.device,
        variant=first.variant.experiment_name,
        n_tasks=len(measurements),
        n_texts=sum(one.n_texts for one in measurements),
        n_texts_served=sum(one.n_texts_served for one in measurements),
        n_tokens=_total(one.n_tokens for one in measurements),
        encode_seconds=sum(one.encode_seconds for one in measurements),
        tokens_per_second=(
            sum(one.n_tokens or 0 for one in counted) / sum(one.encode_seconds for one in counted) if counted else None
        ),
        latency_p50_ms=_median(one.latency_p50_ms for one in measurements),
        latency_p95_ms=_median(one.latency_p95_ms for one in measurements),
        load_seconds=_median(one.load_seconds for one in measurements),
        peak_host_mb=max((one.peak_host_mb for one in measurements if one.peak_host_mb is not None), default=None),
        peak_device_mb=max(
            (one.peak_device_mb for one in measurements if one.peak_device_mb is not None), default=None
        ),
        energy_kwh=_total(one.energy_kwh for one in measurements),
        measured_at=max(one.measured_at for one in measurements),
    )


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _total(values: Iterable[float | None]) -> float | None:
    """None where a value is missing: a sum over some tasks would look like the whole."""
    known = list(values)
    return sum(value for value in known if value is not None) if None not in known else None
