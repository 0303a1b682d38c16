"""The terms of one loan: what was agreed, as frozen values that every rule reads.

Units   ``*_minor`` is an ``int`` count of minor currency units; ``Rate.value`` is a fraction
        (``Decimal("0.12")`` is 12 %) of what ``Rate.per`` names; ``*_days`` counts calendar days.
Shape   A ``Contract`` holds one ``Terms``; ``Terms.free_dues`` is given only for ``Method.FREE``.
Errors  ``TermsRefused`` with a stable code, raised by ``check_terms`` before anything is computed.
Source  Repayment methods as Chinese lenders name them (design.md, "Words"); allocation order:
        PRC Civil Code art. 561; late order: 商业银行信用卡业务监督管理办法 art. 57 (2ND hand).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

MOST_MINOR = 2**63 - 1  # What a 64-bit column holds.
RATE_DIGITS = 18  # More before or behind the point never fits 64 bits.
MOST_INSTALMENTS = 2**15 - 1  # What the 16-bit instalment number of the engine holds.
LEAST_COMMON_YEAR = 365 * 366  # Days of a common and of a leap year on one denominator.


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


class InstalmentRule(StrEnum):
    """Which periodic rate the annuity formula of the equal instalment uses."""

    NOMINAL_PERIODS = "nominal_periods"  # A month is a twelfth of the year, whatever its days.
    THIRTY_DAY_MONTHS = "thirty_day_months"  # A month is 30 days over the day count's year.
    OWN_PERIODS = "own_periods"  # Each period its own rate; moved once if the last comes nearer.


class TrancheRule(StrEnum):
    """How a later tranche changes the instalments that are still to come."""

    REMAINING = "remaining"  # All that is owed, anew over the instalments due after its day.
    WHOLE_TERM = "whole_term"  # The instalment of all paid out over the whole term, from its day.


class MonthEnd(StrEnum):
    LAST_DAY = (
        "last_day"  # The 31st falls on the last day of a short month, then on the 31st again.
    )
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
    charges_on_their_day: bool = False  # Payable from its own due date, before its instalment is.


STATUTORY_ORDER = (
    Component.FEE,
    Component.PENALTY,
    Component.COMPOUND_INTEREST,
    Component.INTEREST,
    Component.PRINCIPAL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationTerms:
    normal: AllocationRule
    late: AllocationRule | None = None  # In force from ``late_from_days`` past due on.
    late_from_days: int | None = None
    by_channel: tuple[tuple[str, AllocationRule], ...] = ()  # Goes before both: ``Event.channel``.
    # A charge-back is owed again in this order, of each at most what the payment had settled; the
    # rest is principal.
    charged_back_order: tuple[Component, ...] = STATUTORY_ORDER
    charged_back_from_held: bool = True  # Money that had found no place goes before all that …
    charged_back_from_advances: bool = True  # … and then what it had paid of instalments to come.


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
class Recalculation:
    """按日计息: interest follows the principal really owed, day by day, to the last due date.

    What reduces principal before its day reduces interest from that day on. An instalment keeps
    its amount: it repays what its interest leaves of it, and the last one absorbs.
    """

    overdue_bears: bool = False  # Overdue principal goes on bearing the contract's rate.
    earned_first: bool = True  # A prepayment pays the interest earned so far, then principal.
    counts_for_next: bool = False  # It stands for the next instalment's principal, then prepays.
    rounds_pieces: bool = False  # Interest is rounded at each change of what bears it, not once.


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
    instalment_rule: InstalmentRule = InstalmentRule.NOMINAL_PERIODS
    tranche_rule: TrancheRule = TrancheRule.REMAINING
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
    recalculation: Recalculation | None = None  # Without it interest stays as planned.
    free_dues: tuple[FreeDue, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    loan_ref: str
    currency: str  # ISO 4217.
    minor_digits: int  # 2 for CNY, 0 for JPY.
    principal_minor: int  # Agreed; what is disbursed is an event.
    start_on: date  # The schedule is counted from the first disbursement, else from this day.
    terms: Terms


class TermsRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_terms(*, terms: Terms, principal_minor: int, start_on: date | None = None) -> None:
    """Refuse terms that no schedule can be made of; with ``start_on`` also dues before it.

    :raises TermsRefused: the first of ``principal.*`` and ``terms.*`` that holds.

    >>> yearly = Rate(value=Decimal("0.12"), per=RatePer.YEAR)
    >>> check_terms(terms=Terms(method=Method.BULLET, rate=yearly), principal_minor=100)
    >>> check_terms(terms=Terms(method=Method.BULLET, rate=yearly, every=0), principal_minor=100)
    Traceback (most recent call last):
    daihou.core.terms.TermsRefused: terms.every_not_positive
    """
    if principal_minor <= 0:
        raise TermsRefused("principal.not_positive")
    if principal_minor > MOST_MINOR:
        raise TermsRefused("principal.too_large")
    check_terms_alone(terms)
    if terms.method is Method.FREE:
        if sum(due.principal_minor for due in terms.free_dues) != principal_minor:
            raise TermsRefused("terms.free_dues_not_principal")
        if start_on is not None and terms.free_dues[0].due_on < start_on:
            raise TermsRefused("terms.due_before_start")
    elif terms.balloon_minor > principal_minor:
        raise TermsRefused("terms.balloon_beyond_principal")
    if start_on is not None and terms.first_due_on is not None and terms.first_due_on <= start_on:
        raise TermsRefused("terms.due_before_start")


@lru_cache(maxsize=4096)
def check_terms_alone(terms: Terms) -> None:
    """Refuse terms that are senseless whatever the principal; remembered per terms.

    :raises TermsRefused: the first of ``terms.*`` that holds.

    >>> check_terms_alone(Terms(method=Method.BULLET, rate=Rate(value=Decimal(0), per=RatePer.DAY)))
    """
    for code, senseless in _NUMBER_CHECKS:
        if senseless(terms):
            raise TermsRefused(code)
    _check_rates(terms)
    _check_free_dues(terms)
    _check_allocation(terms)
    if terms.penalty is not None:
        _check_penalty(terms.penalty)


_NUMBER_CHECKS: tuple[tuple[str, Callable[[Terms], bool]], ...] = (
    ("terms.count_not_positive", lambda terms: terms.instalment_count < 1),
    (
        "terms.count_too_large",
        lambda terms: max(terms.instalment_count, len(terms.free_dues)) > MOST_INSTALMENTS,
    ),
    ("terms.every_not_positive", lambda terms: terms.every < 1),
    ("terms.multiple_not_positive", lambda terms: terms.multiple_minor < 1),
    ("terms.balloon_negative", lambda terms: terms.balloon_minor < 0),
    (
        "terms.balloon_without_method",
        lambda terms: (terms.balloon_minor > 0) != (terms.method is Method.BALLOON),
    ),
    ("terms.fee_negative", lambda terms: terms.instalment_fee_minor < 0),
    ("terms.fee_too_large", lambda terms: terms.instalment_fee_minor > MOST_MINOR),
    ("terms.grace_days_negative", lambda terms: terms.grace_days < 0),
    ("terms.tolerance_negative", lambda terms: terms.tolerance_minor < 0),
    (
        "terms.grace_negative",
        lambda terms: min(terms.principal_grace_count, terms.interest_grace_count) < 0,
    ),
    (
        "terms.grace_not_below_count",
        lambda terms: (
            max(terms.principal_grace_count, terms.interest_grace_count)
            > (0 if terms.method in {Method.BULLET, Method.FREE} else terms.instalment_count - 1)
        ),
    ),
    (
        "terms.recalculation_without_balance",
        lambda terms: (
            terms.recalculation is not None and terms.method in {Method.FLAT, Method.FREE}
        ),
    ),
    (
        "terms.recalculation_with_interest_grace",
        lambda terms: terms.recalculation is not None and terms.interest_grace_count > 0,
    ),
    (
        "terms.shift_without_calendar",
        lambda terms: terms.holiday_shift is not HolidayShift.NONE and terms.calendar is None,
    ),
)


def _check_rates(terms: Terms) -> None:
    rates = [terms.rate.value]
    if terms.penalty is not None:
        penalty = terms.penalty
        rates += [rate.value for rate in (penalty.rate, penalty.compound_rate) if rate is not None]
        rates += [penalty.multiple] if penalty.multiple is not None else []
    share = terms.down_payment_rate
    for rate in rates if share is None else [*rates, share]:
        if not rate.is_finite():
            raise TermsRefused("terms.rate_not_finite")
        if rate < 0:
            raise TermsRefused("terms.rate_negative")
        if abs(rate.adjusted()) > RATE_DIGITS or (
            max(rate.as_integer_ratio()) * LEAST_COMMON_YEAR > MOST_MINOR
        ):
            raise TermsRefused("terms.rate_too_wide")
    if share is not None and not (0 < share < 1 and terms.method is not Method.FREE):
        raise TermsRefused("terms.down_payment_not_a_share")


def _check_free_dues(terms: Terms) -> None:
    dues = terms.free_dues
    if bool(dues) != (terms.method is Method.FREE):
        raise TermsRefused("terms.free_dues_unexpected" if dues else "terms.free_dues_missing")
    if any(min(due.principal_minor, due.interest_minor, due.fee_minor) < 0 for due in dues):
        raise TermsRefused("terms.free_due_negative")
    if any(due.interest_minor + due.fee_minor > MOST_MINOR for due in dues):
        raise TermsRefused("terms.free_due_too_large")
    if any(later.due_on <= due.due_on for due, later in pairwise(dues)):
        raise TermsRefused("terms.free_dues_not_increasing")


def _check_allocation(terms: Terms) -> None:
    allocation = terms.allocation
    if (allocation.late is None) != (allocation.late_from_days is None):
        raise TermsRefused("terms.late_rule_incomplete")
    if allocation.late_from_days is not None and allocation.late_from_days < 1:
        raise TermsRefused("terms.late_from_days_not_positive")
    if len(set(allocation.charged_back_order)) != len(allocation.charged_back_order):
        raise TermsRefused("terms.charged_back_order_repeats")
    needed = set(Component) - {Component.COMPOUND_INTEREST}
    if terms.penalty is not None and terms.penalty.compound_rate is not None:
        needed.add(Component.COMPOUND_INTEREST)
    of_channels = [rule for _, rule in allocation.by_channel]
    for rule in (allocation.normal, allocation.late, *of_channels):
        if rule is None:
            continue
        if len(set(rule.steps)) != len(rule.steps):
            raise TermsRefused("terms.allocation_repeats")
        for timing in (Timing.PAST_DUE, Timing.DUE):
            if not needed <= {step.component for step in rule.steps if step.timing is timing}:
                raise TermsRefused("terms.allocation_incomplete")


def _check_penalty(penalty: PenaltyTerms) -> None:
    if penalty.rate is not None and penalty.multiple is not None:
        raise TermsRefused("terms.penalty_ambiguous")
    if penalty.rate is None and penalty.multiple is None and penalty.compound_rate is None:
        raise TermsRefused("terms.penalty_empty")
    if penalty.stop_after_days is not None and penalty.stop_after_days < 1:
        raise TermsRefused("terms.penalty_stop_not_positive")
