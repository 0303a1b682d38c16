"""Everything of one case: who, what is owed and why, what may be done, what happened."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.collect.next_step import Advice, Situation, Step, Way as Open, advise
from daihou.collect.requests import Channel
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import people
from daihou.web.cases.contacting import point_for
from daihou.web.cases.locking import is_locked
from daihou.web.cases.models import Case, PromiseState
from daihou.web.cases.queries import figures_on, owed_on
from daihou.web.cases.sighting import loans_of
from daihou.web.complaints.models import Complaint, Nature
from daihou.web.contacts import keys, stops
from daihou.web.contacts.models import StopOrder
from daihou.web.desk.cases import owing as owed, timelines, words
from daihou.web.desk.cases.actions import ACTIONS, Action
from daihou.web.desk.cases.limits import first_end
from daihou.web.desk.cases.ways import ways
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties, reach, states
from daihou.web.parties.models import Field, Party, PersonalDatum, PointBasis, PointKind
from daihou.web.parties.reach import Known

PROMISES_SHOWN = 5
PRIMARY = {
    Step.CALL: "call",
    Step.MESSAGE: "message",
    Step.DEMAND: "message",
    Step.AFTER_TALK: "promise",
    Step.HARDSHIP: "hardship",
    Step.PLAN: "plan",
    Step.FIND_NUMBER: "note",
    Step.HAND_OVER: "hand_over",
}
OVERDUE = {Step.MESSAGE: "overdue_message", Step.VISIT: "overdue_visit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    name: str
    id_number: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A number or address as the page shows it."""

    icon: str
    masked: str
    source: str
    last_success_at: datetime | None
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The advice in words."""

    step: str
    word: str
    icon: str
    lines: tuple[str, ...]
    at: datetime | None


POINT_ICONS = {
    PointKind.PHONE: "phone",
    PointKind.EMAIL: "mail",
    PointKind.ADDRESS: "home",
    PointKind.ACCOUNT: "building-bank",
    PointKind.WECHAT: "brand-wechat",
    PointKind.PUSH: "bell",
}


def page(request: HttpRequest, *, sight: Sight, case: Case, at: datetime) -> dict[str, Any]:
    """Gather what the page of a case shows."""
    user = user_of(request)
    book = sight.book
    today = timezone.localdate(at)
    figures_as_of = figures_on(case=case)
    loans = loans_of(sight, case)
    found = owed.owing(book=book, loans=loans, on=owed_on(book=book, today=today))
    data, points = _known(case.party, loans)
    open_ways = ways(case=case, loans=loans, points=points, acting_user=user, at=at)
    on = today if any(way.is_stale for way in open_ways) else book.business_date or today
    held = states.kinds_on(party=case.party, on=today)
    orders = list(stops.in_force(party=case.party, at=at))
    complaints = list(
        Complaint.objects.filter(party=case.party, closed_at__isnull=True).order_by("pk")
    )
    promises = list(
        case.promises.select_related("made_by").order_by("-made_at", "-pk")[:PROMISES_SHOWN]
    )
    zone = reach.time_zone(party=case.party, on=today, known=points)
    tried = timelines.tried(case=case, at=at)
    advice = advise(
        Situation(
            business_date=on,
            figures_as_of=figures_as_of,
            overdue_minor=found.overdue_minor,
            days_past_due=found.days_past_due,
            states=held,
            promised_on=case.promised_on,
            broken_promises=sum(each.state == PromiseState.BROKEN for each in promises),
            talked_today=tried.talked_today,
            unanswered_in_a_row=tried.unanswered_in_a_row,
            has_number=point_for(points, Channel.VOICE) is not None,
            limitation_ends_on=first_end(found),
            ways={
                each.channel: Open(is_open=each.is_open, opens_at=each.next_at)
                for each in open_ways
            },
            **_held(orders, complaints, loans),
        )
    )
    locked_by_other = is_locked(case=case, at=at) and case.locked_by_id != user.pk
    return {
        "case": case,
        "person": person(case.party, data),
        "owing": found,
        "points": [_point(each) for each in points],
        "others": people.others(loans=loans, on=today),
        "ways": open_ways,
        "shut_ways": [each for each in open_ways if not each.is_open and each.rules],
        "states": sorted(held),
        "stops": [_stop(each) for each in orders],
        "complaints": [_complaint(each) for each in complaints],
        "promises": promises,
        "best_times": _best_times(case.party, points),
        "zone": zone,
        "local_time": _clock(at, zone.name) if zone else "",
        "desk_time": _clock(at, book.time_zone),
        "advice": said(advice),
        "primary": PRIMARY.get(advice.step, ""),
        "deeds": actions(request, sight, case),
        "locked_by_other": locked_by_other,
        "figures_on": figures_as_of,
        "figures_due_on": on,
        "is_stale": figures_as_of < on and case.state != "closed",
        "may_work": may(request, sight, "case.work"),
        "may_plan_visit": may(request, sight, "visit.plan"),
        "back": reverse("desk:cases", args=[book.name]),
    }


def told(*, sight: Sight, case: Case, cursor: str = "") -> dict[str, Any]:
    """Read a page of what happened.

    :raises CaseRefused: as ``cases.timeline.timeline``.
    """
    ids = [loan.pk for loan in loans_of(sight, case)]
    found = timelines.page(case=case, loan_ids=ids, cursor=cursor)
    return {"timeline": found.entries, "timeline_cursor": found.cursor}


def actions(request: HttpRequest, sight: Sight, case: Case) -> dict[str, Action]:
    """Choose the actions that fit a case and are open to a user."""
    return {
        name: action
        for name, action in ACTIONS.items()
        if action.fits(case) and may(request, sight, action.permission)
    }


def _known(party: Party, loans: Sequence[Loan]) -> tuple[Sequence[PersonalDatum], Sequence[Known]]:
    """Read the data and the points of a person, each once for all that the page tells of her."""
    family = parties.keep_family(party=party)
    data = parties.data_of(party=party)
    owes = any(loan.person_id in family for loan in loans)
    derived = PointBasis.CONTRACT.value if owes else None
    points = reach.points(party=party, on=timezone.localdate(), data=data, derived=derived)
    return data, points


def _best_times(party: Party, points: Iterable[Known]) -> list[reach.BestTime]:
    """Tell when she answers; who never did has no such hour."""
    if all(each.point.last_success_at is None for each in points):
        return []
    return reach.best_times(party=party)


def person(party: Party, data: Sequence[PersonalDatum] | None = None) -> Person:
    """Read who it is, masked; ``data`` as ``parties.masked_data``."""
    shown = parties.masked_data(party=party, data=data)
    first = {field: values[0] for field, values in shown.items() if values}
    return Person(
        name=first.get(Field.NAME, ""),
        id_number=first.get(Field.ID_NUMBER, ""),
        phone=first.get(Field.PHONE, ""),
    )


def said(advice: Advice) -> Shown:
    """Say an advice in the language of the page."""
    lines = []
    for reason in advice.reasons:
        code = reason.code
        if code == "overdue" and advice.step in OVERDUE:
            code = OVERDUE[advice.step]
        lines.append(str(words.WHY[code]) % _said_params(reason.params))
    return Shown(
        step=advice.step.value,
        word=str(words.STEPS[advice.step]),
        icon=words.STEP_ICONS[advice.step],
        lines=tuple(lines),
        at=advice.at,
    )


def _said_params(params: Mapping[str, object]) -> dict[str, object]:
    tables = {"state": words.STATES, "kind": words.STOPS}
    return {
        name: str(tables[name].get(str(value), value)) if name in tables else value
        for name, value in params.items()
    }


def _held(
    orders: Sequence[StopOrder], complaints: Iterable[Complaint], loans: Iterable[Loan]
) -> dict[str, Any]:
    """Tell what holds contact, as the rule of the next step asks for it."""
    natures = {each.nature for each in complaints}
    kinds = frozenset(each.kind for each in orders)
    debts = {keys.debt_key(loan_id=loan.pk) for loan in loans}
    whole = frozenset(each.kind for each in orders if _is_whole(each, debts))
    return {
        "stops": whole,
        "part_stops": kinds - whole,
        "has_claimed_payment": StopKind.ALREADY_PAID.value in kinds,
        "has_dispute": Nature.DISPUTE in natures,
        "has_complaint": bool(natures - {Nature.DISPUTE}),
    }


def _is_whole(order: StopOrder, debts: set[str]) -> bool:
    """Tell whether an order leaves no channel, no address and no debt of the case."""
    is_every_debt = not order.debt_keys or debts <= set(order.debt_keys)
    return is_every_debt and not order.channels and not order.address_key


def _point(known: Known) -> Point:
    return Point(
        icon=POINT_ICONS[PointKind(known.point.kind)],
        masked=known.masked,
        source=str(words.POINT_SOURCES.get(known.point.source, known.point.source)),
        last_success_at=known.point.last_success_at,
        fault=known.fault,
    )


def _stop(order: StopOrder) -> dict[str, object]:
    channels = " · ".join(str(words.CHANNELS.get(each, each)) for each in order.channels)
    return {
        "word": str(words.STOPS.get(order.kind, order.kind)),
        "started_at": order.started_at,
        "ends_at": order.ends_at,
        "scope": channels,
        "number": order.pk,
    }


def _complaint(complaint: Complaint) -> dict[str, object]:
    return {
        "word": str(words.NATURES.get(complaint.nature, complaint.nature)),
        "due_on": complaint.due_on,
        "url": "",
    }


def _clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"
