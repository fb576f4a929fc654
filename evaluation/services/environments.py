"""Storing what an evaluation ran with."""

from __future__ import annotations

from typing import Any

from evaluation.models import PackageSet


def keep_packages(environment: dict[str, Any] | None) -> dict[str, Any] | None:
    """The environment without its list of packages, which is stored once for all attempts that share it."""
    if environment is None or "packages" not in environment:
        return environment
    packages = environment["packages"]
    if packages:
        PackageSet.objects.get_or_create(digest=environment["packages_digest"], defaults={"content": packages})
    return {name: value for name, value in environment.items() if name != "packages"}
