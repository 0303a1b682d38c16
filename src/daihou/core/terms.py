"""The terms of one loan: what was agreed, as frozen values that every rule reads.

Units   ``*_minor`` is an ``int`` count of minor currency units; ``Rate.value`` is a fraction
        (``Decimal("0.12")`` is 12 %) of what ``Rate.per`` names; ``*_days`` counts calendar days.
Shape   A ``Contract`` holds one ``Terms``; ``Terms.free_dues`` is given only for ``Method.FREE``.
Errors  ``TermsRefused`` with a stable code, raised by ``check_terms`` before anything is computed.
Source  Repayment methods as Chinese lenders name them (design.md, "Words"); allocation order:
        PRC Civil Code art. 561; late order: 商业银行信用卡业务监督管理办法 art. 57 (2ND hand).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Method(StrEnum):
    EQUAL_INSTALMENT = "equal_instalment"  # 等额本息
    EQUAL_PRINCIPAL = "equal_principal"  # 等额本金
    INTEREST_ONLY = "interest_only"  # 先息后本
    BULLET = "bullet"  # 到期一次还本付息
    FLAT = "flat"  # 等本等息
    BALLOON = "balloon"  # 气球贷
    FREE = "free"  # Dates and amounts given.


class PeriodUnit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class RatePer(StrEnum):
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class DayCount(StrEnum):
    THIRTY_360 = "30/360"
    ACTUAL_360 = "actual/360"
    ACTUAL_364 = "actual/364"
    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/actual"


class InterestBasis(StrEnum):
    PER_PERIOD = "per_period"  # Every full period bears the same share of the yearly rate.
    DAILY = "daily"  # A period bears its own days by the day count.


class Rounding(StrEnum):
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


class MonthEnd(StrEnum):
    LAST_DAY = "last_day"  # The 31st falls on the last day of a short month, then on the 31st again.
    FIRST_OF_NEXT = "first_of_next"  # What does not exist in a month falls on the 1st of the next.


class HolidayShift(StrEnum):
    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"  # Following, but never into the next month.
    PRECEDING = "preceding"


class Component(StrEnum):
    """科目. The order of members is the engine's column order; never reorder."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEE = "fee"
    PENALTY = "penalty"
    COMPOUND_INTEREST = "compound_interest"


class Timing(StrEnum):
    """When an instalment falls due, seen from the day of the payment."""

    PAST_DUE = "past_due"
    DUE = "due"  # Due on that very day.
    IN_ADVANCE = "in_advance"


class Mode(StrEnum):
    HORIZONTAL = "horizontal"  # Finish an instalment before the next, within one timing.
    VERTICAL = "vertical"  # Finish a component over all instalments before the next component.


class Surplus(StrEnum):
    """What money does that is left when everything due is paid."""

    HOLD = "hold"  # Stays unapplied until the next due date.
    NEXT_INSTALMENT = "next_instalment"
    LAST_INSTALMENT = "last_instalment"
    SPREAD = "spread"  # Evenly over all future instalments, remainder to the last.
    SHORTEN = "shorten"  # Reduces principal; the instalment stays, the term shrinks.
    LOWER = "lower"  # Reduces principal; the term stays, the instalment shrinks.


class AccrualRounding(StrEnum):
    EACH_DAY = "each_day"  # n days of an unchanged base are n times the rounded day.
    SPAN = "span"  # Exact over the whole time; rounded only when read.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    value: Decimal
    per: RatePer


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    timing: Timing
    component: Component


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationRule:
    steps: tuple[Step, ...]
    mode: Mode = Mode.HORIZONTAL
    surplus: Surplus = Surplus.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationTerms:
    normal: AllocationRule
    late: AllocationRule | None = None  # In force from ``late_from_days`` past due on.
    late_from_days: int | None = None


STATUTORY_ORDER = (
    Component.FEE,
    Component.PENALTY,
    Component.COMPOUND_INTEREST,
    Component.INTEREST,
    Component.PRINCIPAL,
)
PRINCIPAL_FIRST_ORDER = (
    Component.PRINCIPAL,
    Component.INTEREST,
    Component.COMPOUND_INTEREST,
    Component.PENALTY,
    Component.FEE,
)


def rule_in_order(
    order: Sequence[Component],
    *,
    mode: Mode = Mode.HORIZONTAL,
    surplus: Surplus = Surplus.HOLD,
) -> AllocationRule:
    """Build the rule that uses one order of components whatever the timing.

    >>> len(rule_in_order(STATUTORY_ORDER).steps)
    15
    """
    steps = tuple(Step(timing=t, component=c) for t in Timing for c in order)
    return AllocationRule(steps=steps, mode=mode, surplus=surplus)


STATUTORY = AllocationTerms(normal=rule_in_order(STATUTORY_ORDER))


@dataclass(frozen=True, slots=True, kw_only=True)
class PenaltyTerms:
    """罚息 on overdue principal and, where agreed, 复利 on unpaid interest.

    Accrues for calendar days after ``due_on + Terms.grace_days``, per instalment, over the year
    basis of the loan's day count (30/360 counts actual days over 360 here).
    """

    rate: Rate | None = None  # Either a rate of its own …
    multiple: Decimal | None = None  # … or a multiple of the contract's rate (1.3 to 1.5).
    compound_rate: Rate | None = None
    rounding: AccrualRounding = AccrualRounding.EACH_DAY
    stop_after_days: int | None = None  # Nothing accrues after so many days past due.


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDue:
    due_on: date
    principal_minor: int
    interest_minor: int = 0
    fee_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Days on which no instalment falls due, as data: public holidays less make-up workdays."""

    name: str
    closed_on: frozenset[date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    method: Method
    rate: Rate
    day_count: DayCount = DayCount.ACTUAL_365
    interest_basis: InterestBasis = InterestBasis.DAILY
    instalment_count: int = 1
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    first_due_on: date | None = None  # An odd first period; without it, one period after the start.
    month_end: MonthEnd = MonthEnd.LAST_DAY
    holiday_shift: HolidayShift = HolidayShift.NONE
    calendar: Calendar | None = None
    rounding: Rounding = Rounding.HALF_UP
    multiple_minor: int = 1  # 100 rounds the instalment to whole yuan; the last one absorbs.
    balloon_minor: int = 0  # Principal left for the last instalment of ``Method.BALLOON``.
    principal_grace_count: int = 0  # First instalments without principal.
    interest_grace_count: int = 0  # First instalments without interest, which falls due after them.
    instalment_fee_minor: int = 0
    down_payment_rate: Decimal | None = None  # Share of each disbursement due on its own day.
    grace_days: int = 0  # Moves penalty and entry into collections, never days past due.
    tolerance_minor: int = 0  # An instalment owing no more than this is not past due.
    allocation: AllocationTerms = STATUTORY
    penalty: PenaltyTerms | None = None
    free_dues: tuple[FreeDue, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    loan_ref: str
    currency: str  # ISO 4217.
    minor_digits: int  # 2 for CNY, 0 for JPY.
    principal_minor: int  # Agreed; what is disbursed is an event.
    start_on: date  # The schedule is counted from the first disbursement, else from this day.
    terms: Terms
