"""Delete what we know of a person, in every table, so that the evidence stays valid.

What is deleted is the text; rows, digests and figures stay, as books of account and the law of
contact want it: a sealed row knows a text by its salted digest only, and with text and salt gone
the digest says nothing. Payment notices are vouchers and stay encrypted for their own term.
Source  PIPL 47 (deletion); Accounting Law 23 (vouchers are kept).
"""

from typing import Any

import psycopg
from django.db import transaction
from psycopg import sql

from daihou.web.access.models import User
from daihou.web.audit import withholding
from daihou.web.cases.models import NoteText
from daihou.web.parties import operations, queries
from daihou.web.parties.models import Party
from daihou.web.postgres import connections
from daihou.web.privacy.stores import STORES, Store


def delete(*, party: Party, reason: str, acting_user: User) -> int:
    """Delete a person's data and every text about her; return how many values went.

    :raises DaihouError: ``personal_data.reason_missing``.
    """
    with transaction.atomic():
        deleted = operations.delete_personal_data(
            party=party, reason=reason, acting_user=acting_user
        )
        ids = queries.family_ids(party=party)
        deleted += withholding.forget(party_ids=ids)
        notes, _ = NoteText.objects.filter(note__case__party_id__in=ids).delete()
    return deleted + notes


def empty_texts(*, party_ids: list[int] | None = None) -> int:
    """Empty the texts about deleted persons in tables that only grow; return how many.

    The owner of the tables does it; without ids, for everybody whose data were ever deleted.
    """
    emptied = 0
    with psycopg.connect(connections.current().owner.conninfo()) as owner, owner.transaction():
        for store in STORES:
            if store.holder:
                emptied += _empty(owner, store, party_ids)
    return emptied


def _empty(owner: psycopg.Connection[Any], store: Store, ids: list[int] | None) -> int:
    table, given = sql.Identifier(store.table), {"ids": ids}
    wanted = (
        f"{store.column} <> '' AND {store.holder} IN (SELECT id FROM parties_party WHERE "  # noqa: S608
        "personal_data_deleted_at IS NOT NULL AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)))"
    )
    if not owner.execute(f"SELECT FROM {store.table} WHERE {wanted} LIMIT 1", given).rowcount:
        return 0
    owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
    emptied = owner.execute(
        f"UPDATE {store.table} SET {store.column} = '' WHERE {wanted}",  # noqa: S608
        given,
    ).rowcount
    owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
    return emptied
