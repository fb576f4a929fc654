"""Families of models: what a model was adapted from, and what was made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Relative:
    """A model of a family with the models that were adapted from it, by name."""

    name: str
    adapted_into: list[Relative] = field(default_factory=list)

    def names(self) -> list[str]:
        """Its own and those of everything below it."""
        return [self.name, *(name for child in self.adapted_into for name in child.names())]


def ancestors(name: str, adapted_from: Mapping[str, str | None]) -> list[str]:
    """What the model was adapted from, what that was adapted from, and so on; a circle is not walked twice."""
    found: list[str] = []
    base = adapted_from.get(name)
    while base and base != name and base not in found:
        found.append(base)
        base = adapted_from.get(base)
    return found


def descendants(name: str, links: Iterable[tuple[str, str]]) -> list[Relative]:
    """Everything that was made of the model, as a tree. `links` are (model, what it was adapted from)."""
    children: dict[str, list[str]] = defaultdict(list)
    for model, base in links:
        children[base].append(model)
    return _below(name, children, frozenset([name]))


def _below(name: str, children: Mapping[str, list[str]], seen: frozenset[str]) -> list[Relative]:
    return [
        Relative(child, _below(child, children, seen | {child}))
        for child in sorted(children.get(name, ()), key=str.lower)
        if child not in seen
    ]


def family(name: str, links: Iterable[tuple[str, str]]) -> Relative:
    """The line from the first known base down to the model, and below it everything made of it."""
    known = list(links)
    line = Relative(name, descendants(name, known))
    for base in ancestors(name, dict(known)):
        line = Relative(base, [line])
    return line
