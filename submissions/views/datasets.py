"""Pages to bring a dataset and to see what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from submissions.forms.datasets import DatasetForm
from submissions.models import DatasetUpload
from submissions.selectors import datasets as selectors
from submissions.services import datasets as services
from submissions.views.submissions import SignedInRequest

PAGE_LENGTH = 50
SHOWN_MISTAKES = 100


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add_dataset(request: SignedInRequest) -> HttpResponse:
    """The form. What is offered is read and checked at once, and kept only if nothing is wrong."""
    if request.method != "POST":
        return render(request, "submissions/add_dataset.html", {"form": DatasetForm()})
    form = DatasetForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "submissions/add_dataset.html", {"form": form})
    try:
        upload = _offer(request, form)
    except services.DatasetRefused as refused:
        shown = refused.sentences[:SHOWN_MISTAKES]
        context = {"form": form, "mistakes": shown, "n_more": len(refused.sentences) - len(shown)}
        return render(request, "submissions/add_dataset.html", context)
    messages.success(request, "Everything is in order. A moderator decides whether it comes onto the board.")
    return redirect(upload)


def _offer(request: SignedInRequest, form: DatasetForm) -> DatasetUpload:
    note = form.cleaned_data["note"]
    if archive := form.cleaned_data["archive"]:
        return services.offer_archive(submitter=request.user, archive=archive.file, note=note)
    return services.offer_hub_dataset(
        submitter=request.user,
        name=form.cleaned_data["hub_name"],
        revision=form.cleaned_data["hub_revision"],
        description=form.task_description(),
        note=note,
    )


@never_cache
@login_required
@require_GET
def dataset_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(selectors.visible_datasets(request.user), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "submissions/dataset_list.html", {"page": page})


@never_cache
@login_required
@require_GET
def dataset_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    upload = get_object_or_404(selectors.visible_datasets(request.user), pk=pk)
    context = {"upload": upload, "waiting_metrics": selectors.waiting_metrics(upload).count()}
    return render(request, "submissions/dataset.html", context)
