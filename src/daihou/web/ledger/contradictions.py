"""Refuse a tape's events that mean nothing, or contradict what the loan has seen.

A night folds every event it finds: what ``core`` refuses must be an error row before it is stored.

Shape   ``rows`` are facts with ``loan_id``; each function gives the rows to keep and the errors.
Errors  Rows of ``canonical.Errors``: the codes of ``core.events.check_event`` and
        ``check_events``, beside the column at fault.
"""

from typing import Any

import polars as pl
from psycopg import Connection

from daihou.core.changes import Change
from daihou.core.codec import decode_text
from daihou.core.events import (
    MONEY_IN_KINDS,
    PAYMENT_TARGET_KINDS,
    UNDOABLE_KINDS,
    Event,
    EventRefused,
    Kind,
    check_event,
)
from daihou.core.terms import MOST_MINOR, Component
from daihou.web.ledger.contracts_in import ERROR_COLUMNS
from daihou.web.ledger.models import Book

COLUMNS = {
    "event.amount_not_positive": "amount_minor",
    "event.amount_not_wanted": "amount_minor",
    "event.component_missing": "component",
    "event.component_wrong": "component",
    "event.due_on_missing": "due_on",
    "event.target_missing": "target_key",
}
TAKEN_BACK_TWICE = {
    Kind.PAYMENT_REVERSED.value: "event.reversed_twice",
    Kind.UNDONE.value: "undo.twice",
}
SUSPECT_MINOR = MOST_MINOR // 2**10  # Smaller sums of a tape never bring a loan near 64 bits.
Kept = tuple[pl.DataFrame, pl.DataFrame]


def without_senseless(rows: pl.DataFrame) -> Kept:
    """Refuse events that can mean nothing, whatever the loan. Other frames were checked as read."""
    given = rows.filter(pl.col("frame") == "events").iter_rows(named=True)
    codes = {row["row_no"]: _code(row) for row in given}
    found = [(number, _column_of(code), code) for number, code in codes.items() if code]
    return without(rows, found)


def without_contradicting(connection: Connection[Any], *, book: Book, rows: pl.DataFrame) -> Kept:
    """Refuse events about an event that is not there, is of another kind, or was reversed."""
    aimed = rows.filter(pl.col("target_key").is_not_null())
    if aimed.is_empty():
        return without(rows, [])
    keys = aimed["target_key"].unique().to_list()
    held = connection.execute(
        "SELECT loan_id, key, kind FROM ledger_event WHERE book_id = %s AND key = ANY(%s)",
        (book.pk, keys),
    ).fetchall()
    told = rows.join(aimed, left_on="key", right_on="target_key", how="semi")
    kinds = {
        (loan_id, key): kind
        for loan_id, key, kind in [*held, *told.select("loan_id", "key", "kind").iter_rows()]
    }
    undone = _reversed(connection, book=book, loan_ids=aimed["loan_id"].unique().to_list())
    found: list[tuple[int, str, str]] = []
    wanted = aimed.select("row_no", "loan_id", "kind", "target_key")
    for number, loan_id, kind, key in wanted.iter_rows():
        code = _contradiction(kind=kind, target=kinds.get((loan_id, key)))
        if code is None and kind in TAKEN_BACK_TWICE:
            code = TAKEN_BACK_TWICE[kind] if key in undone else None
            undone.add(key)
        if code is not None:
            found.append((number, "target_key", code))
    return without(rows, found)


def without_too_much(connection: Connection[Any], *, book: Book, rows: pl.DataFrame) -> Kept:
    """Refuse what would bring the events of a loan beyond 64 bits together, all of the tape's."""
    amount = pl.col("amount_minor").cast(pl.Int128)
    sums = rows.group_by("loan_id").agg(amount.sum()).filter(pl.col("amount_minor") > SUSPECT_MINOR)
    if sums.is_empty():
        return without(rows, [])
    held = connection.execute(
        "SELECT loan_id, sum(amount_minor) FROM ledger_event"
        " WHERE book_id = %s AND loan_id = ANY(%s) GROUP BY loan_id",
        (book.pk, sums["loan_id"].to_list()),
    ).fetchall()
    before = {loan_id: int(total) for loan_id, total in held}
    over = [loan for loan, new in sums.iter_rows() if before.get(loan, 0) + new > MOST_MINOR]
    numbers = rows.filter(pl.col("loan_id").is_in(over))["row_no"].to_list()
    return without(rows, [(number, "amount_minor", "amount.sum_too_large") for number in numbers])


def _column_of(code: str) -> str:
    return "change" if code.startswith("change.") else COLUMNS.get(code, "kind")


def event_of_row(row: dict[str, Any], *, sequence: int = 0) -> Event:
    """Read one fact as an event, but for what another system states."""
    component = row["component"]
    return Event(
        kind=Kind(row["kind"]),
        effective_on=row["effective_on"],
        recorded_at=row["recorded_at"],
        sequence=sequence,
        key=row["key"],
        amount_minor=row["amount_minor"],
        component=Component(component) if component else None,
        instalment_no=row["instalment_no"],
        due_on=row["due_on"],
        target_key=row["target_key"],
        channel=row["channel"] or "",
        change=decode_text(Change, row["change"]) if row["change"] else None,
    )


def _code(row: dict[str, Any]) -> str | None:
    try:
        check_event(event_of_row(row))
    except EventRefused as refused:
        return refused.code
    return None


def _contradiction(*, kind: str, target: str | None) -> str | None:
    if target is None:
        return "event.unknown_target"
    if kind in PAYMENT_TARGET_KINDS and target not in MONEY_IN_KINDS:
        return "event.target_not_payment"
    if kind == Kind.UNDONE and target not in UNDOABLE_KINDS:
        return "undo.impossible"
    if kind == Kind.CHARGE_WAIVED and target != Kind.CHARGE_ADDED:
        return "event.target_not_charge"
    return None


def _reversed(connection: Connection[Any], *, book: Book, loan_ids: list[int]) -> set[str]:
    """Find the events of these loans that the ledger holds a reversal or an undoing of."""
    held = connection.execute(
        "SELECT target_key FROM ledger_event"
        " WHERE book_id = %s AND loan_id = ANY(%s) AND kind = ANY(%s)",
        (book.pk, loan_ids, sorted(TAKEN_BACK_TWICE)),
    ).fetchall()
    return {key for (key,) in held}


def without(rows: pl.DataFrame, found: list[tuple[int, str, str]]) -> Kept:
    schema = {"row_no": pl.UInt32, "column": pl.String, "code": pl.String}
    faults = pl.DataFrame(found, schema=schema, orient="row")
    errors = rows.join(faults, on="row_no", how="inner", maintain_order="left")
    kept = rows.join(faults, on="row_no", how="anti", maintain_order="left")
    return kept, errors.select(ERROR_COLUMNS)
