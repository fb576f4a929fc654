"""Scores on a scale that begins at chance: 0 is what an encoder that knows nothing gets, 1 is everything right.

Chance differs from task to task (a half for two balanced classes, next to nothing for retrieval), so equal scores do
not mean equal merit. The official results have it measured, by a model that encodes every text as a random vector.
"""

from __future__ import annotations

import numpy as np

from leaderboard.aggregation import Floats, Ints, lenient_mean, strict_mean

RANDOM_ENCODER = "mteb/baseline-random-encoder"
_MOST = 1.0


def above_random(scores: Floats, random_scores: Floats, weights: Ints, *, lenient: bool = False) -> Floats:
    """(rows, tasks) and the random encoder's (tasks,) -> (rows,): the mean of (score - random) / (1 - random).

    It runs over the tasks on which the random encoder has a score below 1, and is blank as other means are: strictly
    with the first blank task, leniently where all are. Negative where a model does worse than chance.
    """
    known = np.flatnonzero(random_scores < _MOST)
    chance = random_scores[known]
    mean = lenient_mean if lenient else strict_mean
    return mean((scores[:, known] - chance) / (_MOST - chance), weights[known])


def n_comparable(random_scores: Floats) -> int:
    """How many tasks the mean runs over."""
    return int((random_scores < _MOST).sum())
