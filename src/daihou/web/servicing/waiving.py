"""What a waiver gives up, instalment by instalment; what a settlement gives up, by component.

Units   ``*_minor`` is an ``int`` of minor units.
Shape   Cells are (instalment no, component, amount), oldest instalment first; none is empty.
Errors  ``ServicingRefused``: ``waiver.component_wrong``,
        ``waiver.instalment_unknown``, ``waiver.measure_wrong``,
        ``waiver.nothing_owed``, ``waiver.above_owed``, ``waiver.floor_not_below_owed``,
        ``settlement.above_owed``, ``settlement.discounts_wrong``,
        ``settlement.discount_above_owed``.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from daihou.core.money import round_amount, split_by_largest_remainder
from daihou.core.position import Position
from daihou.core.terms import Component, Rounding
from daihou.web.servicing.actions import Asked, Spread
from daihou.web.servicing.errors import ServicingRefused

Cell = tuple[int, Component, int]
WAIVABLE = frozenset(Component) - {Component.PRINCIPAL}
# What is given up first when a settlement does not say: what the law ranks last to be charged.
GIVEN_UP_FIRST = (
    Component.COMPOUND_INTEREST,
    Component.PENALTY,
    Component.FEE,
    Component.INTEREST,
    Component.PRINCIPAL,
)


def waived_cells(*, position: Position, asked: Asked, rounding: Rounding) -> tuple[Cell, ...]:
    """Choose how much of each instalment and component a waiver gives up."""
    if not set(asked.components) <= WAIVABLE:
        raise ServicingRefused("waiver.component_wrong")
    cells = _owing(position=position, asked=asked)
    lefts = [left for _, _, left in cells]
    owed_minor = sum(lefts)
    if not owed_minor:
        raise ServicingRefused("waiver.nothing_owed")
    amount_minor = _measured(owed_minor=owed_minor, asked=asked, rounding=rounding)
    if amount_minor > owed_minor:
        raise ServicingRefused("waiver.above_owed", owed=owed_minor, amount=amount_minor)
    if asked.spread is Spread.EVENLY:
        shares = split_by_largest_remainder(total_minor=amount_minor, weights=lefts)
    else:
        shares = _oldest_first(amount_minor, lefts)
    return tuple(
        (number, component, share)
        for (number, component, _), share in zip(cells, shares, strict=True)
        if share
    )


def _owing(*, position: Position, asked: Asked) -> list[Cell]:
    """List what is owed of the components: of the instalments named, else of all that are due."""
    named = set(asked.instalment_nos)
    unknown = named - {each.instalment_no for each in position.instalments}
    if unknown:
        raise ServicingRefused("waiver.instalment_unknown", number=min(unknown))
    return [
        (each.instalment_no, component, left_minor)
        for each in position.instalments
        if (each.instalment_no in named if named else each.due_on <= position.as_of)
        for component in asked.components
        if (left_minor := each.components[component].outstanding_minor) > 0
    ]


def _measured(*, owed_minor: int, asked: Asked, rounding: Rounding) -> int:
    measures = (asked.amount_minor, asked.percent, asked.floor_minor)
    if sum(measure is not None for measure in measures) != 1:
        raise ServicingRefused("waiver.measure_wrong")
    if asked.amount_minor is not None:
        return asked.amount_minor
    if asked.floor_minor is not None:
        if asked.floor_minor >= owed_minor:
            raise ServicingRefused("waiver.floor_not_below_owed", owed=owed_minor)
        return owed_minor - asked.floor_minor
    assert asked.percent is not None
    part = Fraction(asked.percent) / 100 * owed_minor
    return max(1, round_amount(amount=part, rounding=rounding))


def _oldest_first(amount_minor: int, lefts: Sequence[int]) -> tuple[int, ...]:
    shares = []
    for left in lefts:
        shares.append(min(left, amount_minor))
        amount_minor -= shares[-1]
    return tuple(shares)


def owed_by_component(position: Position) -> dict[Component, int]:
    """Part the pay-off figure by component: what is due, interest earned, all principal.

    Money not applied yet is taken off as it would be spent: fees first, principal last.
    """
    owed = dict.fromkeys(Component, 0)
    for each in position.instalments:
        for component, amounts in each.components.items():
            if each.due_on <= position.as_of or component is Component.PRINCIPAL:
                owed[component] += amounts.outstanding_minor
    owed[Component.INTEREST] += position.accrued_interest_minor
    held_minor = position.unapplied_minor
    for component in (Component.FEE, *_SPENT_AFTER_FEES):
        taken_minor = min(held_minor, owed[component])
        owed[component] -= taken_minor
        held_minor -= taken_minor
    return owed


_SPENT_AFTER_FEES = (
    Component.PENALTY,
    Component.COMPOUND_INTEREST,
    Component.INTEREST,
    Component.PRINCIPAL,
)


def discounts(*, position: Position, asked: Asked) -> dict[Component, int]:
    """Say what a settlement gives up of each component, as asked or in the usual order."""
    owed = owed_by_component(position)
    assert asked.amount_minor is not None
    discount_minor = position.payoff_minor - asked.amount_minor
    if discount_minor <= 0:
        raise ServicingRefused(
            "settlement.above_owed", owed=position.payoff_minor, amount=asked.amount_minor
        )
    if asked.discounts:
        return _as_asked(dict(asked.discounts), owed=owed, discount_minor=discount_minor)
    given_up = {}
    for component in GIVEN_UP_FIRST:
        part_minor = min(discount_minor, owed[component])
        discount_minor -= part_minor
        if part_minor:
            given_up[component] = part_minor
    return given_up


def _as_asked(
    wanted: Mapping[Component, int], *, owed: Mapping[Component, int], discount_minor: int
) -> dict[Component, int]:
    if min(wanted.values()) < 0 or sum(wanted.values()) != discount_minor:
        raise ServicingRefused("settlement.discounts_wrong", discount=discount_minor)
    for component, part_minor in wanted.items():
        if part_minor > owed[component]:
            raise ServicingRefused(
                "settlement.discount_above_owed",
                component=component.value,
                owed=owed[component],
            )
    return {component: part for component, part in wanted.items() if part}
