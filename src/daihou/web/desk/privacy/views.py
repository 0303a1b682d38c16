"""Exports of personal data: asked for with a reason, for so many, taken once by who asked."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.desk.answering import line_of
from daihou.web.parties.models import Field
from daihou.web.privacy import exporting

SHOWN_MOST = 50
REASON_LONGEST = 512


@require_safe
@book_page("personal_data.export")
def exports(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    return _page(request, sight)


@require_POST
@book_page("personal_data.export")
def ask(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Ask for an export; what was typed is shown again where it is refused."""
    whole_book(sight)
    named = request.POST.get("references", "")
    try:
        exporting.request_export(
            book=sight.book,
            references=named.split(),
            fields=request.POST.getlist("fields"),
            reason=request.POST.get("reason", "")[:REASON_LONGEST],
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        return _page(request, sight, refused=line_of(refused))
    messages.success(request, _("Asked for: a second person decides."))
    return redirect("desk:personal_exports", sight.book.name)


@require_POST
@book_page("personal_data.export")
def take(request: HttpRequest, *, sight: Sight, approval_id: int) -> HttpResponse:
    """Hand the approved file over, once."""
    whole_book(sight)
    of_book = Approval.objects.filter(pk=approval_id, book=sight.book, kind=exporting.KIND)
    if not of_book.exists():
        raise Http404
    try:
        rows = exporting.take(
            approval_id=approval_id, at=timezone.now(), acting_user=user_of(request)
        )
    except DaihouError as refused:
        return _page(request, sight, refused=line_of(refused))
    return HttpResponse(
        exporting.as_csv(rows).encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="persons-{approval_id}.csv"',
            "Cache-Control": "no-store",
        },
    )


def _page(request: HttpRequest, sight: Sight, *, refused: str = "") -> HttpResponse:
    user, now = user_of(request), timezone.now()
    own = Approval.objects.filter(kind=exporting.KIND, book=sight.book, made_by=user)
    asked = list(own.order_by("-pk")[:SHOWN_MOST])
    taken = set(
        AuditRow.objects.filter(
            action=exporting.TAKEN,
            target_type="approval",
            target_id__in=[str(each.pk) for each in asked],
        ).values_list("target_id", flat=True)
    )
    context = {
        "rows": [
            {
                "approval": each,
                "persons": len(each.payload["parties"]),
                "fields": [Field(name).label for name in each.payload["fields"]],
                "is_taken": str(each.pk) in taken,
                "is_open": exporting.is_open(approval=each, at=now, user=user),
            }
            for each in asked
        ],
        "fields": Field.choices,
        "chosen": request.POST.getlist("fields"),
        "sent": request.POST,
        "most": exporting.MOST,
        "hours": int(exporting.TAKE_WITHIN.total_seconds() // 3600),
        "refused": refused,
    }
    answer = show(
        request,
        "desk/privacy/exports.html",
        context,
        sight=sight,
        page="personal_exports",
        status=409 if refused else 200,
    )
    answer["Cache-Control"] = "no-store"
    return answer
