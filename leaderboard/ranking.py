"""How a board ranks: arrays and the benchmark's rules in, a finished table out.

Every rule is the official one (mteb 2.26.24, `mteb/benchmarks/_create_table.py`), checked against it by
`manage.py check_parity`; docs/ranking.md explains them in words. Blank is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from leaderboard import aggregation
from leaderboard.aggregation import Bools, Cells, Floats, Ints
from leaderboard.zero_shot import zero_shot_percentage

Mean = Callable[..., Floats]
"""(rows, columns), and how often each column counts -> (rows,)."""
MEAN_TASK, MEAN_TASK_TYPE, TASK_TYPES = "mean_task", "mean_task_type", "task_types"
PUBLIC_PRIVATE, MEAN_SUBSET = "public_private", "mean_subset"
# What a benchmark may sort by, and the mean that it names.
SORT_COLUMNS = {
    "Mean (Task)": "mean_task",
    "Mean (TaskType)": "mean_task_type",
    "Mean (Subset)": "mean_subset",
    "Mean (Public)": "mean_public",
    "Mean (Private)": "mean_private",
}


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A task's part in a group: the whole task, or the mean of the cells of some `triples` (by code)."""

    task: int
    triples: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    dimension: str
    label: str
    members: tuple[GroupMember, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a benchmark prescribes. Task arrays are indexed by task code, in the benchmark's order of tasks."""

    task_names: Sequence[str]
    task_types: Sequence[str]
    task_is_public: Sequence[bool]
    aggregations: Collection[str]
    public_tasks_only: bool = False
    sort_columns: Sequence[str] = ()
    groups: Sequence[Group] = ()
    weights: Sequence[int] = ()

    def weights_of(self, tasks: Ints) -> Ints:
        """How often each of the tasks counts: once where the rules say nothing else."""
        every = (
            np.asarray(self.weights, dtype=np.intp) if self.weights else np.ones(len(self.task_names), dtype=np.intp)
        )
        return every[tasks]


@dataclass(frozen=True, slots=True)
class Entrants:
    """Who stands behind the rows: `experiment_ids` by row, `contaminated` tasks by model.

    Models are numbered in the order that breaks ties.
    """

    experiment_ids: Sequence[str]
    contaminated: Sequence[Collection[str] | None]


@dataclass(frozen=True, slots=True)
class Votes:
    """`scores` is (models, voters); voter `v` speaks for the column `task_of_voter[v]` of the summary's tasks.

    `entered` marks the models that have any cell. Where voters are (task, subset) pairs, `of_rows` has the score of
    each row on them, blank for a pair that the row does not have.
    """

    scores: Floats
    task_of_voter: Ints
    entered: Bools
    of_rows: Floats | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary table; `rows` are row codes in display order, every array is aligned with them.

    Means that the benchmark does not show are None. `tasks` are the task codes that form columns: tasks which no model
    ran are none. `task_scores` is (rows, tasks). `votes` are what the Borda count was taken over.
    """

    rows: Ints
    rank: Ints
    borda_rank: Ints
    tasks: Ints
    task_scores: Floats
    zero_shot: list[int | None]
    means: dict[str, Floats | None]
    votes: Votes
    type_means: dict[str, Floats] = field(default_factory=dict)
    group_means: dict[tuple[str, str], Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskTable:
    """The per-task table, private tasks included; rows in the order of their Borda rank."""

    rows: Ints
    borda_rank: Ints
    tasks: Ints
    scores: Floats


@dataclass(frozen=True, slots=True)
class LanguageTable:
    """The per-language table: `models` are model codes in display order, `scores` is (models, languages)."""

    models: Ints
    languages: list[str]
    scores: Floats


def average_ranks(scores: Floats) -> Floats:
    """1 for the highest score, ties share the average rank, NaN has none. One dimension."""
    ranks = np.full(len(scores), np.nan)
    scored = ~np.isnan(scores)
    _, place, counts = np.unique(-scores[scored], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks[scored] = (last - (counts - 1) / 2)[place]
    return ranks


def min_ranks(values: Floats) -> Ints:
    """1 for the highest value; ties share the best number."""
    ascending = np.sort(-values)
    return np.searchsorted(ascending, -values, side="left") + 1


def borda_points(votes: Floats, n: int, weights: Ints | None = None) -> Floats:
    """(models, voters) -> (models,): `n - rank` from each voter that scored the model, 0 from the others.

    `n` is the number of rows on the board. Models that are no row take ranks too, so points can be negative. A voter
    may count several times (`weights`).
    """
    points = np.zeros(len(votes))
    for vote, weight in zip(votes.T, np.ones(votes.shape[1]) if weights is None else weights, strict=True):
        points += weight * np.nan_to_num(n - average_ranks(vote), nan=0.0)
    return points


def borda_ranks(votes: Floats, n: int, entered: Bools, weights: Ints | None = None) -> Ints:
    """Rank by Borda points among the models that `entered`; 0 for the others."""
    ranks = np.zeros(len(votes), dtype=np.intp)
    ranks[entered] = min_ranks(borda_points(votes[entered], n, weights))
    return ranks


def summarise(cells: Cells, rules: Rules, entrants: Entrants, *, lenient: bool = False) -> Summary | None:
    """The summary table of a board, or None where no row would stand on it.

    `lenient` means run over the tasks that are not blank, instead of being blank with the first of them.
    """
    if rules.public_tasks_only:
        cells = cells.of_triples(np.asarray(rules.task_is_public, dtype=bool)[cells.task_of])
    tasks = cells.tasks
    strict = aggregation.strict_task_scores(cells)[:, tasks]
    rows = np.flatnonzero(~np.isnan(strict).all(axis=1)) if len(tasks) else np.array([], dtype=np.intp)
    if len(rows) == 0:
        return None
    mean = aggregation.lenient_mean if lenient else aggregation.strict_mean
    by_subset = aggregation.subset_scores(cells) if MEAN_SUBSET in rules.aggregations else None
    votes = _votes(cells, tasks, by_subset)
    by_type = _type_means(rules, strict, tasks, mean)
    means = _means(rules, strict, tasks, by_type, mean)
    if by_subset:
        means["mean_subset"] = aggregation.mean_over_present(by_subset)
    weights = rules.weights_of(tasks)[votes.task_of_voter]
    borda = borda_ranks(votes.scores, len(rows), votes.entered, weights)[cells.model_of_row]
    order, numbered = _display_order(rows, rules, means, borda, cells, entrants)
    return Summary(
        rows=order,
        rank=np.arange(1, len(order) + 1) if numbered else borda[order],
        borda_rank=borda[order],
        tasks=tasks,
        task_scores=strict[order],
        zero_shot=_zero_shot(rules, tasks, entrants, cells.model_of_row[order]),
        means={name: None if not _shown(name, rules) else values[order] for name, values in means.items()},
        votes=votes,
        type_means={name: values[order] for name, values in by_type.items()}
        if TASK_TYPES in rules.aggregations
        else {},
        group_means={key: values[order] for key, values in _group_means(cells, rules, strict, tasks, mean).items()},
    )


def _votes(cells: Cells, tasks: Ints, by_subset: aggregation.SubsetScores | None) -> Votes:
    """Each task votes, or each (task, subset) pair where the benchmark has a mean over subsets."""
    if by_subset is None:
        scores = aggregation.model_task_scores(cells)[:, tasks]
        return Votes(scores, np.arange(len(tasks)), cells.entered)
    pooled = aggregation.pooled(by_subset.by_row, cells.model_of_row, cells.n_models)
    return Votes(pooled, np.searchsorted(tasks, by_subset.task), cells.entered, by_subset.by_row)


def _means(rules: Rules, strict: Floats, tasks: Ints, by_type: dict[str, Floats], mean: Mean) -> dict[str, Floats]:
    """Every mean by name, over all rows; the one over subsets is blank."""
    public = np.asarray(rules.task_is_public, dtype=bool)[tasks]
    weights = rules.weights_of(tasks)
    return {
        "mean_task": mean(strict, weights),
        "mean_task_type": mean(np.column_stack(list(by_type.values()))),
        "mean_public": mean(strict[:, public], weights[public]),
        "mean_private": mean(strict[:, ~public], weights[~public]),
        "mean_subset": np.full(len(strict), np.nan),
    }


def _type_means(rules: Rules, strict: Floats, tasks: Ints, mean: Mean) -> dict[str, Floats]:
    """Task type -> (rows,) mean over the columns of that type, types in order of their first task."""
    types = [rules.task_types[task] for task in tasks]
    weights = rules.weights_of(tasks)
    means = {}
    for name in dict.fromkeys(types):
        columns = [column for column, of in enumerate(types) if of == name]
        means[name] = mean(strict[:, columns], weights[columns])
    return means


def _group_means(cells: Cells, rules: Rules, strict: Floats, tasks: Ints, mean: Mean) -> dict[tuple[str, str], Floats]:
    """(dimension, label) -> (rows,). A member absent from the frame is skipped; a group without members is absent."""
    column_of = {int(task): column for column, task in enumerate(tasks)}
    means = {}
    for group in rules.groups:
        columns = []
        for member in group.members:
            if member.triples is not None:
                scoped = _scoped_mean(cells, member.triples)
                columns += [] if scoped is None else [scoped]
            elif member.task in column_of:
                columns.append(strict[:, column_of[member.task]])
        if columns:
            means[group.dimension, group.label] = mean(np.column_stack(columns))
    return means


def _scoped_mean(cells: Cells, triples: Sequence[int]) -> Floats | None:
    """(rows,): mean of the cells of some triples, variants pooled; blank if a triple that anyone has is missing."""
    columns = []
    for triple in triples:
        here = cells.only(cells.triple == triple)
        if len(here.row):
            columns.append(aggregation.ordered_means(here.model, here.score, cells.n_models))
    if not columns:
        return None
    return aggregation.strict_mean(np.column_stack(columns))[cells.model_of_row]


def _shown(mean: str, rules: Rules) -> bool:
    if mean in {"mean_public", "mean_private"}:
        return PUBLIC_PRIVATE in rules.aggregations
    return mean in rules.aggregations


def _display_order(
    rows: Ints, rules: Rules, means: dict[str, Floats], borda: Ints, cells: Cells, entrants: Entrants
) -> tuple[Ints, bool]:
    """(rows in display order, whether the rank is the row's number instead of the Borda rank)."""
    by = list(rules.sort_columns) or (["Mean (Subset)"] if MEAN_SUBSET in rules.aggregations else [])
    keys: list[Floats | Ints] = [_blank_last(-means[SORT_COLUMNS[name]][rows]) for name in by] or [borda[rows]]
    experiments = np.argsort(np.argsort(np.asarray(entrants.experiment_ids, dtype=object), kind="stable"))
    keys += [cells.model_of_row[rows], experiments[rows]]
    return rows[np.lexsort(keys[::-1])], bool(rules.sort_columns)


def _blank_last(values: Floats) -> Floats:
    return np.where(np.isnan(values), np.inf, values)


def _zero_shot(rules: Rules, tasks: Ints, entrants: Entrants, models: Ints) -> list[int | None]:
    names = {rules.task_names[task] for task in tasks}
    return [zero_shot_percentage(entrants.contaminated[model], names) for model in models]


def task_table(cells: Cells, rules: Rules) -> TaskTable | None:
    """The per-task table over all cells, or None without rows."""
    tasks = cells.tasks
    strict = aggregation.strict_task_scores(cells)[:, tasks]
    rows = np.flatnonzero(~np.isnan(strict).all(axis=1)) if len(tasks) else np.array([], dtype=np.intp)
    if len(rows) == 0:
        return None
    votes = aggregation.model_task_scores(cells)[:, tasks]
    borda = borda_ranks(votes, len(rows), cells.entered, rules.weights_of(tasks))[cells.model_of_row]
    order = rows[np.lexsort((cells.model_of_row[rows], borda[rows]))]
    return TaskTable(rows=order, borda_rank=borda[order], tasks=tasks, scores=strict[order])


@dataclass(frozen=True, slots=True)
class CellLanguages:
    """Languages of cells: cell `cell[i]` names the language `names[language[i]]`, twice where its file does."""

    cell: Ints
    language: Ints
    names: Sequence[str]


def language_table(cells: Cells, languages: CellLanguages, view: Sequence[str]) -> LanguageTable | None:
    """The per-language table, or None without rows.

    `view` lists the languages to show, or is ["all"]. Variants of a model are pooled. One language orders the rows by
    score, several by Borda over languages.
    """
    shown = np.array([list(view) == ["all"] or name in view for name in languages.names], dtype=bool)
    counts = shown[languages.language] if len(languages.names) else np.zeros(0, dtype=bool)
    cell, language = languages.cell[counts], languages.language[counts]
    codes, column = np.unique(language, return_inverse=True)
    keys = cells.model[cell] * len(codes) + column
    scores = aggregation.ordered_means(keys, cells.score[cell], cells.n_models * len(codes))
    scores = scores.reshape(cells.n_models, len(codes))
    models = np.flatnonzero(~np.isnan(scores).all(axis=1)) if len(codes) else codes
    if len(models) == 0:
        return None
    if len(codes) == 1:
        order = models[np.argsort(-scores[models, 0], kind="stable")]
    else:
        entered = np.bincount(cells.model[cell], minlength=cells.n_models) > 0
        ranks = borda_ranks(scores, len(models), entered)
        order = models[np.argsort(ranks[models], kind="stable")]
    return LanguageTable(models=order, languages=[languages.names[code] for code in codes], scores=scores[order])
