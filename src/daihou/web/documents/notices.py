"""The calendar of notices 日常通知: which loan gets which notice on which of the next days.

It plans only; nothing is sent. Whole columns at a time, from the newest version of the book: what
is paid after its business date is not known to it yet. A notice that depends on an instalment not
being paid by then says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from daihou.core.events import Kind as EventKind
from daihou.engine import replay
from daihou.engine.columns import COMPONENTS
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.collateral import queries as collateral
from daihou.web.documents.errors import DocumentRefused
from daihou.web.ledger.models import Book, Event
from daihou.web.ledger.queries import engine_book
from daihou.web.servicing.models import SettlementOffer

DAYS_MOST = 92


class NoticeKind(TextChoices):
    REMINDER = "reminder", _("还款提醒")
    OVERDUE = "overdue", _("逾期通知")
    MATURITY = "maturity", _("到期通知")
    RATE_CHANGE = "rate_change", _("利率变更通知")
    INSURANCE = "insurance", _("保险到期通知")
    OFFER = "offer", _("减免方案到期通知")


BEFORE_DUE = (3, 1, 0)  # Days before an instalment is due.
AFTER_DUE = (1, 7, 15, 30, 60, 90)  # Days past due.
BEFORE_MATURITY = (30, 7)
BEFORE_RATE_CHANGE = (7,)
BEFORE_EXPIRY = (30, 7, 0)  # Of insurance and of offers.
SCHEMA = {
    "on": pl.Date,
    "kind": pl.String,
    "mark_days": pl.Int32,  # From the notice to the day it is about; past due where negative.
    "loan_id": pl.Int64,
    "loan_ref": pl.String,
    "about_on": pl.Date,
    "amount_minor": pl.Int64,
    "is_conditional": pl.Boolean,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    on: date
    kind: str
    mark_days: int
    loan_id: int
    loan_ref: str
    about_on: date
    amount_minor: int | None
    is_conditional: bool


def plan(
    *, book: Book, from_on: date, days: int, after_due: Sequence[int] = AFTER_DUE
) -> Iterator[Notice]:
    """Plan the notices of ``days`` days; as ``plan_frame``."""
    found = plan_frame(book=book, from_on=from_on, days=days, after_due=after_due)
    for row in found.iter_rows(named=True):
        yield Notice(**row)


def plan_frame(
    *, book: Book, from_on: date, days: int, after_due: Sequence[int] = AFTER_DUE
) -> pl.DataFrame:
    """Plan the notices from a day on (columns of ``SCHEMA``), in the order of days and loans.

    ``after_due`` are the days past due that an overdue notice goes out on.

    :raises DocumentRefused: ``notice.days_wrong``.
    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    if not 1 <= days <= DAYS_MOST:
        raise DocumentRefused("notice.days_wrong", most=DAYS_MOST)
    shards = engine_book(book=book)
    through = from_on + timedelta(days=days - 1)
    positions = replay.positions(book=shards, as_of=from_on).filter(pl.col("status") == "active")
    dues = _unpaid(replay.dues(book=shards, as_of=from_on), positions)
    parts = [
        *_scheduled(dues, positions, from_on, after_due),
        _dated(NoticeKind.RATE_CHANGE, _rate_changes(book, from_on), BEFORE_RATE_CHANGE),
        _dated(
            NoticeKind.INSURANCE,
            collateral.insurance_ends(book=book, from_on=from_on, through=_far(through)),
            BEFORE_EXPIRY,
        ),
        _dated(NoticeKind.OFFER, _offers(book, from_on, _far(through)), BEFORE_EXPIRY),
    ]
    return (
        pl.concat([part.select(list(SCHEMA)) for part in parts])
        .filter(pl.col("on").is_between(from_on, through))
        .sort("on", "kind", "loan_ref", "about_on", "mark_days")
    )


def _far(through: date) -> date:
    return through + timedelta(days=max(BEFORE_EXPIRY))


def _unpaid(dues: pl.DataFrame, positions: pl.DataFrame) -> pl.DataFrame:
    """Choose the instalments of active loans with something left, and what is left of each."""
    left = pl.sum_horizontal(f"{name}_due_minor" for name in COMPONENTS) - pl.sum_horizontal(
        f"{name}_paid_minor" for name in COMPONENTS
    )
    return (
        dues.join(positions.select("loan_id"), on="loan_id", how="semi")
        .with_columns(left.alias("amount_minor"))
        .filter((pl.col("amount_minor") > 0) & (pl.col("due_on") != UNSCHEDULED_ON))
        .select("loan_id", "loan_ref", pl.col("due_on").alias("about_on"), "amount_minor")
    )


def _scheduled(
    dues: pl.DataFrame, positions: pl.DataFrame, from_on: date, after_due: Sequence[int]
) -> Iterable[pl.DataFrame]:
    by_day = dues.group_by("loan_id", "loan_ref", "about_on").agg(pl.sum("amount_minor"))
    coming = by_day.filter(pl.col("about_on") >= from_on)
    yield _at_marks(coming, NoticeKind.REMINDER, BEFORE_DUE)
    last = by_day.group_by("loan_id", "loan_ref").agg(
        pl.max("about_on"), pl.sum("amount_minor").alias("amount_minor")
    )
    yield _at_marks(last, NoticeKind.MATURITY, BEFORE_MATURITY)
    late = positions.filter(pl.col("oldest_unpaid_due_on").is_not_null()).select(
        "loan_id",
        "loan_ref",
        pl.col("oldest_unpaid_due_on").alias("about_on"),
        pl.col("overdue_minor").alias("amount_minor"),
    )
    past = [-days for days in after_due]
    yield _at_marks(late, NoticeKind.OVERDUE, past)
    first = coming.join(late.select("loan_id"), on="loan_id", how="anti").sort("about_on")
    first = first.group_by("loan_id", maintain_order=True).first()
    yield _at_marks(first.select(late.columns), NoticeKind.OVERDUE, past).with_columns(
        pl.lit(True).alias("is_conditional")  # noqa: FBT003  A literal of a column.
    )


def _at_marks(rows: pl.DataFrame, kind: NoticeKind, marks: Sequence[int]) -> pl.DataFrame:
    """Put a notice so many days before what each row is about, once for each mark."""
    days = pl.DataFrame({"mark_days": list(marks)}, schema={"mark_days": pl.Int32})
    return rows.join(days, how="cross").with_columns(
        (pl.col("about_on") - pl.duration(days=pl.col("mark_days"))).alias("on"),
        pl.lit(kind.value).alias("kind"),
        pl.lit(False).alias("is_conditional"),  # noqa: FBT003  A literal of a column.
    )


def _dated(
    kind: NoticeKind,
    rows: Iterable[tuple[int, str, date, int | None]],
    marks: Sequence[int],
) -> pl.DataFrame:
    names = ("loan_id", "loan_ref", "about_on", "amount_minor")
    frame = pl.DataFrame(list(rows), schema={name: SCHEMA[name] for name in names}, orient="row")
    return _at_marks(frame, kind, marks)


def _rate_changes(book: Book, from_on: date) -> list[tuple[int, str, date, int | None]]:
    changes = Event.objects.filter(
        book=book, kind=EventKind.RATE_CHANGED.value, effective_on__gt=from_on
    )
    rows = changes.values_list("loan_id", "loan__loan_ref", "effective_on")
    return [(loan_id, loan_ref, on, None) for loan_id, loan_ref, on in rows]


def _offers(book: Book, from_on: date, through: date) -> list[tuple[int, str, date, int | None]]:
    open_offers = SettlementOffer.objects.filter(
        book=book, expires_on__range=(from_on, through), state="open"
    )
    return list(open_offers.values_list("loan_id", "loan__loan_ref", "expires_on", "amount_minor"))
