"""The inbox of approvals: what waits for me, what I asked for, what was decided; and the matrix."""

import re
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.access import queries as access
from daihou.web.access.models import Role
from daihou.web.approvals import changing, operations, queries, registry
from daihou.web.approvals.authority import Band
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval, Authority, State
from daihou.web.audit.models import AuditRow
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import attempt
from daihou.web.desk.servicing.asked import asked_facts

BANDS = 3  # Lines of the form.
FIELDS = ("people", "amount")
AMOUNT = re.compile(r"\d{1,13}(\.\d{1,4})?")
TO_DECIDE, MINE, DECIDED, ALL = "to_decide", "mine", "decided", "all"


@require_safe
@book_page("approval.view")
def inbox(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    view = request.GET.get("view", TO_DECIDE)
    lists = _lists(request, sight)
    if view not in lists:
        view = TO_DECIDE
    found = lists[view]
    pages = paging(number=page_no(request), found=found.count())
    rows = [_row(each) for each in found[pages.cut]]
    context = {
        "view": view,
        "counts": {name: each.count() for name, each in lists.items()},
        "rows": rows,
        **pages.context,
    }
    return show(request, "desk/approvals/inbox.html", context, sight=sight, page="approvals")


def _lists(request: HttpRequest, sight: Sight) -> dict[str, QuerySet[Approval]]:
    user = user_of(request)
    everything = seen(sight)
    return {
        TO_DECIDE: queries.to_decide(user=user, book=sight.book) & everything,
        MINE: everything.filter(made_by=user),
        DECIDED: everything.exclude(state=State.PENDING),
        ALL: everything,
    }


def seen(sight: Sight) -> QuerySet[Approval]:
    """Query the approvals in sight: who sees one funder's loans sees what concerns those."""
    found = queries.of_book(book=sight.book)
    if sight.funder_ids is None:
        return found
    loans = [str(pk) for pk in sight.loans().values_list("pk", flat=True)]
    return found.filter(book=sight.book, target_type="loan", target_id__in=loans)


def _row(approval: Approval) -> dict[str, Any]:
    return {"approval": approval, "label": label_of(approval)}


def label_of(approval: Approval) -> str:
    return str(getattr(registry.kinds().get(approval.kind), "label", approval.kind))


@require_safe
@book_page("approval.view")
def approval(request: HttpRequest, *, sight: Sight, approval_id: int) -> HttpResponse:
    found = _found(sight, approval_id)
    user = user_of(request)
    described = registry.registered(found.kind).describe(found)
    roles = queries.roles_for(user=user, book=found.book) & set(found.roles)
    is_maker = found.made_by_id == user.pk
    decided = [each.decided_by_id for each in found.decisions.all()]
    may = access.may(user=user, permission="approval.decide", target=found.book)
    trail = AuditRow.objects.filter(target_type="approval", target_id=str(found.pk))
    context = {
        "approval": found,
        "label": label_of(found),
        "described": described,
        "facts": () if described.template else described.facts or asked_facts(found),
        "decisions": found.decisions.select_related("decided_by").order_by("pk"),
        "trail": trail.select_related("acting_user").order_by("pk"),
        "role_words": [Role(role).label for role in found.roles if role in Role.values],
        "is_pending": found.state == State.PENDING,
        "is_maker": is_maker,
        "may_decide": bool(roles) and may and not is_maker and user.pk not in decided,
        "next": _next(request, sight, found),
    }
    return show(request, "desk/approvals/approval.html", context, sight=sight, page="approvals")


def _next(request: HttpRequest, sight: Sight, found: Approval) -> Approval | None:
    waiting = queries.to_decide(user=user_of(request), book=sight.book) & seen(sight)
    return waiting.exclude(pk=found.pk).first()


@require_POST
@book_page("approval.decide")
def decide(request: HttpRequest, *, sight: Sight, approval_id: int) -> HttpResponse:
    found = _found(sight, approval_id)
    act = partial(
        operations.decide,
        approval=found,
        verdict=request.POST.get("verdict", ""),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, act, done=_("Your decision was recorded."))
    return redirect("desk:approval", sight.book.name, approval_id)


@require_POST
@book_page("approval.view")
def withdraw(request: HttpRequest, *, sight: Sight, approval_id: int) -> HttpResponse:
    found = _found(sight, approval_id)
    act = partial(
        operations.withdraw,
        approval=found,
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, act, done=_("Your request was withdrawn."))
    return redirect("desk:approval", sight.book.name, approval_id)


def _found(sight: Sight, approval_id: int) -> Approval:
    found = seen(sight).filter(pk=approval_id).first()
    if found is None:
        raise Http404
    return found


@require_safe
@book_page("approval.view")
def authority(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    rows = Authority.objects.order_by("kind", "currency", "-valid_from", "from_minor")
    kinds = registry.kinds()
    shown: dict[str, dict[str, Any]] = {}
    for row in rows:
        of_kind = shown.setdefault(
            row.kind, {"label": str(getattr(kinds.get(row.kind), "label", row.kind)), "rows": []}
        )
        of_kind["rows"].append(
            {"row": row, "roles": [Role(role).label for role in row.roles if role in Role.values]}
        )
    context = {
        "kinds": shown,
        "may_change": user_of(request).has_perm("authority.change", sight.book),
        "labels": [(kind, each.label) for kind, each in kinds.items()],
        "roles": Role.choices,
        "lines": range(BANDS),
    }
    return show(request, "desk/approvals/authority.html", context, sight=sight, page="approvals")


@require_POST
@book_page("authority.change")
def change_authority(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Ask for other people to decide; amounts are typed in the book's currency."""
    made: list[Approval] = []

    def act() -> None:
        made.append(
            changing.request_change(
                kind=request.POST.get("kind", ""),
                currency=sight.book.currency if request.POST.get("own_currency") else "",
                valid_from=_day(request.POST.get("valid_from", "")),
                bands=_bands(request, digits=sight.book.minor_digits),
                reason=request.POST.get("reason", ""),
                acting_user=user_of(request),
            )
        )

    if attempt(request, act, done=_("Asked for: it waits for a decision.")):
        return redirect("desk:approval", sight.book.name, made[0].pk)
    return redirect("desk:authority", sight.book.name)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ApprovalRefused("authority.day_wrong", text=text[:40]) from None


def _bands(request: HttpRequest, *, digits: int) -> tuple[Band, ...]:
    """Read the lines that say how many people; an amount that is none is refused."""
    bands = []
    for line in range(BANDS):
        people, amount = (request.POST.get(f"{name}_{line}", "").strip() for name in FIELDS)
        if not people:
            continue
        if not people.isdecimal() or len(people) > 1 or not AMOUNT.fullmatch(amount or "0"):
            raise ApprovalRefused("authority.band_wrong", line=line + 1)
        bands.append(
            Band(
                checkers=int(people),
                from_minor=int(Decimal(amount or "0").scaleb(digits)),
                roles=tuple(request.POST.getlist(f"roles_{line}")),
                is_each_role=bool(request.POST.get(f"each_{line}")),
            )
        )
    return tuple(bands)
