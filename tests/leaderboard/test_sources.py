"""Where results can be imported from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from leaderboard.importing.sources import Source, SourceError, open_source
from tests.leaderboard.repositories import pack, result, write_repository

FILES = {"A.json": result("A", 0.1), "experiments/dim_64/A.json": result("A", 0.2)}
PATHS = {"org__m/r1/A.json", "org__m/r1/experiments/dim_64/A.json"}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "repository", {"org__m/r1": FILES, "org__n/r2": {"B.json": result("B", 0.3)}})


def paths(source: Source) -> dict[str, set[str]]:
    return {folder.key: set(folder.files) for folder in source.folders(lambda _amount: None) if folder.files}


@pytest.mark.parametrize("below", ["", "results"])
def test_a_folder_is_read_with_or_without_its_top_folder(repository: Path, tmp_path: Path, below: str) -> None:
    source = open_source(str(repository / below), tmp_path)
    assert paths(source) == {"org__m/r1": PATHS, "org__n/r2": {"org__n/r2/B.json"}}


@pytest.mark.parametrize("name", ["all.tar.zst", "all.tar.gz", "all.tgz"])
@pytest.mark.parametrize("top", ["results", "results-main/results"])
def test_an_archive_gives_what_the_folder_gives(repository: Path, tmp_path: Path, name: str, top: str) -> None:
    archive = pack(repository, tmp_path / name, top)
    seen: list[int] = []
    source = open_source(str(archive), tmp_path)
    found = {
        folder.key: {path: bytes(content) for path, content in folder.files.items() if isinstance(content, bytes)}
        for folder in source.folders(seen.append)
    }
    assert set(found["org__m/r1"]) == PATHS
    assert found["org__n/r2"]["org__n/r2/B.json"] == (repository / "results/org__n/r2/B.json").read_bytes()
    assert sum(seen) == archive.stat().st_size


@pytest.mark.parametrize("packed", [False, True])
def test_files_outside_revision_folders_are_handed_out_too(repository: Path, tmp_path: Path, packed: bool) -> None:
    (repository / "results/stray.py").write_text("x")
    (repository / "results/org__m/note.txt").write_text("x")
    place = pack(repository, tmp_path / "all.tar.gz") if packed else repository
    assert paths(open_source(str(place), tmp_path))[""] == {"stray.py", "org__m/note.txt"}


def test_an_archive_is_known_by_its_content(repository: Path, tmp_path: Path) -> None:
    one, other = pack(repository, tmp_path / "a.tar.zst"), tmp_path / "b.tar.zst"
    other.write_bytes(one.read_bytes())
    assert open_source(str(one), tmp_path).digest() == open_source(str(other), tmp_path).digest() is not None
    assert open_source(str(repository), tmp_path).digest() is None


def test_a_git_address_is_cloned_and_updated(repository: Path, tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(repository), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    address = f"file://{repository}"
    first = open_source(address, tmp_path / "clones")
    assert set(paths(first)) == {"org__m/r1", "org__n/r2"}
    write_repository(repository, {"org__o/r3": {"C.json": result("C", 0.5)}})
    git("add", ".")
    git("commit", "-qm", "second")
    second = open_source(address, tmp_path / "clones")
    assert set(paths(second)) == {"org__m/r1", "org__n/r2", "org__o/r3"}
    assert first.commit != second.commit


def test_a_source_that_cannot_be_read_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("no archive")
    (tmp_path / "broken.tar.zst").write_bytes(b"no archive either")
    for name, words in {
        "nowhere": "There is nothing at",
        "empty": "holds no results: expected <model>/<revision>/<Task>.json",
        "text.txt": "is neither a folder nor an archive",
    }.items():
        with pytest.raises(SourceError, match=words):
            open_source(str(tmp_path / name), tmp_path)
    with pytest.raises(SourceError, match="damaged or no archive"):
        paths(open_source(str(tmp_path / "broken.tar.zst"), tmp_path))
    with pytest.raises(SourceError, match="git cannot read"):
        open_source(f"file://{tmp_path}/nowhere.git", tmp_path / "clones")


def test_a_truncated_archive_is_damaged(repository: Path, tmp_path: Path) -> None:
    archive = pack(repository, tmp_path / "all.tar.gz")
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(SourceError, match="damaged"):
        paths(open_source(str(archive), tmp_path))
