"""The score of a task from its cells."""

from leaderboard.cell_means import mean_in_order, merge_parts, whole_task


def test_a_cell_counts_from_the_first_part_that_scores_it() -> None:
    first = [(("test", "en"), 0.5)]
    second = [(("test", "en"), 0.9), (("test", "de"), 0.7)]
    assert merge_parts([first, second]) == [(("test", "en"), 0.5), (("test", "de"), 0.7)]


def test_a_cell_listed_twice_in_one_part_counts_twice() -> None:
    assert len(merge_parts([[(("test", "en"), 0.5), (("test", "en"), 0.7)]])) == 2


def test_scores_are_summed_from_first_to_last() -> None:
    assert mean_in_order([1e16, 1.0, -1e16]) == 0.0
    assert mean_in_order([]) is None


def test_a_whole_task_has_every_subset_in_every_split() -> None:
    assert whole_task([("test", "en"), ("test", "de"), ("dev", "en")]) == 4
    assert whole_task([]) == 0
