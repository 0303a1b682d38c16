"""Plan auto-debits: who has a mandate in force and something due, as often as the rules allow.

Files go out; answers come back through the intake, like every payment.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Max, Q

from daihou.core.position import Status, position
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger import queries as ledger
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import lock_book
from daihou.web.payments import retries, secrets
from daihou.web.payments.adapters.protocol import Debit
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import (
    AttemptState,
    Channel,
    DebitAttempt,
    DebitBatch,
    Mandate,
)

CHUNK = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """``left_out`` counts, by reason, mandates that are not debited on the day."""

    batch: DebitBatch | None
    count: int
    total_minor: int
    left_out: dict[str, int]


def plan_debits(*, channel: Channel, run_on: date, acting_user: User, at: datetime) -> Planned:
    """Plan a day's debits of a channel; planned again, the day gets only what is new in it.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    with transaction.atomic():
        book = lock_book(book_id=channel.book_id)
        rules = retries.rules_on(on=run_on)
        in_force = Mandate.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=run_on),
            channel=channel,
            signed_on__lte=run_on,
        ).order_by("pk")
        mandates = list(in_force.select_related("loan"))
        wanted: list[tuple[Mandate, date, int, int]] = []
        left_out: dict[str, int] = {}
        for start in range(0, len(mandates), CHUNK):
            part = mandates[start : start + CHUNK]
            for mandate, found in _due(book=book, mandates=part, run_on=run_on, rules=rules):
                if isinstance(found, str):
                    left_out[found] = left_out.get(found, 0) + 1
                else:
                    wanted.append((mandate, *found))
        batch = _write(channel, wanted, run_on=run_on, acting_user=acting_user, at=at)
    return Planned(
        batch=batch,
        count=len(wanted),
        total_minor=sum(amount for _, _, _, amount in wanted),
        left_out=left_out,
    )


def _due(
    *, book: Book, mandates: Sequence[Mandate], run_on: date, rules: retries.RetryRules
) -> list[tuple[Mandate, str | tuple[date, int, int]]]:
    """Say of each mandate what is to be debited (due day, attempt, amount), or why nothing is."""
    ids = [mandate.loan_id for mandate in mandates]
    loaded = ledger.load_loans(book=book, loan_ids=ids)
    open_now = set(
        DebitAttempt.objects.filter(
            loan_id__in=ids, state__in=[AttemptState.PLANNED, AttemptState.SENT]
        ).values_list("loan_id", flat=True)
    )
    tried = {
        (row["loan_id"], row["due_on"]): row
        for row in DebitAttempt.objects.filter(loan_id__in=ids)
        .values("loan_id", "due_on")
        .annotate(attempts=Max("attempt_no"))
    }
    retry = {
        (attempt.loan_id, attempt.due_on): attempt
        for attempt in DebitAttempt.objects.filter(loan_id__in=ids).order_by("attempt_no")
    }
    found: list[tuple[Mandate, str | tuple[date, int, int]]] = []
    for mandate in mandates:
        contract, events = loaded[mandate.loan_id]
        stands = position(contract=contract, events=events, as_of=run_on)
        due = [
            each for each in stands.instalments
            if each.due_on <= run_on and each.outstanding_minor > 0
        ]  # fmt: skip
        if stands.status is not Status.ACTIVE or not due:
            found.append((mandate, "nothing_due"))
            continue
        due_on = max(each.due_on for each in due)
        amount_minor = sum(each.outstanding_minor for each in due)
        before = tried.get((mandate.loan_id, due_on))
        last = retry.get((mandate.loan_id, due_on))
        if mandate.loan_id in open_now:
            found.append((mandate, "unanswered"))
        elif before and before["attempts"] >= rules.attempts_most:
            found.append((mandate, "attempts_used_up"))
        elif last is not None and (last.retry_on is None or last.retry_on > run_on):
            found.append((mandate, "retried_later"))
        elif mandate.most_minor is not None and amount_minor > mandate.most_minor:
            found.append((mandate, "above_mandate"))
        else:
            found.append((mandate, (due_on, before["attempts"] + 1 if before else 1, amount_minor)))
    return found


def _write(
    channel: Channel,
    wanted: Sequence[tuple[Mandate, date, int, int]],
    *,
    run_on: date,
    acting_user: User,
    at: datetime,
) -> DebitBatch | None:
    if not wanted:
        return None
    rounds = DebitBatch.objects.filter(channel=channel, run_on=run_on)
    batch = DebitBatch.objects.create(
        channel=channel,
        run_on=run_on,
        round_no=(rounds.aggregate(most=Max("round_no"))["most"] or 0) + 1,
        planned_at=at,
        acting_user=acting_user,
    )
    DebitAttempt.objects.bulk_create(
        (
            DebitAttempt(
                batch=batch,
                mandate=mandate,
                loan_id=mandate.loan_id,
                due_on=due_on,
                attempt_no=attempt_no,
                amount_minor=amount_minor,
                reference=f"{channel.code}-{mandate.loan_id}-{due_on:%Y%m%d}-{attempt_no}",
            )
            for mandate, due_on, attempt_no, amount_minor in wanted
        ),
        batch_size=CHUNK,
    )
    audit.record(
        acting_user=acting_user,
        action="debits.plan",
        target_type="debit_batch",
        target_id=batch.pk,
        details={"channel": channel.code, "run_on": str(run_on), "count": len(wanted)},
    )
    return batch


def send_batch(*, batch: DebitBatch, acting_user: User, at: datetime) -> bytes:
    """Write a batch as the channel's file and mark it sent; again, the same file comes out.

    :raises PaymentRefused: ``debit.mandate_ended``, ``debit.not_offered`` and the secrets' own.
    """
    with transaction.atomic():
        lock_book(book_id=batch.channel.book_id)
        locked = DebitBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        attempts = list(
            locked.attempts.select_related("mandate", "loan__book").order_by("reference")
        )
        if locked.sent_at is None:
            _check_mandates(locked)
        content = adapter_of(kind=batch.channel.adapter).write_debits(
            debits=[
                Debit(
                    order_ref=attempt.reference,
                    mandate_reference=attempt.mandate.reference,
                    amount_minor=attempt.amount_minor,
                    currency=attempt.loan.book.currency,
                    run_on=locked.run_on,
                )
                for attempt in attempts
            ],
            secrets=secrets.load(secret_ref=batch.channel.secret_ref),
        )
        if locked.sent_at is None:
            locked.sent_at = at
            locked.file_digest = hashlib.sha256(content).hexdigest()
            locked.save(update_fields=["sent_at", "file_digest"])
            locked.attempts.filter(state=AttemptState.PLANNED).update(state=AttemptState.SENT)
            audit.record(
                acting_user=acting_user,
                action="debits.send",
                target_type="debit_batch",
                target_id=locked.pk,
                details={"digest": locked.file_digest},
            )
    return content


def _check_mandates(batch: DebitBatch) -> None:
    """Hold the mandates to the day again: one may have ended since the batch was planned."""
    ended = batch.attempts.filter(mandate__ended_on__lte=F("batch__run_on"))
    first = ended.select_related("mandate").first()
    if first is not None:
        raise PaymentRefused("debit.mandate_ended", reference=first.mandate.reference)
