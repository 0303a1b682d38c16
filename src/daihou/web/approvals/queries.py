"""Read approvals: the inbox, those of a target, and in which roles a user may decide."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.approvals.models import Approval, State
from daihou.web.ledger.models import Book


def roles_for(*, user: User, book: Book | None) -> frozenset[str]:
    """Return the roles a user holds over a whole book; over none, those she holds everywhere."""
    if not user.is_active:
        return frozenset()
    where = Q(book_name="") if book is None else Q(book_name__in=["", book.name])
    return frozenset(user.grants.filter(where, funder=None).values_list("role", flat=True))


def of_book(*, book: Book) -> QuerySet[Approval]:
    """Query a book's approvals, and those that concern every book, newest first."""
    found = Approval.objects.filter(Q(book=book) | Q(book=None))
    return found.select_related("made_by", "book").order_by("-pk")


def to_decide(*, user: User, book: Book) -> QuerySet[Approval]:
    """Query what waits for this user: in her roles, not her own, not yet decided by her."""
    waiting = of_book(book=book).filter(state=State.PENDING, expires_at__gt=timezone.now())
    here = Q(book=book, roles__overlap=list(roles_for(user=user, book=book)))
    everywhere = Q(book=None, roles__overlap=list(roles_for(user=user, book=None)))
    return (
        waiting.filter(here | everywhere)
        .exclude(made_by=user)
        .exclude(decisions__decided_by=user)
        .order_by("expires_at", "pk")
    )


def of_target(*, book: Book, target_type: str, target_id: object) -> QuerySet[Approval]:
    """Query the approvals of one thing, newest first."""
    return of_book(book=book).filter(target_type=target_type, target_id=str(target_id))


def find(*, book: Book, approval_id: int) -> Approval | None:
    return of_book(book=book).filter(pk=approval_id).first()
