"""The journal and the trial balance as frames and as files for an accounting system."""

from collections.abc import Iterable
from io import BytesIO

import polars as pl

from daihou.web.accounting.models import JournalEntry
from daihou.web.accounting.queries import BalanceLine

JOURNAL = {
    "book": pl.String,
    "view": pl.String,
    "on": pl.Date,
    "value_on": pl.Date,
    "period": pl.String,
    "product": pl.String,
    "currency": pl.String,
    "account_code": pl.String,
    "account_name_zh": pl.String,
    "account_name_en": pl.String,
    "cause": pl.String,
    "debit_minor": pl.Int64,
    "credit_minor": pl.Int64,
    "entry": pl.Int64,
    "corrects": pl.Int64,
}
BALANCE = {
    "account_code": pl.String,
    "account_name_zh": pl.String,
    "account_name_en": pl.String,
    "account_type": pl.String,
    "opening_minor": pl.Int64,
    "debit_minor": pl.Int64,
    "credit_minor": pl.Int64,
    "balance_minor": pl.Int64,
}


def journal_frame(entries: Iterable[JournalEntry], *, book: str) -> pl.DataFrame:
    """Write entries as rows (``JOURNAL``); ``corrects`` names the row's ``entry``."""
    rows = [
        (
            book,
            entry.view,
            entry.on,
            entry.value_on,
            f"{entry.on:%Y-%m}",
            entry.product.code if entry.product else "",
            entry.currency,
            entry.account.code,
            entry.account.name_zh,
            entry.account.name_en,
            entry.cause,
            entry.debit_minor,
            entry.credit_minor,
            entry.pk,
            entry.corrects_id,
        )
        for entry in entries
    ]
    return pl.DataFrame(rows, schema=JOURNAL, orient="row")


def balance_frame(lines: Iterable[BalanceLine]) -> pl.DataFrame:
    """Write a trial balance as rows (``BALANCE``); a debit balance is positive."""
    rows = [
        (
            line.account.code,
            line.account.name_zh,
            line.account.name_en,
            line.account.type,
            line.opening_minor,
            line.debit_minor,
            line.credit_minor,
            line.balance_minor,
        )
        for line in lines
    ]
    return pl.DataFrame(rows, schema=BALANCE, orient="row")


def in_units(frame: pl.DataFrame, *, minor_digits: int) -> pl.DataFrame:
    """Turn amounts of minor units into decimals of the currency: ``debit_minor`` → ``debit``."""
    names = [name for name in frame.columns if name.endswith("_minor")]
    scale = pl.lit(10**minor_digits, dtype=pl.Decimal(38, 0))
    exact = [
        (pl.col(name).cast(pl.Decimal(38, minor_digits)) / scale)
        .cast(pl.Decimal(38, minor_digits))
        .alias(name.removesuffix("_minor"))
        for name in names
    ]
    order = [name.removesuffix("_minor") for name in frame.columns]
    return frame.with_columns(exact).select(order)


def as_csv(frame: pl.DataFrame) -> bytes:
    """Write a frame as CSV that spreadsheets read as UTF-8."""
    buffer = BytesIO()
    frame.write_csv(buffer, include_bom=True)
    return buffer.getvalue()


def as_xlsx(frame: pl.DataFrame, *, sheet: str) -> bytes:
    """Write a frame as a workbook; texts that look like formulas stay texts."""
    buffer = BytesIO()
    texts = [name for name, dtype in frame.schema.items() if dtype.is_(pl.String)]
    plain = frame.with_columns(pl.col(texts).str.replace(r"^[=+\-@]", "'${0}"))
    plain.write_excel(buffer, worksheet=sheet, autofit=frame.height < 20_000)
    return buffer.getvalue()
