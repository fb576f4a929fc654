"""How a comparison reads: the table of tasks, the matrix of pairs, and what the tests say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isnan

import django_tables2
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from leaderboard.aggregation import Floats
from leaderboard.comparison import CHANGE, FEWEST, best_of, is_change
from leaderboard.models import Scope
from leaderboard.paired import Comparison
from leaderboard.selectors.comparisons import ComparedTask, Entrant, Place, Run
from leaderboard.tables.base import PodiumTable, Rows, ScoreColumn
from leaderboard.tables.cells import DASH, MINUS, TRAINED_ON, breakable, revision_text, score_text
from leaderboard.task_types import type_label
from leaderboard.wording import counted

ENOUGH_TASKS = 6
"""With five tasks no result of the permutation test is below 5 %: 2 of 32 ways to flip the signs are as far apart."""
SIGNIFICANT = 0.05
PAIR_HEADS = (
    *("Pair", "Common tasks", f"Wins{DASH}ties{DASH}losses", "Mean difference"),
    *("P(first beats second)", "Permutation test", "Corrected", "Effect size", "Verdict"),
)
# Cohen's bounds for correlations.
_EFFECTS = ((0.5, "large"), (0.3, "medium"), (0.1, "small"), (0.0, "negligible"))


def points_text(difference: float | None, digits: int = 2) -> str:
    """A difference of scores x 100 with its sign."""
    if difference is None:
        return DASH
    text = f"{difference * 100:+.{digits}f}"
    return (f"{0:.{digits}f}" if float(text) == 0 else text).replace("-", MINUS)


def probability_text(probability: float) -> str:
    """With two digits; never 0 or 1, as it is a share of draws."""
    if probability > 0.995:
        return "> 0.99"
    return "< 0.01" if probability < 0.005 else f"{probability:.2f}"


def p_value_text(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def number_text(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def effect_word(effect: float) -> str:
    return next(word for bound, word in _EFFECTS if abs(effect) >= bound)


def detail_text(entrant: Entrant) -> str:
    """What distinguishes the entrant beside its name: organisation, revision and variant."""
    organisation, revision, variant = entrant.facts.organisation, entrant.name.revision, entrant.name.experiment_id
    parts = [organisation, f"revision {revision_text(revision)}" if revision else "", variant]
    if entrant.is_one_run and not revision and not variant:
        parts.append("results that count")
    return " · ".join(part for part in parts if part)


def run_text(run: Run) -> str:
    """A run of a model among its others: `revision e4ce9877, 302 results`."""
    revision, variant = run.name.revision, run.name.experiment_id
    if not revision and not variant:
        return "the results that count"
    parts = [f"revision {revision_text(revision)}" if revision else "", f"variant {variant}" if variant else ""]
    return ", ".join([*filter(None, parts), counted(run.n_results, "result")])


def entrant_head(entrant: Entrant) -> SafeString:
    """The head of a column: letter, name, and in small print the rest."""
    return format_html(
        '<span class="who"><span class="letter">{}</span> <span>{}<small>{}</small></span></span>',
        entrant.letter,
        breakable(entrant.short_name),
        breakable(detail_text(entrant)),
    )


class CompareTable(PodiumTable):
    """Tasks with the score of each entrant: by type and name, or by a column."""

    text_columns = frozenset({"task"})
    task = django_tables2.Column("Task", accessor="name")

    def __init__(
        self,
        tasks: list[ComparedTask],
        entrants: Sequence[Entrant],
        *,
        scope: Scope,
        marks_changes: bool,
        percentiles: bool,
        sort: str = "",
    ) -> None:
        self.entrants, self.marks_changes, self.percentiles = entrants, marks_changes, percentiles
        self.source = "" if scope == Scope.ALL else f"?source={scope}"
        scores = [
            (entrant.letter.lower(), ScoreColumn(entrant_head(entrant), accessor=f"places__{place}__score"))
            for place, entrant in enumerate(entrants)
        ]
        places = [
            (
                f"p{entrant.letter.lower()}",
                ScoreColumn(_percentile_head(entrant), accessor=f"places__{place}__percentile"),
            )
            for place, entrant in enumerate(entrants)
            if percentiles
        ]
        difference = ("difference", ScoreColumn(difference_label(len(entrants)), accessor="difference"))
        self._results = [_results_address(entrant) for entrant in entrants]
        super().__init__(Rows(tasks), order_by=[sort] if sort else None, extra_columns=[*scores, difference, *places])

    def row(self, record: ComparedTask) -> str:
        best = best_of(record.scores)
        scores = "".join(
            self._score(record, entrant, place, address, best)
            for entrant, place, address in zip(self.entrants, record.places, self._results, strict=True)
        )
        percentiles = "".join(
            f"<td>{DASH if percentile is None else f'{percentile:.1f}'}" for percentile in record.percentiles
        )
        return (
            f'<tr><th scope="row"><a href="{escape(reverse("task", args=[record.name]))}{self.source}">'
            f"{breakable(record.name)}</a><small>{escape(type_label(record.type))}</small></th>"
            f"{scores}{self._difference(record)}{percentiles if self.percentiles else ''}"
        )

    def _score(
        self, record: ComparedTask, entrant: Entrant, place: Place | None, address: str, best: float | None
    ) -> str:
        if place is None:
            return f'<td><abbr title="not run">{DASH}</abbr>'
        if place.score is None:
            return f'<td><abbr title="incomplete">{DASH}</abbr>'
        text = score_text(place.score)
        number = f"<strong>{text}</strong>" if place.score == best else text
        mark = TRAINED_ON if record.name in entrant.contaminated else ""
        query = urlencode({"task": record.name})
        # The page of the results opens with what counts, which need not be what the revision has.
        result = f"&result={place.result_id}" if entrant.revision_id else ""
        return f'<td><a href="{escape(f"{address}&{query}{result}")}">{number}</a>{mark}'

    def _difference(self, record: ComparedTask) -> str:
        if record.difference is None:
            return f"<td>{DASH}"
        text = points_text(record.difference) if len(self.entrants) == FEWEST else score_text(record.difference)
        if not self.marks_changes:
            return f'<td class="difference">{text}'
        changed = is_change(record.difference)
        return f'<td class="difference">{f"<strong>{text}</strong>" if changed else f"<span class=muted>{text}</span>"}'


def difference_label(n_entrants: int) -> str:
    return f"A {MINUS} B" if n_entrants == FEWEST else "Spread"


def _percentile_head(entrant: Entrant) -> SafeString:
    return format_html('Percentile <span class="letter">{}</span>', entrant.letter)


def _results_address(entrant: Entrant) -> str:
    return f"{reverse('results')}?{urlencode({'model': entrant.facts.name})}"


def change_sentence(n_changed: int, n_common: int) -> str:
    """For runs of one model."""
    if not n_changed:
        return f"No score differs by more than {CHANGE:g}: on all {n_common:,} common tasks the runs agree."
    return (
        f"On {n_changed:,} of {counted(n_common, 'common task')} the scores differ by more than {CHANGE:g} "
        f"({CHANGE * 100:g} points), which counts as a change."
    )


@dataclass(frozen=True)
class Duel:
    """Two entrants against each other. What cannot be said is None."""

    first: Entrant
    second: Entrant
    n_common: int
    wins: int
    ties: int
    losses: int
    difference: float | None
    low: float | None
    high: float | None
    p_beats: float | None
    p_value: float | None
    adjusted_p: float | None
    sign_p: float | None
    d_z: float | None
    rank_biserial: float | None

    @property
    def has_lead(self) -> bool:
        """Whether anybody is ahead anywhere, so that there is something to test."""
        return self.p_value is not None and self.wins + self.losses > 0

    @property
    def winner(self) -> Entrant | None:
        """Who is better by the test, if it can tell."""
        if self.n_common < ENOUGH_TASKS or self.adjusted_p is None or self.adjusted_p >= SIGNIFICANT:
            return None
        return self.first if (self.difference or 0) > 0 else self.second

    @property
    def verdict(self) -> str:
        """In a few words, for a table."""
        if self.n_common < ENOUGH_TASKS:
            return "too few tasks"
        return f"{self.winner.letter} is better" if self.winner else "cannot tell"

    @property
    def score_of_tasks(self) -> str:
        return f"{self.wins}{DASH}{self.ties}{DASH}{self.losses}"

    @property
    def interval(self) -> str:
        if self.low is None or self.high is None:
            return DASH
        return f"{points_text(self.low)} to {points_text(self.high)}"

    @property
    def effect_word(self) -> str:
        return "" if self.rank_biserial is None else effect_word(self.rank_biserial)

    @property
    def effect(self) -> str:
        return DASH if self.rank_biserial is None else f"{number_text(self.rank_biserial)} ({self.effect_word})"


def duels(entrants: Sequence[Entrant], found: Comparison) -> list[Duel]:
    """Every pair, in the order of the letters."""
    return [_duel(entrants, found, pair) for pair in combinations(range(len(entrants)), 2)]


def _duel(entrants: Sequence[Entrant], found: Comparison, pair: tuple[int, int]) -> Duel:
    def known(matrix: Floats) -> float | None:
        value = float(matrix[pair])
        return None if isnan(value) else value

    return Duel(
        first=entrants[pair[0]],
        second=entrants[pair[1]],
        n_common=int(found.n_common[pair]),
        wins=int(found.wins[pair]),
        ties=int(found.ties[pair]),
        losses=int(found.losses[pair]),
        difference=known(found.difference),
        low=known(found.difference_low),
        high=known(found.difference_high),
        p_beats=known(found.p_beats),
        p_value=known(found.permutation_p),
        adjusted_p=known(found.adjusted_p),
        sign_p=known(found.sign_p),
        d_z=known(found.d_z),
        rank_biserial=known(found.rank_biserial),
    )


def pair_sentences(duel: Duel) -> list[str]:
    """What the tests say of A and B: the verdict, then the figures behind it."""
    if duel.p_value is None or duel.rank_biserial is None:
        return []
    if not duel.has_lead:
        return ["They are level on every common task."]
    level = f" and level on {duel.ties:,}" if duel.ties else ""
    ahead = f"A is ahead on {duel.wins:,} of {counted(duel.n_common, 'common task')}, behind on {duel.losses:,}{level}."
    mean = f"The mean difference is {points_text(duel.difference)} points (95 % interval {duel.interval})."
    effect = f"{duel.effect_word} (r = {number_text(duel.rank_biserial)})"
    test = f"A paired permutation test gives {p_value_text(duel.p_value)}; the effect is {effect}."
    return [_verdict(duel), ahead, mean, test]


def _verdict(duel: Duel) -> str:
    if duel.n_common < ENOUGH_TASKS:
        return (
            f"{counted(duel.n_common, 'common task')} are too few to tell them apart: with fewer than {ENOUGH_TASKS} "
            "the test cannot reach the 5 % level, whatever the scores."
        )
    if duel.winner:
        return f"{duel.winner.letter} is better: its lead is larger than chance among such tasks explains."
    return "The common tasks cannot tell which of the two is better."


def matrix_body(entrants: Sequence[Entrant], found: Comparison) -> SafeString:
    """For each row the probability that it beats the column, and wins, ties and losses."""
    rows = "".join(
        f'<tr><th scope="row">{entrant_head(entrant)}</th>'
        f"{''.join(_matrix_cell(found, i, j) for j in range(len(entrants)))}"
        for i, entrant in enumerate(entrants)
    )
    return mark_safe(f"<tbody>{rows}</tbody>")  # noqa: S308 - heads are escaped, the rest are numbers


def _matrix_cell(found: Comparison, i: int, j: int) -> str:
    if i == j:
        return '<td class="self"><abbr title="the same model">·</abbr>'
    if found.n_common[i, j] < FEWEST:
        return f'<td><abbr title="fewer than two common tasks">{DASH}</abbr>'
    share = float(found.p_beats[i, j])
    record = f"{found.wins[i, j]}{DASH}{found.ties[i, j]}{DASH}{found.losses[i, j]}"
    return f'<td class="h{min(int(share * 7), 6)}">{escape(probability_text(share))}<small>{record}</small>'


def bar(fraction: float) -> SafeString:
    """A bar from 0 to 1 for sighted readers; the number stands beside it."""
    width = min(max(fraction, 0.0), 1.0) * 100
    return mark_safe(  # noqa: S308
        '<svg class="mean-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/><rect class="fill" width="{width:.2f}" height="8"/></svg>'
    )
