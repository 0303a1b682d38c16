"""Which rows are sealed and what is sealed of each: fields by name, for ever the same.

A source whose table gains a column that should be sealed becomes a new source (``permit/2``); the
old one keeps describing the rows that were sealed under it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps

from daihou.web.audit.documents import document


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """``book`` names the field with the book's id; empty: its rows belong to no book.

    ``is_public``: rows without personal meaning (rules, limits), part of every export.
    """

    name: str
    model: str
    fields: tuple[str, ...]
    book: str = ""
    is_public: bool = False


AUDIT_ROWS = Source(
    name="audit",
    model="audit.AuditRow",
    fields=("at", "acting_user_id", "action", "target_type", "target_id", "details"),
)
_SOURCES: Final[dict[str, Source]] = {}


def register(source: Source) -> None:
    """Let a source be sealed; called in ``AppConfig.ready``."""
    _SOURCES[source.name] = source


def public_names() -> tuple[str, ...]:
    return tuple(sorted(name for name, source in _SOURCES.items() if source.is_public))


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    book_id: int | None
    document: Mapping[str, Any]


def describe(*, name: str, row_ids: Iterable[int]) -> dict[int, Described]:
    """Read rows of a source as they stand now; one that is gone has no fields."""
    source = _SOURCES[name]
    model: Any = apps.get_model(source.model)
    wanted = list(row_ids)
    rows = model.objects.filter(pk__in=wanted).values("pk", *source.fields)
    found = {row.pop("pk"): row for row in rows}
    return {
        row_id: Described(
            book_id=found[row_id][source.book] if source.book and row_id in found else None,
            document=document(source=name, row_id=row_id, fields=found.get(row_id)),
        )
        for row_id in wanted
    }
