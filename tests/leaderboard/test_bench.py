"""The benchmark does its work on a few files; how long anything takes is not for a test to say."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import zstandard
from django.conf import settings
from django.db import connection

from leaderboard.benchmarking.report import Line, compared, markdown, marks, seconds, write
from leaderboard.benchmarking.watching import BenchmarkFailed, run_watched
from tests.config.test_web_process import address_of_database

MODEL, COMMIT = "sentence-transformers/all-MiniLM-L6-v2", "8b3219a92973c328a8e22fadcfa821b5dc75636a"


def archive_of_two_results(folder: Path) -> Path:
    path = folder / "few.tar.zst"
    base = f"results/{MODEL.replace('/', '__')}/{COMMIT}"
    with zstandard.open(path, "wb") as compressed, tarfile.open(fileobj=compressed, mode="w|") as archive:
        for task_name in ("STS12", "STS13"):
            scores = {"test": [{"main_score": 0.5, "hf_subset": "default", "languages": ["eng-Latn"]}]}
            content = {
                "dataset_revision": "1",
                "task_name": task_name,
                "mteb_version": "2.0.0",
                "evaluation_time": 1.0,
                "scores": scores,
            }
            entry = tarfile.TarInfo(f"{base}/{task_name}.json")
            data = json.dumps(content).encode()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address_of_database()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def database_in_use(name: str) -> Iterator[None]:
    values = connection.get_connection_params()
    server = {key: values[key] for key in ("host", "port", "user", "password") if key in values}
    with psycopg.connect(dbname=values["dbname"], autocommit=True, **server) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        with psycopg.connect(dbname=name, **server):
            yield
        admin.execute(f'DROP DATABASE "{name}"')


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_import_is_measured_beside_mteb_and_leaves_nothing_behind(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("\n\n".join(["# Performance", *marks("start"), *marks("pages"), "End.\n"]))
    done = bench("--results", str(archive_of_two_results(tmp_path)), "--only", "import", "--output", str(page))
    assert done.returncode == 0, done.stderr
    text = page.read_text()
    assert "Results: few.tar.zst" in text
    assert text.endswith("End.\n")
    assert re.search(r"^\| import of the archive \(2 files, 0 .*\| \d+\.\d{3} \| ≤ 0.25 \| \S+ \|$", text, re.MULTILINE)
    assert len(re.findall(r"^\| second import of .*\| \d+\.\d{3} \| ≤ 0.1 \| \S+ \|$", text, re.MULTILINE)) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        names = {name for (name,) in cursor.fetchall()}
    assert not names & {f"{connection.settings_dict['NAME']}_bench{suffix}" for suffix in ("", "_empty")}


@pytest.mark.django_db(transaction=True)
def test_a_second_benchmark_does_not_disturb_the_first(tmp_path: Path) -> None:
    with database_in_use(f"{connection.settings_dict['NAME']}_bench"):
        done = bench("--results", str(archive_of_two_results(tmp_path)), "--only", "import")
    assert done.returncode == 1
    assert "Another benchmark uses the database" in done.stderr


def test_a_program_that_fails_is_no_measurement(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('out of luck')"]
    with pytest.raises(BenchmarkFailed, match=r"did not do its work: out of luck$"):
        run_watched(command, os.environ, tmp_path / "log", None)


def test_the_memory_of_a_program_counts_what_it_started(tmp_path: Path) -> None:
    hold = "import time; held = bytearray(50 * 1024**2); time.sleep(1.5)"
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {hold!r}])"]
    measured = run_watched(command, os.environ, tmp_path / "log", None)
    assert measured.peak > 50 * 1024**2
    assert measured.server_peak is None


def test_a_ratio_is_held_against_its_goal() -> None:
    lines = [
        compared("quick", 1.0, 10.0, seconds, goal=0.1),
        compared("slow", 2.0, 10.0, seconds, goal=0.1),
        compared("without a goal", 2.0, 10.0, seconds, remark=" (JSON)"),
        Line("alone", "3 MB"),
    ]
    assert markdown(lines, {"Cores": "2", "mteb": "2.26"}).splitlines() == [
        "Cores: 2. mteb: 2.26.",
        "",
        "| what | Podium | the other side | ratio | goal | reached |",
        "| --- | --- | --- | ---: | --- | --- |",
        "| quick | 1.00 s | 10.0 s | 0.100 | ≤ 0.1 | yes |",
        "| slow | 2.00 s | 10.0 s | 0.200 | ≤ 0.1 | **no** |",
        "| without a goal | 2.00 s | 10.0 s (JSON) | 0.200 |  |  |",
        "| alone | 3 MB |  |  |  |  |",
    ]


def test_a_page_without_a_place_for_the_table_gets_it_at_its_end(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write("the first\n", page, "start")
    write("the second\n", page, "pages")
    assert page.read_text() == "the first\nthe second\n"


def test_a_table_stands_in_its_own_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("\n".join([*marks("start"), *marks("pages")]))
    for text in ("old\n", "new\n"):
        write(text, page, "pages")
    first, last = marks("pages")
    assert page.read_text() == "\n".join([*marks("start"), f"{first}\n\nnew\n\n{last}"])


def test_more_is_better_where_the_goal_says_so() -> None:
    assert compared("rate", 30, 20, seconds, 1.2, at_least=True).cells()[-2:] == ["≥ 1.2", "yes"]
    assert compared("rate", 20, 20, seconds, 1.2, at_least=True).cells()[-1] == "**no**"
