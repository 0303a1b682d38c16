"""Turn the facts of many persons, as the guard reads them one by one, into columns for planning.

Shape   A pair of request and facts per person in, ``planning_columns.People`` out; a person is
        named by her request's ``recipient_key``, so each comes once.
Errors  None: all are of one jurisdiction and one business date, as the caller has grouped them.
Twin    ``planning.decide_many`` over what comes out says what ``guard.decide`` says of each.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import polars as pl

from daihou.collect.facts import Facts
from daihou.collect.planning_columns import COLUMNS, People
from daihou.collect.requests import Request

_OF_A_PERSON = ("stop_orders", "agreements", "bases", "inconvenient", "complaints")


def people_of(known: Sequence[tuple[Request, Facts]]) -> People:
    """Write facts as columns; an attempt that concerns several persons stands once."""
    first = known[0][1]
    tried = dict.fromkeys(each for _, facts in known for each in facts.attempts)
    owned = {
        name: [
            (request.recipient_key, each) for request, facts in known for each in _get(facts, name)
        ]
        for name in (*_OF_A_PERSON, "debts")
    }
    return People(
        jurisdiction=first.jurisdiction,
        business_date=first.business_date,
        attempts_from=min(facts.attempts_from for _, facts in known),
        persons=_frame(
            "persons",
            [
                {
                    **_row("persons", facts),
                    "person_key": request.recipient_key,
                    "address_key": request.address_key,
                    "time_zones": ",".join(facts.time_zones),
                }
                for request, facts in known
            ],
        ),
        debts=_frame(
            "debts",
            [
                {**_row("debts", debt), "person_key": key, "debt_key": debt.key}
                for key, debt in owned["debts"]
            ],
        ),
        attempts=_frame("attempts", [_row("attempts", each) for each in tried]),
        **{
            name: _frame(
                name,
                [
                    row
                    for key, each in owned[name]
                    for row in _spread(name, {**_row(name, each), "person_key": key}, each)
                ],
            )
            for name in _OF_A_PERSON
        },
    )


def _get(facts: Facts, name: str) -> Iterable[Any]:
    found: Iterable[Any] = getattr(facts, name)
    return found


def _frame(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict(COLUMNS[name]), orient="row")


def _row(name: str, value: object) -> dict[str, Any]:
    """Write a value by the names of the columns."""
    return {
        column: _plain(getattr(value, column)) for column in COLUMNS[name] if hasattr(value, column)
    }


def _spread(name: str, row: dict[str, Any], value: object) -> Iterable[dict[str, Any]]:
    """Make a row for each channel and debt a value is about; without any, one for every one."""
    channels = sorted(getattr(value, "channels", ())) if "channel" in COLUMNS[name] else ()
    debts = sorted(getattr(value, "debt_keys", ())) if "debt_key" in COLUMNS[name] else ()
    for channel in channels or ("",):
        for debt in debts or ("",):
            extra = {"channel": str(channel), "debt_key": debt}
            yield row | {key: each for key, each in extra.items() if key in COLUMNS[name]}


def _plain(value: object) -> object:
    if isinstance(value, StrEnum):
        return value.value
    return sorted(value) if isinstance(value, frozenset | tuple) else value
