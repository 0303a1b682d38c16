"""The rules of contact in force on a day: figures, source and how sure; what is tightened here."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from daihou.collect.packs import Confidence, Kind, Rule, rules_of
from daihou.collect.requests import Channel
from daihou.errors import DaihouError
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt
from daihou.web.loans.models import Loan, Product
from daihou.web.parameters import queries, tightenings
from daihou.web.parameters.models import Tightening
from daihou.web.parties.models import Party

OF_COMPLAINTS = frozenset({Kind.COMPLAINED, Kind.COMPLAINED_RIGHTLY})
FIGURES_SHOWN = OF_COMPLAINTS | {
    Kind.ASKED,
    Kind.CAP,
    Kind.HOURS,
    Kind.VISIT,
    Kind.AGENCY,
    Kind.FIGURES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule in force. ``figures`` in words; ``names`` of what it binds, by table of words."""

    rule: Rule
    figures: str
    names: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tightened:
    row: Tightening
    text: str
    state: str  # in_force, past or coming.
    last_on: date | None


@require_safe
@book_page("rule.view")
def rules(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today = _today(sight)
    on = _day(request.GET.get("on", "")) or today
    jurisdiction = queries.profile_on(book=sight.book, on=on).jurisdiction
    law = rules_of(jurisdiction=jurisdiction)
    found = law.in_force(on=on) if law else ()
    kinds = list(Kind)
    rows = sorted((_row(rule) for rule in found), key=lambda row: kinds.index(row.rule.kind))
    context = {
        "on": on,
        "is_today": on == today,
        "jurisdiction": jurisdiction,
        "version": law.version if law else "",
        "missing": law.missing(on=on) if law else (),
        "groups": [
            (kind.value, tuple(of_kind))
            for kind, of_kind in groupby(rows, key=lambda row: row.rule.kind)
        ],
        "count": len(rows),
        "unverified": sum(row.rule.must_be_verified for row in rows),
        "confidences": [(each.value, _confidence(each)) for each in Confidence],
        "tightened": [_tightened(row, on) for row in tightenings.tightenings_of(book=sight.book)],
        "may_change": may(request, sight, "rule.change"),
        "today": today,
        **_choices(sight, found),
    }
    return show(request, "desk/rules/rules.html", context, sight=sight, page="rules")


def _today(sight: Sight) -> date:
    return max(timezone.localdate(), sight.book.business_date or date.min)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _row(rule: Rule) -> Row:
    names = (
        ("contact_channel", rule.channels),
        ("contact_purpose", rule.purposes),
        ("recipient", rule.recipients),
        ("stop_kind", rule.stops),
    )
    return Row(
        rule=rule,
        figures=_figures(rule),
        names=tuple(
            (table, tuple(sorted(value.value for value in values)))
            for table, values in names
            if values
        ),
    )


def _figures(rule: Rule) -> str:
    """Write the figures of a rule in words."""
    if rule.opens is not None and rule.closes is not None:
        return _("%(opens)s to %(closes)s") % {
            "opens": tightenings.clock(rule.opens),
            "closes": tightenings.clock(rule.closes),
        }
    if rule.kind is Kind.CAP:
        assert rule.days is not None
        texts = {
            "person": _("%(most)s to a person"),
            "address": _("%(most)s to a number or place"),
            "debt": _("%(most)s about a debt"),
            "person_debt": _("%(most)s to a person about a debt"),
        }
        assert rule.per is not None
        counted = texts[rule.per.value] % {"most": rule.most}
        days = ngettext("in a day", "in %(days)s days", rule.days) % {"days": rule.days}
        return _("%(counted)s %(window)s") % {"counted": counted, "window": days}
    if rule.kind in OF_COMPLAINTS:
        shared = {"most": rule.most, "days": rule.days}
        return _("from more than %(most)s in %(days)s days") % shared
    if rule.kind is Kind.VISIT:
        return _("%(least)s people at least") % {"least": rule.least}
    if rule.days is not None:
        return ngettext("%(days)s day", "%(days)s days", rule.days) % {"days": rule.days}
    return ""


def _confidence(confidence: Confidence) -> str:
    return {
        Confidence.FULL: _("read in full"),
        Confidence.SECONDARY: _("second hand"),
        Confidence.MEMORY: _("from memory"),
        Confidence.RECOMPUTED: _("recomputed"),
        Confidence.OWN: _("this house's own"),
    }[confidence]


def _tightened(row: Tightening, on: date) -> Tightened:
    end = getattr(row, "end", None)
    last_on = end.last_on if end is not None else None
    parts = [
        f"{tightenings.figure_label(name)} {shown}"
        for name in tightenings.FIGURES
        if (shown := _shown(name, getattr(row, name)))
    ]
    if row.ends_agreements:
        parts.append(_("agreements lift it no longer"))
    state = "coming" if row.valid_from > on else "in_force"
    if last_on is not None and last_on < on:
        state = "past"
    return Tightened(row=row, text=" · ".join(parts), state=state, last_on=last_on)


def _shown(name: str, value: int | None) -> str:
    if value is None:
        return ""
    return tightenings.clock(value) if name in tightenings.CLOCKS else str(value)


def _choices(sight: Sight, found: tuple[Rule, ...]) -> dict[str, Any]:
    """Give the form what may be chosen: rules with figures, funders, products, channels."""
    funders = Loan.objects.filter(book=sight.book, funder__isnull=False).values("funder")
    return {
        "rules_with_figures": [rule for rule in found if rule.kind in FIGURES_SHOWN],
        "funders": Party.objects.filter(pk__in=funders.distinct()).order_by("pk"),
        "products": Product.objects.filter(book=sight.book).order_by("code"),
        "channels": list(Channel),
    }


@require_POST
@book_page("rule.change")
def tighten(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    post = {name: value.strip() for name, value in request.POST.items() if isinstance(value, str)}

    def ask() -> None:
        kind, __, number = post.get("whose", "").partition(":")
        asked = {
            "rule_id": post.get("rule_id", "")[:40],
            "valid_from": post.get("valid_from", ""),
            "source": post.get("source", ""),
            "forbids": request.POST.getlist("forbids"),
            "ends_agreements": post.get("ends_agreements") == "on",
            **{name: post.get(name) or None for name in ("most", "least", "days")},
            **{name: _minute(post.get(name, "")) for name in tightenings.CLOCKS},
        }
        if number.isdecimal() and kind in {"funder", "product"}:
            asked[f"{kind}_id"] = int(number)
        tightenings.request_tightening(
            book=sight.book,
            asked=asked,
            jurisdiction=queries.profile_on(book=sight.book, on=_today(sight)).jurisdiction,
            reason=post.get("reason", ""),
            acting_user=user_of(request),
        )

    attempt(request, ask, done=_("Asked for. It holds once another person has approved it."))
    return redirect("desk:rules", sight.book.name)


def _minute(text: str) -> int | None:
    """Read an hour of the day; midnight at its end is 24:00."""
    if not text:
        return None
    hours, __, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(text) <= 5):
        raise DaihouError("rules.field_wrong", text=text[:20])
    return int(hours) * 60 + int(minutes)


@require_POST
@book_page("rule.change")
def end(request: HttpRequest, *, sight: Sight, number: int) -> HttpResponse:
    row = get_object_or_404(Tightening, pk=number, book=sight.book)

    def ask() -> None:
        last_on = _day(request.POST.get("last_on", ""))
        if last_on is None:
            raise DaihouError("rules.field_wrong", text=request.POST.get("last_on", "")[:20])
        tightenings.request_end(
            tightening=row,
            last_on=last_on,
            reason=request.POST.get("reason", ""),
            acting_user=user_of(request),
        )

    attempt(request, ask, done=_("Asked for. It ends once another person has approved it."))
    return redirect("desk:rules", sight.book.name)
