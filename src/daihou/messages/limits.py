"""What limits, classes, limitation, quotes and parameters say: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Limits: each with its rule's id beside it.
    "limit.annual_cost": (
        "综合年化成本 {rate} 超过上限 {most}（口径：{basis}）",
        "the all-in yearly cost of {rate} is above {most} (measured as {basis})",
    ),
    "limit.penalty_multiple": (
        "罚息为合同利率的 {multiple} 倍，应在 {least} 至 {most} 倍之间",
        "the penalty is {multiple} times the contract's rate, not {least} to {most} times",
    ),
    "limit.penalty_on_no_rate": (
        "合同利率为零，罚息没有倍数可依",
        "the contract bears no interest, so no multiple allows this penalty",
    ),
    "limit.compound_rate": (
        "复利利率 {rate} 超过上限 {most}",
        "interest on unpaid interest at {rate} is above {most}",
    ),
    "limit.component_not_disclosed": (
        "综合融资成本明示表没有该科目：{component}",
        "the disclosed cost table does not show {component}",
    ),
    "limit.charge_unnamed": (
        "该笔费用未写明项目与收取方",
        "the charge does not say which item it is and who gets it",
    ),
    "limit.charge_not_disclosed": (
        "综合融资成本明示表没有项目 {item}",
        "the disclosed cost table has no such item of this component: {item}",
    ),
    "limit.charge_other_payee": (
        "项目 {item} 明示的收取方是 {payee}",
        "the disclosed payee of {item} is {payee}",
    ),
    "limit.charge_above_standard": (
        "项目 {item} 的金额 {amount} 超过明示标准 {most}（最小货币单位）",
        "{amount} of {item} is above its disclosed {most} (minor units)",
    ),
    "limit.payee_refused": (
        "收取方 {payee} 不得向借款人收费",
        "{payee} may charge the borrower nothing",
    ),
    "limit.extension_too_long": (
        "展期后到期日 {through} 超过最晚 {latest}",
        "extended through {through}; the latest allowed is {latest}",
    ),
    "limit.bullet_too_long": (
        "到期一次还本的期限 {months} 个月超过 {most} 个月",
        "principal due at the end after {months} months; at most {most} are allowed",
    ),
    "limit.borrower_cap": (
        "单户余额 {amount} 超过上限 {most}（最小货币单位）",
        "the borrower would owe {amount}, at most {most} is allowed (minor units)",
    ),
    "limit.waiver_share": (
        "减免 {component} {amount}，最多 {most}（最小货币单位）",
        "{amount} of {component} would be given up, at most {most} may be (minor units)",
    ),
    "waiver.above_owed": (
        "减免 {amount} 超过所欠 {owed}（最小货币单位）",
        "a waiver of {amount} is above the {owed} owed (minor units)",
    ),
    # The five-level floor.
    "classes.thresholds_not_rising": (
        "五级分类的天数界限必须递增",
        "the days of the five classes must rise",
    ),
    # Pay-off quotes.
    "quote.not_active": ("借据未放款或已结清", "the loan is not paid out or is closed already"),
    "quote.stated": (
        "余额由外部系统提供，此处不能计算结清金额",
        "another system states this loan; its pay-off cannot be computed here",
    ),
    "quote.fee_not_disclosed": (
        "提前还款违约金未在综合融资成本明示表中列明",
        "the cost table does not show a fee for paying early",
    ),
    "quote.fee_senseless": ("提前还款违约金规则无效", "the fee rule for paying early is senseless"),
    # Limitation.
    "evidence.ends_before_it_begins": (
        "证据的终止日早于起始日",
        "the evidence ends before it begins",
    ),
    "evidence.arrived_before_sent": (
        "送达日早于发出日",
        "the evidence arrived before it was sent",
    ),
    "evidence.in_future": ("证据日期 {on} 在今天之后", "the evidence is of {on}, a day to come"),
    "evidence.reference_missing": ("须写明证据出处", "say where the evidence is kept"),
    "evidence.reference_too_long": (
        "证据出处超过 {most} 个字符",
        "the reference of the evidence has more than {most} characters",
    ),
    "evidence.ground_unknown": (
        "没有这种证据；可用：{known}",
        "there is no such kind of evidence; there are {known}",
    ),
    "evidence.reason_missing": ("撤回证据须写明理由", "to withdraw evidence needs a reason"),
    "evidence.withdrawn_already": ("该证据已撤回", "this evidence was withdrawn already"),
    "evidence.repeated": ("该证据已登记", "this evidence is on record already"),
    # Parameters.
    "parameter.name_invalid": (
        "参数名 {name} 或法域 {jurisdiction} 无效",
        "the parameter {name} or the jurisdiction {jurisdiction} is not a name",
    ),
    "parameter.source_missing": ("参数必须有来源", "a parameter needs its source"),
    "parameter.source_too_long": (
        "来源超过 {most} 个字符",
        "the source has more than {most} characters",
    ),
    "parameter.confidence_unknown": (
        "没有这种可信度；可用：{known}",
        "there is no such confidence; there are {known}",
    ),
    "parameter.day_invalid": ("“{text}”不是日期", "“{text}” is not a day"),
    "parameter.span_backwards": ("有效期早于生效日", "the parameter ends before it begins"),
    "parameter.value_missing": ("参数没有值", "the parameter has no value"),
    "parameter.value_malformed": ("值不是 JSON：{text}", "the value is not JSON: {text}"),
    "parameter.form_differs": (
        "{name} 的值只能有这些键：{keys}",
        "the value of {name} may have these keys only: {keys}",
    ),
    "profile.lender_type_unknown": (
        "没有这种放贷主体；可用：{known}",
        "there is no such kind of lender; there are {known}",
    ),
    "profile.product_class_unknown": (
        "没有这种产品类别；可用：{known}",
        "there is no such class of product; there are {known}",
    ),
}
