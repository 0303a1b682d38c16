"""Messages of approvals and of the authority matrix."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "approval.kind_unknown": (
        "未知的审批事项 {kind}",
        "{kind} is not a kind of thing that can be approved",
    ),
    "approval.nobody_may": (
        "授权矩阵中没有 {kind} 在 {on} 的授权，任何人都不能批准",
        "the authority matrix lets nobody decide on {kind} on {on}",
    ),
    "approval.reason_missing": ("必须填写理由", "a reason is needed"),
    "approval.reason_too_long": (
        "理由最多 {most} 个字符",
        "a reason has {most} characters at most",
    ),
    "approval.verdict_unknown": (
        "结论只能是同意或拒绝，不能是 {verdict}",
        "a verdict is approved or refused, not {verdict}",
    ),
    "approval.by_maker": (
        "申请人不能审批自己的申请",
        "who asks for a thing cannot decide on it",
    ),
    "approval.not_maker": (
        "只有申请人可以撤回",
        "only the person who asked can withdraw",
    ),
    "approval.no_authority": (
        "您没有审批权限；需要角色：{roles}",
        "you may not decide on this; it takes one of these roles: {roles}",
    ),
    "approval.role_decided_already": (
        "角色 {roles} 已有人审批，需要另一角色的人",
        "the role {roles} has decided already; another role has to",
    ),
    "approval.decided_already": (
        "该申请已处理（{state}）",
        "this request was decided on already ({state})",
    ),
    "approval.expired": (
        "该申请已于 {expires_at} 过期",
        "this request expired on {expires_at}",
    ),
    "approval.stale": (
        "申请之后对象已有变动，请重新预览并申请；未作任何更改",
        "its target has changed since this was asked for: preview and ask again; nothing changed",
    ),
    "authority.bands_missing": (
        "授权档必须从 0 起",
        "the bands of an authority have to begin at 0",
    ),
    "authority.role_unknown": ("未知的角色：{role}", "unknown role: {role}"),
    "authority.checkers_without_roles": (
        "审批人数多于可用角色",
        "there are more checkers than roles for them",
    ),
    "authority.set_already": (
        "{kind} 在 {valid_from} 或之后已有设定的授权",
        "the authority for {kind} is set already from {valid_from} or a later day on",
    ),
    "authority.day_wrong": ("生效日无法识别：{text}", "{text} is no day"),
    "authority.band_wrong": (
        "第 {line} 行的人数或金额无法识别",
        "the people or the amount of line {line} cannot be read",
    ),
}
