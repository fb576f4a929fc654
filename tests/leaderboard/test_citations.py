"""BibTeX of boards and models."""

from dataclasses import replace
from datetime import date

from leaderboard.citations import CitedBoard, bibtex, board_bibtex, model_bibtex, tex_text

DAY = date(2026, 11, 3)


BOARD = CitedBoard(
    name="MTEB(eng, v2)",
    slug="mteb-eng-v2",
    day=DAY,
    n_rows=31,
    data_version=41,
    official_only=False,
    address="https://example.org/benchmarks/mteb-eng-v2/?task=A%20B#x",
)


def test_a_board_is_cited_with_its_benchmark_and_the_day() -> None:
    assert board_bibtex(citation="@article{muennighoff2022mteb,\n}\n", board=BOARD) == (
        "@article{muennighoff2022mteb,\n}\n\n"
        "@misc{podium-mteb-eng-v2-20261103,\n"
        "  title = {{MTEB(eng, v2): a leaderboard of embedding models}},\n"
        "  author = {{Podium}},\n"
        "  year = {2026},\n"
        "  month = nov,\n"
        "  howpublished = {\\url{https://example.org/benchmarks/mteb-eng-v2/?task=A\\%20B\\#x}},\n"
        "  note = {31 models, official results, uploads and evaluations of Podium, data version 41, as of 2026-11-03}\n"
        "}"
    )


def test_a_citation_says_where_only_official_results_count() -> None:
    assert "1 model, official results only," in bibtex(replace(BOARD, official_only=True, n_rows=1))


def test_a_model_without_a_citation_of_its_own_is_cited_by_its_results_alone() -> None:
    text = model_bibtex(citation=None, name="org/a_b", address="https://example.org/", day=DAY, data_version=1)
    assert text.startswith("@misc{podium-org-a-b-20261103,\n  title = {{Results of org/a\\_b on MTEB tasks}},")


def test_no_letter_of_a_name_is_a_command() -> None:
    assert tex_text("50%\n{a}\\b & ~^#$") == (r"50\% \{a\}\textbackslash{}b \& \textasciitilde{}\textasciicircum{}\#\$")
