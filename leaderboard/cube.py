"""All cells of a board in arrays: what its tables are computed from, whole or filtered.

A cube is made from stored results (`leaderboard.frames`), kept beside the board it belongs to, and unpacked by the web
process when somebody asks for a part of the board: a language, some tasks, some models.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import zstandard

from leaderboard.aggregation import BLOCK, Bools, Cells, Floats, Ints
from leaderboard.ranking import CellLanguages, Group, GroupMember, Rules

_LENGTH = 8  # Bytes that hold the length of the header.


class CubeTask(NamedTuple):
    """What filters and pages ask of a task."""

    id: int
    name: str
    type: str
    is_public: bool
    weight: int
    subtypes: list[str]
    domains: list[str]
    modalities: list[str]


class CellKind(NamedTuple):
    """Cells that agree in task (by code), split, subset and languages."""

    task: int
    split: str
    subset: str
    languages: list[str]


class CubeRow(NamedTuple):
    """Whose row it is and what stands behind it; `revision` is the one that the row names."""

    model_meta_id: int
    experiment_id: str
    revision: str
    revisions: list[str]
    origins: list[str]


@dataclass(frozen=True, slots=True)
class CubeRules:
    """The benchmark's rules, as far as they do not follow from its tasks."""

    aggregations: list[str]
    public_tasks_only: bool
    sort_columns: list[str]
    language_view: list[str]


@dataclass(frozen=True)
class Cube:
    """The cells of a board, result by result in the order in which they are summed.

    `row_of_result`, `sequence_of_result` and `result_ids` have one entry per result, `score` one per cell. A sequence
    is the kinds of a result's cells, which a thousand results may share: sequence `s` has `sequence_lengths[s]` entries
    of `sequence_kinds`, where all sequences stand one after the other. Tasks, kinds and rows are numbered by their
    place in the lists; rows and `model_meta_ids` stand in the order that breaks ties. `repeating_rows` are the rows
    that have cells of a triple twice, which few files do. Groups name triples, that is (task, split, subset), by
    `triple_of_kind`.
    """

    tasks: list[CubeTask]
    kinds: list[CellKind]
    rows: list[CubeRow]
    model_meta_ids: list[int]
    rules_of_benchmark: CubeRules
    groups: list[Group]
    result_ids: npt.NDArray[np.int64]
    row_of_result: Ints
    sequence_of_result: Ints
    sequence_lengths: Ints
    sequence_kinds: Ints
    score: Floats
    repeating_rows: Ints

    @cached_property
    def rules(self) -> Rules:
        return Rules(
            task_names=[task.name for task in self.tasks],
            task_types=[task.type for task in self.tasks],
            task_is_public=[task.is_public for task in self.tasks],
            weights=[task.weight for task in self.tasks],
            aggregations=set(self.rules_of_benchmark.aggregations),
            public_tasks_only=self.rules_of_benchmark.public_tasks_only,
            sort_columns=self.rules_of_benchmark.sort_columns,
            groups=self.groups,
        )

    @cached_property
    def model_of_row(self) -> Ints:
        code = {model_meta_id: number for number, model_meta_id in enumerate(self.model_meta_ids)}
        return np.array([code[row.model_meta_id] for row in self.rows], dtype=np.intp)

    @cached_property
    def _triples(self) -> tuple[Ints, Ints, Ints, Ints]:
        """(triple of each kind; task, split and subset of each triple)."""
        triples: dict[tuple[int, str, str], int] = {}
        splits: dict[str, int] = {}
        subsets: dict[str, int] = {}
        of_kind = [triples.setdefault(kind[:3], len(triples)) for kind in self.kinds]
        columns = [
            (task, splits.setdefault(split, len(splits)), subsets.setdefault(subset, len(subsets)))
            for task, split, subset in triples
        ]
        task_of, split_of, subset_of = np.array(columns, dtype=np.intp).reshape(-1, 3).T.copy()
        return np.array(of_kind, dtype=np.intp), task_of, split_of, subset_of

    @property
    def triple_of_kind(self) -> Ints:
        return self._triples[0]

    @cached_property
    def task_of_kind(self) -> Ints:
        return np.array([kind.task for kind in self.kinds], dtype=np.intp)

    @cached_property
    def n_cells_of_result(self) -> Ints:
        return self.sequence_lengths[self.sequence_of_result]

    @cached_property
    def result_of_cell(self) -> Ints:
        return np.repeat(np.arange(len(self.n_cells_of_result)), self.n_cells_of_result)

    @cached_property
    def kind(self) -> Ints:
        """The kind of each cell."""
        starts = _starts(self.sequence_lengths)[self.sequence_of_result]
        return self.sequence_kinds[_ranges(starts, self.n_cells_of_result)]

    @cached_property
    def task_of_result(self) -> Ints:
        """All cells of a result are of one task, and it has at least one."""
        return self._task_of_sequence[self.sequence_of_result]

    @cached_property
    def _task_of_sequence(self) -> Ints:
        return self.task_of_kind[self.sequence_kinds[_starts(self.sequence_lengths)]]

    @cached_property
    def languages(self) -> list[str]:
        """Every language of the cells, in order of appearance."""
        return list(dict.fromkeys(code for kind in self.kinds for code in kind.languages))

    @cached_property
    def language_lists(self) -> tuple[list[tuple[str, ...]], Ints]:
        """The different lists of languages that cells name, and which of them each kind has."""
        numbers: dict[tuple[str, ...], int] = {}
        of_kind = [numbers.setdefault(tuple(kind.languages), len(numbers)) for kind in self.kinds]
        return list(numbers), np.array(of_kind, dtype=np.intp)

    @property
    def n_bytes(self) -> int:
        """What it takes in memory, about: the lists are counted with a plain guess for each entry."""
        arrays = (self.result_ids, self.row_of_result, self.sequence_of_result, self.sequence_kinds, self.score)
        return sum(array.nbytes for array in arrays) + 400 * (len(self.kinds) + len(self.rows))

    def select(self, *, kinds: Bools | None = None) -> Selection:
        """The cells of some kinds (boolean, by number); without them all."""
        source = _Chosen(self, np.ones(len(self.kinds), dtype=bool) if kinds is None else kinds)
        _, task_of, split_of, subset_of = self._triples
        cells = Cells(
            source=source,
            model_of_row=self.model_of_row,
            task_of=task_of,
            split_of=split_of,
            subset_of=subset_of,
            n_models=len(self.model_meta_ids),
            n_tasks=len(self.tasks),
            repeating_rows=self.repeating_rows,
        )
        return Selection(cells, source.kind)

    def blocks(self, kinds: Bools) -> Iterator[tuple[Ints, Ints, Floats]]:
        """(row, kind, score) of the cells of some kinds, some results at a time, without looking at other cells.

        What a sequence keeps, all results that have it keep.
        """
        kept = kinds[self.sequence_kinds]
        places = np.flatnonzero(kept)
        n_kept = np.add.reduceat(kept, _starts(self.sequence_lengths), dtype=np.intp)
        within = places - np.repeat(_starts(self.sequence_lengths), n_kept)
        kind_of_place = self.sequence_kinds[places]
        n_cells = n_kept[self.sequence_of_result]
        starts, entries = _starts(self.n_cells_of_result), _starts(n_kept)[self.sequence_of_result]
        ends = np.cumsum(n_cells)
        first = done = 0
        while done < ends[-1]:
            last = max(int(np.searchsorted(ends, done + BLOCK, side="right")), first + 1)
            results = slice(first, last)
            entry = _ranges(entries[results], n_cells[results])
            cells = np.repeat(starts[results], n_cells[results])
            cells += within[entry]
            yield np.repeat(self.row_of_result[results], n_cells[results]), kind_of_place[entry], self.score[cells]
            first, done = last, int(ends[last - 1])

    def without_tasks(self, left_out: Collection[int]) -> Cube:
        """The cube as if the benchmark did not have these tasks (by number)."""
        kept_tasks = [task for task in range(len(self.tasks)) if task not in left_out]
        code = {task: number for number, task in enumerate(kept_tasks)}
        kinds = ~np.isin(self.task_of_kind, list(left_out))
        triple: dict[int, int] = {}
        for old in self.triple_of_kind[kinds].tolist():
            triple.setdefault(old, len(triple))
        sequences = ~np.isin(self._task_of_sequence, list(left_out))
        results = sequences[self.sequence_of_result]
        return replace(
            self,
            tasks=[self.tasks[task] for task in kept_tasks],
            kinds=[self.kinds[kind]._replace(task=code[self.kinds[kind].task]) for kind in np.flatnonzero(kinds)],
            groups=[_renumbered(group, code, triple) for group in self.groups],
            result_ids=self.result_ids[results],
            row_of_result=self.row_of_result[results],
            sequence_of_result=(np.cumsum(sequences) - 1)[self.sequence_of_result[results]],
            sequence_lengths=self.sequence_lengths[sequences],
            sequence_kinds=(np.cumsum(kinds) - 1)[self.sequence_kinds[np.repeat(sequences, self.sequence_lengths)]],
            score=self.score[np.repeat(results, self.n_cells_of_result)],
        )

    def cell_languages(self, kind: Ints) -> CellLanguages:
        """The languages of cells of these kinds, one entry for each time that a cell names one."""
        code = {name: number for number, name in enumerate(self.languages)}
        lists = [[code[name] for name in of.languages] for of in self.kinds]
        lengths = np.array([len(codes) for codes in lists], dtype=np.intp)
        flat = np.array([number for codes in lists for number in codes], dtype=np.intp)
        starts = np.cumsum(lengths) - lengths
        n_of_cell = lengths[kind]
        cell = np.repeat(np.arange(len(kind)), n_of_cell)
        within = np.arange(len(cell)) - np.repeat(np.cumsum(n_of_cell) - n_of_cell, n_of_cell)
        return CellLanguages(cell, flat[starts[kind][cell] + within], self.languages)


def _starts(lengths: Ints) -> Ints:
    """Where each run begins, of runs that stand one after the other."""
    return np.cumsum(lengths) - lengths


def _ranges(starts: Ints, lengths: Ints) -> Ints:
    """`starts[0]`, `starts[0] + 1`, … (`lengths[0]` of them), then those of the next start."""
    numbers = np.arange(lengths.sum())
    numbers += np.repeat(starts - _starts(lengths), lengths)
    return numbers


def _renumbered(group: Group, task: Mapping[int, int], triple: Mapping[int, int]) -> Group:
    """The group without the members whose task is gone."""
    members = [
        GroupMember(
            task[member.task],
            None if member.triples is None else tuple(triple[one] for one in member.triples),
        )
        for member in group.members
        if member.task in task
    ]
    return Group(group.dimension, group.label, tuple(members))


@dataclass(frozen=True)
class _Chosen:
    """The cells of some kinds, as `aggregation.CellSource`."""

    cube: Cube
    kinds: Bools

    def blocks(self) -> Iterator[tuple[Ints, Ints, Floats]]:
        triple_of = self.cube.triple_of_kind
        # Mostly kinds are triples, in the same order.
        are_triples = len(triple_of) == len(self.cube._triples[1])
        for row, kind, score in self.cube.blocks(self.kinds):
            yield row, kind if are_triples else triple_of[kind], score

    def arrays(self) -> tuple[Ints, Ints, Floats]:
        row, kind, score = self._columns
        return row, self.cube.triple_of_kind[kind], score

    def kind(self) -> Ints:
        return self._columns[1]

    @cached_property
    def _columns(self) -> tuple[Ints, Ints, Floats]:
        """Row, kind and score of all cells."""
        nothing = np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp), np.zeros(0)
        rows, kinds, scores = zip(*(list(self.cube.blocks(self.kinds)) or [nothing]), strict=True)
        return np.concatenate(rows), np.concatenate(kinds), np.concatenate(scores)


@dataclass(frozen=True)
class Selection:
    """Some cells of a cube and the kind of each."""

    cells: Cells
    load_kind: Callable[[], Ints]

    @property
    def kind(self) -> Ints:
        return self.load_kind()

    def only(self, mask: Bools) -> Selection:
        """The cells where `mask` is true."""
        kind = self.kind[mask]
        return Selection(self.cells.only(mask), lambda: kind)


def pack(cube: Cube) -> bytes:
    """The cube as bytes for `unpack`."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "result_ids": cube.result_ids.astype(np.int64),
        "row_of_result": cube.row_of_result.astype(np.int32),
        "sequence_of_result": cube.sequence_of_result.astype(np.int32),
        "sequence_lengths": cube.sequence_lengths.astype(np.int32),
        "sequence_kinds": cube.sequence_kinds.astype(np.uint16 if len(cube.kinds) <= 0xFFFF else np.uint32),
        "score": cube.score,
        "repeating_rows": cube.repeating_rows.astype(np.int32),
    }
    header = orjson.dumps(
        {
            "tasks": list(map(tuple, cube.tasks)),
            "kinds": list(map(tuple, cube.kinds)),
            "rows": list(map(tuple, cube.rows)),
            "model_meta_ids": cube.model_meta_ids,
            "rules": asdict(cube.rules_of_benchmark),
            "groups": [[group.dimension, group.label, [list(m) for m in _members(group)]] for group in cube.groups],
            "arrays": {name: [array.dtype.str, len(array)] for name, array in arrays.items()},
        }
    )
    parts = [len(header).to_bytes(_LENGTH, "little"), header, *(array.tobytes() for array in arrays.values())]
    return zstandard.ZstdCompressor(level=1).compress(b"".join(parts))


def _members(group: Group) -> list[tuple[int, list[int] | None]]:
    return [(member.task, None if member.triples is None else list(member.triples)) for member in group.members]


def unpack(packed: bytes) -> Cube:
    """The cube that `pack` was given; its arrays are views of one block of memory."""
    data = zstandard.ZstdDecompressor().decompress(packed)
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    header: dict[str, Any] = orjson.loads(data[_LENGTH:start])
    arrays: dict[str, Any] = {}
    for name, (dtype, length) in header["arrays"].items():
        arrays[name] = np.frombuffer(data, dtype=dtype, count=length, offset=start)
        start += arrays[name].nbytes
    return Cube(
        tasks=[CubeTask._make(task) for task in header["tasks"]],
        kinds=[CellKind._make(kind) for kind in header["kinds"]],
        rows=[CubeRow._make(row) for row in header["rows"]],
        model_meta_ids=header["model_meta_ids"],
        rules_of_benchmark=CubeRules(**header["rules"]),
        groups=[Group(dimension, label, _unpacked_members(members)) for dimension, label, members in header["groups"]],
        **arrays,
    )


def _unpacked_members(members: Sequence[tuple[int, list[int] | None]]) -> tuple[GroupMember, ...]:
    return tuple(GroupMember(task, None if triples is None else tuple(triples)) for task, triples in members)
