"""Plain functions that make organisations and tokens, and a stand-in for a provider that people sign in with."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from django.contrib.auth.models import User
from django.test import Client

from submissions.models import ApiToken, Membership, Organisation
from submissions.scopes import Scope
from submissions.services.tokens import make_token
from tests.factories_submissions import make_user

CLIENT_ID, CLIENT_SECRET = "podium-board", "a secret between Podium and its provider"

_numbers = count(1)


def make_organisation(
    owner: User | None = None, *members: User, name: str | None = None, **fields: Any
) -> Organisation:
    organisation = Organisation.objects.create(name=name or f"org-{next(_numbers)}", **fields)
    Membership.objects.create(organisation=organisation, user=owner or make_user(), role=Membership.Role.OWNER)
    for member in members:
        Membership.objects.create(organisation=organisation, user=member)
    return organisation


def make_api_token(user: User, *scopes: Scope, days: int = 30) -> tuple[ApiToken, str]:
    return make_token(user=user, name="a token", scopes=scopes or [Scope.READ], days=days)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@dataclass
class StandInProvider:
    """An OpenID Connect provider on a port of this machine that lets in whoever `claims` describes.

    It holds its clients to the code flow with PKCE: a code is good once, for the address it was made for, and only with
    the verifier whose hash came with the first request.
    """

    claims: dict[str, Any]
    issuer: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent next."""
        assert query["client_id"] == CLIENT_ID
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert set(query["scope"].split()) == {"openid", "profile", "email"}
        code = f"code-{next(_numbers)}"
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to a code; None where it is not good."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        knows_secret = authorization == f"Basic {basic}" or form.get("client_secret") == CLIENT_SECRET
        if asked is None or not knows_secret or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return None
        now = datetime.now(UTC)
        id_token = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + timedelta(minutes=5), **self.claims}
        return {
            "access_token": "what the provider lets in",
            "token_type": "Bearer",
            "id_token": jwt.encode(id_token, "a key of the provider that is long enough", algorithm="HS256"),
        }

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/oauth/authorize",
            "token_endpoint": f"{self.issuer}/oauth/token",
            "userinfo_endpoint": f"{self.issuer}/oauth/userinfo",
            "jwks_uri": f"{self.issuer}/oauth/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }


@contextmanager
def provider_serving(**claims: Any) -> Iterator[StandInProvider]:
    """A provider on a free port, which is gone when the block ends."""
    provider = StandInProvider(claims)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: StandInProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            match parts.path:
                case "/.well-known/openid-configuration":
                    self._answer(provider.configuration())
                case "/oauth/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(_flat(parts.query)))
                    self.end_headers()
                case "/oauth/userinfo" if self.headers["Authorization"] == "Bearer what the provider lets in":
                    self._answer(provider.claims)
                case _:
                    self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            tokens = provider.tokens(_flat(body), self.headers.get("Authorization", ""))
            self._answer(tokens or {"error": "invalid_grant"}, 200 if tokens else 400)

        def _answer(self, body: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
