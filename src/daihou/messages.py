"""The one table of messages: code → (Chinese, English). Names in braces are the error's params."""

MESSAGES: dict[str, tuple[str, str]] = {
    # The command line.
    "internal": ("内部错误：{text}", "internal error: {text}"),
    "interrupted": ("已中断", "interrupted"),
    "usage": ("用法错误：{text}", "{text}"),
    "command.unavailable": (
        "命令 {command} 无法加载：{text}",
        "the command {command} cannot be loaded: {text}",
    ),
    # Where things live.
    "home.not_usable": (
        "目录 {path} 不可用：{text}",
        "the folder {path} cannot be used: {text}",
    ),
    "secrets.unreadable": (
        "密钥文件 {path} 无法读取：{text}",
        "the secrets file {path} cannot be read: {text}",
    ),
    "secrets.missing": (
        "{path} 中没有密钥：请恢复备份的密钥或新建",
        "there are no secrets in {path}: restore them from a backup",
    ),
    # The database.
    "database.url_invalid": (
        "DATABASE_URL 无效：{text}",
        "DATABASE_URL cannot be used: {text}",
    ),
    # Personal data.
    "personal_data.key_missing": (
        "缺少个人信息密钥 {key_id}：请恢复它的备份",
        "the data key {key_id} is missing: restore it from its backup",
    ),
    "personal_data.unreadable": (
        "{place} 的个人信息无法解密：密钥不符或数据被改动",
        "the personal data at {place} cannot be decrypted: wrong key or changed data",
    ),
    # Parameters.
    "parameter.not_in_force": (
        "{jurisdiction} 在 {on} 没有生效的参数 {name}",
        "no parameter {name} is in force in {jurisdiction} on {on}",
    ),
}
