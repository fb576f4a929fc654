"""Languages by name, and how models stand in each."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.cache import caches
from django.db.models import Q

from leaderboard.languages import LanguageFacts, LanguageNames, bare_code
from leaderboard.models import Language, ModelMeta, Script, Task
from leaderboard.selectors.versions import data_version


def language_names() -> dict[str, str]:
    """Code -> name for every language that a task or a model names, with script (`eng-Latn`) and without (`eng`).

    A page that shows many names asks once and takes `names.get(code, code)`.
    """
    key = f"language-names:{data_version()}"
    names: dict[str, str] | None = caches["process"].get(key)
    if names is None:
        names = names_of(_codes_in_use())
        caches["process"].set(key, names)
    return names


def language_name(code: str) -> str:
    """`eng-Latn` -> English, `zho-Hant` -> Chinese (Traditional); what is unknown stays a code."""
    return language_names().get(code) or names_of([code])[code]


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """Code -> name for these codes and for the same languages without script."""
    with_bare = dict.fromkeys(part for code in codes for part in (code, bare_code(code)))
    languages = Language.objects.filter(code__in=list(with_bare)).values_list("code", "name", "usual_script")
    names = LanguageNames(
        languages={code: LanguageFacts(name, usual_script) for code, name, usual_script in languages},
        scripts=dict(Script.objects.values_list("code", "short_name")),
    )
    return {code: names.of(code) for code in with_bare}


def _codes_in_use() -> set[str]:
    lists = [
        *Task.objects.values_list("languages", flat=True),
        *ModelMeta.objects.exclude(languages=None).values_list("languages", flat=True),
    ]
    return {code for codes in lists for code in codes or ()}


def find_language(text: str) -> str | None:
    """The code of the language that somebody names: `English`, `en`, `ENG`, `eng-latn` or `Chinese (Traditional)`.

    A code with script only where the text names one. Part of a name will do ("Greek"), where one language in use has
    it or is named most shortly. None if there is no such language.
    """
    wanted = " ".join(text.replace("\0", " ").split()).casefold()
    if not wanted:
        return None
    names = language_names()
    by_code = {code.casefold(): code for code in names}
    if wanted in by_code:
        return by_code[wanted]
    exact = Language.objects.filter(Q(name__iexact=wanted) | Q(short_code=wanted) | Q(code__iexact=wanted))
    found = sorted(exact.values_list("code", flat=True), key=lambda code: (code not in names, code))
    if found:
        return found[0]
    by_name = {names[code].casefold(): code for code in sorted(names, key=len, reverse=True)}
    if wanted in by_name:
        return by_name[wanted]
    parts = [name for name in by_name if wanted in name.replace("(", " ").replace(")", " ").split()]
    return by_name[min(parts, key=lambda name: (len(name), name))] if parts else None
