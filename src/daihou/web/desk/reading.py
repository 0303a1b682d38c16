"""Read what a form sent: text, days, amounts in the currency's own unit, one of several choices.

Errors  ``DaihouError``: ``form.day_wrong``, ``form.amount_wrong``, ``form.number_wrong``,
        ``form.choice_wrong``, each with the field's name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from django.http import HttpRequest
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.board.sight import Sight

Choice = TypeVar("Choice", bound=Enum)
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
TEXT_MOST = 20_000  # Longer ones are cut; what is too long for its place is refused there.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """``digits`` are the minor digits of the book's currency."""

    fields: Mapping[str, str]
    digits: int

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()[:TEXT_MOST]

    def day(self, name: str) -> date:
        found = self.day_or_none(name)
        if found is None:
            raise DaihouError("form.day_wrong", field=name)
        return found

    def day_or_none(self, name: str) -> date | None:
        """Read a day that may be left out."""
        text = self.text(name)
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError as exception:
            raise DaihouError("form.day_wrong", field=name) from exception

    def instant_or_none(self, name: str) -> datetime | None:
        """Read an instant that may be left out, by the clock of the page's zone."""
        text = self.text(name)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError as exception:
            raise DaihouError("form.day_wrong", field=name) from exception
        return found if found.tzinfo else timezone.make_aware(found)

    def amount(self, name: str) -> int:
        found = self.amount_or_none(name)
        if found is None:
            raise DaihouError("form.amount_wrong", field=name, digits=self.digits)
        return found

    def amount_or_none(self, name: str) -> int | None:
        """Read an amount that may be left out, as minor units; no digit is ever rounded away."""
        text = self.text(name).replace(",", "")
        if not text:
            return None
        if not AMOUNT.fullmatch(text):
            raise DaihouError("form.amount_wrong", field=name, digits=self.digits)
        exact = Decimal(text).scaleb(self.digits)
        if exact != exact.to_integral_value():
            raise DaihouError("form.amount_wrong", field=name, digits=self.digits)
        return int(exact)

    def percent(self, name: str) -> Decimal:
        """Read a percentage as a fraction."""
        text = self.text(name).rstrip("%").strip()
        if not AMOUNT.fullmatch(text):
            raise DaihouError("form.number_wrong", field=name)
        return Decimal(text) / 100

    def number(self, name: str) -> int:
        text = self.text(name)
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise DaihouError("form.number_wrong", field=name)
        return int(text)

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        try:
            return kind(self.text(name))
        except ValueError as exception:
            raise DaihouError("form.choice_wrong", field=name) from exception


def sent_by(request: HttpRequest, sight: Sight) -> Sent:
    """Read the form of a page, with amounts in its book's currency."""
    return Sent(fields=request.POST.dict(), digits=sight.book.minor_digits)
