"""The disbursement of one loan: at once, or in tranches against conditions."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.core.events import Kind
from daihou.web.access import queries as access
from daihou.web.board.page import book_page, number_of, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.credit import lending, queries, staging
from daihou.web.credit.errors import CreditRefused
from daihou.web.credit.lending import Payout
from daihou.web.credit.models import Condition, Draw, Tranche
from daihou.web.credit.staging import TEXT_LONGEST, Stage
from daihou.web.desk.answering import attempt
from daihou.web.desk.credit.views import amount_of, day_of, today_of
from daihou.web.ledger.queries import load_loan
from daihou.web.loans.models import Loan

ROWS = 4  # Tranches in the empty form; a longer plan is sent by the API.
PERMISSIONS = {
    "plan": "credit.change",
    "file": "credit.change",
    "sign": "credit.change",
    "cancel": "credit.change",
    "pay": "loan.disburse",
    "disburse": "loan.disburse",
}


@require_safe
@book_page("credit.view")
def tranches(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    _, events = load_loan(book=sight.book, loan_ref=loan.loan_ref)
    paid_minor = sum(event.amount_minor for event in events if event.kind is Kind.DISBURSED)
    user = user_of(request)
    context = {
        "loan": loan,
        "tranches": list(queries.tranches(loan=loan)),
        "draw": Draw.objects.select_related("line").filter(loan=loan).first(),
        "paid_minor": paid_minor,
        "left_minor": loan.principal_minor - paid_minor,
        "is_fresh": not events,
        "today": max(today_of(sight), loan.start_on),
        "rows": range(1, ROWS + 1),
        "may_change": access.may(user=user, permission="credit.change", target=sight.book),
        "may_disburse": access.may(user=user, permission="loan.disburse", target=sight.book),
    }
    return show(request, "desk/credit/tranches.html", context, sight=sight, page="credit")


@require_POST
@book_page("credit.view")
def act(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    name = request.POST.get("deed", "")
    deeds: dict[str, Callable[[HttpRequest, Sight, Loan], object]] = {
        "plan": _plan,
        "file": _file,
        "sign": _sign,
        "cancel": _cancel,
        "pay": _pay,
        "disburse": _disburse,
    }
    deed = deeds.get(name)
    if deed is None:
        raise Http404
    user = user_of(request)
    if not access.may(user=user, permission=PERMISSIONS[name], target=sight.book):
        raise PermissionDenied
    attempt(request, lambda: deed(request, sight, loan), done=_("Noted."))
    return redirect("desk:tranches", sight.book.name, loan.loan_ref)


def _plan(request: HttpRequest, sight: Sight, loan: Loan) -> object:
    given = request.POST
    stages = [
        Stage(
            amount_minor=amount_of(amount, digits=sight.book.minor_digits),
            planned_on=day_of(given.get(f"on-{number}", "")),
            conditions=tuple(
                line.strip()[: TEXT_LONGEST + 1]
                for line in given.get(f"conditions-{number}", "").splitlines()
                if line.strip()
            ),
        )
        for number in range(1, ROWS + 1)
        if (amount := given.get(f"amount-{number}", "").strip())
    ]
    return staging.plan_tranches(loan=loan, stages=stages, acting_user=user_of(request))


def _file(request: HttpRequest, sight: Sight, loan: Loan) -> object:  # noqa: ARG001
    return staging.file_evidence(
        condition=_own(Condition.objects.filter(tranche__loan=loan), request, "condition"),
        evidence=request.POST.get("evidence", ""),
        acting_user=user_of(request),
    )


def _sign(request: HttpRequest, sight: Sight, loan: Loan) -> object:  # noqa: ARG001
    found = _own(Condition.objects.filter(tranche__loan=loan), request, "condition")
    return staging.sign_off(condition=found, acting_user=user_of(request))


def _cancel(request: HttpRequest, sight: Sight, loan: Loan) -> object:  # noqa: ARG001
    return staging.cancel_rest(
        loan=loan, reason=request.POST.get("reason", ""), acting_user=user_of(request)
    )


def _pay(request: HttpRequest, sight: Sight, loan: Loan) -> object:  # noqa: ARG001
    found = _own(Tranche.objects.filter(loan=loan), request, "tranche")
    return staging.pay_out_tranche(
        tranche=found, on=day_of(request.POST.get("on", "")), acting_user=user_of(request)
    )


def _disburse(request: HttpRequest, sight: Sight, loan: Loan) -> object:
    given = request.POST
    on = day_of(given.get("on", ""))
    amount = amount_of(given.get("amount", ""), digits=sight.book.minor_digits)
    paid_minor = given.get("paid_minor", "")
    if not paid_minor.isdigit():
        raise CreditRefused("disbursement.key_wrong")
    key = f"disbursed:{loan.loan_ref}:{paid_minor[:20]}"  # The same form twice pays out once.
    return lending.disburse(
        loan=loan,
        payout=Payout(amount_minor=amount, on=on, key=key),
        acting_user=user_of(request),
    )


def _own(rows: Any, request: HttpRequest, name: str) -> Any:
    number = number_of(request.POST.get(name, ""))
    found = rows.filter(pk=number).first() if number is not None else None
    if found is None:
        raise Http404
    return found


def _loan(sight: Sight, loan_ref: str) -> Loan:
    found = sight.loans().select_related("book", "product").filter(loan_ref=loan_ref).first()
    if found is None:
        raise Http404
    return found
