"""From stored results to the arrays that a board is computed from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
from django.db.models import TextField
from django.db.models.functions import Cast, Collate

from leaderboard.aggregation import Cells, Floats, Ints
from leaderboard.models import Benchmark, BenchmarkTask, CellSet, CurrentResult, ModelMeta, Scope, TaskGroup
from leaderboard.ranking import CellLanguages, Entrants, Group, GroupMember, Rules


class CellList(NamedTuple):
    """The cells of a result: parallel lists. `languages` is empty where nobody asked for them."""

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


@dataclass(frozen=True, slots=True)
class RowSource:
    """Whose row it is and what stands behind it: cells by revision, and the kinds of source."""

    model_meta_id: int
    experiment_id: str
    cells_by_revision: Counter[str]
    kinds: set[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that `leaderboard.ranking` needs for a board; `rows` and `model_meta_ids` name the row and model
    codes.
    """

    cells: Cells
    rules: Rules
    entrants: Entrants
    rows: list[RowSource]
    model_meta_ids: list[int]
    languages: CellLanguages


def load_results(
    scopes: Sequence[Scope], task_ids: Collection[int], *, languages_of: Collection[int]
) -> dict[Scope, Results]:
    """The results that count for the tasks in each scope; in the official one of models in the registry only.

    `languages_of` are the tasks for which the languages of cells are needed.
    """
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
            "result__cell_set_id",
            "result__main_scores",
        )
    )
    loaded = []
    for place, (official_part, all_part, in_registry, *facts, cells, scores) in enumerate(rows.iterator(5000)):
        parts = {Scope.OFFICIAL: official_part if in_registry else None, Scope.ALL: all_part}
        loaded.append((parts, cells, StoredResult._make([place, *facts]), scores))
    cell_lists = _cell_lists({cells for _, cells, _, _ in loaded}, languages_of)
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


def _cell_lists(ids: Collection[int], languages_of: Collection[int]) -> dict[int, CellList]:
    wanted = CellSet.objects.filter(pk__in=ids)
    with_languages = wanted.filter(task__in=languages_of).annotate(codes=Cast("languages", TextField()))
    languages = {id_: orjson.loads(codes) for id_, codes in with_languages.values_list("id", "codes").iterator()}
    rows = wanted.values_list("id", "splits", "subsets").iterator()
    return {id_: CellList(splits, subsets, languages.get(id_, [])) for id_, splits, subsets in rows}


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
            CellList._make([column[c] for c in keep] if column else [] for column in block.cells),
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
    triples: Ints
    scores: Floats
    languages: list[list[str]]


class BoardDefinition:
    """A benchmark with its tasks and groups, read once and used for every scope."""

    def __init__(self, benchmark: Benchmark) -> None:
        self.benchmark = benchmark
        self.tasks = list(
            BenchmarkTask.objects.filter(benchmark=benchmark)
            .select_related("task")
            .only("splits", "subsets", "benchmark_id", "task__name", "task__type", "task__is_public")
            .order_by("position")
        )
        self.groups = list(
            TaskGroup.objects.filter(benchmark=benchmark).prefetch_related("members").order_by("position")
        )

    @property
    def task_ids(self) -> list[int]:
        return [entry.task_id for entry in self.tasks]

    @property
    def n_declared_tasks(self) -> int:
        """Tasks that the summary declares."""
        return sum(entry.task.is_public or not self.benchmark.public_tasks_only for entry in self.tasks)


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


def build_frame(definition: BoardDefinition, results: Results, meta_facts: dict[int, MetaFacts]) -> Frame | None:
    """The frame of a board, or None where no result has a cell that the board counts."""
    triples = _Codes()
    segments = [
        segment
        for code, entry in enumerate(definition.tasks)
        for segment in _segments(code, entry, results.get(entry.task_id, []), triples)
    ]
    stored = [result for segment in segments for result in segment.results]
    if not stored:
        return None
    rows, row_of = _row_codes(stored, meta_facts)
    model_meta_ids = list(dict.fromkeys(model_meta_id for model_meta_id, _ in rows))
    model_code = {model_meta_id: code for code, model_meta_id in enumerate(model_meta_ids)}
    keys = np.array(list(triples), dtype=object)
    split_codes, subset_codes = _Codes(), _Codes()
    order, lengths = _summation_order(segments, stored)
    cells = Cells(
        row=np.repeat(row_of, lengths)[order],
        triple=np.concatenate([np.tile(segment.triples, len(segment.results)) for segment in segments])[order],
        score=np.concatenate([segment.scores.ravel() for segment in segments])[order],
        model_of_row=np.array([model_code[model_meta_id] for model_meta_id, _ in rows], dtype=np.intp),
        task_of=np.array([task for task, _, _ in keys], dtype=np.intp),
        split_of=np.array([split_codes[split] for _, split, _ in keys], dtype=np.intp),
        subset_of=np.array([subset_codes[subset] for _, _, subset in keys], dtype=np.intp),
        n_models=len(model_meta_ids),
        n_tasks=len(definition.tasks),
    )
    return Frame(
        cells=cells,
        rules=_rules(definition, triples),
        entrants=Entrants(
            experiment_ids=[experiment_id for _, experiment_id in rows],
            contaminated=[meta_facts[id_].contaminated_tasks for id_ in model_meta_ids],
        ),
        rows=_row_sources(rows, row_of, stored, lengths),
        model_meta_ids=model_meta_ids,
        languages=_languages(segments, order) if definition.benchmark.language_view else _NO_LANGUAGES,
    )


_NO_LANGUAGES = CellLanguages(np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), [])


def _segments(code: int, entry: BenchmarkTask, blocks: Iterable[Block], triples: _Codes) -> Iterable[_Segments]:
    """The blocks of a task reduced to the cells that the benchmark counts."""
    splits, subsets = set(entry.splits), set(entry.subsets)
    for block in blocks:
        pairs = list(zip(block.cells.splits, block.cells.subsets, strict=True))
        keep = [i for i, (split, subset) in enumerate(pairs) if split in splits and subset in subsets]
        if keep:
            yield _Segments(
                results=block.results,
                triples=np.array([triples[code, *pairs[i]] for i in keep], dtype=np.intp),
                scores=block.scores[:, keep],
                languages=[block.cells.languages[i] for i in keep] if block.cells.languages else [],
            )


def _row_codes(
    stored: Sequence[StoredResult], meta_facts: dict[int, MetaFacts]
) -> tuple[list[tuple[int, str]], npt.NDArray[np.intp]]:
    """The rows in the order that breaks ties, and the row of each result."""
    keys = [(result.model_meta_id, result.experiment_id) for result in stored]
    rows = sorted(set(keys), key=lambda key: (meta_facts[key[0]].sort_key, key[1]))
    code = {key: i for i, key in enumerate(rows)}
    return rows, np.array([code[key] for key in keys], dtype=np.intp)


def _summation_order(segments: Sequence[_Segments], stored: Sequence[StoredResult]) -> tuple[Ints, Ints]:
    """(permutation of the cells into the order of their results, number of cells of each result)."""
    widths = [len(segment.triples) for segment in segments]
    lengths = np.repeat(widths, [len(segment.results) for segment in segments])
    place = np.array([result.place for result in stored], dtype=np.intp)
    return np.argsort(np.repeat(place, lengths), kind="stable"), lengths


def _row_sources(
    rows: Sequence[tuple[int, str]], row_of: Ints, stored: Sequence[StoredResult], lengths: Ints
) -> list[RowSource]:
    sources = [RowSource(model_meta_id, experiment_id, Counter(), set()) for model_meta_id, experiment_id in rows]
    codes = _Codes()
    source_of = np.array([codes[result.revision, result.kind] for result in stored], dtype=np.intp)
    keys, inverse = np.unique(row_of * len(codes) + source_of, return_inverse=True)
    n_cells = np.bincount(inverse, weights=lengths).astype(int)
    names = list(codes)
    for key, count in zip(keys.tolist(), n_cells.tolist(), strict=True):
        row, source = divmod(key, len(codes))
        revision, kind = names[source]
        sources[row].cells_by_revision[revision] += count
        sources[row].kinds.add(kind)
    return sources


def _languages(segments: Sequence[_Segments], order: Ints) -> CellLanguages:
    """Languages of the cells after they were put in `order`."""
    codes = _Codes()
    cells, languages, start = [], [], 0
    for segment in segments:
        width = len(segment.triples)
        pairs = [(cell, codes[code]) for cell, named in enumerate(segment.languages) for code in named]
        within, language = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
        offsets = start + width * np.arange(len(segment.results))
        cells.append((offsets[:, None] + within).ravel())
        languages.append(np.tile(language, len(segment.results)))
        start += width * len(segment.results)
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    cell = place[np.concatenate(cells)]
    by_cell = np.argsort(cell, kind="stable")
    return CellLanguages(cell[by_cell], np.concatenate(languages)[by_cell], [str(code) for code in codes])


def _rules(definition: BoardDefinition, triples: dict[object, int]) -> Rules:
    tasks = [entry.task for entry in definition.tasks]
    code_of = {task.pk: code for code, task in enumerate(tasks)}
    benchmark = definition.benchmark
    return Rules(
        task_names=[task.name for task in tasks],
        task_types=[task.type for task in tasks],
        task_is_public=[task.is_public for task in tasks],
        aggregations=set(benchmark.aggregations),
        public_tasks_only=benchmark.public_tasks_only,
        sort_columns=benchmark.sort_columns,
        groups=[_group(group, code_of, triples) for group in definition.groups],
    )


def _group(group: TaskGroup, code_of: dict[int, int], triples: dict[object, int]) -> Group:
    members = []
    for member in sorted(group.members.all(), key=lambda member: member.position):
        code = code_of.get(member.task_id, -1)
        wanted = [(code, split, subset) for subset in member.subsets for split in member.splits]
        scoped = tuple(triples[key] for key in wanted if key in triples)
        members.append(GroupMember(code, None if member.is_whole else scoped))
    return Group(group.dimension, group.label, tuple(members))
