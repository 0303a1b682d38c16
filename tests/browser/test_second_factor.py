"""A second factor is set up with an app, asked for at the log-in, and a spare code lets in once."""

import time

import pytest
from playwright.sync_api import expect

from tests.web.collected_book import make_user
from tests.web.shown_book import PASSWORD
from tests.web.talked_book import let_in

pytestmark = pytest.mark.browser

CODE = "input[name=code]"
PERIOD_SECONDS = 30


def code_now(secret, *, later=0):
    """Show what her app shows; a code is taken once, so that the next one may be asked for."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD_SECONDS + later))


def give_password(browser, name):
    browser.open("/account/login/")
    browser.page.fill("#id_login", name)
    browser.page.fill("#id_password", PASSWORD)
    browser.page.locator("form[action$='/account/login/'] button[type=submit]").click()


@pytest.mark.parametrize(("screen", "language"), [("desk", "zh"), ("phone", "en")])
def test_a_second_factor_from_set_up_to_a_spare_code(visit, beside, screen, language):
    name = f"factor-{language}"
    beside(lambda: let_in(make_user(name, "compliance")))
    browser = visit(screen, language, name=None)
    page = browser.page
    browser.log_in(name)
    browser.open("/account/2fa/totp/activate/")
    if "reauthenticate" in page.url:
        page.fill("input[type=password]", PASSWORD)
        page.keyboard.press("Enter")
    secret = page.locator("#authenticator_secret").input_value()
    assert not browser.is_too_wide()
    page.fill(CODE, code_now(secret))
    page.keyboard.press("Enter")
    page.wait_for_url("**/recovery-codes/")
    spare = page.locator("#recovery_codes").input_value().split()
    assert len(spare) == 10
    assert not browser.is_too_wide()
    for code in (code_now(secret, later=1), spare[0]):
        page.context.clear_cookies()
        give_password(browser, name)
        expect(page.locator(CODE)).to_be_visible()
        assert not browser.is_too_wide()
        page.fill(CODE, "000000")
        page.keyboard.press("Enter")
        expect(page.locator(".errorlist")).to_be_visible()
        page.fill(CODE, code)
        page.keyboard.press("Enter")
        page.wait_for_url("**/books/**")
    browser.check()
