"""Take one message of a channel: proven, then kept in one statement, then acknowledged.

One autocommitted statement writes the notice and what it says, so that what was acknowledged is
durable and what was refused left nothing. The ledger follows in batches (``posting``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import connection
from psycopg import Connection, Cursor

from daihou.web.parties import encryption
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Field
from daihou.web.payments import secrets
from daihou.web.payments.adapters.proof import CLOCKS_DIFFER
from daihou.web.payments.adapters.protocol import Movement, Notice
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import BreakKind, Channel

BODY_BYTES_MOST = 64 * 1024
PLACE = "payments_channelnotice|body"
_KEEP = """
WITH kept AS (
    INSERT INTO payments_channelnotice
        (channel_id, notice_ref, nonce, received_at, digest, key_id, body)
    VALUES (%(channel)s, %(notice_ref)s, %(nonce)s, %(now)s, %(digest)s, %(key_id)s, %(body)s)
    ON CONFLICT (channel_id, nonce) WHERE nonce <> '' DO NOTHING
    RETURNING id)
"""
_RECEIPT = (
    _KEEP  # noqa: S608  Constants, both of them.
    + """
, made AS (
    INSERT INTO payments_receipt
        (book_id, channel_id, kind, reference, target_reference, amount_minor, currency, paid_on,
         received_at, order_ref, remark, payer_index, payer_masked, notice_id, voucher_digest,
         state, code, event_key)
    SELECT %(book)s, %(channel)s, %(kind)s, %(reference)s, %(target_reference)s, %(amount_minor)s,
           %(currency)s, %(paid_on)s, %(now)s, %(order_ref)s, %(remark)s, %(payer_index)s::bytea,
           %(payer_masked)s, kept.id, '', 'received', '', '' FROM kept
    ON CONFLICT (channel_id, reference) DO NOTHING
    RETURNING id)
SELECT (SELECT id FROM made), (SELECT id FROM kept)
"""
)
_FAILURE = (
    _KEEP  # noqa: S608  As above.
    + """
, made AS (
    INSERT INTO payments_debitanswer
        (channel_id, order_ref, failure_code, answered_on, received_at, notice_id)
    SELECT %(channel)s, %(order_ref)s, %(failure_code)s, %(paid_on)s, %(now)s, kept.id FROM kept
    ON CONFLICT (channel_id, order_ref) DO NOTHING
    RETURNING id)
SELECT (SELECT id FROM made), (SELECT id FROM kept)
"""
)
_HELD = """
SELECT kind, amount_minor, currency, target_reference FROM payments_receipt
WHERE channel_id = %(channel)s AND reference = %(reference)s
"""
_CONFLICT = """
INSERT INTO payments_reconciliationbreak
    (channel_id, kind, reference, day, bill_minor, receipt_minor, first_seen_at, last_seen_at,
     state, reason)
VALUES (%(channel)s, %(break_kind)s, %(reference)s, %(paid_on)s, %(amount_minor)s, %(held_minor)s,
        %(now)s, %(now)s, 'open', '')
ON CONFLICT (channel_id, kind, reference) WHERE state = 'open'
    DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A channel as the intake needs it, read once and kept for a while."""

    channel_id: int
    book_id: int
    adapter: str
    secret_ref: str
    time_zone: str
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """``is_new`` is false where the same had been said before."""

    is_new: bool
    kind: str
    reference: str


def line_of(channel: Channel) -> Line:
    return Line(
        channel_id=channel.pk,
        book_id=channel.book_id,
        adapter=channel.adapter,
        secret_ref=channel.secret_ref,
        time_zone=channel.book.time_zone,
        currency=channel.book.currency,
    )


def take_notice(*, line: Line, headers: Mapping[str, str], body: bytes, now: datetime) -> Taken:
    """Prove a message and keep what it says; nothing is kept of one that is refused.

    :raises PaymentRefused: those of the adapter, ``notice.too_large``, ``notice.replayed``,
        ``payment.in_future``, ``payment.reference_conflict`` (that one is kept, as a break).
    """
    if len(body) > BODY_BYTES_MOST:
        raise PaymentRefused("notice.too_large", most=BODY_BYTES_MOST)
    notice = adapter_of(kind=line.adapter).read_notice(
        headers=headers,
        body=body,
        secrets=secrets.load(secret_ref=line.secret_ref),
        now=now,
    )
    check_movement(notice.movement, now=now)
    values = _values(line=line, notice=notice, body=body, now=now)
    is_failure = notice.movement.kind == "failure"
    held = connection.connection
    if held is not None and held.closed:  # The database was away; Django looks only at its own.
        connection.close()
    connection.ensure_connection()
    raw = cast("Connection[Any]", connection.connection)
    made = _kept(raw, _FAILURE if is_failure else _RECEIPT, values)
    if made is None and not is_failure:
        _check_same(raw, values)
    return Taken(
        is_new=made is not None,
        kind=notice.movement.kind,
        reference=notice.movement.reference,
    )


def _kept(connection: Connection[Any], statement: str, values: dict[str, Any]) -> int | None:
    """Write the notice with what it says; return the new receipt or answer, if it is new."""
    with Cursor(connection) as cursor:  # Django's own cursor prepares no statement.
        row = cursor.execute(cast("Any", statement), values, prepare=True).fetchone()
    assert row is not None
    made, kept = row
    if kept is None:  # Its nonce was there already.
        raise PaymentRefused("notice.replayed")
    return None if made is None else int(made)


def check_movement(movement: Movement, *, now: datetime) -> None:
    """Refuse what no channel can mean.

    :raises PaymentRefused: ``payment.in_future``, ``notice.malformed``.
    """
    if movement.paid_at > now + CLOCKS_DIFFER:
        raise PaymentRefused("payment.in_future", paid_at=movement.paid_at.isoformat())
    texts = (movement.reference, movement.target_reference, movement.order_ref, movement.remark)
    longest = max(map(len, texts[:3]))
    is_currency = (
        len(movement.currency) == 3 and movement.currency.isascii() and movement.currency.isupper()
    )
    is_refund = movement.kind == "refund"
    if (
        not movement.reference
        or longest > 128
        or not is_currency
        or any("\0" in text for text in texts)
        or is_refund != bool(movement.target_reference)
        or movement.reference == movement.target_reference
    ):
        raise PaymentRefused("notice.malformed")


def _values(*, line: Line, notice: Notice, body: bytes, now: datetime) -> dict[str, Any]:
    movement = notice.movement
    sealed = encryption.seal(plain=body.decode("latin-1"), place=PLACE)
    account = movement.payer_account
    return {
        "channel": line.channel_id,
        "book": line.book_id,
        "notice_ref": notice.notice_ref[:128],
        "nonce": notice.nonce[:64],
        "now": now,
        "digest": hashlib.sha256(body).digest(),
        "key_id": sealed.key_id,
        "body": sealed.ciphertext,
        "kind": movement.kind,
        "reference": movement.reference,
        "target_reference": movement.target_reference,
        "amount_minor": movement.amount_minor,
        "currency": movement.currency,
        "paid_on": movement.paid_at.astimezone(ZoneInfo(line.time_zone)).date(),
        "order_ref": movement.order_ref,
        "remark": movement.remark[:256],
        "payer_index": payer_index(account),
        "payer_masked": payer_masked(account),
        "failure_code": movement.failure_code[:32],
        "break_kind": BreakKind.CONFLICTING_NOTICE.value,
    }


def payer_index(account: str) -> bytes | None:
    """Return the blind index under which a payer's account is found."""
    return encryption.blind_index(field=Field.BANK_ACCOUNT, plain=account) if account else None


def payer_masked(account: str) -> str:
    return masked(field=Field.BANK_ACCOUNT, plain=account)[:64] if account else ""


def _check_same(connection: Connection[Any], values: dict[str, Any]) -> None:
    """Hold a repeated reference to what was said first; a contradiction becomes a break."""
    held = connection.execute(_HELD, values).fetchone()
    assert held is not None
    said = tuple(values[name] for name in ("kind", "amount_minor", "currency", "target_reference"))
    if held == said:
        return
    raise_conflict(connection, values | {"held_minor": held[1]})
    raise PaymentRefused("payment.reference_conflict", reference=values["reference"])


def raise_conflict(connection: Connection[Any], values: Mapping[str, Any]) -> None:
    """Raise a contradiction as a break, once as long as it is open."""
    connection.execute(_CONFLICT, values)
