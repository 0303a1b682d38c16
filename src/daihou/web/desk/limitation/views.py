"""Limitation periods: the debts that run out soon; of one debt its clock and its evidence."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.core.limitation import GuaranteeClock, LimitationClock
from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import sent_by
from daihou.web.limitation import operations, queries
from daihou.web.limitation.models import Evidence, EvidenceGround
from daihou.web.loans.models import Loan
from daihou.web.parties.models import LoanRole


def _today(sight: Sight) -> date:
    return max(timezone.localdate(), sight.book.business_date or date.min)


@require_safe
@book_page("limitation.view")
def expiring(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today, refused, rows = _today(sight), "", []
    try:
        rows = queries.expiring(book=sight.book, as_of=today, funder_ids=sight.funder_ids)
    except DaihouError as error:
        refused = line_of(error)
    pages = paging(number=page_no(request), found=len(rows))
    context = {
        "rows": rows[pages.cut],
        "refused": refused,
        "today": today,
        **pages.context,
    }
    return show(request, "desk/limitation/expiring.html", context, sight=sight, page="limitation")


@require_safe
@book_page("limitation.view")
def loan(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    found, today = _loan(sight, loan_ref), _today(sight)
    clock: LimitationClock | None = None
    guarantees: list[tuple[LoanRole, GuaranteeClock]] = []
    refused = ""
    try:
        clock = queries.clock_of(loan=found, as_of=today)
        guarantees = queries.guarantees_of(loan=found, as_of=today)
    except DaihouError as error:
        refused = line_of(error)
    context: dict[str, Any] = {
        "loan": found,
        "clock": clock,
        "guarantees": guarantees,
        "sees_parties": may(request, sight, "party.view"),
        "refused": refused,
        "today": today,
        "records": list(queries.evidence_of(loan=found)),
        "grounds": list(EvidenceGround),
        "may_record": access.may(
            user=user_of(request), permission="limitation.record", target=found
        ),
    }
    return show(request, "desk/limitation/loan.html", context, sight=sight, page="limitation")


@require_POST
@book_page("limitation.record")
def record(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    found = _loan(sight, loan_ref)
    sent = sent_by(request, sight)

    def put() -> None:
        operations.record_evidence(
            loan=found,
            ground=sent.text("ground"),
            on=sent.day("on"),
            through=sent.day_or_none("through"),
            arrived_at=sent.instant_or_none("arrived_at"),
            reference=sent.text("reference"),
            acting_user=user_of(request),
        )

    attempt(request, put, done=_("The evidence is on record."))
    return redirect("desk:limitation_loan", sight.book.name, found.loan_ref)


@require_POST
@book_page("limitation.record")
def withdraw(request: HttpRequest, *, sight: Sight, evidence_id: int) -> HttpResponse:
    found = (
        Evidence.objects.filter(pk=evidence_id, loan__in=sight.loans())
        .select_related("loan__book")
        .first()
    )
    if found is None:
        raise Http404
    attempt(
        request,
        lambda: operations.withdraw_evidence(
            evidence=found,
            reason=sent_by(request, sight).text("reason"),
            acting_user=user_of(request),
        ),
        done=_("The evidence counts no more."),
    )
    return redirect("desk:limitation_loan", sight.book.name, found.loan.loan_ref)


def _loan(sight: Sight, loan_ref: str) -> Loan:
    found = sight.loans().filter(loan_ref=loan_ref).select_related("book", "product").first()
    if found is None:
        raise Http404
    return found
