"""The book on disk: one folder of zstd Parquet shards and a manifest per business date.

Units   See ``columns``.
Shape   ``<root>/manifest-<date>.json`` names the files of a version, ``<root>/<date>/shard-<no>/``
        holds them: a base (every row) or a delta (rows that changed since the version before).
        A month's first version and that of its last day are bases.
Errors  ``BookRefused`` with a stable code; nothing is half-written: files appear by atomic rename.
Source  design.md, "A book"; the layout is described in docs/algorithms/end-of-day.md.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from daihou.engine import columns as c
from daihou.engine.tables import NewFacts, ShardResult, ShardTables

COMPRESSION_LEVEL = 1
ROW_GROUP_ROWS = 1_000_000
FORMAT = 1
DAY_TABLES = {table.name: table for table in c.SHARD_TABLES}
PART_NO = "part_no"  # A column that no table has.
REPLACED_BY_LOAN = ("loans", "dues", "others")  # A newer row set of a loan replaces the older one.


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
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """Return the manifest as JSON text, the same for equal versions."""
        fields = {
            "format": FORMAT,
            "business_date": self.business_date.isoformat(),
            "ledger_sequence": self.ledger_sequence,
            "currency": self.currency,
            "shard_count": self.shard_count,
            "is_base": self.is_base,
            "previous_on": None if self.previous_on is None else self.previous_on.isoformat(),
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(fields, indent=1) + "\n"

    @staticmethod
    def parse(text: str) -> "Manifest":
        """Read a manifest's text.

        :raises BookRefused: ``book.damaged``.
        """
        try:
            fields = json.loads(text)
            if fields.pop("format") != FORMAT:
                raise BookRefused("book.damaged", "a manifest of another format")
            previous = fields.pop("previous_on")
            return Manifest(
                business_date=date.fromisoformat(fields.pop("business_date")),
                previous_on=None if previous is None else date.fromisoformat(previous),
                **fields,
            )
        except (KeyError, TypeError, json.JSONDecodeError) as fault:
            raise BookRefused("book.damaged", f"manifest: {fault}") from fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book's folder. Reading never sees a version whose manifest is not published."""

    root: Path
    currency: str
    shard_count: int

    def business_dates(self) -> tuple[date, ...]:
        """Return the published business dates, oldest first."""
        names = sorted(path.stem for path in self.root.glob("manifest-*.json"))
        return tuple(date.fromisoformat(name.removeprefix("manifest-")) for name in names)

    def manifest(self, *, business_date: date | None = None) -> Manifest:
        """Return the manifest of a date, by default the newest.

        :raises BookRefused: ``book.no_version``, ``book.damaged``.
        """
        if business_date is None:
            dates = self.business_dates()
            if not dates:
                raise BookRefused("book.no_version", str(self.root))
            business_date = dates[-1]
        path = self._manifest_path(business_date)
        if not path.exists():
            raise BookRefused("book.no_version", f"{self.root} at {business_date}")
        return Manifest.parse(path.read_text(encoding="utf-8"))

    def read_shard(
        self, *, shard: int, business_date: date | None = None, columns: c.Wanted | None = None
    ) -> ShardTables:
        """Return the tables of a shard as they were at a published business date (default: newest).

        With nothing published and no date given the shard is empty. ``columns`` limits tables to
        some columns (the key comes first), to none where they are not needed; such frames are not
        for ``run_shard``.

        :raises BookRefused: ``book.no_version``, ``book.damaged``.
        """
        if business_date is None and not self.business_dates():
            return ShardTables()
        chain = self._chain(business_date)
        wanted = columns or {}
        return ShardTables(
            **{
                name: self._read_table(table, shard, chain, wanted.get(name))
                for name, table in DAY_TABLES.items()
                if wanted.get(name) != ()
            }
        )

    def read_facts(self, *, loan_ids: pl.Series) -> NewFacts:
        """Return some loans and their instalments as the newest version has them, if there is one.

        :raises BookRefused: ``book.damaged``.
        """
        if not self.business_dates():
            return NewFacts()
        chain = self._chain(None)
        loans, dues = [c.LOAN_FACTS.empty()], [c.DUE_FACTS.empty()]
        for shard in (loan_ids % self.shard_count).unique():
            for parts, table, names in (
                (loans, c.LOANS, c.LOAN_FACTS.names),
                (dues, c.DUES, c.DUE_FACTS.names),
            ):
                rows = self._read_table(table, shard, chain, names)
                parts.append(rows.filter(pl.col("loan_id").is_in(loan_ids.implode())))
        return NewFacts(
            loans=pl.concat(loans).sort("loan_id"),
            dues=pl.concat(dues).sort("loan_id", "instalment_no"),
        )

    def read_for_night(self, *, shard: int, from_on: date | None, to_on: date) -> ShardTables:
        """Return what the night to ``to_on`` needs of the version at ``from_on``.

        Of the instalments that is what is due of them, unless a base is to be written.

        :raises BookRefused: ``book.no_version``, ``book.damaged``.
        """
        if from_on is None:
            return ShardTables()
        whole = self.writes_base(business_date=to_on)
        columns = {} if whole else {"dues": c.DUE_FACTS.names}
        return self.read_shard(shard=shard, business_date=from_on, columns=columns)

    def write_shard(
        self, *, shard: int, business_date: date, before: ShardTables, result: ShardResult
    ) -> Mapping[str, str]:
        """Write what ``run_shard`` gave for ``before``; return path → sha256. Safe to repeat.

        ``before`` holds the tables of the newest version before ``business_date``.
        """
        tables = result.changed
        if self.writes_base(business_date=business_date):
            tables = apply(before=before, changed=result.changed)
        folder = self._folder(business_date, shard)
        folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, str] = {}
        for table, frame in tables.items():
            path = folder / f"{table.name}.parquet"
            if not frame.height:
                path.unlink(missing_ok=True)
                continue
            files[str(path.relative_to(self.root))] = write_parquet(frame, path)
        _sync_folder(folder)
        return files

    def publish(
        self, *, business_date: date, ledger_sequence: int, files: Sequence[Mapping[str, str]]
    ) -> Manifest:
        """Publish a version once all its shards are written (one mapping of files per shard).

        :raises BookRefused: ``book.shards_missing``, ``book.not_newest``.
        """
        if len(files) != self.shard_count:
            raise BookRefused("book.shards_missing", f"{len(files)} of {self.shard_count}")
        newest = self._newest_before(business_date)
        if any(day > business_date for day in self.business_dates()):
            raise BookRefused("book.not_newest", f"{business_date} is behind {newest}")
        is_base = self.writes_base(business_date=business_date)
        manifest = Manifest(
            business_date=business_date,
            ledger_sequence=ledger_sequence,
            currency=self.currency,
            shard_count=self.shard_count,
            is_base=is_base,
            previous_on=None if is_base else newest,
            files={path: digest for of_shard in files for path, digest in of_shard.items()},
        )
        write_atomically(self._manifest_path(business_date), manifest.text().encode())
        return manifest

    def writes_base(self, *, business_date: date) -> bool:
        """Tell whether the version of this date is a base: the first, a month's first or last."""
        newest = self._newest_before(business_date)
        if newest is None:
            return True
        is_last_day = (business_date + timedelta(days=1)).day == 1
        same_month = (newest.year, newest.month) == (business_date.year, business_date.month)
        return is_last_day or not same_month

    def verify(self, *, business_date: date | None = None) -> None:
        """Compare every file a version needs with its digest.

        :raises BookRefused: ``book.damaged``.
        """
        for manifest in self._chain(business_date):
            for path, digest in manifest.files.items():
                if not (self.root / path).exists() or _digest_of(self.root / path) != digest:
                    raise BookRefused("book.damaged", path)

    def _newest_before(self, business_date: date) -> date | None:
        return max((day for day in self.business_dates() if day < business_date), default=None)

    def _chain(self, business_date: date | None) -> tuple[Manifest, ...]:
        """Return the manifests a version is made of: its base, then its deltas."""
        chain = [self.manifest(business_date=business_date)]
        while not chain[-1].is_base:
            previous_on = chain[-1].previous_on
            if previous_on is None:
                raise BookRefused("book.damaged", "a delta without a version before it")
            chain.append(self.manifest(business_date=previous_on))
        return tuple(reversed(chain))

    def _read_table(
        self,
        table: c.Table,
        shard: int,
        chain: Sequence[Manifest],
        wanted: Sequence[str] | None,
    ) -> pl.DataFrame:
        parts: list[pl.DataFrame] = []
        names = list(wanted or table.names)
        for manifest in chain:
            path = self._folder(manifest.business_date, shard) / f"{table.name}.parquet"
            if str(path.relative_to(self.root)) not in manifest.files:
                continue
            try:
                parts.append(pl.read_parquet(path, columns=names, use_statistics=False))
            except (OSError, pl.exceptions.PolarsError) as fault:
                raise BookRefused("book.damaged", f"{path}: {fault}") from fault
        if not parts:
            return table.empty().select(names)
        return overlay(table.name, parts, sort_by=[n for n in table.key if n in names])

    def _folder(self, business_date: date, shard: int) -> Path:
        return self.root / business_date.isoformat() / f"shard-{shard:04d}"

    def _manifest_path(self, business_date: date) -> Path:
        return self.root / f"manifest-{business_date.isoformat()}.json"


def overlay(name: str, parts: Sequence[pl.DataFrame], *, sort_by: Sequence[str]) -> pl.DataFrame:
    """Lay newer rows over older ones: by loan where they replace, else added."""
    if len(parts) == 1:
        return parts[0]
    if name in {"rules", "stated"}:
        merged = pl.concat(parts).unique(sort_by, keep="last", maintain_order=True)
        return merged.sort(sort_by)
    if name not in REPLACED_BY_LOAN:
        return parts[0].merge_sorted(pl.concat(parts[1:]).sort(sort_by), key=sort_by)
    newer = _newest_of_each_loan(parts[1:])
    loans = newer.select("loan_id").unique()
    older = parts[0].join(loans, on="loan_id", how="anti", maintain_order="left")
    return older.merge_sorted(newer, key="loan_id", maintain_order=True)


def _newest_of_each_loan(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Keep of each loan the rows of the last part that has it, all parts in one pass."""
    if len(parts) == 1:
        return parts[0]
    numbered = [part.with_columns(pl.lit(n).alias(PART_NO)) for n, part in enumerate(parts)]
    is_newest = pl.col(PART_NO) == pl.col(PART_NO).max().over("loan_id")
    newest = pl.concat(numbered).filter(is_newest).drop(PART_NO)
    return newest.sort("loan_id", maintain_order=True)


def apply(*, before: ShardTables, changed: ShardTables) -> ShardTables:
    """Return the whole tables of a shard after a night.

    >>> apply(before=ShardTables(), changed=ShardTables()).loans.height
    0
    """
    merged: dict[str, pl.DataFrame] = {}
    for (table, old), (_, new) in zip(before.items(), changed.items(), strict=True):
        parts = [part for part in (old, new) if part.height]
        whole = overlay(table.name, parts, sort_by=table.key) if parts else table.empty()
        merged[table.name] = whole
    return ShardTables(**merged)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def write_parquet(frame: pl.DataFrame, path: Path) -> str:
    """Write a frame so that it is there whole or not at all; return its sha256."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    frame.rechunk().write_parquet(
        draft,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        statistics=False,
        row_group_size=ROW_GROUP_ROWS,
    )
    with draft.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    draft.replace(path)
    return digest


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
