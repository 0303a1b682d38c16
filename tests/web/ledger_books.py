"""Small seeded tapes for the tests of the ledger: every method, late money, rarer events."""

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl

from daihou.tapes import canonical
from daihou.tapes.protocol import Tape

START = date(2025, 1, 6)
DAY = timedelta(days=1)


def frame(name, rows):
    """Build a canonical frame; what a row leaves out is null."""
    schema = canonical.empty(name).schema
    numbered = [
        {"source_no": 0, "source_row": number, **row} for number, row in enumerate(rows, start=1)
    ]
    return pl.DataFrame(
        [{column: row.get(column) for column in schema} for row in numbered], schema=schema
    )


def tape(*, loans, dues=(), payments=(), events=(), stated=(), calendars=()):
    return Tape(
        format_name="native",
        unit="loan",
        loans=frame("loans", loans),
        dues=frame("dues", dues),
        payments=frame("payments", payments),
        events=frame("events", events),
        stated=frame("stated", stated),
        calendars=frame("calendars", calendars),
    )


def loan(ref, *, principal_minor=120_000, disbursed_on=START, **agreed):
    return {
        "loan_ref": ref,
        "currency": "CNY",
        "minor_digits": 2,
        "principal_minor": principal_minor,
        "disbursed_on": disbursed_on,
        "kind_of_start": "disbursed",
        "key": f"start:{ref}",
        "method": "equal_instalment",
        "rate": "0.18",
        "rate_per": "year",
        "instalment_count": 12,
        "party_ref": f"person-{ref}",
    } | agreed


def free_dues(ref, *, principal_minor, count, first_on):
    share = principal_minor // count
    return [
        {
            "loan_ref": ref,
            "instalment_no": number,
            "due_on": first_on + timedelta(days=14 * (number - 1)),
            "principal_minor": share if number < count else principal_minor - share * (count - 1),
            "interest_minor": 300,
            "fee_minor": 0,
        }
        for number in range(1, count + 1)
    ]


def payment(ref, on, amount_minor, *, key=None, **more):
    return {
        "loan_ref": ref,
        "effective_on": on,
        "amount_minor": amount_minor,
        "key": key or f"paid:{ref}:{on}:{amount_minor}",
    } | more


def random_tape(seed, *, loan_count=30, months=6, prefix="L"):
    """Give a tape of several products with payments of every temper, and a few rarer events."""
    chance = random.Random(seed)
    loans, dues, payments, events = [], [], [], []
    for number in range(loan_count):
        ref = f"{prefix}{number:04d}"
        on = START + timedelta(days=chance.randrange(20))
        is_free = chance.random() < 0.4
        agreed = {"penalty_multiple": "1.5"} if chance.random() < 0.5 else {}
        if is_free:
            agreed = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}
            first_on = on + timedelta(days=chance.randrange(5, 30))
            dues += free_dues(ref, principal_minor=120_000, count=6, first_on=first_on)
        elif chance.random() < 0.3:
            agreed["surplus"] = chance.choice(["next_instalment", "last_instalment", "spread"])
        loans.append(loan(ref, disbursed_on=on, **agreed))
        temper = chance.random()
        for month in range(months):
            if chance.random() < temper:
                paid_on = on + timedelta(days=30 * (month + 1) + chance.randrange(-3, 9))
                known = paid_on + timedelta(days=chance.choice([0, 0, 1, 3]))
                payments.append(
                    payment(
                        ref,
                        paid_on,
                        chance.choice([11_002, 5_000, 23_000]),
                        key=f"paid:{ref}:{month}",
                        known_at=datetime(known.year, known.month, known.day, 9, tzinfo=UTC),
                    )
                )
        events += _rarer(chance, ref, on, payments)
    return tape(loans=loans, dues=dues, payments=payments, events=events)


def _rarer(chance, ref, on, payments):
    later = on + timedelta(days=chance.randrange(40, 150))
    draw = chance.random()
    if draw < 0.06 and payments and payments[-1]["loan_ref"] == ref:
        paid = payments[-1]
        return [
            {
                "loan_ref": ref,
                "kind": "payment_reversed",
                "effective_on": paid["effective_on"] + 5 * DAY,
                "target_key": paid["key"],
                "key": f"reversed:{ref}",
            }
        ]
    if draw < 0.12:
        return [
            {
                "loan_ref": ref,
                "kind": "charge_added",
                "effective_on": later,
                "amount_minor": 2_500,
                "component": "fee",
                "due_on": later,
                "key": f"charged:{ref}",
            }
        ]
    if draw < 0.16:
        return [
            {"loan_ref": ref, "kind": "written_off", "effective_on": later, "key": f"off:{ref}"}
        ]
    return []
