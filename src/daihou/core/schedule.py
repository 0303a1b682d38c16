"""Plan the instalments of one loan: what falls due when, by component.

Units   ``*_minor`` is an ``int`` count of minor currency units; nothing is a float on the way.
Shape   Instalments in the order of their due dates, numbered from 1; a down payment is one too.
Errors  ``TermsRefused`` and ``CalendarRefused`` for terms and dates, ``ScheduleRefused`` for
        tranches; always before any result.
Source  docs/algorithms/schedule.md, one section per method.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from daihou.core.money import round_amount
from daihou.core.periods import Periods, plan_periods, rest_of_period
from daihou.core.plans import NOTHING, Inflow, Inflows, divide
from daihou.core.terms import MOST_INSTALMENTS, MOST_MINOR, Method, Terms, TrancheRule, check_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledInstalment:
    instalment_no: int
    start_on: date  # Interest runs from here …
    due_on: date  # … to here; a down payment starts and falls due on one day.
    principal_minor: int
    interest_minor: int
    fee_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tranche:
    amount_minor: int
    paid_out_on: date


class ScheduleRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def build_schedule(
    *, terms: Terms, principal_minor: int, start_on: date
) -> tuple[ScheduledInstalment, ...]:
    """Plan a loan paid out at once on ``start_on``.

    :raises TermsRefused: see ``check_terms``; a free schedule may hold older dues (a cut-over).
    :raises CalendarRefused: ``date.out_of_range``, ``calendar.never_open``.
    :raises ScheduleRefused: ``schedule.too_large``.

    >>> from decimal import Decimal
    >>> from daihou.core.terms import InterestBasis, Rate, RatePer
    >>> terms = Terms(
    ...     method=Method.EQUAL_INSTALMENT,
    ...     rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR),
    ...     interest_basis=InterestBasis.PER_PERIOD,
    ...     instalment_count=12,
    ... )
    >>> plan = build_schedule(terms=terms, principal_minor=1_000_000, start_on=date(2024, 1, 31))
    >>> plan[0].due_on, plan[0].principal_minor, plan[0].interest_minor
    (datetime.date(2024, 2, 29), 78849, 10000)
    >>> sum(instalment.principal_minor for instalment in plan)
    1000000
    """
    tranche = Tranche(amount_minor=principal_minor, paid_out_on=start_on)
    return build_tranched_schedule(terms=terms, tranches=(tranche,))


def build_tranched_schedule(
    *, terms: Terms, tranches: Sequence[Tranche]
) -> tuple[ScheduledInstalment, ...]:
    """Plan a loan paid out in parts; periods are counted from the first of them.

    A part paid out later changes the instalments after it by ``Terms.tranche_rule``. Of a free
    schedule the parts together must be the dues' principal.

    :raises ScheduleRefused: ``tranche.missing``, ``tranche.not_positive``,
        ``tranche.after_last_due``, ``schedule.too_large``, ``schedule.too_long``.
    :raises TermsRefused: as ``build_schedule``, and so for ``CalendarRefused``.

    >>> from decimal import Decimal
    >>> from daihou.core.terms import Rate, RatePer
    >>> terms = Terms(
    ...     method=Method.EQUAL_INSTALMENT,
    ...     rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...     instalment_count=3,
    ... )
    >>> parts = [
    ...     Tranche(amount_minor=300, paid_out_on=date(2024, 1, 1)),
    ...     Tranche(amount_minor=100, paid_out_on=date(2024, 2, 1)),
    ... ]
    >>> plan = build_tranched_schedule(terms=terms, tranches=parts)
    >>> [instalment.principal_minor for instalment in plan]
    [100, 150, 150]
    """
    if not tranches:
        raise ScheduleRefused("tranche.missing")
    if any(tranche.amount_minor <= 0 for tranche in tranches):
        raise ScheduleRefused("tranche.not_positive")
    check_terms(terms=terms, principal_minor=sum(part.amount_minor for part in tranches))
    parts = sorted(tranches, key=lambda part: part.paid_out_on)
    if terms.method is Method.FREE:
        return _free(terms, parts[0].paid_out_on)
    periods = plan_periods(terms=terms, start_on=parts[0].paid_out_on)
    downs = [_down_payment(terms, part.amount_minor) for part in parts]
    opening_minor = parts[0].amount_minor - downs[0]
    inflows = _inflows(terms, periods, parts[1:], downs[1:]) if len(parts) > 1 else NOTHING
    principal, interest = divide(
        terms=terms, periods=periods, opening_minor=opening_minor, inflows=inflows
    )
    if max(interest) + terms.instalment_fee_minor + sum(principal) > MOST_MINOR:
        raise ScheduleRefused("schedule.too_large")
    fee = terms.instalment_fee_minor
    rows = list(
        zip(periods.starts, periods.dues, principal, interest, [fee] * len(principal), strict=True)
    )
    if terms.down_payment_rate is not None:
        rows = _with_down_payments(terms, rows, parts, downs)
    if len(rows) > MOST_INSTALMENTS:
        raise ScheduleRefused("schedule.too_long")
    assert sum(row[2] for row in rows) == sum(part.amount_minor for part in parts)
    return _numbered(rows)


_Row = tuple[date, date, int, int, int]


def _numbered(rows: Sequence[_Row]) -> tuple[ScheduledInstalment, ...]:
    return tuple(
        ScheduledInstalment(
            instalment_no=number,
            start_on=start_on,
            due_on=due_on,
            principal_minor=principal,
            interest_minor=interest,
            fee_minor=fee,
        )
        for number, (start_on, due_on, principal, interest, fee) in enumerate(rows, start=1)
    )


def _free(terms: Terms, start_on: date) -> tuple[ScheduledInstalment, ...]:
    dues = terms.free_dues
    starts = (min(start_on, dues[0].due_on), *(due.due_on for due in dues[:-1]))
    return _numbered(
        [
            (start, due.due_on, due.principal_minor, due.interest_minor, due.fee_minor)
            for start, due in zip(starts, dues, strict=True)
        ]
    )


def _down_payment(terms: Terms, amount_minor: int) -> int:
    if terms.down_payment_rate is None:
        return 0
    return min(
        amount_minor,
        round_amount(
            amount=amount_minor * Fraction(terms.down_payment_rate),
            rounding=terms.rounding,
            multiple_minor=terms.multiple_minor,
        ),
    )


def _inflows(
    terms: Terms, periods: Periods, parts: Sequence[Tranche], downs: Sequence[int]
) -> Inflows:
    inflows: defaultdict[int, list[Inflow]] = defaultdict(list)
    whole_term = terms.tranche_rule is TrancheRule.WHOLE_TERM
    period_of = bisect_left if whole_term else bisect_right
    for part, down in zip(parts, downs, strict=True):
        period_no = period_of(periods.dues, part.paid_out_on)
        if period_no == len(periods.dues):
            raise ScheduleRefused("tranche.after_last_due")
        rate = rest_of_period(
            terms=terms, periods=periods, period_no=period_no, from_on=part.paid_out_on
        )
        inflows[period_no].append(Inflow(part.amount_minor - down, rate))
    return inflows


def _with_down_payments(
    terms: Terms, rows: Sequence[_Row], parts: Sequence[Tranche], downs: Sequence[int]
) -> list[_Row]:
    """Put each down payment where its tranche comes: by rule before or after that day's due."""
    on_its_day = [
        (part.paid_out_on, part.paid_out_on, down, 0, 0)
        for part, down in zip(parts, downs, strict=True)
    ]
    whole_term = terms.tranche_rule is TrancheRule.WHOLE_TERM
    both = [*on_its_day, *rows] if whole_term else [*rows, *on_its_day]
    return sorted(both, key=lambda row: row[1])
