"""Channels of a book: what there is, a new one, open and closed. Keys are named, never shown."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.reading import sent_by
from daihou.web.payments import channels as operations, queries, secrets
from daihou.web.payments.models import AdapterKind, Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``trouble`` says why its keys cannot be used; ``hook`` is where its provider calls."""

    channel: Channel
    hook: str
    trouble: str


@require_safe
@book_page("channel.change")
def channels(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    context = {
        "rows": [_row(request, channel) for channel in queries.channels(book=sight.book)],
        "adapters": AdapterKind,
    }
    return show(request, "desk/payments/channels.html", context, sight=sight, page="channels")


@require_POST
@book_page("channel.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    whole_book(sight)
    sent = sent_by(request, sight)
    attempt(
        request,
        lambda: operations.add_channel(
            book=sight.book,
            code=sent.text("code"),
            name=sent.text("name"),
            adapter=sent.text("adapter"),
            account=sent.text("account"),
            secret_ref=sent.text("secret_ref"),
            acting_user=user_of(request),
        ),
        done=_("The channel was added."),
    )
    return redirect("desk:channels", sight.book.name)


@require_POST
@book_page("channel.change")
def switch(request: HttpRequest, *, sight: Sight, channel_id: int) -> HttpResponse:
    whole_book(sight)
    found = queries.channels(book=sight.book).filter(pk=channel_id).first()
    if found is None:
        raise Http404
    is_active = sent_by(request, sight).text("deed") == "open"
    attempt(
        request,
        lambda: operations.set_active(
            channel=found, is_active=is_active, acting_user=user_of(request)
        ),
        done=_("The channel is open.") if is_active else _("The channel is closed."),
    )
    return redirect("desk:channels", sight.book.name)


def _row(request: HttpRequest, channel: Channel) -> Row:
    if not channel.secret_ref:
        return Row(channel=channel, hook="", trouble="")
    hook = request.build_absolute_uri(f"/hooks/{channel.code}/")
    try:
        secrets.load(secret_ref=channel.secret_ref)
    except DaihouError as refused:
        return Row(channel=channel, hook=hook, trouble=line_of(refused))
    return Row(channel=channel, hook=hook, trouble="")
