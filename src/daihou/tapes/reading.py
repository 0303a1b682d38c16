"""Read one file as it is: every CSV and XLSX cell as text, Parquet as typed.

Shape   ``read_tables`` gives one ``RawTable`` per file or sheet; ``rows`` has the file's own
        columns in the file's own order, ``broken`` the data rows (from 1) that hold text in another
        encoding or a formula, with the column where it is known.
Errors  ``TapeRefused``: ``file.missing``, ``file.empty``, ``file.too_large``, ``file.damaged``,
        ``file.malformed``, ``file.ragged``, ``file.kind_unknown``, ``file.no_rows``.
"""

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from daihou.tapes.protocol import TapeRefused

MEBIBYTE: Final = 2**20
LARGEST: Final = {".csv": 1536 * MEBIBYTE, ".xlsx": 256 * MEBIBYTE, ".parquet": 4096 * MEBIBYTE}
LARGEST_SHEET: Final = 1024 * MEBIBYTE  # Unpacked: a small file may hold a very large sheet.
BROKEN: Final = {"source_row": pl.Int64, "column": pl.String, "code": pl.String}
UTF8_MARK: Final = b"\xef\xbb\xbf"
_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>\s*<f')
_MAGIC = b"PAR1"


def _none_broken() -> pl.DataFrame:
    return pl.DataFrame(schema=BROKEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    file: str
    name: str  # The file's stem, or the sheet's name.
    rows: pl.DataFrame
    broken: pl.DataFrame = field(default_factory=_none_broken)


def files_of(paths: Sequence[Path], *, suffixes: Sequence[str] = tuple(LARGEST)) -> list[Path]:
    """List the files meant: a folder stands for the files in it that can be read."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in suffixes)
            if not inside:
                raise TapeRefused("file.missing", file=str(path))
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise TapeRefused("file.missing", file=str(path))
    return found


def read_tables(path: Path) -> list[RawTable]:
    """Read all tables of one file."""
    kind, size = path.suffix.lower(), path.stat().st_size
    if kind not in LARGEST:
        raise TapeRefused("file.kind_unknown", file=path.name, known=", ".join(LARGEST))
    if size == 0:
        raise TapeRefused("file.empty", file=path.name)
    if size > LARGEST[kind]:
        raise TapeRefused(
            "file.too_large",
            file=path.name,
            size_mib=size // MEBIBYTE,
            limit_mib=LARGEST[kind] // MEBIBYTE,
        )
    tables = list(_READERS[kind](path))
    for table in tables:
        if not table.rows.width:
            raise TapeRefused("file.empty", file=path.name)
    return tables


def _read_parquet(path: Path) -> Iterator[RawTable]:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(-min(4, path.stat().st_size), 2)
        if head != _MAGIC or file.read(4) != _MAGIC:
            raise TapeRefused("file.damaged", file=path.name, text="not a whole Parquet file")
    try:
        rows = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise TapeRefused("file.damaged", file=path.name, text=_first_line(error)) from error
    yield RawTable(file=path.name, name=path.stem, rows=rows)


def _read_csv(path: Path) -> Iterator[RawTable]:
    encoding, foreign = _encoding_of(path)
    try:
        if encoding == "utf-8" and not foreign:
            rows = _parse_csv(path)
        else:
            rows = _parse_csv(_as_utf8(path, encoding=encoding))
    except pl.exceptions.NoDataError as error:
        raise TapeRefused("file.empty", file=path.name) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        _refuse_ragged(path, encoding=encoding)
        raise TapeRefused("file.malformed", file=path.name, text=_first_line(error)) from error
    broken = pl.DataFrame(
        {
            "source_row": foreign,
            "column": [None] * len(foreign),
            "code": ["text.encoding"] * len(foreign),
        },
        schema=BROKEN,
    )
    yield RawTable(file=path.name, name=path.stem, rows=rows, broken=broken)


def _parse_csv(source: Path | bytes) -> pl.DataFrame:
    rows = pl.read_csv(source, infer_schema=False)
    return rows.rename({name: name.strip().lstrip("\ufeff") for name in rows.columns})


def _refuse_ragged(path: Path, *, encoding: str) -> None:
    """Name the first row with more fields than the header, if that is what is wrong."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        try:
            rows = csv.reader(file)
            wanted = len(next(rows))
            for number, row in enumerate(rows, start=1):
                if len(row) > wanted:
                    raise TapeRefused(
                        "file.ragged", file=path.name, row=number, found=len(row), wanted=wanted
                    )
        except (csv.Error, StopIteration):
            return


def _encoding_of(path: Path) -> tuple[str, list[int]]:
    """Tell the file's encoding and the data rows written in another one.

    A file in which some lines with Chinese text are UTF-8 and some are not is mixed: it is read as
    UTF-8 and its other lines are errors. If no such line is UTF-8, the file is GB18030.
    """
    others: list[int] = []
    is_utf8_seen = False
    with path.open("rb") as file:
        for number, line in enumerate(file):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                others.append(number)
            else:
                is_utf8_seen = is_utf8_seen or line.removeprefix(UTF8_MARK).isascii() is False
    if not others:
        return "utf-8", []
    return ("utf-8", [n for n in others if n > 0]) if is_utf8_seen else ("gb18030", [])


def _as_utf8(path: Path, *, encoding: str) -> bytes:
    content = path.read_bytes()
    if encoding == "gb18030":
        return content.decode("gb18030", errors="replace").encode()
    lines = content.split(b"\n")
    return b"\n".join(_line_as_utf8(line) for line in lines)


def _line_as_utf8(line: bytes) -> bytes:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", errors="replace").encode()
    return line


def _read_xlsx(path: Path) -> Iterator[RawTable]:
    try:
        formulas = _formulas(path)
        book = fastexcel.read_excel(path)
        for number, name in enumerate(book.sheet_names):
            rows = book.load_sheet(name, dtypes="string").to_polars()
            if rows.width:
                broken = _broken_formulas(cells=formulas.get(number, []), columns=rows.columns)
                yield RawTable(file=path.name, name=name, rows=rows, broken=broken)
    except (fastexcel.FastExcelError, zipfile.BadZipFile, OSError) as error:
        raise TapeRefused("file.damaged", file=path.name, text=_first_line(error)) from error


def _formulas(path: Path) -> dict[int, list[tuple[str, int]]]:
    found: dict[int, list[tuple[str, int]]] = {}
    with zipfile.ZipFile(path) as packed:
        for sheet in packed.infolist():
            place = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", sheet.filename)
            if not place:
                continue
            if sheet.file_size > LARGEST_SHEET:
                raise TapeRefused(
                    "file.too_large",
                    file=path.name,
                    size_mib=sheet.file_size // MEBIBYTE,
                    limit_mib=LARGEST_SHEET // MEBIBYTE,
                )
            cells = _FORMULA.findall(packed.read(sheet))
            found[int(place[1]) - 1] = [(letters.decode(), int(row)) for letters, row in cells]
    return found


def _broken_formulas(*, cells: list[tuple[str, int]], columns: list[str]) -> pl.DataFrame:
    records = [
        (row - 1, columns[place] if (place := _place(letters)) < len(columns) else letters)
        for letters, row in cells
        if row > 1
    ]
    return pl.DataFrame(
        {
            "source_row": [row for row, _ in records],
            "column": [column for _, column in records],
            "code": ["cell.formula"] * len(records),
        },
        schema=BROKEN,
    )


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


_READERS = {".csv": _read_csv, ".parquet": _read_parquet, ".xlsx": _read_xlsx}
