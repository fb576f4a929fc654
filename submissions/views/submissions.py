"""Pages to submit a model and follow what becomes of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from evaluation.selectors.status import run_status
from submissions.metadata import shown_facts
from submissions.models import Submission, Webhook
from submissions.selectors import submissions as selectors
from submissions.selectors.moderation import may_answer
from submissions.selectors.notifications import failed_deliveries
from submissions.selectors.organisations import managed_submissions, may_manage
from submissions.selectors.quotas import is_refunded
from submissions.selectors.watches import watches_of
from submissions.services import publication
from submissions.services import submissions as services
from submissions.services.errors import NotPossible

PAGE_LENGTH = 50
NEW_WEBHOOK = "new_webhook"
"""In a session: the webhook whose secret its owner has still to see."""


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets."""

    user: User


@never_cache
@login_required
@require_GET
def submission_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(selectors.submission_list(request.user), PAGE_LENGTH).get_page(request.GET.get("page"))
    context = {"page": page, "watches": watches_of(request.user)}
    return render(request, "submissions/submission_list.html", context)


@never_cache
@login_required
@require_GET
def submission_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole page, or, for the page that asks again by itself, only the part that changes."""
    submission = get_object_or_404(selectors.submission_detail(request.user), pk=pk)
    is_part, manages = bool(request.headers.get("HX-Request")), may_manage(request.user, submission)
    context = {
        "submission": submission,
        "is_part": is_part,
        "is_changing": submission.is_changing,
        "facts": shown_facts(submission.metadata),
        "status": run_status(submission.run, request.user) if submission.run else None,
        "is_refunded": is_refunded(submission),
        "failed_deliveries": failed_deliveries(request.user, submission),
        "may_answer": may_answer(request.user, submission),
        "may_withdraw": submission.can_be_withdrawn and manages,
        "may_edit": submission.can_be_edited and manages,
        "may_publish": submission.can_be_published and manages,
    }
    if not is_part:
        context["new_webhook"] = _new_webhook(request, submission)
    template = "submissions/_status.html" if is_part else "submissions/submission.html"
    response = render(request, template, context)
    if is_part and "waits" in request.GET and submission.state != Submission.State.PENDING:
        # Decided since the page was loaded: the whole of it is different now, with the log and what can be done.
        response["HX-Refresh"] = "true"
    patch_vary_headers(response, ["HX-Request"])
    return response


def _new_webhook(request: SignedInRequest, submission: Submission) -> Webhook | None:
    """Once, after the form that made it."""
    if NEW_WEBHOOK not in request.session:
        return None
    webhook = Webhook.objects.filter(pk=request.session[NEW_WEBHOOK], owner=request.user, submission=submission).first()
    if webhook is not None:
        del request.session[NEW_WEBHOOK]
    return webhook


@login_required
@require_POST
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    submission = get_object_or_404(managed_submissions(request.user), pk=pk)
    try:
        services.withdraw(submission=submission, by=request.user)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn.")
    return redirect(submission)


@login_required
@require_POST
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    submission = get_object_or_404(managed_submissions(request.user), pk=pk)
    try:
        publication.ask_to_publish(submission=submission, by=request.user)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It is being published: the boards show its results within seconds.")
    return redirect(submission)
