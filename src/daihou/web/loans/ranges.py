"""Within what bounds a loan of a product version may differ from the version's own terms.

Units   ``*_minor`` minor units; rates are fractions of what the version's rate is per.
Errors  ``ProductRefused`` with ``range.*`` codes.
"""

from dataclasses import dataclass
from decimal import Decimal

from daihou.core.terms import MOST_INSTALMENTS, MOST_MINOR, Method, Terms
from daihou.web.loans.errors import ProductRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """No list of methods, counts or rates: only the version's own."""

    principal_least_minor: int = 1
    principal_most_minor: int = MOST_MINOR
    count_least: int | None = None
    count_most: int | None = None
    rate_least: Decimal | None = None
    rate_most: Decimal | None = None
    methods: tuple[Method, ...] = ()


def check_ranges(*, ranges: Ranges, terms: Terms) -> None:
    """Refuse bounds that contradict themselves or leave the version's own terms out.

    :raises ProductRefused: ``range.principal_wrong``, ``range.count_wrong``, ``range.rate_wrong``,
        ``range.method_free``, ``range.own_terms_outside``.
    """
    if not 0 < ranges.principal_least_minor <= ranges.principal_most_minor <= MOST_MINOR:
        raise ProductRefused("range.principal_wrong")
    if not _in_order(ranges.count_least, ranges.count_most, least=1, most=MOST_INSTALMENTS):
        raise ProductRefused("range.count_wrong")
    rates = (ranges.rate_least, ranges.rate_most)
    if any(rate is not None and not (rate.is_finite() and rate >= 0) for rate in rates):
        raise ProductRefused("range.rate_wrong")
    if None not in rates and ranges.rate_least > ranges.rate_most:  # type: ignore[operator]
        raise ProductRefused("range.rate_wrong")
    if Method.FREE in {*ranges.methods, terms.method}:
        raise ProductRefused("range.method_free")
    fault = outside(ranges=ranges, own=terms, wanted=terms)
    if fault is not None:
        raise ProductRefused("range.own_terms_outside", field=fault)


def outside(*, ranges: Ranges, own: Terms, wanted: Terms) -> str | None:
    """Name the field in which wanted terms leave the bounds; none: nothing does.

    >>> from daihou.core.terms import Rate, RatePer
    >>> own = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.1"), per=RatePer.YEAR))
    >>> from dataclasses import replace
    >>> outside(ranges=Ranges(), own=own, wanted=replace(own, instalment_count=3))
    'instalment_count'
    """
    if wanted.method not in {own.method, *ranges.methods}:
        return "method"
    if not _between(wanted.instalment_count, ranges.count_least, ranges.count_most,
                    own=own.instalment_count):  # fmt: skip
        return "instalment_count"
    if wanted.rate.per is not own.rate.per or not _between(
        wanted.rate.value, ranges.rate_least, ranges.rate_most, own=own.rate.value
    ):
        return "rate"
    return None


def _between(
    value: Decimal | int, least: Decimal | int | None, most: Decimal | int | None, *,
    own: Decimal | int,
) -> bool:  # fmt: skip
    if least is None and most is None:
        return value == own
    return (least is None or value >= least) and (most is None or value <= most)


def _in_order(low: int | None, high: int | None, *, least: int, most: int) -> bool:
    return least <= (low or least) <= (high or most) <= most
