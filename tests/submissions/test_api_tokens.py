"""API tokens: made once, used by programs through a view of Django REST Framework, and revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from leaderboard.models import AuditEntry
from submissions.api_authentication import ApiTokenAuthentication, HasScope
from submissions.models import ApiToken
from submissions.permissions import MODERATOR, SUBMITTER
from submissions.scopes import Scope
from submissions.services.accounts import give_role
from submissions.services.tokens import TokenError, make_token, revoke_token
from tests.factories_accounts import make_api_token, signed_in
from tests.factories_submissions import make_administrator, make_moderator, make_user

pytestmark = pytest.mark.django_db

TOKENS = "/accounts/tokens/"


class Read(APIView):
    authentication_classes = [ApiTokenAuthentication, SessionAuthentication]
    permission_classes = [HasScope(Scope.READ)]

    def get(self, request: Request) -> Response:
        return Response({"user": str(request.user)})


class Submit(Read):
    permission_classes = [HasScope(Scope.SUBMIT)]


class Moderate(Read):
    permission_classes = [HasScope(Scope.MODERATE)]


def asked(view: type[APIView], secret: str | None = None, *, scheme: str = "Bearer", user: User | None = None) -> Any:
    headers = {} if secret is None else {"Authorization": f"{scheme} {secret}"}
    request = RequestFactory().get("/", headers=headers)
    if user is not None:
        request.user = user
    response: HttpResponse = view.as_view()(request)
    return response


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_a_program_reads_as_the_owner_of_its_token() -> None:
    user = make_user()
    token, secret = make_api_token(user, Scope.READ)
    response = asked(Read, secret)
    assert (response.status_code, response.data) == (200, {"user": user.username})
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_only_a_hash_is_kept() -> None:
    token, secret = make_api_token(make_user())
    kept = ApiToken.objects.values().get()
    assert secret.startswith(token.beginning)
    assert len(secret) > len(token.beginning) + 30
    assert secret not in str(kept)
    assert secret.encode() not in bytes(kept["digest"])


@pytest.mark.parametrize("secret", ["podium_guessed", "", "podium_a podium_b"])
def test_a_wrong_token_is_refused_with_a_way_out(secret: str) -> None:
    response = asked(Read, secret)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert "make a new one" in response.data["detail"]


def test_without_a_token_nobody_is_let_in() -> None:
    assert asked(Read).status_code == 401
    assert asked(Read, "x", scheme="Basic").status_code == 401


def test_a_token_ends_and_can_be_revoked() -> None:
    user = make_user()
    _, short = make_api_token(user, days=1)
    revoked, secret = make_api_token(user)
    revoke_token(token=revoked)
    assert asked(Read, secret).status_code == 401
    assert asked(Read, short).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert asked(Read, short).status_code == 401


def test_a_closed_account_closes_its_tokens() -> None:
    user = make_user()
    _, secret = make_api_token(user)
    User.objects.update(is_active=False)
    assert asked(Read, secret).status_code == 401


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.READ, (200, 403, 403)), (Scope.SUBMIT, (403, 200, 403)), (Scope.MODERATE, (403, 403, 200))],
)
def test_a_token_is_good_for_its_scope_alone(scope: Scope, expected: tuple[int, ...]) -> None:
    _, secret = make_api_token(make_moderator(), scope)
    assert tuple(asked(view, secret).status_code for view in (Read, Submit, Moderate)) == expected


def test_a_token_can_never_do_what_its_owner_may_not() -> None:
    user = give_role(user=make_user(), role=MODERATOR)
    _, secret = make_api_token(user, Scope.MODERATE)
    assert asked(Moderate, secret).status_code == 200
    give_role(user=user, role=SUBMITTER)
    assert asked(Moderate, secret).status_code == 403
    with pytest.raises(TokenError, match="may not moderate"):
        make_api_token(User.objects.get(pk=user.pk), Scope.MODERATE)


def test_a_person_in_the_browser_needs_no_token() -> None:
    assert asked(Submit, user=make_user()).status_code == 200
    assert asked(Moderate, user=make_user()).status_code == 403


def test_use_is_noted_once_a_minute() -> None:
    token, secret = make_api_token(make_user())
    asked(Read, secret)
    token.refresh_from_db()
    first = token.last_used_at
    asked(Read, secret)
    token.refresh_from_db()
    assert token.last_used_at == first
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        asked(Read, secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert first is not None
    assert token.last_used_at > first


def test_the_page_shows_the_secret_once() -> None:
    client = signed_in(make_user())
    form = {"name": "nightly", "scopes": ["read", "submit"], "days": "30"}
    page = client.post(TOKENS, form)
    secret = page.context["secret"]
    assert secret in text_of(page)
    assert "no-store" in page["Cache-Control"]
    assert asked(Submit, secret).status_code == 200
    later = text_of(client.get(TOKENS))
    assert "nightly" in later
    assert secret not in later


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "x", "days": "30"}, "Choose at least one"),
        ({"name": "", "scopes": ["read"], "days": "30"}, "required"),
        ({"name": "x", "scopes": ["moderate"], "days": "30"}, "not one of the available choices"),
        ({"name": "x", "scopes": ["read"], "days": "9999"}, "not one of the available choices"),
    ],
)
def test_a_form_that_does_not_fit_says_why(form: dict[str, Any], words: str) -> None:
    assert words in text_of(signed_in(make_user()).post(TOKENS, form))
    assert not ApiToken.objects.exists()


def test_moderators_are_offered_to_moderate() -> None:
    words = "decide about submissions of others"
    assert words in text_of(signed_in(make_moderator()).get(TOKENS))
    assert words not in text_of(signed_in(make_user()).get(TOKENS))


def test_people_revoke_their_own_tokens_only() -> None:
    user = make_user()
    token, secret = make_api_token(user)
    address = f"{TOKENS}{token.pk}/revoke/"
    assert signed_in(make_moderator()).post(address).status_code == 404
    assert Client().post(address).status_code == 302
    assert asked(Read, secret).status_code == 200
    page = text_of(signed_in(user).post(address, follow=True))
    assert "are refused from now on" in page
    assert asked(Read, secret).status_code == 401


def test_administrators_see_and_revoke_all_but_read_none() -> None:
    token, secret = make_api_token(make_user("owner"))
    desk = signed_in(make_administrator())
    page = text_of(desk.get("/admin/submissions/apitoken/"))
    assert token.beginning in page
    assert secret not in page
    assert desk.get(f"/admin/submissions/apitoken/{token.pk}/change/").status_code == 200
    desk.post("/admin/submissions/apitoken/", {"action": "revoke", "_selected_action": [token.pk]})
    assert asked(Read, secret).status_code == 401
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before) == ("revoked", {"user": "owner"})


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"expires_at": "2000-01-01T00:00Z"}]
)
def test_the_database_refuses_half_a_token(fields: dict[str, Any]) -> None:
    valid = {"name": "x", "digest": b"x" * 32, "beginning": "podium_x", "scopes": ["read"]}
    ends = {"expires_at": timezone.now() + timedelta(days=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiToken.objects.create(**{"user": make_user(), **valid, **ends, **fields})


@pytest.mark.parametrize("days", [0, 367])
def test_no_token_lives_for_ever(days: int) -> None:
    with pytest.raises(TokenError, match="lives for"):
        make_token(user=make_user(), name="x", scopes=[Scope.READ], days=days)
