"""Reading tar archives as other programs write them."""

from __future__ import annotations

import io
import tarfile

import pytest

from leaderboard.importing.tar_stream import TarError, regular_files

CONTENTS = {
    "results/a/b/Short.json": b"{}",
    "results/empty.json": b"",
    "results/block.json": b"x" * 512,
    f"results/{'long/' * 30}Name.json": b"a long path",
    f"results/{'x' * 120}.json": b"a long name",
    "results/ü/Grüße.json": "größer".encode(),
}
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def pack(format_: int, contents: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=format_) as archive:
        folder = tarfile.TarInfo("results")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        link = tarfile.TarInfo("results/link")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere"
        archive.addfile(link)
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
def test_files_come_out_as_they_went_in(format_: int) -> None:
    contents = {
        name: content for name, content in CONTENTS.items() if format_ != tarfile.USTAR_FORMAT or "x" * 120 not in name
    }
    assert dict(regular_files(io.BytesIO(pack(format_, contents)))) == contents


def test_a_long_name_belongs_to_the_next_file_only() -> None:
    files = list(regular_files(io.BytesIO(pack(tarfile.GNU_FORMAT, {"y" * 150: b"1", "short": b"2"}))))
    assert files == [("y" * 150, b"1"), ("short", b"2")]


def test_an_archive_without_files_is_empty() -> None:
    assert list(regular_files(io.BytesIO(pack(tarfile.GNU_FORMAT, {})))) == []
    assert list(regular_files(io.BytesIO(b""))) == []


@pytest.mark.parametrize("cut", [700, 1300, 1600])
def test_an_archive_that_ends_too_early_is_an_error(cut: int) -> None:
    whole = pack(tarfile.GNU_FORMAT, {"a": b"x" * 600})
    with pytest.raises(TarError, match="it ends within"):
        list(regular_files(io.BytesIO(whole[:cut])))


def test_what_is_no_archive_is_an_error() -> None:
    with pytest.raises(TarError):
        list(regular_files(io.BytesIO(b"no archive " * 100)))


def test_a_damaged_header_is_noticed() -> None:
    whole = bytearray(pack(tarfile.GNU_FORMAT, {"a": b"x"}))
    whole[3] ^= 1
    with pytest.raises(TarError, match="wrong checksum"):
        list(regular_files(io.BytesIO(bytes(whole))))
