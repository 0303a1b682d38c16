"""What the pages of collateral change: each view reads a form and calls one operation."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import Kind as FileKind, Target
from daihou.web.board.page import View, book_page
from daihou.web.board.sight import Sight, user_of
from daihou.web.collateral import operations
from daihou.web.collateral.errors import CollateralRefused
from daihou.web.collateral.models import (
    Item,
    ItemKind,
    MovementKind,
    Paper,
    PaperKind,
    ReleaseTask,
    ValuedBy,
)
from daihou.web.desk.answering import attempt
from daihou.web.desk.collateral.views import business_date, find
from daihou.web.desk.filing import keep
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.parties.models import Party

Act = Callable[..., object]


def _on_item(
    done: Callable[[], str], permission: str = "collateral.change"
) -> Callable[[Act], View]:
    """Make a view of what is done to an item: find it, try, say how it ended, show the item."""

    def decorate(act: Act) -> View:
        @require_POST
        @book_page(permission)
        @wraps(act)
        def view(
            request: HttpRequest, *, sight: Sight, item_id: int, **rest: int
        ) -> HttpResponseBase:
            item = find(sight, item_id)
            sent = sent_by(request, sight)
            attempt(request, lambda: act(request, sight, item, sent, **rest), done=done())
            return redirect("desk:collateral_item", sight.book.name, item.pk)

        return view

    return decorate


@require_POST
@book_page("collateral.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent, made = sent_by(request, sight), []

    def enter() -> None:
        made.append(
            operations.add_item(
                book=sight.book,
                item_no=sent.text("item_no"),
                kind=sent.choice("kind", ItemKind),
                description=sent.text("description"),
                identifier=sent.text("identifier"),
                owner=_owner(sight, sent.text("owner")),
                acting_user=user_of(request),
            )
        )

    if attempt(request, enter, done=_("The item is in the register.")):
        return redirect("desk:collateral_item", sight.book.name, made[0].pk)
    return redirect("desk:collateral", sight.book.name)


@_on_item(lambda: _("The value is noted."))
def value(request: HttpRequest, _sight: Sight, item: Item, sent: Sent) -> object:
    return operations.value_item(
        item=item,
        valued_on=sent.day("valued_on"),
        value_minor=sent.amount("value"),
        counted_share=sent.percent("counted_share"),
        valued_by=sent.choice("valued_by", ValuedBy),
        source=sent.text("source"),
        acting_user=user_of(request),
    )


@_on_item(lambda: _("The pledge is noted."))
def pledge(request: HttpRequest, sight: Sight, item: Item, sent: Sent) -> object:
    loan = sight.loans().filter(loan_ref=sent.text("loan")).first()
    if loan is None:
        raise CollateralRefused("collateral.unknown")
    return operations.pledge(
        item=item,
        loan=loan,
        rank=sent.number("rank"),
        amount_minor=sent.amount_or_none("amount"),
        pledged_on=sent.day("pledged_on"),
        registration=sent.text("registration"),
        acting_user=user_of(request),
    )


@_on_item(lambda: _("The policy is noted."))
def insure(request: HttpRequest, _sight: Sight, item: Item, sent: Sent) -> object:
    return operations.insure(
        item=item,
        insurer=sent.text("insurer"),
        policy_no=sent.text("policy_no"),
        starts_on=sent.day("starts_on"),
        ends_on=sent.day("ends_on"),
        sum_minor=sent.amount("sum"),
        acting_user=user_of(request),
    )


@_on_item(lambda: _("The paper is noted; ask to take it in."))
def add_paper(request: HttpRequest, _sight: Sight, item: Item, sent: Sent) -> object:
    return operations.add_paper(
        item=item,
        kind=sent.choice("kind", PaperKind),
        number=sent.text("number"),
        acting_user=user_of(request),
    )


@_on_item(lambda: _("Asked for; another person has to agree."))
def move_paper(
    request: HttpRequest, _sight: Sight, item: Item, sent: Sent, *, paper_id: int
) -> object:
    paper = Paper.objects.filter(item=item, pk=paper_id).select_related("item__book").first()
    if paper is None:
        raise CollateralRefused("collateral.unknown")
    return operations.request_movement(
        paper=paper,
        kind=sent.choice("kind", MovementKind),
        moved_on=sent.day("moved_on"),
        place=sent.text("place"),
        reason=sent.text("reason"),
        due_back_on=sent.day_or_none("due_back_on"),
        acting_user=user_of(request),
    )


@_on_item(lambda: _("The file is stored."), permission="file.add")
def add_file(request: HttpRequest, sight: Sight, item: Item, sent: Sent) -> object:
    upload = request.FILES.get("file")
    if upload is None or upload.file is None:
        raise ArchiveRefused("archive.none")
    return keep(
        request,
        sight,
        upload=upload,
        kind=sent.choice("kind", FileKind),
        target=Target.COLLATERAL,
        target_id=item.pk,
    )


@require_POST
@book_page("collateral.change")
def look(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    attempt(
        request,
        lambda: operations.raise_release_tasks(
            book=sight.book, as_of=business_date(sight), acting_user=user_of(request)
        ),
        done=_("Every settled loan with collateral has its task."),
    )
    return redirect("desk:collateral_releases", sight.book.name)


@require_POST
@book_page("collateral.change")
def ask_release(request: HttpRequest, *, sight: Sight, task_id: int) -> HttpResponse:
    task = (
        ReleaseTask.objects.filter(book=sight.book, loan__in=sight.loans(), pk=task_id)
        .select_related("loan", "book")
        .first()
    )
    if task is None:
        raise Http404
    attempt(
        request,
        lambda: operations.request_release(
            task=task,
            as_of=business_date(sight),
            reason=sent_by(request, sight).text("reason"),
            acting_user=user_of(request),
        ),
        done=_("Asked for; two roles have to sign."),
    )
    return redirect("desk:collateral_releases", sight.book.name)


def _owner(sight: Sight, reference: str) -> Party | None:
    """Find an owner by her number in this book; without one the owner is not known."""
    if not reference:
        return None
    found = Party.objects.filter(source=sight.book.name, reference=reference)
    owner = found.first()
    if owner is None:
        raise CollateralRefused("collateral.owner_unknown", reference=reference[:80])
    return owner
