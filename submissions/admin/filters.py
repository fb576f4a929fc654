"""Narrowing the moderators' queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from submissions.checks import Outcome
from submissions.models import Submission
from submissions.plausibility import LABELS, SIZE_CLASSES

Choices = list[tuple[str, str]]
NOT_KNOWN = "unknown"


class SubmissionFilter(admin.SimpleListFilter):
    """A filter whose choices are known beforehand and cost no query."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Submission]) -> QuerySet[Submission]:
        value = self.value()
        return queryset if value is None else self.narrowed(queryset, value)

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        raise NotImplementedError


class WaitingFilter(SubmissionFilter):
    title = "who waits for whom"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("us", "waits for us"), ("answer", "waits for an answer"), ("answered", "was answered")]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        pending = queryset.filter(state=Submission.State.PENDING)
        match value:
            case "us":
                return pending.filter(question_open=False)
            case "answer":
                return pending.filter(question_open=True)
            case "answered":
                return pending.filter(question_open=False, messages__from_moderator=False).distinct()
            case _:
                return queryset


class UnusualFilter(SubmissionFilter):
    title = "what is unusual"
    parameter_name = "unusual"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("nothing", "nothing"), *((kind.value, label) for kind, label in LABELS.items())]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        if value == "nothing":
            return queryset.filter(plausibility__kinds=[])
        return queryset.filter(plausibility__kinds__contains=[value])


class ChecksFilter(SubmissionFilter):
    title = "checks"
    parameter_name = "checks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("notes", "with notes"), ("fine", "all fine")]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        with_notes = {"checks__contains": [{"outcome": Outcome.WARNING.value}]}
        return queryset.filter(**with_notes) if value == "notes" else queryset.exclude(**with_notes)


class SizeFilter(SubmissionFilter):
    title = "size"
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [*((label, label) for label in SIZE_CLASSES), (NOT_KNOWN, "unknown")]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        return queryset.filter(plausibility__size_class="" if value == NOT_KNOWN else value)


class AgeFilter(SubmissionFilter):
    title = "age"
    parameter_name = "age"
    older_than = {"1": "over a day", "3": "over three days", "7": "over a week", "30": "over a month"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("new", "up to a day"), *self.older_than.items()]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        now = timezone.now()
        if value in self.older_than:
            return queryset.filter(created_at__lt=now - timedelta(days=int(value)))
        return queryset.filter(created_at__gte=now - timedelta(days=1))


class OwnerFilter(SubmissionFilter):
    """The organisation in the model's name."""

    title = "organisation of the model"
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        names = Submission.objects.order_by().values_list("model_name", flat=True).distinct()
        owners = sorted({owner for name in names if (owner := name.rpartition("/")[0])}, key=str.casefold)
        return [(owner, owner) for owner in owners]

    def narrowed(self, queryset: QuerySet[Submission], value: str) -> QuerySet[Submission]:
        return queryset.filter(model_name__startswith=f"{value}/")
