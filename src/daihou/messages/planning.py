"""What planning many contacts refuses: code → (Chinese, English)."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "planning.not_a_debtor": (
        "批量计划只用于债务人本人，不用于{detail}",
        "only debtors are planned for together, not {detail}",
    ),
    "planning.other_law": (
        "规则与人员不属同一法域：{detail}",
        "the rules are not those of {detail}",
    ),
    "planning.columns_wrong": (
        "列不符合约定：{detail}",
        "the columns are not as agreed: {detail}",
    ),
}
