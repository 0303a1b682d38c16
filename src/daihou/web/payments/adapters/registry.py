"""Which adapter a channel speaks through."""

from collections.abc import Mapping

from daihou.web.payments.adapters.alipay import Alipay
from daihou.web.payments.adapters.bank_debit import BankDebit
from daihou.web.payments.adapters.protocol import Adapter
from daihou.web.payments.adapters.wechat_pay import WechatPay
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models.channels import AdapterKind

ADAPTERS: Mapping[str, Adapter] = {
    AdapterKind.BANK_DEBIT: BankDebit(),
    AdapterKind.WECHAT_PAY: WechatPay(),
    AdapterKind.ALIPAY: Alipay(),
}


def adapter_of(*, kind: str) -> Adapter:
    """Return the adapter; a channel of manual entries has none.

    :raises PaymentRefused: ``channel.takes_no_messages``.
    """
    found = ADAPTERS.get(kind)
    if found is None:
        raise PaymentRefused("channel.takes_no_messages", adapter=kind)
    return found
