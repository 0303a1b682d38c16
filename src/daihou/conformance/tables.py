"""Lay out our figures as the peer's tables: one function per kind of expectation."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from daihou.conformance.charges import charge_figures
from daihou.conformance.loan import (
    CAPITALIZED_INCOME,
    CHARGE_OFF,
    DISBURSEMENT,
    DOWN_PAYMENT,
    MONEY_BACK,
    NO_MONEY_IN,
    PAID_OUT,
    PLAN_CHANGES,
    RE_AMORTIZE,
    WAIVER,
    WRITE_OFF,
    PeerLoan,
    Transaction,
)
from daihou.conformance.shown import Shown, shown_rows
from daihou.core.position import (
    Applied,
    AppliedPart,
    GivenBack,
    InstalmentPosition,
    Owed,
    Position,
    Status,
)
from daihou.core.schedule import build_schedule
from daihou.core.terms import Component

SCHEDULE_COLUMNS = (
    "nr",
    "days",
    "due_date",
    "paid_date",
    "balance",
    "principal",
    "interest",
    "fees",
    "penalties",
    "due",
    "paid",
    "in_advance",
    "late",
    "outstanding",
    "waived",
)
TRANSACTION_COLUMNS = (
    "date",
    "type",
    "amount",
    "principal",
    "interest",
    "fees",
    "penalties",
    "loan_balance",
    "overpayment",
    "reverted",
)
COLUMNS = {
    "principal": Component.PRINCIPAL,
    "interest": Component.INTEREST,
    "fees": Component.FEE,
    "penalties": Component.PENALTY,
}


def money(amount_minor: int) -> str:
    """Write minor units as the peer does.

    >>> money(100005)
    '1000.05'
    """
    return str(Decimal(amount_minor).scaleb(-2))


def schedule(loan: PeerLoan, now: Position) -> list[dict[str, object]]:
    """List disbursements and instalments by date, the disbursement of a day first."""
    rows: list[dict[str, object]] = []
    paid_out = sorted(
        (each for each in loan.transactions.values() if each.name in PAID_OUT),
        key=lambda each: each.on,
    )
    if not paid_out:
        return _planned_rows(loan)
    balance_minor = 0
    for shown in shown_rows(loan, now):
        instalment = shown.instalment
        while paid_out and _comes_first(paid_out[0], instalment):
            balance_minor += paid_out[0].amount_minor
            rows.append(_disbursement_row(paid_out.pop(0)))
        owed = instalment.components[Component.PRINCIPAL]
        balance_minor += shown.owed_again_minor - owed.due_minor
        rows.append(_instalment_row(shown, balance_minor))
    return rows + [_disbursement_row(each) for each in paid_out]


def _planned_rows(loan: PeerLoan) -> list[dict[str, object]]:
    """Lay out what will fall due when the agreed amount is paid out on the agreed day."""
    paid_out = Transaction(
        key="",
        name=DISBURSEMENT,
        on=loan.contract.start_on,
        amount_minor=loan.contract.principal_minor,
    )
    rows, balance_minor = [_disbursement_row(paid_out)], paid_out.amount_minor
    for planned in build_schedule(
        terms=loan.contract.terms, principal_minor=balance_minor, start_on=paid_out.on
    ):
        balance_minor -= planned.principal_minor
        amounts = (planned.principal_minor, planned.interest_minor, planned.fee_minor, 0, 0)
        row = InstalmentPosition(
            instalment_no=planned.instalment_no,
            start_on=planned.start_on,
            due_on=planned.due_on,
            components={
                component: Owed(due_minor=amount_minor, paid_minor=0, waived_minor=0)
                for component, amount_minor in zip(Component, amounts, strict=True)
            },
            paid_on=None,
        )
        rows.append(_instalment_row(Shown(instalment=row), balance_minor))
    return rows


def _comes_first(paid_out: Transaction, instalment: InstalmentPosition) -> bool:
    is_down_payment = instalment.start_on == instalment.due_on
    return paid_out.on < instalment.due_on or (paid_out.on == instalment.due_on and is_down_payment)


def _disbursement_row(paid_out: Transaction) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(SCHEDULE_COLUMNS)
    row["due_date"] = paid_out.on.isoformat()
    row["balance"] = money(paid_out.amount_minor)
    row["fees"] = row["due"] = row["paid"] = row["outstanding"] = money(0)
    return row


def _instalment_row(shown: Shown, balance_minor: int) -> dict[str, object]:
    instalment = shown.instalment
    due_on, owed = instalment.due_on, instalment.components.values()
    return {
        "nr": instalment.instalment_no,
        "days": (due_on - instalment.start_on).days,
        "due_date": due_on.isoformat(),
        "paid_date": None if instalment.paid_on is None else instalment.paid_on.isoformat(),
        "balance": money(balance_minor),
        **{name: money(instalment.components[each].due_minor) for name, each in COLUMNS.items()},
        "due": money(sum(each.due_minor for each in owed)),
        "paid": money(sum(each.paid_minor for each in owed)),
        "in_advance": money(shown.in_advance_minor),
        "late": money(shown.late_minor),
        "outstanding": money(sum(each.outstanding_minor for each in owed)),
        "waived": money(sum(each.waived_minor for each in owed)),
    }


def without_disbursements(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Leave the disbursement rows out: a balance then holds what is paid out on its day."""
    left = []
    for place, row in enumerate(rows):
        if row["nr"] is not None:
            after = [each for each in rows[place:] if each["nr"] is None]
            more = sum(
                Decimal(str(each["balance"]))
                for each in after
                if each["due_date"] == row["due_date"]
            )
            left.append({**row, "balance": str(Decimal(str(row["balance"])) + more)})
    return left


def totals(loan: PeerLoan, now: Position) -> dict[str, object]:
    """Add up the instalments; the waived column only stands where the peer shows it."""
    rows = [row for row in schedule(loan, now) if row["nr"] is not None]
    names = (*COLUMNS, "due", "paid", "in_advance", "late", "outstanding", "waived")
    return {name: str(sum(Decimal(str(row[name])) for row in rows)) for name in names}


def transactions(loan: PeerLoan, now: Position) -> list[dict[str, object]]:
    """List money out, money in and waivers; a reversed payment as it was when it was reversed."""
    applied = loan.applied_by_key(now)
    rows = []
    for each in loan.transactions.values():
        if each.name in PAID_OUT:
            rows.append(_paid_out_row(loan, now, each))
        elif each.name == WAIVER:
            rows.append(_waiver_row(loan, now, each))
        elif each.name == CHARGE_OFF:
            rows.append(_charge_off_row(loan, each))
        elif each.name == WRITE_OFF:
            rows.append(_given_up_row(each, now))
        elif each.name in PLAN_CHANGES:
            rows.append(_plan_change_row(loan, each))
        elif each.name in MONEY_BACK:
            rows.append(_money_back_row(each, now))
        elif each.taken_back is not None:
            rows.append(_payment_row(each, each.taken_back))
        else:
            rows.append(_payment_row(each, applied[each.key]))
    return sorted(rows, key=lambda row: str(row["date"]))


def _principal_of(applied: Applied) -> int:
    return sum(part.amount_minor for part in applied.parts if part.component is Component.PRINCIPAL)


def _paid_out_by(loan: PeerLoan, now: Position, disbursement: Transaction) -> int:
    """Give the principal outstanding right after a disbursement."""
    names = list(loan.transactions)
    before = set(names[: names.index(disbursement.key) + 1])
    paid_out = sum(
        each.amount_minor
        for each in loan.transactions.values()
        if each.name in PAID_OUT and (each.on, each.key not in before) <= (disbursement.on, False)
    )
    paid_in = sum(
        _principal_of(each)
        for each in now.applied
        if each.effective_on < disbursement.on
        or (each.effective_on == disbursement.on and each.event_key in before)
    )
    return max(0, paid_out - paid_in)


def _plan_change_row(loan: PeerLoan, change: Transaction) -> dict[str, object]:
    """Show what the change moved: what was overdue, or all principal and the interest so far."""
    then = change.before_undo or loan.before(change.belongs_to or change.key, change.on)
    if change.name == RE_AMORTIZE:
        moved = dict(then.overdue_minor)
    else:
        due_minor = sum(
            each.components[Component.INTEREST].outstanding_minor
            for each in then.instalments
            if each.due_on <= change.on
        )
        moved = {
            Component.PRINCIPAL: then.principal_outstanding_minor,
            Component.INTEREST: due_minor + then.accrued_interest_minor,
        }
    row = _plain_row(replace(change, amount_minor=sum(moved.values())), 0)
    row |= {name: money(moved.get(component, 0)) for name, component in COLUMNS.items()}
    return row | {"reverted": change.before_undo is not None}


def _paid_out_row(loan: PeerLoan, now: Position, paid_out: Transaction) -> dict[str, object]:
    row = _plain_row(paid_out, _paid_out_by(loan, now, paid_out))
    if paid_out.name == CAPITALIZED_INCOME:  # The peer shows it as principal, money it does not.
        row["principal"] = row["amount"]
    return row


def _given_up_row(write_off: Transaction, now: Position) -> dict[str, object]:
    """Show all that was given up on the day the loan was ended."""
    waived = {
        component: sum(each.components[component].waived_minor for each in now.instalments)
        for component in COLUMNS.values()
    }
    row = _plain_row(replace(write_off, amount_minor=sum(waived.values())), 0)
    return row | {name: money(waived[component]) for name, component in COLUMNS.items()}


def _plain_row(transaction: Transaction, balance_minor: int) -> dict[str, object]:
    return {
        "date": transaction.on.isoformat(),
        "type": transaction.name,
        "amount": money(transaction.amount_minor),
        **{name: money(0) for name in COLUMNS},
        "loan_balance": money(balance_minor),
        "overpayment": money(0),
        "reverted": False,
    }


def _payment_row(transaction: Transaction, applied: Applied) -> dict[str, object]:
    row = _plain_row(transaction, applied.principal_after_minor)
    parts = [part for part in applied.parts if part.applied_on == applied.effective_on]
    for name, component in COLUMNS.items():
        row[name] = money(sum(part.amount_minor for part in parts if part.component is component))
    row["overpayment"] = money(applied.amount_minor - sum(part.amount_minor for part in parts))
    row["reverted"] = transaction.taken_back is not None
    return row


def _money_back_row(transaction: Transaction, now: Position) -> dict[str, object]:
    """Show what is owed again; money that was held and pays it at once stands in a column."""
    back = next(each for each in now.given_back if each.event_key == transaction.key)
    at_once = _spent_at_once(back, now)
    paid_minor = sum(part.amount_minor for part in at_once)
    principal_minor = sum(
        part.amount_minor for part in at_once if part.component is Component.PRINCIPAL
    )
    row = _plain_row(transaction, back.principal_after_minor - principal_minor)
    for name, component in COLUMNS.items():
        parts = (*back.owed_again, *back.taken_back)
        row[name] = money(sum(part.amount_minor for part in parts if part.component is component))
    row["overpayment"] = money(back.held_minor + paid_minor)
    return row


def _spent_at_once(back: GivenBack, now: Position) -> list[AppliedPart]:
    """Find the money held before that day which pays what the day owes again."""
    numbers = {part.instalment_no for part in back.owed_again}
    return [
        part
        for each in now.applied
        for part in each.parts
        if each.effective_on < back.effective_on == part.applied_on
        and part.instalment_no in numbers
    ]


def _waiver_row(loan: PeerLoan, now: Position, waiver: Transaction) -> dict[str, object]:
    paid_in = sum(_principal_of(each) for each in now.applied if each.effective_on <= waiver.on)
    paid_out = sum(each.amount_minor for each in loan.events if each.kind == "disbursed")
    row = _plain_row(waiver, paid_out - paid_in)
    charge = next(each for each in loan.charges if waiver.charge_key in each.keys)
    name = next(name for name, component in COLUMNS.items() if component is charge.label.component)
    if waiver.was_accrued:  # What was never accrued has no component to give back.
        row[name] = money(waiver.amount_minor)
    row["reverted"] = not any(event.key == waiver.key for event in loan.events)
    return row


def _charge_off_row(loan: PeerLoan, charge_off: Transaction) -> dict[str, object]:
    """Show all that was still owed at the end of the day of the charge-off."""
    then = loan.position(charge_off.on)
    row = _plain_row(replace(charge_off, amount_minor=outstanding_minor(then)), 0)
    for name, component in COLUMNS.items():
        left = (each.components[component].outstanding_minor for each in then.instalments)
        row[name] = money(sum(left))
    return row


def charges(loan: PeerLoan, now: Position) -> list[dict[str, object]]:
    figures = charge_figures(events=loan.in_force(), position=now)
    rows: list[dict[str, object]] = []
    for charge in loan.charges:
        of_charge = [figures[key] for key in charge.keys]
        rows.append(
            {
                "name": charge.label.name,
                "is_penalty": charge.label.component is Component.PENALTY,
                "due_at": charge.label.due_at,
                "due_date": None if charge.due_on is None else charge.due_on.isoformat(),
                "calc": charge.label.calc,
                "due": money(sum(each.due_minor for each in of_charge)),
                "paid": money(sum(each.paid_minor for each in of_charge)),
                "waived": money(sum(each.waived_minor for each in of_charge)),
                "outstanding": money(sum(each.left_minor for each in of_charge)),
            }
        )
    return rows


def outstanding_minor(now: Position) -> int:
    return sum(
        owed.outstanding_minor for each in now.instalments for owed in each.components.values()
    )


def balance(now: Position) -> dict[str, object]:
    return {
        "outstanding": money(outstanding_minor(now)),
        "overpaid": money(now.unapplied_minor),
        "overdue": money(sum(now.overdue_minor.values())),
    }


def status(loan: PeerLoan, now: Position) -> str:
    if now.status is Status.PENDING:
        return "APPROVED" if loan.approved else "SUBMITTED_AND_PENDING_APPROVAL"
    if any(each.name == WRITE_OFF for each in loan.transactions.values()):
        return "CLOSED_WRITTEN_OFF"
    if outstanding_minor(now):
        return "ACTIVE"
    return "OVERPAID" if now.unapplied_minor else "CLOSED_OBLIGATIONS_MET"


def last_repayment(loan: PeerLoan) -> dict[str, object]:
    last = [
        each
        for each in loan.transactions.values()
        if each.name not in {*NO_MONEY_IN, DOWN_PAYMENT} and each.taken_back is None
    ][-1]
    return {"amount": money(last.amount_minor), "channel": last.channel.replace("_", " ").upper()}


def was_reverted(loan: PeerLoan, *, name: str, on: date | None, which: int | None) -> bool:
    everything = list(loan.transactions.values())
    if which is not None:  # The peer counts from 1 over all transactions.
        each = everything[which - 1]
        assert each.name == name
    else:
        each = next(each for each in everything if each.name == name and on in {None, each.on})
    if each.name == WAIVER:
        return not any(event.key == each.key for event in loan.events)
    return each.taken_back is not None
