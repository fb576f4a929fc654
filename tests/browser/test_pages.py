"""The public pages in a real browser: at laptop and phone size, for the keyboard and for assistive technology."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import Browser, Locator, Page, ViewportSize
from pytest_django.live_server_helper import LiveServer

from leaderboard.tables.cells import DASH
from tests.factories import (
    make_benchmark,
    make_board,
    make_language_row,
    make_model,
    make_result,
    make_row,
    make_task,
)

pytestmark = pytest.mark.django_db(transaction=True)

SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
SIZES: dict[str, ViewportSize] = {"1280": {"width": 1280, "height": 800}, "390": {"width": 390, "height": 844}}
ADDRESSES = {
    "home": "/",
    "board": "/benchmarks/mtebtiny-v1/",
    "board-tasks": "/benchmarks/mtebtiny-v1/?view=tasks",
    "board-languages": "/benchmarks/mtebtiny-v1/?view=languages",
    "board-empty": "/benchmarks/empty/",
    "task": "/tasks/RetrievalTask0/",
    "model": "/models/org/model-0/",
    "results": "/results/?model=org/model-0&task=RetrievalTask0",
    "search": "/search/?q=task",
    "missing": "/nowhere/",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(autouse=True)
def _board(transactional_db: None) -> None:
    cache.clear()
    dice = random.Random(7)
    types = ("STS", "Retrieval", "Classification", "PairClassification", "Clustering")
    tasks = [make_task(f"{name}Task{number}", type=name) for name in types for number in range(4)]
    benchmark = make_benchmark("MTEB(tiny, v1)", tasks, display_name="Tiny", description="Small but complete.")
    make_benchmark("Empty", menu_path=["General", "Other"])
    languages = ["eng-Latn", "deu-Latn", "jpn-Jpan"]
    board = make_board(benchmark, languages=languages)
    for number in range(60):
        model_meta = make_model(
            f"org/model-{number}",
            n_parameters=dice.choice([None, 33_000_000, 7_600_000_000]),
            contaminated_tasks=["RetrievalTask0"],
            languages=languages * 5,
        )
        scores = [None if number > 5 and dice.random() < 0.1 else dice.random() for _ in tasks]
        make_row(board, model_meta, scores, zero_shot=dice.choice([None, 95]), type_means=scores[:5])
        make_language_row(board, model_meta, scores[:3])
        if number < 3:
            make_result(model_meta, tasks[4], scores[4] or 0.0)
            make_result(model_meta, tasks[0], scores[0] or 0.0)


@pytest.fixture(params=SIZES)
def sized_page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of each size that also runs axe, which the content security policy would keep out."""
    context = browser.new_context(
        base_url=live_server.url, viewport=SIZES[request.param], reduced_motion="reduce", bypass_csp=True
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_accessible_and_fits_the_screen(sized_page: Page, name: str) -> None:
    sized_page.goto(ADDRESSES[name])
    size = sized_page.viewport_size
    assert size is not None
    SCREENSHOTS.mkdir(exist_ok=True)
    sized_page.screenshot(path=SCREENSHOTS / f"{name}-{size['width']}.png", full_page=True)

    violations = Axe().run(sized_page, options={"runOnly": RULES}).response["violations"]

    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in violations] == []
    assert sized_page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_dark_pages_keep_their_contrast(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, color_scheme="dark", bypass_csp=True)
    page = context.new_page()
    for name in ("home", "board", "model", "board-empty"):
        page.goto(ADDRESSES[name])
        violations = Axe().run(page, options={"runOnly": ["color-contrast"]}).response["violations"]
        assert [node["html"] for rule in violations for node in rule["nodes"]] == []
        page.screenshot(path=SCREENSHOTS / f"{name}-dark.png")
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says about the page, policy violations included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_a_reader_goes_from_the_menu_to_a_score_by_links_alone(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    page.get_by_role("link", name="Tiny").click()
    page.get_by_role("link", name="Mean (Task)", exact=True).click()
    assert page.get_by_role("columnheader", name="Mean (Task)", exact=True).get_attribute("aria-sort") == "descending"
    page.get_by_role("link", name="Next").click()
    page.get_by_text(f"51{DASH}60 of 60").wait_for()
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("link", name="model-0", exact=True).click()
    page.get_by_role("link", name="1 result of org/model-0 on RetrievalTask0").click()
    page.get_by_text("Counts on every board.").wait_for()
    assert complaints == []


def test_model_names_stay_in_sight_on_a_phone(phone_page: Page) -> None:
    phone_page.goto(ADDRESSES["board-tasks"])
    region = phone_page.get_by_role("region", name="Tiny: per task")
    name = phone_page.get_by_role("rowheader").first
    before = _left(name.bounding_box)

    region.evaluate("element => { element.scrollLeft = 600 }")

    assert _left(name.bounding_box) == before
    phone_page.get_by_text("Menu", exact=True).click()
    assert phone_page.get_by_role("navigation", name="Menu").get_by_role("link", name="Boards").is_visible()


def _left(bounding_box: Callable[[], object]) -> float:
    box = bounding_box()
    assert isinstance(box, dict)
    return float(box["x"])


def test_sorting_by_a_far_column_shows_that_column(phone_page: Page) -> None:
    phone_page.goto(ADDRESSES["board-tasks"])
    header = phone_page.get_by_role("columnheader", name="ClusteringTask3")
    header.get_by_role("link").first.click()
    phone_page.wait_for_url("**sort=-task*")
    assert 0 < _left(header.bounding_box) < 390


def test_a_wide_table_scrolls_by_keyboard(page: Page) -> None:
    page.goto(ADDRESSES["board-tasks"])
    region = page.get_by_role("region", name="Tiny: per task")
    region.focus()
    page.keyboard.press("ArrowRight")
    assert any(_scrolled(region) for _ in range(40))


def _scrolled(region: Locator) -> bool:
    """Whether the region has moved; waits a moment, because the policy forbids waiting inside the page."""
    region.page.wait_for_timeout(50)
    return bool(region.evaluate("element => element.scrollLeft > 0"))
