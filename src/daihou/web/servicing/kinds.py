"""Servicing's kinds in the registry of approvals: their names, what they do, how they look."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from daihou.errors import DaihouError
from daihou.web.approvals import registry
from daihou.web.approvals.models import Approval, State
from daihou.web.servicing import operations, previewing, queries
from daihou.web.servicing.actions import Action, kind_of

LABELS = {
    Action.EXTEND: _("Extension"),
    Action.DEFER: _("Deferral or payment holiday"),
    Action.RE_AGE: _("Re-age into new instalments"),
    Action.RE_AMORTIZE: _("Spread the overdue over the rest"),
    Action.MOVE_DUE_DATES: _("Change of due dates"),
    Action.CHANGE_RATE: _("Change of rate"),
    Action.CHANGE_TERM: _("Change of term"),
    Action.PLAN_OVERDUE: _("Instalment plan for the overdue amount"),
    Action.CARD_INSTALMENTS: _("Personalised card instalments"),
    Action.ACCELERATE: _("Acceleration"),
    Action.PAUSE_INTEREST: _("Interest pause"),
    Action.PREPAY: _("Partial prepayment"),
    Action.PAY_OFF: _("Pay-off by a quote"),
    Action.SETTLE: _("Settlement at a discount"),
    Action.WAIVE: _("Waiver"),
    Action.ADD_CHARGE: _("Added charge"),
    Action.STOP_PENALTY: _("Stop of penalty"),
    Action.START_PENALTY: _("Restart of penalty"),
    Action.REFUND: _("Refund of overpayment"),
    Action.CHARGE_BACK: _("Charge-back"),
    Action.REVERSE_PAYMENT: _("Reversal of a payment"),
    Action.CHARGE_OFF: _("Charge-off"),
    Action.RECOVER: _("Recovery after charge-off"),
    Action.TRANSFER: _("Transfer to another owner"),
    Action.BUY_BACK: _("Buy-back"),
    Action.COMPENSATE: _("Compensation by the guarantor"),
    Action.RECOVER_CLAIM: _("Recovery of the guarantor's claim"),
    Action.UNDO: _("Undo"),
}
PREVIEW_TEMPLATE = "desk/servicing/parts/preview.html"


def register_all() -> None:
    """Make every action known to approvals."""
    for action in Action:
        registry.register(
            kind=kind_of(action),
            label=LABELS[action],
            carry_out=operations.carry_out,
            describe=describe,
        )


def describe(approval: Approval) -> registry.Description:
    """Show what was asked; as long as it waits, with the whole preview as the loan is now."""
    payload = approval.payload
    action = Action(payload["action"])
    title = f"{LABELS[action]} · {payload['loan_ref']}"
    assert approval.book is not None
    url = reverse("board:loan", args=[approval.book.name, payload["loan_ref"]])
    if approval.state != State.PENDING:
        return registry.Description(title=title, url=url)
    is_stale = queries.last_sequence(loan_id=int(approval.target_id)) != payload["sequence"]
    try:
        shown = previewing.preview(
            book=approval.book,
            loan_ref=payload["loan_ref"],
            action=action,
            asked=operations.asked_of(approval),
            at=approval.made_at,
        )
    except DaihouError as refused:
        return registry.Description(title=title, url=url, is_stale=is_stale, refused=refused)
    return registry.Description(
        title=title,
        url=url,
        is_stale=is_stale,
        template=PREVIEW_TEMPLATE,
        context={"shown": shown},
    )
