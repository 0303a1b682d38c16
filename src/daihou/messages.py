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
    "database.not_ours": (
        "数据库由 DATABASE_URL 指定，请用它自己的工具停止",
        "the database is named by DATABASE_URL; stop it with its own tools",
    ),
    "psql.no_query": ("--json 需要查询语句（-c）", "--json needs a query (-c)"),
    "backup.exists": ("文件 {path} 已存在", "the file {path} exists already"),
    "backup.failed": ("备份失败：{text}", "the backup failed: {text}"),
    "backup.unreadable": (
        "{path} 不是完整的备份：{text}",
        "{path} is not a whole backup: {text}",
    ),
    "backup.no_keys": (
        "备份中没有密钥；请不带 --with-keys 恢复",
        "the backup holds no keys; restore without --with-keys",
    ),
    "backup.keys_differ": (
        "备份的个人信息由别的密钥加密；请用 --with-keys，或先放回密钥，或用 --accept-unreadable",
        "the personal data of this backup belong to other keys: use --with-keys, put the keys "
        "back first, or use --accept-unreadable",
    ),
    "restore.no_right": (
        "角色 {user} 无权创建数据库，不能恢复",
        "the role {user} may not create databases, so it cannot restore",
    ),
    "restore.failed": (
        "恢复失败，数据库未变：{text}",
        "the restore failed, the database is as it was: {text}",
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
    # Books and exports.
    "book.none": (
        "还没有账簿：先用 daihou import 导入数据带",
        "there is no book yet: import a tape first (daihou import)",
    ),
    "book.unknown": (
        "没有账簿 {name}；现有：{names}",
        "there is no book {name}; there are: {names}",
    ),
    "book.ambiguous": (
        "有多个账簿，请用 --book 指定：{names}",
        "there are several books, name one with --book: {names}",
    ),
    "export.no_folder": (
        "目录 {folder} 不存在",
        "the folder {folder} does not exist",
    ),
    "export.unknown_suffix": (
        "不支持文件类型 {suffix}；可用 .parquet、.csv、.xlsx",
        "{suffix} is no known kind of file; use .parquet, .csv or .xlsx",
    ),
    "export.too_many_rows": (
        "{rows} 行超出 XLSX 上限 {most}；请改用 .parquet 或 .csv",
        "{rows} rows are more than the {most} of an XLSX sheet; use .parquet or .csv",
    ),
    "export.too_large_for_xlsx": (
        "金额 {amount} 超出 XLSX 可精确表示的范围；请改用 .parquet 或 .csv",
        "the amount {amount} cannot be held exactly by XLSX; use .parquet or .csv",
    ),
}
