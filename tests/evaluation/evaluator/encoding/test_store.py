"""Where the vectors of texts are kept until the run ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.evaluator.encoding.store import BYTES_OF_INDEX, EmbeddingStore, digests

DIMENSION = 4
ROW = DIMENSION * 4 + BYTES_OF_INDEX


def vectors(*values: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[value] * DIMENSION for value in values], dtype=np.float32)


def keys(*texts: str) -> list[bytes]:
    return digests(texts, settings=())


def test_what_was_added_is_found_at_its_place(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, limit_bytes=10 * ROW)
    assert [len(found) for found in store.find(keys("a"))] == [0, 0]
    store.add(keys("a", "b"), vectors(1, 2))
    store.add(keys("c"), vectors(3))
    positions, found = store.find(keys("c", "unknown", "a"))
    assert positions.tolist() == [0, 2]
    assert found.tolist() == vectors(3, 1).tolist()


def test_the_oldest_make_room_and_the_file_stays_within_its_limit(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, limit_bytes=3 * ROW)
    for number, text in enumerate("abcde"):
        store.add(keys(text), vectors(number))
    positions, found = store.find(keys(*"abcde"))
    assert positions.tolist() == [2, 3, 4]
    assert found[:, 0].tolist() == [2, 3, 4]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == 3 * DIMENSION * 4


@pytest.mark.parametrize("first", [0, 1, 2])
def test_more_than_there_is_room_for_keeps_the_last(tmp_path: Path, first: int) -> None:
    store = EmbeddingStore(tmp_path, limit_bytes=3 * ROW)
    if first:
        store.add(keys(*"xy"[:first]), vectors(*range(first)))
    store.add(keys(*"abcde"), vectors(*range(5)))
    assert len(store) == 3
    positions, found = store.find(keys(*"abcdexy"))
    assert positions.tolist() == [2, 3, 4]
    assert found[:, 0].tolist() == [2, 3, 4]


def test_a_limit_below_one_vector_keeps_nothing(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, limit_bytes=ROW - 1)
    store.add(keys("a"), vectors(1))
    assert len(store) == 0


def test_vectors_of_another_dimension_are_not_mixed_in(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path, limit_bytes=10 * ROW)
    store.add(keys("a"), vectors(1))
    store.add(keys("b"), np.zeros((1, DIMENSION + 1), dtype=np.float32))
    assert store.find(keys("a", "b"))[0].tolist() == [0]


def test_a_disk_that_cannot_be_written_ends_the_keeping_and_nothing_else(tmp_path: Path) -> None:
    store = EmbeddingStore(tmp_path / "gone", limit_bytes=10 * ROW)
    store.add(keys("a"), vectors(1))
    store.add(keys("b"), vectors(2))
    assert len(store) == 0


def test_a_text_is_known_by_itself_and_by_all_that_shapes_its_vector() -> None:
    query = digests(["a", "b", "a"], settings=("query: ", 128))
    assert query[0] == query[2] != query[1]
    assert not set(query) & set(digests(["a", "b"], settings=("query: ", 64)))
    assert not set(query) & set(digests(["a", "b"], settings=(None, 128)))
    assert len(set(digests(["\ud800", "?"], settings=()))) == 2, "Half a surrogate pair is a text too."
