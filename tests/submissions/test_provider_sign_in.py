"""Signing in with Hugging Face, against a stand-in provider that answers over HTTP as a real one does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from config.sign_in import openid_providers
from submissions.models import Organisation
from submissions.selectors.accounts import role_of
from submissions.selectors.organisations import owns_model
from submissions.services.organisations import OrganisationError, confirm_by_hub, start_organisation
from tests.factories_accounts import CLIENT_ID, CLIENT_SECRET, StandInProvider, make_organisation, provider_serving
from tests.factories_submissions import make_user

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/oidc/huggingface/login/"
ADA: dict[str, Any] = {
    "sub": "hub-1",
    "preferred_username": "ada",
    "name": "Ada Lovelace",
    "email": "ada@engine.example",
    "email_verified": True,
    "orgs": [
        {"sub": "org-1", "preferred_username": "Engine-Lab", "roleInOrg": "write"},
        {"sub": "org-2", "preferred_username": "readers", "roleInOrg": "read"},
    ],
}


@pytest.fixture
def provider(settings: Settings) -> Iterator[StandInProvider]:
    with provider_serving(**ADA) as serving:
        settings.SOCIALACCOUNT_PROVIDERS = providers_at(serving.issuer)
        yield serving


def providers_at(issuer: str, secret: str = CLIENT_SECRET) -> dict[str, Any]:
    return openid_providers(issuer=issuer, client_id=CLIENT_ID, secret=secret)


def sent_back(client: Client, process: str = "login") -> str:
    """The way to the provider and back; the address that the browser then opens here."""
    leaving = client.post(f"{LOGIN}?process={process}&next=/submissions/")
    assert leaving.status_code == 302
    answer = requests.get(leaving["Location"], allow_redirects=False, timeout=5)
    return answer.headers["Location"].removeprefix("http://testserver")


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def test_a_stranger_signs_in_and_has_an_account(client: Client, provider: StandInProvider) -> None:
    assert "Sign in with Hugging Face" in text_of(client.get("/accounts/login/"))
    assert client.get(sent_back(client))["Location"] == "/submissions/"
    user = User.objects.get()
    assert (user.username, user.email, user.has_usable_password()) == ("ada", "ada@engine.example", False)
    assert role_of(user) == "Submitter"
    assert EmailAddress.objects.get().verified
    assert SocialAccount.objects.get().uid == "hub-1"
    assert not SocialToken.objects.exists()
    assert client.get("/submit/").status_code == 200


def test_the_same_person_comes_back_to_the_same_account(client: Client, provider: StandInProvider) -> None:
    client.get(sent_back(client))
    provider.claims["preferred_username"] = "ada-king"
    other_browser = Client()
    other_browser.get(sent_back(other_browser))
    assert other_browser.get("/accounts/").context["user"] == User.objects.get()


def test_whoever_is_signed_in_connects_it_and_signs_in_either_way(client: Client, provider: StandInProvider) -> None:
    user = make_user("ada-of-podium")
    client.force_login(user)
    client.get(sent_back(client, process="connect"))
    assert SocialAccount.objects.get().user == user
    assert "Hugging Face" in text_of(client.get("/accounts/3rdparty/"))
    other_browser = Client()
    other_browser.get(sent_back(other_browser))
    assert other_browser.get("/accounts/").context["user"] == user


def test_a_name_that_is_taken_is_asked_for_again(client: Client, provider: StandInProvider) -> None:
    make_user("ada")
    client.get(sent_back(client))
    assert set(User.objects.values_list("username", flat=True)) > {"ada"}
    assert SocialAccount.objects.get().user.username != "ada"


def test_an_account_with_the_same_address_is_not_taken_over(client: Client, provider: StandInProvider) -> None:
    owner = make_user("countess", email="ada@engine.example")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    client.get(sent_back(client), follow=True)
    assert not SocialAccount.objects.filter(user=owner).exists()
    assert client.get("/accounts/").status_code == 302


def test_without_a_client_id_it_is_nowhere(client: Client) -> None:
    assert "Hugging Face" not in text_of(client.get("/accounts/login/"))
    assert "Hugging Face" not in text_of(client.get("/accounts/signup/"))
    assert client.get(LOGIN).status_code == 404
    client.force_login(make_user())
    assert "Hugging Face" not in text_of(client.get("/accounts/"))


def test_a_provider_that_cannot_be_reached_is_explained(client: Client, settings: Settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = providers_at("http://127.0.0.1:1")
    response = client.post(f"{LOGIN}?process=login")
    assert response.status_code == 502
    assert "could not be reached" in text_of(response)


def test_a_provider_that_is_gone_when_somebody_comes_back_is_explained(client: Client, settings: Settings) -> None:
    with provider_serving(**ADA) as provider:
        settings.SOCIALACCOUNT_PROVIDERS = providers_at(provider.issuer)
        address = sent_back(client)
    response = client.get(address)
    assert response.status_code == 502
    assert "could not be reached" in text_of(response)
    assert not User.objects.exists()


def test_a_wrong_secret_a_stale_code_and_a_forged_state_let_nobody_in(
    client: Client, provider: StandInProvider, settings: Settings
) -> None:
    address = sent_back(client)
    provider.codes.clear()
    assert client.get(address).status_code == 401
    assert Client().get(sent_back(client)).status_code == 401
    settings.SOCIALACCOUNT_PROVIDERS = providers_at(provider.issuer, secret="guessed")
    response = client.get(sent_back(client))
    assert response.status_code == 401
    assert "Nothing was changed" in text_of(response)
    assert not User.objects.exists()


def test_a_verifier_that_is_not_this_browsers_lets_nobody_in(client: Client, provider: StandInProvider) -> None:
    address = sent_back(client)
    for asked in provider.codes.values():
        asked["code_challenge"] = "somebody else's"
    assert client.get(address).status_code == 401
    assert not User.objects.exists()


def test_somebody_who_changes_their_mind_is_told_so(client: Client, provider: StandInProvider) -> None:
    leaving = client.post(f"{LOGIN}?process=login")
    state = dict(pair.split("=", 1) for pair in leaving["Location"].partition("?")[2].split("&"))["state"]
    response = client.get(f"{LOGIN}callback/?error=access_denied&state={state}", follow=True)
    assert "You did not sign in" in text_of(response)


def test_the_hub_says_who_speaks_for_an_organisation(client: Client, provider: StandInProvider) -> None:
    client.get(sent_back(client))
    user = User.objects.get()
    organisation = start_organisation(name="engine-lab", founder=user)
    assert (organisation.name, organisation.confirmed_by) == ("Engine-Lab", Organisation.ConfirmedBy.HUB)
    assert owns_model(user, "engine-lab/difference")
    assert owns_model(user, "Ada/own")
    assert not owns_model(user, "readers/model")
    assert not owns_model(make_user(), "Engine-Lab/difference")
    reading = start_organisation(name="readers", founder=user)
    assert not reading.is_confirmed
    with pytest.raises(OrganisationError, match="does not say that you may write for readers"):
        confirm_by_hub(organisation=reading, user=user)


def test_a_name_that_others_confirmed_stays_theirs(client: Client, provider: StandInProvider) -> None:
    client.get(sent_back(client))
    make_organisation(name="Engine-Lab", confirmed_by="moderator", confirmed_at="2026-01-01T00:00Z")
    organisation = start_organisation(name="engine-lab", founder=User.objects.get(username="ada"))
    assert not organisation.is_confirmed
    response = client.post(f"/accounts/organisations/{organisation.pk}/confirm/", follow=True)
    assert "is confirmed already" in text_of(response)
