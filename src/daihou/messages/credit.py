"""Messages of credit lines, disbursement, tranches and their conditions."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "line.ref_wrong": (
        "授信编号 {line} 无效：须为 1 至 64 位字母、数字、点、横线或下划线",
        "the line reference {line} is not 1 to 64 letters, digits, dots, hyphens or underscores",
    ),
    "line.unknown": ("没有授信 {line}", "there is no line {line}"),
    "line.exists": ("授信 {line} 已存在", "the line {line} exists already"),
    "line.limit_wrong": ("额度无效", "this limit makes no sense"),
    "line.limit_same": ("额度未变", "the limit is this already"),
    "line.days_wrong": ("到期日无效", "the last day makes no sense"),
    "line.party_merged": (
        "{party} 已并入其他主体，请选择保留的主体",
        "{party} was merged into another party; choose the one that was kept",
    ),
    "line.product_of_other_book": (
        "所选产品不属于本账簿",
        "a product of the scope belongs to another book",
    ),
    "line.reason_missing": (
        "请填写理由（不超过 {most} 个字符）",
        "give a reason of at most {most} characters",
    ),
    "line.closed": ("授信 {line} 已终止", "the line {line} is closed"),
    "line.frozen": ("授信 {line} 已冻结", "the line {line} is frozen"),
    "line.not_frozen": ("授信 {line} 未冻结", "the line {line} is not frozen"),
    "line.not_begun": ("授信 {line} 自 {on} 起可用", "the line {line} begins on {on}"),
    "line.expired": ("授信 {line} 已于 {on} 到期", "the line {line} expired on {on}"),
    "line.exceeded": (
        "超出授信 {line} 的可用额度（可用 {free_minor}，申请 {wanted_minor}，单位为最小货币单位）",
        "the line {line} has {free_minor} minor units left, less than {wanted_minor}",
    ),
    "line.released": (
        "该借据未放部分已取消，额度已释放（授信 {line}）",
        "the rest of this loan was cancelled and its room on the line {line} given back",
    ),
    "line.of_other_party": (
        "授信 {line} 不属于该借款人或本账簿",
        "the line {line} is not this borrower's, or of another book",
    ),
    "line.other_product": (
        "授信 {line} 不适用于产品 {product}",
        "the line {line} is not for the product {product}",
    ),
    # Disbursement.
    "loan.staged": (
        "借据 {loan_ref} 按分期放款计划放款",
        "the loan {loan_ref} is paid out by its tranches",
    ),
    "disbursement.amount_wrong": ("放款金额须为正", "the amount to pay out is not positive"),
    "disbursement.above_agreed": (
        "超出合同金额，尚可放款 {left_minor}（最小货币单位）",
        "more than was agreed; {left_minor} minor units are left",
    ),
    "disbursement.before_start": (
        "放款日早于起始日 {on}",
        "the day lies before the start of the loan, {on}",
    ),
    "disbursement.in_future": (
        "放款日晚于会计日 {on}",
        "the day lies after the business date {on}",
    ),
    "disbursement.key_wrong": ("放款流水号无效", "the key of the payout is empty or too long"),
    # Tranches.
    "tranche.planned_already": (
        "借据 {loan_ref} 已有放款计划",
        "the loan {loan_ref} has a plan of tranches already",
    ),
    "tranche.paid_out_already": (
        "借据 {loan_ref} 已放款，不能再分期",
        "the loan {loan_ref} was paid out; it cannot be parted any more",
    ),
    "tranche.sum_wrong": (
        "各期金额须为正，合计须等于合同金额 {principal_minor}（最小货币单位）",
        "tranches are positive and add up to the principal, {principal_minor} minor units",
    ),
    "tranche.days_wrong": (
        "计划日须依次排列且不早于起始日",
        "planned days go forward and begin no earlier than the loan",
    ),
    "tranche.too_many": (
        "最多 {most} 期，每期最多 {conditions} 项条件",
        "at most {most} tranches, each with at most {conditions} conditions",
    ),
    "tranche.text_wrong": (
        "文字为空或超过 {most} 个字符",
        "a text is empty or longer than {most} characters",
    ),
    "tranche.settled": ("该期已办结（{state}）", "this tranche is settled ({state})"),
    "tranche.conditions_open": (
        "还有 {count} 项条件未签署",
        "{count} of its conditions are not signed off",
    ),
    "tranche.out_of_order": (
        "前一期尚未放款或取消",
        "a tranche before this one is neither paid out nor cancelled",
    ),
    "tranche.nothing_left": (
        "借据 {loan_ref} 没有未放部分",
        "nothing of the loan {loan_ref} is left to cancel",
    ),
    "condition.not_filed": ("尚未登记证据", "no evidence is filed yet"),
    "condition.by_filer": (
        "登记证据的人不能签署",
        "who filed the evidence does not sign it off",
    ),
    "condition.signed": ("该条件已签署", "this condition is signed off already"),
}
