"""Give cases to collectors: who may have each, as evenly as can be, the same way every time.

All cases of one person are one unit and go to one collector (人户合一). A unit stays with its owner
while she may have it and has room. Every other unit goes, within its stage, to the collector who
has the fewest cases of the stage, then the fewest in all, then the least money, each in proportion
to her capacity. Units that few may have come first, and within a stage the largest amounts: so in
each round the one with least takes the largest that is left.

Units   ``*_minor`` is an ``int`` of minor units; loads are compared as exact fractions.
Shape   ``assign`` takes units and collectors and returns who gets what, why the rest went to
        nobody, and how even it came out.
Errors  ``AssignmentRefused``: ``assignment.person_twice``, ``assignment.collector_twice``.
Source  Longest-processing-time-first scheduling (Graham 1969), by strata.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heapify, heappop, heapreplace
from types import MappingProxyType
from typing import Final

SCALE: Final = 1 << 40  # Loads are scaled by it before they are divided by a capacity.


class AssignmentRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Nobody(StrEnum):
    """Why a unit went to nobody: the first of these that left nobody."""

    STAGE = "stage"
    SKILL = "skill"
    LANGUAGE = "language"
    EXCLUDED = "excluded"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """All cases of one person: ``stage`` is the worst of them, ``owner`` who has them now."""

    person: int
    stage: str
    amount_minor: int
    cases: int = 1
    skills: frozenset[str] = frozenset()
    language: str = ""
    excluded: frozenset[int] = frozenset()
    owner: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """``capacity`` is how many cases she can have in all; no stages: every stage."""

    key: int
    capacity: int
    stages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    takes_new: bool = True  # Not while she is away; what she has stays with her.


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one collector has in the end."""

    collector: int
    capacity: int
    cases: int
    amount_minor: int
    stages: Mapping[str, int]
    kept: int  # Cases she had before.


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far shares lie apart, each measured against the capacity of its collector.

    ``*_ppm`` is by how many millionths the fullest exceeds the mean of those who take new cases.
    """

    cases_least: int
    cases_most: int
    cases_over_mean_ppm: int
    amount_least_minor: int
    amount_most_minor: int
    amount_over_mean_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    owners: Mapping[int, int]  # By person.
    nobody: Mapping[int, Nobody]  # By person.
    shares: tuple[Share, ...]
    spread: Spread | None  # None where nobody takes new cases.


@dataclass(slots=True)
class _Load:
    collector: Collector
    cases: int = 0
    amount_minor: int = 0
    kept: int = 0
    stages: Counter[str] = field(default_factory=Counter)

    def take(self, unit: Unit) -> None:
        self.cases += unit.cases
        self.amount_minor += unit.amount_minor
        self.stages[unit.stage] += unit.cases

    def has_room(self, unit: Unit) -> bool:
        return self.cases + unit.cases <= self.collector.capacity

    def standing(self, stage: str) -> tuple[int, int, int, int]:
        """Say how full she is: by the stage, in all, by money; the key settles what is equal."""
        capacity = self.collector.capacity
        return (
            self.stages[stage] * SCALE // capacity,
            self.cases * SCALE // capacity,
            self.amount_minor * SCALE // capacity,
            self.collector.key,
        )


Needs = tuple[str, frozenset[str], str, frozenset[int]]


def assign(*, units: Sequence[Unit], collectors: Sequence[Collector]) -> Assigned:
    """Give every unit to the collector it suits, or say why to nobody.

    :raises AssignmentRefused: see the module.

    >>> two = [Collector(key=1, capacity=9), Collector(key=2, capacity=9)]
    >>> four = [Unit(person=n, stage="M1", amount_minor=n * 100) for n in (1, 2, 3, 4)]
    >>> dict(assign(units=four, collectors=two).owners)
    {4: 1, 3: 2, 2: 2, 1: 1}
    """
    _check(units, collectors)
    loads = {each.key: _Load(each) for each in collectors}
    owners: dict[int, int] = {}
    for unit in sorted(units, key=_largest_first):
        if _stays(unit, loads):
            assert unit.owner is not None
            owners[unit.person] = unit.owner
            loads[unit.owner].take(unit)
            loads[unit.owner].kept += unit.cases
    waiting: dict[Needs, list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.person not in owners:
            waiting[unit.stage, unit.skills, unit.language, unit.excluded].append(unit)
    suited = {needs: _suited(needs, loads.values()) for needs in waiting}
    nobody: dict[int, Nobody] = {}
    for needs in sorted(waiting, key=lambda needs: _order(needs, suited[needs])):
        reason = _why_nobody(needs, loads.values()) if not suited[needs] else Nobody.CAPACITY
        rest = _deal(sorted(waiting[needs], key=_largest_first), suited[needs], owners)
        nobody.update((unit.person, reason) for unit in rest)
    return Assigned(
        owners=MappingProxyType(owners),
        nobody=MappingProxyType(nobody),
        shares=tuple(_share(loads[key]) for key in sorted(loads)),
        spread=_spread(loads.values()),
    )


def _check(units: Iterable[Unit], collectors: Iterable[Collector]) -> None:
    if max(Counter(unit.person for unit in units).values(), default=1) > 1:
        raise AssignmentRefused("assignment.person_twice")
    if max(Counter(each.key for each in collectors).values(), default=1) > 1:
        raise AssignmentRefused("assignment.collector_twice")


def _largest_first(unit: Unit) -> tuple[int, int]:
    return -unit.amount_minor, unit.person


def _order(needs: Needs, suited: Sequence[_Load]) -> tuple[int, str, list[str], str, list[int]]:
    """Order needs: those that few can meet first; what follows only makes the order certain."""
    stage, skills, language, excluded = needs
    return len(suited), stage, sorted(skills), language, sorted(excluded)


def _stays(unit: Unit, loads: Mapping[int, _Load]) -> bool:
    if unit.owner is None or unit.owner not in loads:
        return False
    load = loads[unit.owner]
    needs = (unit.stage, unit.skills, unit.language, unit.excluded)
    return all(fits for fits in _fits(needs, load.collector).values()) and load.has_room(unit)


def _fits(needs: Needs, collector: Collector) -> dict[Nobody, bool]:
    stage, skills, language, excluded = needs
    return {
        Nobody.STAGE: not collector.stages or stage in collector.stages,
        Nobody.SKILL: skills <= collector.skills,
        Nobody.LANGUAGE: not language or language in collector.languages,
        Nobody.EXCLUDED: collector.key not in excluded,
    }


def _suited(needs: Needs, loads: Iterable[_Load]) -> list[_Load]:
    return [
        load
        for load in loads
        if load.collector.takes_new
        and load.collector.capacity > 0
        and all(_fits(needs, load.collector).values())
    ]


def _why_nobody(needs: Needs, loads: Iterable[_Load]) -> Nobody:
    """Find what left nobody: each need is asked of those who met the needs before it."""
    left = [load.collector for load in loads if load.collector.takes_new]
    for reason in (Nobody.STAGE, Nobody.SKILL, Nobody.LANGUAGE, Nobody.EXCLUDED):
        left = [collector for collector in left if _fits(needs, collector)[reason]]
        if not left:
            return reason
    return Nobody.CAPACITY


def _deal(units: Sequence[Unit], suited: Sequence[_Load], owners: dict[int, int]) -> list[Unit]:
    """Deal units of one kind to those they suit; return what nobody has room for."""
    if not units:
        return []
    stage = units[0].stage
    heap = [(load.standing(stage), load) for load in suited]
    heapify(heap)
    rest: list[Unit] = []
    for unit in units:
        while heap and heap[0][1].cases >= heap[0][1].collector.capacity:
            heappop(heap)
        load = next((load for _, load in heap[:1] if load.has_room(unit)), None)
        if load is None:  # The first is too full for a person of several cases: another may not be.
            load = min(
                (load for _, load in heap if load.has_room(unit)),
                key=lambda load: load.standing(stage),
                default=None,
            )
        if load is None:
            rest.append(unit)
            continue
        load.take(unit)
        owners[unit.person] = load.collector.key
        if heap[0][1] is load:
            heapreplace(heap, (load.standing(stage), load))
        else:
            heap = [(each.standing(stage), each) for _, each in heap]
            heapify(heap)
    return rest


def _share(load: _Load) -> Share:
    return Share(
        collector=load.collector.key,
        capacity=load.collector.capacity,
        cases=load.cases,
        amount_minor=load.amount_minor,
        stages=MappingProxyType(dict(sorted(load.stages.items()))),
        kept=load.kept,
    )


def _spread(loads: Iterable[_Load]) -> Spread | None:
    taking = [load for load in loads if load.collector.takes_new and load.collector.capacity > 0]
    if not taking:
        return None
    cases = [(load.cases, load.collector.capacity) for load in taking]
    amounts = [(load.amount_minor, load.collector.capacity) for load in taking]
    return Spread(
        cases_least=min(count for count, _ in cases),
        cases_most=max(count for count, _ in cases),
        cases_over_mean_ppm=_over_mean_ppm(cases),
        amount_least_minor=min(amount for amount, _ in amounts),
        amount_most_minor=max(amount for amount, _ in amounts),
        amount_over_mean_ppm=_over_mean_ppm(amounts),
    )


def _over_mean_ppm(loads: Sequence[tuple[int, int]]) -> int:
    """Say by how much the fullest exceeds the mean, per capacity, in millionths."""
    total = sum(load for load, _ in loads)
    whole = sum(capacity for _, capacity in loads)
    if total == 0:
        return 0
    return (
        max(load * whole * 1_000_000 // (capacity * total) for load, capacity in loads) - 1_000_000
    )
