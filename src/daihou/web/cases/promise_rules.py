"""Say what a type of promise allows in a book from a day on.

A promise keeps the terms of the day on which it was made: a rule never reaches back.
"""

from datetime import date
from typing import Final

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.models import PromiseKind, PromiseRule
from daihou.web.cases.promises import Terms
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import lock_book

GRACE_MOST: Final = 30
DAYS_MOST: Final = 730


@transaction.atomic
def set_rule(
    *, book: Book, kind: str, effective_on: date, terms: Terms, acting_user: User
) -> PromiseRule:
    """Set the terms of a type of promise; said again for a day, the last word holds.

    :raises CaseRefused: ``case.promise_kind_unknown``, ``case.promise_rule_wrong``.
    """
    if kind not in PromiseKind.values:
        raise CaseRefused("case.promise_kind_unknown", kind=kind[:12])
    is_sensible = (
        0 <= terms.grace_days <= GRACE_MOST
        and 1 <= terms.threshold_percent <= 100
        and 1 <= terms.days_most <= DAYS_MOST
    )
    if not is_sensible:
        raise CaseRefused("case.promise_rule_wrong", grace=GRACE_MOST, days=DAYS_MOST)
    book = lock_book(book_id=book.pk)
    given = {
        "grace_days": terms.grace_days,
        "threshold_percent": terms.threshold_percent,
        "days_most": terms.days_most,
    }
    rule, _ = PromiseRule.objects.update_or_create(
        book=book, kind=kind, effective_on=effective_on, defaults=given | {"made_by": acting_user}
    )
    audit.record(
        acting_user=acting_user,
        action="promise.set_rule",
        target_type="book",
        target_id=book.pk,
        details={"kind": kind, "from": effective_on.isoformat(), **given},
    )
    return rule
