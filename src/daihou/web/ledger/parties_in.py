"""Give every party a tape speaks of its row; references are the book's own."""

from typing import Any

import polars as pl
from psycopg import Connection

from daihou.tapes.protocol import Tape
from daihou.web.ledger.models import Book

_ROLES = {"party_ref": "person", "creditor": "company", "funder": "company"}


def put_parties(connection: Connection[Any], *, book: Book, tape: Tape) -> pl.DataFrame:
    """Add the parties that are new; return ``reference`` and ``party_id`` of all named here."""
    named = pl.concat(
        [
            tape.parties.select(pl.col("party_ref").alias("reference"), "kind"),
            *(
                tape.loans.select(pl.col(column).alias("reference"), pl.lit(kind).alias("kind"))
                for column, kind in _ROLES.items()
            ),
        ]
    )
    distinct = named.drop_nulls("reference").unique("reference", keep="first", maintain_order=True)
    references, kinds = distinct["reference"].to_list(), distinct["kind"].to_list()
    connection.execute(
        "INSERT INTO parties_party (kind, source, reference)"
        " SELECT kind, %s, reference FROM unnest(%s::text[], %s::text[]) AS t (kind, reference)"
        " ON CONFLICT (source, reference) DO NOTHING",
        (book.name, kinds, references),
    )
    found = connection.execute(
        "SELECT reference, id FROM parties_party WHERE source = %s AND reference = ANY(%s)",
        (book.name, references),
    ).fetchall()
    schema = {"reference": pl.String, "party_id": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")
