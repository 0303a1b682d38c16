"""Lock a case's row, and what every change of a case has in common.

Locks are taken in one order: book, person counter, case, loan, own rows.
"""

from datetime import datetime
from typing import Any, Final

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.models import Case, CaseState

TEXT_LONGEST: Final = 200
ACTION_LONGEST: Final = 80
LOCK_MINUTES: Final = 15


def is_locked(*, case: Case, at: datetime) -> bool:
    """Tell whether somebody works the case at an instant."""
    return case.locked_until is not None and case.locked_until > at


def lock_case(*, case_id: int) -> Case:
    """Lock a case's row; the caller has a transaction open."""
    found = Case.objects.select_for_update(of=("self",)).select_related("book", "locked_by")
    return found.get(pk=case_id)


def lock_to_work(*, case: Case, at: datetime, acting_user: User) -> Case:
    """Lock a case's row to work it: it is not closed, and nobody else works it.

    :raises CaseRefused: ``case.closed``, ``case.locked``.
    """
    locked = lock_case(case_id=case.pk)
    check_open(locked)
    if is_locked(case=locked, at=at) and locked.locked_by_id != acting_user.pk:
        raise CaseRefused("case.locked", by=str(locked.locked_by))
    locked.last_worked_at = at
    return locked


def check_open(case: Case) -> None:
    """Refuse a case that is closed.

    :raises CaseRefused: ``case.closed``.
    """
    if case.state == CaseState.CLOSED:
        raise CaseRefused("case.closed", on=case.closed_on)


def checked_text(text: str, *, most: int = TEXT_LONGEST) -> str:
    """Return a reason without blanks around it.

    :raises CaseRefused: ``case.reason_missing``, ``case.text_too_long``.
    """
    found = text.strip()
    if not found:
        raise CaseRefused("case.reason_missing")
    if len(found) > most:
        raise CaseRefused("case.text_too_long", most=most)
    return found


def record(case: Case, action: str, acting_user: User, **details: Any) -> None:
    """Leave the audit row of a change to a case."""
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="case",
        target_id=case.pk,
        details=details,
    )
