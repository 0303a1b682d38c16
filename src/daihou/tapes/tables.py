"""Find the tables of a format that has fixed files: by name in a folder, or mended errors.

Errors  ``TapeRefused``: ``file.table_missing``, ``file.table_unknown``, ``column.missing``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from daihou.tapes.findings import split_mended
from daihou.tapes.protocol import TapeRefused
from daihou.tapes.reading import files_of, read_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTable:
    kind: str  # As the format calls it; one that ends with "_" begins the table's own name.
    name: str
    file: str
    rows: pl.DataFrame


def read_known(
    paths: Sequence[Path], *, columns: Mapping[str, Sequence[str]], ignored: Sequence[str] = ()
) -> list[KnownTable]:
    """Read every known table; ``columns`` are those each kind must have.

    Files of a folder that are not the format's are left alone; one that is named must be known.
    """
    named = {path for path in paths if path.is_file()}
    found = [
        table
        for path in files_of(paths)
        if path in named or _kind_of(path.stem, columns) is not None
        for table in _read(path, columns, ignored)
    ]
    if not found:
        raise TapeRefused("file.table_missing", tables=", ".join(columns))
    for table in found:
        missing = [name for name in columns[table.kind] if name not in table.rows.columns]
        if missing:
            raise TapeRefused("column.missing", file=table.file, columns=", ".join(missing))
    return sorted(found, key=lambda table: list(columns).index(table.kind))


def _read(
    path: Path, columns: Mapping[str, Sequence[str]], ignored: Sequence[str]
) -> Iterator[KnownTable]:
    for table in read_tables(path):
        parts = split_mended(table.rows)
        for name, rows in [(table.name, table.rows)] if parts is None else parts:
            kind = _kind_of(name, columns)
            if kind is not None:
                yield KnownTable(kind=kind, name=name, file=table.file, rows=rows)
            elif name not in ignored:
                known = ", ".join(columns)
                raise TapeRefused("file.table_unknown", file=table.file, table=name, known=known)


def _kind_of(name: str, columns: Mapping[str, Sequence[str]]) -> str | None:
    for kind in columns:
        if name == kind or (kind.endswith("_") and name.startswith(kind)):
            return kind
    return None
