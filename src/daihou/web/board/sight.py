"""What one user sees of one book: the whole of it, or only certain funders' loans.

Errors  ``Http404`` for a book that is not there or not hers (both look the same), and
        ``PermissionDenied`` where she sees the book but may not do this in it.
"""

from dataclasses import dataclass
from typing import cast

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A link of the bar: ``group`` is empty for the bar itself, else the menu it stands in."""

    permission: str
    url: str  # Of the page, with the book's name as its one argument.
    icon: str
    key: str  # After ``g`` on the keyboard; empty for none.
    label: Promise
    group: str = ""


PAGES: dict[str, Page] = {  # In the order of the bar.
    "board": Page(
        permission="board.view",
        url="board:board",
        icon="layout-dashboard",
        key="b",
        label=_("Board"),
    ),
    "loans": Page(
        permission="loan.view",
        url="board:loans",
        icon="file-invoice",
        key="l",
        label=_("Loans"),
    ),
    "runs": Page(
        permission="end_of_day.view",
        url="board:runs",
        icon="moon-stars",
        key="e",
        label=_("End of day"),
    ),
    "quality": Page(
        permission="data_quality.view",
        url="board:quality",
        icon="checkup-list",
        key="q",
        label=_("Data quality"),
    ),
    "cases": Page(
        permission="case.view",
        url="desk:cases",
        icon="headset",
        key="c",
        label=_("Cases"),
        group="collections",
    ),
    "visits": Page(
        permission="visit.view",
        url="desk:visits",
        icon="map-pin",
        key="v",
        label=_("Visits"),
        group="collections",
    ),
    "approvals": Page(
        permission="approval.view",
        url="desk:approvals",
        icon="checks",
        key="a",
        label=_("Approvals"),
        group="work",
    ),
    "servicing": Page(
        permission="servicing.view",
        url="desk:servicing",
        icon="calendar-cog",
        key="s",
        label=_("Servicing"),
        group="work",
    ),
    "payments": Page(
        permission="payment.view",
        url="desk:payments",
        icon="cash",
        key="p",
        label=_("Payments"),
        group="work",
    ),
    "reconciliation": Page(
        permission="reconciliation.view",
        url="desk:reconciliation",
        icon="arrows-diff",
        key="r",
        label=_("Reconciliation"),
        group="work",
    ),
    "collateral": Page(
        permission="collateral.view",
        url="desk:collateral",
        icon="building-warehouse",
        key="k",
        label=_("Collateral"),
        group="work",
    ),
    "accounting": Page(
        permission="accounting.view",
        url="desk:accounting",
        icon="scale",
        key="",
        label=_("General ledger"),
        group="work",
    ),
    "documents": Page(
        permission="document.make",
        url="desk:documents",
        icon="file-certificate",
        key="d",
        label=_("Documents and notices"),
        group="work",
    ),
    "files": Page(
        permission="file.view",
        url="desk:files",
        icon="folders",
        key="f",
        label=_("Files"),
        group="work",
    ),
    "limitation": Page(
        permission="limitation.view",
        url="desk:limitation",
        icon="hourglass",
        key="",
        label=_("Limitation"),
        group="work",
    ),
    "rules": Page(
        permission="rule.view",
        url="desk:rules",
        icon="gavel",
        key="",
        label=_("Rules of contact"),
        group="collections",
    ),
    "templates": Page(
        permission="template.view",
        url="desk:templates",
        icon="message-2",
        key="",
        label=_("Templates"),
        group="collections",
    ),
    "stops": Page(
        permission="contact.view",
        url="desk:stops",
        icon="hand-stop",
        key="",
        label=_("Stop orders"),
        group="collections",
    ),
    "reporting": Page(
        permission="contact.view",
        url="desk:reporting",
        icon="report",
        key="",
        label=_("Bureau reporting"),
        group="collections",
    ),
    "reach": Page(
        permission="contact.view",
        url="desk:reach",
        icon="send",
        key="",
        label=_("Messages and letters"),
        group="collections",
    ),
    "reach_accounts": Page(
        permission="channel.change",
        url="desk:reach_accounts",
        icon="antenna",
        key="",
        label=_("Channels to people"),
        group="set_up",
    ),
    "parameters": Page(
        permission="parameter.view",
        url="desk:parameters",
        icon="adjustments",
        key="",
        label=_("Parameters"),
        group="set_up",
    ),
    "parties": Page(
        permission="party.view",
        url="desk:parties",
        icon="users",
        key="u",
        label=_("Parties"),
        group="work",
    ),
    "credit": Page(
        permission="credit.view",
        url="desk:credit",
        icon="credit-card",
        key="x",
        label=_("Credit lines"),
        group="work",
    ),
    "products": Page(
        permission="product.view",
        url="desk:products",
        icon="package",
        key="",
        label=_("Products"),
        group="set_up",
    ),
    "channels": Page(
        permission="channel.change",
        url="desk:channels",
        icon="plug",
        key="",
        label=_("Channels"),
        group="set_up",
    ),
    "interfaces": Page(
        permission="webhook.change",
        url="desk:interfaces",
        icon="api",
        key="i",
        label=_("Interfaces"),
        group="set_up",
    ),
    "supervision": Page(
        permission="supervision.view",
        url="desk:supervision",
        icon="device-desktop-analytics",
        key="",
        label=_("Supervision"),
        group="collections",
    ),
    "listening": Page(
        permission="quality.view",
        url="desk:quality",
        icon="headphones",
        key="",
        label=_("Quality"),
        group="collections",
    ),
    "training": Page(
        permission="training.view",
        url="desk:training",
        icon="certificate",
        key="",
        label=_("Training"),
        group="collections",
    ),
    "access": Page(
        permission="user.view",
        url="desk:users",
        icon="user-shield",
        key="",
        label=_("Users and rights"),
        group="set_up",
    ),
    "audit": Page(
        permission="audit.view",
        url="desk:audit",
        icon="history",
        key="",
        label=_("Audit"),
        group="set_up",
    ),
    "personal_exports": Page(
        permission="personal_data.export",
        url="desk:personal_exports",
        icon="file-export",
        key="",
        label=_("Export of personal data"),
        group="collections",
    ),
    "complaints": Page(
        permission="complaint.view",
        url="desk:complaints",
        icon="message-exclamation",
        key="",
        label=_("Complaints"),
        group="collections",
    ),
}
GROUPS = {
    "collections": ("headset", _("Collections")),
    "work": ("briefcase", _("Work")),
    "set_up": ("settings", _("Set-up")),
}
ANY_VIEW = tuple(page.permission for page in PAGES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    book: Book
    funder_ids: frozenset[int] | None  # None: every loan of the book.

    def loans(self) -> QuerySet[Loan]:
        """Query the loans in sight."""
        found = Loan.objects.filter(book=self.book)
        return found if self.funder_ids is None else found.filter(funder_id__in=self.funder_ids)

    @property
    def key(self) -> str:
        """Name what is in sight, for caches."""
        return "all" if self.funder_ids is None else ",".join(map(str, sorted(self.funder_ids)))


def user_of(request: HttpRequest) -> User:
    return cast("User", request.user)


def may(request: HttpRequest, sight: Sight, permission: str) -> bool:
    """Tell whether the user of a page may do this in its book."""
    return access.may(user=user_of(request), permission=permission, target=sight.book)


def whole_book(sight: Sight) -> None:
    """Hold what belongs to no funder's loan to those who see the whole book."""
    if sight.funder_ids is not None:
        raise PermissionDenied


def open_book(request: HttpRequest, *, name: str, permission: str) -> Sight:
    """Find what the user may see of a book under a permission.

    :raises Http404, PermissionDenied: see the module.
    """
    seen = next((book for book in books_seen(request) if book.name == name), None)
    book = seen or Book.objects.filter(name=name).first()
    if book is None:
        raise Http404
    user = user_of(request)
    sight = _sight(user=user, book=book, permission=permission)
    if sight is not None:
        return sight
    if any(_sight(user=user, book=book, permission=other) for other in ANY_VIEW):
        raise PermissionDenied
    raise Http404


def _sight(*, user: User, book: Book, permission: str) -> Sight | None:
    scope = access.scope(user=user, permission=permission)
    if scope.every_book or book.name in scope.book_names:
        return Sight(book=book, funder_ids=None)
    named = {funder for name, funder in scope.funder_ids_by_book if name == book.name}
    funder_ids = frozenset(named | scope.funder_ids)
    return Sight(book=book, funder_ids=funder_ids) if funder_ids else None


def pages_of(user: User, *, book: Book) -> dict[str, Page]:
    """Choose the pages of a book that are open to a user, by name, in the order of the bar."""
    return {
        name: page
        for name, page in PAGES.items()
        if _sight(user=user, book=book, permission=page.permission)
    }


def books_seen(request: HttpRequest) -> list[Book]:
    """List the books that the user of a page sees; read once for the page and its frame."""
    found: list[Book] | None = getattr(request, "books_seen", None)
    if found is None:
        found = list(visible_books(user_of(request)))
        request.books_seen = found  # type: ignore[attr-defined]
    return found


def visible_books(user: User) -> QuerySet[Book]:
    """Query the books of which the user sees at least one loan, by name."""
    scopes = [access.scope(user=user, permission=name) for name in ANY_VIEW]
    if any(scope.every_book for scope in scopes):
        return Book.objects.order_by("name")
    names = {name for scope in scopes for name in scope.book_names}
    names |= {name for scope in scopes for name, _ in scope.funder_ids_by_book}
    funders = {funder for scope in scopes for funder in scope.funder_ids}
    lent = Loan.objects.filter(funder_id__in=funders).values("book_id") if funders else None
    wanted = Q(name__in=names) | Q(pk__in=lent) if lent is not None else Q(name__in=names)
    return Book.objects.filter(wanted).order_by("name")
