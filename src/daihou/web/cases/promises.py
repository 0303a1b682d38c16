"""Promises to pay: made, withdrawn, superseded by people; kept or broken by payments alone.

Errors  ``CaseRefused``: ``promise.kind_unknown``, ``promise.parts_missing``,
        ``promise.amount_not_positive``, ``promise.parts_out_of_order``, ``promise.before_made``,
        ``promise.too_far``, ``promise.parts_not_one``, ``promise.not_open``, ``case.closed``,
        ``case.locked``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from daihou.collect import promises as pure
from daihou.core.events import Event, Kind, without_taken_back
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases import following
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import checked_text, lock_case, lock_to_work, record
from daihou.web.cases.models import (
    Case,
    CaseLoan,
    CaseState,
    Promise,
    PromiseDecision,
    PromiseKind,
    PromisePart,
    PromiseRule,
    PromiseState,
)
from daihou.web.ledger.models import Book, Event as EventRow
from daihou.web.ledger.queries import event_of

# Her own money, not a guarantor's.
MONEY_KINDS: Final = (Kind.PAYMENT_RECEIVED, Kind.RECOVERED, Kind.PREPAID)
LOOKED_AT: Final = (*MONEY_KINDS, Kind.PAYMENT_REVERSED, Kind.CHARGED_BACK, Kind.UNDONE)
DECIDED: Final = (PromiseState.OPEN, PromiseState.KEPT, PromiseState.BROKEN)
MORNING: Final = time(9)
LOOKED_BACK: Final = timedelta(days=400)  # Older promises are decided for good.

_SETTLE: Final = """
UPDATE cases_promise p SET state = n.state, paid_minor = n.paid_minor,
    decided_on = n.decided_on, through_sequence = n.through_sequence
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::date[], %s::bigint[])
    AS n (id, state, paid_minor, decided_on, through_sequence)
WHERE p.id = n.id
"""
_SHOW: Final = """
UPDATE cases_case c SET promised_on = n.promised_on, promised_minor = n.promised_minor,
    priority = n.priority, next_action_at = n.next_action_at
FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::smallint[], %s::timestamptz[])
    AS n (id, promised_on, promised_minor, priority, next_action_at)
WHERE c.id = n.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a type of promise allows: days of grace, the share that keeps it, how far off."""

    grace_days: int
    threshold_percent: int
    days_most: int


DEFAULT_TERMS: Final[Mapping[str, Terms]] = MappingProxyType(
    {
        PromiseKind.FULL.value: Terms(grace_days=1, threshold_percent=100, days_most=30),
        PromiseKind.ARREARS.value: Terms(grace_days=1, threshold_percent=100, days_most=30),
        PromiseKind.PART.value: Terms(grace_days=1, threshold_percent=100, days_most=30),
        PromiseKind.INSTALMENTS.value: Terms(grace_days=1, threshold_percent=100, days_most=180),
    }
)


def terms_on(*, book: Book, kind: str, on: date) -> Terms:
    """Return what a type of promise allows in a book on a day."""
    found = PromiseRule.objects.filter(book=book, kind=kind, effective_on__lte=on)
    rule = found.order_by("-effective_on").first()
    if rule is None:
        return DEFAULT_TERMS[kind]
    return Terms(
        grace_days=rule.grace_days,
        threshold_percent=rule.threshold_percent,
        days_most=rule.days_most,
    )


def promise(
    *,
    case: Case,
    kind: str,
    parts: Sequence[tuple[date, int]],
    at: datetime,
    acting_user: User,
) -> Promise:
    """Note what she said she would pay, by date and amount; it supersedes an open promise.

    Only a promise in instalments has more than one part. Money recorded from now on counts.

    :raises CaseRefused: see the module.
    """
    with transaction.atomic():
        locked = lock_to_work(case=case, at=at, acting_user=acting_user)
        made_on = at.astimezone(ZoneInfo(locked.book.time_zone)).date()
        return _make(
            locked, kind=kind, parts=parts, made_on=made_on, at=at, acting_user=acting_user
        )


def _make(
    case: Case,
    *,
    kind: str,
    parts: Sequence[tuple[date, int]],
    made_on: date,
    at: datetime,
    acting_user: User,
) -> Promise:
    terms = _checked(book=case.book, kind=kind, parts=parts, made_on=made_on)
    now = _last_sequence(case.book_id)
    _end_open(case, PromiseState.SUPERSEDED, on=made_on, through=now, reason="")
    made = Promise.objects.create(
        case=case,
        kind=kind,
        amount_minor=sum(amount for _, amount in parts),
        promised_on=parts[-1][0],
        made_on=made_on,
        made_at=at,
        made_by=acting_user,
        grace_days=terms.grace_days,
        threshold_percent=terms.threshold_percent,
        after_sequence=now,
    )
    PromisePart.objects.bulk_create(
        PromisePart(promise=made, part_no=number, due_on=due_on, amount_minor=amount)
        for number, (due_on, amount) in enumerate(parts, start=1)
    )
    _show(case, promised_on=parts[0][0], amount_minor=parts[0][1])
    grace_ends_on = parts[0][0] + timedelta(days=terms.grace_days)
    case.priority, case.next_action_at = 0, _morning_after(case.book, grace_ends_on)
    case.save()
    record(case, "case.promise", acting_user, promise=made.pk, kind=kind)
    return made


def _checked(*, book: Book, kind: str, parts: Sequence[tuple[date, int]], made_on: date) -> Terms:
    if kind not in PromiseKind.values:
        raise CaseRefused("promise.kind_unknown", kind=kind)
    if kind != PromiseKind.INSTALMENTS and len(parts) > 1:
        raise CaseRefused("promise.parts_not_one")
    terms = terms_on(book=book, kind=kind, on=made_on)
    try:
        pure.check(
            pure.Promised(
                key=0,
                made_on=made_on,
                parts=tuple(pure.Part(due_on=day, amount_minor=amount) for day, amount in parts),
                grace_days=terms.grace_days,
                threshold_percent=terms.threshold_percent,
                after_sequence=0,
            )
        )
    except pure.PromiseRefused as refused:
        raise CaseRefused(refused.code) from refused
    if (parts[-1][0] - made_on).days > terms.days_most:
        raise CaseRefused("promise.too_far", most=terms.days_most)
    return terms


def bring_in(
    *,
    case: Case,
    kind: str,
    parts: Sequence[tuple[date, int]],
    made_on: date,
    source_ref: str,
    at: datetime,
    acting_user: User,
) -> Promise:
    """Bring an open promise from another system at a cut-over; known by its reference it stays.

    Money counts that the ledger holds for a day from ``made_on`` on, whenever it was recorded.

    :raises CaseRefused: as ``promise``.
    """
    with transaction.atomic():
        locked = lock_to_work(case=case, at=at, acting_user=acting_user)
        known = Promise.objects.filter(case=locked, source_ref=source_ref).first()
        if known is not None:
            return known
        made = _make(
            locked, kind=kind, parts=parts, made_on=made_on, at=at, acting_user=acting_user
        )
        made.source_ref, made.after_sequence = source_ref, 0
        made.save(update_fields=["source_ref", "after_sequence"])
    return made


def withdraw(*, promise: Promise, reason: str, at: datetime, acting_user: User) -> Promise:
    """Take an open promise back, as she asked or because it was noted wrongly.

    :raises CaseRefused: ``promise.not_open``, ``case.reason_missing``, ``case.text_too_long``.
    """
    text = checked_text(reason)
    with transaction.atomic():
        locked = lock_case(case_id=promise.case_id)
        on = at.astimezone(ZoneInfo(locked.book.time_zone)).date()
        now = _last_sequence(locked.book_id)
        ended = _end_open(locked, PromiseState.WITHDRAWN, on=on, through=now, reason=text)
        if ended is None or ended.pk != promise.pk:
            raise CaseRefused("promise.not_open")
        _show(locked, promised_on=None, amount_minor=0)
        locked.next_action_at = at
        locked.save()
        record(locked, "case.withdraw_promise", acting_user, promise=ended.pk)
    return ended


def _end_open(
    case: Case, state: PromiseState, *, on: date, through: int, reason: str
) -> Promise | None:
    found = Promise.objects.select_for_update().filter(case=case, state=PromiseState.OPEN).first()
    if found is None:
        return None
    _decision(found, state, on=on, paid_minor=found.paid_minor, sequence=through).save()
    found.state, found.decided_on, found.reason = state, on, reason
    found.through_sequence = through
    found.save(update_fields=["state", "decided_on", "reason", "through_sequence"])
    return found


def _decision(
    promise: Promise, state: str, *, on: date, paid_minor: int, sequence: int
) -> PromiseDecision:
    return PromiseDecision(
        promise=promise,
        state_from=promise.state,
        state_to=state,
        decided_on=on,
        paid_minor=paid_minor,
        ledger_sequence=sequence,
    )


def _show(case: Case, *, promised_on: date | None, amount_minor: int) -> None:
    case.promised_on, case.promised_minor = promised_on, amount_minor


def _morning_after(book: Book, on: date) -> datetime:
    return datetime.combine(on + timedelta(days=1), MORNING, ZoneInfo(book.time_zone))


def decide_due(
    *, book: Book, on: date, at: datetime, acting_user: User, after_sequence: int = 0
) -> dict[str, int]:
    """Decide every promise of a book that may stand otherwise by the end of ``on``; count turns.

    Those are the open ones with a date that is past, and all whose loans the ledger knows more of
    than it did at ``after_sequence``.
    """
    mine = Promise.objects.filter(case__book=book)
    due = mine.filter(state=PromiseState.OPEN, parts__due_on__lt=on).values_list("case_id")
    news = EventRow.objects.filter(
        loan__case_loans__case_id=OuterRef("case_id"),
        sequence__gt=after_sequence,
        kind__in=[kind.value for kind in LOOKED_AT],
    )
    recent = mine.filter(state__in=DECIDED, promised_on__gte=on - LOOKED_BACK)
    moved = recent.filter(Exists(news)).values_list("case_id")
    case_ids = sorted({case_id for (case_id,) in due.union(moved)})
    return decide(book=book, case_ids=case_ids, on=on, at=at, acting_user=acting_user)


def decide(
    *, book: Book, case_ids: Sequence[int], on: date, at: datetime, acting_user: User
) -> dict[str, int]:
    """Decide the promises of some cases anew by all payments that are known; count turns.

    The caller has a transaction open.
    """
    cases = Case.objects.select_for_update().order_by("pk").in_bulk(case_ids)
    by_case: dict[int, list[Promise]] = defaultdict(list)
    held = Promise.objects.filter(case_id__in=cases, state__in=DECIDED).order_by("pk")
    for row in held.select_for_update().prefetch_related("parts"):
        by_case[row.case_id].append(row)
    money = _money([row for rows in by_case.values() for row in rows])
    sequence = _last_sequence(book.pk)
    settled: list[Promise] = []
    decisions: list[PromiseDecision] = []
    shown: list[Case] = []
    for case_id, rows in by_case.items():
        found = pure.decide(promises=list(map(_promised, rows)), payments=money[case_id], on=on)
        for number, (row, stand) in enumerate(zip(rows, found, strict=True)):
            after = rows[number + 1] if number + 1 < len(rows) else None
            decision = _settle(row, stand, after=after, sequence=sequence)
            if decision is not None:
                settled.append(row)
                decisions += [decision] if decision.state_from != decision.state_to else []
        if _reflect(cases[case_id], rows[-1], found[-1], at=at):
            shown.append(cases[case_id])
    PromiseDecision.objects.bulk_create(decisions)
    _write(_SETTLE, settled, ("state", "paid_minor", "decided_on", "through_sequence"))
    _write(_SHOW, shown, ("promised_on", "promised_minor", "priority", "next_action_at"))
    counts = Counter(f"promise_{decision.state_to}" for decision in decisions)
    if counts:
        audit.record(
            acting_user=acting_user,
            action="case.decide_promises",
            target_type="book",
            target_id=book.pk,
            details={"on": on.isoformat(), **counts},
        )
    return dict(counts)


def _write(statement: str, rows: Sequence[Promise] | Sequence[Case], names: Sequence[str]) -> None:
    """Write some columns of rows by one statement that takes an array of each."""
    if rows:
        values = [[getattr(row, name) for row in rows] for name in ("pk", *names)]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)


def _settle(
    row: Promise, stand: pure.Decided, *, after: Promise | None, sequence: int
) -> PromiseDecision | None:
    """Let a promise stand as it was decided; return the decision, none where nothing changed.

    One that stands open again while a later one was made is superseded by that.
    """
    state: str = stand.state.value
    decided_on, through = stand.decided_on, None
    if after is not None and stand.state is pure.State.OPEN:
        state = PromiseState.SUPERSEDED.value
        decided_on, through = after.made_on, after.after_sequence
    if (row.state, row.paid_minor, row.decided_on) == (state, stand.paid_minor, decided_on):
        return None
    made = _decision(
        row,
        state,
        on=decided_on or row.decided_on or row.made_on,
        paid_minor=stand.paid_minor,
        sequence=sequence,
    )
    row.state, row.paid_minor = state, stand.paid_minor
    row.decided_on, row.through_sequence = decided_on, through
    return made


def _reflect(case: Case, newest: Promise, stand: pure.Decided, *, at: datetime) -> bool:
    """Let the case tell what its newest promise still waits for; a broken one comes first.

    Returns whether that is anything new.
    """
    before = (case.promised_on, case.promised_minor, case.priority, case.next_action_at)
    waiting = [part for part in stand.parts if part.state is pure.State.OPEN]
    was_open = case.promised_on is not None
    if newest.state == PromiseState.OPEN and waiting:
        left_minor = waiting[0].amount_minor - waiting[0].paid_minor
        _show(case, promised_on=waiting[0].due_on, amount_minor=left_minor)
    else:
        _show(case, promised_on=None, amount_minor=0)
    if was_open and newest.state == PromiseState.BROKEN:
        case.priority, case.next_action_at = following.PRIORITY_BROKEN, at
    return before != (case.promised_on, case.promised_minor, case.priority, case.next_action_at)


def _promised(row: Promise) -> pure.Promised:
    parts = sorted(row.parts.all(), key=lambda part: part.part_no)
    return pure.Promised(
        key=row.pk,
        made_on=row.made_on,
        parts=tuple(pure.Part(due_on=p.due_on, amount_minor=p.amount_minor) for p in parts),
        grace_days=row.grace_days,
        threshold_percent=row.threshold_percent,
        after_sequence=row.after_sequence,
        through_sequence=row.through_sequence,
    )


def _money(rows: Sequence[Promise]) -> dict[int, list[pure.Money]]:
    """Read the money that stands on the loans of the promises' cases, by case."""
    found: dict[int, list[pure.Money]] = defaultdict(list)
    if not rows:
        return found
    cases_of: dict[int, list[int]] = defaultdict(list)
    pairs = CaseLoan.objects.filter(case_id__in={row.case_id for row in rows})
    for case_id, loan_id in pairs.values_list("case_id", "loan_id"):
        cases_of[loan_id].append(case_id)
    events: dict[int, list[Event]] = defaultdict(list)
    told = EventRow.objects.filter(
        loan_id__in=cases_of,
        sequence__gt=min(row.after_sequence for row in rows),
        kind__in=[kind.value for kind in LOOKED_AT],
    )
    for event in told.order_by("loan_id", "sequence"):
        events[event.loan_id].append(event_of(event))
    for loan_id, of_loan in events.items():
        for money in standing(of_loan):
            for case_id in cases_of[loan_id]:
                found[case_id].append(money)
    return found


def standing(events: Iterable[Event]) -> list[pure.Money]:
    """Return the payments of a loan that stand, each less what was charged back of it."""
    told = without_taken_back(events)
    back: Counter[str | None] = Counter()
    for event in told:
        if event.kind is Kind.CHARGED_BACK:
            back[event.target_key] += event.amount_minor
    return [
        pure.Money(
            sequence=event.sequence,
            effective_on=event.effective_on,
            amount_minor=event.amount_minor - back[event.key],
        )
        for event in told
        if event.kind in MONEY_KINDS
    ]


def due_for_reminder(*, book: Book, on: date) -> QuerySet[PromisePart]:
    """Query the parts that fall due on a day, of promises still open in cases still worked.

    Whoever reminds asks for the day after the one she sends on, and passes ``part.promise.case``
    to the guard like any other contact.
    """
    found = PromisePart.objects.filter(
        due_on=on, promise__state=PromiseState.OPEN, promise__case__book=book
    ).exclude(promise__case__state=CaseState.CLOSED)
    return found.select_related("promise__case__party").order_by("pk")


def missed(*, case: Case) -> PromisePart | None:
    """Find the first date missed of a case's last promise, broken now; none where part came."""
    given = case.promises.exclude(state__in=(PromiseState.WITHDRAWN, PromiseState.SUPERSEDED))
    last = given.order_by("-pk").first()
    if last is None or last.state != PromiseState.BROKEN:
        return None
    before = 0
    for part in last.parts.order_by("part_no"):
        if before + part.amount_minor > last.paid_minor:
            return part if before == last.paid_minor else None
        before += part.amount_minor
    return None


def history(*, case: Case) -> dict[str, int]:
    """Count the promises of a person in a book, over all her cases, by state."""
    found = Promise.objects.filter(case__book=case.book_id, case__party=case.party_id)
    return dict(Counter(found.values_list("state", flat=True)))


def _last_sequence(book_id: int) -> int:
    return Book.objects.values_list("next_sequence", flat=True).get(pk=book_id) - 1
