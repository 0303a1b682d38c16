"""Messages of users, their roles and sessions, and of personal data that leave the house."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "role.to_oneself": ("不得给自己授权", "nobody gives a role to herself"),
    "user.not_oneself": (
        "不能对自己的账号进行此操作",
        "nobody does this to her own account",
    ),
    "user.reset_at_command_line": (
        "该用户持有敏感角色且未启用两步验证，请由系统运行人员用命令行重置密码",
        "a sensitive role and no second factor: reset the password at the command line",
    ),
    "personal_data.looks_used_up": (
        "今日查看明文已达上限 {most} 次",
        "the limit of {most} looks at personal data a day is reached",
    ),
    "personal_data.nobody_named": (
        "所列编号中没有本账簿的人员",
        "none of these references is a person of this book",
    ),
    "personal_data.too_many": ("一次最多 {most} 人", "at most {most} persons at a time"),
    "personal_data.field_unknown": (
        "请选择要导出的字段，未知字段：{field}",
        "choose the fields to export; unknown: {field}",
    ),
    "personal_data.export_closed": (
        "该导出未获批准、已取走、非您所申请，或已超过 {hours} 小时",
        "not approved, taken already, not asked for by you, or older than {hours} hours",
    ),
    "file.exists": ("文件 {path} 已存在", "the file {path} exists already"),
}
