"""Languages: their names, and their pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

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
from tests.factories import bump_data_version, make_benchmark, make_board, make_model, make_result, make_row, make_task


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


def stored(code: str) -> list[Any]:
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


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address, follow=False)
    assert response.status_code == status, address
    return " ".join(response.getvalue().decode().split())


def csv(client: Client, address: str) -> str:
    return text(client, address).replace('"', "")


@pytest.fixture
def _ranked(_names: None) -> None:
    """Two tasks with English cells: `strong` is better in English and `wide` in German; one task has German only."""
    mixed, english = mixed_task(name="Mixed"), make_task("English", type="Retrieval")
    german = make_task("German", languages=["deu-Latn"], eval_langs=["deu-Latn"])
    strong, wide = make_model("org/strong", n_parameters=33_000_000), make_model("org/wide")
    make_result(strong, mixed, {"test": {"en": 0.9, "de": 0.1, "en-de": 0.9}})
    make_result(strong, english, 0.8)
    for task in (mixed, english, german):
        make_result(wide, task, {"test": dict.fromkeys(task.hf_subsets, 0.6)})
    make_row(make_board(make_benchmark("MTEB(deu, v1)", [mixed, german], display_name="German board")), wide)
    publish_languages()


@pytest.mark.usefixtures("_ranked")
def test_the_index_lists_languages_with_results_and_finds_them(client: Client) -> None:
    page = text(client, "/languages/")
    assert 'href="/languages/eng-Latn/">English</a>' in page
    assert "All 2 languages with results" in page
    assert "1 of 2 languages" in text(client, "/languages/?q=engl&script=Latn")
    assert "No language is like that" in text(client, "/languages/?q=%00&script=zzz")
    assert 'href="/scripts/Latn/">Latin</a>' in text(client, "/scripts/")
    assert "deu-Latn,German,2,2," in csv(client, "/languages/?format=csv&sort=name")


@pytest.mark.usefixtures("_ranked")
def test_a_language_page_ranks_models_by_their_scores_in_it(client: Client) -> None:
    page = text(client, "/languages/eng-Latn/")
    assert "2 models ranked by win rate over 2 tasks in English" in page
    assert page.index("/models/org/strong/") < page.index("/models/org/wide/")
    assert "100.00<td>2/2<td>85.00" in page
    german = text(client, "/languages/deu-Latn/")
    assert german.index("/models/org/wide/") < german.index("/models/org/strong/")
    assert 'href="/benchmarks/mtebdeu-v1/?lang=deu-Latn"' in german
    assert "2 of 2 tasks" in german


@pytest.mark.usefixtures("_ranked")
def test_a_query_narrows_the_models_of_a_language(client: Client) -> None:
    page = text(client, "/languages/eng-Latn/?q=params+%3C+1B")
    assert "1 model ranked by win rate over 2 tasks in English, among the 1 of 2 that the query leaves" in page
    assert "/models/org/wide/" not in page
    assert "Nothing is left" in text(client, "/languages/eng-Latn/?q=nobody")
    wrong = text(client, "/scripts/Latn/?q=parms+%3C+1B")
    assert "<mark>parms</mark>" in wrong
    assert "/models/org/wide/" in wrong
    assert "org/strong" not in csv(client, "/task-types/Retrieval/?q=wide&format=csv")


@pytest.mark.usefixtures("_ranked")
def test_the_tasks_of_a_language_say_who_is_best_in_it(client: Client) -> None:
    page = text(client, "/languages/deu-Latn/?view=tasks&sort=task")
    assert page.index("/tasks/German/") < page.index("/tasks/Mixed/")
    assert "<td>60.00" in page
    assert "Mixed,STS,2,yes,60.00,org/wide" in csv(client, "/languages/deu-Latn/?view=tasks&format=csv")


@pytest.mark.usefixtures("_ranked")
@pytest.mark.parametrize(
    ("address", "to"),
    [
        ("/languages/English/?source=official", "/languages/eng-Latn/?source=official"),
        ("/languages/de/", "/languages/deu-Latn/"),
        ("/languages/eng/", "/languages/eng-Latn/"),
        ("/languages/Latn/", "/scripts/Latn/"),
    ],
)
def test_a_language_is_found_under_its_other_names(client: Client, address: str, to: str) -> None:
    assert client.get(address).headers["Location"] == to


@pytest.mark.usefixtures("_ranked")
def test_a_script_page_lists_its_languages(client: Client) -> None:
    page = text(client, "/scripts/Latn/")
    assert "3 tasks in languages written in Latin" in page
    assert 'href="/languages/deu-Latn/"' in page
    assert 'href="/benchmarks/mtebdeu-v1/?script=Latn"' in page


@pytest.mark.usefixtures("_ranked")
def test_a_language_without_results_says_so_and_none_is_missing(client: Client) -> None:
    make_task(languages=["ell-Grek"])
    bump_data_version()
    assert "No model has all scores of a task in this language yet" in text(client, "/languages/ell/")
    for address in ("/languages/klingon/", "/languages/%00/", "/scripts/Zzzz/", "/languages/" + "x" * 500 + "/"):
        text(client, address, status=404)


@pytest.mark.usefixtures("_ranked")
@pytest.mark.parametrize("query", ["sort=zzz", "sort=-type:Nothing", "page=99", "per_page=x", "view=x", "source=x"])
def test_a_language_page_takes_nonsense(client: Client, query: str) -> None:
    assert "org/strong" in text(client, f"/languages/eng-Latn/?{query}")


def test_the_pages_are_there_before_anything_else_is(db: None, client: Client) -> None:
    assert "No results yet" in text(client, "/languages/")
    assert "No results yet" in text(client, "/scripts/")
