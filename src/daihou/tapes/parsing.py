"""Turn raw columns into canonical values, each with the code of what is wrong with it.

Units   Amounts become int64 minor units. Text and decimals are read exactly; a binary float is
        taken for the decimal it prints as when that has no more digits than the currency.
Shape   ``parse`` gives a pair of expressions per column: the value (null where it cannot be read)
        and the error code (null where all is well). No row is ever looked at by itself.
Errors  Codes of ``daihou.tapes.messages``; nothing raises.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from daihou.tapes.canonical import INT64_MAX

FORMULA: Final = r"^\s*[=@]"
CONTROL: Final = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
NOT_FINITE: Final = r"(?i)^\s*[+-]?(nan|inf|infinity|#n/a|#num!|#div/0!|#value!|#ref!|#name\?)\s*$"
DECIMAL: Final = r"^([+-]?)([0-9]+)(?:\.([0-9]*))?$"
EXACT_FLOAT: Final = 2**53
EXCEL_SERIAL: Final = r"^[0-9]{4,6}(\.[0-9]+)?$"
TRUE_WORDS: Final = ("true", "1", "yes", "y", "是")
FALSE_WORDS: Final = ("false", "0", "no", "n", "否")
_TIMES = ("%Y-%m-%dT%H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%.f%:z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    value: pl.Expr
    code: pl.Expr
    column: str | None = None  # The source's own name of it.


def _text(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _coded(*cases: tuple[pl.Expr, str]) -> pl.Expr:
    """Give the code of the first case that holds."""
    return pl.coalesce(*(pl.when(condition).then(pl.lit(code)) for condition, code in cases))


def parse_text(column: str, dtype: pl.DataType) -> Parsed:  # noqa: ARG001  One signature for all.
    text = _text(column)
    code = _coded(
        (text.str.contains(FORMULA), "cell.formula"),
        (text.str.contains(CONTROL), "text.control_character"),
    )
    return Parsed(value=text, code=code)


def parse_amount(column: str, dtype: pl.DataType, *, digits: int) -> Parsed:
    """Read an amount in major units (``digits`` decimals) or, with 0 digits, a whole count."""
    if dtype.is_float():
        return _float_amount(column, digits=digits)
    if dtype.is_integer():
        return _integer_amount(column, digits=digits)
    return _text_amount(column, digits=digits)


def _float_amount(column: str, *, digits: int) -> Parsed:
    number = pl.col(column).cast(pl.Float64)
    scaled = number * 10**digits
    nearest = scaled.round(0)
    is_fine = (scaled - nearest).abs() <= 1e-4
    code = _coded(
        (~number.is_finite(), "amount.not_finite"),
        (scaled.abs() > EXACT_FLOAT, "amount.too_large"),
        (~is_fine, "amount.too_fine"),
    )
    is_good = number.is_finite() & (scaled.abs() <= EXACT_FLOAT) & is_fine
    return Parsed(value=pl.when(is_good).then(nearest).cast(pl.Int64, strict=False), code=code)


def _integer_amount(column: str, *, digits: int) -> Parsed:
    number = pl.col(column).cast(pl.Int64, strict=False)
    is_large = pl.col(column).is_not_null() & (
        number.is_null() | (number > INT64_MAX // 10**digits) | (number < -INT64_MAX // 10**digits)
    )
    value = pl.when(~is_large).then(number) * 10**digits
    return Parsed(value=value, code=_coded((is_large, "amount.too_large")))


def _text_amount(column: str, *, digits: int) -> Parsed:
    text = _text(column)
    parts = text.str.extract_groups(DECIMAL)
    sign, whole, rest = (parts.struct.field(name) for name in ("1", "2", "3"))
    decimals = rest.fill_null("").str.strip_chars_end("0")
    whole_digits = whole.str.strip_chars_start("0")
    joined = whole_digits + decimals.str.pad_end(digits, "0")
    count = pl.when(joined == "").then(pl.lit("0")).otherwise(joined).cast(pl.Int64, strict=False)
    is_read, is_fine = whole.is_not_null(), decimals.str.len_bytes() <= digits
    code = _coded(
        (text.str.contains(FORMULA), "cell.formula"),
        (text.str.contains(NOT_FINITE), "amount.not_finite"),
        (text.is_not_null() & ~is_read, "amount.malformed"),
        (is_read & ~is_fine, "amount.too_fine"),
        (is_read & count.is_null(), "amount.too_large"),
    )
    signed = pl.when(sign == "-").then(-count).otherwise(count)
    return Parsed(value=pl.when(is_read & is_fine).then(signed), code=code)


def parse_whole(column: str, dtype: pl.DataType) -> Parsed:
    """Read a whole number; 12.0 is one, 12.5 is not."""
    amount = parse_amount(column, dtype, digits=0)
    return Parsed(value=amount.value, code=amount.code.str.replace("^amount", "number"))


def parse_rate(column: str, dtype: pl.DataType) -> Parsed:
    """Keep a rate as the decimal text it was written as; a float as it prints."""
    text = _text(column)
    if dtype.is_float():
        text = pl.when(pl.col(column) == 0).then(pl.lit("0")).otherwise(text)
    value = text.str.strip_suffix(".0") if dtype.is_float() else text
    code = _coded(
        (text.str.contains(FORMULA), "cell.formula"),
        (text.str.contains(NOT_FINITE), "number.not_finite"),
        (text.is_not_null() & ~value.str.contains(r"^[0-9]+(\.[0-9]+)?$"), "number.malformed"),
    )
    return Parsed(value=value, code=code)


def parse_date(column: str, dtype: pl.DataType) -> Parsed:
    """Read a calendar day; a time of day is let go, a zone moves it to its UTC day."""
    if dtype == pl.Date:
        return Parsed(value=pl.col(column), code=pl.lit(None, dtype=pl.String))
    if isinstance(dtype, pl.Datetime):
        utc = pl.col(column).dt.convert_time_zone("UTC") if dtype.time_zone else pl.col(column)
        return Parsed(value=utc.dt.date(), code=pl.lit(None, dtype=pl.String))
    text = _text(column)
    day = text.str.replace(r"[ T]00:00:00(\.0+)?$", "")
    value = pl.coalesce(
        day.str.to_date("%Y-%m-%d", strict=False, exact=True),
        day.str.to_date("%Y/%m/%d", strict=False, exact=True),
        pl.when(day.str.len_bytes() == 8).then(day).str.to_date("%Y%m%d", strict=False),
    )
    is_lost = text.is_not_null() & value.is_null()
    code = _coded(
        (text.str.contains(FORMULA), "cell.formula"),
        (is_lost & day.str.contains(EXCEL_SERIAL), "date.excel_serial"),
        (is_lost & day.str.contains(r"^\d{4}[-/]?\d{1,2}[-/]?\d{1,2}$"), "date.impossible"),
        (is_lost, "date.malformed"),
    )
    return Parsed(value=value, code=code)


def parse_instant(column: str, dtype: pl.DataType) -> Parsed:
    """Read an instant; it must name its zone."""
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone is None:
            code = _coded((pl.col(column).is_not_null(), "time.no_zone"))
            return Parsed(value=pl.lit(None, dtype=pl.Datetime("us", "UTC")), code=code)
        value = pl.col(column).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
        return Parsed(value=value, code=pl.lit(None, dtype=pl.String))
    text = _text(column)
    zoned = text.str.replace(r"Z$", "+00:00")
    value = pl.coalesce(
        *(zoned.str.to_datetime(f, strict=False, time_zone="UTC", time_unit="us") for f in _TIMES)
    )
    has_zone = zoned.str.contains(r"[+-]\d\d:\d\d$")
    code = _coded(
        (text.str.contains(FORMULA), "cell.formula"),
        (text.is_not_null() & value.is_null() & ~has_zone, "time.no_zone"),
        (text.is_not_null() & value.is_null(), "time.malformed"),
    )
    return Parsed(value=value, code=code)


def parse_utc_day(column: str, dtype: pl.DataType) -> Parsed:
    """Read an instant and keep its day in UTC."""
    parsed = parse_instant(column, dtype)
    return Parsed(value=parsed.value.dt.date(), code=parsed.code, column=column)


def parse_flag(column: str, dtype: pl.DataType) -> Parsed:
    if dtype == pl.Boolean:
        return Parsed(value=pl.col(column), code=pl.lit(None, dtype=pl.String))
    word = _text(column).str.to_lowercase().str.strip_suffix(".0")
    value = (
        pl.when(word.is_in(list(TRUE_WORDS)))
        .then(pl.lit(value=True))
        .when(word.is_in(list(FALSE_WORDS)))
        .then(pl.lit(value=False))
    )
    return Parsed(value=value, code=_coded((word.is_not_null() & value.is_null(), "value.unknown")))
