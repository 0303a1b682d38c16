"""Goal: the rules of contact are shown as they hold; two people tighten them, none loosens."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from daihou.collect.packs import rules_of
from daihou.web.access import operations as access, queries
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval, State
from daihou.web.audit.models import AuditRow
from daihou.web.loans.models import Loan
from daihou.web.parameters import tightenings
from daihou.web.parameters.models import Tightening
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import demo_book

RULES = "/books/demo/rules/"
ASKED = {
    "rule_id": "CN-FREQ-01",
    "most": "2",
    "valid_from": "2026-11-20",
    "source": "agreement with the funder, clause 7",
    "reason": "agreed",
}


@pytest.fixture(scope="module")
def second(shown):
    """Give another person of compliance, who decides."""
    found, _ = access.add_user(
        username="second", roles=["compliance"], acting_user=queries.system_user()
    )
    return found


def decided(second, kind=tightenings.KIND):
    approval = Approval.objects.filter(kind=kind).latest("pk")
    return approvals.decide(
        approval=approval, verdict="approved", reason="as agreed", acting_user=second
    )


def test_every_rule_is_shown_with_its_figures_source_and_mark(enter):
    page = text_of(enter("manager").get(RULES))
    for told in (
        "CN-TIME-01",
        "08:00 to 22:00",
        "3 to a person in a day",
        "6 to a number or place in a day",
        "verify with the official text",
        "民法典 686",
        "read in full",
        "own",
        "from more than 1 in 30 days",
        "China Banking Association guideline of 2026-01-30",
    ):
        assert told in page
    assert "Tighten a rule" not in page


def test_rules_are_those_of_the_day_that_is_asked_for(enter):
    manager = enter("manager")
    before = text_of(manager.get(RULES, {"on": "2025-12-31"}))
    assert "are not in force on this day" in before
    assert "6 to a number or place" not in before
    assert "CN-FREQ-02" in before  # Named as missing.
    assert "3 to a person in a day" in text_of(manager.get(RULES, {"on": "no day"}))
    chinese = text_of(enter("manager", "zh-hans").get(RULES))
    for told in ("触达时段", "民法典第686、692、693条", "同一号码当日无人接听的拨打次数"):
        assert told in chinese
    assert "China Banking Association" not in chinese


def test_a_tightening_is_asked_for_by_one_and_decided_by_another(enter, second):
    compliance = enter("compliance")
    page = text_of(compliance.post(RULES + "tighten/", ASKED, follow=True))
    assert "Asked for" in page
    assert not Tightening.objects.exists()
    assert decided(second).state == State.CARRIED_OUT
    row = Tightening.objects.get()
    assert AuditRow.objects.filter(action="rule.tighten", target_id=str(row.pk)).exists()
    shown = text_of(compliance.get(RULES, {"on": "2026-11-20"}))
    assert "Most 2" in shown
    loans = list(Loan.objects.filter(book=demo_book())[:2])
    rules = tightenings.rules_for(book=demo_book(), loans=loans, jurisdiction="CN")
    most = [
        {rule.rule_id: rule for rule in rules.in_force(on=on)}["CN-FREQ-01"].most
        for on in (date(2026, 11, 19), date(2026, 11, 20))
    ]
    assert most == [3, 2]
    with pytest.raises(DatabaseError), transaction.atomic():
        Tightening.objects.update(most=9)
    end = f"{RULES}tightenings/{row.pk}/end/"
    assert "cannot be read" in text_of(compliance.post(end, {"reason": "over"}, follow=True))
    early = {"last_on": "2026-11-01", "reason": "over"}
    assert "before it began" in text_of(compliance.post(end, early, follow=True))
    compliance.post(end, {"last_on": "2026-11-25", "reason": "over"})
    assert decided(second, tightenings.END_KIND).state == State.CARRIED_OUT
    again = {"last_on": "2026-11-26", "reason": "over"}
    assert "has an end already" in text_of(compliance.post(end, again, follow=True))
    rules = tightenings.rules_for(book=demo_book(), loans=loans, jurisdiction="CN")
    later = {rule.rule_id: rule for rule in rules.in_force(on=date(2026, 11, 26))}
    assert later["CN-FREQ-01"].most == 3
    assert "ended" in text_of(compliance.get(RULES, {"on": "2026-11-26"}))


def test_a_funders_tightening_holds_for_its_loans_alone(enter, second):
    lent = Loan.objects.filter(book=demo_book(), funder__isnull=False).first()
    other = Loan.objects.filter(book=demo_book()).exclude(funder=lent.funder).first()
    given = {
        "rule_id": "",
        "forbids": ["robot"],
        "whose": f"funder:{lent.funder_id}",
        "valid_from": "2026-11-01",
        "source": "contract",
        "reason": "agreed",
    }
    enter("compliance").post(RULES + "tighten/", given)
    decided(second)
    known = {}
    for name, loans in {"hers": [lent], "other": [other], "both": [lent, other]}.items():
        rules = tightenings.rules_for(book=demo_book(), loans=loans, jurisdiction="CN")
        kinds = {rule.kind.value for rule in rules.in_force(on=date(2026, 11, 24))}
        known[name] = "forbidden" in kinds
    assert known == {"hers": True, "other": False, "both": True}
    assert tightenings.rules_for(book=demo_book(), loans=[], jurisdiction="XX") is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"most": "4"}, "never loosened: CN-FREQ-01.most"),
        ({"most": ""}, "nothing is tightened"),
        ({"most": "many"}, "cannot be read"),
        ({"least": "2", "most": ""}, "no such figure"),
        ({"rule_id": "CN-NONE"}, "there is no rule CN-NONE"),
        ({"source": " "}, "names its source"),
        ({"valid_from": "soon"}, "cannot be read"),
        ({"forbids": ["sms"]}, "cannot be read"),
        ({"whose": "funder:999999"}, "not of this book"),
        ({"rule_id": "CN-TIME-01", "most": "", "opens": "07:00"}, "never loosened"),
        ({"rule_id": "CN-TIME-01", "most": "", "opens": "late"}, "cannot be read"),
    ],
)
def test_what_would_loosen_or_says_nothing_is_refused(enter, changes, line):
    count = Approval.objects.count()
    page = text_of(enter("compliance").post(RULES + "tighten/", {**ASKED, **changes}, follow=True))
    assert line in page
    assert Approval.objects.count() == count


def test_only_compliance_asks(enter):
    assert enter("manager").post(RULES + "tighten/", ASKED).status_code == 403
    assert enter("other").get(RULES).status_code == 404


def test_the_law_of_the_book_is_the_pack():
    assert rules_of(jurisdiction="CN").missing(on=date(2026, 11, 24)) == ()
