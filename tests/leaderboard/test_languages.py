"""Languages: their names, and their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from leaderboard.language_cells import codes_of, named_cells, whole_codes
from leaderboard.languages import LanguageFacts, LanguageNames
from leaderboard.models import (
    Language,
    LanguageSummary,
    LanguageTask,
    ModelMeta,
    Scope,
    Script,
    SourceKind,
    Task,
)
from leaderboard.selectors import languages
from leaderboard.selectors.language_boards import pool_tasks
from leaderboard.services.languages import publish_languages
from tests.factories import make_model, make_result, make_task


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def _names(db: None) -> None:
    for code, name, short_code, usual_script in (
        ("eng", "English", "en", "Latn"),
        ("zho", "Chinese", "zh", "Hans"),
        ("ell", "Modern Greek (1453-)", "el", "Grek"),
        ("deu", "German", "de", "Latn"),
        ("nds", "Low German", "", "Latn"),
        ("python-Code", "Python", "", "Code"),
    ):
        Language.objects.create(code=code, name=name, short_code=short_code, usual_script=usual_script)
    for code, name in (("Latn", "Latin"), ("Hant", "Traditional"), ("Hans", "Simplified"), ("Grek", "Greek")):
        Script.objects.create(code=code, name=name, short_name=name)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("eng", "English"),
        ("eng-Latn", "English"),
        ("eng-Cyrl", "English (Cyrl)"),
        ("zho-Hant", "Chinese (Traditional)"),
        ("python-Code", "Python"),
        ("keng-Latn", "keng-Latn"),
        ("", ""),
    ],
)
def test_a_script_is_named_where_it_is_not_the_usual_one(code: str, name: str) -> None:
    facts = {
        "eng": LanguageFacts("English", "Latn"),
        "zho": LanguageFacts("Chinese", "Hans"),
        "python-Code": LanguageFacts("Python", "Code"),
    }
    assert LanguageNames(facts, {"Hant": "Traditional", "Hans": "Simplified"}).of(code) == name


@pytest.mark.usefixtures("_names")
def test_names_cover_what_tasks_and_models_name_and_any_other_on_request() -> None:
    make_task(languages=["eng-Latn", "python-Code"])
    make_model(languages=["zho-Hant"])
    assert languages.language_names() == {
        "eng-Latn": "English",
        "eng": "English",
        "python-Code": "Python",
        "zho-Hant": "Chinese (Traditional)",
        "zho": "Chinese",
    }
    assert languages.language_name("deu-Latn") == "German"
    assert languages.language_name("xyz-Latn") == "xyz-Latn"


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("english", "eng"),
        ("EN", "eng"),
        ("ENG-latn", "eng-Latn"),
        (" Chinese  (traditional)", "zho-Hant"),
        ("greek", "ell"),
        ("German", "deu"),
        ("low", "nds"),
        ("klingon", None),
        ("\0", None),
    ],
)
def test_a_language_is_found_by_name_or_code(text: str, code: str | None) -> None:
    make_task(languages=["eng-Latn", "zho-Hant", "ell-Grek", "nds-Latn"])
    assert languages.find_language(text) == code


def test_a_cell_counts_for_its_languages_and_scripts() -> None:
    assert codes_of(("eng_Latn", "zho-Hant", "nonsense/../", "")) == {
        "eng",
        "eng-Latn",
        "Latn",
        "zho",
        "zho-Hant",
        "Hant",
    }
    assert codes_of(("c++-Code",)) == {"c++-Code", "Code"}


def test_a_task_of_one_language_is_whole_in_it_and_in_its_script() -> None:
    cells = named_cells([("test", "a"), None], [["eng-Latn"], ["deu-Latn"]])
    assert whole_codes([cells]) == ({"eng-Latn", "Latn"}, set())


def test_a_language_without_script_counts_where_a_task_has_several() -> None:
    cells = named_cells([("test", "a"), ("test", "b")], [["zho-Hans"], ["zho-Hant"]])
    assert whole_codes([cells]) == ({"zho"}, {"zho-Hans", "zho-Hant", "Hans", "Hant"})


def mixed_task(**fields: Any) -> Task:
    """A task with English and German cells."""
    by_subset = {"en": ["eng-Latn"], "de": ["deu-Latn"], "en-de": ["eng-Latn", "deu-Latn"]}
    return make_task(
        languages=["deu-Latn", "eng-Latn"], eval_langs=by_subset, hf_subsets=["en", "de", "en-de"], **fields
    )


def stored(code: str) -> list[tuple[str, list[int], list[float]]]:
    rows = LanguageTask.objects.in_scope(Scope.ALL).filter(code=code).order_by("task__name")
    return list(rows.values_list("task__name", "model_meta_ids", "scores"))


@pytest.mark.django_db
def test_only_the_cells_of_a_language_count_in_it_and_all_of_them_must_be_there() -> None:
    task, english = mixed_task(name="Mixed"), make_task("English")
    whole, partial = make_model(), make_model()
    make_result(whole, task, {"test": {"en": 0.2, "de": 0.9, "en-de": 0.4}})
    make_result(partial, task, {"test": {"en": 0.8, "de": 0.9}})
    make_result(partial, english, 0.7)
    publish_languages()

    assert stored("eng-Latn") == [
        ("English", [partial.pk], [0.7]),
        ("Mixed", [whole.pk], [pytest.approx(0.3)]),
    ]
    assert stored("deu-Latn") == [("Mixed", [whole.pk], [pytest.approx(0.65)])]
    assert [name for name, *_ in stored("Latn")] == ["English", "Mixed"]
    assert stored("eng") == []


@pytest.mark.django_db
def test_parts_of_a_result_merge_in_a_language_as_on_the_boards() -> None:
    task, model_meta = mixed_task(), make_model()
    make_result(model_meta, task, {"test": {"en": 0.4}}, part=0)
    make_result(model_meta, task, {"test": {"en": 0.9, "de": 0.5, "en-de": 0.6}}, part=1)
    publish_languages()
    assert stored("eng-Latn") == [(task.name, [model_meta.pk], [pytest.approx(0.5)])]


@pytest.mark.django_db
def test_a_new_result_changes_the_languages_of_its_task_only() -> None:
    task, other = mixed_task(), make_task(languages=["fra-Latn"], eval_langs=["fra-Latn"])
    first, second = make_model(), make_model()
    for model_meta, score in ((first, 0.5), (second, 0.6)):
        make_result(model_meta, task, {"test": dict.fromkeys(task.hf_subsets, score)})
    make_result(first, other)
    publish_languages()
    before = LanguageTask.objects.get(code="fra-Latn", in_all=True).pk

    make_result(
        make_model(), task, {"test": dict.fromkeys(task.hf_subsets, 0.7)}, kind=SourceKind.RUN, current_in=[Scope.ALL]
    )
    publish_languages(tasks=[task.pk])

    assert LanguageTask.objects.get(code="fra-Latn", in_all=True).pk == before
    counts = LanguageSummary.objects.filter(code="deu-Latn").values_list("scope", "n_models", "leader__name")
    assert sorted(counts) == [("all", 3, ModelMeta.objects.latest("pk").name), ("official", 2, second.name)]
    assert set(LanguageSummary.objects.values_list("code", flat=True)) == {"eng-Latn", "deu-Latn", "fra-Latn", "Latn"}


@pytest.mark.django_db
def test_a_language_in_several_scripts_has_one_more_entry_for_all_of_them() -> None:
    make_result(make_model(), make_task("Simple", languages=["zho-Hans"]))
    make_result(make_model(), make_task("Traditional", languages=["zho-Hant"]))
    publish_languages()
    assert {task.task_id for task in pool_tasks(Scope.ALL, "zho")} == set(Task.objects.values_list("pk", flat=True))
    assert LanguageSummary.objects.get(scope=Scope.ALL, code="zho").n_tasks == 2


@pytest.mark.django_db
def test_officially_only_models_of_the_registry_are_ranked() -> None:
    task = make_task()
    make_result(make_model("in"), task, 0.5)
    make_result(make_model("out", in_registry=False), task, 0.9)
    publish_languages()
    leaders = LanguageSummary.objects.filter(code="eng-Latn").values_list("scope", "leader__name")
    assert sorted(leaders) == [("all", "out"), ("official", "in")]
