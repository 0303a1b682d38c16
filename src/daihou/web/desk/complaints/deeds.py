"""What is done to complaints from their pages; each calls one operation and says how it ended."""

from collections.abc import Callable
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST

from daihou.core.terms import Component
from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.board.page import book_page
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.complaints import claims, deciding, exports, operations, queries
from daihou.web.complaints.models import Complaint, PaidClaim
from daihou.web.contacts.models import Permit
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by
from daihou.web.documents.kinds import Language
from daihou.web.loans.models import Loan
from daihou.web.parties import sighting
from daihou.web.payments.models import Receipt
from daihou.web.servicing.actions import Action, Asked

Deed = Callable[[HttpRequest, Sight, Complaint], object]
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_POST
@book_page("complaint.record")
def record(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    made: list[Complaint] = []

    def act() -> None:
        told = _told(request, sight)
        made.append(operations.record(book=sight.book, told=told, acting_user=user_of(request)))

    done = _("Recorded; what is disputed is held from now on.")
    if attempt(request, act, done=done):
        return redirect("desk:complaint", sight.book.name, made[0].pk)
    return redirect("desk:complaint_new", sight.book.name)


@require_POST
@book_page("complaint.view")
def act(request: HttpRequest, *, sight: Sight, complaint_id: int) -> HttpResponse:
    found = queries.find(sight=sight, complaint_id=complaint_id)
    permission, deed = _DEEDS.get(request.POST.get("deed", ""), ("", None))
    if deed is None:
        raise Http404
    if not may(request, sight, permission):
        raise PermissionDenied
    attempt(request, lambda: deed(request, sight, found), done=_("Noted."))
    return redirect("desk:complaint", sight.book.name, found.pk)


@require_POST
@book_page("complaint.decide")
def export(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent = sent_by(request, sight)
    file_type = "xlsx" if sent.text("type") == "xlsx" else "csv"
    content: list[bytes] = []

    def make() -> None:
        content.append(
            exports.export(
                sight=sight,
                first_on=sent.day("from"),
                last_on=sent.day("through"),
                language=get_language() or "zh-hans",
                file_type=file_type,
                reason=sent.text("reason"),
                acting_user=user_of(request),
            )
        )

    try:
        make()
    except DaihouError:
        attempt(request, make, done="")
        return redirect("desk:complaints", sight.book.name)
    name = f"complaints-{sent.text('from')}-{sent.text('through')}.{file_type}"
    answer = HttpResponse(
        content[0], content_type=XLSX if file_type == "xlsx" else "text/csv; charset=utf-8"
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
@book_page("complaint.record")
def claim(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent = sent_by(request, sight)
    loan = _loan(sight, sent.text("loan"))
    back = redirect("desk:complaints", sight.book.name)
    if loan is None or loan.person is None:
        raise Http404
    person = loan.person

    def note() -> None:
        claimed = claims.Claimed(
            amount_minor=sent.amount("amount"),
            paid_on=sent.day("paid_on"),
            evidence=sent.text("evidence"),
        )
        claims.claim(loan=loan, party=person, claimed=claimed, acting_user=user_of(request))

    attempt(request, note, done=_("Noted; contact about this loan waits."))
    return back


@require_POST
@book_page("complaint.view")
def act_on_claim(request: HttpRequest, *, sight: Sight, claim_id: int) -> HttpResponse:
    user = user_of(request)
    found = PaidClaim.objects.filter(pk=claim_id, loan__in=sight.loans()).first()
    if found is None:
        raise Http404
    if not access.may(user=user, permission="complaint.record", target=sight.book):
        raise PermissionDenied
    given = request.POST

    def decide() -> object:
        if given.get("deed") == "refuse":
            return claims.refuse(claim=found, reason=given.get("reason", ""), acting_user=user)
        number = given.get("receipt", "")
        receipt = Receipt.objects.filter(
            pk=int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0,
            book=sight.book,
        ).first()
        if receipt is None:
            raise Http404
        return claims.match(claim=found, receipt=receipt, acting_user=user)

    attempt(request, decide, done=_("Noted."))
    return redirect("desk:complaints", sight.book.name)


def _told(request: HttpRequest, sight: Sight) -> operations.Told:
    sent = sent_by(request, sight)
    party = None
    if sent.text("party"):
        party = sighting.find_party(user_of(request), sight, sent.text("party"))
    loans = [_need_loan(sight, ref) for ref in sent.text("loans").replace(",", " ").split()]
    numbers = [
        int(each)
        for each in sent.text("permits").replace(",", " ").split()
        if each.isascii() and each.isdigit() and len(each) < 18
    ]
    names = sent.text("people").replace(",", " ").split()
    return operations.Told(
        nature=sent.text("nature"),
        intake=sent.text("intake"),
        topic=sent.text("topic"),
        said=sent.text("said"),
        received_at=sent.instant_or_none("received_at") or timezone.now(),
        party=party,
        loans=loans,
        permits=list(
            Permit.objects.filter(pk__in=numbers, book=sight.book).select_related("acting_user")
        ),
        people=list(User.objects.filter(username__in=names)),
        regulator_ref=sent.text("regulator_ref"),
    )


def _take(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    return operations.take(complaint=found, acting_user=user_of(request))


def _note(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    note = request.POST.get("note", "")
    return operations.add_note(complaint=found, note=note, acting_user=user_of(request))


def _extend(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    return operations.extend(
        complaint=found,
        is_special=request.POST.get("special") == "1",
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _name(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    people = list(User.objects.filter(username=request.POST.get("person", "")))
    return operations.name_people(complaint=found, people=people, acting_user=user_of(request))


def _withdraw(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    reason = request.POST.get("reason", "")
    return operations.withdraw(complaint=found, reason=reason, acting_user=user_of(request))


def _reopen(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    reason = request.POST.get("reason", "")
    return operations.reopen(complaint=found, reason=reason, acting_user=user_of(request))


def _decide(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    given = request.POST
    decision = deciding.Decision(
        finding=given.get("finding", ""),
        cause=given.get("cause", ""),
        reasoning=given.get("reasoning", ""),
        remedies=given.getlist("remedy"),
    )
    return deciding.decide(complaint=found, decision=decision, acting_user=user_of(request))


def _remedy(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    given = request.POST
    return deciding.add_remedy(
        complaint=found,
        kind=given.get("kind", ""),
        note=given.get("note", ""),
        acting_user=user_of(request),
    )


def _waive(request: HttpRequest, sight: Sight, found: Complaint) -> object:
    sent = sent_by(request, sight)
    return deciding.ask_money(
        complaint=found,
        loan=_need_loan(sight, sent.text("loan")),
        action=Action.WAIVE,
        asked=Asked(
            effective_on=sight.book.business_date or timezone.localdate(),
            components=(sent.choice("component", Component),),
            amount_minor=sent.amount("amount"),
        ),
        reason=sent.text("reason"),
        acting_user=user_of(request),
    )


def _answer(request: HttpRequest, sight: Sight, found: Complaint) -> object:
    return deciding.answer(
        complaint=found,
        language=sent_by(request, sight).choice("language", Language),
        made_on=timezone.localdate(),
        acting_user=user_of(request),
    )


def _close(request: HttpRequest, _sight: Sight, found: Complaint) -> object:
    return deciding.close(complaint=found, acting_user=user_of(request))


_DEEDS: Final[dict[str, tuple[str, Deed]]] = {
    "take": ("complaint.decide", _take),
    "note": ("complaint.record", _note),
    "extend": ("complaint.decide", _extend),
    "name": ("complaint.record", _name),
    "withdraw": ("complaint.decide", _withdraw),
    "reopen": ("complaint.record", _reopen),
    "decide": ("complaint.decide", _decide),
    "remedy": ("complaint.decide", _remedy),
    "waive": ("servicing.request", _waive),
    "answer": ("complaint.decide", _answer),
    "close": ("complaint.decide", _close),
}


def _loan(sight: Sight, loan_ref: str) -> Loan | None:
    found = sight.loans().select_related("book", "person")
    return found.filter(loan_ref=loan_ref).first()


def _need_loan(sight: Sight, loan_ref: str) -> Loan:
    found = _loan(sight, loan_ref)
    if found is None:
        raise DaihouError("loan.unknown", loan_ref=loan_ref[:80], book=sight.book.name)
    return found
