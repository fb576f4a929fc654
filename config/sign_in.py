"""How people sign in: what the environment says of mail and of an OpenID Connect provider, as allauth's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

VERIFICATIONS = ("mandatory", "optional", "none")
PROVIDER = "huggingface"
PROVIDER_NAME = "Hugging Face"


@dataclass(frozen=True)
class MailPolicy:
    """`verification` is one of VERIFICATIONS. Where nothing can be sent, nobody is asked for an address."""

    sends_mail: bool
    verification: str

    @property
    def signup_fields(self) -> list[str]:
        fields = ["username*", "password1*", "password2*"]
        if self.sends_mail:
            fields.insert(1, "email*" if self.verification == "mandatory" else "email")
        return fields


def mail_policy(*, host: str, is_production: bool, asked: str) -> MailPolicy:
    """What the environment comes to. Development without a host prints its mail to the terminal."""
    sends_mail = bool(host) or not is_production
    default = "none" if not sends_mail else "mandatory" if is_production else "optional"
    verification = asked or default
    if verification not in VERIFICATIONS:
        raise ImproperlyConfigured(f"PODIUM_EMAIL_VERIFICATION must be one of {', '.join(VERIFICATIONS)}.")
    if verification != "none" and not sends_mail:
        raise ImproperlyConfigured("Addresses cannot be verified without mail: set PODIUM_EMAIL_HOST.")
    return MailPolicy(sends_mail, verification)


def openid_providers(*, issuer: str, client_id: str, secret: str) -> dict[str, Any]:
    """SOCIALACCOUNT_PROVIDERS: the one provider, or none where it has no client id."""
    if not client_id:
        return {}
    app = {
        "provider_id": PROVIDER,
        "name": PROVIDER_NAME,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}


def form_targets(*, issuer: str, client_id: str) -> list[str]:
    """Origins besides our own that a form may lead to: the sign-in form is answered with a redirect to the provider."""
    if not client_id:
        return []
    parts = urlsplit(issuer)
    if not (parts.scheme and parts.netloc):
        raise ImproperlyConfigured(
            f"PODIUM_OIDC_ISSUER must be an address such as https://huggingface.co, not {issuer}."
        )
    return [f"{parts.scheme}://{parts.netloc}"]
