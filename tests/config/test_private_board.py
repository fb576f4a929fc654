"""A private board shows nothing to who is not signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db

AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
# What people need to sign in, and what machines ask.
OPEN = ("/accounts/", "/admin/login/", "/favicon.ico", "/healthz", "/readyz", "/metrics")


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    """As the settings make it with PODIUM_PRIVATE=1."""
    settings.PRIVATE, settings.SIGN_UP_IS_OPEN = True, False
    at = django_settings.MIDDLEWARE.index(AUTHENTICATION) + 1
    settings.MIDDLEWARE = [*django_settings.MIDDLEWARE[:at], LOGIN_REQUIRED, *django_settings.MIDDLEWARE[at:]]


def addresses(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Every address that this board answers, with a number or a word for what varies."""
    for pattern in patterns:
        address = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from addresses(pattern.url_patterns, address)
        elif isinstance(pattern.pattern, RoutePattern):
            yield re.sub(r"<(?:(\w+):)?\w+>", lambda varying: "1" if varying[1] == "int" else "word", address)


def test_no_address_answers_a_stranger_but_those_to_sign_in_with() -> None:
    result = make_result(make_model("acme/secret-model"), make_task("SecretTask"))
    make_benchmark("Secret(board)", [result.task])
    stranger = Client()
    closed = [address for address in addresses(get_resolver().url_patterns) if not address.startswith(OPEN)]
    assert len(closed) > 80, "It should look at nearly all of them."
    for address in closed:
        answer = stranger.get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith(("/accounts/login/", "/admin/login/")), address


def test_a_page_that_is_not_there_suggests_no_name_to_a_stranger() -> None:
    make_model("acme/secret-model")
    assert b"secret-model" not in Client().get("/nothing/secret-mode").content
    signed_in = Client()
    signed_in.force_login(make_user())
    assert b"acme/secret-model" in signed_in.get("/nothing/secret-model").content


def test_nobody_signs_up_but_whoever_has_an_account_sees_everything() -> None:
    form = {"username": "eve", "password1": "a long sentence", "password2": "a long sentence"}
    answer = Client().post("/accounts/signup/", form)
    assert "closed" in answer.content.decode().lower()
    assert not User.objects.filter(username="eve").exists()
    assert "Sign up" not in Client().get("/accounts/login/").content.decode()
    member = Client()
    member.force_login(make_user())
    assert member.get("/").status_code == 200


def test_machines_are_answered() -> None:
    assert Client().get("/healthz").status_code == 200
    assert Client().get("/readyz").status_code in {200, 503}
