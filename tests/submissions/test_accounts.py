"""Accounts, through the client: sign up, sign in, forget a password, change an address."""

from __future__ import annotations

import re
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import caches
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from pytest_django.fixtures import Settings

from leaderboard.models import AuditEntry
from submissions.selectors.accounts import role_of
from submissions.services.accounts import create_account
from tests.factories_accounts import signed_in
from tests.factories_submissions import make_administrator, make_moderator, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "staple battery horse correct"
LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"
ADA = {"username": "ada", "email": "ada@engine.example", "password1": PASSWORD, "password2": PASSWORD}


class BrokenMail(BaseEmailBackend):
    """A mail server that hangs up."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPServerDisconnected("Connection unexpectedly closed")


@pytest.fixture
def mandatory(settings: Settings) -> None:
    """As in production with a mail server."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]


@pytest.fixture
def without_mail(settings: Settings) -> None:
    """As in production without one."""
    settings.SENDS_MAIL = settings.ACCOUNT_EMAIL_NOTIFICATIONS = False
    settings.ACCOUNT_EMAIL_VERIFICATION = "none"
    settings.ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]


@pytest.fixture(autouse=True)
def fast_hasher(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def link_in_mail() -> str:
    found = re.search(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def test_somebody_signs_up_and_is_signed_in_and_back_where_they_were(client: Client) -> None:
    login_page = client.get(client.get("/submit/")["Location"])
    assert "/accounts/signup/?next=%2Fsubmit%2F" in text_of(login_page)
    assert 'name="next" value="/submit/"' in text_of(client.get(f"{SIGNUP}?next=/submit/"))
    response = client.post(SIGNUP, ADA | {"next": "/submit/"})
    assert (response.status_code, response["Location"]) == (302, "/submit/")
    assert client.get("/submit/").status_code == 200
    user = User.objects.get()
    assert (user.is_staff, role_of(user)) == (False, "Submitter")


def test_a_sign_up_that_fails_says_why_and_keeps_the_name(client: Client) -> None:
    response = client.post(SIGNUP, ADA | {"password1": "abc", "password2": "abcd"})
    assert response.status_code == 200
    assert 'value="ada"' in text_of(response)
    assert "too short" in text_of(response)
    assert not User.objects.exists()


def test_nobody_is_sent_to_a_strange_place(client: Client) -> None:
    assert client.post(SIGNUP, ADA | {"next": "https://elsewhere.example/"})["Location"] == "/"


@pytest.mark.parametrize("name", ["ada", "ADA@engine.example"])
def test_somebody_signs_in_by_name_or_address_and_out(client: Client, name: str) -> None:
    create_account(username="ada", password=PASSWORD, email="ada@engine.example")
    wrong = client.post(LOGIN, {"login": name, "password": "wrong"})
    assert "you specified are not correct" in text_of(wrong)
    right = client.post(LOGIN, {"login": name, "password": PASSWORD, "next": "/submissions/"})
    assert right["Location"] == "/submissions/"
    assert client.get(SIGNUP)["Location"] == "/"
    assert "Sign out" in text_of(client.get("/accounts/logout/"))
    assert client.post("/accounts/logout/")["Location"] == "/"
    assert client.get("/submit/").status_code == 302


def test_the_session_ends_with_the_browser_unless_asked(client: Client) -> None:
    create_account(username="ada", password=PASSWORD)
    client.post(LOGIN, {"login": "ada", "password": PASSWORD})
    assert client.session.get_expire_at_browser_close()
    client.post("/accounts/logout/")
    client.post(LOGIN, {"login": "ada", "password": PASSWORD, "remember": "on"})
    assert client.session.get_expiry_age() == 14 * 24 * 3600


def test_an_account_that_was_closed_is_told_so(client: Client) -> None:
    make_user("ada", password=PASSWORD, is_active=False)
    response = client.post(LOGIN, {"login": "ada", "password": PASSWORD}, follow=True)
    assert "This account is closed" in text_of(response)


def test_guessing_a_password_is_stopped_for_all_processes(client: Client) -> None:
    create_account(username="ada", password=PASSWORD)
    for number in range(5):
        client.post(LOGIN, {"login": "ada", "password": f"guess {number}"}, REMOTE_ADDR=f"10.0.0.{number}")
    caches["process"].clear()
    response = Client().post(LOGIN, {"login": "ada", "password": PASSWORD}, REMOTE_ADDR="10.0.1.1")
    assert "Too many failed login attempts" in text_of(response)
    caches["default"].clear()
    assert Client().post(LOGIN, {"login": "ada", "password": PASSWORD}).status_code == 302


def test_too_many_sign_ups_from_one_place_are_stopped(client: Client) -> None:
    for _ in range(20):
        client.post(SIGNUP, {})
    response = client.post(SIGNUP, ADA)
    assert response.status_code == 429
    assert "Too many attempts" in text_of(response)
    assert not User.objects.exists()


@pytest.mark.usefixtures("mandatory")
def test_where_addresses_are_verified_nobody_comes_in_before(client: Client) -> None:
    assert "Look into your mail" in text_of(client.post(SIGNUP, ADA, follow=True))
    assert client.get("/submit/").status_code == 302
    address = link_in_mail()
    assert "ada@engine.example" in text_of(client.get(address))
    client.post(address)
    assert EmailAddress.objects.get().verified
    assert client.post(LOGIN, {"login": "ada", "password": PASSWORD}).status_code == 302
    assert client.get("/submit/").status_code == 200


@pytest.mark.usefixtures("mandatory")
def test_a_sign_up_does_not_tell_whose_addresses_have_accounts(client: Client) -> None:
    create_account(username="owner", password=PASSWORD, email="ada@engine.example")
    assert "Look into your mail" in text_of(client.post(SIGNUP, ADA, follow=True))
    assert User.objects.count() == 1
    assert "already exists" in str(mail.outbox[-1].body)


@pytest.mark.usefixtures("mandatory")
def test_accounts_of_the_demo_need_no_mail(client: Client) -> None:
    create_account(username="demo", password=PASSWORD, email="demo@podium.example")
    assert client.post(LOGIN, {"login": "demo", "password": PASSWORD})["Location"] == "/"
    assert mail.outbox == []


@pytest.mark.usefixtures("mandatory")
def test_who_was_made_by_the_operator_without_an_address_is_not_locked_out(client: Client) -> None:
    User.objects.create_superuser("root", password=PASSWORD)
    assert client.post(LOGIN, {"login": "root", "password": PASSWORD, "next": "/admin/"})["Location"] == "/admin/"
    User.objects.create_superuser("mailed", email="mailed@engine.example", password=PASSWORD)
    page = Client().post(LOGIN, {"login": "mailed", "password": PASSWORD}, follow=True)
    assert "Look into your mail" in text_of(page)
    assert mail.outbox[-1].to == ["mailed@engine.example"]


def test_a_forged_link_confirms_nothing(client: Client) -> None:
    assert "too old or was used" in text_of(client.get("/accounts/confirm-email/forged/"))


def test_a_forgotten_password_is_replaced_by_a_link(client: Client) -> None:
    create_account(username="ada", password=PASSWORD, email="ada@engine.example")
    page = client.post("/accounts/password/reset/", {"email": "ada@engine.example"}, follow=True)
    assert "Look into your mail" in text_of(page)
    address = link_in_mail()
    form_page = client.get(address, follow=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert "The password is changed" in text_of(client.post(form_page.request["PATH_INFO"], form, follow=True))
    assert User.objects.get().check_password(NEW_PASSWORD)
    assert "too old or was used" in text_of(Client().get(address, follow=True))


def test_who_has_no_account_is_told_so_by_mail_only(client: Client) -> None:
    page = client.post("/accounts/password/reset/", {"email": "nobody@engine.example"}, follow=True)
    assert "Look into your mail" in text_of(page)
    assert "do not have any record" in str(mail.outbox[-1].body)


def test_a_password_is_changed_by_who_knows_it(client: Client) -> None:
    user = create_account(username="ada", password=PASSWORD, email="ada@engine.example")
    client.post(LOGIN, {"login": "ada", "password": PASSWORD})
    form = {"oldpassword": "wrong", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert "current password" in text_of(client.post("/accounts/password/change/", form))
    client.post("/accounts/password/change/", form | {"oldpassword": PASSWORD})
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    assert client.get("/accounts/").status_code == 200
    assert "Your password has been changed" in str(mail.outbox[-1].body)


def test_an_address_is_changed_once_the_new_one_is_confirmed(client: Client) -> None:
    user = create_account(username="ada", password=PASSWORD, email="ada@engine.example")
    client.post(LOGIN, {"login": "ada", "password": PASSWORD})
    asked = client.post("/accounts/email/", {"action_add": "1", "email": "new@engine.example"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    client.post("/accounts/email/", {"action_add": "1", "email": "new@engine.example"})
    user.refresh_from_db()
    assert user.email == "ada@engine.example"
    page = text_of(client.get("/accounts/email/"))
    assert "waits to be confirmed" in page
    client.post(link_in_mail())
    user.refresh_from_db()
    assert user.email == "new@engine.example"


@pytest.mark.usefixtures("without_mail")
def test_a_board_without_mail_asks_for_no_address(client: Client) -> None:
    assert 'name="email"' not in text_of(client.get(SIGNUP))
    form = {name: value for name, value in ADA.items() if name != "email"}
    assert client.post(SIGNUP, form)["Location"] == "/"
    assert "sends no mail" in text_of(client.get("/accounts/email/"))
    client.post("/accounts/logout/")
    assert "Ask an administrator" in text_of(client.get("/accounts/password/reset/"))
    assert mail.outbox == []


def test_a_mail_server_that_is_down_costs_nobody_their_account(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BrokenMail"
    page = text_of(client.post(SIGNUP, ADA, follow=True))
    assert "A mail could not be sent" in page
    assert User.objects.filter(username="ada").exists()


def test_the_account_page_says_who_one_is() -> None:
    for user, role in (
        (make_user(), "Submitter"),
        (make_moderator(), "Moderator"),
        (make_administrator(), "Administrator"),
    ):
        page = text_of(signed_in(user).get("/accounts/"))
        assert f"<dd>{role}</dd>" in page
        assert "set a password" in page


def test_an_account_without_the_permission_cannot_submit() -> None:
    user = make_user()
    user.groups.clear()
    assert signed_in(user).get("/submit/").status_code == 403


ADMIN_USERS = "/admin/auth/user/"


def test_an_administrator_gives_roles_and_takes_them() -> None:
    user = make_user()
    desk = signed_in(make_administrator())
    for role, is_staff in (("moderator", True), ("administrator", True), ("submitter", False)):
        desk.post(ADMIN_USERS, {"action": f"make_{role}", "_selected_action": [user.pk]})
        user = User.objects.get(pk=user.pk)
        assert (role_of(user).lower(), user.is_staff) == (role, is_staff)
    given = [(entry.action, entry.before, entry.after) for entry in AuditEntry.objects.order_by("pk")]
    both = {"roles": ["Moderator", "Submitter"]}
    assert given[0] == ("gave a role", {"roles": ["Submitter"]}, both)
    assert given[1:] == [
        ("gave a role", both, {"roles": ["Administrator", "Submitter"]}),
        ("gave a role", {"roles": ["Administrator", "Submitter"]}, {"roles": ["Submitter"]}),
    ]


@pytest.mark.parametrize("is_active", [True, False])
def test_an_administrator_cannot_become_more_than_that(is_active: bool) -> None:
    administrator = make_administrator()
    superuser = make_user(is_superuser=True, is_staff=True, is_active=is_active)
    desk = signed_in(administrator)
    page = text_of(desk.get(f"{ADMIN_USERS}{administrator.pk}/change/"))
    assert 'name="groups"' in page
    assert 'name="is_superuser"' not in page
    assert 'name="user_permissions"' not in page
    assert 'name="username"' not in text_of(desk.get(f"{ADMIN_USERS}{superuser.pk}/change/"))
    assert desk.get(f"{ADMIN_USERS}{superuser.pk}/password/").status_code == 403
    desk.post(ADMIN_USERS, {"action": "make_submitter", "_selected_action": [superuser.pk]})
    assert User.objects.get(pk=superuser.pk).is_staff
    group_page = text_of(desk.get("/admin/auth/group/add/"))
    assert "Can add user" in group_page
    assert "schedule" not in group_page


def test_an_administrator_confirms_addresses_but_gives_none() -> None:
    """An address given to a superuser would bring their password with it."""
    superuser = make_user(is_superuser=True)
    theirs = EmailAddress.objects.create(user=superuser, email="super@engine.example")
    address = EmailAddress.objects.create(user=make_user(), email="ada@engine.example")
    desk = signed_in(make_administrator())
    addresses = "/admin/account/emailaddress/"
    desk.post(addresses, {"action": "make_verified", "_selected_action": [theirs.pk, address.pk]})
    assert list(EmailAddress.objects.filter(verified=True)) == [address]
    assert desk.get(f"{addresses}add/").status_code == 403
    desk.post(f"{addresses}{address.pk}/change/", {"user": superuser.pk, "email": "mine@engine.example"})
    address.refresh_from_db()
    assert (address.user == superuser, address.email) == (False, "ada@engine.example")


def test_moderators_see_no_accounts() -> None:
    assert signed_in(make_moderator()).get(ADMIN_USERS).status_code == 403
