"""What can happen to a loan, as an append-only list of facts.

Units   ``amount_minor`` is a positive ``int`` of minor units; the kind says which way it goes.
Shape   One ``Event`` per fact. ``effective_on`` is the business day it counts for, ``sequence`` its
        place in the ledger (commit order), ``recorded_at`` when it became known.
Errors  ``EventRefused`` with a stable code, raised by ``check_event``.
Source  design.md, "One idea".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daihou.core.terms import Component


class Kind(StrEnum):
    DISBURSED = "disbursed"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"  # ``target_key`` names the payment.
    CHARGE_ADDED = "charge_added"  # ``component`` fee or penalty, due on ``due_on``.
    CHARGE_WAIVED = "charge_waived"  # ``target_key`` names a charge, or ``component`` + instalment.
    PENALTY_STOPPED = "penalty_stopped"
    PENALTY_STARTED = "penalty_started"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"
    CLOSED = "closed"
    OPENED = "opened"  # Cut-over: balances brought from another system on ``effective_on``.
    STATED = "stated"  # Overlay: the core system's own figures for ``effective_on``.


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    kind: Kind
    effective_on: date
    recorded_at: datetime
    sequence: int
    key: str  # Idempotency key, unique within the book.
    source_ref: str = ""
    amount_minor: int = 0
    component: Component | None = None
    instalment_no: int | None = None
    due_on: date | None = None
    target_key: str | None = None
    figures: tuple[tuple[str, int], ...] = ()  # ``OPENED`` and ``STATED``: name and value.


PLAIN_KINDS = frozenset({Kind.DISBURSED, Kind.PAYMENT_RECEIVED})


def is_plain(events: Iterable[Event]) -> bool:
    """Tell whether the night's kernel may fold these events (one disbursement, payments only)."""
    kinds = [event.kind for event in events]
    return set(kinds) <= PLAIN_KINDS and kinds.count(Kind.DISBURSED) == 1
