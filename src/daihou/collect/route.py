"""In which order a day's visits are made: always the nearest next, appointments in their time.

Units   Positions are millionths of a degree; distances whole meters on a sphere.
Shape   Pure, deterministic: equal distances go by the order in which the stops were given.
        Only an order is proposed: no road is known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_009  # Mean radius (IUGG).
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``latitude`` and ``longitude`` in millionths of a degree, north and east positive."""

    latitude: int
    longitude: int

    def __post_init__(self) -> None:
        if abs(self.latitude) > 90 * MICRO or abs(self.longitude) > 180 * MICRO:
            raise ValueError("a place lies outside the globe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One visit: where it is, as exactly as is known, and whether its turn is given by the hour.

    ``begins_minute`` is the minute of the day at which an agreed appointment begins, else None.
    """

    key: str
    district: str = ""
    place: Place | None = None
    begins_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A stop in its turn; ``meters`` from the one before, None where either place is unknown."""

    stop: Stop
    meters: int | None


def meters_between(first: Place, second: Place) -> int:
    """Measure along the great circle (haversine).

    >>> meters_between(Place(latitude=0, longitude=0), Place(latitude=0, longitude=1_000_000))
    111195
    """
    north, other = radians(first.latitude / MICRO), radians(second.latitude / MICRO)
    across = radians((second.longitude - first.longitude) / MICRO)
    half = sin((other - north) / 2) ** 2 + cos(north) * cos(other) * sin(across / 2) ** 2
    return round(2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(half))))


def order(*, stops: Sequence[Stop], start: Place | None = None) -> tuple[Leg, ...]:
    """Order stops: appointments by their time, the free ones nearest first around them.

    A stop without place follows the others of its district; where there are none it stands at the
    end, in the order given.

    >>> east = Stop(key="east", place=Place(latitude=0, longitude=2_000_000))
    >>> near = Stop(key="near", place=Place(latitude=0, longitude=100_000))
    >>> [leg.stop.key for leg in order(stops=[east, near], start=Place(latitude=0, longitude=0))]
    ['near', 'east']
    """
    appointed = sorted(
        (stop for stop in stops if stop.begins_minute is not None),
        key=lambda stop: (stop.begins_minute or 0, stop.key),
    )
    placed = _nearest(
        [stop for stop in stops if stop.begins_minute is None and stop.place], start=start
    )
    ordered = _around(appointed, placed) if appointed else placed
    for stop in stops:
        if stop.begins_minute is None and stop.place is None:
            ordered.insert(_after_district(ordered, stop.district), stop)
    return tuple(_legs(ordered, start=start))


def _nearest(stops: Sequence[Stop], *, start: Place | None) -> list[Stop]:
    left, ordered, here = list(stops), list[Stop](), start
    while left:
        chosen = left[0] if here is None else min(left, key=lambda stop: _meters(here, stop))
        left.remove(chosen)
        ordered.append(chosen)
        here = chosen.place
    return ordered


def _around(appointed: Sequence[Stop], free: Sequence[Stop]) -> list[Stop]:
    """Put each free stop before the appointment that is nearest to it."""
    before: list[list[Stop]] = [[] for _ in appointed]
    for stop in free:
        nearest = min(
            range(len(appointed)), key=lambda number: _meters(stop.place, appointed[number])
        )
        before[nearest].append(stop)
    return [each for first, stop in zip(before, appointed, strict=True) for each in (*first, stop)]


def _after_district(ordered: Sequence[Stop], district: str) -> int:
    """Give the place after the last stop of a district; else the end."""
    same = [number for number, stop in enumerate(ordered) if district and stop.district == district]
    return same[-1] + 1 if same else len(ordered)


def _legs(ordered: Sequence[Stop], *, start: Place | None) -> list[Leg]:
    legs, here = [], start
    for stop in ordered:
        known = here is not None and stop.place is not None
        legs.append(Leg(stop=stop, meters=_meters(here, stop) if known else None))
        here = stop.place
    return legs


def _meters(here: Place | None, stop: Stop) -> int:
    """Measure to a stop; one whose place is unknown counts as farther than any."""
    if here is None or stop.place is None:
        return 10**9
    return meters_between(here, stop.place)
