"""Where the faces get their frames: the engine's replay of the newest version, each kept once.

Shape   Frames of ``engine.replay``, with the loans in sight only, and the ledger's attributes of
        loans (``loan_id, product_id, funder_id``).
Errors  ``NoVersion`` where a book has not had its first end of day.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import polars as pl
from django.core.cache import caches

from daihou.core.classes import ClassRules
from daihou.engine import replay
from daihou.engine.book import Book as EngineBook
from daihou.risk.instalments import instalments
from daihou.risk.months import month_ends
from daihou.web.board import figures
from daihou.web.board.sight import Sight
from daihou.web.ledger.models import Book, BookVersion
from daihou.web.ledger.queries import engine_book
from daihou.web.loans.models import Loan
from daihou.web.parameters.limits import find_class_rules

FORM = 1  # Part of every cache key: raise it when the figures change.
DAILY_WINDOW_DAYS = 90
MONTHS_SHOWN = 36
CHUNK_ROWS = 4_000_000  # Of history in memory at once.


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
        return self._seen(_positions(*self.key, as_of, rules))

    def instalments(self, as_of: date) -> pl.DataFrame:
        return self._seen(_instalments(*self.key, as_of))

    def history(self, dates: Sequence[date]) -> pl.DataFrame:
        return self._seen(replay.history(book=_engine_book(*self.key), dates=dates))

    def attributes(self) -> pl.DataFrame:
        return _attributes(*self.key)

    def seen_attributes(self) -> pl.DataFrame:
        """Return the attributes of the loans in sight."""
        return self._seen(self.attributes())

    def _seen(self, frame: pl.DataFrame) -> pl.DataFrame:
        if self.sight.funder_ids is None:
            return frame
        mine = self.attributes().filter(pl.col("funder_id").is_in(list(self.sight.funder_ids)))
        return frame.join(mine.select("loan_id"), on="loan_id", how="semi", maintain_order="left")


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
        found = figures.board(frames=_frames(source, as_of=as_of, compared_on=compared_on))
        caches["board"].set(key, found)
    return found


def _frames(source: Source, *, as_of: date, compared_on: date) -> figures.BoardFrames:
    positions = source.positions(as_of)
    first_on = positions["disbursed_on"].min() if positions.height else as_of
    assert isinstance(first_on, date)
    ends = month_ends(first_on=first_on, last_on=as_of)[-MONTHS_SHOWN:]
    return figures.BoardFrames(
        as_of=as_of,
        compared_on=compared_on,
        positions=positions,
        before=source.positions(compared_on),
        instalments=source.instalments(as_of),
        month_ends=source.history(ends),
        days=_days(source, first_on=first_on, as_of=as_of, loans=positions.height),
    )


def _days(source: Source, *, first_on: date, as_of: date, loans: int) -> pl.DataFrame:
    """Sum the last days up, some at a time: a big book must not be in memory 90 times."""
    start = max(first_on, as_of - timedelta(days=DAILY_WINDOW_DAYS - 1))
    days = [start + timedelta(days=n) for n in range((as_of - start).days + 1)]
    size = max(1, CHUNK_ROWS // max(1, loans))
    chunks = [days[n : n + size] for n in range(0, len(days), size)]
    return pl.concat(
        [figures.daily_totals(history=source.history(chunk)) for chunk in chunks or [[as_of]]]
    )


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
    return instalments(replay.dues(book=_engine_book(book_id, digest), as_of=as_of))


@lru_cache(maxsize=4)
def _attributes(book_id: int, digest: str) -> pl.DataFrame:  # noqa: ARG001  A key.
    rows = Loan.objects.filter(book_id=book_id).values_list("pk", "product_id", "funder_id")
    schema = {"loan_id": pl.Int64, "product_id": pl.Int64, "funder_id": pl.Int64}
    return pl.DataFrame(list(rows.iterator()), schema=schema, orient="row")
