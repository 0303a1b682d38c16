"""Goal: the laws of a loan hold whatever happens to it. Method: a state machine over its life.

Every kind of event, any order of days, backdated and undone. ``LAWS`` are asked of the loan at
every stop; whoever derives something from events adds a law of its own there.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, assume, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from daihou.core import changes as ch, course, posting, terms as t
from daihou.core._fold import Fold, sort_key
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import (
    MONEY_IN_KINDS,
    UNDOABLE_KINDS,
    EventRefused,
    Kind,
    without_taken_back,
)
from daihou.core.position import Position, Status, freeze, position
from daihou.core.refusals import check_change
from daihou.core.schedule import ScheduleRefused
from daihou.core.terms import Component
from tests.core.loans import PENALTIES, contract, event, free, on, rate

LAST_DAY = 300
DAYS = st.integers(0, 110) | st.integers(0, LAST_DAY)
Law = Callable[[t.Contract, tuple, Position], None]


def money_in_is_applied_held_or_gone(agreed, events, got):
    came = sum(e.amount_minor for e in _counted(events, got) if e.kind in MONEY_IN_KINDS)
    out = _paid_out_again(events, got)
    assert sum(a.amount_minor for a in got.applied) == came
    held = sum(a.unapplied_minor for a in got.applied)
    applied = sum(part.amount_minor for a in got.applied for part in a.parts)
    assert got.unapplied_minor == held
    assert applied + held <= came
    assert came - applied - held <= out


def _counted(events, got):
    return without_taken_back(e for e in events if e.effective_on <= got.as_of)


def _paid_out_again(events, got):
    out = {Kind.CHARGED_BACK, Kind.REFUNDED}
    return sum(e.amount_minor for e in _counted(events, got) if e.kind in out)


def nothing_owed_is_negative(agreed, events, got):
    for row in got.instalments:
        for owed in row.components.values():
            assert min(owed.due_minor, owed.paid_minor, owed.waived_minor) >= 0
            assert owed.outstanding_minor >= 0
    assert min(got.principal_outstanding_minor, got.accrued_interest_minor) >= 0
    assert min(got.unapplied_minor, got.payoff_minor, got.claim_minor) >= 0
    assert got.capitalized_minor >= 0


def principal_owed_is_what_came_out(agreed, events, got):
    due = sum(row.components[Component.PRINCIPAL].due_minor for row in got.instalments)
    again = _paid_out_again(events, got)
    least = got.disbursed_minor + got.capitalized_minor
    assert least <= due <= least + again
    left = sum(row.components[Component.PRINCIPAL].outstanding_minor for row in got.instalments)
    if got.instalments:
        assert left == got.principal_outstanding_minor


def instalments_stand_in_the_order_of_their_days(agreed, events, got):
    days = [row.due_on for row in got.instalments]
    assert days == sorted(days)
    assert all(row.start_on <= row.due_on for row in got.instalments)


def a_settled_loan_owes_nothing(agreed, events, got):
    charged_later = any(
        e.kind is Kind.CHARGE_ADDED and got.closed_on and e.effective_on >= got.closed_on
        for e in events
    )
    if got.status is Status.CLOSED and not charged_later:
        assert not sum(row.outstanding_minor for row in got.instalments)
        assert (got.payoff_minor, got.days_past_due) == (0, 0)


def the_course_says_the_same(agreed, events, got):
    (standing,) = course.standings(contract=agreed, events=events, days=[got.as_of])
    assert standing.days_past_due == got.days_past_due
    assert standing.principal_outstanding_minor == got.principal_outstanding_minor
    assert standing.overdue_minor == sum(got.overdue_minor.values())
    assert standing.status is got.status
    _, end = course.follow(contract=agreed, events=events, after=on(-1), through=got.as_of)
    assert end == got


def the_order_of_arrival_does_not_matter(agreed, events, got):
    assert position(contract=agreed, events=events[::-1], as_of=got.as_of) == got


def day_by_day_is_at_once(agreed, events, got):
    told = [e for e in events if e.effective_on <= got.as_of]
    fold = Fold(agreed)
    facts = sorted(without_taken_back(told), key=sort_key)
    for offset in range((got.as_of - on(0)).days + 1):
        fold.run([e for e in facts if e.effective_on == on(offset)], on(offset))
    assert freeze(fold, got.as_of, ()) == got


def the_books_are_the_position(agreed, events, got):
    """In every view each event and day balances, and the accounts hold the loan's figures."""
    moved = posting.movements(contract=agreed, events=events, as_of=got.as_of)
    figures = posting.sub_ledger(contract=agreed, events=events, as_of=got.as_of)
    for view in ("lender", "platform", "guarantor"):
        rules = posting.rules_of(view)
        entries = posting.entries_of(moved, rules=rules)
        sums = {}
        for entry in entries:
            place = entry.on, entry.event_key
            sums[place] = sums.get(place, 0) + entry.amount_minor
        assert not any(sums.values())
        held = posting.measures(posting.balances(entries), rules=rules)
        assert held == {name: figures[name] for name in held}
    assert figures["principal"] == got.principal_outstanding_minor
    assert figures["unapplied"] == got.unapplied_minor
    assert figures["claim"] == got.claim_minor


def later_days_change_no_entry_of_earlier_ones(agreed, events, got):
    eve = got.as_of - timedelta(days=30)
    whole = posting.movements(contract=agreed, events=events, as_of=got.as_of)
    asked = {"contract": agreed, "events": events, "as_of": got.as_of}
    late, figures = posting.movements_and_figures(**asked, after=eve)
    assert posting.movements(contract=agreed, events=events, as_of=eve) + late == whole
    assert figures == posting.sub_ledger(**asked)


LAWS: list[Law] = [
    money_in_is_applied_held_or_gone,
    nothing_owed_is_negative,
    principal_owed_is_what_came_out,
    instalments_stand_in_the_order_of_their_days,
    a_settled_loan_owes_nothing,
    the_course_says_the_same,
    the_order_of_arrival_does_not_matter,
    day_by_day_is_at_once,
    the_books_are_the_position,
    later_days_change_no_entry_of_earlier_ones,
]
RATES = st.sampled_from(["0", "0.036", "0.12", "0.24"]).map(rate)
SOON = st.integers(1, 70)
COUNTS = st.integers(1, 7)
TREATMENTS = st.sampled_from(InterestTreatment)


def changes(offset):
    """What each kind may say on a day."""
    first_due_on = SOON.map(lambda days: on(offset + days))
    return {
        Kind.EXTENDED: st.builds(
            Change,
            through_on=st.integers(30, 400).map(lambda days: on(offset + days)),
            rate=st.none() | RATES,
        ),
        Kind.DEFERRED: st.builds(Change, instalment_count=st.integers(1, 3), interest=TREATMENTS),
        Kind.RE_AGED: st.builds(
            Change,
            first_due_on=first_due_on,
            instalment_count=COUNTS,
            interest=TREATMENTS,
            every=st.sampled_from([None, 2]),
            unit=st.sampled_from([None, t.PeriodUnit.WEEK]),
        ),
        Kind.RE_AMORTIZED: st.builds(
            Change, interest=st.sampled_from(sorted(ch.TREATMENTS["re_amortized"]))
        ),
        Kind.DUE_DATES_MOVED: st.builds(Change, first_due_on=first_due_on),
        Kind.RATE_CHANGED: st.builds(Change, rate=RATES),
        Kind.TERM_CHANGED: st.builds(Change, instalment_count=COUNTS),
        Kind.OVERDUE_PLANNED: st.builds(
            Change, first_due_on=first_due_on, instalment_count=st.integers(1, 4)
        ),
        Kind.CARD_INSTALMENTS: st.builds(
            Change, first_due_on=first_due_on, instalment_count=st.integers(1, 60), rate=RATES
        ),
        Kind.INTEREST_PAUSED: st.builds(
            Change, through_on=SOON.map(lambda days: on(offset + days))
        ),
        Kind.ACCELERATED: st.none(),
        Kind.OWNER_CHANGED: st.builds(
            Change, counterparty=st.sampled_from(["", "fund"]), price_minor=st.just(5)
        ),
        Kind.PREPAID: st.builds(
            Change, surplus=st.sampled_from([t.Surplus.SHORTEN, t.Surplus.LOWER])
        ),
        Kind.COMPENSATED: st.just(Change(counterparty="guarantor")),
    }


PLAIN_KINDS = [
    Kind.PENALTY_STOPPED,
    Kind.PENALTY_STARTED,
    Kind.WRITTEN_OFF,
    Kind.CLOSED,
]


@st.composite
def agreements(draw):
    penalty = draw(st.none() | PENALTIES | st.just(t.PenaltyTerms(multiple=Decimal("1.5"))))
    surplus = draw(st.sampled_from(t.Surplus))
    common = {
        "rate": draw(RATES),
        "penalty": penalty,
        "grace_days": draw(st.sampled_from([0, 3])),
        "allocation": t.AllocationTerms(normal=t.rule_in_order(t.STATUTORY_ORDER, surplus=surplus)),
    }
    if draw(st.integers(0, 5)) == 0:
        return free((30, 40_000, 900, 10), (61, 40_000, 600, 10), (95, 40_000, 300), **common)
    method = draw(st.sampled_from([method for method in t.Method if method is not t.Method.FREE]))
    count = draw(st.integers(1, 6))
    has_grace = method is not t.Method.BULLET and count > 1
    return contract(
        draw(st.integers(10_000, 2_000_000)),
        method=method,
        day_count=draw(st.sampled_from(t.DayCount)),
        interest_basis=draw(st.sampled_from(t.InterestBasis)),
        instalment_count=count,
        first_due_on=draw(st.sampled_from([None, None, on(20), on(45)])),
        instalment_rule=draw(st.sampled_from(t.InstalmentRule)),
        rounding=draw(st.sampled_from(t.Rounding)),
        multiple_minor=draw(st.sampled_from([1, 1, 100])),
        balloon_minor=3_000 if method is t.Method.BALLOON else 0,
        principal_grace_count=draw(st.integers(0, 1)) if has_grace else 0,
        instalment_fee_minor=draw(st.sampled_from([0, 150])),
        down_payment_rate=draw(st.sampled_from([None, None, None, Decimal("0.25")])),
        **common,
    )


class LoanLife(RuleBasedStateMachine):
    @initialize(agreed=agreements())
    def begin(self, agreed):
        self.agreed, self.events, self.count = agreed, (), 0
        self.add(Kind.DISBURSED, 0, agreed.principal_minor)

    def add(self, kind, offset, amount_minor=0, **more):
        """Record an event where the loan can take it; what is refused changes nothing."""
        self.count += 1
        new = event(kind, offset, amount_minor, sequence=self.count, key=f"e{self.count}", **more)
        new = replace(new, recorded_at=new.recorded_at + timedelta(days=LAST_DAY))
        try:
            check_change(contract=self.agreed, events=self.events, event=new)
            told = (*self.events, new)
            position(contract=self.agreed, events=told, as_of=on(LAST_DAY + 100))
        except (EventRefused, ScheduleRefused):
            return None
        self.events = (*self.events, new)
        return new

    def at(self, offset):
        return position(contract=self.agreed, events=self.events, as_of=on(offset))

    @rule(offset=DAYS, amount=st.integers(1, 400_000))
    def pay(self, offset, amount):
        self.add(Kind.PAYMENT_RECEIVED, offset, amount)

    @rule(offset=DAYS, data=st.data())
    def pay_off(self, offset, data):
        """Prepay exactly what paying off takes: then nothing is left that is owed on the day."""
        owed = self.at(offset)
        kind = Kind.PREPAID if data.draw(st.booleans()) else Kind.PAYMENT_RECEIVED
        amount = owed.payoff_minor
        assume(amount)
        change = data.draw(changes(offset)[kind]) if kind is Kind.PREPAID else None
        if self.add(kind, offset, amount, change=change) and kind is Kind.PREPAID:
            assert self.at(offset).payoff_minor == 0

    @rule(kind=st.sampled_from(sorted(changes(0))), offset=DAYS, data=st.data())
    def change(self, kind, offset, data):
        kind = Kind(kind)
        amount = data.draw(st.integers(1, 200_000)) if kind in MONEY_IN_KINDS else 0
        self.add(kind, offset, amount, change=data.draw(changes(offset)[kind]))

    change_again = change_once_more = change

    @rule(kind=st.sampled_from(PLAIN_KINDS), offset=st.integers(150, LAST_DAY))
    def stop_or_end(self, kind, offset):
        self.add(kind, offset)

    @rule(
        offset=DAYS,
        due=st.integers(0, 500),
        amount=st.integers(1, 3_000),
        component=st.sampled_from([Component.FEE, Component.PENALTY, Component.INTEREST]),
    )
    def charge(self, offset, due, amount, component):
        self.add(Kind.CHARGE_ADDED, offset, amount, component=component, due_on=on(due))

    @rule(offset=DAYS, data=st.data())
    def waive(self, offset, data):
        charges = [e.key for e in self.events if e.kind is Kind.CHARGE_ADDED]
        what = {"component": Component.INTEREST, "instalment_no": data.draw(st.integers(1, 4))}
        if charges and data.draw(st.booleans()):
            what = {"target_key": data.draw(st.sampled_from(charges))}
        self.add(Kind.CHARGE_WAIVED, offset, data.draw(st.integers(1, 2_000)), **what)

    @rule(offset=DAYS, data=st.data())
    def take_money_back(self, offset, data):
        paid = [e.key for e in self.events if e.kind in MONEY_IN_KINDS]
        assume(paid)
        kind = data.draw(st.sampled_from([Kind.PAYMENT_REVERSED, Kind.CHARGED_BACK]))
        amount = data.draw(st.integers(1, 50_000)) if kind is Kind.CHARGED_BACK else 0
        self.add(kind, offset, amount, target_key=data.draw(st.sampled_from(paid)))

    @rule(offset=DAYS, amount=st.integers(1, 50_000))
    def refund(self, offset, amount):
        self.add(Kind.REFUNDED, offset, amount)

    @rule(offset=DAYS, amount=st.integers(1, 50_000))
    def recover_claim(self, offset, amount):
        self.add(Kind.CLAIM_RECOVERED, offset, amount)

    @rule(offset=DAYS, amount=st.integers(1, 90_000))
    def lend_more(self, offset, amount):
        assume(self.agreed.terms.method is not t.Method.FREE)  # Its dues are as given.
        self.add(Kind.DISBURSED, offset, amount)

    @rule(data=st.data(), later=st.integers(0, 40))
    def undo(self, data, later):
        targets = [e for e in self.events if e.kind in UNDOABLE_KINDS]
        assume(targets)
        target = data.draw(st.sampled_from(targets))
        offset = (target.effective_on - on(0)).days + later
        undone = self.add(Kind.UNDONE, offset, target_key=target.key)
        if undone is not None:
            never = tuple(e for e in self.events if e.key not in {target.key, undone.key})
            day = max(offset, LAST_DAY)
            was = position(contract=self.agreed, events=never, as_of=on(day))
            assert self.at(day) == was

    @invariant()
    def laws_hold(self):
        if not getattr(self, "events", ()):
            return
        last = max((e.effective_on - on(0)).days for e in self.events)
        for offset in {last, last // 2, last + 37}:
            got = self.at(offset)
            for law in LAWS:
                law(self.agreed, self.events, got)


LoanLife.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLoanLife = LoanLife.TestCase
