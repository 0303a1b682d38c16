"""The times at which a person is not to be reached, as her page shows and takes them."""

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from daihou.collect.requests import Channel
from daihou.errors import DaihouError
from daihou.web.board.sight import Sight, user_of
from daihou.web.contacts import times
from daihou.web.contacts.models import BadTime
from daihou.web.desk.reading import sent_by
from daihou.web.parties.models import Party
from daihou.web.parties.sighting import of_person

DAYS: Final = MappingProxyType(
    {
        "all": (_("every day"), ()),
        "work": (_("Monday to Friday"), (0, 1, 2, 3, 4)),
        "rest": (_("Saturday and Sunday"), (5, 6)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    row: BadTime
    begins: str
    ends: str
    days: str
    channels: tuple[str, ...]


def shown(*, party: Party, at: datetime) -> list[Shown]:
    """List what is bad for her now."""
    words = {numbers: str(word) for word, numbers in DAYS.values()}
    return [
        Shown(
            row=row,
            begins=_clock(row.from_minute),
            ends=_clock(row.until_minute),
            days=words.get(tuple(row.weekdays), ""),
            channels=tuple(row.channels),
        )
        for row in times.in_force(party=party, at=at)
    ]


def note(request: HttpRequest, sight: Sight, party: Party) -> object:
    """Note a time; the end of the day is written 00:00.

    :raises DaihouError: ``form.choice_wrong``; as ``times.note``.
    """
    sent = sent_by(request, sight)
    days = DAYS.get(sent.text("days"))
    if days is None:
        raise DaihouError("form.choice_wrong", field="days")
    channel = sent.text("channel")
    return times.note(
        party=party,
        from_minute=_minute(sent.text("from"), "from"),
        until_minute=_minute(sent.text("until"), "until"),
        weekdays=days[1],
        channels=[sent.choice("channel", Channel)] if channel else [],
        said=sent.text("said"),
        at=timezone.now(),
        acting_user=user_of(request),
    )


def end(request: HttpRequest, sight: Sight, party: Party) -> object:
    """End a time."""
    number = sent_by(request, sight).text("time")
    found = of_person(BadTime.objects.all(), party=party, number=number)
    return times.end(bad_time=found, at=timezone.now(), acting_user=user_of(request))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _minute(text: str, field: str) -> int:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(text) <= 5):
        raise DaihouError("form.number_wrong", field=field)
    return int(hours) * 60 + int(minutes)
