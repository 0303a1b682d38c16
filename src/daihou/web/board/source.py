"""Where the faces get their frames: the engine's replay of the newest version, each kept once.

Shape   Frames of ``engine.replay``, with the loans in sight only, and the ledger's attributes of
        loans (``loan_id, product_id, funder_id``).
Errors  ``NoVersion`` where a book has not had its first end of day.
"""

import fcntl
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, cast

import polars as pl
from django.core.cache import caches
from django.db import connection
from psycopg import Connection

from daihou.core.classes import ClassRules
from daihou.engine import replay
from daihou.engine.book import Book as EngineBook
from daihou.risk.instalments import instalments
from daihou.risk.months import month_end_before, month_ends
from daihou.risk.vintages import late_balances
from daihou.web import home
from daihou.web.board import figures
from daihou.web.board.sight import Sight
from daihou.web.ledger.copying import copy_out
from daihou.web.ledger.models import Book, BookVersion
from daihou.web.ledger.queries import engine_book
from daihou.web.parameters.limits import find_class_rules

FORM = 1  # Part of every cache key: raise it when the figures change.
DAILY_WINDOW_DAYS = 90
MONTHS_SHOWN = 36


class NoVersion(LookupError):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The newest version of a book, seen by one user."""

    sight: Sight
    version: BookVersion

    @property
    def business_date(self) -> date:
        return self.version.business_date

    @property
    def key(self) -> tuple[int, str]:
        return self.sight.book.pk, self.version.manifest_digest

    def positions(self, as_of: date) -> pl.DataFrame:
        rules = find_class_rules(book=self.sight.book, on=as_of)
        return self.in_sight()(_positions(*self.key, as_of, rules))

    def instalments(self, as_of: date) -> pl.DataFrame:
        return self.in_sight()(_instalments(*self.key, as_of))

    def attributes(self) -> pl.DataFrame:
        return _attributes(*self.key)

    def seen_attributes(self) -> pl.DataFrame:
        """Return the attributes of the loans in sight."""
        return self.in_sight()(self.attributes())

    def in_sight(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """Return what keeps of a frame the loans in sight; it asks the database nothing."""
        if self.sight.funder_ids is None:
            return lambda frame: frame
        mine = self.attributes().filter(pl.col("funder_id").is_in(list(self.sight.funder_ids)))
        ids = mine.select("loan_id")
        return lambda frame: frame.join(ids, on="loan_id", how="semi", maintain_order="left")


def newest(sight: Sight) -> Source:
    """Find the newest published version.

    :raises NoVersion: before the first end of day.
    """
    version = BookVersion.objects.filter(book=sight.book).order_by("-pk").first()
    if version is None:
        raise NoVersion(sight.book.name)
    return Source(sight=sight, version=version)


def board(source: Source, *, as_of: date, compared_on: date) -> figures.Document:
    """Return the board's figures, computed once per version, day and sight."""
    book_id, digest = source.key
    key = f"{FORM}:{book_id}:{digest[:32]}:{source.sight.key}:{as_of}:{compared_on}"
    found: figures.Document | None = caches["board"].get(key)
    if found is None:
        with _one_at_a_time():
            found = caches["board"].get(key)
            if found is None:
                found = figures.board(frames=_frames(source, as_of=as_of, compared_on=compared_on))
                caches["board"].set(key, found)
    return found


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let one thread of all processes compute a board; who waited finds it in the cache."""
    folder = home.home() / "cache"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "board.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def draw_ahead() -> list[Source]:
    """Compute the board of every book's newest night; return what each was drawn from."""
    books = Book.objects.exclude(business_date=None).order_by("pk")
    sources = [newest(Sight(book=book, funder_ids=None)) for book in books]
    for found in sources:
        as_of = found.business_date
        board(found, as_of=as_of, compared_on=month_end_before(as_of))
    return sources


def _frames(source: Source, *, as_of: date, compared_on: date) -> figures.BoardFrames:
    positions = source.positions(as_of)
    first_on = positions["disbursed_on"].min() if positions.height else as_of
    assert isinstance(first_on, date)
    late, days = _sums(source, loans=positions, first_on=first_on, as_of=as_of)
    return figures.BoardFrames(
        as_of=as_of,
        compared_on=compared_on,
        positions=positions,
        before=source.positions(compared_on),
        instalments=source.instalments(as_of),
        late=late,
        days=days,
    )


def _sums(
    source: Source, *, loans: pl.DataFrame, first_on: date, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sum up the months' ends by cohort and the last days by day, in one walk over the shards."""
    ends = month_ends(first_on=first_on, last_on=as_of)[-MONTHS_SHOWN:]
    start = max(first_on, as_of - timedelta(days=DAILY_WINDOW_DAYS - 1))
    days = [start + timedelta(days=n) for n in range((as_of - start).days + 1)]
    in_sight = source.in_sight()

    def take(history: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        seen = in_sight(history)
        at_ends, of_days = (seen.filter(pl.col("as_of").is_in(dates)) for dates in (ends, days))
        late = late_balances(history=at_ends, loans=loans, over_days=figures.OVER_DAYS)
        return late, figures.daily_totals(history=of_days)

    parts = replay.each_history(book=_engine_book(*source.key), dates=[*ends, *days], take=take)
    late, totals = (pl.concat(kind) for kind in zip(*parts, strict=True))
    return late, totals.group_by("as_of").sum().sort("as_of")


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


@lru_cache(maxsize=32)
def _engine_book(book_id: int, digest: str) -> EngineBook:  # noqa: ARG001  A key.
    return engine_book(book=Book.objects.get(pk=book_id))


@lru_cache(maxsize=4)
def _positions(book_id: int, digest: str, as_of: date, rules: ClassRules | None) -> pl.DataFrame:
    return replay.positions(book=_engine_book(book_id, digest), as_of=as_of, class_rules=rules)


@lru_cache(maxsize=2)
def _instalments(book_id: int, digest: str, as_of: date) -> pl.DataFrame:
    def take(dues: pl.DataFrame) -> pl.DataFrame:
        return figures.decisive_instalments(instalments=instalments(dues), as_of=as_of)

    return pl.concat(
        replay.each_dues(book=_engine_book(book_id, digest), as_of=as_of, take=take)
    ).sort("loan_id", "instalment_no")


def forget_frames() -> None:
    """Let go of the frames of big books."""
    for kept in (_positions, _instalments, _attributes):
        kept.cache_clear()


@lru_cache(maxsize=4)
def _attributes(book_id: int, digest: str) -> pl.DataFrame:  # noqa: ARG001  A key.
    connection.ensure_connection()
    return copy_out(
        cast("Connection[Any]", connection.connection),
        query="SELECT id, product_id, funder_id FROM loans_loan WHERE book_id = %s",
        params=[book_id],
        schema={"loan_id": pl.Int64, "product_id": pl.Int64, "funder_id": pl.Int64},
    )
