"""What the error code of a tape's row says: code → (Chinese, English); ``{column}`` is its name."""

from typing import Final

ROW_MESSAGES: Final[dict[str, tuple[str, str]]] = {
    "amount.malformed": ("{column} 不是金额", "{column} is not an amount"),
    "amount.negative": ("{column} 不能为负", "{column} must not be negative"),
    "amount.not_finite": (
        "{column} 不是有限的数（NaN、inf 或公式错误）",
        "{column} is not a finite number (NaN, inf or a formula's error)",
    ),
    "amount.not_positive": ("{column} 必须大于零", "{column} must be more than zero"),
    "amount.sum_too_large": (
        "该借据的金额合计超出 64 位整数",
        "the amounts of this loan together do not fit 64 bits",
    ),
    "amount.too_fine": (
        "{column} 的小数位多于币种允许的位数",
        "{column} has more decimals than its currency",
    ),
    "amount.too_large": ("{column} 超出 64 位整数", "{column} does not fit 64 bits"),
    "amount.twice": (
        "{column} 与最小单位列同时给出且不一致",
        "{column} and its _minor column say different things",
    ),
    "calendar.unknown": (
        "没有这个名称的节假日日历；请在 calendars 表中给出",
        "no holiday calendar of this name; give its days in the table calendars",
    ),
    "cell.formula": (
        "{column} 含公式；请改为数值",
        "{column} holds a formula; give the value itself",
    ),
    "currency.mixed": (
        "币种与本账簿其他借据不同；一个账簿只有一种币种",
        "the currency differs from the other loans'; a book has one currency",
    ),
    "currency.wrong": ("币种与账簿不符", "the currency is not the book's"),
    "date.excel_serial": (
        "{column} 是 Excel 日期序号；请设为日期格式或写成 2024-01-31",
        "{column} is an Excel serial number; make it a date or write 2024-01-31",
    ),
    "date.impossible": ("{column} 不是存在的日期", "{column} is a day that does not exist"),
    "date.malformed": (
        "{column} 不是日期；请写成 2024-01-31",
        "{column} is not a date; write 2024-01-31",
    ),
    "date.out_of_range": (
        "{column} 不在 1900 年至 2199 年之间",
        "{column} does not lie between 1900 and 2199",
    ),
    "due.before_disbursement": ("应还日早于放款日", "the due date is before the disbursement"),
    "due.nothing_due": ("该期没有应还金额", "nothing is due in this instalment"),
    "due.out_of_order": (
        "应还日不随期数递增",
        "due dates do not rise with the instalment's number",
    ),
    "due.without_loan": (
        "文件中没有该借据；应还项须与借据一并导入",
        "the tape has no such loan; dues come together with their loan",
    ),
    "dues.not_free": (
        "还款方式已给出计划，不能再给应还项",
        "the repayment method makes the schedule; dues cannot be given as well",
    ),
    "event.key_conflict": (
        "幂等键已存在且内容不同",
        "the key exists already with different content",
    ),
    "key.conflict": (
        "同一键的内容与前面的行不同",
        "the key was used by an earlier row with different content",
    ),
    "loan.conflict": (
        "账簿中已有同号借据且合同不同",
        "the book holds a loan of this reference with another contract",
    ),
    "loan.unknown": ("借据不存在", "no such loan"),
    "number.malformed": ("{column} 不是数", "{column} is not a number"),
    "number.not_finite": ("{column} 不是有限的数", "{column} is not a finite number"),
    "number.too_fine": ("{column} 不是整数", "{column} is not a whole number"),
    "number.too_large": ("{column} 太大", "{column} is too large"),
    "row.held_back": (
        "同一借据的其他行有错；改正后一并导入",
        "another row of this loan is wrong; mend it and import both",
    ),
    "schedule.sum_differs": (
        "各期本金之和不等于借据本金",
        "the instalments' principal does not sum to the loan's",
    ),
    "term.too_long": ("期限超过一百年", "the term is longer than a hundred years"),
    "text.control_character": (
        "{column} 含不可见的控制字符",
        "{column} holds a control character",
    ),
    "text.encoding": (
        "该行的编码与文件其余部分不同；此处按 GBK 读出",
        "this row is in another encoding than the file; it is shown here as read by GBK",
    ),
    "time.malformed": ("{column} 不是时间", "{column} is not a time"),
    "time.no_zone": ("{column} 没有时区", "{column} names no time zone"),
    "value.malformed": ("{column} 格式不对", "{column} has the wrong form"),
    "value.missing": ("{column} 缺失", "{column} is missing"),
    "value.too_large": ("{column} 太大", "{column} is too large"),
    "value.too_long": ("{column} 太长", "{column} is too long"),
    "value.too_small": ("{column} 太小", "{column} is too small"),
    "value.unknown": ("{column} 的值不在允许之列", "{column} is none of the allowed words"),
}
