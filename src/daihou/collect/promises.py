"""Whether promises to pay were kept: decided by the money that came, never by a person.

A promise is one or more parts, each with its date and amount. Money that still stands (no reversal
has taken it back) counts for a part if it was recorded after the promise was made, and for a day
from then through the part's date and grace. It is laid on the parts oldest first: on what each
needs to be kept, then on the rest. A part is kept from the day its threshold is reached and broken
on the day after its grace; a promise is kept when all of its parts are, and broken when one is.
So a payment taken back undoes what it decided.

Units   ``*_minor`` is an ``int`` of minor units; a threshold is a whole percentage of the part.
Shape   ``decide`` takes all promises that may share money, and returns each as it stands.
Errors  ``PromiseRefused``: ``promise.parts_missing``, ``promise.amount_not_positive``,
        ``promise.parts_out_of_order``, ``promise.before_made``, ``promise.threshold_wrong``.
Source  design.md, "promise to pay"; collections practice: grace and threshold per type, oldest
        promise first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"


class PromiseRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    due_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """``after_sequence`` is the ledger's place when it was made.

    ``through_sequence`` is its place when the promise was withdrawn or superseded, if it was.
    """

    key: int
    made_on: date
    parts: tuple[Part, ...]
    grace_days: int
    threshold_percent: int
    after_sequence: int
    through_sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A payment as it stands: less what was charged back."""

    sequence: int
    effective_on: date
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDecided:
    due_on: date
    amount_minor: int
    paid_minor: int
    state: State
    decided_on: date | None  # The day it was kept, or the first day on which it was broken.


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    key: int
    state: State
    paid_minor: int
    decided_on: date | None
    parts: tuple[PartDecided, ...]


@dataclass(slots=True)
class _Laid:
    """A part while money is laid on it."""

    promise: Promised
    part: Part
    paid_minor: int = 0
    kept_on: date | None = None

    @property
    def last_on(self) -> date:
        return self.part.due_on + timedelta(days=self.promise.grace_days)

    @property
    def needed_minor(self) -> int:
        return -(-self.part.amount_minor * self.promise.threshold_percent // 100)

    def takes(self, money: Money) -> bool:
        through = self.promise.through_sequence
        return (
            self.promise.after_sequence < money.sequence
            and (through is None or money.sequence <= through)
            and self.promise.made_on <= money.effective_on <= self.last_on
        )

    def lay(self, amount_minor: int, *, most_minor: int, on: date) -> int:
        """Lay money on the part up to an amount paid; return what is left of it."""
        taken = max(0, min(amount_minor, most_minor - self.paid_minor))
        self.paid_minor += taken
        if self.kept_on is None and self.paid_minor >= self.needed_minor:
            self.kept_on = on
        return amount_minor - taken

    def decided(self, *, on: date) -> PartDecided:
        state, decided_on = State.OPEN, None
        if self.kept_on is not None:
            state, decided_on = State.KEPT, self.kept_on
        elif on > self.last_on:
            state, decided_on = State.BROKEN, self.last_on + timedelta(days=1)
        return PartDecided(
            due_on=self.part.due_on,
            amount_minor=self.part.amount_minor,
            paid_minor=self.paid_minor,
            state=state,
            decided_on=decided_on,
        )


def check(promised: Promised) -> None:
    """Refuse a promise that can mean nothing.

    :raises PromiseRefused: see the module.

    >>> day = date(2026, 3, 1)
    >>> check(Promised(key=1, made_on=day, parts=(), grace_days=1, threshold_percent=100,
    ...                after_sequence=0))
    Traceback (most recent call last):
    daihou.collect.promises.PromiseRefused: promise.parts_missing
    """
    days = [part.due_on for part in promised.parts]
    if not days:
        raise PromiseRefused("promise.parts_missing")
    if any(part.amount_minor <= 0 for part in promised.parts):
        raise PromiseRefused("promise.amount_not_positive")
    if days != sorted(set(days)):
        raise PromiseRefused("promise.parts_out_of_order")
    if days[0] < promised.made_on:
        raise PromiseRefused("promise.before_made")
    if not 1 <= promised.threshold_percent <= 100 or promised.grace_days < 0:
        raise PromiseRefused("promise.threshold_wrong")


def decide(
    *, promises: Sequence[Promised], payments: Iterable[Money], on: date
) -> tuple[Decided, ...]:
    """Say how each promise stands by all money that is known; parts past ``on`` can be broken.

    >>> day = date(2026, 3, 1)
    >>> promise = Promised(key=7, made_on=day, parts=(Part(due_on=day, amount_minor=1000),),
    ...                    grace_days=1, threshold_percent=90, after_sequence=4)
    >>> paid = Money(sequence=5, effective_on=date(2026, 3, 2), amount_minor=900)
    >>> [decide(promises=[promise], payments=found, on=date(2026, 3, 3))[0].state.value
    ...  for found in ([paid], [])]
    ['kept', 'broken']
    """
    laid = {
        promised.key: [_Laid(promised, part) for part in promised.parts] for promised in promises
    }
    oldest_first = sorted(
        (each for parts in laid.values() for each in parts),
        key=lambda each: (each.part.due_on, each.promise.after_sequence, each.promise.key),
    )
    for money in sorted(payments, key=lambda found: (found.effective_on, found.sequence)):
        open_to_it = [each for each in oldest_first if each.takes(money)]
        left_minor = money.amount_minor
        for each in open_to_it:
            left_minor = each.lay(left_minor, most_minor=each.needed_minor, on=money.effective_on)
        for each in open_to_it:
            most_minor = each.part.amount_minor
            left_minor = each.lay(left_minor, most_minor=most_minor, on=money.effective_on)
    return tuple(_decided(promised, laid[promised.key], on=on) for promised in promises)


def _decided(promised: Promised, laid: Sequence[_Laid], *, on: date) -> Decided:
    parts = tuple(each.decided(on=on) for each in laid)
    broken = [part.decided_on for part in parts if part.state is State.BROKEN]
    kept = [part.decided_on for part in parts if part.state is State.KEPT]
    state, days = State.OPEN, []
    if broken:
        state, days = State.BROKEN, broken[:1]
    elif len(kept) == len(parts):
        state, days = State.KEPT, kept
    return Decided(
        key=promised.key,
        state=state,
        paid_minor=sum(part.paid_minor for part in parts),
        decided_on=max((day for day in days if day is not None), default=None),
        parts=parts,
    )
