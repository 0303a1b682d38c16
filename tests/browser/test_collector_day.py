"""A collector's shift by keyboard over real pages: keys, seconds and server time per case.

Times are printed (``pytest -s``), never asserted: they are the machine's. At night the guard
refuses calls; then the collector notes it and goes on, which is part of the day.
"""

import re
import time
from dataclasses import asdict

import pytest
from playwright.sync_api import expect

from benchmarks.shift import Shift
from tests.web.desk_book import make_shift_book

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
LINE = "{no:>2} {what:<22} {keys:>3} keys {seconds:>6.2f} s {server_ms:>6.0f} ms"

LEAVE_AT_ONCE = """() => {
    document.addEventListener("htmx:afterSwap", () => document.getElementById("save-next").focus());
    document.addEventListener("htmx:afterSettle", () => { document.body.dataset.settled = "yes"; });
}"""


@pytest.fixture
def patience():
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def shift(beside, patience):
    """Make a book of so many cases beside the running site, once."""

    def make(count):
        from daihou.web.ledger.models import Book

        name = f"shift{count}"
        if not Book.objects.filter(name=name).exists():
            make_shift_book(name=name, count=count)
        return name

    return lambda count: beside(make, count)


def at_first_case(visit, shift):
    browser = visit(name="collector")
    browser.open(f"/books/{shift(3)}/cases/?view=all")
    browser.page.locator("a[data-row]").first.click()
    expect(browser.page.locator(".case-timeline")).to_be_visible()
    return browser


def play(visit, site, book, count):
    browser = visit(name="collector")
    shift = Shift(browser.page)
    shift.begin(f"{site}/books/{book}/cases/")
    worked = list(shift.work(count))
    print()
    for number, each in enumerate(worked, start=1):
        print(LINE.format(no=number, **asdict(each)))
    return browser, worked


def test_a_short_shift_by_keyboard(visit, site, shift):
    browser, worked = play(visit, site, shift(3), 3)
    assert [each.what for each in worked][1:] == ["promise", "note, put away"]
    browser.check()


@pytest.mark.long
def test_a_shift_of_fifty_cases_by_keyboard(visit, site, shift):
    browser, worked = play(visit, site, shift(50), 50)
    assert len(worked) == 50
    browser.check()


def test_what_is_typed_ahead_of_a_form_waits_for_it_and_sets_off_nothing_else(visit, shift):
    """The first letters of a note are keys of the page, too: h is hardship, s stops contact."""
    browser = at_first_case(visit, shift)
    page = browser.page
    page.route("**/note/", _slowly)
    page.keyboard.press("n")
    page.keyboard.type("she said so")
    expect(page.locator("textarea[name=text]")).to_have_value("she said so")
    expect(page.locator("textarea[name=text]")).to_be_focused()
    noted_on = page.url
    page.keyboard.press("Control+Enter")
    page.keyboard.type("hps")
    page.wait_for_url(lambda url: url != noted_on)  # The next case, or the queue after the last.
    expect(page.locator("#main")).to_be_visible()
    expect(page.locator("#case-act form")).to_have_count(0)
    page.goto(noted_on)
    expect(page.locator(".case-timeline")).to_contain_text("she said so")
    browser.check()


def test_who_leaves_the_first_field_at_once_is_not_taken_back_to_it(visit, shift):
    browser = at_first_case(visit, shift)
    page = browser.page
    page.evaluate(LEAVE_AT_ONCE)
    page.keyboard.press("n")
    expect(page.locator("#save-next")).to_be_focused()
    expect(page.locator("body[data-settled]")).to_have_count(1)
    expect(page.locator("#save-next")).to_be_focused()
    browser.check()


def _slowly(route):
    time.sleep(0.5)
    route.continue_()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_every_page_and_form_is_quiet_and_fits(visit, shift, screen, language):
    book = shift(3)
    browser = visit(screen, language, name="collector")
    browser.open(f"/books/{book}/cases/?view=all")
    assert not browser.is_too_wide()
    address = browser.page.locator("a[data-row]").first.get_attribute("href")
    browser.open(address)
    expect(browser.page.locator(".case-timeline")).to_be_visible()
    assert not browser.is_too_wide()
    for action in ("call", "message", "promise", "plan", "hardship", "stop", "complaint", "state"):
        assert browser.open(f"{address}{action}/").status == 200, action
        expect(browser.page.locator("[data-act]")).to_be_visible()
        assert not browser.is_too_wide(), action
    browser.open(f"/books/{book}/visits/")
    assert not browser.is_too_wide()
    browser.check()


def test_keys_open_help_forms_and_go_back_a_step(visit, shift):
    browser = visit(name="collector")
    browser.open(f"/books/{shift(2)}/cases/?view=all")
    page = browser.page
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".case-timeline")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#key-help")).to_be_visible()
    page.keyboard.press("n")  # No key of the page is meant while the help is read.
    page.keyboard.press("Escape")
    expect(page.locator("#key-help")).to_be_hidden()
    expect(page.locator("#case-act")).to_be_empty()
    page.keyboard.press("r")  # It stands in the menu, which is shut.
    expect(page.locator('[data-act="reveal"]')).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#case-act")).to_be_empty()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/cases/$"))
    page.locator("a[data-row]").first.click()
    page.wait_for_url(re.compile(r"/cases/\d+/$"))
    page.keyboard.press("g")
    page.keyboard.press("c")  # After g it is no deed of the case.
    page.wait_for_url(re.compile(r"/cases/$"))
    browser.check()


def test_a_lost_connection_is_said_and_what_was_typed_stays(visit, shift):
    browser = at_first_case(visit, shift)
    page = browser.page
    page.keyboard.press("n")
    page.locator("textarea[name=text]").fill("half a sentence")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#request-error")).to_be_visible()
    expect(page.locator("textarea[name=text]")).to_have_value("half a sentence")
    page.context.set_offline(False)
