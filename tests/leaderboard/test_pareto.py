"""Points that stand out of a set."""

from datetime import date

import pytest

from leaderboard.pareto import pareto_front, records


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([], []),
        ([(1, 1)], [0]),
        ([(3, 9), (1, 5), (2, 4), (4, 9)], [1, 0]),  # The second is cheaper and better than the third.
        ([(1, 5), (1, 7)], [1]),  # Of equal cost only the best.
        ([(1, 5), (1, 5), (2, 5)], [0, 1]),  # Equal in both: neither beats the other.
    ],
)
def test_nothing_as_cheap_is_as_good_as_a_point_of_the_front(
    points: list[tuple[float, float]], front: list[int]
) -> None:
    assert pareto_front(points) == front


def test_a_record_is_higher_than_everything_before_it() -> None:
    days = [date(2024, 3, 1), date(2024, 1, 1), date(2024, 2, 1), date(2024, 2, 1), date(2024, 4, 1)]
    values = [0.7, 0.5, 0.6, 0.8, 0.8]
    assert records(list(zip(days, values, strict=True))) == [1, 3]
