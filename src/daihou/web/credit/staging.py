"""Disburse in parts 分期放款: a plan of tranches, each with its conditions, each signed off.

One person files the evidence of a condition, another signs it off; then the tranche may be paid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.credit import queries
from daihou.web.credit.errors import CreditRefused
from daihou.web.credit.lending import Payout, pay_out
from daihou.web.credit.models import Condition, Draw, Tranche, TrancheState
from daihou.web.credit.operations import checked_reason
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loan
from daihou.web.ledger.recording import Recorded
from daihou.web.loans.models import Loan

TEXT_LONGEST = 200
TRANCHES_MOST = 60
CONDITIONS_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A tranche to plan."""

    amount_minor: int
    planned_on: date
    conditions: tuple[str, ...] = ()


@transaction.atomic
def plan_tranches(*, loan: Loan, stages: Sequence[Stage], acting_user: User) -> tuple[Tranche, ...]:
    """Part a loan that is not yet paid out into tranches that add up to its principal.

    :raises CreditRefused: ``tranche.planned_already``, ``tranche.paid_out_already``,
        ``tranche.sum_wrong``, ``tranche.days_wrong``, ``tranche.too_many``,
        ``tranche.text_wrong``.
    """
    locked = _lock(loan)
    if queries.is_staged(loan=locked):
        raise CreditRefused("tranche.planned_already", loan_ref=locked.loan_ref)
    _, events = load_loan(book=locked.book, loan_ref=locked.loan_ref)
    if events:
        raise CreditRefused("tranche.paid_out_already", loan_ref=locked.loan_ref)
    _check_stages(stages, loan=locked)
    made = []
    for number, stage in enumerate(stages, start=1):
        tranche = Tranche.objects.create(
            loan=locked,
            tranche_no=number,
            amount_minor=stage.amount_minor,
            planned_on=stage.planned_on,
        )
        Condition.objects.bulk_create(
            Condition(tranche=tranche, condition_no=n, text=text.strip())
            for n, text in enumerate(stage.conditions, start=1)
        )
        made.append(tranche)
    _audit(locked, "tranche.plan", acting_user, tranches=len(made))
    return tuple(made)


def _check_stages(stages: Sequence[Stage], *, loan: Loan) -> None:
    if len(stages) > TRANCHES_MOST or any(
        len(stage.conditions) > CONDITIONS_MOST for stage in stages
    ):
        raise CreditRefused("tranche.too_many", most=TRANCHES_MOST, conditions=CONDITIONS_MOST)
    amounts = [stage.amount_minor for stage in stages]
    if not amounts or min(amounts) <= 0 or sum(amounts) != loan.principal_minor:
        raise CreditRefused("tranche.sum_wrong", principal_minor=loan.principal_minor)
    days = [stage.planned_on for stage in stages]
    if days != sorted(days) or days[0] < loan.start_on:
        raise CreditRefused("tranche.days_wrong")
    for text in (text for stage in stages for text in stage.conditions):
        _check_text(text)


@transaction.atomic
def file_evidence(*, condition: Condition, evidence: str, acting_user: User) -> Condition:
    """Say where the proof of a condition is; until it is signed off it may be filed anew.

    :raises CreditRefused: ``condition.signed``, ``tranche.settled``, ``tranche.text_wrong``.
    """
    _check_text(evidence)
    locked = _lock_condition(condition)
    locked.evidence, locked.filed_by = evidence.strip(), acting_user
    locked.filed_at = timezone.now()
    locked.save(update_fields=["evidence", "filed_by", "filed_at"])
    _audit_condition(locked, "condition.file", acting_user)
    return locked


@transaction.atomic
def sign_off(*, condition: Condition, acting_user: User) -> Condition:
    """Confirm as a second person that a condition is met.

    :raises CreditRefused: ``condition.signed``, ``condition.not_filed``,
        ``condition.by_filer``, ``tranche.settled``.
    """
    locked = _lock_condition(condition)
    if not locked.evidence:
        raise CreditRefused("condition.not_filed")
    if locked.filed_by_id == acting_user.pk:
        raise CreditRefused("condition.by_filer")
    locked.signed_by, locked.signed_at = acting_user, timezone.now()
    locked.save(update_fields=["signed_by", "signed_at"])
    _audit_condition(locked, "condition.sign_off", acting_user)
    return locked


@transaction.atomic
def pay_out_tranche(*, tranche: Tranche, on: date, acting_user: User) -> Recorded:
    """Pay a tranche out once all its conditions are signed off and those before it are settled.

    :raises CreditRefused: ``tranche.settled``, ``tranche.conditions_open``,
        ``tranche.out_of_order``, and as ``lending.pay_out``.
    """
    _lock(tranche.loan)
    locked = Tranche.objects.select_for_update(of=("self",)).get(pk=tranche.pk)
    if locked.state != TrancheState.PLANNED:
        raise CreditRefused("tranche.settled", state=locked.state)
    open_count = queries.open_conditions(tranche=locked).count()
    if open_count:
        raise CreditRefused("tranche.conditions_open", count=open_count)
    before = Tranche.objects.filter(
        loan_id=locked.loan_id, tranche_no__lt=locked.tranche_no, state=TrancheState.PLANNED
    )
    if before.exists():
        raise CreditRefused("tranche.out_of_order")
    key = f"tranche:{locked.loan.loan_ref}:{locked.tranche_no}"
    recorded = pay_out(
        loan=locked.loan,
        payout=Payout(amount_minor=locked.amount_minor, on=on, key=key),
        acting_user=acting_user,
    )
    locked.state, locked.event_key, locked.paid_out_on = TrancheState.PAID_OUT, key, on
    locked.save(update_fields=["state", "event_key", "paid_out_on"])
    _audit(locked.loan, "tranche.pay_out", acting_user, tranche=locked.tranche_no)
    return recorded


@transaction.atomic
def cancel_rest(*, loan: Loan, reason: str, acting_user: User) -> int:
    """Pay out no more of a loan: planned tranches are cancelled, the line gets its room back.

    :raises CreditRefused: ``tranche.nothing_left``, ``line.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock(loan)
    count = 0
    for tranche in Tranche.objects.select_for_update().filter(
        loan=locked, state=TrancheState.PLANNED
    ):
        tranche.state = TrancheState.CANCELLED
        tranche.save(update_fields=["state"])
        count += 1
    released = Draw.objects.filter(loan=locked, released_at__isnull=True).update(
        released_at=timezone.now()
    )
    if not count and not released:
        raise CreditRefused("tranche.nothing_left", loan_ref=locked.loan_ref)
    _audit(locked, "tranche.cancel_rest", acting_user, reason=text, tranches=count)
    return count


def _lock(loan: Loan) -> Loan:
    Book.objects.select_for_update().get(pk=loan.book_id)
    found = Loan.objects.select_for_update(of=("self",)).select_related("book")
    return found.get(pk=loan.pk)


def _lock_condition(condition: Condition) -> Condition:
    found = Condition.objects.select_for_update(of=("self",)).select_related("tranche__loan")
    locked = found.get(pk=condition.pk)
    if locked.tranche.state != TrancheState.PLANNED:
        raise CreditRefused("tranche.settled", state=locked.tranche.state)
    if locked.signed_by_id is not None:
        raise CreditRefused("condition.signed")
    return locked


def _check_text(text: str) -> None:
    if not text.strip() or len(text) > TEXT_LONGEST or "\0" in text:
        raise CreditRefused("tranche.text_wrong", most=TEXT_LONGEST)


def _audit_condition(condition: Condition, action: str, acting_user: User) -> None:
    _audit(
        condition.tranche.loan,
        action,
        acting_user,
        tranche=condition.tranche.tranche_no,
        condition=condition.condition_no,
    )


def _audit(loan: Loan, action: str, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="loan",
        target_id=loan.pk,
        details=details,
    )
