"""Pages to upload finished results and follow what becomes of them."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from submissions.forms.uploads import UploadForm
from submissions.models import ResultUpload
from submissions.selectors import uploads as selectors
from submissions.services import uploads as services
from submissions.services.errors import NotPossible
from submissions.upload_archive import MAX_TOTAL_BYTES, open_offer
from submissions.views.submissions import PAGE_LENGTH, SignedInRequest


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def upload_results(request: HttpRequest) -> HttpResponse:
    """Exempt only until the size is known: looking for the token reads the whole body."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL_BYTES:
        sentence = f"That is more than {MAX_TOTAL_BYTES >> 20} MiB. Upload it in several parts."
        return render(
            request, "submissions/upload_form.html", {"form": UploadForm(), "too_large": sentence}, status=413
        )
    return _upload_results(cast(SignedInRequest, request))


@csrf_protect
@login_required
@permission_required("submissions.add_submission", raise_exception=True)
def _upload_results(request: SignedInRequest) -> HttpResponse:
    """The form. `check` only shows what the checks find; `upload` saves if none of them fails."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if not form.is_bound or not form.is_valid():
        return render(request, "submissions/upload_form.html", {"form": form})
    data = form.cleaned_data
    verdict = services.assess_upload(
        offer=open_offer(form.given_files()), model_name=data["model_name"], revision=data["revision"]
    )
    context = {"form": form, "verdict": verdict}
    if "check" in request.POST or verdict.is_refused:
        return render(request, "submissions/upload_form.html", context)
    try:
        uploads = services.take_in(submitter=request.user, verdict=verdict, note_text=data["note"])
    except services.UploadRefused as error:
        form.add_error(None, str(error))
        return render(request, "submissions/upload_form.html", context)
    messages.success(request, "Uploaded. A moderator decides; then the results are on the boards as self-reported.")
    return redirect(uploads[0] if len(uploads) == 1 else "uploads")


@never_cache
@login_required
@require_GET
def upload_list(request: SignedInRequest) -> HttpResponse:
    page = Paginator(selectors.upload_list(request.user), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "submissions/upload_list.html", {"page": page})


@never_cache
@login_required
@require_GET
def upload_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    uploads = selectors.visible_uploads(request.user).select_related("submitter", "decided_by")
    upload = get_object_or_404(uploads, pk=pk)
    context = {
        "upload": upload,
        "files": upload.files.select_related("task").defer("payload"),
        "may_withdraw": upload.is_pending and upload.submitter_id == request.user.pk,
    }
    return render(request, "submissions/upload.html", context)


@login_required
@require_POST
def withdraw_upload(request: SignedInRequest, pk: int) -> HttpResponse:
    upload = get_object_or_404(ResultUpload, pk=pk, submitter=request.user)
    try:
        services.withdraw_upload(upload=upload)
    except NotPossible as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn.")
    return redirect(upload)
