"""Compare what a step expects with what we have, cell by cell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from daihou.conformance import arrears, journal, tables
from daihou.conformance.loan import PeerLoan
from daihou.conformance.refusals import REFUSALS
from daihou.core.position import Position

MISSING = "no such row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    table: str
    row: str
    column: str
    ours: object
    theirs: object


Check = Callable[[PeerLoan, Position, Mapping[str, Any]], list[Difference]]


def check(loan: PeerLoan, step: Mapping[str, Any]) -> list[Difference]:
    """Compare one expectation with the position of the business date."""
    return CHECKS[step["op"]](loan, loan.position(), step)


def _cells(
    table: str, row: str, ours: Mapping[str, object], theirs: Mapping[str, object]
) -> list[Difference]:
    return [
        Difference(table=table, row=row, column=name, ours=ours.get(name), theirs=value)
        for name, value in theirs.items()
        if ours.get(name) != value
    ]


def _schedule(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    ours = tables.schedule(loan, loan.planned())
    partial = loan.case.periods != ()
    if partial:  # A unit test: no disbursement rows, and only the columns it asserts.
        ours = tables.without_disbursements(ours)
    theirs = [_schedule_row(row, partial=partial) for row in step["rows"]]
    found = [
        Difference(table="schedule", row="all", column="periods", ours=count, theirs=expected)
        for count, expected in [
            (sum(row["nr"] is not None for row in ours), step["periods"]),
        ]
        if count != expected
    ]
    complete = step.get("rows_complete", True)
    ours, theirs = _in_one_order(ours), _in_one_order(theirs)
    for place, row in enumerate(theirs):
        name = f"{row['nr'] or 'disbursement'} {row['due_date']}"
        if place >= len(ours):
            found.append(_missing("schedule", name, row))
        else:
            found += _cells("schedule", name, ours[place], row)
    if complete:
        found += [_unexpected("schedule", str(row["due_date"]), row) for row in ours[len(theirs) :]]
    return found


def _in_one_order(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Put disbursement rows first: among instalments the peer places them one way or another."""
    paid_out = [row for row in rows if row["nr"] is None]
    paid_out.sort(key=lambda row: (str(row["due_date"]), str(row["balance"])))
    return paid_out + [row for row in rows if row["nr"] is not None]


def _schedule_row(cells: Sequence[Any], *, partial: bool) -> dict[str, object]:
    columns = tables.SCHEDULE_COLUMNS
    row = dict(zip(columns, cells, strict=False))
    if partial:
        del row["paid_date"]
        return row
    if row["nr"] is None:  # The tail of a disbursement row is empty or zero, table by table.
        return {name: row[name] for name in ("nr", "due_date", "balance", "fees", "due")}
    return {**dict.fromkeys(columns[:-1]), **row}


def _missing(table: str, name: str, row: Mapping[str, object]) -> Difference:
    return Difference(table=table, row=name, column="row", ours=MISSING, theirs=_text(row))


def _unexpected(table: str, name: str, row: Mapping[str, object]) -> Difference:
    return Difference(table=table, row=name, column="row", ours=_text(row), theirs=MISSING)


def _text(row: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in row.items() if value is not None)


def _totals(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    ours = tables.totals(loan, loan.planned())
    return _cells("totals", "total", ours, step["totals"])


def _transactions(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    theirs = [
        {
            name: cell
            for name, cell in zip(tables.TRANSACTION_COLUMNS, row, strict=False)
            if cell is not None
        }
        for row in step["rows"]
    ]
    theirs = [row for row in theirs if row["type"] != "Accrual"]  # Accrual is state, not rows.
    return _unordered(
        "transactions",
        tables.transactions(loan, now),
        theirs,
        ("date", "type", "amount"),
        complete=step["complete"],
    )


def _charges(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    keys = ("name", "due_date", "due")
    return _unordered("charges", tables.charges(loan, now), step["rows"], keys, complete=True)


def _unordered(
    table: str,
    ours: Sequence[Mapping[str, object]],
    theirs: Sequence[Mapping[str, object]],
    keys: Sequence[str],
    *,
    complete: bool,
) -> list[Difference]:
    """Match equal rows first, then rows of the same key; what stays alone is a difference."""
    left = list(ours)
    unmatched = []
    for row in theirs:
        same = next((each for each in left if not _cells(table, "", each, row)), None)
        if same is None:
            unmatched.append(row)
        else:
            left.remove(same)
    found = []
    for row in unmatched:
        name = " ".join(str(row.get(key)) for key in keys)
        near = next((each for each in left if all(each[key] == row.get(key) for key in keys)), None)
        if near is None:
            found.append(_missing(table, name, row))
        else:
            left.remove(near)
            found += _cells(table, name, near, row)
    if complete:
        found += [
            _unexpected(table, " ".join(str(row.get(key)) for key in keys), row) for row in left
        ]
    return found


def _given(step: Mapping[str, Any]) -> dict[str, object]:
    return {name: value for name, value in step.items() if name != "op"}


def _balance(_: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    return _cells("balance", "loan", tables.balance(now), _given(step))


def _status(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    return _cells("status", "loan", {"status": tables.status(loan, now)}, _given(step))


def _delinquency(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    return _cells("delinquency", "loan", arrears.delinquency(loan, now), _given(step))


def _loan_level(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    ours = [arrears.loan_delinquency(loan, now)]
    return _rows_in_order("delinquency", ours, step["rows"])


def _instalment_level(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    ours = arrears.instalment_delinquency(loan, now)
    return _rows_in_order("instalment delinquency", ours, step["rows"])


def _rows_in_order(
    table: str, ours: Sequence[Mapping[str, object]], theirs: Sequence[Mapping[str, object]]
) -> list[Difference]:
    found = []
    for place, row in enumerate(theirs):
        name = str(place + 1)
        found += (
            _cells(table, name, ours[place], row)
            if place < len(ours)
            else [_missing(table, name, row)]
        )
    return found + [_unexpected(table, "more", row) for row in ours[len(theirs) :]]


def _pauses(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    return _rows_in_order("pauses", arrears.pauses(loan), step["rows"])


def _pause_actions(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    return _rows_in_order("pause actions", arrears.pause_actions(loan), step["rows"])


def _journal(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    """Compare with the transaction of that name and day that comes nearest."""
    name = f"{step['txn_type']} {step['date']}"
    ours = journal.journals(loan, name=step["txn_type"], on=date.fromisoformat(step["date"]))
    keys = ("account", "debit", "credit")
    found = [_unordered("journal", each, step["entries"], keys, complete=True) for each in ours]
    if not found:
        return [_missing("journal", name, {"entries": len(step["entries"])})]
    return [replace(each, row=f"{name} {each.row}") for each in min(found, key=len)]


def _last_repayment(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    theirs = {"amount": step["amount"], "channel": step["channel"].replace("_", " ").upper()}
    return _cells("last repayment", "loan", tables.last_repayment(loan), theirs)


def _reverted(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    on = date.fromisoformat(step["date"]) if step.get("date") else None
    ours = tables.was_reverted(loan, name=step["type"], on=on, which=step.get("which"))
    name = f"{step['type']} {step.get('date', '')}"
    return _cells("reverted", name, {"reverted": ours}, {"reverted": step["reverted"]})


def _rejected(loan: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    request = step["request"]
    ours = "refused" if REFUSALS[request](loan, now, step) else "done"
    return _cells("rejected", request, {"answer": ours}, {"answer": "refused"})


def _charged_off(_: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    written_off_on = now.written_off_on
    ours = None if written_off_on is None else written_off_on.isoformat()
    return _cells("charged off", "loan", {"date": ours}, {"date": step["date"]})


def _last_closed(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> list[Difference]:
    through = loan.closed_through
    ours = None if through is None else through.isoformat()
    return _cells("last closed day", "loan", {"date": ours}, {"date": step["date"]})


def _maturity(_: PeerLoan, now: Position, step: Mapping[str, Any]) -> list[Difference]:
    ours = {"actual": now.instalments[-1].due_on.isoformat()}
    return _cells("maturity", "loan", ours, _given(step))


def _all_paid(_: PeerLoan, now: Position, __: Mapping[str, Any]) -> list[Difference]:
    ours = {"unpaid": sum(each.paid_on is None for each in now.instalments)}
    return _cells("instalments", "all", ours, {"unpaid": 0})


CHECKS: Mapping[str, Check] = {
    "expect_all_instalments_paid": _all_paid,
    "expect_balance": _balance,
    "expect_charged_off": _charged_off,
    "expect_charges": _charges,
    "expect_delinquency": _delinquency,
    "expect_delinquency_actions": _pause_actions,
    "expect_delinquency_instalment_level": _instalment_level,
    "expect_delinquency_loan_level": _loan_level,
    "expect_delinquency_pauses": _pauses,
    "expect_journal": _journal,
    "expect_last_closed_business_date": _last_closed,
    "expect_last_repayment": _last_repayment,
    "expect_maturity": _maturity,
    "expect_rejected": _rejected,
    "expect_schedule": _schedule,
    "expect_schedule_totals": _totals,
    "expect_status": _status,
    "expect_transaction_reverted": _reverted,
    "expect_transactions": _transactions,
}
