"""Lines about what a form sent."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "form.amount_wrong": (
        "{field} 须为不超过 {digits} 位小数的金额。",
        "{field} has to be an amount with at most {digits} decimal places.",
    ),
    "form.choice_wrong": ("请从列出的选项中选择 {field}。", "Choose {field} from the list."),
    "form.day_wrong": (
        "{field} 须为日期，如 2026-01-31。",
        "{field} has to be a day such as 2026-01-31.",
    ),
    "form.number_wrong": ("{field} 须为数字。", "{field} has to be a number."),
}
