"""The plan of a day: of all open cases, who may be called, written to, visited, when, or why not.

Each case is asked about as its page asks, for the best number and address there are, now and at
every full hour that is left of the day; by the guard's batch form. It supposes a collector who may
work (certified, two for a visit) and a line that records: those rules say who may act, not whom
the day allows. Nothing is reserved, and whatever is done later that day is not in it.

Errors  None: a case without a number or address is counted as such.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from daihou.collect.requests import Actor, Channel
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.contacting import POINT_OF, contact_of
from daihou.web.cases.models import Case, CaseLoan, CaseState, DayPlan
from daihou.web.contacts import planning
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.planning import Answer
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import reach

CHANNELS: Final = (Channel.VOICE, Channel.SMS, Channel.VISIT)
LAST_HOUR: Final = 22
BATCH: Final = 2_000
NO_TEAM: Final = 0


@dataclass(slots=True, kw_only=True)
class Counts:
    """Of one channel: open now, open later by the hour it first is, not today by rule.

    ``by_rule`` counts each rule that refuses at every instant; a case may have several.
    """

    now: int = 0
    later: Counter[str] = field(default_factory=Counter)
    not_today: int = 0
    nowhere: int = 0  # No usable number or address.
    by_rule: Counter[str] = field(default_factory=Counter)

    @property
    def all_later(self) -> int:
        return sum(self.later.values())

    def add(self, answers: Sequence[Answer], hours: Sequence[str]) -> None:
        """Count a case by what is answered at each instant."""
        first = next((place for place, each in enumerate(answers) if each.is_allowed), None)
        if first == 0:
            self.now += 1
        elif first is not None:
            self.later[hours[first]] += 1
        else:
            self.not_today += 1
            always = set(answers[0].refused_by).intersection(*(a.refused_by for a in answers))
            self.by_rule.update(always or answers[0].refused_by[:1])

    def merge(self, other: "Counts") -> None:
        """Add the counts of another team."""
        self.now += other.now
        self.later += other.later
        self.not_today += other.not_today
        self.nowhere += other.nowhere
        self.by_rule += other.by_rule

    def as_mapping(self) -> dict[str, Any]:
        """Write them as what JSON can hold."""
        return {
            "now": self.now,
            "later": dict(self.later),
            "not_today": self.not_today,
            "nowhere": self.nowhere,
            "by_rule": dict(self.by_rule),
        }


def counts_of(*, plan: DayPlan, team_id: int | None = None) -> dict[Channel, Counts]:
    """Read what a plan counted, of one team or (None) of all; cases of nobody are team 0."""
    found = {channel: Counts() for channel in CHANNELS}
    for team, by_channel in plan.counts.items():
        if team_id is not None and int(team) != team_id:
            continue
        for channel, given in by_channel.items():
            found[Channel(channel)].merge(
                Counts(
                    now=given["now"],
                    later=Counter(given["later"]),
                    not_today=given["not_today"],
                    nowhere=given["nowhere"],
                    by_rule=Counter(given["by_rule"]),
                )
            )
    return found


def newest(*, book: Book, on: date) -> DayPlan | None:
    """Return the last plan of a day."""
    return DayPlan.objects.filter(book=book, on=on).order_by("-pk").first()


def plan_later(*, book: Book) -> bool:
    """Queue a plan of what is left of today; tell whether none was waiting already."""
    job = app.configure_task("cases.plan_day", queueing_lock=f"cases.plan_day {book.pk}")
    try:
        job.defer(book_id=book.pk)
    except AlreadyEnqueued:
        return False
    return True


def plan(*, book: Book, at: datetime, acting_user: User) -> DayPlan:
    """Plan the rest of the day for every open case of a book, some thousand at a time."""
    started = time.perf_counter()
    zone = ZoneInfo(book.time_zone)
    instants = _instants(at, zone)
    hours = [each.astimezone(zone).strftime("%H:%M") for each in instants]
    counts: dict[int, dict[Channel, Counts]] = defaultdict(
        lambda: {channel: Counts() for channel in CHANNELS}
    )
    ids = list(
        Case.objects.filter(book=book, state=CaseState.OPEN)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    for first in range(0, len(ids), BATCH):
        _count(book, ids[first : first + BATCH], instants, hours, counts, acting_user=acting_user)
    with transaction.atomic():
        made = DayPlan.objects.create(
            book=book,
            on=at.astimezone(zone).date(),
            at=at,
            case_count=len(ids),
            counts={
                team: {channel.value: each.as_mapping() for channel, each in by_channel.items()}
                for team, by_channel in counts.items()
            },
            seconds=round(time.perf_counter() - started, 3),
            made_by=acting_user,
        )
        audit.record(
            acting_user=acting_user,
            action="case.plan_day",
            target_type="book",
            target_id=book.pk,
            details={"on": made.on.isoformat(), "cases": len(ids)},
        )
    return made


def _instants(at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Give now and each full hour that is left of the day at a place."""
    local = at.astimezone(zone)
    later = [
        local.replace(hour=hour, minute=0, second=0, microsecond=0)
        for hour in range(local.hour + 1, LAST_HOUR + 1)
    ]
    return [at, *later]


def _count(
    book: Book,
    case_ids: Sequence[int],
    instants: Sequence[datetime],
    hours: Sequence[str],
    counts: dict[int, dict[Channel, Counts]],
    *,
    acting_user: User,
) -> None:
    cases = list(Case.objects.filter(pk__in=case_ids).select_related("party"))
    on = instants[0].astimezone(ZoneInfo(book.time_zone)).date()
    points = reach.best_points(borrowers={case.party_id for case in cases}, on=on)
    loans = _loans(case_ids)
    asked: list[tuple[Channel, int, Contact]] = []
    for case in cases:
        case.book, case.has_switch = book, False  # type: ignore[attr-defined]  # It records.
        team = case.team_id or NO_TEAM
        for channel in CHANNELS:
            point = points[case.party_id].get(POINT_OF[channel])
            if point is None:
                counts[team][channel].nowhere += 1
            else:
                contact = contact_of(
                    case=case,
                    loans=loans[case.pk],
                    point=point,
                    channel=channel,
                    user=acting_user,
                )
                asked.append((channel, team, contact))
    found = planning.gather(
        contacts=[contact for _, _, contact in asked],
        acting_user=acting_user,
        at=instants[0],
        actor=_able(acting_user, on),
    )
    answers = planning.answers(gathered=found, instants=instants)
    for (channel, team, _), each in zip(asked, answers, strict=True):
        counts[team][channel].add(each, hours)


def _able(user: User, on: date) -> Actor:
    """Suppose somebody who may act, whoever it will be."""
    return Actor(
        user_id=str(user.pk),
        certified_through=on + timedelta(days=1),
        has_clean_record=True,
        signed_confidentiality=True,
    )


def _loans(case_ids: Sequence[int]) -> dict[int, list[Loan]]:
    found: dict[int, list[Loan]] = {case_id: [] for case_id in case_ids}
    rows = CaseLoan.objects.filter(case_id__in=case_ids).select_related("loan__published")
    for row in rows.order_by("loan__start_on", "loan_id"):
        found[row.case_id].append(row.loan)
    return found
