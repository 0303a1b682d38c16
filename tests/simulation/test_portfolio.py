"""Goal: the invented book is sound and pays as the market does. Method: fold every loan of it."""

from datetime import date, timedelta

import polars as pl
import pytest

from daihou.core.events import Kind
from daihou.core.position import Status, position
from daihou.core.terms import Method
from daihou.risk.collection_levels import collection_levels
from daihou.simulate.behaviour import Habits
from daihou.simulate.people import people
from daihou.simulate.portfolio import Portfolio, consumer_tape
from daihou.simulate.products import OFFERS
from daihou.tapes import canonical
from daihou.tapes.contracts import contracts_of

ENDS_ON = date(2026, 6, 30)


def portfolio(count, **more):
    return Portfolio(loan_count=count, seed=5, starts_on=date(2025, 7, 1), ends_on=ENDS_ON, **more)


@pytest.fixture(scope="module")
def tape():
    return consumer_tape(portfolio(4_000))


@pytest.fixture(scope="module")
def positions(tape):
    return [position(contract=c, events=e, as_of=ENDS_ON) for c, e in contracts_of(tape)]


def test_same_seed_same_tape():
    first, second = consumer_tape(portfolio(50)), consumer_tape(portfolio(50))
    for name in canonical.FRAMES:
        assert first.frame(name).equals(second.frame(name))


@pytest.mark.parametrize("name", ["parties", "loans", "payments", "events"])
def test_every_row_keeps_the_canonical_schema(tape, name):
    assert canonical.FRAMES[name].is_valid(tape.frame(name))


def test_every_product_and_rare_event_occurs(tape):
    assert set(tape.loans["method"]) == {offer.terms.method for offer in OFFERS}
    assert Method.FREE not in set(tape.loans["method"])
    assert set(tape.events["kind"]) == {Kind.PAYMENT_REVERSED, Kind.WRITTEN_OFF}
    late_files = tape.payments.filter(pl.col("known_at").dt.date() > pl.col("effective_on"))
    assert 0.05 < late_files.height / tape.payments.height < 0.12


def test_nobody_is_real():
    for person in people(count=200, seed=3):
        assert person.id_number.startswith("99")
        assert person.phone.startswith("100")


def test_who_pays_on_time_owes_nothing_at_the_end():
    never_late = Habits(late_share=0, returned_share=0)
    tape = consumer_tape(portfolio(300, habits=never_late))
    for contract, events in contracts_of(tape):
        found = position(contract=contract, events=events, as_of=ENDS_ON)
        assert found.days_past_due == 0
        assert sum(found.overdue_minor.values()) == 0
        if found.instalments[-1].due_on <= ENDS_ON:
            assert found.status is Status.CLOSED
            assert found.unapplied_minor == 0


def test_levels_are_those_of_the_market(positions):
    rows = [
        (number, row.due_on, row.paid_on, sum(o.due_minor for o in row.components.values()))
        for number, found in enumerate(positions)
        for row in found.instalments
    ]
    names = ["loan_id", "due_on", "paid_on", "due_minor"]
    months = collection_levels(
        instalments=pl.DataFrame(rows, schema=names, orient="row"), as_of=ENDS_ON
    )
    due, day_1, day_30 = (
        months[name].sum() for name in ("due_minor", "unpaid_day_1_minor", "unpaid_day_30_minor")
    )
    assert 0.04 < day_1 / due < 0.06
    assert 0.84 < 1 - day_30 / day_1 < 0.92
    assert 0.004 < day_30 / due < 0.008


def test_who_catches_up_has_caught_up(tape, positions):
    late_then_fine = 0
    for found in positions:
        paid_late = [row for row in found.instalments if row.paid_on and row.paid_on > row.due_on]
        gap = max((row.paid_on - row.due_on for row in paid_late), default=timedelta(0))
        late_then_fine += gap > timedelta(days=30) and found.days_past_due == 0
    assert late_then_fine > 0
