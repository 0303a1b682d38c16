"""Goal: thirty typical requests are done by keyboard alone. Prints keys, seconds, server time.

Times are printed (``pytest -s``), never asserted: they are the machine's.
"""

import re
import time

import pytest
from playwright.sync_api import expect

from benchmarks.shift import Keyboard

pytestmark = pytest.mark.browser

PLAN, MONEY, RELIEF, OWNER, LOSS = "p", "m", "r", "o", "c"
COMPENSATE = 2
PATIENCE_MS = 20_000
REASON = "asked on the phone"
DATE = re.compile(r"\d{8}")
LINE = "{no:>2} {what:<44} {keys:>4} keys {seconds:>6.2f} s {server:>7.0f} ms"


class Walk(Keyboard):
    """One person at her keyboard, counted."""

    def __init__(self, browser):
        super().__init__(browser.page)
        self.browser = browser

    def find(self, ref):
        self.press("/")
        self.type(ref)
        self.press("Enter")
        expect(self.page.locator("#loan-body")).to_contain_text(ref)

    def choose(self, group, downs):
        self.press(group, *(["j"] * downs), "Enter")
        expect(self.page.locator("#servicing-body")).to_be_visible()
        expect(self.page.locator("[autofocus]").first).to_be_focused()

    def fill(self, *values):
        for number, value in enumerate(values):
            if number:
                after_date = DATE.fullmatch(str(values[number - 1]))
                self.press(*["Tab"] * (2 if after_date else 1))  # Past the calendar's button.
            self.press("Space") if value is True else self.type(value)

    def preview(self):
        self.press("Control+Enter")
        expect(self.page.locator("#preview")).to_be_visible()

    def ask(self):
        expect(self.page.locator("textarea[name=reason]")).to_be_focused()
        self.type(REASON)
        self.press("Control+Enter")
        expect(self.page.locator(".alert").first).to_contain_text(re.compile("Done|Asked for"))

    def act(self, ref, group, downs, *values):
        self.find(ref)
        self.choose(group, downs)
        self.fill(*values)
        self.preview()
        self.ask()

    def decide(self):
        with self.page.expect_navigation(timeout=PATIENCE_MS):  # It may be this page again.
            self.press("g", "a")
        expect(self.page.locator("a[data-row]").first).to_be_visible()
        self.press("j", "Enter")
        expect(self.page.locator("#approve-button")).to_be_visible()
        self.press("d")
        expect(self.page.locator("textarea[name=reason]")).to_be_focused()
        self.type("in order")
        self.press("Control+Enter")
        expect(self.page.locator(".alert").first).to_contain_text("Your decision was recorded.")

    def quote(self, ref):
        self.find(ref)
        self.press("q")
        expect(self.page.locator("input[name=valid_on]")).to_be_focused()
        self.press("Enter")
        expect(self.page.locator(".alert").first).to_contain_text("The quote was made.")


# A date is typed as month, day and year.
ASKED = [  # What, loan, menu, place in it, what is typed.
    ("extension", "W01", PLAN, 0, ("03062026",)),
    ("deferral of two instalments", "W02", PLAN, 1, ("2", "g")),
    ("re-age into 18 instalments", "W03", PLAN, 2, ("06202025", "18", "s")),
    ("overdue spread over the rest", "W04", PLAN, 3, ("s",)),
    ("other due dates", "W05", PLAN, 4, ("06202025",)),
    ("rate cut", "W06", PLAN, 5, ("12",)),
    ("longer term", "W07", PLAN, 6, ("14",)),
    ("overdue amount in six instalments", "W08", PLAN, 7, ("06202025", "6")),
    ("personalised card instalments", "W09", PLAN, 8, ("06202025", "24", "10")),
    ("acceleration", "W10", PLAN, 9, ()),
    ("interest pause", "W11", PLAN, 10, ("08062025",)),
    ("partial prepayment", "W12", MONEY, 0, ("600", "l")),
    ("charge-back", "W13", MONEY, 3, ("p", "50")),
    ("reversal of a payment", "W14", MONEY, 4, ("p",)),
    ("small waiver of interest", "W15", RELIEF, 0, (True, "", "", "", "1.00")),
    ("larger waiver of interest", "W16", RELIEF, 0, (True, "", "", "", "30.00")),
    ("settlement at a discount", "W17", RELIEF, 1, ("900", "06052025")),
    ("stop of penalty", "W18", RELIEF, 2, ()),
    ("charge-off", "W19", LOSS, 0, ()),
    ("sale of the loan", "W20", OWNER, 0, ("Harbor AMC", "500")),
    ("compensation by the guarantor", "W21", OWNER, COMPENSATE, ("Guarantor One", "200")),
]


@pytest.fixture
def patience():
    """Wait long for a slow machine: what is asserted is that each request succeeds."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


def test_thirty_requests_by_keyboard(visit, patience):
    lines, number = [], 0

    def done(walk, what, act, *given):
        nonlocal number
        number += 1
        walk.keys, walk.server_ms, began = 0, 0.0, time.perf_counter()
        act(*given)
        seconds = time.perf_counter() - began
        lines.append(
            LINE.format(
                no=number, what=what, keys=walk.keys, seconds=seconds, server=walk.server_ms
            )
        )

    collector = Walk(visit(name="collector"))
    collector.browser.open("/books/desk/")
    for what, ref, group, downs, values in ASKED:
        done(collector, what, collector.act, ref, group, downs, *values)
    done(collector, "pay-off quote", collector.quote, "W22")
    done(collector, "pay-off by the quote", collector.act, "W22", MONEY, 1)
    manager = Walk(visit(name="manager"))
    manager.browser.open("/books/desk/")
    for turn in range(1, 5):
        done(manager, f"decision of a manager ({turn})", manager.decide)
    finance = Walk(visit(name="finance"))
    finance.browser.open("/books/desk/")
    for turn in range(1, 4):
        done(finance, f"decision of finance ({turn})", finance.decide)
    print("\n" + "\n".join(lines))
    assert number == 30
    for walk in (collector, manager, finance):
        walk.browser.check()
