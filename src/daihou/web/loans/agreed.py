"""The terms columns of a canonical loans frame, turned into checked ``core`` terms.

Shape   Free dues are kept per loan (``LoanSchedule``), so terms here have none.
Errors  ``TermsRefused`` of core, by its code.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from daihou.core import accrual
from daihou.core.calendar import CalendarRefused
from daihou.core.periods import plan_periods
from daihou.core.terms import (
    MOST_MINOR,
    FreeDue,
    Method,
    PeriodUnit,
    RatePer,
    Terms,
    TermsRefused,
    check_terms_alone,
)
from daihou.tapes.contracts import Calendars, terms_of

TERMS_COLUMNS = (
    "method",
    "rate",
    "rate_per",
    "day_count",
    "interest_basis",
    "instalment_count",
    "every",
    "unit",
    "first_due_on",
    "month_end",
    "holiday_shift",
    "calendar",
    "rounding",
    "multiple_minor",
    "balloon_minor",
    "principal_grace_count",
    "interest_grace_count",
    "instalment_fee_minor",
    "down_payment_rate",
    "grace_days",
    "tolerance_minor",
    "allocation_order",
    "allocation_mode",
    "surplus",
    "late_allocation_order",
    "late_from_days",
    "penalty_rate",
    "penalty_rate_per",
    "penalty_multiple",
    "compound_rate",
    "compound_rate_per",
    "penalty_rounding",
    "penalty_stop_after_days",
)
LONGEST_UNIT_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7, PeriodUnit.MONTH: 31}
PERIODS_OF_YEAR = {RatePer.YEAR: 1, RatePer.MONTH: 12, RatePer.DAY: 366}
LEAST_YEAR_DAYS = 360
_ONE_DUE = (FreeDue(due_on=date.min, principal_minor=1),)


def agreed_terms(*, row: Mapping[str, Any], calendars: Calendars) -> Terms:
    """Build the terms of one row of ``TERMS_COLUMNS`` and check them.

    :raises TermsRefused: as ``core.terms.check_terms_alone``, and ``calendar.unknown``.
    """
    terms = terms_of(row, calendars=calendars)
    is_free = terms.method is Method.FREE
    check_terms_alone(replace(terms, free_dues=_ONE_DUE) if is_free else terms)
    return terms


def check_shifted(*, terms: Terms, start_on: date) -> str | None:
    """Return the code by which a start is refused whose due dates cannot leave their holidays."""
    if terms.method is Method.FREE:
        return None
    try:
        plan_periods(terms=terms, start_on=start_on)
    except (TermsRefused, CalendarRefused) as refused:
        return refused.code
    return None


def product_terms(terms: Terms) -> Terms:
    """Return terms without what is a loan's own: the date of its first instalment.

    >>> from decimal import Decimal
    >>> from daihou.core.terms import Rate, RatePer
    >>> rate = Rate(value=Decimal("0.12"), per=RatePer.YEAR)
    >>> own = Terms(method=Method.BULLET, rate=rate, first_due_on=date(2025, 3, 1))
    >>> product_terms(own).first_due_on is None
    True
    """
    return replace(terms, first_due_on=None)


def widest_amounts(terms: Terms) -> tuple[int, int]:
    """Return the largest loan that 64 bits hold: with all its interest, and with what accrues.

    The interest of a loan is never more than its rate bears on all of it over the whole term.
    """
    days = terms.instalment_count * terms.every * LONGEST_UNIT_DAYS[terms.unit]
    yearly = Fraction(terms.rate.value) * PERIODS_OF_YEAR[terms.rate.per]
    interest = yearly * days / LEAST_YEAR_DAYS
    widest = accrual.widest_base(terms=terms)
    if terms.penalty is not None and terms.penalty.compound_rate is not None:
        widest = int(widest / max(Fraction(1), interest))
    return int(MOST_MINOR / (1 + interest)), widest
