"""Bills as each provider writes them: its own columns, its own marks, amounts in major units."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping

from daihou.web.payments.adapters import alipay, bank_debit, wechat_pay
from daihou.web.payments.adapters.lines import CHINA
from daihou.web.payments.adapters.protocol import Movement
from daihou.web.payments.models import AdapterKind


def write_bill(*, adapter: str, movements: Iterable[Movement]) -> bytes:
    """Write what the provider says has moved."""
    columns, cells = _WRITERS[adapter]
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells(movement) for movement in movements)
    return out.getvalue().encode()


def _major(movement: Movement) -> str:
    return f"{movement.amount_minor // 100}.{movement.amount_minor % 100:02d}"


def _wechat(movement: Movement) -> dict[str, str]:
    is_refund = movement.kind == "refund"
    told = {
        "交易时间": f"{movement.paid_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        "微信订单号": movement.target_reference if is_refund else movement.reference,
        "商户订单号": movement.order_ref,
        "交易状态": "REFUND" if is_refund else "SUCCESS",
        "货币种类": movement.currency,
        "应结订单金额": "0.00" if is_refund else _major(movement),
        "微信退款单号": movement.reference if is_refund else "0",
        "退款金额": _major(movement) if is_refund else "0.00",
        "手续费": "0.00000",
        "商品名称": movement.remark,
    }
    return {name: f"`{value}" for name, value in told.items()}


def _alipay(movement: Movement) -> dict[str, str]:
    is_refund = movement.kind == "refund"
    return {
        "支付宝交易号": movement.target_reference if is_refund else movement.reference,
        "商户订单号": movement.order_ref,
        "业务类型": "退款" if is_refund else "交易",
        "完成时间": f"{movement.paid_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        "对方账户": movement.payer_account,
        "订单金额(元)": f"-{_major(movement)}" if is_refund else _major(movement),
        "退款批次号/请求号": movement.reference if is_refund else "",
        "服务费(元)": "0.00",
        "备注": movement.remark,
    }


def _bank(movement: Movement) -> dict[str, str]:
    status = {"payment": "SUCCESS", "refund": "RETURNED", "failure": "FAIL"}[movement.kind]
    return {
        "bank_reference": "" if movement.kind == "failure" else movement.reference,
        "order": movement.order_ref,
        "status": status,
        "paid": _major(movement),
        "currency": movement.currency,
        "value_date": f"{movement.paid_at.astimezone(CHINA):%Y-%m-%d}",
        "failure_code": movement.failure_code,
        "account": movement.payer_account,
        "remark": movement.remark,
        "returned": movement.target_reference,
    }


_WRITERS: Mapping[str, tuple[Mapping[str, str], Callable[[Movement], dict[str, str]]]] = {
    AdapterKind.WECHAT_PAY: (wechat_pay.COLUMNS, _wechat),
    AdapterKind.ALIPAY: (alipay.COLUMNS, _alipay),
    AdapterKind.BANK_DEBIT: (bank_debit.COLUMNS, _bank),
}
