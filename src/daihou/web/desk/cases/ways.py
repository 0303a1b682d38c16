"""Which ways to the person of a case are open now, as the guard would answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from daihou.collect import wording
from daihou.collect.guard import Decision
from daihou.collect.requests import Channel, Content, Purpose, Recipient, VisitPlan
from daihou.web.access.models import User
from daihou.web.cases.models import Case
from daihou.web.cases.queries import late_loans
from daihou.web.channels import accounts
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.desk.cases.people import Asked
from daihou.web.desk.cases.telling import RuleLine, rule_lines
from daihou.web.desk.cases.words import CHANNEL_ICONS, CHANNELS
from daihou.web.loans.models import Loan
from daihou.web.parties.models import ContactPoint, PointKind
from daihou.web.parties.reach import Known

SHOWN = (Channel.VOICE, Channel.SMS, Channel.VISIT)
KIND_OF = {
    Channel.VOICE: PointKind.PHONE,
    Channel.SMS: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.LETTER: PointKind.ADDRESS,
    Channel.VISIT: PointKind.ADDRESS,
}
SAID = Content(  # How a talk begins; of a talk there is no text.
    template_key="talk.opening",
    version=1,
    text_digest=None,
    names_institution=True,
    names_creditor=True,
    names_purpose=True,
    carries_debt_facts=True,
)
SAID_TO_CONTACT = replace(SAID, template_key="talk.contact", carries_debt_facts=False)
LOOKED_AT = replace(  # Of a message that is not chosen yet: what any approved text says.
    wording.read(text="-", template_key="preview", version=0, language="zh"),
    names_institution=True,
    names_creditor=True,
    names_purpose=True,
    has_opt_out=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One channel. ``left`` is what its tightest cap leaves; times are in the book's zone."""

    channel: str
    is_open: bool
    left: int | None = None
    next_at: datetime | None = None
    next_local: str = ""
    rules: tuple[RuleLine, ...] = ()

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


def point_for(points: Sequence[Known], channel: Channel) -> ContactPoint | None:
    """Choose the best usable point of a channel; ``points`` stand best first."""
    kind = KIND_OF[channel]
    return next((each.point for each in points if each.is_usable and each.point.kind == kind), None)


def contact_of(
    *,
    case: Case,
    loans: Sequence[Loan],
    point: ContactPoint,
    channel: Channel,
    user: User,
    content: Content | None = None,
    purpose: str = "",
    payload: Mapping[str, Any] | None = None,
) -> Contact:
    """Describe a contact about a case as the guard reads it: about the loans that are late."""
    is_talk = channel in {Channel.VOICE, Channel.VISIT}
    usual = Purpose.COLLECTION if case.overdue_minor else Purpose.REMINDER
    is_about_late = len(loans) > 1 and usual is Purpose.COLLECTION
    return Contact(
        book=case.book,
        party=case.party,
        loans=tuple(late_loans(loans=loans) if is_about_late else loans),
        contact_point=point,
        channel=channel,
        purpose=Purpose(purpose) if purpose else usual,
        content=content or (SAID if is_talk else LOOKED_AT),
        case_number=case.pk,
        payload=dict(payload or {}),
        visit=_two(user) if channel is Channel.VISIT else None,
        is_recorded=_is_recorded(case, channel, user),
    )


def _is_recorded(case: Case, channel: Channel, user: User) -> bool:
    """Know it of a call; a visit's report is not taken without the recording's reference."""
    if channel is Channel.VOICE:
        has_switch = getattr(case, "has_switch", True)  # A page has read it with the case.
        return not has_switch or accounts.is_recorded(book=case.book, user=user)
    if channel is Channel.ROBOT:
        return accounts.is_robot_recorded(book=case.book)
    return channel is Channel.VISIT


def turned_to(who: Asked, contact: Contact) -> Contact:
    """Turn a contact to somebody in her part; a contact person hears nothing of the debt."""
    is_named_only = who.recipient is Recipient.CONTACT_PERSON and contact.content is SAID
    content = SAID_TO_CONTACT if is_named_only else contact.content
    return replace(contact, recipient=who.recipient, content=content)


def _two(user: User) -> VisitPlan:
    """Suppose a second collector: who goes is only said when the visit is planned."""
    return VisitPlan(
        collector_ids=(str(user.pk), "second"),
        shows_identification=True,
        asks_before_entering=True,
        records=True,
    )


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
    )


def _clock(instant: datetime, *, zone: ZoneInfo, at: datetime) -> str:
    local = instant.astimezone(zone)
    is_today = local.date() == at.astimezone(zone).date()
    return f"{local:%H:%M}" if is_today else f"{local:%m-%d %H:%M}"
