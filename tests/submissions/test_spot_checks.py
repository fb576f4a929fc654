"""Spot checks: what rules pick, what is run, and how it is compared."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluation.models import EvaluationRun, Lane
from leaderboard.models import ModelMeta, SourceKind
from leaderboard.selectors.verification import levels_by_reruns
from leaderboard.services.boards import publish_boards
from leaderboard.verification import Level
from submissions import jobs
from submissions.models import SpotCheck, SpotCheckRule
from submissions.selectors.spot_checks import repeatable_results
from submissions.services.errors import NotPossible
from submissions.services.spot_checks import apply_rule, request_spot_check
from tests.factories import make_benchmark, make_model, make_result, make_task
from tests.factories_submissions import make_moderator
from tests.factories_uploads import COMMIT, make_comparison, make_reported, rerun_of

pytestmark = pytest.mark.django_db


def make_rule(**fields: object) -> SpotCheckRule:
    defaults = {"name": "New uploads", "picks": SpotCheckRule.Picks.NEW_UPLOADS}
    return SpotCheckRule.objects.create(**(defaults | fields))


def make_reported_model(n_tasks: int = 4) -> ModelMeta:
    model_meta = make_model()
    for _ in range(n_tasks):
        make_reported(model_meta, make_task())
    return model_meta


def test_a_rule_reruns_a_random_sample_of_new_uploads_in_the_background() -> None:
    model_meta = make_reported_model(5)
    make_result(make_model(), make_task(), 0.5, revision=COMMIT)
    (check,) = apply_rule(rule=make_rule(n_tasks=3), draw=random.Random(1))
    assert (check.run.model_meta, check.run.revision, check.run.lane) == (model_meta, COMMIT, Lane.BACKGROUND)
    assert set(check.run.units.values_list("task", flat=True)) == set(check.results.values_list("task", flat=True))
    assert check.results.count() == 3


def test_a_rule_waits_its_days_and_looks_only_at_what_came_since() -> None:
    make_reported_model()
    rule = make_rule(every_days=7)
    assert apply_rule(rule=rule)
    make_reported_model()
    assert apply_rule(rule=rule) == []
    SpotCheckRule.objects.update(applied_at=timezone.now() - timedelta(days=8))
    SpotCheck.objects.all().delete()
    EvaluationRun.objects.update(state="cancelled", finished_at=timezone.now())
    assert len(apply_rule(rule=rule)) == 2


def test_the_first_of_a_board_are_picked() -> None:
    task = make_task()
    board = make_benchmark("Board", [task])
    best, _ = (make_result(make_model(), task, score, revision=COMMIT) for score in (0.9, 0.2))
    publish_boards(benchmarks=type(board).objects.all())
    (check,) = apply_rule(rule=make_rule(picks=SpotCheckRule.Picks.TOP_OF_BOARD, benchmark=board, n_models=1))
    assert check.model_revision == best.model_revision


def test_a_random_share_is_at_least_one_model() -> None:
    for _ in range(3):
        make_reported_model(1)
    assert len(apply_rule(rule=make_rule(picks=SpotCheckRule.Picks.RANDOM_SHARE, percent=1))) == 1


def test_what_cannot_be_repeated_is_not_picked() -> None:
    task = make_task()
    make_result(make_model(), task, revision="external")
    make_result(make_model(), task, revision=COMMIT, dataset_revision="b" * 40)
    make_result(make_model(open_weights=False), task, revision=COMMIT)
    make_result(make_model(), make_task(is_public=False), revision=COMMIT)
    make_comparison(make_reported(make_model(), make_task()), 0.5)
    assert not repeatable_results().exists()
    kept = make_reported(make_model(), make_task())
    assert list(repeatable_results()) == [kept]


def test_a_check_repeats_the_cells_that_were_reported_of_a_model_that_is_open() -> None:
    model_meta = make_model()
    part = make_result(model_meta, make_task(hf_subsets=["en", "de"]), {"test": {"de": 0.5}}, revision=COMMIT)
    assert request_spot_check(results=[part]).run.units.get().hf_subsets == ["de"]
    EvaluationRun.objects.update(is_closed=True, state="cancelled", finished_at=timezone.now())
    assert not repeatable_results().exists()
    with pytest.raises(NotPossible, match="token that opened it is gone"):
        request_spot_check(results=[part])


def test_three_agreeing_reruns_make_a_sample() -> None:
    model_meta = make_reported_model(4)
    (check,) = apply_rule(rule=make_rule())
    for result in check.results.all():
        rerun_of(result, 0.5)
    assert levels_by_reruns() == {(model_meta.pk, ""): Level.SAMPLE}


def test_a_result_of_our_own_is_not_compared_with_itself() -> None:
    own = make_result(make_model(), make_task(), revision=COMMIT, kind=SourceKind.RUN)
    with pytest.raises(NotPossible, match="evaluated here"):
        request_spot_check(results=[own])
    private = make_reported(make_model(), make_task(is_public=False))
    with pytest.raises(NotPossible, match="cannot be run here"):
        request_spot_check(results=[private])


def test_the_hourly_job_applies_rules_and_flags_what_disagrees() -> None:
    reported = make_reported(make_model(), make_task(), 0.5)
    make_comparison(reported, 0.9)
    make_reported_model(1)
    make_rule()
    assert jobs.spot_checks() == 1
    assert reported.flags.count() == 1


def test_a_flag_or_a_rule_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    failing, reported = (make_reported(make_model(), make_task(), 0.5) for _ in range(2))
    for result in (failing, reported):
        make_comparison(result, 0.9)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leaderboard_resultflag ADD CHECK (result_id <> %s)", [failing.pk])
    make_reported_model(1)
    make_rule(name="A lane that is no more", lane=77)
    make_rule()
    assert jobs.spot_checks() == 1
    assert (failing.flags.count(), reported.flags.count()) == (0, 1)
    assert "“A lane that is no more” could not be applied" in caplog.text
    assert "could not be flagged" in caplog.text


def test_a_moderator_reads_the_drift_report_and_reruns(client: Client) -> None:
    agreeing = make_comparison(make_reported(make_model("org/agrees"), make_task(), 0.5), 0.5)
    doubtful = make_comparison(make_reported(make_model("org/differs"), make_task(), 0.5), 0.8)
    client.force_login(make_moderator())
    address = reverse("admin:leaderboard_comparison_changelist")
    page = client.get(address).content.decode()
    assert page.index("org/differs") < page.index("org/agrees")
    client.post(address, {"action": "rerun", "_selected_action": [doubtful.pk]})
    assert list(SpotCheck.objects.get().results.all()) == [doubtful.reported]
    assert not SpotCheck.objects.filter(results=agreeing.reported).exists()
    for name in ("spotcheck", "spotcheckrule"):
        assert client.get(reverse(f"admin:submissions_{name}_changelist")).status_code == 200
