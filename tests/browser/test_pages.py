"""Every kind of page in a real browser: what it looks like, how it behaves, and for whom."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Response
from pytest_django.live_server_helper import LiveServer

from leaderboard.tables.cells import DASH
from tests.browser.conftest import sign_in
from tests.browser.published import BOARD

pytestmark = pytest.mark.django_db

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 390, 2560)
AXE = Axe().axe_script

BOARDS = {
    "home": "/",
    "board": BOARD,
    "board-tasks": f"{BOARD}?view=tasks",
    "board-types": f"{BOARD}?view=types",
    "board-languages": f"{BOARD}?view=languages",
    "board-without": f"{BOARD}?view=without",
    "board-charts": f"{BOARD}?view=charts",
    "board-filters": f"{BOARD}?filters=open&type=STS&lang=eng-Latn",
    "board-narrowed": f"{BOARD}?type=Retrieval&size=..1B,unknown&q=params+%3C+1B&method=wins&sort=-mean_task",
    "board-pinned": f"{BOARD}?pin=org/model-0,lab/model-1&hide=released",
    "board-query-error": f"{BOARD}?q=parms+%3C+3",
    "board-nothing-left": f"{BOARD}?org=nobody",
    "board-empty": "/benchmarks/empty/",
    "board-official": f"{BOARD}?source=official",
    "own-board": "/boards/own/?title=Mine&tasks=STSTask0*2,Short:RetrievalTask0,RetrievalTask1",
    "builder": "/boards/new/",
    "builder-filled": "/boards/new/?title=Mine&tasks=STSTask0*2,Short:RetrievalTask0",
    "builder-error": "/boards/new/?tasks=a+b",
    "board-history": f"{BOARD}history/",
    "board-on-day": f"{BOARD}history/{datetime.now(UTC).date() - timedelta(days=1)}/",
    "origins": f"{BOARD}origins/?m=org/model-0",
    "origins-of-type": f"{BOARD}origins/?m=org/model-0&of=type:Retrieval",
    "results": "/results/?model=org/model-0&task=RetrievalTask0",
    "changes": "/changes/",
    "changes-of-day": f"/changes/?day={datetime.now(UTC).date()}",
}
MODELS_AND_TASKS = {
    "model": "/models/org/model-0/",
    "model-many": "/models/lab/model-1/?per_page=all",
    "model-official": "/models/org/model-3/?source=official&type=Retrieval",
    "model-history": "/models/org/model-0/history/",
    "task": "/tasks/RetrievalTask0/",
    "task-cells": "/tasks/ManyLanguages/?view=cells",
    "task-statistics": "/tasks/RetrievalTask0/?view=statistics",
    "task-metrics": "/tasks/RetrievalTask0/?view=metrics",
    "task-data": "/tasks/ManyLanguages/?view=data",
    "compare-none": "/compare/",
    "compare-unknown": "/compare/?m=org/model-0&m=org/modle-3",
    "compare-two": "/compare/?m=org/model-0&m=lab/model-1",
    "compare-four": "/compare/?m=org/model-0&m=lab/model-1&m=institute/model-2&m=org/model-3&board=tiny&percentiles=1",
    "models": "/models/",
    "models-error": "/models/?q=rank+%3C+3",
    "models-none": "/models/?q=nosuchmodel",
    "tasks": "/tasks/",
    "tasks-none": "/tasks/?q=nosuchtask",
    "languages": "/languages/",
    "language": "/languages/deu/",
    "language-narrowed": "/languages/deu/?q=params+%3C+1B",
    "language-none": "/languages/deu/?q=nosuchmodel",
    "scripts": "/scripts/",
    "script": "/scripts/Latn/",
    "task-types": "/task-types/",
    "task-type": "/task-types/Retrieval/",
    "organisations": "/organisations/",
    "organisation": "/organisations/org/",
    "search": "/search/?q=retrieval",
    "search-none": "/search/?q=xyzzyx",
    "search-empty": "/search/",
    "data": "/data/",
}
DESK = {
    "login": "/accounts/login/",
    "signup": "/accounts/signup/",
    "password-reset": "/accounts/password/reset/",
    "queue": "/queue/",
    "missing": "/nowhere/",
    "missing-model": "/models/org/modle-0/",
}
SIGNED_IN = {
    "submit": "/submit/",
    "submissions": "/submissions/",
    "account": "/accounts/",
    "api-tokens": "/accounts/tokens/",
    "my-organisations": "/accounts/organisations/",
    "email": "/accounts/email/",
    "reauthenticate": "/accounts/reauthenticate/",
    "saved-views": "/views/",
    "save-view": f"/views/?address={BOARD}",
}
REFUSED = {"builder-error": 400, "missing": 404, "missing-model": 404}


class Inspector:
    """Opens pages, and writes down what is wrong with each."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.findings: list[str] = []
        self.address = ""
        page.on("console", lambda message: self._hear(message.text, message.location.get("url", "")))
        page.on("pageerror", lambda error: self._note(f"script: {error}"))
        page.on("requestfailed", lambda request: self._note(f"not loaded: {request.url} {request.failure}"))
        page.on("response", self._check_response)

    def walk(self, pages: dict[str, str]) -> None:
        for name, address in pages.items():
            self.address = address
            self.expected = REFUSED.get(name, 200)
            self.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            self.page.goto(address)
            self.page.evaluate(AXE)
            for width in WIDTHS:
                self._look_at(width)
            self.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
            self.page.emulate_media(color_scheme="dark")
            self._run_axe(["color-contrast"], "dark")
            self.page.emulate_media(color_scheme="light")

    def _look_at(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": 800})
        if width != max(WIDTHS):
            self._run_axe(RULES, str(width))
        taken = self.page.evaluate("document.documentElement.scrollWidth")
        if taken > width:
            self._note(f"{taken} px wide at {width}")

    def _run_axe(self, rules: list[str], where: str) -> None:
        found = self.page.evaluate("rules => axe.run({runOnly: rules, resultTypes: ['violations']})", rules)
        for rule in found["violations"]:
            self._note(f"axe at {where}: {rule['id']}: {[node['html'][:200] for node in rule['nodes']][:3]}")

    def _check_response(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status != self.expected if is_page and response.status != 302 else response.status >= 400:
            self._note(f"answered with {response.status}: {response.url}")

    def _hear(self, said: str, source: str) -> None:
        # The browser itself says so of a page that answers 404, as it should.
        if not (self.expected >= 400 and source.endswith(self.address)):
            self._note(f"console: {said}")

    def _note(self, finding: str) -> None:
        self.findings.append(f"{self.address} {finding}")


@pytest.fixture
def inspector(browser: Browser, filled_server: LiveServer) -> Iterator[Inspector]:
    context = browser.new_context(base_url=filled_server.url, reduced_motion="reduce")
    yield Inspector(context.new_page())
    context.close()


@pytest.mark.parametrize("pages", [BOARDS, MODELS_AND_TASKS, DESK], ids=["boards", "models and tasks", "desk"])
def test_pages_are_accessible_fit_the_screen_and_load_without_complaint(
    inspector: Inspector, pages: dict[str, str]
) -> None:
    inspector.walk(pages)
    assert not inspector.findings, "\n".join(inspector.findings)


def test_so_are_pages_of_readers_who_signed_in(inspector: Inspector) -> None:
    inspector.expected = 200
    sign_in(inspector.page)
    inspector.walk(SIGNED_IN)
    assert not inspector.findings, "\n".join(inspector.findings)


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser's console says about the page, policy violations included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_a_reader_goes_from_the_menu_to_a_score_by_links_alone(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    page.get_by_role("link", name="Crowd").click()
    page.get_by_role("link", name="Mean (Task)", exact=True).first.click()
    page.locator("th#sorted[aria-sort=descending]", has_text="Mean (Task)").wait_for()
    page.get_by_role("link", name="Next").click()
    page.get_by_text(f"51{DASH}52 of 52").wait_for()
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("link", name="model-51", exact=True).click()
    page.get_by_role("link", name="1 result of crowd/model-51 on CrowdTask").click()
    page.get_by_text("Counts on every board.").wait_for()
    assert complaints == []


def test_model_names_stay_in_sight_on_a_phone(phone_page: Page) -> None:
    phone_page.goto(BOARDS["board-tasks"])
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
    phone_page.goto(BOARDS["board-tasks"])
    header = phone_page.get_by_role("columnheader", name="ManyLanguages")
    header.get_by_role("link").first.click()
    phone_page.wait_for_url("**sort=-task*")
    assert 0 < _left(header.bounding_box) < 390


def test_a_wide_table_scrolls_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 800})
    page.goto(BOARDS["board-tasks"])
    region = page.get_by_role("region", name="Tiny: per task")
    region.focus()
    page.keyboard.press("ArrowRight")
    assert any(_scrolled(region) for _ in range(40))


def _scrolled(region: Locator) -> bool:
    """Whether the region has moved; waits a moment, because the policy forbids waiting inside the page."""
    region.page.wait_for_timeout(50)
    return bool(region.evaluate("element => element.scrollLeft > 0"))
