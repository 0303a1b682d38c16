"""Hand many cases of one collector to another at once."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.cases import assigning
from daihou.web.cases.models import Case, CaseState
from daihou.web.ledger.models import Book

MOST = 5000


def hand_over_many(
    *,
    book: Book,
    from_user: User,
    to_user: User,
    most: int,
    reason: str,
    at: datetime,
    acting_user: User,
) -> int:
    """Hand over the open cases longest untouched, all or none, and return how many were moved.

    A person's cases in other books follow her, as everywhere.

    :raises DaihouError: ``supervision.to_oneself``, ``supervision.too_many``; and what handing
        over one case refuses.
    """
    if from_user.pk == to_user.pk:
        raise DaihouError("supervision.to_oneself")
    if not 1 <= most <= MOST:
        raise DaihouError("supervision.too_many", most=MOST)
    chosen = Case.objects.filter(book=book, owner=from_user, state=CaseState.OPEN)
    with transaction.atomic():
        found = list(chosen.order_by(F("last_worked_at").asc(nulls_first=True), "pk")[:most])
        for case in found:
            assigning.hand_over(
                case=case, to=to_user, reason=reason, at=at, acting_user=acting_user
            )
    return len(found)
