"""Open a line, change its limit, freeze and restore it. Every change is a row with its reason.

Less is done at once; more waits for a second person (``credit_line.raise`` in the authority
matrix): a new line, a higher limit, a later end, a line that is restored. Locks: book, then line.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction

from daihou.core.terms import MOST_MINOR
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval
from daihou.web.audit import operations as audit
from daihou.web.credit.errors import CreditRefused
from daihou.web.credit.models import CreditLine, LineChange, LineDeed
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Product
from daihou.web.parties.models import Party

RAISE = "credit_line.raise"  # The kind in the authority matrix.
TARGET = "credit_line"
LINE_REF = re.compile(r"[\w][\w.\-]{0,63}")
REASON_LONGEST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a line is after a change."""

    limit_minor: int
    expires_on: date
    is_frozen: bool = False
    is_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A line to open: without products for any of the book, without a day from now on."""

    line_ref: str
    limit_minor: int
    expires_on: date
    products: tuple[Product, ...] = ()
    opened_on: date | None = None


@transaction.atomic
def open_line(
    *, book: Book, party: Party, opening: Opening, reason: str, acting_user: User
) -> CreditLine:
    """Add a line with nothing to draw, and ask for its limit.

    :raises CreditRefused: ``line.ref_wrong``, ``line.exists``, ``line.limit_wrong``,
        ``line.days_wrong``, ``line.party_merged``, ``line.product_of_other_book``,
        ``line.reason_missing``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    text = checked_reason(reason)
    locked = Book.objects.select_for_update().get(pk=book.pk)
    line_ref, expires_on = opening.line_ref, opening.expires_on
    start_on = opening.opened_on or locked.business_date or expires_on
    if not LINE_REF.fullmatch(line_ref):
        raise CreditRefused("line.ref_wrong", line=line_ref[:64])
    if not 0 < opening.limit_minor <= MOST_MINOR:
        raise CreditRefused("line.limit_wrong")
    if expires_on < start_on:
        raise CreditRefused("line.days_wrong")
    if party.merged_into_id is not None:
        raise CreditRefused("line.party_merged", party=party.reference)
    if any(product.book_id != locked.pk for product in opening.products):
        raise CreditRefused("line.product_of_other_book")
    try:
        with transaction.atomic():
            line = CreditLine.objects.create(
                book=locked, line_ref=line_ref, party=party, opened_on=start_on,
                expires_on=expires_on, limit_minor=0,
            )  # fmt: skip
    except IntegrityError as exception:
        raise CreditRefused("line.exists", line=line_ref) from exception
    line.products.set(opening.products)
    figures = Figures(limit_minor=0, expires_on=expires_on)
    _note(line, LineDeed.OPENED, figures, reason=text, acting_user=acting_user)
    wanted = Figures(limit_minor=opening.limit_minor, expires_on=expires_on)
    _ask(line, LineDeed.RAISED, wanted, reason=text, acting_user=acting_user)
    line.refresh_from_db()
    return line


@transaction.atomic
def change_limit(
    *, line: CreditLine, limit_minor: int, reason: str, acting_user: User
) -> LineChange | Approval:
    """Cut a line at once, or ask to raise it. What is drawn already stays drawn.

    :raises CreditRefused: ``line.limit_wrong``, ``line.limit_same``, ``line.closed``,
        ``line.reason_missing``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    text = checked_reason(reason)
    locked = _lock_open(line)
    if not 0 <= limit_minor <= MOST_MINOR:
        raise CreditRefused("line.limit_wrong")
    if limit_minor == locked.limit_minor:
        raise CreditRefused("line.limit_same")
    figures = _figures(locked, limit_minor=limit_minor)
    if limit_minor < locked.limit_minor:
        return _note(locked, LineDeed.CUT, figures, reason=text, acting_user=acting_user)
    return _ask(locked, LineDeed.RAISED, figures, reason=text, acting_user=acting_user)


@transaction.atomic
def freeze_line(*, line: CreditLine, reason: str, acting_user: User) -> LineChange:
    """Let nothing more be drawn; loans go on.

    :raises CreditRefused: ``line.frozen``, ``line.closed``, ``line.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock_open(line)
    if locked.is_frozen:
        raise CreditRefused("line.frozen", line=locked.line_ref)
    figures = _figures(locked, is_frozen=True)
    return _note(locked, LineDeed.FROZEN, figures, reason=text, acting_user=acting_user)


@transaction.atomic
def restore_line(*, line: CreditLine, reason: str, acting_user: User) -> Approval:
    """Ask to let a frozen line be drawn on again.

    :raises CreditRefused: ``line.not_frozen``, ``line.closed``, ``line.reason_missing``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    text = checked_reason(reason)
    locked = _lock_open(line)
    if not locked.is_frozen:
        raise CreditRefused("line.not_frozen", line=locked.line_ref)
    figures = _figures(locked, is_frozen=False)
    return _ask(locked, LineDeed.RESTORED, figures, reason=text, acting_user=acting_user)


@transaction.atomic
def extend_line(
    *, line: CreditLine, expires_on: date, reason: str, acting_user: User
) -> LineChange | Approval:
    """Ask for a later end of a line; an earlier one is noted at once.

    :raises CreditRefused: ``line.days_wrong``, ``line.closed``, ``line.reason_missing``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    text = checked_reason(reason)
    locked = _lock_open(line)
    if expires_on < locked.opened_on or expires_on == locked.expires_on:
        raise CreditRefused("line.days_wrong")
    figures = _figures(locked, expires_on=expires_on)
    if expires_on < locked.expires_on:
        return _note(locked, LineDeed.EXTENDED, figures, reason=text, acting_user=acting_user)
    return _ask(locked, LineDeed.EXTENDED, figures, reason=text, acting_user=acting_user)


@transaction.atomic
def close_line(*, line: CreditLine, reason: str, acting_user: User) -> LineChange:
    """End a line for good: nothing is drawn on it any more; loans go on.

    :raises CreditRefused: ``line.closed``, ``line.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock_open(line)
    figures = _figures(locked, is_closed=True)
    return _note(locked, LineDeed.CLOSED, figures, reason=text, acting_user=acting_user)


def carry_out_raise(approval: Approval, acting_user: User) -> None:
    """Note a change that was approved, if the line is as it was when it was asked for.

    :raises ApprovalRefused: ``approval.stale``.
    """
    given: dict[str, Any] = approval.payload
    line = CreditLine.objects.select_for_update().filter(pk=approval.target_id).first()
    if line is None or line.is_closed or line.changes.count() != given["after_change"]:
        raise ApprovalRefused("approval.stale")
    figures = Figures(
        limit_minor=given["limit_minor"],
        expires_on=date.fromisoformat(given["expires_on"]),
        is_frozen=given["is_frozen"],
    )
    _note(
        line,
        LineDeed(given["deed"]),
        figures,
        reason=approval.reason,
        acting_user=acting_user,
        approval=approval,
    )


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept.

    :raises CreditRefused: ``line.reason_missing``.
    """
    text = reason.strip()
    if not text or len(text) > REASON_LONGEST or "\0" in text:
        raise CreditRefused("line.reason_missing", most=REASON_LONGEST)
    return text


def lock_line(line: CreditLine) -> CreditLine:
    """Lock the book, then the line; whoever holds it alone draws on it."""
    Book.objects.select_for_update().get(pk=line.book_id)
    found = CreditLine.objects.select_for_update(of=("self",)).select_related("book", "party")
    return found.get(pk=line.pk)


def _lock_open(line: CreditLine) -> CreditLine:
    locked = lock_line(line)
    if locked.is_closed:
        raise CreditRefused("line.closed", line=locked.line_ref)
    return locked


def _figures(line: CreditLine, **changed: Any) -> Figures:
    held: dict[str, Any] = {
        "limit_minor": line.limit_minor,
        "expires_on": line.expires_on,
        "is_frozen": line.is_frozen,
        "is_closed": line.is_closed,
    }
    return Figures(**(held | changed))


def _ask(
    line: CreditLine, deed: LineDeed, figures: Figures, *, reason: str, acting_user: User
) -> Approval:
    return approvals.request(
        kind=RAISE,
        book=line.book,
        target_type=TARGET,
        target_id=line.pk,
        amount_minor=figures.limit_minor,
        payload={
            "line": line.line_ref,
            "deed": deed.value,
            "limit_minor": figures.limit_minor,
            "limit_before_minor": line.limit_minor,
            "expires_on": figures.expires_on.isoformat(),
            "is_frozen": figures.is_frozen,
            "after_change": line.changes.count(),
        },
        reason=reason,
        acting_user=acting_user,
    )


def _note(
    line: CreditLine,
    deed: LineDeed,
    figures: Figures,
    *,
    reason: str,
    acting_user: User,
    approval: Approval | None = None,
) -> LineChange:
    change = LineChange.objects.create(
        line=line,
        change_no=line.changes.count() + 1,
        deed=deed,
        limit_minor=figures.limit_minor,
        expires_on=figures.expires_on,
        is_frozen=figures.is_frozen,
        reason=reason,
        approval=approval,
        acting_user=acting_user,
    )
    line.limit_minor, line.expires_on = figures.limit_minor, figures.expires_on
    line.is_frozen, line.is_closed = figures.is_frozen, figures.is_closed
    line.save(update_fields=["limit_minor", "expires_on", "is_frozen", "is_closed"])
    audit.record(
        acting_user=acting_user,
        action=f"credit_line.{deed.value}",
        target_type=TARGET,
        target_id=line.pk,
        details={"line": line.line_ref, "limit_minor": figures.limit_minor, "reason": reason},
    )
    return change
