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
    "database.unreachable": (
        "无法连接数据库 {place}：{text}",
        "the database {place} cannot be reached: {text}",
    ),
    "database.too_old": (
        "数据库版本 {found} 过旧，需要 {wanted} 或更新",
        "PostgreSQL {found} is too old; {wanted} or newer is needed",
    ),
    "database.programs_missing": (
        "软件包 {package} 中没有 PostgreSQL {major}；请重新安装，或设置 DATABASE_URL",
        "the package {package} holds no PostgreSQL {major}; install it again or set DATABASE_URL",
    ),
    "database.system_user": (
        "无法创建运行数据库的系统用户 {user}；请以普通用户运行，或设置 DAIHOU_SYSTEM_USER",
        "root's database needs the system user {user}, which cannot be made; "
        "run as an ordinary user or set DAIHOU_SYSTEM_USER",
    ),
    "database.make_failed": (
        "无法初始化数据库：{text}",
        "the database cannot be made: {text}",
    ),
    "database.start_failed": (
        "数据库无法启动：{text}（日志 {log}）",
        "the database does not start: {text} (log: {log})",
    ),
    "database.stop_failed": (
        "数据库无法停止：{text}",
        "the database does not stop: {text}",
    ),
    "database.not_a_cluster": (
        "{path} 不是数据库目录",
        "{path} is not a database folder",
    ),
    "database.major_differs": (
        "数据由 PostgreSQL {found} 写成，现有程序是 {wanted}；请用旧版本备份后再恢复",
        "the data were written by PostgreSQL {found}, the programs are {wanted}; "
        "back up with the old version, then restore with this one",
    ),
    "home.not_private": (
        "目录 {path} 属于他人或对他人开放",
        "the folder {path} belongs to or is open to somebody else",
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
