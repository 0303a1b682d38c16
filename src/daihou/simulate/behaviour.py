"""How invented borrowers pay: on the day, early, late, in part, or not any more.

Units   Amounts are minor units; ``late_days`` counts from the due date.
Shape   ``payments_of`` walks one loan's instalments and gives what reaches the bank.
Source  field/analytics.md §2.3: of due amounts about 5 % unpaid on day 1, of these 88 % paid by day
        30 along 1-exp(-(t/11.4)^0.78), beyond that 95 % roll on. Every level is a field below.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from daihou.core.schedule import ScheduledInstalment


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Levels of behaviour, named so that a simulation can vary them."""

    late_share: float = 0.053
    cured_by_30_share: float = 0.87
    cure_scale_days: float = 11.4
    cure_shape: float = 0.78
    cured_after_30_share: float = 0.05
    early_share: float = 0.18
    partial_share: float = 0.12  # Of those who stopped paying: still sends something, some months.
    late_file_share: float = 0.08  # Bank files that arrive one to three days after the money.
    returned_share: float = 0.002  # Debits that the bank returns two days later.


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    effective_on: date
    amount_minor: int
    known_on: date
    is_returned: bool = False


def payments_of(
    *,
    instalments: Sequence[ScheduledInstalment],
    daily_penalty: Fraction,
    grace_days: int,
    risk: float,
    chance: random.Random,
    habits: Habits,
    until: date,
) -> list[Paid]:
    """Let one borrower live with her loan until a day."""
    paid: list[Paid] = []
    for place, due in enumerate(instalments):
        if due.due_on > until:
            break
        late_days = _late_days(risk, chance, habits)
        if late_days is None:
            paid += _trickle(instalments[place:], chance, habits)
            break
        if late_days > _LONG:
            paid += _catch_up(instalments[place:], late_days, daily_penalty, grace_days)
            break
        paid += _one(due, late_days, daily_penalty, grace_days, chance, habits)
    return [one for one in paid if one.effective_on <= until]


_LONG = 27  # Later than this, the next instalment falls due too: she pays everything at once.


def _late_days(risk: float, chance: random.Random, habits: Habits) -> int | None:
    """Draw days late: 0 is on time, ``None`` is never."""
    if chance.random() >= min(habits.late_share * risk, 0.6):
        return 0
    if chance.random() < habits.cured_by_30_share:
        return _cure_days(chance.random(), habits)
    if chance.random() < habits.cured_after_30_share:
        return chance.randint(31, 110)
    return None


def _cure_days(share: float, habits: Habits) -> int:
    """Invert the cure curve, cut off at day 30, for a share of those it cures."""
    by_30 = 1 - math.exp(-math.pow(30 / habits.cure_scale_days, habits.cure_shape))
    days = habits.cure_scale_days * math.pow(-math.log(1 - share * by_30), 1 / habits.cure_shape)
    return max(1, math.ceil(days))


def _owed(due: ScheduledInstalment, on: date, daily_penalty: Fraction, grace_days: int) -> int:
    """Sum up what the instalment costs on a day when nothing of it was paid before."""
    days = max(0, (on - due.due_on).days - grace_days)
    a_day = math.floor(due.principal_minor * daily_penalty + Fraction(1, 2))
    return due.principal_minor + due.interest_minor + due.fee_minor + days * a_day


def _one(
    due: ScheduledInstalment,
    late_days: int,
    daily_penalty: Fraction,
    grace_days: int,
    chance: random.Random,
    habits: Habits,
) -> list[Paid]:
    on = due.due_on + timedelta(days=late_days)
    if not late_days and chance.random() < habits.early_share:
        on -= timedelta(days=chance.randint(1, 5))
    amount_minor = _owed(due, on, daily_penalty, grace_days)
    lag = chance.randint(1, 3) if chance.random() < habits.late_file_share else 0
    first = Paid(effective_on=on, amount_minor=amount_minor, known_on=on + timedelta(days=lag))
    if late_days or chance.random() >= habits.returned_share:
        return [first]
    again_on = due.due_on + timedelta(days=3)
    again = Paid(
        effective_on=again_on,
        amount_minor=_owed(due, again_on, daily_penalty, grace_days),
        known_on=again_on,
    )
    returned = Paid(effective_on=on, amount_minor=amount_minor, known_on=on, is_returned=True)
    return [returned, again]


def _catch_up(
    rest: Sequence[ScheduledInstalment], late_days: int, daily_penalty: Fraction, grace_days: int
) -> list[Paid]:
    """Pay everything that is due by then in one sum, and the rest of the loan on time."""
    on = rest[0].due_on + timedelta(days=late_days)
    due_then = [due for due in rest if due.due_on <= on]
    sum_minor = sum(_owed(due, on, daily_penalty, grace_days) for due in due_then)
    later = [
        Paid(
            effective_on=due.due_on,
            amount_minor=_owed(due, due.due_on, daily_penalty, grace_days),
            known_on=due.due_on,
        )
        for due in rest[len(due_then) :]
    ]
    return [Paid(effective_on=on, amount_minor=sum_minor, known_on=on), *later]


def _trickle(
    rest: Sequence[ScheduledInstalment], chance: random.Random, habits: Habits
) -> list[Paid]:
    """She has stopped paying; some months a part arrives."""
    if chance.random() >= habits.partial_share * 3:
        return []
    parts = []
    for due in rest:
        if chance.random() < habits.partial_share:
            on = due.due_on + timedelta(days=chance.randint(5, 40))
            whole_minor = due.principal_minor + due.interest_minor
            amount_minor = max(100, whole_minor * chance.randint(5, 50) // 100)
            parts.append(Paid(effective_on=on, amount_minor=amount_minor, known_on=on))
    return parts
