"""Who is there to work cases, whom nobody asks whom, and when a person enters collections."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.access.queries import PERMISSIONS, may_everywhere
from daihou.web.board.page import book_page, page_of_all_books, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import operations, staffing as staff
from daihou.web.cases.models import (
    Collector,
    CollectorExclusion,
    Direction,
    DirectionKind,
    EntryRule,
    Stage,
    Team,
)
from daihou.web.channels import reminder_rules
from daihou.web.channels.models import ReminderRule
from daihou.web.desk.answering import attempt
from daihou.web.desk.cases.showing import person
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.parties.models import Party

ROWS_MOST = 100
RULES_SHOWN = 5
DIGITS_MOST = 4
DAYS_MOST = 32_767  # What a small integer of the database holds.


@require_safe
@book_page("supervision.view")
def staffing(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Show teams, collectors, who is kept from whom, exceptions and the rule of entry."""
    today = _business_day(sight)
    rules = EntryRule.objects.filter(book=sight.book).select_related("made_by")
    context = {
        "today": timezone.localdate(),
        "stages": Stage.values,
        "teams": Team.objects.select_related("lead").order_by("-is_active", "name"),
        "collectors": Collector.objects.select_related("user", "team").order_by(
            "-is_active", "team__name", "user__username"
        ),
        "may_collect": _users_who("case.work").filter(collector__isnull=True),
        "may_lead": _users_who("case.assign"),
        "exclusions": [_named(each) for each in _exclusions(sight)[:ROWS_MOST]],
        "directions": [_named(each) for each in _directions(sight, today)[:ROWS_MOST]],
        "rules": rules.order_by("-effective_on")[:RULES_SHOWN],
        "leaving": reminder_rules.rule_on(book=sight.book, on=timezone.localdate()),
        "leaving_rules": ReminderRule.objects.filter(book=sight.book)
        .select_related("made_by")
        .order_by("-effective_on")[:RULES_SHOWN],
        "may_staff": may_everywhere(user=user_of(request), permission="case.configure"),
        "may_rule": may(request, sight, "case.configure"),
    }
    return show(request, "desk/supervision/staffing.html", context, sight=sight, page="supervision")


def _users_who(permission: str) -> QuerySet[User]:
    """Query the users whose role carries a permission in some book."""
    found = User.objects.filter(is_active=True, grants__role__in=PERMISSIONS[permission])
    return found.distinct().order_by("username")


def _business_day(sight: Sight) -> date:
    return sight.book.business_date or timezone.localdate()


def _named(row: Any) -> dict[str, Any]:
    return {"row": row, "name": person(row.party).name or row.party.reference}


def _exclusions(sight: Sight) -> Any:
    found = CollectorExclusion.objects.filter(until_at__isnull=True, party__in=_persons(sight))
    return found.select_related("user", "party").order_by("-pk")


def _directions(sight: Sight, on: date) -> Any:
    found = Direction.objects.filter(book=sight.book, party__in=_persons(sight))
    held = found.filter(until_on__isnull=True) | found.filter(until_on__gt=on)
    return held.select_related("party", "made_by").order_by("-pk")


def _persons(sight: Sight) -> Any:
    return Party.objects.filter(pk__in=sight.loans().values("person_id"))


@require_POST
@page_of_all_books("case.configure")
def people(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Put a team, or a collector into one: they work every book they have a role in."""
    return _done(request, sight, _PEOPLE)


@require_POST
@book_page("case.configure")
def rules(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Say who enters collections by which rule, who does by exception, whom nobody may work."""
    return _done(request, sight, _RULES)


Deed = Callable[[Sight, Sent, User], object]


def _done(request: HttpRequest, sight: Sight, deeds: dict[str, Deed]) -> HttpResponse:
    sent, user = _sent(request, sight), user_of(request)
    deed = deeds.get(sent.text("act"))
    if deed is None:
        raise Http404
    attempt(request, lambda: deed(sight, sent, user), done=_("It is noted."))
    return redirect("desk:staffing", sight.book.name)


def _sent(request: HttpRequest, sight: Sight) -> Sent:
    """Read a form whose choices may be several: they are joined by commas."""
    joined = {name: ",".join(values) for name, values in request.POST.lists()}
    return Sent(fields=joined, digits=sent_by(request, sight).digits)


def _put_team(_sight: Sight, sent: Sent, user: User) -> object:
    lead = sent.text("lead")
    return staff.put_team(
        name=sent.text("name"),
        lead=_user(lead) if lead else None,
        stages=_words(sent.text("stages")),
        is_active=bool(sent.text("is_active")),
        acting_user=user,
    )


def _put_collector(_sight: Sight, sent: Sent, user: User) -> object:
    team = Team.objects.filter(name=sent.text("team")).first()
    if team is None:
        raise DaihouError("form.choice_wrong", field="team")
    return staff.put_collector(
        user=_user(sent.text("username")),
        team=team,
        capacity=sent.number("capacity"),
        skills=_words(sent.text("skills")),
        languages=_words(sent.text("languages")),
        is_active=bool(sent.text("is_active")),
        away_until=sent.day_or_none("away_until"),
        acting_user=user,
    )


def _user(username: str) -> User:
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise DaihouError("user.unknown", username=username)
    return found


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.replace("，", ",").split(",") if word.strip()]


def _set_rule(sight: Sight, sent: Sent, user: User) -> object:
    return operations.set_entry_rule(
        book=sight.book,
        effective_on=sent.day("effective_on"),
        entry_minor=sent.amount("entry"),
        entry_days=_small(sent, "entry_days"),
        forced_days=_small(sent, "forced_days") if sent.text("forced_days") else None,
        exit_minor=sent.amount("exit"),
        lock_minutes=_small(sent, "lock_minutes"),
        acting_user=user,
    )


def _small(sent: Sent, name: str) -> int:
    found = sent.number(name)
    if found > DAYS_MOST:
        raise DaihouError("form.number_wrong", field=name)
    return found


def _set_leaving(sight: Sight, sent: Sent, user: User) -> object:
    words = _words(sent.text("overdue_days"))
    if not all(word.isascii() and word.isdigit() and len(word) <= DIGITS_MOST for word in words):
        raise DaihouError("form.number_wrong", field="overdue_days")
    return reminder_rules.set_rule(
        book=sight.book,
        effective_on=sent.day("effective_on"),
        receipts=bool(sent.text("receipts")),
        broken_promises=bool(sent.text("broken_promises")),
        overdue_days=[int(word) for word in words],
        today=timezone.localdate(),
        acting_user=user,
    )


def _direct(sight: Sight, sent: Sent, user: User) -> object:
    return operations.direct(
        book=sight.book,
        party=_person(sight, sent),
        kind=sent.choice("kind", DirectionKind),
        reason=sent.text("reason"),
        on=_business_day(sight),
        until_on=sent.day_or_none("until_on"),
        at=timezone.now(),
        acting_user=user,
    )


def _end_direction(sight: Sight, sent: Sent, user: User) -> None:
    on = _business_day(sight)
    held = _directions(sight, on).filter(pk=sent.number("row")).first()
    if held is None:
        raise DaihouError("case.direction_missing")
    operations.end_direction(
        book=sight.book, party=held.party, on=on, at=timezone.now(), acting_user=user
    )


def _exclude(sight: Sight, sent: Sent, user: User) -> object:
    return staff.exclude(
        user=_user(sent.text("username")),
        party=_person(sight, sent),
        reason=sent.text("reason"),
        at=timezone.now(),
        acting_user=user,
    )


def _end_exclusion(sight: Sight, sent: Sent, user: User) -> None:
    held = _exclusions(sight).filter(pk=sent.number("row")).first()
    if held is None:
        raise DaihouError("case.exclusion_missing")
    staff.end_exclusion(user=held.user, party=held.party, at=timezone.now(), acting_user=user)


def _person(sight: Sight, sent: Sent) -> Party:
    """Find the person of a loan in sight."""
    loan = sight.loans().select_related("person").filter(loan_ref=sent.text("loan")).first()
    if loan is None or loan.person is None:
        raise DaihouError("form.choice_wrong", field="loan")
    return loan.person


_PEOPLE: dict[str, Deed] = {"team": _put_team, "collector": _put_collector}
_RULES: dict[str, Deed] = {
    "rule": _set_rule,
    "leaving": _set_leaving,
    "direct": _direct,
    "end_direction": _end_direction,
    "exclude": _exclude,
    "end_exclusion": _end_exclusion,
}
