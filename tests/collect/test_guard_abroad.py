"""Goal: Regulation F and the rules of India refuse what they are for; bureau reporting waits."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from daihou.collect.facts import Basis, BasisKind, Limitation, Person, StopKind, StopOrder
from daihou.collect.packs import rules_of
from daihou.collect.reporting import days_to_wait, refusals_to_report
from daihou.collect.requests import Agency, Channel, Outcome, Recipient
from tests.collect.asking import (
    ACTOR,
    DEBT,
    LONG_AGO,
    SAYS,
    at,
    attempt,
    facts,
    judge,
    request,
    why,
)

E, N = Outcome.EFFECTIVE, Outcome.UNANSWERED
AGENCY = Agency(
    agency_id="a1",
    is_listed=True,
    contract_through=date(2027, 1, 1),
    evaluated_on=date(2026, 1, 15),
)
SILENT = replace(SAYS, carries_debt_facts=False)
CONSENT = Basis(kind=BasisKind.CONSENT, recipient=Recipient.CONTACT_PERSON, from_at=LONG_AGO)
LOST = Person(unreachable_evidence="file", unreachable_until=date(2026, 12, 31))


def stop(kind, **changes):
    order = StopOrder(order_id="s1", kind=kind, from_at=LONG_AGO)
    return replace(order, **changes)


US_ATTEMPTS = [attempt(f"2026-11-{day}T09:00:00", N, "US") for day in range(18, 25)]


def test_seven_calls_in_seven_days_and_no_more():
    asked = request("US")
    six = judge(asked, facts("US", attempts=tuple(US_ATTEMPTS[1:])))
    assert (six.is_allowed, six.left_by_rule["US-FREQ-01"]) == (True, 1)
    seven = judge(asked, facts("US", attempts=tuple(US_ATTEMPTS)))
    assert why(seven) == {"US-FREQ-01": "contact.cap_connected"}
    assert seven.next_permitted_at == at("2026-11-25T08:00:00", "US")


def test_calls_that_found_the_number_busy_or_the_attorney_are_left_out():
    busy = tuple(replace(each, outcome=Outcome.BUSY) for each in US_ATTEMPTS)
    assert judge(request("US"), facts("US", attempts=busy)).left_by_rule["US-FREQ-01"] == 7
    attorney = request("US", recipient=Recipient.ATTORNEY)
    assert judge(attorney, facts("US", attempts=tuple(US_ATTEMPTS))).is_allowed
    before = facts("US", attempts=tuple(replace(e, at=e.at - timedelta(days=7)) for e in busy))
    asked = request("US", at=at("2026-11-17T10:00:00", "US"))
    assert "US-FREQ-01" in why(judge(asked, before))  # As the rule was read until then.


def test_calls_over_another_debt_have_their_own_seven():
    others = tuple(replace(each, debt_keys=("other",)) for each in US_ATTEMPTS)
    assert judge(request("US"), facts("US", attempts=others)).is_allowed


@pytest.mark.parametrize("is_inbound", [True, False])
def test_a_conversation_keeps_calls_away_for_seven_days_its_own_the_first(is_inbound):
    talked = attempt("2026-11-20T20:59:00", E, "US", is_inbound=is_inbound)
    decision = judge(request("US"), facts("US", attempts=(talked,)))
    assert why(decision) == {"US-FREQ-02": "contact.cap_effective"}
    assert decision.next_permitted_at == at("2026-11-27T08:00:00", "US")


US_REFUSES = {
    "before eight where she is": (request("US", at=at("07:59:00", "US")), {}, "US-TIME-01"),
    "from nine": (request("US", at=at("21:00:00", "US")), {}, "US-TIME-01"),
    "no validation notice within five days": (
        request("US"),
        {"first_contact_on": date(2026, 11, 18), "validation_notice_on": None},
        "US-NOTE-01",
    ),
    "a message without opt-out": (
        request("US", channel=Channel.SMS, says=replace(SAYS, has_opt_out=False)),
        {},
        "US-OPT-01",
    ),
    "a suit on a time-barred debt": (
        request("US", says=replace(SAYS, mentions_suit=True)),
        {"debts": (replace(DEBT, limitation=Limitation.EXPIRED),)},
        "US-TBD-01",
    ),
    "an attorney": (request("US"), {"stop_orders": (stop(StopKind.ATTORNEY),)}, "US-STOP-01"),
    "the workplace": (
        request("US"),
        {"stop_orders": (stop(StopKind.WORKPLACE, address_key="number"),)},
        "US-STOP-02",
    ),
    "a cease request": (request("US"), {"stop_orders": (stop(StopKind.CEASE),)}, "US-STOP-03"),
    "a second question where she is": (
        request("US", recipient=Recipient.OTHER, recipient_key="friend", says=SILENT),
        {
            "person": LOST,
            "bases": (replace(CONSENT, recipient=Recipient.OTHER),),
            "attempts": (
                attempt(
                    "2026-01-10T09:00:00",
                    E,
                    "US",
                    recipient=Recipient.OTHER,
                    recipient_key="friend",
                ),
            ),
        },
        "US-WHO-02",
    ),
}


@pytest.mark.parametrize("name", US_REFUSES)
def test_regulation_f_refuses(name):
    asked, changes, rule_id = US_REFUSES[name]
    assert rule_id in why(judge(asked, facts("US", **changes)))


def test_the_attorney_is_contacted_instead():
    known = facts("US", stop_orders=(stop(StopKind.ATTORNEY),))
    assert judge(request("US", recipient=Recipient.ATTORNEY), known).is_allowed


def test_validation_notice_may_follow_within_five_days():
    known = facts("US", first_contact_on=date(2026, 11, 19), validation_notice_on=None)
    assert judge(request("US"), known).is_allowed


def test_india_keeps_its_hours_and_tells_of_the_agent_first():
    assert judge(request("IN"), facts("IN")).is_allowed
    evening = request("IN", at=at("19:00:00", "IN"))
    assert why(judge(evening, facts("IN"))) == {"IN-TIME-01": "contact.hours"}
    agent = replace(ACTOR, agency=AGENCY)
    refused = judge(request("IN", actor=agent), facts("IN"))
    assert why(refused) == {"IN-AGT-01": "contact.agent_not_told"}
    assert judge(request("IN", actor=agent), facts("IN", agents_told=("a1",))).is_allowed


def test_microfinance_has_hours_of_its_own():
    known = facts("IN", debts=(replace(DEBT, product_class="microfinance"),))
    early = judge(request("IN", at=at("08:30:00", "IN")), known)
    assert why(early) == {"IN-TIME-02": "contact.hours"}
    both = replace(known, debts=(*known.debts, replace(DEBT, key="card")))
    late = judge(request("IN", at=at("19:30:00", "IN"), debt_keys=("debt", "card")), both)
    assert set(why(late)) == {"IN-TIME-01", "IN-TIME-02"}


def test_a_class_that_nobody_set_is_held_to_the_stricter_hours():
    unknown = facts("IN", debts=(replace(DEBT, product_class=""),))
    for hour, refused in (("08:30", {"IN-TIME-02"}), ("18:30", {"IN-TIME-02"}), ("12:00", set())):
        assert set(why(judge(request("IN", at=at(f"{hour}:00", "IN")), unknown))) == refused


def test_adverse_data_is_reported_only_once_told():
    on, china = date(2026, 11, 24), rules_of(jurisdiction="CN")
    told = replace(DEBT, bureau_notice_on=on, bureau_consent=True)
    codes = [
        [ruling.code for ruling in refusals_to_report(debt=each, on=on, rules=rules)]
        for each, rules in [
            (DEBT, china),
            (told, china),
            (replace(told, bureau_consent=False), china),
            (told, rules_of(jurisdiction="US")),
            (told, rules_of(jurisdiction="IN")),
            (told, None),
        ]
    ]
    assert codes == [
        ["report.not_told", "report.no_consent"],
        ["report.too_early"],
        ["report.too_early", "report.no_consent"],
        ["report.too_early"],
        ["contact.rule_missing"],
        ["contact.rule_missing"],
    ]
    for law in ("CN", "US"):
        rules = rules_of(jurisdiction=law)
        wait = days_to_wait(rules=rules, on=on)
        assert wait == 14
        assert refusals_to_report(debt=told, on=on + timedelta(days=wait - 1), rules=rules)
        assert not refusals_to_report(debt=told, on=on + timedelta(days=wait), rules=rules)
    assert days_to_wait(rules=rules_of(jurisdiction="IN"), on=on) is None
