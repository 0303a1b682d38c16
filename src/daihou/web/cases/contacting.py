"""Describe a contact about a case as the guard reads it, the same for every face."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from daihou.collect import wording
from daihou.collect.requests import Channel, Content, Purpose, Recipient, VisitPlan
from daihou.web.access.models import User
from daihou.web.cases.models import Case
from daihou.web.cases.queries import late_loans
from daihou.web.channels import accounts
from daihou.web.contacts.contact import Contact
from daihou.web.loans.models import Loan
from daihou.web.parties.models import ContactPoint, PointKind
from daihou.web.parties.reach import Known

POINT_OF = {
    Channel.VOICE: PointKind.PHONE,
    Channel.ROBOT: PointKind.PHONE,
    Channel.SMS: PointKind.PHONE,
    Channel.WHATSAPP: PointKind.PHONE,
    Channel.EMAIL: PointKind.EMAIL,
    Channel.LETTER: PointKind.ADDRESS,
    Channel.WECHAT: PointKind.WECHAT,
    Channel.PUSH: PointKind.PUSH,
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


def point_for(points: Sequence[Known], channel: Channel) -> ContactPoint | None:
    """Choose the best usable point of a channel; ``points`` stand best first."""
    kind = POINT_OF[channel]
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


def turned_to(recipient: Recipient, contact: Contact) -> Contact:
    """Turn a contact to somebody in her part; a contact person hears nothing of the debt."""
    is_named_only = recipient is Recipient.CONTACT_PERSON and contact.content is SAID
    content = SAID_TO_CONTACT if is_named_only else contact.content
    return replace(contact, recipient=recipient, content=content)


def _two(user: User) -> VisitPlan:
    """Suppose a second collector: who goes is only said when the visit is planned."""
    return VisitPlan(
        collector_ids=(str(user.pk), "second"),
        shows_identification=True,
        asks_before_entering=True,
        records=True,
    )
