"""Goal: the handbook's worked examples are what is computed. Method: docs/algorithms/schedule.md.

Every method by both roundings and every kind of period is named here with its figures.
"""

from datetime import date
from decimal import Decimal

import pytest

from daihou.core.schedule import build_schedule
from daihou.core.terms import (
    DayCount,
    FreeDue,
    InstalmentRule,
    InterestBasis,
    Method,
    PeriodUnit,
    Rate,
    RatePer,
    Rounding,
    Terms,
)
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "algorithms" / "schedule.md").read_text(encoding="utf-8")


def plan(method, *, rate="0.18", start_on=date(2024, 1, 31), principal_minor=1_000_000, **rest):
    terms = Terms(
        method=method,
        rate=Rate(value=Decimal(rate), per=RatePer.YEAR),
        **{"instalment_count": 4, "interest_basis": InterestBasis.PER_PERIOD} | rest,
    )
    return build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)


def written(amounts):
    return ", ".join(f"{amount / 100:,.2f}".replace(",", "") for amount in amounts)


EXAMPLES = [
    (Method.EQUAL_INSTALMENT, {}, [244445, 248112, 251833, 255610], [15000, 11333, 7612, 3834]),
    (Method.EQUAL_PRINCIPAL, {}, [250000] * 4, [15000, 11250, 7500, 3750]),
    (Method.INTEREST_ONLY, {}, [0, 0, 0, 1_000_000], [15000] * 4),
    (Method.BULLET, {}, [1_000_000], [60000]),
    (Method.FLAT, {}, [250000] * 4, [15000] * 4),
    (
        Method.BALLOON,
        {"balloon_minor": 500_000},
        [122222, 124055, 125916, 627807],
        [15000, 13167, 11306, 9417],
    ),
]


@pytest.mark.parametrize(("method", "rest", "principal", "interest"), EXAMPLES)
def test_the_example_of_each_method(method, rest, principal, interest):
    dues = plan(method, **rest)
    assert [due.principal_minor for due in dues] == principal
    assert [due.interest_minor for due in dues] == interest
    (row,) = [
        line for line in PAGE.splitlines() if line.startswith("|") and f"`{method.name}`" in line
    ]
    for amounts in (principal, interest):
        if len(set(amounts)) == len(amounts) > 1:
            assert written(amounts) in row


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [
        (InstalmentRule.NOMINAL_PERIODS, 259445, 258904),
        (InstalmentRule.THIRTY_DAY_MONTHS, 259314, 259310),
        (InstalmentRule.OWN_PERIODS, 259313, 259313),
    ],
)
def test_the_example_of_each_rule_of_the_instalment(rule, first, last):
    daily = {"interest_basis": InterestBasis.DAILY, "day_count": DayCount.ACTUAL_365}
    dues = plan(Method.EQUAL_INSTALMENT, instalment_rule=rule, **daily)
    sums = [due.principal_minor + due.interest_minor for due in dues]
    assert sums == [first, first, first, last]
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{rule.name}`")]
    assert written([first]) in row
    assert written([last]) in row


@pytest.mark.parametrize("method", [method for method in Method if method is not Method.FREE])
def test_a_half_of_the_minor_unit_is_rounded_by_the_products_rule(method):
    rest = {"balloon_minor": 1} if method is Method.BALLOON else {}
    first = {
        rounding: plan(
            method, rate="0.12", principal_minor=250, instalment_count=1, rounding=rounding, **rest
        )[0].interest_minor
        for rounding in Rounding
    }
    assert first == {Rounding.HALF_UP: 3, Rounding.HALF_EVEN: 2}  # Of 2.5.


PERIODS = [
    (PeriodUnit.DAY, 1, [(2, 1), (2, 2), (2, 3), (2, 4)]),
    (PeriodUnit.WEEK, 1, [(2, 7), (2, 14), (2, 21), (2, 28)]),
    (PeriodUnit.WEEK, 2, [(2, 14), (2, 28), (3, 13), (3, 27)]),
    (PeriodUnit.MONTH, 1, [(2, 29), (3, 31), (4, 30), (5, 31)]),
    (PeriodUnit.MONTH, 3, [(4, 30), (7, 31), (10, 31), (1, 31)]),
]


@pytest.mark.parametrize(("unit", "every", "days"), PERIODS)
@pytest.mark.parametrize("method", [m for m in Method if m not in {Method.FREE, Method.BULLET}])
def test_every_method_falls_due_by_every_kind_of_period(method, unit, every, days):
    rest = {"balloon_minor": 500_000} if method is Method.BALLOON else {}
    dues = plan(method, unit=unit, every=every, **rest)
    assert [(due.due_on.month, due.due_on.day) for due in dues] == days
    assert sum(due.principal_minor for due in dues) == 1_000_000


@pytest.mark.parametrize(("unit", "every", "days"), PERIODS)
def test_a_bullet_falls_due_after_all_its_periods(unit, every, days):
    (due,) = plan(Method.BULLET, unit=unit, every=every)
    assert (due.due_on.month, due.due_on.day) == days[-1]


def test_a_free_schedule_skips_months_and_has_steps():
    months = [(3, 10_000), (4, 20_000), (9, 30_000), (10, 940_000)]  # Nothing in summer.
    free_dues = tuple(
        FreeDue(due_on=date(2024, month, 1), principal_minor=amount, interest_minor=500)
        for month, amount in months
    )
    dues = plan(Method.FREE, free_dues=free_dues, instalment_count=1)
    assert [(due.due_on.month, due.principal_minor) for due in dues] == months
    assert [(due.start_on.month, due.instalment_no) for due in dues] == [
        (1, 1),
        (3, 2),
        (4, 3),
        (9, 4),
    ]
