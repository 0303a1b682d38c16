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
}
