"""Words of what posting and the general ledger refuse."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "posting.account_unknown": (
        "记账规则用到了科目表里没有的科目：{detail}。",
        "A posting rule names an account that the chart does not have: {detail}.",
    ),
    "posting.kind_without_cause": (
        "记账规则没有说明这种事件的记账原因：{detail}。",
        "The posting rules give no cause for this kind of event: {detail}.",
    ),
    "posting.role_twice": (
        "科目表里同一角色出现两次：{detail}。",
        "The chart of accounts names a role twice: {detail}.",
    ),
    "posting.rule_missing": (
        "没有适用的记账规则：{detail}。",
        "No posting rule fits: {detail}.",
    ),
    "posting.unreadable": (
        "记账规则无法读取：{detail}。",
        "The posting rules cannot be read: {detail}.",
    ),
    "posting.view_unknown": (
        "没有这个记账视角：{detail}。",
        "There is no such view of the ledger: {detail}.",
    ),
}
