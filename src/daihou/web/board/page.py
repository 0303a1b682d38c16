"""What every page shares: the frame around it, its book and its links; the business zone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.board.sight import GROUPS, Sight, books_seen, open_book, pages_of, user_of
from daihou.web.ledger.models import Book

View = Callable[..., HttpResponseBase]
Given = TypeVar("Given", bound=QueryDict)
FIRST_DAY = date(1900, 1, 1)  # No loan here is older; a calendar has to end somewhere.
DIGITS_MOST = 18
PAGE_SIZE = 50


def book_page(permission: str) -> Callable[[View], View]:
    """Open the book named in the address under a permission, and read times in its zone.

    What was typed is freed of NUL characters, which no text of the database can hold.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, book_name: str, **rest: Any) -> HttpResponseBase:
            if "\0" in request.path:
                raise Http404
            request.GET = _without_nulls(request.GET)
            request.POST = _without_nulls(request.POST)
            sight = open_book(request, name=book_name, permission=permission)
            with timezone.override(ZoneInfo(sight.book.time_zone)):
                return view(request, sight=sight, **rest)

        return opened

    return decorate


def _without_nulls(given: Given) -> Given:
    """Return what was sent; a copy only where a NUL stands in it."""
    told = given.urlencode()
    return type(given)(told.replace("%00", "")) if "%00" in told else given


def page_of_all_books(permission: str) -> Callable[[View], View]:
    """Let in who has the permission on every book: users and keys know no borders of books."""

    def decorate(view: View) -> View:
        @book_page(permission)
        @wraps(view)
        def opened(request: HttpRequest, *, sight: Sight, **rest: Any) -> HttpResponseBase:
            if not access.may_everywhere(user=user_of(request), permission=permission):
                raise PermissionDenied
            return view(request, sight=sight, **rest)

        return opened

    return decorate


def end_of(day: date) -> datetime:
    """Give the last instant of a day in the business zone."""
    return timezone.make_aware(datetime.combine(day, time.max))


def show(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    sight: Sight | None = None,
    page: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page inside the site's frame."""
    frame: dict[str, Any] = {"page": page}
    if sight is not None:
        user = user_of(request)
        frame |= {
            "book": sight.book,
            "books": books_seen(request),
            **_links(user, book=sight.book),
        }
    return render(request, template, frame | dict(context), status=status)


def _links(user: User, *, book: Book) -> dict[str, Any]:
    """Part the open pages into those of the bar itself and those of its menus."""
    pages = pages_of(user, book=book)
    menus = [
        (icon, label, {name: page for name, page in pages.items() if page.group == group})
        for group, (icon, label) in GROUPS.items()
    ]
    return {
        "open_pages": {name: page for name, page in pages.items() if not page.group},
        "menus": [menu for menu in menus if menu[2]],
    }


@dataclass(frozen=True, slots=True)
class Days:
    """Reads days from an address and keeps, in words, what could not be taken as it was given."""

    params: Mapping[str, str]
    remarks: list[str] = field(default_factory=list)

    def read(self, name: str, *, default: date, latest: date) -> date:
        """Read a day: what is none becomes the default, one that is out of range the nearest."""
        text = self.params.get(name, "").strip()
        if not text:
            return max(FIRST_DAY, default)
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self.remarks.append(
                _("“%(text)s” is not a day and was left out.") % {"text": text[:40]}
            )
            return max(FIRST_DAY, default)
        shown = max(FIRST_DAY, min(day, latest))
        if day != shown:
            line = (
                _("%(day)s lies after %(shown)s, the last day that can be shown.")
                if day > latest
                else _("%(day)s lies before %(shown)s, the first day that can be shown.")
            )
            self.remarks.append(line % {"day": day, "shown": shown})
        return shown


def number_of(text: str) -> int | None:
    """Read a whole number that was sent; what is none, or too long for the database, is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS_MOST else None


def page_no(request: HttpRequest) -> int:
    """Read the number of a list's page; what is none is the first."""
    return number_of(request.GET.get("page", "")) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """``cut`` takes a page's rows out of a list; ``context`` is what ``parts/pager.html`` shows."""

    cut: slice
    context: Mapping[str, int]


def paging(*, number: int, found: int, size: int = PAGE_SIZE) -> Paging:
    """Cut a list of so many rows into pages and take one of them; past the end the last."""
    count = max(1, -(-found // size))
    number = min(number, count)
    first = (number - 1) * size
    return Paging(
        cut=slice(first, first + size),
        context={
            "found": found,
            "page_no": number,
            "page_count": count,
            "first_no": first + 1 if found else 0,
            "last_no": min(first + size, found),
        },
    )
