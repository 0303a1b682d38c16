"""Read products: what a version says, how two differ, which loans run on which."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from daihou.core import codec
from daihou.core.terms import Calendar, Terms
from daihou.web.ledger.models import Book
from daihou.web.loans.costs import CostItem, Sample, sample
from daihou.web.loans.errors import ProductRefused
from daihou.web.loans.models import HolidayCalendar, Loan, Product, ProductVersion, VersionState
from daihou.web.loans.ranges import Ranges

SAMPLE_PRINCIPAL = 10_000  # Major units, where the ranges allow it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that is decided about a version before it is approved."""

    terms: Terms
    effective_on: date
    effective_until: date | None = None
    costs: tuple[CostItem, ...] = ()
    ranges: Ranges = field(default_factory=Ranges)
    lender_type: str = ""  # Of ``parameters.models.LenderType``.
    product_class: str = ""  # Of ``parameters.models.ProductClass``.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    field: str  # Dotted: "terms.rate.value".
    before: object
    after: object


def products(*, book: Book) -> QuerySet[Product]:
    """Query a book's products with their counts of versions and loans, by code."""
    return (
        Product.objects.filter(book=book)
        .annotate(
            version_count=Count("versions", distinct=True),
            loan_count=Count("loans", distinct=True),
            last_version_no=Max("versions__version_no"),
        )
        .order_by("code")
    )


def find_product(*, book: Book, code: str) -> Product | None:
    return None if "\0" in code else Product.objects.filter(book=book, code=code).first()


def find_version(*, product: Product, version_no: int) -> ProductVersion | None:
    found = ProductVersion.objects.filter(product=product, version_no=version_no)
    return found.select_related("product__book", "terms", "made_by").first()


def versions(*, product: Product) -> QuerySet[ProductVersion]:
    """Query a product's versions with how many loans run on each, newest first."""
    return (
        product.versions.select_related("terms", "made_by")
        .annotate(loan_count=Count("loans"), lent_minor=Sum("loans__principal_minor"))
        .order_by("-version_no")
    )


def version_on(*, product: Product, on: date) -> ProductVersion:
    """Return our own approved version that holds on a day.

    :raises ProductRefused: ``product.no_version``.
    """
    holds = Q(effective_until__isnull=True) | Q(effective_until__gte=on)
    found = (
        product.versions.filter(
            holds, origin="own", state=VersionState.APPROVED, effective_on__lte=on
        )
        .select_related("terms", "product__book")
        .first()
    )
    if found is None:
        raise ProductRefused("product.no_version", product=product.code, on=on)
    return found


def loans_of(*, version: ProductVersion) -> QuerySet[Loan]:
    return Loan.objects.filter(product_version=version).order_by("loan_ref")


def content_of(*, version: ProductVersion) -> Content:
    return Content(
        terms=codec.decode_text(Terms, json.dumps(version.terms.terms)),
        effective_on=version.effective_on,
        effective_until=version.effective_until,
        costs=codec.decode(tuple[CostItem, ...], version.costs),
        ranges=codec.decode(Ranges, version.ranges),
        lender_type=version.lender_type,
        product_class=version.product_class,
        note=version.note,
    )


def digest_of(*, version: ProductVersion) -> str:
    """Name what would be approved: it changes with any figure of the version."""
    return codec.digest(content_of(version=version))


def sample_of(
    *, version: ProductVersion, principal_minor: int | None = None, start_on: date | None = None
) -> Sample:
    """Plan and cost a sample loan of a version; as ``costs.sample``."""
    content = content_of(version=version)
    book = version.product.book
    wanted = principal_minor or sample_principal(ranges=content.ranges, digits=book.minor_digits)
    return sample(
        terms=content.terms,
        costs=content.costs,
        principal_minor=wanted,
        start_on=start_on or content.effective_on,
    )


def sample_principal(*, ranges: Ranges, digits: int) -> int:
    """Choose a principal that the ranges allow, nearest to a round one."""
    wanted = SAMPLE_PRINCIPAL * 10**digits
    nearest: int = max(ranges.principal_least_minor, min(wanted, ranges.principal_most_minor))
    return nearest


def differences(*, before: Content, after: Content) -> tuple[Difference, ...]:
    """Name every field in which two versions differ, in the order of the fields."""
    old, new = _flat("", codec.encode(before)), _flat("", codec.encode(after))
    return tuple(
        Difference(field=name, before=old.get(name), after=new.get(name))
        for name in [*old, *(name for name in new if name not in old)]
        if old.get(name) != new.get(name)
    )


def _flat(path: str, plain: Any) -> dict[str, object]:
    if isinstance(plain, dict) and plain:
        items: Iterable[tuple[str, Any]] = plain.items()
    elif isinstance(plain, list) and plain:
        items = ((_name_of(item, number), item) for number, item in enumerate(plain, start=1))
    else:
        return {path: plain if plain not in ([], {}) else None}
    return {
        name: value
        for key, item in items
        for name, value in _flat(f"{path}.{key}" if path else key, item).items()
    }


def _name_of(item: Any, number: int) -> str:
    """Name an entry of a list by its code where it has one, so that a move is no difference."""
    return str(item["code"]) if isinstance(item, dict) and "code" in item else str(number)


def calendars(*, book: Book) -> dict[str, Calendar]:
    """Return the book's holiday calendars as terms hold them, by name."""
    return {
        row.name: Calendar(name=row.name, closed_on=frozenset(row.closed_on))
        for row in HolidayCalendar.objects.filter(book=book).order_by("name")
    }
