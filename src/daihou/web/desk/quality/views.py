"""The listening list, one sample with its marks and appeal, results by collector, the sheet."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import Days, book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.channels import recordings
from daihou.web.contacts.models import Outcome, Permit
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.quality import drawing, operations, queries
from daihou.web.quality.models import Review, Sample, ScoreSheet

RESULT_DAYS = 30
TO_REVIEW, MINE, APPEALS, ALL = "to_review", "mine", "appeals", "all"


@require_safe
@book_page("quality.view")
def listening(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    user = user_of(request)
    may_review = may(request, sight, "quality.review")
    everything = queries.samples(book=sight.book)
    if not may_review and not may(request, sight, "supervision.view"):
        everything = everything.filter(collector=user)
    lists = {
        TO_REVIEW: queries.waiting(book=sight.book, reviewer=user)
        if may_review
        else everything.none(),
        MINE: everything.filter(collector=user),
        APPEALS: everything.filter(
            reviews__appeal__isnull=False, reviews__appeal__decision__isnull=True
        ),
        ALL: everything,
    }
    view = request.GET.get("view", TO_REVIEW if may_review else MINE)
    view = view if view in lists else ALL
    found = lists[view]
    pages = paging(number=page_no(request), found=found.count())
    context = {
        "view": view,
        "counts": {name: each.count() for name, each in lists.items()},
        "rows": list(found[pages.cut]),
        "may_review": may_review,
        "yesterday": timezone.localdate() - timedelta(days=1),
        **pages.context,
    }
    return show(request, "desk/quality/listening.html", context, sight=sight, page="listening")


@require_POST
@book_page("quality.review")
def draw(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    drawn: list[int] = []

    def put() -> None:
        on = sent_by(request, sight).day("on")
        drawn.append(drawing.draw(book=sight.book, on=on, acting_user=user_of(request)))

    attempt(request, put, done=_("The contacts of the day are on the list."))
    return redirect("desk:quality", sight.book.name)


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("quality.view")
def sample(request: HttpRequest, *, sight: Sight, sample_id: int) -> HttpResponse:
    found, user = _sample(request, sight, sample_id), user_of(request)
    refused = ""
    if request.method == "POST":
        if not may(request, sight, "quality.review"):
            raise Http404
        try:
            operations.review(
                sample=found,
                marks=_marks(request.POST, queries.sheet_on(found.drawn_on)),
                remark=sent_by(request, sight).text("remark"),
                on=found.drawn_on,
                acting_user=user,
            )
            return redirect("desk:quality_sample", sight.book.name, found.pk)
        except DaihouError as error:
            refused = line_of(error)
    outcome = (
        Outcome.objects.filter(permit=found.permit_id)
        .select_related("permit__outbox")
        .order_by("-pk")
        .first()
    )
    reviews = _reviews(found)
    mine = [each for each in reviews if each.reviewer_id == user.pk]
    hidden = found.is_calibration and not mine and may(request, sight, "quality.review")
    can_mark = (
        may(request, sight, "quality.review")
        and found.collector_id != user.pk
        and not mine
        and (found.is_calibration or not reviews)
    )
    context = {
        "sample": found,
        "outcome": outcome,
        "reference": _reference(outcome),
        "recording": recordings.of_permit(permit_id=found.permit_id, book=sight.book),
        "reviews": [] if hidden else [_shown(each, user.pk) for each in reviews],
        "agreement": queries.agreement(reviews) if found.is_calibration and not hidden else None,
        "items": _items(queries.sheet_on(found.drawn_on)),
        "can_mark": can_mark,
        "may_review": may(request, sight, "quality.review"),
        "may_open": may(request, sight, "file.open"),
        "is_hers": found.collector_id == user.pk,
        "refused": refused,
        "sent": request.POST,
    }
    return show(request, "desk/quality/sample.html", context, sight=sight, page="listening")


def _reviews(found: Sample) -> list[Review]:
    rows = found.reviews.select_related(
        "reviewer", "sheet", "appeal__decision__decided_by", "appeal__made_by"
    )
    return list(rows.order_by("pk"))


def _shown(review: Review, user_id: int) -> dict[str, Any]:
    appeal = getattr(review, "appeal", None)
    return {
        "review": review,
        "items": [{**item, "got": review.marks[item["code"]]} for item in _items(review.sheet)],
        "appeal": appeal,
        "decision": getattr(appeal, "decision", None),
        "can_decide": appeal is not None and review.reviewer_id != user_id,
    }


def _reference(outcome: Outcome | None) -> str:
    """Give what the collector named; what the sender calls the call is no recording."""
    if outcome is None or outcome.reference == outcome.permit.outbox.reference:
        return ""
    return outcome.reference


@require_POST
@book_page("quality.review")
def take(request: HttpRequest, *, sight: Sight, sample_id: int) -> HttpResponse:
    found = _sample(request, sight, sample_id)
    attempt(
        request,
        lambda: operations.take(sample=found, acting_user=user_of(request)),
        done=_("It is yours to listen to."),
    )
    return redirect("desk:quality_sample", sight.book.name, found.pk)


@require_POST
@book_page("quality.review")
def calibrate(request: HttpRequest, *, sight: Sight, sample_id: int) -> HttpResponse:
    found = _sample(request, sight, sample_id)
    operations.set_calibration(sample=found, acting_user=user_of(request))
    return redirect("desk:quality_sample", sight.book.name, found.pk)


@require_POST
@book_page("quality.appeal")
def appeal(request: HttpRequest, *, sight: Sight, review_id: int) -> HttpResponse:
    found = _review(request, sight, review_id)
    attempt(
        request,
        lambda: operations.appeal(
            review=found,
            reason=sent_by(request, sight).text("reason"),
            acting_user=user_of(request),
        ),
        done=_("The appeal waits for another reviewer."),
    )
    return redirect("desk:quality_sample", sight.book.name, found.sample_id)


@require_POST
@book_page("quality.review")
def decide(request: HttpRequest, *, sight: Sight, review_id: int) -> HttpResponse:
    found = _review(request, sight, review_id)
    if not hasattr(found, "appeal"):
        raise Http404
    sent = sent_by(request, sight)

    def put() -> None:
        operations.decide_appeal(
            appeal=found.appeal,
            marks=_marks(request.POST, found.sheet) if sent.text("verdict") == "uphold" else None,
            reason=sent.text("reason"),
            acting_user=user_of(request),
        )

    attempt(request, put, done=_("The appeal is decided."))
    return redirect("desk:quality_sample", sight.book.name, found.sample_id)


@require_POST
@book_page("supervision.view")
def ask(request: HttpRequest, *, sight: Sight, permit_id: int) -> HttpResponse:
    permit = Permit.objects.filter(pk=permit_id, book=sight.book).first()
    if permit is None:
        raise Http404
    attempt(
        request,
        lambda: operations.ask_for_review(
            permit=permit, on=timezone.localdate(), acting_user=user_of(request)
        ),
        done=_("It is on the listening list."),
    )
    return redirect("desk:quality", sight.book.name)


@require_safe
@book_page("supervision.view")
def results(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today, days = timezone.localdate(), Days(request.GET)
    through = days.read("through", default=today, latest=today)
    from_on = days.read("from", default=through - timedelta(days=RESULT_DAYS), latest=through)
    rows = queries.results(book=sight.book, from_on=from_on, through_on=through)
    context = {
        "rows": rows,
        "from_on": from_on,
        "through": through,
        "remarks": days.remarks,
        "drawn": sum(row.drawn for row in rows),
        "reviewed": sum(row.reviewed for row in rows),
        "passed": sum(row.passed for row in rows),
    }
    return show(request, "desk/quality/results.html", context, sight=sight, page="listening")


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("quality.review")
def sheet(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today = timezone.localdate()
    current = queries.sheet_on(today)
    if request.method == "POST":
        sent = sent_by(request, sight)
        numbers = range(1, len(current.items) + 2)

        def put() -> None:
            items = [
                {
                    "code": sent.text(f"code_{number}"),
                    "zh": sent.text(f"zh_{number}"),
                    "en": sent.text(f"en_{number}"),
                    "points": sent.number(f"points_{number}"),
                    "is_critical": sent.text(f"critical_{number}") == "yes",
                }
                for number in numbers
                if sent.text(f"code_{number}")
            ]
            operations.put_sheet(
                items=items,
                pass_percent=sent.number("pass_percent"),
                effective_on=sent.day("effective_on"),
                today=today,
                acting_user=user_of(request),
            )

        attempt(request, put, done=_("The sheet takes effect on its day."))
        return redirect("desk:quality_sheet", sight.book.name)
    context = {
        "sheet": current,
        "tomorrow": today + timedelta(days=1),
        "coming": ScoreSheet.objects.filter(effective_on__gt=today).order_by("effective_on"),
        "next_number": len(current.items) + 1,
    }
    return show(request, "desk/quality/sheet.html", context, sight=sight, page="listening")


def _marks(fields: Mapping[str, str], sheet: ScoreSheet) -> dict[str, int]:
    sent = Sent(fields=fields, digits=0)
    return {each["code"]: sent.number(f"mark_{each['code']}") for each in sheet.items}


def _items(sheet: ScoreSheet) -> list[dict[str, Any]]:
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return [{**each, "text": each[language]} for each in sheet.items]


def _sample(request: HttpRequest, sight: Sight, sample_id: int) -> Sample:
    """Find a sample of the book; who only collects sees her own."""
    found = queries.samples(book=sight.book).filter(pk=sample_id).first()
    sees_all = may(request, sight, "quality.review") or may(request, sight, "supervision.view")
    if found is None or (not sees_all and found.collector_id != user_of(request).pk):
        raise Http404
    return found


def _review(request: HttpRequest, sight: Sight, review_id: int) -> Review:
    found = (
        Review.objects.filter(pk=review_id, sample__book=sight.book)
        .select_related("sample", "sheet", "appeal")
        .first()
    )
    if found is None:
        raise Http404
    _sample(request, sight, found.sample_id)
    return found
