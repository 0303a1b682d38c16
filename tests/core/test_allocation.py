"""Goal: no money appears or vanishes, nothing is paid out of turn.

Method: random dues and rules against a slow statement of the rule, and named edges.
"""

from datetime import date, timedelta

import pytest
from hypothesis import example, given, strategies as st

from daihou.core import allocation as a
from daihou.core.terms import (
    STATUTORY_ORDER,
    AllocationRule,
    Component,
    Mode,
    Step,
    Surplus,
    Timing,
    rule_in_order,
)
from tests.core.loans import RULES

TODAY = date(2024, 5, 15)
STATUTORY_RULE = rule_in_order(STATUTORY_ORDER)


@st.composite
def owed(draw):
    """Dues of up to five instalments around today, no place twice."""
    offsets = draw(st.lists(st.integers(-60, 60), min_size=1, max_size=5, unique=True))
    return [
        a.Due(
            instalment_no=number,
            due_on=TODAY + timedelta(days=offset),
            component=component,
            amount_minor=draw(st.integers(0, 10**12) | st.integers(0, 3)),
        )
        for number, offset in enumerate(sorted(offsets), start=1)
        for component in draw(st.sets(st.sampled_from(list(Component)), min_size=1))
    ]


def timing_of(due):
    if due.due_on == TODAY:
        return Timing.DUE
    return Timing.PAST_DUE if due.due_on < TODAY else Timing.IN_ADVANCE


def turn_of(due, rule):
    """The place in the queue, stated slowly; SPREAD has no queue among future instalments."""
    timing = timing_of(due)
    step = [(s.timing, s.component) for s in rule.steps].index((timing, due.component))
    group = step
    if rule.mode is Mode.HORIZONTAL:
        while group and rule.steps[group - 1].timing is timing:
            group -= 1
    number = due.instalment_no
    if timing is Timing.IN_ADVANCE and rule.surplus is Surplus.LAST_INSTALMENT:
        number = -number
    return timing is Timing.IN_ADVANCE, group, number, step


def left(due, paid_minor):
    return due.amount_minor - paid_minor


@given(payment=st.integers(1, 10**13) | st.integers(1, 9), dues=owed(), rule=RULES)
@example(payment=1, dues=[], rule=STATUTORY_RULE)
def test_conserves_money_and_pays_nothing_out_of_turn(payment, dues, rule):
    got = a.allocate(payment_minor=payment, dues=dues, rule=rule, on=TODAY)
    pairs = list(zip(dues, got.applied_minor, strict=True))
    assert sum(got.applied_minor) + got.unapplied_minor == payment
    assert all(0 <= paid <= due.amount_minor for due, paid in pairs)
    spends_ahead = rule.surplus in a.SPENDS_IN_ADVANCE
    if got.unapplied_minor:
        payable = [p for p in pairs if spends_ahead or timing_of(p[0]) is not Timing.IN_ADVANCE]
        assert not any(left(due, paid) for due, paid in payable)
    for due, paid in pairs:
        is_ahead = timing_of(due) is Timing.IN_ADVANCE
        assert not (paid and is_ahead and not spends_ahead)
        if not paid or (is_ahead and rule.surplus is Surplus.SPREAD):
            continue
        before = [p for p in pairs if turn_of(p[0], rule) < turn_of(due, rule)]
        assert not any(left(*pair) for pair in before)


def principal(*amounts, first=1):
    return [
        a.Due(
            instalment_no=number,
            due_on=TODAY + timedelta(days=30 * number),
            component=Component.PRINCIPAL,
            amount_minor=amount,
        )
        for number, amount in enumerate(amounts, start=first)
    ]


@pytest.mark.parametrize(
    ("surplus", "applied", "unapplied"),
    [
        (Surplus.HOLD, (0, 0, 0), 200),
        (Surplus.NEXT_INSTALMENT, (100, 100, 0), 0),
        (Surplus.LAST_INSTALMENT, (0, 100, 100), 0),
        (Surplus.SPREAD, (67, 67, 66), 0),
        (Surplus.SHORTEN, (0, 0, 0), 200),
        (Surplus.LOWER, (0, 0, 0), 200),
    ],
)
def test_a_surplus_goes_where_the_rule_says(surplus, applied, unapplied):
    rule = rule_in_order(STATUTORY_ORDER, surplus=surplus)
    got = a.allocate(payment_minor=200, dues=principal(100, 100, 100), rule=rule, on=TODAY)
    assert got == a.Allocation(applied_minor=applied, unapplied_minor=unapplied)


def test_spread_goes_round_again_until_nothing_fits():
    rule = rule_in_order(STATUTORY_ORDER, surplus=Surplus.SPREAD)
    got = a.allocate(payment_minor=250, dues=principal(10, 100, 200), rule=rule, on=TODAY)
    assert got.applied_minor == (10, 100, 140)


def test_vertical_finishes_a_component_over_all_instalments():
    dues = [
        a.Due(instalment_no=n, due_on=TODAY - timedelta(days=n), component=c, amount_minor=10)
        for n in (2, 1)
        for c in (Component.PRINCIPAL, Component.INTEREST)
    ]
    horizontal, vertical = (
        a.allocate(
            payment_minor=25, dues=dues, rule=rule_in_order(STATUTORY_ORDER, mode=mode), on=TODAY
        )
        for mode in (Mode.HORIZONTAL, Mode.VERTICAL)
    )
    assert horizontal.applied_minor == (10, 10, 0, 5)
    assert vertical.applied_minor == (5, 10, 0, 10)


ZERO_DUE = principal(0)
NEGATIVE_DUE = principal(-1)
TWICE = [*principal(1), *principal(1)]
NO_INTEREST = AllocationRule(
    steps=tuple(s for s in STATUTORY_RULE.steps if s.component is not Component.INTEREST)
)
STEP_TWICE = AllocationRule(
    steps=(
        *STATUTORY_RULE.steps,
        Step(timing=Timing.DUE, component=Component.FEE),
    )
)
BAD = [
    (0, ZERO_DUE, STATUTORY_RULE, "payment.not_positive"),
    (-1, ZERO_DUE, STATUTORY_RULE, "payment.not_positive"),
    (1, NEGATIVE_DUE, STATUTORY_RULE, "due.negative"),
    (1, TWICE, STATUTORY_RULE, "due.twice"),
    (1, ZERO_DUE, NO_INTEREST, "rule.incomplete"),
    (1, ZERO_DUE, STEP_TWICE, "rule.step_twice"),
]


@pytest.mark.parametrize(("payment", "dues", "rule", "code"), BAD)
def test_refuses_before_allocating(payment, dues, rule, code):
    with pytest.raises(a.AllocationRefused) as refused:
        a.allocate(payment_minor=payment, dues=dues, rule=rule, on=TODAY)
    assert (refused.value.code, str(refused.value)) == (code, code)
