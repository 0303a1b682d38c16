"""Ask, decide, withdraw, let expire. The maker never checks; every decision has a reason."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.approvals import registry
from daihou.web.approvals.authority import authority_on
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval, Decision, State, Verdict
from daihou.web.approvals.queries import roles_for
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book

REASON_LONGEST = 512


def request(
    *,
    kind: str,
    book: Book | None,
    target_type: str,
    target_id: object,
    payload: Mapping[str, Any],
    reason: str,
    acting_user: User,
    amount_minor: int | None = None,
) -> Approval:
    """Ask for something. Where the matrix wants no checker it is carried out at once.

    Whether the user may ask at all is for the caller to hold.

    :raises ApprovalRefused: ``approval.kind_unknown``, ``approval.nobody_may``,
        ``approval.reason_missing``, ``approval.reason_too_long``; and what carrying out refuses.
    """
    registered = registry.registered(kind)
    reason = _checked_reason(reason)
    now = timezone.now()
    with transaction.atomic():
        _lock_book(book)
        authority = authority_on(
            kind=kind,
            currency=book.currency if book else "",
            amount_minor=amount_minor,
            on=_local_day(now, book),
        )
        approval = Approval.objects.create(
            kind=kind,
            book=book,
            target_type=target_type,
            target_id=str(target_id),
            amount_minor=amount_minor,
            payload=dict(payload),
            reason=reason,
            made_by=acting_user,
            made_at=now,
            expires_at=now + timedelta(days=registered.open_days),
            roles=authority.roles,
            checkers=authority.checkers,
            is_each_role=authority.is_each_role,
        )
        _audit(approval, action="approval.request", acting_user=acting_user)
        if approval.checkers == 0:
            registered.carry_out(approval, acting_user)
            _settle(approval, State.CARRIED_OUT)
    return approval


def decide(*, approval: Approval, verdict: str, reason: str, acting_user: User) -> Approval:
    """Approve or refuse; the last approval needed carries the request out.

    :raises ApprovalRefused: ``approval.by_maker``, ``approval.no_authority``,
        ``approval.reason_missing``, ``approval.reason_too_long``, ``approval.verdict_unknown``,
        ``approval.decided_already``, ``approval.expired``, ``approval.stale``; and what carrying
        out refuses.
    """
    if verdict not in Verdict.values:
        raise ApprovalRefused("approval.verdict_unknown", verdict=verdict)
    reason = _checked_reason(reason)
    with transaction.atomic():
        locked = _lock(approval)
        role = _role_to_decide(locked, acting_user=acting_user)
        Decision.objects.create(
            approval=locked,
            verdict=verdict,
            role=role,
            reason=reason,
            decided_by=acting_user,
            decided_at=timezone.now(),
        )
        _audit(locked, action=f"approval.{_DEED[verdict]}", acting_user=acting_user)
        if verdict == Verdict.REFUSED:
            _end(locked, State.REFUSED, acting_user=acting_user)
        elif locked.decisions.filter(verdict=Verdict.APPROVED).count() >= locked.checkers:
            registry.registered(locked.kind).carry_out(locked, acting_user)
            _settle(locked, State.CARRIED_OUT)
    return locked


_DEED = {Verdict.APPROVED.value: "approve", Verdict.REFUSED.value: "refuse"}


def withdraw(*, approval: Approval, reason: str, acting_user: User) -> Approval:
    """Take a request back: only who made it may.

    :raises ApprovalRefused: ``approval.not_maker``, ``approval.decided_already``,
        ``approval.reason_missing``, ``approval.reason_too_long``.
    """
    reason = _checked_reason(reason)
    with transaction.atomic():
        locked = _lock(approval)
        if locked.made_by_id != acting_user.pk:
            raise ApprovalRefused("approval.not_maker")
        _check_pending(locked)
        _audit(locked, action="approval.withdraw", acting_user=acting_user, reason=reason)
        _end(locked, State.WITHDRAWN, acting_user=acting_user)
    return locked


def expire(*, at: datetime, acting_user: User) -> int:
    """Close every request that nobody decided on in time; return how many."""
    count = 0
    overdue = Approval.objects.filter(state=State.PENDING, expires_at__lte=at)
    for approval in overdue.order_by("pk"):
        with transaction.atomic():
            locked = _lock(approval)
            if locked.state != State.PENDING:
                continue
            _audit(locked, action="approval.expire", acting_user=acting_user)
            _end(locked, State.EXPIRED, acting_user=acting_user)
            count += 1
    return count


def _lock(approval: Approval) -> Approval:
    """Lock in the order of the house: the book, then the approval."""
    if approval.book_id is not None:
        Book.objects.select_for_update().get(pk=approval.book_id)
    return Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)


def _lock_book(book: Book | None) -> None:
    if book is not None:
        Book.objects.select_for_update().get(pk=book.pk)


def _check_pending(approval: Approval) -> None:
    if approval.state != State.PENDING:
        raise ApprovalRefused("approval.decided_already", state=approval.state)


def _role_to_decide(approval: Approval, *, acting_user: User) -> str:
    """Choose the role in which a user decides; none: a refusal."""
    _check_pending(approval)
    if approval.made_by_id == acting_user.pk:
        raise ApprovalRefused("approval.by_maker")
    held = roles_for(user=acting_user, book=approval.book) & set(approval.roles)
    if not held or not access.may(
        user=acting_user, permission="approval.decide", target=approval.book
    ):
        raise ApprovalRefused("approval.no_authority", roles=list(approval.roles))
    if approval.expires_at <= timezone.now():
        raise ApprovalRefused("approval.expired", expires_at=f"{approval.expires_at:%Y-%m-%d}")
    given = list(approval.decisions.values_list("decided_by_id", "role"))
    if any(user_id == acting_user.pk for user_id, _ in given):
        raise ApprovalRefused("approval.decided_already", state=approval.state)
    free = held - {role for _, role in given} if approval.is_each_role else held
    if not free:
        raise ApprovalRefused("approval.role_decided_already", roles=sorted(held))
    return min(free, key=approval.roles.index)


def _settle(approval: Approval, state: State) -> None:
    approval.state = state
    approval.settled_at = timezone.now()
    approval.save(update_fields=["state", "settled_at"])


def _end(approval: Approval, state: State, *, acting_user: User) -> None:
    """Settle what was not carried out, and let its app take back what it did when asking."""
    _settle(approval, state)
    on_ended = registry.registered(approval.kind).on_ended
    if on_ended is not None:
        on_ended(approval, acting_user)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ApprovalRefused("approval.reason_missing")
    if len(reason) > REASON_LONGEST or "\0" in reason:
        raise ApprovalRefused("approval.reason_too_long", most=REASON_LONGEST)
    return reason


def _local_day(now: datetime, book: Book | None) -> date:
    zone = ZoneInfo(book.time_zone) if book else timezone.get_default_timezone()
    return now.astimezone(zone).date()


def _audit(approval: Approval, *, action: str, acting_user: User, reason: str = "") -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="approval",
        target_id=approval.pk,
        details={
            "kind": approval.kind,
            "target": f"{approval.target_type} {approval.target_id}",
            **({"reason": reason} if reason else {}),
        },
    )
