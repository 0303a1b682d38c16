"""Goal: money in can be read and worked on, at a desk and on a phone. Method: a real browser."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DESK = "/books/money"
PAGES = (
    f"{DESK}/payments/",
    f"{DESK}/payments/?q=M07",
    f"{DESK}/payments/debits/",
    f"{DESK}/payments/suspense/",
    f"{DESK}/reconciliation/",
    f"{DESK}/reconciliation/runs/",
    "/books/demo/payments/",
    "/books/demo/payments/suspense/",
    "/books/demo/reconciliation/",
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_every_page_fits_and_keeps_the_policy(visit, screen, language):
    browser = visit(screen, language, name="finance")
    for path in PAGES:
        assert browser.open(path).status == 200, path
        assert not browser.is_too_wide(), path
        browser.check()


def test_suspended_money_is_divided_and_asked_for(visit):
    browser = visit(name="finance")
    browser.open(f"{DESK}/payments/suspense/")
    browser.page.locator("a.mono", has_text="stranger").click()
    expect(browser.page.locator("input[name=loan_0]")).to_have_value("M07")
    browser.page.fill("form[action$='/apply/'] input[name=reason]", "her letter names it")
    browser.page.click("form[action$='/apply/'] button")
    expect(browser.page.locator(".notice-warn").first).to_be_visible()
    browser.check()


def test_a_break_is_resolved_with_a_reason(visit):
    browser = visit(name="finance")
    browser.open(f"{DESK}/reconciliation/")
    browser.page.locator("table.data td.wide a").first.click()
    browser.page.fill("form[action$='/resolve/'] input[name=reason]", "the bill was cut off")
    browser.page.click("form[action$='/resolve/'] button")
    browser.page.wait_for_load_state("networkidle")
    assert browser.page.locator("form[action$='/resolve/']").count() == 0
    browser.check()
