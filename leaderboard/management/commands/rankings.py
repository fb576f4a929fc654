"""`manage.py rankings "MTEB(eng, v2)"`: a board in the terminal, as JSON or as CSV."""

from __future__ import annotations

import csv
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.table import Table

from leaderboard.exports.comma_separated import harmless
from leaderboard.models import Scope
from leaderboard.selectors.rankings import UnknownBenchmark, board_rankings, find_benchmark, shown_means
from leaderboard.terminal import print_table

_TITLES = {
    "mean_task": "Mean (Task)",
    "mean_task_type": "Mean (TaskType)",
    "mean_subset": "Mean (Subset)",
    "mean_public": "Mean (Public)",
    "mean_private": "Mean (Private)",
}


class Command(BaseCommand):
    help = "Print the ranking of a benchmark."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("benchmark")
        parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
        parser.add_argument("--source", choices=Scope.values, default=Scope.OFFICIAL, help="default: %(default)s")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            benchmark = find_benchmark(options["benchmark"])
        except UnknownBenchmark as error:
            raise CommandError(str(error)) from error
        rows = board_rankings(benchmark, Scope(options["source"]))
        match options["format"]:
            case "json":
                self.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
            case "csv":
                self._write_csv(rows)
            case _:
                self._print_table(benchmark.name, rows, shown_means(benchmark))

    def _write_csv(self, rows: list[dict[str, Any]]) -> None:
        flat = [flattened(row) for row in rows]
        if flat:
            writer = csv.DictWriter(self.stdout, fieldnames=list(flat[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(flat)

    def _print_table(self, title: str, rows: list[dict[str, Any]], means: list[str]) -> None:
        if not rows:
            self.stdout.write(f"No results on {title} yet.")
            return
        types = list(rows[0]["task_types"])
        table = Table(title=title)
        for heading in ("Rank", "Model", "Zero-shot", "Coverage", *(_TITLES[name] for name in means), *types):
            table.add_column(heading, justify="left" if heading == "Model" else "right")
        for row in rows:
            name = f"{row['model']} {row['variant']}".strip()
            zero_shot = "NA" if row["zero_shot"] is None else f"{row['zero_shot']} %"
            coverage = f"{row['coverage']['done']}/{row['coverage']['of']}"
            scores = [row[mean] for mean in means] + [row["task_types"][name] for name in types]
            table.add_row(str(row["rank"]), name, zero_shot, coverage, *map(percent, scores))
        print_table(self.stdout, table)


def percent(score: float | None) -> str:
    """A score as the board shows it."""
    return "–" if score is None else f"{score * 100:.2f}"  # noqa: RUF001 - the mark of a blank cell


def flattened(row: dict[str, Any]) -> dict[str, Any]:
    """The row with one column per value. Text that a spreadsheet would run as a formula is quoted."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == "coverage":
            flat["tasks_done"], flat["tasks_declared"] = value["done"], value["of"]
        elif key == "revisions":
            flat[key] = " ".join(value)
        elif key == "groups":
            flat |= {f"{dimension}: {label}": mean for dimension, of in value.items() for label, mean in of.items()}
        elif isinstance(value, dict):
            flat |= value
        else:
            flat[key] = value
    return {key: harmless(value) if isinstance(value, str) else value for key, value in flat.items()}
