"""What a first visit costs, and that nothing moves while it loads."""

import gzip
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Response
from pytest_django.live_server_helper import LiveServer

from tests.browser.published import BOARD, CROWD

pytestmark = pytest.mark.django_db

MOST_BYTES = 80 * 1000
MOST_SHIFT = 0.05
COUNTED = {"document", "stylesheet", "script"}
CHARTS = "vendor/chart.js"


@pytest.fixture
def first_visit(browser: Browser, filled_server: LiveServer) -> Iterator[Page]:
    """A browser that has been nowhere yet. It notes how far what it shows is moved by what loads later."""
    context = browser.new_context(base_url=filled_server.url, viewport={"width": 1280, "height": 800})
    context.add_init_script(
        """
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        """
    )
    yield context.new_page()
    context.close()


def test_the_first_visit_of_a_board_is_light(first_visit: Page) -> None:
    """The server of tests compresses nothing, so each body is compressed here, as GZipMiddleware and WhiteNoise would.

    The page has fifty rows, as those of the default boards; theirs have more columns, which script/bench measures.
    """
    answers: list[Response] = []
    first_visit.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 -- Playwright takes no built-ins.
    first_visit.goto(CROWD, wait_until="networkidle")

    sizes = {
        answer.url: len(gzip.compress(answer.body(), 6))
        for answer in answers
        if answer.request.resource_type in COUNTED
    }
    assert len(sizes) > 5
    assert sum(sizes.values()) <= MOST_BYTES, sizes
    assert not [url for url in sizes if CHARTS in url]


def test_charts_bring_their_library_once_one_is_opened(first_visit: Page) -> None:
    first_visit.goto(BOARD, wait_until="networkidle")
    with first_visit.expect_response(lambda answer: CHARTS in answer.url) as answer:
        first_visit.get_by_role("link", name="Charts", exact=True).click()
        first_visit.locator("[data-chart] > summary").last.click()
    assert answer.value.ok


@pytest.mark.parametrize("address", [BOARD, CROWD, f"{BOARD}?view=tasks", "/models/org/model-0/"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_moves_while_a_page_loads(first_visit: Page, address: str, width: int) -> None:
    first_visit.set_viewport_size({"width": width, "height": 800})
    first_visit.goto(address, wait_until="networkidle")
    assert first_visit.evaluate("window.shift") < MOST_SHIFT
