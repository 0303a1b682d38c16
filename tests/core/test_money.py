"""Goal: rounding and splitting lose no unit. Method: exact oracles, named halves."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from daihou.core import money
from daihou.core.terms import Rounding

WIDE = st.integers(-(10**18), 10**18)
PYTHON = {Rounding.HALF_UP: ROUND_HALF_UP, Rounding.HALF_EVEN: ROUND_HALF_EVEN}
HALVES = [
    # numerator over 2, half up, half even
    (1, 1, 0),
    (3, 2, 2),
    (5, 3, 2),
    (-1, -1, 0),
    (-3, -2, -2),
    (-5, -3, -2),
    (4, 2, 2),
    (0, 0, 0),
]


@pytest.mark.parametrize(("numerator", "half_up", "half_even"), HALVES)
def test_a_half_goes_away_from_zero_or_to_even(numerator, half_up, half_even):
    given_half = {"numerator": numerator, "denominator": 2}
    assert money.round_ratio(**given_half, rounding=Rounding.HALF_UP) == half_up
    assert money.round_ratio(**given_half, rounding=Rounding.HALF_EVEN) == half_even


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(1, 3, 0), (2, 3, 1), (2, 5, 0), (3, 5, 1), (-2, 3, -1)],
)
def test_nearest_to_a_half_is_no_half(rounding, numerator, denominator, rounded):
    got = money.round_ratio(numerator=numerator, denominator=denominator, rounding=rounding)
    assert got == rounded


@pytest.mark.parametrize("rounding", Rounding)
@given(numerator=WIDE, places=st.integers(0, 9))
@example(numerator=149_999_999, places=8)
@example(numerator=150_000_001, places=8)
def test_rounds_like_decimal(rounding, numerator, places):
    rounded = money.round_ratio(numerator=numerator, denominator=10**places, rounding=rounding)
    expected = Decimal(numerator).scaleb(-places).quantize(Decimal(1), rounding=PYTHON[rounding])
    assert rounded == expected


@pytest.mark.parametrize("rounding", Rounding)
@given(
    numerator=WIDE, denominator=st.integers(1, 10**12), multiple=st.sampled_from([1, 5, 100, 1000])
)
@example(numerator=150, denominator=1, multiple=100)
@example(numerator=250, denominator=1, multiple=100)
def test_a_multiple_is_the_nearest_one(rounding, numerator, denominator, multiple):
    exact = Fraction(numerator, denominator)
    rounded = money.round_ratio(
        numerator=numerator, denominator=denominator, rounding=rounding, multiple_minor=multiple
    )
    assert rounded % multiple == 0
    assert abs(rounded - exact) <= Fraction(multiple, 2)
    if abs(rounded - exact) == Fraction(multiple, 2):
        away = abs(rounded) > abs(exact)
        assert away if rounding is Rounding.HALF_UP else rounded // multiple % 2 == 0


@pytest.mark.parametrize("amount", [7, Fraction(7), Decimal(7), Fraction(13, 2), Decimal("6.51")])
def test_takes_every_exact_kind_of_amount(amount):
    assert money.round_amount(amount=amount, rounding=Rounding.HALF_UP) == 7


@given(total=st.integers(0, 10**15), weights=st.lists(st.integers(0, 10**9), min_size=1))
@example(total=0, weights=[1])
@example(total=1, weights=[0, 1, 1])
@example(total=2, weights=[1, 1, 0, 1])
@example(total=10**15, weights=[0, 7])
def test_a_split_is_exact_fair_and_gives_nothing_for_nothing(total, weights):
    if not any(weights):
        return
    shares = money.split_by_largest_remainder(total_minor=total, weights=weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(total * weight, sum(weights))
        assert abs(share - exact) < 1
        assert weight or not share


def test_left_over_units_go_to_the_largest_remainders_first_of_equals_first():
    assert money.split_by_largest_remainder(total_minor=10, weights=(1, 1, 1)) == (4, 3, 3)
    assert money.split_by_largest_remainder(total_minor=10, weights=(11, 14, 15)) == (3, 3, 4)
    assert money.split_by_largest_remainder(total_minor=5, weights=(10, 14, 16)) == (1, 2, 2)


REFUSED = [
    (lambda: money.round_ratio(numerator=1, denominator=0, rounding=Rounding.HALF_UP), "ratio"),
    (lambda: money.round_ratio(numerator=1, denominator=-1, rounding=Rounding.HALF_UP), "ratio"),
    (
        lambda: money.round_ratio(
            numerator=1, denominator=1, rounding=Rounding.HALF_UP, multiple_minor=0
        ),
        "multiple.not_positive",
    ),
    (
        lambda: money.round_amount(amount=Decimal("NaN"), rounding=Rounding.HALF_UP),
        "amount.not_finite",
    ),
    (
        lambda: money.round_amount(amount=Decimal("Infinity"), rounding=Rounding.HALF_UP),
        "amount.not_finite",
    ),
    (lambda: money.split_by_largest_remainder(total_minor=-1, weights=[1]), "split.negative"),
    (lambda: money.split_by_largest_remainder(total_minor=1, weights=[2, -1]), "split.negative"),
    (lambda: money.split_by_largest_remainder(total_minor=1, weights=[0]), "split.nobody_to_share"),
    (lambda: money.split_by_largest_remainder(total_minor=0, weights=[]), "split.nobody_to_share"),
]


@pytest.mark.parametrize(("call", "code"), REFUSED)
def test_refuses_what_has_no_answer(call, code):
    with pytest.raises(money.MoneyRefused) as refused:
        call()
    assert refused.value.code.startswith(code)
    assert str(refused.value) == refused.value.code
