"""Pay links of a loan: made for a case or promise, shown to be sent, taken back."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by
from daihou.web.loans.models import Loan
from daihou.web.payments import links
from daihou.web.payments.models import AdapterKind, Channel, PayLink

SHOWN = 20
HOURS = (1, 24, 72)
ORDERING = (AdapterKind.WECHAT_PAY, AdapterKind.ALIPAY)


@require_safe
@book_page("case.view")
def pay_links(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    rows = list(loan.pay_links.select_related("channel", "made_by").order_by("-pk")[:SHOWN])
    context: dict[str, Any] = {
        "loan": loan,
        "rows": [
            {
                "link": row,
                "url": _url(request, row) if links.is_payable(link=row, now=timezone.now()) else "",
            }
            for row in rows
        ],
        "channels": _channels(sight),
        "hours": HOURS,
        "case_number": request.GET.get("case", ""),
        "promise_number": request.GET.get("promise", ""),
        "amount": request.GET.get("amount", ""),
        "may_make": may(request, sight, "case.work"),
    }
    return show(request, "desk/payments/links.html", context, sight=sight, page="payments")


@require_POST
@book_page("case.work")
def make_link(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    sent = sent_by(request, sight)
    channel = _channels(sight).filter(code=sent.text("channel")).first()
    if channel is None:
        raise Http404

    def make() -> PayLink:
        hours = sent.number("hours")
        wanted = links.Wanted(
            amount_minor=sent.amount("amount"),
            expires_at=timezone.now() + timedelta(hours=min(hours, 24 * 8)),
            case_number=sent.number("case") if sent.text("case") else None,
            promise_number=sent.number("promise") if sent.text("promise") else None,
        )
        site = f"{request.scheme}://{request.get_host()}"
        return links.make(
            loan=loan, channel=channel, wanted=wanted, site=site, acting_user=user_of(request)
        )

    attempt(request, make, done=_("The link is made: it is credited by itself once paid."))
    return redirect("desk:pay_links", sight.book.name, loan.loan_ref)


@require_POST
@book_page("case.work")
def cancel_link(request: HttpRequest, *, sight: Sight, loan_ref: str, link_id: int) -> HttpResponse:
    loan = _loan(sight, loan_ref)
    link = loan.pay_links.filter(pk=link_id).first()
    if link is None:
        raise Http404
    cancel = partial(links.cancel, link=link, acting_user=user_of(request))
    attempt(request, cancel, done=_("The link is taken back."))
    return redirect("desk:pay_links", sight.book.name, loan.loan_ref)


def _loan(sight: Sight, loan_ref: str) -> Loan:
    found = sight.loans().select_related("book").filter(loan_ref=loan_ref).first()
    if found is None:
        raise Http404
    return found


def _channels(sight: Sight) -> Any:
    return Channel.objects.filter(book=sight.book, is_active=True, adapter__in=ORDERING)


def _url(request: HttpRequest, link: PayLink) -> str:
    return request.build_absolute_uri(reverse("portal:pay", args=[links.token_of(link=link)]))
