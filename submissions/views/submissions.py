"""Pages to submit a model and follow what becomes of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from evaluation.selectors.status import run_status
from submissions.checks import Check, stops
from submissions.forms.submissions import SubmitForm
from submissions.metadata import Metadata, shown_facts
from submissions.models import Submission
from submissions.selectors import submissions as selectors
from submissions.selectors.notifications import failed_deliveries
from submissions.services import submissions as services

PAGE_LENGTH = 50


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@never_cache
@login_required
@permission_required("submissions.add_submission", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: SignedInRequest) -> HttpResponse:
    """The form. Its button `check` only shows what the checks find; `submit` saves if none of them fails."""
    if request.method != "POST":
        form = SubmitForm(user=request.user, initial=_wish_in_address(request))
        return render(request, "submissions/submit.html", {"form": form})
    form = SubmitForm(request.POST, user=request.user)
    if not form.is_valid():
        return render(request, "submissions/submit.html", {"form": form})
    if "check" in request.POST:
        assessed = services.assess(**form.wish())
        return _form_with_checks(request, form, assessed.checks, assessed.metadata)
    try:
        submission = services.submit(submitter=request.user, note=form.cleaned_data["note"], **form.wish())
    except services.SubmissionRefused as refused:
        return _form_with_checks(request, form, refused.checks)
    messages.success(request, "Submitted. This page says what a moderator decides, and how the evaluation goes on.")
    return redirect(submission)


def _form_with_checks(
    request: HttpRequest, form: SubmitForm, checks: list[Check], metadata: Metadata | None = None
) -> HttpResponse:
    form.add_failed_checks(checks)
    context = {"form": form, "checks": checks, "refused": stops(checks), "facts": shown_facts(metadata or {})}
    return render(request, "submissions/submit.html", context)


@never_cache
@login_required
@require_GET
def submission_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(selectors.submission_list(request.user), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "submissions/submission_list.html", {"page": page})


@never_cache
@login_required
@require_GET
def submission_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole page, or, for the page that asks again by itself, only the part that changes."""
    submission = get_object_or_404(selectors.submission_detail(request.user), pk=pk)
    is_part = bool(request.headers.get("HX-Request"))
    context = {
        "submission": submission,
        "is_part": is_part,
        "is_changing": submission.is_changing,
        "facts": shown_facts(submission.metadata),
        "status": run_status(submission.run, request.user) if submission.run else None,
        "failed_deliveries": failed_deliveries(request.user, submission),
        "may_withdraw": submission.can_be_withdrawn and submission.submitter_id == request.user.pk,
    }
    template = "submissions/_status.html" if is_part else "submissions/submission.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    submission = get_object_or_404(Submission, pk=pk, submitter=request.user)
    try:
        services.withdraw(submission=submission)
    except services.NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn.")
    return redirect(submission)


def _wish_in_address(request: HttpRequest) -> dict[str, Any]:
    """What a link to the form asks for; else the first board of our own.

    ?model=…&revision=…&board=slug&task=…, with `tasks` for several names in one, and `missing` for the tasks of a board
    that the model has no score on.
    """
    asked = {name: [value.replace("\0", "") for value in values] for name, values in request.GET.lists()}
    model_name = asked.get("model", [""])[-1]
    slugs = asked.get("board", [])
    tasks = [*asked.get("task", []), *" ".join(asked.get("tasks", [])).replace(",", " ").split()]
    for slug in asked.get("missing", []):
        tasks += selectors.missing_task_names(model_name, slug)
    default = selectors.board_chosen_first() if not slugs and not tasks else None
    boards = selectors.boards_to_choose().filter(slug__in=slugs)
    return {
        "model_name": model_name,
        "revision": asked.get("revision", [""])[-1],
        "benchmarks": [default.pk] if default else [board.pk for board in boards],
        "tasks": "\n".join(dict.fromkeys(tasks)),
    }
