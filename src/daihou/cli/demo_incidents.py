"""One of everything that a desk has to bear, each with a person of its own.

Imported only once the database is there. A fourth talk in a day is refused; somebody complains of
the calls; an attorney is named; somebody cannot pay, somebody says she has paid, somebody is
visited; of what was said a part is listened to.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid5

from daihou.cli.demo_calls import Desk, call, loans_of, post, write
from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel
from daihou.collect.route import Place
from daihou.errors import DaihouError
from daihou.simulate.answers import Answer, Ends, Says
from daihou.web.access.models import User
from daihou.web.cases import noting, relief
from daihou.web.cases.contacting import point_for
from daihou.web.cases.models import Case, TagKind
from daihou.web.channels.sandbox.world import Fate
from daihou.web.complaints import claims, operations as complaints
from daihou.web.complaints.models import Intake, Nature, Topic
from daihou.web.contacts import stops
from daihou.web.parties import reach
from daihou.web.parties.models import ContactPoint
from daihou.web.quality import drawing, operations as quality
from daihou.web.quality.models import Sample
from daihou.web.quality.queries import sheet_on
from daihou.web.visits import operations as visits
from daihou.web.visits.models import Entry, Outcome as VisitOutcome, Visit

TALK: Final = Answer(ends=Ends.EFFECTIVE, says=Says.NOTHING, seconds=185)
TALKS = ("09:40", "11:10", "14:05", "16:20")  # The last of them is one too many.
NAMESPACE: Final = UUID("5a0e9a55-7d0c-4b51-9d55-0d6f0f0f5c11")  # Of what a phone names by itself.
VISITS = (("09:00", "13:00"), ("13:00", "17:00"), ("17:00", "21:00"))
DISTRICT, LATITUDE, LONGITUDE = "示例区", 30_520_000, 114_360_000  # Invented, in Wuhan.
INCOME: Final = {"wages": 320_000, "family": 60_000}
EXPENSES: Final = {"housing": 120_000, "food": 110_000, "dependants": 60_000, "other_debts": 40_000}
REVIEWED = 3


def all_of_them(*, desk: Desk, users: Sequence[User], on: date) -> set[int]:
    """Let all happen in the course of a day; return the cases of those it happened to.

    Where there are fewer cases than incidents, the last ones are left out.
    """
    pool = _pool(desk, users)
    parts = (
        _talked_to_too_often,
        _complains,
        _names_attorney,
        _cannot_pay,
        _opts_out,
        _writes_back,
        _is_visited,
        _promises,
        _wants_no_calls,
        _is_somebody_else,
    )
    for part, (case, user) in zip(parts, pool, strict=False):
        part(desk, case, user, on)
    return {case.pk for case, _ in pool[: len(parts)]}


def _pool(desk: Desk, users: Sequence[User]) -> list[tuple[Case, User]]:
    """Take a case of each collector in turn, as long as anybody has one."""
    found = {user.pk: desk.cases_of(user) for user in users}
    longest = max(map(len, found.values()), default=0)
    return [
        (found[user.pk][number], user)
        for number in range(longest)
        for user in users
        if number < len(found[user.pk])
    ]


def _talked_to_too_often(desk: Desk, case: Case, user: User, on: date) -> None:
    for clock in TALKS:
        call(desk=desk, case=case, user=user, at=desk.at(on, clock), answer=TALK)


def _complains(desk: Desk, case: Case, user: User, on: date) -> None:
    permits = [
        permit
        for clock in ("09:20", "10:15")
        if (permit := call(desk=desk, case=case, user=user, at=desk.at(on, clock), answer=TALK))
    ]
    made = complaints.record(
        book=desk.book,
        told=complaints.Told(
            nature=Nature.COMPLAINT.value,
            intake=Intake.PHONE.value,
            topic=Topic.FREQUENCY.value,
            said="示例：客户来电，称一上午接到两次催收电话，影响工作，要求停止并答复。",
            received_at=desk.at(on, "15:05"),
            party=case.party,
            loans=loans_of(case),
            permits=permits,
        ),
        acting_user=desk.staff["demo-quality"],
        at=desk.at(on, "15:12"),
    )
    complaints.take(
        complaint=made, acting_user=desk.staff["demo-compliance"], at=desk.at(on, "16:30")
    )
    desk.done["complaint"] += 1


def _names_attorney(desk: Desk, case: Case, user: User, on: date) -> None:
    call(desk=desk, case=case, user=user, at=desk.at(on, "10:02"), answer=TALK)
    stops.order(
        party=case.party,
        kind=StopKind.ATTORNEY,
        at=desk.at(on, "10:20"),
        note="示例：客户已委托律师，要求今后只与律师联系。",
        evidence="示例：授权委托书 1 号",
        book=desk.book,
        acting_user=user,
    )
    desk.done["stop"] += 1


def _wants_no_calls(desk: Desk, case: Case, user: User, on: date) -> None:
    call(desk=desk, case=case, user=user, at=desk.at(on, "11:31"), answer=TALK)
    stops.order(
        party=case.party,
        kind=StopKind.OPT_OUT,
        at=desk.at(on, "11:40"),
        scope=stops.Scope(channels=frozenset({Channel.VOICE, Channel.ROBOT})),
        note="示例：客户要求不要再打电话，可以发短信。",
        evidence="示例录音",
        book=desk.book,
        acting_user=user,
    )
    desk.done["stop"] += 1


def _cannot_pay(desk: Desk, case: Case, user: User, on: date) -> None:
    answer = replace(TALK, says=Says.CANNOT, seconds=410)
    call(desk=desk, case=case, user=user, at=desk.at(on, "10:40"), answer=answer)
    noting.tag(
        case=case,
        kind=TagKind.VULNERABLE,
        reason="示例：单亲，需照顾患病家人",
        at=desk.at(on, "10:50"),
        acting_user=user,
    )
    relief.state_affordability(
        case=case,
        stated_on=on,
        income=INCOME,
        expenses=EXPENSES,
        household=3,
        evidence="示例：失业登记、房租合同",
        at=desk.at(on, "10:52"),
        acting_user=user,
    )
    desk.done["hardship_form"] += 1


def _promises(desk: Desk, case: Case, user: User, on: date) -> None:
    answer = replace(TALK, says=Says.PROMISES, percent=100, days=3)
    call(desk=desk, case=case, user=user, at=desk.at(on, "10:25"), answer=answer)


def _opts_out(desk: Desk, case: Case, user: User, on: date) -> None:
    _answered_by_text(desk, case, user, on, fate=Fate.OPTS_OUT)


def _writes_back(desk: Desk, case: Case, user: User, on: date) -> None:
    _answered_by_text(desk, case, user, on, fate=Fate.REPLIES)


def _answered_by_text(desk: Desk, case: Case, user: User, on: date, *, fate: Fate) -> None:
    """Write to a person who answers in that way."""
    point = _sms_point(case, on)
    if point is not None:
        desk.fates[reach.value_of(point=point)] = fate
    missed = Answer(ends=Ends.UNANSWERED)
    call(desk=desk, case=case, user=user, at=desk.at(on, "12:10"), answer=missed)
    write(desk=desk, case=case, user=user, at=desk.at(on, "12:14"))
    post(desk=desk, at=desk.at(on, "12:20"))


def _sms_point(case: Case, on: date) -> ContactPoint | None:
    return point_for(reach.points(party=case.party, on=on), Channel.SMS)


def _is_somebody_else(desk: Desk, case: Case, user: User, on: date) -> None:
    answer = Answer(ends=Ends.WRONG_PERSON, seconds=19)
    call(desk=desk, case=case, user=user, at=desk.at(on, "13:35"), answer=answer)


def _is_visited(desk: Desk, case: Case, user: User, on: date) -> None:
    """Visit a person with two, inside the agreed hours, and report what happened."""
    del user
    visit = _planned(desk, case, on, ("14:00", "17:00"))
    if visit is None:
        return
    lead = desk.staff["demo-field"]
    arrived_at, left_at = desk.at(on, "14:32"), desk.at(on, "14:51")
    visits.check_in(
        visit=visit,
        arrival=visits.Arrival(
            client_key=uuid5(NAMESPACE, f"arrival {visit.pk}"),
            at=arrived_at,
            place=_place(case),
            accuracy_m=12,
        ),
        now=arrived_at,
        acting_user=lead,
    )
    visits.report(
        visit=visit,
        told=visits.Told(
            client_key=uuid5(NAMESPACE, f"report {visit.pk}"),
            at=left_at,
            outcome=VisitOutcome.MET,
            entry=Entry.REFUSED,
            identity_shown=True,
            recording_reference=f"示例录像 {visit.pk}",
            note="示例：在门口见到本人，未进门；客户称下周发工资后还款。",
        ),
        acting_user=lead,
    )
    desk.done["visit"] += 1


def plan_visits(*, desk: Desk, on: date) -> None:
    """Plan the field pair's day: three visits to people who are long overdue."""
    cases = [
        case
        for name in ("demo-collector-3", "demo-collector-4", "demo-collector")
        for case in desk.cases_of(desk.staff[name])
    ]
    left = list(VISITS)
    for case in cases:
        if left and _planned(desk, case, on, left[0]) is not None:
            left.pop(0)
            desk.done["visit_planned"] += 1


def _planned(desk: Desk, case: Case, on: date, window: tuple[str, str]) -> Visit | None:
    """Plan one visit; None where the guard would not permit it, or there is no address."""
    point = point_for(reach.points(party=case.party, on=on), Channel.VISIT)
    if point is None:
        return None
    begins_at, ends_at = (desk.at(on, clock) for clock in window)
    try:
        return visits.plan(
            case=case,
            contact_point=point,
            planned=visits.Planned(
                begins_at=begins_at,
                ends_at=ends_at,
                lead=desk.staff["demo-field"],
                companion=desk.staff["demo-field-2"],
                goal="示例：电话多次未接，上门了解情况",
                district=DISTRICT,
                place=_place(case),
            ),
            acting_user=desk.staff["demo-lead"],
        )
    except DaihouError:
        return None


def _place(case: Case) -> Place:
    """Put an invented address somewhere within some kilometers."""
    return Place(
        latitude=LATITUDE + case.pk * 7_919 % 40_000, longitude=LONGITUDE + case.pk * 6_007 % 40_000
    )


def claim_paid(*, desk: Desk, users: Sequence[User], on: date) -> None:
    """Let somebody say that she has paid; contact about that loan waits from now on."""
    pool = _pool(desk, users)
    case, user = pool[len(pool) // 2]  # One to whom nothing else happened, in a book of some size.
    loan = loans_of(case)[0]
    claims.claim(
        loan=loan,
        party=case.party,
        claimed=claims.Claimed(
            amount_minor=case.overdue_minor, paid_on=on, evidence="示例：转账截图 1 张"
        ),
        acting_user=user,
    )
    desk.done["paid_claim"] += 1


def listen(*, desk: Desk, on: date) -> None:
    """Draw the listening list of a day and review some of it, not all for the good."""
    desk.done["listening"] += drawing.draw(
        book=desk.book, on=on, acting_user=desk.staff["demo-quality"]
    )
    reviewer = desk.staff["demo-quality"]
    items = sheet_on(on).items
    for number, sample in enumerate(
        Sample.objects.filter(book=desk.book).order_by("pk")[:REVIEWED]
    ):
        marks = {each["code"]: each["points"] for each in items}
        if number == REVIEWED - 1:
            marks[items[1]["code"]] = 0
        quality.take(sample=sample, acting_user=reviewer)
        quality.review(
            sample=sample,
            marks=marks,
            remark="示例：开场未说明债权人。" if number == REVIEWED - 1 else "示例：规范。",
            on=on + timedelta(days=1),
            acting_user=reviewer,
        )
        desk.done["reviewed"] += 1
