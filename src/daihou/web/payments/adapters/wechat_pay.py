r"""WeChat Pay, API v3: signed headers around an encrypted resource.

Proof   ``Wechatpay-Signature`` over ``timestamp\nnonce\nbody\n`` by the key that
        ``Wechatpay-Serial`` names; a repeated notice comes with a new timestamp and nonce.
Source  The provider's documentation of notices (RSA with SHA-256; AES-256-GCM with the key of
        API v3), read as a shape: amounts are in fen, ``out_trade_no`` is our order.
"""

import base64
import binascii
import io
import json
import secrets as secret_words
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daihou.web.payments.adapters import lines
from daihou.web.payments.adapters.asking import ask
from daihou.web.payments.adapters.proof import check_age, check_signature, header, sign
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

GATEWAY = "https://api.mch.weixin.qq.com"
NATIVE = "/v3/pay/transactions/native"
PAID, REFUNDED, DEBIT_FAILED = "TRANSACTION.SUCCESS", "REFUND.SUCCESS", "TRANSACTION.PAY_FAIL"
COLUMNS = {
    "交易时间": "paid_on",
    "微信订单号": "payment_reference",
    "商户订单号": "order_ref",
    "交易状态": "state",
    "货币种类": "currency",
    "应结订单金额": "amount",
    "微信退款单号": "refund_reference",
    "退款金额": "refund_amount",
    "手续费": "fee",
    "商品名称": "remark",
}


class WechatPay:
    """The shape of WeChat Pay's API v3."""

    def read_notice(
        self,
        *,
        headers: Mapping[str, str],
        body: bytes,
        secrets: ChannelSecrets,
        now: datetime,
    ) -> Notice:
        stamp = header(headers, "wechatpay-timestamp")
        nonce = header(headers, "wechatpay-nonce")
        serial = header(headers, "wechatpay-serial")
        signature = header(headers, "wechatpay-signature")
        message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        check_signature(secrets=secrets, serial=serial, signature=signature, message=message)
        check_age(sent_at=_instant(stamp), now=now)
        try:
            envelope = json.loads(body)
            resource = _opened(envelope["resource"], secrets)
            movement = _movement(envelope["event_type"], resource, secrets)
            notice_ref = str(envelope["id"])
        except (KeyError, TypeError, ValueError) as exception:
            raise PaymentRefused("notice.malformed") from exception
        return Notice(notice_ref=notice_ref, nonce=nonce, movement=movement)

    def order(self, *, order: Order, secrets: ChannelSecrets, now: datetime) -> Ordered:
        """Ask for a code to be scanned (Native 下单)."""
        body = json.dumps(
            {
                "appid": secrets.app_id,
                "mchid": secrets.merchant_id,
                "description": order.subject,
                "out_trade_no": order.order_ref,
                "time_expire": order.expires_at.astimezone(UTC).isoformat(timespec="seconds"),
                "notify_url": order.notify_url,
                "amount": {"total": order.amount_minor, "currency": order.currency},
            },
            ensure_ascii=False,
        ).encode()
        stamp, nonce = str(int(now.timestamp())), secret_words.token_hex(16)
        message = f"POST\n{NATIVE}\n{stamp}\n{nonce}\n".encode() + body + b"\n"
        proof = (
            f'mchid="{secrets.merchant_id}",nonce_str="{nonce}",timestamp="{stamp}",'
            f'serial_no="{secrets.serial}",signature="{sign(secrets=secrets, message=message)}"'
        )
        answer = ask(
            url=secrets.gateway or GATEWAY,
            path=NATIVE,
            body=body,
            headers={
                "Authorization": f"WECHATPAY2-SHA256-RSA2048 {proof}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        code = answer.get("code_url")
        if not isinstance(code, str) or not code.startswith("weixin://"):
            raise PaymentRefused("order.refused", reply=str(answer.get("code", ""))[:64])
        return Ordered(kind="code", target=code)

    def accepted(self) -> Answer:
        return Answer(status=204, content_type="application/json", body=b"")

    def refused(self, *, code: str, status: int) -> Answer:
        body = json.dumps({"code": "FAIL", "message": code}).encode()
        return Answer(status=status, content_type="application/json", body=body)

    def read_bill(self, *, content: bytes, minor_digits: int) -> pl.DataFrame:
        rows = lines.table(content, columns=COLUMNS, marker="`")
        is_refund = pl.col("state") == "REFUND"
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
            pl.when(is_refund).then("refund_amount").otherwise("amount").alias("amount"),
        )
        return lines.shaped(shaped, minor_digits=minor_digits)

    def write_debits(self, *, debits: Sequence[Debit], secrets: ChannelSecrets) -> bytes:
        """Write one request of 委托代扣 per line, as its interface takes them."""
        out = io.StringIO()
        for debit in debits:
            request = {
                "mchid": secrets.merchant_id,
                "out_trade_no": debit.order_ref,
                "contract_id": debit.mandate_reference,
                "amount": {"total": debit.amount_minor, "currency": debit.currency},
            }
            out.write(json.dumps(request, ensure_ascii=False) + "\n")
        return out.getvalue().encode()


def _instant(stamp: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(stamp), tz=UTC)
    except (ValueError, OverflowError, OSError) as exception:
        raise PaymentRefused("notice.malformed") from exception


def _opened(resource: Mapping[str, Any], secrets: ChannelSecrets) -> dict[str, Any]:
    if resource["algorithm"] != "AEAD_AES_256_GCM":
        raise PaymentRefused("notice.malformed")
    try:
        plain = AESGCM(secrets.api_key.encode()).decrypt(
            resource["nonce"].encode(),
            base64.b64decode(resource["ciphertext"], validate=True),
            resource.get("associated_data", "").encode(),
        )
    except (InvalidTag, binascii.Error, ValueError, AttributeError) as exception:
        raise PaymentRefused("notice.not_for_us") from exception
    opened: dict[str, Any] = json.loads(plain)
    return opened


def _movement(kind: str, resource: Mapping[str, Any], secrets: ChannelSecrets) -> Movement:
    if resource["mchid"] != secrets.merchant_id:
        raise PaymentRefused("notice.not_for_us")
    amount = resource["amount"]
    if kind == PAID:
        return Movement(
            kind="payment",
            reference=str(resource["transaction_id"]),
            amount_minor=lines.whole(amount["total"]),
            currency=str(amount["currency"]),
            paid_at=lines.instant(resource["success_time"]),
            order_ref=str(resource["out_trade_no"]),
            remark=str(resource.get("attach", "")),
            payer_account=str(resource.get("payer", {}).get("openid", "")),
        )
    if kind == REFUNDED:
        return Movement(
            kind="refund",
            reference=str(resource["refund_id"]),
            target_reference=str(resource["transaction_id"]),
            amount_minor=lines.whole(amount["refund"]),
            currency=str(amount.get("currency", "CNY")),
            paid_at=lines.instant(resource["success_time"]),
            order_ref=str(resource["out_trade_no"]),
        )
    if kind == DEBIT_FAILED:
        return Movement(
            kind="failure",
            reference=str(resource["out_trade_no"]),
            amount_minor=lines.whole(amount["total"]),
            currency=str(amount["currency"]),
            paid_at=lines.instant(resource["fail_time"]),
            order_ref=str(resource["out_trade_no"]),
            failure_code=str(resource["err_code"]),
        )
    raise PaymentRefused("notice.kind_unknown", kind=str(kind)[:64])
