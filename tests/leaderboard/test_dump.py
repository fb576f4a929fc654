"""The dump of everything."""

from __future__ import annotations

import hashlib
import json
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_q.models import Schedule

from leaderboard.exports.dump import dumps_folder, latest_dump, write_dump
from leaderboard.exports.dump_tables import TABLES
from leaderboard.jobs import write_dump as nightly_job
from leaderboard.models import Scope
from leaderboard.services.schedules import ensure_nightly_dump
from tests.config.test_web_process import address_of_database
from tests.factories import (
    bump_data_version,
    make_benchmark,
    make_board,
    make_language_row,
    make_model,
    make_result,
    make_row,
    make_task,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def small_board() -> None:
    task = make_task("STS13", hf_subsets=["en", "de"])
    board = make_board(make_benchmark("Tiny", [task]), Scope.ALL, languages=["eng-Latn"], groups=[["Length", "long"]])
    first = make_model("org/first", embed_dims=[64, 32], n_parameters=5)
    make_result(first, task, {"test": {"en": 0.5, "de": None}})
    make_result(make_model("org/second"), task, {"test": {"en": 0.25}}, current_in=())
    make_row(board, first, [0.5], group_means=[None], type_means=[0.75])
    make_language_row(board, first, [0.125])


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / f"{table}.parquet").to_pylist()
    return found


def test_a_dump_holds_every_table_with_every_row() -> None:
    small_board()
    folder = write_dump(dumps_folder()).folder
    first, second = rows(folder, "models")
    assert (first["name"], first["n_parameters"], first["embed_dims"], first["license"]) == (
        "org/first",
        5,
        "[64,32]",
        None,
    )
    assert second["training_datasets"] is None
    facts = [(row["model"], row["official_part"], len(row["sha256"])) for row in rows(folder, "results")]
    assert facts == [("org/first", 0, 64), ("org/second", None, 64)]
    cells = [(row["model"], row["position"], row["subset"], row["main_score"]) for row in rows(folder, "cells")]
    assert cells == [("org/first", 0, "en", 0.5), ("org/first", 1, "de", None), ("org/second", 0, "en", 0.25)]
    assert rows(folder, "cells")[0]["languages"] == ["eng-Latn"]
    (row,) = rows(folder, "board_rows")
    assert (row["benchmark"], row["scope"], row["rank"], row["mean_task"]) == ("Tiny", "all", 1, 0.5)
    scores = {(row["family"], row["name"]): row["score"] for row in rows(folder, "board_scores")}
    assert scores == {("task", "STS13"): 0.5, ("type", "STS"): 0.75, ("language", "eng-Latn"): 0.125}


def test_a_dump_explains_every_column_and_vouches_for_every_file() -> None:
    small_board()
    dump = write_dump(dumps_folder())
    manifest = json.loads((dump.folder / "manifest.json").read_text())
    assert manifest["data_version"] == 1
    readme = (dump.folder / "README.md").read_text()
    for table, entry in zip(TABLES, manifest["files"], strict=True):
        content = (dump.folder / entry["name"]).read_bytes()
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert (entry["n_bytes"], entry["n_rows"]) == (len(content), len(rows(dump.folder, table.name)))
        explained = readme.partition(f"## {table.name}.parquet")[2].partition("\n## ")[0]
        for name in pq.read_schema(dump.folder / entry["name"]).names:
            assert f"| `{name}` | " in explained


def test_an_empty_board_can_be_dumped() -> None:
    dump = write_dump(dumps_folder())
    assert [file.n_rows for file in dump.files] == [0] * len(TABLES)


def test_a_new_dump_takes_the_place_of_old_and_unfinished_ones() -> None:
    folder = dumps_folder()
    for name in ("20200101T000000Z-v1", "20210101T000000Z-v1", ".unfinished-20200101T000000", "mine"):
        (folder / name).mkdir(parents=True)
    newest = write_dump(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["20210101T000000Z-v1", newest.name, "mine"]
    assert latest_dump(folder) == newest


def test_two_dumps_are_not_written_at_once(tmp_path: Path) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('podium dump'))")
            with pytest.raises(CommandError, match="Another dump is being written"):
                call_command("dump", output=tmp_path / "dump", stdout=StringIO())
            cursor.execute("SELECT pg_advisory_unlock(hashtext('podium dump'))")
    finally:
        other.close()
    out = StringIO()
    call_command("dump", output=tmp_path / "dump", stdout=out)
    assert "models.parquet" in out.getvalue()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="file/dump cannot be written"):
        call_command("dump", output=tmp_path / "file" / "dump", stdout=StringIO())


def test_the_page_says_how_to_make_a_dump_and_then_offers_its_files(client: Client) -> None:
    page = client.get("/data/")
    assert "after the next nightly run" in page.content.decode()
    write_dump(dumps_folder())
    again = client.get("/data/", headers={"If-None-Match": page["ETag"]})
    assert 'href="/data/cells.parquet"' in again.content.decode()
    assert client.get("/data/", headers={"If-None-Match": again["ETag"]}).status_code == 304


def test_a_file_of_the_dump_is_served_with_its_age(client: Client) -> None:
    dump = write_dump(dumps_folder())
    response = client.get("/data/models.parquet", headers={"Accept-Encoding": "gzip"})
    assert response.getvalue() == (dump.folder / "models.parquet").read_bytes()
    assert response["Content-Length"] == str(dump.files[0].n_bytes)
    for header in ({"If-None-Match": response["ETag"]}, {"If-Modified-Since": response["Last-Modified"]}):
        assert client.get("/data/models.parquet", headers=header).status_code == 304
    assert b"models.parquet" in client.get("/data/README.md").getvalue()


@pytest.mark.parametrize("name", ["nothing.parquet", "..", "%2e%2e%2fmanage.py", "%00"])
def test_nothing_else_is_served(client: Client, name: str) -> None:
    assert client.get(f"/data/{name}").status_code == 404
    write_dump(dumps_folder())
    assert client.get(f"/data/{name}").status_code == 404


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"data_version": 1, "made_at": "x", "files": []}'])
def test_a_dump_with_a_damaged_manifest_does_not_count(client: Client, manifest: str) -> None:
    folder = dumps_folder() / "20990101T000000Z-v1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(manifest)
    assert "Not made yet" in client.get("/data/").content.decode()


def test_the_nightly_job_writes_a_dump_in_a_process_of_its_own_if_data_changed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", address_of_database())
    monkeypatch.setenv("PODIUM_DATA_DIR", str(tmp_path))
    bump_data_version()
    assert nightly_job()
    deadline = time.monotonic() + 60
    while latest_dump(dumps_folder()) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not nightly_job()
    ensure_nightly_dump()
    ensure_nightly_dump()
    assert [schedule.func for schedule in Schedule.objects.all()] == ["leaderboard.jobs.write_dump"]
