"""The book on disk: one folder of zstd Parquet shards and a manifest per business date.

Units   See ``columns``.
Shape   ``<root>/manifest-<date>.json`` names the files of one version; ``<root>/<date>/shard-<no>/``
        holds them: a base (every row) or a delta (rows that changed since the version before).
Errors  ``BookRefused`` with a stable code; nothing is half-written: files appear by atomic rename.
Source  design.md, "A book"; the layout is described in docs/algorithms/end-of-day.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from daihou.engine.tables import ShardResult, ShardTables


class BookRefused(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version of the book. ``digest`` covers every file of it."""

    business_date: date
    ledger_sequence: int
    currency: str
    shard_count: int
    is_base: bool
    previous_on: date | None  # The version a delta builds on.
    files: Mapping[str, str]  # Path below the book's folder → sha256 of the file.

    @property
    def digest(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book's folder. Reading never sees a version whose manifest is not published."""

    root: Path
    currency: str
    shard_count: int

    def business_dates(self) -> tuple[date, ...]:
        """Return the published business dates, oldest first."""
        raise NotImplementedError

    def manifest(self, *, business_date: date | None = None) -> Manifest:
        """Return the manifest of a date, by default the newest.

        :raises BookRefused: ``book.no_version``, ``book.damaged``.
        """
        raise NotImplementedError

    def read_shard(self, *, shard: int, business_date: date | None = None) -> ShardTables:
        """Return the tables of a shard as they were at a published business date (default: newest).

        A date of None with nothing published gives an empty shard.
        """
        raise NotImplementedError

    def write_shard(
        self, *, shard: int, business_date: date, before: ShardTables, result: ShardResult
    ) -> Mapping[str, str]:
        """Write what ``run_shard`` gave for ``before``; return path → sha256. Safe to repeat."""
        raise NotImplementedError

    def publish(
        self, *, business_date: date, ledger_sequence: int, files: Sequence[Mapping[str, str]]
    ) -> Manifest:
        """Publish a version once all its shards are written (one mapping of files per shard)."""
        raise NotImplementedError
