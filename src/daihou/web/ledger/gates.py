"""What must hold before a run publishes. A gate that fails halts the run; it says why.

Units   Counts of loans and events, ``*_minor`` in minor units, shares as parts per 10,000.
Errors  ``GateFailed`` with ``gate.loans``, ``gate.events``, ``gate.money``, ``gate.jump``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from daihou.errors import DaihouError
from daihou.web.ledger.extract import Taken

JUMP_DAYS_MOST = 31  # A longer catch-up moves shares by itself.
JUMP_LOANS_LEAST = 100  # Fewer loans jump by chance.
PER_TEN_THOUSAND = 10_000
SUMMED = (
    "loans",
    "active",
    "overdue",
    "principal_minor",
    "overdue_principal_minor",
    "loans_expected",
    "events",
    "events_minor",
    "changed",
    "delinquency_events",
)


class GateFailed(DaihouError):
    """The run is halted; it can be resumed, or this gate overridden with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far the share of overdue loans may move between two versions."""

    jump: Decimal
    days: int | None  # Between the versions; None for a first one.
    before: Mapping[str, Any] | None  # Totals of the version before.


def totals_of(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add up what the shards counted."""
    found = list(counts)
    return {name: sum(count.get(name, 0) for count in found) for name in SUMMED}


def check_counts(*, totals: Mapping[str, int], counted: Taken) -> None:
    """Compare what the shards took in with what the ledger holds, counted in one go.

    :raises GateFailed: ``gate.loans``, ``gate.events``, ``gate.money``.
    """
    if totals["loans"] != totals["loans_expected"]:
        raise GateFailed("gate.loans", ours=totals["loans"], expected=totals["loans_expected"])
    if totals["events"] != counted.events:
        raise GateFailed("gate.events", ours=totals["events"], expected=counted.events)
    if totals["events_minor"] != counted.events_minor:
        raise GateFailed("gate.money", ours=totals["events_minor"], expected=counted.events_minor)


def check_jump(*, totals: Mapping[str, int], band: Band) -> None:
    """Compare the share of overdue loans with that of the version before.

    :raises GateFailed: ``gate.jump``.
    """
    if band.before is None or band.days is None or band.days > JUMP_DAYS_MOST:
        return
    if min(totals["active"], int(band.before["active"])) < JUMP_LOANS_LEAST:
        return
    before, after = (_share(counts) for counts in (band.before, totals))
    if abs(after - before) > band.jump * PER_TEN_THOUSAND:
        raise GateFailed("gate.jump", before=before, after=after, band=str(band.jump))


def _share(counts: Mapping[str, Any]) -> int:
    return int(counts["overdue"]) * PER_TEN_THOUSAND // int(counts["active"])
