"""Everything that happened around a case, newest first, from sources that other apps register.

Each source is asked for one page by one query and told where its own last entry was; the newest of
all make the page. So a page costs one query per source, however long the history.

Shape   A source takes ``Asked`` and returns at most ``limit`` entries, newest first by instant and
        key, all of them before ``before``; ``before`` helps a source that reads one table.
Errors  ``CaseRefused``: ``case.cursor_unreadable``.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise as Lazy

from daihou.web.access.models import User
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.models import Case

PAGE_ENTRIES: Final = 30
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``kind`` is a code within its source; ``key`` its row's number there.

    ``label`` says what happened, ``text`` what somebody wrote of it; ``facts`` are for a page that
    shows more. ``target`` is what can be opened, as a type and an id.
    """

    source: str
    kind: str
    at: datetime
    key: int
    label: str | Lazy
    actor: User | None = None
    amount_minor: int | None = None
    text: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    target: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    case: Case
    loan_ids: tuple[int, ...]  # Those of the case's loans that the reader may see.
    limit: int
    before: tuple[datetime, int] | None  # Instant and key of the source's last entry.


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    entries: tuple[Entry, ...]
    cursor: str  # Of the next page; empty on the last.


Source = Callable[[Asked], Sequence[Entry]]
_SOURCES: Final[dict[str, Source]] = {}


def register(name: str, source: Source) -> None:
    """Let a source tell of cases; called in ``AppConfig.ready``. Again replaces it."""
    _SOURCES[name] = source


def sources() -> tuple[str, ...]:
    """Name the sources there are."""
    return tuple(sorted(_SOURCES))


def timeline(
    *,
    case: Case,
    cursor: str = "",
    limit: int = PAGE_ENTRIES,
    only: Sequence[str] = (),
    loan_ids: Sequence[int] | None = None,
) -> Page:
    """Read a page of a case's timeline; of some sources only, where they are named.

    :raises CaseRefused: see the module.
    """
    places = _read(cursor) if cursor else {}
    if loan_ids is None:
        loan_ids = list(case.case_loans.values_list("loan_id", flat=True))
    names = [name for name in sources() if not only or name in only]
    found = {
        name: _SOURCES[name](
            Asked(case=case, loan_ids=tuple(loan_ids), limit=limit + 1, before=places.get(name))
        )
        for name in names
    }
    merged = merge(*found.values(), key=lambda entry: (entry.at, entry.key), reverse=True)
    entries = tuple(islice(merged, limit))
    if sum(map(len, found.values())) <= limit:
        return Page(entries=entries, cursor="")
    for entry in entries:
        places[entry.source] = (entry.at, entry.key)
    return Page(entries=entries, cursor=_write(places))


def before(found: QuerySet[Row], *, at: str, asked: Asked, key: str = "pk") -> list[Row]:
    """Read the newest rows of a table before the source's last entry.

    ``at`` and ``key`` name the columns of the entries' instant and number.
    """
    if asked.before is not None:
        instant, number = asked.before
        found = found.filter(
            Q(**{f"{at}__lt": instant}) | Q(**{at: instant, f"{key}__lt": number}),
            **{f"{at}__lte": instant},
        )
    return list(found.order_by(f"-{at}", f"-{key}")[: asked.limit])


def _write(places: Mapping[str, tuple[datetime, int]]) -> str:
    plain = {name: [at.isoformat(), key] for name, (at, key) in sorted(places.items())}
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def _read(cursor: str) -> dict[str, tuple[datetime, int]]:
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return {str(name): _place(*place) for name, place in plain.items()}
    except (ValueError, TypeError, AttributeError) as exception:
        raise CaseRefused("case.cursor_unreadable") from exception


def _place(at: object, key: object) -> tuple[datetime, int]:
    instant = parse_datetime(str(at))
    if instant is None or instant.tzinfo is None or type(key) is not int:
        raise ValueError(at)
    return instant, key
