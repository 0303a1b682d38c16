"""Put a mandate 签约 on file, and end it 解约."""

from datetime import date

from django.db import IntegrityError, transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.loans.models import Loan
from daihou.web.payments import intake
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.manual import DIGEST
from daihou.web.payments.models import Channel, Mandate


def add_mandate(
    *,
    channel: Channel,
    loan: Loan,
    reference: str,
    account: str,
    evidence_digest: str,
    signed_on: date,
    acting_user: User,
    most_minor: int | None = None,
) -> Mandate:
    """Put on file that a payer agreed to be debited; the digest names the signed agreement.

    :raises PaymentRefused: ``mandate.reference_missing``, ``mandate.evidence_missing``,
        ``mandate.other_book``, ``mandate.exists``.
    """
    if not (reference.strip() and account.strip()):
        raise PaymentRefused("mandate.reference_missing")
    if not DIGEST.fullmatch(evidence_digest):
        raise PaymentRefused("mandate.evidence_missing")
    if loan.book_id != channel.book_id:
        raise PaymentRefused("mandate.other_book")
    try:
        with transaction.atomic():
            mandate = Mandate.objects.create(
                channel=channel,
                loan=loan,
                reference=reference,
                account_index=intake.payer_index(account),
                account_masked=intake.payer_masked(account),
                evidence_digest=evidence_digest,
                signed_on=signed_on,
                most_minor=most_minor,
            )
            audit.record(
                acting_user=acting_user,
                action="mandate.add",
                target_type="mandate",
                target_id=mandate.pk,
                details={"loan": loan.loan_ref, "channel": channel.code},
            )
    except IntegrityError as exception:
        raise PaymentRefused("mandate.exists", reference=reference) from exception
    return mandate


def mandate_of(*, channel: Channel, reference: str) -> Mandate:
    """Find a mandate by the agreement's number.

    :raises PaymentRefused: ``mandate.unknown``.
    """
    found = Mandate.objects.filter(channel=channel, reference=reference).first()
    if found is None:
        raise PaymentRefused("mandate.unknown", reference=reference)
    return found


def end_mandate(*, mandate: Mandate, ended_on: date, acting_user: User) -> Mandate:
    """End a mandate: from that day on nothing is debited under it.

    :raises PaymentRefused: ``mandate.ended_already``, ``mandate.ends_before_it_begins``.
    """
    with transaction.atomic():
        locked = Mandate.objects.select_for_update().get(pk=mandate.pk)
        if locked.ended_on is not None:
            raise PaymentRefused("mandate.ended_already", on=locked.ended_on)
        if ended_on < locked.signed_on:
            raise PaymentRefused("mandate.ends_before_it_begins")
        locked.ended_on = ended_on
        locked.save(update_fields=["ended_on"])
        audit.record(
            acting_user=acting_user,
            action="mandate.end",
            target_type="mandate",
            target_id=locked.pk,
        )
    return locked
