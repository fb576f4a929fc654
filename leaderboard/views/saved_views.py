"""Views that readers keep."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from leaderboard.models import SavedView
from leaderboard.services.views import UnusableView, is_view, save_view


@require_safe
def open_view(request: HttpRequest, slug: str) -> HttpResponse:
    """The short address of a view leads to it, for everybody."""
    return HttpResponseRedirect(get_object_or_404(SavedView, slug=slug).address)


@require_GET
@login_required
def saved_views(request: HttpRequest) -> HttpResponse:
    """The reader's own views; with `?address=` a form to save that one."""
    address = request.GET.get("address", "")
    context = {
        "views": [
            (view, request.build_absolute_uri(view.get_absolute_url()))
            for view in SavedView.objects.filter(owner_id=request.user.pk)
        ],
        "address": address if is_view(address) else "",
    }
    return render(request, "leaderboard/saved_views.html", context)


@require_POST
@login_required
def save(request: HttpRequest) -> HttpResponse:
    try:
        view = save_view(owner=request.user, name=request.POST.get("name", ""), address=request.POST.get("address", ""))
    except UnusableView as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, f"Saved {view.name}.")
    return redirect("saved_views")


@require_POST
@login_required
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Only one's own; the short address then leads nowhere."""
    view = get_object_or_404(SavedView, slug=slug, owner=request.user)
    view.delete()
    messages.success(request, f"Deleted {view.name}.")
    return redirect("saved_views")
