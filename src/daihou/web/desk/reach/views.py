"""What became of what was sent: dead letters, words that belong nowhere, reminders, letters."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import message
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.channels import dead_letters, hearing, queries
from daihou.web.channels.models import Heard, Letter, Occasion, ReminderState
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by

SHOWN_MOST = 50


@require_safe
@book_page("contact.view")
def overview(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    dead = dead_letters.waiting(book=sight.book)
    unmatched = queries.unmatched(book=sight.book)
    today = timezone.localdate()
    on_the_way = Letter.objects.filter(
        account__book=sight.book,
        batch__state="posted",
        returned_at__isnull=True,
        delivered_at__isnull=True,
    )
    context = {
        "dead": [(row, _reason(row.code)) for row in dead[:SHOWN_MOST]],
        "dead_count": dead.count(),
        "unmatched": [(row, hearing.text_of(row)) for row in unmatched[:SHOWN_MOST]],
        "unmatched_count": unmatched.count(),
        "reminders": [
            (_occasion(occasion, mark), ReminderState(state).label, state, _reason(code), count)
            for occasion, mark, state, code, count in queries.reminder_counts(
                book=sight.book, on=today
            )
        ],
        "today": today,
        "batches": queries.batches(book=sight.book)[:SHOWN_MOST],
        "waiting_letters": Letter.objects.filter(
            account__book=sight.book, batch__isnull=True
        ).count(),
        "on_the_way": on_the_way.select_related("batch").order_by("pk")[:SHOWN_MOST],
        "may_work": may(request, sight, "contact.make"),
        "may_pack": may(request, sight, "document.make"),
    }
    return show(request, "desk/reach/overview.html", context, sight=sight, page="reach")


@require_POST
@book_page("contact.make")
def dead_letter(request: HttpRequest, *, sight: Sight, delivery_id: int) -> HttpResponse:
    whole_book(sight)
    found = dead_letters.waiting(book=sight.book).filter(pk=delivery_id).first()
    if found is None:
        raise Http404
    sent = sent_by(request, sight)
    if sent.text("deed") == "again":
        attempt(
            request,
            lambda: dead_letters.ask_again(
                delivery=found, at=timezone.now(), acting_user=user_of(request)
            ),
            done=_("Permitted anew: it leaves within seconds."),
        )
    else:
        attempt(
            request,
            lambda: dead_letters.resolve(
                delivery=found, note=sent.text("note"), acting_user=user_of(request)
            ),
            done=_("Closed."),
        )
    return redirect("desk:reach", sight.book.name)


@require_POST
@book_page("contact.make")
def close_heard(request: HttpRequest, *, sight: Sight, heard_id: int) -> HttpResponse:
    whole_book(sight)
    found = Heard.objects.filter(account__book=sight.book, pk=heard_id).first()
    if found is None:
        raise Http404
    attempt(
        request,
        lambda: hearing.close(
            heard=found,
            reason=sent_by(request, sight).text("reason"),
            acting_user=user_of(request),
        ),
        done=_("Closed."),
    )
    return redirect("desk:reach", sight.book.name)


def _occasion(occasion: str, mark_days: int) -> str:
    """Name an occasion, with how many days before or after a due day."""
    label = str(Occasion(occasion).label)
    if occasion == Occasion.DUE:
        return f"{label} T−{mark_days}" if mark_days else f"{label} T"
    return f"{label} D+{mark_days}" if occasion == Occasion.OVERDUE else label


def _reason(code: str) -> str:
    """Say a code of ours in words; a provider's own stays as it is."""
    lines = message(code=code) if code else None
    if lines is None:
        return code
    return lines[0 if (get_language() or "").startswith("zh") else 1]
