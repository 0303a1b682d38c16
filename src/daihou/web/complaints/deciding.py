"""Decide a complaint or dispute, note its remedies, answer in writing, close it.

What it holds stays held until the written answer is made: nobody is collected from on a decision
she does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from django.db import transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.complaints import holds, letters, texts
from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.complaints.models import (
    Cause,
    Complaint,
    Finding,
    Remedy,
    RemedyKind,
    State,
)
from daihou.web.complaints.operations import check_not_of, lock, step
from daihou.web.documents.kinds import Language
from daihou.web.loans.models import Loan
from daihou.web.servicing import operations as servicing, queries as loans
from daihou.web.servicing.actions import Action, Asked
from daihou.web.servicing.models import ReasonCode
from daihou.web.servicing.operations import Outcome

MONEY = {Action.WAIVE: RemedyKind.WAIVER, Action.REFUND: RemedyKind.REFUND}
NOTE_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was found; ``reasoning`` is what the person is told."""

    finding: str
    cause: str
    reasoning: str
    remedies: Sequence[str] = ()  # Of ``RemedyKind``; money goes by ``ask_money``.


@transaction.atomic
def decide(*, complaint: Complaint, decision: Decision, acting_user: User) -> Complaint:
    """Decide: who handles it does, and never who is complained of.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.not_handler``, ``complaint.word_unknown``, ``complaint.text_missing``,
        ``complaint.remedy_by_request``.
    """
    locked = lock(complaint, State.IN_PROGRESS)
    check_not_of(locked, acting_user)
    if locked.handler_id != acting_user.pk:
        raise ComplaintRefused("complaint.not_handler")
    words = ((decision.finding, Finding.values), (decision.cause, Cause.values))
    for word, known in words:
        if word not in known:
            raise ComplaintRefused("complaint.word_unknown", word=word[:20])
    text = texts.checked(decision.reasoning, most=texts.TEXT_MOST)
    locked.finding, locked.cause, locked.state = decision.finding, decision.cause, State.DECIDED
    locked.reasoning = texts.sealed(complaint_id=locked.pk, place="reasoning", text=text)
    locked.decided_at, locked.decided_by = timezone.now(), acting_user
    locked.save()
    for kind in decision.remedies:
        _add_remedy(locked, kind, acting_user)
    step(locked, "decide", acting_user, note=text)
    return locked


@transaction.atomic
def add_remedy(*, complaint: Complaint, kind: str, note: str, acting_user: User) -> Remedy:
    """Note something done for the person, or about the cause.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.word_unknown``, ``complaint.remedy_by_request``, ``complaint.text_missing``.
    """
    locked = lock(complaint, State.IN_PROGRESS, State.DECIDED, State.ANSWERED)
    check_not_of(locked, acting_user)
    if len(note) > NOTE_MOST or "\0" in note:
        raise ComplaintRefused("complaint.text_missing", most=NOTE_MOST)
    made = _add_remedy(locked, kind, acting_user, note=note.strip())
    step(locked, "remedy", acting_user)
    return made


@transaction.atomic
def ask_money(
    *,
    complaint: Complaint,
    loan: Loan,
    action: Action,
    asked: Asked,
    reason: str,
    acting_user: User,
) -> Outcome:
    """Ask servicing to waive or refund as a remedy; the authority matrix decides as on any other.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.loan_of_other``, ``complaint.remedy_unknown``;
    :raises ServicingRefused, ApprovalRefused: as ``servicing.operations.request``.
    """
    locked = lock(complaint, State.IN_PROGRESS, State.DECIDED)
    check_not_of(locked, acting_user)
    if action not in MONEY:
        raise ComplaintRefused("complaint.remedy_unknown")
    if not locked.loans.filter(pk=loan.pk).exists():
        raise ComplaintRefused("complaint.loan_of_other", loan=loan.loan_ref)
    outcome = servicing.request(
        book=locked.book,
        loan_ref=loan.loan_ref,
        action=action,
        asked=asked,
        reason_code=ReasonCode.DISPUTE,
        reason=f"{locked.reference}: {texts.checked(reason, most=NOTE_MOST)}",
        seen_sequence=loans.last_sequence(loan_id=loan.pk),
        acting_user=acting_user,
    )
    Remedy.objects.create(
        complaint=locked,
        kind=MONEY[action],
        approval_id=outcome.approval_id,
        acting_user=acting_user,
    )
    step(locked, "remedy", acting_user)
    return outcome


@transaction.atomic
def answer(
    *, complaint: Complaint, language: Language, made_on: date, acting_user: User
) -> Complaint:
    """Write the answer as a document, keep it, and let go of what was held.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``;
    :raises DocumentRefused: as ``documents.rendering``.
    """
    locked = lock(complaint, State.DECIDED)
    check_not_of(locked, acting_user)
    locked.answer = letters.write(
        complaint=locked, language=language, made_on=made_on, acting_user=acting_user
    )
    locked.state, locked.answered_at = State.ANSWERED, timezone.now()
    locked.save(update_fields=["answer", "state", "answered_at"])
    step(locked, "answer", acting_user)
    holds.lift(complaint=locked, reason=f"{locked.reference} answered", acting_user=acting_user)
    return locked


@transaction.atomic
def close(*, complaint: Complaint, acting_user: User) -> Complaint:
    """Close a complaint that was answered.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``.
    """
    locked = lock(complaint, State.ANSWERED)
    check_not_of(locked, acting_user)
    locked.state, locked.closed_at = State.CLOSED, timezone.now()
    locked.save(update_fields=["state", "closed_at"])
    step(locked, "close", acting_user)
    return locked


def _add_remedy(complaint: Complaint, kind: str, acting_user: User, *, note: str = "") -> Remedy:
    if kind not in RemedyKind.values:
        raise ComplaintRefused("complaint.word_unknown", word=kind[:20])
    if kind in MONEY.values():
        raise ComplaintRefused("complaint.remedy_by_request")
    make = partial(Remedy.objects.create, complaint=complaint, kind=kind, note=note)
    made: Remedy = make(acting_user=acting_user)
    return made
