"""Which results a rule makes stale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from leaderboard.currency import parsed_version


class UnusableRule(ValueError):
    """The message says what to write instead."""


@dataclass(frozen=True, slots=True)
class VersionRange:
    """From `first` to `last`, both included; None leaves that end open."""

    first: Version | None
    last: Version | None

    def __contains__(self, version: str | None) -> bool:
        """A missing version, or one that is none such as "2.12.16-2.15.4", is in no range: nobody knows it."""
        known = parsed_version(version)
        if known is None:
            return False
        return (self.first is None or known >= self.first) and (self.last is None or known <= self.last)

    def among(self, versions: Iterable[str | None]) -> list[str]:
        return [version for version in versions if version is not None and version in self]


def version_range(first: str, last: str) -> VersionRange:
    """Raises UnusableRule."""
    if not first and not last:
        raise UnusableRule("Name the first or the last mteb version that is wrong.")
    found = VersionRange(_version(first), _version(last))
    if found.first and found.last and found.first > found.last:
        raise UnusableRule(f"The first version, {first}, is newer than the last, {last}. Exchange them.")
    return found


def _version(text: str) -> Version | None:
    try:
        return Version(text) if text else None
    except InvalidVersion:
        raise UnusableRule(f"“{text}” is no version of mteb. Write it like 2.12.16.") from None


def same_revision(name: str | None, registrys: str) -> bool:
    """Commits are sometimes shortened to their first seven digits."""
    if not name or not registrys:
        return False
    return name == registrys or (len(name) == 7 and registrys.startswith(name))


def is_outdated(dataset_revision: str | None, current: str) -> bool:
    """Whether a result names another revision of the dataset than its task does now."""
    return bool(dataset_revision and current) and not same_revision(dataset_revision, current)
