"""Frames into and out of PostgreSQL by COPY, over Django's own connection and transaction.

Shape   Column order is the frame's. CSV, because Polars writes and reads it on all threads.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl
from django.db import connection
from psycopg import Cursor, sql

CHUNK_BYTES = 1 << 22
NULL = "\\N"


def _cursor() -> Cursor[Any]:
    connection.ensure_connection()
    return cast("Cursor[Any]", connection.connection.cursor())


def copy_in(*, table: str, frame: pl.DataFrame) -> int:
    """Append the frame's rows to a table whose columns have the frame's names."""
    if frame.is_empty():
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL {})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, frame.columns)),
        sql.Literal(NULL),
    )
    with _cursor() as cursor, cursor.copy(statement) as copy:
        for part in frame.iter_slices(500_000):
            buffer = io.BytesIO()
            part.write_csv(
                buffer,
                include_header=False,
                null_value=NULL,
                quote_style="necessary",
                datetime_format="%Y-%m-%d %H:%M:%S%.6f+00",
            )
            view = buffer.getbuffer()
            for start in range(0, len(view), CHUNK_BYTES):
                copy.write(view[start : start + CHUNK_BYTES])
    return frame.height


def copy_out(
    *, query: str, params: Sequence[object] = (), schema: Mapping[str, Any]
) -> pl.DataFrame:
    """Return a query's rows as a frame; its columns are named and typed by ``schema``."""
    with _cursor() as cursor:
        text = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, NULL {})").format(
            _bound(query, params), sql.Literal(NULL)
        )
        with cursor.copy(text) as copy:
            data = b"".join(copy)
    if not data:
        return pl.DataFrame(schema=dict(schema))
    read = {name: _read_type(dtype) for name, dtype in schema.items()}
    frame = pl.read_csv(
        data, has_header=False, schema=read, null_values=NULL, missing_utf8_is_empty_string=True
    )
    return frame.select(_typed(name, dtype) for name, dtype in schema.items())


def _bound(query: str, params: Sequence[object]) -> sql.Composable:
    """Put the parameters in as literals: COPY takes none."""
    parts = query.split("%s")
    assert len(parts) == len(params) + 1
    pieces: list[sql.Composable] = [sql.SQL(cast("Any", parts[0]))]
    for value, rest in zip(params, parts[1:], strict=True):
        pieces += [sql.Literal(value), sql.SQL(cast("Any", rest))]
    return sql.Composed(pieces)


def _read_type(dtype: Any) -> Any:
    if isinstance(dtype, pl.List):
        return pl.String
    return pl.String if dtype == pl.Boolean or isinstance(dtype, pl.Datetime) else dtype


def _typed(name: str, dtype: Any) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.List):
        return column.str.strip_chars("{}").str.split(",").cast(pl.List(pl.String)).cast(dtype)
    if dtype == pl.Boolean:
        return column == "t"
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime("%Y-%m-%d %H:%M:%S%.f%#z", time_zone="UTC").cast(dtype)
    return column
