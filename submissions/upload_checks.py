"""What is checked of uploaded results: what the official intake checks, and what it does not. See docs/uploads.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from statistics import fmean, stdev
from typing import Any

from packaging.version import Version

from leaderboard.currency import parsed_version
from leaderboard.result_files import ParsedResult
from leaderboard.staleness import VersionRange
from submissions.checks import Outcome

MODEL_NAME = re.compile(r"[\w.-]{1,150}/[\w.-]{1,150}")
COMMIT = re.compile(r"[0-9a-f]{40}")
LARGEST_MOVE = 0.001
SAME = 1e-6
OLDEST_VERSION = Version("1.11.0")
"""Before it result files had another form, without the revision of the dataset in many of them."""
FEWEST_PEERS = 8
FAR_OUTSIDE = 3.0
SHOWN = 4
REQUIRED_METADATA = (
    "name",
    "revision",
    "languages",
    "n_parameters",
    "max_tokens",
    "embed_dim",
    "license",
    "open_weights",
    "framework",
    "similarity_fn_name",
    "use_instructions",
    "training_datasets",
)
"""Keys of model_meta.json that have to be there for a model that nobody knows; a value may be null where unknown."""

Cell = tuple[str, str]


class About(StrEnum):
    FOLDER = "Folder"
    MODEL = "Model"
    REVISION = "Revision"
    FILE = "File"
    TASK = "Task"
    SCORES = "Scores"
    METRIC = "Main score"
    COVERAGE = "Coverage"
    DATASET = "Dataset"
    VERSION = "mteb version"
    CHANGES = "Changes"
    PLAUSIBLE = "Plausibility"
    RERUN = "Run here"


@dataclass(frozen=True)
class Verdict:
    name: About
    outcome: Outcome
    sentence: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def problem(about: About, sentence: str) -> Verdict:
    return Verdict(about, Outcome.ERROR, sentence)


def note(about: About, sentence: str) -> Verdict:
    return Verdict(about, Outcome.WARNING, sentence)


def fine(about: About, sentence: str) -> Verdict:
    return Verdict(about, Outcome.OK, sentence)


def stopping(verdicts: Sequence[Verdict]) -> bool:
    return any(verdict.outcome is Outcome.ERROR for verdict in verdicts)


@dataclass(frozen=True)
class KnownTask:
    """What the board knows of a task. Without splits or subsets every one counts."""

    name: str
    metric: str
    splits: Sequence[str]
    subsets: Sequence[str]
    dataset_revision: str
    in_use: bool = True
    best: tuple[float, str] | None = None
    peers: Sequence[float] = ()
    """Scores of models of about the same size."""
    wrong_versions: Sequence[tuple[VersionRange, str]] = ()
    """Versions of mteb that give wrong scores on it, with the reason."""

    def declares(self, cell: Cell) -> bool:
        return cell[0] in (self.splits or cell) and cell[1] in (self.subsets or cell)


@dataclass(frozen=True)
class KnownResult:
    """A stored result of the same model revision, settings and task."""

    scores: Mapping[Cell, float | None]
    languages: Mapping[Cell, frozenset[str]]
    dataset_revision: str | None
    is_same_file: bool = False


@dataclass(frozen=True)
class Read:
    """A file that was read: its facts, and the values of every metric by cell."""

    stem: str
    parsed: ParsedResult
    metrics: Mapping[Cell, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def scores(self) -> dict[Cell, float | None]:
        return dict(zip(self._cells, self.parsed.main_scores, strict=True))

    @property
    def languages(self) -> dict[Cell, frozenset[str]]:
        return {cell: frozenset(codes) for cell, codes in zip(self._cells, self.parsed.languages, strict=True)}

    @property
    def _cells(self) -> list[Cell]:
        return list(zip(self.parsed.splits, self.parsed.subsets, strict=True))


def check_model_folder(
    *, model_folder: str, revision_folder: str, name: str, revision: str, open_weights: bool | None
) -> list[Verdict]:
    """Whether names agree, and the revision is one."""
    if not name or not revision:
        return [
            problem(
                About.MODEL,
                "Nobody can tell whose results these are: add model_meta.json, keep the folders "
                "<org>__<name>/<revision>/, or name model and revision in the form.",
            )
        ]
    if not MODEL_NAME.fullmatch(name):
        return [problem(About.MODEL, f"“{name}” is no name of a model. Write it as on the Hub: organisation/model.")]
    if model_folder and model_folder != name.replace("/", "__"):
        return [
            problem(
                About.FOLDER,
                f"The folder is called {model_folder}, but model_meta.json says {name}: the folder of that model is "
                f"{name.replace('/', '__')}.",
            )
        ]
    if revision_folder and revision_folder != revision:
        return [
            problem(
                About.FOLDER, f"The folder is called {revision_folder}, but model_meta.json says revision {revision}."
            )
        ]
    return [_check_revision(revision, open_weights)]


def _check_revision(revision: str, open_weights: bool | None) -> Verdict:
    if COMMIT.fullmatch(revision):
        return fine(About.REVISION, f"{revision} is a commit.")
    if len(revision) == 1 and open_weights is False:
        return fine(About.REVISION, "A model behind an interface has a version of one character instead of a commit.")
    return problem(
        About.REVISION,
        f"“{revision}” is not a commit of 40 hexadecimal digits. Run the model at a commit; only a model without open "
        "weights may have a version of one character.",
    )


def missing_metadata(metadata: Mapping[str, Any]) -> list[str]:
    return [key for key in REQUIRED_METADATA if key not in metadata]


def check_result(
    read: Read, task: KnownTask | None, stored: KnownResult | None, run: KnownResult | None
) -> list[Verdict]:
    """Every check of one file. `stored` is what somebody reported of it before, `run` what a run here gave."""
    if task is None:
        return [
            problem(
                About.TASK,
                f"{read.parsed.task_name} is no task of this board. Check the name; a task of your own has to be added "
                "before its results.",
            )
        ]
    return [
        _task(read, task),
        *_scores(read),
        *_metric(read, task),
        _coverage(read, task),
        _dataset(read, task),
        _version(read, task),
        *_changes(read, stored),
        *_plausibility(read, task),
        *_run(read, run),
    ]


def _task(read: Read, task: KnownTask) -> Verdict:
    if read.stem != task.name:
        return problem(
            About.FILE, f"The file is called {read.stem}.json and holds {task.name}. Name it {task.name}.json."
        )
    if not task.in_use:
        return note(About.TASK, f"{task.name} has left mteb's registry; no board counts it.")
    return fine(About.TASK, f"The file holds {task.name}.")


def _scores(read: Read) -> list[Verdict]:
    missing = [cell for cell, score in read.scores.items() if score is None]
    if not read.scores or missing:
        where = f" in {_cells(missing)}" if missing else ""
        return [problem(About.SCORES, f"A main score is missing or NaN{where}. Run these again; leave no gap.")]
    outside = [(cell, score) for cell, score in read.scores.items() if score is not None and abs(score) > 1]
    if outside:
        cell, score = outside[0]
        hint = " Scores are fractions, not percent." if 1 < score <= 100 else ""
        return [problem(About.SCORES, f"{_cells([cell])} has {score:g}, outside of -1 to 1.{hint}")]
    negative = [cell for cell, score in read.scores.items() if score is not None and score < 0]
    if negative:
        return [note(About.SCORES, f"Below zero in {_cells(negative)}, which correlations and p-MRR may be.")]
    return [fine(About.SCORES, "Every main score is there and between 0 and 1.")]


def _metric(read: Read, task: KnownTask) -> list[Verdict]:
    """Whether the main score is the metric that the task names."""
    absent, wrong = [], []
    for cell, score in read.scores.items():
        value = read.metrics.get(cell, {}).get(task.metric)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            absent.append(cell)
        elif score is not None and not abs(value - score) <= SAME:
            wrong.append((cell, score, float(value)))
    if wrong:
        cell, score, value = wrong[0]
        return [
            problem(
                About.METRIC,
                f"The main score of {_cells([cell])} is {score:g}, but its {task.metric}, which the task goes by, is "
                f"{value:g}. Hand in the file as mteb wrote it.",
            )
        ]
    if absent:
        return [note(About.METRIC, f"{task.metric} is not in the file, so the main score cannot be compared with it.")]
    return [fine(About.METRIC, f"The main score is {task.metric}, as the task says.")]


def _coverage(read: Read, task: KnownTask) -> Verdict:
    wanted = [(split, subset) for split in task.splits for subset in task.subsets]
    missing = [cell for cell in wanted if cell not in read.scores]
    beyond = [cell for cell in read.scores if not task.declares(cell)]
    if wanted and len(missing) == len(wanted):
        return problem(
            About.COVERAGE,
            f"None of the splits and subsets that {task.name} counts is in the file: it counts {_cells(wanted)}.",
        )
    if missing:
        return note(
            About.COVERAGE,
            f"{len(missing)} of {len(wanted)} are missing: {_cells(missing)}. Boards show the task as incomplete.",
        )
    more = f" {_cells(beyond)} count for nothing." if beyond else ""
    return fine(About.COVERAGE, f"Every split and subset that counts is there.{more}")


def _dataset(read: Read, task: KnownTask) -> Verdict:
    revision = read.parsed.dataset_revision
    if not task.dataset_revision:
        return note(About.DATASET, "The task names no revision of its dataset, so it cannot be compared.")
    if revision is None:
        return problem(
            About.DATASET, "The file does not say which revision of the dataset was used. Run the task again."
        )
    if revision != task.dataset_revision:
        return problem(
            About.DATASET,
            f"It was made on revision {revision} of the dataset; the task names {task.dataset_revision} now. "
            "Run it again with a current mteb.",
        )
    return fine(About.DATASET, "The dataset revision is the current one.")


def _version(read: Read, task: KnownTask) -> Verdict:
    written = read.parsed.mteb_version
    version = parsed_version(written)
    if version is None:
        said = (
            f"“{written}” is no version of mteb" if written else "The file does not say which version of mteb made it"
        )
        return problem(About.VERSION, f"{said}. Run it with one released version, and hand in that file.")
    if version < OLDEST_VERSION:
        return problem(
            About.VERSION, f"It was made by mteb {version}; results count from {OLDEST_VERSION} on. Run it again."
        )
    if reason := next((reason for wrong, reason in task.wrong_versions if written in wrong), None):
        return problem(About.VERSION, f"mteb {version} is known to be wrong on {task.name}: {reason} Run it again.")
    if version.is_devrelease or version.local:
        return note(About.VERSION, f"mteb {version} was never released, so nobody can install it to check the score.")
    return fine(About.VERSION, f"Made by mteb {version}.")


def _changes(read: Read, stored: KnownResult | None) -> list[Verdict]:
    """Against what is stored of this revision: nothing may go, and scores stay."""
    if stored is None:
        return []
    if stored.is_same_file:
        return [note(About.CHANGES, "This very file is here already; it will not be stored twice.")]
    gone = [cell for cell in stored.scores if cell not in read.scores]
    if gone:
        return [problem(About.CHANGES, f"{_cells(gone)} were in the result before and are missing now. Keep them.")]
    languages = read.languages
    lost = [cell for cell, codes in stored.languages.items() if not codes <= languages.get(cell, frozenset())]
    if lost:
        return [problem(About.CHANGES, f"Languages of {_cells(lost)} that the result had are missing now. Keep them.")]
    if stored.dataset_revision != read.parsed.dataset_revision:
        return [note(About.CHANGES, "A result on another revision of the dataset is known; this one stands beside it.")]
    moved = [
        (abs(score - old), cell)
        for cell, old in stored.scores.items()
        if old is not None and (score := read.scores[cell]) is not None
    ]
    largest, cell = max(moved, default=(0.0, ("", "")))
    if largest > LARGEST_MOVE + 1e-12:
        return [
            problem(
                About.CHANGES,
                f"The score of {_cells([cell])} moves by {largest:.4f} from the result that is known of this revision; "
                f"at most {LARGEST_MOVE} is allowed. A changed model is a new revision.",
            )
        ]
    return [fine(About.CHANGES, "It agrees with the result that is known of this revision.")]


def _plausibility(read: Read, task: KnownTask) -> list[Verdict]:
    scores = [score for cell, score in read.scores.items() if score is not None and task.declares(cell)]
    if not scores or any(abs(score) > 1 for score in scores):
        return []
    mean = fmean(scores)
    found = []
    if task.best and mean > task.best[0]:
        found.append(
            note(
                About.PLAUSIBLE,
                f"{100 * mean:.2f} beats the best so far, {100 * task.best[0]:.2f} of {task.best[1]}. A moderator "
                "looks at it closely.",
            )
        )
    if len(task.peers) >= FEWEST_PEERS and (spread := stdev(task.peers)) > 0:
        distance = (mean - fmean(task.peers)) / spread
        if abs(distance) > FAR_OUTSIDE:
            side = "above" if distance > 0 else "below"
            found.append(
                note(
                    About.PLAUSIBLE,
                    f"{100 * mean:.2f} is {abs(distance):.1f} standard deviations {side} the mean of the "
                    f"{len(task.peers)} models of about this size.",
                )
            )
    return found or [fine(About.PLAUSIBLE, "The score is within what models of this kind reach.")]


def _run(read: Read, run: KnownResult | None) -> list[Verdict]:
    if run is None or run.dataset_revision != read.parsed.dataset_revision:
        return []
    moved = [
        abs(score - own) for cell, own in run.scores.items() if own is not None and (score := read.scores.get(cell))
    ]
    if max(moved, default=0.0) > LARGEST_MOVE + 1e-12:
        return [
            note(About.RERUN, f"A run here gave something else, by up to {max(moved):.4f}; boards count the run here.")
        ]
    return [fine(About.RERUN, "A run here gave the same.")] if moved else []


def _cells(cells: Sequence[Cell]) -> str:
    """A few of them by name."""
    named = [split if subset == "default" else f"{split} {subset}" for split, subset in cells[:SHOWN]]
    more = f" and {len(cells) - SHOWN} more" if len(cells) > SHOWN else ""
    return f"{', '.join(named)}{more}"
