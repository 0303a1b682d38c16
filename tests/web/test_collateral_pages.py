"""Goal: the register works by page: entered, valued, pledged, moved by two, released by two."""

import pytest

from daihou.web.collateral.models import Item, Movement, ReleaseTask
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import demo_book, named_loan

PAGES = "/books/demo/collateral/"
ITEM = {
    "item_no": "YP-1",
    "kind": "home",
    "description": "海淀区某小区 3-502",
    "identifier": "京(2024)海不动产权第1号",
}


@pytest.fixture
def item(enter):
    found = Item.objects.filter(item_no="YP-1").first()
    if found is None:
        enter("manager").post(f"{PAGES}add/", ITEM)
        found = Item.objects.get(item_no="YP-1")
    return found


def said(answer):
    return text_of(answer)


def test_an_item_is_entered_valued_and_pledged(enter, item):
    manager, loan = enter("manager"), named_loan(demo_book())
    page = f"{PAGES}{item.pk}/"
    given = {
        "valued_on": "2026-06-01",
        "value": "1,000,000.50",
        "counted_share": "70",
        "valued_by": "appraiser",
        "source": "报告 18",
    }
    assert "The value is noted." in said(manager.post(f"{page}value/", given, follow=True))
    pledge = {"loan": loan.loan_ref, "rank": "1", "amount": "", "pledged_on": "2026-02-01"}
    assert "The pledge is noted." in said(manager.post(f"{page}pledge/", pledge, follow=True))
    policy = {
        "insurer": "某财险",
        "policy_no": "P-1",
        "starts_on": "2026-01-01",
        "ends_on": "2026-03-31",
        "sum": "900000",
    }
    assert "The policy is noted." in said(manager.post(f"{page}insure/", policy, follow=True))
    shown = said(manager.get(PAGES))
    for wanted in ("海淀区某小区 3-502", "1,000,000.50", "700,000.35", loan.loan_ref, "2026-03-31"):
        assert wanted in shown


@pytest.mark.parametrize(
    ("path", "given", "line"),
    [
        ("value/", {"valued_on": "soon"}, "The day of the value has to be a day"),
        ("value/", {"valued_on": "2026-06-01", "value": "1.005"}, "at most 2 decimal places"),
        ("value/", {"valued_on": "2026-06-01", "value": "1e9"}, "at most 2 decimal places"),
        ("pledge/", {"loan": "nobody"}, "no such item, loan or paper"),
        ("insure/", {"starts_on": "2026-06-01", "ends_on": "2026-01-01", "sum": "1",
                     "insurer": "x", "policy_no": "y"}, "ends before it starts"),
        ("papers/", {"kind": "nothing", "number": "1"}, "The kind has to be one of the list"),
        ("papers/", {"kind": "title", "number": "x" * 10_000}, "number has 1 to 100 characters"),
        ("papers/999/move/", {"kind": "in", "moved_on": "2026-06-01"}, "no such item"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_line(enter, item, path, given, line):
    answer = enter("manager").post(f"{PAGES}{item.pk}/{path}", given, follow=True)
    assert line in said(answer)


def test_a_paper_goes_in_when_another_person_agrees(enter, item):
    manager, page = enter("manager"), f"{PAGES}{item.pk}/"
    manager.post(f"{page}papers/", {"kind": "title", "number": "T-1"})
    paper = item.papers.get(number="T-1")
    move = {"kind": "in", "moved_on": "2026-06-01", "place": "A-3", "reason": "登记完成"}
    answer = manager.post(f"{page}papers/{paper.pk}/move/", move, follow=True)
    assert "another person has to agree" in said(answer)
    assert not Movement.objects.filter(paper=paper).exists()


def test_releases_are_looked_for_and_shown(enter):
    manager = enter("manager")
    answer = manager.post(f"{PAGES}releases/look/", follow=True)
    assert "Every settled loan with collateral has its task." in said(answer)
    assert "Nothing waits" in said(answer)
    assert ReleaseTask.objects.count() == 0
    assert manager.post(f"{PAGES}releases/77/", {"reason": "x"}).status_code == 404


def test_those_without_the_right_change_nothing(enter, item):
    page = f"{PAGES}{item.pk}/"
    analyst = enter("analyst")
    assert "Enter an item" not in said(analyst.get(PAGES))
    assert analyst.get(page).status_code == 200
    for path in ("value/", "pledge/", "insure/", "papers/"):
        assert analyst.post(f"{page}{path}").status_code == 403
    assert analyst.post(f"{PAGES}add/", ITEM).status_code == 403
    for name in ("funder", "agency", "other"):
        assert enter(name).get(PAGES).status_code in {403, 404}
        assert enter(name).get(page).status_code in {403, 404}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_is_there_in_both_languages(enter, item, language):
    manager = enter("manager", language)
    for path in ("", "?q=YP", "?q=%00", "?page=99", f"{item.pk}/", "releases/"):
        assert manager.get(PAGES + path).status_code == 200
