"""What somebody is told and what became of it: for everything, and for one submission."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from submissions.forms.notifications import NoticesForm, WebhookForm
from submissions.models import Delivery, Submission, Webhook
from submissions.selectors import notifications as selectors
from submissions.selectors.submissions import visible_submissions
from submissions.services import notifications as services
from submissions.views.submissions import SignedInRequest

PAGE_LENGTH = 30


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def notification_settings(request: SignedInRequest) -> HttpResponse:
    """The settings for everything, and what was sent so far."""
    if request.method != "POST":
        return _page(request)
    form = NoticesForm(request.POST)
    form.full_clean()
    services.save_settings(user=request.user, by_email=form.cleaned_data["by_email"])
    messages.success(request, "Saved.")
    return redirect("notifications")


@never_cache
@login_required
@require_POST
def change_webhook(request: SignedInRequest) -> HttpResponse:
    """A new address gets a new secret, which the answer shows this once."""
    form = WebhookForm(request.POST)
    webhook = _changed_webhook(request, form, None)
    return _page(request, webhook_form=form, new_webhook=webhook)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def submission_notices(request: SignedInRequest, pk: int) -> HttpResponse:
    """The choice for one submission."""
    submission = get_object_or_404(visible_submissions(request.user), pk=pk)
    if request.method == "POST" and "url" not in request.POST:
        form = NoticesForm(request.POST)
        form.full_clean()
        by_email = form.cleaned_data["by_email"]
        services.choose_for_submission(user=request.user, submission=submission, by_email=by_email)
        messages.success(request, "Saved.")
        return redirect("submission_notices", pk)
    if request.method == "POST":
        webhook_form = WebhookForm(request.POST)
        webhook = _changed_webhook(request, webhook_form, submission)
        return _page(request, submission, webhook_form=webhook_form, new_webhook=webhook)
    return _page(request, submission)


@login_required
@require_POST
def send_again(request: SignedInRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery, pk=pk, notification__recipient=request.user)
    services.send_again(delivery=delivery)
    messages.success(request, "It is sent once more.")
    return redirect("notifications")


def _changed_webhook(request: SignedInRequest, form: WebhookForm, submission: Submission | None) -> Webhook | None:
    """The webhook with its new secret; None where it was taken away or refused."""
    if not form.is_valid():
        return None
    url = form.cleaned_data["url"]
    if not url:
        services.remove_webhook(owner=request.user, submission=submission)
        messages.success(request, "There is no webhook any more.")
        return None
    try:
        return services.set_webhook(owner=request.user, url=url, submission=submission)
    except services.WebhookRefused as refused:
        form.add_error("url", str(refused))
        return None


def _page(
    request: SignedInRequest,
    submission: Submission | None = None,
    *,
    webhook_form: WebhookForm | None = None,
    new_webhook: Webhook | None = None,
) -> HttpResponse:
    user = request.user
    webhook = selectors.webhook_of(user, submission)
    if webhook_form is None or new_webhook is not None or not webhook_form.errors:
        webhook_form = WebhookForm(initial={"url": webhook.url if webhook else ""})
    context: dict[str, Any] = {
        "submission": submission,
        "form": NoticesForm(initial={"by_email": selectors.wants_email(user, submission)}),
        "webhook_form": webhook_form,
        "new_webhook": new_webhook,
        "page": Paginator(selectors.notifications_of(user, submission), PAGE_LENGTH).get_page(request.GET.get("page")),
    }
    return render(request, "submissions/notifications.html", context)
