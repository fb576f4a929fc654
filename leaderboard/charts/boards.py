"""The charts of a board, all or one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property

from leaderboard.charts.base import Chart
from leaderboard.charts.groups import approach_chart, architecture_chart
from leaderboard.charts.intervals import rank_chart
from leaderboard.charts.profiles import chosen_rows, profile_chart, unknown_names
from leaderboard.charts.rows import ChartRows, Contender, chart_rows
from leaderboard.charts.tradeoffs import size_chart, speed_chart, time_chart
from leaderboard.models import Board
from leaderboard.selectors.cubes import board_cube
from leaderboard.selectors.measurements import speed_of_models
from leaderboard.selectors.own_boards import OwnBoard
from leaderboard.selectors.standings import Standings


@dataclass(frozen=True)
class BoardCharts:
    """Charts of the standings of a board, which have at least one row; `names` are the models to show by task type."""

    board: Board | OwnBoard
    standings: Standings
    names: Collection[str] = ()

    @cached_property
    def rows(self) -> ChartRows:
        cube = board_cube(self.board)
        return chart_rows(self.standings, {task.name: task.weight for task in cube.tasks} if cube else {})

    @cached_property
    def chosen(self) -> list[Contender]:
        return chosen_rows(self.rows, self.names)

    def find(self, key: str) -> Chart | None:
        """None for one that there is not."""
        return _CHARTS[key](self) if key in _CHARTS else None

    def all(self) -> list[Chart]:
        return [chart for build in _CHARTS.values() if (chart := build(self))]


_CHARTS: dict[str, Callable[[BoardCharts], Chart | None]] = {
    "size": lambda of: size_chart(of.rows),
    "time": lambda of: time_chart(of.rows),
    "types": lambda of: profile_chart(of.rows, of.chosen, unknown_names(of.chosen, of.names)),
    "speed": lambda of: speed_chart(of.rows, speed_of_models()),
    "architectures": lambda of: architecture_chart(of.rows),
    "approaches": lambda of: approach_chart(of.rows),
    "ranks": lambda of: rank_chart(of.standings),
}
