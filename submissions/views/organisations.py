"""A person's organisations: who is in them, who is invited, and whose name it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from allauth.core.ratelimit import consume_or_429
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from submissions.forms.accounts import InvitationForm, OrganisationForm
from submissions.models import Invitation, Membership, Organisation
from submissions.selectors import organisations as selectors
from submissions.services import organisations as services
from submissions.views.submissions import SignedInRequest


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def my_organisations(request: SignedInRequest) -> HttpResponse:
    """The person's organisations and invitations, and a form to start one."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            organisation = services.start_organisation(name=form.cleaned_data["name"], founder=request.user)
        except services.OrganisationError as error:
            form.add_error("name", str(error))
        else:
            return redirect(organisation)
    context = {
        "form": form,
        "memberships": selectors.organisations_with_counts(request.user),
        "invitations": selectors.invitations_for(request.user),
    }
    return render(request, "submissions/my_organisations.html", context)


@never_cache
@login_required
@require_GET
def organisation(request: SignedInRequest, pk: int) -> HttpResponse:
    """For members only. Owners see what they may change."""
    return _organisation_page(request, _own(request, pk), InvitationForm())


@never_cache
@login_required
@require_POST
def invite(request: SignedInRequest, pk: int) -> HttpResponse:
    organisation = get_object_or_404(selectors.owned_organisations(request.user), pk=pk)
    if refused := consume_or_429(request, action="invite"):
        return refused
    form = InvitationForm(request.POST)
    if form.is_valid():
        try:
            services.invite(
                organisation=organisation,
                invited_by=request.user,
                whom=form.cleaned_data["whom"],
                address=request.build_absolute_uri(reverse("my_organisations")),
            )
        except services.OrganisationError as error:
            form.add_error("whom", str(error))
    if form.errors:
        return _organisation_page(request, organisation, form)
    messages.success(request, f"{form.cleaned_data['whom']} is invited.")
    return redirect(organisation)


@login_required
@require_POST
def answer_invitation(request: SignedInRequest, pk: int) -> HttpResponse:
    """Joins with the button `accept`; any other answer declines."""
    invitation = get_object_or_404(selectors.invitations_for(request.user), pk=pk)
    if "accept" not in request.POST:
        services.drop_invitation(invitation=invitation)
        messages.success(request, f"You declined the invitation of {invitation.organisation}.")
        return redirect("my_organisations")
    services.accept_invitation(invitation=invitation, user=request.user)
    messages.success(request, f"You are a member of {invitation.organisation} now.")
    return redirect(invitation.organisation)


@login_required
@require_POST
def take_back_invitation(request: SignedInRequest, pk: int) -> HttpResponse:
    owned = selectors.owned_organisations(request.user)
    invitation = get_object_or_404(Invitation.objects.select_related("organisation"), pk=pk, organisation__in=owned)
    services.drop_invitation(invitation=invitation)
    messages.success(request, "The invitation is taken back.")
    return redirect(invitation.organisation)


@login_required
@require_POST
def change_member(request: SignedInRequest, pk: int) -> HttpResponse:
    """The buttons beside a member: `remove`, or `role` with the new one."""
    membership = get_object_or_404(
        Membership.objects.select_related("user", "organisation"),
        pk=pk,
        organisation__in=selectors.organisations_of(request.user),
    )
    organisation, user = membership.organisation, membership.user
    if "remove" in request.POST:
        return _tried(
            request,
            organisation,
            partial(services.remove_member, organisation=organisation, removed_by=request.user, user=user),
            f"{user} is no longer a member.",
        )
    role = Membership.Role.OWNER if request.POST.get("role") == "owner" else Membership.Role.MEMBER
    return _tried(
        request,
        organisation,
        partial(services.set_member_role, organisation=organisation, set_by=request.user, user=user, role=role),
        f"{user} is {'an owner' if role == Membership.Role.OWNER else 'a member'} now.",
    )


@login_required
@require_POST
def leave(request: SignedInRequest, pk: int) -> HttpResponse:
    organisation = _own(request, pk)
    try:
        services.leave(organisation=organisation, user=request.user)
    except services.OrganisationError as error:
        messages.error(request, str(error))
        return redirect("account_organisation", pk)
    messages.success(request, f"You left {organisation.name}.")
    return redirect("my_organisations")


@login_required
@require_POST
def confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    organisation = _own(request, pk)
    return _tried(
        request,
        organisation,
        partial(services.confirm_by_hub, organisation=organisation, user=request.user),
        "The name is confirmed.",
    )


def _own(request: SignedInRequest, pk: int) -> Organisation:
    return get_object_or_404(selectors.organisations_of(request.user), pk=pk)


def _tried(request: SignedInRequest, organisation: Organisation, change: Callable[[], Any], done: str) -> HttpResponse:
    """Back to the organisation's page, which says what was done or why not."""
    try:
        change()
    except services.OrganisationError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("account_organisation", organisation.pk)


def _organisation_page(request: SignedInRequest, organisation: Organisation, form: InvitationForm) -> HttpResponse:
    members = list(selectors.organisation_members(organisation))
    context = {
        "organisation": organisation,
        "members": members,
        "is_owner": any(member.is_owner and member.user_id == request.user.pk for member in members),
        "invitations": selectors.open_invitations(organisation),
        "form": form,
        "has_provider": bool(settings.SOCIALACCOUNT_PROVIDERS),
    }
    return render(request, "submissions/account_organisation.html", context)
