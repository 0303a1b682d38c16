"""Reaching a person from her case: a dial and how it ended, a message as it will leave."""

from dataclasses import asdict
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from daihou.collect.requests import Channel, Outcome
from daihou.collect.templates import TemplateRefused
from daihou.errors import DaihouError
from daihou.web.board.sight import user_of
from daihou.web.cases.models import Case
from daihou.web.channels import facts, rendering
from daihou.web.channels.models import TemplateVersion, VersionState
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.models import Permit
from daihou.web.desk.answering import line_of
from daihou.web.desk.cases import words
from daihou.web.desk.cases.doing import Doing, Kind, Panel
from daihou.web.desk.cases.ways import KIND_OF, contact_of
from daihou.web.loans.models import Loan
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
WRITTEN = (Channel.SMS, Channel.EMAIL, Channel.WECHAT, Channel.LETTER)
PURPOSES = ("collection", "reminder", "service_answer")
LANGUAGE = "zh"


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
    return found.select_related("party").order_by("-pk")


def _phones(doing: Doing) -> list[Known]:
    found = reach.points(party=doing.case.party, on=doing.today)
    return [each for each in found if each.point.kind == PointKind.PHONE]


def _call_form(doing: Doing) -> dict[str, Any]:
    """List her numbers, each with what the guard would answer now."""
    usable = [each for each in _phones(doing) if each.is_usable]
    loans = doing.loans
    decisions = contacts.previews(
        contacts=[
            contact_of(
                case=doing.case,
                loans=loans,
                point=each.point,
                channel=Channel.VOICE,
                user=doing.user,
            )
            for each in usable
        ],
        acting_user=doing.user,
        at=doing.at,
    )
    numbers = [
        {
            "known": known,
            "is_open": decision.is_allowed,
            "left": min(decision.left_by_rule.values(), default=None),
        }
        for known, decision in zip(usable, decisions, strict=True)
    ]
    first = next((each for each in numbers if each["is_open"]), None)
    return {"numbers": numbers, "first": first}


def _call(doing: Doing) -> Panel:
    """Take the permit to dial one number, show it, and ask how it ended."""
    point = _point_of(doing, [each.point for each in _phones(doing)])
    permit = contacts.ask(
        contact=contact_of(
            case=doing.case,
            loans=doing.loans,
            point=point,
            channel=Channel.VOICE,
            user=doing.user,
        ),
        acting_user=doing.user,
        at=doing.at,
    )
    number = reach.reveal_point(point=point, reason=f"permit {permit.pk}", acting_user=doing.user)
    return Panel(
        template="desk/cases/acts/outcome.html",
        context={**_outcome_of(permit), "number": number},
    )


def _outcome_of(permit: Permit) -> dict[str, Any]:
    return {
        "permit": permit,
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
    contacts.record_outcome(
        permit=permit,
        outcome=outcome,
        at=doing.at,
        acting_user=doing.user,
        details={
            "seconds": int((doing.at - permit.at).total_seconds()),
            "recording_digest": "",
            "reference": sent.text("recording")[:120],
            "note": sent.text("note")[:2000],
        },
    )
    return _("Noted: %(outcome)s.") % {"outcome": words.OUTCOMES[outcome.value]}


def _message_form(doing: Doing) -> dict[str, Any]:
    """Show the chosen text as it would leave for this case."""
    asked = doing.request.POST or doing.request.GET
    versions = list(_versions(doing))
    wanted = asked.get("version", "")
    chosen = next((each for each in versions if str(each.pk) == wanted), None)
    chosen = chosen or next(iter(versions), None)
    loans = doing.loans
    loan = next((each for each in loans if str(each.pk) == asked.get("loan", "")), None)
    loan = loan or next((box.loan for box in doing.owing.boxes), None)
    context: dict[str, Any] = {"versions": versions, "chosen": chosen, "loans": loans, "loan": loan}
    if chosen is None or loan is None:
        return context
    try:
        rendered = _rendered(doing, chosen, loan)
    except DaihouError as refused:
        return context | {"unfit": line_of(refused)}
    except TemplateRefused as refused:
        return context | {"unfit": line_of(refused)}
    points = _points_for(doing, chosen)
    return context | {
        "text": rendered.payload.text,
        "subject": rendered.payload.subject,
        "findings": rendered.content.findings,
        "points": points,
        "has_point": any(each.is_usable for each in points),
    }


def _message(doing: Doing) -> str:
    version = _versions(doing).filter(pk=doing.sent.number("version")).first()
    loan = next((each for each in doing.loans if str(each.pk) == doing.sent.text("loan")), None)
    if version is None or loan is None:
        raise DaihouError("form.choice_wrong", field="version")
    rendered = _rendered(doing, version, loan)
    point = _point_of(doing, [each.point for each in _points_for(doing, version)])
    channel = Channel(version.template.channel)
    contact = contact_of(
        case=doing.case,
        loans=[loan],
        point=point,
        channel=channel,
        user=doing.user,
        content=rendered.content,
        payload=asdict(rendered.payload),
        purpose=version.template.purpose,
    )
    contacts.ask(contact=contact, acting_user=doing.user, at=doing.at)
    return _("The message is on its way.")


def _rendered(doing: Doing, version: TemplateVersion, loan: Loan) -> rendering.Rendered:
    on = doing.sight.book.business_date or doing.today
    values = facts.values_of(loan=loan, as_of=on, language=version.template.language)
    return rendering.render(version=version, values=values)


def _versions(doing: Doing) -> QuerySet[TemplateVersion]:
    """Query the approved texts that a collector may send about a case, in its language."""
    book = doing.sight.book
    found = TemplateVersion.objects.filter(
        Q(template__book=book) | Q(template__book__isnull=True),
        state=VersionState.APPROVED,
        template__channel__in=[each.value for each in WRITTEN],
        template__purpose__in=PURPOSES,
        template__language=doing.case.language[:2] or LANGUAGE,
    )
    return found.select_related("template").order_by(
        "template__purpose", "template__channel", "template__key", "pk"
    )


def _points_for(doing: Doing, version: TemplateVersion) -> list[Known]:
    kind = KIND_OF.get(Channel(version.template.channel), PointKind.WECHAT)
    found = reach.points(party=doing.case.party, on=doing.today)
    return [each for each in found if each.point.kind == kind]


def _point_of(doing: Doing, points: list[ContactPoint]) -> ContactPoint:
    wanted = doing.sent.text("point")
    found = next((each for each in points if str(each.pk) == wanted), None)
    if found is None:
        raise DaihouError("form.choice_wrong", field="point")
    return found


CONTACTS: dict[str, Kind] = {
    "call": Kind(right="call", template="desk/cases/acts/call.html", form=_call_form, act=_call),
    "outcome": Kind(
        right="call",
        template="desk/cases/acts/outcome.html",
        form=_outcome_form,
        act=_outcome,
    ),
    "message": Kind(
        right="message",
        template="desk/cases/acts/message.html",
        form=_message_form,
        act=_message,
    ),
}
