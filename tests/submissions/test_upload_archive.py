"""What is taken from uploaded files and archives, and what is refused with which words."""

from __future__ import annotations

import io
import zipfile

import pytest

from submissions import upload_archive
from submissions.upload_archive import Unreadable, place_of
from tests.factories_uploads import offer_of, uploaded, zip_of, zip_with_link


@pytest.mark.parametrize("path", ["../out.json", "/etc/out.json", "a/../../out.json", "C:/out.json", "a\\out.json"])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    offer = offer_of(zip_of({path: b"{}"}))
    assert not offer.entries
    assert "path" in offer.refusals[0].sentence


def test_a_symbolic_link_is_refused() -> None:
    (refusal,) = offer_of(zip_with_link("STS13.json", "/etc/passwd")).refusals
    assert "symbolic link" in refusal.sentence


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(zip_of({"STS13.json": b"{}"}).read())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (refusal,) = offer_of(uploaded("locked.zip", bytes(content))).refusals
    assert "encrypted" in refusal.sentence


def test_what_is_no_json_is_refused_and_litter_is_passed_over() -> None:
    offer = offer_of(
        zip_of({"weights.bin": b"x", "__MACOSX/STS13.json": b"x", "a/.DS_Store": b"x", "a/STS13.json": b"{}"}),
        uploaded("notes.txt", b"hello"),
    )
    assert [entry.path for entry in offer.entries] == ["a/STS13.json"]
    assert {refusal.path for refusal in offer.refusals} == {"weights.bin", "notes.txt"}


def test_a_damaged_archive_is_refused_with_words() -> None:
    (refusal,) = offer_of(uploaded("results.zip", b"PK nonsense")).refusals
    assert "damaged" in refusal.sentence


def test_a_damaged_member_is_refused_when_it_is_read() -> None:
    content = bytearray(zip_of({"STS13.json": b"0123456789" * 50}).read())
    content[50] ^= 0xFF
    (entry,) = offer_of(uploaded("results.zip", bytes(content))).entries
    with pytest.raises(Unreadable, match="damaged"):
        entry.read()


def test_a_file_that_is_larger_than_its_archive_says_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_archive, "MAX_FILE_BYTES", 1000)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("STS13.json", b" " * 5000)
    (refusal,) = offer_of(uploaded("bomb.zip", content.getvalue())).refusals
    assert "larger" in refusal.sentence
    with pytest.raises(Unreadable, match="larger"):
        upload_archive._bounded(io.BytesIO(b" " * 5000))


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_archive, "MAX_TOTAL_BYTES", 1000)
    offer = offer_of(zip_of({f"{number}.json": b" " * 400 for number in range(3)}))
    assert not offer.entries
    assert "several parts" in offer.refusals[0].sentence


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_archive, "MAX_FILES", 2)
    offer = offer_of(*(uploaded(f"{number}.json", b"{}") for number in range(3)))
    assert not offer.entries
    assert "several parts" in offer.refusals[0].sentence


def test_a_name_that_comes_twice_is_refused() -> None:
    offer = offer_of(uploaded("STS13.json", b"{}"), uploaded("STS13.json", b"{}"))
    assert len(offer.entries) == 1
    assert "twice" in offer.refusals[0].sentence


def test_places_are_read_from_the_end_of_a_path() -> None:
    place = place_of("some/results/org__name/abc/experiments/dim_8/STS13.json")
    assert (place.model_folder, place.revision_folder, place.experiment, place.stem) == (
        "org__name",
        "abc",
        "dim_8",
        "STS13",
    )
    assert place_of("STS13.json").model_folder == ""
