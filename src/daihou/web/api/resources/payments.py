"""Money in: receipts, payments entered by hand, suspense, and breaks between three accounts."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.errors import DaihouError
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.approvals import ApprovalOut, approval_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    Minor,
    Name,
    Reason,
    Reference,
    RowId,
    Text,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.payments import manual, reconciling, suspense
from daihou.web.payments.models import (
    AdapterKind,
    Channel,
    Receipt,
    ReconciliationBreak,
    SuspenseItem,
)

router = Router(tags=["payments"])
PATH = "/books/{book_name}"
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class ReceiptOut(Schema):
    id: int
    channel: str
    kind: str
    reference: str
    amount_minor: int
    currency: str
    paid_on: date
    received_at: datetime
    state: str
    code: str
    event_key: str


class PaymentIn(Schema):
    """``voucher_digest`` is the SHA-256 of the voucher's file in the archive."""

    channel: Name
    reference: Reference
    amount_minor: Minor
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    paid_on: Day
    voucher_digest: Digest
    order_ref: Text = ""
    remark: Text = ""
    payer_account: Annotated[Text, Field(max_length=64)] = ""


class SuspenseOut(Schema):
    id: int
    amount_minor: int
    left_minor: int
    code: str
    opened_on: date
    state: str


class PartIn(Schema):
    loan_ref: Reference
    amount_minor: Minor


class ApplyIn(Schema):
    parts: Annotated[list[PartIn], Field(min_length=1, max_length=100)]
    reason: Reason


class ReturnIn(Schema):
    amount_minor: Minor
    reason: Reason


class SpanIn(Schema):
    channel: Name
    from_on: Day
    through_on: Day


class RunOut(Schema):
    id: int
    from_on: date
    through_on: date
    bill_lines: int
    receipts: int
    events: int
    agreed: int


class BreakOut(Schema):
    id: int
    kind: str
    reference: str
    day: date
    bill_minor: int | None
    receipt_minor: int | None
    ledger_minor: int | None
    state: str
    reason: str


class ResolutionIn(Schema):
    reason: Reason


@router.get(PATH + "/receipts", response=Page[ReceiptOut], auth=needs("payment.view"))
def list_receipts(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    state: Literal["received", "waiting", "posted", "suspended", "offset"] | None = None,
) -> dict[str, Any]:
    """List what came in, newest first."""
    book = whole_book_of(request, book_name=book_name, permission="payment.view")
    rows = Receipt.objects.filter(book=book).select_related("channel")
    if state is not None:
        rows = rows.filter(state=state)
    return page_of(rows, paging=paging, shown=_receipt, newest_first=True)


@router.post(PATH + "/payments", response={201: ReceiptOut}, auth=needs("payment.record"))
def enter_payment(request: HttpRequest, book_name: BookName, body: PaymentIn) -> Status[Any]:
    """Enter a voucher's payment; entered again the same, it changes nothing."""
    book = whole_book_of(request, book_name=book_name, permission="payment.record")
    if book.business_date is None:
        raise DaihouError("api.no_business_date", book=book.name)
    channel = Channel.objects.filter(
        book=book, code=body.channel, adapter=AdapterKind.MANUAL
    ).first()
    if channel is None:
        raise Http404
    entered = manual.enter_payment(
        channel=channel,
        entry=manual.Entry(**body.model_dump(exclude={"channel"})),
        acting_user=user_of(request),
        as_of=timezone.localdate(),
        at=timezone.now(),
    )
    return Status(201, _receipt(entered))


@router.get(PATH + "/suspense", response=Page[SuspenseOut], auth=needs("payment.view"))
def list_suspense(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    state: Literal["open", "settled"] = "open",
) -> dict[str, Any]:
    """List the money that has no place yet."""
    book = whole_book_of(request, book_name=book_name, permission="payment.view")
    rows = SuspenseItem.objects.filter(book=book, state=state)
    return page_of(rows, paging=paging, shown=_item)


@router.post(
    PATH + "/suspense/{item_id}/application",
    response={202: ApprovalOut},
    auth=needs("payment.resolve"),
)
def apply_suspense(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: ApplyIn
) -> Status[Any]:
    """Ask that the money go onto loans."""
    approval = suspense.request_apply(
        item=_find_item(request, book_name, item_id),
        parts=[(part.loan_ref, part.amount_minor) for part in body.parts],
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(202, approval_out(approval))


@router.post(
    PATH + "/suspense/{item_id}/return",
    response={202: ApprovalOut},
    auth=needs("payment.resolve"),
)
def return_suspense(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: ReturnIn
) -> Status[Any]:
    """Ask that the money go back to its payer."""
    approval = suspense.request_return(
        item=_find_item(request, book_name, item_id),
        amount_minor=body.amount_minor,
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(202, approval_out(approval))


@router.post(PATH + "/reconciliations", response={201: RunOut}, auth=needs("reconciliation.run"))
def reconcile(request: HttpRequest, book_name: BookName, body: SpanIn) -> Status[Any]:
    """Compare a channel's days on all three sides."""
    book = whole_book_of(request, book_name=book_name, permission="reconciliation.run")
    channel = Channel.objects.filter(book=book, code=body.channel).first()
    if channel is None:
        raise Http404
    run = reconciling.reconcile(
        channel=channel,
        from_on=body.from_on,
        through_on=body.through_on,
        acting_user=user_of(request),
        at=timezone.now(),
    )
    return Status(201, {name: getattr(run, name) for name in RunOut.model_fields})


@router.get(PATH + "/breaks", response=Page[BreakOut], auth=needs("reconciliation.view"))
def list_breaks(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    state: Literal["open", "resolved", "cleared"] = "open",
) -> dict[str, Any]:
    """List where bill, receipts and ledger differ."""
    book = whole_book_of(request, book_name=book_name, permission="reconciliation.view")
    rows = ReconciliationBreak.objects.filter(channel__book=book, state=state)
    return page_of(rows, paging=paging, shown=_break)


@router.post(
    PATH + "/breaks/{break_id}/resolution", response=BreakOut, auth=needs("reconciliation.run")
)
def resolve_break(
    request: HttpRequest, book_name: BookName, break_id: RowId, body: ResolutionIn
) -> dict[str, Any]:
    """Close a break with a reason; the figures stay as they were."""
    book = whole_book_of(request, book_name=book_name, permission="reconciliation.run")
    found = ReconciliationBreak.objects.filter(channel__book=book, pk=break_id).first()
    if found is None:
        raise Http404
    resolved = reconciling.resolve_break(
        found=found, reason=body.reason, acting_user=user_of(request)
    )
    return _break(resolved)


def _find_item(request: HttpRequest, book_name: str, item_id: int) -> SuspenseItem:
    book = whole_book_of(request, book_name=book_name, permission="payment.resolve")
    item = SuspenseItem.objects.filter(book=book, pk=item_id).first()
    if item is None:
        raise Http404
    return item


def _receipt(row: Receipt) -> dict[str, Any]:
    shown = {name: getattr(row, name) for name in ReceiptOut.model_fields}
    return shown | {"channel": row.channel.code}


def _item(row: SuspenseItem) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SuspenseOut.model_fields}


def _break(row: ReconciliationBreak) -> dict[str, Any]:
    return {name: getattr(row, name) for name in BreakOut.model_fields}
