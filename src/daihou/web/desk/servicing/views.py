"""Ask for a change of a loan: its form, its preview, its reason; quotes and offers of the book."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daihou.core import codec
from daihou.errors import DaihouError
from daihou.web.approvals.models import State
from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.cases import relief
from daihou.web.cases.models import Case
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.approvals.views import label_of, seen
from daihou.web.desk.servicing import choosing, forms
from daihou.web.loans.models import Loan
from daihou.web.servicing import loading, offers, operations, previewing, quoting
from daihou.web.servicing.actions import Action, Asked
from daihou.web.servicing.kinds import LABELS
from daihou.web.servicing.models import OfferState, SettlementOffer
from daihou.web.servicing.previewing import Previewed

RECENT = 50
CASE_DIGITS = 18
BODY = "servicing-body"


@require_safe
@book_page("servicing.view")
def overview(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """List open settlements and what was asked for lately."""
    loans = sight.loans()
    of_book = SettlementOffer.objects.filter(loan__in=loans).select_related("loan")
    asked = seen(sight).filter(kind__startswith="servicing.")
    context = {
        "offers": of_book.filter(state=OfferState.OPEN).order_by("expires_on")[:RECENT],
        "ended": of_book.exclude(state=OfferState.OPEN).order_by("-settled_on", "-pk")[:RECENT],
        "requests": [
            {"approval": each, "label": label_of(each), "loan_ref": each.payload["loan_ref"]}
            for each in asked[:RECENT]
        ],
        "may_ask": _may(request, sight, "servicing.request"),
    }
    return show(request, "desk/servicing/overview.html", context, sight=sight, page="servicing")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filled:
    """What one request showed and said: the form, the preview, why it was refused."""

    form: django_forms.Form
    shown: Previewed | None = None
    seen: str = ""
    refused: str = ""
    refused_code: str = ""
    is_stale: bool = False


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("servicing.request")
def action(request: HttpRequest, *, sight: Sight, action: str, loan_ref: str) -> HttpResponse:
    """Show the form of an action; preview what was filled in; ask for it as it was previewed."""
    row = loan_of(sight, loan_ref)
    if action not in set(Action):
        raise Http404
    wanted = Action(action)
    loaded = loading.load(book=sight.book, loan_ref=row.loan_ref, at=timezone.now())
    offered = choosing.offered(loaded=loaded, book=sight.book)
    form = forms.form_for(
        wanted,
        offered=offered,
        effective_on=loaded.loan.last_on,
        data=request.POST or _given(request),
    )
    filled = _Filled(form=form)
    if form.is_bound and form.is_valid():
        asked = _read(form, sight=sight)
        if isinstance(asked, str):
            filled = _Filled(form=form, refused=asked)
        elif request.POST.get("step") == "ask":
            answer = _ask(request, sight=sight, row=row, action=wanted, asked=asked, form=form)
            if isinstance(answer, HttpResponse):
                return answer
            filled = answer
        else:
            filled = _preview(sight=sight, row=row, action=wanted, asked=asked, form=form)
    return _answer(request, sight=sight, row=row, action=wanted, filled=filled)


def _given(request: HttpRequest) -> Any:
    """Take what a link fills in: a form that opens with its preview."""
    return request.GET if "effective_on" in request.GET else None


def _read(form: django_forms.Form, *, sight: Sight) -> Asked | str:
    try:
        return forms.asked_of(form, digits=sight.book.minor_digits)
    except ValueError as wrong:
        return str(wrong)


def _preview(
    *, sight: Sight, row: Loan, action: Action, asked: Asked, form: django_forms.Form
) -> _Filled:
    try:
        shown = previewing.preview(
            book=sight.book, loan_ref=row.loan_ref, action=action, asked=asked, at=timezone.now()
        )
    except DaihouError as refused:
        return _Filled(form=form, refused=line_of(refused), refused_code=refused.code)
    return _Filled(form=form, shown=shown, seen=f"{shown.sequence}:{codec.digest(asked)}")


def _ask(
    request: HttpRequest,
    *,
    sight: Sight,
    row: Loan,
    action: Action,
    asked: Asked,
    form: django_forms.Form,
) -> HttpResponse | _Filled:
    """Ask for what was seen; what is not what was seen is shown again instead."""
    sequence, _sep, digest = request.POST.get("seen", "").partition(":")
    again = _preview(sight=sight, row=row, action=action, asked=asked, form=form)
    if digest != codec.digest(asked) or not sequence.isdecimal():
        return _restaled(again, _("The fields changed after the preview: this is the new one."))
    try:
        outcome = _request(request, sight, row, action, asked, sequence=int(sequence))
    except DaihouError as refused:
        return _restaled(
            again,
            line_of(refused),
            code=refused.code,
            is_stale=refused.code == "servicing.preview_stale",
        )
    if outcome.state == State.CARRIED_OUT:
        messages.success(request, _("Done: %(what)s.") % {"what": LABELS[action]})
        return _go(request, reverse("board:loan", args=[sight.book.name, row.loan_ref]))
    messages.success(request, _("Asked for: it waits for a decision."))
    return _go(request, reverse("desk:approval", args=[sight.book.name, outcome.approval_id]))


def _request(
    request: HttpRequest, sight: Sight, row: Loan, action: Action, asked: Asked, *, sequence: int
) -> operations.Outcome:
    """Ask for it; from a case it is tied to the case, and has to fit her income and expenses."""
    reason_code, reason = request.POST.get("reason_code", ""), request.POST.get("reason", "")
    case = _case(request, sight)
    if case is None:
        return operations.request(
            book=sight.book,
            loan_ref=row.loan_ref,
            action=action,
            asked=asked,
            reason_code=reason_code,
            reason=reason,
            seen_sequence=sequence,
            acting_user=user_of(request),
        )
    wish = relief.Wish(
        loan_ref=row.loan_ref,
        action=action,
        asked=asked,
        reason_code=reason_code,
        reason=reason,
        seen_sequence=sequence,
    )
    return relief.ask(case=case, wish=wish, at=timezone.now(), acting_user=user_of(request))


def _case(request: HttpRequest, sight: Sight) -> Case | None:
    """Find the case it is asked from, where the address or the form names one."""
    text = request.POST.get("case") or request.GET.get("case", "")
    if not (text.isascii() and text.isdigit() and len(text) < CASE_DIGITS):
        return None
    return Case.objects.filter(book=sight.book, pk=int(text)).select_related("book").first()


def _restaled(again: _Filled, line: str, *, code: str = "", is_stale: bool = True) -> _Filled:
    return _Filled(
        form=again.form,
        shown=again.shown,
        seen=again.seen,
        refused=line,
        refused_code=code,
        is_stale=is_stale,
    )


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """Go to another page, also from a part that htmx fetched."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _answer(
    request: HttpRequest, *, sight: Sight, row: Loan, action: Action, filled: _Filled
) -> HttpResponse:
    if filled.shown:  # The reason is what comes next.
        for field in filled.form.fields.values():
            field.widget.attrs.pop("autofocus", None)
    context = {
        "row": row,
        "action": action,
        "label": LABELS[action],
        "form": filled.form,
        "shown": filled.shown,
        "seen": filled.seen,
        "refused": filled.refused,
        "refused_code": filled.refused_code,
        "is_stale": filled.is_stale,
        "reasons": forms.reasons(),
        "reason_code": request.POST.get("reason_code", ""),
        "reason": request.POST.get("reason", ""),
        "menu": choosing.menu(),
        "case": _case(request, sight),
    }
    status = 200 if not filled.refused or request.headers.get("HX-Request") else 409
    if request.headers.get("HX-Target") == BODY:
        return render(
            request, "desk/servicing/parts/action_body.html", context | {"book": sight.book}
        )
    return show(
        request,
        "desk/servicing/action.html",
        context,
        sight=sight,
        page="loans",
        status=status,
    )


@require_POST
@book_page("servicing.request")
def quote(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    row = loan_of(sight, loan_ref)
    days = Days(request.POST.dict())
    default = sight.book.business_date or row.start_on
    valid_on = days.read("valid_on", default=default, latest=date.max)

    def act() -> None:
        quoting.make_quote(
            book=sight.book,
            loan_ref=row.loan_ref,
            valid_on=valid_on,
            acting_user=user_of(request),
            at=timezone.now(),
        )

    attempt(request, act, done=_("The quote was made."))
    return redirect("board:loan", sight.book.name, row.loan_ref)


@require_POST
@book_page("servicing.request")
def withdraw_offer(request: HttpRequest, *, sight: Sight, offer_id: int) -> HttpResponse:
    offer = SettlementOffer.objects.filter(pk=offer_id, loan__in=sight.loans()).first()
    if offer is None:
        raise Http404

    def act() -> None:
        on = loading.local_day(book=sight.book, at=timezone.now())
        offers.withdraw(offer=offer, on=on, acting_user=user_of(request))

    attempt(request, act, done=_("The settlement was withdrawn."))
    return redirect("board:loan", sight.book.name, offer.loan.loan_ref)


def loan_of(sight: Sight, loan_ref: str) -> Loan:
    """Find a loan in sight."""
    found = sight.loans().filter(loan_ref=loan_ref).first()
    if found is None:
        raise Http404
    return found


def _may(request: HttpRequest, sight: Sight, permission: str) -> bool:
    return user_of(request).has_perm(permission, sight.book)
