"""Goal: a course says of each day what the position says. Method: random histories and days."""

from hypothesis import given, strategies as st

from daihou.core.course import follow, standings
from daihou.core.events import Kind
from daihou.core.position import Status, position
from daihou.core.terms import Component
from tests.core.loans import event, histories, on, paid

DAYS = st.lists(st.integers(0, 330), min_size=1, max_size=12)
AGEING = (Component.PRINCIPAL, Component.INTEREST, Component.FEE)


def first_unpaid_on(found, tolerance_minor):
    for row in found.instalments:
        if sum(row.components[part].outstanding_minor for part in AGEING) > tolerance_minor:
            return row.due_on
    return None


@given(history=histories(), offsets=DAYS, paid_at=st.integers(0, 300), lasts=st.integers(0, 40))
def test_each_standing_is_the_position_of_its_day(history, offsets, paid_at, lasts):
    contract, events = history
    wrong = paid(paid_at, 33_333, sequence=99, key="wrong")
    back = event(Kind.PAYMENT_REVERSED, paid_at + lasts, sequence=100, target_key="wrong")
    events = [*events, wrong, back]
    days = [on(offset) for offset in sorted({*offsets, paid_at, paid_at + lasts})]
    course = list(standings(contract=contract, events=events, days=days))
    assert [standing.as_of for standing in course] == days
    for standing in course:
        found = position(contract=contract, events=events, as_of=standing.as_of)
        assert standing.status is found.status
        assert standing.days_past_due == found.days_past_due
        assert standing.bucket is found.bucket
        assert standing.overdue_minor == sum(found.overdue_minor.values())
        assert standing.principal_outstanding_minor == found.principal_outstanding_minor
        assert standing.unapplied_minor == found.unapplied_minor
        tolerance_minor = contract.terms.tolerance_minor
        assert standing.first_unpaid_due_on == first_unpaid_on(found, tolerance_minor)
        dues = [row.due_on for row in found.instalments]
        assert (standing.first_due_on, standing.last_due_on) == (
            (dues[0], dues[-1]) if dues else (None, None)
        )


@given(history=histories(), start=st.integers(-5, 200), length=st.integers(1, 200))
def test_what_is_followed_ends_where_the_position_is_and_misses_no_turn(history, start, length):
    contract, events = history
    wrong = paid(start + 3, 44_444, sequence=99, key="wrong")
    back = event(Kind.PAYMENT_REVERSED, start + 30, sequence=100, target_key="wrong")
    events = [*events, wrong, back]
    after, through = on(start), on(start + length)
    turns, end = follow(contract=contract, events=events, after=after, through=through)
    assert end == position(contract=contract, events=events, as_of=through)
    assert turns[0].as_of == on(start + 1)
    days = [on(start + n) for n in range(1, length + 1)]
    for found in standings(contract=contract, events=events, days=days):
        turn = next(t for t in reversed(turns) if t.as_of <= found.as_of)
        assert turn.first_unpaid_due_on == found.first_unpaid_due_on
        assert turn.is_begun == (found.status is not Status.PENDING)
        assert (turn.first_due_on, turn.last_due_on) == (found.first_due_on, found.last_due_on)
