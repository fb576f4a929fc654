from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.sign_in import form_targets, mail_policy, openid_providers


@pytest.mark.parametrize(
    ("host", "is_production", "sends_mail", "verification"),
    [("smtp.example", True, True, "mandatory"), ("", True, False, "none"), ("", False, True, "optional")],
)
def test_addresses_are_verified_where_mail_can_be_sent(
    host: str, is_production: bool, sends_mail: bool, verification: str
) -> None:
    policy = mail_policy(host=host, is_production=is_production, asked="")
    assert (policy.sends_mail, policy.verification) == (sends_mail, verification)


def test_the_operator_may_ask_for_less() -> None:
    assert mail_policy(host="smtp.example", is_production=True, asked="optional").verification == "optional"


@pytest.mark.parametrize(
    ("host", "asked", "words"), [("", "mandatory", "EMAIL_HOST"), ("smtp.example", "no", "one of")]
)
def test_what_cannot_be_is_refused(host: str, asked: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        mail_policy(host=host, is_production=True, asked=asked)


@pytest.mark.parametrize(
    ("host", "is_production", "asked", "field"),
    [("smtp.example", True, "", "email*"), ("", False, "", "email"), ("", True, "", None)],
)
def test_an_address_is_asked_for_only_where_it_is_of_use(
    host: str, is_production: bool, asked: str, field: str | None
) -> None:
    fields = mail_policy(host=host, is_production=is_production, asked=asked).signup_fields
    assert [name for name in fields if name.startswith("email")] == ([field] if field else [])


def test_forms_may_lead_to_the_provider_and_nowhere_else() -> None:
    assert form_targets(issuer="https://hub.example/realms/one", client_id="podium") == ["https://hub.example"]
    assert form_targets(issuer="https://hub.example", client_id="") == []
    with pytest.raises(ImproperlyConfigured, match="PODIUM_OIDC_ISSUER"):
        form_targets(issuer="hub.example", client_id="podium")


def test_without_a_client_id_there_is_no_provider() -> None:
    assert openid_providers(issuer="https://hub.example", client_id="", secret="") == {}
