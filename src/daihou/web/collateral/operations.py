"""Change the register. One change is one transaction and one audit row; papers move by two."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from daihou.core.terms import MOST_MINOR
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit import operations as audit
from daihou.web.collateral import queries
from daihou.web.collateral.errors import CollateralRefused
from daihou.web.collateral.models import (
    Insurance,
    Item,
    ItemKind,
    MovementKind,
    Paper,
    PaperKind,
    Pledge,
    ReleaseTask,
    TaskState,
    Valuation,
    ValuedBy,
)
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party

CUSTODY, RELEASE = "collateral.custody", "collateral.release"
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def add_item(
    *,
    book: Book,
    item_no: str,
    kind: ItemKind,
    description: str,
    identifier: str,
    owner: Party | None,
    acting_user: User,
) -> Item:
    """Enter an item in the register.

    :raises CollateralRefused: ``collateral.text_refused``, ``collateral.item_known``.
    """
    try:
        with transaction.atomic():
            item = Item.objects.create(
                book=book,
                item_no=_text(item_no, "item_no", 64),
                kind=kind,
                description=_text(description, "description", 300),
                identifier=_text(identifier, "identifier", 100),
                owner=owner,
                added_by=acting_user,
            )
            _audit("collateral.add", item, acting_user, kind=item.kind)
    except IntegrityError as exception:
        raise CollateralRefused("collateral.item_known", item=item_no) from exception
    return item


def value_item(
    *,
    item: Item,
    valued_on: date,
    value_minor: int,
    counted_share: Decimal,
    valued_by: ValuedBy,
    source: str,
    acting_user: User,
) -> Valuation:
    """Say what an item was worth on a day; earlier values stay.

    :raises CollateralRefused: ``collateral.text_refused``, ``collateral.amount_refused``,
        ``collateral.share_refused``, ``collateral.day_refused``.
    """
    _check_day(valued_on)
    _check_amount(value_minor, least=0)
    if not counted_share.is_finite() or not 0 < counted_share <= 1:
        raise CollateralRefused("collateral.share_refused")
    with transaction.atomic():
        made = Valuation.objects.create(
            item=item,
            valued_on=valued_on,
            value_minor=value_minor,
            counted_share=counted_share.quantize(Decimal("0.0001")),
            valued_by=valued_by,
            source=_text(source, "source", 200),
            added_by=acting_user,
        )
        _audit("collateral.value", item, acting_user, valuation=made.pk)
    return made


def pledge(
    *,
    item: Item,
    loan: Loan,
    rank: int,
    amount_minor: int | None,
    pledged_on: date,
    registration: str,
    acting_user: User,
) -> Pledge:
    """Let an item secure a loan of the same book.

    :raises CollateralRefused: ``collateral.other_book``, ``collateral.amount_refused``,
        ``collateral.rank_refused``, ``collateral.pledged_already``, ``collateral.day_refused``.
    """
    _check_day(pledged_on)
    if loan.book_id != item.book_id:
        raise CollateralRefused("collateral.other_book", loan_ref=loan.loan_ref)
    if amount_minor is not None:
        _check_amount(amount_minor, least=1)
    if not 1 <= rank <= 99:
        raise CollateralRefused("collateral.rank_refused")
    try:
        with transaction.atomic():
            made = Pledge.objects.create(
                item=item,
                loan=loan,
                rank=rank,
                amount_minor=amount_minor,
                pledged_on=pledged_on,
                registration=_text(registration, "registration", 100, may_be_empty=True),
                added_by=acting_user,
            )
            _audit("collateral.pledge", item, acting_user, loan=loan.pk, pledge=made.pk)
    except IntegrityError as exception:
        raise CollateralRefused("collateral.pledged_already", rank=rank) from exception
    return made


def insure(
    *,
    item: Item,
    insurer: str,
    policy_no: str,
    starts_on: date,
    ends_on: date,
    sum_minor: int,
    acting_user: User,
) -> Insurance:
    """Note a policy on an item; a renewal is a policy of its own.

    :raises CollateralRefused: ``collateral.text_refused``, ``collateral.amount_refused``,
        ``collateral.days_refused``, ``collateral.policy_known``, ``collateral.day_refused``.
    """
    _check_day(starts_on)
    _check_day(ends_on)
    _check_amount(sum_minor, least=1)
    if ends_on < starts_on:
        raise CollateralRefused("collateral.days_refused")
    try:
        with transaction.atomic():
            made = Insurance.objects.create(
                item=item,
                insurer=_text(insurer, "insurer", 100),
                policy_no=_text(policy_no, "policy_no", 100),
                starts_on=starts_on,
                ends_on=ends_on,
                sum_minor=sum_minor,
                added_by=acting_user,
            )
            _audit("collateral.insure", item, acting_user, insurance=made.pk)
    except IntegrityError as exception:
        raise CollateralRefused("collateral.policy_known", policy_no=policy_no) from exception
    return made


def add_paper(*, item: Item, kind: PaperKind, number: str, acting_user: User) -> Paper:
    """Name a title document of an item; it comes into custody by a movement.

    :raises CollateralRefused: ``collateral.text_refused``, ``collateral.paper_known``.
    """
    try:
        with transaction.atomic():
            made = Paper.objects.create(
                item=item, kind=kind, number=_text(number, "number", 100), added_by=acting_user
            )
            _audit("collateral.add_paper", item, acting_user, paper=made.pk)
    except IntegrityError as exception:
        raise CollateralRefused("collateral.paper_known", number=number) from exception
    return made


def request_movement(
    *,
    paper: Paper,
    kind: MovementKind,
    moved_on: date,
    place: str,
    reason: str,
    acting_user: User,
    due_back_on: date | None = None,
) -> Approval:
    """Ask to move a paper; a second person agrees, and then it has moved.

    :raises CollateralRefused: ``custody.not_possible``, ``custody.secures_a_loan``,
        ``custody.due_back_refused``, ``collateral.text_refused``, ``collateral.day_refused``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    _check_day(moved_on)
    queries.check_movement(paper=paper, kind=kind)
    is_lent = kind == MovementKind.BORROWED
    if is_lent != (due_back_on is not None) or (due_back_on and due_back_on < moved_on):
        raise CollateralRefused("custody.due_back_refused")
    payload: Mapping[str, Any] = {
        "kind": kind.value,
        "moved_on": moved_on.isoformat(),
        "place": _text(place, "place", 100),
        "due_back_on": due_back_on.isoformat() if due_back_on else None,
        "number": paper.number,
        "item_no": paper.item.item_no,
    }
    return approvals.request(
        kind=CUSTODY,
        book=paper.item.book,
        target_type="paper",
        target_id=paper.pk,
        payload=payload,
        reason=reason,
        acting_user=acting_user,
    )


def raise_release_tasks(*, book: Book, as_of: date, acting_user: User) -> list[ReleaseTask]:
    """Raise a task for every settled loan that still has collateral; cancel what is no longer so.

    Done again on the same day it changes nothing. Answers the tasks it raised.
    """
    settled = queries.settled_loans_with_pledges(book=book, as_of=as_of)
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=book.pk)
        open_tasks = {
            task.loan_id: task
            for task in ReleaseTask.objects.filter(book=book, state=TaskState.OPEN)
        }
        gone = [task for loan_id, task in open_tasks.items() if loan_id not in settled]
        for task in gone:
            task.state, task.ended_on = TaskState.CANCELLED, as_of
            task.save(update_fields=["state", "ended_on"])
        raised = [
            ReleaseTask.objects.create(book=book, loan_id=loan_id, settled_on=settled_on)
            for loan_id, settled_on in sorted(settled.items())
            if loan_id not in open_tasks
        ]
        if raised or gone:
            audit.record(
                acting_user=acting_user,
                action="collateral.raise_release_tasks",
                target_type="book",
                target_id=book.pk,
                details={
                    "as_of": as_of.isoformat(),
                    "raised": [task.loan_id for task in raised],
                    "cancelled": [task.loan_id for task in gone],
                },
            )
    return raised


def request_release(*, task: ReleaseTask, as_of: date, reason: str, acting_user: User) -> Approval:
    """Ask for the sign-off of two roles on giving a settled loan's collateral back.

    :raises CollateralRefused: ``release.not_open``, ``release.asked_already``,
        ``release.papers_lent``, ``document.not_settled``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    queries.check_release(task=task, as_of=as_of)
    return approvals.request(
        kind=RELEASE,
        book=task.book,
        target_type="release_task",
        target_id=task.pk,
        payload={
            "loan_ref": task.loan.loan_ref,
            "settled_on": task.settled_on.isoformat(),
            "as_of": as_of.isoformat(),
            "items": queries.item_numbers(loan=task.loan),
        },
        reason=reason,
        acting_user=acting_user,
    )


def _text(given: str, field: str, most: int, *, may_be_empty: bool = False) -> str:
    text = given.strip()
    if len(text) > most or not text.isprintable() or (not text and not may_be_empty):
        raise CollateralRefused("collateral.text_refused", field=field, most=most)
    return text


def _check_amount(amount_minor: int, *, least: int) -> None:
    if not least <= amount_minor <= MOST_MINOR:
        raise CollateralRefused("collateral.amount_refused")


def _check_day(day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise CollateralRefused("collateral.day_refused", day=day)


def _audit(action: str, item: Item, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="collateral",
        target_id=item.pk,
        details=details,
    )
