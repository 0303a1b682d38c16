"""Reads of the intake: channels, payments with what one searches for, suspense, debits, breaks."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, Q, QuerySet, Sum

from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import (
    BreakState,
    Channel,
    DebitBatch,
    Mandate,
    Receipt,
    ReconciliationBreak,
    ReconciliationRun,
    SuspenseItem,
    SuspenseState,
)


def channel_of(*, code: str) -> Channel:
    """Return a channel with its book.

    :raises PaymentRefused: ``channel.unknown``.
    """
    found = Channel.objects.select_related("book").filter(code=code).first()
    if found is None:
        raise PaymentRefused("channel.unknown", channel=code)
    return found


def channels(*, book: Book) -> QuerySet[Channel]:
    """Query a book's channels, by code."""
    return Channel.objects.filter(book=book).order_by("code")


def mandates(*, loan: Loan) -> QuerySet[Mandate]:
    """Query the mandates of a loan, ended ones too."""
    return Mandate.objects.filter(loan=loan).select_related("channel").order_by("pk")


def receipts(
    *,
    book: Book,
    funder_ids: Iterable[int] | None = None,
    text: str = "",
    channel: str = "",
    state: str = "",
    paid_on: date | None = None,
) -> QuerySet[Receipt]:
    """Query payments, newest first; ``text`` is a reference, an order, or a loan."""
    found = Receipt.objects.filter(book=book).select_related("channel", "loan")
    if funder_ids is not None:
        found = found.filter(loan__funder_id__in=funder_ids)
    if text:
        found = found.filter(
            Q(reference=text) | Q(target_reference=text) | Q(order_ref=text)
            | Q(loan_id__in=Loan.objects.filter(book=book, loan_ref=text).values("pk"))
        )  # fmt: skip
    if channel:
        found = found.filter(channel__code=channel)
    if state:
        found = found.filter(state=state)
    if paid_on is not None:
        found = found.filter(paid_on=paid_on)
    return found.order_by("-pk")


def open_suspense(*, book: Book) -> QuerySet[SuspenseItem]:
    """Query what waits in suspense, the oldest first."""
    return (
        SuspenseItem.objects.filter(book=book, state=SuspenseState.OPEN)
        .select_related("receipt__channel", "loan")
        .order_by("opened_on", "pk")
    )


def batches(*, book: Book) -> QuerySet[DebitBatch]:
    """Query debit batches with how many attempts stand where, newest first."""
    counts = {
        f"{state}_count": Count("attempts", filter=Q(attempts__state=state))
        for state in ("planned", "sent", "paid", "partly_paid", "failed")
    }
    return (
        DebitBatch.objects.filter(channel__book=book)
        .select_related("channel")
        .annotate(
            **counts,
            asked_minor=Sum("attempts__amount_minor"),
            paid_minor=Sum("attempts__paid_minor"),
        )
        .order_by("-run_on", "-pk")
    )


def breaks(
    *, book: Book, kind: str = "", state: str = BreakState.OPEN
) -> QuerySet[ReconciliationBreak]:
    """Query breaks, the oldest first."""
    found = ReconciliationBreak.objects.filter(channel__book=book).select_related(
        "channel", "assigned_to", "resolved_by"
    )
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(state=state)
    return found.order_by("day", "pk")


def runs(*, book: Book) -> QuerySet[ReconciliationRun]:
    """Query comparisons, newest first."""
    return (
        ReconciliationRun.objects.filter(channel__book=book)
        .select_related("channel", "acting_user")
        .order_by("-pk")
    )
