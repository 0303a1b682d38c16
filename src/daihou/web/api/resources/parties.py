"""Parties: masked, what they are to which loans, consents, links, merges. Plain data by reason."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field as Limits

from daihou.web.api.idempotency import NO_STORE
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Minor,
    Reason,
    RowId,
    Text,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.loans.models import Loan
from daihou.web.parties import editing, merging, queries, relations
from daihou.web.parties.models import (
    Consent,
    Field,
    GuaranteeType,
    LinkKind,
    LoanRole,
    Merge,
    Party,
    PartyKind,
    Purpose,
    Role,
)
from daihou.web.parties.sighting import in_sight

router = Router(tags=["parties"])
PATH = "/books/{book_name}/parties"
OF_PARTY = PATH + "/{party_id}"
OF_LOAN = "/books/{book_name}/loans/{loan_ref}/roles"
SEES, CHANGES = needs("party.view"), needs("party.change")
PartyNumber = Annotated[int, Limits(ge=1, le=2**63 - 1)]


class PartyOut(Schema):
    id: int
    kind: str
    reference: str
    merged_into: int | None


class PartyLoan(Schema):
    loan_ref: str
    role: str


class PartyPage(PartyOut):
    """``data`` is masked; the loans are those of the party and of its duplicates."""

    data: dict[str, list[str]]
    loans: list[PartyLoan]


class PartyIn(Schema):
    kind: PartyKind
    data: Annotated[
        dict[Field, Annotated[list[Annotated[Text, Limits(min_length=1)]], Limits(max_length=10)]],
        Limits(max_length=6),
    ]


class PlainOut(Schema):
    data: dict[str, list[str]]


class PartyReasonIn(Schema):
    reason: Reason


class RoleIn(Schema):
    party_id: PartyNumber
    role: Role
    started_on: Day
    guarantee_type: GuaranteeType | None = None
    guarantee_months: Annotated[int, Limits(ge=1, le=1200)] | None = None
    guarantee_most_minor: Minor | None = None
    relation: Annotated[Text, Limits(max_length=40)] = ""


class RoleOut(Schema):
    id: int
    party_id: int
    role: str
    guarantee_type: str
    guarantee_months: int | None
    guarantee_most_minor: int | None
    claimed_on: date | None
    started_on: date
    ended_on: date | None


class RoleEndIn(Schema):
    ended_on: Day
    reason: Reason


class ConsentIn(Schema):
    purpose: Purpose
    given_at: AwareDatetime
    evidence: Annotated[Text, Limits(min_length=1)]


class ConsentOut(Schema):
    id: int
    purpose: str
    given_at: datetime
    evidence: str


class LinkIn(Schema):
    company_id: PartyNumber
    kind: LinkKind
    started_on: Day
    share: Annotated[Decimal, Limits(gt=0, le=1, max_digits=7, decimal_places=6)] | None = None


class LinkOut(Schema):
    id: int
    person_id: int
    company_id: int
    kind: str
    started_on: date


class MergeIn(Schema):
    absorbed_id: PartyNumber
    reason: Reason


class MergeOut(Schema):
    id: int
    kept_id: int
    absorbed_id: int


@router.get(PATH, response=Page[PartyOut], auth=SEES)
def list_parties(request: HttpRequest, book_name: BookName, paging: PagingQuery) -> dict[str, Any]:
    """List the parties in sight."""
    sight = sight_of(request, book_name=book_name, permission="party.view")
    return page_of(in_sight(sight), paging=paging, shown=_party)


@router.post(PATH, response={201: PartyOut}, auth=CHANGES)
def add_party(request: HttpRequest, book_name: BookName, body: PartyIn) -> Status[Any]:
    """Add a person or company."""
    book = whole_book_of(request, book_name=book_name, permission="party.change")
    made = editing.add_party(
        source=book.name,
        kind=body.kind.value,
        data={name.value: values for name, values in body.data.items()},
        acting_user=user_of(request),
    )
    return Status(201, _party(made))


@router.get(OF_PARTY, response=PartyPage, auth=SEES)
def get_party(request: HttpRequest, book_name: BookName, party_id: RowId) -> dict[str, Any]:
    """Show a party, masked, with her loans across roles."""
    sight = sight_of(request, book_name=book_name, permission="party.view")
    party = _find(request, book_name, party_id, "party.view")
    family = queries.family_ids(party=party)
    lent = sight.loans().filter(person_id__in=family).order_by("pk")
    roles = LoanRole.objects.filter(party_id__in=family, loan__in=sight.loans())
    return _party(party) | {
        "data": {name: list(values) for name, values in queries.masked_data(party=party).items()},
        "loans": [
            *({"loan_ref": loan.loan_ref, "role": "borrower"} for loan in lent),
            *(
                {"loan_ref": each.loan.loan_ref, "role": each.role}
                for each in roles.select_related("loan").order_by("pk")
            ),
        ],
    }


@router.post(OF_PARTY + "/reveal", response=PlainOut, auth=needs("party.view_personal_data"))
def reveal_party(
    request: HttpRequest,
    response: HttpResponse,
    book_name: BookName,
    party_id: RowId,
    body: PartyReasonIn,
) -> dict[str, Any]:
    """Give a party's data in plain; who looked and why is noted first, each time."""
    response["Cache-Control"] = NO_STORE
    party = _find(request, book_name, party_id, "party.view_personal_data")
    plain = editing.reveal(party=party, reason=body.reason, acting_user=user_of(request))
    return {"data": {name: list(values) for name, values in plain.items()}}


@router.get(OF_LOAN, response=Page[RoleOut], auth=SEES)
def list_roles(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List who else is party to a loan."""
    sight = sight_of(request, book_name=book_name, permission="party.view")
    rows = LoanRole.objects.filter(loan=loan_of(sight, loan_ref))
    return page_of(rows, paging=paging, shown=_role)


@router.post(OF_LOAN, response={201: RoleOut}, auth=CHANGES)
def add_role(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: RoleIn
) -> Status[Any]:
    """Make a party a co-borrower, guarantor or contact person of a loan."""
    sight = sight_of(request, book_name=book_name, permission="party.change")
    loan: Loan = loan_of(sight, loan_ref)
    guarantee = relations.Guarantee(
        type=body.guarantee_type.value if body.guarantee_type else "",
        months=body.guarantee_months,
        most_minor=body.guarantee_most_minor,
    )
    made = relations.add_role(
        loan=loan,
        party=_find(request, book_name, body.party_id, "party.change"),
        role=body.role.value,
        started_on=body.started_on,
        acting_user=user_of(request),
        guarantee=guarantee if body.role == Role.GUARANTOR else None,
        relation=body.relation,
    )
    return Status(201, _role(made))


@router.post(OF_LOAN + "/{role_id}/end", response=RoleOut, auth=CHANGES)
def end_role(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, role_id: RowId, body: RoleEndIn
) -> dict[str, Any]:
    """End what a party is to a loan; the row stays."""
    sight = sight_of(request, book_name=book_name, permission="party.change")
    row = LoanRole.objects.filter(loan=loan_of(sight, loan_ref), pk=role_id).first()
    if row is None:
        raise Http404
    ended = relations.end_role(
        role=row, ended_on=body.ended_on, reason=body.reason, acting_user=user_of(request)
    )
    return _role(ended)


@router.get(OF_PARTY + "/consents", response=Page[ConsentOut], auth=SEES)
def list_consents(
    request: HttpRequest, book_name: BookName, party_id: RowId, paging: PagingQuery
) -> dict[str, Any]:
    """List what a party agreed to."""
    party = _find(request, book_name, party_id, "party.view")
    return page_of(queries.consents(party=party), paging=paging, shown=_consent, newest_first=True)


@router.post(OF_PARTY + "/consents", response={201: ConsentOut}, auth=CHANGES)
def give_consent(
    request: HttpRequest, book_name: BookName, party_id: RowId, body: ConsentIn
) -> Status[Any]:
    """Note that a person agreed to a purpose, since when, and where the proof is."""
    made = relations.give_consent(
        party=_find(request, book_name, party_id, "party.change"),
        purpose=body.purpose.value,
        given_at=body.given_at,
        evidence=body.evidence,
        acting_user=user_of(request),
    )
    return Status(201, _consent(made))


@router.post(OF_PARTY + "/companies", response={201: LinkOut}, auth=CHANGES)
def link_company(
    request: HttpRequest, book_name: BookName, party_id: RowId, body: LinkIn
) -> Status[Any]:
    """Note that a person stands behind a company."""
    made = relations.link_company(
        person=_find(request, book_name, party_id, "party.change"),
        company=_find(request, book_name, body.company_id, "party.change"),
        kind=body.kind.value,
        started_on=body.started_on,
        acting_user=user_of(request),
        share=body.share,
    )
    return Status(201, {name: getattr(made, name) for name in LinkOut.model_fields})


@router.post(OF_PARTY + "/merges", response={201: MergeOut}, auth=CHANGES)
def merge_parties(
    request: HttpRequest, book_name: BookName, party_id: RowId, body: MergeIn
) -> Status[Any]:
    """Let another party count as this one."""
    made = merging.merge(
        kept=_find(request, book_name, party_id, "party.change"),
        absorbed=_find(request, book_name, body.absorbed_id, "party.change"),
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(201, _merge(made))


@router.post(OF_PARTY + "/merges/{merge_id}/undo", response=MergeOut, auth=CHANGES)
def undo_merge(
    request: HttpRequest, book_name: BookName, party_id: RowId, merge_id: RowId, body: PartyReasonIn
) -> dict[str, Any]:
    """Take a merge back: exactly the rows that followed return."""
    party = _find(request, book_name, party_id, "party.change")
    row = queries.merges(party=party).filter(pk=merge_id).first()
    if row is None:
        raise Http404
    return _merge(merging.undo(merge=row, reason=body.reason, acting_user=user_of(request)))


def _find(request: HttpRequest, book_name: str, party_id: int, permission: str) -> Party:
    sight = sight_of(request, book_name=book_name, permission=permission)
    party = in_sight(sight).filter(pk=party_id).first()
    if party is None:
        raise Http404
    return party


def _party(party: Party) -> dict[str, Any]:
    return {
        "id": party.pk,
        "kind": party.kind,
        "reference": party.reference,
        "merged_into": party.merged_into_id,
    }


def _role(row: LoanRole) -> dict[str, Any]:
    return {name: getattr(row, name) for name in RoleOut.model_fields}


def _consent(row: Consent) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ConsentOut.model_fields}


def _merge(row: Merge) -> dict[str, Any]:
    return {name: getattr(row, name) for name in MergeOut.model_fields}
