"""Goal: a change of a loan is previewed, asked for, decided on, recorded once, and taken back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from daihou.core.changes import InterestTreatment
from daihou.core.terms import Component, Rate, RatePer, Surplus
from daihou.web.approvals.models import Approval
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.models import Event
from daihou.web.servicing import operations
from daihou.web.servicing.actions import SPECS, Action, Spread
from tests.web.ledger_books import loan, tape
from tests.web.servicing_book import *  # noqa: F403
from tests.web.servicing_book import (
    TODAY,
    approve,
    ask,
    position_of,
    preview,
    refused,
    sequence_of,
)

NEXT = date(2025, 6, 20)
YEARLY = RatePer.YEAR
PLANS = {
    Action.EXTEND: {"through_on": date(2026, 3, 6)},
    Action.DEFER: {"instalment_count": 2, "interest": InterestTreatment.GOES_ON},
    Action.RE_AGE: {
        "first_due_on": NEXT,
        "instalment_count": 18,
        "interest": InterestTreatment.SPREAD,
    },
    Action.RE_AMORTIZE: {"interest": InterestTreatment.SPREAD},
    Action.MOVE_DUE_DATES: {"first_due_on": NEXT},
    Action.CHANGE_RATE: {"rate": Rate(value=Decimal("0.12"), per=YEARLY)},
    Action.CHANGE_TERM: {"instalment_count": 14},
    Action.PLAN_OVERDUE: {"first_due_on": NEXT, "instalment_count": 6},
    Action.CARD_INSTALMENTS: {
        "first_due_on": NEXT,
        "instalment_count": 24,
        "rate": Rate(value=Decimal("0.10"), per=YEARLY),
    },
    Action.ACCELERATE: {},
    Action.PAUSE_INTEREST: {"through_on": date(2025, 8, 6)},
}
OTHERS = {
    Action.PREPAY: {"amount_minor": 60_000, "surplus": Surplus.LOWER},
    Action.WAIVE: {"components": (Component.PENALTY,), "percent": Decimal(50)},
    Action.STOP_PENALTY: {},
    Action.START_PENALTY: {},
    Action.CHARGE_OFF: {},
    Action.TRANSFER: {"counterparty": "Harbor AMC", "price_minor": 50_000},
    Action.COMPENSATE: {"counterparty": "Guarantor One", "amount_minor": 22_410},
    Action.REVERSE_PAYMENT: {"target_key": "paid:A:2025-03-06:11002"},
    Action.CHARGE_BACK: {"target_key": "paid:A:2025-03-06:11002", "amount_minor": 5_000},
}


@pytest.fixture
def people(make_user):
    made = {name: make_user(name) for name in ("collector", "manager", "finance", "compliance")}
    made["again"] = make_user("collector", username="again")
    return made


def carry(book, people, action, ref="A", **given):
    """Ask, and let as many decide as the matrix wants; return the settled approval."""
    outcome = ask(book, people["collector"], action, ref, **given)
    approval = Approval.objects.get(pk=outcome.approval_id)
    for role in approval.roles:
        if Approval.objects.get(pk=approval.pk).state == "pending":
            approve(outcome, people[role])
    approval.refresh_from_db()
    assert approval.state == "carried_out"
    return approval


@pytest.mark.parametrize("action", [*PLANS, *OTHERS], ids=lambda action: action.value)
def test_every_action_does_what_its_preview_showed_and_can_be_undone(book, people, action):
    given = (PLANS | OTHERS)[action]
    before = position_of(book)
    shown = preview(book, action, **given)
    assert shown.may_be_asked, shown.refusals
    assert shown.before.position == before

    approval = carry(book, people, action, **given)
    done = operations.outcome_of(approval)
    assert len(done.event_keys) == len(shown.events) > 0
    assert position_of(book).payoff_minor == shown.after.position.payoff_minor
    assert [i.outstanding_minor for i in position_of(book).instalments] == [
        i.outstanding_minor for i in shown.after.position.instalments
    ]
    if action in {Action.PREPAY, Action.COMPENSATE, Action.REVERSE_PAYMENT}:
        return  # Money is reversed, a reversal stands.
    undone = operations.undo(
        book=book,
        loan_ref="A",
        key=done.event_keys[0],
        reason_code="our_error",
        reason="the wrong loan",
        seen_sequence=sequence_of(book),
        acting_user=people["again"],
    )
    approve(undone, people["finance"])
    assert position_of(book).instalments == before.instalments


def test_every_action_has_a_test():
    alone = {
        Action.PAY_OFF,
        Action.SETTLE,
        Action.ADD_CHARGE,
        Action.REFUND,
        Action.RECOVER,
        Action.BUY_BACK,
        Action.RECOVER_CLAIM,
        Action.UNDO,
    }
    assert {*PLANS, *OTHERS} | alone == set(SPECS)


def test_a_small_waiver_needs_nobody_else(book, people):
    owed = position_of(book).overdue_minor[Component.PENALTY]
    outcome = ask(
        book,
        people["collector"],
        Action.WAIVE,
        components=(Component.PENALTY,),
        percent=Decimal(100),
    )
    assert outcome.state == "carried_out"
    assert position_of(book).overdue_minor[Component.PENALTY] == 0
    waived = Event.objects.filter(key__in=outcome.event_keys)
    assert sum(event.amount_minor for event in waived) == owed > 0


@pytest.mark.parametrize(
    ("measure", "given_up"),
    [
        ({"amount_minor": 100}, lambda owed: 100),
        ({"percent": Decimal("33.3")}, lambda owed: round(owed * 0.333)),
        ({"floor_minor": 50}, lambda owed: owed - 50),
    ],
)
@pytest.mark.parametrize("spread", list(Spread))
def test_a_waiver_is_measured_and_laid_on_instalments(book, measure, given_up, spread):
    then = position_of(book)
    owing = [i.components[Component.PENALTY].outstanding_minor for i in then.instalments]
    shown = preview(book, Action.WAIVE, components=(Component.PENALTY,), spread=spread, **measure)
    parts = {event.instalment_no: event.amount_minor for event in shown.events}
    total = given_up(sum(owing))
    assert sum(parts.values()) == total == shown.amount_minor
    assert all(amount <= owing[number - 1] for number, amount in parts.items())
    if spread is Spread.OLDEST_FIRST:
        assert parts[3] == min(total, owing[2])
    else:
        assert set(parts) == {3, 4}


def test_a_charge_off_stops_the_rest_and_money_after_it_is_a_recovery(book, people):
    carry(book, people, Action.CHARGE_OFF)
    assert position_of(book).status.value == "written_off"
    refused("servicing.written_off", preview, book, Action.EXTEND, through_on=date(2026, 3, 6))
    carry(book, people, Action.RECOVER, amount_minor=10_000)
    assert position_of(book).payoff_minor < 100_000


def test_a_loan_is_sold_and_bought_back(book, people):
    refused("transfer.not_sold", preview, book, Action.BUY_BACK, price_minor=1)
    carry(book, people, Action.TRANSFER, counterparty="Harbor AMC", price_minor=50_000)
    assert position_of(book).owner == "Harbor AMC"
    carry(book, people, Action.BUY_BACK, price_minor=50_000)
    assert position_of(book).owner == ""


def test_the_claim_of_a_guarantor_is_what_was_paid_and_no_more(book, people):
    refused(
        "event.compensation_above_owed",
        preview,
        book,
        Action.COMPENSATE,
        counterparty="Guarantor One",
        amount_minor=10_000_000,
    )
    carry(book, people, Action.COMPENSATE, counterparty="Guarantor One", amount_minor=22_410)
    assert position_of(book).claim_minor == 22_410
    refused("event.recovery_above_claim", preview, book, Action.RECOVER_CLAIM, amount_minor=22_411)
    carry(book, people, Action.RECOVER_CLAIM, amount_minor=20_000)
    assert position_of(book).claim_minor == 2_410


def test_money_held_is_refunded_and_no_more(book, people):
    held = position_of(book, "B").unapplied_minor
    assert held > 0
    refused("refund.above_unapplied", preview, book, Action.REFUND, "B", amount_minor=held + 1)
    carry(book, people, Action.REFUND, "B", amount_minor=held)
    assert position_of(book, "B").unapplied_minor == 0


ON_A = {"components": (Component.PENALTY,), "amount_minor": 100}
BAD = [
    (
        "servicing.before_disbursement",
        Action.EXTEND,
        "A",
        PLANS[Action.EXTEND] | {"on": date(2025, 1, 5)},
    ),
    ("servicing.in_future", Action.PREPAY, "A", OTHERS[Action.PREPAY] | {"on": date(2999, 1, 1)}),
    ("servicing.currency_mismatch", Action.WAIVE, "A", ON_A | {"currency": "USD"}),
    ("servicing.loan_closed", Action.RE_AGE, "S", PLANS[Action.RE_AGE]),
    ("servicing.loan_closed", Action.EXTEND, "S", PLANS[Action.EXTEND]),
    ("servicing.not_written_off", Action.RECOVER, "A", {"amount_minor": 1}),
    ("waiver.above_owed", Action.WAIVE, "A", ON_A | {"amount_minor": 9_999_999}),
    ("waiver.component_wrong", Action.WAIVE, "A", ON_A | {"components": (Component.PRINCIPAL,)}),
    ("waiver.measure_wrong", Action.WAIVE, "A", ON_A | {"percent": Decimal(5)}),
    ("waiver.nothing_owed", Action.WAIVE, "A", ON_A | {"components": (Component.FEE,)}),
    ("waiver.instalment_unknown", Action.WAIVE, "A", ON_A | {"instalment_nos": (99,)}),
    ("servicing.field_missing", Action.EXTEND, "A", {}),
    ("servicing.field_not_wanted", Action.EXTEND, "A", PLANS[Action.EXTEND] | {"every": 2}),
    (
        "servicing.amount_not_positive",
        Action.PREPAY,
        "A",
        {"amount_minor": 0, "surplus": Surplus.LOWER},
    ),
    (
        "servicing.amount_too_large",
        Action.PREPAY,
        "A",
        {"amount_minor": 2**63, "surplus": Surplus.LOWER},
    ),
    (
        "servicing.text_too_long",
        Action.TRANSFER,
        "A",
        {"counterparty": "x" * 10_000, "price_minor": 1},
    ),
    ("change.not_later_than_maturity", Action.EXTEND, "A", {"through_on": date(2025, 12, 1)}),
    (
        "change.count_too_large",
        Action.CARD_INSTALMENTS,
        "A",
        PLANS[Action.CARD_INSTALMENTS] | {"instalment_count": 61},
    ),
    ("servicing.target_not_payment", Action.REVERSE_PAYMENT, "A", {"target_key": "start:A"}),
    (
        "servicing.target_unknown",
        Action.REVERSE_PAYMENT,
        "A",
        {"target_key": "paid:B:2025-02-06:150000"},
    ),
    ("undo.impossible", Action.UNDO, "A", {"target_key": "paid:A:2025-03-06:11002"}),
    (
        "settlement.above_owed",
        Action.SETTLE,
        "A",
        {"amount_minor": 999_999, "expires_on": date(2025, 6, 30)},
    ),
    (
        "settlement.expires_too_early",
        Action.SETTLE,
        "A",
        {"amount_minor": 50_000, "expires_on": date(2025, 5, 1)},
    ),
    ("quote.unknown", Action.PAY_OFF, "A", {"quote_id": 404}),
    ("loan.unknown", Action.STOP_PENALTY, "NOBODY", {}),
]


@pytest.mark.parametrize(("code", "action", "ref", "given"), BAD, ids=[row[0] for row in BAD])
def test_bad_input_is_refused_by_code_and_nothing_changes(book, people, code, action, ref, given):
    refused(code, preview, book, action, ref, **given)
    refused(code, ask, book, people["collector"], action, ref, seen=1, **given)


def test_a_reversal_is_not_reversed(book, people):
    target = {"target_key": "paid:A:2025-03-06:11002"}
    approval = carry(book, people, Action.REVERSE_PAYMENT, **target)
    key = operations.outcome_of(approval).event_keys[0]
    refused("servicing.target_not_payment", preview, book, Action.REVERSE_PAYMENT, target_key=key)
    refused("servicing.target_taken_back", preview, book, Action.REVERSE_PAYMENT, **target)


def test_a_preview_of_a_loan_that_moved_since_is_refused(book, people):
    seen = sequence_of(book)
    ask(book, people["collector"], Action.STOP_PENALTY)
    refused(
        "servicing.preview_stale",
        ask,
        book,
        people["collector"],
        Action.EXTEND,
        seen=seen,
        **PLANS[Action.EXTEND],
    )


def test_an_approval_of_a_loan_that_moved_since_is_refused(book, people):
    outcome = ask(book, people["collector"], Action.EXTEND, **PLANS[Action.EXTEND])
    ask(book, people["collector"], Action.STOP_PENALTY)
    refused("approval.stale", approve, outcome, people["manager"])
    assert Approval.objects.get(pk=outcome.approval_id).state == "pending"


def test_the_maker_does_not_approve_and_the_same_is_not_asked_twice(book, people):
    outcome = ask(book, people["manager"], Action.EXTEND, **PLANS[Action.EXTEND])
    refused("approval.by_maker", approve, outcome, people["manager"])
    refused(
        "servicing.asked_already",
        ask,
        book,
        people["collector"],
        Action.EXTEND,
        **PLANS[Action.EXTEND],
    )


def test_a_charge_outside_the_cost_table_or_for_the_platform_is_refused_with_its_rule(book, people):
    on = date(2026, 10, 1)  # The rule came in on 1 August 2026, for loans from then on.
    new = tape(loans=[loan("N", disbursed_on=date(2026, 9, 1))])
    ledger.post_tape(book=book, tape=new, acting_user=people["manager"])
    fee = {"charge": "visit_fee", "payee": "lender", "amount_minor": 500, "due_on": on, "on": on}
    shown = preview(book, Action.ADD_CHARGE, "N", **fee)
    assert [(r.code, bool(r.rule_id)) for r in shown.refusals] == [
        ("limit.charge_not_disclosed", True)
    ]
    refused(
        "limit.charge_not_disclosed", ask, book, people["collector"], Action.ADD_CHARGE, "N", **fee
    )
    shown = preview(book, Action.ADD_CHARGE, "N", **(fee | {"payee": "platform"}))
    assert "limit.payee_refused" in [r.code for r in shown.refusals]
    refused(
        "charge.payee_unknown", preview, book, Action.ADD_CHARGE, "N", **(fee | {"payee": "me"})
    )


def test_a_dearer_rate_is_refused_by_the_cap_with_its_source(book, people):
    dear = Rate(value=Decimal("0.60"), per=YEARLY)
    shown = preview(book, Action.CHANGE_RATE, rate=dear)
    found = [r for r in shown.refusals if r.code == "limit.annual_cost"]
    assert found
    assert all(r.rule.source and r.rule.confidence for r in found)
    refused("limit.annual_cost", ask, book, people["collector"], Action.CHANGE_RATE, rate=dear)


def test_an_earlier_change_is_not_undone_below_a_later_one(book, people):
    first = carry(book, people, Action.EXTEND, **PLANS[Action.EXTEND])
    carry(book, people, Action.CHANGE_RATE, **PLANS[Action.CHANGE_RATE])
    key = operations.outcome_of(first).event_keys[0]
    refused("undo.not_latest", preview, book, Action.UNDO, target_key=key)


def test_what_is_restructured_is_observed(book, people):
    carry(book, people, Action.EXTEND, "B", **PLANS[Action.EXTEND])
    shown = preview(book, Action.STOP_PENALTY, "B")
    assert "observation" in [reason.why.value for reason in shown.before.floor.reasons]
    later = TODAY + timedelta(days=1)
    again = preview(book, Action.EXTEND, "B", on=later, through_on=date(2026, 6, 6))
    assert "second_restructure" in [r.why.value for r in again.after.floor.reasons]
