"""Time the planning of a day's calls: the guard over columns, for a million persons by default.

    python -m benchmarks.planning [--persons 1000000] [--jurisdiction CN]

Prints JSON with the machine. The crowd is drawn from a seed; 200 persons of it are decided one by
one as well, to show that both say the same, and how long one decision takes.
"""

import argparse
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import cpu_seconds, describe, peak_rss_gb
from daihou.collect.facts import (
    Attempt,
    Basis,
    BasisKind,
    Debt,
    Facts,
    Limitation,
    StopKind,
    StopOrder,
)
from daihou.collect.guard import decide
from daihou.collect.packs import rules_of
from daihou.collect.planning import plan_day
from daihou.collect.planning_columns import COLUMNS, INSTANT, People
from daihou.collect.requests import (
    Actor,
    Channel,
    Content,
    Outcome,
    Purpose,
    Recipient,
    Request,
)

ON = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ZONES = {
    "CN": ["Asia/Shanghai", "Asia/Urumqi"],
    "US": ["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"],
    "IN": ["Asia/Kolkata"],
}
CALL = Request(
    at=NOW,
    channel=Channel.VOICE,
    purpose=Purpose.COLLECTION,
    recipient=Recipient.DEBTOR,
    recipient_key="-",
    address_key="-",
    debt_keys=("-",),
    says=Content(
        template_key="call",
        version=1,
        text_digest=None,
        names_institution=True,
        names_creditor=True,
        names_purpose=True,
    ),
    actor=Actor(
        user_id="1",
        certified_through=date(2027, 1, 1),
        has_clean_record=True,
        signed_confidentiality=True,
    ),
    is_recorded=True,
)

STOP = StopOrder(order_id="s", kind=StopKind.DISPUTE, from_at=LONG_AGO)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--jurisdiction", default="CN", choices=sorted(ZONES))
    given = parser.parse_args()
    rules = rules_of(jurisdiction=given.jurisdiction)
    assert rules is not None
    people = crowd(given.persons, given.jurisdiction)
    machine = describe()
    began, worked = perf_counter(), cpu_seconds()
    planned = plan_day(on=ON, asked=CALL, people=people, rules=rules)
    seconds, used = perf_counter() - began, cpu_seconds() - worked
    same, single = one_by_one(people, planned, rules)
    reasons = planned["refused_by"].explode().drop_nulls().value_counts(sort=True)
    figures = {
        "benchmark": "planning",
        "persons": given.persons,
        "attempts": people.attempts.height,
        "jurisdiction": given.jurisdiction,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(used, 2),
        "persons_per_second": round(given.persons / seconds),
        "allowed": int(planned["is_allowed"].sum()),
        "refused_by": dict(reasons.iter_rows()),
        "compared_one_by_one": same,
        "single_decision_ms": round(single * 1000, 3),
        "peak_rss_gb": peak_rss_gb(),
        "machine": machine,
    }
    print(json.dumps(figures, indent=1))


def crowd(count: int, jurisdiction: str) -> People:
    """Draw persons with a debt each, a fortnight of attempts, and a few orders."""
    drawn = np.random.default_rng(7)
    keys = pl.Series([f"p{number}" for number in range(count)])
    debts = pl.Series([f"d{number}" for number in range(count)])
    numbers = pl.Series([f"n{number}" for number in range(count)])
    tried = count * 3
    whom = drawn.integers(0, count, tried)
    minutes = drawn.integers(60, 14 * 24 * 60, tried)
    return People(
        jurisdiction=jurisdiction,
        business_date=ON,
        attempts_from=date(2025, 1, 1),
        persons=typed(
            "persons",
            person_key=keys,
            address_key=numbers,
            time_zones=pl.Series(ZONES[jurisdiction])[
                drawn.integers(0, len(ZONES[jurisdiction]), count)
            ],
            figures_as_of=pl.repeat(ON, count, eager=True),
            first_contact_on=pl.repeat(date(2026, 1, 1), count, eager=True),
            has_new_debt=pl.repeat(value=False, n=count, eager=True),
            validation_notice_on=pl.repeat(date(2026, 1, 2), count, eager=True),
            address_is_wrong=pl.Series(drawn.random(count) < 0.05),
            address_may_be_used=pl.Series(drawn.random(count) < 0.98),
            agents_told=pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, count),
        ),
        debts=typed(
            "debts",
            person_key=keys,
            debt_key=debts,
            due_minor=pl.Series(drawn.integers(0, 100_000, count)),
            overdue_minor=pl.Series(drawn.integers(0, 100_000, count)),
            limitation=pl.Series(["running", "expired"])[(drawn.random(count) < 0.01).astype(int)],
            product_class=pl.repeat("consumer", count, eager=True),
            is_transferred=pl.repeat(value=False, n=count, eager=True),
            transfer_notice_arrived_on=pl.repeat(None, count, dtype=pl.Date, eager=True),
            placed_with=pl.Series([[]], dtype=pl.List(pl.String)).new_from_index(0, count),
        ),
        attempts=typed(
            "attempts",
            at=pl.Series(int(NOW.timestamp()) * 1_000_000 - minutes * 60_000_000).cast(INSTANT),
            channel=pl.Series(["voice", "robot", "sms"])[drawn.integers(0, 3, tried)],
            purpose=pl.repeat("collection", tried, eager=True),
            recipient=pl.repeat("debtor", tried, eager=True),
            recipient_key=keys[whom],
            address_key=numbers[whom],
            debt_keys=debts[whom].reshape((-1, 1)).arr.to_list(),
            outcome=pl.Series(["effective", "unanswered", "busy", "unknown"])[
                drawn.choice(4, tried, p=[0.3, 0.5, 0.15, 0.05])
            ],
            is_inbound=pl.repeat(value=False, n=tried, eager=True),
        ),
        stop_orders=stops(keys, drawn.random(count) < 0.05),
        agreements=typed("agreements"),
        bases=typed(
            "bases",
            person_key=keys,
            kind=pl.repeat("contract", count, eager=True),
            recipient=pl.repeat("debtor", count, eager=True),
            from_at=pl.repeat(LONG_AGO, count, eager=True),
            until_at=pl.repeat(None, count, dtype=INSTANT, eager=True),
            channel=pl.repeat("", count, eager=True),
        ),
        inconvenient=typed("inconvenient"),
        complaints=typed("complaints"),
    )


def stops(keys: pl.Series, is_stopped: Any) -> pl.DataFrame:
    hers = keys.filter(pl.Series(is_stopped))
    count = len(hers)
    return typed(
        "stop_orders",
        person_key=hers,
        kind=pl.repeat("dispute", count, eager=True),
        from_at=pl.repeat(LONG_AGO, count, eager=True),
        until_at=pl.repeat(None, count, dtype=INSTANT, eager=True),
        channel=pl.repeat("", count, eager=True),
        debt_key=pl.repeat("", count, eager=True),
        address_key=pl.repeat("", count, eager=True),
        recipient_key=pl.repeat("", count, eager=True),
    )


def typed(name: str, **columns: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame(columns) if columns else pl.DataFrame(schema=COLUMNS[name])
    return frame.cast(dict(COLUMNS[name]))


def one_by_one(people: People, planned: pl.DataFrame, rules: Any) -> tuple[int, float]:
    """Decide 200 of them singly; return how many said the same, and seconds for each."""
    some = planned.with_row_index("place").sample(200, seed=7)
    same, spent = 0, 0.0
    for row in some.to_dicts():
        request, facts = single(people, row)
        began = perf_counter()
        found = decide(request=request, facts=facts, rules=rules)
        spent += perf_counter() - began
        same += [each.rule_id for each in found.refusals] == row["refused_by"]
    assert same == some.height
    return same, spent / some.height


def single(people: People, row: dict[str, Any]) -> tuple[Request, Facts]:
    key, place = row["person_key"], row["place"]
    person = people.persons.row(place, named=True)
    debt = people.debts.row(place, named=True)
    tried = people.attempts.filter(pl.col("recipient_key") == key).to_dicts()
    held = people.stop_orders.filter(pl.col("person_key") == key).height
    facts = Facts(
        jurisdiction=people.jurisdiction,
        time_zones=tuple(person["time_zones"].split(",")),
        time_zone_source="",
        business_date=people.business_date,
        figures_as_of=person["figures_as_of"],
        debts=(
            Debt(
                key=debt["debt_key"],
                due_minor=debt["due_minor"],
                overdue_minor=debt["overdue_minor"],
                days_past_due=0,
                limitation=Limitation(debt["limitation"]),
                product_class=debt["product_class"],
            ),
        ),
        bases=(Basis(kind=BasisKind.CONTRACT, recipient=Recipient.DEBTOR, from_at=LONG_AGO),),
        attempts=tuple(attempt(each) for each in tried),
        attempts_from=people.attempts_from,
        stop_orders=(STOP,) * held,
        address_is_wrong=person["address_is_wrong"],
        address_may_be_used=person["address_may_be_used"],
        first_contact_on=person["first_contact_on"],
        validation_notice_on=person["validation_notice_on"],
    )
    request = replace(
        CALL,
        at=row["at"],
        recipient_key=key,
        address_key=person["address_key"],
        debt_keys=(debt["debt_key"],),
    )
    return request, facts


def attempt(row: dict[str, Any]) -> Attempt:
    return Attempt(
        at=row["at"],
        channel=Channel(row["channel"]),
        purpose=Purpose(row["purpose"]),
        recipient=Recipient(row["recipient"]),
        recipient_key=row["recipient_key"],
        address_key=row["address_key"],
        debt_keys=tuple(row["debt_keys"]),
        outcome=Outcome(row["outcome"]),
    )


if __name__ == "__main__":
    main()
