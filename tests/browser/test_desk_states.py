"""A desk on a bad day: the line falls while she works; and who answers for the loan is dialled."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.web.desk_book import give_part, make_shift_book

pytestmark = pytest.mark.browser

SAID = "she asks her employer for an advance"
LOST = {"zh": "没有网络连接", "en": "There is no connection"}
GUARANTOR = {"zh": "保证人", "en": "guarantor"}
REACHED = {"zh": "有效接通", "en": "Effective call"}


@pytest.fixture
def states(beside):
    """Make a small book, one loan of it with a guarantor, in whose zone it is about noon."""

    def make():
        from daihou.web.ledger.models import Book
        from daihou.web.parties.models import ContactPoint

        found = Book.objects.filter(name="states").first()
        if found is not None:
            return
        book = make_shift_book(name="states", count=2)
        for number in (1, 2):
            give_part(
                book=book,
                ref=f"S00{number}",
                role="guarantor",
                number=4_000 + number,
                type="joint",
                months=36,
            )
        hours = 12 - datetime.now(tz=UTC).hour
        ContactPoint.objects.filter(party__source=book.name).update(
            time_zone=f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"
        )

    beside(make)
    return beside


def case_of(beside, ref):
    def find():
        from daihou.web.cases.models import Case

        return Case.objects.get(book__name="states", case_loans__loan__loan_ref=ref).pk

    return beside(find)


def notes(beside, case):
    def count():
        from daihou.web.cases.models import Note

        return Note.objects.filter(case=case).count()

    return beside(count)


@pytest.mark.parametrize(("language", "ref"), [("zh", "S001"), ("en", "S002")])
def test_what_is_typed_while_the_line_is_down_is_kept_and_done_once(visit, states, language, ref):
    browser = visit("desk", language, name="collector")
    case = case_of(states, ref)
    page = browser.page
    browser.open(f"/books/states/cases/{case}/")
    expect(page.locator(".case-timeline")).to_be_visible(timeout=30_000)
    page.keyboard.press("n")
    page.locator("[data-act=note] textarea").fill(SAID)
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#request-error")).to_contain_text(LOST[language])
    expect(page.locator("[data-act=note] textarea")).to_have_value(SAID)
    assert notes(states, case) == 0
    page.context.set_offline(False)
    with page.expect_navigation(timeout=30_000):
        page.locator("[data-act=note] .btn-primary").click()
    expect(page.locator(".case-timeline")).to_contain_text(SAID, timeout=30_000)
    assert notes(states, case) == 1


@pytest.mark.parametrize(
    ("language", "screen", "ref"), [("zh", "desk", "S001"), ("en", "phone", "S002")]
)
def test_a_guarantor_is_dialled_from_the_case(visit, states, language, screen, ref):
    browser = visit(screen, language, name="collector")
    page = browser.page
    browser.open(f"/books/states/cases/{case_of(states, ref)}/")
    expect(page.locator(".case-others")).to_contain_text(GUARANTOR[language])
    page.locator(".case-others a").click()
    form = page.locator("[data-act=call]")
    expect(form.locator("h3").first).to_contain_text(GUARANTOR[language])
    expect(form).not_to_contain_text("13800134")
    assert not browser.is_too_wide()
    page.locator("#save-next").click()
    ended = page.locator("[data-act=outcome]")
    expect(ended).to_contain_text("13800134", timeout=30_000)
    expect(ended).to_contain_text(GUARANTOR[language])
    page.keyboard.press("1")
    ended.locator("[name=recording]").fill("r1")
    with page.expect_navigation(timeout=30_000):
        ended.locator(".btn-primary").click()
    expect(page.locator(".case-timeline")).to_contain_text(REACHED[language], timeout=30_000)
    browser.check()
