"""What is written down when boards are published, what it tells later, and the pages that show it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from leaderboard.models import (
    Board,
    BoardRow,
    BoardSnapshot,
    ModelMeta,
    RankRecord,
    Scope,
    SourceKind,
    Task,
    TaskResult,
)
from leaderboard.rank_moves import Reason, Standing, why
from leaderboard.selectors import changes, history
from leaderboard.services.history import record_ranks
from leaderboard.services.results import record_result
from tests.factories import (
    make_benchmark,
    make_board,
    make_model,
    make_result,
    make_row,
    make_task,
    make_variant,
    result_json,
)

pytestmark = pytest.mark.django_db

MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


@pytest.fixture
def board() -> Board:
    """Ranked a, b, c."""
    board = make_board(make_benchmark("Tiny", [make_task("STS13"), make_task("STS14")]))
    for name, score in (("org/a", 0.9), ("org/b", 0.8), ("org/c", 0.7)):
        make_row(board, make_model(name), [score, score])
    return board


def record(board: Board, day: date) -> bool:
    """Whether the day has changed the board."""
    return bool(record_ranks(benchmarks=[board.benchmark], scopes=[Scope(board.scope)], day=day))


def rank(board: Board, *names: str) -> None:
    """Let the rows stand in this order; a row that is not named leaves."""
    BoardRow.objects.filter(board=board).exclude(model_meta__name__in=names).delete()
    for position, name in enumerate(names):
        model_meta = ModelMeta.objects.filter(name=name).first() or make_model(name)
        row = BoardRow.objects.filter(board=board, model_meta=model_meta).first() or make_row(board, model_meta)
        BoardRow.objects.filter(pk=row.pk).update(position=position, rank=position + 1)


def records(name: str) -> list[tuple[date, date | None, int]]:
    found = RankRecord.objects.filter(model_meta__name=name).order_by("since")
    return list(found.values_list("since", "until", "rank"))


def result_on(day: date, name: str, task: str, score: float = 0.5, kind: SourceKind = SourceKind.RUN) -> TaskResult:
    """A result that came here on the day."""
    with time_machine.travel(datetime(day.year, day.month, day.day, 12, tzinfo=UTC), tick=False):
        return make_result(
            ModelMeta.objects.get(name=name), Task.objects.get(name=task), score, kind=kind, current_in=()
        )


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.content.decode().split())


def test_a_place_is_written_down_once_and_again_when_it_changes(board: Board) -> None:
    assert record(board, MONDAY)
    assert not record(board, TUESDAY)
    rank(board, "org/b", "org/a", "org/c")
    assert record(board, WEDNESDAY)
    assert records("org/a") == [(MONDAY, WEDNESDAY, 1), (WEDNESDAY, None, 2)]
    assert records("org/c") == [(MONDAY, None, 3)]
    assert list(history.snapshots(board.benchmark, Scope.ALL).values_list("day", flat=True)) == [WEDNESDAY, MONDAY]


def test_of_several_changes_on_a_day_the_last_is_kept(board: Board) -> None:
    record(board, MONDAY)
    rank(board, "org/new", "org/b", "org/a", "org/c")
    record(board, TUESDAY)
    rank(board, "org/b", "org/a", "org/c")
    record(board, TUESDAY)
    assert records("org/new") == []
    assert records("org/a") == [(MONDAY, TUESDAY, 1), (TUESDAY, None, 2)]
    assert BoardSnapshot.objects.get(day=TUESDAY).n_rows == 3


def test_a_row_that_leaves_holds_no_place_until_it_comes_back(board: Board) -> None:
    record(board, MONDAY)
    rank(board, "org/a", "org/b")
    record(board, TUESDAY)
    rank(board, "org/a", "org/b", "org/c")
    record(board, WEDNESDAY)
    assert records("org/c") == [(MONDAY, TUESDAY, 3), (WEDNESDAY, None, 3)]
    (series,) = [
        series for series in history.top_history(board.benchmark, Scope.ALL).series if series.model_name == "org/c"
    ]
    assert [bool(series.on(day)) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [True, False, True]


def test_a_clock_that_was_set_back_does_not_write_into_the_past(board: Board) -> None:
    record(board, TUESDAY)
    rank(board, "org/b", "org/a", "org/c")
    record(board, MONDAY)
    assert records("org/a") == [(TUESDAY, None, 2)]


def test_other_tasks_are_a_change_even_if_nobody_moves(board: Board) -> None:
    record(board, MONDAY)
    Board.objects.filter(pk=board.pk).update(n_declared_tasks=5)
    assert record(board, TUESDAY)
    assert not record(board, WEDNESDAY)


def test_the_mean_is_the_one_that_leads_the_board() -> None:
    board = make_board(make_benchmark("Images", [make_task()], aggregations=["mean_task_type", "task_types"]))
    make_row(board, mean_task=0.1, mean_task_type=0.6)
    record(board, MONDAY)
    assert RankRecord.objects.get().mean == 0.6
    assert BoardSnapshot.objects.get().mean_name == "mean_task_type"


def test_publishing_writes_down_the_boards_it_replaces() -> None:
    task = make_task("STS13")
    benchmark = make_benchmark("Tiny", [task])
    record_result(
        model_meta=make_model("org/a"),
        revision="r",
        settings=None,
        task=task,
        payload=result_json(task, {"test": {"default": 0.5}}),
        source_kind=SourceKind.RUN,
        source_name="Podium",
        source_path="x",
    )
    (found,) = RankRecord.objects.all()
    assert (found.scope, found.rank, found.mean, found.n_done, found.until) == (Scope.ALL, 1, 0.5, 1, None)
    snapshot = BoardSnapshot.objects.get()
    assert (snapshot.day, snapshot.n_rows) == (found.since, 1)
    assert snapshot.data_version == Board.objects.get(benchmark=benchmark, scope=Scope.ALL).data_version


def test_an_earlier_ranking_can_be_read_for_any_day(board: Board) -> None:
    record(board, MONDAY)
    rank(board, "org/c", "org/a")
    record(board, WEDNESDAY)

    def names(day: date) -> Sequence[str]:
        ranking = history.ranking_on(board.benchmark, Scope.ALL, day)
        return list(ranking.values_list("model_meta__name", flat=True))

    assert names(MONDAY) == names(TUESDAY) == ["org/a", "org/b", "org/c"]
    assert names(WEDNESDAY) == ["org/c", "org/a"]
    assert history.snapshot_on(board.benchmark, Scope.ALL, date(2026, 3, 1)) is None


OLD, NEW = Standing(5, 0.5, 10), Standing(3, 0.5, 10)


@pytest.mark.parametrize(
    ("before", "now", "n_results", "other_tasks", "reason"),
    [
        (OLD, NEW, 0, False, Reason.OTHERS),
        (OLD, NEW, 2, True, Reason.RESULTS),
        (OLD, NEW, 0, True, Reason.TASKS),
        (OLD, Standing(3, 0.6, 10), 0, False, Reason.SCORES),
        (OLD, Standing(3, 0.5, 11), 0, False, Reason.SCORES),
        (None, NEW, 0, False, Reason.SCORES),
        (OLD, None, 0, False, Reason.GONE),
    ],
)
def test_a_move_has_the_reason_that_can_be_told(
    before: Standing | None, now: Standing | None, n_results: int, other_tasks: bool, reason: Reason
) -> None:
    assert why(before, now, n_results=n_results, other_tasks=other_tasks) == reason


def test_who_was_only_pushed_is_counted_and_not_listed(board: Board) -> None:
    record(board, MONDAY)
    rank(board, "org/a", "org/new", "org/b", "org/c")
    result_on(TUESDAY, "org/new", "STS13")
    record(board, TUESDAY)
    (change,) = changes.board_changes(TUESDAY, Scope.ALL)
    assert [(move.model_name, move.n_results, move.reason) for move in change.moves] == [("org/new", 1, Reason.RESULTS)]
    assert (change.n_pushed, change.furthest_push) == (2, 1)
    (everything,) = changes.board_changes(TUESDAY, Scope.ALL, board.benchmark, everything=True)
    assert [move.climbed for move in everything.moves] == [0, -1, -1]


def test_who_loses_the_lead_is_news_though_only_pushed(board: Board) -> None:
    record(board, MONDAY)
    rank(board, "org/new", "org/a", "org/b", "org/c")
    record(board, TUESDAY)
    (change,) = changes.board_changes(TUESDAY, Scope.ALL)
    assert [move.model_name for move in change.new_leaders] == ["org/new"]
    assert [move.model_name for move in change.former_leaders] == ["org/a"]


def test_the_first_day_of_a_board_has_leaders_but_no_moves(board: Board) -> None:
    record(board, MONDAY)
    (change,) = changes.board_changes(MONDAY, Scope.ALL)
    assert (change.is_first, change.leaders, change.moves) == (True, ["org/a"], [])


def test_a_days_results_are_summed_up_by_model_and_source(board: Board) -> None:
    result_on(MONDAY, "org/a", "STS13")
    result_on(TUESDAY, "org/a", "STS13", 0.6)
    result_on(TUESDAY, "org/a", "STS14", kind=SourceKind.OFFICIAL)
    result_on(TUESDAY, "org/b", "STS14", kind=SourceKind.OFFICIAL)
    found = [
        (group.model_name, group.origin, group.n_results, group.task_names)
        for group in changes.new_results(TUESDAY, Scope.ALL)
    ]
    assert found == [
        ("org/a", "official", 1, ["STS14"]),
        ("org/a", "run", 1, ["STS13"]),
        ("org/b", "official", 1, ["STS14"]),
    ]
    assert [model.name for model in changes.new_models(TUESDAY, Scope.ALL)] == ["org/b"]
    assert [model.name for model in changes.new_models(TUESDAY, Scope.OFFICIAL)] == ["org/a", "org/b"]
    assert changes._result_days(Scope.ALL) == [TUESDAY, MONDAY]
    assert changes._result_days(Scope.OFFICIAL) == [TUESDAY]


def test_a_lead_goes_on_while_only_the_mean_changes(board: Board) -> None:
    record(board, MONDAY)
    BoardRow.objects.filter(rank=1).update(mean_task=0.95)
    record(board, TUESDAY)
    rank(board, "org/b", "org/a", "org/c")
    record(board, WEDNESDAY)
    found = [(lead.model_name, lead.since, lead.until, lead.mean) for lead in history.leads(board.benchmark, Scope.ALL)]
    assert found == [("org/b", WEDNESDAY, None, 0.8), ("org/a", MONDAY, WEDNESDAY, 0.95)]


def test_days_are_spread_with_the_first_and_the_last() -> None:
    days = [date(2026, 1, number) for number in range(1, 31)]
    assert history.spread(days, 4) == [days[0], days[10], days[19], days[29]]
    assert history.spread(days[:3], 4) == days[:3]


def test_a_models_past_says_how_it_came_to_each_place(board: Board) -> None:
    record(board, MONDAY)
    result_on(TUESDAY, "org/c", "STS13")
    rank(board, "org/c", "org/a", "org/b")
    record(board, TUESDAY)
    rank(board, "org/a", "org/b")
    record(board, WEDNESDAY)
    (past,) = history.rank_history(ModelMeta.objects.get(name="org/c"), Scope.ALL)
    assert (past.now, past.first.rank, past.best.rank, past.n_rows) == (None, 3, 1, [3, 3])
    latest, first = history.rank_steps(ModelMeta.objects.get(name="org/c"), past, Scope.ALL)
    assert latest.move is not None
    assert (latest.move.climbed, latest.move.reason, first.is_first, first.move) == (2, Reason.RESULTS, True, None)


def test_results_of_a_task_over_versions_stand_in_the_order_they_were_run(board: Board) -> None:
    model_meta = ModelMeta.objects.get(name="org/a")
    task = board.benchmark.tasks.get(name="STS13")
    new = datetime(2026, 2, 1, tzinfo=UTC)
    make_result(model_meta, task, 0.6, mteb_version="2.0.0", date=new)
    make_result(model_meta, task, 0.5, mteb_version="1.0.0", date=datetime(2025, 2, 1, tzinfo=UTC), current_in=())
    make_result(model_meta, board.benchmark.tasks.get(name="STS14"), 0.5)
    make_result(model_meta, task, 0.4, variant=make_variant(model_meta, "dim_64"))
    (past,) = history.score_history(model_meta, Scope.ALL)
    assert [(stored.mteb_version, stored.score, stored.counts) for stored in past.scores] == [
        ("1.0.0", 0.5, False),
        ("2.0.0", 0.6, True),
    ]
    assert past.change == pytest.approx(0.1)


def test_models_without_a_result_are_told_when_they_are_heard_of(client: Client) -> None:
    with time_machine.travel(datetime(2026, 3, 3, 12, tzinfo=UTC), tick=False):
        make_model("org/a")
        make_model("org/left", in_registry=False)
    assert changes.announced_models(TUESDAY, Scope.ALL) == ["org/a", "org/left"]
    assert changes.announced_models(TUESDAY, Scope.OFFICIAL) == ["org/a"]
    assert changes.announced_models(MONDAY, Scope.ALL) == []
    assert "2 models without a result yet" in page(client, "/changes/")
    assert 'href="/models/org/a/"' in page(client, "/changes/?day=2026-03-03")


@pytest.fixture
def past(board: Board) -> Board:
    """On Monday a, b, c; on Tuesday "new" comes with a result and leads; on Wednesday c leaves."""
    record(board, MONDAY)
    rank(board, "org/new", "org/a", "org/b", "org/c")
    result_on(TUESDAY, "org/new", "STS13")
    record(board, TUESDAY)
    rank(board, "org/new", "org/a", "org/b")
    record(board, WEDNESDAY)
    return board


def test_the_changes_are_told_by_day_newest_first(client: Client, past: Board) -> None:
    text = page(client, "/changes/")
    assert text.index("4 March 2026") < text.index("3 March 2026") < text.index("2 March 2026")
    assert '<strong>org/new</strong></a> on <a href="/benchmarks/tiny/">Tiny</a>, from org/a' in text
    assert "1 board with 3 rows" in text
    assert "1 of 1 model" in text


def test_a_day_lists_its_models_moves_and_results(client: Client, past: Board) -> None:
    text = page(client, "/changes/?day=2026-03-03")
    assert "Models with their first result." in text
    assert "4 models; 2 shifted by up to 1 place because others moved" in text
    assert '<span class="climb">entered</span>' in text
    assert "1 new result of its own" in text
    assert 'href="/results/?model=org/new&amp;task=STS13"' in text.replace("%2F", "/")
    assert 'rel="prev">← 2 March 2026' in text
    assert "its results no longer count" in page(client, "/changes/?day=2026-03-04")
    assert "led by" in page(client, "/changes/?day=2026-03-02&board=tiny")


def test_one_board_on_a_day_lists_those_that_were_pushed_too(client: Client, past: Board) -> None:
    text = page(client, "/changes/?day=2026-03-03&board=tiny")
    assert text.count("others moved<") + text.count("others moved </") >= 2
    assert 'href="/benchmarks/tiny/history/2026-03-03/"' in text


@pytest.mark.parametrize(
    "query", ["day=zzz", "day=2026-02-30", "day=2999-01-01", "day=%00", "day=9999-12-31", "page=x"]
)
def test_a_day_that_is_none_shows_the_latest(client: Client, past: Board, query: str) -> None:
    assert "4 March 2026" in page(client, f"/changes/?{query}")


def test_a_day_without_changes_leads_to_the_nearest(client: Client, past: Board) -> None:
    text = page(client, "/changes/?day=2026-03-05")
    assert "Nothing changed that day" in text
    assert "← 4 March 2026" in text


def test_changes_of_an_unknown_board_are_not_found(client: Client) -> None:
    page(client, "/changes/?board=nowhere", status=404)
    page(client, "/changes/?board=%00", status=404)


def test_without_a_past_the_pages_say_what_will_be_there(client: Client) -> None:
    make_benchmark("Tiny")
    make_model("org/a")
    assert "Nothing has changed yet" in page(client, "/changes/?board=tiny")
    assert "No history yet" in page(client, "/benchmarks/tiny/history/")
    assert "On no board yet" in page(client, "/models/org/a/history/")


def test_a_boards_history_shows_who_led_when(client: Client, past: Board) -> None:
    text = page(client, "/benchmarks/tiny/history/")
    assert text.index("org/<wbr>new") < text.index("org/<wbr>a")
    assert 'href="/benchmarks/tiny/history/2026-03-02/"' in text
    assert '<abbr title="not on the board">' in text
    assert "No history yet" in page(client, "/benchmarks/tiny/history/?source=official")


def test_a_past_ranking_has_an_address_that_its_citation_names(client: Client, past: Board) -> None:
    text = page(client, "/benchmarks/tiny/history/2026-03-02/")
    assert "org/c" in text
    assert "org/new" not in text
    assert "http://testserver/benchmarks/tiny/history/2026-03-02/" in text
    later = page(client, "/benchmarks/tiny/history/2026-03-09/")
    assert 'last changed on <a href="/benchmarks/tiny/history/2026-03-04/"' in later


@pytest.mark.parametrize("day", ["2026-03-01", "2999-01-01", "2026-02-30", "zzz", "%00"])
def test_a_ranking_of_no_such_day_is_not_found(client: Client, past: Board, day: str) -> None:
    page(client, f"/benchmarks/tiny/history/{day}/", status=404)


def test_a_models_history_shows_its_places_on_the_board_asked_for(client: Client, past: Board) -> None:
    text = page(client, "/models/org/c/history/?board=tiny")
    assert "left on 2026-03-04" in text
    assert "others moved" in text
    assert "first recorded" in text
    assert "No task has more than one result" in text
    assert "On Tiny" in page(client, "/models/org/c/history/?board=zzz")
    page(client, "/models/org/zzz/history/", status=404)


def test_official_results_have_a_history_of_their_own(client: Client, past: Board) -> None:
    official = make_board(past.benchmark, Scope.OFFICIAL)
    make_row(official, ModelMeta.objects.get(name="org/a"), [0.9, 0.9])
    record_ranks(benchmarks=[past.benchmark], scopes=[Scope.OFFICIAL], day=WEDNESDAY)
    text = page(client, "/benchmarks/tiny/history/2026-03-04/?source=official")
    assert "1 models over 2 tasks, from official results only" in text
    assert "org/new" not in text


def test_history_pages_are_not_sent_again_until_data_changes(client: Client, past: Board) -> None:
    addresses = (
        "/changes/",
        "/benchmarks/tiny/history/",
        "/benchmarks/tiny/history/2026-03-02/",
        "/models/org/a/history/",
    )
    for address in addresses:
        tag = client.get(address)["ETag"]
        assert client.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_names_are_escaped_in_the_history(client: Client) -> None:
    evil = "<script>alert(1)</script>"
    board = make_board(make_benchmark("Evil", [make_task("STS13")], display_name=evil))
    model_meta = make_model(f"org/{evil}")
    record(board, MONDAY)
    make_row(board, model_meta, [0.5], experiment_id=evil)
    result_on(TUESDAY, model_meta.name, "STS13")
    record(board, TUESDAY)
    for address in (
        "/changes/",
        "/changes/?day=2026-03-03",
        "/changes/?day=2026-03-03&board=evil",
        "/benchmarks/evil/history/",
    ):
        assert "<script>" not in page(client, address)
