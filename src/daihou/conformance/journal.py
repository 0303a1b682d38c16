"""Post a loan of a case by its peer's own rules, which are data in our form: ``posting.toml``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from importlib import resources

from daihou.conformance.loan import MONEY_BACK, PeerLoan, Transaction
from daihou.conformance.tables import money
from daihou.core.events import Event, Kind, without_taken_back
from daihou.core.posting import (
    SUSPENSE,
    Move,
    Movement,
    Rules,
    State,
    entries_of,
    movements,
    parse_rules,
)

ACCRUAL = "ACCRUAL"
FRAUD_KINDS = frozenset({Kind.WRITTEN_OFF, Kind.CHARGED_BACK, Kind.REFUNDED})
Lines = tuple[tuple[str, int], ...]  # By role; a debit is positive.


@lru_cache(maxsize=1)
def _rules() -> Rules:
    text = resources.files("daihou.conformance").joinpath("posting.toml").read_text("utf-8")
    return parse_rules(text)["peer"]


def lines_of(loan: PeerLoan, transaction: Transaction) -> Lines:
    """Post one transaction as it stands now, summed up by account."""
    events = without_taken_back(loan.in_force())
    event = next(each for each in events if each.key == transaction.key)
    moved = movements(contract=loan.contract, events=events, as_of=loan.today)
    cause = _cause(loan, transaction, event)
    own = [
        replace(each, cause=cause)
        for each in moved
        if each.event_key == event.key and each.cause != SUSPENSE
    ]
    if transaction.name in MONEY_BACK:  # Held money that pays at once what is owed again.
        own += [each for each in moved if each.cause == SUSPENSE and each.on == transaction.on]
    return _summed(own)


def _cause(loan: PeerLoan, transaction: Transaction, event: Event) -> str:
    name = transaction.name.lower().replace(" ", "_")
    if name in _rules().causes:
        return name
    is_fraud = loan.is_fraud and event.kind in FRAUD_KINDS
    return f"fraud_{event.kind}" if is_fraud else event.kind.value


def _summed(moved: Iterable[Movement]) -> Lines:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries_of(moved, rules=_rules()):
        sums[entry.role] += entry.amount_minor
    return tuple(sorted((role, minor) for role, minor in sums.items() if minor))


def _accrued(loan: PeerLoan, on: date) -> Lines:
    """Post the charges due by a day: the peer accrues each of them once."""
    return _summed(
        Movement(
            on=on,
            cause=event.kind.value,
            event_key=event.key,
            move=Move.EARNED,
            component=event.component,
            state=State.NORMAL,
            amount_minor=event.amount_minor,
        )
        for event in loan.events
        if event.kind is Kind.CHARGE_ADDED and event.due_on is not None and event.due_on <= on
    )


def journals(loan: PeerLoan, *, name: str, on: date) -> list[list[dict[str, object]]]:
    """List what each transaction of a name and day posted; a reversed one posts both ways."""
    if name == ACCRUAL:
        return [_rows(_accrued(loan, on))]
    found = []
    for each in loan.transactions.values():
        if each.name.upper().replace(" ", "_").replace("-", "_") != name or each.on != on:
            continue
        if each.taken_back is None:
            found.append(_rows(lines_of(loan, each)))
        else:
            mirrored = tuple((role, -minor) for role, minor in each.posted)
            found.append(_rows(each.posted) + _rows(mirrored))
    return found


def _rows(lines: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
    accounts = _rules().accounts
    return [
        {
            "account_type": accounts[role].type.upper(),
            "gl_code": accounts[role].code,
            "account": accounts[role].name_en,
            "debit": money(minor) if minor > 0 else None,
            "credit": money(-minor) if minor < 0 else None,
        }
        for role, minor in lines
    ]
