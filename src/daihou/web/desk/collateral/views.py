"""The register of collateral: its list, one item, and what settled loans wait to get back."""

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daihou.web.approvals.models import Approval, State
from daihou.web.archive import queries as archive
from daihou.web.archive.models import Kind as FileKind, Target
from daihou.web.board import borrowers
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may
from daihou.web.collateral import operations, queries
from daihou.web.collateral.models import Item, ItemKind, PaperKind, TaskState, ValuedBy
from daihou.web.parties.models import Party, PartyKind

ENDED_SHOWN = 50


@require_safe
@book_page("collateral.view")
def register(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:80]
    found = seen(sight, text=text)
    pages = paging(number=page_no(request), found=found.count())
    as_of = business_date(sight)
    shown = queries.rows(book=sight.book, items=list(found[pages.cut]), as_of=as_of)
    context = {
        "rows": shown,
        "names": _names([row.item.owner for row in shown if row.item.owner]),
        "text": text,
        "as_of": as_of,
        "least": queries.least_cover(book=sight.book, on=as_of),
        **pages.context,
        "kinds": ItemKind,
        "task_count": queries.tasks(book=sight.book).count(),
        "may_change": may_change(request, sight),
    }
    return show(request, "desk/collateral/register.html", context, sight=sight, page="collateral")


@require_safe
@book_page("collateral.view")
def item(request: HttpRequest, *, sight: Sight, item_id: int) -> HttpResponse:
    found = find(sight, item_id)
    as_of = business_date(sight)
    (row,) = queries.rows(book=sight.book, items=[found], as_of=as_of)
    papers = queries.papers(item=found)
    context: dict[str, Any] = {
        "item": found,
        "row": row,
        "owner": _names([found.owner] if found.owner else []).get(found.owner_id or 0, ""),
        "as_of": as_of,
        "least": queries.least_cover(book=sight.book, on=as_of),
        "valuations": found.valuations.select_related("added_by").order_by("-valued_on", "-pk"),
        "released": found.pledges.filter(released_on__isnull=False).select_related("loan"),
        "insurance": found.insurance.order_by("-ends_on"),
        "papers": papers,
        "movements": queries.movements(item=found),
        "waiting": _waiting(sight, [str(each.paper.pk) for each in papers]),
        "files": archive.files(book=sight.book, target_type=Target.COLLATERAL, target_id=found.pk),
        "file_kinds": [each for each in FileKind if each != FileKind.PRODUCED],
        "paper_kinds": PaperKind,
        "valued_by": ValuedBy,
        "today": timezone.localdate(),
        "may_change": may_change(request, sight),
        "may_add_file": may(request, sight, "file.add"),
    }
    return show(request, "desk/collateral/item.html", context, sight=sight, page="collateral")


@require_safe
@book_page("collateral.view")
def releases(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    tasks = queries.tasks(book=sight.book)
    ended = queries.tasks(book=sight.book, state=TaskState.RELEASED).order_by("-pk")
    if sight.funder_ids is not None:
        tasks = tasks.filter(loan__funder_id__in=sight.funder_ids)
        ended = ended.filter(loan__funder_id__in=sight.funder_ids)
    shown = [(task, queries.item_numbers(loan=task.loan)) for task in tasks]
    context = {
        "tasks": shown,
        "waiting": _waiting(sight, [str(task.pk) for task, _ in shown], kind=operations.RELEASE),
        "ended": ended[:ENDED_SHOWN],
        "as_of": business_date(sight),
        "may_change": may_change(request, sight),
    }
    return show(request, "desk/collateral/releases.html", context, sight=sight, page="collateral")


def seen(sight: Sight, *, text: str = "") -> QuerySet[Item]:
    """Query the items in sight: of funders, those that secure their loans."""
    found = queries.items(book=sight.book, text=text)
    if sight.funder_ids is None:
        return found
    return queries.of_funders(found=found, funder_ids=sight.funder_ids)


def find(sight: Sight, item_id: int) -> Item:
    found = seen(sight).filter(pk=item_id).first()
    if found is None:
        raise Http404
    return found


def business_date(sight: Sight) -> date:
    """Take the book's business date; before its first end of day, today."""
    return sight.book.business_date or timezone.localdate()


def may_change(request: HttpRequest, sight: Sight) -> bool:
    return may(request, sight, "collateral.change")


def _names(owners: list[Party]) -> dict[int, str]:
    """Name owners: a company whole, a person masked, one without a name by her number."""
    companies = [each for each in owners if each.kind == PartyKind.COMPANY]
    found = {each.pk: each.reference for each in owners}
    found |= borrowers.names(person_ids=[each.pk for each in owners])
    return found | borrowers.company_names(companies)


def _waiting(
    sight: Sight, target_ids: list[str], *, kind: str = operations.CUSTODY
) -> dict[int, Approval]:
    """Find the requests that wait for somebody, by what they are about."""
    pending = Approval.objects.filter(
        book=sight.book, kind=kind, state=State.PENDING, target_id__in=target_ids
    )
    return {int(each.target_id): each for each in pending.select_related("made_by")}
