"""What can be found by name, kind by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial, reduce
from operator import add, or_
from typing import Any, NamedTuple, Protocol

from django.contrib.postgres.search import TrigramSimilarity, TrigramWordSimilarity
from django.db import connection
from django.db.models import Count, Model, Q, QuerySet
from django.urls import reverse

from leaderboard.languages import bare_code
from leaderboard.memory import Kept
from leaderboard.models import Benchmark, Language, LanguageSummary, ModelMeta, Scope, Task, TaskRow
from leaderboard.search_terms import words_of
from leaderboard.selectors.language_boards import LanguageTitle, language_titles
from leaderboard.selectors.versions import data_version
from leaderboard.task_types import type_label
from leaderboard.wording import counted

# How alike words must be, on pg_trgm's scale, to be taken for a misspelling of each other; and how alike whole names.
ALIKE = 0.4
_SAME_NAME = 0.35
_NEAREST = 50


class Hit(NamedTuple):
    """Something found. `note` says in a few words what it is."""

    title: str
    note: str
    address: str


class Entry(NamedTuple):
    """What may be found under its `names`; of equally good ones the one of more `weight` comes first.

    The hit is made for those that are shown.
    """

    names: tuple[str, ...]
    weight: float
    hit: Callable[[], Hit]


class Near(NamedTuple):
    """An entry and how alike it is to what was looked for, from 0 to 1."""

    likeness: float
    entry: Entry


class Kind(Protocol):
    """A kind of thing that can be found."""

    name: str
    label: str

    def words(self) -> Iterable[str]:
        """The words of each name."""

    def holding(self, wanted: Sequence[str]) -> list[Entry]:
        """Those whose names hold all words."""

    def described(self, wanted: Sequence[str]) -> list[Entry]:
        """Those whose descriptions hold all words."""

    def alike(self, wanted: Sequence[str]) -> list[Near]:
        """Those with words like the wanted ones, the most alike first. pg_trgm's word threshold must be `ALIKE`."""

    def like(self, name: str) -> list[Near]:
        """Those whose whole name is like this one, the most alike first."""


class Rows:
    """Things of a table whose column `search_words` has an index; new ones are found at once."""

    def __init__(
        self,
        name: str,
        label: str,
        model: type[Model],
        columns: Sequence[str],
        entry: Callable[[Any], Entry],
        *,
        have_descriptions: bool = False,
    ) -> None:
        self.name, self.label, self._columns, self._entry = name, label, columns, entry
        self._rows: QuerySet[Any] = model._default_manager.order_by()
        self._have_descriptions = have_descriptions

    def words(self) -> Iterable[str]:
        return self._rows.values_list("search_words", flat=True)

    def holding(self, wanted: Sequence[str]) -> list[Entry]:
        return self._entries(self._rows.filter(*(Q(search_words__contains=term) for term in wanted)))

    def described(self, wanted: Sequence[str]) -> list[Entry]:
        if not self._have_descriptions:
            return []
        return self._entries(self._rows.filter(*(Q(description__icontains=term) for term in wanted)))

    def _entries(self, rows: QuerySet[Any]) -> list[Entry]:
        return [self._entry(row) for row in rows.values_list(*self._columns, named=True)]

    def alike(self, wanted: Sequence[str]) -> list[Near]:
        near = self._rows.filter(reduce(or_, (Q(search_words__trigram_word_similar=term) for term in wanted)))
        likeness = reduce(add, (TrigramWordSimilarity(term, "search_words") for term in wanted)) / float(len(wanted))
        return self._nearest(near.annotate(likeness=likeness).filter(likeness__gte=ALIKE))

    def like(self, name: str) -> list[Near]:
        words = words_of(name)
        near = self._rows.filter(search_words__trigram_similar=words)
        return self._nearest(near.annotate(likeness=TrigramSimilarity("search_words", words)))

    def _nearest(self, near: QuerySet[Any]) -> list[Near]:
        found = near.order_by("-likeness", "pk").values_list("likeness", *self._columns, named=True)
        return [Near(row.likeness, self._entry(row)) for row in found[:_NEAREST]]


class Listed:
    """Things of which there are few, so that all of them are in memory."""

    def __init__(self, name: str, label: str, entries: Iterable[Entry]) -> None:
        self.name, self.label = name, label
        self._all = [(" ".join(map(words_of, entry.names)), entry) for entry in entries]

    def words(self) -> Iterable[str]:
        return (words for words, _ in self._all)

    def holding(self, wanted: Sequence[str]) -> list[Entry]:
        return [entry for words, entry in self._all if all(term in words for term in wanted)]

    def described(self, wanted: Sequence[str]) -> list[Entry]:
        return []

    def alike(self, wanted: Sequence[str]) -> list[Near]:
        likeness = " + ".join(["word_similarity(%s, words)"] * len(wanted))
        return self._nearest(f"({likeness}) / {len(wanted)}", list(wanted), ALIKE)

    def like(self, name: str) -> list[Near]:
        return self._nearest("similarity(%s, words)", [words_of(name)], _SAME_NAME)

    def _nearest(self, likeness: str, parameters: list[str], least: float) -> list[Near]:
        query = f"""
            SELECT likeness, place - 1
            FROM unnest(string_to_array(%s, chr(10))) WITH ORDINALITY AS entry (words, place),
                 LATERAL (SELECT {likeness}) AS found (likeness)
            WHERE likeness >= %s ORDER BY likeness DESC, place LIMIT %s
        """  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(query, ["\n".join(words for words, _ in self._all), *parameters, least, _NEAREST])
            return [Near(likeness, self._all[place][1]) for likeness, place in cursor.fetchall()]


class Catalogue:
    """Everything that can be found. What it counts and lists is as of one data version."""

    def __init__(self) -> None:
        self._tasks_of_model = _counts("model_meta")
        self._models_of_task = _counts("task")
        columns = "name", "display_name", "slug", "menu_position"
        self.kinds: list[Kind] = [
            Rows("boards", "Boards", Benchmark, columns, _board, have_descriptions=True),
            Rows("models", "Models", ModelMeta, ["pk", "name"], self._model),
            Rows("tasks", "Tasks", Task, ["pk", "name", "type"], self._task, have_descriptions=True),
            Listed("languages", "Languages", _languages()),
            Listed("organisations", "Organisations", _organisations()),
            Listed("types", "Task types", _task_types()),
        ]

    def of(self, kind: str) -> list[Kind]:
        """The kind of that name, else all."""
        return [one for one in self.kinds if one.name == kind] or self.kinds

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every word of every name."""
        return sorted({word for kind in self.kinds for words in kind.words() for word in words.split()})

    def near_words(self, term: str) -> list[str]:
        """Words of names that are like this one, the most alike first."""
        query = """
            SELECT word FROM unnest(string_to_array(%s, ' ')) AS word
            WHERE similarity(word, %s) >= %s ORDER BY similarity(word, %s) DESC, word LIMIT %s
        """
        with connection.cursor() as cursor:
            cursor.execute(query, [" ".join(self.vocabulary), term, _SAME_NAME, term, _NEAREST])
            return [word for (word,) in cursor.fetchall()]

    def _model(self, row: Any) -> Entry:
        n_tasks = self._tasks_of_model.get(row.pk, 0)
        note = counted(n_tasks, "task") if n_tasks else "no results"
        return Entry((row.name,), n_tasks, lambda: Hit(row.name, note, reverse("model", args=[row.name])))

    def _task(self, row: Any) -> Entry:
        n_models = self._models_of_task.get(row.pk, 0)
        return Entry(
            (row.name,), n_models, lambda: Hit(row.name, type_label(row.type), reverse("task", args=[row.name]))
        )


_catalogue: Kept[Catalogue] = Kept(1)


def catalogue() -> Catalogue:
    """Kept in memory until the data change."""
    return _catalogue.get(data_version(), Catalogue)


def _counts(of: str) -> dict[int, int]:
    """How many tasks a model has or how many models a task has, which says what people mostly look for."""
    rows = TaskRow.objects.in_scope(Scope.ALL).filter(experiment_id="").order_by().values_list(of)
    return dict(rows.annotate(n=Count("pk")))


def _board(row: Any) -> Entry:
    title = row.display_name or row.name
    place = float("inf") if row.menu_position is None else row.menu_position
    note = "" if title == row.name else row.name
    return Entry((row.name, title), -place, lambda: Hit(title, note, reverse("benchmark", args=[row.slug])))


def _languages() -> list[Entry]:
    summaries = list(LanguageSummary.objects.filter(scope=Scope.ALL))
    titles = language_titles(summary.code for summary in summaries)
    short_codes = dict(Language.objects.exclude(short_code="").values_list("code", "short_code"))
    return [_language(summary, titles[summary.code], short_codes) for summary in summaries]


def _language(summary: LanguageSummary, title: LanguageTitle, short_codes: Mapping[str, str]) -> Entry:
    bare = bare_code(summary.code)
    note = f"{'script, ' if title.is_script else ''}{counted(summary.n_tasks, 'task')}"
    return Entry(
        (title.name, summary.code, bare, short_codes.get(bare, "")),
        0 if title.is_script else summary.n_tasks,
        partial(Hit, title.name, note, title.address),
    )


def _organisations() -> list[Entry]:
    rows = ModelMeta.objects.exclude(organisation="").values_list("organisation").annotate(n=Count("pk")).order_by()
    return [
        Entry((name,), n, partial(Hit, name, counted(n, "model"), reverse("organisation", args=[name])))
        for name, n in rows
    ]


def _task_types() -> list[Entry]:
    rows = Task.objects.values_list("type").annotate(n=Count("pk")).order_by()
    return [
        Entry(
            (name, type_label(name)),
            n,
            partial(Hit, type_label(name), counted(n, "task"), reverse("task_type", args=[name])),
        )
        for name, n in rows
    ]
