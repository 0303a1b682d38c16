"""The person's own clock: her day, her hours, and when they turn."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MINUTES_IN_DAY = 24 * 60
_LOOK_AHEAD = timedelta(days=9)  # A weekly rhythm, and a change of the clock within it.


@lru_cache(maxsize=512)
def zone_named(name: str) -> ZoneInfo | None:
    """Find a time zone of the IANA database; None where there is no such one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def minute_of(*, at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def clock(minute: int) -> str:
    """Write a minute of the day.

    >>> clock(480), clock(1440)
    ('08:00', '24:00')
    """
    return f"{minute // 60:02d}:{minute % 60:02d}"


def start_of_day(*, on: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day; it need not be midnight where the clock is put forward.

    >>> start_of_day(on=date(2026, 11, 22), zone=ZoneInfo("Asia/Shanghai")).isoformat()
    '2026-11-21T16:00:00+00:00'
    >>> start_of_day(on=date(2024, 4, 26), zone=ZoneInfo("Africa/Cairo")).isoformat()
    '2024-04-25T22:00:00+00:00'
    """
    there = list(_moments(on=on, minute=0, zone=zone))
    if there:
        return min(there)
    before = datetime.combine(on, time.min, tzinfo=UTC) - timedelta(days=1)
    return _first_of_day(start=before, end=before + timedelta(days=2), on=on, zone=zone)


def next_when(
    *, at: datetime, zone: ZoneInfo, minutes: Iterable[int], holds: Callable[[datetime], bool]
) -> datetime | None:
    """Find the first instant after ``at`` at which something holds that turns at these minutes.

    Looks nine days ahead; the change of the clock counts as a turn, and so does midnight.
    """
    today, until = at.astimezone(zone).date(), at + _LOOK_AHEAD
    turns = _turns(on=today, zone=zone, minutes=frozenset({0, *minutes}))
    changes = [each for each in _changes_after(on=today, zone=zone) if at < each <= until]
    if changes:
        turns = tuple(sorted({*turns, *changes}))
    return next((turn for turn in turns if turn > at and holds(turn)), None)


@lru_cache(maxsize=1024)
def _turns(*, on: date, zone: ZoneInfo, minutes: frozenset[int]) -> tuple[datetime, ...]:
    """Return the instants of the days ahead at which the clock shows one of these minutes."""
    moments = {
        moment
        for ahead in range(_LOOK_AHEAD.days)
        for minute in minutes
        for moment in _moments(on=on + timedelta(days=ahead), minute=minute, zone=zone)
    }
    return tuple(sorted(moments))


@lru_cache(maxsize=1024)
def _changes_after(*, on: date, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the changes of the clock that an instant of a day may have ahead of it."""
    start = datetime.combine(on, time.min, tzinfo=UTC) - timedelta(days=1)
    end = start + _LOOK_AHEAD + timedelta(days=3)
    return tuple(_changes_of_clock(start=start, end=end, zone=zone))


def _moments(*, on: date, minute: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the instants at which the clock shows a minute: none, one or two."""
    extra, minute = divmod(minute, MINUTES_IN_DAY)
    wall = datetime.combine(on + timedelta(days=extra), time(minute // 60, minute % 60))
    for fold in (0, 1):
        moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            yield moment


def _changes_of_clock(*, start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the instants in a span at which the zone's distance from UTC changes, to the second."""
    while start < end:
        until = min(start + timedelta(days=1), end)
        if _offset(start, zone) != _offset(until, zone):
            low, high = start, until
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _same(start, middle, zone) else (low, middle)
            yield high.replace(microsecond=0)
        start = until


def _first_of_day(*, start: datetime, end: datetime, on: date, zone: ZoneInfo) -> datetime:
    changes = _changes_of_clock(start=start, end=end, zone=zone)
    return next(turn for turn in changes if turn.astimezone(zone).date() == on)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _same(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return _offset(one, zone) == _offset(other, zone)
