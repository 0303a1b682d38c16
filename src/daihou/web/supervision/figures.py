"""Figures of collection over a period, by collector: each a numerator and a denominator.

Units   Counts, or minor units of the book's currency where ``is_money``; never a ratio.
Source  docs/guides/supervision.md says what each counts, and what it leaves out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final

from django.db import connection

from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases.models import Collector
from daihou.web.ledger.models import Book
from daihou.web.supervision import statements

READ: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "assigned": (statements.ASSIGNED, ("assigned", "assigned_minor")),
        "contacts": (
            statements.CONTACTS,
            (
                "attempts",
                "cases_attempted",
                "dialled",
                "answered",
                "right_party",
                "cases_right_party",
                "persons_targeted",
                "persons_reached",
                "talk_seconds",
            ),
        ),
        "refused": (statements.REFUSED, ("refused",)),
        "promised": (statements.PROMISED, ("promises", "promised_minor")),
        "matured": (
            statements.MATURED,
            ("kept", "matured", "kept_minor", "matured_minor"),
        ),
        "cash": (statements.CASH, ("cash_minor", "cases_paid")),
        "cured": (statements.CURED, ("cured",)),
        "worked": (statements.WORKED, ("days_worked", "spoken_seconds", "idle_seconds")),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How a KPI is put together: names of counts, over and under."""

    code: str
    numerator: str
    denominator: str
    is_money: bool = False


FIGURES: Final = (  # The canonical set; the code names its label and its note in the pages.
    Figure(code="coverage", numerator="cases_attempted", denominator="assigned"),
    Figure(code="intensity", numerator="attempts", denominator="cases_attempted"),
    Figure(code="connect", numerator="answered", denominator="dialled"),
    Figure(code="right_party", numerator="right_party", denominator="attempts"),
    Figure(code="right_party_cases", numerator="cases_right_party", denominator="assigned"),
    Figure(code="reach", numerator="persons_reached", denominator="persons_targeted"),
    Figure(code="promise", numerator="promises", denominator="right_party"),
    Figure(code="kept", numerator="kept", denominator="matured"),
    Figure(code="kept_amount", numerator="kept_minor", denominator="matured_minor", is_money=True),
    Figure(code="liquidation", numerator="cash_minor", denominator="assigned_minor", is_money=True),
    Figure(code="cure", numerator="cured", denominator="assigned"),
    Figure(code="refusal", numerator="refused", denominator="asked"),
    Figure(code="talk", numerator="spoken_minutes", denominator="days_worked"),
    Figure(code="idle", numerator="idle_minutes", denominator="days_worked"),
)
IDLE_AFTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What one collector, or several together, did in a period; names as in ``READ``."""

    numbers: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        if name == "asked":
            return self["attempts"] + self["refused"]
        if name.endswith("_minutes"):
            return self[name.removesuffix("_minutes") + "_seconds"] // 60
        return self.numbers.get(name, 0)

    def pair(self, figure: Figure) -> tuple[int, int]:
        """Return numerator and denominator."""
        return self[figure.numerator], self[figure.denominator]


def together(counts: Iterable[Counts]) -> Counts:
    """Add up what several did.

    >>> together([Counts(numbers={"kept": 1}), Counts(numbers={"kept": 2})])["kept"]
    3
    """
    total: dict[str, int] = {}
    for each in counts:
        for name, number in each.numbers.items():
            total[name] = total.get(name, 0) + number
    return Counts(numbers=total)


def by_collector(*, book: Book, from_on: date, through_on: date) -> dict[int, Counts]:
    """Count, by user id, what was done in the days from ``from_on`` through ``through_on``."""
    given = period(book=book, from_on=from_on, through_on=through_on)
    found: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        for statement, names in READ.values():
            cursor.execute(statement, given)
            for user_id, *numbers in cursor.fetchall():
                mine = found.setdefault(user_id, {})
                mine.update({name: int(n or 0) for name, n in zip(names, numbers, strict=True)})
    return {user_id: Counts(numbers=numbers) for user_id, numbers in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a team did; ``team`` is None for who is in none, and for unattended runs."""

    team: str | None
    is_system: bool
    people: tuple[tuple[User, Counts], ...]

    @property
    def counts(self) -> Counts:
        return together(counts for _person, counts in self.people)


def columns(counts: Mapping[int, Counts]) -> tuple[Column, ...]:
    """Part what was counted by team; together the columns are all of it."""
    teams = dict(Collector.objects.filter(user_id__in=counts).values_list("user_id", "team__name"))
    system_id = system_user().pk
    people = sorted(User.objects.in_bulk(list(counts)).values(), key=lambda each: each.username)
    found: dict[tuple[bool, bool, str], list[tuple[User, Counts]]] = {}
    for person in people:
        team = teams.get(person.pk)
        place = (person.pk == system_id, team is None, team or "")
        found.setdefault(place, []).append((person, counts[person.pk]))
    return tuple(
        Column(
            team=team or None, is_system=is_system, people=tuple(found[is_system, is_none, team])
        )
        for is_system, is_none, team in sorted(found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAttempt:
    """``seconds``: within which half of all that entered were attempted; none: less than half."""

    seconds: int | None
    attempted: int
    entered: int


def first_attempt(*, book: Book, from_on: date, through_on: date) -> FirstAttempt:
    """Tell how soon the cases that entered in the days were first attempted, so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            statements.FIRST_ATTEMPT, period(book=book, from_on=from_on, through_on=through_on)
        )
        seconds, attempted, entered = cursor.fetchone()
    return FirstAttempt(seconds=seconds, attempted=attempted, entered=entered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of one collector, or of several together: minutes of talk and of long pauses."""

    on: date
    user_id: int
    spoken_seconds: int
    idle_seconds: int


def days(*, book: Book, from_on: date, through_on: date) -> tuple[Day, ...]:
    """Return each collector's days with a deed, the first first."""
    with connection.cursor() as cursor:
        cursor.execute(statements.DAYS, period(book=book, from_on=from_on, through_on=through_on))
        rows = cursor.fetchall()
    return tuple(
        Day(on=on, user_id=user_id, spoken_seconds=spoken, idle_seconds=idle)
        for user_id, on, spoken, idle in rows
    )


def period(*, book: Book, from_on: date, through_on: date) -> dict[str, Any]:
    """Give the values that the statements take."""
    from_at, until_at = book.span(first_on=from_on, last_on=through_on)
    return {
        "book_id": book.pk,
        "zone": book.time_zone,
        "from_on": from_on,
        "through_on": through_on,
        "from_at": from_at,
        "until_at": until_at,
        "idle_after": IDLE_AFTER,
    }
