"""Names of model variants."""

from __future__ import annotations

from typing import Any

import pytest

from leaderboard.experiments import experiment_id, experiment_name


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (None, ""),
        ({}, ""),
        ({"use_image_modality": False}, "use_image_modality_False"),
        ({"b": 1, "a": "x"}, "a_x__b_1"),
        ({"dims": [1, 2]}, "dims_[1,2]"),
        ({"model_kwargs": {}}, "model_kwargs_{}"),
    ],
)
def test_settings_are_spelled_in_alphabetical_order(settings: dict[str, Any] | None, name: str) -> None:
    assert experiment_name(settings) == name


def test_a_name_that_is_no_file_name_becomes_a_hash() -> None:
    nested = experiment_name({"model_kwargs": {"dtype": "float16"}})
    assert nested.startswith("exp_")
    assert len(nested) == len("exp_") + 16
    assert experiment_name({"prompt": "x" * 300}).startswith("exp_")


def test_settings_without_meaning_make_no_row_of_their_own() -> None:
    assert experiment_id({"model_kwargs": {}}, {}, {}) == ""


def test_metadata_that_differs_from_the_registry_joins_the_settings() -> None:
    metadata = {"embed_dim": 128, "model_type": ["dense"]}
    default = {"embed_dim": 2048, "model_type": ["dense"], "output_dtypes": None}
    assert experiment_id({"vector_type": "multi_vector"}, metadata, default) == (
        "embed_dim_128__vector_type_multi_vector"
    )


def test_metadata_alone_makes_no_variant() -> None:
    assert experiment_id(None, {"embed_dim": 128}, {"embed_dim": 2048}) == ""
