"""Credit lines of a book: limit, use, free room, changes with their reasons."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.core.terms import MOST_MINOR
from daihou.web.approvals import queries as approvals
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.credit import operations, queries
from daihou.web.credit.errors import CreditRefused
from daihou.web.credit.models import CreditLine
from daihou.web.desk.answering import attempt
from daihou.web.loans.models import Product
from daihou.web.parties import sighting

PAGE_SIZE = 25  # Each line's loans are folded.
TEXT_LONGEST = 24


@require_safe
@book_page("credit.view")
def lines(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    found = seen(sight)
    pages = paging(number=page_no(request), found=found.count(), size=PAGE_SIZE)
    as_of = today_of(sight)
    shown = [queries.usage(line=line, as_of=as_of) for line in found[pages.cut]]
    context = {
        "usages": shown,
        "names": sighting.names([usage.line.party for usage in shown]),
        "products": list(Product.objects.filter(book=sight.book).order_by("code")),
        "as_of": as_of,
        **pages.context,
        "may_change": may_change(request, sight),
    }
    return show(request, "desk/credit/lines.html", context, sight=sight, page="credit")


@require_POST
@book_page("credit.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    given = request.POST
    line_ref = given.get("line_ref", "").strip()

    def make() -> None:
        chosen = [text for text in given.getlist("products") if text.isdigit() and len(text) < 18]
        operations.open_line(
            book=sight.book,
            party=sighting.find_party(user_of(request), sight, given.get("party", "")),
            opening=operations.Opening(
                line_ref=line_ref,
                limit_minor=amount_of(given.get("limit", ""), digits=sight.book.minor_digits),
                expires_on=day_of(given.get("expires_on", "")),
                products=tuple(Product.objects.filter(book=sight.book, pk__in=chosen)),
                opened_on=today_of(sight),
            ),
            reason=given.get("reason", ""),
            acting_user=user_of(request),
        )

    if attempt(request, make, done=_("The line is there; its limit waits for a second person.")):
        return redirect("desk:credit_line", sight.book.name, line_ref)
    return redirect("desk:credit", sight.book.name)


@require_safe
@book_page("credit.view")
def line(request: HttpRequest, *, sight: Sight, line_ref: str) -> HttpResponse:
    found = line_of(sight, line_ref)
    usage = queries.usage(line=found, as_of=today_of(sight))
    context = {
        "line": found,
        "usage": usage,
        "name": sighting.names([found.party])[found.party_id],
        "changes": found.changes.select_related("acting_user", "approval").order_by("-change_no"),
        "pending": approvals.of_target(
            book=sight.book, target_type=operations.TARGET, target_id=found.pk
        ).filter(state="pending"),
        "may_change": may_change(request, sight),
    }
    return show(request, "desk/credit/line.html", context, sight=sight, page="credit")


@require_POST
@book_page("credit.change")
def act(request: HttpRequest, *, sight: Sight, line_ref: str) -> HttpResponse:
    found = line_of(sight, line_ref)
    post = request.POST
    given: dict[str, Any] = {
        "line": found,
        "reason": post.get("reason", ""),
        "acting_user": user_of(request),
    }
    deeds: dict[str, Callable[[], object]] = {
        "limit": lambda: operations.change_limit(
            limit_minor=amount_of(
                post.get("limit", ""), digits=sight.book.minor_digits, may_be_zero=True
            ),
            **given,
        ),
        "freeze": lambda: operations.freeze_line(**given),
        "restore": lambda: operations.restore_line(**given),
        "extend": lambda: operations.extend_line(
            expires_on=day_of(post.get("expires_on", "")), **given
        ),
        "close": lambda: operations.close_line(**given),
    }
    deed = deeds.get(post.get("deed", ""))
    if deed is None:
        raise Http404
    attempt(request, deed, done=_("Noted; what gives more waits for a second person."))
    return redirect("desk:credit_line", sight.book.name, line_ref)


def seen(sight: Sight) -> QuerySet[CreditLine]:
    """Query the lines in sight: a funder's only where his loans draw on them."""
    found = queries.lines(book=sight.book)
    if sight.funder_ids is None:
        return found
    return found.filter(draws__loan__funder_id__in=sight.funder_ids).distinct()


def line_of(sight: Sight, line_ref: str) -> CreditLine:
    found = queries.find_line(book=sight.book, line_ref=line_ref)
    if found is None or not seen(sight).filter(pk=found.pk).exists():
        raise Http404
    return found


def may_change(request: HttpRequest, sight: Sight) -> bool:
    return may(request, sight, "credit.change")


def today_of(sight: Sight) -> date:
    return sight.book.business_date or timezone.localdate()


def amount_of(text: str, *, digits: int, may_be_zero: bool = False) -> int:
    """Read an amount in the currency's own unit.

    :raises CreditRefused: ``line.limit_wrong``.
    """
    try:
        amount = Decimal(text.strip().replace(",", "")[:TEXT_LONGEST])
    except InvalidOperation as exception:
        raise CreditRefused("line.limit_wrong") from exception
    if not amount.is_finite() or amount.adjusted() > 15:
        raise CreditRefused("line.limit_wrong")
    minor = amount.scaleb(digits)
    least = 0 if may_be_zero else 1
    if minor != minor.to_integral_value() or not least <= minor <= MOST_MINOR:
        raise CreditRefused("line.limit_wrong")
    return int(minor)


def day_of(text: str) -> date:
    """Read a day.

    :raises CreditRefused: ``line.days_wrong``.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as exception:
        raise CreditRefused("line.days_wrong") from exception
