"""How values read in tables."""

from datetime import date

import pytest

from leaderboard.selectors.boards import Kind
from leaderboard.tables import cells
from leaderboard.templatetags.podium import paragraphs


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (22_713_216, "23M"),
        (7_241_732_096, "7.2B"),
        (1_000_000_000, "1B"),
        (999_600_000, "1B"),
        (999_400_000, "999M"),
        (560_000_000, "560M"),
    ],
)
def test_quantities_are_short(number: int, text: str) -> None:
    assert cells.quantity_text(number) == text


def test_links_in_the_prose_of_the_registry_can_be_followed_and_nothing_else_is_markup() -> None:
    html = paragraphs("See [a <b>](https://x.org/?q=a(1)&b=2).\n\n[no](javascript:alert)")
    link = '<a href="https://x.org/?q=a(1)&amp;b=2" rel="noopener">a &lt;b&gt;</a>'
    assert html == f"<p>See {link}.</p><p>[no](javascript:alert)</p>"


def test_a_name_breaks_between_words_but_not_inside_a_size() -> None:
    assert cells.breakable("Qwen3-Embedding-8B") == "Qwen3-<wbr>Embedding-<wbr>8B"


def test_a_name_is_escaped_before_it_may_break() -> None:
    assert "<script>" not in cells.breakable("<script>alertMe</script>")


def test_a_score_is_shown_times_100_with_two_decimals_and_a_blank_is_a_dash() -> None:
    assert cells.score_text(0.63456) == "63.46"
    assert cells.score_text(-0.0123) == "-1.23"
    assert cells.score_text(None) == cells.DASH


def test_unknown_is_never_zero() -> None:
    assert "unknown" in cells.CELLS[Kind.QUANTITY](None)
    assert "unknown" in cells.CELLS[Kind.DATE](None)
    assert "NA" in cells.percent_cell(None)
    assert cells.percent_cell(0) == "<td>0%"


def test_a_commit_is_shortened_and_a_label_is_not() -> None:
    assert cells.revision_text("4dc6d853a804b9c8886ede6dda8a073b7dc08a81") == "4dc6d853"
    assert cells.revision_text("no_revision_available") == "no_revision_available"


def test_a_day_is_written_year_first() -> None:
    assert cells.date_text(date(2026, 5, 4)) == "2026-05-04"
