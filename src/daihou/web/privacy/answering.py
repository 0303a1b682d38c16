# ruff: noqa: SLF001  How Django describes its models has a leading underscore, but is public.
"""What we hold of a person, for her: every row of every table that is about her.

The tables are found by their keys: whatever points to a party or to her cases is hers, so a table
that is added is answered, too. Colleagues appear by number, other persons by theirs.
Source  PIPL 45 (access and copy), 48 (explanation).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.db.models import BinaryField, ForeignKey, Model, Q

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.models import Case
from daihou.web.parties import encryption, queries
from daihou.web.parties.models import Party, PersonalDatum
from daihou.web.privacy.stores import STORES, Store

Held = dict[str, Any]
OURS = "daihou.web."
NOT_TOLD = frozenset({PersonalDatum._meta.label})  # Told in plain, by field.
_STORES = {(store.table, store.column): store for store in STORES}


@transaction.atomic
def answer(*, party: Party, reason: str, acting_user: User) -> Held:
    """Gather what is held of a party and of its duplicates; that it was given is noted.

    :raises DaihouError: ``personal_data.reason_missing``.
    """
    if not reason.strip():
        raise DaihouError("personal_data.reason_missing")
    ids = queries.family_ids(party=party)
    held: Held = {
        "reference": party.reference,
        "personal_data": {
            field: list(values) for field, values in queries.personal_data(party=party).items()
        },
        "records": dict(_records(ids)),
    }
    audit.record(
        acting_user=acting_user,
        action="personal_data.answer",
        target_type="party",
        target_id=party.pk,
        details={"reason": reason.strip()[:200], "tables": len(held["records"])},
    )
    return held


def as_json(held: Mapping[str, Any]) -> str:
    return json.dumps(held, ensure_ascii=False, indent=2, default=str)


def tables() -> dict[str, list[str]]:
    """Name the tables that are about persons, with the columns that say whom."""
    return {model._meta.label: [key.name for key in keys] for model, keys in _about()}


def _about() -> Iterable[tuple[type[Model], list[Any]]]:
    for model in apps.get_models():
        if not model.__module__.startswith(OURS) or model._meta.label in NOT_TOLD:
            continue
        keys = [
            field
            for field in model._meta.concrete_fields
            if isinstance(field, ForeignKey) and field.related_model in {Party, Case}
        ]
        if keys:
            yield model, keys


def _records(ids: list[int]) -> Iterable[tuple[str, list[Held]]]:
    cases = list(Case.objects.filter(party_id__in=ids).values_list("pk", flat=True))
    for model, keys in _about():
        mine = Q()
        for key in keys:
            mine |= Q(**{f"{key.name}__in": cases if key.related_model is Case else ids})
        found = model._default_manager.filter(mine).order_by("pk")
        rows = [_told(each) for each in found]
        if rows:
            yield model._meta.label, rows


def _told(row: Model) -> Held:
    """Tell one row; texts that are encrypted are opened, what is only bytes is left out."""
    told: Held = {}
    for field in row._meta.concrete_fields:
        store = _STORES.get((row._meta.db_table, str(field.column)))
        value = getattr(row, field.attname)
        if store is not None:
            told[field.name] = _opened(store, row.pk) if value else ""
        elif not isinstance(field, BinaryField):
            told[field.name] = value
    return told


def _opened(store: Store, row_id: int | str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {store.key_sql}, {store.column}, {store.place} "  # noqa: S608
            f"FROM {store.table} WHERE {store.row_id} = %s",
            [row_id],
        )
        key_id, value, place = cursor.fetchone()
    if isinstance(value, str):
        return encryption.open_text(sealed=value, place=place)
    sealed = encryption.Sealed(key_id=key_id, ciphertext=bytes(value))
    return encryption.unseal(sealed=sealed, place=place)
