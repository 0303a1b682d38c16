"""How far collateral covers loans: pure, over plain values.

Units   Amounts are minor units of one currency; a ratio is a fraction (``Decimal("1.25")``).
Shape   An item covers its loans in the order of their ranks: each takes what it is owed, at most
        the amount pledged; what is left goes to the next. The last takes all that is left.
Source  Civil Code art. 414 (rank of mortgages by registration), 389 (what security covers).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

RATIO_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One pledge: ``amount_minor`` is its limit, None for the whole item."""

    item_id: int
    loan_id: int
    rank: int
    amount_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    loan_id: int
    exposure_minor: int
    covered_minor: int  # By all items; may be more than the exposure.
    ratio: Decimal | None  # None where nothing is owed.

    def is_short(self, *, least: Decimal) -> bool:
        """Tell whether the cover is below the least that is wanted."""
        return self.ratio is not None and self.ratio < least


def counted(*, value_minor: int, counted_share: Decimal) -> int:
    """Return the part of a value that counts, rounded down.

    >>> counted(value_minor=1_000_001, counted_share=Decimal("0.7"))
    700000
    """
    return int((value_minor * counted_share).to_integral_value(rounding=ROUND_DOWN))


def cover(
    *,
    claims: Iterable[Claim],
    counted_minor: Mapping[int, int],
    exposure_minor: Mapping[int, int],
) -> dict[int, Cover]:
    """Spread items over their loans; ``counted_minor`` by item, ``exposure_minor`` by loan.

    >>> claims = [Claim(item_id=1, loan_id=7, rank=1, amount_minor=None),
    ...           Claim(item_id=1, loan_id=8, rank=2, amount_minor=50)]
    >>> found = cover(claims=claims, counted_minor={1: 120}, exposure_minor={7: 80, 8: 100})
    >>> found[7].covered_minor, found[8].covered_minor, found[8].ratio
    (80, 40, Decimal('0.4000'))
    """
    by_item: dict[int, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_item[claim.item_id].append(claim)
    covered: dict[int, int] = defaultdict(int)
    for item_id, own in by_item.items():
        for loan_id, amount in _shares(own, counted_minor.get(item_id, 0), exposure_minor):
            covered[loan_id] += amount
    loan_ids = {claim.loan_id for own in by_item.values() for claim in own}
    return {
        loan_id: Cover(
            loan_id=loan_id,
            exposure_minor=exposure_minor.get(loan_id, 0),
            covered_minor=covered[loan_id],
            ratio=_ratio(covered[loan_id], exposure_minor.get(loan_id, 0)),
        )
        for loan_id in sorted(loan_ids)
    }


def _shares(
    claims: Sequence[Claim], left_minor: int, exposure_minor: Mapping[int, int]
) -> Iterable[tuple[int, int]]:
    ordered = sorted(claims, key=lambda claim: claim.rank)
    for place, claim in enumerate(ordered, start=1):
        is_last = place == len(ordered)
        most = left_minor if is_last else min(left_minor, exposure_minor.get(claim.loan_id, 0))
        taken = most if claim.amount_minor is None else min(most, claim.amount_minor)
        left_minor -= taken
        yield claim.loan_id, taken


def _ratio(covered_minor: int, exposure_minor: int) -> Decimal | None:
    if exposure_minor <= 0:
        return None
    exact = Decimal(covered_minor) / Decimal(exposure_minor)
    return exact.quantize(RATIO_PLACES, rounding=ROUND_DOWN)
