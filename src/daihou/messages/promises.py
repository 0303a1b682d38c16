"""Messages of the terms of promises to pay."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "case.promise_kind_unknown": (
        "没有承诺类型 {kind}：可用 full、arrears、part、instalments",
        "there is no type of promise {kind}: full, arrears, part or instalments",
    ),
    "case.promise_rule_wrong": (
        "宽限须为 0 至 {grace} 天，履约比例 1 至 100，最长 1 至 {days} 天",
        "grace is 0 to {grace} days, the share 1 to 100 %, the date 1 to {days} days off",
    ),
}
