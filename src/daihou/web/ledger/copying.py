"""Frames into and out of PostgreSQL by COPY, on a connection and in a transaction of the caller.

Shape   Column order is the frame's. CSV, because Polars writes and reads it on all threads; an
        empty field is null and "" is the empty text, on both sides.
        ``Datetime`` columns leave the database as microseconds since 1970 (``extract(epoch …)``).
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

import polars as pl
from psycopg import Connection, sql

CHUNK_BYTES = 1 << 22
SLICE_ROWS = 500_000
_QUOTED = str.maketrans({'"': '\\"', "\\": "\\\\"})


def copy_in(connection: Connection[Any], *, table: str, frame: pl.DataFrame) -> int:
    """Append the frame's rows to a table whose columns have the frame's names."""
    if frame.is_empty():
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for part in frame.iter_slices(SLICE_ROWS):
            buffer = io.BytesIO()
            part.write_csv(buffer, include_header=False, datetime_format="%Y-%m-%d %H:%M:%S%.6f+00")
            view = buffer.getbuffer()
            for start in range(0, len(view), CHUNK_BYTES):
                copy.write(view[start : start + CHUNK_BYTES])
    return frame.height


def copy_out(
    connection: Connection[Any],
    *,
    query: str,
    params: Sequence[object] = (),
    schema: Mapping[str, Any],
) -> pl.DataFrame:
    """Return a query's rows as a frame; its columns are named and typed by ``schema``."""
    text = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(_bound(query, params))
    with connection.cursor() as cursor, cursor.copy(text) as copy:
        data = b"".join(bytes(block) for block in copy)
    if not data:
        return pl.DataFrame(schema=dict(schema))
    frame = pl.read_csv(
        data,
        has_header=False,
        schema={name: _read_type(dtype) for name, dtype in schema.items()},
    )
    return frame.select(_typed(name, dtype) for name, dtype in schema.items())


def _bound(query: str, params: Sequence[object]) -> sql.Composable:
    """Put the parameters in as literals: COPY takes none."""
    parts = query.split("%s")
    assert len(parts) == len(params) + 1
    pieces: list[sql.Composable] = [sql.SQL(cast("Any", parts[0]))]
    for value, rest in zip(params, parts[1:], strict=True):
        literal = _array(value) if isinstance(value, list) else value
        pieces += [sql.Literal(literal), sql.SQL(cast("Any", rest))]
    return sql.Composed(pieces)


def _array(values: list[object]) -> str:
    r"""Write an array as text, many times quicker than psycopg does; its place gives the type.

    >>> _array([1, None, 'a"b'])
    '{"1",NULL,"a\\"b"}'
    """
    texts = ("NULL" if value is None else f'"{str(value).translate(_QUOTED)}"' for value in values)
    return "{" + ",".join(texts) + "}"


def _read_type(dtype: Any) -> Any:
    if isinstance(dtype, pl.List) or dtype == pl.Boolean:
        return pl.String
    return pl.Int64 if isinstance(dtype, pl.Datetime) else dtype


def _typed(name: str, dtype: Any) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Boolean:
        return column == "t"
    if isinstance(dtype, pl.Datetime):
        return column.cast(dtype)
    if isinstance(dtype, pl.List):
        texts = column.str.strip_chars("{}").str.split(",")
        element = pl.element()
        is_date = dtype.inner == pl.Date
        return texts.list.eval(element.str.to_date() if is_date else element.cast(dtype.inner))
    return column
