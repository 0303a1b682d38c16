"""Give every party a tape speaks of its row; references are the book's own."""

from collections.abc import Iterator
from typing import Any

import polars as pl
from psycopg import Connection

from daihou.tapes.protocol import Tape
from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.parties.models import Field
from daihou.web.parties.operations import PartyFacts, register_parties

_ROLES = {"party_ref": "person", "creditor": "company", "funder": "company"}
_SCHEMA = {"reference": pl.String, "party_id": pl.Int64}


def put_parties(
    connection: Connection[Any], *, book: Book, tape: Tape, acting_user: User
) -> pl.DataFrame:
    """Add the parties that are new; return ``reference`` and ``party_id`` of all named here."""
    if not tape.parties.is_empty():
        register_parties(source=book.name, parties=_described(tape), acting_user=acting_user)
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
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def _described(tape: Tape) -> Iterator[PartyFacts]:
    fields = [field for field in Field.values if field in tape.parties.columns]
    for row in tape.parties.iter_rows(named=True):
        data = {field: [row[field]] for field in fields if row[field]}
        yield PartyFacts(reference=row["party_ref"], kind=row["kind"], data=data)
