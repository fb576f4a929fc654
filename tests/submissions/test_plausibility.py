"""What counts as unusual: by facts, and by scores beside those of other models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from submissions.plausibility import (
    LABELS,
    SIZE_CLASSES,
    Competitors,
    Facts,
    Finding,
    Kind,
    findings,
    size_class,
    standard_scores,
)

TASKS = ("One", "Two", "Three", "Four")
NOBODY = Competitors([], [], [], np.empty((0, 0)))
SOUND = Facts(
    asked_tasks=TASKS,
    n_parameters=30_000_000,
    known_sizes=[20_000_000, 100_000_000] * 5,
    licence="Apache-2.0",
    card_says=frozenset({"license", "languages", "adapted_from", "training_approach"}),
    seen_tasks=frozenset(),
)


def crowd(n: int = 20, *, size: int = 40_000_000, spread: float = 0.02) -> Competitors:
    """Models of a size whose scores lie around 0.5 on each task."""
    scores = 0.5 + spread * np.random.default_rng(1).standard_normal((n, len(TASKS)))
    return Competitors(TASKS, [f"org/model-{number}" for number in range(n)], [size] * n, scores)


def kinds(facts: Facts = SOUND, scores: dict[str, float] | None = None, others: Competitors = NOBODY) -> list[Kind]:
    return [finding.kind for finding in findings(facts, scores or {}, others)]


def only(kind: Kind, facts: Facts, scores: dict[str, float], others: Competitors) -> Finding:
    return next(finding for finding in findings(facts, scores, others) if finding.kind is kind)


def test_a_sound_submission_has_nothing_unusual() -> None:
    usual = dict(zip(TASKS, (0.51, 0.49, 0.50, 0.495), strict=True))
    assert kinds(SOUND, usual, crowd()) == []


def test_every_kind_has_words_and_no_two_have_the_same() -> None:
    assert set(LABELS) == set(Kind)
    assert len(set(LABELS.values())) == len(LABELS)


@pytest.mark.parametrize(
    ("changes", "expected", "words"),
    [
        ({"code": "It needs code."}, Kind.REMOTE_CODE, "It needs code."),
        ({"namesakes": ["other/model"]}, Kind.SAME_NAME, "other/model"),
        (
            {"seen_tasks": frozenset({"Two", "Nine"})},
            Kind.TRAINED_ON_TASKS,
            "1 of the 4 tasks that were asked for: Two",
        ),
        (
            {"base_model": "org/base", "base_seen_tasks": frozenset({"One"})},
            Kind.TRAINED_ON_TASKS,
            "Its base model org/base was trained on 1 of the 4",
        ),
        ({"seen_tasks": None}, Kind.TRAINING_UNKNOWN, "Nobody says"),
        ({"n_parameters": 7_600_000_000}, Kind.LARGE, "7.6B parameters, more than 100% of the 10 models"),
        ({"n_parameters": None}, Kind.SIZE_UNKNOWN, "not known"),
        ({"licence": None}, Kind.LICENCE_UNKNOWN, "licence is not known"),
        ({"card_says": frozenset()}, Kind.NO_CARD, "no model card"),
        ({"card_says": frozenset({"license"})}, Kind.THIN_CARD, "languages, base model, training approach"),
        ({"is_first": True}, Kind.FIRST_SUBMISSION, "first submission"),
    ],
)
def test_an_unusual_fact_is_a_finding(changes: dict[str, object], expected: Kind, words: str) -> None:
    (finding,) = findings(replace(SOUND, **changes), {}, NOBODY)  # type: ignore[arg-type]
    assert finding.kind is expected
    assert words in finding.sentence


def test_too_few_models_of_known_size_make_nothing_large() -> None:
    assert kinds(replace(SOUND, n_parameters=10**12, known_sizes=[1] * 7)) == []


def test_findings_come_gravest_first() -> None:
    facts = replace(SOUND, is_first=True, licence=None, code="Code.")
    assert kinds(facts) == [Kind.REMOTE_CODE, Kind.LICENCE_UNKNOWN, Kind.FIRST_SUBMISSION]


@pytest.mark.parametrize(
    ("n_parameters", "label"),
    [
        (0, "under 100M"),
        (99_999_999, "under 100M"),
        (100_000_000, "100M to 500M"),
        (4_999_999_999, "1B to 5B"),
        (5_000_000_000, "5B and more"),
        (None, ""),
    ],
)
def test_size_classes_begin_at_their_lower_limit(n_parameters: int | None, label: str) -> None:
    assert size_class(n_parameters) == label
    assert label in ("", *SIZE_CLASSES)


def test_standard_scores_use_the_sample_deviation_of_enough_models() -> None:
    peers = np.array([[0.1, 0.5], [0.2, np.nan], [0.3, 0.5], [0.4, 0.5]] * 2)
    z, means, deviations, counts = standard_scores(np.array([0.6, 0.6]), peers)
    assert (means[0], counts.tolist()) == (pytest.approx(0.25), [8, 6])
    assert deviations[0] == pytest.approx(np.std(peers[:, 0], ddof=1))
    assert z[0] == pytest.approx(0.35 / deviations[0])
    assert np.isnan(z[1])


def test_scores_far_above_the_size_are_named_task_by_task() -> None:
    scores = {"One": 0.9, "Two": 0.5, "Three": 0.5, "Four": 0.5}
    finding = only(Kind.HIGH_FOR_SIZE, SOUND, scores, crowd())
    assert "more than 3 above on 1 of them" in finding.sentence
    assert finding.lines[0].startswith("One: 90.00 against ")
    assert len(finding.lines) == 1


def test_scores_a_little_above_on_every_task_are_unusual_together() -> None:
    others = crowd()
    deviations = np.std(others.scores, axis=0, ddof=1)
    scores = dict(zip(TASKS, np.mean(others.scores, axis=0) + 2.5 * deviations, strict=True))
    finding = only(Kind.HIGH_FOR_SIZE, SOUND, scores, others)
    assert "2.5 standard deviations above" in finding.sentence
    assert len(finding.lines) == 4


def test_a_model_that_scores_like_noise_is_low_for_its_size() -> None:
    finding = only(Kind.LOW_FOR_SIZE, SOUND, dict.fromkeys(TASKS, 0.1), crowd())
    assert "below models of under 100M parameters on average of 4 tasks" in finding.sentence


def test_models_of_other_sizes_are_no_measure() -> None:
    assert Kind.HIGH_FOR_SIZE not in kinds(SOUND, dict.fromkeys(TASKS, 0.9), crowd(size=10**9))


def test_being_ahead_of_everybody_is_listed_with_who_led() -> None:
    others = crowd()
    leader = others.models[int(np.argmax(others.scores[:, 1]))]
    finding = only(Kind.BEATS_BEST, SOUND, {"One": 0.1, "Two": 0.9}, others)
    assert "on 1 of 2 tasks" in finding.sentence
    assert finding.lines == [f"Two: 90.00; the best so far is {100 * others.scores[:, 1].max():.2f} of {leader}"]


def test_a_tie_with_the_best_beats_nobody() -> None:
    others = crowd()
    assert Kind.BEATS_BEST not in kinds(SOUND, {"One": float(others.scores[:, 0].max())}, others)


@pytest.mark.parametrize(
    ("shift", "how_far"), [(0.0, "are equal to"), (0.0019, "are almost equal to"), (0.0021, None), (0.1, None)]
)
def test_scores_of_a_known_model_are_recognised(shift: float, how_far: str | None) -> None:
    others = crowd(spread=0.1)
    scores = dict(zip(TASKS, others.scores[7] + shift * np.array([1, 0, -1, 0]), strict=True))
    found = [f for f in findings(SOUND, scores, others) if f.kind is Kind.SAME_SCORES]
    assert [how_far in f.sentence and "org/model-7 on all 4" in f.sentence for f in found if how_far] == (
        [True] if how_far else []
    )
    assert bool(found) == bool(how_far)


def test_two_common_tasks_are_too_few_to_call_models_the_same() -> None:
    others = crowd(spread=0.1)
    scores = dict(zip(TASKS[:2], others.scores[7, :2], strict=True))
    assert Kind.SAME_SCORES not in kinds(SOUND, scores, others)


def test_tasks_that_nobody_else_has_are_no_obstacle() -> None:
    others = crowd(spread=0.1)
    lonely = replace(others, scores=np.where(np.arange(4) == 3, np.nan, others.scores))
    scores = dict(zip(TASKS, others.scores[7], strict=True))
    finding = only(Kind.SAME_SCORES, SOUND, scores, lonely)
    assert "on all 3 common tasks" in finding.sentence


def test_a_copy_of_the_named_base_model_is_said_to_be_that() -> None:
    others = crowd(spread=0.1)
    scores = dict(zip(TASKS, others.scores[7], strict=True))
    finding = only(Kind.SAME_SCORES, replace(SOUND, base_model="org/model-7"), scores, others)
    assert "which it names as its base model" in finding.sentence
