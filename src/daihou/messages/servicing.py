"""Messages of servicing: what a loan cannot take, and why."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "servicing.field_missing": ("{action} 缺少 {field}", "{action} needs {field}"),
    "servicing.field_not_wanted": (
        "{action} 不接受 {field}",
        "{action} does not take {field}",
    ),
    "servicing.amount_not_positive": ("{field} 必须为正", "{field} must be positive"),
    "servicing.amount_too_large": ("{field} 过大", "{field} is too large"),
    "servicing.text_too_long": (
        "{field} 最多 {most} 个字符",
        "{field} has {most} characters at most",
    ),
    "servicing.currency_mismatch": (
        "币种不符：申请为 {asked}，借据为 {held}",
        "the currency is {asked}, but the loan is in {held}",
    ),
    "servicing.not_paid_out": ("借据尚未放款", "the loan was not paid out yet"),
    "servicing.before_disbursement": (
        "日期早于放款日 {start}",
        "that day lies before the loan was paid out on {start}",
    ),
    "servicing.in_future": (
        "日期晚于今天 {today}，尚未发生",
        "that day lies after today, {today}: it cannot have happened yet",
    ),
    "servicing.stated_elsewhere": (
        "该借据的数字由其他系统给出（{on}），只能在该系统变更",
        "another system states this loan's figures (on {on}); it is changed there",
    ),
    "servicing.loan_closed": (
        "借据已结清，不能 {action}",
        "the loan is closed: {action} is not possible any more",
    ),
    "servicing.written_off": (
        "借据已核销，不能 {action}",
        "the loan was written off: {action} is not possible any more",
    ),
    "servicing.not_written_off": (
        "借据未核销，不能 {action}",
        "the loan was not written off, so {action} means nothing",
    ),
    "servicing.preview_stale": (
        "预览之后借据已有变动，请重新预览；未作任何更改",
        "the loan has moved since this preview: look at it again; nothing was changed",
    ),
    "servicing.asked_already": (
        "同样的申请正在等待审批（{approval}）",
        "the same is waiting for a decision already (no. {approval})",
    ),
    "servicing.reason_unknown": ("未知的原因代码 {reason}", "{reason} is not a reason code"),
    "servicing.target_unknown": (
        "该借据没有事件 {key}",
        "the loan has no event {key}",
    ),
    "servicing.target_not_payment": (
        "事件 {key} 不是收款",
        "the event {key} is no payment",
    ),
    "servicing.target_taken_back": (
        "收款 {key} 已被冲销",
        "the payment {key} was taken back already",
    ),
    "servicing.before_target": (
        "日期早于收款日 {on}",
        "that day lies before the payment, on {on}",
    ),
    "waiver.component_wrong": (
        "本金不能豁免，只能通过减免结清",
        "principal is not waived; a settlement may give it up",
    ),
    "waiver.instalment_unknown": (
        "没有第 {number} 期",
        "there is no instalment {number}",
    ),
    "waiver.measure_wrong": (
        "金额、比例、保留额三者只能填一项",
        "a waiver takes one of amount, percent and floor",
    ),
    "waiver.nothing_owed": (
        "所选科目和期次没有欠款",
        "nothing is owed of these components and instalments",
    ),
    "waiver.floor_not_below_owed": (
        "保留额不低于所欠 {owed}（最小货币单位）",
        "the floor is not below what is owed, {owed} minor units",
    ),
    "settlement.above_owed": (
        "约定还款 {amount} 不低于所欠 {owed}（最小货币单位）",
        "{amount} is no less than the {owed} owed, in minor units",
    ),
    "settlement.discounts_wrong": (
        "各科目减免之和必须等于 {discount}（最小货币单位）",
        "the discounts must add up to {discount} minor units",
    ),
    "settlement.discount_above_owed": (
        "{component} 的减免超过所欠 {owed}（最小货币单位）",
        "the discount of {component} is above what is owed, {owed} minor units",
    ),
    "settlement.expires_too_early": (
        "截止日 {on} 已过",
        "the last day, {on}, lies in the past",
    ),
    "settlement.open_already": (
        "该借据已有待履行的减免结清（截止 {on}）",
        "a settlement of this loan is open already, until {on}",
    ),
    "settlement.not_open": (
        "该减免结清已办结（{state}）",
        "this settlement is not open any more ({state})",
    ),
    "refund.above_unapplied": (
        "退款超过暂收余额 {held}（最小货币单位）",
        "the refund is above the money held, {held} minor units",
    ),
    "chargeback.above_payment": (
        "退单超过该笔收款余下的 {left}（最小货币单位）",
        "the charge-back is above what is left of the payment, {left} minor units",
    ),
    "charge.component_wrong": (
        "费用的科目只能是一项，且不能是本金",
        "a charge is of one component, and not principal",
    ),
    "charge.payee_unknown": ("未知的收取方 {payee}", "{payee} is not a kind of payee"),
    "transfer.not_sold": ("债权未转让，无从回购", "the loan was not sold: nothing to buy back"),
    "explain.unknown": ("没有第 {number} 期", "there is no instalment {number}"),
    "explain.payment_unknown": ("没有收款 {key}", "there is no payment {key}"),
    "quote.day_wrong": (
        "报价日须在 {first} 起的 {most} 天内",
        "a quote is for one of the {most} days from {first} on",
    ),
    "quote.nothing_owed": ("没有欠款，无需报价", "nothing is owed: there is nothing to quote"),
    "quote.underpaid": (
        "金额低于报价 {amount}（最小货币单位）",
        "that is less than the quote, {amount} minor units",
    ),
    "quote.unknown": ("该借据没有报价 {quote}", "the loan has no quote {quote}"),
    "quote.expired": (
        "报价有效期为 {quoted} 至 {valid}",
        "the quote held from {quoted} through {valid}",
    ),
    "quote.stale": (
        "报价之后借据已有变动，请重新报价",
        "the loan has moved since the quote was made: make another",
    ),
}
