"""The provider's side of each adapter: it signs and encrypts what it tells, as the real one does.

A twin's private key lies beside the channel's secrets (``<secret_ref>.sandbox.pem``): a channel
with such a file is a sandbox, and says so in its list.
"""

import base64
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from daihou.web.payments import secrets
from daihou.web.payments.adapters import alipay, wechat_pay
from daihou.web.payments.adapters.lines import CHINA
from daihou.web.payments.adapters.protocol import Movement, Ordered
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import AdapterKind
from daihou.web.payments.secrets import ChannelSecrets

SERIAL = "SANDBOX1"
SANDBOX_GATEWAY = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
MERCHANT = "sandbox-merchant"
API_KEY = "sandbox-key-of-32-bytes-no-money"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    headers: Mapping[str, str]
    body: bytes


class Twin(Protocol):
    def message(
        self, *, movement: Movement, notice_ref: str, sent_at: datetime, chance: random.Random
    ) -> Message:
        """Say a movement as the provider would, signed at an instant."""
        ...


def make_keys(*, secret_ref: str, adapter: str) -> None:
    """Make the keys of both sides of a sandbox channel."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    serial = alipay.SERIAL if adapter == AdapterKind.ALIPAY else SERIAL
    secrets.save(
        secret_ref=secret_ref,
        secrets=ChannelSecrets(
            merchant_id=MERCHANT, platform_keys={serial: public.decode()}, api_key=API_KEY
        ),
    )
    path = _key_path(secret_ref)
    path.touch(mode=0o600)
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def is_sandbox(*, secret_ref: str) -> bool:
    return bool(secret_ref) and _key_path(secret_ref).is_file()


def ordered(*, adapter: str, order_ref: str) -> Ordered:
    """Answer an order as the provider would; nothing is asked of anybody.

    :raises PaymentRefused: ``order.not_offered``.
    """
    if adapter == AdapterKind.WECHAT_PAY:
        return Ordered(kind="code", target=f"weixin://wxpay/bizpayurl?pr=SANDBOX{order_ref}")
    if adapter == AdapterKind.ALIPAY:
        return Ordered(kind="page", target=f"{SANDBOX_GATEWAY}?out_trade_no={order_ref}")
    raise PaymentRefused("order.not_offered", adapter=adapter)


def twin_of(*, adapter: str, secret_ref: str) -> Twin:
    """Return the twin that can sign for a sandbox channel.

    :raises PaymentRefused: ``channel.not_a_sandbox``.
    """
    if not is_sandbox(secret_ref=secret_ref) or adapter not in _TWINS:
        raise PaymentRefused("channel.not_a_sandbox", secret_ref=secret_ref)
    key = load_pem_private_key(_key_path(secret_ref).read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return _TWINS[adapter](key)


class WechatTwin:
    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def message(
        self, *, movement: Movement, notice_ref: str, sent_at: datetime, chance: random.Random
    ) -> Message:
        resource = json.dumps(_wechat_resource(movement), ensure_ascii=False).encode()
        nonce = f"{chance.getrandbits(48):012x}"
        sealed = AESGCM(API_KEY.encode()).encrypt(nonce.encode(), resource, b"transaction")
        kinds = {
            "payment": wechat_pay.PAID,
            "refund": wechat_pay.REFUNDED,
            "failure": wechat_pay.DEBIT_FAILED,
        }
        body = json.dumps(
            {
                "id": notice_ref,
                "create_time": movement.paid_at.isoformat(),
                "event_type": kinds[movement.kind],
                "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "associated_data": "transaction",
                    "nonce": nonce,
                },
            }
        ).encode()
        stamp, once = str(int(sent_at.timestamp())), f"{chance.getrandbits(128):032x}"
        signature = _sign(self._key, f"{stamp}\n{once}\n".encode() + body + b"\n")
        headers = {
            "wechatpay-timestamp": stamp,
            "wechatpay-nonce": once,
            "wechatpay-serial": SERIAL,
            "wechatpay-signature": signature,
        }
        return Message(headers=headers, body=body)


class AlipayTwin:
    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def message(
        self,
        *,
        movement: Movement,
        notice_ref: str,
        sent_at: datetime,
        chance: random.Random,  # noqa: ARG002  Its notices have no nonce.
    ) -> Message:
        fields = {
            "app_id": MERCHANT,
            "notify_id": notice_ref,
            "notify_time": f"{sent_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
            "out_trade_no": movement.order_ref,
            **_alipay_fields(movement),
        }
        fields = {name: value for name, value in fields.items() if value}
        message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
        signed = fields | {"sign_type": "RSA2", "sign": _sign(self._key, message.encode())}
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Message(headers=headers, body=urlencode(signed).encode())


class BankTwin:
    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def message(
        self, *, movement: Movement, notice_ref: str, sent_at: datetime, chance: random.Random
    ) -> Message:
        statuses = {"payment": "SUCCESS", "refund": "RETURNED", "failure": "FAIL"}
        amount = "requested" if movement.kind == "failure" else "paid"
        body = json.dumps(
            {
                "id": notice_ref,
                "merchant": MERCHANT,
                "status": statuses[movement.kind],
                "order": movement.order_ref,
                "bank_reference": movement.reference,
                "returned": movement.target_reference,
                amount: movement.amount_minor,
                "currency": movement.currency,
                "paid_at": movement.paid_at.isoformat(),
                "failure_code": movement.failure_code,
                "account": movement.payer_account,
                "remark": movement.remark,
            },
            ensure_ascii=False,
        ).encode()
        stamp, once = str(int(sent_at.timestamp())), f"{chance.getrandbits(128):032x}"
        headers = {
            "x-bank-timestamp": stamp,
            "x-bank-nonce": once,
            "x-bank-serial": SERIAL,
            "x-bank-signature": _sign(self._key, f"{stamp}\n{once}\n".encode() + body),
        }
        return Message(headers=headers, body=body)


_TWINS: Mapping[str, Callable[[rsa.RSAPrivateKey], Twin]] = {
    AdapterKind.WECHAT_PAY.value: WechatTwin,
    AdapterKind.ALIPAY.value: AlipayTwin,
    AdapterKind.BANK_DEBIT.value: BankTwin,
}


def _key_path(secret_ref: str) -> Path:
    return secrets.path_of(secret_ref=secret_ref).with_suffix(".sandbox.pem")


def _sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def _wechat_resource(movement: Movement) -> dict[str, object]:
    shared: dict[str, object] = {"mchid": MERCHANT, "out_trade_no": movement.order_ref}
    at, amount = movement.paid_at.isoformat(), movement.amount_minor
    if movement.kind == "refund":
        return shared | {
            "transaction_id": movement.target_reference,
            "refund_id": movement.reference,
            "success_time": at,
            "amount": {"refund": amount, "currency": movement.currency},
        }
    told = shared | {"amount": {"total": amount, "currency": movement.currency}}
    if movement.kind == "failure":
        return told | {"fail_time": at, "err_code": movement.failure_code}
    return told | {
        "transaction_id": movement.reference,
        "success_time": at,
        "attach": movement.remark,
        "payer": {"openid": movement.payer_account},
    }


def _alipay_fields(movement: Movement) -> dict[str, str]:
    at = f"{movement.paid_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    yuan = f"{movement.amount_minor // 100}.{movement.amount_minor % 100:02d}"
    if movement.kind == "refund":
        return {
            "trade_no": movement.target_reference,
            "trade_status": "TRADE_SUCCESS",
            "out_biz_no": movement.reference,
            "refund_fee": yuan,
            "gmt_refund": at,
        }
    return {
        "trade_no": movement.reference,
        "trade_status": "TRADE_SUCCESS" if movement.kind == "payment" else "TRADE_CLOSED",
        "total_amount": yuan,
        "gmt_payment": at,
        "buyer_logon_id": movement.payer_account,
        "body": movement.remark,
    }
