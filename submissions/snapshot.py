"""What a model repository says about itself, read without loading the model: file names, small files, tensor counts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

try:  # The loader written in C, where it was built: the front matter of some cards holds thousands of results.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", re.DOTALL)

# Bytes that one number of a safetensors dtype takes.
DTYPE_BYTES = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("BF16", "F16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "I8", "U8", "BOOL"), 1),
}


@dataclass(frozen=True)
class Module:
    """One step of a sentence-transformers model: its class and the folder (`""` for the root) of its settings."""

    type: str
    path: str

    @property
    def short_type(self) -> str:
        return self.type.rpartition(".")[2]


@dataclass(frozen=True)
class ModelSnapshot:
    """A model at one commit.

    `files` maps each path to its size in bytes (None where it is not known). `documents` holds the small files that
    were read, by path; a file that could not be read as what its name promises stands in `unreadable` instead.
    `parameters` counts the numbers in the safetensors files by dtype, and is None where nobody counted.
    """

    name: str
    requested_revision: str
    commit: str
    files: Mapping[str, int | None]
    documents: Mapping[str, Any] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()
    parameters: Mapping[str, int] | None = None
    is_private: bool = False
    is_gated: bool = False

    @property
    def is_open(self) -> bool:
        """Whether everybody can read it without a token."""
        return not (self.is_private or self.is_gated)

    @property
    def modules(self) -> tuple[Module, ...]:
        listed = self.documents.get("modules.json")
        if not isinstance(listed, list):
            return ()
        entries = [entry for entry in listed if isinstance(entry, dict)]
        return tuple(Module(str(e.get("type", "")), str(e.get("path", "")).strip("/")) for e in entries)

    def module(self, short_type: str) -> Module | None:
        """The last module of that class."""
        return next((m for m in reversed(self.modules) if m.short_type == short_type), None)

    @property
    def transformer_folder(self) -> str:
        """Where the transformer's settings lie: the root, or `0_Transformer` in old repositories."""
        transformer = self.module("Transformer")
        return transformer.path if transformer else ""

    def document(self, name: str, folder: str = "") -> dict[str, Any]:
        """A JSON object or the card's front matter; empty where the file is missing or holds something else."""
        found = self.documents.get(path_in(folder, name))
        return found if isinstance(found, dict) else {}

    @property
    def config(self) -> dict[str, Any]:
        return self.document("config.json", self.transformer_folder)

    @property
    def card(self) -> dict[str, Any]:
        return self.document("README.md")

    @property
    def weight_paths(self) -> list[str]:
        """The weights that would be loaded; copies in other folders (onnx, checkpoints) do not count."""
        folders = {"", *(module.path for module in self.modules)}
        return [path for path in self.files if path.endswith(".safetensors") and path.rpartition("/")[0] in folders]

    @property
    def safetensors_bytes(self) -> int:
        return sum(self.files[path] or 0 for path in self.weight_paths)


def path_in(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def read_snapshot(
    *,
    name: str,
    requested_revision: str,
    commit: str,
    files: Mapping[str, int | None],
    read: Callable[[str], bytes],
    parameters: Mapping[str, int] | None = None,
) -> ModelSnapshot:
    """Reads the small files that the checks need, each only if the repository lists it."""
    documents: dict[str, Any] = {}
    unreadable: list[str] = []

    def take(paths: list[str]) -> ModelSnapshot:
        for path in paths:
            if path not in files or path in documents or path in unreadable:
                continue
            try:
                documents[path] = parse_document(path, read(path))
            except ValueError:
                unreadable.append(path)
        return ModelSnapshot(
            name=name,
            requested_revision=requested_revision,
            commit=commit,
            files=files,
            documents=documents,
            unreadable=tuple(unreadable),
            parameters=parameters,
        )

    snapshot = take(["modules.json", "README.md", "config_sentence_transformers.json"])
    folder = snapshot.transformer_folder
    small = ["config.json", "sentence_bert_config.json", "tokenizer_config.json"]
    settings = [path_in(m.path, "config.json") for m in snapshot.modules if m.short_type in ("Pooling", "Dense")]
    return take([*(path_in(folder, file) for file in small), "config.json", *settings])


def parse_document(path: str, content: bytes) -> Any:
    """The parsed JSON file, or the front matter of a card. Raises ValueError where it is neither."""
    text = content.decode("utf-8")
    try:
        return front_matter(text) if path.endswith(".md") else json.loads(text)
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply.") from error


def front_matter(text: str) -> dict[str, Any]:
    """The YAML block that opens a model card; empty without one. Raises ValueError where it is no YAML mapping."""
    found = FRONT_MATTER.match(text)
    if found is None:
        return {}
    try:
        parsed = yaml.load(found[1], Loader=SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError("The front matter is not valid YAML.") from error
    if parsed is None:
        return {}
    if not isinstance(parsed, dict):
        raise ValueError("The front matter is not a mapping.")
    return parsed


def count_parameters(header: Mapping[str, Any]) -> dict[str, int]:
    """Numbers by dtype in a safetensors header."""
    counts: dict[str, int] = {}
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        size = 1
        for length in tensor["shape"]:
            size *= int(length)
        counts[tensor["dtype"]] = counts.get(tensor["dtype"], 0) + size
    return counts
