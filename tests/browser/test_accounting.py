"""Goal: from the trial balance to the entries of one loan, and a month closed, in a browser."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ROOT = "/books/demo/accounting/"
PAGES = (ROOT, f"{ROOT}?view=platform", f"{ROOT}journal/", f"{ROOT}periods/")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_an_amount_opens_what_made_it(visit, screen, language):
    browser = visit(screen, language, name="finance")
    for path in PAGES:
        assert browser.open(path).status == 200, path
        assert not browser.is_too_wide(), path
        browser.check()
    browser.open(ROOT)
    for step in ("accounts/", "2026-06-", "loans/"):
        browser.page.locator(
            f"main table.data a[href*='{step}'], #content table.data a"
        ).first.click()
        browser.page.wait_for_load_state("networkidle")
        assert not browser.is_too_wide(), browser.page.url
        browser.check()
    expect(browser.page.locator("table.data tbody tr").first).to_be_visible()
    assert "/accounting/loans/" in browser.page.url


def test_a_day_of_the_journal_balances(visit):
    browser = visit(name="finance")
    browser.open(f"{ROOT}journal/?as_of=2026-05-31")
    debit, credit = browser.page.locator("tfoot td.num").all_inner_texts()
    assert debit == credit != "0.00"
    for suffix in ("csv", "xlsx"):
        path = f"{ROOT}export/journal.{suffix}?since=2026-05-01&as_of=2026-05-31"
        answer = browser.page.request.get(f"{browser.site}{path}")
        assert answer.status == 200
        assert len(answer.body()) > 5_000


def test_a_month_is_closed_once_and_only_by_finance(visit):
    browser = visit(name="analyst")
    browser.open(f"{ROOT}periods/")
    assert browser.page.locator("form[action*='/close/']").count() == 0
    browser = visit(name="finance")
    browser.open(f"{ROOT}periods/")
    closing = browser.page.locator("form[action*='/close/'] button")
    assert closing.count() == 1  # The oldest open month; later ones say why they wait.
    closing.click()
    browser.page.wait_for_load_state("networkidle")
    expect(
        browser.page.locator(".state-done", has_text=re.compile("Closed|关账")).first
    ).to_be_visible()
    browser.check()
