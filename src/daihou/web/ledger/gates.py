"""What must hold before a run publishes. A gate that fails halts the run; it says why.

Units   Counts of loans and events, ``*_minor`` in minor units, shares as parts per 10,000.
Errors  ``GateFailed`` with ``gate.loans``, ``gate.events``, ``gate.money``, ``gate.jump``,
        ``gate.overdue_principal``, ``gate.principal``.
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
    "own_before_minor",
    "own_after_minor",
    "paid_out_minor",
    "paid_in_minor",
)


class GateFailed(DaihouError):
    """The run is halted; it can be resumed, or this gate overridden with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far shares and sums may move between two versions."""

    jump: Decimal
    days: int | None  # Between the versions; None for a first one.
    before: Mapping[str, Any] | None  # Totals of the version before.

    def is_open_to(self, totals: Mapping[str, int]) -> bool:
        """Tell whether there is too little, or too long a time, to compare."""
        if self.before is None or self.days is None or self.days > JUMP_DAYS_MOST:
            return True
        return min(totals["active"], int(self.before["active"])) < JUMP_LOANS_LEAST


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
    if band.is_open_to(totals):
        return
    assert band.before is not None
    before, after = (_share(counts, "overdue", "active") for counts in (band.before, totals))
    if abs(after - before) > band.jump * PER_TEN_THOUSAND:
        raise GateFailed("gate.jump", before=before, after=after, band=str(band.jump))


def check_overdue_principal(*, totals: Mapping[str, int], band: Band) -> None:
    """Compare the overdue loans' share of all principal with that of the version before.

    :raises GateFailed: ``gate.overdue_principal``.
    """
    if band.is_open_to(totals):
        return
    assert band.before is not None
    names = ("overdue_principal_minor", "principal_minor")
    before, after = (_share(counts, *names) for counts in (band.before, totals))
    if abs(after - before) > band.jump * PER_TEN_THOUSAND:
        code = "gate.overdue_principal"
        raise GateFailed(code, before=before, after=after, band=str(band.jump))


def check_principal(*, totals: Mapping[str, int], band: Band) -> None:
    """Hold the principal outstanding to what was paid out and in since the version before.

    It may rise by what was paid out and fall by what was paid in; the band, a share of the sum, is
    for what else moves it (reversals, restructures). Loans another system states are left out.

    :raises GateFailed: ``gate.principal``.
    """
    if band.is_open_to(totals):
        return
    highest = totals["own_before_minor"] + totals["paid_out_minor"]
    slack = int(band.jump * highest)
    least, most = highest - totals["paid_in_minor"] - slack, highest + slack
    ours = totals["own_after_minor"]
    if not least <= ours <= most:
        raise GateFailed("gate.principal", ours=ours, least=least, most=most, band=str(band.jump))


def _share(counts: Mapping[str, Any], part: str, whole: str) -> int:
    return int(counts[part]) * PER_TEN_THOUSAND // max(1, int(counts[whole]))
