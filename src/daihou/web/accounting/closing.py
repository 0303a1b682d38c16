"""Close a month of a book: in order, proved, and for good."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.accounting.errors import AccountingRefused
from daihou.web.accounting.models import AccountingPeriod, Journal, PeriodState, Proof
from daihou.web.accounting.queries import prove_anew
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book


def find(*, book: Book, month: date) -> AccountingPeriod:
    """Find the period of a month.

    :raises AccountingRefused: ``period.unknown``.
    """
    found = AccountingPeriod.objects.filter(book=book, start_on=month.replace(day=1)).first()
    if found is None:
        raise AccountingRefused("period.unknown", period=f"{month:%Y-%m}")
    return found


def close(*, period: AccountingPeriod, acting_user: User) -> AccountingPeriod:
    """Close a period: it takes no more entries, and never opens again.

    The proof is made anew, by the night's own fold.

    :raises AccountingRefused: ``period.closed_already``, ``period.earlier_open``,
        ``period.not_over``, ``period.proof_failed``.
    """
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=period.book_id)
        period = AccountingPeriod.objects.select_for_update().get(pk=period.pk)
        hindrance = why_not_closed(book=book, period=period)
        if hindrance is not None:
            raise hindrance
        posted_on = book.journals.latest("pk").through_on
        if any(line.difference_minor for line in prove_anew(book=book, as_of=posted_on)):
            raise AccountingRefused("period.proof_failed", period=_month(period), on=posted_on)
        period.state = PeriodState.CLOSED
        period.closed_at, period.closed_by = timezone.now(), acting_user
        period.save(update_fields=["state", "closed_at", "closed_by"])
        audit.record(
            acting_user=acting_user,
            action="period.close",
            target_type="accounting_period",
            target_id=period.pk,
            details={"book": book.name, "period": _month(period)},
        )
    return period


def why_not_closed(*, book: Book, period: AccountingPeriod) -> AccountingRefused | None:
    """Say what keeps a period from being closed; None when nothing does."""
    month = _month(period)
    if period.state == PeriodState.CLOSED:
        return AccountingRefused("period.closed_already", period=month)
    earlier = AccountingPeriod.objects.filter(
        book=book, state=PeriodState.OPEN, start_on__lt=period.start_on
    )
    first = earlier.order_by("start_on").first()
    if first is not None:
        return AccountingRefused(
            "period.earlier_open", period=month, earlier=f"{first.start_on:%Y-%m}"
        )
    newest = Journal.objects.filter(book=book).order_by("-pk").first()
    if newest is None or newest.through_on < period.end_on:
        posted_on = newest.through_on.isoformat() if newest else "-"
        return AccountingRefused(
            "period.not_over", period=month, end_on=period.end_on, posted_on=posted_on
        )
    if newest.run_id != book.runs.order_by("-pk").values_list("pk", flat=True).first():
        return AccountingRefused("period.night_missing", period=month, posted_on=newest.through_on)
    proof = Proof.objects.filter(journal=newest).first()
    if proof is None or not proof.is_passed:
        return AccountingRefused("period.proof_failed", period=month, on=newest.through_on)
    return None


def _month(period: AccountingPeriod) -> str:
    return f"{period.start_on:%Y-%m}"
