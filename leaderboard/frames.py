"""From stored results to the arrays that a board is computed from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import orjson
from django.db.models import TextField
from django.db.models.functions import Cast, Collate

from leaderboard.aggregation import Floats, Ints
from leaderboard.cube import CellKind, Cube, CubeRow, CubeRules, CubeTask
from leaderboard.models import Benchmark, BenchmarkTask, CellSet, CurrentResult, ModelMeta, Scope, TaskGroup
from leaderboard.ranking import Group, GroupMember


class CellList(NamedTuple):
    """The cells of a result: parallel lists."""

    splits: list[str]
    subsets: list[str]
    languages: list[list[str]]


class StoredResult(NamedTuple):
    """A result that counts, without its numbers. `place` is the order in which the cells of results are summed."""

    place: int
    revision: str
    experiment_name: str
    model_meta_id: int
    experiment_id: str
    task_id: int
    kind: str
    result_id: int


@dataclass(slots=True)
class Block:
    """Results of one task over one list of cells; `scores` is (results, cells), NaN where missing.

    `parts` say in which order results of one variant are laid over each other.
    """

    cells: CellList
    results: list[StoredResult]
    parts: list[int]
    scores: Floats


Results = dict[int, list[Block]]
"""All results that count in a scope, as blocks by task id."""


def load_results(scopes: Sequence[Scope], task_ids: Collection[int]) -> dict[Scope, Results]:
    """The results that count for the tasks in each scope; in the official one of models in the registry only."""
    rows = (
        CurrentResult.objects.filter(task__in=task_ids)
        .order_by(
            _by_code_point("variant__model_meta__name"),
            _by_code_point("result__model_revision__name"),
            _by_code_point("variant__experiment_name"),
            _by_code_point("task__name"),
            "result_id",
        )
        .values_list(
            "official_part",
            "all_part",
            "variant__model_meta__in_registry",
            "result__model_revision__name",
            "variant__experiment_name",
            "variant__model_meta_id",
            "variant__experiment_id",
            "task_id",
            "result__source__kind",
            "result_id",
            "result__cell_set_id",
            "result__main_scores",
        )
    )
    loaded = []
    for place, (official_part, all_part, in_registry, *facts, cells, scores) in enumerate(rows.iterator(5000)):
        parts = {Scope.OFFICIAL: official_part if in_registry else None, Scope.ALL: all_part}
        loaded.append((parts, cells, StoredResult._make([place, *facts]), scores))
    cell_lists = _cell_lists({cells for _, cells, _, _ in loaded})
    return {scope: _blocks(scope, loaded, cell_lists) for scope in scopes}


def _by_code_point(name: str) -> Collate:
    """Sorting as Python and mteb do it, whatever the collation of the database."""
    return Collate(name, "C")


def _blocks(
    scope: Scope,
    loaded: Iterable[tuple[dict[Scope, int | None], int, StoredResult, list[float | None]]],
    cell_lists: dict[int, CellList],
) -> Results:
    by_block: dict[tuple[int, int], list[tuple[int, StoredResult, list[float | None]]]] = defaultdict(list)
    for parts, cells, stored, scores in loaded:
        part = parts[scope]
        if part is not None:
            by_block[stored.task_id, cells].append((part, stored, scores))
    results: Results = {}
    for (task_id, cells), members in by_block.items():
        block = Block(
            cells=cell_lists[cells],
            results=[stored for _, stored, _ in members],
            parts=[part for part, _, _ in members],
            scores=np.array([scores for _, _, scores in members], dtype=np.float64),
        )
        results.setdefault(task_id, []).append(block)
    return {task_id: _merged(blocks) for task_id, blocks in results.items()}


def _cell_lists(ids: Collection[int]) -> dict[int, CellList]:
    rows = (
        CellSet.objects.filter(pk__in=ids)
        .annotate(codes=Cast("languages", TextField()))
        .values_list("id", "splits", "subsets", "codes")
        .iterator()
    )
    return {id_: CellList(splits, subsets, orjson.loads(codes)) for id_, splits, subsets, codes in rows}


def _merged(blocks: list[Block]) -> list[Block]:
    """The blocks with results of several parts laid over each other: a cell counts from the first that scores it."""
    if not any(any(block.parts) for block in blocks):
        return blocks
    places = defaultdict(list)
    for block in blocks:
        for i, stored in enumerate(block.results):
            places[stored.model_meta_id, stored.experiment_name].append((block.parts[i], block, i))
    several = [sorted(found, key=lambda place: place[0]) for found in places.values() if len(found) > 1]
    taken = {(id(block), i) for found in several for _, block, i in found}
    kept = []
    for block in blocks:
        keep = [i for i in range(len(block.results)) if (id(block), i) not in taken]
        kept.append(
            Block(block.cells, [block.results[i] for i in keep], [block.parts[i] for i in keep], block.scores[keep])
        )
    kept += [overlay for found in several for overlay in _overlay([(block, i) for _, block, i in found])]
    return [block for block in kept if block.results]


def _overlay(parts: Sequence[tuple[Block, int]]) -> Iterable[Block]:
    """Each part reduced to the cells that no earlier part scores."""
    scored: set[tuple[str, str]] = set()
    for block, i in parts:
        cells = list(zip(block.cells.splits, block.cells.subsets, strict=True))
        keep = [c for c, cell in enumerate(cells) if cell not in scored]
        scored.update(cells[c] for c in keep if not np.isnan(block.scores[i, c]))
        yield Block(
            CellList._make([column[c] for c in keep] for column in block.cells),
            [block.results[i]],
            [block.parts[i]],
            block.scores[i : i + 1, keep],
        )


class _Codes(dict[Any, int]):
    """Numbers things in the order of their first appearance."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


@dataclass(frozen=True, slots=True)
class _Segments:
    """The counted cells of a block: (results, cells) arrays flattened later in the order of the results."""

    results: list[StoredResult]
    kinds: Ints
    scores: Floats


class MemberDefinition(NamedTuple):
    """A task of a group: the whole of it, or the mean of its cells `splits` x `subsets`."""

    task_id: int
    is_whole: bool = True
    splits: Sequence[str] = ()
    subsets: Sequence[str] = ()


class GroupDefinition(NamedTuple):
    dimension: str
    label: str
    members: list[MemberDefinition]


class Definition(Protocol):
    """What a cube is built for: a stored benchmark, or a selection that nobody stored."""

    @property
    def benchmark(self) -> Benchmark: ...
    @property
    def tasks(self) -> list[BenchmarkTask]: ...
    @property
    def groups(self) -> list[GroupDefinition]: ...


class BoardDefinition:
    """A benchmark with its tasks and groups, read once and used for every scope."""

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark
        self.tasks: list[BenchmarkTask] = list(
            BenchmarkTask.objects.filter(benchmark=benchmark)
            .select_related("task")
            .only(
                *("splits", "subsets", "weight", "benchmark_id", "task__name", "task__type", "task__is_public"),
                *("task__subtypes", "task__domains", "task__modalities"),
            )
            .order_by("position")
        )
        groups = TaskGroup.objects.filter(benchmark=benchmark).prefetch_related("members").order_by("position")
        self.groups = [GroupDefinition(group.dimension, group.label, _members(group)) for group in groups]

    @property
    def task_ids(self) -> list[int]:
        return [entry.task_id for entry in self.tasks]

    @property
    def n_declared_tasks(self) -> int:
        """Tasks that the summary declares."""
        return sum(entry.task.is_public or not self.benchmark.public_tasks_only for entry in self.tasks)


def _members(group: TaskGroup) -> list[MemberDefinition]:
    in_order = sorted(group.members.all(), key=lambda member: member.position)
    return [MemberDefinition(one.task_id, one.is_whole, one.splits, one.subsets) for one in in_order]


class MetaFacts(NamedTuple):
    """What ranking needs of a model."""

    registry_order: int | None
    name: str
    contaminated_tasks: list[str] | None
    registry_revision: str | None

    @property
    def sort_key(self) -> tuple[bool, int, str]:
        """Registry order first, models outside the registry after it by name."""
        return self.registry_order is None, self.registry_order or 0, self.name


def load_meta_facts() -> dict[int, MetaFacts]:
    rows = ModelMeta.objects.values_list("id", *MetaFacts._fields)
    return {id_: MetaFacts._make(facts) for id_, *facts in rows}


def build_cube(definition: Definition, results: Results, meta_facts: dict[int, MetaFacts]) -> Cube | None:
    """All cells that the board counts, or None where no result has one."""
    codes = _Codes()
    segments = [
        segment
        for code, entry in enumerate(definition.tasks)
        for segment in _segments(code, entry, results.get(entry.task_id, []), codes)
    ]
    stored = [result for segment in segments for result in segment.results]
    if not stored:
        return None
    rows, row_of = _row_codes(stored, meta_facts)
    kinds = [CellKind(task, split, subset, list(languages)) for task, split, subset, languages in codes]
    lengths = np.repeat([len(segment.kinds) for segment in segments], [len(segment.results) for segment in segments])
    place = np.array([result.place for result in stored], dtype=np.intp)
    by_place = np.argsort(place, kind="stable")
    order = np.argsort(np.repeat(place, lengths), kind="stable")
    return Cube(
        tasks=[_cube_task(entry) for entry in definition.tasks],
        kinds=kinds,
        rows=_cube_rows(rows, row_of, stored, lengths, meta_facts),
        model_meta_ids=list(dict.fromkeys(model_meta_id for model_meta_id, _ in rows)),
        rules_of_benchmark=CubeRules(
            aggregations=definition.benchmark.aggregations,
            public_tasks_only=definition.benchmark.public_tasks_only,
            sort_columns=definition.benchmark.sort_columns,
            language_view=definition.benchmark.language_view,
        ),
        groups=_groups(definition, kinds),
        result_ids=np.array([result.result_id for result in stored], dtype=np.int64)[by_place],
        row_of_result=row_of[by_place],
        sequence_of_result=np.repeat(np.arange(len(segments)), [len(segment.results) for segment in segments])[
            by_place
        ],
        sequence_lengths=np.array([len(segment.kinds) for segment in segments], dtype=np.intp),
        sequence_kinds=np.concatenate([segment.kinds for segment in segments]),
        score=np.concatenate([segment.scores.ravel() for segment in segments])[order],
        repeating_rows=_repeating_rows(segments, row_of, kinds),
    )


def _repeating_rows(segments: Sequence[_Segments], row_of: Ints, kinds: Sequence[CellKind]) -> Ints:
    """The rows that have cells of the same task, split and subset more than once; `row_of` is by result."""
    numbers = _Codes()
    triple_of = np.array([numbers[kind[:3]] for kind in kinds], dtype=np.intp)
    has = np.zeros((int(row_of.max()) + 1, len(numbers)), dtype=bool)
    n_cells = np.zeros(len(has), dtype=np.intp)
    start = 0
    for segment in segments:
        rows = row_of[start : start + len(segment.results)]
        has[np.ix_(rows, triple_of[segment.kinds])] = True
        np.add.at(n_cells, rows, len(segment.kinds))
        start += len(segment.results)
    return np.flatnonzero(has.sum(axis=1) < n_cells)


def _cube_task(entry: BenchmarkTask) -> CubeTask:
    task = entry.task
    labels = task.subtypes, task.domains, task.modalities
    return CubeTask(task.pk, task.name, task.type, task.is_public, entry.weight, *labels)


def _segments(code: int, entry: BenchmarkTask, blocks: Iterable[Block], codes: _Codes) -> Iterable[_Segments]:
    """The blocks of a task reduced to the cells that the benchmark counts."""
    splits, subsets = set(entry.splits), set(entry.subsets)
    for block in blocks:
        cells = list(zip(*block.cells, strict=True))
        keep = [i for i, (split, subset, _) in enumerate(cells) if split in splits and subset in subsets]
        if keep:
            kinds = [
                codes[code, split, subset, tuple(languages)]
                for split, subset, languages in map(cells.__getitem__, keep)
            ]
            yield _Segments(block.results, np.array(kinds, dtype=np.intp), block.scores[:, keep])


def _row_codes(stored: Sequence[StoredResult], meta_facts: dict[int, MetaFacts]) -> tuple[list[tuple[int, str]], Ints]:
    """The rows in the order that breaks ties, and the row of each result."""
    keys = [(result.model_meta_id, result.experiment_id) for result in stored]
    rows = sorted(set(keys), key=lambda key: (meta_facts[key[0]].sort_key, key[1]))
    code = {key: i for i, key in enumerate(rows)}
    return rows, np.array([code[key] for key in keys], dtype=np.intp)


def _cube_rows(
    rows: Sequence[tuple[int, str]],
    row_of: Ints,
    stored: Sequence[StoredResult],
    lengths: Ints,
    meta_facts: dict[int, MetaFacts],
) -> list[CubeRow]:
    codes = _Codes()
    source_of = np.array([codes[result.revision, result.kind] for result in stored], dtype=np.intp)
    keys, inverse = np.unique(row_of * len(codes) + source_of, return_inverse=True)
    n_cells = np.bincount(inverse, weights=lengths).astype(int)
    names = list(codes)
    by_revision: list[Counter[str]] = [Counter() for _ in rows]
    kinds: list[set[str]] = [set() for _ in rows]
    for key, count in zip(keys.tolist(), n_cells.tolist(), strict=True):
        row, source = divmod(key, len(codes))
        revision, kind = names[source]
        by_revision[row][revision] += count
        kinds[row].add(kind)
    return [
        CubeRow(
            model_meta_id,
            experiment_id,
            _main_revision(by_revision[row], meta_facts[model_meta_id].registry_revision),
            sorted(by_revision[row]),
            sorted(kinds[row]),
        )
        for row, (model_meta_id, experiment_id) in enumerate(rows)
    ]


def _main_revision(n_cells: Counter[str], registry_revision: str | None) -> str:
    """The registry's revision if any cell comes from it, else the one with most cells."""
    if registry_revision in n_cells:
        return str(registry_revision)
    return min(n_cells, key=lambda name: (-n_cells[name], name))


def _groups(definition: Definition, kinds: Sequence[CellKind]) -> list[Group]:
    code_of = {entry.task_id: code for code, entry in enumerate(definition.tasks)}
    triples = {triple: number for number, triple in enumerate(dict.fromkeys(kind[:3] for kind in kinds))}
    return [_group(group, code_of, triples) for group in definition.groups]


def _group(group: GroupDefinition, code_of: dict[int, int], triples: dict[tuple[int, str, str], int]) -> Group:
    members = []
    for member in group.members:
        code = code_of.get(member.task_id, -1)
        wanted = [(code, split, subset) for subset in member.subsets for split in member.splits]
        scoped = tuple(triples[key] for key in wanted if key in triples)
        members.append(GroupMember(code, None if member.is_whole else scoped))
    return Group(group.dimension, group.label, tuple(members))
