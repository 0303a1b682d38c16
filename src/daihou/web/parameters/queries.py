"""Read dated parameters, and the profile of a book or product."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rows of one jurisdiction, read at once."""

    jurisdiction: str
    rows: Mapping[str, Sequence[Parameter]]  # By name, the last to begin first.

    def find(self, *, name: str, on: date) -> Parameter | None:
        """Return the row in force on a day, if there is one."""
        found = next((row for row in self.rows.get(name, ()) if row.valid_from <= on), None)
        if found is None or (found.valid_through is not None and found.valid_through < on):
            return None
        return found

    def need(self, *, name: str, on: date) -> Parameter:
        """Return the row in force on a day.

        :raises DaihouError: ``parameter.not_in_force``.
        """
        found = self.find(name=name, on=on)
        if found is None:
            raise DaihouError(
                "parameter.not_in_force", name=name, jurisdiction=self.jurisdiction, on=on
            )
        return found


def rules_of(*, jurisdiction: str) -> Rules:
    """Read the rows of a jurisdiction; remembered as long as none is added."""
    newest = Parameter.objects.aggregate(newest=Max("pk"), count=Count("pk"))
    database = str(connection.settings_dict["NAME"])
    return _rules(database, newest["newest"], newest["count"], jurisdiction)


@lru_cache(maxsize=16)
def _rules(database: str, newest: int | None, count: int, jurisdiction: str) -> Rules:
    del database, newest, count  # Which rows there were.
    rows: dict[str, list[Parameter]] = {}
    for row in Parameter.objects.filter(jurisdiction=jurisdiction).order_by("-valid_from", "-pk"):
        rows.setdefault(row.name, []).append(row)
    return Rules(jurisdiction=jurisdiction, rows=rows)


def parameter_on(*, name: str, jurisdiction: str, on: date) -> Parameter:
    """Return the row in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    return rules_of(jurisdiction=jurisdiction).need(name=name, on=on)


def find_parameter(*, name: str, jurisdiction: str, on: date) -> Parameter | None:
    """Return the row in force on a day, if there is one."""
    return rules_of(jurisdiction=jurisdiction).find(name=name, on=on)


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
    wanted = Q(product=None) if product is None else Q(product=None) | Q(product=product)
    rows = list(
        LendingProfile.objects.filter(wanted, book=book, valid_from__lte=on).order_by(
            "-valid_from", "-pk"
        )
    )
    of_product = [row for row in rows if row.product_id is not None]
    found = next(iter([*of_product, *rows]), None)
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
