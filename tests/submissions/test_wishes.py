"""The small languages of the form's text fields, and what the form makes of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from evaluation.selectors.cells import UnitCells
from leaderboard.models import Origin
from submissions.forms.submissions import SubmitForm
from submissions.wishes import NamedTask, Unreadable, read_names, read_pairs, read_tasks
from tests.factories import make_task
from tests.factories_submissions import make_user


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", []),
        ("A B\nC", [NamedTask("A"), NamedTask("B"), NamedTask("C")]),
        ("A, B;C", [NamedTask("A"), NamedTask("B"), NamedTask("C")]),
        ("A\nA", [NamedTask("A")]),
        ("A split=test subset=de,en", [NamedTask("A", ("test",), ("de", "en"))]),
        ("A split=test\nB subset=de,", [NamedTask("A", ("test",)), NamedTask("B", None, ("de",))]),
    ],
)
def test_tasks_are_read_with_their_parts(text: str, named: list[NamedTask]) -> None:
    assert read_tasks(text) == named


@pytest.mark.parametrize("text", ["split=test", "A size=3", "A split=", "A split=,"])
def test_a_part_that_cannot_be_read_is_explained(text: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        read_tasks(text)


def test_a_named_task_is_written_as_it_is_read() -> None:
    named = NamedTask("A", ("test",), ("de", "en"))
    assert read_tasks(str(named)) == [named]


def test_pairs_and_names_are_read_line_by_line() -> None:
    assert read_pairs("STS: find: alike\n\nplain\n: nothing") == {"STS": "find: alike", "plain": ""}
    assert read_names("NQ, MS MARCO\nNQ;HotpotQA") == ["NQ", "MS MARCO", "HotpotQA"]


def form(**fields: Any) -> SubmitForm:
    return SubmitForm({"model_name": "example/model"} | fields, user=make_user())


def errors(**fields: Any) -> dict[str, str]:
    return {name: " ".join(map(str, found)) for name, found in form(**fields).errors.items()}


@pytest.mark.django_db
def test_the_form_gives_the_services_all_that_was_asked_for() -> None:
    whole, part, declined = make_task("Whole"), make_task("Part", hf_subsets=["de", "en"]), make_task("Declined")
    day = timezone.now().date() + timedelta(days=3)
    filled = form(
        model_name="https://huggingface.co/example/model/tree/v2",
        tasks="Whole\nPart subset=de",
        prompts="STS: Compare.\nquery: Search.\nWhole-document: Text.",
        max_seq_length="128",
        embed_dim="64",
        dtype="float16",
        framework="transformers",
        batch_size="8",
        disclosure="some",
        trained_on_split="Whole",
        trained_on_data="Part",
        other_datasets="MS MARCO, NQ",
        declined="Declined: It was made for that.",
        is_private="on",
        embargo_until=day.isoformat(),
        token="hf_x",
    )
    assert not filled.errors
    wish = filled.wish()
    assert (wish["model_name"], wish["revision"], wish["token"], wish["batch_size"]) == (
        "example/model",
        "v2",
        "hf_x",
        8,
    )
    assert (wish["tasks"], wish["parts"]) == ([whole], {part: UnitCells(None, ["de"])})
    assert wish["settings"] == {
        "max_seq_length": 128,
        "embed_dim": 64,
        "dtype": "float16",
        "framework": "transformers",
        "model_prompts": {"STS": "Compare.", "query": "Search.", "Whole-document": "Text."},
    }
    assert wish["training_data"] == {"tasks": {"Part": "data", "Whole": "split"}, "datasets": ["MS MARCO", "NQ"]}
    assert wish["declined"] == {declined: "It was made for that."}
    assert wish["is_private"]
    assert wish["embargo_until"].date() == day


@pytest.mark.django_db
def test_a_plain_wish_has_no_settings_and_discloses_nothing() -> None:
    wish = form().data and (filled := form()).is_valid() and filled.wish()
    assert isinstance(wish, dict)
    assert (wish["settings"], wish["training_data"], wish["is_private"], wish["parts"]) == ({}, None, False, {})


@pytest.mark.django_db
def test_a_task_that_is_named_with_all_its_parts_is_a_whole_task() -> None:
    make_task("Whole", hf_subsets=["de", "en"])
    filled = form(tasks="Whole split=test subset=en,de")
    assert filled.is_valid()
    assert not filled.wish()["parts"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"model_name": ""}, "model_name", "required"),
        ({"tasks": "Knwon"}, "tasks", "There is no task Knwon. Did you mean Known?"),
        ({"tasks": "Known split"}, "tasks", "There is no task split"),
        ({"tasks": "Known size=3"}, "tasks", "cannot be read"),
        ({"tasks": "Known split=dev"}, "tasks", "Known has no split “dev”. It has: test."),
        ({"tasks": "Known subset=xx"}, "tasks", "Known has no subset “xx”. It has: de, en."),
        ({"tasks": "Own subset=de"}, "tasks", "evaluated as a whole"),
        ({"prompts": "Nothing: x"}, "prompts", "“Nothing” is no type of task"),
        ({"prompts": "STS"}, "prompts", "Write the prompt for STS"),
        ({"max_seq_length": "0"}, "max_seq_length", "greater than or equal to 1"),
        ({"embed_dim": "-1"}, "embed_dim", "greater than or equal to 1"),
        ({"batch_size": "many"}, "batch_size", "whole number"),
        ({"dtype": "int4"}, "dtype", "not one of the available choices"),
        ({"framework": "onnx"}, "framework", "not one of the available choices"),
        ({"disclosure": "some"}, "disclosure", "Name what the model has seen"),
        ({"disclosure": "none", "other_datasets": "NQ"}, "disclosure", "choose “It has seen these”"),
        ({"disclosure": "some", "trained_on_split": "NQ"}, "trained_on_split", "There is no task NQ"),
        ({"disclosure": "some", "trained_on_data": "NQ"}, "trained_on_data", "There is no task NQ"),
        ({"declined": "NQ: seen"}, "declined", "There is no task NQ"),
        ({"embargo_until": "2100-01-01"}, "embargo_until", "Only a private submission"),
        ({"is_private": "on", "embargo_until": "2001-01-01"}, "embargo_until", "still to come"),
        ({"is_private": "on", "embargo_until": "soon"}, "embargo_until", "valid date"),
    ],
)
def test_a_form_that_cannot_be_meant_says_why(fields: dict[str, str], field: str, words: str) -> None:
    make_task("Known", hf_subsets=["de", "en"])
    make_task("Own", origin=Origin.CUSTOM, hf_subsets=["de", "en"])
    found = errors(**fields)
    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.django_db
def test_without_a_key_the_form_asks_for_no_token(settings: Any) -> None:
    assert "token" in form().fields
    settings.CREDENTIAL_KEYS = []
    assert "token" not in form().fields
