"""Working a case: taken while it is worked, given free, planned; the next one of the queue."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from daihou.web.access.models import User
from daihou.web.cases import following
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import (
    ACTION_LONGEST,
    LOCK_MINUTES,
    check_open,
    is_locked,
    lock_case,
    lock_to_work,
    record,
)
from daihou.web.cases.models import Case, CaseState
from daihou.web.cases.queries import SORTS, Filters, filtered, visible
from daihou.web.ledger.models import Book
from daihou.web.parties import queries as parties
from daihou.web.parties.models import Party

PRIORITY_ANSWERED = 3  # Before one whose promise was broken.


def take(*, case: Case, at: datetime, acting_user: User) -> Case:
    """Lock a case while it is worked; taken again by the same person, the lock runs anew.

    :raises CaseRefused: ``case.closed``, ``case.locked``.
    """
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        check_open(locked)
        if is_locked(case=locked, at=at) and locked.locked_by_id != acting_user.pk:
            raise CaseRefused("case.locked", by=str(locked.locked_by))
        _lock_for(locked, at=at, acting_user=acting_user)
    return locked


def release(*, case: Case, at: datetime, acting_user: User) -> Case:
    """Give a case free again; one that somebody else works stays hers.

    :raises CaseRefused: ``case.locked``.
    """
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        if is_locked(case=locked, at=at) and locked.locked_by_id != acting_user.pk:
            raise CaseRefused("case.locked", by=str(locked.locked_by))
        locked.locked_by, locked.locked_until = None, None
        locked.save(update_fields=["locked_by", "locked_until"])
        record(locked, "case.release", acting_user)
    return locked


def _lock_for(case: Case, *, at: datetime, acting_user: User) -> None:
    rule = following.rule_on(book=case.book, on=case.figures_on)
    minutes = LOCK_MINUTES if rule is None else rule.lock_minutes
    case.locked_by, case.locked_until = acting_user, at + timedelta(minutes=minutes)
    case.save(update_fields=["locked_by", "locked_until"])
    record(case, "case.take", acting_user)


def answered(*, book: Book, party: Party, at: datetime, acting_user: User) -> int:
    """Put the open case of a person who wrote or called at the head of the queue; tell how many."""
    found = Case.objects.filter(book=book, party_id__in=parties.family_ids(party=party))
    with transaction.atomic():
        rows = list(
            found.exclude(state=CaseState.CLOSED).select_for_update(of=("self",)).order_by("pk")
        )
        for locked in rows:
            locked.priority = max(locked.priority, PRIORITY_ANSWERED)
            locked.next_action_at = at
            locked.save(update_fields=["priority", "next_action_at"])
            record(locked, "case.answered", acting_user)
    return len(rows)


def plan_next(
    *, case: Case, next_at: datetime | None, action: str, at: datetime, acting_user: User
) -> Case:
    """Put a case away until an instant, with a word on what is to be done then.

    :raises CaseRefused: ``case.closed``, ``case.locked``, ``case.text_too_long``.
    """
    text = action.strip()
    if len(text) > ACTION_LONGEST:
        raise CaseRefused("case.text_too_long", most=ACTION_LONGEST)
    with transaction.atomic():
        locked = lock_to_work(case=case, at=at, acting_user=acting_user)
        locked.next_action_at, locked.next_action, locked.priority = next_at, text, 0
        locked.save(update_fields=["next_action_at", "next_action", "priority", "last_worked_at"])
        when = None if next_at is None else next_at.isoformat()
        record(locked, "case.plan_next", acting_user, next_at=when)
    return locked


def next_case(
    *,
    book: Book,
    filters: Filters,
    at: datetime,
    acting_user: User,
    sort: str = "turn",
    funder_ids: frozenset[int] | None = None,
    after: Case | None = None,
) -> Case | None:
    """Take the next case of a queue that nobody works, and give ``after`` free.

    Two who ask at once get two cases: a row that another is taking is passed over.
    """
    with transaction.atomic():
        if after is not None:
            _give_free(after, acting_user=acting_user)
        found = filtered(
            visible(book=book, funder_ids=funder_ids), book=book, filters=filters, at=at
        )
        is_free = Q(locked_until__isnull=True) | Q(locked_until__lte=at)
        if after is not None:
            found = found.exclude(pk=after.pk)
        free = found.filter(is_free, state=CaseState.OPEN).order_by(*SORTS[sort])
        taken = free.select_for_update(of=("self",), skip_locked=True).first()
        if taken is None:
            return None
        _lock_for(taken, at=at, acting_user=acting_user)
    return taken


def _give_free(case: Case, *, acting_user: User) -> None:
    mine = Case.objects.filter(pk=case.pk, locked_by=acting_user)
    if mine.update(locked_by=None, locked_until=None):
        record(case, "case.release", acting_user)
