"""Goal: servicing and approvals work in a browser, also when it is stale, refused or cut off."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DESK = "/books/desk"
EXTEND = f"{DESK}/servicing/extend/A/?effective_on=2025-05-20&through_on=2026-03-06"
PAGES = (
    f"{DESK}/servicing/",
    f"{DESK}/approvals/",
    f"{DESK}/approvals/?view=mine",
    f"{DESK}/approvals/authority/",
    f"{DESK}/servicing/waive/A/",
    EXTEND,
    f"{DESK}/servicing/change_rate/A/?effective_on=2025-05-20&rate=60",
    f"{DESK}/servicing/explain/A/",
    f"{DESK}/servicing/explain/A/?no=3&part=penalty",
    f"{DESK}/servicing/explain/A/?of=owed&known_at=2025-03-31",
    f"{DESK}/servicing/explain/A/?key=paid:A:2025-03-06:11002",
    f"{DESK}/loans/A/",
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_every_page_is_quiet_and_fits(visit, screen, language):
    browser = visit(screen, language, name="collector")
    for path in PAGES:
        assert browser.open(path).status == 200, path
        assert not browser.is_too_wide(), path
        browser.check()


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_a_menu_of_actions_stays_on_the_screen(visit, screen):
    browser = visit(screen, name="collector")
    browser.open(f"{DESK}/loans/A/")
    for menu in browser.page.locator(".action-menu").all():
        menu.locator("summary").click()
        expect(menu.locator(".action-drop")).to_be_visible()
        assert not browser.is_too_wide()
        browser.page.keyboard.press("Escape")
    browser.check()


def test_a_lost_connection_is_said_and_nothing_typed_is_lost(visit):
    browser = visit(name="collector")
    page = browser.page
    browser.open(f"{DESK}/servicing/extend/A/")
    page.fill("input[name=through_on]", "2026-03-06")
    page.context.set_offline(True)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#request-error")).to_be_visible()
    expect(page.locator("input[name=through_on]")).to_have_value("2026-03-06")
    page.context.set_offline(False)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_be_visible()
    expect(page.locator("#request-error")).to_be_hidden()


def test_a_limit_refuses_with_its_rule_and_cannot_be_asked_past(visit):
    browser = visit(name="collector")
    browser.open(f"{DESK}/servicing/change_rate/A/?effective_on=2025-05-20&rate=60")
    refusal = browser.page.locator("#preview .notice-bad").first
    expect(refusal).to_contain_text("limit.annual_cost")
    expect(browser.page.locator("#ask-button")).to_have_count(0)
    browser.check()


def test_changed_fields_are_previewed_again_before_anything_is_asked(visit):
    browser = visit(name="collector")
    page = browser.page
    browser.open(EXTEND)
    page.fill("input[name=through_on]", "2026-05-06")
    page.fill("textarea[name=reason]", "asked on the phone")
    page.locator("#ask-button").click()
    expect(page.locator("#refusal")).to_contain_text("The fields changed after the preview")
    expect(page.locator("textarea[name=reason]")).to_have_value("asked on the phone")
    browser.check()


def test_a_preview_of_a_loan_that_moved_is_refused_and_shown_anew(visit):
    browser, other = visit(name="collector"), visit(name="finance")
    browser.open(f"{DESK}/servicing/extend/C/?effective_on=2025-05-20&through_on=2027-06-06")
    other.open(f"{DESK}/servicing/stop_penalty/C/?effective_on=2025-05-20")
    other.page.fill("textarea[name=reason]", "a dispute")
    other.page.locator("#ask-button").click()
    expect(other.page.locator(".alert").first).to_contain_text("Done")
    browser.page.fill("textarea[name=reason]", "asked on the phone")
    browser.page.locator("#ask-button").click()
    expect(browser.page.locator("#refusal")).to_contain_text("servicing.preview_stale")
    browser.page.locator("#ask-button").click()
    browser.page.wait_for_url(re.compile(r"/approvals/\d+/$"))
    browser.check()


def test_an_amount_opens_what_made_it(visit):
    browser = visit(name="collector")
    browser.open(f"{DESK}/loans/A/")
    browser.page.locator(".schedule a.why-link").nth(8).click()
    expect(browser.page.locator("h1")).to_have_text("Where it comes from")
    expect(browser.page.locator("dt.mono").first).to_contain_text("algorithms/")
    browser.check()
