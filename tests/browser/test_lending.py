"""Goal: a product is launched and a party kept in a real browser, on desk and phone."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PAGES = (
    "/books/demo/products/", "/books/demo/parties/", "/books/demo/parties/duplicates/",
    "/books/demo/credit/", "/books/fresh/products/", "/books/fresh/parties/",
    "/books/fresh/credit/",
)  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_the_pages_are_quiet_and_fit(visit, screen, language):
    browser = visit(screen, language)
    for path in PAGES:
        assert browser.open(path).status == 200, path
        assert not browser.is_too_wide(), path
    for start in ("products", "parties"):
        browser.open(f"/books/demo/{start}/")
        browser.page.locator("table.data td.wide a").first.click()
        browser.page.wait_for_load_state("networkidle")
        expect(browser.page.locator("h1")).to_be_visible()
        assert not browser.is_too_wide(), start
    browser.check()


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_a_version_is_drafted_with_its_sample_beside_it(visit, screen):
    browser = visit(screen, "en", name="analyst")
    page = browser.page
    browser.open("/books/demo/products/")
    page.fill("input[name=code]", f"B-{screen}")
    page.fill("input[name=name]", "Browser loan")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/new/")
    page.select_option("#id_lender_type", "bank")
    page.fill("#id_rate", "30")
    for number, (code, component, method) in enumerate(
        (("interest", "interest", "in_schedule"), ("penalty", "penalty", "on_event"))
    ):
        page.fill(f"#id_costs-{number}-code", code)
        page.select_option(f"#id_costs-{number}-component", component)
        page.select_option(f"#id_costs-{number}-method", method)
        page.fill(f"#id_costs-{number}-standard", "as agreed")
        page.fill(f"#id_costs-{number}-payee", "Bank")
    page.get_by_role("button", name="Show the sample").click()
    expect(page.get_by_text("CN-CAP-01").first).to_be_visible()
    expect(page.locator("#id_rate")).to_have_value("30")
    page.fill("#id_rate", "14.4")
    page.get_by_role("button", name="Save the draft").click()
    page.wait_for_url(f"**/products/B-{screen}/1/")
    expect(page.get_by_text("Within every limit in force")).to_be_visible()
    assert not browser.is_too_wide()
    page.fill("form[action$='/act/'] input[name=reason]", "launch")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("It waits for a second person.")).to_be_visible()
    browser.check()


def test_an_impossible_number_is_refused_and_a_reveal_is_noted(visit):
    browser = visit()
    page = browser.page
    browser.open("/books/demo/parties/")
    page.fill("input[name=name]", "王小明")
    page.fill("input[name=id_number]", "110105194912310021")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".alert")).to_contain_text("check character")
    page.fill("input[name=name]", "王小明")
    page.fill("input[name=phone]", "13800138123")
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/parties/*/")
    expect(page.get_by_text("138****8123")).to_be_visible()
    page.fill("form[action$='/reveal/'] input[name=reason]", "she called")
    page.get_by_role("button", name="Reveal").click()
    expect(page.get_by_text("13800138123")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("13800138123")).to_have_count(0)
    browser.check()
