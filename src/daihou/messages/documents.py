"""Lines of documents and notices."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "document.field_too_long": (
        "文书栏目 {field} 超过 {most} 字，未出具。",
        "The field {field} has more than {most} characters; no document was made.",
    ),
    "document.folder_refused": (
        "文件夹 {path} 不能写入：{text}",
        "The folder {path} cannot be written: {text}",
    ),
    "document.kind_unknown": ("没有文书 {kind}。", "There is no document {kind}."),
    "document.language_unknown": (
        "文书语言只有 zh 和 en，没有 {language}。",
        "Documents are written in zh or en, not in {language}.",
    ),
    "document.loan_unknown": (
        "本账簿没有借据 {loan_ref}。",
        "This book has no loan {loan_ref}.",
    ),
    "document.no_change": (
        "借据 {loan_ref} 没有可出具协议的还款计划变更。",
        "Loan {loan_ref} has no change of its plan to agree on.",
    ),
    "document.no_cost_table": (
        "借据 {loan_ref} 的产品版本没有融资成本明示项目。",
        "The product version of loan {loan_ref} discloses no costs.",
    ),
    "document.not_overdue": (
        "借据 {loan_ref} 在 {as_of} 没有逾期金额。",
        "Loan {loan_ref} has nothing overdue on {as_of}.",
    ),
    "document.not_settled": (
        "借据 {loan_ref} 在 {as_of} 尚未结清，不能出具结清证明。",
        "Loan {loan_ref} is not settled on {as_of}; no certificate can be made.",
    ),
    "document.nothing_to_show": (
        "借据 {loan_ref} 没有还款计划。",
        "Loan {loan_ref} has no schedule.",
    ),
    "document.too_many_rows": (
        "文书栏目 {field} 超过 {most} 行。",
        "The part {field} has more than {most} rows.",
    ),
    "document.typeface_missing": (
        "缺少字体 {path}；请运行 daihou serve 或 npm ci --ignore-scripts。",
        "The typeface {path} is missing; run daihou serve or npm ci --ignore-scripts.",
    ),
    "notice.days_wrong": (
        "通知日历一次最多 {most} 天。",
        "The calendar of notices takes 1 to {most} days.",
    ),
}
