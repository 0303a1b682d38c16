"""What a change of the plan says: the values of its event, and which of them each kind takes.

Units   ``price_minor`` is an ``int`` of minor units; ``every`` counts units of ``unit``.
Shape   One flat ``Change`` for all kinds; ``FIELDS`` says which of its fields a kind needs and
        which it may have. A kind that is not in the table takes no change.
Errors  Codes for ``EventRefused``: ``fault_of_change`` gives the first that holds.
Source  docs/algorithms/plan-changes.md, one section per kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from daihou.core import codec
from daihou.core.terms import (
    LEAST_COMMON_YEAR,
    MOST_INSTALMENTS,
    MOST_MINOR,
    RATE_DIGITS,
    PeriodUnit,
    Rate,
    Surplus,
)

MOST_CARD_INSTALMENTS = 60  # 商业银行信用卡业务监督管理办法 art. 70: five years.


class InterestTreatment(StrEnum):
    """What becomes of the interest that a change touches."""

    GOES_ON = "goes_on"  # Owed as ever: with the first instalment that is to come.
    WAIVED = "waived"
    CAPITALIZED = "capitalized"  # Becomes principal and bears interest itself.
    SPREAD = "spread"  # Owed as interest, in equal parts of the instalments to come.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    first_due_on: date | None = None
    through_on: date | None = None  # The last day, itself included.
    instalment_count: int | None = None
    every: int | None = None
    unit: PeriodUnit | None = None
    rate: Rate | None = None
    interest: InterestTreatment | None = None
    surplus: Surplus | None = None
    counterparty: str = ""
    price_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of ``Change`` that a kind needs and those it may have besides."""

    needed: frozenset[str]
    allowed: frozenset[str] = frozenset()


def _fields(*needed: str, allowed: tuple[str, ...] = ()) -> Fields:
    return Fields(needed=frozenset(needed), allowed=frozenset(allowed))


# By the value of ``events.Kind``, which builds on this module.
FIELDS: Mapping[str, Fields] = MappingProxyType(
    {
        "extended": _fields("through_on", allowed=("rate",)),
        "deferred": _fields("instalment_count", "interest"),
        "re_aged": _fields(
            "first_due_on", "instalment_count", "interest", allowed=("every", "unit")
        ),
        "re_amortized": _fields("interest"),
        "due_dates_moved": _fields("first_due_on"),
        "rate_changed": _fields("rate"),
        "term_changed": _fields("instalment_count"),
        "overdue_planned": _fields("first_due_on", "instalment_count", allowed=("every", "unit")),
        "card_instalments": _fields("first_due_on", "instalment_count", "rate"),
        "interest_paused": _fields("through_on"),
        "prepaid": _fields("surplus"),
        "owner_changed": _fields("price_minor", allowed=("counterparty",)),
        "compensated": _fields("counterparty"),
    }
)
TREATMENTS: Mapping[str, frozenset[InterestTreatment]] = MappingProxyType(
    {
        "deferred": frozenset(InterestTreatment),
        "re_aged": frozenset(InterestTreatment),
        "re_amortized": frozenset(InterestTreatment) - {InterestTreatment.GOES_ON},
    }
)
_NAMES = tuple(field.name for field in fields(Change))
_NOTHING = Change()


def given(change: Change) -> frozenset[str]:
    """Name the fields that a change fills.

    >>> sorted(given(Change(instalment_count=3, interest=InterestTreatment.WAIVED)))
    ['instalment_count', 'interest']
    """
    return frozenset(name for name in _NAMES if getattr(change, name) != getattr(_NOTHING, name))


def plain(change: Change) -> dict[str, codec.Plain]:
    """Write the fields that a change fills as plain JSON values; ``codec.decode`` reads them.

    >>> plain(Change(through_on=date(2025, 1, 1)))
    {'through_on': '2025-01-01'}
    """
    filled = given(change)
    return {name: codec.encode(getattr(change, name)) for name in _NAMES if name in filled}


def fault_of_change(kind: str, change: Change | None) -> str | None:
    """Say what is wrong with the change of an event of this kind; None when nothing is.

    Codes: ``change.not_wanted``, ``change.field_not_wanted``, ``change.<field>_missing``,
    ``change.count_not_positive``, ``change.count_too_large``, ``change.every_not_positive``,
    ``change.rate_senseless``, ``change.interest_wrong``, ``change.surplus_wrong``,
    ``change.price_negative``, ``change.price_too_large``.

    >>> fault_of_change("extended", Change())
    'change.through_on_missing'
    >>> fault_of_change("extended", Change(through_on=date(2025, 1, 1), price_minor=3))
    'change.field_not_wanted'
    """
    wanted = FIELDS.get(kind)
    if wanted is None:
        return None if change is None else "change.not_wanted"
    filled = frozenset[str]() if change is None else given(change)
    for name in _NAMES:
        if name in wanted.needed and name not in filled:
            return f"change.{name}_missing"
    if not filled <= wanted.needed | wanted.allowed:
        return "change.field_not_wanted"
    return None if change is None else _fault_of_values(kind, change)


def _fault_of_values(kind: str, change: Change) -> str | None:
    count, most = change.instalment_count, MOST_INSTALMENTS
    if kind == "card_instalments":
        most = MOST_CARD_INSTALMENTS
    if count is not None and count < 1:
        return "change.count_not_positive"
    if count is not None and count > most:
        return "change.count_too_large"
    if change.every is not None and change.every < 1:
        return "change.every_not_positive"
    if change.rate is not None and not _has_sense(change.rate):
        return "change.rate_senseless"
    if change.interest is not None and change.interest not in TREATMENTS[kind]:
        return "change.interest_wrong"
    if change.surplus is not None and change.surplus not in {Surplus.SHORTEN, Surplus.LOWER}:
        return "change.surplus_wrong"
    if change.price_minor is not None and change.price_minor < 0:
        return "change.price_negative"
    if change.price_minor is not None and change.price_minor > MOST_MINOR:
        return "change.price_too_large"
    return None


def _has_sense(rate: Rate) -> bool:
    value = rate.value
    return (
        value.is_finite()
        and value >= 0
        and abs(value.adjusted()) <= RATE_DIGITS
        and max(value.as_integer_ratio()) * LEAST_COMMON_YEAR <= MOST_MINOR
    )
