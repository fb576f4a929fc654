"""Reading labels at once instead of one by one.

`datasets` gives a column that reads each value from Arrow when it is asked for. mteb walks through labels again and
again: drawing the ten samples of Banking77Classification and scoring ten predictions took 36 s of one `mteb run`, and
takes less than one from lists.
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary


def read_numbers_at_once() -> None:
    """From now on a column of plain numbers is a list, with the same values, kept as long as its dataset.

    Lists are shared, which is safe because the columns that they stand for cannot be changed either.
    """
    from datasets import Dataset

    lazily = Dataset.__getitem__
    if getattr(lazily, "reads_at_once", False):
        return
    lists: WeakKeyDictionary[Any, dict[str, list[Any]]] = WeakKeyDictionary()

    @wraps(lazily)
    def at_once(dataset: Any, key: Any) -> Any:
        if not (isinstance(key, str) and _is_number(dataset, key)):
            return lazily(dataset, key)
        of_dataset = lists.setdefault(dataset, {})
        if key not in of_dataset:
            of_dataset[key] = lazily(dataset, key)[:]
        return of_dataset[key]

    at_once.reads_at_once = True  # type: ignore[attr-defined]
    Dataset.__getitem__ = at_once


def _is_number(dataset: Any, key: str) -> bool:
    from datasets import ClassLabel, Value

    feature = dataset.features.get(key)
    if dataset.format["type"] is not None:
        return False
    return isinstance(feature, ClassLabel) or (
        isinstance(feature, Value) and feature.dtype.startswith(("int", "uint", "float", "bool"))
    )
