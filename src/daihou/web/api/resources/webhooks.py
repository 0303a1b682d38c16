"""Webhooks: where other systems are told of what happens, and what they were told."""

from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import AwareDatetime, Field

from daihou.web.api import webhooks
from daihou.web.api.idempotency import NO_STORE
from daihou.web.api.models import Endpoint, Message
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import Name, RowId, Text
from daihou.web.api.site import needs, user_of

router = Router(tags=["webhooks"])
CHANGES = needs("webhook.change", everywhere=True)  # They hear of all books.


class EndpointIn(Schema):
    name: Name
    url: Annotated[Text, Field(min_length=8)]
    topics: Annotated[list[Name], Field(min_length=1, max_length=50)]


class EndpointChange(Schema):
    is_active: bool | None = None
    new_secret: bool = False


class EndpointOut(Schema):
    id: int
    name: str
    url: str
    topics: list[str]
    is_active: bool
    created_at: datetime


class EndpointChanged(EndpointOut):
    """``secret`` signs the messages; it is said only where a new one was asked for."""

    secret: str | None


class Span(Schema):
    since: AwareDatetime
    until: AwareDatetime


class Replayed(Schema):
    messages: int


class MessageOut(Schema):
    id: int
    topic: str
    at: datetime
    state: str
    attempts: int
    next_at: datetime
    last_status: int | None
    last_error: str


@router.get("/webhooks", response=Page[EndpointOut], auth=CHANGES)
def list_webhooks(request: HttpRequest, paging: PagingQuery) -> dict[str, Any]:
    """List the places that are told."""
    del request
    return page_of(Endpoint.objects.all(), paging=paging, shown=_endpoint)


@router.post("/webhooks", response={201: EndpointOut}, auth=CHANGES)
def add_webhook(request: HttpRequest, body: EndpointIn) -> Status[Any]:
    """Add a place to tell; ask for its secret by a change."""
    made = webhooks.add_endpoint(
        name=body.name, url=body.url, topics=body.topics, acting_user=user_of(request)
    )
    made.refresh_from_db()
    return Status(201, _endpoint(made))


@router.patch("/webhooks/{endpoint_id}", response=EndpointChanged, auth=CHANGES)
def change_webhook(
    request: HttpRequest, response: HttpResponse, endpoint_id: RowId, body: EndpointChange
) -> dict[str, Any]:
    """Switch a place on or off, or give it a new secret; the answer with a secret is not kept."""
    changed = webhooks.change_endpoint(
        endpoint_id=endpoint_id,
        is_active=body.is_active,
        new_secret=body.new_secret,
        acting_user=user_of(request),
    )
    if body.new_secret:
        response["Cache-Control"] = NO_STORE
    return _endpoint(changed) | {"secret": webhooks.secret_of(changed) if body.new_secret else None}


@router.post("/webhooks/{endpoint_id}/replay", response=Replayed, auth=CHANGES)
def replay_webhook(request: HttpRequest, endpoint_id: RowId, body: Span) -> dict[str, int]:
    """Send again what a place was told of a span of time."""
    count = webhooks.replay(
        endpoint_id=endpoint_id,
        since=body.since,
        until=body.until,
        acting_user=user_of(request),
    )
    return {"messages": count}


@router.get("/webhooks/{endpoint_id}/messages", response=Page[MessageOut], auth=CHANGES)
def list_messages(request: HttpRequest, endpoint_id: RowId, paging: PagingQuery) -> dict[str, Any]:
    """List what a place was told, newest first."""
    del request
    endpoint = Endpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise Http404
    rows = endpoint.messages.select_related("audit_row")
    return page_of(rows, paging=paging, shown=_message, newest_first=True)


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in EndpointOut.model_fields}


def _message(message: Message) -> dict[str, Any]:
    simple = MessageOut.model_fields.keys() - {"topic", "at"}
    return {name: getattr(message, name) for name in simple} | {
        "topic": message.audit_row.action,
        "at": message.audit_row.at,
    }
