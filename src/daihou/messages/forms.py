"""Lines about what a form sent."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "form.amount_wrong": (
        "{field} 须为不超过 {digits} 位小数的金额。",
        "{field} has to be an amount with at most {digits} decimal places.",
    ),
    "form.choice_wrong": ("{field} 须从列出的选项中选择。", "{field} has to be one of the list."),
    "form.day_wrong": (
        "{field} 须为日期，如 2026-01-31。",
        "{field} has to be a day such as 2026-01-31.",
    ),
    "form.number_wrong": ("{field} 须为数字。", "{field} has to be a number."),
}
FIELDS: Final[dict[str, tuple[str, str]]] = {  # What a page calls the fields that lines name.
    "amount": ("金额", "The amount"),
    "arrived_at": ("可证明的到达时间", "When it provably arrived"),
    "as_of": ("截至日", "The day"),
    "counted_share": ("抵押率", "The share that counts"),
    "description": ("描述", "The description"),
    "due_back_on": ("应还日期", "The day it is due back"),
    "ends_on": ("终止日", "The last day"),
    "expires_on": ("到期日", "The last day"),
    "from_on": ("起始日", "The first day"),
    "identifier": ("权证号或识别号", "The title or serial number"),
    "insurer": ("保险公司", "The insurer"),
    "item_no": ("编号", "The number"),
    "kind": ("种类", "The kind"),
    "instalment_count": ("期数", "The number of instalments"),
    "principal_minor": ("本金", "The principal"),
    "method": ("还款方式", "The method"),
    "rate": ("利率", "The rate"),
    "language": ("语言", "The language"),
    "moved_on": ("日期", "The day"),
    "number": ("编号", "The number"),
    "on": ("日期", "The day"),
    "paid_on": ("付款日", "The day of payment"),
    "place": ("保管处", "The place"),
    "pledged_on": ("设立日", "The day of the pledge"),
    "policy_no": ("保单", "The policy"),
    "rank": ("顺位", "The rank"),
    "registration": ("登记编号", "The registration"),
    "run_on": ("扣款日", "The day of the debit"),
    "source": ("依据", "The report"),
    "starts_on": ("起始日", "The first day"),
    "sum": ("保险金额", "The sum insured"),
    "through": ("终止日", "The last day"),
    "through_on": ("最后一日", "The last day"),
    "value": ("价值", "The value"),
    "valued_by": ("评估方式", "Who valued it"),
    "valued_on": ("估值日", "The day of the value"),
}
