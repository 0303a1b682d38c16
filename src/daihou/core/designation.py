"""Divide one payment among several debts to the same creditor: the payer's word, then the law.

Units   ``*_minor`` is an ``int`` count of minor units of one currency; ``burden`` is a yearly rate.
Shape   ``parts_minor[i]`` belongs to ``debts[i]``: same length, same order as given.
Errors  ``DesignationRefused`` before anything is computed; a result is never partial.
Source  PRC Civil Code art. 560: the debtor designates; else what is due first, then what is least
        secured, then what burdens the debtor most, then what fell due earliest, then pro rata.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from daihou.core.money import split_by_largest_remainder


class DesignationRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What is owed on one loan since, or from, one due day. A loan may have several."""

    loan_ref: str
    due_on: date
    owed_minor: int
    secured_minor: int = 0  # What its security is worth.
    burden: Decimal = Decimal(0)  # What a year of it costs the debtor, penalty included.


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    parts_minor: tuple[int, ...]
    left_minor: int  # More than is owed; the caller keeps it in suspense.


def divide(
    *, payment_minor: int, debts: Sequence[Debt], as_of: date, designated: Sequence[str] = ()
) -> Division:
    """Divide a payment: first the loans the payer names, in that order, then as the law says.

    Where two debts are alike in everything, they share by what is owed on them.

    :raises DesignationRefused: ``designation.payment_not_positive``,
        ``designation.debt_not_positive``, ``designation.security_negative``,
        ``designation.loan_unknown``, ``designation.loan_twice``.

    >>> def debt(loan_ref, month, owed_minor, **more):
    ...     due_on = date(2026, month, 1)
    ...     return Debt(loan_ref=loan_ref, due_on=due_on, owed_minor=owed_minor, **more)
    >>> debts = [debt("A", 9, 500), debt("B", 3, 500, secured_minor=400), debt("C", 4, 500)]
    >>> divide(payment_minor=1_200, debts=debts, as_of=date(2026, 6, 1))
    Division(parts_minor=(200, 500, 500), left_minor=0)
    >>> divide(payment_minor=600, debts=debts, as_of=date(2026, 6, 1), designated=["A"])
    Division(parts_minor=(500, 0, 100), left_minor=0)
    """
    _check(payment_minor=payment_minor, debts=debts, designated=designated)
    wanted = {loan_ref: place for place, loan_ref in enumerate(designated)}

    def place(i: int) -> tuple[Any, ...]:
        debt = debts[i]
        return (
            wanted.get(debt.loan_ref, len(wanted)),
            debt.due_on > as_of,
            debt.secured_minor,
            -debt.burden,
            debt.due_on,
        )

    parts, left_minor = [0] * len(debts), payment_minor
    for _, alike in groupby(sorted(range(len(debts)), key=place), key=place):
        group = list(alike)
        owed = [debts[i].owed_minor for i in group]
        paid_minor = min(left_minor, sum(owed))
        shares = split_by_largest_remainder(total_minor=paid_minor, weights=owed)
        for i, share_minor in zip(group, shares, strict=True):
            parts[i] = share_minor
        left_minor -= paid_minor
    assert left_minor >= 0
    assert sum(parts) + left_minor == payment_minor
    return Division(parts_minor=tuple(parts), left_minor=left_minor)


def _check(*, payment_minor: int, debts: Sequence[Debt], designated: Sequence[str]) -> None:
    if payment_minor <= 0:
        raise DesignationRefused("designation.payment_not_positive")
    if any(debt.owed_minor <= 0 for debt in debts):
        raise DesignationRefused("designation.debt_not_positive")
    if any(debt.secured_minor < 0 for debt in debts):
        raise DesignationRefused("designation.security_negative")
    if not set(designated) <= {debt.loan_ref for debt in debts}:
        raise DesignationRefused("designation.loan_unknown")
    if len(set(designated)) != len(designated):
        raise DesignationRefused("designation.loan_twice")
