"""Measure folding one loan with a thousand events anew: ``python -m benchmarks.refold``.

A loan of three years that is paid in small parts, charged, waived, and whose plan changes often.
``plain`` has no change of the plan; ``busy`` has one in every ``BUSY_EVERY`` events. The position
is that of the last day, with all its rows and parts.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice

from benchmarks import machine
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Event, Kind
from daihou.core.position import position
from daihou.core.terms import (
    Component,
    Contract,
    InterestBasis,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Surplus,
    Terms,
)

EVENTS, REPEATS, BUSY_EVERY = 1_000, 15, 20
START_ON = date(2024, 1, 31)
PRINCIPAL_MINOR = 50_000_000


def main() -> None:
    """Fold both histories several times and print one JSON document."""
    figures = {
        "plain_milliseconds": milliseconds(list(plain_history())),
        "busy_milliseconds": milliseconds(list(busy_history())),
    }
    print(json.dumps({"machine": machine.describe(), "events": EVENTS, **figures}, indent=1))


def milliseconds(events: list[Event]) -> dict[str, float]:
    """Give the median and the slowest of some folds."""
    assert len(events) == EVENTS
    as_of = max(event.effective_on for event in events)
    took = [
        timed(lambda: position(contract=agreed(), events=events, as_of=as_of))
        for _ in range(REPEATS)
    ]
    on_the_clock, of_processor = zip(*took, strict=True)
    return {
        "median": round(statistics.median(on_the_clock), 1),
        "slowest": round(max(on_the_clock), 1),
        "median_of_processor": round(statistics.median(of_processor), 1),
    }


def timed(fold: Callable[[], object]) -> tuple[float, float]:
    """Give the milliseconds a call takes, on the clock and of the processor."""
    begun, spent = time.perf_counter(), time.process_time()
    fold()
    return (time.perf_counter() - begun) * 1000, (time.process_time() - spent) * 1000


def agreed() -> Contract:
    """Give the contract of the loan."""
    yearly = Rate(value=Decimal("0.12"), per=RatePer.YEAR)
    terms = Terms(
        method=Method.EQUAL_INSTALMENT,
        rate=yearly,
        interest_basis=InterestBasis.PER_PERIOD,
        instalment_count=36,
        penalty=PenaltyTerms(multiple=Decimal("1.5")),
    )
    return Contract(
        loan_ref="L1",
        currency="CNY",
        minor_digits=2,
        principal_minor=PRINCIPAL_MINOR,
        start_on=START_ON,
        terms=terms,
    )


def plain_history() -> Iterator[Event]:
    """Give a disbursement and a thousand small payments, one a day."""
    yield told(0, Kind.DISBURSED, PRINCIPAL_MINOR)
    for number in range(1, EVENTS):
        yield told(number, Kind.PAYMENT_RECEIVED, 40_000)


def busy_history() -> Iterator[Event]:
    """Give the same with charges, waivers and changes of the plan between the payments."""
    changes = cycle(
        [
            (Kind.RATE_CHANGED, Change(rate=Rate(value=Decimal("0.11"), per=RatePer.YEAR))),
            (Kind.RE_AMORTIZED, Change(interest=InterestTreatment.SPREAD)),
            (Kind.DEFERRED, Change(instalment_count=1, interest=InterestTreatment.GOES_ON)),
            (Kind.PREPAID, Change(surplus=Surplus.LOWER)),
            (Kind.RATE_CHANGED, Change(rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR))),
        ]
    )
    for number, event in enumerate(islice(plain_history(), EVENTS)):
        if number % BUSY_EVERY == 1:
            kind, change = next(changes)
            amount_minor = 100_000 if kind is Kind.PREPAID else 0
            yield told(number, kind, amount_minor, change=change)
        elif number % BUSY_EVERY == 2:
            due_on = event.effective_on
            yield told(number, Kind.CHARGE_ADDED, 500, component=Component.FEE, due_on=due_on)
        elif number % BUSY_EVERY == 3:
            yield told(number, Kind.CHARGE_WAIVED, 200, target_key=f"e{number - 1}")
        else:
            yield event


def told(
    number: int,
    kind: Kind,
    amount_minor: int,
    *,
    change: Change | None = None,
    component: Component | None = None,
    due_on: date | None = None,
    target_key: str | None = None,
) -> Event:
    """Give the event of one day."""
    on = START_ON + timedelta(days=number)
    return Event(
        kind=kind,
        effective_on=on,
        recorded_at=datetime(on.year, on.month, on.day, 12, tzinfo=UTC),
        sequence=number + 1,
        key=f"e{number}",
        amount_minor=amount_minor,
        component=component,
        due_on=due_on,
        target_key=target_key,
        change=change,
    )


if __name__ == "__main__":
    main()
