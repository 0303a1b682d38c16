"""How lines of the general ledger are shown: names in the page's language, sides as they stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language

from daihou.core.posting import Account as Role, Entry, rules_of
from daihou.web.accounting.models import Account, Journal, JournalEntry
from daihou.web.accounting.queries import BalanceLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows: a view of the ledger on a day, its turnover since one, as known on one."""

    view: str
    as_of: date
    since: date
    known_on: date
    known_at: datetime | None
    newest: Journal | None
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    account: Account
    name: str
    is_memo: bool
    opening_minor: int
    debit_minor: int
    credit_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    entry: JournalEntry
    name: str
    cause: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPosting:
    entry: Entry
    code: str
    name: str
    debit_minor: int
    credit_minor: int


def name_of(account: Account | Role) -> str:
    is_chinese = (get_language() or "").startswith("zh")
    return account.name_zh if is_chinese else account.name_en


def shown_lines(lines: Iterable[BalanceLine]) -> list[ShownLine]:
    """Give the lines of a trial balance their names; what lies beside the balance sheet is last."""
    shown = [
        ShownLine(
            account=line.account,
            name=name_of(line.account),
            is_memo=line.account.type == "memo",
            opening_minor=line.opening_minor,
            debit_minor=line.debit_minor,
            credit_minor=line.credit_minor,
            balance_minor=line.balance_minor,
        )
        for line in lines
    ]
    return sorted(shown, key=lambda line: (line.is_memo, line.account.code))


def shown_entries(entries: Iterable[JournalEntry]) -> list[ShownEntry]:
    return [
        ShownEntry(
            entry=entry,
            name=name_of(entry.account),
            cause=entry.cause,
            debit_minor=entry.debit_minor,
            credit_minor=entry.credit_minor,
        )
        for entry in entries
    ]


def shown_posted(entries: Iterable[Entry], *, view: str) -> list[ShownPosting]:
    """Give the entries of one loan, newest day first, the accounts of the view."""
    accounts = rules_of(view).accounts
    shown = [
        ShownPosting(
            entry=entry,
            code=accounts[entry.role].code,
            name=name_of(accounts[entry.role]),
            debit_minor=max(0, entry.amount_minor),
            credit_minor=max(0, -entry.amount_minor),
        )
        for entry in entries
    ]
    return sorted(shown, key=lambda line: line.entry.on, reverse=True)
