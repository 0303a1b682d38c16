"""The people behind the twins: what reached them, what became of it, what they answer.

A fate is chosen for each address. ``reached`` is the truth: what a person really got, however often
the provider said so. Nothing here knows our database.
"""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fate(StrEnum):
    DELIVERED = "delivered"
    TWICE_TOLD = "twice_told"  # The receipt comes twice.
    OUT_OF_ORDER = "out_of_order"  # "Failed" comes after "delivered".
    SILENT = "silent"  # No receipt ever comes.
    BOUNCED = "bounced"
    FAILED = "failed"
    REPLIES = "replies"
    OPTS_OUT = "opts_out"
    COMPLAINS = "complains"
    THROTTLED = "throttled"  # The first try is refused; the next one passes.
    REFUSED = "refused"
    LOST_ANSWER = "lost_answer"  # It reaches the person; the provider's answer never comes.
    BROKEN = "broken"  # It reaches the person; the provider answers HTTP 500.
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    WRONG_PERSON = "wrong_person"
    HANDED_OVER = "handed_over"  # A robot asks for a person.


REACHES_NOBODY = frozenset({Fate.BOUNCED, Fate.FAILED, Fate.REFUSED})
NO_RECEIPT = frozenset({Fate.SILENT, Fate.LOST_ANSWER})
USUAL: Mapping[Fate, int] = {  # What becomes of a hundred messages, more or less.
    Fate.DELIVERED: 62,
    Fate.TWICE_TOLD: 4,
    Fate.OUT_OF_ORDER: 2,
    Fate.SILENT: 4,
    Fate.BOUNCED: 3,
    Fate.FAILED: 4,
    Fate.REPLIES: 9,
    Fate.OPTS_OUT: 2,
    Fate.THROTTLED: 4,
    Fate.REFUSED: 2,
    Fate.LOST_ANSWER: 1,
    Fate.NO_ANSWER: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One message or call that a person got; ``ref`` is the twin's own number for it."""

    provider: str
    ref: str
    reference: str
    address: str
    slots: Mapping[str, str]
    text: str
    fate: Fate


@dataclass(slots=True)
class World:
    """``fate_of`` says what becomes of an address; by default everything arrives."""

    fate_of: Callable[[str], Fate] = lambda _address: Fate.DELIVERED
    reached: list[Reached] = field(default_factory=list)
    untold: list[Reached] = field(default_factory=list)
    _tries: dict[str, int] = field(default_factory=dict)
    _known: dict[str, Reached] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self,
        *,
        provider: str,
        reference: str,
        address: str,
        slots: Mapping[str, str],
        text: str = "",
        is_once: bool = False,
    ) -> tuple[Fate, str]:
        """Let a message come to an address; say what becomes of it, and its number.

        ``is_once``: this provider knows a reference again and does not send it twice.
        """
        with self._lock:
            fate = self.fate_of(address)
            tries = self._tries[reference] = self._tries.get(reference, 0) + 1
            if fate is Fate.THROTTLED:
                if tries == 1:
                    return fate, ""
                fate = Fate.DELIVERED
            if fate is Fate.REFUSED:
                return fate, ""
            if is_once and reference in self._known:
                return fate, self._known[reference].ref
            made = Reached(
                provider=provider,
                ref=f"{provider}-{len(self._known) + 1:06d}-{tries}",
                reference=reference,
                address=address,
                slots=dict(slots),
                text=text,
                fate=fate,
            )
            self._known[reference] = made
            self.untold.append(made)
            if fate not in REACHES_NOBODY:
                self.reached.append(made)
            return fate, made.ref

    def tell(self) -> list[Reached]:
        """Hand out what has not been told yet."""
        with self._lock:
            told, self.untold = self.untold, []
        return told

    def count_reached(self, reference: str) -> int:
        return sum(each.reference == reference for each in self.reached)


def by_chance(*, seed: int, weights: Mapping[Fate, int]) -> Callable[[str], Fate]:
    """Choose a fate for each address, the same one whenever it is asked."""
    fates, odds = list(weights), list(weights.values())

    def choose(address: str) -> Fate:
        return random.Random(f"{seed} {address}").choices(fates, odds)[0]  # noqa: S311

    return choose
