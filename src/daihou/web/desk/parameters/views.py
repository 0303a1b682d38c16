"""Dated parameters: searched, with their history; a new row is asked for here."""

import json
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt
from daihou.web.parameters import operations, queries
from daihou.web.parameters.inbox import text_of
from daihou.web.parameters.models import Confidence, LenderType, Parameter

SEARCH_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    row: Parameter
    text: str
    state: str  # in_force, past or coming.


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All rows of one name, the newest first; ``now`` is the one in force."""

    name: str
    rule_id: str
    now: Row | None
    others: tuple[Row, ...]


@require_safe
@book_page("parameter.view")
def parameters(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today = _today(sight)
    profile = queries.profile_on(book=sight.book, on=today)
    search = request.GET.get("q", "").strip()[:SEARCH_LONGEST]
    found = list(queries.history_of(search=search, jurisdiction=profile.jurisdiction))
    if not profile.jurisdiction:
        found = []
    names = [
        _named(name, list(rows), today) for name, rows in groupby(found, key=lambda row: row.name)
    ]
    context = {
        "names": names,
        "found": len(names),
        "unverified": sum(
            each.now is not None and each.now.row.confidence == "memory" for each in names
        ),
        "search": search,
        "profile": profile,
        "lender": LenderType(profile.lender_type).label,
        "lenders": list(LenderType),
        "confidences": list(Confidence),
        "today": today,
        "given": _given(request, found),
        "may_change": may(request, sight, "parameter.change"),
    }
    return show(request, "desk/parameters/parameters.html", context, sight=sight, page="parameters")


def _today(sight: Sight) -> date:
    return max(timezone.localdate(), sight.book.business_date or date.min)


def _named(name: str, rows: list[Parameter], today: date) -> Named:
    now = next((row for row in rows if row.valid_from <= today), None)
    if now is not None and now.valid_through is not None and now.valid_through < today:
        now = None
    return Named(
        name=name,
        rule_id=rows[0].rule_id,
        now=None if now is None else Row(row=now, text=text_of(now.value), state="in_force"),
        others=tuple(
            Row(
                row=row,
                text=text_of(row.value),
                state="coming" if row.valid_from > today else "past",
            )
            for row in rows
            if row is not now
        ),
    )


def _given(request: HttpRequest, found: list[Parameter]) -> dict[str, Any]:
    """Fill the form with the row that is to be followed by another."""
    number = request.GET.get("like", "")
    row = next((row for row in found if str(row.pk) == number), None)
    if row is None:
        return {"value": "{}"}
    return {
        "name": row.name,
        "rule_id": row.rule_id,
        "source": row.source,
        "value": json.dumps(row.value, ensure_ascii=False, indent=1),
    }


@require_POST
@book_page("parameter.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    post = {name: value.strip() for name, value in request.POST.items() if isinstance(value, str)}

    def ask() -> None:
        operations.request_parameter(
            fields={
                "name": post.get("name", ""),
                "jurisdiction": queries.profile_on(book=sight.book, on=_today(sight)).jurisdiction,
                "valid_from": post.get("valid_from", ""),
                "valid_through": post.get("valid_through") or None,
                "value": _value(post.get("value", "")),
                "rule_id": post.get("rule_id", "")[:32],
                "source": post.get("source", ""),
                "confidence": post.get("confidence", ""),
            },
            reason=post.get("reason", ""),
            book=sight.book,
            acting_user=user_of(request),
        )

    attempt(request, ask, done=_("Asked for. It is added once another person has approved it."))
    return redirect("desk:parameters", sight.book.name)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exception:
        raise DaihouError("parameter.value_malformed", text=exception) from exception


@require_POST
@book_page("parameter.change")
def profile(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    def ask() -> None:
        operations.request_profile(
            book=sight.book,
            valid_from=request.POST.get("valid_from", ""),
            jurisdiction=request.POST.get("jurisdiction", ""),
            lender_type=request.POST.get("lender_type", ""),
            reason=request.POST.get("reason", ""),
            acting_user=user_of(request),
        )

    attempt(request, ask, done=_("Asked for. It is added once another person has approved it."))
    return redirect("desk:parameters", sight.book.name)
