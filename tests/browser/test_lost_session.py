"""A session ends while she types: the page says so, keeps what is typed, and sends it once."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_desk_states import case_of, notes, states  # noqa: F401

pytestmark = pytest.mark.browser

SAID = "her employer pays on the tenth"
OUT = {"zh": "登录已失效", "en": "You were logged out"}
OTHER = {"zh": "由他人登录", "en": "Somebody else is logged in"}
AGAIN = {"zh": "您已重新登录", "en": "You are logged in again"}


ENDINGS = {"session": {"name": "sessionid"}, "cookies": {}}  # What the browser has no more.


def log_in_beside(browser, name):
    """Log in in another tab of the same browser."""
    here = browser.page
    browser.page = here.context.new_page()
    browser.log_in(name)
    browser.page.close()
    browser.page = here


@pytest.mark.parametrize(
    ("screen", "language", "minutes", "gone", "ref"),
    [
        ("desk", "zh", 40, "session", "S001"),
        ("phone", "en", 0, "session", "S002"),
        ("desk", "en", 0, "cookies", "S001"),
    ],
)
def test_a_note_typed_past_the_session_is_kept_and_noted_once(
    visit,
    states,  # noqa: F811
    screen,
    language,
    minutes,
    gone,
    ref,
):
    browser = visit(screen, language, name=None)
    browser.log_in("collector")
    page, case = browser.page, case_of(states, ref)
    before = notes(states, case)
    page.clock.install()
    browser.open(f"/books/states/cases/{case}/")
    expect(page.locator(".case-timeline")).to_be_visible(timeout=30_000)
    page.locator(".case-bar [data-press=n]").click()
    note = page.locator("[data-act=note] textarea")
    note.fill(SAID)
    page.clock.fast_forward(minutes * 60_000)
    page.context.clear_cookies(**ENDINGS[gone])
    page.keyboard.press("Control+Enter")
    expect(page.locator("#logged-out")).to_contain_text(OUT[language])
    expect(note).to_have_value(SAID)
    assert not browser.is_too_wide()
    log_in_beside(browser, "collector")
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("#logged-out")).to_contain_text(AGAIN[language])
    assert notes(states, case) == before
    with page.expect_navigation(timeout=30_000):
        page.locator("[data-act=note] .btn-primary").click()
    expect(page.locator(".case-timeline")).to_contain_text(SAID, timeout=30_000)
    assert notes(states, case) == before + 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_typed_is_sent_as_somebody_else(visit, language):
    browser = visit("desk", language, name=None)
    browser.log_in("compliance")
    page = browser.page
    page.clock.install()
    browser.open("/books/demo/complaints/new/")
    page.fill("textarea[name=said]", SAID)
    page.clock.fast_forward(40 * 60_000)
    page.context.clear_cookies()
    send = page.locator("form[action$='record/'] button")
    send.click()
    expect(page.locator("#logged-out")).to_contain_text(OUT[language])
    log_in_beside(browser, "manager")
    send.click()
    expect(page.locator("#logged-out")).to_contain_text(OTHER[language])
    page.context.set_offline(True)
    send.click()
    expect(page.locator("#logged-out")).not_to_contain_text(OTHER[language], use_inner_text=True)
    page.context.set_offline(False)
    page.context.clear_cookies()
    log_in_beside(browser, "compliance")
    with page.expect_navigation(timeout=30_000):
        send.click()
    expect(page.locator("main")).to_contain_text(SAID)
