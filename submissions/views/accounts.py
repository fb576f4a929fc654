"""A person's own pages: what their account is, and the tokens that act in its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.socialaccount.providers.openid_connect import views as openid_views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from requests import RequestException

from config.sign_in import PROVIDER_NAME
from submissions.forms.accounts import TokenForm
from submissions.selectors import accounts as selectors
from submissions.selectors.organisations import invitations_for, organisations_with_counts
from submissions.services import tokens as services
from submissions.views.submissions import SignedInRequest


@never_cache
@login_required
@require_GET
def account(request: SignedInRequest) -> HttpResponse:
    context = {
        "role": selectors.role_of(request.user),
        "provider": PROVIDER_NAME if settings.SOCIALACCOUNT_PROVIDERS else "",
        "memberships": organisations_with_counts(request.user),
        "invitations": invitations_for(request.user),
        "tokens": selectors.usable_tokens_of(request.user),
    }
    return render(request, "submissions/account.html", context)


@sensitive_variables("secret")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def api_tokens(request: SignedInRequest) -> HttpResponse:
    """The tokens, and a form for another one. The answer that made one is the only page that ever shows its secret."""
    form = TokenForm(request.POST or None, user=request.user)
    secret = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _, secret = services.make_token(
                user=request.user, name=data["name"], scopes=form.scopes_chosen(), days=data["days"]
            )
        except services.TokenError as error:
            form.add_error(None, str(error))
        else:
            form = TokenForm(user=request.user)
    now = timezone.now()
    tokens = [(token, token.state_at(now)) for token in selectors.tokens_of(request.user)]
    return render(request, "submissions/api_tokens.html", {"form": form, "secret": secret, "tokens": tokens})


@login_required
@require_POST
def revoke_token(request: SignedInRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(selectors.tokens_of(request.user), pk=pk)
    services.revoke_token(token=token)
    messages.success(request, f"{token.name} is revoked: programs that use it are refused from now on.")
    return redirect("api_tokens")


def provider_login(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _unless_unreachable(openid_views.login, request, provider_id)


def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _unless_unreachable(openid_views.callback, request, provider_id)


def _unless_unreachable(view: Callable[..., Any], request: HttpRequest, provider_id: str) -> HttpResponse:
    """allauth asks the provider for its addresses outside of what it catches."""
    try:
        response: HttpResponse = view(request, provider_id)
    except RequestException as error:
        context = {"auth_error": {"exception": error}}
        return render(request, "socialaccount/authentication_error.html", context, status=502)
    return response
