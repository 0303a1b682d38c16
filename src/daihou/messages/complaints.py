"""What complaints, disputes and claims of payment say: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "complaint.word_unknown": ("没有选项 {word}", "there is no choice {word}"),
    "complaint.text_missing": (
        "请填写内容（不超过 {most} 个字符）",
        "write at most {most} characters",
    ),
    "complaint.in_future": ("收到时间不得晚于现在", "it cannot have been received in the future"),
    "complaint.loan_of_other": (
        "借据 {loan} 不属于该投诉人或本账簿",
        "loan {loan} is not this person's, or not of this book",
    ),
    "complaint.contact_of_other": (
        "触达 {permit} 不属于本账簿",
        "contact {permit} is not of this book",
    ),
    "complaint.dispute_of_nothing": (
        "债务争议须指明借据",
        "a dispute is about a loan; name it",
    ),
    "complaint.state_wrong": (
        "当前状态不能办理此操作",
        "this cannot be done in its present state",
    ),
    "complaint.of_oneself": (
        "被投诉人不得办理本件",
        "who is complained of does not handle it",
    ),
    "complaint.decided_before": (
        "重开后须由他人办理",
        "opened again it is handled by somebody else than before",
    ),
    "complaint.not_handler": (
        "请先受理，再作决定",
        "take it first: who handles it decides",
    ),
    "complaint.no_extension": (
        "没有允许延期的规则",
        "no rule lets this clock run longer",
    ),
    "complaint.extended_already": ("已延期过一次", "this clock was extended already"),
    "complaint.overdue_already": (
        "期限已过，不能再延期",
        "the clock has run out; it cannot be extended any more",
    ),
    "complaint.remedy_unknown": (
        "该措施不涉及款项",
        "this is no remedy in money",
    ),
    "complaint.remedy_by_request": (
        "减免和退款须通过贷后变更申请",
        "waivers and refunds are asked for as changes of the loan",
    ),
    "complaint.too_many_rows": (
        "超过 {most} 条，请缩短时间范围",
        "there are more than {most}; choose a shorter span",
    ),
    "claim.amount_wrong": ("金额须大于零", "the amount has to be more than nothing"),
    "claim.in_future": ("还款日期不得晚于今天", "the payment cannot lie in the future"),
    "claim.open_already": (
        "该借据已有核对中的还款主张",
        "a claim of payment is open on this loan already",
    ),
    "claim.decided_already": ("该主张已有结论", "this claim was decided already"),
    "claim.by_noter": (
        "登记人不能自行否定，请由他人办理",
        "who noted the claim does not refuse it: somebody else does",
    ),
    "claim.receipt_of_other": (
        "收款 {receipt} 与本主张不符",
        "receipt {receipt} does not belong to this claim",
    ),
    "claim.receipt_not_posted": (
        "收款 {receipt} 尚未入账，请先在暂收处理",
        "receipt {receipt} is not posted yet; settle it in suspense first",
    ),
}
