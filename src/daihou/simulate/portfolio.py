"""A seeded consumer book as a tape: people take loans, live with them, and money arrives.

Units   Amounts are minor units of CNY (fen).
Shape   ``consumer_tape`` gives the canonical frames of ``tapes.canonical``; same seed, same tape.
Source  Products: ``simulate.products``; levels of behaviour: ``simulate.behaviour``.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import polars as pl

from daihou.core.schedule import ScheduledInstalment, build_schedule
from daihou.core.terms import Component, Step, Terms
from daihou.simulate.behaviour import Habits, Paid, payments_of
from daihou.simulate.people import Person, people
from daihou.simulate.products import OFFERS, Offer
from daihou.tapes import canonical
from daihou.tapes.protocol import Tape

FUNDERS = ("示例银行甲", "示例银行乙", "示例消费金融丙")
LOANS_PER_PERSON = 1.25
WRITE_OFF_AFTER_DAYS = 240

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """What to make: how many loans, lent from when, lived until when."""

    loan_count: int
    seed: int
    starts_on: date
    ends_on: date
    habits: Habits = field(default_factory=Habits)


def consumer_tape(portfolio: Portfolio) -> Tape:
    """Make the tape of a consumer book."""
    chance = random.Random(portfolio.seed)
    borrowers = people(count=int(portfolio.loan_count / LOANS_PER_PERSON) + 1, seed=portfolio.seed)
    rows: dict[str, list[Row]] = {"parties": [], "loans": [], "payments": [], "events": []}
    rows["parties"] = [_party(borrower) for borrower in borrowers]
    for no in range(1, portfolio.loan_count + 1):
        for frame, row in _life(no, chance, chance.choice(borrowers), portfolio):
            rows[frame].append(row)
    return Tape(
        format_name="simulated",
        unit="loan",
        parties=_frame("parties", rows["parties"]),
        loans=_frame("loans", rows["loans"]),
        payments=_frame("payments", rows["payments"]),
        events=_frame("events", rows["events"]),
    )


def _life(
    no: int, chance: random.Random, borrower: Person, portfolio: Portfolio
) -> Iterator[tuple[str, Row]]:
    """Give every row that one loan leaves behind."""
    offer = chance.choices(OFFERS, weights=[offer.weight for offer in OFFERS])[0]
    loan_ref = f"DH{portfolio.starts_on:%Y}{no:08d}"
    start_on = portfolio.starts_on + timedelta(
        days=chance.randrange((portfolio.ends_on - portfolio.starts_on).days - 10)
    )
    wanted_minor = int(chance.gammavariate(2.5, offer.ticket_mean_minor / 2.5))
    principal_minor = max(50_000, wanted_minor // 10_000 * 10_000)
    terms = replace(offer.terms, instalment_count=chance.choice(offer.counts))
    yield "loans", _loan(loan_ref, offer, terms, principal_minor, start_on, borrower, chance)

    instalments = build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
    paid = payments_of(
        instalments=instalments,
        daily_penalty=_daily_penalty(terms),
        grace_days=terms.grace_days,
        risk=borrower.risk,
        chance=chance,
        habits=portfolio.habits,
        until=portfolio.ends_on,
    )
    for place, one in enumerate(paid, start=1):
        yield from _money(loan_ref, f"{loan_ref}-{place}", one)
    paid_minor = sum(one.amount_minor for one in paid if not one.is_returned)
    yield from _write_off(loan_ref, paid_minor, instalments, portfolio)


def _daily_penalty(terms: Terms) -> Fraction:
    assert terms.penalty is not None
    assert terms.penalty.multiple is not None
    return Fraction(terms.rate.value) * Fraction(terms.penalty.multiple) / 360


def _write_off(
    loan_ref: str, paid_minor: int, instalments: Sequence[ScheduledInstalment], portfolio: Portfolio
) -> Iterator[tuple[str, Row]]:
    """Charge off what stayed unpaid for eight months."""
    owed_minor = 0
    for due in instalments:
        owed_minor += due.principal_minor + due.interest_minor + due.fee_minor
        if owed_minor > paid_minor:
            on = due.due_on + timedelta(days=WRITE_OFF_AFTER_DAYS + 1)
            if on <= portfolio.ends_on:
                row = _event(loan_ref, "written_off", f"{loan_ref}-writeoff", on)
                yield "events", row
            return


def _money(loan_ref: str, key: str, one: Paid) -> Iterator[tuple[str, Row]]:
    yield (
        "payments",
        {
            "loan_ref": loan_ref,
            "effective_on": one.effective_on,
            "amount_minor": one.amount_minor,
            "key": key,
            "known_at": _evening(one.known_on),
            "source_ref": "代扣" if one.known_on == one.effective_on else "对公回款文件",
        },
    )
    if one.is_returned:
        returned_on = one.effective_on + timedelta(days=2)
        yield (
            "events",
            _event(loan_ref, "payment_reversed", f"{key}-returned", returned_on, target_key=key),
        )


def _event(loan_ref: str, kind: str, key: str, on: date, **more: object) -> Row:
    return {
        "loan_ref": loan_ref, "kind": kind, "key": key, "effective_on": on,
        "known_at": _evening(on), **more,
    }  # fmt: skip


def _evening(on: date) -> datetime:
    """Stamp the moment at which a bank's file of that day is read."""
    return datetime.combine(on, time(12), UTC)


def _party(borrower: Person) -> Row:
    return {
        "party_ref": borrower.party_ref, "kind": "person", "name": borrower.name,
        "id_number": borrower.id_number, "phone": borrower.phone,
        "address": borrower.address,
    }  # fmt: skip


def _loan(
    loan_ref: str,
    offer: Offer,
    terms: Terms,
    principal_minor: int,
    start_on: date,
    borrower: Person,
    chance: random.Random,
) -> Row:
    penalty, late = terms.penalty, terms.allocation.late
    assert penalty is not None
    return {
        "loan_ref": loan_ref, "currency": "CNY", "minor_digits": 2,
        "principal_minor": principal_minor, "disbursed_on": start_on,
        "kind_of_start": "disbursed", "known_at": _evening(start_on), "key": f"{loan_ref}-0",
        "product_code": offer.code, "party_ref": borrower.party_ref,
        "creditor": "示例小额贷款公司", "funder": chance.choice(FUNDERS),
        "method": terms.method, "rate": str(terms.rate.value), "rate_per": terms.rate.per,
        "day_count": terms.day_count, "interest_basis": terms.interest_basis,
        "instalment_count": terms.instalment_count, "every": terms.every, "unit": terms.unit,
        "grace_days": terms.grace_days, "surplus": terms.allocation.normal.surplus,
        "allocation_order": _order(terms.allocation.normal.steps),
        "late_allocation_order": _order(late.steps) if late else None,
        "late_from_days": terms.allocation.late_from_days,
        "penalty_multiple": str(penalty.multiple), "penalty_rounding": penalty.rounding,
    }  # fmt: skip


def _order(steps: Sequence[Step]) -> str:
    return ",".join(step.component for step in steps[: len(Component)])


def _frame(name: str, rows: list[Row]) -> pl.DataFrame:
    schema = canonical.empty(name).schema
    numbered = ({**row, "source_no": 0, "source_row": no} for no, row in enumerate(rows, start=1))
    return pl.from_dicts(numbered, schema=schema) if rows else canonical.empty(name)
