"""Goal: the laws of the fold hold for any loan. Method: random contracts and histories."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from daihou.core._fold import Fold, sort_key
from daihou.core.events import Kind
from daihou.core.position import _freeze, position
from daihou.core.terms import Component
from tests.core.loans import START, event, histories, on, paid

DAYS = st.integers(0, 330)


def at(history, offset, **more):
    contract, events = history
    return position(contract=contract, events=events, as_of=on(offset), **more)


@given(history=histories(), offset=DAYS)
def test_money_is_conserved(history, offset):
    got = at(history, offset)
    arrived = [e for e in history[1] if e.kind in {Kind.PAYMENT_RECEIVED, Kind.RECOVERED}]
    assert sum(a.amount_minor for a in got.applied) == sum(
        e.amount_minor for e in arrived if e.effective_on <= on(offset)
    )
    flowed = {}
    for applied in got.applied:
        spent = sum(part.amount_minor for part in applied.parts)
        assert spent + applied.unapplied_minor == applied.amount_minor
        assert all(part.amount_minor > 0 for part in applied.parts)
        for part in applied.parts:
            place = part.instalment_no, part.component
            flowed[place] = flowed.get(place, 0) + part.amount_minor
    for row in got.instalments:
        for component, owed in row.components.items():
            assert owed.paid_minor == flowed.get((row.instalment_no, component), 0)
            assert min(owed.due_minor, owed.waived_minor, owed.outstanding_minor) >= 0
    assert got.unapplied_minor == sum(a.unapplied_minor for a in got.applied)
    principal = [row.components[Component.PRINCIPAL].due_minor for row in got.instalments]
    assert sum(principal) == got.disbursed_minor


@given(history=histories(), offset=DAYS, random=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(history, offset, random):
    contract, events = history
    shuffled = random.sample(events, len(events))
    assert at((contract, shuffled), offset) == at(history, offset)


@given(history=histories(), offset=DAYS)
def test_folding_day_by_day_is_folding_at_once(history, offset):
    contract, events = history
    fold = Fold(contract)
    for day in range(offset + 1):
        todays = [e for e in events if e.effective_on == on(day)]
        fold.run(sorted(todays, key=sort_key), on(day))
    assert _freeze(fold, on(offset)) == at(history, offset)


@given(history=histories(), offset=DAYS, back=st.integers(0, 40))
def test_a_reversed_payment_was_never_paid(history, offset, back):
    contract, events = history
    before = paid(offset - min(back, offset), 33_333, sequence=99, key="wrong")
    reversal = event(Kind.PAYMENT_REVERSED, offset, sequence=100, target_key="wrong")
    with_both = at((contract, [*events, before, reversal]), offset)
    assert with_both == at(history, offset)


@given(history=histories(), offset=DAYS, known=DAYS)
def test_known_at_folds_what_was_known(history, offset, known):
    contract, events = history
    moment = datetime(START.year, START.month, START.day, 23, tzinfo=UTC) + timedelta(days=known)
    known_events = [e for e in events if e.recorded_at <= moment]
    assert at(history, offset, known_at=moment) == at((contract, known_events), offset)


@given(history=histories(), offset=DAYS)
def test_a_backdated_event_counts_as_if_it_had_been_known(history, offset):
    contract, events = history
    moment = max(e.recorded_at for e in events)
    before = [e for e in events if e.effective_on == e.recorded_at.date()]
    later = [e for e in events if e not in before]
    assert at((contract, [*before, *later]), offset, known_at=moment) == at(history, offset)


@given(history=histories(plain=True), offset=DAYS)
def test_nothing_due_stays_unpaid_while_money_is_unapplied(history, offset):
    got = at(history, offset)
    due = [row for row in got.instalments if row.due_on <= on(offset)]
    assert not (got.unapplied_minor and any(row.outstanding_minor for row in due))


@given(history=histories(plain=True), offset=DAYS)
def test_pay_off_is_what_is_owed_less_what_is_held(history, offset):
    got = at(history, offset)
    due = sum(row.outstanding_minor for row in got.instalments if row.due_on <= on(offset))
    to_come = sum(
        row.components[Component.PRINCIPAL].outstanding_minor
        for row in got.instalments
        if row.due_on > on(offset)
    )
    owed = due + to_come + got.accrued_interest_minor
    assert got.payoff_minor == max(0, owed - got.unapplied_minor)
