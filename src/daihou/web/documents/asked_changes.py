"""What a request of servicing makes of a loan: as recorded, or as it would be recorded today."""

from django.utils import timezone

from daihou.core.preview import Preview, preview
from daihou.web.approvals.models import Approval, State
from daihou.web.documents import changed_plans
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.values import Subject
from daihou.web.servicing import previewing
from daihou.web.servicing.actions import Action
from daihou.web.servicing.building import KEY
from daihou.web.servicing.operations import asked_of


def preview_of(*, approval: Approval, subject: Subject) -> Preview:
    """Show the loan before and after what was asked for.

    :raises DocumentRefused: ``document.no_change`` where no plan is changed.
    :raises ServicingRefused: as ``servicing.previewing.preview``.
    """
    prefix = f"{KEY}:{approval.pk}:"
    recorded = [event for event in subject.events if event.key.startswith(prefix)]
    if approval.state == State.CARRIED_OUT:
        changes = [each for each in recorded if each.kind in changed_plans.PLAN_CHANGES]
        if not changes:
            raise DocumentRefused("document.no_change", loan_ref=subject.contract.loan_ref)
        return changed_plans.of_recorded(subject=subject, changes=recorded)
    assert approval.book is not None
    shown = previewing.preview(
        book=approval.book,
        loan_ref=subject.contract.loan_ref,
        action=Action(approval.payload["action"]),
        asked=asked_of(approval),
        at=timezone.now(),
    )
    if not any(event.kind in changed_plans.PLAN_CHANGES for event in shown.events):
        raise DocumentRefused("document.no_change", loan_ref=subject.contract.loan_ref)
    return preview(
        contract=subject.contract,
        events=subject.events,
        proposed=shown.events,
        as_of=shown.shown_on,
    )
