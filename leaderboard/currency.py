"""Which results count now.

Official scope: mteb's own rule (`BenchmarkResults.join_revisions`) picks one result per (model, variant, task): the
registry's revision first, then a parsable mteb version, then a real revision, then the higher version.

Whole scope, which adds runs of this board and uploads:

1. The official rule picks among the official results.
2. Results of one model revision and dataset revision form a group and merge per cell. In a group a run of this board
   goes before an official result, that before an upload, and of two alike the newer goes first.
3. A group competes if it holds the official pick, a run or an upload. The group that scores most cells counts, so a
   smaller run never replaces a larger one; of equals the one with a run of this board, then the one with the official
   pick, then the registry's revision, then the newest.
4. Results that a rule hides do not compete. Where a maintainer chose an earlier result, it stands for all that were
   stored up to then, and later ones compete with it. Neither changes the official scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.version import InvalidVersion, Version

OFFICIAL, UPLOAD, RUN = "official", "upload", "run"
_NO_REVISION = {"no_revision_available", "external"}
_KIND_ORDER = {RUN: 0, OFFICIAL: 1, UPLOAD: 2}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored result as the rule sees it.

    `timestamp` is the run's date in epoch seconds, else that of its storing. `cells` are the scored (split, subset)
    pairs; only the whole scope asks for them, and only where there is more than official results.
    """

    result_id: int
    kind: str
    revision: str
    is_registry_revision: bool
    mteb_version: str | None
    dataset_revision: str | None
    timestamp: float
    cells: frozenset[tuple[str, str]] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Choice:
    """A maintainer's: of the results up to `latest_result_id` only `result_id` competes."""

    result_id: int
    latest_result_id: int


def competing_candidates(
    candidates: Iterable[Candidate], hidden: Collection[int], choice: Choice | None
) -> list[Candidate]:
    """Those that may count in the whole scope. What a maintainer chose competes even where a rule would hide it."""
    return [
        candidate
        for candidate in candidates
        if (
            candidate.result_id not in hidden
            if choice is None or candidate.result_id > choice.latest_result_id
            else candidate.result_id == choice.result_id
        )
    ]


def official_choice(candidates: Iterable[Candidate]) -> Candidate | None:
    """The one official result that the official board shows; ties go to the result stored first."""
    official = [candidate for candidate in candidates if candidate.kind == OFFICIAL]
    return min(official, key=_official_order) if official else None


def current_parts(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The results that count in the whole scope, in merging order: a cell counts from the first that scores it."""
    pick = official_choice(candidates)
    if all(candidate.kind == OFFICIAL for candidate in candidates):
        return [pick] if pick else []
    groups: dict[tuple[str, str | None], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        groups[candidate.revision, candidate.dataset_revision].append(candidate)
    competing = [members for members in groups.values() if pick in members or any(m.kind != OFFICIAL for m in members)]
    best = min(competing, key=lambda members: _group_order(members, pick))
    return _needed(sorted(best, key=_merge_order))


def _official_order(candidate: Candidate) -> tuple[int, _Descending, int]:
    version = parsed_version(candidate.mteb_version)
    priority = (
        1000 * candidate.is_registry_revision
        + 100 * (version is not None)
        + 10 * (candidate.revision not in _NO_REVISION)
    )
    return -priority, _Descending(version), candidate.result_id


def _group_order(members: list[Candidate], pick: Candidate | None) -> tuple[int, bool, bool, bool, float]:
    cells = frozenset[tuple[str, str]]().union(*(member.cells for member in members))
    return (
        -len(cells),
        all(member.kind != RUN for member in members),
        pick not in members,
        not members[0].is_registry_revision,
        -max(member.timestamp for member in members),
    )


def _merge_order(candidate: Candidate) -> tuple[int, float, int]:
    return _KIND_ORDER[candidate.kind], -candidate.timestamp, -candidate.result_id


def _needed(ordered: list[Candidate]) -> list[Candidate]:
    """Without the results all of whose cells earlier ones already give."""
    parts: list[Candidate] = []
    scored: set[tuple[str, str]] = set()
    for candidate in ordered:
        if not candidate.cells <= scored or not parts:
            parts.append(candidate)
            scored |= candidate.cells
    return parts


@lru_cache(maxsize=4096)
def parsed_version(version: str | None) -> Version | None:
    """None where the version is missing or no version, such as the range "2.12.16-2.15.4"."""
    try:
        return None if version is None else Version(version)
    except InvalidVersion:
        return None


@dataclass(frozen=True, slots=True)
class _Descending:
    """Sorts versions from high to low, None last."""

    version: Version | None

    def __lt__(self, other: _Descending) -> bool:
        if self.version is None or other.version is None:
            return other.version is None and self.version is not None
        return self.version > other.version
