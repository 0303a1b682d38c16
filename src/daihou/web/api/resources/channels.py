"""Channels of money, and the mandates under which loans are debited."""

from datetime import date
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Minor,
    Name,
    Reference,
    RowId,
    Text,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.payments import channels, mandates, queries
from daihou.web.payments.models import AdapterKind, Channel, Mandate

router = Router(tags=["payments"])
PATH = "/books/{book_name}/channels"
OF_LOAN = "/books/{book_name}/loans/{loan_ref}/mandates"
Slug = Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ChannelOut(Schema):
    id: int
    code: str
    name: str
    adapter: str
    account: str
    is_active: bool


class ChannelIn(Schema):
    """``secret_ref`` names the file of its keys beside the other secrets; ``manual`` has none."""

    code: Slug
    name: Annotated[Text, Field(max_length=64)] = ""
    adapter: AdapterKind
    account: Name
    secret_ref: Slug | None = None
    event_channel: Slug | None = None


class ChannelChange(Schema):
    is_active: bool


class MandateOut(Schema):
    id: int
    channel: str
    reference: str
    account_masked: str
    evidence_digest: str
    signed_on: date
    ended_on: date | None
    most_minor: int | None


class MandateIn(Schema):
    """``evidence_digest`` is the SHA-256 of the signed agreement's file in the archive."""

    channel: Name
    reference: Reference
    account: Name
    evidence_digest: Digest
    signed_on: Day
    most_minor: Minor | None = None


class MandateEnd(Schema):
    ended_on: Day


@router.get(PATH, response=Page[ChannelOut], auth=needs("payment.view"))
def list_channels(request: HttpRequest, book_name: BookName, paging: PagingQuery) -> dict[str, Any]:
    """List the channels of a book."""
    book = whole_book_of(request, book_name=book_name, permission="payment.view")
    return page_of(queries.channels(book=book), paging=paging, shown=_channel)


@router.post(PATH, response={201: ChannelOut}, auth=needs("channel.change"))
def add_channel(request: HttpRequest, book_name: BookName, body: ChannelIn) -> Status[Any]:
    """Add a channel to a book."""
    made = channels.add_channel(
        book=whole_book_of(request, book_name=book_name, permission="channel.change"),
        code=body.code,
        name=body.name,
        adapter=body.adapter.value,
        account=body.account,
        secret_ref=body.secret_ref or "",
        event_channel=body.event_channel or "",
        acting_user=user_of(request),
    )
    return Status(201, _channel(made))


@router.patch(PATH + "/{channel_id}", response=ChannelOut, auth=needs("channel.change"))
def switch_channel(
    request: HttpRequest, book_name: BookName, channel_id: RowId, body: ChannelChange
) -> dict[str, Any]:
    """Open or close a channel; what came in stays."""
    book = whole_book_of(request, book_name=book_name, permission="channel.change")
    found = queries.channels(book=book).filter(pk=channel_id).first()
    if found is None:
        raise Http404
    changed = channels.set_active(
        channel=found, is_active=body.is_active, acting_user=user_of(request)
    )
    return _channel(changed)


@router.get(OF_LOAN, response=Page[MandateOut], auth=needs("payment.view"))
def list_mandates(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List the mandates of a loan, ended ones too."""
    sight = sight_of(request, book_name=book_name, permission="payment.view")
    rows = queries.mandates(loan=loan_of(sight, loan_ref))
    return page_of(rows, paging=paging, shown=_mandate)


@router.post(OF_LOAN, response={201: MandateOut}, auth=needs("mandate.change"))
def add_mandate(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: MandateIn
) -> Status[Any]:
    """Put on file that a payer agreed to be debited."""
    sight = sight_of(request, book_name=book_name, permission="mandate.change")
    loan = loan_of(sight, loan_ref)
    channel = queries.channels(book=sight.book).filter(code=body.channel).first()
    if channel is None:
        raise Http404
    made = mandates.add_mandate(
        channel=channel,
        loan=loan,
        reference=body.reference,
        account=body.account,
        evidence_digest=body.evidence_digest,
        signed_on=body.signed_on,
        most_minor=body.most_minor,
        acting_user=user_of(request),
    )
    return Status(201, _mandate(made))


@router.post(OF_LOAN + "/{mandate_id}/end", response=MandateOut, auth=needs("mandate.change"))
def end_mandate(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    mandate_id: RowId,
    body: MandateEnd,
) -> dict[str, Any]:
    """End a mandate: from that day on nothing is debited under it."""
    sight = sight_of(request, book_name=book_name, permission="mandate.change")
    found = queries.mandates(loan=loan_of(sight, loan_ref)).filter(pk=mandate_id).first()
    if found is None:
        raise Http404
    ended = mandates.end_mandate(
        mandate=found, ended_on=body.ended_on, acting_user=user_of(request)
    )
    return _mandate(ended)


def _channel(row: Channel) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ChannelOut.model_fields}


def _mandate(row: Mandate) -> dict[str, Any]:
    simple = MandateOut.model_fields.keys() - {"channel"}
    return {name: getattr(row, name) for name in simple} | {"channel": row.channel.code}
