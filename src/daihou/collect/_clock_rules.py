"""Rules of hours and counters: the checks that time alone may lift."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from daihou.collect._case import Case, Refused, earliest, reaches, refused
from daihou.collect._times import clock, minute_of, next_when, start_of_day
from daihou.collect.facts import Attempt, Inconvenient
from daihou.collect.packs import Per, Rule
from daihou.collect.requests import COUNTED, DIALS, Channel, Recipient, Request


def hours(case: Case, rule: Rule) -> Refused | None:
    """Hold contacts to the hours of every place where the person may be."""
    assert rule.opens is not None
    assert rule.closes is not None
    if case.agreed(rule.unless_agreed):
        return None
    for zone in case.zones:
        if not _is_open(case.at, zone, rule):
            agreed_at = case.agreed_from(rule.unless_agreed)
            return refused(
                "hours",
                again_at=earliest((_opens_at(case.at, zone, rule), agreed_at)),
                local=clock(minute_of(at=case.at, zone=zone)),
                zone=zone.key,
                opens=clock(rule.opens),
                closes=clock(rule.closes),
            )
    return None


def _is_open(at: datetime, zone: ZoneInfo, rule: Rule) -> bool:
    assert rule.opens is not None
    assert rule.closes is not None
    return rule.opens <= minute_of(at=at, zone=zone) < rule.closes


def _opens_at(at: datetime, zone: ZoneInfo, rule: Rule) -> datetime | None:
    assert rule.opens is not None
    return next_when(
        at=at, zone=zone, minutes=[rule.opens], holds=lambda then: _is_open(then, zone, rule)
    )


def closes_at(case: Case, rule: Rule) -> datetime | None:
    """Return when the hours end that are open now, at the first place where they do."""
    assert rule.closes is not None
    return earliest(
        next_when(
            at=case.at,
            zone=zone,
            minutes=[rule.closes],
            holds=lambda then, zone=zone: not _is_open(then, zone, rule),  # type: ignore[misc]
        )
        for zone in case.zones
    )


def preferences(case: Case, rule: Rule) -> Refused | None:
    """Leave out the times that she named as bad."""
    del rule  # Her own words are the figures.
    windows = [
        each for each in case.facts.inconvenient if reaches(each.channels, case.request.channel)
    ]
    for zone in case.zones:
        if _is_bad(case.at, zone, windows):
            again_at = next_when(
                at=case.at,
                zone=zone,
                minutes=[each.until_minute for each in windows],
                holds=lambda then, zone=zone: not _is_bad(then, zone, windows),  # type: ignore[misc]
            )
            return refused(
                "inconvenient", again_at=again_at, local=clock(minute_of(at=case.at, zone=zone))
            )
    return None


def _is_bad(at: datetime, zone: ZoneInfo, windows: list[Inconvenient]) -> bool:
    minute, weekday = minute_of(at=at, zone=zone), at.astimezone(zone).weekday()
    for each in windows:
        if each.weekdays and weekday not in each.weekdays:
            continue
        if each.from_minute < each.until_minute:
            if each.from_minute <= minute < each.until_minute:
                return True
        elif minute >= each.from_minute or minute < each.until_minute:
            return True
    return False


def live_dial(case: Case, rule: Rule) -> Refused | None:
    """Allow one live dial to a person at a time; only its outcome ends it."""
    del rule
    live = any(
        attempt.outcome is None
        and attempt.channel in DIALS
        and not attempt.is_inbound
        and attempt.recipient_key == case.request.recipient_key
        for attempt in case.facts.attempts
    )
    return refused("live_dial") if live else None


def keys_of(rule: Rule, contact: Request | Attempt) -> tuple[str, ...]:
    """Return under which keys a cap counts a contact."""
    if rule.per is Per.PERSON:
        return (contact.recipient_key,)
    if rule.per is Per.ADDRESS:
        return (contact.address_key,)
    if rule.per is Per.DEBT:
        return contact.debt_keys
    assert rule.per is Per.PERSON_DEBT
    return tuple(f"{contact.recipient_key}:{key}" for key in contact.debt_keys)


def counted_days(case: Case, rule: Rule, *, zone_no: int, key: str) -> list[date]:
    """Return the days of the attempts that a cap counts now, the oldest first."""
    assert rule.days is not None
    since = case.days[zone_no] - timedelta(days=rule.days)
    return sorted(
        day
        for attempt, day in zip(case.facts.attempts, case.attempt_days[zone_no], strict=True)
        if day > since and _counts(rule, attempt) and key in keys_of(rule, attempt)
    )


def _counts(rule: Rule, attempt: Attempt) -> bool:
    assert rule.counts is not None
    if attempt.outcome not in COUNTED[rule.counts]:
        return False
    if rule.channels and attempt.channel not in rule.channels:
        return False
    if rule.recipients and attempt.recipient not in rule.recipients:
        return False
    if attempt.is_inbound:
        return rule.with_inbound
    return not rule.purposes or attempt.purpose in rule.purposes


def is_lifted(case: Case, rule: Rule) -> bool:
    return case.agreed(rule.unless_agreed)


def cap(case: Case, rule: Rule) -> Refused | None:
    """Hold contacts to the most of a cap, counted over the person's own days."""
    assert rule.days is not None
    assert rule.most is not None
    assert rule.counts is not None
    if is_lifted(case, rule):
        return None
    lifted_at = case.agreed_from(rule.unless_agreed)
    known_from = case.facts.attempts_from + timedelta(days=rule.days - 1)
    if known_from > case.first_day:
        turns = [start_of_day(on=known_from, zone=zone) for zone in case.zones]
        again_at = earliest((max(turns), lifted_at))
        return refused("history_short", again_at=again_at, since=case.facts.attempts_from)
    found = list(_over(case, rule))
    if not found:
        return None
    frees = [frees_at for _, frees_at in found]
    latest = None if None in frees else max(each for each in frees if each is not None)
    return refused(
        f"cap_{rule.counts.value}",
        again_at=earliest((latest, lifted_at)),
        taken=max(taken for taken, _ in found),
        most=rule.most,
        days=rule.days,
    )


def _over(case: Case, rule: Rule) -> Iterator[tuple[int, datetime | None]]:
    """Yield for each key and place where the cap is reached: how many, and when one falls out."""
    assert rule.days is not None
    assert rule.most is not None
    for key in keys_of(rule, case.request):
        for zone_no, zone in enumerate(case.zones):
            days = counted_days(case, rule, zone_no=zone_no, key=key)
            if len(days) < rule.most:
                continue
            if not rule.most:
                yield len(days), None
                continue
            falls_out = days[len(days) - rule.most] + timedelta(days=rule.days)
            yield len(days), start_of_day(on=falls_out, zone=zone)


def asked(case: Case, rule: Rule) -> Refused | None:
    """Answer only whoever wrote, called or complained within so many days, wherever she may be."""
    assert rule.days is not None
    request = case.request
    speaks_for_her = request.recipient in {Recipient.DEBTOR, Recipient.ATTORNEY}
    complaints = case.facts.complaints if speaks_for_her else ()
    for zone, today, days in zip(case.zones, case.days, case.attempt_days, strict=True):
        hers = [
            day
            for attempt, day in zip(case.facts.attempts, days, strict=True)
            if attempt.is_inbound and attempt.recipient_key == request.recipient_key
        ]
        hers += [each.at.astimezone(zone).date() for each in complaints]
        since = today - timedelta(days=rule.days)
        if not any(day > since for day in hers):
            return refused("not_asked", days=rule.days)
    return None


def complained(case: Case, rule: Rule) -> Refused | None:
    """Leave whoever complained again and again to a person: nothing goes out by itself."""
    request = case.request
    if not request.actor.is_system and request.channel is not Channel.ROBOT:
        return None
    return _complained(case, rule, "complained", [each.at for each in case.facts.complaints])


def complained_rightly(case: Case, rule: Rule) -> Refused | None:
    """Let all rest where complaints were found to be right again and again."""
    found = [each.at for each in case.facts.complaints if each.is_right]
    return _complained(case, rule, "complained_rightly", found)


def _complained(case: Case, rule: Rule, code: str, instants: list[datetime]) -> Refused | None:
    """Refuse from one complaint more than ``most`` within ``days`` of hers on, until one is old."""
    assert rule.days is not None
    assert rule.most is not None
    frees, counts = [], []
    for zone, today in zip(case.zones, case.days, strict=True):
        since = today - timedelta(days=rule.days)
        days = sorted(day for at in instants if (day := at.astimezone(zone).date()) > since)
        if len(days) > rule.most:
            falls_out = days[len(days) - rule.most - 1] + timedelta(days=rule.days)
            frees.append(start_of_day(on=falls_out, zone=zone))
            counts.append(len(days))
    if not frees:
        return None
    return refused(code, again_at=max(frees), count=max(counts), most=rule.most, days=rule.days)
