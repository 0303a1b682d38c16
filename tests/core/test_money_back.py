"""Goal: money that goes back is owed again to the cent. Method: figures by hand, and laws."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from daihou.core.course import standings
from daihou.core.events import EventRefused, Kind, check_events
from daihou.core.position import Status, position
from daihou.core.terms import (
    AllocationRule,
    AllocationTerms,
    Component,
    Step,
    Surplus,
    TermsRefused,
    Timing,
    check_terms_alone,
)
from tests.core.loans import event, free, on
from tests.core.test_posting import assert_is_position, assert_pays_off

PRINCIPAL, INTEREST, FEE, PENALTY = (
    Component.PRINCIPAL,
    Component.INTEREST,
    Component.FEE,
    Component.PENALTY,
)
ORDER = (PENALTY, FEE, INTEREST, PRINCIPAL)
RULE = AllocationRule(
    steps=tuple(Step(timing=timing, component=each) for timing in Timing for each in ORDER)
)
DUES = ((30, 40_000, 1_200, 100), (60, 40_000, 800, 100), (90, 40_000, 400, 100))


def loan(**allocation):
    rule = replace(RULE, surplus=allocation.pop("surplus", Surplus.HOLD))
    return free(*DUES, allocation=AllocationTerms(normal=rule, **allocation))


def paid_out():
    return event(Kind.DISBURSED, 0, 120_000)


def payment(offset, amount, key="p1", sequence=1):
    return event(Kind.PAYMENT_RECEIVED, offset, amount, key=key, sequence=sequence)


def charge_back(offset, amount, target="p1", key="b1", sequence=2):
    return event(Kind.CHARGED_BACK, offset, amount, key=key, target_key=target, sequence=sequence)


def refund(offset, amount, target=None, key="r1", sequence=2):
    return event(Kind.REFUNDED, offset, amount, key=key, target_key=target, sequence=sequence)


def at(offset, *events, of=None):
    return position(contract=of or loan(), events=[paid_out(), *events], as_of=on(offset))


def owed_again(now, which=0):
    return [
        (part.instalment_no, part.component, part.amount_minor)
        for part in now.given_back[which].owed_again
    ]


def due(now, number, component):
    return now.instalments[number - 1].components[component].due_minor


def test_a_payment_charged_back_is_owed_again_by_what_it_had_settled():
    now = at(35, payment(30, 41_300), charge_back(35, 41_300))
    assert owed_again(now) == [(2, FEE, 100), (2, INTEREST, 1_200), (2, PRINCIPAL, 40_000)]
    assert [due(now, 2, each) for each in ORDER] == [0, 200, 2_000, 80_000]
    assert now.principal_outstanding_minor == now.given_back[0].principal_after_minor == 120_000
    assert now.instalments[0].outstanding_minor == 0
    assert now.instalments[0].paid_on == on(30)


def test_a_part_takes_its_order_and_the_next_part_goes_on_from_there():
    now = at(
        40,
        payment(30, 41_300),
        charge_back(35, 700),
        charge_back(40, 700, key="b2", sequence=3),
    )
    assert owed_again(now, 0) == [(2, FEE, 100), (2, INTEREST, 600)]
    assert owed_again(now, 1) == [(2, INTEREST, 600), (2, PRINCIPAL, 100)]


def test_what_the_order_leaves_out_is_principal():
    contract = loan(charged_back_order=(INTEREST,))
    now = at(35, payment(30, 41_300), charge_back(35, 2_000), of=contract)
    assert owed_again(now) == [(2, INTEREST, 1_200), (2, PRINCIPAL, 800)]


def test_held_money_goes_first_the_payments_own_before_the_latest():
    now = at(
        20,
        payment(10, 500),
        payment(11, 700, key="p2", sequence=2),
        charge_back(20, 600, key="b1", sequence=3),
    )
    assert now.given_back[0].held_minor == 600
    assert owed_again(now) == []
    assert [each.unapplied_minor for each in now.applied] == [0, 600]
    assert now.unapplied_minor == 600


def test_a_product_may_owe_all_again_and_let_held_money_pay_when_it_is_due():
    contract = loan(charged_back_from_held=False)
    events = payment(60, 82_300), charge_back(60, 700)
    now = at(60, *events, of=contract)
    assert now.given_back[0].held_minor == 0
    assert owed_again(now) == [(2, FEE, 200), (2, INTEREST, 500)]
    assert (due(now, 2, FEE), due(now, 2, INTEREST)) == (300, 1_300)
    assert now.instalments[1].outstanding_minor == 600  # 100 were held and paid at once.
    assert now.unapplied_minor == 0


def test_what_a_payment_paid_ahead_is_unpaid_again_before_anything_is_owed_twice():
    contract = loan(surplus=Surplus.NEXT_INSTALMENT)
    events = payment(30, 41_300 + 1_000), charge_back(40, 1_500)
    now = at(40, *events, of=contract)
    taken = [(p.instalment_no, p.component, p.amount_minor) for p in now.given_back[0].taken_back]
    assert taken == [(2, PRINCIPAL, 100), (2, INTEREST, 800), (2, FEE, 100)]
    assert owed_again(now) == [(2, FEE, 100), (2, INTEREST, 400)]
    assert [due(now, 2, each) for each in ORDER] == [0, 200, 1_200, 40_000]
    stays = loan(surplus=Surplus.NEXT_INSTALMENT, charged_back_from_advances=False)
    now = at(40, *events, of=stays)
    assert now.given_back[0].taken_back == ()
    assert owed_again(now) == [(2, FEE, 200), (2, INTEREST, 1_300)]


def test_after_the_last_due_day_it_is_an_instalment_of_its_own_and_ages_from_then():
    events = payment(90, 122_700), charge_back(100, 40_000)
    now = at(100, *events)
    assert now.status is Status.ACTIVE
    assert (now.instalments[3].start_on, now.instalments[3].due_on) == (on(90), on(100))
    assert now.days_past_due == 0
    assert at(101, *events).days_past_due == 1


def test_a_loan_that_was_ended_runs_again():
    ended = event(Kind.CLOSED, 95, sequence=2)
    events = payment(90, 41_300), ended
    assert at(99, *events).status is Status.CLOSED
    now = at(100, *events, charge_back(100, 300, sequence=3))
    assert (now.status, now.instalments[3].outstanding_minor) == (Status.ACTIVE, 300)


def test_a_reversed_payment_takes_its_charge_back_with_it():
    reversal = event(Kind.PAYMENT_REVERSED, 50, target_key="p1", sequence=3)
    events = payment(30, 41_300), charge_back(35, 41_300), reversal
    assert at(50, *events) == replace(
        at(50), instalments=at(50).instalments, given_back=(), applied=()
    )
    days = [on(40), on(50)]
    told = list(standings(contract=loan(), events=[paid_out(), *events], days=days))
    assert [each.principal_outstanding_minor for each in told] == [120_000, 120_000]
    assert [each.overdue_minor for each in told] == [0, 41_300]


def test_a_refund_pays_out_what_is_held():
    now = at(20, payment(10, 500), refund(20, 300))
    assert (now.given_back[0].held_minor, now.unapplied_minor) == (300, 200)
    assert owed_again(now) == []


def test_what_a_refund_does_not_find_is_owed_again_as_principal():
    now = at(20, payment(10, 500), refund(20, 800))
    assert owed_again(now) == [(1, PRINCIPAL, 300)]
    assert now.principal_outstanding_minor == 120_300


def test_a_refund_of_a_payment_takes_back_what_it_paid_ahead_the_last_first():
    contract = loan(surplus=Surplus.NEXT_INSTALMENT)
    events = payment(35, 41_300 + 40_900 + 500), refund(40, 1_000, target="p1")
    now = at(40, *events, of=contract)
    taken = [(p.instalment_no, p.component, p.amount_minor) for p in now.given_back[0].taken_back]
    assert taken == [(3, INTEREST, 400), (3, FEE, 100), (2, PRINCIPAL, 500)]
    assert [each.outstanding_minor for each in now.instalments] == [0, 500, 40_500]
    assert [each.paid_on for each in now.instalments] == [on(35), None, None]
    more = refund(41, 200, target="p1", key="r2", sequence=3)
    then = at(41, *events, more, of=contract)
    taken = [(p.instalment_no, p.component, p.amount_minor) for p in then.given_back[1].taken_back]
    assert taken == [(2, PRINCIPAL, 200)]


def test_without_a_payment_it_names_a_refund_leaves_advances_alone():
    contract = loan(surplus=Surplus.NEXT_INSTALMENT)
    now = at(40, payment(35, 82_200), refund(40, 1_000), of=contract)
    assert now.given_back[0].taken_back == ()
    assert owed_again(now) == [(2, PRINCIPAL, 1_000)]


@pytest.mark.parametrize("kind", [Kind.CHARGED_BACK, Kind.REFUNDED])
def test_refuses_to_go_back_on_what_is_no_payment(kind):
    back = event(kind, 5, 100, key="b1", target_key="disbursed-0-0")
    with pytest.raises(EventRefused) as refused:
        check_events([paid_out(), back])
    assert refused.value.code == "event.target_not_payment"


def test_refuses_an_order_that_names_a_component_twice():
    terms = loan(charged_back_order=(FEE, FEE)).terms
    with pytest.raises(TermsRefused) as refused:
        check_terms_alone(terms)
    assert refused.value.code == "terms.charged_back_order_repeats"


KINDS = [Kind.PAYMENT_RECEIVED, Kind.CHARGED_BACK, Kind.REFUNDED, Kind.PAYMENT_REVERSED]


@st.composite
def histories(draw):
    events, payments = [], []
    for sequence in range(1, draw(st.integers(1, 8)) + 1):
        offset, amount = draw(st.integers(0, 120)), draw(st.integers(1, 90_000))
        kind = draw(st.sampled_from(KINDS))
        key = f"e{sequence}"
        if kind is Kind.PAYMENT_RECEIVED or not payments:
            payments.append(key)
            events.append(payment(offset, amount, key=key, sequence=sequence))
            continue
        targets = [*payments, None] if kind is Kind.REFUNDED else payments
        target = draw(st.sampled_from(targets))
        if kind is Kind.PAYMENT_REVERSED:
            payments.remove(target)
            amount = 0
        back = event(kind, offset, amount, key=key, sequence=sequence, target_key=target)
        events.append(back)
    return events


@given(
    events=histories(),
    from_held=st.booleans(),
    from_advances=st.booleans(),
    surplus=st.sampled_from([Surplus.HOLD, Surplus.NEXT_INSTALMENT, Surplus.SPREAD]),
)
def test_no_money_is_made_or_lost(events, from_held, from_advances, surplus):
    contract = loan(
        charged_back_from_held=from_held,
        charged_back_from_advances=from_advances,
        surplus=surplus,
    )
    now = at(130, *events, of=contract)
    back = now.given_back
    for each in back:
        parts = sum(part.amount_minor for part in (*each.taken_back, *each.owed_again))
        assert each.held_minor + parts == each.amount_minor
    applied = [part for each in now.applied for part in each.parts]
    taken = [part for each in back for part in each.taken_back]
    came_in = sum(each.amount_minor for each in now.applied)
    held_out = sum(each.held_minor for each in back)
    assert came_in == sum(p.amount_minor for p in applied) + now.unapplied_minor + held_out
    for row in now.instalments:
        for component, owed in row.components.items():
            paid = sum(
                sign * part.amount_minor
                for sign, parts in ((1, applied), (-1, taken))
                for part in parts
                if (part.instalment_no, part.component) == (row.instalment_no, component)
            )
            assert owed.paid_minor == paid
    owed_more = sum(p.amount_minor for each in back for p in each.owed_again)
    total = sum(owed.due_minor for row in now.instalments for owed in row.components.values())
    assert total == 122_700 + owed_more


@given(events=histories(), from_advances=st.booleans(), offset=st.integers(0, 130))
def test_the_books_hold_what_the_position_says(events, from_advances, offset):
    contract = loan(charged_back_from_advances=from_advances, surplus=Surplus.NEXT_INSTALMENT)
    history = contract, [paid_out(), *events]
    assert_is_position(history, offset)
    assert_pays_off(history, offset)
