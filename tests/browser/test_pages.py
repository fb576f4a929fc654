"""Pages in a real browser: how they behave; and what is wrong with those that have no file of their own."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from leaderboard.tables.cells import DASH
from tests.browser.conftest import sign_in
from tests.browser.inspector import Inspector
from tests.browser.published import BOARD

pytestmark = pytest.mark.django_db

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


def test_pages_are_accessible_fit_the_screen_and_load_without_complaint(inspector: Inspector) -> None:
    inspector.walk(DESK)
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
    phone_page.goto(f"{BOARD}?view=tasks")
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
    phone_page.goto(f"{BOARD}?view=tasks")
    header = phone_page.get_by_role("columnheader", name="ManyLanguages")
    header.get_by_role("link").first.click()
    phone_page.wait_for_url("**sort=-task*")
    assert 0 < _left(header.bounding_box) < 390


def test_a_wide_table_scrolls_by_keyboard(page: Page) -> None:
    page.set_viewport_size({"width": 800, "height": 800})
    page.goto(f"{BOARD}?view=tasks")
    region = page.get_by_role("region", name="Tiny: per task")
    region.focus()
    page.keyboard.press("ArrowRight")
    assert any(_scrolled(region) for _ in range(40))


def _scrolled(region: Locator) -> bool:
    """Whether the region has moved; waits a moment, because the policy forbids waiting inside the page."""
    region.page.wait_for_timeout(50)
    return bool(region.evaluate("element => element.scrollLeft > 0"))
