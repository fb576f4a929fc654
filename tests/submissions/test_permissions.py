"""Who may see and do what: a line for each page and action, a column for each kind of person, a test for each cell.

Another page is another `Line` below, and the same line in docs/permissions.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.test import Client

from evaluation.models import EvaluationRun
from leaderboard.models import ResultChoice, TaskResult
from submissions.models import ApiToken, Organisation, Quota, Submission, Visibility
from submissions.selectors.accounts import role_of
from submissions.services import submissions as services
from submissions.services.moderation import ask
from tests.factories import make_task
from tests.factories_accounts import make_api_token, make_organisation
from tests.factories_stale import make_superseded_result
from tests.factories_submissions import make_administrator, make_moderator, make_submission, make_user

pytestmark = pytest.mark.django_db

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "permissions.md"

YES, NO, HIDDEN, SIGN_IN = "yes", "no", "not found", "sign in"
COLUMNS = ("stranger", "somebody else", "submitter", "team-mate", "moderator", "administrator")


T = TypeVar("T")


class World:
    """A submission of one person for an organisation, and everybody who may come by. Made as far as it is asked for."""

    @cached_property
    def submitter(self) -> User:
        return make_user("sam")

    @cached_property
    def team_mate(self) -> User:
        return make_user("tina")

    @cached_property
    def organisation(self) -> Organisation:
        return make_organisation(self.submitter, self.team_mate)

    @cached_property
    def submission(self) -> Submission:
        return make_submission(self.submitter, organisation=self.organisation, tasks=[make_task()])

    @cached_property
    def run(self) -> EvaluationRun:
        run = services.approve(submission=self.submission, decided_by=make_moderator()).run
        assert run is not None
        run.units.update(log="what the evaluation wrote", state="failed", error="It was dark.", failure_class="task")
        return run

    @cached_property
    def private(self) -> Submission:
        """Approved, and not published."""
        submission = make_submission(
            self.submitter, organisation=self.organisation, tasks=[make_task()], visibility=Visibility.PRIVATE
        )
        return services.approve(submission=submission, decided_by=make_moderator())

    @cached_property
    def colleague(self) -> User:
        """A further member of the organisation."""
        colleague = make_user("cora")
        self.organisation.memberships.create(user=colleague)
        return colleague

    @cached_property
    def colleagues_submission(self) -> Submission:
        return make_submission(self.colleague, organisation=self.organisation, tasks=[make_task()])

    @cached_property
    def colleagues_private(self) -> Submission:
        submission = make_submission(
            self.colleague, organisation=self.organisation, tasks=[make_task()], visibility=Visibility.PRIVATE
        )
        return services.approve(submission=submission, decided_by=make_moderator())

    @cached_property
    def asked(self) -> Submission:
        """A moderator asked something about it."""
        return ask(submission=self.submission, decided_by=make_moderator(), question="Why?")

    @cached_property
    def token(self) -> ApiToken:
        return make_api_token(self.submitter)[0]

    @cached_property
    def earlier_result(self) -> TaskResult:
        return make_superseded_result()

    @cached_property
    def newcomer(self) -> User:
        return make_user("nina")

    def person(self, column: str) -> User | None:
        makers: dict[str, Callable[[], User | None]] = {
            "stranger": lambda: None,
            "somebody else": make_user,
            "submitter": lambda: self.submitter,
            "team-mate": lambda: self.team_mate,
            "moderator": make_moderator,
            "administrator": make_administrator,
        }
        return makers[column]()

    def state(self) -> str:
        return Submission.objects.get(pk=self.submission.pk).state


def always(value: T) -> Callable[[World], T]:
    """The same in each world."""

    def of(world: World) -> T:
        return value

    return of


@dataclass(frozen=True)
class Line:
    """`expected` follows COLUMNS. Where the answer's status says nothing, `shows` is what allowed people read in it,
    and `did` tells whether it was done.
    """

    words: str
    method: str
    address: Callable[[World], str]
    expected: tuple[str, ...]
    form: Callable[[World], dict[str, Any]] = always({})  # noqa: RUF009
    shows: str = ""
    did: Callable[[World], bool] | None = None


def only(*columns: str, others: str = NO, stranger: str = SIGN_IN) -> tuple[str, ...]:
    """Yes for these; `others` for who else is signed in."""
    return tuple(YES if column in columns else stranger if column == "stranger" else others for column in COLUMNS)


EVERYBODY = (YES,) * len(COLUMNS)
SIGNED_IN = only(*COLUMNS[1:])
WHO_SEES = only("submitter", "team-mate", "moderator", "administrator", others=HIDDEN)
MODERATORS = only("moderator", "administrator")
ADMINISTRATORS = only("administrator")
NOBODY = only()

SUBMISSIONS, ORGANISATIONS = "/admin/submissions/submission/", "/admin/submissions/organisation/"
USERS, GROUPS, RUNS = "/admin/auth/user/", "/admin/auth/group/", "/admin/evaluation/evaluationrun/"


def chosen(action: str, pk: Callable[[World], int]) -> Callable[[World], dict[str, Any]]:
    """The form of an action of the admin on one row."""
    return lambda world: {"action": action, "_selected_action": [pk(world)]}


LINES = [
    Line("See boards, models and results", "GET", always("/"), EVERYBODY),
    Line("See the queue", "GET", always("/queue/"), EVERYBODY),
    Line("See a run", "GET", lambda world: world.run.get_absolute_url(), EVERYBODY),
    Line("See the form to submit", "GET", always("/submit/"), SIGNED_IN),
    Line("Submit", "POST", always("/submit/"), SIGNED_IN),
    Line("List submissions", "GET", always("/submissions/"), SIGNED_IN),
    Line("See a submission", "GET", lambda world: world.submission.get_absolute_url(), WHO_SEES),
    Line(
        "See a submission in the list", "GET", always("/submissions/"),
        only("submitter", "team-mate", "moderator", "administrator"), shows="example/submitted-",
    ),
    Line(
        "Withdraw a submission", "POST", lambda world: f"{world.submission.get_absolute_url()}withdraw/",
        only("submitter", others=HIDDEN), did=lambda world: world.state() == "withdrawn",
    ),
    Line(
        "Change a submission that waits", "GET", lambda world: f"{world.submission.get_absolute_url()}edit/",
        only("submitter", others=HIDDEN),
    ),
    Line(
        "Watch a public submission until it ends", "POST", lambda world: f"{world.submission.get_absolute_url()}watch/",
        SIGNED_IN, did=lambda world: world.submission.watches.exists(),
    ),
    Line(
        "Watch a private submission", "POST", lambda world: f"{world.private.get_absolute_url()}watch/",
        WHO_SEES, did=lambda world: world.private.watches.exists(),
    ),
    Line("See a private submission", "GET", lambda world: world.private.get_absolute_url(), WHO_SEES),
    Line(
        "See the run of a private submission", "GET", lambda world: run_of(world.private).get_absolute_url(),
        only("submitter", "team-mate", "moderator", "administrator", others=HIDDEN, stranger=HIDDEN),
    ),
    Line(
        "Compare the run of a private submission", "GET",
        lambda world: f"{run_of(world.private).get_absolute_url()}compare/",
        only("submitter", "team-mate", "moderator", "administrator", others=HIDDEN, stranger=HIDDEN),
    ),
    Line(
        "Publish a private submission", "POST", lambda world: f"{world.private.get_absolute_url()}publish/",
        only("submitter", others=HIDDEN),
    ),
    Line(
        "Withdraw what another member submitted (the submitter owns the organisation)", "POST",
        lambda world: f"{world.colleagues_submission.get_absolute_url()}withdraw/", only("submitter", others=HIDDEN),
        did=lambda world: Submission.objects.get(pk=world.colleagues_submission.pk).state == "withdrawn",
    ),
    Line(
        "Change what another member submitted (the submitter owns the organisation)", "GET",
        lambda world: f"{world.colleagues_submission.get_absolute_url()}edit/", only("submitter", others=HIDDEN),
    ),
    Line(
        "Publish what another member submitted (the submitter owns the organisation)", "POST",
        lambda world: f"{world.colleagues_private.get_absolute_url()}publish/", only("submitter", others=HIDDEN),
        did=lambda world: Submission.objects.get(pk=world.colleagues_private.pk).embargo_until is not None,
    ),
    Line(
        "Answer a question of the moderators", "GET", lambda world: f"{world.asked.get_absolute_url()}answer/",
        only("submitter", "team-mate", others=HIDDEN),
    ),
    Line(
        "Read the log of a run", "GET", lambda world: started_run(world).get_absolute_url(),
        only("submitter", "team-mate", "moderator", "administrator", stranger=NO), shows="what the evaluation wrote",
    ),
    Line(
        "Stop a run from its page", "POST", lambda world: f"{waiting_run(world).get_absolute_url()}cancel/",
        only("submitter", "team-mate", "moderator", "administrator"),
        did=lambda world: EvaluationRun.objects.get(pk=world.run.pk).state == "cancelled",
    ),
    Line(
        "Run failed tasks again from its page", "POST", lambda world: f"{world.run.get_absolute_url()}retry/",
        only("submitter", "team-mate", "moderator", "administrator"),
        did=lambda world: world.run.units.get().state == "queued",
    ),
    Line("Upload finished results", "GET", always("/submit/results/"), SIGNED_IN),
    Line("Bring a dataset", "GET", always("/datasets/add/"), SIGNED_IN),
    Line("Choose how one is told", "GET", always("/accounts/notifications/"), SIGNED_IN),
    Line("See which results are stale, and why", "GET", always("/stale/"), EVERYBODY),
    Line("See one's own account", "GET", always("/accounts/"), SIGNED_IN),
    Line("Make API tokens of one's own", "GET", always("/accounts/tokens/"), SIGNED_IN),
    Line(
        "Make a token that moderates", "GET", always("/accounts/tokens/"), MODERATORS,
        shows="decide about submissions of others",
    ),
    Line(
        "Revoke the submitter's API token", "POST", lambda world: f"/accounts/tokens/{world.token.pk}/revoke/",
        only("submitter", others=HIDDEN),
    ),
    Line("Start an organisation", "GET", always("/accounts/organisations/"), SIGNED_IN),
    Line(
        "See the page of an organisation", "GET", lambda world: world.organisation.get_absolute_url(),
        only("submitter", "team-mate", others=HIDDEN),
    ),
    Line(
        "Invite to an organisation (its owner is the submitter)", "POST",
        lambda world: f"{world.organisation.get_absolute_url()}invite/",
        only("submitter", others=HIDDEN), form=lambda world: {"whom": world.newcomer.username},
        did=lambda world: world.organisation.invitations.exists(),
    ),
    Line(
        "Remove a member of an organisation", "POST",
        lambda world: f"/accounts/members/{world.organisation.memberships.get(user=world.team_mate).pk}/",
        (SIGN_IN, HIDDEN, YES, NO, HIDDEN, HIDDEN),
        form=always({"remove": "1"}), did=lambda world: world.organisation.memberships.count() == 1,
    ),
    Line("Enter the operator's desk", "GET", always("/admin/"), MODERATORS),
    Line("See all submissions at the desk", "GET", always(SUBMISSIONS), MODERATORS),
    Line(
        "Approve a submission", "POST", lambda world: f"{SUBMISSIONS}{world.submission.pk}/approve/", MODERATORS,
        did=lambda world: world.state() == "approved",
    ),
    Line(
        "Reject a submission", "POST", lambda world: f"{SUBMISSIONS}{world.submission.pk}/reject/", MODERATORS,
        form=always({"reason": "No."}), did=lambda world: world.state() == "rejected",
    ),
    Line(
        "Hand a submission over to another member", "POST",
        lambda world: f"{SUBMISSIONS}{world.submission.pk}/handover/", ADMINISTRATORS,
        form=lambda world: {"to": world.team_mate.username, "reason": "Sam left."},
        did=lambda world: Submission.objects.get(pk=world.submission.pk).submitter == world.team_mate,
    ),
    Line(
        "Cancel a run", "POST", always(RUNS), MODERATORS, form=chosen("cancel", lambda world: waiting_run(world).pk),
        did=lambda world: EvaluationRun.objects.get(pk=world.run.pk).state == "cancelled",
    ),
    Line(
        "Confirm the name of an organisation", "POST", always(ORGANISATIONS), MODERATORS,
        form=chosen("confirm", lambda world: world.organisation.pk),
        did=lambda world: Organisation.objects.get(pk=world.organisation.pk).is_confirmed,
    ),
    Line("Correct what is known of models", "GET", always("/admin/leaderboard/modelmeta/"), MODERATORS),
    Line("Publish a reader's board", "GET", always("/admin/leaderboard/savedview/"), MODERATORS),
    Line("Decide about uploads", "GET", always("/admin/submissions/resultupload/"), MODERATORS),
    Line("Decide about datasets", "GET", always("/admin/submissions/datasetupload/"), MODERATORS),
    Line("Approve metrics of custom tasks", "GET", always("/admin/evaluation/custommetric/"), MODERATORS),
    Line("Decide about flags", "GET", always("/admin/leaderboard/resultflag/"), MODERATORS),
    Line(
        "Set a quota", "POST", always("/admin/submissions/quota/add/"), MODERATORS,
        form=lambda world: {"username": world.newcomer.username, "submissions_per_month": 50, "unfinished_at_once": 9},
        did=lambda world: Quota.objects.filter(user=world.newcomer).exists(),
    ),
    Line(
        "Set the quota of who submitted", "POST", lambda world: f"{SUBMISSIONS}{world.submission.pk}/quota/",
        MODERATORS, form=always({"submissions_per_month": 50, "unfinished_at_once": 9}),
        did=lambda world: Quota.objects.filter(user=world.submitter).exists(),
    ),
    Line("Say that results are stale", "GET", always("/admin/leaderboard/stalerule/add/"), MODERATORS),
    Line("Look up single results at the desk", "GET", always("/admin/leaderboard/taskresult/"), MODERATORS),
    Line(
        "Let an earlier result count again", "POST",
        lambda world: f"/admin/leaderboard/taskresult/{world.earlier_result.pk}/roll-back/", MODERATORS,
        form=always({"reason": "The later run used a broken driver."}),
        did=lambda world: ResultChoice.objects.filter(result=world.earlier_result).exists(),
    ),
    Line("Plan spot checks", "GET", always("/admin/submissions/spotcheckrule/add/"), MODERATORS),
    Line("Announce something on all pages", "GET", always("/admin/submissions/announcement/add/"), MODERATORS),
    Line("Read the audit log", "GET", always("/admin/leaderboard/auditentry/"), MODERATORS),
    Line("Add to the audit log by hand", "GET", always("/admin/leaderboard/auditentry/add/"), NOBODY),
    Line("See and change workers", "GET", always("/admin/evaluation/worker/"), ADMINISTRATORS),
    Line("See imports at the desk", "GET", always("/admin/leaderboard/importrun/"), ADMINISTRATORS),
    Line("See accounts", "GET", always(USERS), ADMINISTRATORS),
    Line(
        "Make somebody a moderator", "POST", always(USERS), ADMINISTRATORS,
        form=chosen("make_moderator", lambda world: world.newcomer.pk),
        did=lambda world: role_of(User.objects.get(pk=world.newcomer.pk)) == "Moderator",
    ),
    Line("Make groups", "GET", always(f"{GROUPS}add/"), ADMINISTRATORS),
    Line("See and revoke everybody's API tokens", "GET", always("/admin/submissions/apitoken/"), ADMINISTRATORS),
    Line(
        "Delete an organisation", "POST", lambda world: f"{ORGANISATIONS}{world.organisation.pk}/delete/",
        ADMINISTRATORS, form=always({"post": "yes"}),
        did=lambda world: not Organisation.objects.filter(pk=world.organisation.pk).exists(),
    ),
    Line("Change schedules, which run code (superusers only)", "GET", always("/admin/django_q/schedule/"), NOBODY),
]  # fmt: skip


def waiting_run(world: World) -> EvaluationRun:
    world.run.units.update(state="queued", error="", failure_class="")
    return world.run


def started_run(world: World) -> EvaluationRun:
    world.run.units.update(started_at=Now())
    return world.run


def run_of(submission: Submission) -> EvaluationRun:
    assert submission.run is not None
    return submission.run


def cells() -> Iterator[Any]:
    for line in LINES:
        for column, expected in zip(COLUMNS, line.expected, strict=True):
            yield pytest.param(line, column, expected, id=f"{line.words}: {column}")


def answer_to(line: Line, world: World, user: User | None) -> str:
    """What became of it, in the words of the table."""
    client = Client()
    if user is not None:
        client.force_login(user)
    if line.shows:
        world.submission  # noqa: B018  It is there to be seen.
    address, form = line.address(world), line.form(world)
    response = client.get(address) if line.method == "GET" else client.post(address, form)
    if response.status_code == 302 and "/login/" in response["Location"]:
        # The desk sends whoever is signed in on to its sign-in page, which refuses them.
        return SIGN_IN if user is None else NO if client.get(response["Location"]).status_code == 403 else YES
    if response.status_code in {403, 404}:
        return NO if response.status_code == 403 else HIDDEN
    assert response.status_code in {200, 302}
    seen = line.shows in response.content.decode()
    done = line.did is None or line.did(world)
    return YES if seen and done else NO


@pytest.mark.parametrize(("line", "column", "expected"), list(cells()))
def test_who_may_see_and_do_what(line: Line, column: str, expected: str) -> None:
    world = World()
    assert answer_to(line, world, world.person(column)) == expected


def table() -> list[str]:
    """The table as the document has it."""
    head = [f"| | {' | '.join(COLUMNS)} |", f"| --- |{' --- |' * len(COLUMNS)}"]
    return head + [f"| {line.words} | {' | '.join(line.expected)} |" for line in LINES]


def test_the_document_says_the_same() -> None:
    written = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    assert written == table(), "Write this table into docs/permissions.md:\n" + "\n".join(table())
