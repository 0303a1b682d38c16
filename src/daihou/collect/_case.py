"""What the checks of the guard look at: one request with its facts, at one instant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from daihou.collect.facts import AgreementKind, Attempt, Debt, Facts
from daihou.collect.packs import Rule
from daihou.collect.requests import Channel, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """``again_at``: the rule refuses until then at least; None: for as long as facts stay."""

    code: str
    inputs: tuple[tuple[str, str], ...]
    again_at: datetime | None = None


def refused(code: str, *, again_at: datetime | None = None, **inputs: object) -> Refused:
    pairs = tuple((name, str(value)) for name, value in inputs.items())
    return Refused(code=f"contact.{code}", inputs=pairs, again_at=again_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``days``: the day in each zone. ``attempt_days``: those of each attempt, zone by zone."""

    request: Request
    facts: Facts
    at: datetime  # In UTC.
    zones: tuple[ZoneInfo, ...]
    days: tuple[date, ...]
    attempt_days: tuple[tuple[date, ...], ...]
    debts: tuple[Debt, ...]

    @property
    def first_day(self) -> date:
        return min(self.days)

    @property
    def last_day(self) -> date:
        return max(self.days)

    def debts_of(self, rule: Rule) -> tuple[Debt, ...]:
        """Return the debts that a rule is for."""
        if not rule.not_for and not rule.only_for:
            return self.debts
        return tuple(
            debt
            for debt in self.debts
            if debt.product_class not in rule.not_for
            and (not rule.only_for or debt.product_class in rule.only_for)
        )

    def binds(self, rule: Rule) -> bool:
        asked = self.request
        return rule.binds(
            channel=asked.channel, purpose=asked.purpose, recipient=asked.recipient
        ) and bool(self.debts_of(rule))

    def agreed(self, kind: AgreementKind | None) -> bool:
        """Say whether she agreed, at this instant and for this channel."""
        if kind is None:
            return False
        channel = self.request.channel
        return any(
            each.kind is kind and reaches(each.channels, channel) and is_active(each, self.at)
            for each in self.facts.agreements
        )

    def agreed_from(self, kind: AgreementKind | None) -> datetime | None:
        """Return when an agreement begins that is not in force yet."""
        channel = self.request.channel
        begins = (
            each.from_at
            for each in self.facts.agreements
            if each.kind is kind and reaches(each.channels, channel) and each.from_at > self.at
        )
        return min(begins, default=None)


class Span(Protocol):
    @property
    def from_at(self) -> datetime: ...
    @property
    def until_at(self) -> datetime | None: ...


def is_active(span: Span, at: datetime) -> bool:
    return span.from_at <= at and (span.until_at is None or at < span.until_at)


def reaches(channels: frozenset[Channel], channel: Channel) -> bool:
    return not channels or channel in channels


def case_of(*, request: Request, facts: Facts, zones: Sequence[ZoneInfo]) -> Case:
    at = request.at.astimezone(UTC)
    wanted = set(request.debt_keys)
    return Case(
        request=request,
        facts=facts,
        at=at,
        zones=tuple(zones),
        days=_days(at, zones),
        attempt_days=tuple(
            tuple(_day(attempt, zone) for attempt in facts.attempts) for zone in zones
        ),
        debts=tuple(debt for debt in facts.debts if debt.key in wanted),
    )


def at_instant(case: Case, at: datetime) -> Case:
    """Ask the same at another instant."""
    return replace(case, at=at, days=_days(at, case.zones))


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((each for each in instants if each is not None), default=None)


def _days(at: datetime, zones: Sequence[ZoneInfo]) -> tuple[date, ...]:
    return tuple(at.astimezone(zone).date() for zone in zones)


def _day(attempt: Attempt, zone: ZoneInfo) -> date:
    return attempt.at.astimezone(zone).date()
