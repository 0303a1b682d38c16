"""The public page of a pay link: an amount, until when, to whom; no person and no debt is named.

It is found by its token alone. Who asks too often from one place is told to wait.
"""

from datetime import timedelta
from io import BytesIO
from typing import Final

import qrcode
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from qrcode.image.svg import SvgPathImage

from daihou.web.parties import queries as parties
from daihou.web.payments import links
from daihou.web.payments.models import LinkState, OrderKind, PayLink

PER_MINUTE: Final = 30
NOT_FOUND: Final = 404
GONE: Final = 410
TOO_MANY: Final = 429


@login_not_required
@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is to be paid, or that there is nothing (any more)."""
    if _is_too_often(request):
        return _private(render(request, "429.html", status=TOO_MANY))
    link = links.find(token=token)
    if link is None:
        return _private(render(request, "portal/pay.html", status=NOT_FOUND))
    is_payable = links.is_payable(link=link, now=timezone.now())
    is_done = link.state == LinkState.PAID
    context = {
        "link": link,
        "book": link.book,
        "token": token,
        "payee": _payee(link),
        "is_payable": is_payable,
        "is_paid": is_done,
        "is_code": link.kind == OrderKind.CODE,
    }
    status = 200 if is_payable or is_done else GONE
    return _private(render(request, "portal/pay.html", context, status=status))


@login_not_required
@require_safe
def code(request: HttpRequest, token: str) -> HttpResponse:
    """Draw the code that the provider's app reads."""
    link = None if _is_too_often(request) else links.find(token=token)
    if link is None or link.kind != OrderKind.CODE:
        raise Http404
    if not links.is_payable(link=link, now=timezone.now()):
        raise Http404
    buffer = BytesIO()
    qrcode.make(link.target, image_factory=SvgPathImage, border=2).save(buffer)
    return _private(HttpResponse(buffer.getvalue(), content_type="image/svg+xml"))


def _payee(link: PayLink) -> str:
    """Name who is paid: the creditor where it is a company, else nobody."""
    creditor = link.loan.creditor
    if creditor is None or creditor.kind != "company":
        return ""
    return parties.personal_data(party=creditor).get("name", ("",))[0]


def _is_too_often(request: HttpRequest) -> bool:
    minute = timezone.now().strftime("%H%M")
    key = f"pay:{request.META.get('REMOTE_ADDR', '')}:{minute}"
    seconds = int(timedelta(minutes=2).total_seconds())
    if cache.add(key, 1, seconds):
        return False
    try:
        return int(cache.incr(key)) > PER_MINUTE
    except ValueError:  # It ended in between.
        return False


def _private(answer: HttpResponse) -> HttpResponse:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
