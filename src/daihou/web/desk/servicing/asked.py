"""What was asked for, in the words of the form: where it cannot be previewed (any more)."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from daihou.core.terms import Rate
from daihou.web.approvals.models import Approval
from daihou.web.board import money
from daihou.web.board.words import COMPONENTS
from daihou.web.desk.servicing.forms import FIELDS, Offered
from daihou.web.servicing.actions import Action, Asked, kind_of
from daihou.web.servicing.models import ReasonCode
from daihou.web.servicing.operations import asked_of

KINDS = frozenset(kind_of(action) for action in Action)
NOTHING: list[tuple[str, Any]] = []


def asked_facts(approval: Approval) -> tuple[tuple[str, str], ...]:
    """Name what a servicing request asks for; nothing for other kinds."""
    book = approval.book
    if approval.kind not in KINDS or book is None:
        return ()
    offered = Offered(
        minor_digits=book.minor_digits,
        payments=NOTHING,
        undoable=NOTHING,
        quotes=NOTHING,
        charges=NOTHING,
        payees=NOTHING,
    )
    asked = asked_of(approval)
    facts = [
        (_("Loan"), str(approval.payload["loan_ref"])),
        (_("Counts from"), asked.effective_on.isoformat()),
    ]
    for name, field in ((each.name, FIELDS.get(each.name)) for each in fields(Asked)):
        value = getattr(asked, name)
        if field is not None and value not in (None, "", ()):
            made = field(offered)
            facts.append((str(made.label), _text(name, value, made, digits=book.minor_digits)))
    for component, amount_minor in asked.discounts:
        label = _("Given up: %(part)s") % {"part": COMPONENTS[component.value]}
        facts.append((label, money.full(amount_minor, digits=book.minor_digits)))
    facts.append((_("Reason"), str(ReasonCode(approval.payload["reason_code"]).label)))
    return tuple(facts)


def _text(name: str, value: Any, field: forms.Field, *, digits: int) -> str:
    if name.endswith("_minor"):
        return money.full(value, digits=digits)
    if isinstance(value, Rate):
        return f"{value.value * 100:f}%"
    if isinstance(value, Decimal):
        return f"{value:f}%"
    if isinstance(value, date):
        return value.isoformat()
    words = _words(field)
    if isinstance(value, tuple):
        return ", ".join(words.get(str(each), str(each)) for each in value)
    return words.get(str(value), str(value))


def _words(field: forms.Field) -> Mapping[str, str]:
    if not isinstance(field, forms.ChoiceField):
        return {}
    choices: Any = field.choices
    return {str(value): str(word) for value, word in choices}
