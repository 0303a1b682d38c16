"""The figures of a period as a file: each collector, each figure, both numbers of it."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from daihou.web.access.models import User
from daihou.web.accounting.exports import as_csv
from daihou.web.audit import operations as audit
from daihou.web.board import money
from daihou.web.ledger.models import Book
from daihou.web.supervision import figures

COLUMNS = (
    "book",
    "from",
    "through",
    "team",
    "collector",
    "figure",
    "label",
    "numerator",
    "denominator",
    "unit",
)
FORMULA = r"^[=+\-@]"  # How a text begins that a spreadsheet would run.


def frame(
    *, book: Book, from_on: date, through_on: date, labels: Mapping[str, str]
) -> pl.DataFrame:
    """Write a row (``COLUMNS``) per collector and figure; amounts are in the currency's unit."""
    counts = figures.by_collector(book=book, from_on=from_on, through_on=through_on)
    rows = [
        (
            book.name,
            from_on.isoformat(),
            through_on.isoformat(),
            column.team or "",
            person.username,
            figure.code,
            labels[figure.code],
            *_numbers(mine, figure, book=book),
        )
        for column in figures.columns(counts)
        for person, mine in column.people
        for figure in figures.FIGURES
    ]
    found = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return found.with_columns(pl.col("team", "collector").str.replace(FORMULA, "'${0}"))


def _numbers(counts: figures.Counts, figure: figures.Figure, *, book: Book) -> tuple[str, str, str]:
    over, under = counts.pair(figure)
    if not figure.is_money:
        return str(over), str(under), "count"
    digits = book.minor_digits
    return (
        money.full(over, digits=digits).replace(",", ""),
        money.full(under, digits=digits).replace(",", ""),
        book.currency,
    )


def export(
    *,
    book: Book,
    from_on: date,
    through_on: date,
    labels: Mapping[str, str],
    acting_user: User,
) -> bytes:
    """Give the file as CSV; that it was taken is noted."""
    rows = frame(book=book, from_on=from_on, through_on=through_on, labels=labels)
    audit.record(
        acting_user=acting_user,
        action="supervision.export",
        target_type="book",
        target_id=book.pk,
        details={
            "rows": rows.height,
            "from": from_on.isoformat(),
            "through": through_on.isoformat(),
        },
    )
    return as_csv(rows)
