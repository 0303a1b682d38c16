"""Accounting periods: the month of each day, and where what belongs to closed ones is posted."""

import calendar
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
from django.db.models import Max

from daihou.web.accounting.models import AccountingPeriod, PeriodState
from daihou.web.ledger.models import Book


def dated(*, book: Book, entries: pl.DataFrame, through: date) -> pl.DataFrame:
    """Give entries their day in the books and its period: closed days are posted in the open.

    The caller holds the book's row lock.
    """
    closed = AccountingPeriod.objects.filter(book=book, state=PeriodState.CLOSED)
    last_closed_on = closed.aggregate(last=Max("end_on"))["last"] or date.min
    open_on = max(through, last_closed_on + timedelta(days=1))
    on = pl.when(pl.col("value_on") > last_closed_on).then("value_on").otherwise(open_on)
    entries = entries.with_columns(on.alias("on"))
    by_month = _periods(book=book, days=entries["on"].unique().to_list())
    month = pl.col("on").dt.truncate("1mo")
    return entries.with_columns(
        month.replace_strict(by_month, return_dtype=pl.Int64).alias("period_id")
    )


def _periods(*, book: Book, days: Iterable[date]) -> dict[date, int]:
    """Return the period of each month among the days, by its first day; make those missing."""
    first_days = sorted({day.replace(day=1) for day in days})
    AccountingPeriod.objects.bulk_create(
        [AccountingPeriod(book=book, start_on=on, end_on=end_of_month(on)) for on in first_days],
        ignore_conflicts=True,
    )
    rows = AccountingPeriod.objects.filter(book=book, start_on__in=first_days)
    return dict(rows.values_list("start_on", "pk"))


def end_of_month(on: date) -> date:
    return on.replace(day=calendar.monthrange(on.year, on.month)[1])
