"""Words of what posting and the general ledger refuse."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "accounting.export_unknown": (
        "没有这种导出：{what}；可选 journal、trial-balance。",
        "There is no such export: {what}; choose journal or trial-balance.",
    ),
    "accounting.proof_failed": (
        "{on} 总分核对不平，{lines} 项有差异，期间不能关账。",
        "On {on} {lines} figures of positions and general ledger differ; no period can be closed.",
    ),
    "period.closed_already": (
        "{period} 已经关账。",
        "{period} is closed already.",
    ),
    "period.earlier_open": (
        "{earlier} 尚未关账，{period} 不能先关。",
        "{earlier} is still open, so {period} cannot be closed.",
    ),
    "period.night_missing": (
        "最近一次日终尚未记账（已记至 {posted_on}），{period} 不能关账。",
        "The newest end of day is not posted (posted to {posted_on}); {period} cannot be closed.",
    ),
    "period.not_over": (
        "{period} 至 {end_on}，目前只记账到 {posted_on}，不能关账。",
        "{period} runs to {end_on} and is posted to {posted_on} only; it cannot be closed.",
    ),
    "period.proof_failed": (
        "{on} 总分核对未通过，{period} 不能关账。",
        "The proof of {on} failed; {period} cannot be closed.",
    ),
    "period.unknown": (
        "{period} 没有记过账。",
        "Nothing was ever posted in {period}.",
    ),
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
