"""Whose turn it is: lanes first, inside a lane whoever has had least of the workers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Min, QuerySet, Sum
from django.db.models.functions import Now

from evaluation.models import EvaluationRun, EvaluationUnit, Worker

LONGEST_FIRST = (F("estimated_seconds").desc(nulls_last=True), "pk")
REMEMBERED = timedelta(days=1)
"""Work that ended longer ago does not count against a submitter."""


@dataclass(frozen=True)
class Turn:
    """Units of one submitter in one lane; runs that nobody asked for in particular are one submitter's."""

    lane: int
    requested_by: int | None


def turns_to_claim(worker: Worker | None) -> list[Turn]:
    """Those with something that the worker can evaluate now, the next first."""
    waiting = (
        EvaluationUnit.objects.claimable()
        .fitting(worker)
        .order_by()
        .values_list("run__lane", "run__requested_by")
        .annotate(first=Min("run_id"))
    )
    turns = [(Turn(lane, requested_by), first) for lane, requested_by, first in waiting]
    if len({turn.lane for turn, _ in turns}) == len(turns):
        return [turn for turn, _ in sorted(turns, key=lambda one: -one[0].lane)]
    at_work, spent = _units_at_work(), _seconds_spent()
    turns.sort(
        key=lambda one: (
            -one[0].lane,
            at_work.get(one[0].requested_by, 0),
            spent.get(one[0].requested_by, timedelta()),
            one[1],
        )
    )
    return [turn for turn, _ in turns]


def next_of_run(run: EvaluationRun) -> EvaluationUnit | None:
    """The unit that a worker which stays with the run takes next, if nothing comes in between."""
    return run.units.claimable().select_related("task").order_by(*LONGEST_FIRST).first()


def _units_at_work() -> dict[int | None, int]:
    running = EvaluationUnit.objects.filter(state=EvaluationUnit.State.RUNNING, lease_until__gt=Now())
    return dict(_by_requester(running).annotate(n=Count("pk")))


def _seconds_spent() -> dict[int | None, timedelta]:
    ended = EvaluationUnit.objects.filter(finished_at__gt=Now() - REMEMBERED, started_at__isnull=False)
    return dict(_by_requester(ended).annotate(spent=Sum(F("finished_at") - F("started_at"))))


def _by_requester(units: QuerySet[EvaluationUnit]) -> QuerySet:
    return units.order_by().values_list("run__requested_by")
