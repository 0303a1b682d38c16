"""In which order a day's visits are made: by when each is due, of equals the nearest next.

Units   Positions are millionths of a degree; distances whole meters on a sphere.
Shape   Pure, deterministic: equal distances go by the order in which the stops were given.
        Only an order is proposed: no road is known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import asin, cos, inf, radians, sin, sqrt

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
    """One visit: where it is, as exactly as is known, and when its turn must have come.

    ``by_minute`` is the minute of the day at which an agreed appointment begins or a window ends;
    None where any time will do.
    """

    key: str
    district: str = ""
    place: Place | None = None
    by_minute: int | None = None


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
    """Order stops: by the minute of their turn, among equals the nearest first.

    A stop without place follows the others of its turn and district; where there are none it comes
    last in its turn, in the order given.

    >>> east = Stop(key="east", place=Place(latitude=0, longitude=2_000_000))
    >>> near = Stop(key="near", place=Place(latitude=0, longitude=100_000))
    >>> [leg.stop.key for leg in order(stops=[east, near], start=Place(latitude=0, longitude=0))]
    ['near', 'east']
    """
    ordered, here = list[Stop](), start
    for _, turn in groupby(sorted(stops, key=_turn), key=_turn):
        nearest = _by_distance(list(turn), start=here)
        ordered += nearest
        here = next((stop.place for stop in reversed(nearest) if stop.place), here)
    return tuple(_legs(ordered, start=start))


def _turn(stop: Stop) -> float:
    return inf if stop.by_minute is None else stop.by_minute


def _by_distance(stops: Sequence[Stop], *, start: Place | None) -> list[Stop]:
    ordered = _nearest([stop for stop in stops if stop.place], start=start)
    for stop in stops:
        if stop.place is None:
            ordered.insert(_after_district(ordered, stop.district), stop)
    return ordered


def _nearest(stops: Sequence[Stop], *, start: Place | None) -> list[Stop]:
    left, ordered, here = list(stops), list[Stop](), start
    while left:
        chosen = left[0] if here is None else min(left, key=lambda stop: _meters(here, stop))
        left.remove(chosen)
        ordered.append(chosen)
        here = chosen.place
    return ordered


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
