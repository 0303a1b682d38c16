"""The whole book at any day up to its business date, from contracts and payments alone.

Units   See ``columns``.
Shape   Frames with the columns of ``POSITIONS``, ``HISTORY`` and ``DUES``; pending loans are left out.
Errors  ``BookRefused``: ``book.no_version``, ``book.after_business_date``.
Source  design.md, "The replay law".
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from daihou.engine.book import Book


def positions(*, book: Book, as_of: date, with_stated: bool = True) -> pl.DataFrame:
    """Return the position of every loan disbursed by the end of the day (``columns.POSITIONS``).

    ``with_stated=False`` gives the engine's own figures for overlay loans too.
    """
    raise NotImplementedError


def history(*, book: Book, dates: Sequence[date]) -> pl.DataFrame:
    """Return days past due and balances at several days, oldest first (``columns.HISTORY``)."""
    raise NotImplementedError


def dues(*, book: Book, as_of: date) -> pl.DataFrame:
    """Return every instalment of every loan at the end of the day (``columns.DUES`` + ``loan_ref``)."""
    raise NotImplementedError
