"""Keep a queue's filters and order under a name; share it with the book; delete one's own."""

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import checked_text
from daihou.web.cases.models import SavedView
from daihou.web.cases.queries import SORTS, Filters, plain_of
from daihou.web.ledger.models import Book

NAME_LONGEST = 40


@transaction.atomic
def save_view(
    *,
    book: Book,
    name: str,
    filters: Filters,
    sort: str,
    is_shared: bool,
    acting_user: User,
) -> SavedView:
    """Save a view; one of the same name of this user is replaced.

    :raises CaseRefused: ``case.view_unknown``, ``case.reason_missing``, ``case.text_too_long``.
    """
    if sort not in SORTS:
        raise CaseRefused("case.view_unknown", view=sort)
    made, _is_new = SavedView.objects.update_or_create(
        book=book,
        user=acting_user,
        name=checked_text(name, most=NAME_LONGEST),
        defaults={"filters": plain_of(filters), "sort": sort, "is_shared": is_shared},
    )
    _audit("case.save_view", made, acting_user, is_shared=is_shared)
    return made


@transaction.atomic
def delete_view(*, view: SavedView, acting_user: User) -> None:
    """Delete a view of one's own.

    :raises CaseRefused: ``case.view_unknown``.
    """
    if view.user_id != acting_user.pk:
        raise CaseRefused("case.view_unknown", view=view.name)
    _audit("case.delete_view", view, acting_user)
    view.delete()


def _audit(action: str, view: SavedView, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="case_view",
        target_id=view.pk,
        details=details,
    )
