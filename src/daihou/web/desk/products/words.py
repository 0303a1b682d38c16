"""The words of terms: what can be chosen, and what each field of a version is called."""

from typing import Final

from django.utils.translation import gettext, gettext_lazy as _

from daihou.core.limits import Payee
from daihou.core.quote import FeeMethod
from daihou.core.terms import Method
from daihou.web.board.words import COMPONENTS, METHODS
from daihou.web.loans.costs import Charged, PrepaymentFee

HUNDRED: Final = 100

OFFERED_METHODS: Final = [(name, label) for name, label in METHODS.items() if name != Method.FREE]
UNITS: Final = [("month", _("Months")), ("week", _("Weeks")), ("day", _("Days"))]
PERIODS: Final = [("year", _("a year")), ("month", _("a month")), ("day", _("a day"))]
DAY_COUNTS: Final = [(name, name) for name in (
    "actual/365", "actual/360", "actual/364", "actual/actual", "30/360",
)]  # fmt: skip
INTEREST_BASES: Final = [
    ("daily", _("By the days of each period")),
    ("per_period", _("The same share of a year for each period")),
]
ROUNDINGS: Final = [
    ("half_up", _("Half up")),
    ("half_even", _("Half to even")),
]
INSTALMENT_RULES: Final = [
    ("nominal_periods", _("A month is a twelfth of the year")),
    ("thirty_day_months", _("A month is 30 days of the day count's year")),
    ("own_periods", _("Each period by its own days")),
]
TRANCHE_RULES: Final = [
    ("remaining", _("Plan what is owed anew over the instalments to come")),
    ("whole_term", _("The instalment of the whole term, from that day on")),
]
MONTH_ENDS: Final = [
    ("last_day", _("On the last day of the month")),
    ("first_of_next", _("On the 1st of the next month")),
]
SHIFTS: Final = [
    ("none", _("Stays on its day")),
    ("following", _("Moves to the next open day")),
    ("modified_following", _("Next open day, within the month")),
    ("preceding", _("Moves to the open day before")),
]
PENALTIES: Final = [
    ("none", _("No penalty")),
    ("multiple", _("A multiple of the rate")),
    ("rate", _("A rate of its own")),
]
ACCRUALS: Final = [
    ("each_day", _("Rounded each day")),
    ("span", _("Exact, rounded when it falls due")),
]
ORDERS: Final = [
    ("statutory", _("Costs, penalty, interest, then principal (Civil Code 561)")),
    ("principal_first", _("Principal first")),
    ("kept", _("As in the version this one is made from")),
]
MODES: Final = [
    ("horizontal", _("Instalment by instalment")),
    ("vertical", _("Component by component")),
]
SURPLUSES: Final = [
    ("hold", _("Waits for the next due date")),
    ("next_instalment", _("Pays the next instalment")),
    ("last_instalment", _("Pays the last instalment")),
    ("spread", _("Spread over all instalments to come")),
    ("shorten", _("Shortens the term")),
    ("lower", _("Lowers the instalments")),
]
CHARGED: Final = {
    Charged.IN_SCHEDULE: _("In the schedule"),
    Charged.AT_START: _("Once, at disbursement"),
    Charged.EACH_INSTALMENT: _("With each instalment, beside the schedule"),
    Charged.ON_EVENT: _("Only if it happens"),
}
PAYEES: Final = {
    Payee.LENDER: _("Lender"),
    Payee.GUARANTOR: _("Guarantor"),
    Payee.INSURER: _("Insurer"),
    Payee.PLATFORM: _("Platform"),
    Payee.THIRD_PARTY: _("Third party"),
}
PREPAYMENT: Final = {
    FeeMethod.PERCENT_OF_PRINCIPAL: _("% of the principal not yet due"),
    FeeMethod.MONTHS_OF_INTEREST: _("months of interest on it"),
}
CHARGEABLE: Final = [(name, label) for name, label in COMPONENTS.items() if name != "principal"]


def prepayment_text(fee: PrepaymentFee) -> str:
    """Say what paying off early costs."""
    is_share = fee.method is FeeMethod.PERCENT_OF_PRINCIPAL
    value = fee.value * HUNDRED if is_share else fee.value
    text = f"{value.normalize():f} {PREPAYMENT[fee.method]}"
    if fee.free_after_instalments is None:
        return text
    free = gettext("none once %(count)s instalments are paid") % {
        "count": fee.free_after_instalments
    }
    return f"{text}, {free}"


FIELD_OF_PATH: Final = {  # Where a difference is named by the field of the form.
    "terms.rate.value": "rate",
    "terms.rate.per": "rate_per",
    "terms.multiple_minor": "multiple",
    "terms.balloon_minor": "balloon",
    "terms.instalment_fee_minor": "instalment_fee",
    "terms.tolerance_minor": "tolerance",
    "terms.down_payment_rate": "down_payment",
    "terms.penalty.multiple": "penalty_multiple",
    "terms.penalty.rate.value": "penalty_rate",
    "terms.penalty.rate.per": "penalty_rate_per",
    "terms.penalty.rounding": "penalty_rounding",
    "terms.penalty.compound_rate.value": "compound_rate",
    "terms.penalty.compound_rate.per": "compound_rate_per",
    "terms.penalty.stop_after_days": "stop_after_days",
    "terms.allocation.normal.mode": "mode",
    "terms.allocation.normal.surplus": "surplus",
    "terms.calendar.name": "calendar",
    "ranges.principal_least_minor": "principal_least",
    "ranges.principal_most_minor": "principal_most",
}
OWNERS: Final = {  # What a field says nothing without.
    "penalty_rate_per": "penalty_rate",
    "compound_rate_per": "compound_rate",
}
MINOR_FIELDS: Final = frozenset(
    {"multiple", "balloon", "instalment_fee", "tolerance", "principal_least", "principal_most"}
)
SHARE_FIELDS: Final = frozenset(
    {"rate", "down_payment", "penalty_rate", "compound_rate", "rate_least", "rate_most"}
)
