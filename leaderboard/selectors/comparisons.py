"""What the compare page asks: who is compared, where each stands on each board, and what each has on each task."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Count, F

from leaderboard.aggregation import Floats
from leaderboard.cell_means import Cell
from leaderboard.comparison import (
    FEWEST,
    HIGHEST,
    LETTERS,
    MOST,
    EntrantName,
    TypeMeans,
    best_of,
    differences,
    type_means,
)
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, Board, BoardRow, ModelRevision, Scope, Task, TaskResult, TaskRow, Variant
from leaderboard.paired import Comparison, compare_all
from leaderboard.percentiles import percentile_among
from leaderboard.selectors import search
from leaderboard.selectors.boards import ALL_MEANS, mean_names
from leaderboard.selectors.cubes import board_cube
from leaderboard.selectors.model_facts import ModelFacts, model_facts
from leaderboard.selectors.revision_scores import revision_scores
from leaderboard.selectors.versions import data_version

SHORT_REVISION = 7
"""The fewest characters that may stand for a revision."""


@dataclass(frozen=True)
class Entrant:
    """Somebody in the comparison. `name` has the revision in full; `revision_id` is None where what counts is meant.

    `is_one_run` says that another run of the same model is in it as well.
    """

    letter: str
    name: EntrantName
    facts: ModelFacts
    revision_id: int | None = None
    is_one_run: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """Whose rows on boards and tasks are meant: model and experiment id."""
        return self.facts.id, self.name.experiment_id

    @property
    def short_name(self) -> str:
        return self.facts.name.rpartition("/")[2]

    @cached_property
    def contaminated(self) -> frozenset[str]:
        return frozenset(self.facts.contaminated_tasks or ())


@dataclass(frozen=True)
class Problem:
    """Why a name of the address is not in the comparison, and the names that were perhaps meant."""

    text: str
    sentence: str
    nearest: list[str]


@dataclass(frozen=True)
class Lineup:
    """`left_out` are names beyond the last place."""

    entrants: list[Entrant]
    problems: list[Problem]
    left_out: list[str]

    @property
    def is_one_model(self) -> bool:
        """Whether revisions and variants of one model are compared."""
        return len({entrant.facts.id for entrant in self.entrants}) == 1


def lineup(texts: Iterable[str]) -> Lineup:
    """Who is meant, each once."""
    facts = model_facts()
    ids = {one.name.casefold(): one.id for one in facts.values()}
    found: dict[EntrantName, int | None] = {}
    problems = []
    for text in dict.fromkeys(texts):
        asked = EntrantName.parse(text)
        model_id = ids.get(asked.model.casefold())
        if model_id is None:
            nearest = [hit.title for hit in search.nearest(asked.model, kind="models")]
            problems.append(Problem(text, f"No model is called “{asked.model}”.", nearest))
            continue
        resolved = _resolved(asked._replace(model=facts[model_id].name), model_id, text)
        if isinstance(resolved, Problem):
            problems.append(resolved)
        else:
            found.setdefault(*resolved)
    names = list(found)
    n_runs = Counter(name.model for name in names[:MOST])
    entrants = [
        Entrant(letter, name, facts[ids[name.model.casefold()]], found[name], is_one_run=n_runs[name.model] > 1)
        for letter, name in zip(LETTERS, names, strict=False)
    ]
    return Lineup(entrants, problems, [str(name) for name in names[MOST:]])


def _resolved(asked: EntrantName, model_id: int, text: str) -> tuple[EntrantName, int | None] | Problem:
    """The name in full with the id of its revision."""
    if asked.experiment_id:
        variants = Variant.objects.filter(model_meta=model_id).values_list("experiment_id", flat=True)
        if asked.experiment_id not in set(variants):
            known = [str(asked._replace(revision="", experiment_id=name)) for name in sorted(set(variants) - {""})]
            return Problem(text, f"{asked.model} has no variant “{asked.experiment_id}”.", known or [asked.model])
    if not asked.revision:
        return asked, None
    revisions = dict(ModelRevision.objects.filter(model_meta=model_id).values_list("name", "pk"))
    matching = [asked.revision] if asked.revision in revisions else []
    if not matching and len(asked.revision) >= SHORT_REVISION:
        matching = [name for name in sorted(revisions) if name.startswith(asked.revision)]
    if len(matching) == 1:
        return asked._replace(revision=matching[0]), revisions[matching[0]]
    several = f"Several revisions of {asked.model} begin with “{asked.revision}”."
    sentence = several if matching else f"{asked.model} has no revision “{asked.revision}”."
    known = [str(asked._replace(revision=name)) for name in matching or sorted(revisions)]
    return Problem(text, sentence, known[:MOST] or [asked.model])


class Run(NamedTuple):
    """Something of a model that can be compared: what counts, a revision of its base run, or a variant."""

    name: EntrantName
    n_results: int


def runs_of_models(entrants: Sequence[Entrant]) -> dict[int, list[Run]]:
    """Model -> what there is of it to compare. A revision is listed where there are several."""
    rows = (
        TaskResult.objects.filter(model_revision__model_meta__in={entrant.facts.id for entrant in entrants})
        .values_list("model_revision__model_meta_id", "variant__experiment_id", "model_revision__name")
        .annotate(n=Count("pk"))
        .order_by("model_revision__model_meta_id", "variant__experiment_id", "-n", "model_revision__name")
    )
    facts = model_facts()
    runs: dict[int, list[Run]] = defaultdict(list)
    for (model_id, experiment_id), group in groupby(rows, itemgetter(0, 1)):
        revisions = list(group)
        whole = EntrantName(facts[model_id].name, "", experiment_id)
        runs[model_id].append(Run(whole, sum(n for *_, n in revisions)))
        if not experiment_id and len(revisions) > 1:
            runs[model_id] += [Run(whole._replace(revision=revision), n) for _, _, revision, n in revisions]
    return runs


class BoardPlace(NamedTuple):
    """Where an entrant stands on a board; `mean` is the leading mean of the benchmark."""

    rank: int | None
    rank_low: int | None
    rank_high: int | None
    mean: float | None
    n_done: int
    zero_shot: int | None


@dataclass(frozen=True)
class BoardComparison:
    """A board with the place of each entrant, None for one without a row. `best_mean` is the highest of two or more.

    `n_known` counts the entrants that have a row or are revisions of what has one.
    """

    slug: str
    title: str
    name: str
    mean_name: str
    n_rows: int
    n_declared_tasks: int
    n_known: int
    places: Sequence[BoardPlace | None]

    @property
    def n_places(self) -> int:
        return sum(place is not None for place in self.places)

    @property
    def best_mean(self) -> float | None:
        return best_of(place.mean if place else None for place in self.places)

    @property
    def best_rank(self) -> int | None:
        ranks = {place.rank for place in self.places if place and place.rank}
        return min(ranks) if len(ranks) > 1 else None


_BOARD = ("slug", "name", "display_name", "aggregations")
_ROW = ("model_meta_id", "experiment_id", "rank", "rank_low", "rank_high", "n_done", "zero_shot", *ALL_MEANS)


def board_comparisons(entrants: Sequence[Entrant], scope: Scope) -> list[BoardComparison]:
    """Every board on which anybody of them has a row, in the order of the menu. A revision has no places of its own."""
    rows = BoardRow.objects.filter(
        board__scope=scope, model_meta__in={entrant.facts.id for entrant in entrants}, position__isnull=False
    ).values_list(
        *_ROW,
        "board__n_rows",
        "board__n_declared_tasks",
        *(f"board__benchmark__{name}" for name in _BOARD),
        named=True,
    )
    ordered = rows.order_by(F("board__benchmark__menu_position").asc(nulls_last=True), "board__benchmark__name")
    found = [
        _board_comparison(entrants, list(of)) for _, of in groupby(ordered, lambda row: row.board__benchmark__slug)
    ]
    return [board for board in found if board.n_known]


def _board_comparison(entrants: Sequence[Entrant], rows: Sequence[Any]) -> BoardComparison:
    board = rows[0]
    benchmark = Benchmark(**{name: getattr(board, f"board__benchmark__{name}") for name in _BOARD})
    mean_name = next(iter(mean_names(benchmark)), ALL_MEANS[0])
    places = {
        (row.model_meta_id, row.experiment_id): BoardPlace(
            row.rank, row.rank_low, row.rank_high, getattr(row, mean_name), row.n_done, row.zero_shot
        )
        for row in rows
    }
    return BoardComparison(
        slug=benchmark.slug,
        title=benchmark.title,
        name=benchmark.name,
        mean_name=mean_name,
        n_rows=board.board__n_rows,
        n_declared_tasks=board.board__n_declared_tasks,
        n_known=sum(entrant.key in places for entrant in entrants),
        places=[None if entrant.revision_id else places.get(entrant.key) for entrant in entrants],
    )


class Place(NamedTuple):
    """What an entrant has on a task. `score` is None where cells are missing."""

    score: float | None
    percentile: float | None
    result_id: int | None


@dataclass(frozen=True, slots=True)
class ComparedTask:
    """A task with the place of each entrant, None where it was not run; `difference` as in `comparison.differences`."""

    id: int
    name: str
    type: str
    places: tuple[Place | None, ...]
    difference: float | None

    @property
    def scores(self) -> list[float | None]:
        return [place.score if place else None for place in self.places]

    @property
    def percentiles(self) -> list[float | None]:
        return [place.percentile if place else None for place in self.places]


def compared_tasks(entrants: Sequence[Entrant], scope: Scope, board: Board | None = None) -> list[ComparedTask]:
    """The tasks of the board, or all, that at least two of the entrants have, by type and name.

    On a board a score is that of the board: over the cells that the benchmark counts. A task that is not scored on a
    scale up to 1 is left out, because neither its differences nor means with it say anything.
    """
    counted = [entrant for entrant in entrants if not entrant.revision_id]
    places = _board_places(counted, board) if board else _task_places(counted, scope)
    of_entrant = [
        _revision_places(entrant, scope, board) if entrant.revision_id else places[entrant.key] for entrant in entrants
    ]
    known: defaultdict[int, list[float]] = defaultdict(list)
    for of_one in of_entrant:
        for task_id, place in of_one.items():
            if place.score is not None:
                known[task_id].append(place.score)
    shared = [task_id for task_id, scores in known.items() if len(scores) >= FEWEST and max(scores) <= HIGHEST]
    tasks = sorted(
        Task.objects.filter(pk__in=shared).values_list("pk", "name", "type"),
        key=lambda task: (task[2], task[1].casefold()),
    )
    rows = [tuple(of_one.get(task_id) for of_one in of_entrant) for task_id, _, _ in tasks]
    apart = differences(_scores(rows, len(entrants))).tolist() if rows else []
    return [
        ComparedTask(*task, row, None if difference != difference else difference)
        for task, row, difference in zip(tasks, rows, apart, strict=True)
    ]


def score_table(tasks: Sequence[ComparedTask], n_entrants: int) -> Floats:
    """(entrants, tasks), NaN where blank."""
    return _scores([task.places for task in tasks], n_entrants)


def _scores(rows: Sequence[tuple[Place | None, ...]], n_entrants: int) -> Floats:
    scores = [[place.score if place else None for place in row] for row in rows]
    return np.array(scores, dtype=np.float64).reshape(-1, n_entrants).T


Places = dict[int, Place]
"""By task id."""


def _task_places(entrants: Sequence[Entrant], scope: Scope) -> dict[tuple[int, str], Places]:
    """Whose -> places on all tasks: a row without a rank lacks cells."""
    keys = {entrant.key for entrant in entrants}
    rows = (
        TaskRow.objects.in_scope(scope)
        .filter(model_meta__in={model_id for model_id, _ in keys})
        .values_list("model_meta_id", "experiment_id", "task_id", "score", "rank", "percentile", "result_id")
    )
    places: dict[tuple[int, str], Places] = {key: {} for key in keys}
    for model_id, experiment_id, task_id, score, rank, percentile, result_id in rows:
        if (model_id, experiment_id) in keys:
            place = Place(None if rank is None else score, percentile, result_id)
            places[model_id, experiment_id][task_id] = place
    return places


_columns: Kept[list[Floats]] = Kept(40)


def _board_places(entrants: Sequence[Entrant], board: Board) -> dict[tuple[int, str], Places]:
    """The same from a board's own rows. A percentile is among the rows of the board."""
    keys = {entrant.key for entrant in entrants}
    ids = dict(Task.objects.filter(name__in=board.task_names).values_list("name", "pk"))
    started = _task_places(entrants, Scope(board.scope))
    columns = _columns.get(board.pk, lambda: _sorted_columns(board))
    rows = BoardRow.objects.filter(board=board, model_meta__in={model_id for model_id, _ in keys})
    places: dict[tuple[int, str], Places] = {key: {} for key in keys}
    for model_id, experiment_id, scores in rows.values_list("model_meta_id", "experiment_id", "task_scores"):
        of_all = started.get((model_id, experiment_id), {})
        for name, score, column in zip(board.task_names, scores, columns, strict=True):
            known = of_all.get(ids[name])
            if (score is not None or known) and (model_id, experiment_id) in keys:
                place = Place(score, percentile_among(score, column), known.result_id if known else None)
                places[model_id, experiment_id][ids[name]] = place
    return places


def _sorted_columns(board: Board) -> list[Floats]:
    """The scores of each task of the board, lowest first."""
    rows = list(BoardRow.objects.filter(board=board).values_list("task_scores", flat=True))
    scores = np.array(rows, dtype=np.float64).reshape(-1, len(board.task_names))
    return [np.sort(column[~np.isnan(column)]) for column in scores.T]


def _cells_of_board(board: Board) -> dict[int, frozenset[Cell]]:
    """Task -> the cells of it that count on the board and that anybody was run on."""
    cube = board_cube(board)
    if cube is None:
        return {}
    cells: dict[int, set[Cell]] = defaultdict(set)
    for kind in cube.kinds:
        cells[cube.tasks[kind.task].id].add((kind.split, kind.subset))
    return {task_id: frozenset(of_task) for task_id, of_task in cells.items()}


_revisions: Kept[Places] = Kept(100)


def _revision_places(entrant: Entrant, scope: Scope, board: Board | None) -> Places:
    """What one revision has on all tasks, or on those of a board."""
    key = (entrant.revision_id, entrant.name.experiment_id, scope, board and board.pk, data_version())
    return _revisions.get(key, lambda: _places_of_revision(entrant, scope, board))


def _places_of_revision(entrant: Entrant, scope: Scope, board: Board | None) -> Places:
    """A percentile is known where the very result counts now: it compares what counts."""
    cells = _cells_of_board(board) if board else None
    scores = revision_scores(entrant.revision_id or 0, entrant.name.experiment_id, scope, cells)
    current = {} if board else _task_places([entrant], scope)[entrant.key]
    places = {}
    for task_id, (score, result_id, n_parts) in scores.items():
        now = current.get(task_id)
        counts = now is not None and n_parts == 1 and now.result_id == result_id
        places[task_id] = Place(score, now.percentile if now and counts else None, result_id)
    return places


@dataclass(frozen=True)
class Series:
    """Values for a chart: for each entrant one mean per label, over the tasks that all have."""

    labels: list[str]
    n_tasks: list[int]
    values: dict[str, list[float]]


def comparison_series(entrants: Sequence[Entrant], tasks: Sequence[ComparedTask]) -> Series:
    """Means by task type, under the letter of each entrant; nothing where no task is common to all."""
    means = means_by_type(entrants, tasks)
    rows = means.rows if means else []
    return Series(
        labels=[row.task_type for row in rows],
        n_tasks=[row.n_tasks for row in rows],
        values={entrant.letter: [row.means[i] for row in rows] for i, entrant in enumerate(entrants)},
    )


def means_by_type(entrants: Sequence[Entrant], tasks: Sequence[ComparedTask]) -> TypeMeans | None:
    return type_means(score_table(tasks, len(entrants)), [task.type for task in tasks])


_tests: Kept[Comparison] = Kept(200)


def paired_tests(
    entrants: Sequence[Entrant], tasks: Sequence[ComparedTask], scope: Scope, board: Board | None
) -> Comparison:
    """Every entrant against every other over the tasks that both have, kept in memory: it takes longer than a page."""
    types = frozenset(task.type for task in tasks)
    key = (tuple(entrant.name for entrant in entrants), scope, board and board.pk, types, data_version())
    return _tests.get(key, lambda: compare_all(score_table(tasks, len(entrants))))


def known_models(names: Collection[str]) -> set[str]:
    return {facts.name for facts in model_facts().values() if facts.name in names}
