"""Reconciliation: what differs and for how long, who looks after it, and what was compared."""

from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.access.models import User
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.desk.answering import attempt
from daihou.web.desk.payments.views import paged
from daihou.web.desk.reading import sent_by
from daihou.web.payments import queries, reconciling
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import BreakKind, BreakState, Channel, Receipt, ReconciliationBreak


@require_safe
@book_page("reconciliation.view")
def breaks(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    kind = request.GET.get("kind", "")[:24]
    state = request.GET.get("state", BreakState.OPEN.value)[:8]
    today = timezone.localdate()
    context = paged(request, queries.breaks(book=sight.book, kind=kind, state=state)) | {
        "kind": kind,
        "state": state,
        "kinds": BreakKind,
        "states": BreakState,
        "by_kind": _by_kind(sight),
        "channels": Channel.objects.filter(book=sight.book).order_by("code"),
        "today": today,
        "may_run": may(request, sight, "reconciliation.run"),
    }
    for row in context["rows"]:
        row.age_days = (today - row.day).days
    return show(
        request, "desk/reconciliation/breaks.html", context, sight=sight, page="reconciliation"
    )


def _by_kind(sight: Sight) -> list[dict[str, object]]:
    today = timezone.localdate()
    rows = (
        queries.breaks(book=sight.book)
        .order_by("kind")
        .values("kind")
        .annotate(count=Count("pk"), oldest=Min("day"))
    )
    return [
        {
            "kind": row["kind"],
            "label": BreakKind(row["kind"]).label,
            "count": row["count"],
            "age_days": (today - row["oldest"]).days,
        }
        for row in rows
    ]


@require_safe
@book_page("reconciliation.view")
def runs(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    context = paged(request, queries.runs(book=sight.book))
    for row in context["rows"]:
        row.breaks = [(BreakKind(kind).label, count) for kind, count in sorted(row.found.items())]
    return show(
        request, "desk/reconciliation/runs.html", context, sight=sight, page="reconciliation"
    )


@require_POST
@book_page("reconciliation.run")
def run(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent, user = sent_by(request, sight), user_of(request)

    def act() -> object:
        channel = (
            Channel.objects.select_related("book")
            .filter(book=sight.book, code=sent.text("channel"))
            .first()
        )
        if channel is None:
            raise PaymentRefused("channel.unknown", channel=sent.text("channel")[:32])
        first, last, now = (
            sent.day_or_none("from_on"),
            sent.day_or_none("through_on"),
            timezone.now(),
        )
        upload = request.FILES.get("bill")
        if upload is not None:
            taken = reconciling.take_bill(
                channel=channel, content=upload.read(), acting_user=user, at=now
            )
            first, last = first or taken.bill.from_on, last or taken.bill.through_on
        if first is None or last is None:
            raise PaymentRefused("reconciliation.days_missing")
        return reconciling.reconcile(
            channel=channel, from_on=first, through_on=last, acting_user=user, at=now
        )

    done = attempt(request, act, done=_("The accounts were compared."))
    return redirect("desk:reconciliation_runs" if done else "desk:reconciliation", sight.book.name)


@require_safe
@book_page("reconciliation.view")
def one(request: HttpRequest, *, sight: Sight, break_id: int) -> HttpResponse:
    whole_book(sight)
    found = _find(sight, break_id)
    context = {
        "found": found,
        "receipt": Receipt.objects.filter(channel=found.channel, reference=found.reference)
        .select_related("loan")
        .first(),
        "age_days": (timezone.localdate() - found.day).days,
        "may_run": may(request, sight, "reconciliation.run"),
    }
    return show(
        request, "desk/reconciliation/break.html", context, sight=sight, page="reconciliation"
    )


@require_POST
@book_page("reconciliation.run")
def assign(request: HttpRequest, *, sight: Sight, break_id: int) -> HttpResponse:
    whole_book(sight)
    found, name = _find(sight, break_id), sent_by(request, sight).text("to")

    def act() -> object:
        to = User.objects.filter(username=name, is_active=True).first()
        if to is None:
            raise PaymentRefused("break.nobody", name=name[:64])
        return reconciling.assign_break(found=found, to=to, acting_user=user_of(request))

    attempt(request, act, done=_("The break was assigned."))
    return redirect("desk:break", sight.book.name, break_id)


@require_POST
@book_page("reconciliation.run")
def resolve(request: HttpRequest, *, sight: Sight, break_id: int) -> HttpResponse:
    whole_book(sight)
    found, reason = _find(sight, break_id), sent_by(request, sight).text("reason")
    attempt(
        request,
        lambda: reconciling.resolve_break(found=found, reason=reason, acting_user=user_of(request)),
        done=_("The break was resolved."),
    )
    return redirect("desk:break", sight.book.name, break_id)


def _find(sight: Sight, break_id: int) -> ReconciliationBreak:
    found = queries.breaks(book=sight.book, state="").filter(pk=break_id).first()
    if found is None:
        raise Http404
    return found
