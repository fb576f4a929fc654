"""Which texts go through the model together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

TOKENS_PER_TEXT = {"cpu": 32}
"""Beyond about a thousand tokens at a time a processor only loses its caches; docs/performance.md has the numbers."""
LONGEST_COUNTED = 512
WINDOW = 2048
"""Texts that are tokenized at a time, while those before are computed."""


def token_budget(batch_size: int, *, device: str, max_seq_length: int | None) -> int:
    """Tokens, with padding, of one batch: never more than `batch_size` texts of full length have in plain mteb."""
    longest = min(max_seq_length or LONGEST_COUNTED, LONGEST_COUNTED)
    return batch_size * min(longest, TOKENS_PER_TEXT.get(device, longest))


def windows(texts: Sequence[str]) -> Iterator[npt.NDArray[np.intp]]:
    """Positions of texts to tokenize together, the longest first, so that texts of one length come near each other."""
    order = np.argsort([-len(text) for text in texts], kind="stable")
    for start in range(0, len(order), WINDOW):
        yield order[start : start + WINDOW]


def batches(lengths: npt.NDArray[np.int64], *, budget: int) -> Iterator[npt.NDArray[np.intp]]:
    """Positions of texts to compute together, the longest first: as many as `budget` tokens hold, padding included.

    A text that is longer than the budget goes alone.
    """
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        count = max(budget // max(int(lengths[order[start]]), 1), 1)
        yield order[start : start + count]
        start += count
