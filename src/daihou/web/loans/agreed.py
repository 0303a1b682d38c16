"""The terms columns of a canonical loans frame, turned into checked ``core`` terms.

Shape   Free dues are kept per loan (``LoanSchedule``), so terms here have none.
Errors  ``TermsRefused`` of core, by its code.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from daihou.core.terms import FreeDue, Method, Terms, check_terms_alone
from daihou.tapes.contracts import terms_of

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
_ONE_DUE = (FreeDue(due_on=date.min, principal_minor=1),)


def agreed_terms(*, row: Mapping[str, Any]) -> Terms:
    """Build the terms of one row of ``TERMS_COLUMNS`` and check them.

    :raises TermsRefused: as ``core.terms.check_terms_alone``.
    """
    terms = terms_of(row)
    is_free = terms.method is Method.FREE
    check_terms_alone(replace(terms, free_dues=_ONE_DUE) if is_free else terms)
    return terms
