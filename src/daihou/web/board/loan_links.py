"""Where else a loan stands: its borrower, its collateral, its files, its entries, and so on."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from daihou.web.access.models import User
from daihou.web.board.sight import Sight, pages_of
from daihou.web.loans.models import Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    label: Promise
    icon: str
    url: str


def links(*, user: User, sight: Sight, row: Loan) -> tuple[Link, ...]:
    """List the pages about a loan that are open to a user."""
    pages = pages_of(user, book=sight.book)
    name, ref = sight.book.name, row.loan_ref
    found: list[tuple[str, Promise, str]] = []
    if row.person_id is not None:
        found.append(("parties", _("Borrower"), reverse("desk:party", args=[name, row.person_id])))
    found += [
        ("collateral", _("Collateral"), _asked("desk:collateral", name, q=ref)),
        ("files", _("Files"), _asked("desk:files", name, loan=ref)),
        ("documents", _("Documents"), _asked("desk:documents", name, loan=ref)),
        ("payments", _("Payments"), _asked("desk:payments", name, q=ref)),
        ("payments", _("Auto-debits"), reverse("desk:mandates", args=[name, ref])),
        ("credit", _("Disbursement"), reverse("desk:tranches", args=[name, ref])),
        ("limitation", _("Limitation"), reverse("desk:limitation_loan", args=[name, ref])),
        ("accounting", _("Entries"), reverse("desk:accounting_loan", args=[name, ref])),
    ]
    return tuple(
        Link(label=label, icon=pages[page].icon, url=url)
        for page, label, url in found
        if page in pages
    )


def _asked(url: str, book_name: str, **asked: str) -> str:
    return f"{reverse(url, args=[book_name])}?{urlencode(asked)}"
