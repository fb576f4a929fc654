"""A private submission from every side: what its owner sees, what a stranger must not, and how it is published."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from evaluation.models import EvaluationRun, WithheldResult
from evaluation.services import claims
from leaderboard.exports.dump_tables import TABLES
from leaderboard.models import Benchmark, DeclinedTask, ModelMeta, Origin, Task
from leaderboard.services.boards import publish_boards
from leaderboard.services.task_rows import publish_task_rows
from submissions.jobs import refresh_plausibility
from submissions.models import Notification, PlausibilityReport, Submission
from submissions.services import publication
from submissions.services import submissions as services
from submissions.services.assessment import assess
from submissions.services.errors import NotPossible
from tests.factories import make_benchmark, make_model, make_result, make_task, result_json
from tests.factories_accounts import make_organisation
from tests.factories_evaluation import claimed_unit
from tests.factories_submissions import make_moderator, make_submission, make_user
from tests.submissions.test_pages import signed_in

pytestmark = pytest.mark.django_db

SECRET = "hush/classified-embedder"
WORD = "classified"


@pytest.fixture
def submission() -> Submission:
    """Evaluated on the one task of a board, on which an open model stands as well."""
    task = make_task("OpenTask", languages=["eng-Latn"])
    make_benchmark("Open board", [task])
    open_model = make_model("open/model", n_parameters=10)
    make_result(open_model, task, 0.4)
    submission = make_submission(
        make_user("owner"),
        benchmarks=[Benchmark.objects.get()],
        model_name=SECRET,
        visibility="private",
        training_data={"tasks": {"OpenTask": "split"}, "datasets": ["Secret corpus"]},
        edits={"max_tokens": 77},
        declined={make_task("Unwanted").name: "Made for something else."},
    )
    services.approve(submission=submission, decided_by=make_moderator())
    unit = claimed_unit(submission.run)
    claims.finish_unit(unit=unit, payload=result_json(task, {"test": {"default": 0.9}}), environment={})
    publish_boards(benchmarks=Benchmark.objects.all())
    submission.refresh_from_db()
    return submission


def lists() -> list[str]:
    """Pages, feeds, suggestions and exports that show the model as soon as it is published."""
    board, task = Benchmark.objects.get().get_absolute_url(), "/tasks/OpenTask/"
    formats = ("csv", "json", "md", "tex")
    return [
        "/models/",
        *(f"/models/?format={one}" for one in formats),
        task,
        *(f"{task}?format={one}" for one in formats),
        board,
        *(f"{board}?format={one}" for one in formats),
        f"{board}?tab=tasks",
        "/boards/own/?tasks=OpenTask&title=Mine",
        "/queue/",
        "/organisations/hush/",
        "/languages/eng/",
        "/changes/",
        "/changes/feed.atom",
        f"/search/?q={WORD}",
        f"/search/suggestions.json?q={WORD}",
        f"/models/{SECRET}/",
        f"/models/{SECRET}/history/",
    ]


def others() -> list[str]:
    """Pages on which it may never stand, or only after more has happened."""
    board = Benchmark.objects.get().get_absolute_url()
    return [
        f"{board}suggestions/?q=class&cursor=5",
        "/models/suggestions/?q=class&cursor=5",
        f"{board}feed.atom",
        f"{board}history/",
        f"{board}charts/types.json?m={SECRET}",
        f"/changes/{timezone.now().date()}/",
        "/",
        "/tasks/",
        "/organisations/",
        "/languages/",
        "/data/",
        f"/search/?q={SECRET}",
        f"/compare/?model=open/model&model={SECRET}",
        f"/models/{SECRET}/badge.svg",
        f"/models/{SECRET}/results.zip",
        f"/models/{SECRET}/eval_results.yaml",
    ]


def pages_of_the_run(submission: Submission) -> list[str]:
    assert submission.run is not None
    address = submission.run.get_absolute_url()
    return [address, f"{address}compare/", f"{address}log/stream/"]


def public_addresses() -> list[str]:
    return [*lists(), *others()]


def body(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    parts = response.streaming_content if response.streaming else [response.content]  # type: ignore[attr-defined]
    return b"".join(parts).decode("utf-8", "replace")


def is_named(client: Client, address: str) -> bool:
    """Whether the answer names the model: by a link to it where the address, which pages repeat, names it as well."""
    return (f"/models/{SECRET}/" if WORD in address else WORD) in body(client, address)


def test_strangers_learn_nothing_of_a_private_submission(client: Client, submission: Submission) -> None:
    for visitor in (client, signed_in(make_user("stranger"))):
        leaking = [address for address in public_addresses() if is_named(visitor, address)]
        assert leaking == []
        for address in (f"/models/{SECRET}/", f"/models/{SECRET}/history/", *pages_of_the_run(submission)):
            assert visitor.get(address).status_code == 404, address
    stranger = signed_in(make_user())
    assert stranger.get(submission.get_absolute_url()).status_code == 404
    assert WORD not in stranger.get("/submissions/").content.decode()
    for name in ("watch_submission", "publish_submission", "withdraw_submission", "edit_submission"):
        assert stranger.post(reverse(name, args=[submission.pk])).status_code == 404
    assert stranger.post(reverse("watch_run", args=[submission.run_id])).status_code == 404


def test_no_table_of_the_dump_has_a_private_model(submission: Submission) -> None:
    for table in TABLES:
        assert not [row for row in table.rows() if any(WORD in str(value) for value in row)], table.name


def test_completion_of_queries_and_choices_does_not_know_it(client: Client, submission: Submission) -> None:
    board = Benchmark.objects.get().get_absolute_url()
    for address in (f"{board}?q=model:{WORD[:5]}", f"/models/?q={WORD[:5]}", f"/compare/?q={WORD[:5]}"):
        assert WORD not in body(client, address)


def test_what_is_private_does_not_block_and_is_not_told_to_others(submission: Submission, hub: str) -> None:
    stranger = make_user()
    board = Benchmark.objects.get()
    make_submission(
        submission.submitter,
        benchmarks=[board],
        model_name="example/model",
        model_revision="c" * 40,
        visibility="private",
    )
    found = assess(asked_by=stranger, model_name="example/model", benchmarks=[Benchmark.objects.get()])
    assert not found.is_refused
    own = assess(asked_by=submission.submitter, model_name="example/model", benchmarks=[Benchmark.objects.get()])
    assert own.is_refused


def test_team_mates_are_not_shown_the_way_to_what_follows_in_private() -> None:
    submitter, team_mate = make_user(), make_user()
    open_one = make_submission(submitter, organisation=make_organisation(submitter, team_mate))
    hidden = make_submission(submitter, previous=open_one, visibility="private")
    link = f'href="{hidden.get_absolute_url()}"'
    assert link in signed_in(submitter).get(open_one.get_absolute_url()).content.decode()
    assert link not in signed_in(team_mate).get(open_one.get_absolute_url()).content.decode()


def test_the_owner_and_moderators_see_state_and_scores(submission: Submission) -> None:
    assert submission.run is not None
    for user in (submission.submitter, make_moderator()):
        visitor = signed_in(user)
        for address in (submission.get_absolute_url(), submission.run.get_absolute_url()):
            page = visitor.get(address).content.decode()
            assert SECRET in page
            assert "90.00" in page
            assert "rivate" in page
    assert "Publish now" in signed_in(submission.submitter).get(submission.get_absolute_url()).content.decode()


def test_who_may_see_the_submission_may_see_its_run(submission: Submission) -> None:
    assert submission.run is not None
    assert submission.submitter.has_perm("evaluation.view_evaluationrun", submission.run)
    assert not make_user().has_perm("evaluation.view_evaluationrun", submission.run)
    assert not submission.submitter.has_perm("evaluation.change_evaluationrun", submission.run)


def test_publishing_shows_everything_at_once(client: Client, submission: Submission) -> None:
    owner = signed_in(submission.submitter)
    owner.post(reverse("publish_submission", args=[submission.pk]))
    assert publication.publish_due() == 1
    assert publication.publish_due() == 0
    submission.refresh_from_db()
    assert submission.published_at is not None
    assert not submission.is_hidden
    assert [address for address in lists() if not is_named(client, address)] == []
    model_meta = ModelMeta.objects.get(name=SECRET)
    assert model_meta.training_datasets == ["OpenTask", "Secret corpus"]
    assert (model_meta.max_tokens, model_meta.field_origins["max_tokens"]) == (77, "submitter")
    assert model_meta.contaminated_tasks == ["OpenTask", "Secret corpus"]
    assert DeclinedTask.objects.get().reason == "Made for something else."
    assert (
        "It is public"
        not in owner.post(reverse("publish_submission", args=[submission.pk]), follow=True).content.decode()
    )


@pytest.mark.parametrize(("visibility", "where"), [("private", "private"), ("public", "on the boards")])
def test_what_is_withdrawn_says_where_its_results_stay(visibility: str, where: str) -> None:
    submission = make_submission(tasks=[make_task()], visibility=visibility)
    services.approve(submission=submission, decided_by=make_moderator())
    owner, address = signed_in(submission.submitter), submission.get_absolute_url()
    assert f"Results that are finished stay {where}." in body(owner, address)
    services.withdraw(submission=submission)
    assert f"Results that were finished before stay {where}." in body(owner, address)


@pytest.mark.django_db(transaction=True)
def test_publishing_wakes_whoever_does_it() -> None:
    submission = make_submission(tasks=[make_task(origin=Origin.CUSTOM)], visibility="private")
    services.approve(submission=submission, decided_by=make_moderator())
    submission.refresh_from_db()
    before = OrmQ.objects.filter(key="default").count()
    publication.ask_to_publish(submission=submission)
    assert OrmQ.objects.filter(key="default").count() == before + 1


@pytest.mark.parametrize(("days", "is_published"), [(1, False), (-1, True)])
def test_the_embargo_ends_by_itself(submission: Submission, days: int, is_published: bool) -> None:
    Submission.objects.update(embargo_until=timezone.now() + timedelta(days=days))
    assert publication.publish_due() == int(is_published)
    assert ModelMeta.objects.filter(name=SECRET).exists() == is_published


def test_an_embargo_that_ends_before_the_decision_makes_the_approval_public() -> None:
    submission = make_submission(
        tasks=[make_task()], visibility="private", embargo_until=timezone.now() - timedelta(minutes=1)
    )
    assert publication.publish_due() == 0
    submission.refresh_from_db()
    assert submission.is_hidden
    assert "becomes public when a moderator approves it" in body(
        signed_in(submission.submitter), submission.get_absolute_url()
    )
    assert not Notification.objects.exists()
    run = services.approve(submission=submission, decided_by=make_moderator()).run
    submission.refresh_from_db()
    assert run is not None
    assert (run.is_private, submission.is_hidden, publication.publish_due()) == (False, False, 0)
    assert ModelMeta.objects.filter(name=submission.model_name).exists()


@pytest.mark.parametrize("is_private", [True, False])
def test_who_may_see_it_can_be_changed_as_long_as_it_waits(hub: str, is_private: bool) -> None:
    task = make_task()
    submission = services.submit(submitter=make_user(), model_name="example/model", tasks=[task], is_private=True)
    Submission.objects.update(published_at=timezone.now())
    services.edit(
        submission=submission,
        edited_by=submission.submitter,
        model_name="example/model",
        tasks=[task],
        is_private=is_private,
    )
    submission.refresh_from_db()
    assert submission.is_hidden is is_private


def test_a_submission_that_cannot_be_published_does_not_stop_the_others(
    submission: Submission, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_submission(tasks=[make_task()], visibility="private")
    services.approve(submission=other, decided_by=make_moderator())
    Submission.objects.update(embargo_until=timezone.now())
    WithheldResult.objects.update(payload=b"broken")
    assert publication.publish_due() == 1
    submission.refresh_from_db()
    other.refresh_from_db()
    assert (submission.is_hidden, other.is_hidden) == (True, False)
    assert f"Submission {submission.pk} could not be published" in caplog.text


def test_an_embargo_does_not_evade_the_plausibility_report(submission: Submission) -> None:
    task = Task.objects.get(name="OpenTask")
    publish_task_rows(tasks=[task.pk])
    assert refresh_plausibility() == 1
    assert "beats_best" in PlausibilityReport.objects.get().kinds
    assert refresh_plausibility() == 0

    long_ago = timezone.now() - timedelta(days=3)
    EvaluationRun.objects.filter(submission=submission).update(finished_at=long_ago)
    make_result(make_model("better/model"), task, 0.95)
    publish_task_rows(tasks=[task.pk])
    Submission.objects.update(embargo_until=long_ago)
    assert publication.publish_due() == 1
    report = PlausibilityReport.objects.get()
    assert "beats_best" not in report.kinds
    assert report.n_results == 1


@pytest.mark.parametrize("state", ["rejected", "withdrawn"])
def test_what_was_turned_down_or_taken_back_is_never_published(state: str) -> None:
    fields: dict[str, Any] = {"visibility": "private", "embargo_until": timezone.now() - timedelta(days=1)}
    submission = make_submission(tasks=[make_task()], **fields)
    if state == "rejected":
        services.reject(submission=submission, decided_by=make_moderator(), reason="No.")
    else:
        services.withdraw(submission=submission)
    assert publication.publish_due() == 0
    with pytest.raises(NotPossible, match="cannot be published"):
        publication.ask_to_publish(submission=submission)
