"""Calling from a case: who may be dialled, the dial under its permit, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from daihou.collect.requests import Channel, Content, Outcome, Recipient
from daihou.errors import DaihouError
from daihou.web.board.sight import user_of
from daihou.web.cases import people
from daihou.web.cases.contacting import contact_of, turned_to
from daihou.web.cases.models import Case
from daihou.web.cases.people import Asked
from daihou.web.channels import accounts, recordings
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.models import Permit
from daihou.web.desk.cases import words
from daihou.web.desk.cases.doing import Doing, Kind, Panel
from daihou.web.desk.cases.ways import Way, way_of
from daihou.web.parties import reach
from daihou.web.parties.models import ContactPoint, PointKind
from daihou.web.parties.reach import Known

OUTCOMES = (  # In the order of their keys, 1 first.
    Outcome.EFFECTIVE,
    Outcome.UNANSWERED,
    Outcome.BUSY,
    Outcome.WRONG_PERSON,
    Outcome.REFUSED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A number or address of one person with what the guard would answer now."""

    known: Known
    way: Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One person with her numbers."""

    who: Asked
    numbers: list[Choice]


def choices(
    doing: Doing,
    who: Asked,
    known: Sequence[Known],
    *,
    channel: Channel,
    content: Content | None = None,
    purpose: str = "",
) -> list[Choice]:
    """Ask the guard about each usable point of one person; nothing is reserved."""
    usable = [each for each in known if each.is_usable]
    decisions = contacts.previews(
        contacts=[
            turned_to(
                who.recipient,
                contact_of(
                    case=doing.case,
                    loans=who.loans,
                    point=each.point,
                    channel=channel,
                    user=doing.user,
                    content=content,
                    purpose=purpose,
                ),
            )
            for each in usable
        ],
        acting_user=doing.user,
        at=doing.at,
    )
    zone = ZoneInfo(doing.case.book.time_zone)
    return [
        Choice(known=each, way=way_of(channel, decision, zone=zone, at=doing.at))
        for each, decision in zip(usable, decisions, strict=True)
    ]


def point_of(doing: Doing, known: Sequence[Known]) -> ContactPoint:
    """Find the point that was chosen in the form.

    :raises DaihouError: ``form.choice_wrong``.
    """
    wanted = doing.sent.text("point")
    found = next((each.point for each in known if str(each.point.pk) == wanted), None)
    if found is None:
        raise DaihouError("form.choice_wrong", field="point")
    return found


def open_dial(request: HttpRequest, case: Case) -> Panel | None:
    """Find a dial of this user's in the case whose outcome is not noted yet, with its form."""
    permit = _dials(request, case).first()
    if permit is None:
        return None
    return Panel(template="desk/cases/acts/outcome.html", context=_outcome_of(permit))


def _dials(request: HttpRequest, case: Case) -> QuerySet[Permit]:
    """Query the dials of a user in a case that have no outcome, newest first."""
    found = Permit.objects.filter(
        case_number=case.pk,
        channel=Channel.VOICE.value,
        acting_user=user_of(request),
        outcomes__isnull=True,
    )
    return found.select_related("party", "recipient_party").order_by("-pk")


def _asked(doing: Doing) -> list[Asked]:
    return people.asked(case=doing.case, loans=doing.loans, on=doing.today)


def _phones(doing: Doing, who: Asked) -> list[Known]:
    return who.points(kind=PointKind.PHONE, on=doing.today)


def _call_form(doing: Doing) -> dict[str, Any]:
    """List the numbers of everybody who may be asked for, each with the guard's answer now."""
    groups = [
        Group(who=who, numbers=choices(doing, who, _phones(doing, who), channel=Channel.VOICE))
        for who in _asked(doing)
    ]
    wanted = doing.request.GET.get("who", "")
    groups.sort(key=lambda group: group.who.key != wanted)
    is_open = (each for group in groups for each in group.numbers if each.way.is_open)
    return {
        "groups": groups,
        "first": next(is_open, None),
        "has_numbers": any(group.numbers for group in groups),
        "telephone": accounts.telephone_of(book=doing.sight.book, user=doing.user),
    }


def _call(doing: Doing) -> Panel:
    """Take the permit to dial one number; show it only to who dials by her own hand."""
    by_person = [(who, _phones(doing, who)) for who in _asked(doing)]
    point = point_of(doing, [known for _who, found in by_person for known in found])
    who, masked = next(
        (who, known.masked)
        for who, found in by_person
        for known in found
        if known.point.pk == point.pk
    )
    contact = contact_of(
        case=doing.case,
        loans=who.loans,
        point=point,
        channel=Channel.VOICE,
        user=doing.user,
    )
    permit = contacts.ask(
        contact=turned_to(who.recipient, contact), acting_user=doing.user, at=doing.at
    )
    context = _outcome_of(permit) | {"masked": masked}
    telephone = accounts.telephone_of(book=doing.sight.book, user=doing.user)
    if telephone:
        context |= {"telephone": telephone}
    else:
        reason = f"permit {permit.pk}"
        context |= {
            "number": reach.reveal_point(point=point, reason=reason, acting_user=doing.user)
        }
    return Panel(template="desk/cases/acts/outcome.html", context=context)


def _outcome_of(permit: Permit) -> dict[str, Any]:
    who = Asked(
        party=permit.recipient_party,
        recipient=Recipient(permit.recipient),
        loans=(),
    )
    return {
        "permit": permit,
        "who": who,
        "outcomes": [(each.value, words.OUTCOMES[each.value]) for each in OUTCOMES],
        "begun_at": permit.at,
    }


def _outcome_form(doing: Doing) -> dict[str, Any]:
    """Show the form of the dial that waits; none may wait any more."""
    permit = _dials(doing.request, doing.case).first()
    return {"permit": None} if permit is None else _outcome_of(permit)


def _outcome(doing: Doing) -> str:
    sent = doing.sent
    permit = _dials(doing.request, doing.case).filter(pk=sent.number("permit")).first()
    if permit is None:
        raise DaihouError("contact.outcome_known", permit=sent.text("permit"))
    outcome = sent.choice("outcome", Outcome)
    recordings.check(permit=permit, outcome=outcome, reference=sent.text("recording"))
    contacts.record_outcome(
        permit=permit,
        outcome=outcome,
        at=doing.at,
        acting_user=doing.user,
        details={
            "seconds": int((doing.at - permit.at).total_seconds()),
            "reference": sent.text("recording")[:120],
            "note": sent.text("note")[:2000],
        },
    )
    return _("Noted: %(outcome)s.") % {"outcome": words.OUTCOMES[outcome.value]}


CALLS = (
    Kind(name="call", form=_call_form, act=_call),
    Kind(name="outcome", form=_outcome_form, act=_outcome, of="call"),
)
