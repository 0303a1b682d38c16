"""The fields of every action as a form: read into ``Asked``, shown again as they were typed.

Amounts are typed in the currency's own unit with its digits; rates and shares in percent.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.core.changes import InterestTreatment
from daihou.core.terms import Component, PeriodUnit, Rate, RatePer, Surplus
from daihou.web.board.words import COMPONENTS
from daihou.web.servicing.actions import SPECS, TEXT_LONGEST, Action, Asked, Spread
from daihou.web.servicing.models import ReasonCode

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

StrPromise: TypeAlias = "_StrPromise"
Choices: TypeAlias = list[tuple[str, str | Promise]]
TREATMENTS: Choices = [
    (InterestTreatment.GOES_ON.value, _("goes on: owed with the next instalment")),
    (InterestTreatment.SPREAD.value, _("spread over the instalments to come")),
    (InterestTreatment.CAPITALIZED.value, _("capitalised: becomes principal")),
    (InterestTreatment.WAIVED.value, _("waived")),
]
SURPLUS: Choices = [
    (Surplus.SHORTEN.value, _("shorten the term, keep the instalment")),
    (Surplus.LOWER.value, _("lower the instalment, keep the term")),
]
UNITS: Choices = [
    (PeriodUnit.MONTH.value, _("months")),
    (PeriodUnit.WEEK.value, _("weeks")),
    (PeriodUnit.DAY.value, _("days")),
]
SPREADS: Choices = [
    (Spread.OLDEST_FIRST.value, _("oldest instalment first")),
    (Spread.EVENLY.value, _("in proportion to what each owes")),
]
PARTS: Choices = list(COMPONENTS.items())
WAIVABLE: Choices = [part for part in PARTS if part[0] != Component.PRINCIPAL.value]
RANGE = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
DAY_FORMAT = "%Y-%m-%d"  # Whatever the language: browsers show it in their own.
MOST_RATE = Decimal(1000)
MOST_NUMBERS = 1000  # Instalments in one range.


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the loan offers to choose from."""

    minor_digits: int
    payments: Choices
    undoable: Choices
    quotes: Choices
    charges: Choices
    payees: Choices


class DayInput(forms.DateInput):
    input_type = "date"


def _day(label: StrPromise) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.DateField(  # noqa: ARG005
        label=label,
        input_formats=[DAY_FORMAT],
        widget=DayInput(format=DAY_FORMAT, attrs={"class": "form-control"}),
    )


def _money(label: StrPromise, *, least: int = 0) -> Callable[[Offered], forms.Field]:
    def made(offered: Offered) -> forms.Field:
        step = Decimal(1).scaleb(-offered.minor_digits)
        return forms.DecimalField(
            label=label,
            min_value=Decimal(least),
            max_digits=17,
            decimal_places=offered.minor_digits,
            widget=forms.NumberInput(
                attrs={"class": "form-control", "step": str(step), "inputmode": "decimal"}
            ),
        )

    return made


def _count(label: StrPromise, *, most: int = 32767) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.IntegerField(  # noqa: ARG005
        label=label,
        min_value=1,
        max_value=most,
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )


def _percent(label: StrPromise, *, most: Decimal) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.DecimalField(  # noqa: ARG005
        label=label,
        min_value=Decimal(0),
        max_value=most,
        max_digits=10,
        decimal_places=6,
        widget=forms.NumberInput(
            attrs={"class": "form-control", "step": "any", "inputmode": "decimal"}
        ),
    )


def _choice(label: StrPromise, choices: Choices) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.ChoiceField(  # noqa: ARG005
        label=label, choices=choices, widget=forms.Select(attrs={"class": "form-select"})
    )


def _offered(label: StrPromise, name: str) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.ChoiceField(
        label=label,
        choices=getattr(offered, name),
        widget=forms.Select(attrs={"class": "form-select"}),
    )


def _text(
    label: StrPromise, *, help_text: "StrPromise | str" = ""
) -> Callable[[Offered], forms.Field]:
    return lambda offered: forms.CharField(  # noqa: ARG005
        label=label,
        help_text=help_text,
        max_length=TEXT_LONGEST,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )


def _components(offered: Offered) -> forms.Field:  # noqa: ARG001
    return forms.MultipleChoiceField(
        label=_("Components"), choices=WAIVABLE, widget=forms.CheckboxSelectMultiple
    )


FIELDS: dict[str, Callable[[Offered], forms.Field]] = {
    "amount_minor": _money(_("Amount")),
    "percent": _percent(_("Or a share, in percent"), most=Decimal(100)),
    "floor_minor": _money(_("Or down to a floor")),
    "components": _components,
    "instalment_nos": _text(_("Instalments"), help_text=_("1, 3-5; empty: all that are due")),
    "spread": _choice(_("How it is laid on them"), SPREADS),
    "first_due_on": _day(_("First due date")),
    "through_on": _day(_("Last day")),
    "due_on": _day(_("Due on")),
    "expires_on": _day(_("Valid through")),
    "instalment_count": _count(_("Number of instalments")),
    "every": _count(_("Every"), most=366),
    "unit": _choice(_("Unit"), UNITS),
    "rate": _percent(_("Rate a year, in percent"), most=MOST_RATE),
    "interest": _choice(_("Interest"), TREATMENTS),
    "surplus": _choice(_("What the money does"), SURPLUS),
    "charge": _offered(_("Item of the cost table"), "charges"),
    "payee": _offered(_("Who gets it"), "payees"),
    "counterparty": _text(_("Counterparty")),
    "price_minor": _money(_("Price")),
    "target_key": _offered(_("Which"), "payments"),
    "quote_id": _offered(_("Quote"), "quotes"),
    "voucher": _text(_("Voucher")),
}


def form_for(
    action: Action, *, offered: Offered, effective_on: date, data: Any = None
) -> forms.Form:
    """Make the form of an action."""
    spec = SPECS[action]
    made: dict[str, forms.Field] = {"effective_on": _day(_("Counts from"))(offered)}
    for name in (*spec.needs, *spec.takes):
        if name == "discounts":
            made |= {f"discount_{part}": _discount(part, offered) for part, _word in PARTS}
            continue
        field = FIELDS[name](offered)
        if name == "target_key" and action is Action.UNDO:
            field = _offered(_("Which"), "undoable")(offered)
        field.required = name in spec.needs
        if name in spec.takes and isinstance(field, forms.ChoiceField):
            field.choices = _or_none(field)
        made[name] = field
    first = spec.needs[0] if spec.needs and spec.needs[0] in made else "effective_on"
    made[first].widget.attrs["autofocus"] = True
    form: type[forms.Form] = type("ActionForm", (forms.Form,), made)
    return form(data, initial={"effective_on": effective_on}, label_suffix="")


def _or_none(field: forms.ChoiceField) -> Choices:
    choices: Any = field.choices
    return [("", "–"), *choices]


def _discount(part: str, offered: Offered) -> forms.Field:
    field = _money(_("Given up"))(offered)
    field.label = _("Given up: %(part)s") % {"part": COMPONENTS[part]}
    field.required = False
    return field


def asked_of(form: forms.Form, *, digits: int) -> Asked:
    """Read what was typed; the form is valid."""
    cleaned = form.cleaned_data
    given: dict[str, Any] = {}
    for field in fields(Asked):
        value = cleaned.get(field.name)
        if value in (None, "", []):
            continue
        given[field.name] = _READ.get(field.name, _as_is)(value, digits)
    discounts = tuple(
        (part, _minor(cleaned[f"discount_{part}"], digits))
        for part in Component
        if cleaned.get(f"discount_{part}")
    )
    if discounts:
        given["discounts"] = discounts
    return Asked(**given)


def _as_is(value: Any, digits: int) -> Any:  # noqa: ARG001
    return value


def _minor(value: Decimal, digits: int) -> int:
    return int(value.scaleb(digits))


def _rate(value: Decimal, digits: int) -> Rate:  # noqa: ARG001
    return Rate(value=value / 100, per=RatePer.YEAR)


def _numbers(text: str, digits: int) -> tuple[int, ...]:  # noqa: ARG001
    """Read ``1, 3-5``; what is no number names no instalment and is refused as such (0)."""
    found: list[int] = []
    for part in text.replace("，", ",").replace("、", ",").split(","):
        match = RANGE.fullmatch(part.strip())
        if match is None:
            found.append(0)
            continue
        first, last = int(match[1]), int(match[2] or match[1])
        found += range(first, last + 1) if last - first < MOST_NUMBERS else [0]
    return tuple(found)


_READ: dict[str, Callable[[Any, int], Any]] = {
    "amount_minor": _minor,
    "floor_minor": _minor,
    "price_minor": _minor,
    "rate": _rate,
    "components": lambda value, digits: tuple(map(Component, value)),  # noqa: ARG005
    "instalment_nos": _numbers,
    "spread": lambda value, digits: Spread(value),  # noqa: ARG005
    "unit": lambda value, digits: PeriodUnit(value),  # noqa: ARG005
    "interest": lambda value, digits: InterestTreatment(value),  # noqa: ARG005
    "surplus": lambda value, digits: Surplus(value),  # noqa: ARG005
    "quote_id": lambda value, digits: int(value),  # noqa: ARG005
}


def reasons() -> Sequence[tuple[str, str | Promise]]:
    return ReasonCode.choices
