"""A real Chromium for journeys through the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import override_settings
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from pytest_django.live_server_helper import LiveServer
from pytest_django.plugin import DjangoDbBlocker

from tests.browser.inspector import Inspector
from tests.browser.published import PASSWORD, READER, publish_data

# Playwright's loop lives in the test's thread, where Django would take it for an asynchronous program.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LAPTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: `filled_server` empties the database, and others count on what migrations put there."""
    for item in items:
        if _is_ours(item):
            item.add_marker("browser")
    items.sort(key=_is_ours)


def _is_ours(item: pytest.Item) -> bool:
    return "/tests/browser/" in item.path.as_posix()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium on the PATH, else the one that `playwright install chromium` brought."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, filled_server: LiveServer) -> Iterator[Page]:
    """A page of laptop size on the test's own server: `page.goto("/")` opens the home page."""
    context = browser.new_context(base_url=filled_server.url, viewport=LAPTOP, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def phone_page(browser: Browser, filled_server: LiveServer) -> Iterator[Page]:
    """The same on a phone."""
    context = browser.new_context(
        base_url=filled_server.url, viewport=PHONE, is_mobile=True, has_touch=True, device_scale_factor=2
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def inspector(browser: Browser, filled_server: LiveServer) -> Iterator[Inspector]:
    context = browser.new_context(base_url=filled_server.url, reduced_motion="reduce")
    yield Inspector(context.new_page())
    context.close()


@pytest.fixture(scope="module")
def filled_server(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[LiveServer]:
    """A server over the data of `published`, the same for all tests of a file.

    pytest-django's own server empties the database after each test, and these tests only read, or add accounts. They
    are marked `django_db`, without which there is no test database.
    """
    with django_db_blocker.unblock(), override_settings(ALLOWED_HOSTS=["localhost"]):
        assert str(connection.settings_dict["NAME"]).startswith("test_")
        publish_data()
        server = LiveServer("localhost")
        yield server
        server.stop()
        call_command("flush", interactive=False, verbosity=0)


def sign_in(page: Page) -> None:
    """Sign in as the reader of `published`, from the page that is open or from the sign-in page."""
    if "/accounts/login/" not in page.url:
        page.goto("/accounts/login/")
    page.get_by_label("Username or e-mail address").fill(READER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    with page.expect_event("load"):
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state("networkidle")  # Whoever leaves before it breaks off what is still being loaded: the icon.
