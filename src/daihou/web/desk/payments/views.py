"""Payments as they came in, an entry by hand, and the batches of auto-debits."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.archive.models import Kind as FileKind, Target
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.desk.answering import attempt
from daihou.web.desk.filing import digest_of, keep
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.payments import debit_plan, manual, queries
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import AdapterKind, Channel, DebitBatch, Receipt, ReceiptState

DEBITING = (AdapterKind.BANK_DEBIT, AdapterKind.WECHAT_PAY)


def paged(request: HttpRequest, found: QuerySet[Any]) -> dict[str, Any]:
    """Cut a list into its page and say which one it is."""
    pages = paging(number=page_no(request), found=found.count())
    return {"rows": list(found[pages.cut]), **pages.context}


@require_safe
@book_page("payment.view")
def payments(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent = Sent(
        fields={name: str(value) for name, value in request.GET.items()},
        digits=sight.book.minor_digits,
    )
    found = queries.receipts(
        book=sight.book,
        funder_ids=sight.funder_ids,
        text=sent.text("q")[:128],
        channel=sent.text("channel")[:32],
        state=sent.text("state")[:16],
    )
    channels = Channel.objects.filter(book=sight.book).order_by("code")
    context = paged(request, found) | {
        "text": sent.text("q")[:128],
        "channel": sent.text("channel"),
        "state": sent.text("state"),
        "channels": channels,
        "counters": channels.filter(adapter=AdapterKind.MANUAL, is_active=True),
        "states": ReceiptState,
        "today": timezone.localdate(),
        "may_enter": may(request, sight, "payment.record"),
        "may_see_all": sight.funder_ids is None,
    }
    return show(request, "desk/payments/payments.html", context, sight=sight, page="payments")


@require_POST
@book_page("payment.record")
def enter(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    attempt(
        request,
        lambda: _enter(request, sight, sent_by(request, sight)),
        done=_("The payment was entered and posted."),
    )
    return redirect("desk:payments", sight.book.name)


@transaction.atomic
def _enter(request: HttpRequest, sight: Sight, sent: Sent) -> Receipt:
    upload = request.FILES.get("voucher")
    if upload is None or upload.file is None:
        raise PaymentRefused("entry.voucher_missing")
    channel = Channel.objects.select_related("book").filter(
        book=sight.book, code=sent.text("channel")
    )
    counter = channel.first()
    if counter is None:
        raise PaymentRefused("channel.unknown", channel=sent.text("channel")[:32])
    receipt = manual.enter_payment(
        channel=counter,
        entry=manual.Entry(
            reference=sent.text("reference"),
            amount_minor=sent.amount("amount"),
            currency=sight.book.currency,
            paid_on=sent.day("paid_on"),
            voucher_digest=digest_of(upload),
            order_ref=sent.text("loan"),
            remark=sent.text("remark"),
            payer_account=sent.text("account"),
        ),
        acting_user=user_of(request),
        as_of=timezone.localdate(),
        at=timezone.now(),
    )
    keep(
        request,
        sight,
        upload=upload,
        kind=FileKind.VOUCHER,
        target=Target.RECEIPT,
        target_id=receipt.pk,
    )
    return receipt


@require_safe
@book_page("payment.view")
def debits(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    context = paged(request, queries.batches(book=sight.book)) | {
        "channels": Channel.objects.filter(
            book=sight.book, adapter__in=DEBITING, is_active=True
        ).order_by("code"),
        "today": timezone.localdate(),
        "may_plan": may(request, sight, "payment.record"),
    }
    return show(request, "desk/payments/debits.html", context, sight=sight, page="payments")


@require_POST
@book_page("payment.record")
def plan(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)

    def act() -> object:
        found = Channel.objects.select_related("book").filter(
            book=sight.book, code=sent.text("channel")
        )
        channel = found.first()
        if channel is None:
            raise PaymentRefused("channel.unknown", channel=sent.text("channel")[:32])
        planned = debit_plan.plan_debits(
            channel=channel,
            run_on=sent.day("run_on"),
            acting_user=user_of(request),
            at=timezone.now(),
        )
        if planned.batch is None:
            raise PaymentRefused("debit.nothing_to_plan")
        return planned

    attempt(request, act, done=_("The batch was planned."))
    return redirect("desk:debits", sight.book.name)


@require_safe
@book_page("payment.view")
def batch(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponse:
    whole_book(sight)
    found = _batch(sight, batch_id)
    attempts = found.attempts.select_related("loan", "mandate").order_by("pk")
    context = paged(request, attempts) | {
        "batch": found,
        "may_send": may(request, sight, "payment.record"),
    }
    return show(request, "desk/payments/batch.html", context, sight=sight, page="payments")


@require_POST
@book_page("payment.record")
def batch_file(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponse:
    """Hand the batch's file out and mark it sent."""
    whole_book(sight)
    found = _batch(sight, batch_id)
    content: list[bytes] = []

    def act() -> object:
        content.append(
            debit_plan.send_batch(batch=found, acting_user=user_of(request), at=timezone.now())
        )
        return content

    if not attempt(request, act, done=_("The batch was sent.")):
        return redirect("desk:debit_batch", sight.book.name, batch_id)
    name = f"debits-{found.channel.code}-{found.run_on}-{found.round_no}.csv"
    return HttpResponse(
        content[0],
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _batch(sight: Sight, batch_id: int) -> DebitBatch:
    found = (
        DebitBatch.objects.select_related("channel__book")
        .filter(channel__book=sight.book, pk=batch_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
