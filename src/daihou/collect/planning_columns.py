"""What planning takes: the facts of many persons, one frame for each kind of fact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

INSTANT = pl.Datetime("us", "UTC")
COLUMNS: Final[Mapping[str, Mapping[str, pl.DataType | type[pl.DataType]]]] = {
    "persons": {
        "person_key": pl.String,
        "address_key": pl.String,
        "time_zones": pl.String,  # Names with commas between them; empty: not known.
        "figures_as_of": pl.Date,
        "first_contact_on": pl.Date,
        "has_new_debt": pl.Boolean,
        "validation_notice_on": pl.Date,
        "address_is_wrong": pl.Boolean,
        "address_may_be_used": pl.Boolean,
        "agents_told": pl.List(pl.String),
    },
    "debts": {
        "person_key": pl.String,
        "debt_key": pl.String,
        "due_minor": pl.Int64,
        "overdue_minor": pl.Int64,
        "limitation": pl.String,
        "product_class": pl.String,
        "is_transferred": pl.Boolean,
        "transfer_notice_arrived_on": pl.Date,
        "placed_with": pl.List(pl.String),
    },
    "attempts": {
        "at": INSTANT,
        "channel": pl.String,
        "purpose": pl.String,
        "recipient": pl.String,
        "recipient_key": pl.String,
        "address_key": pl.String,
        "debt_keys": pl.List(pl.String),
        "outcome": pl.String,
        "is_inbound": pl.Boolean,
    },
    # Below, one row per channel and debt; an empty one means every one.
    "stop_orders": {
        "person_key": pl.String,
        "kind": pl.String,
        "from_at": INSTANT,
        "until_at": INSTANT,
        "channel": pl.String,
        "debt_key": pl.String,
        "address_key": pl.String,
        "recipient_key": pl.String,
    },
    "agreements": {
        "person_key": pl.String,
        "kind": pl.String,
        "from_at": INSTANT,
        "until_at": INSTANT,
        "channel": pl.String,
    },
    "bases": {
        "person_key": pl.String,
        "kind": pl.String,
        "recipient": pl.String,
        "from_at": INSTANT,
        "until_at": INSTANT,
        "channel": pl.String,
    },
    "inconvenient": {
        "person_key": pl.String,
        "from_minute": pl.Int64,
        "until_minute": pl.Int64,
        "weekdays": pl.List(pl.Int64),
        "channel": pl.String,
    },
    "complaints": {"person_key": pl.String, "at": INSTANT, "is_right": pl.Boolean},
}


class PlanningRefused(ValueError):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Facts of many persons of one jurisdiction; ``attempts`` go back to ``attempts_from``."""

    jurisdiction: str
    business_date: date
    attempts_from: date
    persons: pl.DataFrame
    debts: pl.DataFrame
    attempts: pl.DataFrame
    stop_orders: pl.DataFrame
    agreements: pl.DataFrame
    bases: pl.DataFrame
    inconvenient: pl.DataFrame
    complaints: pl.DataFrame
