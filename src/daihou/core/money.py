"""Round exact amounts to minor units and split them without losing any.

Units   ``*_minor`` is an ``int`` count of minor currency units (fen, cents).
Shape   A split gives one share per weight, in their order; the shares sum to the total.
Errors  ``MoneyRefused``, before anything is computed.
Source  design.md, "Money": largest remainder, a share of zero gets zero, nothing wraps at 64 bits.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from daihou.core.terms import Rounding


class MoneyRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def round_ratio(
    *, numerator: int, denominator: int, rounding: Rounding, multiple_minor: int = 1
) -> int:
    """Round ``numerator / denominator`` to a multiple; a half goes away from zero or to even.

    :raises MoneyRefused: ``ratio.denominator_not_positive``, ``multiple.not_positive``.

    >>> round_ratio(numerator=5, denominator=2, rounding=Rounding.HALF_UP)
    3
    >>> round_ratio(numerator=5, denominator=2, rounding=Rounding.HALF_EVEN)
    2
    >>> round_ratio(numerator=355, denominator=2, rounding=Rounding.HALF_UP, multiple_minor=100)
    200
    """
    if denominator <= 0:
        raise MoneyRefused("ratio.denominator_not_positive")
    if multiple_minor <= 0:
        raise MoneyRefused("multiple.not_positive")
    step = denominator * multiple_minor
    whole, rest = divmod(abs(numerator), step)
    beyond_half = 2 * rest - step
    if beyond_half > 0 or (beyond_half == 0 and (rounding is Rounding.HALF_UP or whole % 2 == 1)):
        whole += 1
    return whole * multiple_minor if numerator >= 0 else -whole * multiple_minor


def round_amount(
    *, amount: Fraction | Decimal | int, rounding: Rounding, multiple_minor: int = 1
) -> int:
    """Round an exact amount of minor units to a whole multiple of them.

    :raises MoneyRefused: ``amount.not_finite``, ``multiple.not_positive``.

    >>> round_amount(amount=Fraction(10, 3), rounding=Rounding.HALF_UP)
    3
    >>> round_amount(amount=Decimal("2.5"), rounding=Rounding.HALF_EVEN)
    2
    """
    if isinstance(amount, Decimal) and not amount.is_finite():
        raise MoneyRefused("amount.not_finite")
    numerator, denominator = amount.as_integer_ratio()
    return round_ratio(
        numerator=numerator,
        denominator=denominator,
        rounding=rounding,
        multiple_minor=multiple_minor,
    )


def split_by_largest_remainder(*, total_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share a total in proportion to the weights; left-over units go to the largest remainders.

    Equal remainders are served in the order given. A weight of zero gets nothing.

    :raises MoneyRefused: ``split.negative``, ``split.nobody_to_share``.

    >>> split_by_largest_remainder(total_minor=100, weights=(1, 1, 0, 1))
    (34, 33, 0, 33)
    """
    if total_minor < 0 or any(weight < 0 for weight in weights):
        raise MoneyRefused("split.negative")
    weight_sum = sum(weights)
    if weight_sum == 0:
        raise MoneyRefused("split.nobody_to_share")
    shares = [total_minor * weight // weight_sum for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(total_minor * weights[i] % weight_sum), i)
    )
    for i in by_remainder[: total_minor - sum(shares)]:
        shares[i] += 1
    assert sum(shares) == total_minor
    return tuple(shares)
