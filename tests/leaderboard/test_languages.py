"""Languages: their names, and their pages."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from leaderboard.languages import LanguageFacts, LanguageNames
from leaderboard.models import Language, Script
from leaderboard.selectors import languages
from tests.factories import make_model, make_task


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
        ("klingon", None),
        ("\0", None),
    ],
)
def test_a_language_is_found_by_name_or_code(text: str, code: str | None) -> None:
    make_task(languages=["eng-Latn", "zho-Hant", "ell-Grek", "nds-Latn"])
    assert languages.find_language(text) == code
