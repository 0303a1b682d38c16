"""Goal: amounts are read exactly or refused. Method: Decimal as the judge."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, strategies as st

from daihou.tapes import parsing

LARGEST = 2**63 - 1
DIGITS = st.integers(0, 4)
AMOUNT = st.integers(-(10**25), 10**25)


def parse(parser, values, dtype=pl.String, **kwargs):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    parsed = parser("x", frame.schema["x"], **kwargs)
    return frame.select(value=parsed.value, code=parsed.code).row(0)


@given(minor=AMOUNT, digits=DIGITS, zeros=st.integers(0, 3))
@example(minor=LARGEST, digits=2, zeros=0)
@example(minor=LARGEST + 1, digits=2, zeros=0)
@example(minor=0, digits=0, zeros=0)
def test_text_amounts_are_exact(minor, digits, zeros):
    text = f"{Decimal(minor).scaleb(-digits):f}"
    if zeros:
        text += ("" if "." in text else ".") + "0" * zeros
    value, code = parse(parsing.parse_amount, [text], digits=digits)

    if abs(minor) <= LARGEST:
        assert (value, code) == (minor, None)
    else:
        assert (value, code) == (None, "amount.too_large")


@given(minor=st.integers(-(2**51), 2**51), digits=DIGITS)
def test_a_float_is_the_decimal_it_prints_as(minor, digits):
    number = float(Decimal(minor).scaleb(-digits))

    assert parse(parsing.parse_amount, [number], pl.Float64, digits=digits) == (minor, None)


@given(minor=st.integers(-LARGEST, LARGEST), digits=DIGITS)
@example(minor=LARGEST // 100, digits=2)
@example(minor=LARGEST // 100 + 1, digits=2)
def test_whole_major_units_fit_or_are_refused(minor, digits):
    value, code = parse(parsing.parse_amount, [minor], pl.Int64, digits=digits)

    if abs(minor) * 10**digits <= LARGEST:
        assert (value, code) == (minor * 10**digits, None)
    else:
        assert (value, code) == (None, "amount.too_large")


@pytest.mark.parametrize("text", ["1,000.00", "1e3", "0x10", "1 000", "--1", ".", "１００", "5 元"])
def test_what_is_not_plainly_a_number_is_refused(text):
    assert parse(parsing.parse_amount, [text], digits=2) == (None, "amount.malformed")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2023-02-29", "date.impossible"),
        ("2024-02-31", "date.impossible"),
        ("2024-13-01", "date.impossible"),
        ("45322", "date.excel_serial"),
        ("29/02/2024", "date.malformed"),
        ("=TODAY()", "cell.formula"),
    ],
)
def test_days_that_are_none(text, code):
    assert parse(parsing.parse_date, [text]) == (None, code)


@pytest.mark.parametrize(
    "text", ["2024-02-29", "2024/02/29", "20240229", "2024-02-29 00:00:00", "2024-02-29T00:00:00"]
)
def test_days_in_each_way_of_writing(text):
    value, code = parse(parsing.parse_date, [text])

    assert (value.isoformat(), code) == ("2024-02-29", None)
