"""What the refusals of ``core`` say, one loan at a time: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # Money and calendar.
    "ratio.denominator_not_positive": ("分母必须为正", "a ratio needs a positive denominator"),
    "multiple.not_positive": ("取整单位必须为正", "the multiple to round to must be positive"),
    "amount.not_finite": ("金额不是有限数", "the amount is not a finite number"),
    "split.negative": (
        "分摊的金额或权重不能为负",
        "neither the total nor a weight of a split may be negative",
    ),
    "split.nobody_to_share": ("所有分摊权重均为零", "every weight of the split is zero"),
    "date.out_of_range": ("日期超出公元 1 至 9999 年", "a date lies beyond the years 1 to 9999"),
    "calendar.never_open": (
        "日历上连续一个月以上没有工作日",
        "the calendar is closed for more than a month on end",
    ),
    "span.negative": ("期间的终止日早于起始日", "the span ends before it starts"),
    # Terms and schedules.
    "principal.not_positive": ("本金必须为正", "the principal must be positive"),
    "principal.too_large": ("本金超出 64 位整数", "the principal does not fit 64 bits"),
    "terms.count_not_positive": ("期数必须为正", "the number of instalments must be positive"),
    "terms.count_too_large": ("期数超出 32767", "there are more than 32767 instalments"),
    "terms.every_not_positive": ("每期的单位数必须为正", "a period must have at least one unit"),
    "terms.multiple_not_positive": (
        "期供取整单位必须为正",
        "the multiple of the instalment must be positive",
    ),
    "terms.balloon_negative": ("气球尾款不能为负", "the balloon must not be negative"),
    "terms.balloon_without_method": (
        "气球尾款与还款方式不符：气球贷必须有尾款，其他方式不得有",
        "a balloon loan needs a balloon and no other method may have one",
    ),
    "terms.balloon_beyond_principal": (
        "气球尾款超过本金",
        "the balloon is larger than the principal",
    ),
    "terms.fee_negative": ("每期费用不能为负", "the fee of an instalment must not be negative"),
    "terms.fee_too_large": (
        "每期费用超出 64 位整数",
        "the fee of an instalment does not fit 64 bits",
    ),
    "terms.grace_days_negative": ("宽限天数不能为负", "the days of grace must not be negative"),
    "terms.tolerance_negative": ("容差金额不能为负", "the tolerance must not be negative"),
    "terms.grace_negative": ("宽限期数不能为负", "the instalments of grace must not be negative"),
    "terms.grace_not_below_count": (
        "宽限期数必须少于期数（一次还本付息和自定义计划不得有宽限期数）",
        "fewer instalments of grace than instalments; none for a bullet or a free schedule",
    ),
    "terms.recalculation_without_balance": (
        "等本等息和自定义计划的利息不随余额变动，不能按日重算",
        "the interest of a flat or free schedule does not follow a balance",
    ),
    "terms.recalculation_with_interest_grace": (
        "按日重算利息的贷款不得有免息期数",
        "interest that is recalculated daily allows no instalments of interest grace",
    ),
    "terms.charged_back_order_repeats": (
        "退单重新挂账的顺序中有重复科目",
        "the order in which a charge-back is owed again names a component twice",
    ),
    "terms.shift_without_calendar": (
        "要求节假日顺延但未给出日历",
        "due dates shall leave holidays but no calendar is given",
    ),
    "terms.rate_not_finite": ("利率不是有限数", "a rate is not a finite number"),
    "terms.rate_negative": ("利率不能为负", "a rate must not be negative"),
    "terms.rate_too_wide": (
        "利率位数过多，无法以 64 位整数精确表示",
        "a rate has more digits than 64 bits can hold exactly",
    ),
    "terms.down_payment_not_a_share": (
        "首付比例必须大于 0 且小于 1，且不能用于自定义计划",
        "a down payment is a share above 0 and below 1, and never of a free schedule",
    ),
    "terms.free_dues_unexpected": (
        "只有自定义还款计划才能给出应还项",
        "only a free schedule gives its dues",
    ),
    "terms.free_dues_missing": ("自定义还款计划没有应还项", "a free schedule gives no dues"),
    "terms.free_due_negative": ("应还项金额不能为负", "a due must not be negative"),
    "terms.free_due_too_large": ("应还项金额超出 64 位整数", "a due does not fit 64 bits"),
    "terms.free_dues_not_increasing": ("应还日必须逐期递增", "due dates must follow each other"),
    "terms.free_dues_not_principal": (
        "应还本金之和不等于本金",
        "the dues do not sum to the principal",
    ),
    "terms.due_before_start": (
        "应还日不得早于起息日（首期应还日必须晚于起息日）",
        "an instalment falls due before the loan starts, or the first one on that very day",
    ),
    "terms.due_dates_meet": (
        "节假日顺延后应还日重叠",
        "moved off holidays, due dates meet each other or the start",
    ),
    "terms.late_rule_incomplete": (
        "逾期冲抵规则与其起始天数必须同时给出",
        "a late rule and the day it starts from go together",
    ),
    "terms.late_from_days_not_positive": (
        "逾期冲抵规则的起始天数必须为正",
        "the late rule must start from a day past due",
    ),
    "terms.allocation_repeats": ("冲抵顺序中有重复项", "a step of the allocation occurs twice"),
    "terms.allocation_incomplete": ("冲抵顺序缺少科目", "the allocation leaves out a component"),
    "terms.penalty_ambiguous": (
        "罚息利率与罚息倍数只能给出一项",
        "a penalty has a rate or a multiple, not both",
    ),
    "terms.penalty_empty": ("罚息条款没有任何利率", "the penalty terms give no rate"),
    "terms.penalty_stop_not_positive": (
        "罚息截止天数必须为正",
        "the days after which penalty stops must be positive",
    ),
    "tranche.missing": ("没有放款", "nothing is paid out"),
    "tranche.not_positive": ("放款金额必须为正", "a tranche must be positive"),
    "tranche.after_last_due": (
        "放款日不早于最后应还日",
        "a tranche is paid out when no instalment is left",
    ),
    "schedule.too_large": (
        "还款计划金额超出 64 位整数",
        "the schedule's amounts do not fit 64 bits",
    ),
    "schedule.too_long": (
        "还款计划超出 32767 期",
        "the schedule has more than 32767 instalments",
    ),
    # Events, allocation, accrual, positions and their stored form.
    "event.key_missing": ("事件没有幂等键", "the event has no idempotency key"),
    "event.recorded_at_naive": ("记录时刻没有时区", "the instant of recording has no time zone"),
    "event.amount_not_positive": ("金额必须为正", "the amount must be positive"),
    "event.amount_too_large": ("金额超出 64 位整数", "the amount does not fit 64 bits"),
    "event.amount_not_wanted": ("此类事件不带金额", "this kind of event takes no amount"),
    "event.target_missing": ("事件没有指明对象", "the event does not name what it is about"),
    "event.component_missing": ("费用没有指明科目", "the charge names no component"),
    "event.component_wrong": (
        "此科目不能用于该事件",
        "this component cannot be used for the event",
    ),
    "event.due_on_missing": ("费用没有应还日", "the charge has no due date"),
    "event.figure_unknown": ("申报的数字名称未知", "a stated figure has an unknown name"),
    "event.figure_negative": ("申报的数字不能为负", "a stated figure must not be negative"),
    "event.duplicate_key": (
        "同一借据有重复的幂等键",
        "two events of the loan have one idempotency key",
    ),
    "event.unknown_target": (
        "事件指向不存在的事件",
        "the event is about an event that does not exist",
    ),
    "event.target_not_payment": (
        "只能冲正还款或收回",
        "only a payment or a recovery can be reversed",
    ),
    "event.target_not_charge": ("只能减免费用事件", "only a charge can be waived by its key"),
    "event.reversed_twice": ("同一还款被冲正两次", "the payment is reversed twice"),
    "event.total_too_large": (
        "事件金额合计超出 64 位整数",
        "the events together do not fit 64 bits",
    ),
    # Changes of the plan.
    "event.not_folded": ("此类事件尚不能计算", "events of this kind cannot be folded yet"),
    "undo.impossible": (
        "此类事件不能撤销；还款请用冲正",
        "events of this kind cannot be undone; a payment is reversed",
    ),
    "undo.before_target": (
        "撤销日早于被撤销事件的日期",
        "the undoing lies before the day of what it undoes",
    ),
    "undo.not_latest": (
        "之后已有其他变更；请先撤销后来的变更",
        "later changes rest on it; undo those first",
    ),
    "undo.twice": ("同一事件被撤销两次", "the event is undone twice"),
    "event.waiver_above_owed": ("减免金额超过所欠金额", "more is waived than is owed"),
    "change.before_disbursement": ("借据尚未放款", "nothing was paid out yet"),
    "change.loan_stated": (
        "借据以对方系统的余额为准，不能在此变更还款计划",
        "another system states the figures of this loan; its plan is not changed here",
    ),
    "change.loan_settled": ("借据已结清", "the loan is settled"),
    "change.nothing_to_come": ("没有尚未到期的期次", "no instalment is still to come"),
    "change.nothing_overdue": ("没有逾期金额", "nothing is overdue"),
    "change.first_due_not_after_day": (
        "首个还款日必须晚于变更日",
        "the first due date must lie after the day of the change",
    ),
    "change.not_later_than_maturity": (
        "展期后的到期日必须晚于原到期日",
        "an extension must end after the last due date",
    ),
    "change.through_on_past": ("截止日早于变更日", "the last day lies before the change"),
    "change.without_rhythm": (
        "一次还本付息和自定义计划没有期数可改，请用展期",
        "a bullet or free schedule has no instalments to count; extend it",
    ),
    "change.without_effect": ("变更后与现在相同", "the change leaves everything as it is"),
    "change.rate_unknown": (
        "自定义计划未给出利率，无法按新利率折算利息",
        "the free schedule has no rate, so its interest cannot be scaled to another",
    ),
    "change.follows_balance": (
        "按余额逐日计息的借据不能这样处理延期利息",
        "interest that follows the balance cannot be treated so in a deferral",
    ),
    "event.compensation_above_owed": (
        "代偿金额超过所欠金额",
        "the guarantor pays more than is owed",
    ),
    "event.recovery_above_claim": (
        "追偿金额超过代偿人尚可追偿的金额",
        "more is recovered than the guarantor may claim",
    ),
    "change.not_wanted": ("此类事件不带变更内容", "this kind of event takes no change"),
    "change.field_not_wanted": (
        "变更内容含有此类事件不用的字段",
        "the change fills a field that this kind does not take",
    ),
    "change.first_due_on_missing": (
        "变更内容缺少首个还款日",
        "the change lacks the first due date",
    ),
    "change.through_on_missing": ("变更内容缺少截止日", "the change lacks the last day"),
    "change.instalment_count_missing": (
        "变更内容缺少期数",
        "the change lacks the number of instalments",
    ),
    "change.rate_missing": ("变更内容缺少利率", "the change lacks the rate"),
    "change.interest_missing": (
        "变更内容缺少利息处理方式",
        "the change lacks what becomes of the interest",
    ),
    "change.surplus_missing": (
        "变更内容缺少提前还款方式",
        "the change lacks what becomes of the plan",
    ),
    "change.counterparty_missing": ("变更内容缺少对方", "the change lacks the counterparty"),
    "change.price_minor_missing": ("变更内容缺少价款", "the change lacks the price"),
    "change.count_not_positive": ("期数必须为正", "the number of instalments must be positive"),
    "change.count_too_large": (
        "期数超出上限（个性化分期不超过 60 期）",
        "too many instalments (personalised ones may be 60)",
    ),
    "change.every_not_positive": ("每期的单位数必须为正", "a period must have at least one unit"),
    "change.rate_senseless": (
        "利率为负、不是有限数或位数过多",
        "the rate is negative, not finite or has too many digits",
    ),
    "change.interest_wrong": (
        "此类事件不能这样处理利息",
        "this kind of event cannot treat interest so",
    ),
    "change.surplus_wrong": (
        "提前还款只能缩短期限或降低月供",
        "a prepayment shortens the term or lowers the instalment",
    ),
    "change.price_negative": ("价款不能为负", "the price must not be negative"),
    "change.price_too_large": ("价款超出 64 位整数", "the price does not fit 64 bits"),
    "payment.not_positive": ("还款金额必须为正", "a payment must be positive"),
    "due.negative": ("应还金额不能为负", "a due must not be negative"),
    "due.twice": ("同一期同一科目出现两次", "an instalment has one component twice"),
    "rule.step_twice": ("分配顺序中有重复步骤", "the allocation rule has one step twice"),
    "rule.incomplete": (
        "分配顺序缺少应还科目",
        "the allocation rule leaves out a component that is due",
    ),
    "rate.not_finite": ("利率必须是有限的数", "a rate must be finite"),
    "rate.negative": ("利率不能为负", "a rate must not be negative"),
    "penalty.rate_twice": (
        "罚息利率与倍数只能二选一",
        "penalty takes a rate or a multiple, not both",
    ),
    "base.negative": ("计息基数不能为负", "the base of accrual must not be negative"),
    "accrual.too_wide": ("罚息计算超出 64 位整数", "the accrual would not fit 64 bits"),
    "days.negative": ("逾期天数不能为负", "days past due must not be negative"),
    "position.known_at_naive": ("查询时刻没有时区", "the instant of knowledge has no time zone"),
    "codec.not_finite": ("数值必须有限", "a number must be finite"),
    "codec.unknown_type": ("无法写出此类型的值", "a value of this type cannot be written"),
    "codec.wrong_type": ("字段类型不符", "a field has the wrong type"),
    "codec.unknown_field": ("未知字段", "a field is unknown"),
    "codec.missing_field": ("缺少字段", "a field is missing"),
    "codec.unknown_value": ("字段的值无法识别", "a field has a value that cannot be read"),
    "codec.not_json": ("不是有效的 JSON", "the text is not JSON"),
    # The yearly cost.
    "cost.not_positive": ("放款或还款合计为零", "nothing is paid out, or nothing is paid back"),
    "cost.negative_flow": ("现金流金额不能为负", "a flow must not be negative"),
    "cost.no_rate": ("该现金流没有可求的年化率", "no rate sets these flows equal"),
    "cost.payment_before_advance": (
        "还款日必须晚于首次放款日",
        "a payment is not after the first advance",
    ),
    "cost.no_common_period": (
        "还款间隔没有重复，请指定计息单位期",
        "no interval occurs twice: name the unit-period",
    ),
    "cost.unit_beyond_year": (
        "单位期必须为正且不超过一年",
        "a unit-period is positive and a year at most",
    ),
    "cost.negative_time": ("日期早于首次放款", "a time lies before the first drawdown"),
    # Several debts of one person.
    "designation.debt_not_positive": ("债务金额必须为正", "a debt must be positive"),
    "designation.loan_twice": ("同一借据指定了两次", "a loan is designated twice"),
    "designation.loan_unknown": (
        "指定的借据不在其债务之中",
        "a designated loan is not among the debts",
    ),
    "designation.payment_not_positive": ("付款金额必须为正", "the payment must be positive"),
    "designation.security_negative": (
        "担保价值不能为负",
        "a security's value must not be negative",
    ),
}
