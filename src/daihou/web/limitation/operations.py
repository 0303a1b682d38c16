"""Put evidence on record, and withdraw what was wrong."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone

from daihou.core.limitation import (
    Evidence as CoreEvidence,
    Ground,
    LimitationRefused,
    check_evidence,
)
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.limitation.models import Evidence, EvidenceGround, EvidenceWithdrawn
from daihou.web.loans.models import Loan

REFERENCE_LONGEST = 256
REASON_LONGEST = 512


def record_evidence(
    *,
    loan: Loan,
    ground: str,
    on: date,
    reference: str,
    acting_user: User,
    through: date | None = None,
    arrived_at: datetime | None = None,
) -> Evidence:
    """Put one record on file; recorded twice it is refused, so that a retry shows.

    :raises DaihouError: ``evidence.ground_unknown``, ``evidence.reference_missing``,
        ``evidence.reference_too_long``, ``evidence.in_future``, ``evidence.repeated``,
        ``evidence.ends_before_it_begins``, ``evidence.arrived_before_sent``.
    """
    reference = reference.strip()
    _check(loan, ground=ground, on=on, reference=reference, through=through, arrived_at=arrived_at)
    try:
        with transaction.atomic():
            Book.objects.select_for_update().get(pk=loan.book_id)
            row = Evidence.objects.create(
                loan=loan,
                ground=ground,
                on=on,
                through=through,
                arrived_at=arrived_at,
                reference=reference,
                recorded_by=acting_user,
            )
            audit.record(
                acting_user=acting_user,
                action="evidence.record",
                target_type="loan",
                target_id=loan.pk,
                details={"ground": ground, "on": on.isoformat(), "evidence": row.pk},
            )
    except IntegrityError as exception:
        raise DaihouError("evidence.repeated") from exception
    return row


def _check(
    loan: Loan,
    *,
    ground: str,
    on: date,
    reference: str,
    through: date | None,
    arrived_at: datetime | None,
) -> None:
    if ground not in EvidenceGround.values:
        raise DaihouError("evidence.ground_unknown", known=", ".join(EvidenceGround.values))
    if not reference:
        raise DaihouError("evidence.reference_missing")
    if len(reference) > REFERENCE_LONGEST:
        raise DaihouError("evidence.reference_too_long", most=REFERENCE_LONGEST)
    zone = ZoneInfo(loan.book.time_zone)
    today = timezone.now().astimezone(zone).date()
    arrived_on = arrived_at.astimezone(zone).date() if arrived_at else None
    for day in filter(None, (on, arrived_on)):
        if day > max(today, loan.book.business_date or today):
            raise DaihouError("evidence.in_future", on=day)
    try:
        check_evidence(
            CoreEvidence(
                ground=Ground(ground),
                on=on,
                reference=reference,
                through=through,
                arrived_on=arrived_on,
            )
        )
    except LimitationRefused as refused:
        raise DaihouError(refused.code) from refused


@transaction.atomic
def withdraw_evidence(*, evidence: Evidence, reason: str, acting_user: User) -> EvidenceWithdrawn:
    """Let a record count no more.

    :raises DaihouError: ``evidence.reason_missing``, ``evidence.withdrawn_already``.
    """
    reason = reason.strip()[:REASON_LONGEST]
    if not reason:
        raise DaihouError("evidence.reason_missing")
    Book.objects.select_for_update().get(pk=evidence.loan.book_id)
    if EvidenceWithdrawn.objects.filter(evidence=evidence).exists():
        raise DaihouError("evidence.withdrawn_already")
    row = EvidenceWithdrawn.objects.create(
        evidence=evidence, reason=reason, withdrawn_by=acting_user
    )
    audit.record(
        acting_user=acting_user,
        action="evidence.withdraw",
        target_type="loan",
        target_id=evidence.loan_id,
        details={"evidence": evidence.pk},
    )
    return row
