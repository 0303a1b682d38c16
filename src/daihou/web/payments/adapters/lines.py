"""Read what providers write: amounts, instants, and the lines of their bills."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import polars as pl

from daihou.core.terms import MOST_MINOR
from daihou.web.payments.adapters.protocol import BILL_LINES
from daihou.web.payments.errors import PaymentRefused

CHINA = ZoneInfo("Asia/Shanghai")
KINDS = ("payment", "refund", "failure")
REFERENCE_LONGEST = 128
PLAIN_AMOUNT = r"^\d{1,15}(\.\d{1,4})?$"


def whole(value: object) -> int:
    """Take a count of minor units, given as a whole number.

    :raises PaymentRefused: ``notice.amount_wrong``.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_MINOR:
        raise PaymentRefused("notice.amount_wrong")
    return value


def decimal(value: str, *, minor_digits: int) -> int:
    """Take an amount in major units, exact.

    :raises PaymentRefused: ``notice.amount_wrong``.
    """
    try:
        scaled = Decimal(value).scaleb(minor_digits)
        minor = int(scaled)
    except (InvalidOperation, ValueError, OverflowError) as exception:
        raise PaymentRefused("notice.amount_wrong") from exception
    if minor != scaled:
        raise PaymentRefused("notice.amount_wrong")
    return whole(minor)


def instant(value: object) -> datetime:
    """Take an instant; one without a zone is of China.

    :raises PaymentRefused: ``notice.malformed``.
    """
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as exception:
        raise PaymentRefused("notice.malformed") from exception
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def table(content: bytes, *, columns: Mapping[str, str], marker: str = "") -> pl.DataFrame:
    """Read a bill's lines as text, under our names; totals below them are left out.

    :raises PaymentRefused: ``bill.malformed``, ``bill.column_missing``.
    """
    try:
        text = content.decode("utf-8-sig")
        rows = pl.read_csv(
            text.encode(), infer_schema=False, truncate_ragged_lines=True, quote_char='"'
        )
    except (UnicodeDecodeError, pl.exceptions.PolarsError) as exception:
        raise PaymentRefused("bill.malformed") from exception
    missing = [name for name in columns if name not in rows.columns]
    if missing:
        raise PaymentRefused("bill.column_missing", columns=", ".join(missing))
    named = rows.select(pl.col(given).alias(ours) for given, ours in columns.items())
    return named.with_columns(
        pl.all().fill_null("").str.strip_prefix(marker).str.strip_chars()
    ).with_row_index("line_no", offset=2)


def shaped(rows: pl.DataFrame, *, minor_digits: int) -> pl.DataFrame:
    """Give the columns of ``BILL_LINES``; a line that cannot be read says so in ``code``."""
    filled = rows.with_columns(
        pl.lit("").alias(name)
        for name in ("target_reference", "order_ref", "payer_account", "remark", "failure_code")
        if name not in rows.columns
    )
    if "fee" not in filled.columns:
        filled = filled.with_columns(pl.lit("0").alias("fee"))
    typed = filled.with_columns(
        _minor("amount", minor_digits).alias("amount_minor"),
        _minor("fee", minor_digits).fill_null(0).alias("fee_minor"),
        pl.col("paid_on").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        pl.col("remark").str.slice(0, 256),
    )
    code = (
        pl.when(~pl.col("kind").is_in(KINDS))
        .then(pl.lit("bill.kind_unknown"))
        .when(
            (pl.col("reference") == "")
            | (pl.col("reference").str.len_chars() > REFERENCE_LONGEST)
            | (pl.col("order_ref").str.len_chars() > REFERENCE_LONGEST)
        )
        .then(pl.lit("bill.reference_wrong"))
        .when(pl.col("amount_minor").is_null() | (pl.col("amount_minor") <= 0))
        .then(pl.lit("bill.amount_wrong"))
        .when(pl.col("paid_on").is_null())
        .then(pl.lit("bill.day_wrong"))
        .when(~pl.col("currency").str.contains("^[A-Z]{3}$"))
        .then(pl.lit("bill.currency_wrong"))
    )
    return typed.with_columns(code.alias("code")).select(
        pl.col(name).cast(dtype) for name, dtype in BILL_LINES.items()
    )


def _minor(column: str, minor_digits: int) -> pl.Expr:
    """Read amounts of major units exactly; what is finer than the currency is null."""
    text = pl.col(column)
    parts = text.str.splitn(".", 2)
    units = parts.struct.field("field_0").cast(pl.Int64, strict=False)
    decimals = parts.struct.field("field_1").fill_null("").str.strip_chars_end("0")
    is_exact = text.str.contains(PLAIN_AMOUNT) & (decimals.str.len_chars() <= minor_digits)
    fraction = decimals.str.pad_end(max(minor_digits, 1), "0").cast(pl.Int64, strict=False)
    scaled = units * 10**minor_digits + (fraction if minor_digits else 0)
    return pl.when(is_exact).then(scaled)
