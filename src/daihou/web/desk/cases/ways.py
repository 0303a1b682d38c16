"""Which ways to the person of a case are open now, as the guard would answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from daihou.collect.guard import Decision
from daihou.collect.requests import Channel
from daihou.web.access.models import User
from daihou.web.cases.contacting import contact_of, point_for
from daihou.web.cases.models import Case
from daihou.web.contacts import operations as contacts
from daihou.web.desk.cases.telling import RuleLine, rule_lines
from daihou.web.desk.cases.words import CHANNEL_ICONS, CHANNELS
from daihou.web.loans.models import Loan
from daihou.web.parties.reach import Known

SHOWN = (Channel.VOICE, Channel.SMS, Channel.VISIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One channel. ``left`` is what its tightest cap leaves; times are in the book's zone."""

    channel: str
    is_open: bool
    left: int | None = None
    next_at: datetime | None = None
    next_local: str = ""
    rules: tuple[RuleLine, ...] = ()
    is_stale: bool = False  # The nights stand still: nobody is contacted on old figures.

    @property
    def word(self) -> str:
        return str(CHANNELS[self.channel])

    @property
    def icon(self) -> str:
        return CHANNEL_ICONS[self.channel]

    @property
    def title(self) -> str:
        return " · ".join(rule.line for rule in self.rules)


def ways(
    *,
    case: Case,
    loans: Sequence[Loan],
    points: Sequence[Known],
    acting_user: User,
    at: datetime,
) -> list[Way]:
    """Look at each channel for the best point it has; one without a point is left out."""
    asked = [
        (channel, point) for channel in SHOWN if (point := point_for(points, channel)) is not None
    ]
    decisions = contacts.previews(
        contacts=[
            contact_of(case=case, loans=loans, point=point, channel=channel, user=acting_user)
            for channel, point in asked
        ],
        acting_user=acting_user,
        at=at,
    )
    zone = ZoneInfo(case.book.time_zone)
    return [
        way_of(channel, decision, zone=zone, at=at)
        for (channel, _point), decision in zip(asked, decisions, strict=True)
    ]


def way_of(channel: Channel, decision: Decision, *, zone: ZoneInfo, at: datetime) -> Way:
    """Put what the guard answers as people read it."""
    later = decision.next_permitted_at
    return Way(
        channel=channel.value,
        is_open=decision.is_allowed,
        left=min(decision.left_by_rule.values(), default=None),
        next_at=later,
        next_local=_clock(later, zone=zone, at=at) if later else "",
        rules=rule_lines(decision),
        is_stale=any(ruling.code == "contact.figures_stale" for ruling in decision.refusals),
    )


def _clock(instant: datetime, *, zone: ZoneInfo, at: datetime) -> str:
    local = instant.astimezone(zone)
    is_today = local.date() == at.astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else f"{local:%m-%d %H:%M}"
