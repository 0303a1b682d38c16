r"""Bank debit 代扣: a file of requests out, a signed word or a file of results back.

Proof   ``X-Bank-Signature`` over ``timestamp\nnonce\nbody`` by the key ``X-Bank-Serial`` names.
Source  No bank's own: the common shape of 代扣 interfaces, with part payments and failure codes.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn

import polars as pl

from daihou.web.payments.adapters import lines
from daihou.web.payments.adapters.proof import check_age, check_signature, header
from daihou.web.payments.adapters.protocol import Answer, Debit, Movement, Notice, Order
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.secrets import ChannelSecrets

COLUMNS = {
    "bank_reference": "payment_reference",
    "order": "order_ref",
    "status": "state",
    "paid": "amount",
    "currency": "currency",
    "value_date": "paid_on",
    "failure_code": "failure_code",
    "account": "payer_account",
    "remark": "remark",
    "returned": "target_reference",
}
KINDS = {"SUCCESS": "payment", "PARTIAL": "payment", "FAIL": "failure", "RETURNED": "refund"}


class BankDebit:
    """The common shape of bank debits. A returned debit 冲正 is a refund."""

    def read_notice(
        self,
        *,
        headers: Mapping[str, str],
        body: bytes,
        secrets: ChannelSecrets,
        now: datetime,
    ) -> Notice:
        stamp = header(headers, "x-bank-timestamp")
        nonce = header(headers, "x-bank-nonce")
        check_signature(
            secrets=secrets,
            serial=header(headers, "x-bank-serial"),
            signature=header(headers, "x-bank-signature"),
            message=f"{stamp}\n{nonce}\n".encode() + body,
        )
        try:
            check_age(sent_at=datetime.fromtimestamp(int(stamp), tz=UTC), now=now)
            told = json.loads(body)
            if told["merchant"] != secrets.merchant_id:
                raise PaymentRefused("notice.not_for_us")
            kind = KINDS.get(told["status"])
            if kind is None:
                raise PaymentRefused("notice.kind_unknown", kind=str(told["status"])[:64])
            movement = Movement(
                kind=kind,
                reference=str(told["order"] if kind == "failure" else told["bank_reference"]),
                target_reference=str(told["returned"]) if kind == "refund" else "",
                amount_minor=lines.whole(told["requested" if kind == "failure" else "paid"]),
                currency=str(told["currency"]),
                paid_at=lines.instant(told["paid_at"]),
                order_ref=str(told["order"]),
                remark=str(told.get("remark", "")),
                payer_account=str(told.get("account", "")),
                failure_code=str(told["failure_code"]) if kind == "failure" else "",
            )
            return Notice(notice_ref=str(told["id"]), nonce=nonce, movement=movement)
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as exception:
            raise PaymentRefused("notice.malformed") from exception

    def order(self, *, order: Order, secrets: ChannelSecrets, now: datetime) -> NoReturn:  # noqa: ARG002
        """Refuse: a bank's debits need a mandate, nobody is sent to a page.

        :raises PaymentRefused: ``order.not_offered``.
        """
        raise PaymentRefused("order.not_offered", adapter="bank_debit")

    def accepted(self) -> Answer:
        return Answer(status=200, content_type="application/json", body=b'{"result": "OK"}')

    def refused(self, *, code: str, status: int) -> Answer:
        body = json.dumps({"result": "REFUSED", "code": code}).encode()
        return Answer(status=status, content_type="application/json", body=body)

    def read_bill(self, *, content: bytes, minor_digits: int) -> pl.DataFrame:
        rows = lines.table(content, columns=COLUMNS)
        kind = pl.col("state").replace_strict(KINDS, default="", return_dtype=pl.String)
        is_failure = kind == "failure"
        shaped = rows.with_columns(
            kind.alias("kind"),
            pl.when(is_failure).then("order_ref").otherwise("payment_reference").alias("reference"),
        )
        return lines.shaped(shaped, minor_digits=minor_digits)

    def write_debits(self, *, debits: Sequence[Debit], secrets: ChannelSecrets) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["merchant", "order", "mandate", "amount_minor", "currency", "run_on"])
        for debit in debits:
            writer.writerow(
                [
                    secrets.merchant_id,
                    debit.order_ref,
                    debit.mandate_reference,
                    debit.amount_minor,
                    debit.currency,
                    debit.run_on.isoformat(),
                ]
            )
        return out.getvalue().encode()
