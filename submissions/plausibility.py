"""What is unusual about a submission, in sentences: its facts before it is evaluated, its scores once there are some.

Nothing here decides. A finding is a reason to look; honest models beat the best every week.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Fewer models of a size say nothing about what is usual for it.
MIN_PEERS = 8
# Standard deviations from the mean of the models of the size: of one task, and on average over all tasks.
UNUSUAL_ON_A_TASK = 3.0
UNUSUAL_ON_AVERAGE = 2.0
# Two models that agree so far on each of several tasks are one model, or nearly: 0.2 points.
ALMOST_EQUAL = 0.002
EQUAL = 0.00005
MIN_COMMON_TASKS = 3
SHOWN = 6
WORTH_SAYING = ("license", "languages", "adapted_from", "training_approach")
"""What a card is expected to say in a form that machines read."""

_SIZE_LIMITS = (
    (100e6, "under 100M"),
    (500e6, "100M to 500M"),
    (1e9, "500M to 1B"),
    (5e9, "1B to 5B"),
)
LARGEST_SIZE = "5B and more"
UNKNOWN_SIZE = ""
SIZE_CLASSES = (*(label for _, label in _SIZE_LIMITS), LARGEST_SIZE)


class Kind(StrEnum):
    REMOTE_CODE = "remote_code"
    SAME_SCORES = "same_scores"
    SAME_NAME = "same_name"
    BEATS_BEST = "beats_best"
    HIGH_FOR_SIZE = "high_for_size"
    LOW_FOR_SIZE = "low_for_size"
    TRAINED_ON_TASKS = "trained_on_tasks"
    TRAINING_UNKNOWN = "training_unknown"
    LARGE = "large"
    SIZE_UNKNOWN = "size_unknown"
    LICENCE_UNKNOWN = "licence_unknown"
    NO_CARD = "no_card"
    THIN_CARD = "thin_card"
    FIRST_SUBMISSION = "first_submission"


# The words of each badge, gravest first.
LABELS = {
    Kind.REMOTE_CODE: "remote code",
    Kind.SAME_SCORES: "scores of a known model",
    Kind.SAME_NAME: "name of a known model",
    Kind.BEATS_BEST: "beats the best",
    Kind.HIGH_FOR_SIZE: "high for its size",
    Kind.LOW_FOR_SIZE: "low for its size",
    Kind.TRAINED_ON_TASKS: "trained on asked tasks",
    Kind.TRAINING_UNKNOWN: "training data unknown",
    Kind.LARGE: "bigger than usual",
    Kind.SIZE_UNKNOWN: "size unknown",
    Kind.LICENCE_UNKNOWN: "licence unknown",
    Kind.NO_CARD: "no card",
    Kind.THIN_CARD: "card says little",
    Kind.FIRST_SUBMISSION: "first submission of this person",
}
GRAVE = frozenset({Kind.REMOTE_CODE, Kind.SAME_SCORES, Kind.SAME_NAME})
# A suspicion about somebody is for those who look into it.
NOT_FOR_SUBMITTERS = frozenset({Kind.SAME_SCORES, Kind.SAME_NAME, Kind.FIRST_SUBMISSION})


@dataclass(frozen=True)
class Finding:
    """One unusual thing: a sentence, and the single cases behind it where there are several."""

    kind: Kind
    sentence: str
    lines: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Facts:
    """What is known of a submission before anything ran.

    `seen_tasks` are the tasks whose data the model was trained on, None where nobody says; `base_seen_tasks` those of
    its base model. `known_sizes` are the numbers of parameters of the models that the board knows. `code` is the
    sentence of the check that found code of the model's own.
    """

    asked_tasks: Sequence[str] = ()
    n_parameters: int | None = None
    known_sizes: Sequence[int] = ()
    licence: str | None = None
    card_says: frozenset[str] = frozenset()
    code: str = ""
    seen_tasks: frozenset[str] | None = None
    base_model: str = ""
    base_seen_tasks: frozenset[str] | None = None
    namesakes: Sequence[str] = ()
    is_first: bool = False


@dataclass(frozen=True)
class Competitors:
    """What other models have: `scores[i, j]` is that of `models[i]` on `tasks[j]`, NaN where it has none."""

    tasks: Sequence[str]
    models: Sequence[str]
    sizes: Sequence[int | None]
    scores: Floats


def size_class(n_parameters: int | None) -> str:
    if n_parameters is None:
        return UNKNOWN_SIZE
    return next((label for limit, label in _SIZE_LIMITS if n_parameters < limit), LARGEST_SIZE)


def findings(facts: Facts, scores: Mapping[str, float], others: Competitors) -> list[Finding]:
    """Everything unusual, the gravest first. `scores` are the submission's own, as fractions."""
    found = [
        *_about_code(facts),
        *_about_names(facts),
        *_about_training(facts),
        *_about_size(facts),
        *_about_card(facts),
        *_about_person(facts),
    ]
    if scores and len(others.models):
        own = np.array([scores.get(task, np.nan) for task in others.tasks], dtype=np.float64)
        found += [
            *_same_scores(facts, own, others),
            *_beaten(own, others),
            *_against_size(facts.n_parameters, own, others),
        ]
    order = list(LABELS)
    return sorted(found, key=lambda finding: order.index(finding.kind))


def _about_code(facts: Facts) -> Iterable[Finding]:
    if facts.code:
        yield Finding(Kind.REMOTE_CODE, facts.code)


def _about_names(facts: Facts) -> Iterable[Finding]:
    if facts.namesakes:
        yield Finding(Kind.SAME_NAME, f"The board knows the same name elsewhere: {_some(facts.namesakes)}.")


def _about_training(facts: Facts) -> Iterable[Finding]:
    asked = set(facts.asked_tasks)
    seen = sorted(asked & facts.seen_tasks) if facts.seen_tasks is not None else []
    if seen:
        sentence = f"Its training data covers {len(seen)} of the {len(asked)} tasks that were asked for: {_some(seen)}."
        yield Finding(Kind.TRAINED_ON_TASKS, sentence)
    elif by_base := sorted(asked & (facts.base_seen_tasks or frozenset())):
        yield Finding(
            Kind.TRAINED_ON_TASKS,
            f"Its base model {facts.base_model} was trained on {len(by_base)} of the {len(asked)} tasks that were "
            f"asked for: {_some(by_base)}.",
        )
    if facts.seen_tasks is None:
        yield Finding(Kind.TRAINING_UNKNOWN, "Nobody says what it was trained on.")


def _about_size(facts: Facts) -> Iterable[Finding]:
    if facts.n_parameters is None:
        yield Finding(Kind.SIZE_UNKNOWN, "How many parameters it has is not known.")
        return
    if len(facts.known_sizes) < MIN_PEERS:
        return
    smaller = float(np.mean(np.asarray(facts.known_sizes) < facts.n_parameters))
    if smaller >= 0.9:
        yield Finding(
            Kind.LARGE,
            f"It has {facts.n_parameters / 1e9:.1f}B parameters, more than {smaller:.0%} of the "
            f"{len(facts.known_sizes)} models whose size the board knows.",
        )


def _about_card(facts: Facts) -> Iterable[Finding]:
    if facts.licence is None:
        yield Finding(Kind.LICENCE_UNKNOWN, "Its licence is not known.")
    if not facts.card_says:
        yield Finding(Kind.NO_CARD, "There is no model card, or none whose front matter says anything of the model.")
        return
    missing = [name.replace("adapted_from", "base model") for name in WORTH_SAYING if name not in facts.card_says]
    if len(missing) > len(WORTH_SAYING) // 2:
        words = ", ".join(name.replace("_", " ").replace("license", "licence") for name in missing)
        yield Finding(Kind.THIN_CARD, f"The model card says nothing of: {words}.")


def _about_person(facts: Facts) -> Iterable[Finding]:
    if facts.is_first:
        yield Finding(Kind.FIRST_SUBMISSION, "It is the first submission of this person.")


def _same_scores(facts: Facts, own: Floats, others: Competitors) -> Iterable[Finding]:
    """The model whose scores agree most, if they agree on each of enough common tasks."""
    distances = np.abs(others.scores - own)
    n_common = np.count_nonzero(~np.isnan(distances), axis=1)
    enough = n_common >= max(MIN_COMMON_TASKS, (np.count_nonzero(~np.isnan(own)) + 1) // 2)
    if not enough.any():
        return
    furthest = np.where(enough, np.nanmax(np.where(np.isnan(distances), -1.0, distances), axis=1), np.inf)
    nearest = int(np.argmin(furthest))
    if furthest[nearest] > ALMOST_EQUAL:
        return
    model = others.models[nearest]
    named = f"{model}, which it names as its base model," if model == facts.base_model else model
    how_far = "equal" if furthest[nearest] <= EQUAL else "almost equal"
    yield Finding(
        Kind.SAME_SCORES,
        f"Its scores are {how_far} to those of {named} on all {n_common[nearest]} common tasks; "
        f"they differ by {_points(furthest[nearest])} points at most.",
    )


def _beaten(own: Floats, others: Competitors) -> Iterable[Finding]:
    """Tasks on which it is ahead of everybody else."""
    known = np.where(np.isnan(others.scores), -np.inf, others.scores)
    leaders = np.argmax(known, axis=0)
    best = known[leaders, np.arange(len(others.tasks))]
    margins = np.where(np.isfinite(best) & ~np.isnan(own), own - best, -np.inf)
    ahead = [int(place) for place in np.argsort(-margins, kind="stable") if margins[place] > 0]
    if not ahead:
        return
    n_tasks = int(np.count_nonzero(~np.isnan(own)))
    yield Finding(
        Kind.BEATS_BEST,
        f"It is ahead of every other model on {len(ahead)} of {n_tasks} tasks.",
        [
            f"{others.tasks[place]}: {_points(own[place])}; the best so far is {_points(best[place])} "
            f"of {others.models[leaders[place]]}"
            for place in ahead[:SHOWN]
        ],
    )


def _against_size(n_parameters: int | None, own: Floats, others: Competitors) -> Iterable[Finding]:
    """How far its scores lie from those of the models of its size, in their standard deviations."""
    label = size_class(n_parameters)
    of_size = np.array([size_class(size) == label for size in others.sizes], dtype=bool)
    if label == UNKNOWN_SIZE or not of_size.any():
        return
    peers = others.scores[of_size]
    z, means, deviations, counts = standard_scores(own, peers)
    if np.isnan(z).all():
        return
    average = float(np.nanmean(z))
    for kind, sign, word in ((Kind.HIGH_FOR_SIZE, 1, "above"), (Kind.LOW_FOR_SIZE, -1, "below")):
        ordered = np.argsort(np.where(np.isnan(z), np.inf, -sign * z), kind="stable")
        far = [int(place) for place in ordered if sign * z[place] >= UNUSUAL_ON_A_TASK]
        if sign * average < UNUSUAL_ON_AVERAGE and not far:
            continue
        n_known = int(np.count_nonzero(~np.isnan(z)))
        shown = far or [int(place) for place in ordered if not np.isnan(z[place])]
        yield Finding(
            kind,
            f"It scores {abs(average):.1f} standard deviations {'above' if average > 0 else 'below'} models of "
            f"{label} parameters on average of {n_known} tasks, and more than {UNUSUAL_ON_A_TASK:.0f} {word} "
            f"on {len(far)} of them.",
            [
                f"{others.tasks[place]}: {_points(own[place])} against {_points(means[place])} ± "
                f"{_points(deviations[place])} of {counts[place]} models (z = {z[place]:+.1f})"
                for place in shown[:SHOWN]
            ],
        )


def standard_scores(own: Floats, peers: Floats) -> tuple[Floats, Floats, Floats, npt.NDArray[np.intp]]:
    """(z, mean, standard deviation, number of peers) by task; NaN where peers are too few or all alike."""
    counts = np.count_nonzero(~np.isnan(peers), axis=0)
    enough = counts >= MIN_PEERS
    means, deviations = np.full(len(own), np.nan), np.full(len(own), np.nan)
    means[enough] = np.nanmean(peers[:, enough], axis=0)
    deviations[enough] = np.nanstd(peers[:, enough], axis=0, ddof=1)
    spread = enough & (deviations > 1e-6)
    z = np.full(len(own), np.nan)
    z[spread] = (own[spread] - means[spread]) / deviations[spread]
    return z, means, deviations, counts


def _points(score: float) -> str:
    """A fraction as the boards show it."""
    return f"{100 * score:.2f}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
