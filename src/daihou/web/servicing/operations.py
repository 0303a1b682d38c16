"""Ask for a change of a loan, carry it out once decided, take it back.

Every action goes one way: ``previewing.preview`` shows it, ``request`` asks for it by the sequence
that was seen, the authority matrix says who decides, ``carry_out`` records its events in the same
transaction as the last decision. A loan that moved in between refuses all of it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from daihou.core import codec
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval, State
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import lock_book
from daihou.web.ledger.recording import record_events
from daihou.web.loans.models import Loan as LoanRow
from daihou.web.servicing import loading, offers, previewing, queries
from daihou.web.servicing.actions import Action, Asked, kind_of
from daihou.web.servicing.building import KEY
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.models import ReasonCode
from daihou.web.servicing.previewing import Previewed

TARGET = "loan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``state`` is that of the approval: carried out at once, or pending."""

    approval_id: int
    state: str
    event_keys: tuple[str, ...]


def request(
    *,
    book: Book,
    loan_ref: str,
    action: Action,
    asked: Asked,
    reason_code: str,
    reason: str,
    seen_sequence: int,
    acting_user: User,
) -> Outcome:
    """Ask for an action as it was previewed; what needs no checker is carried out at once.

    :raises ServicingRefused: as ``previewing.preview``; ``servicing.preview_stale``,
        ``servicing.reason_unknown``, ``servicing.asked_already``; the code of the first limit
        that refuses, with ``rule_id``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    if reason_code not in ReasonCode.values:
        raise ServicingRefused("servicing.reason_unknown", reason=reason_code[:40])
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        shown = previewing.preview(
            book=book, loan_ref=loan_ref, action=action, asked=asked, at=timezone.now()
        )
        if shown.sequence != seen_sequence:
            raise ServicingRefused("servicing.preview_stale")
        _refuse_by_limits(shown)
        loan = LoanRow.objects.get(book=book, loan_ref=loan_ref)
        payload = {
            "loan_ref": loan_ref,
            "action": action.value,
            "asked": codec.encode(asked),
            "reason_code": reason_code,
            "sequence": seen_sequence,
        }
        _refuse_twice(book=book, loan=loan, action=action, asked=payload["asked"])
        approval = approvals.request(
            kind=kind_of(action),
            book=book,
            target_type=TARGET,
            target_id=loan.pk,
            amount_minor=shown.amount_minor,
            payload=payload,
            reason=reason,
            acting_user=acting_user,
        )
    return outcome_of(approval)


def outcome_of(approval: Approval) -> Outcome:
    """Say what became of a request: its state and the keys of the events it recorded."""
    return Outcome(
        approval_id=approval.pk,
        state=approval.state,
        event_keys=queries.recorded_keys(approval=approval),
    )


def carry_out(approval: Approval, acting_user: User) -> None:
    """Record the events of an approved action; the loan must be as it was when it was asked.

    :raises ApprovalRefused: ``approval.stale``.
    :raises ServicingRefused: what a limit or the loan refuses today.
    """
    book = approval.book
    assert book is not None
    now = timezone.now()
    action, asked = Action(approval.payload["action"]), asked_of(approval)
    shown = _shown_again(approval, book=book, action=action, asked=asked, at=now)
    _refuse_by_limits(shown)
    if action is Action.SETTLE:
        offers.make(approval=approval, shown=shown)
        return
    record_events(
        book=book,
        loan_ref=approval.payload["loan_ref"],
        events=shown.events,
        acting_user=acting_user,
    )


def _shown_again(
    approval: Approval, *, book: Book, action: Action, asked: Asked, at: datetime
) -> Previewed:
    if queries.last_sequence(loan_id=int(approval.target_id)) != approval.payload["sequence"]:
        raise ApprovalRefused("approval.stale")
    return previewing.preview(
        book=book,
        loan_ref=approval.payload["loan_ref"],
        action=action,
        asked=asked,
        at=at,
        prefix=f"{KEY}:{approval.pk}",
    )


def asked_of(approval: Approval) -> Asked:
    return codec.decode(Asked, approval.payload["asked"])


def _refuse_by_limits(shown: Previewed) -> None:
    for refusal in shown.refusals:
        params = {"rule_id": refusal.rule_id, **refusal.params}
        raise ServicingRefused(refusal.code, **params)


def _refuse_twice(*, book: Book, loan: LoanRow, action: Action, asked: Any) -> None:
    waiting = Approval.objects.filter(
        book=book,
        kind=kind_of(action),
        target_type=TARGET,
        target_id=str(loan.pk),
        state=State.PENDING,
        payload__asked=asked,
        expires_at__gt=timezone.now(),
    ).first()
    if waiting is not None:
        raise ServicingRefused("servicing.asked_already", approval=waiting.pk)


def undo(
    *,
    book: Book,
    loan_ref: str,
    key: str,
    reason_code: str,
    reason: str,
    seen_sequence: int,
    acting_user: User,
) -> Outcome:
    """Ask to take back an event with all that was recorded together with it, from today on."""
    loaded = loading.load(book=book, loan_ref=loan_ref, at=timezone.now())
    return request(
        book=book,
        loan_ref=loan_ref,
        action=Action.UNDO,
        asked=Asked(effective_on=loaded.loan.last_on, target_key=key),
        reason_code=reason_code,
        reason=reason,
        seen_sequence=seen_sequence,
        acting_user=acting_user,
    )
