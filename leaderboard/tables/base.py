"""What the tables share. django-tables2 keeps columns, sorting and paging; rows are written here.

Writing the rows in Python, one string per cell, is what lets a board of 426 x 131 cells be a page: tables2's own row
rendering needs about a millisecond a row of twenty cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_tables2
from django.core.paginator import Paginator
from django.utils.safestring import SafeString, mark_safe
from django_tables2.data import TableListData
from django_tables2.utils import OrderBy


class PodiumTable(django_tables2.Table):
    """A table whose rows are one safe string, `body` (its tbody elements).

    Its address parameters are `sort`, `page` and `per_page`.
    """

    first_columns_pinned = 1
    text_columns: frozenset[str] = frozenset()
    natural_order = ""

    class Meta:
        template_name = "leaderboard/_table.html"
        order_by_field = "sort"

    def body(self) -> SafeString:
        return mark_safe(f"<tbody>{''.join(self.row(record) for record in self.records())}</tbody>")  # noqa: S308

    def row(self, record: Any) -> str:
        raise NotImplementedError

    def records(self) -> Iterable[Any]:
        return self.paginated_rows.data

    def show_page(self, number: str | None, per_page: int | None) -> None:
        """A number that is no page shows the nearest one; `per_page=None` shows everything."""
        self.paginator = Paginator(self.rows, per_page or max(len(self.rows), 1))
        self.page = self.paginator.get_page(number)

    @property
    def page_range(self) -> Iterable[int | str]:
        return self.paginator.get_elided_page_range(self.page.number, on_each_side=2, on_ends=1)


class ScoreColumn(django_tables2.Column):
    """Sorts the best first at the first click."""

    def __init__(self, verbose_name: str, **kwargs: Any) -> None:
        super().__init__(verbose_name=verbose_name, initial_sort_descending=True, **kwargs)


class Rows(TableListData):
    """A list that sorts by attributes, where None is last in either direction and equal rows keep their place."""

    data: list[Any]

    def order_by(self, aliases: Iterable[str]) -> None:
        for alias in reversed(list(aliases)):
            accessor = self.table.columns[OrderBy(alias).bare].accessor
            known = [record for record in self.data if accessor.resolve(record, quiet=True) is not None]
            unknown = [record for record in self.data if accessor.resolve(record, quiet=True) is None]
            known.sort(key=accessor.resolve, reverse=OrderBy(alias).is_descending)
            self.data = [*known, *unknown]
