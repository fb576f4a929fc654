"""The state of the evaluations as Prometheus reads it, asked of the tables each time."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from evaluation.models import EvaluationRun, EvaluationUnit, Lane
from evaluation.selectors.pauses import queue_is_paused
from evaluation.selectors.queue import n_leases_past_due, oldest_waiting, units_by_lane_and_state
from evaluation.selectors.workers import workers_alive


class Evaluations(Collector):
    def collect(self) -> Iterator[Metric]:
        yield self._queue_depth()
        yield self._runs()
        yield self._workers()
        oldest = oldest_waiting()
        age = (timezone.now() - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily("podium_queue_oldest_seconds", "Age of the oldest run that was not begun.", age)
        yield GaugeMetricFamily(
            "podium_leases_past_due", "Tasks whose worker is silent and that nobody took over.", n_leases_past_due()
        )
        yield GaugeMetricFamily("podium_queue_paused", "1 while workers take nothing new.", int(queue_is_paused()))

    def _queue_depth(self) -> Metric:
        family = GaugeMetricFamily("podium_queue_tasks", "Tasks that wait or are at work.", labels=["lane", "state"])
        counts = units_by_lane_and_state()
        for lane in Lane:
            for state in (EvaluationUnit.State.QUEUED, EvaluationUnit.State.RUNNING):
                family.add_metric([str(lane.label), state], counts.get((lane, state), 0))
        return family

    def _runs(self) -> Metric:
        """A gauge: a run that is tried again leaves its end state."""
        family = GaugeMetricFamily("podium_runs", "Runs by state.", labels=["state"])
        counts = dict(EvaluationRun.objects.order_by().values_list("state").annotate(Count("pk")))
        for state in EvaluationRun.State:
            family.add_metric([state], counts.get(state, 0))
        return family

    def _workers(self) -> Metric:
        family = GaugeMetricFamily("podium_workers", "Workers that gave a sign of life lately.", labels=["queue"])
        counts = dict(workers_alive().order_by().values_list("queue").annotate(Count("pk")))
        for queue in {"default", settings.EVALUATION_QUEUE, *counts}:
            family.add_metric([queue], counts.get(queue, 0))
        return family


def exposition() -> bytes:
    """All of it in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Evaluations())
    return generate_latest(registry)
