"""Answers to what moderators ask."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from submissions.forms.moderation import AnswerForm
from submissions.selectors import submissions as selectors
from submissions.selectors.moderation import may_answer
from submissions.services import moderation
from submissions.services.errors import SubmissionError
from submissions.views.submissions import SignedInRequest


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """The thread with the form. What was typed stays there where it cannot be sent."""
    submission = get_object_or_404(selectors.submission_detail(request.user), pk=pk)
    if not may_answer(request.user, submission):
        raise Http404
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            moderation.answer(submission=submission, author=request.user, text=form.cleaned_data["text"])
        except SubmissionError as error:
            form.add_error("text", str(error))
        else:
            messages.success(request, "Sent. The moderators find the submission in their queue again.")
            return redirect(submission)
    return render(request, "submissions/answer.html", {"submission": submission, "form": form})
