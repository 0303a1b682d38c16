"""Complaints as a file for the supervisory authority: no names, no texts, its reason noted."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import polars as pl
from django.utils.translation import override

from daihou.web.access.models import User
from daihou.web.accounting.exports import as_csv, as_xlsx
from daihou.web.audit import operations as audit
from daihou.web.board.sight import Sight
from daihou.web.complaints import queries, texts
from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.complaints.models import Complaint

ROWS_MOST = 10_000
COLUMNS = {
    "number": pl.String,
    "transfer_number": pl.String,
    "nature": pl.String,
    "channel": pl.String,
    "matter": pl.String,
    "products": pl.String,
    "loans": pl.Int64,
    "received_on": pl.Date,
    "due_on": pl.Date,
    "extended": pl.Boolean,
    "state": pl.String,
    "decided_on": pl.Date,
    "answered_on": pl.Date,
    "days_taken": pl.Int64,
    "is_late": pl.Boolean,
    "finding": pl.String,
    "root_cause": pl.String,
    "remedies": pl.String,
    "reopened": pl.Int64,
}


def frame(*, sight: Sight, first_on: date, last_on: date, language: str) -> pl.DataFrame:
    """Write the complaints received in a span of days as rows (``COLUMNS``).

    :raises ComplaintRefused: ``complaint.too_many_rows``.
    """
    zone = ZoneInfo(sight.book.time_zone)
    from_at, until_at = sight.book.span(first_on=first_on, last_on=last_on)
    found = queries.in_sight(sight=sight).filter(received_at__gte=from_at, received_at__lt=until_at)
    if found.count() > ROWS_MOST:
        raise ComplaintRefused("complaint.too_many_rows", most=ROWS_MOST)
    rows = found.prefetch_related("loans__product", "remedies", "extensions").order_by("pk")
    with override(language):
        return pl.DataFrame([_row(each, zone) for each in rows], schema=COLUMNS, orient="row")


def export(
    *,
    sight: Sight,
    first_on: date,
    last_on: date,
    language: str,
    file_type: str,
    reason: str,
    acting_user: User,
) -> bytes:
    """Give the file as CSV or XLSX; who took it and why is noted.

    :raises ComplaintRefused: ``complaint.text_missing``, ``complaint.too_many_rows``,
        ``complaint.word_unknown``.
    """
    text = texts.checked(reason)
    if file_type not in {"csv", "xlsx"}:
        raise ComplaintRefused("complaint.word_unknown", word=file_type[:20])
    rows = frame(sight=sight, first_on=first_on, last_on=last_on, language=language)
    audit.record(
        acting_user=acting_user,
        action="complaint.export",
        target_type="book",
        target_id=sight.book.pk,
        details={
            "reason": text,
            "rows": rows.height,
            "from": first_on.isoformat(),
            "through": last_on.isoformat(),
        },
    )
    return as_csv(rows) if file_type == "csv" else as_xlsx(rows, sheet="complaints")


def _row(complaint: Complaint, zone: ZoneInfo) -> tuple[object, ...]:
    received_on = complaint.received_at.astimezone(zone).date()
    decided_on = _day(complaint.decided_at, zone) if complaint.finding else None
    loans = list(complaint.loans.all())
    codes = {loan.product.code for loan in loans if loan.product is not None}
    is_late = bool(
        complaint.due_on is not None and decided_on is not None and decided_on > complaint.due_on
    )
    return (
        complaint.reference,
        complaint.regulator_ref,
        str(complaint.get_nature_display()),
        str(complaint.get_intake_display()),
        str(complaint.get_topic_display()),
        ", ".join(sorted(codes)),
        len(loans),
        received_on,
        complaint.due_on,
        bool(complaint.extensions.all()),
        str(complaint.get_state_display()),
        decided_on,
        _day(complaint.answered_at, zone),
        (decided_on - received_on).days if decided_on else None,
        is_late,
        str(complaint.get_finding_display()),
        str(complaint.get_cause_display()),
        ", ".join(str(each.get_kind_display()) for each in complaint.remedies.all()),
        complaint.reopened,
    )


def _day(at: datetime | None, zone: ZoneInfo) -> date | None:
    return at.astimezone(zone).date() if at is not None else None
