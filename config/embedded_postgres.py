"""Embedded PostgreSQL for development and the demo."""

from pathlib import Path
from typing import Any


class Server:
    def __init__(self, root: Path) -> None:
        self.root = root

    def connection_settings(self) -> dict[str, Any]:
        return {"NAME": "podium", "USER": "postgres", "HOST": str(self.root / "socket")}
