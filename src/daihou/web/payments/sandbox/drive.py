"""Let a sandbox tell a book of a day: open debits are answered, other loans pay what is due."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from daihou.web.access.models import User
from daihou.web.ledger.models import Book, Position
from daihou.web.payments import channels, intake
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import AdapterKind, AttemptState, Channel, DebitAttempt
from daihou.web.payments.posting import Posted, post_open
from daihou.web.payments.sandbox import story, twins
from daihou.web.payments.sandbox.bills import write_bill

CODES = {
    AdapterKind.WECHAT_PAY: "wechat",
    AdapterKind.ALIPAY: "alipay",
    AdapterKind.BANK_DEBIT: "bank",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """``refused`` counts messages by code; ``bill`` is the provider's own account of the day."""

    told: int
    new: int
    known: int
    refused: dict[str, int]
    posted: Posted
    bill: bytes


def ensure_sandboxes(*, book: Book, acting_user: User) -> list[Channel]:
    """Make the sandbox channels of a book, and one for entries by hand, where they are missing."""
    made = []
    for adapter, name in CODES.items():
        code = f"{name}-{book.pk}"
        found = Channel.objects.filter(code=code).first()
        if not twins.is_sandbox(secret_ref=code):
            twins.make_keys(secret_ref=code, adapter=adapter)
        made.append(
            found
            or channels.add_channel(
                book=book,
                code=code,
                name=str(adapter.label),
                adapter=adapter,
                account="sandbox",
                secret_ref=code,
                acting_user=acting_user,
            )
        )
    counter = f"counter-{book.pk}"
    if not Channel.objects.filter(code=counter).exists():
        channels.add_channel(
            book=book,
            code=counter,
            name=str(AdapterKind.MANUAL.label),
            adapter=AdapterKind.MANUAL,
            account="counter",
            acting_user=acting_user,
        )
    return made


def drive(*, channel: Channel, at: datetime, seed: int, count: int, acting_user: User) -> Driven:
    """Tell a day to a channel, message by message, as its hook would be told; then post.

    :raises PaymentRefused: ``channel.not_a_sandbox``.
    """
    twin = twins.twin_of(adapter=channel.adapter, secret_ref=channel.secret_ref)
    told = story.tell_day(
        owing=_owing(channel, count),
        adapter=channel.adapter,
        currency=channel.book.currency,
        at=at,
        seed=seed,
    )
    chance, line = random.Random(f"{seed} {at.isoformat()}"), intake.line_of(channel)  # noqa: S311
    counts: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for telling in told:
        message = twin.message(
            movement=telling.movement, notice_ref=telling.notice_ref, sent_at=at, chance=chance
        )
        try:
            taken = intake.take_notice(
                line=line, headers=message.headers, body=message.body, now=at
            )
            counts["new" if taken.is_new else "known"] += 1
        except PaymentRefused as refusal:
            refused[refusal.code] += 1
    return Driven(
        told=len(told),
        new=counts["new"],
        known=counts["known"],
        refused=dict(refused),
        posted=post_open(book=channel.book, acting_user=acting_user),
        bill=write_bill(adapter=channel.adapter, movements=story.truth(told=told)),
    )


def _owing(channel: Channel, count: int) -> list[story.Owing]:
    """Take the open debits of a bank, else loans that owe something, oldest due first."""
    attempts = DebitAttempt.objects.filter(
        batch__channel=channel, state=AttemptState.SENT
    ).order_by("pk")[:count]
    if attempts:
        return [
            story.Owing(order_ref=attempt.reference, amount_minor=attempt.amount_minor)
            for attempt in attempts
        ]
    rows = (
        Position.objects.filter(book=channel.book, status="active", overdue_minor__gt=0)
        .select_related("loan")
        .order_by("oldest_unpaid_due_on", "loan_id")[:count]
    )
    return [
        story.Owing(order_ref=row.loan.loan_ref, amount_minor=row.overdue_minor) for row in rows
    ]
