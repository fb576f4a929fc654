"""How an evaluation is repeated outside Podium."""

from __future__ import annotations

import ast

import pytest

from evaluation.reproducing import EvaluatedTask, WantedModel, recipe

COMMIT = "8b3219a92973c328a8e22fadcfa821b5dc75636a"
MODEL = WantedModel("acme/model", COMMIT, in_registry=True)


def test_a_plain_run_is_one_command_of_mteb() -> None:
    found = recipe(MODEL, [EvaluatedTask("STS13"), EvaluatedTask("SICK-R")], batch_size=16)
    assert not found.is_program
    assert found.text == (
        f"mteb run --model acme/model --model-revision {COMMIT} --tasks STS13 SICK-R --batch-size 16 "
        "--no-co2-tracker --overwrite-strategy always --output-folder results"
    )


def test_a_name_cannot_become_another_command() -> None:
    model = WantedModel("acme/model; rm -rf x", COMMIT, in_registry=False)
    assert "--model 'acme/model; rm -rf x' " in recipe(model, [EvaluatedTask("STS13")], batch_size=16).text
    program = recipe(model, [EvaluatedTask('"); x("', hf_subsets=["en"])], batch_size=16).text
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert "x" not in calls


def test_splits_that_all_tasks_share_are_options() -> None:
    found = recipe(MODEL, [EvaluatedTask("STS13", eval_splits=["dev", "test"])], batch_size=16)
    assert "--eval-splits dev test" in found.text


@pytest.mark.parametrize(
    ("model", "task", "words"),
    [
        (MODEL, EvaluatedTask("STS22", hf_subsets=["de"]), "hf_subsets=['de']"),
        (
            WantedModel("a/b", COMMIT, in_registry=True, settings={"embed_dim": 64}),
            EvaluatedTask("STS13"),
            "embed_dim=64)",
        ),
        (
            WantedModel("a/b", COMMIT, in_registry=True, settings={"max_seq_length": 64}),
            EvaluatedTask("STS13"),
            "max_seq_length = 64",
        ),
        (
            WantedModel("a/b", COMMIT, in_registry=False, settings={"embed_dim": 64}),
            EvaluatedTask("STS13"),
            "truncate_dim=64",
        ),
        (
            WantedModel("a/b", COMMIT, in_registry=False, settings={"model_prompts": {"STS": "x: "}}),
            EvaluatedTask("STS13"),
            "model_prompts={'STS': 'x: '}",
        ),
        (
            WantedModel("a/b", "0" * 40, in_registry=False, settings={}, local_path="/models/b"),
            EvaluatedTask("STS13"),
            'Transformer("/models/b", ',
        ),
    ],
)
def test_what_no_option_says_makes_a_program(model: WantedModel, task: EvaluatedTask, words: str) -> None:
    found = recipe(model, [task], batch_size=8)
    assert found.is_program
    assert words in found.text
    ast.parse(found.text)


def test_loaders_of_mteb_get_no_setting_that_they_do_not_know() -> None:
    settings = {"embed_dim": 64, "max_seq_length": 32, "dtype": "float16", "framework": "registry"}
    model = WantedModel("a/b", COMMIT, in_registry=True, settings=settings)
    found = recipe(model, [EvaluatedTask("STS13")], batch_size=8)
    assert f'mteb.get_model("a/b", revision="{COMMIT}", embed_dim=64)' in found.text
    assert "model.model.max_seq_length = 32\nmodel.model.to(torch.float16)\n" in found.text


def test_a_model_of_the_registry_that_is_loaded_otherwise_keeps_its_prompts_there() -> None:
    model = WantedModel("a/b", COMMIT, in_registry=True, settings={"framework": "transformers"})
    found = recipe(model, [EvaluatedTask("STS13")], batch_size=8).text
    assert "mteb.get_model(" not in found
    assert "mteb.get_model_meta(\"a/b\").loader_kwargs.get('model_prompts')" in found
    ast.parse(found)


def test_settings_that_the_command_cannot_say_are_named() -> None:
    model = WantedModel("a/b", COMMIT, in_registry=True, settings={"dtype": "float16"})
    found = recipe(model, [EvaluatedTask("Ours", is_custom=True)], batch_size=8)
    assert "dtype='float16'" in found.note


def test_tasks_of_this_board_are_repeated_here() -> None:
    own = EvaluatedTask("Ours", is_custom=True)
    found = recipe(MODEL, [own], batch_size=8)
    assert found.text == f"manage.py evaluate acme/model --revision {COMMIT} --task Ours --wait"
    mixed = recipe(MODEL, [own, EvaluatedTask("STS13")], batch_size=8)
    assert "Ours" not in mixed.text
    assert "left out" in mixed.note
