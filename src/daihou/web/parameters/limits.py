"""From dated rows to what ``core`` takes: limits, class thresholds, limitation periods.

A rule that was not yet in force limits nothing. A figure that a rule in force needs and that nobody
has entered is refused (``parameter.not_in_force``), never guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from daihou.core.classes import ClassRules
from daihou.core.events import Kind
from daihou.core.life_cost import CostBasis
from daihou.core.limitation import LimitationRules
from daihou.core.limits import (
    Band,
    CostCap,
    ExtensionLimit,
    Figure,
    Limits,
    Payee,
    Rule,
)
from daihou.core.terms import Component
from daihou.errors import DaihouError
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Product
from daihou.web.parameters.models import Parameter
from daihou.web.parameters.queries import Profile, Rules, profile_on, rules_of

COST_CAPS = (
    "cap.annual_cost.licensed",
    "cap.annual_cost.micro_lender",
    "cap.annual_cost.private",
    "cap.annual_cost.criminal",
)
BORROWER_CAPS = (
    "borrower.cap.bank",
    "borrower.cap.micro_lender",
    "borrower.cap.consumer_finance",
)
ONLY_CAP = {"private": "cap.annual_cost.private"}  # Without it nothing would limit the price.
LPR = "lpr.one_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    rules: Rules
    profile: Profile
    on: date
    contracted_on: date
    term_months: int | None
    minor_digits: int

    def row(self, name: str) -> Parameter | None:
        """Find the row in force that concerns this lender and product, by the day it goes by."""
        found = self.rules.find(name=name, on=self.on)
        if found is not None and found.value.get("dated_by") == "contract":
            found = self.rules.find(name=name, on=self.contracted_on)
        return found if found is not None and self.concerns(found.value) else None

    def concerns(self, value: dict[str, Any]) -> bool:
        types = value.get("lender_types")
        classes = value.get("product_classes")
        return (types is None or self.profile.lender_type in types) and (
            classes is None or self.profile.product_class in classes
        )


def limits_on(
    *,
    book: Book,
    on: date,
    contracted_on: date | None = None,
    product: Product | None = None,
    term_months: int | None = None,
    profile: Profile | None = None,
) -> Limits:
    """Build what limits a loan of the book on a day; ``contracted_on`` dates price caps.

    ``term_months`` is the agreed term, where a short loan has a cap of its own; ``profile`` stands
    in for what the book says of itself, where a product is still being made.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    contracted_on = contracted_on or on
    profile = profile_on(book=book, on=contracted_on, product=product)
    return limits_from(
        rules=rules_of(jurisdiction=profile.jurisdiction),
        profile=profile,
        on=on,
        contracted_on=contracted_on,
        term_months=term_months,
        minor_digits=book.minor_digits,
    )


def limits_from(
    *,
    rules: Rules,
    profile: Profile,
    on: date,
    contracted_on: date,
    minor_digits: int,
    term_months: int | None = None,
) -> Limits:
    """Build limits from rows and a profile that are read already.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    asked = _Asked(
        rules=rules,
        profile=profile,
        on=on,
        contracted_on=contracted_on,
        term_months=term_months,
        minor_digits=minor_digits,
    )
    empty = Limits(
        jurisdiction=profile.jurisdiction,
        lender_type=profile.lender_type,
        on=on,
        contracted_on=contracted_on,
    )
    return _filled(asked) if profile.jurisdiction else empty


def _filled(asked: _Asked) -> Limits:
    compound = asked.row("compound.in_term_multiple")
    disclosure = asked.row("disclosure.cost_table")
    bullet = asked.row("bullet.months_most")
    extension = asked.row("extension.share_of_term")
    payees = asked.row("payee.refused")
    kinds = extension.value.get("kinds", ["extended"]) if extension else ["extended"]
    return Limits(
        jurisdiction=asked.profile.jurisdiction,
        lender_type=asked.profile.lender_type,
        on=asked.on,
        contracted_on=asked.contracted_on,
        cost_caps=tuple(_cost_caps(asked)),
        penalty_overdue=_band(asked.row("penalty.multiple.overdue")),
        penalty_misuse=_band(asked.row("penalty.multiple.misuse")),
        compound_in_term=_figure(compound, "most"),
        disclosure=None if disclosure is None else rule_of(disclosure),
        payees_refused=() if payees is None else _payees(payees),
        extensions=tuple(_extensions(extension)),
        extension_kinds=frozenset(map(Kind, kinds)),
        bullet_months_most=_figure(bullet, "months"),
        borrower_most_minor=_borrower_cap(asked),
        waiver_shares=_waiver_shares(asked),
    )


def rule_of(row: Parameter) -> Rule:
    """Return what a row says about itself."""
    return Rule(
        rule_id=row.rule_id or row.name,
        valid_from=row.valid_from,
        source=row.source,
        confidence=row.confidence,
    )


def _figure(row: Parameter | None, name: str) -> Figure | None:
    if row is None:
        return None
    return Figure(value=Decimal(str(row.value[name])), rule=rule_of(row))


def _band(row: Parameter | None) -> Band | None:
    if row is None:
        return None
    least, most = (Decimal(str(row.value[name])) for name in ("least", "most"))
    figure = partial(Figure, rule=rule_of(row))
    return Band(least=figure(value=least), most=figure(value=most))


def _cost_caps(asked: _Asked) -> Iterable[CostCap]:
    for name in COST_CAPS:
        row = asked.row(name)
        if row is None and name == ONLY_CAP.get(asked.profile.lender_type):
            row = asked.rules.need(name=name, on=asked.contracted_on)
        if row is not None:
            most = Figure(value=_cap_rate(asked, row.value), rule=rule_of(row))
            yield CostCap(most=most, basis=CostBasis(row.value["basis"]))


def _cap_rate(asked: _Asked, value: dict[str, Any]) -> Decimal:
    """Read the rate of a cap: its own, or so many times the LPR of the contract's day."""
    plan_on, multiple = asked.profile.lpr_cap_from, value.get("lpr_multiple")
    if multiple is None and plan_on is not None and plan_on <= asked.contracted_on:
        multiple = value.get("lpr_multiple_by_plan")
    is_short = asked.term_months is not None and asked.term_months <= value.get(
        "short_term_months_most", 0
    )
    if multiple is None:
        return Decimal(value["rate"])
    if is_short:
        return Decimal(value["short_term_rate"])
    lpr = asked.rules.need(name=LPR, on=asked.contracted_on)
    return Decimal(multiple) * Decimal(lpr.value["rate"])


def _payees(row: Parameter) -> tuple[tuple[Payee, Rule], ...]:
    return tuple((Payee(name), rule_of(row)) for name in row.value["payees"])


def _extensions(row: Parameter | None) -> Iterable[ExtensionLimit]:
    if row is None:
        return
    for step in row.value["steps"]:
        yield ExtensionLimit(
            term_months_most=step["term_months_most"],
            share=Figure(value=Decimal(step["share"]), rule=rule_of(row)),
        )


def _borrower_cap(asked: _Asked) -> Figure | None:
    for name in BORROWER_CAPS:
        row = asked.row(name)
        most = row.value["most"].get(asked.profile.product_class) if row else None
        if row is not None and most is not None:
            minor = Decimal(most).scaleb(asked.minor_digits)
            return Figure(value=minor, rule=rule_of(row))
    return None


def _waiver_shares(asked: _Asked) -> dict[Component, Figure]:
    """Read the house's own floor of discounts, where it has set one."""
    row = asked.row("waiver.most_share")
    if row is None:
        return {}
    return {
        Component(name): Figure(value=Decimal(share), rule=rule_of(row))
        for name, share in row.value.items()
        if name in set(Component)
    }


def find_class_rules(*, book: Book, on: date) -> ClassRules | None:
    """Return the thresholds for a book on a day; None where its law or the day has none here.

    A class is what a lender's supervisor asks of its whole book, whatever law a contract is under.
    """
    try:
        return class_rules_on(jurisdiction=profile_on(book=book, on=on).jurisdiction, on=on)
    except DaihouError:
        return None


def class_rules_on(*, jurisdiction: str, on: date) -> ClassRules:
    """Build the thresholds of the five-level floor in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    return class_rules_from(rules=rules_of(jurisdiction=jurisdiction), on=on)


def class_rules_from(*, rules: Rules, on: date) -> ClassRules:
    """Build thresholds from rows that are read already.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    read = partial(rules.need, on=on)
    thresholds = read(name="class.thresholds")
    observation, cure = read(name="class.observation").value, read(name="class.cure").value
    return ClassRules(
        valid_from=thresholds.valid_from,
        **thresholds.value,
        technical_days=read(name="class.technical_days").value["days"],
        observation_periods=observation["periods"],
        observation_months=observation["months"],
        cure_periods=cure["periods"],
        cure_months=cure["months"],
    )


def limitation_rules_on(*, jurisdiction: str, on: date) -> LimitationRules:
    """Build the periods of limitation, enforcement and guarantee in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    return limitation_rules_from(rules=rules_of(jurisdiction=jurisdiction), on=on)


def limitation_rules_from(*, rules: Rules, on: date) -> LimitationRules:
    """Build periods from rows that are read already.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    read = partial(rules.need, on=on)
    periods = read(name="limitation.periods")
    return LimitationRules(
        valid_from=periods.valid_from,
        **periods.value,
        enforcement_years=read(name="limitation.enforcement").value["years"],
        guarantee_months=read(name="guarantee.period").value["months"],
    )
