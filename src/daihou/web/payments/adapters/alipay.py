"""Alipay: a form, signed as a whole.

Proof   ``sign`` (RSA2: RSA with SHA-256) over every other field but ``sign_type``, in the order of
        their names. There is no nonce: a repeated notice is the same form again, for a day.
Source  The provider's documentation of asynchronous notices, read as a shape: amounts are in yuan.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NoReturn
from urllib.parse import parse_qsl, urlencode

import polars as pl

from daihou.web.payments.adapters import lines
from daihou.web.payments.adapters.proof import CLOCKS_DIFFER, check_signature, sign
from daihou.web.payments.adapters.protocol import (
    Answer,
    Debit,
    Movement,
    Notice,
    Order,
    Ordered,
)
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.secrets import ChannelSecrets

GATEWAY = "https://openapi.alipay.com/gateway.do"
SERIAL = "alipay"
REPEATED_FOR = timedelta(hours=25)
FIELDS_MOST = 100
SUCCESS = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
COLUMNS = {
    "支付宝交易号": "payment_reference",
    "商户订单号": "order_ref",
    "业务类型": "state",
    "完成时间": "paid_on",
    "对方账户": "payer_account",
    "订单金额(元)": "amount",
    "退款批次号/请求号": "refund_reference",
    "服务费(元)": "fee",
    "备注": "remark",
}
CURRENCY = "CNY"
MINOR_DIGITS = 2


class Alipay:
    """The shape of Alipay's asynchronous notices, in CNY."""

    def read_notice(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002  The proof is in the form itself.
        body: bytes,
        secrets: ChannelSecrets,
        now: datetime,
    ) -> Notice:
        fields = _fields(body)
        message = "&".join(
            f"{name}={fields[name]}" for name in sorted(fields) if name not in {"sign", "sign_type"}
        )
        if fields.get("sign_type") != "RSA2":
            raise PaymentRefused("notice.signature_wrong")
        check_signature(
            secrets=secrets,
            serial=SERIAL,
            signature=fields.get("sign", ""),
            message=message.encode(),
        )
        if fields.get("app_id") != secrets.merchant_id:
            raise PaymentRefused("notice.not_for_us")
        sent_at = lines.instant(fields.get("notify_time"))
        if sent_at < now - REPEATED_FOR:
            raise PaymentRefused("notice.too_old", sent_at=sent_at.isoformat())
        if sent_at > now + CLOCKS_DIFFER:
            raise PaymentRefused("notice.in_future", sent_at=sent_at.isoformat())
        try:
            return Notice(notice_ref=fields["notify_id"], nonce="", movement=_movement(fields))
        except KeyError as exception:
            raise PaymentRefused("notice.malformed") from exception

    def order(self, *, order: Order, secrets: ChannelSecrets, now: datetime) -> Ordered:
        """Sign the address of a page on which it is paid; nobody is asked before it is opened."""
        what = {
            "out_trade_no": order.order_ref,
            "total_amount": f"{order.amount_minor // 100}.{order.amount_minor % 100:02d}",
            "subject": order.subject,
            "product_code": "QUICK_WAP_WAY",
            "time_expire": f"{order.expires_at.astimezone(lines.CHINA):%Y-%m-%d %H:%M:%S}",
        }
        fields = {
            "app_id": secrets.app_id or secrets.merchant_id,
            "method": "alipay.trade.wap.pay",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": f"{now.astimezone(lines.CHINA):%Y-%m-%d %H:%M:%S}",
            "version": "1.0",
            "notify_url": order.notify_url,
            "biz_content": json.dumps(what, ensure_ascii=False, separators=(",", ":")),
        }
        if order.currency != CURRENCY:
            raise PaymentRefused("order.not_offered", adapter="alipay")
        message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        signed = fields | {"sign": sign(secrets=secrets, message=message.encode())}
        return Ordered(kind="page", target=f"{secrets.gateway or GATEWAY}?{urlencode(signed)}")

    def accepted(self) -> Answer:
        return Answer(status=200, content_type="text/plain", body=b"success")

    def refused(self, *, code: str, status: int) -> Answer:  # noqa: ARG002  It reads one word only.
        return Answer(status=status, content_type="text/plain", body=b"fail")

    def read_bill(self, *, content: bytes, minor_digits: int) -> pl.DataFrame:
        rows = lines.table(content, columns=COLUMNS)
        is_refund = pl.col("state") == "退款"
        shaped = rows.with_columns(
            pl.when(is_refund).then(pl.lit("refund")).otherwise(pl.lit("payment")).alias("kind"),
            pl.when(is_refund)
            .then("refund_reference")
            .otherwise("payment_reference")
            .alias("reference"),
            pl.when(is_refund)
            .then("payment_reference")
            .otherwise(pl.lit(""))
            .alias("target_reference"),
            pl.col("amount").str.strip_prefix("-"),
            pl.col("fee").str.strip_prefix("-"),
            pl.lit(CURRENCY).alias("currency"),
        )
        return lines.shaped(shaped, minor_digits=minor_digits)

    def write_debits(self, *, debits: Sequence[Debit], secrets: ChannelSecrets) -> NoReturn:  # noqa: ARG002
        """Alipay's shape here takes money in; it debits nobody.

        :raises PaymentRefused: ``debit.not_offered``.
        """
        raise PaymentRefused("debit.not_offered", adapter="alipay")


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=False,
            strict_parsing=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=FIELDS_MOST,
        )
    except ValueError as exception:
        raise PaymentRefused("notice.malformed") from exception
    fields = dict(pairs)
    if len(fields) != len(pairs):  # One name twice: which one was signed?
        raise PaymentRefused("notice.malformed")
    return fields


def _movement(fields: Mapping[str, str]) -> Movement:
    if "refund_fee" in fields:
        return Movement(
            kind="refund",
            reference=fields["out_biz_no"],
            target_reference=fields["trade_no"],
            amount_minor=lines.decimal(fields["refund_fee"], minor_digits=MINOR_DIGITS),
            currency=CURRENCY,
            paid_at=lines.instant(fields["gmt_refund"]),
            order_ref=fields["out_trade_no"],
        )
    if fields["trade_status"] in SUCCESS:
        return Movement(
            kind="payment",
            reference=fields["trade_no"],
            amount_minor=lines.decimal(fields["total_amount"], minor_digits=MINOR_DIGITS),
            currency=CURRENCY,
            paid_at=lines.instant(fields["gmt_payment"]),
            order_ref=fields["out_trade_no"],
            remark=fields.get("body", ""),
            payer_account=fields.get("buyer_logon_id", ""),
        )
    raise PaymentRefused("notice.kind_unknown", kind=fields["trade_status"][:64])
