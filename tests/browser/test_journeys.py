"""What people come for, from the first click to the last, in a real browser."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from config.sign_in import form_targets, openid_providers
from tests.browser.conftest import sign_in
from tests.browser.published import BOARD, CROWD
from tests.factories_accounts import CLIENT_ID, CLIENT_SECRET, provider_serving

pytestmark = pytest.mark.django_db

NUMBER = re.compile(r"[+\u2212-]?\d+\.\d\d")


@pytest.fixture
def stranger(browser: Browser, filled_server: LiveServer) -> Iterator[Page]:
    """Somebody else, on another computer, who is not signed in."""
    context = browser.new_context(base_url=filled_server.url, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def plain(browser: Browser, filled_server: LiveServer) -> Iterator[Page]:
    """A browser without JavaScript."""
    context: BrowserContext = browser.new_context(base_url=filled_server.url, java_script_enabled=False)
    yield context.new_page()
    context.close()


def rows_of(page: Page, table: str = "#board table.data") -> list[list[str]]:
    """What the cells of the table say, row by row."""
    rows = page.locator(f"{table} tbody tr").all()
    return [[" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()] for row in rows]


def test_a_filtered_board_is_the_same_for_whoever_gets_its_address(page: Page, stranger: Page) -> None:
    page.goto(BOARD)
    whole = rows_of(page)
    page.get_by_role("link", name="Filters").click()
    page.get_by_role("group", name="Task type").get_by_label("Retrieval").check()
    page.locator("#facets").get_by_role("button", name="Apply").click()
    page.wait_for_url("**type=Retrieval**")
    narrowed = rows_of(page)
    page.get_by_label("Query", exact=True).fill("params < 1B and RetrievalTask0 > 0.1")
    page.get_by_label("Query", exact=True).press("Escape")
    page.get_by_role("button", name="Apply").first.click()
    page.wait_for_url("**q=params**")
    left = rows_of(page)
    assert len(whole) > len(left) > 0
    assert left != narrowed != whole

    stranger.goto(page.url)
    assert rows_of(stranger) == left

    page.go_back()
    page.wait_for_url(lambda url: "q=" not in url)
    expect(page.locator("#board table.data tbody tr")).to_have_count(len(narrowed))
    assert rows_of(page) == narrowed


def test_a_board_of_ones_own_is_saved_and_opened_by_a_stranger(page: Page, stranger: Page) -> None:
    page.goto("/boards/new/")
    page.get_by_label("Name", exact=True).fill("Short texts")
    page.get_by_label("Words in name or description").fill("STSTask")
    page.get_by_role("button", name="Search", exact=True).last.click()
    page.get_by_role("checkbox", name="STSTask0").check()
    page.get_by_role("checkbox", name="STSTask1").check()
    page.get_by_role("button", name="Add the ticked tasks").click()
    page.get_by_label("Weight of STSTask0").fill("3")
    page.get_by_label("Group of STSTask1").fill("Second")
    page.get_by_role("button", name="Show the board").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Short texts")
    expect(page.locator("thead")).to_contain_text("Second")
    mine = rows_of(page)
    assert mine

    page.get_by_role("link", name="Save view").click()
    sign_in(page)
    page.get_by_label("Name", exact=True).fill("For short texts")
    page.get_by_role("button", name="Save this view").click()
    saved = page.get_by_role("row", name="For short texts")
    address = saved.get_by_role("link", name="/v/").inner_text()

    stranger.goto(address)
    assert rows_of(stranger) == mine
    assert stranger.get_by_role("link", name="Sign in").first.is_visible()


def test_a_comparison_is_exported_with_the_numbers_of_the_screen(page: Page, tmp_path: Path) -> None:
    page.goto(BOARD)
    names = ("org/model-0", "lab/model-1")
    for name in names:
        page.locator(f'input[name="m"][value="{name}"]').first.check()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare/**")
    shown = {row[0].split()[0]: NUMBER.findall(" ".join(row[1:]))[:2] for row in rows_of(page, ".compare-scores table")}
    page.locator(".exports summary").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "compared.csv")

    with (tmp_path / "compared.csv").open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    columns = [next(at for at, label in enumerate(head) if name in label) for name in names]
    task = next(at for at, label in enumerate(head) if label == "Task")
    written = {line[task]: [line[at] for at in columns] for line in lines}
    assert len(shown) > 5
    assert {name: sorted(scores) for name, scores in shown.items()} == {
        name: sorted(scores) for name, scores in written.items()
    }


def test_a_phone_filters_sorts_and_opens_a_model(phone_page: Page) -> None:
    phone_page.goto(BOARD)
    phone_page.get_by_role("link", name="Filters").tap()
    phone_page.get_by_role("group", name="Weights").get_by_label("open").tap()
    phone_page.locator("#facets").get_by_role("button", name="Apply").tap()
    phone_page.wait_for_url("**weights=open**")
    phone_page.locator("thead").get_by_role("link", name="Max tokens").tap()
    phone_page.locator("th#sorted", has_text="Max tokens").wait_for()
    first = phone_page.locator("#board tbody tr").first.get_by_role("link").first
    name = first.inner_text()
    first.tap()
    phone_page.wait_for_url("**/models/**")
    expect(phone_page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_number_says_where_it_comes_from_by_mouse_and_by_keyboard(page: Page) -> None:
    page.goto(f"{BOARD}?view=tasks")
    drawer = page.locator("dialog.drawer")
    cell = page.locator("#board tbody tr").first.get_by_text(NUMBER).first
    cell.click()
    expect(drawer).to_contain_text("mteb version")
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()

    page.locator("#board .table-scroll").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    at = page.evaluate("[document.activeElement.parentElement.rowIndex, document.activeElement.cellIndex]")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(drawer).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert page.evaluate("[document.activeElement.parentElement.rowIndex, document.activeElement.cellIndex]") == at
    assert at[0] > 1


def test_without_javascript_boards_are_filtered_sorted_paged_compared_and_drawn_as_tables(plain: Page) -> None:
    plain.goto(f"{CROWD}?filters=open")
    plain.get_by_role("group", name="Parameters").get_by_label("Parameters from").fill("1k")
    plain.locator("#facets").get_by_role("button", name="Apply").click()
    plain.wait_for_url("**size=1K..**")
    plain.locator("thead").get_by_role("link", name="Parameters").click()
    plain.locator("th#sorted", has_text="Parameters").wait_for()
    plain.get_by_role("link", name="Next").click()
    assert len(rows_of(plain)) == 1

    plain.goto(BOARD)
    for name in ("org/model-0", "lab/model-1"):
        plain.locator(f'input[name="m"][value="{name}"]').first.check()
    plain.get_by_role("button", name="Compare").click()
    assert "/compare/" in plain.url
    assert rows_of(plain, ".compare-scores table")

    plain.goto(f"{BOARD}?view=charts")
    chart = plain.locator("[data-chart]").last
    chart.locator("> summary").click()
    chart.locator(".more > summary").click()
    expect(chart.locator("tbody tr").first).to_be_visible()


def test_a_reader_signs_in_with_hugging_face(page: Page, settings: Settings) -> None:
    """The form leads to the provider's own origin, which the content security policy has to allow."""
    with provider_serving(sub="1", preferred_username="hubert", email="h@hub.example", email_verified=True) as provider:
        known = {"issuer": provider.issuer, "client_id": CLIENT_ID}
        settings.SOCIALACCOUNT_PROVIDERS = openid_providers(**known, secret=CLIENT_SECRET)
        policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
        allowed = {**policy, "form-action": [*policy["form-action"], *form_targets(**known)]}
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": allowed}
        page.goto("/accounts/login/?next=/accounts/tokens/")
        page.get_by_role("button", name="Sign in with Hugging Face").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("API tokens")
        expect(page.get_by_role("link", name="hubert").first).to_be_visible()
