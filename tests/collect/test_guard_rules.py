"""Goal: every rule of every pack refuses what it is for. Method: one change, one refusal."""

from dataclasses import replace
from datetime import date

import pytest

from daihou.collect.facts import (
    Agreement,
    AgreementKind,
    Basis,
    BasisKind,
    Complaint,
    Guarantee,
    Inconvenient,
    Limitation,
    Person,
    StopKind,
    StopOrder,
)
from daihou.collect.packs import JURISDICTIONS, Kind, rules_of
from daihou.collect.requests import Agency, Channel, Outcome, Purpose, Recipient, VisitPlan
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

WRITTEN = [Channel.SMS, Channel.EMAIL, Channel.PUSH, Channel.WECHAT, Channel.WHATSAPP]
VISIT = VisitPlan(
    collector_ids=("7", "8"), shows_identification=True, asks_before_entering=True, records=True
)
AGENCY = Agency(
    agency_id="a1",
    is_listed=True,
    contract_through=date(2027, 1, 1),
    evaluated_on=date(2026, 1, 15),
)
PLACED = facts(debts=(replace(DEBT, placed_with=("a1",)),))
SILENT = replace(SAYS, carries_debt_facts=False)
CONSENT = Basis(kind=BasisKind.CONSENT, recipient=Recipient.CONTACT_PERSON, from_at=LONG_AGO)
LOST = Person(unreachable_evidence="file", unreachable_until=date(2026, 12, 31))
LOST_FACTS = facts(bases=(CONSENT,), person=LOST)
TO_CONTACT = request(recipient=Recipient.CONTACT_PERSON, recipient_key="friend", says=SILENT)
TO_GUARANTOR = request(recipient=Recipient.GUARANTOR)
GUARANTEE = Guarantee(
    debt_keys=frozenset({"debt"}),
    through_on=date(2026, 12, 1),
    is_joint=True,
    evidence="contract",
)


def stop(kind, **changes):
    order = StopOrder(order_id="s1", kind=kind, from_at=LONG_AGO)
    return replace(order, **changes)


def agreed(kind):
    return (Agreement(kind=kind, from_at=LONG_AGO, evidence="file"),)


def debt(**changes):
    return facts(debts=(replace(DEBT, **changes),))


def says(**changes):
    return request(says=replace(SAYS, **changes))


def by(**changes):
    return request(actor=replace(ACTOR, **changes))


def calls(*outcomes, **changes):
    return facts(
        attempts=tuple(
            attempt(f"08:{minute:02d}:00", outcome, **changes)
            for minute, outcome in enumerate(outcomes)
        )
    )


E, N, B, U, W = (
    Outcome.EFFECTIVE,
    Outcome.UNANSWERED,
    Outcome.BUSY,
    Outcome.UNKNOWN,
    Outcome.WITHDRAWN,
)
ANSWER = request(channel=Channel.SMS, purpose=Purpose.SERVICE_ANSWER)


def answered(times):
    """Let her ask, and be answered so many times since yesterday."""
    asked = attempt("2026-11-20T09:00:00", is_inbound=True)
    answer = attempt("2026-11-23T09:00:00", channel=Channel.SMS, purpose=Purpose.SERVICE_ANSWER)
    return facts(attempts=(asked, *[answer] * times))


CHINA_ALLOWS = {
    "an ordinary call": (request(), facts()),
    "the last minute of the day's hours": (request(at=at("21:59:59")), facts()),
    "the first minute": (request(at=at("08:00:00")), facts()),
    "at night if agreed": (
        request(at=at("23:00:00")),
        facts(agreements=agreed(AgreementKind.HOURS)),
    ),
    "a letter at night": (request(at=at("23:00:00"), channel=Channel.LETTER), facts()),
    "an answer at night": (
        request(at=at("23:00:00"), purpose=Purpose.SERVICE_ANSWER),
        calls(E, is_inbound=True),
    ),
    "an answer to who asked thirty days ago, counting today": (
        ANSWER,
        facts(attempts=(attempt("2026-10-26T00:30:00", is_inbound=True),)),
    ),
    "an answer to who complained": (
        ANSWER,
        facts(complaints=(Complaint(at=at("2026-11-01T20:00:00")),)),
    ),
    "a third answer": (ANSWER, answered(2)),
    "a third effective call": (request(), calls(E, E)),
    "calls of yesterday do not count": (
        request(),
        facts(attempts=tuple(attempt(f"2026-11-23T1{n}:00:00") for n in range(3))),
    ),
    "a sixth dial": (request(), calls(N, N, B, N, N)),
    "withdrawn dials do not count": (request(), calls(*[W] * 9)),
    "a seventh dial to another number": (request(address_key="other"), calls(*[N] * 6)),
    "a seventh dial if agreed": (
        request(),
        replace(calls(*[N] * 6), agreements=agreed(AgreementKind.DIALS)),
    ),
    "an inbound call does not count": (request(), calls(E, E, E, is_inbound=True)),
    "somebody else of the family has her own count": (
        request(recipient_key="brother"),
        calls(E, E, E),
    ),
    "a contact person of who is lost": (TO_CONTACT, LOST_FACTS),
    "a guarantor in time": (TO_GUARANTOR, facts(guarantees=(GUARANTEE,))),
    "a guarantor claimed in time": (
        TO_GUARANTOR,
        facts(guarantees=(replace(GUARANTEE, through_on=date(2026, 1, 1), was_claimed=True),)),
    ),
    "a spouse who signed": (
        request(recipient=Recipient.SPOUSE),
        facts(person=Person(joint_debt_evidence="signature")),
    ),
    "an heir": (
        request(recipient=Recipient.HEIR),
        facts(person=Person(inheritance_evidence="deed", estate_left_minor=1)),
    ),
    "a visit": (request(channel=Channel.VISIT, visit=VISIT), facts()),
    "an agency in order": (by(agency=AGENCY), PLACED),
    "a machine that writes": (
        request(channel=Channel.SMS, actor=replace(ACTOR, is_system=True)),
        facts(),
    ),
    "a stop of another debt": (
        request(),
        facts(stop_orders=(stop(StopKind.DISPUTE, debt_keys=frozenset({"x"})),)),
    ),
    "a stop that has ended": (
        request(),
        facts(stop_orders=(stop(StopKind.BREATHING_SPACE, until_at=at("10:00:00")),)),
    ),
    "a channel that she left": (
        request(),
        facts(stop_orders=(stop(StopKind.OPT_OUT, channels=frozenset({Channel.SMS})),)),
    ),
    "a transferred debt that was told": (
        request(),
        debt(is_transferred=True, transfer_notice_arrived_on=date(2026, 11, 24)),
    ),
    "an expired claim, by a person who says so": (
        says(tells_expiry=True),
        debt(limitation=Limitation.EXPIRED),
    ),
}
NEXT_DAY = at("2026-11-25T08:00:00")
NEVER = None
CHINA_REFUSES = {
    "before eight": (request(at=at("07:59:59")), facts(), "CN-TIME-01", at("08:00:00")),
    "from ten": (request(at=at("22:00:00")), facts(), "CN-TIME-01", NEXT_DAY),
    "a message after midnight": (
        request(at=at("00:30:00"), channel=Channel.SMS),
        facts(),
        "CN-TIME-01",
        at("08:00:00"),
    ),
    "a notice that rings at night": (
        request(at=at("23:00:00"), purpose=Purpose.STATUTORY_NOTICE),
        facts(),
        "HOUSE-TIME-01",
        NEXT_DAY,
    ),
    "a fourth effective call": (request(), calls(E, E, E), "CN-FREQ-01", NEXT_DAY),
    "a machine counts, too": (
        request(channel=Channel.ROBOT),
        calls(E, U, E, channel=Channel.ROBOT),
        "CN-FREQ-01",
        NEXT_DAY,
    ),
    "a call over another debt counts": (
        request(),
        calls(E, E, E, debt_keys=("other",)),
        "CN-FREQ-01",
        NEXT_DAY,
    ),
    "a seventh dial": (request(), calls(N, B, N, B, N, N), "CN-FREQ-02", NEXT_DAY),
    "history that does not reach back": (
        request(),
        facts(attempts_from=date(2026, 11, 25)),
        "CN-FREQ-01",
        NEXT_DAY,
    ),
    "a second live dial": (request(), calls(None), "HOUSE-LIVE-01", NEVER),
    "a contact person of who is in reach": (
        TO_CONTACT,
        replace(LOST_FACTS, person=Person()),
        "CN-WHO-01",
        NEVER,
    ),
    "old evidence of being lost": (
        TO_CONTACT,
        replace(LOST_FACTS, person=replace(LOST, unreachable_until=date(2026, 11, 23))),
        "CN-WHO-01",
        NEVER,
    ),
    "a contact person who refused": (
        replace(TO_CONTACT, purpose=Purpose.SERVICE_ANSWER),
        replace(
            LOST_FACTS,
            stop_orders=(stop(StopKind.CONTACT_REFUSED, recipient_key="friend"),),
        ),
        "CN-WHO-02",
        NEVER,
    ),
    "debt facts to a contact person": (
        replace(TO_CONTACT, says=SAYS),
        LOST_FACTS,
        "CN-WHO-03",
        NEVER,
    ),
    "the debtor's contract is no basis for a contact person": (
        TO_CONTACT,
        facts(person=LOST),
        "CN-BASIS-02",
        NEVER,
    ),
    "a third contact with a contact person": (
        TO_CONTACT,
        replace(
            LOST_FACTS,
            attempts=tuple(
                attempt(
                    f"2026-11-{day}T09:00:00",
                    recipient=Recipient.CONTACT_PERSON,
                    recipient_key="friend",
                )
                for day in (10, 20)
            ),
        ),
        "HOUSE-FREQ-06",
        at("2026-12-10T08:00:00"),
    ),
    "a guarantor without evidence": (
        TO_GUARANTOR,
        facts(guarantees=(replace(GUARANTEE, evidence=""),)),
        "CN-WHO-04",
        NEVER,
    ),
    "a guarantor too late": (
        TO_GUARANTOR,
        facts(guarantees=(replace(GUARANTEE, through_on=date(2026, 11, 23)),)),
        "CN-WHO-04",
        NEVER,
    ),
    "a general guarantor too early": (
        TO_GUARANTOR,
        facts(guarantees=(replace(GUARANTEE, is_joint=False),)),
        "CN-WHO-04",
        NEVER,
    ),
    "a spouse": (request(recipient=Recipient.SPOUSE), facts(), "CN-WHO-05", NEVER),
    "an heir": (request(recipient=Recipient.HEIR), facts(), "CN-WHO-05H", NEVER),
    "an heir beyond the estate": (
        request(recipient=Recipient.HEIR),
        facts(person=Person(inheritance_evidence="deed")),
        "CN-WHO-05H",
        NEVER,
    ),
    "a first contact that hides the creditor": (
        says(names_creditor=False),
        facts(first_contact_on=None),
        "CN-MSG-01",
        NEVER,
    ),
    "forbidden wording": (says(findings=("ZH-STATE-01",)), facts(), "CN-MSG-02", NEVER),
    "a text nobody read": (
        request(channel=Channel.SMS, says=replace(SAYS, wording_version=None)),
        facts(),
        "CN-MSG-02",
        NEVER,
    ),
    "an unrecorded call": (request(is_recorded=False), facts(), "CN-REC-01", NEVER),
    "a visit alone": (
        request(channel=Channel.VISIT, visit=replace(VISIT, collector_ids=("7", "7"))),
        facts(),
        "CN-VIS-01",
        NEVER,
    ),
    "a visit without consent to enter": (
        request(channel=Channel.VISIT, visit=replace(VISIT, asks_before_entering=False)),
        facts(),
        "CN-VIS-01",
        NEVER,
    ),
    "a visit unplanned": (request(channel=Channel.VISIT), facts(), "CN-VIS-01", NEVER),
    "a third visit in a week": (
        request(channel=Channel.VISIT, visit=VISIT),
        facts(
            attempts=tuple(
                attempt(f"2026-11-{day}T09:00:00", channel=Channel.VISIT) for day in (19, 21)
            )
        ),
        "HOUSE-FREQ-04",
        at("2026-11-26T08:00:00"),
    ),
    "no certificate": (by(certified_through=None), facts(), "CN-STF-01", NEVER),
    "a certificate of yesterday": (
        by(certified_through=date(2026, 11, 23)),
        facts(),
        "CN-STF-01",
        NEVER,
    ),
    "no clean record": (by(has_clean_record=False), facts(), "CN-STF-01", NEVER),
    "no confidentiality": (by(signed_confidentiality=False), facts(), "CN-STF-01", NEVER),
    "nobody on the line": (by(is_system=True), facts(), "CN-STF-01", NEVER),
    "an agency off the list": (
        by(agency=replace(AGENCY, is_listed=False)),
        PLACED,
        "CN-AGY-01",
        NEVER,
    ),
    "an agency without contract": (
        by(agency=replace(AGENCY, contract_through=date(2026, 11, 23))),
        PLACED,
        "CN-AGY-01",
        NEVER,
    ),
    "an agency evaluated long ago": (
        by(agency=replace(AGENCY, evaluated_on=date(2025, 11, 23))),
        PLACED,
        "CN-AGY-01",
        NEVER,
    ),
    "a debt of two agencies": (
        by(agency=AGENCY),
        debt(placed_with=("a1", "a2")),
        "CN-AGY-02",
        NEVER,
    ),
    "work passed on": (
        by(agency=replace(AGENCY, is_subcontracted=True)),
        PLACED,
        "CN-AGY-02",
        NEVER,
    ),
    "an open complaint": (
        request(),
        facts(stop_orders=(stop(StopKind.COMPLAINT),)),
        "CN-CMP-01",
        NEVER,
    ),
    "a transfer untold": (request(), debt(is_transferred=True), "CN-ASG-01", NEVER),
    "an expired claim": (request(), debt(limitation=Limitation.EXPIRED), "CN-LTM-02", NEVER),
    "a machine on an unknown clock": (
        request(channel=Channel.SMS, actor=replace(ACTOR, is_system=True)),
        debt(limitation=Limitation.UNKNOWN),
        "CN-LTM-02",
        NEVER,
    ),
    "a suit on an expired claim": (
        says(mentions_suit=True, tells_expiry=True),
        debt(limitation=Limitation.EXPIRED),
        "HOUSE-SUIT-01",
        NEVER,
    ),
    "no zone": (request(), facts(time_zones=()), "GUARD-ZONE", NEVER),
    "a zone of nowhere": (request(), facts(time_zones=("Asia/Nowhere",)), "GUARD-ZONE", NEVER),
    "one of two places asleep": (
        request(at=at("10:00:00")),
        facts(time_zones=("Asia/Shanghai", "Europe/London")),
        "CN-TIME-01",
        at("16:00:00"),
    ),
    "no basis": (request(), facts(bases=()), "HOUSE-BASIS-01", NEVER),
    "a basis to come": (
        request(),
        facts(
            bases=(
                Basis(
                    kind=BasisKind.CONSENT,
                    recipient=Recipient.DEBTOR,
                    from_at=at("2026-11-24T23:30:00"),
                ),
            )
        ),
        "HOUSE-BASIS-01",
        NEXT_DAY,
    ),
    "old figures": (request(), facts(figures_as_of=date(2026, 11, 22)), "HOUSE-FIGURES-01", NEVER),
    "no figures": (request(), facts(figures_as_of=None), "HOUSE-FIGURES-01", NEVER),
    "nothing overdue": (request(), debt(overdue_minor=0), "HOUSE-OWED-01", NEVER),
    "nothing due": (
        request(purpose=Purpose.REMINDER),
        debt(due_minor=0),
        "HOUSE-OWED-01",
        NEVER,
    ),
    "a debt nobody knows": (request(debt_keys=("debt", "x")), facts(), "GUARD-DEBT", NEVER),
    "a wrong number": (request(), facts(address_is_wrong=True), "HOUSE-ADDRESS-01", NEVER),
    "a number without right": (
        request(),
        facts(address_may_be_used=False),
        "HOUSE-ADDRESS-01",
        NEVER,
    ),
    "the dead": (
        request(purpose=Purpose.STATUTORY_NOTICE),
        facts(stop_orders=(stop(StopKind.DEATH),)),
        "HOUSE-STOP-03",
        NEVER,
    ),
    "a breathing space": (
        request(),
        facts(stop_orders=(stop(StopKind.BREATHING_SPACE, until_at=at("2026-11-25T12:00:00")),)),
        "HOUSE-STOP-01",
        at("2026-11-25T12:00:00"),
    ),
    "an inconvenient time": (
        request(),
        facts(inconvenient=(Inconvenient(from_minute=9 * 60, until_minute=12 * 60),)),
        "HOUSE-PREFERENCE-01",
        at("12:00:00"),
    ),
    "an answer to who asked nothing": (ANSWER, facts(), "HOUSE-ASK-01", NEVER),
    "an answer to what was asked long ago": (
        ANSWER,
        facts(attempts=(attempt("2026-10-25T23:30:00", is_inbound=True),)),
        "HOUSE-ASK-01",
        NEVER,
    ),
    "an answer to what somebody else asked": (
        ANSWER,
        facts(attempts=(attempt("09:00:00", is_inbound=True, recipient_key="brother"),)),
        "HOUSE-ASK-01",
        NEVER,
    ),
    "an answer to a guarantor where the debtor complained": (
        replace(TO_GUARANTOR, purpose=Purpose.SERVICE_ANSWER),
        facts(guarantees=(GUARANTEE,), complaints=(Complaint(at=at("2026-11-01T20:00:00")),)),
        "HOUSE-ASK-01",
        NEVER,
    ),
    "a fourth answer": (ANSWER, answered(3), "HOUSE-FREQ-07", at("2026-11-30T00:00:00")),
    "a fourth message": (
        request(channel=Channel.SMS),
        calls(*[Outcome.DELIVERED] * 3, channel=Channel.SMS),
        "HOUSE-FREQ-01",
        NEXT_DAY,
    ),
}


@pytest.mark.parametrize("name", CHINA_ALLOWS)
def test_china_allows(name):
    decision = judge(*CHINA_ALLOWS[name])
    assert (why(decision), decision.is_allowed) == ({}, True)
    assert decision.next_permitted_at is None


@pytest.mark.parametrize("name", CHINA_REFUSES)
def test_china_refuses(name):
    asked, known, rule_id, next_at = CHINA_REFUSES[name]
    decision = judge(asked, known)
    assert not decision.is_allowed
    assert rule_id in why(decision)
    assert decision.next_permitted_at == next_at
    assert decision.reserves == ()


def test_the_law_of_nowhere_allows_nothing():
    for purpose in Purpose:
        decision = judge(request(purpose=purpose), replace(facts(), jurisdiction="MARS"))
        assert why(decision) == {"GUARD-LAW": "contact.law_unknown"}


def test_before_the_law_was_there_nothing_is_allowed():
    then = request(at=at("2024-11-24T10:00:00"))
    assert "GUARD-RULES" in why(judge(then, facts(attempts_from=date(2020, 1, 1))))


@pytest.mark.parametrize("kind", StopKind)
@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_a_stop_order_stops_collection_and_lets_notices_answers_and_receipts_through(
    jurisdiction, kind
):
    recipient = Recipient.CONTACT_PERSON if kind is StopKind.CONTACT_REFUSED else Recipient.DEBTOR
    known = facts(jurisdiction, stop_orders=(stop(kind),))
    refused = {
        purpose: any(
            ruling.code == "contact.stopped"
            for ruling in judge(
                request(jurisdiction, purpose=purpose, recipient=recipient), known
            ).refusals
        )
        for purpose in Purpose
    }
    for_good = kind in {StopKind.DEATH, StopKind.CONTACT_REFUSED}
    assert refused == {
        purpose: for_good or purpose in {Purpose.REMINDER, Purpose.COLLECTION}
        for purpose in Purpose
    }


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_pack_holds_every_recipient_to_a_basis_and_every_channel_to_hours(jurisdiction):
    rules = rules_of(jurisdiction=jurisdiction).in_force(on=date(2026, 11, 24))
    for purpose in Purpose:
        for recipient in Recipient:
            asked = {"channel": Channel.SMS, "purpose": purpose, "recipient": recipient}
            assert any(r.kind is Kind.BASIS and r.binds(**asked) for r in rules)
    for channel in set(Channel) - {Channel.LETTER}:
        for purpose in (Purpose.REMINDER, Purpose.COLLECTION):
            asked = {"channel": channel, "purpose": purpose, "recipient": Recipient.DEBTOR}
            assert any(r.kind is Kind.HOURS and r.binds(**asked) for r in rules)
            assert any(r.kind is Kind.CAP and r.binds(**asked) for r in rules)
    named = {kind for rule in rules for kind in rule.stops}
    assert named == set(StopKind)
