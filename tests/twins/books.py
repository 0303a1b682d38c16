"""Random books for the twins: the same loans as contracts with events and as the kernel's rows.

A seed decides everything. Half of the payments become known one to three days after they count.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import polars as pl

from daihou.core import terms as t
from daihou.core.events import Event, Kind
from daihou.core.schedule import build_schedule
from daihou.engine import columns as c, expand, others
from daihou.engine.tables import NewFacts

DAY = timedelta(days=1)
START_ON = date(2023, 10, 5)  # The book runs over the turn into a leap year and out of it.
END_ON = date(2025, 3, 20)
METHODS = tuple(t.Method)
PLANTED_DAYS = (0, 1, 30, 31, 89, 90, 91, 180, 181)
PLAIN_SURPLUS = (
    t.Surplus.HOLD,
    t.Surplus.NEXT_INSTALMENT,
    t.Surplus.LAST_INSTALMENT,
    t.Surplus.SPREAD,
)


@dataclass(frozen=True, kw_only=True)
class Loan:
    loan_id: int
    terms_key: str
    contract: t.Contract
    events: tuple[Event, ...]
    known_on: dict[str, date]  # When each payment becomes known, by its key.

    @property
    def disbursed(self):
        return self.events[0]

    @property
    def payments(self):
        return self.events[1:]


def random_rule(random):
    """Any order of the components per timing, timings apart or mixed, any mode and surplus."""
    steps = []
    for timing in t.Timing:
        order = list(t.Component)
        random.shuffle(order)
        steps += [t.Step(timing=timing, component=component) for component in order]
    if random.random() < 0.2:
        random.shuffle(steps)
    return t.AllocationRule(
        steps=tuple(steps),
        mode=random.choice(list(t.Mode)),
        surplus=random.choice(PLAIN_SURPLUS),
    )


def random_allocation(random):
    if random.random() < 0.3:
        return t.STATUTORY
    if random.random() < 0.4:
        return t.AllocationTerms(
            normal=t.rule_in_order(t.STATUTORY_ORDER, surplus=random.choice(PLAIN_SURPLUS)),
            late=t.rule_in_order(t.PRINCIPAL_FIRST_ORDER, mode=random.choice(list(t.Mode))),
            late_from_days=91,
        )
    late = random.random() < 0.5
    return t.AllocationTerms(
        normal=random_rule(random),
        late=random_rule(random) if late else None,
        late_from_days=random.choice((1, 30, 31, 91)) if late else None,
    )


def random_penalty(random):
    if random.random() < 0.15:
        return None
    own = random.random() < 0.4
    rates = ("0.0005", "0.00033", "0.24", "0.18")
    value = random.choice(rates)
    per = t.RatePer.DAY if len(value) > 4 else t.RatePer.YEAR
    return t.PenaltyTerms(
        rate=t.Rate(value=Decimal(value), per=per) if own else None,
        multiple=None if own else Decimal(random.choice(("1.3", "1.5"))),
        compound_rate=None
        if random.random() < 0.4
        else t.Rate(value=Decimal(random.choice(("0.18", "0.0123"))), per=t.RatePer.YEAR),
        rounding=random.choice(list(t.AccrualRounding)),
        stop_after_days=random.choice((None, None, 30, 90, 200)),
    )


def random_terms(random, method):
    balloon = method is t.Method.BALLOON
    weekly = random.random() < 0.2
    count = 1 if method is t.Method.BULLET else random.choice((3, 6, 12, 15))
    return t.Terms(
        method=method,
        rate=random.choice(
            (
                t.Rate(value=Decimal("0.12"), per=t.RatePer.YEAR),
                t.Rate(value=Decimal("0.2399"), per=t.RatePer.YEAR),
                t.Rate(value=Decimal("0.015"), per=t.RatePer.MONTH),
                t.Rate(value=Decimal("0.0004"), per=t.RatePer.DAY),
            )
        ),
        day_count=random.choice(list(t.DayCount)),
        interest_basis=random.choice(list(t.InterestBasis)),
        instalment_count=count,
        every=random.choice((1, 2)) if weekly else 1,
        unit=t.PeriodUnit.WEEK if weekly else t.PeriodUnit.MONTH,
        rounding=random.choice(list(t.Rounding)),
        balloon_minor=50_000 if balloon else 0,
        instalment_fee_minor=random.choice((0, 0, 1_500)),
        grace_days=random.choice((0, 0, 1, 3, 10)),
        tolerance_minor=random.choice((0, 0, 100, 1_000)),
        allocation=random_allocation(random),
        penalty=random_penalty(random),
    )


def random_free_dues(random, principal_minor, start_on):
    """Stepped amounts on uneven days."""
    count, due_on, dues, left = random.randint(1, 9), start_on, [], principal_minor
    for place in range(count):
        due_on += timedelta(days=random.randint(5, 75))
        part = left if place == count - 1 else random.randint(0, left)
        if place % 2 and place < count - 1:
            part -= part % 1_000  # Such amounts meet the exact half.
        left -= part
        interest, fee = random.randint(0, 9_000), random.choice((0, 700))
        dues.append(
            t.FreeDue(due_on=due_on, principal_minor=part, interest_minor=interest, fee_minor=fee)
        )
    return tuple(dues)


def random_products(random, count):
    """Terms by key; every method comes in turn. Free ones have their dues per loan."""
    products = {}
    for number in range(count):
        method = METHODS[number % len(METHODS)]
        terms = random_terms(random, method)
        if method is t.Method.FREE:
            terms = replace(terms, instalment_count=1)
        products[f"{method.value}-{number}"] = terms
    return products


def random_payments(random, plan):
    """Pay each instalment by a habit: on the day, late, early, in part, too much, or not at all."""
    habit = random.choice(("good", "good", "late", "early", "wild", "never", "lump"))
    paid = []
    if habit == "lump":  # Everything at once, long after it fell due, and more than that.
        on = plan[0].due_on + timedelta(days=random.randint(20, 150))
        total = sum(i.principal_minor + i.interest_minor + i.fee_minor for i in plan)
        lump = random.choice((total, int(total * random.uniform(0.5, 1.2))))
        return [(on, lump), (on, 500)]
    for instalment in plan:
        total = instalment.principal_minor + instalment.interest_minor + instalment.fee_minor
        if habit == "never" and random.random() < 0.8:
            continue
        shift = {"good": 0, "late": random.randint(1, 120), "early": -random.randint(1, 40)}.get(
            habit, random.randint(-20, 200)
        )
        parts = 1 if habit == "good" else random.choice((1, 1, 2, 3))
        for _ in range(parts):
            amount = total // parts if habit == "good" else int(total * random.uniform(0.05, 1.4))
            paid.append((instalment.due_on + timedelta(days=shift), max(1, amount)))
            shift += random.randint(0, 15)
    if habit in {"late", "wild"} and random.random() < 0.3 and paid:
        paid.append((plan[-1].due_on + timedelta(days=random.randint(0, 60)), 10**7))
    return paid


def planted_payments(plan, days):
    """Pay something small so many days past the first due date, and half a due a month later."""
    first = plan[0]
    total = first.principal_minor + first.interest_minor + first.fee_minor
    on = first.due_on + timedelta(days=days)
    return [(on, max(1, total // 3)), (on, 7), (on + timedelta(days=31), max(1, total // 2))]


def random_loan(random, loan_id, products):
    key = random.choice(list(products))
    terms = products[key]
    start_on = START_ON + timedelta(days=random.randint(0, 120))
    principal_minor = random.choice((120_000, 1_000_000, 987_654, 50_001))
    if terms.method is t.Method.FREE:
        terms = replace(terms, free_dues=random_free_dues(random, principal_minor, start_on))
    plan = build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
    planted = loan_id % 5 == 0
    days = PLANTED_DAYS[loan_id // 5 % len(PLANTED_DAYS)]
    paid = planted_payments(plan, days) if planted else random_payments(random, plan)
    contract = t.Contract(
        loan_ref=f"L{loan_id}",
        currency="CNY",
        minor_digits=2,
        principal_minor=principal_minor,
        start_on=start_on,
        terms=terms,
    )
    events = [_event(Kind.DISBURSED, loan_id, 0, start_on, principal_minor)]
    known_on = {}
    for place, (on, amount) in enumerate(paid, start=1):
        event = _event(Kind.PAYMENT_RECEIVED, loan_id, place, max(on, start_on), amount)
        late = random.choice((0, random.randint(1, 3)))
        known_on[event.key] = event.effective_on + timedelta(days=late)
        events.append(event)
    return Loan(
        loan_id=loan_id,
        terms_key=key,
        contract=contract,
        events=tuple(events),
        known_on=known_on,
    )


def _event(kind, loan_id, place, on, amount):
    return Event(
        kind=kind,
        effective_on=on,
        recorded_at=datetime(on.year, on.month, on.day, tzinfo=UTC),
        sequence=loan_id * 1_000 + place,
        key=f"{loan_id}-{place}",
        amount_minor=amount,
    )


def random_book(*, seed, count, product_count=70):
    random = Random(seed)
    products = random_products(random, product_count)
    return products, [random_loan(random, loan_id, products) for loan_id in range(count)]


def facts(products, loans, *, known=lambda _loan, _event: True):
    """Turn loans into what the ledger would give the night; ``known`` chooses the payments."""
    rows = []
    for loan in loans:
        terms = loan.contract.terms
        free = terms.free_dues or None
        rows.append(
            {
                "loan_id": loan.loan_id,
                "loan_ref": loan.contract.loan_ref,
                "person_id": loan.loan_id // 2,
                "terms_key": loan.terms_key,
                "start_on": loan.contract.start_on,
                "disbursed_on": loan.disbursed.effective_on,
                "disbursed_minor": loan.disbursed.amount_minor,
                "is_plain": True,
                "due_on": free and [due.due_on for due in free],
                "principal_minor": free and [due.principal_minor for due in free],
                "interest_minor": free and [due.interest_minor for due in free],
                "fee_minor": free and [due.fee_minor for due in free],
            }
        )
    contracts = pl.DataFrame(rows, schema=expand.CONTRACTS.schema)
    expanded = expand.expand(contracts=contracts, terms=products)
    return NewFacts(
        loans=expanded.loans,
        dues=expanded.dues,
        rules=expanded.rules,
        payments=payments(loans, known),
    )


def payments(loans, known):
    rows = [
        (loan.loan_id, event.effective_on, event.sequence, event.amount_minor)
        for loan in loans
        for event in loan.payments
        if known(loan, event)
    ]
    return pl.DataFrame(rows, schema=c.PAYMENTS.schema, orient="row").sort(c.PAYMENTS.key)


def as_other(loan):
    return others.Other(loan_id=loan.loan_id, contract=loan.contract, events=loan.events)
