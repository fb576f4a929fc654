"""How programs sign in to the API: `Authorization: Bearer podium_…`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from submissions.models import ApiToken
from submissions.scopes import SCOPE_PERMISSIONS, Scope
from submissions.services.tokens import used_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class ApiTokenAuthentication(BaseAuthentication):
    """The token's owner as `request.user`, and the token as `request.auth`."""

    keyword = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() != self.keyword.lower():
            return None
        token = used_token(secret=parts[1]) if len(parts) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked: make a new one under your account.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword


def HasScope(scope: Scope) -> type[BasePermission]:  # noqa: N802
    """A class for `permission_classes`: it asks for the scope in the token and for the right of its owner.

    Whoever is signed in with a session instead of a token needs only the second.
    """

    class ScopePermission(BasePermission):
        message = f"This needs a token with the scope “{scope}”, of an account that may do so."

        def has_permission(self, request: Request, view: Any) -> bool:
            user, token = request.user, request.auth
            if not user.is_authenticated:
                return False
            if isinstance(token, ApiToken) and not token.allows(scope):
                return False
            needed = SCOPE_PERMISSIONS.get(scope)
            return needed is None or user.has_perm(needed)

    return ScopePermission
