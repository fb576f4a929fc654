"""Organisations: who belongs to them, what members see, and whose name it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from submissions.models import Invitation, Membership, Organisation
from submissions.selectors.organisations import is_teammate, organisations_of, owns_model
from submissions.selectors.submissions import visible_submissions
from submissions.services import organisations as services
from tests.factories_accounts import make_organisation, signed_in
from tests.factories_submissions import make_administrator, make_moderator, make_submission, make_user

pytestmark = pytest.mark.django_db

MINE = "/accounts/organisations/"
DESK = "/admin/submissions/organisation/"


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text


def names(organisation: Organisation) -> set[str]:
    return set(organisation.members.values_list("username", flat=True))


def invitation_to(organisation: Organisation, whom: str) -> Invitation:
    owner = organisation.memberships.get(role="owner").user
    return services.invite(organisation=organisation, invited_by=owner, whom=whom, address="http://board/accept/")


def test_somebody_starts_an_organisation_and_owns_it() -> None:
    user = make_user()
    page = signed_in(user).post(MINE, {"name": "engine-lab"}, follow=True)
    assert "not confirmed" in text_of(page)
    organisation = Organisation.objects.get()
    assert organisation.memberships.get().is_owner
    assert not owns_model(user, "engine-lab/model")
    again = signed_in(user).post(MINE, {"name": "Engine-Lab"})
    assert "You are in an organisation Engine-Lab already." in text_of(again)


@pytest.mark.parametrize("name", ["", "two words", "-dash", "a/b", "x" * 97])
def test_a_name_is_one_that_the_hub_could_have(name: str) -> None:
    assert signed_in(make_user()).post(MINE, {"name": name}).status_code == 200
    assert not Organisation.objects.exists()


def test_an_account_is_invited_by_name_and_joins() -> None:
    owner, guest = make_user("owner"), make_user("guest")
    organisation = make_organisation(owner)
    page = signed_in(owner).post(f"{MINE}{organisation.pk}/invite/", {"whom": "Guest"}, follow=True)
    assert "Guest is invited." in text_of(page)
    assert names(organisation) == {"owner"}
    assert "You are invited" in text_of(signed_in(guest).get("/accounts/"))
    invitation = Invitation.objects.get()
    page = signed_in(guest).post(f"/accounts/invitations/{invitation.pk}/answer/", {"accept": "1"}, follow=True)
    assert "You are a member" in text_of(page)
    assert names(organisation) == {"owner", "guest"}
    assert not Invitation.objects.exists()


def test_an_invitation_can_be_declined_or_taken_back() -> None:
    organisation = make_organisation(owner := make_user())
    guest = make_user("guest")
    answer = f"/accounts/invitations/{invitation_to(organisation, 'guest').pk}/answer/"
    signed_in(guest).post(answer)
    taken_back = f"/accounts/invitations/{invitation_to(organisation, 'guest').pk}/take-back/"
    assert signed_in(guest).post(taken_back).status_code == 404
    signed_in(owner).post(taken_back)
    assert not Invitation.objects.exists()
    assert organisation.memberships.count() == 1


def test_an_address_is_invited_by_mail_and_only_who_proves_it_joins(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    organisation = make_organisation(name="engine-lab")
    with django_capture_on_commit_callbacks(execute=True):
        invitation = invitation_to(organisation, "Ada@Engine.example")
    assert mail.outbox[0].to == ["ada@engine.example"]
    assert "http://board/accept/" in mail.outbox[0].body
    guest = make_user(email="ada@engine.example")
    address = EmailAddress.objects.create(user=guest, email=guest.email, verified=False)
    answer = f"/accounts/invitations/{invitation.pk}/answer/"
    assert signed_in(guest).post(answer, {"accept": "1"}).status_code == 404
    address.verified = True
    address.save()
    signed_in(guest).post(answer, {"accept": "1"})
    assert organisations_of(guest).get() == organisation


def test_an_invitation_does_not_tell_whether_an_address_has_an_account() -> None:
    owner = make_user()
    organisation = make_organisation(owner)
    EmailAddress.objects.create(user=make_user(), email="known@engine.example", verified=True)
    pages = [
        text_of(
            signed_in(owner).post(f"{MINE}{organisation.pk}/invite/", {"whom": f"{who}@engine.example"}, follow=True)
        )
        for who in ("known", "never")
    ]
    assert all("@engine.example is invited." in page for page in pages)


def test_an_invitation_ends() -> None:
    organisation, guest = make_organisation(), make_user("guest")
    invitation = invitation_to(organisation, "guest")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    response = signed_in(guest).post(f"/accounts/invitations/{invitation.pk}/answer/", {"accept": "1"})
    assert response.status_code == 404
    assert invitation_to(organisation, "guest").expires_at > timezone.now()
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("whom", "words"), [("nobody", "There is no account nobody"), ("owner", "is a member already")]
)
def test_an_invitation_that_cannot_be_says_why(whom: str, words: str) -> None:
    owner = make_user("owner")
    organisation = make_organisation(owner)
    response = signed_in(owner).post(f"{MINE}{organisation.pk}/invite/", {"whom": whom})
    assert words in text_of(response)
    assert not Invitation.objects.exists()


def test_a_board_without_mail_invites_by_name_only(settings: Settings) -> None:
    settings.SENDS_MAIL = False
    with pytest.raises(services.OrganisationError, match="sends no mail"):
        invitation_to(make_organisation(), "ada@engine.example")


def test_nobody_floods_others_with_invitations() -> None:
    owner = make_user()
    organisation = make_organisation(owner)
    client = signed_in(owner)
    statuses = [
        client.post(f"{MINE}{organisation.pk}/invite/", {"whom": f"x{n}@y.example"}).status_code for n in range(21)
    ]
    assert statuses == [302] * 20 + [429]


def change(actor: User, membership: Membership, **form: str) -> str:
    return text_of(signed_in(actor).post(f"/accounts/members/{membership.pk}/", form, follow=True))


def test_an_owner_hands_it_over_and_leaves() -> None:
    owner, member = make_user("owner"), make_user("member")
    organisation = make_organisation(owner, member)
    leave = f"{MINE}{organisation.pk}/leave/"
    assert "the only owner" in text_of(signed_in(owner).post(leave, follow=True))
    assert "member is an owner now" in change(owner, member.memberships.get(), role="owner")
    assert "You left" in text_of(signed_in(owner).post(leave, follow=True))
    assert names(organisation) == {"member"}
    assert "needs an owner" in change(member, member.memberships.get(), role="member")


def test_the_last_member_dissolves_it_and_submissions_stay() -> None:
    owner = make_user()
    organisation = make_organisation(owner)
    submission = make_submission(owner, organisation=organisation)
    signed_in(owner).post(f"{MINE}{organisation.pk}/leave/")
    assert not Organisation.objects.exists()
    submission.refresh_from_db()
    assert submission.organisation is None


def test_only_owners_change_members() -> None:
    owner, member, other = make_user("owner"), make_user("member"), make_user("other")
    organisation = make_organisation(owner, member, other)
    assert "Only owners" in change(member, other.memberships.get(), remove="1")
    assert "Only owners" in change(member, member.memberships.get(), role="owner")
    assert names(organisation) == {"owner", "member", "other"}
    assert "leave the organisation" in change(owner, owner.memberships.get(), remove="1")
    assert "no longer a member" in change(owner, other.memberships.get(), remove="1")
    assert signed_in(member).post(f"{MINE}{organisation.pk}/invite/", {"whom": "other"}).status_code == 404
    with pytest.raises(services.OrganisationError, match="Only owners"):
        services.invite(organisation=organisation, invited_by=member, whom="other", address="")


def test_members_see_what_is_submitted_for_their_organisation_and_nothing_else(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    submitter, member, other = make_user(), make_user(), make_user()
    organisation = make_organisation(submitter, member)
    joint, own = make_submission(submitter, organisation=organisation), make_submission(submitter)
    elsewhere = make_submission(other, organisation=make_organisation(other))
    assert set(visible_submissions(submitter)) == {joint, own}
    assert set(visible_submissions(member)) == {joint}
    assert [is_teammate(member, submission) for submission in (joint, own, elsewhere)] == [True, False, False]
    organisation.memberships.filter(user=member).delete()
    gone = User.objects.get(pk=member.pk)
    with django_assert_num_queries(3):  # The permissions of the account and of its groups, then the submissions.
        assert list(visible_submissions(gone)) == []


def test_a_team_mates_list_names_no_strangers_submission() -> None:
    member = make_user()
    joint = make_submission(organisation=make_organisation(make_user(), member), model_name="lab/joint")
    make_submission(model_name="lab/hidden")
    page = text_of(signed_in(member).get("/submissions/"))
    assert joint.model_name in page
    assert "lab/hidden" not in page


def test_a_moderator_confirms_a_name_and_takes_it_back() -> None:
    owner = make_user()
    organisation = make_organisation(owner, name="engine-lab")
    desk = signed_in(make_moderator())
    desk.post(DESK, {"action": "confirm", "_selected_action": [organisation.pk]})
    assert owns_model(owner, "Engine-Lab/model")
    assert "Confirmed on" in text_of(signed_in(owner).get(f"{MINE}{organisation.pk}/"))
    rival = make_organisation(name="Engine-Lab")
    page = desk.post(DESK, {"action": "confirm", "_selected_action": [rival.pk]}, follow=True)
    assert "Another organisation Engine-Lab is confirmed already" in text_of(page)
    desk.post(DESK, {"action": "take_back", "_selected_action": [organisation.pk]})
    assert not owns_model(owner, "engine-lab/model")


def test_the_desk_shows_members_and_only_administrators_change_them() -> None:
    organisation = make_organisation(make_user("owner"))
    for user, may_change in ((make_moderator(), False), (make_administrator(), True)):
        page = text_of(signed_in(user).get(f"{DESK}{organisation.pk}/change/"))
        assert "owner" in page
        assert ("memberships-0-role" in page) == may_change


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"confirmed_by": "hub"}, {"confirmed_at": "2026-01-01T00:00Z"}],
)
def test_the_database_refuses_half_an_organisation(fields: dict[str, str]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.create(**{"name": "lab", **fields})


def test_pages_of_others_organisations_are_not_found() -> None:
    organisation = make_organisation()
    stranger = signed_in(make_user())
    assert stranger.get(f"{MINE}{organisation.pk}/").status_code == 404
    for verb in ("invite", "leave", "confirm"):
        assert stranger.post(f"{MINE}{organisation.pk}/{verb}/").status_code == 404
