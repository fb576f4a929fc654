"""Static files out of installed packages, one by one, without publishing the rest of the package."""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import File
from django.core.files.storage import Storage

# The name under STATIC_URL -> (package, the file inside it).
ASSETS = {
    "vendor/chart.js": ("chartkick", "django/static/chartkick/Chart.bundle.js"),
    "vendor/htmx.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
}


def asset_path(name: str) -> Path:
    """Where the asset lies on disk; the package is located without importing it."""
    package, inside = ASSETS[name]
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{package} is not installed, so {name} cannot be served: install requirements-web.txt")
    return Path(spec.submodule_search_locations[0]) / inside


class PackageAssetStorage(Storage):
    """Read-only storage over ASSETS."""

    prefix = ""

    def path(self, name: str) -> str:
        return str(asset_path(name))

    def _open(self, name: str, mode: str = "rb") -> File:
        return File(asset_path(name).open(mode))

    def exists(self, name: str) -> bool:
        return name in ASSETS and asset_path(name).exists()

    def size(self, name: str) -> int:
        return asset_path(name).stat().st_size

    def get_modified_time(self, name: str) -> datetime:
        return datetime.fromtimestamp(asset_path(name).stat().st_mtime, UTC)


class PackageAssetFinder(BaseFinder):
    """Lets `findstatic`, `runserver` and `collectstatic` see ASSETS."""

    storage = PackageAssetStorage()

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in ASSETS:
            return [] if find_all else None
        found = str(asset_path(path))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, Storage]]:
        for name in ASSETS:
            yield name, self.storage
