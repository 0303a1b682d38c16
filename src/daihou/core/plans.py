"""Divide a loan's instalments into principal and interest, method by method.

Units   Minor units in and out; a period's rate is a ratio of ints over one denominator.
Shape   One ``(principal, interest)`` pair of columns, each as long as ``periods.dues``.
Errors  None of its own: ``check_terms`` and ``plan_periods`` have refused what is senseless.
Source  docs/algorithms/schedule.md, one section per method.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import gcd

from daihou.core.money import round_amount, round_ratio
from daihou.core.periods import Periods, nominal_rate
from daihou.core.terms import InstalmentRule, Method, Terms, TrancheRule

Columns = tuple[list[int], list[int]]


@dataclass(frozen=True, slots=True)
class Inflow:
    """Principal that comes in within a period, with the rate it still bears there."""

    amount_minor: int
    rate: Fraction


Inflows = Mapping[int, Sequence[Inflow]]
NOTHING: Inflows = {}


def divide(
    *, terms: Terms, periods: Periods, opening_minor: int, inflows: Inflows = NOTHING
) -> Columns:
    """Divide what is owed into the instalments of the periods; the last one absorbs.

    >>> from daihou.core.periods import plan_periods
    >>> from daihou.core.terms import Rate, RatePer, InterestBasis
    >>> from decimal import Decimal
    >>> from datetime import date
    >>> terms = Terms(
    ...     method=Method.EQUAL_PRINCIPAL,
    ...     rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR),
    ...     interest_basis=InterestBasis.PER_PERIOD,
    ...     instalment_count=3,
    ... )
    >>> periods = plan_periods(terms=terms, start_on=date(2024, 1, 1))
    >>> divide(terms=terms, periods=periods, opening_minor=10_000)
    ([3333, 3333, 3334], [100, 67, 33])
    """
    principal, interest = _DIVIDERS[terms.method](terms, periods, opening_minor, inflows)
    grace = terms.interest_grace_count
    if grace:
        interest[grace] += sum(interest[:grace])
        interest[:grace] = [0] * grace
    return principal, interest


def _bears(
    balance_minor: int, arriving: Sequence[Inflow], periods: Periods, period_no: int
) -> Fraction:
    exact = Fraction(balance_minor * periods.rates[period_no], periods.denominator)
    return exact + sum((inflow.amount_minor * inflow.rate for inflow in arriving), Fraction(0))


def _declining(terms: Terms, periods: Periods, opening_minor: int, inflows: Inflows) -> Columns:
    """Plan shares of principal fixed in advance: all equal, or all in the last instalment."""
    count, grace = len(periods.dues), terms.principal_grace_count
    balance, paid_out, share = opening_minor, opening_minor, 0
    principal, interest = [0] * count, [0] * count
    for period_no in range(count):
        arriving = inflows.get(period_no, ())
        exact = _bears(balance, arriving, periods, period_no)
        interest[period_no] = round_amount(amount=exact, rounding=terms.rounding)
        arrived = sum(inflow.amount_minor for inflow in arriving)
        balance, paid_out = balance + arrived, paid_out + arrived
        if terms.method is Method.EQUAL_PRINCIPAL and (period_no == grace or arriving):
            whole_term = terms.tranche_rule is TrancheRule.WHOLE_TERM
            share = round_ratio(
                numerator=paid_out if whole_term else balance,
                denominator=count - (grace if whole_term else max(grace, period_no)),
                rounding=terms.rounding,
                multiple_minor=terms.multiple_minor,
            )
        if period_no == count - 1:
            principal[period_no] = balance
        elif period_no >= grace:
            principal[period_no] = min(share, balance)
        balance -= principal[period_no]
    return principal, interest


def _flat(terms: Terms, periods: Periods, opening_minor: int, inflows: Inflows) -> Columns:
    """Plan each amount paid out by itself: interest on all of it to the end, in equal shares."""
    count = len(periods.dues)
    principal, interest = [0] * count, [0] * count
    first = Inflow(opening_minor, Fraction(periods.rates[0], periods.denominator))
    amounts = [(0, first), *((no, inflow) for no in sorted(inflows) for inflow in inflows[no])]
    for from_no, inflow in amounts:
        later = Fraction(sum(periods.rates[from_no + 1 :]), periods.denominator)
        total = round_amount(
            amount=inflow.amount_minor * (inflow.rate + later), rounding=terms.rounding
        )
        planned_from = 0 if terms.tranche_rule is TrancheRule.WHOLE_TERM else from_no
        repaid_from = max(terms.principal_grace_count, planned_from)
        interest_share = Fraction(total, count - planned_from)
        instalment = round_amount(
            amount=interest_share + Fraction(inflow.amount_minor, count - repaid_from),
            rounding=terms.rounding,
            multiple_minor=terms.multiple_minor,
        )
        share = round_amount(amount=interest_share, rounding=terms.rounding)
        owed, owed_interest = inflow.amount_minor, total
        for period_no in range(from_no, count):
            last = period_no == count - 1
            part = owed_interest if last else min(share, owed_interest)
            repaid = owed if last else min(max(instalment - share, 0), owed)
            if period_no < terms.principal_grace_count:
                repaid = 0
            interest[period_no] += part
            principal[period_no] += repaid
            owed, owed_interest = owed - repaid, owed_interest - part
    return principal, interest


def _annuity(terms: Terms, periods: Periods, opening_minor: int, inflows: Inflows) -> Columns:
    """Plan equal instalments from each day on which what is owed changes from outside."""
    count, grace = len(periods.dues), terms.principal_grace_count
    stations = sorted({0, grace, *inflows})
    balance, paid_out = opening_minor, opening_minor
    principal: list[int] = []
    interest: list[int] = []
    for from_no, until_no in zip(stations, [*stations[1:], count], strict=True):
        arriving = inflows.get(from_no, ())
        bears = _bears(balance, arriving, periods, from_no)
        arrived = sum(inflow.amount_minor for inflow in arriving)
        balance, paid_out = balance + arrived, paid_out + arrived
        run = _Run(terms, periods, from_no, balance, bears)
        instalment = 0 if from_no < grace else _instalment(run, paid_out)
        columns = _walk(run, instalment)
        rest_is_shared = terms.tranche_rule is TrancheRule.REMAINING or from_no == grace
        own_periods = terms.instalment_rule is InstalmentRule.OWN_PERIODS
        if own_periods and rest_is_shared and from_no >= grace:
            columns = _moved(run, instalment, columns)
        principal += columns[0][: until_no - from_no]
        interest += columns[1][: until_no - from_no]
        balance -= sum(columns[0][: until_no - from_no])
    return principal, interest


@dataclass(frozen=True, slots=True)
class _Run:
    """The instalments from one period to the end, while nothing changes from outside."""

    terms: Terms
    periods: Periods
    from_no: int
    balance_minor: int
    first_bears: Fraction

    @property
    def count(self) -> int:
        return len(self.periods.dues) - self.from_no


def _instalment(run: _Run, paid_out_minor: int) -> int:
    terms = run.terms
    planned, count, bears = run.balance_minor, run.count, run.first_bears
    from_no = run.from_no
    if terms.tranche_rule is TrancheRule.WHOLE_TERM:
        from_no = terms.principal_grace_count
        planned, count = paid_out_minor, len(run.periods.dues) - from_no
        bears = Fraction(planned * run.periods.rates[from_no], run.periods.denominator)
    if terms.instalment_rule is InstalmentRule.OWN_PERIODS:
        growth, base, divisor = _own_factors(run.periods, from_no)
        owed = (planned + bears) * growth - terms.balloon_minor * base
        exact = max(owed, Fraction(0)) / divisor
        return round_amount(
            amount=exact, rounding=terms.rounding, multiple_minor=terms.multiple_minor
        )
    growth, base, divisor = _nominal_factors(*nominal_rate(terms), count)
    return round_ratio(
        numerator=max(planned * growth - terms.balloon_minor * base, 0),
        denominator=divisor,
        rounding=terms.rounding,
        multiple_minor=terms.multiple_minor,
    )


@lru_cache(maxsize=4096)
def _nominal_factors(numerator: int, denominator: int, count: int) -> tuple[int, int, int]:
    """Give the annuity formula as ``(owed * growth - left_over * base) / divisor``."""
    if numerator == 0:
        return 1, 1, count
    grown, base = (numerator + denominator) ** count, denominator**count
    factors = grown * numerator, base * numerator, denominator * (grown - base)
    common = gcd(*factors)
    return factors[0] // common, factors[1] // common, factors[2] // common


def _own_factors(periods: Periods, from_no: int) -> tuple[int, int, int]:
    """Give the same factors when each period has its own rate, what is owed with first interest."""
    growth, divisor, base = 1, 1, 1
    for rate in reversed(periods.rates[from_no + 1 :]):
        growth *= periods.denominator + rate
        divisor = divisor * periods.denominator + growth
        base *= periods.denominator
    return growth, base, divisor


def _walk(run: _Run, instalment: int) -> Columns:
    """Let each instalment pay its interest first; the last pays all that is left."""
    principal: list[int] = []
    interest: list[int] = []
    balance = run.balance_minor
    due = round_amount(amount=run.first_bears, rounding=run.terms.rounding)
    for rate in run.periods.rates[run.from_no :]:
        if principal:
            due = round_ratio(
                numerator=balance * rate,
                denominator=run.periods.denominator,
                rounding=run.terms.rounding,
            )
        repaid = min(max(instalment - due, 0), balance)
        interest.append(due)
        principal.append(repaid)
        balance -= repaid
    principal[-1] += balance
    return principal, interest


def _moved(run: _Run, instalment: int, columns: Columns) -> Columns:
    """Move the instalment once by its share of the last one's difference, where that helps."""
    terms = run.terms
    difference = _last_difference(columns, instalment, terms)
    if 2 * abs(difference) <= run.count:
        return columns
    moved = instalment + round_ratio(
        numerator=difference,
        denominator=run.count,
        rounding=terms.rounding,
        multiple_minor=terms.multiple_minor,
    )
    tried = _walk(run, moved)
    better = abs(_last_difference(tried, moved, terms)) < abs(difference)
    return tried if better else columns


def _last_difference(columns: Columns, instalment: int, terms: Terms) -> int:
    principal, interest = columns
    return principal[-1] + interest[-1] - terms.balloon_minor - instalment


_DIVIDERS = {
    Method.EQUAL_INSTALMENT: _annuity,
    Method.BALLOON: _annuity,
    Method.EQUAL_PRINCIPAL: _declining,
    Method.INTEREST_ONLY: _declining,
    Method.BULLET: _declining,
    Method.FLAT: _flat,
}
