"""Goal: each yearly measure gives the printed digits of its source. Method: official examples."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from daihou.core import cost
from daihou.core.calendar import add_months
from daihou.core.terms import MonthEnd


def monthly(first_on, count, every=1):
    return [
        add_months(from_on=first_on, count=n * every, month_end=MonthEnd.LAST_DAY)
        for n in range(count)
    ]


def half_monthly(first_on, count):
    return [
        on + timedelta(days=15 * half) for on in monthly(first_on, count // 2) for half in (0, 1)
    ]


def weekly(first_on, count):
    return [first_on + timedelta(weeks=n) for n in range(count)]


JAN_10, FEB_10, APR_1 = date(1978, 1, 10), date(1978, 2, 10), date(1978, 4, 1)
PLAIN = monthly(FEB_10, 24)
# Name, amount, day of the advance, payments, days of payment, printed percentage.
APPENDIX_J = [
    ("c1i", 500000, JAN_10, [23000] * 24, PLAIN, "9.69"),
    ("c1ii", 600000, FEB_10, [20000] * 36, monthly(APR_1, 36), "11.82"),
    ("c1iii", 500000, date(1978, 2, 23), [21917] * 24, half_monthly(date(1978, 3, 1), 24), "10.34"),
    ("c1iv", 1000000, date(1978, 5, 23), [38500] * 40, monthly(date(1978, 10, 1), 40, 3), "8.97"),
    ("c1v", 50000, date(1978, 3, 20), [1760] * 30, weekly(date(1978, 4, 21), 30), "14.96"),
    ("c2i", 500000, JAN_10, [25000] + [23000] * 23, PLAIN, "10.08"),
    ("c3i", 500000, JAN_10, [23000] * 23 + [28000], PLAIN, "10.50"),
    ("c4i", 500000, JAN_10, [25000] + [23000] * 22 + [28000], PLAIN, "10.90"),
    ("c5i", 100000, date(1978, 1, 3), [108000], [date(1978, 9, 15)], "11.45"),
]


@pytest.mark.parametrize(
    ("amount", "on", "payments", "days", "printed"),
    [row[1:] for row in APPENDIX_J],
    ids=[row[0] for row in APPENDIX_J],
)
def test_regulation_z_gives_the_printed_digits_of_appendix_j(amount, on, payments, days, printed):
    rate = cost.regulation_z_apr(
        advances=[cost.Flow(amount_minor=amount, on=on)],
        payments=[
            cost.Flow(amount_minor=payment, on=day)
            for payment, day in zip(payments, days, strict=True)
        ],
    )
    assert round(rate * 100, 2) == Decimal(printed)


ODD_DAYS = [
    (cost.UnitOfTime.MONTH, 1, date(1978, 2, 10), date(1978, 4, 1), 1, Fraction(19, 30)),
    (cost.UnitOfTime.HALF_MONTH, 1, date(1978, 2, 23), date(1978, 3, 1), 0, Fraction(6, 15)),
    (cost.UnitOfTime.MONTH, 3, date(1978, 5, 23), date(1978, 10, 1), 1, Fraction(39, 90)),
    (cost.UnitOfTime.WEEK, 1, date(1978, 3, 20), date(1978, 4, 21), 4, Fraction(4, 7)),
    (cost.UnitOfTime.DAY, 255, date(1978, 1, 3), date(1978, 9, 15), 1, Fraction(0)),
]


@pytest.mark.parametrize(("unit", "every", "from_on", "to_on", "whole", "odd"), ODD_DAYS)
def test_counts_unit_periods_as_appendix_j_states_them(unit, every, from_on, to_on, whole, odd):
    counted = cost.unit_periods_between(
        unit=cost.UnitPeriod(unit=unit, every=every), from_on=from_on, to_on=to_on
    )
    assert counted == (whole, odd)


UNITS = [
    ([JAN_10, *PLAIN], cost.UnitOfTime.MONTH, 1),
    ([FEB_10, *monthly(APR_1, 36)], cost.UnitOfTime.MONTH, 1),
    ([date(1978, 2, 23), *half_monthly(date(1978, 3, 1), 24)], cost.UnitOfTime.HALF_MONTH, 1),
    ([date(1978, 5, 23), *monthly(date(1978, 10, 1), 40, 3)], cost.UnitOfTime.MONTH, 3),
    ([date(1978, 3, 20), *weekly(date(1978, 4, 21), 30)], cost.UnitOfTime.WEEK, 1),
    ([date(2024, 1, 31), *monthly(date(2024, 2, 29), 3)], cost.UnitOfTime.MONTH, 1),
    ([date(2023, 3, 31), date(2023, 4, 30), date(2023, 5, 30)], cost.UnitOfTime.MONTH, 1),
    ([date(2023, 1, 31), date(2023, 2, 28), date(2023, 3, 31)], cost.UnitOfTime.MONTH, 1),
    ([date(2024, 1, 1), date(2024, 1, 11), date(2024, 1, 21)], cost.UnitOfTime.DAY, 10),
    ([date(2022, 3, 1), date(2024, 3, 1)], cost.UnitOfTime.MONTH, 12),
    ([date(2022, 3, 1), date(2023, 3, 1)], cost.UnitOfTime.MONTH, 12),
    ([date(2023, 1, 2), date(2024, 1, 1)], cost.UnitOfTime.WEEK, 52),
    ([date(2023, 1, 2), date(2024, 1, 15)], cost.UnitOfTime.MONTH, 12),
    # Two weeks twice and a month twice: the shorter one.
    (
        [date(2024, 1, 1), date(2024, 1, 15), date(2024, 1, 29), *monthly(date(2024, 2, 29), 2)],
        cost.UnitOfTime.WEEK,
        2,
    ),
]


@pytest.mark.parametrize(("dates", "unit", "every"), UNITS)
def test_finds_the_most_frequent_interval_and_of_equals_the_shorter(dates, unit, every):
    assert cost.find_unit_period(dates=dates) == cost.UnitPeriod(unit=unit, every=every)


def test_two_advances_are_both_discounted_to_the_first():
    halves = [cost.Flow(amount_minor=50_000, on=date(2024, month, 1)) for month in (1, 2)]
    back = [cost.Flow(amount_minor=50_500, on=date(2024, 3, 1)) for _ in (1, 2)]
    rate = cost.regulation_z_apr(
        advances=halves, payments=back, unit=cost.UnitPeriod(unit=cost.UnitOfTime.MONTH)
    )
    month = rate / 12
    assert abs(50_000 * (1 + month) ** 2 + 50_000 * (1 + month) - 101_000) < Decimal("0.0001")


def test_a_payment_may_come_before_a_later_advance():
    advances = [cost.Flow(amount_minor=100_000, on=date(2024, month, 1)) for month in (1, 3)]
    payments = [
        cost.Flow(amount_minor=a, on=date(2024, m, 1)) for a, m in ((51_000, 2), (152_010, 4))
    ]
    rate = cost.regulation_z_apr(
        advances=advances, payments=payments, unit=cost.UnitPeriod(unit=cost.UnitOfTime.MONTH)
    )
    month = rate / 12
    left = ((100_000 * (1 + month) - 51_000) * (1 + month) + 100_000) * (1 + month) - 152_010
    assert abs(left) < Decimal("0.0001")


EU = [
    ("one_payment", [(100000, 0)], [(120000, Fraction(3, 2))], "12.9"),
    ("fee_kept_back", [(95000, 0)], [(120000, Fraction(3, 2))], "16.9"),
    ("two_payments", [(100000, 0)], [(60000, 1), (60000, 2)], "13.1"),
    (
        "quarters",
        [(100000, 0)],
        [(27200, Fraction(1, 4)), (27200, Fraction(1, 2)), (54400, 1)],
        "13.2",
    ),
    ("monthly", [(600000, 0)], [(27411, Fraction(n, 12)) for n in range(1, 25)], "9.4"),
]


@pytest.mark.parametrize(
    ("lent", "back", "printed"), [row[1:] for row in EU], ids=[r[0] for r in EU]
)
def test_eu_aprc_gives_the_printed_digit_of_the_directive(lent, back, printed):
    rate = cost.eu_aprc(
        drawdowns=[cost.YearFlow(amount_minor=a, years=Fraction(t)) for a, t in lent],
        repayments=[cost.YearFlow(amount_minor=a, years=Fraction(t)) for a, t in back],
    )
    assert round(rate * 100, 1) == Decimal(printed)


EU_DIGITS = {"one_payment": "12.924", "fee_kept_back": "16.853", "quarters": "13.185"}


@pytest.mark.parametrize("row", [row for row in EU if row[0] in EU_DIGITS], ids=lambda row: row[0])
def test_eu_aprc_agrees_to_three_digits(row):
    rate = cost.eu_aprc(
        drawdowns=[cost.YearFlow(amount_minor=a, years=Fraction(t)) for a, t in row[1]],
        repayments=[cost.YearFlow(amount_minor=a, years=Fraction(t)) for a, t in row[2]],
    )
    assert round(rate * 100, 3) == Decimal(EU_DIGITS[row[0]])


CHINA = [(1200000, 107200, "13.034", "13.842"), (1000000, 94560, "24.001", "26.825")]


@pytest.mark.parametrize(("amount", "payment", "nominal", "effective"), CHINA)
def test_names_both_annual_measures_of_one_loan(amount, payment, nominal, effective):
    flows = {"amount_minor": amount, "monthly_minor": [payment] * 12}
    assert round(cost.irr_times_twelve(**flows) * 100, 3) == Decimal(nominal)
    assert round(cost.effective_rate(**flows) * 100, 3) == Decimal(effective)


YEARS = [
    (date(2023, 1, 10), date(2023, 1, 10), Fraction(0)),
    (date(2023, 1, 10), date(2024, 1, 10), Fraction(1)),
]


@pytest.mark.parametrize(("first_on", "on", "years"), YEARS)
def test_eu_years_count_whole_months_as_twelfths(first_on, on, years):
    assert cost.eu_years(first_on=first_on, on=on) == years


def test_eu_years_weigh_odd_days_by_the_year_that_ends_with_them():
    # 1 March 2024 less one month is 1 February: 29 February is not in the year before it.
    assert cost.eu_years(first_on=date(2024, 1, 30), on=date(2024, 3, 1)) == Fraction(
        1, 12
    ) + Fraction(2, 365)
    assert cost.eu_years(first_on=date(2024, 2, 20), on=date(2024, 3, 1)) == Fraction(10, 366)


@given(
    amount=st.integers(1, 10**10),
    rate_ppm=st.integers(-900_000, 3_000_000),
    count=st.integers(1, 36),
)
@example(amount=1, rate_ppm=0, count=1)
@example(amount=1, rate_ppm=-1, count=16)
@example(amount=1, rate_ppm=-900_000, count=1)
@example(amount=100, rate_ppm=10_000, count=1)
def test_finds_the_rate_of_a_bullet_again(amount, rate_ppm, count):
    scale = 10**6
    lent, back = amount * scale**2, amount * scale * (scale + rate_ppm)
    payments = [0] * (count - 1) + [back]
    month = cost.irr_times_twelve(amount_minor=lent, monthly_minor=payments) / 12
    grown = (1 + month) ** count
    assert abs(grown - Decimal(scale + rate_ppm) / scale) < Decimal("1e-8")


@given(
    payments=st.lists(st.integers(1, 10**7), min_size=2, max_size=24), amount=st.integers(1, 10**8)
)
def test_irr_sets_the_present_value_to_the_amount(payments, amount):
    month = cost.irr_times_twelve(amount_minor=amount, monthly_minor=payments) / 12
    worth = sum(Decimal(p) / (1 + month) ** n for n, p in enumerate(payments, start=1))
    slope = sum(n * Decimal(p) / (1 + month) ** (n + 1) for n, p in enumerate(payments, start=1))
    assert abs(worth - amount) <= slope * Decimal("1e-11") + Decimal("1e-6")


ONE = cost.Flow(amount_minor=100, on=JAN_10)
LATER = cost.Flow(amount_minor=110, on=FEB_10)
REFUSED = [
    ([], [LATER], None, "cost.not_positive"),
    ([ONE], [], None, "cost.not_positive"),
    ([ONE], [cost.Flow(amount_minor=-1, on=FEB_10)], None, "cost.negative_flow"),
    ([ONE], [cost.Flow(amount_minor=100, on=JAN_10)], None, "cost.payment_before_advance"),
    ([ONE], [LATER, cost.Flow(amount_minor=1, on=JAN_10)], None, "cost.payment_before_advance"),
    (
        [ONE],
        [LATER],
        cost.UnitPeriod(unit=cost.UnitOfTime.MONTH, every=13),
        "cost.unit_beyond_year",
    ),
    ([ONE], [LATER], cost.UnitPeriod(unit=cost.UnitOfTime.DAY, every=0), "cost.unit_beyond_year"),
    (
        [ONE],
        [LATER, cost.Flow(amount_minor=1, on=date(1978, 2, 13))],
        None,
        "cost.no_common_period",
    ),
]


@pytest.mark.parametrize(("advances", "payments", "unit", "code"), REFUSED)
def test_refuses_flows_without_a_rate(advances, payments, unit, code):
    with pytest.raises(cost.CostRefused) as refused:
        cost.regulation_z_apr(advances=advances, payments=payments, unit=unit)
    assert refused.value.code == code


def test_refuses_a_repayment_before_the_first_drawdown():
    lent = cost.YearFlow(amount_minor=1, years=Fraction(0))
    with pytest.raises(cost.CostRefused, match=r"cost\.negative_time"):
        cost.eu_aprc(
            drawdowns=[lent], repayments=[cost.YearFlow(amount_minor=1, years=Fraction(-1))]
        )
    with pytest.raises(cost.CostRefused, match=r"cost\.negative_time"):
        cost.eu_years(first_on=date(2024, 1, 2), on=date(2024, 1, 1))


def test_refuses_a_rate_beyond_all_measure():
    with pytest.raises(cost.CostRefused, match=r"cost\.no_rate"):
        cost.irr_times_twelve(amount_minor=1, monthly_minor=[10**12])


def test_a_year_as_unit_is_allowed():
    rate = cost.regulation_z_apr(
        advances=[ONE],
        payments=[cost.Flow(amount_minor=110, on=date(1979, 1, 10))],
        unit=cost.UnitPeriod(unit=cost.UnitOfTime.MONTH, every=12),
    )
    assert rate == Decimal("0.1")
