"""What moderators do besides approving and rejecting, what reaches the submitter, and what the audit log keeps."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from evaluation.models import EvaluationRun, Lane
from evaluation.selectors.workers import worker_classes
from evaluation.services.runs import cancel_run, retry_failed_units
from evaluation.services.steering import steer_run
from leaderboard.models import AuditEntry
from submissions.admin import submissions as submissions_desk
from submissions.models import Submission
from submissions.permissions import MODERATOR
from submissions.selectors.moderation import comparison_with_earlier
from submissions.services import moderation
from submissions.services.errors import NotPossible
from submissions.services.plausibility import report_plausibility
from submissions.services.submissions import approve, reject, withdraw
from tests.factories import make_benchmark, make_task
from tests.factories_accounts import make_organisation
from tests.factories_evaluation import make_run
from tests.factories_moderation import finish_units, make_approved, make_worker
from tests.factories_submissions import make_moderator, make_role, make_submission, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/submissions/submission/"
CODE = {"name": "Code", "outcome": "warning", "sentence": "The model needs code from its own repository."}


@pytest.fixture
def moderator() -> User:
    return make_moderator("mia")


@pytest.fixture
def desk(moderator: User) -> Client:
    client = Client()
    client.force_login(moderator)
    return client


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, address: str) -> str:
    text: str = client.get(address).content.decode()
    return text


def audit() -> list[tuple[str, dict[str, object], dict[str, object], str]]:
    return [(e.action, e.before, e.after, e.reason) for e in AuditEntry.objects.order_by("pk")]


def test_a_question_reaches_the_submitter_and_the_answer_the_moderators(desk: Client) -> None:
    submission = make_submission(make_user("ada"))
    desk.post(f"{LIST}{submission.pk}/ask/", {"question": "Which data <b>?"})
    ada = signed_in(submission.submitter)
    page = text_of(ada, f"/submissions/{submission.pk}/")
    assert "waits for an answer" in page
    assert "Which data &lt;b&gt;?" in page
    ada.post(f"/submissions/{submission.pk}/answer/", {"text": "NLI."})
    submission.refresh_from_db()
    assert not submission.waits_for_answer
    assert "NLI." in text_of(desk, f"{LIST}{submission.pk}/change/")
    assert audit() == [("asked", {}, {}, "Which data <b>?")]


def test_an_answer_that_cannot_be_sent_stays_in_the_form(moderator: User) -> None:
    submission = make_submission()
    moderation.ask(submission=submission, decided_by=moderator, question="Why?")
    client = signed_in(submission.submitter)
    response = client.post(f"/submissions/{submission.pk}/answer/", {"text": "long " * 1000})
    assert b"long long" in response.content
    assert b"at most 4000 characters" in response.content
    assert submission.messages.count() == 1


def test_only_who_submitted_answers_and_only_once_somebody_asked(moderator: User) -> None:
    submission = make_submission()
    address = f"/submissions/{submission.pk}/answer/"
    assert signed_in(submission.submitter).post(address, {"text": "Hello?"}).status_code == 404
    moderation.ask(submission=submission, decided_by=moderator, question="Why?")
    for stranger in (make_user(), moderator):
        assert signed_in(stranger).post(address, {"text": "So."}).status_code == 404
    assert Client().post(address, {"text": "So."}).status_code == 302
    withdraw(submission=submission)
    assert signed_in(submission.submitter).get(address).status_code == 404
    assert submission.messages.count() == 1


def test_a_team_mate_finds_the_form_to_answer(moderator: User) -> None:
    submitter, mate = make_user(), make_user()
    submission = make_submission(submitter, organisation=make_organisation(submitter, mate))
    moderation.ask(submission=submission, decided_by=moderator, question="Why?")
    address = f"/submissions/{submission.pk}/"
    assert f'action="{address}answer/"' in text_of(signed_in(mate), address)
    assert f'action="{address}answer/"' not in text_of(signed_in(moderator), address)


def test_a_submission_is_handed_over_to_members_only(moderator: User) -> None:
    submitter = make_user()
    submission = make_submission(submitter, organisation=make_organisation(submitter))
    with pytest.raises(NotPossible, match="is no member"):
        moderation.hand_over(submission=submission, decided_by=moderator, to=make_user(), reason="Left.")


def test_what_owners_do_with_submissions_of_members_is_audited(moderator: User) -> None:
    owner, member = make_user("olga"), make_user()
    submission = make_submission(member, organisation=make_organisation(owner, member))
    signed_in(owner).post(f"/submissions/{submission.pk}/withdraw/")
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action) == (owner, "withdrawn")


def test_a_rejected_submission_is_asked_nothing(moderator: User) -> None:
    submission = make_submission()
    reject(submission=submission, decided_by=moderator, reason="No.")
    with pytest.raises(NotPossible, match="it is rejected"):
        moderation.ask(submission=submission, decided_by=moderator, question="Why?")


def test_how_it_is_run_is_decided_before_approval_and_passed_on(moderator: User) -> None:
    submission = make_submission(tasks=[make_task()], checks=[CODE])
    with pytest.raises(NotPossible, match="needs code from its own repository"):
        approve(submission=submission, decided_by=moderator)
    moderation.allow_remote_code(submission=submission, decided_by=moderator, reason="Read it: pooling only.")
    moderation.set_lane(submission=submission, decided_by=moderator, lane=Lane.EXPRESS)
    moderation.assign_worker_class(submission=submission, decided_by=moderator, worker_class="big")
    run = approve(submission=submission, decided_by=moderator).run
    assert run is not None
    assert (run.lane, run.worker_class, run.allows_remote_code) == (Lane.EXPRESS, "big", True)
    assert audit() == [
        ("allowed remote code", {"allows_remote_code": False}, {"allows_remote_code": True}, "Read it: pooling only."),
        ("moved to a lane", {"lane": "normal"}, {"lane": "express"}, ""),
        ("assigned to workers", {"worker_class": ""}, {"worker_class": "big"}, ""),
        ("approved", {"state": "pending"}, {"state": "approved", "run": run.pk}, ""),
    ]


def test_a_run_under_way_follows_and_one_that_ended_does_not(moderator: User) -> None:
    submission = make_approved([make_task()])
    moderation.set_lane(submission=submission, decided_by=moderator, lane=Lane.BACKGROUND)
    run = EvaluationRun.objects.get()
    assert run.lane == Lane.BACKGROUND
    cancel_run(run=run)
    with pytest.raises(NotPossible, match="Nothing is left to run"):
        moderation.set_lane(submission=submission, decided_by=moderator, lane=Lane.EXPRESS)


def test_any_run_is_moved_and_assigned_at_the_desk_of_runs(desk: Client, moderator: User) -> None:
    make_worker("big")
    rerun, ended = make_run(lane=Lane.BACKGROUND), make_run()
    cancel_run(run=ended)
    runs = "/admin/evaluation/evaluationrun/"
    form = {"action": "set_lane", "_selected_action": [rerun.pk, ended.pk]}
    assert "Set the lane" in desk.post(runs, form).content.decode()
    filled = form | {"decide": "1", "lane": Lane.EXPRESS.value, "reason": "A paper is due."}
    page = desk.post(runs, filled, follow=True).content.decode()
    assert "1 run will be done so." in page
    assert "1 run had ended and stayed so." in page
    assign = {"action": "assign_workers", "_selected_action": [rerun.pk], "decide": "1"}
    assert "not one of the available choices" in desk.post(runs, assign | {"worker_class": "huge"}).content.decode()
    desk.post(runs, assign | {"worker_class": "big"})
    rerun.refresh_from_db()
    ended.refresh_from_db()
    assert (rerun.lane, rerun.worker_class, ended.lane) == (Lane.EXPRESS, "big", Lane.NORMAL)
    assert audit() == [
        ("moved to a lane", {"lane": "background"}, {"lane": "express"}, "A paper is due."),
        ("assigned to workers", {"worker_class": ""}, {"worker_class": "big"}, ""),
    ]


def test_a_submission_says_how_its_run_is_done_now(desk: Client, moderator: User) -> None:
    submission = make_approved([make_task()])
    assert submission.run is not None
    steer_run(run=submission.run, by=moderator, lane=Lane.EXPRESS)
    assert '<option value="1" selected>express</option>' in text_of(desk, f"{LIST}{submission.pk}/lane/")
    moderation.set_lane(submission=submission, decided_by=moderator, lane=Lane.NORMAL)
    submission.run.refresh_from_db()
    assert submission.run.lane == Lane.NORMAL


def test_what_is_already_so_is_not_written_down_again(moderator: User) -> None:
    moderation.set_lane(submission=make_submission(), decided_by=moderator, lane=Lane.NORMAL)
    assert audit() == []


def test_cancelling_and_trying_again_is_audited_where_a_moderator_does_it(moderator: User) -> None:
    run = make_approved([make_task(), make_task()]).run
    assert run is not None
    cancel_run(run=run, by=moderator, reason="Wrong lane.")
    retry_failed_units(run=run, by=moderator)
    cancel_run(run=run)
    assert audit()[1:] == [("cancelled", {}, {"tasks": 2}, "Wrong lane."), ("retried", {}, {"tasks": 2}, "")]


@pytest.mark.parametrize(
    ("action", "form", "field", "expected"),
    [
        ("lane_selected", {"lane": "1", "reason": "A release."}, "lane", 1),
        ("code_selected", {"allowed": "yes", "reason": "Read."}, "allows_remote_code", True),
        ("workers_selected", {"worker_class": "big"}, "worker_class", "big"),
        ("ask_selected", {"question": "Which data?"}, "question_open", True),
    ],
)
def test_many_are_decided_together_with_one_reason(
    desk: Client, action: str, form: dict[str, str], field: str, expected: object
) -> None:
    make_worker("big")
    rows = [make_submission() for _ in range(3)]
    chosen = {"action": action, "_selected_action": [row.pk for row in rows[:2]]}
    assert desk.post(LIST, chosen).content.decode().count('name="_selected_action"') == 2
    desk.post(LIST, chosen | form | {"decide": "1"})
    values = Submission.objects.order_by("pk").values_list(field, flat=True)
    assert [value == expected for value in values] == [True, True, False]
    assert AuditEntry.objects.count() == 2


def test_a_selection_across_pages_is_decided_as_a_whole(desk: Client) -> None:
    rows = [make_submission() for _ in range(55)]
    chosen = {"action": "reject_selected", "_selected_action": [rows[0].pk], "select_across": "1"}
    page = desk.post(LIST, chosen).content.decode()
    assert "This decision is about 55 submissions" in page
    everybody = {"action": "reject_selected", "_selected_action": [row.pk for row in rows], "decide": "1"}
    desk.post(LIST, everybody | {"reason": "A flood."})
    assert set(Submission.objects.values_list("state", "reason")) == {("rejected", "A flood.")}


@pytest.mark.parametrize("action", ["approve_selected", "reject_selected"])
def test_too_many_at_once_are_left_alone_and_that_is_said(
    desk: Client, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.setattr(submissions_desk, "MOST_AT_ONCE", 1)
    task = make_task()
    rows = [make_submission(tasks=[task]) for _ in range(2)]
    page = desk.post(LIST, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)
    assert b"Choose 1 submissions at most" in page.content
    assert Submission.objects.pending().count() == 2


def test_a_worker_class_that_no_worker_has_cannot_be_chosen(desk: Client) -> None:
    make_worker("big")
    assert worker_classes() == ["big"]
    submission = make_submission()
    page = desk.post(f"{LIST}{submission.pk}/workers/", {"worker_class": "huge"})
    assert b"huge is not one of the available choices" in page.content


def test_the_form_shows_what_is_so_now(desk: Client) -> None:
    submission = make_submission(lane=Lane.EXPRESS)
    assert '<option value="1" selected>express</option>' in text_of(desk, f"{LIST}{submission.pk}/lane/")


@pytest.mark.parametrize("name", ["reject", "ask", "lane", "workers", "code", "quota"])
def test_every_decision_is_closed_to_who_may_only_look(name: str) -> None:
    submission = make_submission()
    user = make_user(is_staff=True)
    user.user_permissions.add(*make_role(MODERATOR).permissions.filter(codename="view_submission"))
    assert signed_in(user).get(f"{LIST}{submission.pk}/{name}/").status_code == 403
    assert signed_in(make_user()).get(f"{LIST}{submission.pk}/{name}/").status_code == 302


def test_the_page_of_a_submission_compares_it_with_the_one_before(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one, two = make_task("One"), make_task("Two")
    earlier = make_approved([one, two], model_name="org/model", note="First.")
    finish_units(earlier, {"One": 0.5, "Two": 0.6})
    later = make_approved([one], model_name="org/model", benchmarks=[make_benchmark("Board", [two])], checks=[])
    finish_units(later, {"One": 0.55, "Two": 0.4})
    report_plausibility(submission=later)
    comparison = comparison_with_earlier(later)
    assert comparison is not None
    assert {difference.subject for difference in comparison.values} == {
        "Submitter", "Revision", "Note", "Boards", "Single tasks",
    }  # fmt: skip
    assert [(score.task, round(score.change, 6)) for score in comparison.scores] == [("Two", -20.0), ("One", 5.0)]
    desk.get(f"{LIST}{later.pk}/change/")
    with django_assert_num_queries(20):
        page = text_of(desk, f"{LIST}{later.pk}/change/")
    for words in (f"Submission {earlier.pk} of org/model", "-20.00", "+5.00", "What moderators did", "approved"):
        assert words in page


def test_tasks_asked_for_in_part_are_compared_too() -> None:
    make_submission(model_name="org/model", parts={"STS17": {"splits": ["test"], "subsets": ["en-en"]}})
    later = make_submission(model_name="org/model", parts={"STS17": {"splits": ["test"], "subsets": ["de-de"]}})
    comparison = comparison_with_earlier(later)
    assert comparison is not None
    assert ("Single tasks", "STS17 split=test subset=en-en", "STS17 split=test subset=de-de") in [
        (difference.subject, difference.before, difference.after) for difference in comparison.values
    ]


def test_the_first_submission_of_a_model_is_compared_with_nothing() -> None:
    make_submission(model_name="org/other")
    assert comparison_with_earlier(make_submission(model_name="org/model")) is None


def test_the_desk_leads_to_the_next_that_waits_for_a_decision(desk: Client, moderator: User) -> None:
    asked, first, second = (make_submission() for _ in range(3))
    moderation.ask(submission=asked, decided_by=moderator, question="Why?")
    page = text_of(desk, f"{LIST}{second.pk}/change/")
    assert f'<a href="{LIST}{first.pk}/change/" accesskey="n">Next waiting (1)</a>' in page


def test_the_submitter_reads_facts_and_scores_but_no_suspicion() -> None:
    submission = make_submission(model_name="org/model", checks=[CODE])
    report_plausibility(submission=submission)
    page = text_of(signed_in(submission.submitter), f"/submissions/{submission.pk}/")
    assert "The model needs code from its own repository." in page
    assert "Its licence is not known." in page
    assert "first submission of this person" not in page


def test_the_audit_log_is_there_to_search_and_to_read_only(desk: Client) -> None:
    submission = make_submission(tasks=[make_task()])
    desk.post(f"{LIST}{submission.pk}/lane/", {"lane": "1", "reason": "A release."})
    log = "/admin/leaderboard/auditentry/"
    page = text_of(desk, f"{log}?q=release")
    assert "lane: normal → express" in page
    assert f"{LIST}{submission.pk}/change/" in page
    assert "0 audit log" in text_of(desk, f"{log}?q=nothing")
    entry = AuditEntry.objects.get()
    assert 'name="_save"' not in text_of(desk, f"{log}{entry.pk}/change/")
    assert desk.post(f"{log}{entry.pk}/change/", {"reason": "Else."}).status_code == 403
    assert desk.get(f"{log}add/").status_code == 403
    assert desk.post(f"{log}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    history = desk.get(f"{LIST}{submission.pk}/history/", follow=True)
    assert history.context["cl"].result_count == 1
