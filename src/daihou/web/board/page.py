"""What every page shares: the frame around it, its book and its links; the business zone."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from daihou.web.board.sight import Sight, open_book, user_of, visible_books

View = Callable[..., HttpResponseBase]


def book_page(permission: str) -> Callable[[View], View]:
    """Open the book named in the address under a permission, and read times in its zone."""

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, book_name: str, **rest: Any) -> HttpResponseBase:
            sight = open_book(request, name=book_name, permission=permission)
            with timezone.override(ZoneInfo(sight.book.time_zone)):
                return view(request, sight=sight, **rest)

        return opened

    return decorate


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
        frame |= {"book": sight.book, "books": list(visible_books(user_of(request)))}
    return render(request, template, frame | dict(context), status=status)


def asked_day(request: HttpRequest, name: str, *, default: date, latest: date) -> date:
    """Read a day from the address; one that is not a day, or is in the future, is the default."""
    try:
        day = date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return default
    return min(day, latest)
