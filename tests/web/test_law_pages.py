"""Goal: parameters, limitation and the law of a loan are shown, and asked for, by those who may."""

import pytest

from daihou.web.approvals.models import Approval
from daihou.web.ledger.models import Position
from daihou.web.limitation.models import Evidence
from daihou.web.parameters.models import Parameter
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import demo_book

PARAMETERS = "/books/demo/parameters/"
LIMITATION = "/books/demo/limitation/"
ROW = {
    "name": "lpr.one_year",
    "rule_id": "CN-LPR-1Y",
    "valid_from": "2026-11-20",
    "valid_through": "2026-12-20",
    "value": '{"rate": "0.031"}',
    "source": "the publication of that day",
    "confidence": "full",
    "reason": "published",
}


@pytest.fixture
def late(shown):
    """Give a loan that is past due on the book's date, as known on that date."""
    late = Position.objects.filter(book=demo_book(), status="active").exclude(bucket="M0")
    return late.order_by("-bucket", "loan_id").first().loan


def test_every_parameter_is_shown_with_source_and_confidence(enter):
    page = text_of(enter("manager").get(PARAMETERS))
    for told in (
        "cap.annual_cost.licensed",
        "CN-CAP-01",
        "class.thresholds",
        "民法典 第188",
        "assumed from the currency",
        "from memory",
        "nothing on this day",
    ):
        assert told in page


def test_parameters_are_searched_by_name_rule_or_source(enter):
    manager = enter("manager")
    for search, shown, hidden in (
        ("lpr", "lpr.one_year", "class.cure"),
        ("CN-CLS", "class.cure", "lpr.one_year"),
        ("银发", "penalty.multiple.overdue", "class.cure"),
    ):
        page = text_of(manager.get(PARAMETERS, {"q": search}))
        assert shown in page
        assert hidden not in page
    assert "Nothing has this" in text_of(manager.get(PARAMETERS, {"q": "no such thing\0"}))


def test_a_row_is_asked_for_and_waits(enter):
    compliance = enter("compliance")
    rows = Parameter.objects.count()
    answer = compliance.post(f"{PARAMETERS}add/", ROW, follow=True)
    assert "Asked for." in text_of(answer)
    asked = Approval.objects.latest("pk")
    assert (asked.kind, asked.state, asked.payload["value"]) == (
        "parameter.change",
        "pending",
        {"rate": "0.031"},
    )
    assert Parameter.objects.count() == rows


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"value": "{rate}"}, "not JSON"),
        ({"source": ""}, "needs its source"),
        ({"valid_from": "soon"}, "not a day"),
    ],
)
def test_a_wrong_row_is_refused_in_words(enter, wrong, said):
    before = Approval.objects.count()
    answer = enter("compliance").post(f"{PARAMETERS}add/", {**ROW, **wrong}, follow=True)
    assert said in text_of(answer)
    assert Approval.objects.count() == before


def test_a_books_profile_is_asked_for(enter):
    given = {
        "jurisdiction": "CN",
        "lender_type": "bank",
        "valid_from": "2026-01-01",
        "reason": "the licence",
    }
    answer = enter("compliance").post(f"{PARAMETERS}profile/", given, follow=True)
    assert "Asked for." in text_of(answer)
    assert Approval.objects.latest("pk").kind == "profile.change"


def test_only_compliance_asks(enter):
    manager = enter("manager")
    assert manager.post(f"{PARAMETERS}add/", ROW).status_code == 403
    assert "Ask for a row" not in text_of(manager.get(PARAMETERS))
    assert "Ask for a row" in text_of(enter("compliance").get(PARAMETERS))


def test_a_book_of_no_known_law_says_so(enter):
    page = text_of(enter("compliance").get("/books/fresh/parameters/"))
    assert "nothing limits it here" in page
    assert "cap.annual_cost" not in page


def test_a_loan_shows_its_floor_its_cost_and_its_clock(enter, late):
    known = {"known_at": demo_book().business_date}
    page = text_of(enter("manager").get(f"/books/demo/loans/{late.loan_ref}/", known))
    assert "Class no better than: " in page
    assert "days past due since" in page or "day past due since" in page
    assert "All-in cost over its life" in page
    assert "Limitation" in page
    early = text_of(
        enter("manager").get(f"/books/demo/loans/{late.loan_ref}/", {"as_of": "1999-01-01"})
    )
    assert "Class no better than" not in early


def test_evidence_is_put_on_record_and_withdrawn(enter, late):
    manager = enter("manager")
    given = {
        "ground": "demand",
        "on": "2026-06-01",
        "arrived_at": "2026-06-02T09:30",
        "reference": "sha256:feed",
    }
    answer = manager.post(f"{LIMITATION}record/{late.loan_ref}/", given, follow=True)
    assert "The evidence is on record." in text_of(answer)
    assert "sha256:feed" in text_of(answer)
    row = Evidence.objects.latest("pk")
    assert row.arrived_at.isoformat() == "2026-06-02T01:30:00+00:00"
    answer = manager.post(
        f"{LIMITATION}withdraw/{row.pk}/", {"reason": "wrong person"}, follow=True
    )
    assert "wrong person" in text_of(answer)
    assert "withdrawn" in text_of(answer)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"on": ""}, "The day has to be a day"),
        ({"on": "2999-01-01"}, "a day to come"),
        ({"arrived_at": "noon"}, "When it provably arrived has to be a day"),
        ({"ground": "gossip"}, "no such kind"),
    ],
)
def test_wrong_evidence_is_refused_in_words(enter, late, wrong, said):
    before = Evidence.objects.count()
    given = {"ground": "promise", "on": "2026-06-01", "reference": "call 5", **wrong}
    answer = enter("manager").post(f"{LIMITATION}record/{late.loan_ref}/", given, follow=True)
    assert said in text_of(answer)
    assert Evidence.objects.count() == before


def test_evidence_is_for_loans_in_sight(enter, late):
    assert enter("manager").get(f"{LIMITATION}loans/nobody/").status_code == 404
    assert enter("manager").post(f"{LIMITATION}withdraw/999999/").status_code == 404
    assert enter("funder").get(f"{LIMITATION}loans/{late.loan_ref}/").status_code in {403, 404}


def test_debts_near_their_end_have_a_page(enter):
    assert "Nothing runs out soon" in text_of(enter("manager").get(LIMITATION))
    told = text_of(enter("manager").get("/books/fresh/limitation/"))
    assert "not in force" in told or "no parameter" in told


@pytest.mark.parametrize("path", [PARAMETERS, LIMITATION])
def test_the_pages_speak_chinese(enter, path):
    page = text_of(enter("compliance", "zh-hans").get(path))
    assert "参数" in page
    assert "Nothing runs out soon" not in page
    assert "How sure a figure is" not in page


def test_loans_are_found_by_the_floor_of_their_class(enter):
    manager = enter("manager")
    found = manager.get("/books/demo/loans/", {"class_floor": "special_mention"})
    assert found.context["rows"]
    assert {row["class_floor"] for row in found.context["rows"]} == {"special_mention"}
    assert "Special mention" in text_of(found)
    wrong = manager.get("/books/demo/loans/", {"class_floor": "splendid"})
    assert "Not understood" in text_of(wrong)
    lines = b"".join(manager.get("/books/demo/loans.csv").streaming_content).decode().splitlines()
    assert lines[0].endswith(",class_floor")
    assert {line.rpartition(",")[2] for line in lines[1:]} >= {"normal", "special_mention"}
