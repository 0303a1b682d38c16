"""What every adapter gives: a message read and proven, a file read, our answers. No database.

Units   ``amount_minor`` is a positive count of minor units of ``currency``.
Errors  ``PaymentRefused``: ``notice.malformed``, ``notice.header_missing``,
        ``notice.signature_wrong``, ``notice.key_unknown``, ``notice.too_old``,
        ``notice.in_future``, ``notice.not_for_us``, ``notice.kind_unknown``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import polars as pl

from daihou.web.payments.secrets import ChannelSecrets

BILL_LINES: Mapping[str, type[pl.DataType]] = {
    "line_no": pl.Int64,
    "kind": pl.String,  # "payment", "refund" or "failure".
    "reference": pl.String,
    "target_reference": pl.String,
    "order_ref": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "paid_on": pl.Date,
    "fee_minor": pl.Int64,
    "payer_account": pl.String,
    "remark": pl.String,
    "failure_code": pl.String,
    "code": pl.String,  # Why a line cannot be read; null where it can.
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """``kind`` is "payment", "refund" (of ``target_reference``) or "failure" (of a debit)."""

    kind: str
    reference: str
    amount_minor: int
    currency: str
    paid_at: datetime
    target_reference: str = ""
    order_ref: str = ""
    remark: str = ""
    payer_account: str = ""
    failure_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A proven message. ``nonce`` counts once; "" where the provider sends none."""

    notice_ref: str
    nonce: str
    movement: Movement


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Debit:
    """One line of what we ask a bank to debit."""

    order_ref: str
    mandate_reference: str
    amount_minor: int
    currency: str
    run_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody is to pay: the amount is fixed; ``subject`` names no person and no debt."""

    order_ref: str
    amount_minor: int
    currency: str
    subject: str
    expires_at: datetime
    notify_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """Where it is paid: ``kind`` "code" (``target`` is what the code says) or "page" (an URL)."""

    kind: str
    target: str


class Adapter(Protocol):
    def read_notice(
        self,
        *,
        headers: Mapping[str, str],
        body: bytes,
        secrets: ChannelSecrets,
        now: datetime,
    ) -> Notice:
        """Prove a message and say what it tells; header names are in lower case."""
        ...

    def order(self, *, order: Order, secrets: ChannelSecrets, now: datetime) -> Ordered:
        """Ask the provider for a payment.

        :raises PaymentRefused: ``order.not_offered``, ``order.refused``, ``order.no_answer``,
            ``channel.key_unusable``.
        """
        ...

    def accepted(self) -> Answer:
        """Tell the provider that it need not send this again."""
        ...

    def refused(self, *, code: str, status: int) -> Answer:
        """Tell the provider that nothing was taken."""
        ...

    def read_bill(self, *, content: bytes, minor_digits: int) -> pl.DataFrame:
        """Read the provider's own account of a day as ``BILL_LINES``."""
        ...

    def write_debits(self, *, debits: Sequence[Debit], secrets: ChannelSecrets) -> bytes:
        """Write what we ask for as the provider's file."""
        ...
