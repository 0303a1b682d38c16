"""What channels answered to debits: paid in full, in part, or failed and when to try again.

An answer may come late, twice or out of order. Money that came always wins over a failure.
"""

from collections.abc import Sequence
from datetime import datetime

from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.limitation.models import EvidenceGround
from daihou.web.limitation.operations import record_evidence
from daihou.web.payments import retries
from daihou.web.payments.models import AttemptState, DebitAnswer, DebitAttempt, Receipt

OPEN_STATES = (AttemptState.PLANNED, AttemptState.SENT)


def note_paid(*, receipts: Sequence[Receipt], at: datetime, acting_user: User) -> None:
    """Mark the debits that receipts answer. The caller holds the book's lock.

    A debit that took arrears restarts the limitation clock: its receipt is the evidence.
    """
    paid: dict[str, int] = {}
    for receipt in receipts:
        paid[receipt.order_ref] = paid.get(receipt.order_ref, 0) + receipt.amount_minor
    attempts = DebitAttempt.objects.filter(reference__in=paid).select_related("batch", "loan__book")
    for attempt in attempts.order_by("pk"):
        total = min(attempt.amount_minor, attempt.paid_minor + paid[attempt.reference])
        attempt.paid_minor = total
        is_whole = total == attempt.amount_minor
        attempt.state = AttemptState.PAID if is_whole else AttemptState.PARTLY_PAID
        attempt.failure_code = ""
        attempt.answered_at = at
        attempt.retry_on = None
        if not is_whole:
            attempt.retry_on = retries.retry_on(attempt=attempt, failure_code=retries.PARTLY)
        attempt.save(
            update_fields=["paid_minor", "state", "failure_code", "answered_at", "retry_on"]
        )
        for receipt in receipts:
            if receipt.order_ref == attempt.reference and receipt.paid_on > attempt.due_on:
                record_evidence(
                    loan=attempt.loan,
                    ground=EvidenceGround.AUTO_DEBIT,
                    on=receipt.paid_on,
                    reference=f"receipt {receipt.channel.code}:{receipt.reference}",
                    acting_user=acting_user,
                )


def settle_failures(*, book: Book) -> int:
    """Mark the open debits that channels said have failed. The caller holds the book's lock."""
    attempts = DebitAttempt.objects.filter(loan__book=book, state__in=OPEN_STATES).select_related(
        "batch", "loan"
    )
    refs = {attempt.reference: attempt for attempt in attempts}
    answers = DebitAnswer.objects.filter(channel__book=book, order_ref__in=list(refs)).order_by(
        "pk"
    )
    count = 0
    for answer in answers:
        attempt = refs[answer.order_ref]
        if attempt.batch.channel_id != answer.channel_id:
            continue
        attempt.state = AttemptState.FAILED
        attempt.failure_code = answer.failure_code
        attempt.answered_at = answer.received_at
        attempt.retry_on = retries.retry_on(attempt=attempt, failure_code=answer.failure_code)
        attempt.save(update_fields=["state", "failure_code", "answered_at", "retry_on"])
        count += 1
    return count
