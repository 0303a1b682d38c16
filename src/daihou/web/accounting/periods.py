"""Accounting periods: months of a book, closed in order and for good."""

import calendar
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.accounting.errors import AccountingRefused
from daihou.web.accounting.models import AccountingPeriod, Journal, PeriodState, Proof
from daihou.web.audit import operations as audit
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


def find(*, book: Book, month: date) -> AccountingPeriod:
    """Find the period of a month.

    :raises AccountingRefused: ``period.unknown``.
    """
    found = AccountingPeriod.objects.filter(book=book, start_on=month.replace(day=1)).first()
    if found is None:
        raise AccountingRefused("period.unknown", period=f"{month:%Y-%m}")
    return found


def close(*, period: AccountingPeriod, acting_user: User) -> AccountingPeriod:
    """Close a period: it takes no more entries, and never opens again.

    :raises AccountingRefused: ``period.closed_already``, ``period.earlier_open``,
        ``period.not_over``, ``period.proof_failed``.
    """
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=period.book_id)
        period = AccountingPeriod.objects.select_for_update().get(pk=period.pk)
        hindrance = why_not_closed(book=book, period=period)
        if hindrance is not None:
            raise hindrance
        period.state = PeriodState.CLOSED
        period.closed_at, period.closed_by = timezone.now(), acting_user
        period.save(update_fields=["state", "closed_at", "closed_by"])
        audit.record(
            acting_user=acting_user,
            action="period.close",
            target_type="accounting_period",
            target_id=period.pk,
            details={"book": book.name, "period": f"{period.start_on:%Y-%m}"},
        )
    return period


def why_not_closed(*, book: Book, period: AccountingPeriod) -> AccountingRefused | None:
    """Say what keeps a period from being closed; None when nothing does."""
    month = f"{period.start_on:%Y-%m}"
    if period.state == PeriodState.CLOSED:
        return AccountingRefused("period.closed_already", period=month)
    earlier = AccountingPeriod.objects.filter(
        book=book, state=PeriodState.OPEN, start_on__lt=period.start_on
    )
    first = earlier.order_by("start_on").first()
    if first is not None:
        return AccountingRefused(
            "period.earlier_open", period=month, earlier=f"{first.start_on:%Y-%m}"
        )
    newest = Journal.objects.filter(book=book).order_by("-pk").first()
    if newest is None or newest.through_on < period.end_on:
        posted_on = newest.through_on.isoformat() if newest else "-"
        return AccountingRefused(
            "period.not_over", period=month, end_on=period.end_on, posted_on=posted_on
        )
    if newest.run_id != book.runs.order_by("-pk").values_list("pk", flat=True).first():
        return AccountingRefused("period.night_missing", period=month, posted_on=newest.through_on)
    proof = Proof.objects.filter(journal=newest).first()
    if proof is None or not proof.is_passed:
        return AccountingRefused("period.proof_failed", period=month, on=newest.through_on)
    return None
