"""The debits of one loan: its mandates, signed and ended, and every try to debit it."""

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.access import queries as access
from daihou.web.archive.models import Kind as FileKind, Target
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import attempt
from daihou.web.desk.filing import digest_of, keep
from daihou.web.desk.payments.views import DEBITING
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.loans.models import Loan
from daihou.web.payments import mandates as operations, queries
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import DebitAttempt, Mandate


@require_safe
@book_page("payment.view")
def mandates(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    tries = DebitAttempt.objects.filter(loan=loan).select_related("batch", "mandate")
    context = {
        "loan": loan,
        "mandates": queries.mandates(loan=loan),
        "attempts": tries.order_by("-due_on", "-attempt_no"),
        "channels": queries.channels(book=sight.book).filter(adapter__in=DEBITING, is_active=True),
        "today": timezone.localdate(),
        "may_change": access.may(user=user_of(request), permission="mandate.change", target=loan),
    }
    return show(request, "desk/payments/mandates.html", context, sight=sight, page="payments")


@require_POST
@book_page("mandate.change")
def add(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    attempt(
        request,
        lambda: _add(request, sight, loan, sent_by(request, sight)),
        done=_("The mandate is on file."),
    )
    return redirect("desk:mandates", sight.book.name, loan.loan_ref)


@require_POST
@book_page("mandate.change")
def end(request: HttpRequest, *, sight: Sight, loan_ref: str, mandate_id: int) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    found = queries.mandates(loan=loan).filter(pk=mandate_id).first()
    if found is None:
        raise Http404
    sent = sent_by(request, sight)
    attempt(
        request,
        lambda: operations.end_mandate(
            mandate=found, ended_on=sent.day("ended_on"), acting_user=user_of(request)
        ),
        done=_("The mandate has ended."),
    )
    return redirect("desk:mandates", sight.book.name, loan.loan_ref)


@transaction.atomic
def _add(request: HttpRequest, sight: Sight, loan: Loan, sent: Sent) -> Mandate:
    """Put a mandate on file together with the agreement that was signed."""
    upload = request.FILES.get("evidence")
    if upload is None or upload.file is None:
        raise PaymentRefused("mandate.evidence_missing")
    code = sent.text("channel")
    channel = queries.channels(book=sight.book).filter(code=code).first()
    if channel is None:
        raise PaymentRefused("channel.unknown", channel=code[:32])
    mandate = operations.add_mandate(
        channel=channel,
        loan=loan,
        reference=sent.text("reference"),
        account=sent.text("account"),
        evidence_digest=digest_of(upload),
        signed_on=sent.day("signed_on"),
        most_minor=sent.amount_or_none("most"),
        acting_user=user_of(request),
    )
    keep(
        request,
        sight,
        upload=upload,
        kind=FileKind.CONTRACT,
        target=Target.LOAN,
        target_id=loan.pk,
    )
    return mandate


def _loan(sight: Sight, loan_ref: str) -> Loan:
    found = sight.loans().filter(loan_ref=loan_ref).first()
    if found is None:
        raise Http404
    return found
