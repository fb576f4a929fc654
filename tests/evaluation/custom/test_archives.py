"""Unpacking a stranger's zip."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from evaluation.custom.archives import LARGEST_UNPACKED, MOST_FILES, keep_folder, new_folder, unpack
from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.custom.tasks import CustomTaskError
from tests.factories_custom_tasks import make_task_folder, zipped


def refusal(archive: bytes, folder: Path) -> str:
    with pytest.raises(CustomTaskError) as caught:
        unpack(io.BytesIO(archive), folder)
    return str(caught.value)


def archive_of(*members: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("task.toml", b"")
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("top", ["", "my-task/"])
def test_an_archive_is_unpacked_with_or_without_a_folder_around_it(tmp_path: Path, top: str) -> None:
    packed = zipped(make_task_folder(tmp_path / "tiny"), top)
    with new_folder(tmp_path / "store") as folder:
        unpack(io.BytesIO(packed), folder)
        assert [task.name for task in read_benchmark_folder(folder).tasks] == ["TinySTS"]


def test_the_same_content_is_kept_once_under_its_hash(tmp_path: Path) -> None:
    kept = set()
    for _ in range(2):
        with new_folder(tmp_path / "store") as folder:
            make_task_folder(folder)
            kept.add(keep_folder(folder, tmp_path / "store"))
    ((content, place),) = kept
    assert place == tmp_path / "store" / content
    assert [path.name for path in (tmp_path / "store").iterdir()] == [content]


def link() -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo("link.jsonl")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, b"/etc/passwd"


@pytest.mark.parametrize(
    ("member", "sentence"),
    [
        (("../evil.jsonl", b""), "../evil.jsonl: the path leads out of the archive."),
        (("/etc/evil.jsonl", b""), "/etc/evil.jsonl: the path leads out of the archive."),
        (("C:\\evil.jsonl", b""), "the path leads out of the archive."),
        (link(), "link.jsonl: only ordinary files are taken, no links or devices."),
        (("run.sh", b""), "run.sh: leave this file out; an archive may hold .jsonl, .csv"),
        (("a/b/c/d/e.jsonl", b""), "the folders are nested too deeply."),
        (("x" * 300 + ".jsonl", b""), "the name is too long or has control characters."),
        (("TASK.TOML", b""), "leave this file out"),
        (("test.jsonl/inner.jsonl", b""), ""),
    ],
)
def test_members_that_could_do_harm_are_refused(
    tmp_path: Path, member: tuple[zipfile.ZipInfo | str, bytes], sentence: str
) -> None:
    with new_folder(tmp_path / "store") as folder:
        assert sentence in refusal(archive_of(("test.jsonl", b""), member), folder)
    assert not list((tmp_path / "store").rglob("*"))
    assert not (tmp_path / "evil.jsonl").exists()


def lying(archive: bytes) -> bytes:
    """The archive with another size in its directory than its member unpacks to."""
    return archive.replace((LARGEST_UNPACKED + 1).to_bytes(4, "little"), (10).to_bytes(4, "little"))


def test_an_archive_that_unpacks_to_too_much_is_refused_whatever_it_says(tmp_path: Path) -> None:
    bomb = archive_of(("test.jsonl", b"0" * (LARGEST_UNPACKED + 1)))
    with new_folder(tmp_path / "store") as folder:
        assert refusal(bomb, folder) == "The archive unpacks to more than 200 MB."
        assert refusal(lying(bomb), folder)
        assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= LARGEST_UNPACKED


def test_an_archive_of_very_many_files_is_refused_before_its_directory_is_read(tmp_path: Path) -> None:
    many = archive_of(*((f"{'long' * 20}{i}.jsonl", b"") for i in range(3 * MOST_FILES)))
    assert refusal(many, tmp_path) == "The archive has more than 500 files."


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06", archive_of()[:-4]])
def test_what_is_no_zip_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    assert refusal(content, tmp_path) == "The file is not a zip archive that can be read; make it anew."
