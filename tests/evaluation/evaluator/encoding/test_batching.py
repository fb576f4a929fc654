"""Which texts go through the model together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation.evaluator.encoding.batching import WINDOW, batches, token_budget, windows


@given(st.lists(st.integers(0, 600), max_size=200), st.integers(1, 2000))
def test_every_text_is_in_one_batch_and_no_batch_is_over_its_budget(lengths: list[int], budget: int) -> None:
    made = list(batches(np.array(lengths, dtype=np.int64), budget=budget))
    assert sorted(at for batch in made for at in batch.tolist()) == list(range(len(lengths)))
    for batch in made:
        padded = len(batch) * max(lengths[at] for at in batch)
        assert padded <= budget or len(batch) == 1


def test_texts_of_like_length_go_together_the_longest_first() -> None:
    made = [batch.tolist() for batch in batches(np.array([2, 9, 3, 10]), budget=20)]
    assert made == [[3, 1], [2, 0]]


def test_windows_hold_all_texts_the_longest_first() -> None:
    texts = ["x" * (number % 7) for number in range(WINDOW + 5)]
    first, last = windows(texts)
    assert sorted([*first.tolist(), *last.tolist()]) == list(range(len(texts)))
    assert min(len(texts[at]) for at in first) >= max(len(texts[at]) for at in last)


def test_a_batch_has_never_more_tokens_than_one_of_full_texts_in_plain_mteb() -> None:
    assert token_budget(32, device="cpu", max_seq_length=256) == 32 * 32
    assert token_budget(32, device="cuda", max_seq_length=256) == 32 * 256
    assert token_budget(32, device="cuda", max_seq_length=8192) == 32 * 512
    assert token_budget(8, device="cpu", max_seq_length=16) == 8 * 16
    assert token_budget(8, device="cuda", max_seq_length=None) == 8 * 512
