"""Suspense: what waits, what it may be meant for, and asking where it shall go."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.core.designation import DesignationRefused
from daihou.errors import DaihouError
from daihou.web.approvals.models import Approval, State
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.collateral.queries import cover_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.payments.views import paged
from daihou.web.desk.reading import sent_by
from daihou.web.loans.models import Loan
from daihou.web.payments import queries, suggestions, suspense
from daihou.web.payments.models import SuspenseItem

PARTS_MOST = 8


@require_safe
@book_page("payment.view")
def items(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    today = timezone.localdate()
    context = paged(request, queries.open_suspense(book=sight.book)) | {"today": today}
    for row in context["rows"]:
        row.age_days = (today - row.opened_on).days
        row.why = _why(row.code)
    return show(request, "desk/payments/suspense.html", context, sight=sight, page="payments")


@require_safe
@book_page("payment.view")
def item(request: HttpRequest, *, sight: Sight, item_id: int) -> HttpResponse:
    whole_book(sight)
    found = _find(sight, item_id)
    named = request.GET.get("loans", "").split()[:PARTS_MOST]
    suggested = suggestions.suggestions(item=found)
    chosen = named or [each.loan.loan_ref for each in suggested[:1]]
    context: dict[str, Any] = {
        "item": found,
        "why": _why(found.code),
        "suggested": suggested,
        "asked": " ".join(chosen),
        "designated": request.GET.get("designated", "")[:128],
        "waiting": Approval.objects.filter(
            target_type="suspense_item", target_id=str(found.pk), state=State.PENDING
        ).select_related("made_by"),
        "uses": found.uses.select_related("loan", "acting_user").order_by("pk"),
        "may_resolve": may(request, sight, "payment.resolve"),
        **_proposal(sight, found, chosen, request.GET.get("designated", "")),
    }
    return show(request, "desk/payments/suspense_item.html", context, sight=sight, page="payments")


def _proposal(
    sight: Sight, found: SuspenseItem, chosen: list[str], designated: str
) -> dict[str, Any]:
    """Divide the item's money among the chosen loans, as the payer and the law say."""
    loans = list(Loan.objects.filter(book=sight.book, loan_ref__in=chosen).order_by("loan_ref"))
    if not loans or found.left_minor == 0:
        return {"proposal": None}
    as_of = found.receipt.paid_on
    covers = cover_of(book=sight.book, loan_ids=[loan.pk for loan in loans], as_of=as_of)
    try:
        proposal = suggestions.propose(
            book=sight.book,
            loans=loans,
            amount_minor=found.left_minor,
            as_of=as_of,
            designated=designated.split(),
            secured_minor={loan_id: cover.covered_minor for loan_id, cover in covers.items()},
        )
    except DesignationRefused as refused:
        return {"proposal": None, "refusal": line_of(refused)}
    return {"proposal": proposal}


@require_POST
@book_page("payment.resolve")
def apply(request: HttpRequest, *, sight: Sight, item_id: int) -> HttpResponse:
    whole_book(sight)
    found, sent = _find(sight, item_id), sent_by(request, sight)

    def act() -> object:
        rows = range(PARTS_MOST)
        parts = [
            (sent.text(f"loan_{row}"), sent.amount(f"amount_{row}"))
            for row in rows
            if sent.text(f"loan_{row}") and sent.text(f"amount_{row}")
        ]
        return suspense.request_apply(
            item=found, parts=parts, reason=sent.text("reason"), acting_user=user_of(request)
        )

    attempt(request, act, done=_("Asked for; another person has to agree."))
    return redirect("desk:suspense_item", sight.book.name, item_id)


@require_POST
@book_page("payment.resolve")
def give_back(request: HttpRequest, *, sight: Sight, item_id: int) -> HttpResponse:
    whole_book(sight)
    found, sent = _find(sight, item_id), sent_by(request, sight)
    attempt(
        request,
        lambda: suspense.request_return(
            item=found,
            amount_minor=sent.amount("amount"),
            reason=sent.text("reason"),
            acting_user=user_of(request),
        ),
        done=_("Asked for; another person has to agree."),
    )
    return redirect("desk:suspense_item", sight.book.name, item_id)


def _find(sight: Sight, item_id: int) -> SuspenseItem:
    found = (
        SuspenseItem.objects.select_related("receipt__channel", "loan", "book")
        .filter(book=sight.book, pk=item_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def _why(code: str) -> str:
    return line_of(DaihouError(code))
