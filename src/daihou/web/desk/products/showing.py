"""What pages show of a version: its fields in words, its differences, a sample with its limits."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.forms import BoundField
from django.utils.translation import gettext as _

from daihou.core.terms import MOST_MINOR
from daihou.errors import DaihouError
from daihou.web.board import money
from daihou.web.board.words import COMPONENTS
from daihou.web.desk.answering import line_of
from daihou.web.desk.products import filling, words
from daihou.web.desk.products.forms import VersionForm
from daihou.web.loans import limiting, queries
from daihou.web.loans.costs import CostItem, sample
from daihou.web.loans.models import Product
from daihou.web.loans.queries import Content

TEXT_LONGEST = 24


def groups(content: Content, *, digits: int) -> list[tuple[Any, list[tuple[str, str]]]]:
    """Give a version's fields in their groups, in words; what is empty is left out."""
    form = filling.draft_of(content=content, digits=digits, calendars={}).form
    shown = []
    for title, fields in form.groups():
        lines = [
            (str(field.label), text)
            for field in fields
            if not _is_idle(field, form.initial) and (text := _text(field, digits))
        ]
        shown.append((title, lines))
    return [group for group in shown if group[1]]


def differences(before: Content, after: Content, *, digits: int) -> list[tuple[str, str, str]]:
    """Name what differs: the field as people read it, before and after."""
    labels = {name: str(field.label) for name, field in VersionForm.base_fields.items()}
    shown = _differing_costs(before, after, digits=digits)
    for each in queries.differences(before=before, after=after):
        if each.field.startswith("costs"):
            continue
        tail = each.field.partition(".")[2]
        name = words.FIELD_OF_PATH.get(each.field, tail if tail in labels else each.field)
        label = labels.get(name, each.field)
        before_text, after_text = (_value(v, name, digits) for v in (each.before, each.after))
        shown.append((label, before_text, after_text))
    return shown


def _differing_costs(before: Content, after: Content, *, digits: int) -> list[tuple[str, str, str]]:
    """Name each item of the cost table that differs, whole."""
    old, new = (
        {item.code: _item_text(item, digits) for item in content.costs}
        for content in (before, after)
    )
    return [
        (_("Cost item %(code)s") % {"code": code}, old.get(code, "–"), new.get(code, "–"))
        for code in {**old, **new}
        if old.get(code) != new.get(code)
    ]


def _item_text(item: CostItem, digits: int) -> str:
    parts = [
        str(COMPONENTS[item.component]),
        str(words.CHARGED[item.method]),
        item.standard,
        item.payee,
        str(words.PAYEES[item.payee_role]),
    ]
    if item.share is not None:
        parts.append(f"{(item.share * 100).normalize():f} %")
    if item.amount_minor:
        parts.append(money.full(item.amount_minor, digits=digits))
    if item.prepayment is not None:
        parts.append(words.prepayment_text(item.prepayment))
    return " · ".join(parts)


def sample_context(
    given: Mapping[str, Any], *, product: Product, content: Content
) -> dict[str, Any]:
    """Plan and cost a sample loan, and say what the limits refuse; or why none can be made."""
    book = product.book
    wanted = _amount(given.get("sample_principal", ""), digits=book.minor_digits)
    principal = wanted or queries.sample_principal(ranges=content.ranges, digits=book.minor_digits)
    start_on = _day(given.get("sample_on", "")) or content.effective_on
    shown: dict[str, Any] = {"sample_principal_minor": principal, "sample_on": start_on}
    try:
        shown["sample"] = sample(
            terms=content.terms, costs=content.costs, principal_minor=principal, start_on=start_on
        )
        shown["refusals"] = limiting.refusals(product=product, content=content)
        shown["limits"] = limiting.limits_of(product=product, content=content)
    except DaihouError as refused:
        shown["no_limits" if "sample" in shown else "no_sample"] = line_of(refused)
    except ValueError as refused:  # Of core: terms, dates and cost have their codes.
        shown["no_sample"] = line_of(refused)
    return shown


def _is_idle(field: BoundField, given: Mapping[str, Any]) -> bool:
    """Tell whether a field says nothing: it belongs to another that is not given."""
    owner = words.OWNERS.get(field.name)
    return owner is not None and not given.get(owner)


def _text(field: BoundField, digits: int) -> str:
    value = field.initial
    if value is None or value in ("", [], 0):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else ""
    choices = dict(getattr(field.field, "choices", ()))
    if isinstance(value, list):
        return ", ".join(str(choices.get(each, each)) for each in value)
    if field.name in words.MINOR_FIELDS:
        return money.full(int(Decimal(value).scaleb(digits)), digits=digits)
    if isinstance(value, date):
        return value.isoformat()
    return str(choices.get(value, value))


def _value(value: object, name: str, digits: int) -> str:
    if value is None or value == "":
        return "–"
    if name in words.MINOR_FIELDS and isinstance(value, int):
        return "–" if value == MOST_MINOR else money.full(value, digits=digits)
    if name in words.SHARE_FIELDS and isinstance(value, str):
        return f"{(Decimal(value) * 100).normalize():f} %"
    choices = dict(getattr(VersionForm.base_fields.get(name), "choices", ()))
    return str(choices.get(value, value))


def _amount(text: object, *, digits: int) -> int | None:
    try:
        amount = Decimal(str(text)[:TEXT_LONGEST].replace(",", "") or "0")
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount.adjusted() > 15:
        return None
    found = int(amount.scaleb(digits))
    return found if 0 < found <= MOST_MINOR else None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text)[:TEXT_LONGEST])
    except ValueError:
        return None
