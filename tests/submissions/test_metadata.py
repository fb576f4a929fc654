"""Facts that a repository tells, each with the file that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from leaderboard.metadata import MetadataOrigin
from submissions.metadata import claims, describe, shown_facts
from tests.factories_submissions import model_files, snapshot_of


def fact(
    field: str, changes: Mapping[str, Any] | None = None, *, parameters: dict[str, int] | None = None
) -> tuple[Any, str] | None:
    found = describe(snapshot_of(model_files(**(changes or {})), parameters=parameters)).get(field)
    return (found["value"], found["origin"]) if found else None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (8, "1_Pooling/config.json")),
        (
            {"1_Pooling/config.json": {"embedding_dimension": 16, "pooling_mode": ["mean", "max"]}},
            (32, "1_Pooling/config.json"),
        ),
        (
            {
                "1_Pooling/config.json": {
                    "word_embedding_dimension": 8,
                    "pooling_mode_cls_token": True,
                    "pooling_mode_mean_tokens": True,
                }
            },
            (16, "1_Pooling/config.json"),
        ),
        ({"modules.json": None}, (8, "config.json")),
        ({"modules.json": None, "config.json": {"model_type": "bert"}}, None),
    ],
)
def test_the_dimension_is_that_of_the_last_module_that_sets_it(changes: dict[str, Any], expected: Any) -> None:
    assert fact("embed_dim", changes) == expected


def test_a_dense_layer_behind_the_pooling_sets_the_dimension() -> None:
    modules = [*model_files()["modules.json"], {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
    changes = {"modules.json": modules, "2_Dense/config.json": {"in_features": 8, "out_features": 4}}
    assert fact("embed_dim", changes) == (4, "2_Dense/config.json")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (256, "sentence_bert_config.json")),
        ({"sentence_bert_config.json": None}, (512, "tokenizer_config.json")),
        (
            {
                "sentence_bert_config.json": {"max_seq_length": None},
                "tokenizer_config.json": {"model_max_length": 1e30},
            },
            (512, "config.json"),
        ),
        ({"sentence_bert_config.json": "[]", "tokenizer_config.json": None, "config.json": {"model_type": "x"}}, None),
    ],
)
def test_the_maximum_of_tokens_comes_from_the_most_exact_file(changes: dict[str, Any], expected: Any) -> None:
    assert fact("max_tokens", changes) == expected


def test_an_old_repository_keeps_its_transformer_in_a_folder() -> None:
    files = {
        "modules.json": [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}],
        "0_Transformer/config.json": {"model_type": "bert", "hidden_size": 12},
        "0_Transformer/sentence_bert_config.json": {"max_seq_length": 128},
        "0_Transformer/model.safetensors": b"12345",
    }
    snapshot = snapshot_of(files)
    described = describe(snapshot)
    assert described["embed_dim"]["value"] == 12
    assert described["max_tokens"] == {"value": 128, "origin": "0_Transformer/sentence_bert_config.json"}
    assert snapshot.safetensors_bytes == 5


def test_parameters_and_memory_come_from_the_tensors() -> None:
    counts = {"F32": 2**20, "BF16": 2**20}
    assert fact("n_parameters", parameters=counts) == (2**21, "safetensors header")
    assert fact("memory_usage_mb", parameters=counts) == (6.0, "safetensors header")


def test_what_nobody_counted_is_absent() -> None:
    assert fact("n_parameters") is None
    assert fact("memory_usage_mb", parameters={"F4_STRANGE": 8}) is None


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        ("---\nlanguage: en\n---\n", ["en"]),
        ("---\nlanguage: [en, no, de]\n---\n", ["en", "no", "de"]),
        ("---\nlanguage: multilingual\n---\n", None),
        ("---\nlanguage: 5\n---\n", None),
    ],
)
def test_languages_come_from_the_card(card: str, expected: list[str] | None) -> None:
    found = fact("languages", {"README.md": card})
    assert (found[0] if found else None) == expected


def test_facts_are_shown_with_their_origin() -> None:
    facts = shown_facts(describe(snapshot_of(model_files(), parameters={"F32": 22_713_216})))
    shown = {fact.label: (fact.value, fact.origin) for fact in facts}
    assert shown["Parameters"] == ("22,713,216", "safetensors header")
    assert shown["Memory for the weights"][0] == "86.6 MB"
    assert shown["Languages"] == ("en, de", "model card")
    assert shown["Base model"] == ("example/base", "model card")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("bert", "config.json")),
        ({"config.json": {"model_type": 5}}, None),
        (
            {
                "config.json": None,
                "modules.json": [{"path": "", "type": "sentence_transformers.models.StaticEmbedding"}],
            },
            ("static", "modules.json"),
        ),
    ],
)
def test_the_architecture_is_the_model_type_of_the_settings(changes: dict[str, Any], expected: Any) -> None:
    assert fact("architecture", changes) == expected


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (
            "tags: [sentence-transformers, 'loss:MatryoshkaLoss', 'loss:CachedMultipleNegativesRankingLoss']",
            ["contrastive", "matryoshka"],
        ),
        ("tags: [merge]\nlibrary_name: model2vec", ["merged", "static"]),
        ("base_model_relation: merge", ["merged"]),
        ("tags: ['loss:CosineSimilarityLoss', 5, 'feature-extraction']", None),
        ("tags: 7", None),
    ],
)
def test_the_training_approach_is_what_the_card_declares(card: str, expected: list[str] | None) -> None:
    found = fact("training_approach", {"README.md": f"---\n{card}\n---\nNot contrastive, not merged.\n"})
    assert (found[0] if found else None) == expected


def test_a_licence_keeps_the_words_of_the_card_beside_spdx() -> None:
    card = {"README.md": "---\nlicense: other\nlicense_name: my-terms\n---\n"}
    assert fact("license", card) == ("my-terms", "model card")
    assert fact("spdx_license", card) == ("LicenseRef-my-terms", "model card")
    assert fact("license", {"README.md": "---\nlicense: unknown\n---\n"}) is None


def test_what_reads_images_has_settings_for_it() -> None:
    assert fact("modalities") == (["text"], "config.json")
    assert fact("modalities", {"config.json": {"vision_config": {"depth": 2}}}) == (["text", "image"], "config.json")


def test_claims_name_the_file_behind_each_field() -> None:
    said = claims(describe(snapshot_of(model_files(), parameters={"F32": 80})))
    assert "parameters_by_dtype" not in said[MetadataOrigin.WEIGHTS], "The entry of a model has no such field."
    assert said[MetadataOrigin.WEIGHTS]["n_parameters"] == "safetensors header"
    assert said[MetadataOrigin.CARD]["languages"] == "model card"
    assert said[MetadataOrigin.CONFIG]["embed_dim"] == "1_Pooling/config.json"


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"I64": 512, "F32": 22_713_216}, "F32 22.7M, I64 512"),
        ({"BF16": 7_241_732_096}, "BF16 7.24B"),
        ({"F16": 999_600, "U8": 1_500}, "F16 1M, U8 1.5K"),
    ],
)
def test_parameters_are_told_by_dtype_the_most_first(parameters: dict[str, int], words: str) -> None:
    facts = shown_facts(describe(snapshot_of(model_files(), parameters=parameters)))
    assert [fact.value for fact in facts if fact.label == "Parameters by dtype"] == [words]
