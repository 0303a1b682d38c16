"""Goal: a preview shows what would come of it. Method: figures by hand, nothing recorded."""

from decimal import Decimal

import pytest

from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import EventRefused, Kind
from daihou.core.preview import preview
from daihou.core.terms import Component
from tests.core.loans import contract, disbursed, event, on, paid, rate

LOAN = contract(1_200_000, instalment_count=4)
TOLD = [disbursed(1_200_000, key="d"), paid(30, 311_836, key="p", sequence=1)]


def shown(*proposed, as_of):
    return preview(contract=LOAN, events=TOLD, proposed=proposed, as_of=on(as_of))


def test_both_plans_stand_side_by_side_with_the_change_of_cost():
    said = Change(interest=InterestTreatment.GOES_ON, instalment_count=1)
    got = shown(event(Kind.DEFERRED, 45, key="c", change=said), as_of=45)
    days = [(row.due_on - on(0)).days for row in got.rows]
    assert days == [30, 61, 92, 121, 152]
    assert [row.before is not None for row in got.rows] == [True, True, True, True, False]
    assert [row.after is not None for row in got.rows] == [True, False, True, True, True]
    assert got.rows[1].change_minor == -got.rows[1].before.outstanding_minor
    moved = sum(row.change_minor for row in got.rows)
    assert (
        moved == got.cost_change_minor == got.cost_after.to_pay_minor - got.cost_before.to_pay_minor
    )
    assert (
        moved
        == got.cost_after.charged_minor[Component.INTEREST]
        - (got.cost_before.charged_minor[Component.INTEREST])
    )


def test_a_plan_for_arrears_shows_its_effect_on_days_past_due():
    said = Change(first_due_on=on(110), instalment_count=2)
    got = shown(event(Kind.OVERDUE_PLANNED, 95, key="c", change=said), as_of=95)
    assert (got.before.days_past_due, got.after.days_past_due) == (34, 0)
    assert got.days_past_due_change == -34
    assert got.cost_change_minor == 0


def test_a_lower_rate_costs_less_over_the_whole_life_and_over_the_rest():
    got = shown(event(Kind.RATE_CHANGED, 45, key="c", change=Change(rate=rate("0.06"))), as_of=45)
    before, after = got.cost_before, got.cost_after
    assert Decimal("0.11") < before.whole_life.nominal < Decimal("0.13")
    assert Decimal("0.11") < before.remaining.nominal < Decimal("0.13")
    assert Decimal("0.05") < after.remaining.nominal < Decimal("0.07")
    assert after.remaining.nominal < after.whole_life.nominal < before.whole_life.nominal


def test_several_proposals_take_effect_in_their_order():
    extended = event(Kind.EXTENDED, 45, key="a", change=Change(through_on=on(152)))
    undone = event(Kind.UNDONE, 45, key="b", target_key="a")
    assert shown(extended, undone, as_of=45).after == shown(as_of=45).after
    with pytest.raises(EventRefused, match=r"event\.unknown_target"):
        shown(undone, extended, as_of=45)


def test_a_proposal_for_a_later_day_is_compared_on_its_day():
    got = shown(event(Kind.ACCELERATED, 70, key="a"), as_of=45)
    assert got.before.as_of == got.after.as_of == on(70)
