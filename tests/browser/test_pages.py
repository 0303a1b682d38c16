"""Goal: every page works in a browser, on desk and phone, in both languages, under the policy."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGES = ("/books/demo/", "/books/demo/loans/", "/books/demo/runs/", "/books/demo/quality/")
FRESH = tuple(page.replace("demo", "fresh") for page in PAGES)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_every_page_is_quiet_and_fits(visit, screen, language):
    browser = visit(screen, language)
    for path in (*PAGES, *FRESH, "/account/password/change/", "/account/2fa/"):
        response = browser.open(path)
        if response.status == 404 and "account" in path:
            continue
        assert response.status == 200, path
        assert browser.page.url == f"{browser.site}{path}"
        assert not browser.is_too_wide(), path
        browser.check()
    browser.open("/books/demo/loans/?late=1")
    browser.page.locator("table.data a.fw-medium").first.click()
    expect(browser.page.locator("#loan-body")).to_be_visible()
    assert not browser.is_too_wide()
    browser.check()


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_the_log_in_page_is_quiet_and_fits(visit, screen):
    browser = visit(screen, "zh", name=None)
    browser.open("/account/login/")
    expect(browser.page.locator("h2")).to_have_text("登录")
    assert not browser.is_too_wide()
    browser.page.fill("#id_login", "manager")
    browser.page.fill("#id_password", "not the password")
    browser.page.locator("form[action$='/account/login/'] button[type=submit]").click()
    expect(browser.page.locator(".errorlist")).to_be_visible()
    browser.check()


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_what_is_not_there_is_told_in_our_own_look(visit, screen):
    browser = visit(screen, "zh")
    assert browser.open("/books/no-such-book/").status == 404
    expect(browser.page.locator(".empty-state h2")).to_have_text("找不到")
    assert not browser.is_too_wide()


def test_charts_are_drawn(visit):
    browser = visit()
    browser.open("/books/demo/")
    for chart in ("chart-days", "chart-first-payment", "chart-vintages"):
        assert browser.page.locator(f"#{chart} svg path").count() > 4, chart
    browser.check()


def test_a_bar_of_first_payments_opens_its_loans(visit):
    browser = visit()
    browser.open("/books/demo/")
    bar = browser.page.locator("#chart-first-payment svg path[fill='#f76707']")
    tallest = max(
        (bar.nth(n).bounding_box() for n in range(bar.count())), key=lambda b: b["height"]
    )
    browser.page.mouse.click(
        tallest["x"] + tallest["width"] / 2, tallest["y"] + tallest["height"] - 3
    )
    browser.page.wait_for_url(re.compile(r"first_payment=late"))
    browser.check()


def test_the_roll_matrix_switches_and_opens_its_loans(visit):
    browser = visit()
    browser.open("/books/demo/")
    cell = browser.page.locator(".heat-fixed td.by-loans a").first
    expect(cell).to_be_hidden()
    browser.page.get_by_role("button", name="Loans", exact=True).click()
    expect(cell).to_be_visible()
    count = cell.locator("small").inner_text()
    cell.click()
    expect(browser.page.locator(".page-note")).to_contain_text(f"{count} found")
    expect(browser.page.locator(".chip")).to_contain_text("→")
    browser.check()


def test_another_day_of_the_board_is_one_choice_away(visit):
    browser = visit()
    browser.open("/books/demo/")
    before = browser.page.locator(".kpi-value").first.inner_text()
    browser.page.fill("input[name=as_of]", "2026-03-31")
    browser.page.locator("input[name=as_of]").blur()
    browser.page.wait_for_url(re.compile(r"as_of=2026-03-31"))
    expect(browser.page.locator(".kpi-value").first).not_to_have_text(before)
    browser.check()


def test_keys_reach_search_and_pages(visit):
    browser = visit()
    browser.open("/books/demo/loans/?sort=loan")
    address = browser.page.locator("table.data a.fw-medium").first.get_attribute("href")
    reference = address.rstrip("/").rpartition("/")[2]
    browser.page.keyboard.press("g")
    browser.page.keyboard.press("b")
    browser.page.wait_for_url(re.compile(r"/books/demo/$"))
    browser.page.keyboard.press("/")
    expect(browser.page.locator("#search")).to_be_focused()
    browser.page.keyboard.type(reference)
    browser.page.keyboard.press("Enter")
    expect(browser.page.locator("#loan-body")).to_be_visible()
    browser.check()


def test_the_days_of_a_loan_reload_in_place_and_can_be_shared(visit):
    browser = visit()
    browser.open("/books/demo/loans/?month=2026-01&sort=loan")
    browser.page.locator("table.data a.fw-medium").first.click()
    page = browser.page
    expect(page.locator("#loan-body")).to_be_visible()
    paid = page.locator(".timeline-payment_received").count()
    page.fill("input[name=as_of]", "2026-01-31")
    page.locator("input[name=as_of]").blur()
    page.wait_for_url(re.compile(r"as_of=2026-01-31"))
    expect(page.locator(".loan-owed")).to_contain_text("2026-01-31")
    page.fill("input[name=known_at]", "2025-12-31")
    page.locator("input[name=known_at]").blur()
    page.wait_for_url(re.compile(r"known_at=2025-12-31"))
    expect(page.locator(".notice-warn")).to_contain_text("recorded after 2025-12-31")
    shared = page.url
    assert page.locator(".timeline-payment_received").count() <= paid
    browser.open(shared.removeprefix(browser.site))
    expect(page.locator(".notice-warn")).to_contain_text("recorded after 2025-12-31")
    browser.check()


def test_the_language_stays_when_it_is_changed(visit):
    browser = visit("desk", "zh")
    browser.open("/books/demo/")
    expect(browser.page.locator("h1")).to_have_text("经营看板")
    browser.page.locator(".bar-language button").click()
    expect(browser.page.locator("h1")).to_have_text("Board")
    browser.open("/books/demo/loans/")
    expect(browser.page.locator("h1")).to_have_text("Loans")
    browser.check()


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_menus_open_change_the_book_and_close(visit, screen):
    browser = visit(screen)
    browser.open("/books/demo/")
    menu = browser.page.locator("details.bar-menu", has=browser.page.locator(".bar-book"))
    menu.locator("summary").click()
    choice = menu.get_by_role("link", name=re.compile("fresh"))
    expect(choice).to_be_visible()
    assert not browser.is_too_wide()
    browser.page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    menu.locator("summary").click()
    choice.click()
    browser.page.wait_for_url(re.compile(r"/books/fresh/$"))
    expect(browser.page.locator(".commands")).to_contain_text("daihou eod")
    browser.check()


def test_filters_apply_on_choice_and_leave_no_empty_fields(visit):
    browser = visit()
    browser.open("/books/demo/loans/")
    browser.page.select_option("select[name=status]", "closed")
    browser.page.wait_for_url(re.compile(r"status=closed"))
    assert "month=" not in browser.page.url
    expect(browser.page.locator(".state-closed").first).to_be_visible()
    browser.check()
