"""Goal: no event without sense is folded. Method: one fault at a time, by its code."""

from dataclasses import replace
from datetime import datetime

import pytest

from daihou.core import events as e, terms as t
from daihou.core.events import Kind
from daihou.core.terms import Component, Surplus
from tests.core.loans import contract, disbursed, event, free, on, paid

CHARGE = {"component": Component.FEE, "due_on": on(9)}
SINGLE = [
    (paid(1, 5, key=""), "event.key_missing"),
    (replace(paid(1, 5), recorded_at=datetime(2024, 1, 1)), "event.recorded_at_naive"),
    (paid(1, 0), "event.amount_not_positive"),
    (paid(1, -5), "event.amount_not_positive"),
    (disbursed(0), "event.amount_not_positive"),
    (event(Kind.CHARGE_WAIVED, 1, 0, target_key="c"), "event.amount_not_positive"),
    (paid(1, 2**63), "event.amount_too_large"),
    (event(Kind.CLOSED, 1, 5), "event.amount_not_wanted"),
    (event(Kind.PAYMENT_REVERSED, 1), "event.target_missing"),
    (event(Kind.CHARGE_ADDED, 1, 5, due_on=on(9)), "event.component_missing"),
    (
        event(Kind.CHARGE_ADDED, 1, 5, due_on=on(9), component=Component.COMPOUND_INTEREST),
        "event.component_wrong",
    ),
    (event(Kind.CHARGE_ADDED, 1, 5, component=Component.FEE), "event.due_on_missing"),
    (event(Kind.CHARGE_WAIVED, 1, 5), "event.target_missing"),
    (event(Kind.CHARGE_WAIVED, 1, 5, component=Component.FEE), "event.target_missing"),
    (
        event(Kind.CHARGE_WAIVED, 1, 5, component=Component.PRINCIPAL, instalment_no=1),
        "event.component_wrong",
    ),
    (event(Kind.STATED, 1, figures=(("mood", 1),)), "event.figure_unknown"),
    (event(Kind.STATED, 1, figures=(("overdue_minor", -1),)), "event.figure_negative"),
    (event(Kind.STATED, 1, figures=(("overdue_minor", 2**63),)), "event.amount_too_large"),
]


@pytest.mark.parametrize(("bad", "code"), SINGLE, ids=[code for _, code in SINGLE])
def test_refuses_an_event_without_sense(bad, code):
    with pytest.raises(e.EventRefused) as refused:
        e.check_event(bad)
    assert (refused.value.code, refused.value.key) == (code, bad.key)


REVERSAL = event(Kind.PAYMENT_REVERSED, 2, target_key="p", key="r")
LISTS = [
    ([paid(1, 5, key="p"), paid(2, 5, key="p")], "event.duplicate_key"),
    ([REVERSAL], "event.unknown_target"),
    ([disbursed(5, key="p"), REVERSAL], "event.target_not_payment"),
    (
        [paid(1, 5, key="p"), REVERSAL, replace(REVERSAL, key="r2", target_key="r")],
        "event.target_not_payment",
    ),
    ([paid(1, 5, key="p"), REVERSAL, replace(REVERSAL, key="r2")], "event.reversed_twice"),
    (
        [paid(1, 5, key="p"), event(Kind.CHARGE_WAIVED, 2, 5, target_key="p")],
        "event.target_not_charge",
    ),
    ([paid(1, 2**63 - 1), paid(2, 1)], "event.total_too_large"),
]


@pytest.mark.parametrize(("bad", "code"), LISTS, ids=[code for _, code in LISTS])
def test_refuses_events_that_contradict_each_other(bad, code):
    with pytest.raises(e.EventRefused) as refused:
        e.check_events(bad)
    assert refused.value.code == code


def test_lets_sound_events_pass():
    e.check_events(
        [
            disbursed(100),
            paid(1, 2**40, key="p"),
            REVERSAL,
            event(Kind.CHARGE_ADDED, 1, 5, key="c", **CHARGE),
            event(Kind.CHARGE_WAIVED, 2, 5, target_key="c"),
            event(Kind.CHARGE_WAIVED, 3, 5, component=Component.PENALTY, instalment_no=1),
            event(Kind.STATED, 4, figures=(("closed", 0), ("overdue_minor", 2**63 - 1))),
            event(Kind.PENALTY_STOPPED, 1),
        ]
    )


def test_lets_every_figure_be_stated_at_once():
    e.check_event(event(Kind.STATED, 4, figures=tuple((name, 1) for name in e.STATED_FIGURES)))


def test_lets_the_widest_total_pass():
    e.check_events([disbursed(1), paid(1, 2**63 - 2)])


def with_surplus(surplus, **more):
    rule = t.rule_in_order(t.STATUTORY_ORDER)
    late = replace(rule, surplus=surplus)
    return contract(allocation=t.AllocationTerms(normal=rule, late=late, late_from_days=91), **more)


PLAIN = [disbursed(), paid(5, 10)]


@pytest.mark.parametrize(
    ("agreed", "events", "is_plain"),
    [
        (contract(), PLAIN, True),
        (contract(), [event(Kind.OPENED, 0, 7), paid(0, 10)], True),
        (contract(), [paid(5, 10)], False),
        (contract(), [*PLAIN, disbursed(key="d2")], False),
        (contract(), [*PLAIN, event(Kind.OPENED, 0, 7)], False),
        (contract(), [*PLAIN, event(Kind.WRITTEN_OFF, 9)], False),
        (contract(), [disbursed(), paid(-1, 10)], False),
        (contract(), [disbursed(), paid(5, 10, channel="refund")], False),
        (with_surplus(Surplus.SPREAD), PLAIN, True),
        (with_surplus(Surplus.LOWER), PLAIN, False),
        (with_surplus(Surplus.SHORTEN), PLAIN, False),
        (free((30, 100), (60, 20)), [disbursed(120)], True),
        (free((30, 100), (60, 20)), [disbursed(121)], False),
    ],
)
def test_tells_what_the_kernel_may_fold(agreed, events, is_plain):
    assert e.is_plain(contract=agreed, events=events) is is_plain
