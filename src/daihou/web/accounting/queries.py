"""Reads of the general ledger: trial balance, journal of a day, periods, and what made an amount.

``known_at`` asks for what was known then: journals of runs that knew no more. Balances are by day
in the books, or with ``by_value`` by the day of what was posted, as the positions count.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from django.db.models import BooleanField, Case, F, QuerySet, Sum, Value, When

from daihou.core.posting import Entry, entries_of, movements, rules_of
from daihou.engine import posting
from daihou.engine.posting import MEASURES
from daihou.engine.tables import ShardTables
from daihou.web.accounting.entries import entries_now
from daihou.web.accounting.models import Account, JournalEntry, View
from daihou.web.accounting.nightly import each_shard, opened
from daihou.web.accounting.proving import SIGNS
from daihou.web.ledger import queries as ledger
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLine:
    """One account: what it was before ``since``, its turnover since, and where it stands."""

    account: Account
    opening_minor: int  # Debit positive, as all three.
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        return self.opening_minor + self.debit_minor - self.credit_minor


def entries(*, book: Book, view: str, known_at: datetime | None = None) -> QuerySet[JournalEntry]:
    """Query the entries of a view as known at an instant."""
    rows = JournalEntry.objects.filter(book=book, view=view)
    return rows if known_at is None else rows.filter(journal__known_at__lte=known_at)


def trial_balance(
    *,
    book: Book,
    view: str,
    as_of: date,
    since: date | None = None,
    known_at: datetime | None = None,
    by_value: bool = False,
) -> list[BalanceLine]:
    """Add up every account through the end of a day, by code."""
    day = "value_on" if by_value else "on"
    rows = entries(book=book, view=view, known_at=known_at).filter(**{f"{day}__lte": as_of})
    first = since or date.min
    sums: dict[int, list[int]] = {}
    for account_id, is_before, debit, credit in (
        rows.annotate(is_before=_is_before(day, first))
        .values_list("account_id", "is_before")
        .annotate(Sum("debit_minor"), Sum("credit_minor"))
    ):
        found = sums.setdefault(account_id, [0, 0, 0])
        if is_before:
            found[0] += int(debit) - int(credit)
        else:
            found[1] += int(debit)
            found[2] += int(credit)
    accounts = Account.objects.filter(view=view, pk__in=sums).order_by("code")
    return [
        BalanceLine(
            account=account,
            opening_minor=sums[account.pk][0],
            debit_minor=sums[account.pk][1],
            credit_minor=sums[account.pk][2],
        )
        for account in accounts
    ]


def _is_before(day: str, first: date) -> Any:
    return Case(
        When(**{f"{day}__lt": first}, then=Value(value=True)),
        default=Value(value=False),
        output_field=BooleanField(),
    )


def journal(
    *, book: Book, view: str, on: date, known_at: datetime | None = None
) -> QuerySet[JournalEntry]:
    """Query the entries of a day in the books, with what they correct."""
    return (
        entries(book=book, view=view, known_at=known_at)
        .filter(on=on)
        .select_related("account", "product", "corrects", "journal")
        .order_by("cause", "account__code", "value_on", "pk")
    )


def journal_of_days(
    *, book: Book, view: str, since: date, through: date, known_at: datetime | None = None
) -> QuerySet[JournalEntry]:
    """Query the entries of some days in the books, in order."""
    return (
        entries(book=book, view=view, known_at=known_at)
        .filter(on__range=(since, through))
        .select_related("account", "product")
        .order_by("on", "pk")
    )


def days_of(
    *, book: Book, account: Account, through: date, count: int = 62
) -> list[tuple[date, int, int]]:
    """List the newest days whose facts moved an account: day, debit, credit."""
    rows = (
        JournalEntry.objects.filter(book=book, account=account, value_on__lte=through)
        .values_list("value_on")
        .annotate(Sum("debit_minor"), Sum("credit_minor"))
        .order_by("-value_on")[:count]
    )
    return [(on, int(debit), int(credit)) for on, debit, credit in rows]


def loans_behind(*, book: Book, account: Account, on: date, cause: str = "") -> pl.DataFrame:
    """Compute which loans moved an account on a day: ``loan_id``, ``cause``, ``amount_minor``.

    From the newest version of the book, so it is what is known now.
    """
    folder = ledger.engine_book(book=book)
    rules, eve, parts = rules_of(account.view), on - timedelta(days=1), []
    for shard in range(folder.shard_count):
        tables = folder.read_shard(shard=shard, columns=posting.READ_COLUMNS)
        ids = tables.loans["loan_id"]
        came = opened(tables.loans, eve)
        facts = pl.DataFrame({"loan_id": ids, "product": ids, "opened": ids.is_in(came.implode())})
        walked = posting.post_shard(tables=tables, loan_facts=facts, as_of=on, after=eve)
        posted = entries_now(walked.movements, rules=rules)
        parts.append(posted.filter(pl.col("role") == f"{account.view}/{account.role}"))
    found = pl.concat(parts).rename({"product": "loan_id"})
    if cause:
        found = found.filter(pl.col("cause") == cause)
    return found.select("loan_id", "cause", "amount_minor").sort(
        pl.col("amount_minor").abs(), "loan_id", descending=[True, False]
    )


def entries_of_loan(
    *,
    book: Book,
    loan: Loan,
    view: str,
    as_of: date,
    since: date | None = None,
    known_at: datetime | None = None,
) -> tuple[Entry, ...]:
    """Post one loan by core, as known at an instant; only from a day on, if asked."""
    contract, events = ledger.load_loan(book=book, loan_ref=loan.loan_ref)
    after = None if since is None else since - timedelta(days=1)
    moved = movements(contract=contract, events=events, as_of=as_of, known_at=known_at, after=after)
    return entries_of(moved, rules=rules_of(view))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFigure:
    product: str
    measure: str
    sub_ledger_minor: int
    general_ledger_minor: int

    @property
    def difference_minor(self) -> int:
        return self.general_ledger_minor - self.sub_ledger_minor


def prove_anew(*, book: Book, as_of: date) -> list[ProofFigure]:
    """Compare positions and balances of any day up to the business date, as known now.

    The positions are those of the night's fold, not of the walk that posting takes.
    """

    def fold(tables: ShardTables, facts: pl.DataFrame) -> pl.DataFrame:
        return posting.shard_figures(tables=tables, loan_facts=facts, as_of=as_of)

    figures = posting.by_product(list(each_shard(book=book, after=as_of, walk=fold)))
    wanted = {
        (row["product"], measure): int(row[measure])
        for row in figures.iter_rows(named=True)
        for measure in MEASURES
    }
    rows = (
        entries(book=book, view=View.LENDER)
        .filter(value_on__lte=as_of)
        .exclude(account__measure="")
        .values_list("product_id", "account__measure")
        .annotate(amount_minor=Sum(F("debit_minor") - F("credit_minor")))
    )
    held = {(product or 0, measure): int(n) * SIGNS.get(measure, 1) for product, measure, n in rows}
    codes = dict(Product.objects.filter(book=book).values_list("pk", "code"))
    return [
        ProofFigure(
            product=codes.get(product, ""),
            measure=measure,
            sub_ledger_minor=wanted.get((product, measure), 0),
            general_ledger_minor=held.get((product, measure), 0),
        )
        for product, measure in sorted(wanted.keys() | held.keys())
    ]
