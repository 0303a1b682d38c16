"""Letters on paper: into a batch, packed for the printer, posted, told of."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from daihou.web.board.page import book_page
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.channels import letters, queries
from daihou.web.channels.models import Account, Letter, LetterBatch, Provider
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by


@require_POST
@book_page("document.make")
def batch(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    account = Account.objects.filter(book=sight.book, provider=Provider.LETTERS).first()
    if account is None:
        raise Http404
    attempt(
        request,
        lambda: letters.make_batch(
            account=account, on=timezone.localdate(), acting_user=user_of(request)
        ),
        done=_("The letters that waited are in one batch."),
    )
    return redirect("desk:reach", sight.book.name)


@require_POST
@book_page("document.make")
def mark(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponse:
    found = _batch(sight, batch_id)
    attempt(
        request,
        lambda: letters.mark(
            batch=found,
            state=sent_by(request, sight).text("state"),
            at=timezone.now(),
            acting_user=user_of(request),
        ),
        done=_("Noted."),
    )
    return redirect("desk:reach", sight.book.name)


@require_POST
@book_page("document.make")
def pack(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponse:
    """Give the letters and the list of their addresses; that they were taken is noted."""
    found = _batch(sight, batch_id)
    content = letters.pack(batch=found, acting_user=user_of(request))
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="letters-{found.pk}.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@book_page("document.make")
def tell(request: HttpRequest, *, sight: Sight, letter_id: int) -> HttpResponse:
    whole_book(sight)
    found = Letter.objects.filter(account__book=sight.book, pk=letter_id).first()
    if found is None:
        raise Http404
    attempt(
        request,
        lambda: letters.tell(
            letter=found,
            is_returned=sent_by(request, sight).text("deed") == "returned",
            at=timezone.now(),
            acting_user=user_of(request),
        ),
        done=_("Noted."),
    )
    return redirect("desk:reach", sight.book.name)


def _batch(sight: Sight, batch_id: int) -> LetterBatch:
    whole_book(sight)
    found = queries.batches(book=sight.book).filter(pk=batch_id).first()
    if found is None:
        raise Http404
    return found
