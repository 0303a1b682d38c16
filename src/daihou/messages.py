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
}
