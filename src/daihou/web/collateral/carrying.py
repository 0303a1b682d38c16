"""What approved requests do: papers move, collateral is released; and how the inbox shows them."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from daihou.web.access.models import User
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.archive import operations as archive
from daihou.web.archive.models import File
from daihou.web.audit import operations as audit
from daihou.web.collateral import queries
from daihou.web.collateral.errors import CollateralRefused
from daihou.web.collateral.models import (
    Movement,
    MovementKind,
    Paper,
    Pledge,
    ReleaseTask,
    TaskState,
)
from daihou.web.documents import queries as documents, values
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.documents.operations import typeset


def move(approval: Approval, acting_user: User) -> None:
    """Move the paper as it was asked for, if that is still possible.

    :raises ApprovalRefused: ``approval.stale``.
    """
    paper = Paper.objects.get(pk=approval.target_id)  # The book is locked: nothing else moves.
    given = approval.payload
    try:
        queries.check_movement(paper=paper, kind=given["kind"])
    except CollateralRefused as refused:
        raise ApprovalRefused("approval.stale") from refused
    made = Movement.objects.create(
        paper=paper,
        kind=given["kind"],
        moved_on=given["moved_on"],
        place=given["place"],
        due_back_on=given["due_back_on"],
        reason=approval.reason,
        asked_by=approval.made_by,
        agreed_by=acting_user,
        approval=approval,
    )
    audit.record(
        acting_user=acting_user,
        action="collateral.move_paper",
        target_type="paper",
        target_id=paper.pk,
        details={"movement": made.pk, "kind": made.kind, "approval": approval.pk},
    )


def release(approval: Approval, acting_user: User) -> None:
    """End the pledges of a settled loan and make the letter that gives its papers back.

    :raises ApprovalRefused: ``approval.stale``.
    """
    task = ReleaseTask.objects.select_for_update().get(pk=approval.target_id)
    as_of = date.fromisoformat(approval.payload["as_of"])
    _check_same(task, approval, as_of)
    held = list(
        Pledge.objects.select_for_update(of=("self",))
        .filter(loan=task.loan, released_on__isnull=True)
        .select_related("item__owner")
        .order_by("item__item_no")
    )
    with transaction.atomic():
        for each in held:
            each.released_on = as_of
            each.save(update_fields=["released_on"])
        task.letter = _letter(task, held, as_of, acting_user)
        task.approval, task.state, task.ended_on = approval, TaskState.RELEASED, as_of
        task.save(update_fields=["letter", "approval", "state", "ended_on"])
        audit.record(
            acting_user=acting_user,
            action="collateral.release",
            target_type="loan",
            target_id=task.loan_id,
            details={"pledges": [each.pk for each in held], "approval": approval.pk},
        )


def _check_same(task: ReleaseTask, approval: Approval, as_of: date) -> None:
    try:
        queries.check_still_releasable(task=task, as_of=as_of)
    except CollateralRefused as refused:
        raise ApprovalRefused("approval.stale") from refused
    is_same = queries.item_numbers(loan=task.loan) == approval.payload["items"]
    if task.state != TaskState.OPEN or not is_same:
        raise ApprovalRefused("approval.stale")


def _letter(task: ReleaseTask, held: list[Pledge], as_of: date, acting_user: User) -> File:
    loans = documents.with_names(book=task.book, loan_ids=[task.loan_id])
    ((loan, subject),) = documents.subjects(book=task.book, loans=loans, language=Language.CHINESE)
    owners = [each.item.owner for each in held if each.item.owner]
    names = documents.names_of(parties=owners)
    written = values.release(
        subject=subject, as_of=as_of, items=[_line(each, names) for each in held]
    )
    produced = typeset(loan=loan, kind=DocumentKind.RELEASE, written=written)
    (letter,) = archive.store_produced(
        book=task.book, produced=[produced], arrived_on=as_of, acting_user=acting_user
    )
    return letter


def _line(pledge: Pledge, names: Mapping[int, str]) -> list[str]:
    """Write one item of the letter; papers stay where the item secures another loan."""
    item = pledge.item
    secures_more = Pledge.objects.filter(item=item, released_on__isnull=True).exists()
    inside = [
        f"{place.paper.get_kind_display()} {place.paper.number}"
        for place in queries.papers(item=item)
        if place.last is not None and place.last.kind in queries.INSIDE and not secures_more
    ]
    owner = names.get(item.owner_id or 0, "–")
    return [item.description, item.identifier, owner, "、".join(inside) or "–"]


def describe_movement(approval: Approval) -> Description:
    """Say which paper is to go where."""
    given = approval.payload
    paper = Paper.objects.select_related("item__book").get(pk=approval.target_id)
    facts = [
        (_("Collateral"), given["item_no"]),
        (_("Day"), given["moved_on"]),
        (_("Place or person"), given["place"]),
    ]
    if given["due_back_on"]:
        facts.append((_("Due back on"), given["due_back_on"]))
    try:
        queries.check_movement(paper=paper, kind=given["kind"])
        is_stale = False
    except CollateralRefused:
        is_stale = True
    kind = MovementKind(given["kind"]).label
    return Description(
        title=_("Paper %(number)s: %(kind)s") % {"number": given["number"], "kind": kind},
        facts=tuple(facts),
        url=reverse("desk:collateral_item", args=[paper.item.book.name, paper.item_id]),
        is_stale=is_stale,
    )


def describe_release(approval: Approval) -> Description:
    """Say which loan's collateral is to be given back."""
    given = approval.payload
    task = ReleaseTask.objects.select_related("book", "loan").get(pk=approval.target_id)
    try:
        _check_same(task, approval, date.fromisoformat(given["as_of"]))
        is_stale = False
    except ApprovalRefused:
        is_stale = task.state == TaskState.OPEN
    return Description(
        title=_("Release the collateral of loan %(loan)s") % {"loan": given["loan_ref"]},
        facts=(
            (_("Settled on"), given["settled_on"]),
            (_("Collateral"), ", ".join(given["items"])),
        ),
        url=reverse("desk:collateral_releases", args=[task.book.name]),
        is_stale=is_stale,
    )
