"""Until when a complaint or dispute is to be decided: dated parameters, counted in days.

Shape   ``Clock`` says the day and the rule it comes from, as JSON beside the complaint.
Source  The rows ``complaint.decision`` and ``dispute.*`` of ``web.parameters``.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.complaints.models import Nature, Topic
from daihou.web.ledger.models import Book
from daihou.web.loans.models import HolidayCalendar
from daihou.web.parameters.models import Parameter
from daihou.web.parameters.queries import find_parameter, profile_on

COMPLAINTS: Final = "complaint.decision"
DISPUTES: Final = "dispute.debt"
CREDIT_REPORTS: Final = "dispute.credit_report"
CLAIMS: Final = "paid_claim.review"
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """``from_on`` is the day of receipt: the first day counted is the one after it."""

    name: str
    rule_id: str
    days: int
    unit: str
    source: str
    confidence: str
    from_on: date
    due_on: date

    def as_json(self) -> dict[str, Any]:
        """Give what is kept beside the complaint."""
        return asdict(self) | {
            "from_on": self.from_on.isoformat(),
            "due_on": self.due_on.isoformat(),
        }


def start(*, book: Book, nature: str, topic: str, received_on: date) -> Clock | None:
    """Start the clock of a complaint; none where no rule is in force for the book's law."""
    name = COMPLAINTS
    if topic == Topic.CREDIT_REPORT:
        name = CREDIT_REPORTS
    elif nature == Nature.DISPUTE:
        name = DISPUTES
    return _clock(book=book, name=name, days="days", received_on=received_on)


def extended(*, book: Book, name: str, is_special: bool, received_on: date) -> Clock:
    """Give the longer clock of a complaint that is complex, or special.

    :raises ComplaintRefused: ``complaint.no_extension`` where the rule knows none.
    """
    days = "special_days" if is_special else "complex_days"
    found = _clock(book=book, name=name, days=days, received_on=received_on)
    if found is None:
        raise ComplaintRefused("complaint.no_extension")
    return found


def review_on(*, book: Book, claimed_on: date) -> date:
    """Give the day by which a claim of payment is to be looked into; without a rule, at once."""
    found = _clock(book=book, name=CLAIMS, days="days", received_on=claimed_on)
    return claimed_on if found is None else found.due_on


def count(*, from_on: date, days: int, unit: str, holidays: frozenset[date]) -> date:
    """Count days from the day after ``from_on``.

    >>> count(from_on=date(2026, 9, 30), days=2, unit="calendar_days", holidays=frozenset())
    datetime.date(2026, 10, 2)
    >>> count(from_on=date(2026, 10, 9), days=2, unit="working_days", holidays=frozenset())
    datetime.date(2026, 10, 13)
    """
    if unit != "working_days":
        return from_on + timedelta(days=days)
    day, left = from_on, days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY and day not in holidays
    return day


def shifted(day: date, *, days: int) -> date:
    """Give the day so many days later, or earlier."""
    return day + timedelta(days=days)


def day_of(text: str) -> date:
    """Read a day of a clock that is kept as JSON."""
    return date.fromisoformat(text)


def _clock(*, book: Book, name: str, days: str, received_on: date) -> Clock | None:
    jurisdiction = profile_on(book=book, on=received_on).jurisdiction
    row = find_parameter(name=name, jurisdiction=jurisdiction, on=received_on)
    if row is None or days not in _value(row):
        return None
    value = _value(row)
    due_on = count(
        from_on=received_on,
        days=int(value[days]),
        unit=str(value["unit"]),
        holidays=_holidays(book),
    )
    return Clock(
        name=name,
        rule_id=row.rule_id,
        days=int(value[days]),
        unit=str(value["unit"]),
        source=row.source,
        confidence=row.confidence,
        from_on=received_on,
        due_on=due_on,
    )


def _value(row: Parameter) -> Mapping[str, Any]:
    value: Mapping[str, Any] = row.value
    return value


def _holidays(book: Book) -> frozenset[date]:
    calendars = HolidayCalendar.objects.filter(book=book).values_list("closed_on", flat=True)
    return frozenset(day for days in calendars for day in days)
