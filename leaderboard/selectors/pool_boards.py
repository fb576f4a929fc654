"""Models ranked over the tasks of a language, a script or a task type, with what stands beside the ranks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from leaderboard.aggregation import Floats
from leaderboard.models import ModelMeta, Scope, Task
from leaderboard.selectors.model_facts import ModelFacts, model_facts
from leaderboard.selectors.model_queries import models_matching
from leaderboard.task_pools import Pool, PoolRanking, PoolTask, pool_of, rank_pool, row_means


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A model. `done` counts the tasks that count; `type_means` are over those done of each type. Blank is None."""

    name: str
    n_parameters: int | None
    release_date: date | None
    rank: int | None
    borda_rank: int | None
    win_rate: float | None
    mean: float | None
    done: int
    type_means: list[float | None]


@dataclass(frozen=True, slots=True)
class PoolTaskRow:
    """A task: whether it counts, and who is best on it."""

    name: str
    type: str
    counted: bool
    n_models: int
    best: float | None
    leader: str


@dataclass(frozen=True, slots=True)
class PoolBoard:
    """`rows` stand in order of their rank, those without one last; `types` names the columns of type means.

    `tasks` stand in order of how many models did them.
    """

    rows: list[PoolRow]
    tasks: list[PoolTaskRow]
    types: list[str]
    n_counted: int
    n_ranked: int

    @property
    def leader(self) -> PoolRow | None:
        return self.rows[0] if self.n_ranked else None


def ranked_models(scope: Scope) -> set[int]:
    """Ids of the models that the scope ranks: officially only those of mteb's registry."""
    models = ModelMeta.objects.all()
    return set((models.filter(in_registry=True) if scope == Scope.OFFICIAL else models).values_list("pk", flat=True))


def pool_board(tasks: Iterable[PoolTask], scope: Scope, query: str = "") -> PoolBoard | None:
    """The board over these tasks and the models that a query text leaves, or None where nobody has a score.

    Raises QueryError for a text that cannot be read.
    """
    admitted = ranked_models(scope)
    pool = pool_of(tasks).only(admitted & models_matching(query) if query else admitted)
    if not pool.model_meta_ids:
        return None
    facts = Task.objects.filter(pk__in=pool.task_ids).values_list("pk", "name", "type")
    by_id = {pk: (name, type_) for pk, name, type_ in facts}
    types = [by_id[task_id][1] for task_id in pool.task_ids]
    ranking = rank_pool(pool.scores)
    counted_types = [name for name, counts in zip(types, ranking.counted, strict=True) if counts]
    columns = [name for name, _ in Counter(counted_types).most_common()]
    by_type = _type_means(pool.scores[:, ranking.counted], counted_types, columns)
    models = model_facts()
    rows = [_row(models[pk], ranking, by_type, number) for number, pk in enumerate(pool.model_meta_ids)]
    return PoolBoard(
        rows=sorted(rows, key=_place),
        tasks=_tasks(pool, ranking, by_id, models),
        types=columns,
        n_counted=int(ranking.counted.sum()),
        n_ranked=int(ranking.ranked.sum()),
    )


def _type_means(scores: Floats, types: Sequence[str], columns: Sequence[str]) -> Floats:
    means = [row_means(scores[:, [of == name for of in types]]) for name in columns]
    return np.column_stack(means) if means else np.empty((len(scores), 0))


def _row(model: ModelFacts, ranking: PoolRanking, by_type: Floats, number: int) -> PoolRow:
    ranked = bool(ranking.ranked[number])
    return PoolRow(
        name=model.name,
        n_parameters=model.n_parameters,
        release_date=model.release_date,
        rank=int(ranking.rank[number]) if ranked else None,
        borda_rank=int(ranking.borda_rank[number]) if ranked else None,
        win_rate=_known(ranking.win_rate[number]),
        mean=_known(ranking.mean[number]),
        done=int(ranking.done[number]),
        type_means=[_known(mean) for mean in by_type[number]],
    )


def _place(row: PoolRow) -> tuple[bool, int, int]:
    return row.rank is None, row.rank or 0, -row.done


def _tasks(
    pool: Pool, ranking: PoolRanking, by_id: Mapping[int, tuple[str, str]], models: Mapping[int, ModelFacts]
) -> list[PoolTaskRow]:
    rows = []
    for column, task_id in enumerate(pool.task_ids):
        scores = pool.scores[:, column]
        known = ~np.isnan(scores)
        best = int(np.nanargmax(scores)) if known.any() else None
        rows.append(
            PoolTaskRow(
                *by_id[task_id],
                counted=bool(ranking.counted[column]),
                n_models=int(known.sum()),
                best=None if best is None else float(scores[best]),
                leader="" if best is None else models[pool.model_meta_ids[best]].name,
            )
        )
    return sorted(rows, key=lambda row: (-row.n_models, row.name.lower()))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
