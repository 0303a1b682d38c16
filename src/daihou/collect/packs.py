"""Rules of contact as data: packs of a jurisdiction, and what funders and products tighten.

Units   Minutes of the person's day, whole days of hers, counts.
Shape   ``rules_of`` gives a ``RuleSet``: all rows of a jurisdiction over time, with tightenings;
        ``RuleSet.in_force`` those of one day, each merged with what is stricter.
Errors  ``PackRefused``: a pack that contradicts itself, a tightening that would loosen.
Source  Each row names its own, and how surely it is known. docs/algorithms/guard.md.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

from daihou.collect.facts import AgreementKind, BasisKind, StopKind
from daihou.collect.requests import Channel, Counts, Purpose, Recipient

JURISDICTIONS = ("CN", "US", "IN")
ONE_DAY = timedelta(days=1)


class PackRefused(ValueError):
    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Confidence(StrEnum):
    FULL = "full"
    SECONDARY = "secondary"
    MEMORY = "memory"
    RECOMPUTED = "recomputed"
    OWN = "own"  # No law: this house's default.


class Kind(StrEnum):
    """What a rule looks at; the guard has one check for each."""

    HOURS = "hours"
    PREFERENCES = "preferences"
    CAP = "cap"
    LIVE_DIAL = "live_dial"
    STOP = "stop"
    BASIS = "basis"
    ADDRESS = "address"
    OUT_OF_REACH = "out_of_reach"  # Others only where the debtor cannot be reached.
    NO_DEBT_FACTS = "no_debt_facts"
    GUARANTOR = "guarantor"
    SPOUSE = "spouse"
    HEIR = "heir"
    FORBIDDEN = "forbidden"
    FIRST_CONTACT = "first_contact"
    INSTITUTION = "institution"  # Every contact says who calls or writes.
    WORDING = "wording"
    OPT_OUT_TEXT = "opt_out_text"
    RECORDING = "recording"
    VISIT = "visit"
    STAFF = "staff"
    AGENCY = "agency"
    PLACEMENT = "placement"
    AGENT_NOTICE = "agent_notice"
    TRANSFER_NOTICE = "transfer_notice"
    VALIDATION_NOTICE = "validation_notice"
    BUREAU_NOTICE = "bureau_notice"
    EXPIRED = "expired"
    EXPIRED_SUIT = "expired_suit"
    COMPLAINED = "complained"  # After so many complaints a person decides, no machine.
    COMPLAINED_RIGHTLY = "complained_rightly"  # After so many that were right all rests.
    ASKED = "asked"  # Answers only to who wrote, called or complained lately.
    FIGURES = "figures"
    OWED = "owed"


class Per(StrEnum):
    PERSON = "person"  # The one who is reached, over all debts, agencies and funders.
    ADDRESS = "address"
    DEBT = "debt"
    PERSON_DEBT = "person_debt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row. Empty ``channels``, ``purposes``, ``recipients``: every one."""

    rule_id: str
    kind: Kind
    version: str
    valid_from: date
    source: str
    confidence: Confidence
    valid_through: date | None = None
    channels: frozenset[Channel] = frozenset()
    purposes: frozenset[Purpose] = frozenset()
    recipients: frozenset[Recipient] = frozenset()
    unless_agreed: AgreementKind | None = None
    not_for: frozenset[str] = frozenset()  # Classes of product that the rule leaves out.
    only_for: frozenset[str] = frozenset()  # Classes that it is for alone.
    opens: int | None = None  # Minute of the day, allowed from it …
    closes: int | None = None  # … until before this one.
    counts: Counts | None = None
    per: Per | None = None
    days: int | None = None  # Of a cap: the window, today included. Else: days to wait or of age.
    most: int | None = None
    least: int | None = None
    with_inbound: bool = False
    stops: frozenset[StopKind] = frozenset()
    bases: frozenset[BasisKind] = frozenset()
    tightened_by: tuple[str, ...] = ()

    @property
    def must_be_verified(self) -> bool:
        return self.confidence not in {Confidence.FULL, Confidence.OWN}

    def binds(self, *, channel: Channel, purpose: Purpose, recipient: Recipient) -> bool:
        return (
            (not self.channels or channel in self.channels)
            and (not self.purposes or purpose in self.purposes)
            and (not self.recipients or recipient in self.recipients)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightening:
    """What a funder, product or house asks beyond the law: stricter figures of one rule.

    Or, with ``forbids``, channels that are not to be used at all.
    """

    tightening_id: str
    by: str  # Who asks: ``funder:…``, ``product:…``, ``house``.
    rule_id: str
    valid_from: date
    source: str
    valid_through: date | None = None
    most: int | None = None
    least: int | None = None
    days: int | None = None
    opens: int | None = None
    closes: int | None = None
    forbids: frozenset[Channel] = frozenset()
    ends_agreements: bool = False  # What she agreed to lifts the rule no longer.


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """Rules of one jurisdiction over time. ``required``: without one of these nothing leaves."""

    jurisdiction: str
    version: str
    required: tuple[str, ...]
    rules: tuple[Rule, ...]
    tightenings: tuple[Tightening, ...] = ()

    def in_force(self, *, on: date) -> tuple[Rule, ...]:
        """Return one row per rule id, in order of id, merged with what is stricter on that day."""
        if on not in self._by_day:
            self._by_day[on] = _in_force(self, on)
        return self._by_day[on]

    def missing(self, *, on: date) -> tuple[str, ...]:
        there = {rule.rule_id for rule in self.in_force(on=on)}
        return tuple(rule_id for rule_id in self.required if rule_id not in there)

    def longest_window(self, *, on: date) -> int:
        """Return over how many days, today included, attempts are counted at most."""
        caps = (rule.days for rule in self.in_force(on=on) if rule.kind is Kind.CAP)
        return max((days for days in caps if days is not None), default=1)

    @cached_property
    def _by_day(self) -> dict[date, tuple[Rule, ...]]:
        return {}

    @cached_property
    def turns(self) -> tuple[date, ...]:
        """The days on which another row begins or one has ended."""
        rows: list[Rule | Tightening] = [*self.rules, *self.tightenings]
        ends = {row.valid_through + ONE_DAY for row in rows if row.valid_through is not None}
        return tuple(sorted({row.valid_from for row in rows} | ends))


def _in_force(rules: RuleSet, on: date) -> tuple[Rule, ...]:
    newest: dict[str, Rule] = {}
    for rule in sorted(rules.rules, key=lambda rule: rule.valid_from):
        if rule.valid_from <= on:
            newest[rule.rule_id] = rule
    found = {rule_id: rule for rule_id, rule in newest.items() if _holds(rule, on)}
    for tightening in rules.tightenings:
        if not _holds(tightening, on):
            continue
        if tightening.forbids:
            found[tightening.tightening_id] = _forbidding(tightening)
        elif tightening.rule_id in found:
            found[tightening.rule_id] = _stricter(found[tightening.rule_id], tightening)
    return tuple(found[rule_id] for rule_id in sorted(found))


def _holds(row: Rule | Tightening, on: date) -> bool:
    return row.valid_from <= on and (row.valid_through is None or row.valid_through >= on)


def _forbidding(tightening: Tightening) -> Rule:
    return Rule(
        rule_id=tightening.tightening_id,
        kind=Kind.FORBIDDEN,
        version=tightening.tightening_id,
        valid_from=tightening.valid_from,
        valid_through=tightening.valid_through,
        source=tightening.source,
        confidence=Confidence.OWN,
        channels=tightening.forbids,
        purposes=frozenset({Purpose.REMINDER, Purpose.COLLECTION}),
        tightened_by=(tightening.by,),
    )


def _stricter(rule: Rule, tightening: Tightening) -> Rule:
    """Take of each figure the stricter one: a law that became stricter since is kept."""
    return replace(
        rule,
        most=_least(rule.most, tightening.most),
        least=_most(rule.least, tightening.least),
        days=_days(rule, tightening.days),
        opens=_most(rule.opens, tightening.opens),
        closes=_least(rule.closes, tightening.closes),
        unless_agreed=None if tightening.ends_agreements else rule.unless_agreed,
        tightened_by=(*rule.tightened_by, tightening.tightening_id),
    )


_SHORTER_IS_STRICTER = frozenset({Kind.ASKED, Kind.FIGURES, Kind.VALIDATION_NOTICE, Kind.AGENCY})


def _days(rule: Rule, days: int | None) -> int | None:
    """Find the stricter number of days: a longer window or wait, a shorter age."""
    if rule.kind in _SHORTER_IS_STRICTER:
        return _least(rule.days, days)
    return _most(rule.days, days)


def _least(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _most(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)


def merged(*, rules: RuleSet, tightenings: Iterable[Tightening]) -> RuleSet:
    """Add tightenings to the rules of a jurisdiction.

    :raises PackRefused: ``rules.loosens``, ``rules.unknown_rule``, ``rules.changes_nothing``.
    """
    added = tuple(sorted(tightenings, key=lambda row: row.tightening_id))
    for row in added:
        check_tightening(rules=rules, tightening=row)
    return replace(rules, tightenings=(*rules.tightenings, *added))


def check_tightening(*, rules: RuleSet, tightening: Tightening) -> None:
    """Refuse a tightening that is looser than the law on its first day, or says nothing.

    :raises PackRefused: as ``merged``.
    """
    if tightening.forbids:
        return
    base = {rule.rule_id: rule for rule in rules.in_force(on=tightening.valid_from)}
    rule = base.get(tightening.rule_id)
    if rule is None:
        raise PackRefused("rules.unknown_rule", tightening.rule_id)
    asked = {
        name: value
        for name in ("most", "least", "days", "opens", "closes")
        if (value := getattr(tightening, name)) is not None
    }
    if not asked and not tightening.ends_agreements:
        raise PackRefused("rules.changes_nothing", tightening.rule_id)
    strict = _stricter(rule, tightening)
    for name, value in asked.items():
        if getattr(rule, name) is None:
            raise PackRefused("rules.unknown_figure", f"{tightening.rule_id}.{name}")
        if getattr(strict, name) != value:
            raise PackRefused("rules.loosens", f"{tightening.rule_id}.{name}")


def rules_of(*, jurisdiction: str, tightenings: Sequence[Tightening] = ()) -> RuleSet | None:
    """Return the rules of a jurisdiction, or None where no pack is known: nothing leaves then.

    :raises PackRefused: as ``merged``.

    >>> rules = rules_of(jurisdiction="CN")
    >>> hours = {rule.rule_id: rule for rule in rules.in_force(on=date(2026, 11, 22))}["CN-TIME-01"]
    >>> hours.opens, hours.closes, hours.confidence.value, hours.must_be_verified
    (480, 1320, 'secondary', True)
    """
    pack = _pack(jurisdiction) if jurisdiction in JURISDICTIONS else None
    if pack is None or not tightenings:
        return pack
    return merged(rules=pack, tightenings=tightenings)


@lru_cache(maxsize=8)
def _pack(jurisdiction: str) -> RuleSet:
    folder = files("daihou.collect") / "rules"
    own, house = (
        (folder / f"{name}.toml").read_text(encoding="utf-8")
        for name in (jurisdiction.lower(), "house")
    )
    return read_pack(text=f"{own}\n{house}")


def read_pack(*, text: str) -> RuleSet:
    """Read a pack in TOML.

    :raises PackRefused: ``rules.pack_wrong``.
    """
    try:
        pack = tomllib.loads(text)
        rules = tuple(_row(row, version=pack["version"]) for row in pack["rule"])
        found = RuleSet(
            jurisdiction=pack["jurisdiction"],
            version=pack["version"],
            required=tuple(pack["required"]),
            rules=rules,
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise PackRefused("rules.pack_wrong", str(fault)) from fault
    seen = {(rule.rule_id, rule.valid_from) for rule in rules}
    if len(seen) != len(rules) or not set(found.required) <= {rule.rule_id for rule in rules}:
        raise PackRefused("rules.pack_wrong", "a row stands twice or a required rule is missing")
    return found


_SETS: Mapping[str, type[StrEnum]] = {
    "channels": Channel,
    "purposes": Purpose,
    "recipients": Recipient,
    "stops": StopKind,
    "bases": BasisKind,
}
_WORDS: Mapping[str, type[StrEnum]] = {
    "kind": Kind,
    "confidence": Confidence,
    "counts": Counts,
    "per": Per,
    "unless_agreed": AgreementKind,
}


def _row(row: Mapping[str, Any], *, version: str) -> Rule:
    given: dict[str, Any] = {"version": version}
    for name, value in row.items():
        if name in _SETS:
            given[name] = frozenset(map(_SETS[name], value))
        elif name in _WORDS:
            given[name] = _WORDS[name](value)
        elif name in {"opens", "closes"}:
            hours, minutes = value.split(":")
            given[name] = int(hours) * 60 + int(minutes)
        elif name in {"not_for", "only_for"}:
            given[name] = frozenset(value)
        elif name != "source_zh":  # For readers alone: ``sources_in_chinese``.
            given[name] = value
    return Rule(**given)


@lru_cache(maxsize=1)
def sources_in_chinese() -> Mapping[str, str]:
    """Return the Chinese of every source that a row of a pack names."""
    folder = files("daihou.collect") / "rules"
    names = [*(name.lower() for name in JURISDICTIONS), "house"]
    texts = ((folder / f"{name}.toml").read_text(encoding="utf-8") for name in names)
    return {
        row["source"]: row["source_zh"] for text in texts for row in tomllib.loads(text)["rule"]
    }
