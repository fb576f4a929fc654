"""Rules that make results stale, what they change, and going back to an earlier result."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from leaderboard.currency import OFFICIAL, RUN, Candidate, Choice, competing_candidates
from leaderboard.models import (
    AuditEntry,
    BoardRow,
    CurrentResult,
    ModelMeta,
    ResultChoice,
    Scope,
    SourceKind,
    StaleResult,
    StaleRule,
    StaleRuleEvent,
    Task,
    TaskResult,
)
from leaderboard.selectors.staleness import reevaluations, stale_tasks
from leaderboard.services.boards import publish_all_boards
from leaderboard.services.results import record_result
from leaderboard.services.staleness import (
    NothingToRollBack,
    apply_rule,
    refresh_stale_results,
    remove_rule,
    roll_back,
    undo_rollback,
)
from leaderboard.staleness import UnusableRule, version_range
from tests.factories import make_benchmark, make_model, make_result, make_task, result_json
from tests.factories_stale import make_rule, present

MARK, HIDE = StaleRule.Effect.MARK, StaleRule.Effect.HIDE


def candidate(result_id: int, kind: str = OFFICIAL) -> Candidate:
    return Candidate(
        result_id, kind, "1" * 40, is_registry_revision=True, mteb_version="2.0.0", dataset_revision=None, timestamp=0.0
    )


def record(model_name: str, task: Task, score: float, **fields: Any) -> TaskResult:
    """A run of this board."""
    return record_result(
        model_meta=ModelMeta.objects.filter(name=model_name).first() or make_model(model_name),
        revision="1" * 40,
        settings=None,
        task=task,
        payload=result_json(task, {"test": {"default": score}}, **fields),
        source_kind=SourceKind.RUN,
        source_name="Podium",
        source_path="runs/1.json",
    )


def counting(task: Task) -> set[int]:
    return set(CurrentResult.objects.in_scope(Scope.ALL).filter(task=task).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("first", "last", "version", "is_in"),
    [
        ("2.0.0", "2.10.0", "2.9.1", True),
        ("2.0.0", "2.10.0", "2.10.0", True),
        ("2.0.0", "2.10.0", "2.10.1", False),
        ("", "2.10.0", "1.0", True),
        ("2.0.0", "", "3.1.dev0", True),
        ("2.0.0", "2.10.0", None, False),
        ("2.0.0", "2.20.0", "2.12.16-2.15.4", False),
    ],
)
def test_a_range_of_versions_holds_both_its_ends_and_no_unknown_version(
    first: str, last: str, version: str | None, is_in: bool
) -> None:
    assert (version in version_range(first, last)) is is_in


@pytest.mark.parametrize(("first", "last"), [("", ""), ("3.0", "2.0"), ("two", "")])
def test_a_range_that_makes_no_sense_says_what_to_write(first: str, last: str) -> None:
    with pytest.raises(UnusableRule):
        version_range(first, last)


def test_hidden_results_do_not_compete_and_a_choice_stands_for_all_before_it() -> None:
    candidates = [candidate(1), candidate(2), candidate(3, RUN), candidate(4, RUN)]

    def competing(hidden: set[int], choice: Choice | None) -> list[int]:
        return [one.result_id for one in competing_candidates(candidates, hidden, choice)]

    assert competing({2}, None) == [1, 3, 4]
    assert competing({1, 4}, Choice(1, 3)) == [1], "What was chosen counts even if hidden."
    assert competing(set(), Choice(2, 3)) == [2, 4]


@pytest.mark.django_db
def test_a_rule_about_versions_marks_only_the_results_of_its_tasks_and_versions() -> None:
    task, other = make_task(), make_task()
    hit = make_result(make_model(), task, mteb_version="2.5.0")
    make_result(make_model(), task, mteb_version="2.11.0")
    make_result(make_model(), other, mteb_version="2.5.0")
    rule = make_rule([task])
    assert list(StaleResult.objects.values_list("rule", "result", "hides")) == [(rule.pk, hit.pk, False)]
    assert hit.pk in counting(task), "A mark leaves the result where it is."
    event = StaleRuleEvent.objects.get()
    assert (event.n_stale, event.n_hidden) == (1, 0)
    assert "2.0.0 to 2.10.0" in event.rule_text


@pytest.mark.django_db
def test_a_rule_about_datasets_hits_what_names_another_revision_than_the_task() -> None:
    task = make_task(dataset_revision="b" * 40)
    old = make_result(make_model(), task, dataset_revision="a" * 40)
    make_result(make_model(), task, dataset_revision="b" * 7)
    make_result(make_model(), task, dataset_revision=None)
    rule = make_rule(kind=StaleRule.Kind.DATASET_REVISION)
    assert set(rule.hits.values_list("result", flat=True)) == {old.pk}

    Task.objects.filter(pk=task.pk).update(dataset_revision="c" * 40)
    refresh_stale_results()
    assert rule.hits.count() == 2, "The dataset changed, and so did what is stale."


@pytest.mark.django_db
def test_hiding_uncovers_the_next_result_and_is_reversible() -> None:
    task = make_task()
    make_benchmark("Board", [task])
    earlier = record("example/model", task, 0.4, mteb_version="2.20.0", date=1_600_000_000)
    wrong = record("example/model", task, 0.9, mteb_version="2.5.0", date=1_700_000_000)
    assert counting(task) == {wrong.pk}
    rule = make_rule([task], effect=HIDE)
    assert counting(task) == {earlier.pk}
    assert BoardRow.objects.get(board__scope=Scope.ALL).mean_task == 0.4

    rule.is_active = False
    rule.save()
    apply_rule(rule=rule)
    assert counting(task) == {wrong.pk}
    assert BoardRow.objects.get(board__scope=Scope.ALL).mean_task == 0.9
    assert not StaleResult.objects.exists()


@pytest.mark.django_db
def test_a_hidden_official_result_counts_on_the_official_board_only() -> None:
    model_meta, task = make_model(registry_revision="1" * 40), make_task()
    result = make_result(model_meta, task, mteb_version="2.5.0")
    present(result)
    rule = make_rule([task], effect=HIDE)
    current = CurrentResult.objects.get(pk=result.pk)
    assert (current.official_part, current.all_part) == (0, None)
    remove_rule(rule=rule)
    assert CurrentResult.objects.get(pk=result.pk).all_part == 0
    assert StaleRuleEvent.objects.filter(rule=None, rule_text__startswith="Deleted").exists()


@pytest.mark.django_db
def test_a_new_result_is_judged_by_the_rules_that_are_there() -> None:
    task = make_task()
    make_rule([task], effect=HIDE)
    make_benchmark("Board", [task])
    stale = record("example/model", task, 0.9, mteb_version="2.5.0")
    assert StaleResult.objects.get().result_id == stale.pk
    assert counting(task) == set()
    fresh = record("example/model", task, 0.5, mteb_version="2.26.24")
    assert counting(task) == {fresh.pk}
    found = reevaluations(StaleRule.objects.get())
    assert [(one.before, one.after, one.moved) for one in found] == [(0.9, 0.5, True)]
    assert found[0].difference == pytest.approx(-0.4)


@pytest.mark.django_db
def test_going_back_to_an_earlier_result_holds_until_it_is_undone_or_a_newer_one_comes() -> None:
    task, by = make_task(), User.objects.create_user("moderator")
    earlier = record("example/model", task, 0.4, date=1_600_000_000)
    later = record("example/model", task, 0.9, date=1_700_000_000)
    assert counting(task) == {later.pk}
    with pytest.raises(NothingToRollBack, match="counts already"):
        roll_back(result=later, reason="Why not?", by=by)
    with pytest.raises(NothingToRollBack, match="Say why"):
        roll_back(result=earlier, reason=" ", by=by)

    choice = roll_back(result=earlier, reason="The later run used a broken driver.", by=by)
    assert counting(task) == {earlier.pk}
    undo_rollback(choice=choice, by=by)
    assert counting(task) == {later.pk}
    assert ResultChoice.objects.get().undone_by == by
    assert [(entry.actor, entry.action, entry.subject_id) for entry in AuditEntry.objects.order_by("pk")] == [
        (by, "rolled back", str(earlier.pk)),
        (by, "undid the rollback", str(earlier.pk)),
    ]

    roll_back(result=earlier, reason="The later run used a broken driver.", by=by)
    newest = record("example/model", task, 0.6, date=1_800_000_000)
    assert counting(task) == {newest.pk}


@pytest.mark.django_db
def test_without_rules_and_choices_what_counts_is_as_before() -> None:
    task = make_task()
    make_benchmark("Board", [task])
    for number in range(3):
        record(f"example/model-{number}", task, number / 10)
    before = list(CurrentResult.objects.order_by("pk").values_list("pk", "official_part", "all_part"))
    rule = make_rule([task], first_version="2.26.24", last_version="2.26.24", effect=HIDE)
    assert not counting(task)
    remove_rule(rule=rule)
    assert list(CurrentResult.objects.order_by("pk").values_list("pk", "official_part", "all_part")) == before


@pytest.mark.django_db
def test_pages_say_that_a_result_is_stale_and_why(client: Client) -> None:
    task = make_task("WrongTask")
    benchmark = make_benchmark("Board", [task])
    stale = record("example/model", task, 0.9, mteb_version="2.5.0")
    record("example/other", task, 0.8)
    publish_all_boards()
    rule = make_rule([task], reason="Labels were shuffled.")
    model_meta = stale.model_revision.model_meta
    assert stale_tasks(["WrongTask"], [model_meta.pk], Scope.ALL) == {
        (model_meta.pk, ""): {"WrongTask": "Labels were shuffled."}
    }
    address = benchmark.get_absolute_url()
    for path, words in [
        (f"{address}?view=tasks", "stale: Labels were shuffled."),
        (f"{address}origins/?m=example/model", "Labels were shuffled."),
        ("/tasks/WrongTask/", "Known issue:"),
        ("/models/example/model/", "§ stale"),
        ("/results/?model=example/model&task=WrongTask", "Labels were shuffled."),
        ("/stale/", "Labels were shuffled."),
        (rule.get_absolute_url(), "example/"),
    ]:
        assert words in client.get(path).content.decode(), path
    only = client.get("/tasks/WrongTask/?stale=only").content.decode()
    assert "/models/example/model/" in only
    assert "/models/example/other/" not in only
    without = client.get("/tasks/WrongTask/?stale=without").content.decode()
    assert "/models/example/other/" in without


@pytest.mark.django_db
def test_no_rule_leaves_no_trace_on_pages(client: Client) -> None:
    task = make_task("FineTask")
    record("example/model", task, 0.9)
    assert "No known issues" in client.get("/stale/").content.decode()
    assert "§" not in client.get("/tasks/FineTask/").content.decode()
    assert client.get("/stale/1/").status_code == 404
