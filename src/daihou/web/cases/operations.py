"""Cases follow the ledger: after an end of day, by rules and exceptions, and when money came in.

Every change locks the book, then the case, is one transaction and leaves one audit row. Instants
and business dates are given by the caller. Working a case is in ``working``.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction
from django.db.models import Max, Q

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases import following, promises
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.hearing import hear
from daihou.web.cases.locking import LOCK_MINUTES, checked_text
from daihou.web.cases.models import Case, CaseLoan, CaseNight, Direction, DirectionKind, EntryRule
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.models import Outbox, OutboxState
from daihou.web.ledger.models import Book, BookVersion
from daihou.web.ledger.operations import lock_book
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party

MOVED: Final = "ledger.moved"


def set_entry_rule(
    *,
    book: Book,
    effective_on: date,
    acting_user: User,
    entry_minor: int = 1,
    entry_days: int = 1,
    forced_days: int | None = None,
    exit_minor: int = 0,
    lock_minutes: int = LOCK_MINUTES,
) -> EntryRule:
    """Say from which day on by which rule cases open and close; it may be said again for that day.

    :raises CaseRefused: ``case.rule_wrong``, ``case.rule_in_past``.
    """
    if entry_minor <= exit_minor or exit_minor < 0 or entry_days < 0 or lock_minutes < 1:
        raise CaseRefused("case.rule_wrong")
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        if CaseNight.objects.filter(book=book, through_on__gte=effective_on).exists():
            raise CaseRefused("case.rule_in_past", on=effective_on)
        rule, _ = EntryRule.objects.update_or_create(
            book=book,
            effective_on=effective_on,
            defaults={
                "entry_minor": entry_minor,
                "entry_days": entry_days,
                "forced_days": forced_days,
                "exit_minor": exit_minor,
                "lock_minutes": lock_minutes,
                "made_by": acting_user,
            },
        )
        audit.record(
            acting_user=acting_user,
            action="case.set_rule",
            target_type="book",
            target_id=book.pk,
            details={
                "from": effective_on.isoformat(),
                "entry_minor": entry_minor,
                "entry_days": entry_days,
                "forced_days": forced_days,
                "exit_minor": exit_minor,
            },
        )
    return rule


def open_and_close(*, book: Book, at: datetime, acting_user: User) -> CaseNight | None:
    """Let all cases of a book follow its newest end of day, once; promises are decided with it.

    Returns nothing where there is no rule, no end of day, or it was done. Killed anywhere it
    leaves nothing; run again it comes to the same.
    """
    version = BookVersion.objects.filter(book=book).select_related("run").order_by("-pk").first()
    if version is None or following.rule_on(book=book, on=version.business_date) is None:
        return None
    if CaseNight.objects.filter(run=version.run).exists():
        return None
    started, on = time.perf_counter(), version.business_date
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        if CaseNight.objects.filter(run=version.run).exists():
            return None  # Another process was quicker.
        before = CaseNight.objects.filter(book=book).select_related("run").order_by("-pk").first()
        followed = following.follow(
            book=book,
            on=on,
            at=at,
            acting_user_id=acting_user.pk,
            after_loan=0 if before is None else before.counts["last_loan"],
        )
        decided = promises.decide_due(
            book=book,
            on=on,
            at=at,
            acting_user=acting_user,
            after_sequence=0 if before is None else before.run.ledger_sequence,
        )
        _take_back_later(book=book, at_rest=followed.at_rest)
        counts = {**followed.counts, **decided, "last_loan": _last_loan(book)}
        night = CaseNight.objects.create(
            book=book,
            run=version.run,
            through_on=on,
            counts=counts,
            seconds=round(time.perf_counter() - started, 3),
        )
        audit.record(
            acting_user=acting_user,
            action="case.open_and_close",
            target_type="book",
            target_id=book.pk,
            details={"on": on.isoformat(), **counts},
        )
    return night


def _take_back_later(*, book: Book, at_rest: Sequence[int]) -> None:
    """Queue a look at the cases that came to rest while something waits for their persons."""
    waiting = Outbox.objects.filter(state=OutboxState.WAITING).values("subject__members__party_id")
    found = CaseLoan.objects.filter(case_id__in=at_rest, case__party_id__in=waiting)
    hear(book_id=book.pk, loan_ids=found.values_list("loan_id", flat=True))


def look_again(
    *, book: Book, loan_ids: Sequence[int], at: datetime, acting_user: User
) -> dict[str, int]:
    """Let the cases of some loans follow what is published of them now; count their turns.

    What waits to be sent to their persons is taken back first: it was said before the ledger
    moved. Money is known now, days past due and broken promises are those of the business date.
    """
    if book.business_date is None:
        return {}
    parties = Party.objects.filter(loans__pk__in=loan_ids, loans__book=book).distinct()
    found = list(parties.order_by("pk"))
    for party in found:
        with transaction.atomic():
            contacts.withdraw_pending(party=party, reason=MOVED, at=at, acting_user=acting_user)
    party_ids = [party.pk for party in found]
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        on = book.business_date
        assert on is not None
        followed = following.follow(
            book=book, on=on, at=at, acting_user_id=acting_user.pk, party_ids=party_ids
        )
        mine = Case.objects.filter(book=book, party_id__in=party_ids).values_list("pk", flat=True)
        decided = promises.decide(
            book=book, case_ids=sorted(mine), on=on, at=at, acting_user=acting_user
        )
        counts = {**followed.counts, **decided}
        if counts:
            audit.record(
                acting_user=acting_user,
                action="case.look_again",
                target_type="book",
                target_id=book.pk,
                details={"on": on.isoformat(), "persons": len(party_ids), **counts},
            )
    return counts


def _last_loan(book: Book) -> int:
    return Loan.objects.filter(book=book).aggregate(last=Max("pk"))["last"] or 0


def direct(
    *,
    book: Book,
    party: Party,
    kind: str,
    reason: str,
    on: date,
    at: datetime,
    acting_user: User,
    until_on: date | None = None,
) -> Direction:
    """Force a person into collections, or keep her out, from a day on; her case follows at once.

    :raises CaseRefused: ``case.direction_unknown``, ``case.reason_missing``,
        ``case.text_too_long``, ``case.direction_days``.
    """
    if kind not in DirectionKind.values:
        raise CaseRefused("case.direction_unknown", kind=kind)
    text = checked_text(reason)
    if until_on is not None and until_on < on:
        raise CaseRefused("case.direction_days")
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        _end_directions(book=book, party=party, on=on)
        made = Direction.objects.create(
            book=book,
            party=party,
            kind=kind,
            reason=text,
            effective_on=on,
            until_on=until_on,
            made_by=acting_user,
        )
        _follow_one(book=book, party_id=party.pk, on=on, at=at, acting_user=acting_user)
        _record_direction(book=book, party=party, kind=kind, acting_user=acting_user)
    return made


def end_direction(*, book: Book, party: Party, on: date, at: datetime, acting_user: User) -> None:
    """Let the rule alone decide on a person again.

    :raises CaseRefused: ``case.direction_missing``.
    """
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        if not _end_directions(book=book, party=party, on=on):
            raise CaseRefused("case.direction_missing")
        _follow_one(book=book, party_id=party.pk, on=on, at=at, acting_user=acting_user)
        _record_direction(book=book, party=party, kind="ended", acting_user=acting_user)


def _end_directions(*, book: Book, party: Party, on: date) -> int:
    """End what holds of a person on a day; what began that very day is held for no day."""
    held = Q(until_on__isnull=True) | Q(until_on__gt=on)
    found = Direction.objects.filter(held, book=book, party=party)
    count = found.filter(effective_on__lte=on).update(until_on=on)
    return count + found.filter(effective_on__gt=on).delete()[0]


def _follow_one(
    *, book: Book, party_id: int, on: date, at: datetime, acting_user: User
) -> following.Followed:
    return following.follow(
        book=book, on=on, at=at, acting_user_id=acting_user.pk, party_ids=[party_id]
    )


def _record_direction(*, book: Book, party: Party, kind: str, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action="case.direct",
        target_type="party",
        target_id=party.pk,
        details={"book": book.name, "kind": kind},
    )
