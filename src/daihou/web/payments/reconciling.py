"""Hold three accounts of the same days against each other: bill, receipts, ledger. In SQL.

A bill is taken in once and kept line by line. A run compares; a difference becomes a break that
stays until a person resolves it with a reason, or a later run finds the sides equal and says so.
"""

import hashlib
import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import polars as pl
from django.db import connection as django_connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.copying import copy_in
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import (
    BreakState,
    Channel,
    ChannelBill,
    ReconciliationBreak,
    ReconciliationRun,
)

REASON_LONGEST = 512
_SIDES = """
CREATE TEMP TABLE sides ON COMMIT DROP AS
WITH bill AS (
    SELECT l.reference, min(l.kind) AS kind, min(l.amount_minor) AS amount_minor,
           min(l.paid_on) AS day, count(*) AS times
    FROM payments_billline l JOIN payments_channelbill b ON b.id = l.bill_id
    WHERE b.channel_id = %(channel)s AND l.paid_on BETWEEN %(from_on)s AND %(through_on)s
      AND b.id IN (SELECT max(id) FROM payments_channelbill
                   WHERE channel_id = %(channel)s GROUP BY from_on, through_on)
    GROUP BY l.reference
), ours AS (
    SELECT r.id, r.reference, r.kind, r.amount_minor, r.paid_on AS day, r.state, r.event_key,
           r.book_id, r.currency
    FROM payments_receipt r
    WHERE r.channel_id = %(channel)s
      AND (r.paid_on BETWEEN %(from_on)s AND %(through_on)s
           OR r.reference IN (SELECT reference FROM bill))
), told AS (
    SELECT e.key, e.kind, e.amount_minor, e.effective_on,
           substr(e.key, length(%(prefix)s) + 1) AS reference
    FROM ledger_event e
    WHERE e.book_id = %(book)s
      AND (e.key IN (SELECT event_key FROM ours WHERE event_key <> '')
           OR (e.key >= %(prefix)s AND e.key < %(prefix_end)s
               AND e.effective_on BETWEEN %(from_on)s AND %(through_on)s))
)
SELECT coalesce(b.reference, o.reference, t.reference) AS reference,
       coalesce(b.day, o.day, t.effective_on) AS day,
       b.amount_minor AS bill_minor, o.amount_minor AS receipt_minor,
       CASE WHEN t.kind = 'payment_reversed' THEN o.amount_minor ELSE t.amount_minor END
           AS ledger_minor,
       b.reference IS NOT NULL AS in_bill, o.id IS NOT NULL AS in_receipts,
       t.key IS NOT NULL AS in_ledger, b.times, b.day AS bill_day, o.day AS receipt_day,
       b.kind AS bill_kind, o.kind AS receipt_kind, o.state
FROM bill b FULL JOIN ours o ON o.reference = b.reference
FULL JOIN told t ON t.key = o.event_key
"""
_FOUND = """
CREATE TEMP TABLE found ON COMMIT DROP AS
SELECT kind, reference, day, bill_minor, receipt_minor, ledger_minor FROM sides, LATERAL (VALUES
    ('not_received', in_bill AND NOT in_receipts),
    ('not_in_bill', in_receipts AND NOT in_bill AND %(has_bill)s
        AND day BETWEEN %(from_on)s AND %(through_on)s),
    ('amount_differs', in_bill AND in_receipts
        AND (bill_minor <> receipt_minor OR bill_kind <> receipt_kind)),
    ('day_differs', in_bill AND in_receipts AND bill_day <> receipt_day),
    ('twice_in_bill', times > 1),
    ('not_posted', in_receipts AND NOT in_ledger AND state IN ('received', 'waiting', 'posted')),
    ('ledger_differs', in_receipts AND in_ledger AND receipt_minor <> ledger_minor),
    ('not_in_receipts', in_ledger AND NOT in_receipts)
) AS test (kind, holds) WHERE holds
"""
_RAISE = """
INSERT INTO payments_reconciliationbreak
    (channel_id, kind, reference, day, bill_minor, receipt_minor, ledger_minor, first_seen_at,
     last_seen_at, state, reason)
SELECT %(channel)s, kind, reference, day, bill_minor, receipt_minor, ledger_minor, %(now)s, %(now)s,
       'open', '' FROM found
ON CONFLICT (channel_id, kind, reference) WHERE state = 'open'
DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, bill_minor = EXCLUDED.bill_minor,
    receipt_minor = EXCLUDED.receipt_minor, ledger_minor = EXCLUDED.ledger_minor
"""
_CLEAR = """
UPDATE payments_reconciliationbreak k SET state = 'cleared', resolved_at = %(now)s
WHERE k.channel_id = %(channel)s AND k.state = 'open' AND k.kind <> 'conflicting_notice'
  AND k.day BETWEEN %(from_on)s AND %(through_on)s
  AND NOT EXISTS (SELECT FROM found f WHERE f.kind = k.kind AND f.reference = k.reference)
"""
_COUNTS = """
SELECT count(*) FILTER (WHERE in_bill), count(*) FILTER (WHERE in_receipts),
       count(*) FILTER (WHERE in_ledger),
       count(*) FILTER (WHERE NOT EXISTS (SELECT FROM found f WHERE f.reference = s.reference)),
       coalesce(sum(bill_minor), 0), coalesce(sum(receipt_minor), 0),
       coalesce(sum(ledger_minor), 0) FROM sides s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTaken:
    bill: ChannelBill
    is_new: bool
    refused: pl.DataFrame  # ``line_no`` and ``code`` of lines that cannot be read.


def take_bill(*, channel: Channel, content: bytes, acting_user: User, at: datetime) -> BillTaken:
    """Keep a channel's bill; the same file again changes nothing. A newer one of the days counts.

    :raises PaymentRefused: ``bill.malformed``, ``bill.column_missing``, ``bill.empty``,
        ``channel.takes_no_messages``.
    """
    digest = hashlib.sha256(content).hexdigest()
    rows = adapter_of(kind=channel.adapter).read_bill(
        content=content, minor_digits=channel.book.minor_digits
    )
    refused = rows.filter(pl.col("code").is_not_null()).select("line_no", "code")
    moved = rows.filter(pl.col("code").is_null() & (pl.col("kind") != "failure"))
    if moved.is_empty():
        raise PaymentRefused("bill.empty")
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=channel.pk)
        held = ChannelBill.objects.filter(channel=channel, digest=digest).first()
        if held is not None:
            return BillTaken(bill=held, is_new=False, refused=refused)
        bill = ChannelBill.objects.create(
            channel=channel,
            digest=digest,
            from_on=cast("date", moved["paid_on"].min()),
            through_on=cast("date", moved["paid_on"].max()),
            line_count=moved.height,
            taken_at=at,
            acting_user=acting_user,
        )
        copy_in(
            cast("Connection[Any]", django_connection.connection),
            table="payments_billline",
            frame=moved.select(
                pl.lit(bill.pk).alias("bill_id"),
                *("line_no", "kind", "reference", "amount_minor", "currency", "paid_on"),
                "fee_minor",
            ),
        )
        audit.record(
            acting_user=acting_user,
            action="bill.take",
            target_type="channel_bill",
            target_id=bill.pk,
            details={"channel": channel.code, "lines": moved.height, "refused": refused.height},
        )
    return BillTaken(bill=bill, is_new=True, refused=refused)


def reconcile(
    *, channel: Channel, from_on: date, through_on: date, acting_user: User, at: datetime
) -> ReconciliationRun:
    """Compare a channel's days on all three sides; raise what differs, clear what no longer does.

    :raises PaymentRefused: ``reconciliation.days_wrong``.
    """
    if from_on > through_on:
        raise PaymentRefused("reconciliation.days_wrong")
    started = time.perf_counter()
    prefix = f"{channel.code}:"
    params = {
        "channel": channel.pk,
        "book": channel.book_id,
        "from_on": from_on,
        "through_on": through_on,
        "prefix": prefix,
        "prefix_end": f"{channel.code};",  # The character after the colon.
        "now": at,
        "has_bill": ChannelBill.objects.filter(
            channel=channel, from_on__lte=through_on, through_on__gte=from_on
        ).exists(),
    }
    with transaction.atomic():
        Channel.objects.select_for_update().get(pk=channel.pk)
        raw = cast("Connection[Any]", django_connection.connection)
        for statement in (_SIDES, "ANALYZE sides", _FOUND, "ANALYZE found", _RAISE, _CLEAR):
            raw.execute(cast("Any", statement), params if "%(" in statement else None)
        counts = raw.execute(_COUNTS).fetchone()
        assert counts is not None
        kinds = raw.execute("SELECT kind, count(*) FROM found GROUP BY kind ORDER BY kind")
        run = ReconciliationRun.objects.create(
            channel=channel,
            from_on=from_on,
            through_on=through_on,
            ran_at=at,
            acting_user=acting_user,
            bill_lines=counts[0],
            receipts=counts[1],
            events=counts[2],
            agreed=counts[3],
            found=dict(kinds.fetchall()),
            sums={
                "bill_minor": int(counts[4]),
                "receipts_minor": int(counts[5]),
                "ledger_minor": int(counts[6]),
            },
            seconds=round(time.perf_counter() - started, 3),
        )
        raw.execute("DROP TABLE found, sides")
        audit.record(
            acting_user=acting_user,
            action="reconciliation.run",
            target_type="channel",
            target_id=channel.pk,
            details={"from_on": str(from_on), "through_on": str(through_on), "found": run.found},
        )
    return run


def assign_break(*, found: ReconciliationBreak, to: User, acting_user: User) -> ReconciliationBreak:
    """Give a break to somebody to look after.

    :raises PaymentRefused: ``break.settled_already``.
    """
    with transaction.atomic():
        locked = _open_break(found)
        locked.assigned_to = to
        locked.save(update_fields=["assigned_to"])
        audit.record(
            acting_user=acting_user,
            action="break.assign",
            target_type="break",
            target_id=locked.pk,
            details={"to": to.username},
        )
    return locked


def resolve_break(
    *, found: ReconciliationBreak, reason: str, acting_user: User
) -> ReconciliationBreak:
    """Close a break with a reason; the figures stay as they were.

    :raises PaymentRefused: ``break.settled_already``, ``reason.missing``, ``reason.too_long``.
    """
    reason = checked_reason(reason)
    with transaction.atomic():
        locked = _open_break(found)
        locked.state = BreakState.RESOLVED
        locked.reason = reason
        locked.resolved_by = acting_user
        locked.resolved_at = timezone.now()
        locked.save(update_fields=["state", "reason", "resolved_by", "resolved_at"])
        audit.record(
            acting_user=acting_user,
            action="break.resolve",
            target_type="break",
            target_id=locked.pk,
            details={"kind": locked.kind},
        )
    return locked


def checked_reason(reason: str) -> str:
    """Return a reason without its margins.

    :raises PaymentRefused: ``reason.missing``, ``reason.too_long``.
    """
    reason = reason.strip()
    if not reason:
        raise PaymentRefused("reason.missing")
    if len(reason) > REASON_LONGEST or "\0" in reason:
        raise PaymentRefused("reason.too_long", most=REASON_LONGEST)
    return reason


def _open_break(found: ReconciliationBreak) -> ReconciliationBreak:
    locked = ReconciliationBreak.objects.select_for_update(of=("self",)).get(pk=found.pk)
    if locked.state != BreakState.OPEN:
        raise PaymentRefused("break.settled_already", state=locked.state)
    return locked
