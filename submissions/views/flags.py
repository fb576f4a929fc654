"""Pages of flags: all of them, one with its thread, and the form to raise one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leaderboard.models import ResultFlag, TaskResult
from submissions.forms.flags import DecisionForm, FlagForm, ReplyForm
from submissions.selectors import flags as selectors
from submissions.services import flags as services
from submissions.services.errors import SubmissionError
from submissions.views.submissions import PAGE_LENGTH, SignedInRequest


@never_cache
@require_GET
def flag_list(request: HttpRequest) -> HttpResponse:
    """Open ones first asked for; `?all=1` shows those that were decided, too."""
    shows_all = request.GET.get("all") == "1"
    page = Paginator(selectors.flag_list(only_open=not shows_all), PAGE_LENGTH).get_page(request.GET.get("page"))
    return render(request, "submissions/flag_list.html", {"page": page, "shows_all": shows_all})


@never_cache
@require_GET
def flag_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _flag_page(request, get_object_or_404(selectors.flag_detail(), pk=pk))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_flag(request: SignedInRequest, pk: int) -> HttpResponse:
    """Raise a flag on the result with this number."""
    results = TaskResult.objects.select_related("task", "model_revision__model_meta", "source").defer("payload")
    result = get_object_or_404(results, pk=pk)
    form = FlagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            flag = services.raise_flag(result=result, flagger=request.user, **form.cleaned_data)
        except SubmissionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Your flag is open. Moderators and whoever submitted the model can answer.")
            return redirect(flag)
    return render(request, "submissions/flag_form.html", {"form": form, "result": result})


@login_required
@require_POST
def reply(request: SignedInRequest, pk: int) -> HttpResponse:
    flag = get_object_or_404(selectors.flag_detail(), pk=pk)
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            services.reply(flag=flag, author=request.user, **form.cleaned_data)
        except SubmissionError as error:
            form.add_error(None, str(error))
        else:
            return redirect(flag)
    return _flag_page(request, flag, reply_form=form)


@login_required
@permission_required("leaderboard.change_resultflag", raise_exception=True)
@require_POST
def decide(request: SignedInRequest, pk: int) -> HttpResponse:
    flag = get_object_or_404(selectors.flag_detail(), pk=pk)
    form = DecisionForm(request.POST)
    if form.is_valid():
        try:
            services.decide_flag(flag=flag, decided_by=request.user, **form.cleaned_data)
        except SubmissionError as error:
            form.add_error(None, str(error))
        else:
            return redirect(flag)
    return _flag_page(request, flag, decision_form=form)


def _flag_page(
    request: HttpRequest, flag: ResultFlag, *, reply_form: Form | None = None, decision_form: Form | None = None
) -> HttpResponse:
    may_decide = flag.is_open and selectors.may_decide(request.user)
    context = {
        "flag": flag,
        "result": flag.result,
        "reply_form": (reply_form or ReplyForm()) if selectors.may_reply(request.user, flag) else None,
        "decision_form": (decision_form or DecisionForm()) if may_decide else None,
    }
    return render(request, "submissions/flag.html", context)
