"""Which texts besides reminders leave a book by themselves: dated rows, sensible without one.

Errors  ``ChannelRefused``: ``reminder.days_wrong``, ``reminder.rule_in_past``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Occasion, ReminderRule
from daihou.web.ledger.models import Book

DAYS_MOST: Final = 365
MARKS_MOST: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What leaves by itself; ``overdue_days`` are days past due."""

    receipts: bool = True
    broken_promises: bool = True
    overdue_days: tuple[int, ...] = (1, 3, 7)

    def wants(self, *, occasion: str, mark_days: int) -> bool:
        """Tell whether a text on an occasion leaves; reminders before a day always do."""
        if occasion == Occasion.RECEIPT:
            return self.receipts
        if occasion == Occasion.PROMISE_BROKEN:
            return self.broken_promises
        return occasion != Occasion.OVERDUE or mark_days in self.overdue_days


def rule_on(*, book: Book, on: date) -> Leaving:
    """Return what leaves a book by itself on a day."""
    found = ReminderRule.objects.filter(book=book, effective_on__lte=on)
    rule = found.order_by("-effective_on").first()
    if rule is None:
        return Leaving()
    return Leaving(
        receipts=rule.receipts,
        broken_promises=rule.broken_promises,
        overdue_days=tuple(rule.overdue_days),
    )


def set_rule(
    *,
    book: Book,
    effective_on: date,
    receipts: bool,
    broken_promises: bool,
    overdue_days: Sequence[int],
    today: date,
    acting_user: User,
) -> ReminderRule:
    """Say from which day on what leaves by itself; for that day it may be said again.

    :raises ChannelRefused: see the module.
    """
    marks = sorted(set(overdue_days))
    if len(marks) > MARKS_MOST or not all(1 <= days <= DAYS_MOST for days in marks):
        raise ChannelRefused("reminder.days_wrong", most=DAYS_MOST, count=MARKS_MOST)
    if effective_on < today:
        raise ChannelRefused("reminder.rule_in_past", on=effective_on)
    with transaction.atomic():
        rule, _made = ReminderRule.objects.update_or_create(
            book=book,
            effective_on=effective_on,
            defaults={
                "receipts": receipts,
                "broken_promises": broken_promises,
                "overdue_days": marks,
                "made_by": acting_user,
            },
        )
        audit.record(
            acting_user=acting_user,
            action="reminder.set_rule",
            target_type="book",
            target_id=book.pk,
            details={
                "from": effective_on.isoformat(),
                "receipts": receipts,
                "broken_promises": broken_promises,
                "overdue_days": marks,
            },
        )
    return rule
