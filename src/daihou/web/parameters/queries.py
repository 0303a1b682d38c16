"""Read dated parameters, and the profile of a book or product."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from daihou.errors import DaihouError
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Product
from daihou.web.parameters.models import LenderType, LendingProfile, Parameter, ProductClass

CURRENCY_LAW = {"CNY": "CN"}  # Of a book nobody gave a profile.


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """``is_assumed``: nobody said so, the book's currency did. No jurisdiction: no law is known."""

    jurisdiction: str
    lender_type: str
    product_class: str = ProductClass.UNKNOWN.value
    lpr_cap_from: date | None = None
    is_assumed: bool = False


def parameter_on(*, name: str, jurisdiction: str, on: date) -> Parameter:
    """Return the row in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    found = find_parameter(name=name, jurisdiction=jurisdiction, on=on)
    if found is None:
        raise DaihouError("parameter.not_in_force", name=name, jurisdiction=jurisdiction, on=on)
    return found


def find_parameter(*, name: str, jurisdiction: str, on: date) -> Parameter | None:
    """Return the row in force on a day, if there is one."""
    found = (
        Parameter.objects.filter(name=name, jurisdiction=jurisdiction, valid_from__lte=on)
        .order_by("-valid_from", "-pk")
        .first()
    )
    if found is None or (found.valid_through is not None and found.valid_through < on):
        return None
    return found


def history_of(*, search: str = "", jurisdiction: str = "") -> QuerySet[Parameter]:
    """Query all rows by name, the newest of each first."""
    rows = Parameter.objects.order_by("jurisdiction", "name", "-valid_from", "-pk")
    if jurisdiction:
        rows = rows.filter(jurisdiction=jurisdiction)
    if search:
        wanted = Q(name__icontains=search) | Q(rule_id__icontains=search)
        rows = rows.filter(wanted | Q(source__icontains=search))
    return rows


def profile_on(*, book: Book, on: date, product: Product | None = None) -> Profile:
    """Return under which law a book or product lends on a day: the product's own, else the book's.

    A book in a currency with one law here that nobody gave a profile counts as a licensed lender's.
    """
    rows = LendingProfile.objects.filter(book=book, valid_from__lte=on).order_by(
        "-valid_from", "-pk"
    )
    of_product = rows.filter(product=product).first() if product is not None else None
    found = of_product or rows.filter(product=None).first()
    if found is None:
        return Profile(
            jurisdiction=CURRENCY_LAW.get(book.currency, ""),
            lender_type=LenderType.LICENSED.value,
            is_assumed=True,
        )
    return Profile(
        jurisdiction=found.jurisdiction,
        lender_type=found.lender_type,
        product_class=found.product_class,
        lpr_cap_from=found.lpr_cap_from,
    )
