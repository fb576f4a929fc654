"""How models stand in a language or a script."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from django.db.models import Q

from leaderboard.languages import bare_code
from leaderboard.models import LanguageTask, ModelMeta, Scope
from leaderboard.task_pools import PoolTask


def ranked_models(scope: Scope) -> set[int]:
    """Ids of the models that the scope ranks: officially only those of mteb's registry."""
    models = ModelMeta.objects.all()
    return set((models.filter(in_registry=True) if scope == Scope.OFFICIAL else models).values_list("pk", flat=True))


def pool_tasks(scope: Scope, code: str) -> list[PoolTask]:
    """The tasks with complete scores under the code; for a language without script those in all its scripts."""
    rows = LanguageTask.objects.in_scope(scope).filter(Q(code=code) | Q(code__startswith=f"{code}-"))
    found = _by_code(rows.values_list("code", *PoolTask._fields))
    return _merged(found, code, [other for other in found if bare_code(other) == code])


def pools(scope: Scope, codes: Collection[str] | None = None) -> Iterator[tuple[str, list[PoolTask]]]:
    """(code, its tasks) for these codes, or for all that have results.

    A language without script is among them where it has several.
    """
    rows = LanguageTask.objects.in_scope(scope)
    if codes is not None:
        every = set(rows.values_list("code", flat=True).distinct())
        rows = rows.filter(code__in=[code for code in every if code in codes or bare_code(code) in codes])
    found = _by_code(rows.values_list("code", *PoolTask._fields).iterator(500))
    scripts: dict[str, list[str]] = defaultdict(list)
    for code in found:
        if "-" in code:
            scripts[bare_code(code)].append(code)
    shown = {code for code in found if code not in scripts or "-" in code}
    shown |= {code for code, several in scripts.items() if len(several) > 1}
    for code in sorted(shown if codes is None else shown.intersection(codes)):
        yield code, _merged(found, code, scripts.get(code, []))


def _by_code(rows: Iterable[tuple[str, int, list[int], list[float]]]) -> dict[str, list[PoolTask]]:
    found: dict[str, list[PoolTask]] = defaultdict(list)
    for code, *task in rows:
        found[code].append(PoolTask._make(task))
    return found


def _merged(found: dict[str, list[PoolTask]], code: str, scripts: Iterable[str]) -> list[PoolTask]:
    """A task that has the language in several scripts has a row of its own for all of them; else its one script's."""
    own = found.get(code, [])
    named = {task.task_id for task in own}
    others = (task for script in scripts if script != code for task in found[script])
    return [*own, *(task for task in others if task.task_id not in named)]
