"""The page that compares models, and the arithmetic behind it."""

import csv
import io
import re
from html import unescape

import numpy as np
import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from leaderboard.comparison import EntrantName, differences, is_change, type_means
from leaderboard.models import Benchmark, ImportedFile, ModelMeta, Scope, SourceKind, Task
from leaderboard.selectors import comparisons
from leaderboard.selectors.comparisons import compared_tasks, comparison_series, lineup
from leaderboard.services.boards import publish_boards
from tests.factories import (
    bump_data_version,
    make_benchmark,
    make_board,
    make_model,
    make_result,
    make_row,
    make_task,
    make_variant,
)

NAN = float("nan")


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    caches["process"].clear()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("org/name", EntrantName("org/name")),
        ("org/name@abc1234", EntrantName("org/name", "abc1234")),
        ("org/name~dim_64", EntrantName("org/name", "", "dim_64")),
        ("org/name@1~dim@64~x", EntrantName("org/name", "1", "dim@64~x")),
        ("org/name~dim@64", EntrantName("org/name", "", "dim@64")),
        ("Org/name (output_dtype=binary)", EntrantName("Org/name (output_dtype=binary)")),
    ],
)
def test_a_name_says_model_revision_and_variant(text: str, name: EntrantName) -> None:
    assert EntrantName.parse(text) == name
    assert str(name) == text


def test_two_are_apart_by_the_first_minus_the_second_and_more_by_the_widest_gap() -> None:
    assert differences(np.array([[0.5, 0.2], [0.3, NAN]])).tolist() == pytest.approx([0.2, NAN], nan_ok=True)
    spread = differences(np.array([[0.5, NAN, 0.1], [0.3, NAN, NAN], [0.9, 0.4, 0.7]]))
    assert spread.tolist() == pytest.approx([0.6, NAN, 0.6], nan_ok=True)


def test_a_thousandth_is_not_yet_a_change() -> None:
    assert not is_change(0.701 - 0.7)
    assert is_change(-0.0011)
    assert not is_change(None)


def test_means_run_over_the_tasks_that_all_have() -> None:
    scores = np.array([[0.5, 0.7, NAN, 0.1], [0.3, 0.4, 0.9, NAN]])
    means = type_means(scores, ["STS", "Clustering", "STS", "Reranking"])
    assert means is not None
    assert [(row.task_type, row.n_tasks, row.means) for row in means.rows] == [
        ("Clustering", 1, [0.7, 0.4]),
        ("STS", 1, [0.5, 0.3]),
    ]
    assert means.overall.means == pytest.approx([0.6, 0.35])
    assert means.left_out == ["Reranking"]
    assert type_means(np.array([[NAN, 0.1], [0.2, NAN]]), ["STS", "STS"]) is None


def some_tasks(n: int) -> list[Task]:
    return [make_task(f"Task{i:02}", type="STS" if i % 2 else "Retrieval") for i in range(n)]


def measured(name: str, tasks: list[Task], scores: list[float | None], **fields: object) -> ModelMeta:
    model_meta = make_model(name, **fields)
    for task, score in zip(tasks, scores, strict=False):
        if score is not None:
            make_result(model_meta, task, score)
    bump_data_version()
    return model_meta


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return " ".join(response.content.decode().split())


def plain(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


@pytest.mark.django_db
def test_two_models_stand_side_by_side_with_the_better_score_in_bold(client: Client) -> None:
    tasks = some_tasks(3)
    measured("org/first", tasks, [0.9, 0.5, 0.4], contaminated_tasks=["Task00"])
    measured("org/second", tasks, [0.7, 0.8, None])
    page = text(client, "/compare/?m=org/first&m=org/second")
    assert "2 models on 2 tasks that both have, from official results, uploads and evaluations here." in page
    assert '<a href="/results/?model=org%2Ffirst&amp;task=Task00"><strong>90.00</strong></a><abbr class="mark"' in page
    assert ">70.00</a>" in page
    assert "+20.00" in page
    assert "\N{MINUS SIGN}30.00" in page
    assert "Task02" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["Task00", "Task02", "Task01"]),
        ("task", ["Task00", "Task01", "Task02"]),
        ("-difference", ["Task00", "Task02", "Task01"]),
        ("difference", ["Task01", "Task02", "Task00"]),
        ("-b", ["Task01", "Task00", "Task02"]),
        ("-pb", ["Task01", "Task00", "Task02"]),
        ("sort", ["Task00", "Task02", "Task01"]),
    ],
)
def test_any_column_sorts_the_tasks(client: Client, sort: str, expected: list[str]) -> None:
    tasks = some_tasks(3)
    measured("org/first", tasks, [0.9, 0.5, 0.65])
    measured("org/second", tasks, [0.7, 0.8, 0.6])
    measured("org/between", tasks, [0.75, 0.7, 0.7])
    page = text(client, "/compare/?m=org/first&m=org/second&percentiles=1" + (f"&sort={sort}" if sort else ""))
    assert sorted(expected, key=lambda name: page.index(f'href="/tasks/{name}/"')) == expected


@pytest.mark.django_db
def test_a_type_narrows_every_figure_and_its_link_turns_off_again(client: Client) -> None:
    tasks = some_tasks(4)
    measured("org/first", tasks, [0.9, 0.5, 0.4, 0.3])
    measured("org/second", tasks, [0.7, 0.8, 0.3, 0.2])
    page = text(client, "/compare/?m=org/first&m=org/second&type=STS")
    assert "2 models on 2 tasks of type STS that both have" in page
    assert "ahead on 1 of 2 common tasks" in page
    assert '<a href="/compare/?m=org/first&amp;m=org/second" aria-current="true">STS 2</a>' in page
    assert 'href="/compare/?m=org/first&amp;m=org/second&amp;type=Retrieval,STS"' in page


@pytest.mark.django_db
def test_the_lead_is_told_in_words_with_the_test_behind_it(client: Client) -> None:
    tasks = some_tasks(12)
    measured("org/first", tasks, [0.5 + i / 100 for i in range(12)])
    measured("org/second", tasks, [0.48] * 12)
    page = plain(text(client, "/compare/?m=org/first&m=org/second"))
    assert "A is better: its lead is larger than chance among such tasks explains." in page
    assert "A is ahead on 12 of 12 common tasks, behind on 0." in page
    assert "A paired permutation test gives p < 0.001; the effect is large" in page


@pytest.mark.django_db
def test_few_common_tasks_name_no_winner(client: Client) -> None:
    tasks = some_tasks(5)
    measured("org/first", tasks, [0.9] * 5)
    measured("org/second", tasks, [0.1, 0.2, 0.3, 0.2, 0.1])
    page = plain(text(client, "/compare/?m=org/first&m=org/second"))
    assert "5 common tasks are too few to tell them apart" in page
    assert "is better" not in page


@pytest.mark.django_db
def test_three_models_meet_in_a_matrix_and_p_values_are_corrected(client: Client) -> None:
    tasks = some_tasks(8)
    measured("org/first", tasks, [0.9] * 8)
    measured("org/second", tasks, [0.5 + i / 100 for i in range(8)])
    measured("org/third", tasks, [0.5 + (-1) ** i / 50 for i in range(7)])
    page = plain(text(client, "/compare/?m=org/first&m=org/second&m=org/third"))
    assert "3 models on 8 tasks that at least two of them have, 7 of which all have" in page
    assert "8 \N{EN DASH}" not in page
    # All 256 flips: two are as extreme, and Holm's factor for the smallest of three is 3.
    assert "p = 0.008 p = 0.023" in page
    assert "A is better" in page
    assert "cannot tell" in page


@pytest.mark.django_db
def test_a_board_gives_its_own_scores_ranks_and_zero_shot(client: Client) -> None:
    tasks = some_tasks(2)
    first, second = measured("org/first", tasks, [0.9, 0.9]), measured("org/second", tasks, [0.7, 0.8])
    board = make_board(make_benchmark("Tiny", tasks[:1]))
    make_row(board, first, [0.33], rank_low=1, rank_high=2, zero_shot=100)
    make_row(board, second, [0.22], zero_shot=50)
    page = text(client, "/compare/?m=org/first&m=org/second&board=tiny")
    assert "2 models on 1 task of the board Tiny that both have" in page
    assert "<strong>33.00</strong>" in page
    assert "90.00" not in page
    assert "<td>100%</td><td>50%</td>" in page
    assert '<td><strong>1</strong> <span class="muted">(1\N{EN DASH}2)</span>' in page
    assert "so all tasks are compared" in text(client, "/compare/?m=org/first&m=org/second&board=other")


@pytest.mark.django_db
def test_names_that_nobody_has_bring_the_nearest(client: Client) -> None:
    make_model("BAAI/bge-m3")
    bump_data_version()
    page = text(client, "/compare/?m=BAAI/bge-m4")
    assert "No model is called “BAAI/bge-m4”." in page
    assert '<a href="/compare/?m=BAAI/bge-m3">BAAI/bge-m3</a>' in page


@pytest.mark.django_db
def test_a_seventh_model_is_left_out_and_one_named_twice_counts_once(client: Client) -> None:
    tasks = some_tasks(1)
    names = [measured(f"org/model-{i}", tasks, [0.5]).name for i in range(7)]
    page = text(client, "/compare/?" + "&".join(f"m={name}" for name in [names[0], *names]))
    assert "at most 6 models. Left out: org/model-6." in page
    assert "6 models compared" in page


@pytest.mark.django_db
def test_every_name_can_be_removed_by_a_link_and_others_added_by_a_form(client: Client) -> None:
    tasks = some_tasks(1)
    measured("org/first", tasks, [0.5])
    measured("org/second", tasks, [0.6])
    page = text(client, "/compare/?m=org/first&m=org/second&source=official")
    assert '<a href="/compare/?m=org/second&amp;source=official">Remove<span' in page
    assert '<input type="hidden" name="m" value="org/first">' in page
    assert '<input type="hidden" name="source" value="official">' in page


@pytest.mark.django_db
def test_the_form_of_a_board_leads_to_a_short_address(client: Client) -> None:
    response = client.get("/compare/?view=tasks&size=1M..&sort=-mean_task&hide=&m=a/b&m=c/d&board=tiny&source=official")
    assert response.headers["Location"] == "/compare/?m=a/b&m=c/d&board=tiny&source=official"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "",
        "m=org/first",
        "m=%00&m=~&m=@",
        "m=" + "x" * 2000,
        "&".join(f"m=unknown-{i}" for i in range(40)),
        "m=org/first&m=org/second&board=%00&type=%00,zzz&sort=-&page=-1&per_page=x&show=changed&percentiles=x",
        "m=org/first@&m=org/first~&m=org/first@1111111&m=org/second~none&m=org/second@none",
        "m=org/first&m=org/third",
    ],
)
def test_an_address_with_nonsense_shows_the_nearest_sensible_page(client: Client, query: str) -> None:
    tasks = some_tasks(1)
    measured("org/first", tasks, [0.5])
    measured("org/second", tasks, [0.6])
    measured("org/third", tasks, [])
    assert "Compare" in text(client, f"/compare/?{query}")


@pytest.mark.django_db
def test_models_without_a_common_task_say_so_and_what_to_do(client: Client) -> None:
    tasks = some_tasks(2)
    measured("org/first", tasks, [0.5, None])
    measured("org/second", tasks, [None, 0.6])
    page = text(client, "/compare/?m=org/first&m=org/second&source=official")
    assert "No common task" in page
    assert "Compare all results" in page


@pytest.mark.django_db
def test_a_file_holds_the_numbers_of_the_screen(client: Client) -> None:
    tasks = some_tasks(60)
    measured("org/first", tasks, [0.9 - i / 97 for i in range(60)])
    measured("org/second", tasks, [0.5 + i / 131 for i in range(60)])
    address = "/compare/?m=org/first&m=org/second&sort=-difference"
    page = text(client, f"{address}&per_page=all")
    rows = re.findall(r'<tr><th scope="row"><a href="/tasks/(\w+)/">.*?(?=<tr>|</tbody>)', page)
    cells = [
        [name, *(plain(cell).replace("\N{MINUS SIGN}", "-").replace("+", "") for cell in row.split("<td")[1:])]
        for name, row in re.findall(r'<tr><th scope="row"><a href="/tasks/(\w+)/">(.*?)(?=<tr>|</tbody>)', page)
    ]
    shown = [[name, *(re.sub(r"^[^>]*>\s*", "", cell) for cell in row)] for name, *row in cells]
    body = b"".join(client.get(f"{address}&format=csv")).decode()
    head, *lines = csv.reader(io.StringIO(body))
    assert head[:5] == ["Task", "Task type", "A: org/first", "B: org/second", "A \N{MINUS SIGN} B"]
    assert len(lines) == len(rows) == 60
    assert [[line[0], *line[2:5]] for line in lines] == shown


@pytest.mark.django_db
def test_runs_of_one_model_are_compared_by_what_changed(client: Client) -> None:
    old, new = "a" * 40, "b" * 40
    model_meta = make_model("org/model", registry_revision=new)
    tasks = some_tasks(3)
    for task, before, now in zip(tasks, [0.5, 0.6, 0.7], [0.5005, 0.65, 0.7], strict=True):
        make_result(model_meta, task, before, revision=old, current_in=())
        make_result(model_meta, task, now, revision=new)
    variant = make_variant(model_meta, "dim_64")
    make_result(model_meta, tasks[0], 0.4, variant=variant)
    bump_data_version()
    page = text(client, f"/compare/?m=org/model&m=org/model@{old[:8]}")
    assert "On 1 of 3 common tasks the scores differ by more than 0.001 (0.1 points)" in page
    assert f"Add revision {new[:8]}, 3 results" in page
    assert 'href="/compare/?m=org/model&amp;m=org/model@aaaaaaaa&amp;m=org/model~dim_64"' in page
    changed = text(client, f"/compare/?m=org/model&m=org/model@{old}&show=changed")
    assert "Task01" in changed
    assert "Task00" not in changed
    with_variant = text(client, "/compare/?m=org/model&m=org/model~dim_64")
    assert ">40.00</a>" in with_variant
    assert "2 runs of model" in with_variant.replace("<wbr>", "")


@pytest.mark.django_db
def test_a_revision_is_scored_from_its_own_results_by_the_rule_for_what_counts() -> None:
    task = make_task("Task", hf_subsets=["a", "b"])
    model_meta = make_model("org/model")
    other = make_model("org/other")
    make_result(other, task, {"test": {"a": 0.5, "b": 0.5}})
    make_result(model_meta, task, {"test": {"a": 0.9, "b": 0.9}}, revision="current")
    older = make_result(model_meta, task, {"test": {"a": 0.1, "b": 0.3}}, revision="older", current_in=())
    ImportedFile.objects.create(source=older.source, path="older", digest=older.digest, result=older, present=True)
    make_result(model_meta, task, {"test": {"a": 0.5}}, revision="older", kind=SourceKind.RUN, current_in=())
    make_result(model_meta, task, {"test": {"a": 0.7}}, revision="partial", current_in=())
    bump_data_version()

    def score(name: str, scope: Scope) -> float | None:
        (place,) = [one.places[0] for one in compared_tasks(lineup([name, "org/other"]).entrants, scope)] or [None]
        return place.score if place else None

    assert score("org/model@older", Scope.ALL) == pytest.approx(0.4)
    assert score("org/model@older", Scope.OFFICIAL) == pytest.approx(0.2)
    assert score("org/model@partial", Scope.ALL) is None
    assert score("org/model", Scope.ALL) == 0.9


@pytest.mark.django_db
def test_on_a_board_a_revision_counts_the_cells_of_the_board() -> None:
    task = make_task("Task", hf_subsets=["a", "b"])
    benchmark = make_benchmark("Half", [task])
    benchmark.benchmark_tasks.update(subsets=["a"])
    model_meta = make_model("org/model")
    make_result(model_meta, task, {"test": {"a": 0.9, "b": 0.1}}, revision="new")
    make_result(model_meta, task, {"test": {"a": 0.6, "b": 0.2}}, revision="old", current_in=())
    publish_boards(benchmarks=Benchmark.objects.filter(pk=benchmark.pk))
    board = benchmark.boards.get(scope=Scope.ALL)
    (compared,) = compared_tasks(lineup(["org/model", "org/model@old"]).entrants, Scope.ALL, board)
    assert compared.scores == [0.9, 0.6]
    assert compared.difference == pytest.approx(0.3)


@pytest.mark.django_db
def test_a_prefix_of_a_commit_will_do_unless_several_have_it() -> None:
    model_meta = make_model("org/model")
    for revision in ("abcdef12" * 5, "abcdef13" * 5):
        make_result(model_meta, make_task(), revision=revision)
    bump_data_version()
    found = lineup(["org/model@abcdef12", "org/model@abcdef1", "ORG/model"])
    assert [str(entrant.name) for entrant in found.entrants] == [f"org/model@{'abcdef12' * 5}", "org/model"]
    assert [problem.sentence for problem in found.problems] == ["Several revisions of org/model begin with “abcdef1”."]


@pytest.mark.django_db
def test_a_task_that_counts_texts_per_second_is_not_compared() -> None:
    tasks = some_tasks(2)
    measured("org/first", tasks, [0.9, 812.5])
    measured("org/second", tasks, [0.7, 90.0])
    found = compared_tasks(lineup(["org/first", "org/second"]).entrants, Scope.ALL)
    assert [task.name for task in found] == ["Task00"]


@pytest.mark.django_db
def test_a_chart_gets_labels_and_values_by_letter() -> None:
    tasks = some_tasks(3)
    measured("org/first", tasks, [0.9, 0.5, 0.7])
    measured("org/second", tasks, [0.7, 0.8, 0.5])
    entrants = lineup(["org/first", "org/second"]).entrants
    series = comparison_series(entrants, compared_tasks(entrants, Scope.ALL))
    assert series.labels == ["Retrieval", "STS"]
    assert series.n_tasks == [2, 1]
    assert series.values == {"A": pytest.approx([0.8, 0.5]), "B": pytest.approx([0.6, 0.8])}


@pytest.mark.django_db
def test_more_tasks_and_models_need_no_more_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tasks = some_tasks(20)
    for i in range(6):
        measured(f"org/model-{i}", tasks, [0.5 + i / 100] * 20)
    with django_assert_max_num_queries(14):
        text(client, "/compare/?" + "&".join(f"m=org/model-{i}" for i in range(6)))
    assert comparisons.known_models({"org/model-0", "x"}) == {"org/model-0"}
