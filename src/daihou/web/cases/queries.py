"""Which cases there are and in which order they are worked; whoever shows them asks for the right.

The queue is read by key, a page at a time: an order of ``SORTS`` and where the last page ended.

Errors  ``CaseRefused``: ``case.view_unknown``, ``case.cursor_unreadable``.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet, Subquery, prefetch_related_objects
from django.utils.dateparse import parse_datetime

from daihou.web.access.models import User
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.models import (
    Affordability,
    Case,
    CaseLoan,
    CaseNight,
    CaseState,
    EntryRule,
    SavedView,
    Stage,
    TagKind,
)
from daihou.web.contacts.models import OutcomeKind, Permit
from daihou.web.ledger.models import Book, Position
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Field, Party
from daihou.web.parties.queries import find_parties

PAGE_ROWS: Final = 50
SOON_DAYS: Final = 3
FEW: Final = 500
COUNTED_MOST: Final = 10_000  # A queue is counted to here; more is "more".
SEARCHED: Final = (Field.PHONE, Field.ID_NUMBER)
SORTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "turn": ("-priority", "next_action_at", "id"),
        "amount": ("-overdue_minor", "id"),
        "age": ("oldest_due_on", "id"),
        "promise": ("promised_on", "id"),
    }
)
PROMISES: Final = ("none", "any", "today", "soon", "later")
_NULLS: Final = frozenset({"next_action_at", "oldest_due_on", "promised_on"})  # They come last.


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a queue shows; all of it has to hold.

    ``owner`` and ``team`` are ids, 0 for none. ``promise`` is one of ``PROMISES``: none open, any,
    due by today, in the next three days, later. ``is_due`` leaves out what is planned for later.
    """

    state: str = CaseState.OPEN.value
    owner: int | None = None
    team: int | None = None
    stages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    promise: str = ""
    least_minor: int | None = None
    most_minor: int | None = None
    least_days: int | None = None
    most_days: int | None = None
    language: str = ""
    is_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    cases: tuple[Case, ...]
    cursor: str  # Of the next page; empty on the last.
    count: int
    is_more: bool  # There are more than ``count``.


def has_rule(*, book: Book) -> bool:
    """Tell whether a book says when a person enters collections; without it no case opens."""
    return EntryRule.objects.filter(book=book).exists()


def visible(*, book: Book, funder_ids: frozenset[int] | None = None) -> QuerySet[Case]:
    """Query the cases of a book; of certain funders only those with a loan of theirs in them."""
    found = Case.objects.filter(book=book)
    if funder_ids is None:
        return found
    of_funder = CaseLoan.objects.filter(loan__book=book, loan__funder_id__in=funder_ids)
    return found.filter(pk__in=of_funder.values("case_id"))


def queue(
    *,
    book: Book,
    filters: Filters,
    at: datetime,
    sort: str = "turn",
    cursor: str = "",
    rows: int = PAGE_ROWS,
    funder_ids: frozenset[int] | None = None,
) -> Queue:
    """Read a page of a queue, with how many cases are in it.

    :raises CaseRefused: see the module.
    """
    found = filtered(visible(book=book, funder_ids=funder_ids), book=book, filters=filters, at=at)
    count, few = _counted(found)
    ordered = _page(found if few is None else few, sort=sort, cursor=cursor)
    page = list(ordered[: rows + 1]) if count else []
    is_last = len(page) <= rows
    page = page[:rows]
    _tell_last_contacts(page)
    return Queue(
        cases=tuple(page),
        cursor="" if is_last else _cursor(page[-1], sort=sort),
        count=min(count, COUNTED_MOST),
        is_more=count > COUNTED_MOST,
    )


def _counted(found: QuerySet[Case]) -> tuple[int, QuerySet[Case] | None]:
    """Count cases; few are named, too, lest they be sought along the order of all cases."""
    ids = list(found.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(ids) <= FEW:
        return len(ids), Case.objects.filter(pk__in=ids)
    return found.order_by()[: COUNTED_MOST + 1].count(), None


def _tell_last_contacts(cases: Sequence[Case]) -> None:
    """Say on each case when a contact was last permitted that was not taken back."""
    made = Permit.objects.filter(case_number__in=[case.pk for case in cases])
    left = made.exclude(outcomes__outcome=OutcomeKind.WITHDRAWN).order_by()
    last = dict(left.values_list("case_number").annotate(last=Max("at")))
    for case in cases:
        case.last_contact_at = last.get(case.pk)


def filtered(
    found: QuerySet[Case], *, book: Book, filters: Filters, at: datetime
) -> QuerySet[Case]:
    """Leave the cases that the filters let through."""
    today = at.astimezone(ZoneInfo(book.time_zone)).date()
    wanted = [
        Q(state=filters.state) if filters.state else Q(),
        _who("owner", filters.owner),
        _who("team", filters.team),
        Q(stage__in=filters.stages) if filters.stages else Q(),
        Q(tags__contains=list(filters.tags)) if filters.tags else Q(),
        _promise(filters.promise, today=today),
        _between("overdue_minor", filters.least_minor, filters.most_minor),
        _aged(filters, on=book.business_date or today),
        Q(language=filters.language) if filters.language else Q(),
        Q(next_action_at__isnull=True) | Q(next_action_at__lte=at) if filters.is_due else Q(),
    ]
    for each in wanted:
        if each:
            found = found.filter(each)
    return found


def _who(name: str, key: int | None) -> Q:
    if key is None:
        return Q()
    return Q(**{f"{name}__isnull": True}) if key == 0 else Q(**{f"{name}_id": key})


def _promise(promise: str, *, today: date) -> Q:
    soon = today + timedelta(days=SOON_DAYS)
    return {
        "none": Q(promised_on__isnull=True),
        "any": Q(promised_on__isnull=False),
        "today": Q(promised_on__lte=today),
        "soon": Q(promised_on__gt=today, promised_on__lte=soon),
        "later": Q(promised_on__gt=soon),
    }.get(promise, Q())


def _between(name: str, least: Any, most: Any) -> Q:
    low = Q() if least is None else Q(**{f"{name}__gte": least})
    high = Q() if most is None else Q(**{f"{name}__lte": most})
    return low & high


def _aged(filters: Filters, *, on: date) -> Q:
    oldest = None if filters.most_days is None else on - timedelta(days=filters.most_days)
    newest = None if filters.least_days is None else on - timedelta(days=filters.least_days)
    return _between("oldest_due_on", oldest, newest)


def _page(found: QuerySet[Case], *, sort: str, cursor: str) -> QuerySet[Case]:
    order = _order(sort)
    if cursor:
        found = found.filter(_beyond(order, _values(cursor, order)))
    return found.select_related("party", "owner", "team", "locked_by").order_by(*order)


def _order(sort: str) -> tuple[str, ...]:
    if sort not in SORTS:
        raise CaseRefused("case.view_unknown", view=sort)
    return SORTS[sort]


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Ask for what comes after a row, by its values in the order of the page."""
    beyond, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        if value is None:  # Nothing comes after none but other rows with none.
            same &= Q(**{f"{field}__isnull": True})
            continue
        after = Q(**{f"{field}__{'lt' if name.startswith('-') else 'gt'}": value})
        if field in _NULLS:
            after |= Q(**{f"{field}__isnull": True})
        beyond |= same & after
        same &= Q(**{field: value})
    first, value = order[0], values[0]
    if value is not None and first not in _NULLS:  # Said once more, for the index.
        bound = "lte" if first.startswith("-") else "gte"
        beyond &= Q(**{f"{first.removeprefix('-')}__{bound}": value})
    return beyond


def _cursor(case: Case, *, sort: str) -> str:
    values = [getattr(case, name.removeprefix("-")) for name in SORTS[sort]]
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


def _values(cursor: str, order: Sequence[str]) -> list[Any]:
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return [_read(name, value) for name, value in zip(order, plain, strict=True)]
    except (ValueError, TypeError) as exception:
        raise CaseRefused("case.cursor_unreadable") from exception


def _read(name: str, value: Any) -> Any:
    if value is None and name in _NULLS:
        return None
    if name == "next_action_at":
        read = parse_datetime(value)
        if read is None or read.tzinfo is None:
            raise ValueError(value)
        return read
    if name in _NULLS:
        return date.fromisoformat(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def filters_of(plain: Mapping[str, Any]) -> Filters:
    """Read filters as a view or an address holds them; what cannot be read is left out."""
    whole: dict[str, Any] = {}
    for name in ("owner", "team", "least_minor", "most_minor", "least_days", "most_days"):
        text = str(plain.get(name, ""))
        if text.isascii() and text.isdigit() and len(text) < len(str(2**63)):
            whole[name] = int(text)
    for name in ("least_days", "most_days"):
        whole[name] = min(whole[name], 36_500) if name in whole else None
    for name, known in (("stages", Stage.values), ("tags", TagKind.values)):
        given = plain.get(name, ())
        listed = [given] if isinstance(given, str) else list(given)
        whole[name] = tuple(value for value in known if value in listed)
    if plain.get("state") in CaseState.values:
        whole["state"] = plain["state"]
    if plain.get("promise") in PROMISES:
        whole["promise"] = plain["promise"]
    whole["language"] = str(plain.get("language", ""))[:16]
    whole["is_due"] = str(plain.get("is_due", "")).lower() in {"1", "true", "on"}
    return Filters(**whole)


def plain_of(filters: Filters) -> dict[str, Any]:
    """Write filters as a view or an address holds them: only what differs from none."""
    none = Filters()
    found = {field.name: getattr(filters, field.name) for field in fields(Filters)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value != getattr(none, name)
    }


def views(*, book: Book, user: User) -> QuerySet[SavedView]:
    """Query the views a user has in a book: her own and the shared ones, by name."""
    mine = SavedView.objects.filter(Q(user=user) | Q(is_shared=True), book=book)
    return mine.select_related("user").order_by("name", "pk")


def find(*, book: Book, text: str, most: int = 20) -> list[Case]:
    """Find cases exactly: by case number, loan, the party's reference, phone or identity number."""
    text = text.strip()
    if not text or "\0" in text:
        return []
    wanted = Q(party__reference=text) | Q(case_loans__loan__loan_ref=text)
    if text.isascii() and text.isdigit() and len(text) < len(str(2**63)):
        wanted |= Q(pk=int(text))
    parties = {party.pk for field in SEARCHED for party in find_parties(field=field, value=text)}
    if parties:
        wanted |= Q(party_id__in=parties)
    found = Case.objects.filter(wanted, book=book).distinct().order_by("closed_on", "-pk")
    return list(found.select_related("party", "owner", "team")[:most])


def open_case_of(*, book: Book, party: Party) -> Case | None:
    """Return the case of a person in a book that is not closed."""
    found = Case.objects.filter(book=book, party=party).exclude(state=CaseState.CLOSED)
    return found.select_related("owner", "team").first()


def cases_of(*, party: Party) -> QuerySet[Case]:
    """Query every case of a person in every book, newest first."""
    return Case.objects.filter(party=party).select_related("book", "owner").order_by("-pk")


def loans_of(*, case: Case) -> QuerySet[Loan]:
    """Query the loans of a case with what is published of them, the oldest due first."""
    found = Loan.objects.filter(case_loans__case=case)
    return found.select_related("published", "product", "funder", "creditor").order_by(
        "published__oldest_unpaid_due_on", "pk"
    )


def with_night(found: QuerySet[Case], *, book: Book) -> QuerySet[Case]:
    """Read with each case what ``figures_on`` asks for."""
    nights = CaseNight.objects.filter(book=book).order_by("-through_on")
    return found.annotate(followed_on=Subquery(nights.values("through_on")[:1]))


def figures_on(*, case: Case) -> date:
    """Return the day whose figures a case shows: a night that changed nothing left it as it was."""
    on: date | None = getattr(case, "followed_on", None)
    if on is None:
        nights = CaseNight.objects.filter(book=case.book_id)
        on = nights.aggregate(last=Max("through_on"))["last"]
    return max(case.figures_on, on or case.figures_on)


def do_nights_follow(*, book: Book, today: date) -> bool:
    """Say whether the day before has ended: nobody is contacted on older figures."""
    return book.business_date is None or book.business_date + timedelta(days=1) >= today


def owed_on(*, book: Book, today: date) -> date:
    """Return the day of which it is told what is owed: today, or the last that ended long ago."""
    does_follow = do_nights_follow(book=book, today=today)
    return today if does_follow else book.business_date or today


def late_loans(*, loans: Sequence[Loan]) -> list[Loan]:
    """Keep the loans that are overdue as published: what a person is to be asked for.

    Where none is, all of them are kept, and the guard says that nothing is owed.
    """
    prefetch_related_objects(list(loans), "published")  # Where they have it, nothing is read.
    return [loan for loan in loans if _is_late(loan)] or list(loans)


def _is_late(loan: Loan) -> bool:
    published: Position | None = getattr(loan, "published", None)
    return published is not None and published.overdue_minor > 0


def newest_affordability(*, case: Case) -> Affordability | None:
    """Return the last income and expense form of a person in a book."""
    found = Affordability.objects.filter(case__book=case.book_id, case__party=case.party_id)
    return found.order_by("-stated_on", "-pk").first()
