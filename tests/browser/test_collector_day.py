"""A collector's shift by keyboard over real pages: keys, seconds and server time per case.

Times are printed (``pytest -s``), never asserted: they are the machine's. At night the guard
refuses calls; then the collector notes it and goes on, which is part of the day.
"""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.test_keyboard_walk import Walk
from tests.web.desk_book import make_shift_book

pytestmark = pytest.mark.browser

PATIENCE_MS = 30_000
LINE = "{no:>2} {what:<22} {keys:>3} keys {seconds:>6.2f} s {server:>6.0f} ms"
SMALL = "shift3"


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


class Day(Walk):
    """One collector and the case in front of her."""

    def start(self, book):
        self.browser.open(f"/books/{book}/cases/")
        self.press("n")
        self.at_a_case()

    def at_a_case(self):
        self.page.wait_for_url(re.compile(r"/cases/\d+/$"), timeout=PATIENCE_MS)
        expect(self.page.locator(".case-timeline")).to_be_visible()

    def open(self, key, act):
        self.press(key)
        expect(self.page.locator(f'[data-act="{act}"]')).to_be_visible()

    def save_and_next(self):
        self.page.wait_for_load_state("networkidle")
        with self.page.expect_navigation(timeout=PATIENCE_MS):
            self.press("Control+Enter")

    def call(self):
        """Dial and note how it ended; where no call is permitted now, say so and go on."""
        self.open("d", "call")
        if not self.page.locator("#save-next").count():
            self.press("Escape")
            return "no call now", self.note("no call permitted now")
        self.press("Enter")
        expect(self.page.locator('[data-act="outcome"]')).to_be_visible()
        self.press("2")
        self.save_and_next()
        return "call, no answer", None

    def note(self, text):
        self.open("n", "note")
        self.type(text)
        self.put_away()

    def put_away(self):
        """Save the note, then put the case away and take the next."""
        self.press("Tab")
        with self.page.expect_navigation(timeout=PATIENCE_MS):
            self.press("Enter")
        self.at_a_case()
        self.later()

    def promise(self):
        self.open("p", "promise")
        self.save_and_next()

    def later(self):
        self.open("t", "later")
        self.save_and_next()

    def hardship(self):
        self.open("h", "hardship")
        self.type("3000")
        self.save_and_next()


def work(day, number):
    """Do what case number so and so asks for; answer what it was."""
    if number % 3 == 0:
        return day.call()[0]
    if number % 3 == 1:
        day.promise()
        return "promise"
    day.note("she will ask her employer")
    return "note, put away"


def play(visit, book, count):
    day = Day(visit(name="collector"))
    day.start(book)
    lines = []
    for number in range(count):
        day.keys, day.server_ms, began = 0, 0.0, time.perf_counter()
        what = work(day, number)
        seconds = time.perf_counter() - began
        lines.append(
            LINE.format(
                no=number + 1, what=what, keys=day.keys, seconds=seconds, server=day.server_ms
            )
        )
        day.page.wait_for_load_state("networkidle")
        if "/cases/" in day.page.url and re.search(r"/cases/\d+/$", day.page.url):
            day.at_a_case()
    print("\n" + "\n".join(lines))
    return day


@pytest.mark.long  # Keys are faster than a loaded machine's page: it timed out once beside others.
def test_a_short_shift_by_keyboard(visit, shift):
    play(visit, shift(3), 3).browser.check()


@pytest.mark.long
def test_a_shift_of_fifty_cases_by_keyboard(visit, shift):
    play(visit, shift(50), 50).browser.check()


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
    browser.open(f"/books/{shift(3)}/cases/?view=all")
    page = browser.page
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".case-timeline")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("#key-help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#key-help")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.locator('[data-act="reveal"]')).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#case-act")).to_be_empty()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/cases/$"))
    browser.check()


def test_a_lost_connection_is_said_and_what_was_typed_stays(visit, shift):
    browser = visit(name="collector")
    browser.open(f"/books/{shift(3)}/cases/?view=all")
    page = browser.page
    page.locator("a[data-row]").first.click()
    expect(page.locator(".case-timeline")).to_be_visible()
    page.keyboard.press("n")
    page.locator("textarea[name=text]").fill("half a sentence")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#request-error")).to_be_visible()
    expect(page.locator("textarea[name=text]")).to_have_value("half a sentence")
    page.context.set_offline(False)
