"""Help for who cannot pay: her income and expenses, and changes of her loans that fit them.

A plan or a waiver is an action of servicing and goes its way: previewed, asked for by the sequence
that was seen, decided by whom the authority matrix names. From a case it is asked with a reason;
where that is hardship, a plan has to fit what the newest income and expense form leaves a month.

Errors  ``CaseRefused``: ``affordability.missing``, ``affordability.exceeded``,
        ``affordability.line_unknown``, ``affordability.amount_wrong``,
        ``affordability.household_wrong``, ``affordability.in_future``, ``case.loan_not_in_it``,
        ``case.closed``, ``case.locked``; and what servicing and approvals refuse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from daihou.collect import affordability as pure
from daihou.web.access.models import User
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import TEXT_LONGEST, lock_case, lock_to_work, record
from daihou.web.cases.models import Affordability, Case, CaseLoan, CaseRequest
from daihou.web.cases.queries import newest_affordability
from daihou.web.ledger.operations import lock_book
from daihou.web.servicing import operations as servicing, previewing
from daihou.web.servicing.actions import SPECS, Action, Asked, Group
from daihou.web.servicing.models import ReasonCode
from daihou.web.servicing.operations import Outcome

FORM_DAYS: Final = 90  # An older form says nothing of today.
HOUSEHOLD_MOST: Final = 30
HARDSHIPS: Final = frozenset(
    {
        ReasonCode.HARDSHIP.value,
        ReasonCode.ILLNESS.value,
        ReasonCode.DISASTER.value,
        ReasonCode.UNEMPLOYMENT.value,
    }
)


def state_affordability(
    *,
    case: Case,
    stated_on: date,
    income: Mapping[str, int],
    expenses: Mapping[str, int],
    household: int,
    at: datetime,
    acting_user: User,
    evidence: str = "",
) -> Affordability:
    """Put an income and expense form on file, in minor units a month; it never changes.

    :raises CaseRefused: see the module.
    """
    try:
        found = pure.afforded(income=income, expenses=expenses)
    except pure.AffordabilityRefused as refused:
        raise CaseRefused(refused.code, line=refused.line) from refused
    if not 1 <= household <= HOUSEHOLD_MOST:
        raise CaseRefused("affordability.household_wrong", most=HOUSEHOLD_MOST)
    if len(evidence) > TEXT_LONGEST:
        raise CaseRefused("case.text_too_long", most=TEXT_LONGEST)
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        if stated_on > at.astimezone(ZoneInfo(locked.book.time_zone)).date():
            raise CaseRefused("affordability.in_future")
        made = Affordability.objects.create(
            case=locked,
            stated_on=stated_on,
            income=dict(income),
            expenses=dict(expenses),
            household=household,
            income_minor=found.income_minor,
            expenses_minor=found.expenses_minor,
            left_minor=found.left_minor,
            evidence=evidence.strip(),
            made_by=acting_user,
            made_at=at,
        )
        record(locked, "case.state_affordability", acting_user, form=made.pk)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A change of a loan as it was previewed at ``seen_sequence``."""

    loan_ref: str
    action: Action
    asked: Asked
    reason_code: str
    reason: str
    seen_sequence: int


def ask(*, case: Case, wish: Wish, at: datetime, acting_user: User) -> Outcome:
    """Ask for a change of one of the case's loans.

    :raises CaseRefused: see the module.
    :raises ServicingRefused, ApprovalRefused: as ``servicing.operations.request``.
    """
    with transaction.atomic():
        book = lock_book(book_id=case.book_id)
        locked = lock_to_work(case=case, at=at, acting_user=acting_user)
        if not CaseLoan.objects.filter(case=locked, loan__loan_ref=wish.loan_ref).exists():
            raise CaseRefused("case.loan_not_in_it", loan=wish.loan_ref[:64])
        form = _form(locked, at=at)
        if wish.reason_code in HARDSHIPS and SPECS[wish.action].group is Group.PLAN:
            shown = previewing.preview(
                book=book, loan_ref=wish.loan_ref, action=wish.action, asked=wish.asked, at=at
            )
            _check_fits(shown, form)
        outcome = servicing.request(
            book=book,
            loan_ref=wish.loan_ref,
            action=wish.action,
            asked=wish.asked,
            reason_code=wish.reason_code,
            reason=wish.reason,
            seen_sequence=wish.seen_sequence,
            acting_user=acting_user,
        )
        CaseRequest.objects.create(case=locked, approval_id=outcome.approval_id, affordability=form)
        locked.save(update_fields=["last_worked_at"])
        record(
            locked,
            "case.ask_relief",
            acting_user,
            approval=outcome.approval_id,
            kind=wish.action.value,
        )
    return outcome


def _form(case: Case, *, at: datetime) -> Affordability | None:
    """Return the newest form that is not too old."""
    form = newest_affordability(case=case)
    on = at.astimezone(ZoneInfo(case.book.time_zone)).date()
    return form if form and form.stated_on >= on - timedelta(days=FORM_DAYS) else None


def _check_fits(shown: previewing.Previewed, form: Affordability | None) -> None:
    if form is None:
        raise CaseRefused("affordability.missing", days=FORM_DAYS)
    asked_minor = pure.heaviest_month_minor(
        (row.due_on, row.after)
        for row in shown.rows
        if row.after is not None and row.due_on > shown.shown_on
    )
    if asked_minor > form.left_minor:
        raise CaseRefused("affordability.exceeded", asked=asked_minor, left=form.left_minor)
