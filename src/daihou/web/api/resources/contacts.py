"""Contacts: a permit asked for or looked at, how it ended, what was refused, what is stopped.

Asking for a permit is sending: the outbox hands what was permitted to its channel. A refusal is a
problem with every rule that refuses, what it refused on, and when to ask again; it is kept.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from daihou.collect import codec
from daihou.collect.facts import StopKind
from daihou.collect.requests import DIALS, Channel, Outcome, Recipient
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.api.idempotency import NO_STORE
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.problems import GuardDecisionOut, decision_out
from daihou.web.api.resources.shared import (
    BookName,
    LongText,
    Reason,
    Reference,
    RowId,
    Text,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.board.sight import Sight
from daihou.web.cases import people
from daihou.web.cases.called import note_call
from daihou.web.cases.contacting import POINT_OF, contact_of, turned_to
from daihou.web.cases.models import Case
from daihou.web.cases.queries import owed_on
from daihou.web.cases.sighting import case_of, loans_of
from daihou.web.channels import facts, recordings, rendering
from daihou.web.channels.models import TemplateVersion, VersionState
from daihou.web.contacts import operations, stops, subjects
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import Permit, Refusal, StopOrder
from daihou.web.loans.models import Loan
from daihou.web.parties import reach
from daihou.web.parties.models import ContactPoint, Party
from daihou.web.parties.sighting import in_sight, party_of

router = Router(tags=["contacts"])
BOOK = "/books/{book_name}"
OF_CASE = BOOK + "/cases/{case_id}"
OF_CONTACT = BOOK + "/contacts/{permit_id}"
STOPS = BOOK + "/parties/{party_id}/stop-orders"
SEES, MAKES = needs("contact.view"), needs("contact.make")
PURPOSES = ("collection", "reminder", "service_answer")  # Notices that the law wants have a page.
Asked = Literal["voice", "robot", "sms", "email", "letter", "push", "wechat", "whatsapp"]
Ended = Literal["effective", "unanswered", "busy", "wrong_person", "refused", "failed", "unknown"]
Stopped = Literal[
    "cease", "opt_out", "attorney", "breathing_space", "hardship", "workplace", "contact_refused"
]
Part = Literal["debtor", "co_borrower", "guarantor", "contact_person", "spouse", "heir"]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class PointOut(Schema):
    """``fault`` says why it may not be used; ``value`` is masked."""

    id: int
    kind: str
    value: str
    basis: str
    is_usable: bool
    fault: str
    last_success_at: datetime | None


class RecipientOut(Schema):
    """Somebody who may be asked for in a case, in her part, about the loans in which she has it."""

    party_id: int
    part: Part
    name: str
    loan_refs: list[str]
    points: list[PointOut]


class ReachedIn(Schema):
    """Where and who: ``part`` and ``party_id`` name who is reached where it is not the borrower."""

    point_id: Number
    part: Part = "debtor"
    party_id: Number | None = None


class ContactIn(ReachedIn):
    """``template_version_id`` and one of ``loan_refs`` for whatever is written, and for a robot.

    Without ``loan_refs`` a talk is about the loans of the case that are overdue. A contact person
    is told nothing in writing.
    """

    channel: Asked
    loan_refs: Annotated[list[Reference], Field(max_length=50)] = []
    template_version_id: Number | None = None


class CallTakenIn(ReachedIn):
    """From which number she called; ``text`` is what she said, kept encrypted as a note."""

    text: Annotated[LongText, Field(min_length=1)]


class CallTakenOut(Schema):
    note_id: int


class ContactOutcomeOut(Schema):
    outcome: str
    at: datetime
    seconds: int | None
    reference: str


class ContactOut(Schema):
    """A permit; ``state`` is that of its sending, ``outcome`` None until one is known."""

    id: int
    case_id: int | None
    party_id: int
    recipient_party_id: int
    channel: str
    purpose: str
    recipient: str
    at: datetime
    by: str
    state: str
    use_before: datetime | None
    outcome: str | None
    outcomes: list[ContactOutcomeOut]


class ContactRefusalOut(Schema):
    id: int
    case_id: int | None
    party_id: int
    recipient_party_id: int
    channel: str
    purpose: str
    recipient: str
    at: datetime
    by: str
    decision: GuardDecisionOut


class OutcomeIn(Schema):
    """``reference`` names the recording or the call elsewhere; ``note`` is kept encrypted."""

    outcome: Ended
    seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    reference: Annotated[Text, Field(max_length=120)] = ""
    recording_digest: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    note: LongText = ""


class AddressOut(Schema):
    address: str


class ContactsWanted(Schema):
    party_id: Number | None = None
    case_id: Number | None = None
    since: AwareDatetime | None = None


class StopIn(Schema):
    """Empty ``channels`` and ``loan_refs``: everything. ``contact_refused`` is for good."""

    kind: Stopped
    channels: Annotated[list[Channel], Field(max_length=9)] = []
    loan_refs: Annotated[list[Reference], Field(max_length=50)] = []
    ends_at: AwareDatetime | None = None
    note: LongText = ""
    evidence: Text = ""


class StopOut(Schema):
    id: int
    party_id: int
    kind: str
    channels: list[str]
    started_at: datetime
    ends_at: datetime | None
    lifted_at: datetime | None
    evidence: str
    by: str


class StopReasonIn(Schema):
    reason: Reason


@router.get(OF_CASE + "/contact-points", response=list[PointOut], auth=SEES)
def list_contact_points(
    request: HttpRequest, book_name: BookName, case_id: RowId
) -> list[dict[str, Any]]:
    """List where the person of a case may be reached: usable ones first, best first; masked."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    case = case_of(sight, case_id)
    return _points(case.party)


@router.get(OF_CASE + "/recipients", response=list[RecipientOut], auth=SEES)
def list_recipients(
    request: HttpRequest, book_name: BookName, case_id: RowId
) -> list[dict[str, Any]]:
    """List who may be asked for in a case, the borrower first, and where; masked."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    case = case_of(sight, case_id)
    return [
        {
            "party_id": each.party.pk,
            "part": each.recipient.value,
            "name": each.name,
            "loan_refs": [loan.loan_ref for loan in each.loans],
            "points": _points(each.party),
        }
        for each in _people(sight, case)
    ]


@router.post(OF_CASE + "/contacts/preview", response=GuardDecisionOut, auth=MAKES)
def preview_contact(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: ContactIn
) -> dict[str, Any]:
    """Tell what asking would be answered now; nothing is written or reserved."""
    sight = sight_of(request, book_name=book_name, permission="contact.make")
    user = user_of(request)
    contact = _contact(sight, case_of(sight, case_id), body, user)
    return decision_out(operations.preview(contact=contact, acting_user=user, at=timezone.now()))


@router.post(OF_CASE + "/contacts", response={201: ContactOut}, auth=MAKES)
def ask_for_contact(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: ContactIn
) -> Status[Any]:
    """Ask for one contact, now: permitted it goes out, refused it is a problem with the rules."""
    sight = sight_of(request, book_name=book_name, permission="contact.make")
    user = user_of(request)
    contact = _contact(sight, case_of(sight, case_id), body, user)
    permit = operations.ask(contact=contact, acting_user=user, at=timezone.now())
    return Status(201, _permit(permit))


@router.post(OF_CASE + "/calls-taken", response={201: CallTakenOut}, auth=needs("case.work"))
def note_call_taken(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: CallTakenIn
) -> Status[Any]:
    """Note that somebody called about a case: caps that count what she began count it."""
    sight = sight_of(request, book_name=book_name, permission="case.work")
    user, case = user_of(request), case_of(sight, case_id)
    who = _recipient(sight, case, body)
    note = note_call(
        case=case,
        who=who,
        point=_point(who, Channel.VOICE, body.point_id),
        text=body.text,
        at=timezone.now(),
        acting_user=user,
    )
    return Status(201, {"note_id": note.pk})


@router.get(BOOK + "/contacts", response=Page[ContactOut], auth=SEES)
def list_contacts(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    wanted: Annotated[ContactsWanted, Query()],
) -> dict[str, Any]:
    """List what was permitted and how it ended, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    rows = _wanted(_permits(sight), wanted)
    return page_of(rows, paging=paging, shown=_permit, newest_first=True)


@router.get(OF_CONTACT, response=ContactOut, auth=SEES)
def get_contact(request: HttpRequest, book_name: BookName, permit_id: RowId) -> dict[str, Any]:
    """Show a permit and what became of it."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    return _permit(_found(sight, permit_id))


@router.post(OF_CONTACT + "/address", response=AddressOut, auth=MAKES)
def reveal_address(
    request: HttpRequest, response: HttpResponse, book_name: BookName, permit_id: RowId
) -> dict[str, Any]:
    """Give the number to dial under an own permit that is still open; the look is noted."""
    response["Cache-Control"] = NO_STORE
    sight = sight_of(request, book_name=book_name, permission="contact.make")
    user = user_of(request)
    permit = _own_dial(sight, permit_id, user)
    point = permit.outbox.contact_point
    if permit.outcomes.exists() or point is None:
        raise ContactFault("contact.outcome_known", permit=permit.pk)
    plain = reach.reveal_point(point=point, reason=f"permit {permit.pk}", acting_user=user)
    return {"address": plain}


@router.post(OF_CONTACT + "/outcome", response=ContactOut, auth=MAKES)
def record_contact_outcome(
    request: HttpRequest, book_name: BookName, permit_id: RowId, body: OutcomeIn
) -> dict[str, Any]:
    """Note how an own dial ended; only "unknown" may be followed by another outcome."""
    sight = sight_of(request, book_name=book_name, permission="contact.make")
    user = user_of(request)
    permit = _own_dial(sight, permit_id, user)
    outcome, named = Outcome(body.outcome), body.reference or body.recording_digest
    recordings.check(permit=permit, outcome=outcome, reference=named)
    operations.record_outcome(
        permit=permit,
        outcome=outcome,
        at=timezone.now(),
        acting_user=user,
        details={
            "seconds": body.seconds,
            "reference": body.reference,
            "recording_digest": body.recording_digest,
            "note": body.note,
        },
    )
    return _permit(_found(sight, permit_id))


@router.get(BOOK + "/refusals", response=Page[ContactRefusalOut], auth=SEES)
def list_refusals(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    wanted: Annotated[ContactsWanted, Query()],
) -> dict[str, Any]:
    """List what was asked for and refused, with every reason, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    rows = Refusal.objects.filter(book=sight.book).select_related("acting_user")
    if sight.funder_ids is not None:
        rows = rows.filter(party__in=in_sight(sight))
    return page_of(_wanted(rows, wanted), paging=paging, shown=_refusal, newest_first=True)


@router.get(STOPS, response=Page[StopOut], auth=SEES)
def list_stop_orders(
    request: HttpRequest, book_name: BookName, party_id: RowId, paging: PagingQuery
) -> dict[str, Any]:
    """List the orders to stop contact with a person, in force or not, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    rows = _stops(party_of(sight, party_id))
    return page_of(rows, paging=paging, shown=_stop, newest_first=True)


@router.post(STOPS, response={201: StopOut}, auth=needs("contact.stop"))
def order_stop(
    request: HttpRequest, book_name: BookName, party_id: RowId, body: StopIn
) -> Status[Any]:
    """Stop contact from now on, in every book; what waits within its scope is taken back."""
    sight = sight_of(request, book_name=book_name, permission="contact.stop")
    kind = StopKind(body.kind)
    made = stops.order(
        party=party_of(sight, party_id),
        kind=kind,
        at=timezone.now(),
        acting_user=user_of(request),
        scope=stops.Scope(
            channels=frozenset(body.channels),
            loan_ids=frozenset(loan_of(sight, ref).pk for ref in body.loan_refs),
            only_as_recipient=kind is StopKind.CONTACT_REFUSED,
            ends_at=body.ends_at,
        ),
        note=body.note,
        evidence=body.evidence,
        book=sight.book,
    )
    return Status(201, _stop(made))


@router.post(STOPS + "/{stop_id}/lift", response=StopOut, auth=needs("contact.lift"))
def lift_stop(
    request: HttpRequest, book_name: BookName, party_id: RowId, stop_id: RowId, body: StopReasonIn
) -> dict[str, Any]:
    """Lift an order; who collects never may."""
    sight = sight_of(request, book_name=book_name, permission="contact.lift")
    party = party_of(sight, party_id)
    found = _stops(party).filter(pk=stop_id).first()
    if found is None:
        raise Http404
    stops.release(stop=found, at=timezone.now(), reason=body.reason, acting_user=user_of(request))
    return _stop(_stops(party).get(pk=stop_id))


def _points(party: Party) -> list[dict[str, Any]]:
    return [
        {
            "id": each.point.pk,
            "kind": each.point.kind,
            "value": each.masked,
            "basis": each.basis,
            "is_usable": each.is_usable,
            "fault": each.fault,
            "last_success_at": each.point.last_success_at,
        }
        for each in reach.points(party=party, on=timezone.localdate())
    ]


def _people(sight: Sight, case: Case) -> list[people.Asked]:
    return people.asked(case=case, loans=loans_of(sight, case), on=timezone.localdate())


def _contact(sight: Sight, case: Case, body: ContactIn, user: User) -> Contact:
    """Describe what is asked for as the desk does."""
    channel, who = Channel(body.channel), _recipient(sight, case, body)
    point = _point(who, channel, body.point_id)
    loans = list(who.loans)
    if body.loan_refs:
        wanted = {loan_of(sight, ref).pk for ref in body.loan_refs}
        loans = [loan for loan in loans if loan.pk in wanted]
        if len(loans) < len(wanted):
            raise DaihouError("api.loan_not_in_case", case=case.pk)
    given: dict[str, Any] = {"case": case, "loans": loans, "point": point, "channel": channel}
    if channel is Channel.VOICE:
        return turned_to(who.recipient, contact_of(user=user, **given))
    if who.recipient is Recipient.CONTACT_PERSON:
        raise DaihouError("api.contact_person_in_writing")
    if not body.loan_refs or len(loans) != 1:
        raise DaihouError("api.one_loan_needed")
    version = _version(case, who, body.template_version_id or 0, loans[0], channel)
    today = timezone.localdate(timezone=ZoneInfo(sight.book.time_zone))
    values = facts.values_of(
        loan=loans[0],
        as_of=owed_on(book=sight.book, today=today),
        language=version.template.language,
        channel=version.template.channel,
        recipient=None if who.is_debtor else who.party,
    )
    rendered = rendering.render(version=version, values=values)
    contact = contact_of(
        user=user,
        content=rendered.content,
        payload=asdict(rendered.payload),
        purpose=version.template.purpose,
        **given,
    )
    return turned_to(who.recipient, contact)


def _recipient(sight: Sight, case: Case, body: ReachedIn) -> people.Asked:
    """Find who is to be reached, in her part; unnamed it is the borrower."""
    party_id = body.party_id or (case.party_id if body.part == "debtor" else 0)
    key = f"{body.part}-{party_id}"
    found = people.named(people=_people(sight, case), key=key)
    if found is None:
        raise Http404
    return found


def _point(who: people.Asked, channel: Channel, point_id: int) -> ContactPoint:
    known = who.points(kind=POINT_OF[channel], on=timezone.localdate())
    found = next((each.point for each in known if each.point.pk == point_id), None)
    if found is None:
        raise Http404
    return found


def _version(
    case: Case, who: people.Asked, version_id: int, loan: Loan, channel: Channel
) -> TemplateVersion:
    """Find an approved text that may be sent about a loan to somebody in her part."""
    found = TemplateVersion.objects.filter(
        people.fitting(who.recipient),
        Q(template__book=case.book_id) | Q(template__book__isnull=True),
        Q(template__funder=loan.funder_id) | Q(template__funder__isnull=True),
        pk=version_id,
        state=VersionState.APPROVED,
        template__channel=channel.value,
        template__purpose__in=PURPOSES,
    )
    version = found.select_related("template").first()
    if version is None:
        raise DaihouError("api.template_unknown", version=version_id)
    return version


def _permits(sight: Sight) -> QuerySet[Permit]:
    rows = Permit.objects.filter(book=sight.book)
    if sight.funder_ids is not None:
        rows = rows.filter(party__in=in_sight(sight))
    return rows.select_related("acting_user", "outbox").prefetch_related("outcomes")


def _found(sight: Sight, permit_id: int) -> Permit:
    permit = _permits(sight).filter(pk=permit_id).first()
    if permit is None:
        raise Http404
    return permit


def _own_dial(sight: Sight, permit_id: int, user: User) -> Permit:
    """Find a dial that this user was permitted: how a message ended its provider tells."""
    permit = _found(sight, permit_id)
    if permit.acting_user_id != user.pk or permit.channel not in {each.value for each in DIALS}:
        raise Http404
    return permit


def _wanted(rows: Any, wanted: ContactsWanted) -> Any:
    if wanted.party_id is not None:
        rows = rows.filter(party_id=wanted.party_id)
    if wanted.case_id is not None:
        rows = rows.filter(case_number=wanted.case_id)
    return rows if wanted.since is None else rows.filter(at__gte=wanted.since)


def _stops(party: Party) -> QuerySet[StopOrder]:
    subject = subjects.subject_of(party=party)
    family = subjects.family(subject_id=subject.pk) if subject else []
    return StopOrder.objects.filter(subject_id__in=family).select_related("acting_user", "lifted")


def _asked(row: Permit | Refusal) -> dict[str, Any]:
    return {
        "id": row.pk,
        "case_id": row.case_number,
        "party_id": row.party_id,
        "recipient_party_id": row.recipient_party_id,
        "channel": row.channel,
        "purpose": row.purpose,
        "recipient": row.recipient,
        "at": row.at,
        "by": row.acting_user.username,
    }


def _permit(row: Permit) -> dict[str, Any]:
    outcomes = sorted(row.outcomes.all(), key=lambda each: (not each.is_first, each.pk))
    return _asked(row) | {
        "state": row.outbox.state,
        "use_before": codec.from_text(codec.Decided, row.kept).decision.use_before,
        "outcome": outcomes[-1].outcome if outcomes else None,
        "outcomes": [
            {name: getattr(each, name) for name in ContactOutcomeOut.model_fields}
            for each in outcomes
        ],
    }


def _refusal(row: Refusal) -> dict[str, Any]:
    decided = codec.from_text(codec.Decided, row.kept)
    return _asked(row) | {"decision": decision_out(decided.decision)}


def _stop(row: StopOrder) -> dict[str, Any]:
    lift = getattr(row, "lifted", None)
    simple = StopOut.model_fields.keys() - {"lifted_at", "by"}
    return {name: getattr(row, name) for name in simple} | {
        "lifted_at": lift.at if lift else None,
        "by": row.acting_user.username,
    }
