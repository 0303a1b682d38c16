"""Goal: every page can be read and worked by everybody. Method: ask the browser, page by page."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.odd_books import LONG_REF

pytestmark = pytest.mark.browser
PLAIN = (
    "/books/demo/", "/books/demo/loans/", "/books/demo/runs/", "/books/demo/quality/",
    "/books/demo/loans/?from=M1&to=M0&since=2026-05-31", "/books/fresh/",
    "/books/files/quality/", "/books/odd/", "/books/odd/loans/", "/books/odd/loans/HUGE/",
    f"/books/odd/loans/{LONG_REF}/", "/books/odd/loans/LONG-360/", "/books/odd/loans/NO-PERSON/",
    "/books/yen/", "/books/yen/loans/Y1/", "/books/dinar/",
    "/books/dinar/loans/K1/?as_of=2026-05-01",
    "/books/unscheduled/loans/NO-DAY/", "/books/unscheduled/quality/", "/books/no-such-book/",
    "/books/demo/?as_of=2031-01-01", "/books/dinar/runs/",
)  # fmt: skip
READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(("screen", "language"), [("desk", "en"), ("phone", "zh")])
def test_pages_are_legible_named_and_fit(visit, screen, language):
    browser = visit(screen, language)
    browser.page.emulate_media(reduced_motion="reduce")  # Colours on their way count for nothing.
    faults = []
    for path in (*PLAIN, _an_import(browser)):
        browser.open(path)
        said = browser.page.evaluate(READING)
        assert said.pop("lang").startswith(language), path
        if browser.is_too_wide():
            said["width"] = ["too wide"]
        faults += [f"{path} {name}: {found}" for name, found in said.items() if found]
    assert not faults, "\n".join(faults)


def _an_import(browser):
    browser.open("/books/files/quality/")
    return browser.page.locator("table.data a.fw-medium").first.get_attribute("href")


def test_the_first_stop_of_the_keyboard_skips_to_the_content(visit):
    browser = visit()
    browser.open("/books/demo/loans/")
    browser.page.keyboard.press("Tab")
    skip = browser.page.locator(".skip-link")
    expect(skip).to_be_focused()
    assert skip.bounding_box()["x"] >= 0
    browser.page.keyboard.press("Enter")
    expect(browser.page.locator("#main")).to_be_focused()
    browser.check()


@pytest.mark.parametrize("path", ["/books/demo/", "/books/demo/loans/"])
def test_the_keyboard_goes_through_a_page_in_the_order_it_is_read(visit, path):
    browser = visit()
    browser.open(path)
    places = []
    for _ in range(14):
        browser.page.keyboard.press("Tab")
        places.append(
            browser.page.evaluate(
                "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
            )
        )
        assert browser.page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
            " || getComputedStyle(document.activeElement).boxShadow !== 'none'"
            " || document.activeElement.closest('.bar-search') !== null"
        )
    steps = [later - earlier for earlier, later in pairwise(places)]
    assert min(steps) >= 0
    assert len(set(places)) > 8


def test_a_loan_prints_without_what_cannot_be_pressed(visit):
    browser = visit()
    browser.open("/books/odd/loans/LONG-360/")
    browser.page.emulate_media(media="print")
    for gone in (".bar", ".time-bar", ".skip-link"):
        expect(browser.page.locator(gone)).to_be_hidden()
    expect(browser.page.locator("h1")).to_be_visible()
    expect(browser.page.locator("table.schedule thead")).to_be_visible()
    assert browser.page.locator("table.schedule").evaluate(
        "(table) => getComputedStyle(table.tHead).display === 'table-header-group'"
    )


def test_the_mark_of_the_site_is_there(visit):
    browser = visit("desk", "en", name=None)
    browser.open("/account/login/")
    address = browser.page.locator("link[rel=icon]").get_attribute("href")
    response = browser.page.request.get(f"{browser.site}{address}")
    assert response.status == 200
    assert response.headers["content-type"] == "image/svg+xml"


def test_a_session_that_ends_while_a_loan_is_open_leads_to_the_log_in(visit):
    browser = visit("desk", "en", name="analyst")
    browser.open("/books/odd/loans/LONG-360/")
    browser.page.context.clear_cookies()
    browser.page.fill("input[name=as_of]", "2025-06-30")
    browser.page.wait_for_url(
        re.compile(r"/account/login/\?next=%2Fbooks%2Fodd%2Floans%2FLONG-360")
    )
    expect(browser.page.locator("#id_login")).to_be_visible()
    assert browser.page.locator("main").count() == 1
    browser.check()


def test_refused_rows_are_listed_and_their_file_comes_down(visit):
    browser = visit()
    browser.open(_an_import(browser))
    expect(browser.page.locator("#refused tbody tr")).to_have_count(50)
    with browser.page.expect_download() as download:
        browser.page.locator("#refused a[download]").click()
    assert download.value.suggested_filename.endswith("-errors.csv")
    browser.check()
