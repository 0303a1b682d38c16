"""Goal: the lines of an amount sum to it where money goes back. Method: figures by hand."""

import pytest

from daihou.core.position import position
from daihou.core.terms import Component, Surplus
from daihou.web.servicing import explaining
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.explaining import Line
from tests.core.loans import on
from tests.core.test_money_back import charge_back, loan, paid_out, payment

AGAIN = [payment(30, 41_300), charge_back(35, 41_300)]  # An instalment, paid when due.
AHEAD = [payment(10, 30_000), charge_back(20, 5_000)]  # Of the next one, before it is due.


def explain(contract, events, offset):
    """Explain every cell and every payment; check that each sums to its amount."""
    given = {"contract": contract, "events": [paid_out(), *events], "as_of": on(offset)}
    then, found = position(**given), []
    for each in then.instalments:
        for component, amounts in each.components.items():
            lines = explaining.cell(instalment_no=each.instalment_no, component=component, **given)
            assert sum(line.amount_minor for line in lines) == amounts.outstanding_minor
            found += lines
    for applied in then.applied:
        lines = explaining.payment(then=then, events=given["events"], key=applied.event_key)
        assert sum(line.amount_minor for line in lines) == applied.amount_minor
        found += lines
    return found


def minor_of(lines, kind):
    return sum(line.amount_minor for line in lines if line.line is kind)


def test_what_is_owed_again_is_not_planned():
    lines = explain(loan(), AGAIN, 40)
    assert minor_of(lines, Line.OWED_AGAIN) == 41_300
    assert minor_of(lines, Line.PLANNED) == 120_000 + 1_200 + 800 + 400 + 300
    assert {line.event.key for line in lines if line.line is Line.OWED_AGAIN} == {"b1"}
    assert not minor_of(lines, Line.WAIVED)


def test_what_was_paid_ahead_and_taken_back_is_no_waiver():
    lines = explain(loan(surplus=Surplus.NEXT_INSTALMENT), AHEAD, 25)
    assert minor_of(lines, Line.TAKEN_BACK) == 5_000
    assert not minor_of(lines, Line.WAIVED)


def test_held_money_that_went_back_is_named_in_its_payment():
    lines = explain(loan(), [payment(10, 700), charge_back(20, 600)], 25)
    assert minor_of(lines, Line.GONE) == 600
    assert minor_of(lines, Line.HELD) == 100


def test_what_is_not_there_is_refused():
    then = position(contract=loan(), events=[paid_out()], as_of=on(5))
    for code, call in (
        ("explain.payment_unknown", lambda: explaining.payment(then=then, events=[], key="p9")),
        ("explain.unknown", lambda: explaining.left(then=then, instalment_no=9)),
    ):
        with pytest.raises(ServicingRefused) as refused:
            call()
        assert refused.value.code == code
    assert explaining.owed(then=then, component=Component.FEE) == ()
