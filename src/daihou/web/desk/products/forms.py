"""A version as a form: every field of its terms, with plain words, read into ``Content``.

Amounts are typed in the currency's own unit, rates and shares in percent.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from daihou.core.limits import Payee
from daihou.core.quote import FeeMethod
from daihou.core.terms import (
    MOST_INSTALMENTS,
    PRINCIPAL_FIRST_ORDER,
    STATUTORY_ORDER,
    AccrualRounding,
    AllocationTerms,
    Calendar,
    Component,
    DayCount,
    HolidayShift,
    InstalmentRule,
    InterestBasis,
    Method,
    Mode,
    MonthEnd,
    PenaltyTerms,
    PeriodUnit,
    Rate,
    RatePer,
    Recalculation,
    Rounding,
    Surplus,
    Terms,
    TrancheRule,
    rule_in_order,
)
from daihou.web.desk.products import words
from daihou.web.loans.costs import (
    MOST_ITEMS,
    PAYEE_LONGEST,
    STANDARD_LONGEST,
    Charged,
    CostItem,
    PrepaymentFee,
)
from daihou.web.loans.operations import NOTE_LONGEST
from daihou.web.loans.queries import Content
from daihou.web.loans.ranges import Ranges
from daihou.web.parameters.models import LenderType, ProductClass

HUNDRED: Final = 100
RATE_MOST: Final = Decimal(10_000)  # Percent.
AMOUNT_DIGITS: Final = 16
EXTRA_ITEMS: Final = 2
SCHEDULE_EVERY_MOST: Final = 3660


def _percent(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=Decimal(0), max_value=RATE_MOST,
        decimal_places=10, help_text=help_text,
    )  # fmt: skip


def _amount(label: Any, *, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=Decimal(0), max_digits=AMOUNT_DIGITS,
        decimal_places=4, help_text=help_text,
    )  # fmt: skip


def _count(label: Any, *, least: int = 0, most: int, required: bool = False,
           help_text: Any = "") -> forms.IntegerField:  # fmt: skip
    return forms.IntegerField(
        label=label, required=required, min_value=least, max_value=most, help_text=help_text
    )


def _choice(label: Any, choices: Any, *, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text)


def _day(label: Any, *, required: bool, help_text: Any = "") -> forms.DateField:
    return forms.DateField(
        label=label, required=required, help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip


class Styled(forms.Form):
    """Fields in the look of the site."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for field in self.fields.values():
            widget = field.widget
            kinds = (forms.Select, forms.SelectMultiple)
            if isinstance(widget, forms.CheckboxInput):
                widget.attrs.setdefault("class", "form-check-input")
            elif isinstance(widget, forms.CheckboxSelectMultiple):
                widget.attrs.setdefault("class", "form-check-input me-1")
            else:
                name = "form-select" if isinstance(widget, kinds) else "form-control"
                widget.attrs.setdefault("class", name)


class VersionForm(Styled):
    effective_on = _day(_("In force from"), required=True,
        help_text=_("The first day on which a loan may start."))  # fmt: skip
    effective_until = _day(_("In force through"), required=False,
        help_text=_("Empty: until the next version."))  # fmt: skip
    lender_type = _choice(_("Whose loans"), [("", "–"), *LenderType.choices],
        help_text=_("Which limits of law concern the product."))  # fmt: skip
    product_class = forms.ChoiceField(label=_("Class of product"), required=False,
        choices=ProductClass.choices)  # fmt: skip
    note = forms.CharField(label=_("What is new"), required=False, max_length=NOTE_LONGEST,
        help_text=_("What changes and why, for the person who approves."))  # fmt: skip
    method = _choice(_("Repayment"), words.OFFERED_METHODS)
    instalment_count = _count(
        _("Number of instalments"), least=1, most=MOST_INSTALMENTS, required=True
    )
    every = _count(_("Every"), least=1, most=SCHEDULE_EVERY_MOST, required=True)
    unit = _choice(_("Unit of periods"), words.UNITS)
    month_end = _choice(_("A 31st in a short month falls"), words.MONTH_ENDS)
    holiday_shift = _choice(_("A due date on a holiday"), words.SHIFTS)
    calendar = forms.ChoiceField(label=_("Holiday calendar"), required=False)
    principal_grace_count = _count(_("First instalments without principal"), most=600)
    interest_grace_count = _count(_("First instalments without interest"), most=600,
        help_text=_("That interest falls due after them."))  # fmt: skip
    balloon = _amount(_("Principal left for the last instalment"),
        help_text=_("For a balloon only."))  # fmt: skip
    down_payment = _percent(_("Down payment, %"),
        help_text=_("Share of each disbursement due on its own day."))  # fmt: skip
    rate = _percent(_("Rate, %"), required=True)
    rate_per = _choice(_("The rate is"), words.PERIODS)
    day_count = _choice(_("Day count"), words.DAY_COUNTS)
    interest_basis = _choice(_("Interest of a period"), words.INTEREST_BASES)
    instalment_rule = _choice(_("Equal instalment is computed as if"), words.INSTALMENT_RULES)
    rounding = _choice(_("Rounding"), words.ROUNDINGS)
    multiple = _amount(_("Instalment rounded to"),
        help_text=_("1 rounds it to whole units; the last instalment takes the rest."))  # fmt: skip
    instalment_fee = _amount(_("Fee of each instalment"))
    is_recalculated = forms.BooleanField(label=_("Interest follows what is really owed"),
        required=False, help_text=_("A prepayment lowers interest from its day on."))  # fmt: skip
    overdue_bears = forms.BooleanField(label=_("Overdue principal goes on bearing interest"),
        required=False)  # fmt: skip
    grace_days = _count(_("Days of grace"), most=365,
        help_text=_("No penalty in them; days past due count on."))  # fmt: skip
    tolerance = _amount(_("Tolerance"),
        help_text=_("An instalment that lacks no more is not past due."))  # fmt: skip
    penalty = _choice(_("Penalty"), words.PENALTIES)
    penalty_multiple = forms.DecimalField(label=_("Multiple of the rate"), required=False,
        min_value=Decimal(0), max_value=Decimal(100), decimal_places=6)  # fmt: skip
    penalty_rate = _percent(_("Penalty rate, %"))
    penalty_rate_per = _choice(_("The penalty rate is"), words.PERIODS)
    penalty_rounding = _choice(_("Penalty is"), words.ACCRUALS)
    compound_rate = _percent(_("Compound interest, %"),
        help_text=_("On unpaid interest; empty: none."))  # fmt: skip
    compound_rate_per = _choice(_("Compound interest is"), words.PERIODS)
    stop_after_days = _count(_("Penalty stops after days past due"), least=1, most=36_500)
    order = _choice(_("A payment goes to"), words.ORDERS)
    mode = _choice(_("Goes through"), words.MODES)
    surplus = _choice(_("What is left of a payment"), words.SURPLUSES)
    late_from_days = _count(_("Principal first from days past due"), least=1, most=3650,
        help_text=_("Card debts: 91. Empty: never."))  # fmt: skip
    tranche_rule = _choice(_("A later disbursement"), words.TRANCHE_RULES)
    principal_least = _amount(_("Smallest loan"))
    principal_most = _amount(_("Largest loan"))
    count_least = _count(_("Fewest instalments"), least=1, most=MOST_INSTALMENTS)
    count_most = _count(_("Most instalments"), least=1, most=MOST_INSTALMENTS)
    rate_least = _percent(_("Lowest rate, %"))
    rate_most = _percent(_("Highest rate, %"))
    methods = forms.MultipleChoiceField(label=_("Other ways to repay"), required=False,
        choices=words.OFFERED_METHODS, widget=forms.CheckboxSelectMultiple)  # fmt: skip

    GROUPS: Final = (
        (_("Days in force"), ("effective_on", "effective_until", "lender_type", "product_class",
                         "note")),
        (_("Repayment"), ("method", "instalment_count", "every", "unit", "month_end",
                          "holiday_shift", "calendar", "principal_grace_count",
                          "interest_grace_count", "balloon", "down_payment", "tranche_rule")),
        (_("Interest"), ("rate", "rate_per", "day_count", "interest_basis", "instalment_rule",
                         "rounding", "multiple", "instalment_fee", "is_recalculated",
                         "overdue_bears")),
        (_("Late payment"), ("grace_days", "tolerance", "penalty", "penalty_multiple",
                             "penalty_rate", "penalty_rate_per", "penalty_rounding",
                             "compound_rate", "compound_rate_per", "stop_after_days")),
        (_("Order of payment"), ("order", "mode", "surplus", "late_from_days")),
        (_("What a loan may have of its own"), ("principal_least", "principal_most",
                                                "count_least", "count_most", "rate_least",
                                                "rate_most", "methods")),
    )  # fmt: skip

    def __init__(self, *given: Any, calendars: dict[str, Calendar], **more: Any) -> None:
        super().__init__(*given, **more)
        chosen: Any = self.fields["calendar"]
        chosen.choices = [("", "–"), *((name, name) for name in calendars)]

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Give the fields in their groups."""
        return [(title, [self[name] for name in names]) for title, names in self.GROUPS]


class CostForm(Styled):
    code = forms.CharField(label=_("Code of the item"), max_length=40)
    component = _choice(_("Component"), words.CHARGEABLE)
    method = _choice(_("Charged"), list(words.CHARGED.items()))
    standard = forms.CharField(label=_("Standard"), max_length=STANDARD_LONGEST)
    payee = forms.CharField(label=_("Payee"), max_length=PAYEE_LONGEST)
    payee_role = _choice(_("Payee is"), list(words.PAYEES.items()))
    share = _percent(_("% of principal"))
    amount = _amount(_("Amount"))
    prepayment_value = _percent(_("Fee for paying off early"))
    prepayment = forms.ChoiceField(label=_("It is measured in"), required=False,
        choices=[("", "–"), *words.PREPAYMENT.items()])  # fmt: skip
    prepayment_free_after = _count(_("None once so many instalments are paid"),
        least=1, most=MOST_INSTALMENTS)  # fmt: skip


if TYPE_CHECKING:
    CostForms = forms.BaseFormSet[CostForm]
else:
    CostForms = forms.BaseFormSet
CostFormSet: Final = forms.formset_factory(
    CostForm, extra=EXTRA_ITEMS, can_delete=True, max_num=MOST_ITEMS, validate_max=True,
    absolute_max=MOST_ITEMS + 10,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Both forms of a version, bound or not."""

    form: VersionForm
    costs: CostForms
    base: Content | None
    digits: int
    calendars: dict[str, Calendar]

    def is_valid(self) -> bool:
        is_form_valid = self.form.is_valid()
        return self.costs.is_valid() and is_form_valid

    def content(self) -> Content:
        """Read what was typed; what no field shows stays as in the version it is made from."""
        given = self.form.cleaned_data
        base = self.base.terms if self.base else None
        rate = Rate(value=_share(given["rate"]), per=RatePer(given["rate_per"]))
        terms = base or Terms(method=Method(given["method"]), rate=rate)
        return Content(
            terms=replace(
                terms, rate=rate, **self._terms(given),
                allocation=_allocation(given, terms.allocation), penalty=_penalty(given),
                recalculation=_recalculation(given, terms.recalculation),
            ),
            effective_on=given["effective_on"],
            effective_until=given["effective_until"],
            costs=tuple(self._costs()),
            ranges=self._ranges(given),
            lender_type=given["lender_type"],
            product_class=given["product_class"],
            note=given["note"],
        )  # fmt: skip

    def _terms(self, given: dict[str, Any]) -> dict[str, Any]:
        down = given["down_payment"]
        return {
            "method": Method(given["method"]),
            "day_count": DayCount(given["day_count"]),
            "interest_basis": InterestBasis(given["interest_basis"]),
            "instalment_count": given["instalment_count"],
            "every": given["every"],
            "unit": PeriodUnit(given["unit"]),
            "month_end": MonthEnd(given["month_end"]),
            "holiday_shift": HolidayShift(given["holiday_shift"]),
            "calendar": self.calendars.get(given["calendar"]),
            "instalment_rule": InstalmentRule(given["instalment_rule"]),
            "tranche_rule": TrancheRule(given["tranche_rule"]),
            "rounding": Rounding(given["rounding"]),
            "multiple_minor": self._minor(given["multiple"]) or 1,
            "balloon_minor": self._minor(given["balloon"]),
            "principal_grace_count": given["principal_grace_count"] or 0,
            "interest_grace_count": given["interest_grace_count"] or 0,
            "instalment_fee_minor": self._minor(given["instalment_fee"]),
            "down_payment_rate": _share(down) if down else None,
            "grace_days": given["grace_days"] or 0,
            "tolerance_minor": self._minor(given["tolerance"]),
        }

    def _ranges(self, given: dict[str, Any]) -> Ranges:
        bounds: dict[str, Any] = {
            f"principal_{end}_minor": self._minor(given[f"principal_{end}"])
            for end in ("least", "most")
            if given[f"principal_{end}"]
        }
        rates: dict[str, Any] = {
            name: None if given[name] is None else _share(given[name])
            for name in ("rate_least", "rate_most")
        }
        return Ranges(
            **bounds,
            **rates,
            count_least=given["count_least"],
            count_most=given["count_most"],
            methods=tuple(map(Method, given["methods"])),
        )

    def _costs(self) -> list[CostItem]:
        rows = [row.cleaned_data for row in self.costs if row.cleaned_data]
        return [
            CostItem(
                code=row["code"],
                component=Component(row["component"]),
                method=Charged(row["method"]),
                standard=row["standard"],
                payee=row["payee"],
                payee_role=Payee(row["payee_role"]),
                is_contingent=row["method"] == Charged.ON_EVENT,
                share=_share(row["share"]) if row["share"] else None,
                amount_minor=self._minor(row["amount"]),
                prepayment=_prepayment(row),
            )
            for row in rows
            if not row.get("DELETE")
        ]

    def _minor(self, amount: Decimal | None) -> int:
        return int((amount or Decimal(0)).scaleb(self.digits).to_integral_value())


def _prepayment(row: dict[str, Any]) -> PrepaymentFee | None:
    """Read the fee for paying off early; one of its two fields alone is senseless, not nothing."""
    value: Decimal = row["prepayment_value"] or Decimal(0)
    if not row["prepayment"] and not value:
        return None
    method = FeeMethod(row["prepayment"] or FeeMethod.PERCENT_OF_PRINCIPAL)
    return PrepaymentFee(
        method=method,
        value=_share(value) if method is FeeMethod.PERCENT_OF_PRINCIPAL else value,
        free_after_instalments=row["prepayment_free_after"],
    )


def _share(percent: Decimal) -> Decimal:
    return (percent / HUNDRED).normalize()


def _allocation(given: dict[str, Any], base: AllocationTerms) -> AllocationTerms:
    mode, surplus = Mode(given["mode"]), Surplus(given["surplus"])
    orders = {"statutory": STATUTORY_ORDER, "principal_first": PRINCIPAL_FIRST_ORDER}
    order = orders.get(given["order"])
    normal = (
        replace(base.normal, mode=mode, surplus=surplus)
        if order is None
        else rule_in_order(order, mode=mode, surplus=surplus)
    )
    late_from = given["late_from_days"]
    late = base.late or rule_in_order(PRINCIPAL_FIRST_ORDER, mode=mode, surplus=surplus)
    return replace(base, normal=normal, late_from_days=late_from, late=late if late_from else None)


def _penalty(given: dict[str, Any]) -> PenaltyTerms | None:
    compound = given["compound_rate"]
    if given["penalty"] == "none" and not compound:
        return None
    own = given["penalty_rate"] or Decimal(0)
    return PenaltyTerms(
        multiple=given["penalty_multiple"] if given["penalty"] == "multiple" else None,
        rate=Rate(value=_share(own), per=RatePer(given["penalty_rate_per"]))
        if given["penalty"] == "rate"
        else None,
        compound_rate=Rate(value=_share(compound), per=RatePer(given["compound_rate_per"]))
        if compound
        else None,
        rounding=AccrualRounding(given["penalty_rounding"]),
        stop_after_days=given["stop_after_days"],
    )


def _recalculation(given: dict[str, Any], base: Recalculation | None) -> Recalculation | None:
    if not given["is_recalculated"]:
        return None
    return replace(base or Recalculation(), overdue_bears=given["overdue_bears"])
