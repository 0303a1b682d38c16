"""Loans the kernel does not know: folded by ``core``, brought into the same rows.

Units   See ``columns``; amounts due are net of what was waived.
Shape   One loan is decoded, folded and let go before the next: what lives on are its rows.
Errors  What ``core`` refuses passes through.
Source  design.md, "Two engines, one law".
"""

import gc
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from threading import Lock
from typing import Any, TypeAlias

import polars as pl

from daihou.core import codec
from daihou.core.ageing import BUCKETS, bucket_of, first_day_of
from daihou.core.course import Standing, Turn, follow, standings
from daihou.core.events import Event
from daihou.core.position import Position, Status, position
from daihou.core.terms import Component, Contract
from daihou.engine import columns as c

DAY = timedelta(days=1)
BOUNDARIES = tuple(first_day_of(bucket) for bucket in BUCKETS[1:])
Row: TypeAlias = tuple[Any, ...]
Decoded: TypeAlias = tuple[Contract, tuple[Event, ...]]
AGEING = (Component.PRINCIPAL, Component.INTEREST, Component.FEE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """One loan of the ``others`` table, decoded."""

    loan_id: int
    contract: Contract
    events: tuple[Event, ...]

    def at(self, day: date, *, with_rows: bool = True) -> Position:
        return position(contract=self.contract, events=self.events, as_of=day, with_rows=with_rows)

    def course(self, days: Sequence[date]) -> Iterable[Standing]:
        return standings(contract=self.contract, events=self.events, days=days)

    def follow(self, from_on: date, to_on: date) -> tuple[tuple[Turn, ...], Position]:
        return follow(contract=self.contract, events=self.events, after=from_on, through=to_on)


def decode(rows: pl.DataFrame) -> Iterator[Other]:
    """Decode rows of ``OTHERS``, one at a time; the last ones decoded are remembered."""
    for loan_id, contract_text, events_text in rows.iter_rows():
        digest = _digest((contract_text, events_text))
        found = _REMEMBERED.find(digest)
        if found is None:
            contract = codec.decode_text(Contract, contract_text)
            found = contract, codec.decode_text(tuple[Event, ...], events_text)
            _REMEMBERED.keep(digest, found, len(contract_text) + len(events_text))
        yield Other(loan_id=loan_id, contract=found[0], events=found[1])


def _digest(texts: tuple[str, str]) -> bytes:
    return sha256("\n".join(texts).encode()).digest()


class _Memory:
    """What texts decoded to, by their digest; the least used go when the texts grow too long."""

    def __init__(self, most_characters: int) -> None:
        self.most_characters, self.characters = most_characters, 0
        self.entries: OrderedDict[bytes, tuple[Decoded, int]] = OrderedDict()
        self.lock = Lock()  # Replay decodes on a thread per shard.

    def find(self, digest: bytes) -> Decoded | None:
        with self.lock:
            if digest not in self.entries:
                return None
            self.entries.move_to_end(digest)
            return self.entries[digest][0]

    def keep(self, digest: bytes, decoded: Decoded, characters: int) -> None:
        with self.lock:
            if digest in self.entries:
                return
            self.entries[digest] = (decoded, characters)
            self.characters += characters
            while self.characters > self.most_characters:
                self.characters -= self.entries.popitem(last=False)[1][1]


_REMEMBERED = _Memory(most_characters=100_000_000)


@contextmanager
def without_collector() -> Iterator[None]:
    """Let reference counts alone free memory: a fold makes many objects and no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def encode(*, loan_id: int, contract: Contract, events: Sequence[Event]) -> dict[str, Any]:
    """Return a row of ``OTHERS``; who decodes it in this process is given these very values."""
    texts = codec.canonical_text(contract), codec.canonical_text(tuple(events))
    _REMEMBERED.keep(_digest(texts), (contract, tuple(events)), sum(map(len, texts)))
    return {"loan_id": loan_id, "contract_json": texts[0], "events_json": texts[1]}


def first_unpaid_on(found: Position, tolerance_minor: int) -> date | None:
    """Return the due date of the first instalment that can age, future ones too."""
    for instalment in found.instalments:
        aged = sum(instalment.components[part].outstanding_minor for part in AGEING)
        if aged > tolerance_minor:
            return instalment.due_on
    return None


def loan_row(other: Other, found: Position) -> dict[str, Any]:
    """Return the engine's columns of ``LOANS``."""
    oldest_on = first_unpaid_on(found, other.contract.terms.tolerance_minor)
    return {
        "loan_id": other.loan_id,
        "folded_on": found.as_of,
        "next_change_on": _next_change_on(other, found, oldest_on),
        "oldest_unpaid_due_on": oldest_on,
        "last_paid_on": max((flow.effective_on for flow in found.applied), default=None),
        "closed_on": found.closed_on,
        "written_off_on": found.written_off_on if found.status is Status.WRITTEN_OFF else None,
        "stated_on": None,
        "unapplied_minor": found.unapplied_minor,
        "principal_outstanding_minor": found.principal_outstanding_minor,
    }


def _next_change_on(other: Other, found: Position, oldest_on: date | None) -> date | None:
    day = found.as_of
    days = [event.effective_on for event in other.events if event.effective_on > day]
    if found.closed_on is None:
        dues = [instalment.due_on for instalment in found.instalments]
        if found.unapplied_minor:
            days += [due for due in dues if due > day]
        if oldest_on is not None:
            days += [due + DAY for due in dues if due >= day]
            days += [oldest_on + n * DAY for n in BOUNDARIES if oldest_on + n * DAY > day]
    return min(days, default=None)


def due_rows(other: Other, found: Position) -> Iterator[Row]:
    """Return rows of ``DUES``, in the order of its columns."""
    for instalment in found.instalments:
        owed = [instalment.components[part] for part in Component]
        principal, interest, fee, penalty, compound = (o.due_minor - o.waived_minor for o in owed)
        yield (
            other.loan_id,
            instalment.instalment_no,
            instalment.start_on,
            instalment.due_on,
            principal,
            interest,
            fee,
            penalty,
            compound,
            0,  # What is carried of penalty and compound interest
            0,  # is the fold's own.
            found.as_of,
            *(o.paid_minor for o in owed),
            instalment.paid_on,
        )


def position_row(other: Other, found: Position) -> dict[str, Any]:
    """Return the columns of ``POSITIONS`` that the fold gives."""
    overdue = {f"overdue_{part.value}_minor": found.overdue_minor[part] for part in Component}
    return {
        "loan_id": other.loan_id,
        "currency": found.currency,
        "as_of": found.as_of,
        "status": found.status.value,
        "bucket": found.bucket.value,
        "days_past_due": found.days_past_due,
        "oldest_unpaid_due_on": found.oldest_unpaid_due_on,
        "overdue_minor": sum(overdue.values()),
        **overdue,
        "principal_outstanding_minor": found.principal_outstanding_minor,
        "unapplied_minor": found.unapplied_minor,
        "accrued_interest_minor": found.accrued_interest_minor,
        "next_due_on": found.next_due_on,
        "next_due_minor": found.next_due_minor,
        "disbursed_on": found.disbursed_on,
        "disbursed_minor": found.disbursed_minor,
        "closed_on": found.closed_on,
        "stated_on": None,
        "is_stale": False,
    }


def history_rows(other: Other, days: Sequence[date]) -> Iterator[Row]:
    """Return rows of ``HISTORY``, in the order of its columns; the days must not go back."""
    for found in other.course(days):
        if found.status is not Status.PENDING:
            yield (
                found.as_of,
                other.loan_id,
                found.status.value,
                found.bucket.value,
                found.days_past_due,
                found.principal_outstanding_minor,
                found.overdue_minor,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the book said of a loan at the start of the window."""

    oldest_unpaid_due_on: date | None = None
    closed_on: date | None = None


def events_of(
    other: Other, known: Known, from_on: date, to_on: date
) -> tuple[list[dict[str, Any]], Position]:
    """Raise the events of the days after ``from_on`` through ``to_on``, as the kernel's ``watch``.

    The position is that of the last day, from the same fold.
    """
    turns, end = other.follow(from_on, to_on)
    before = _bucket_no(known.oldest_unpaid_due_on, from_on)
    raised: list[dict[str, Any]] = []
    lasts = [*(turn.as_of - DAY for turn in turns[1:]), to_on]
    for found, last in zip(turns, lasts, strict=True):
        if found.is_begun:
            raised += _events_of_span(other.loan_id, found, last, before)
            before = _bucket_no(found.first_unpaid_due_on, last)
    if end.closed_on is not None and known.closed_on is None:
        on = max(end.closed_on, from_on + DAY)
        raised.append(_event(other.loan_id, on, "closed", (0, 0), None))
    return raised, end


def _bucket_no(oldest_on: date | None, day: date) -> int:
    days = 0 if oldest_on is None else max(0, (day - oldest_on).days)
    return BUCKETS.index(bucket_of(days))


def _events_of_span(loan_id: int, found: Turn, last: date, before: int) -> list[dict[str, Any]]:
    first, oldest_on = found.as_of, found.first_unpaid_due_on
    raised: list[dict[str, Any]] = []
    days = {first}
    if oldest_on is not None:
        days |= {oldest_on + n * DAY for n in BOUNDARIES if first <= oldest_on + n * DAY <= last}
    for day in sorted(days):
        now = _bucket_no(oldest_on, day)
        if now != before:
            kind = "entered_bucket" if before == 0 else "cured" if now == 0 else "rolled"
            raised.append(_event(loan_id, day, kind, (before, now), oldest_on))
        before = now
    if oldest_on is None or found.first_due_on is None or found.last_due_on is None:
        return raised
    missed, matured = found.first_due_on + DAY, found.last_due_on + DAY
    if first <= missed <= last and oldest_on == found.first_due_on:
        raised.append(_event(loan_id, missed, "first_payment_missed", (0, 1), oldest_on))
    if first <= matured <= last:
        bucket = _bucket_no(oldest_on, matured)
        raised.append(_event(loan_id, matured, "matured_unpaid", (bucket, bucket), oldest_on))
    return raised


def _event(
    loan_id: int, on: date, kind: str, buckets: tuple[int, int], oldest_on: date | None
) -> dict[str, Any]:
    return {
        "business_date": on,
        "loan_id": loan_id,
        "kind": kind,
        "from_bucket": buckets[0],
        "to_bucket": buckets[1],
        "oldest_unpaid_due_on": oldest_on,
    }


def frame(rows: Iterable[dict[str, Any]], names: Sequence[str], table: c.Table) -> pl.DataFrame:
    """Build a frame with these columns of a table."""
    schema = {name: table.schema[name] for name in names}
    return pl.DataFrame([{name: row[name] for name in names} for row in rows], schema=schema)


def whole_frame(rows: Iterable[Row], table: c.Table) -> pl.DataFrame:
    """Build a frame from rows in the order of the table's columns."""
    columns = list(zip(*rows, strict=True)) or [()] * len(table.columns)
    return pl.DataFrame(
        [
            pl.Series(column.name, values, dtype=column.dtype)
            for column, values in zip(table.columns, columns, strict=True)
        ]
    )
