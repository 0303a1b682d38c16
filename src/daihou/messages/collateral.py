"""Lines of the register of collateral."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "collateral.amount_refused": (
        "金额须为正数，且在可记账范围内。",
        "The amount has to be positive and within what the ledger holds.",
    ),
    "collateral.day_refused": ("日期 {day} 超出范围。", "The day {day} is out of range."),
    "collateral.days_refused": ("到期日早于起保日。", "The policy ends before it starts."),
    "collateral.item_known": (
        "押品编号或识别号已在册：{item}。",
        "An item of this number or identifier is in the register: {item}.",
    ),
    "collateral.other_book": (
        "借据 {loan_ref} 不属于该押品的账簿。",
        "Loan {loan_ref} is of another book than the item.",
    ),
    "collateral.owner_unknown": (
        "本账簿没有编号为 {reference} 的客户。",
        "This book has no party {reference}.",
    ),
    "collateral.paper_known": ("权证 {number} 已登记。", "The paper {number} is known already."),
    "collateral.pledged_already": (
        "该押品已为此贷款担保，或第 {rank} 顺位已被占用。",
        "The item secures this loan already, or rank {rank} is taken.",
    ),
    "collateral.policy_known": (
        "保单 {policy_no} 已登记。",
        "Policy {policy_no} is known already.",
    ),
    "collateral.rank_refused": ("顺位须为 1 至 99。", "A rank is 1 to 99."),
    "collateral.share_refused": (
        "抵押率须大于 0、不超过 1。",
        "The share that counts is above 0 and at most 1.",
    ),
    "collateral.text_refused": (
        "{field} 须为 1 至 {most} 个可显示字符。",
        "{field} has 1 to {most} characters that can be shown.",
    ),
    "collateral.unknown": ("没有这件押品、借据或权证。", "There is no such item, loan or paper."),
    "custody.due_back_refused": (
        "借出须写明不早于借出日的应还日；其他动作不写。",
        "A paper is lent until a day on or after it goes; other movements have no such day.",
    ),
    "custody.not_possible": (
        "权证 {number} 目前的状态不能这样办理。",
        "The paper {number} is not where this movement could begin.",
    ),
    "custody.secures_a_loan": (
        "押品仍担保借据 {loan_ref}，权证不能出库。",
        "The item still secures loan {loan_ref}; its papers stay.",
    ),
    "release.asked_already": ("签批正在进行中。", "The sign-off is under way already."),
    "release.not_open": ("该任务已办结。", "The task has ended already."),
    "release.not_settled": (
        "借据 {loan_ref} 尚未结清。",
        "Loan {loan_ref} is not settled.",
    ),
    "release.papers_lent": (
        "押品 {item} 的权证尚在借出中。",
        "A paper of {item} is lent out.",
    ),
}
