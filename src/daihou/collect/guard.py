"""Decide whether a contact may be made: the law of contact as one pure function.

Units   Instants are aware; days and minutes are those of the place where the person is.
Shape   Request, facts and rules in; a ``Decision`` with every reason, what it reserves, when to
        ask again and what is left of each cap out.
Errors  Refusals are values. What is not known refuses: no rule, no zone, no basis, old figures.
Source  Each rule names its own. docs/algorithms/guard.md.
"""

from dataclasses import dataclass
from datetime import date, datetime

from daihou.collect.facts import Facts
from daihou.collect.packs import Confidence, RuleSet
from daihou.collect.requests import Counts, Request

GUARD = "GUARD"  # Rule ids of the guard's own refusals begin with it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A rule that refuses. ``code`` names its line in ``daihou.messages.collect``."""

    rule_id: str
    code: str
    version: str
    source: str
    confidence: Confidence
    inputs: tuple[Input, ...] = ()

    @property
    def params(self) -> dict[str, str]:
        return {each.name: each.value for each in self.inputs}

    @property
    def must_be_verified(self) -> bool:
        return self.confidence not in {Confidence.FULL, Confidence.OWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """One place that this contact takes under a cap: number ``taken + 1`` of ``most``.

    ``on`` is the person's day; the cap counts over ``days`` of them, this one the last.
    """

    rule_id: str
    counts: Counts
    key: str
    on: date
    days: int
    most: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a cap leaves before this contact is made."""

    rule_id: str
    counts: Counts
    key: str
    most: int
    taken: int

    @property
    def left(self) -> int:
        return max(self.most - self.taken, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``use_before``: the permit holds until just before that instant, facts being the same.

    ``next_permitted_at``: the first instant at which the same request on the same facts is
    allowed; None where only somebody's act can change it. Of an allowed request it is None.
    """

    is_allowed: bool
    refusals: tuple[Ruling, ...]
    passed: tuple[str, ...]
    reserves: tuple[Reserve, ...] = ()
    left: tuple[Left, ...] = ()
    next_permitted_at: datetime | None = None
    use_before: datetime | None = None
    local_on: date | None = None  # The person's day, by which the caps count.

    @property
    def left_by_rule(self) -> dict[str, int]:
        """Return for each cap the least that is left over its keys."""
        found: dict[str, int] = {}
        for each in self.left:
            found[each.rule_id] = min(each.left, found.get(each.rule_id, each.left))
        return found


def decide(*, request: Request, facts: Facts, rules: RuleSet | None) -> Decision:
    """Decide a request."""
    if rules is None or rules.jurisdiction != facts.jurisdiction:
        refused = Ruling(
            rule_id=f"{GUARD}-LAW",
            code="contact.law_unknown",
            version="",
            source="",
            confidence=Confidence.OWN,
            inputs=(Input(name="jurisdiction", value=facts.jurisdiction),),
        )
        return Decision(is_allowed=False, refusals=(refused,), passed=())
    refused = tuple(
        Ruling(
            rule_id=rule.rule_id,
            code=f"contact.{rule.kind.value}",
            version=rule.version,
            source=rule.source,
            confidence=rule.confidence,
        )
        for rule in rules.in_force(on=request.at.date())
    )
    return Decision(is_allowed=False, refusals=refused, passed=())
