"""What invented debtors do when they are called: who answers, what they say, what they keep.

Shape   ``nature_of`` gives a person's lasting nature, ``answer_to`` how one call with her ends;
        both are drawn from a seed and her reference: the same person is the same every time.
Source  field/collections.md: of dials about a third is answered, fewer the longer she is late; of
        those spoken with about half promise, and of promises about half are kept.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Word = TypeVar("Word", bound=StrEnum)


class Ends(StrEnum):
    """How a call ends, in the words of ``collect.requests.Outcome``."""

    EFFECTIVE = "effective"
    UNANSWERED = "unanswered"
    BUSY = "busy"
    WRONG_PERSON = "wrong_person"
    REFUSED = "refused"


class Says(StrEnum):
    NOTHING = "nothing"
    PROMISES = "promises"
    CANNOT = "cannot"  # Lost her income.
    LATER = "later"  # Asks to be called again.


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """``keeps``: does what she promised; ``answers``: of a hundred calls, so many."""

    answers: int
    keeps: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``seconds`` on the line; a promise pays ``percent`` of what is overdue in ``days``."""

    ends: Ends
    says: Says = Says.NOTHING
    seconds: int = 0
    percent: int = 0
    days: int = 0


NOT_TAKEN = {Ends.UNANSWERED: 78, Ends.BUSY: 22}
TAKEN = {Ends.EFFECTIVE: 86, Ends.REFUSED: 9, Ends.WRONG_PERSON: 5}
SAID = {Says.PROMISES: 48, Says.LATER: 22, Says.CANNOT: 14, Says.NOTHING: 16}
PROMISED_PERCENT = (30, 50, 100, 100)
LATE_MOST_DAYS = 180  # Longer than this she answers no less often.


def nature_of(*, who: str, seed: int) -> Nature:
    """Tell how a person is.

    >>> nature_of(who="P0000001", seed=1) == nature_of(who="P0000001", seed=1)
    True
    """
    chance = random.Random(f"{seed} nature {who}")
    return Nature(answers=chance.randint(25, 75), keeps=chance.random() < 0.5)


def answer_to(*, who: str, seed: int, call_no: int, days_past_due: int) -> Answer:
    """Let one call with a person end; ``call_no`` counts the calls with her.

    >>> answer_to(who="P0000001", seed=1, call_no=1, days_past_due=10).ends in Ends
    True
    """
    chance = random.Random(f"{seed} call {who} {call_no}")
    nature = nature_of(who=who, seed=seed)
    late_percent = 100 * min(days_past_due, LATE_MOST_DAYS) // LATE_MOST_DAYS
    if chance.randrange(100) >= nature.answers * (200 - late_percent) // 200:
        return Answer(ends=_drawn(chance, NOT_TAKEN))
    ends = _drawn(chance, TAKEN)
    if ends is not Ends.EFFECTIVE:
        return Answer(ends=ends, seconds=chance.randint(4, 25))
    says = _drawn(chance, SAID)
    return Answer(
        ends=ends,
        says=says,
        seconds=chance.randint(35, 420),
        percent=chance.choice(PROMISED_PERCENT) if says is Says.PROMISES else 0,
        days=chance.randint(1, 7) if says is Says.PROMISES else 0,
    )


def _drawn(chance: random.Random, weights: dict[Word, int]) -> Word:
    return chance.choices(list(weights), list(weights.values()))[0]
