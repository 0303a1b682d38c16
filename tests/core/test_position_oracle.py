"""Goal: the fold that jumps from event to event equals a diary kept every single day.

Method: random plain loans against a slow model that visits each day, in fractions, with no state
shared with the fold but the planned dues and the pure ``allocate``.
"""

from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from daihou.core import terms as t
from daihou.core.allocation import Due, allocate
from daihou.core.calendar import days_in_year
from daihou.core.events import is_plain
from daihou.core.position import position
from daihou.core.schedule import build_schedule
from daihou.core.terms import AccrualRounding, Component, DayCount, RatePer, Rounding
from tests.core.loans import contract, disbursed, free, histories, on, paid, rate

AGEING = (Component.PRINCIPAL, Component.INTEREST, Component.FEE)


def rounded(amount, rounding):
    whole, rest = divmod(amount, 1)
    up = rest > Fraction(1, 2) or (
        rest == Fraction(1, 2) and (rounding is Rounding.HALF_UP or whole % 2 == 1)
    )
    return int(whole + up)


def per_day(quoted, day_count, day):
    value = Fraction(quoted.value)
    if quoted.per is RatePer.DAY:
        return value
    year = {DayCount.THIRTY_360: 360, DayCount.ACTUAL_360: 360, DayCount.ACTUAL_364: 364}
    of_calendar = days_in_year(day.year) if day_count is DayCount.ACTUAL_ACTUAL else 365
    return value * (12 if quoted.per is RatePer.MONTH else 1) / year.get(day_count, of_calendar)


class Diary:
    """One loan's dues, looked at every day."""

    def __init__(self, agreed, plan):
        self.terms, self.plan = agreed.terms, plan
        self.left = {}
        for row in plan:
            amounts = (row.principal_minor, row.interest_minor, row.fee_minor, 0, 0)
            for component, amount in zip(Component, amounts, strict=True):
                self.left[row.instalment_no, component] = amount
        self.exact = {}
        self.unapplied = 0

    def night_before(self, day):
        penalty = self.terms.penalty
        if penalty is None:
            return
        charged = [
            (Component.PENALTY, Component.PRINCIPAL, penalty.rate),
            (Component.COMPOUND_INTEREST, Component.INTEREST, penalty.compound_rate),
        ]
        for row in self.plan:
            late_days = (day - row.due_on).days
            if late_days <= self.terms.grace_days:
                continue
            if penalty.stop_after_days is not None and late_days > penalty.stop_after_days:
                continue
            for component, base, quoted in charged:
                if quoted is not None:
                    self.accrue(row, component, self.left[row.instalment_no, base], quoted, day)

    def accrue(self, row, component, base, quoted, day):
        place = row.instalment_no, component
        of_day = base * per_day(quoted, self.terms.day_count, day)
        if self.terms.penalty.rounding is AccrualRounding.EACH_DAY:
            of_day = Fraction(rounded(of_day, self.terms.rounding))
        before = self.exact.get(place, Fraction(0))
        self.exact[place] = before + of_day
        self.left[place] += rounded(self.exact[place], self.terms.rounding) - rounded(
            before, self.terms.rounding
        )

    def oldest(self, day):
        for row in self.plan:
            owed = sum(self.left[row.instalment_no, component] for component in AGEING)
            if row.due_on < day and owed > self.terms.tolerance_minor:
                return row.due_on
        return None

    def receive(self, amount, day):
        allocation, oldest = self.terms.allocation, self.oldest(day)
        is_late = (
            allocation.late is not None
            and oldest is not None
            and (day - oldest).days >= allocation.late_from_days
        )
        dues = [
            Due(
                instalment_no=row.instalment_no,
                due_on=row.due_on,
                component=component,
                amount_minor=self.left[row.instalment_no, component],
            )
            for row in self.plan
            for component in Component
        ]
        rule = allocation.late if is_late else allocation.normal
        got = allocate(payment_minor=amount, dues=dues, rule=rule, on=day)
        for due, applied in zip(dues, got.applied_minor, strict=True):
            self.left[due.instalment_no, due.component] -= applied
        self.unapplied += got.unapplied_minor

    def live_through(self, day, payments):
        self.night_before(day)
        if self.unapplied and any(row.due_on == day for row in self.plan):
            held, self.unapplied = self.unapplied, 0
            self.receive(held, day)
        for payment in payments:
            if payment.effective_on == day:
                self.receive(payment.amount_minor, day)


def compare(agreed, events, last):
    start, *payments = events
    payments.sort(key=lambda payment: payment.sequence)
    plan = build_schedule(
        terms=agreed.terms, principal_minor=start.amount_minor, start_on=start.effective_on
    )
    diary = Diary(agreed, plan)
    for offset in range(last + 1):
        diary.live_through(on(offset), payments)
    got = position(contract=agreed, events=events, as_of=on(last))
    assert got.unapplied_minor == diary.unapplied
    assert got.oldest_unpaid_due_on == diary.oldest(on(last))
    assert {
        (row.instalment_no, component): owed.outstanding_minor
        for row in got.instalments
        for component, owed in row.components.items()
    } == diary.left


@given(history=histories(plain=True), last=st.integers(0, 330))
def test_the_fold_equals_a_diary_of_every_day(history, last):
    agreed, events = history
    if not is_plain(contract=agreed, events=events):
        rule = t.rule_in_order(t.STATUTORY_ORDER)
        allocation = t.AllocationTerms(normal=rule)
        terms = {**{f: getattr(agreed.terms, f) for f in ("method", "rate", "instalment_count")}}
        agreed = contract(agreed.principal_minor, allocation=allocation, **terms)
    compare(agreed, events, last)


@pytest.mark.parametrize("days", [0, 1, 30, 31, 89, 90, 91, 180, 181])
@pytest.mark.parametrize("rounding", list(AccrualRounding))
def test_partial_payments_on_the_days_that_turn(days, rounding):
    agreed = free(
        (30, 100_003, 1_007),
        (60, 100_003, 507),
        allocation=t.AllocationTerms(
            normal=t.rule_in_order(t.STATUTORY_ORDER),
            late=t.rule_in_order(t.PRINCIPAL_FIRST_ORDER, mode=t.Mode.VERTICAL),
            late_from_days=91,
        ),
        penalty=t.PenaltyTerms(
            rate=rate("0.1799"), compound_rate=rate("0.0005", RatePer.DAY), rounding=rounding
        ),
        day_count=DayCount.ACTUAL_ACTUAL,
    )
    events = [disbursed(200_006), *[paid(30 + days, 1_111, sequence=n) for n in (1, 2)]]
    compare(agreed, events, 30 + days)
    compare(agreed, events, 31 + days)
    compare(agreed, events, 300)
