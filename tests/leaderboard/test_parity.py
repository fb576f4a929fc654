"""The boards against the official ones, recomputed by mteb from the same files."""

from __future__ import annotations

import copy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from leaderboard.models import BoardRow, Scope
from leaderboard.parity import differences

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "results" / "sample.tar.zst"

ROW: dict[str, Any] = {
    "rank": 1,
    "borda_rank": 1,
    "model": "a",
    "variant": "",
    "zero_shot": 50,
    "mean_task": 0.5,
    "mean_task_type": None,
    "mean_subset": None,
    "mean_public": None,
    "mean_private": None,
    "task_types": {"STS": 0.5},
    "groups": {"Length": {"long": 0.5}},
}
TABLES: dict[str, Any] = {
    "summary": [ROW, {**ROW, "model": "b", "rank": 2}],
    "per_task": [{"model": "a", "variant": "", "scores": {"T": 0.5}}],
    "per_language": [{"model": "a", "scores": {"deu": None}}],
}


def test_equal_tables_have_no_differences() -> None:
    assert list(differences(TABLES, copy.deepcopy(TABLES))) == []
    nearly = copy.deepcopy(TABLES)
    nearly["summary"][0]["mean_task"] = 0.5 + 1e-12
    assert list(differences(TABLES, nearly)) == []


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("summary", 0, "rank"), 2, "a: rank is 2, officially 1"),
        (("summary", 0, "zero_shot"), None, "a: zero_shot is None, officially 50"),
        (("summary", 0, "mean_task"), 0.5000001, "a: mean_task is 0.5000001, officially 0.5"),
        (("summary", 0, "mean_task_type"), 0.1, "a: mean_task_type is 0.1, officially blank"),
        (("summary", 0, "task_types", "STS"), None, "a: task type STS is blank, officially 0.5"),
        (("summary", 0, "task_types"), {}, "a: task type: columns differ: ['STS']"),
        (("summary", 0, "groups", "Length", "long"), 0.4, "a: Length long is 0.4, officially 0.5"),
        (("summary", 1, "model"), "c", "summary: b is missing"),
        (("per_task", 0, "scores", "T"), 0.6, "per-task table, a T is 0.6, officially 0.5"),
        (("per_language", 0, "scores", "deu"), 0.6, "per-language table, a deu is 0.6, officially blank"),
    ],
)
def test_every_difference_is_named(path: tuple[Any, ...], value: Any, sentence: str) -> None:
    ours = copy.deepcopy(TABLES)
    place: Any = ours
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert sentence in list(differences(TABLES, ours))


def test_another_order_of_rows_is_a_difference() -> None:
    ours = {**TABLES, "summary": TABLES["summary"][::-1]}
    assert "summary: the rows stand in another order" in list(differences(TABLES, ours))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not SAMPLE.exists(), reason="needs the official sample, ../shared/results/sample.tar.zst")
def test_every_board_of_the_official_sample_equals_mteb() -> None:
    call_command("sync_registry", stdout=StringIO())
    call_command("import_results", str(SAMPLE), stdout=StringIO())
    out = StringIO()
    call_command("check_parity", results=str(SAMPLE), stdout=out)
    assert out.getvalue().endswith("78 benchmarks, 969 rows, 0 differences.\n")
    out = StringIO()
    call_command("check_parity", results=str(SAMPLE), language="deu-Latn", stdout=out)
    assert out.getvalue().endswith(" 0 differences.\n")
    wrong = BoardRow.objects.filter(board__scope=Scope.OFFICIAL, board__benchmark__name="MTEB(eng, v2)", rank=1)
    wrong.update(rank=7)
    with pytest.raises(CommandError, match="differ from the official"):
        call_command("check_parity", "MTEB(eng, v2)", results=str(SAMPLE), stdout=StringIO())
