"""How the approvals inbox shows a change of a credit line that waits for its second person."""

from django.urls import reverse
from django.utils.translation import gettext as _

from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.board import money
from daihou.web.credit.models import CreditLine, LineDeed


def describe(approval: Approval) -> Description:
    """Name the line, its limit before and after; stale once it changed."""
    given = approval.payload
    line = CreditLine.objects.select_related("book").filter(pk=approval.target_id).first()
    title = _("Credit line %(line)s: %(deed)s") % {
        "line": given["line"],
        "deed": LineDeed(given["deed"]).label,
    }
    if line is None:
        return Description(title=title, is_stale=True)
    digits = line.book.minor_digits
    return Description(
        title=title,
        facts=(
            (_("Limit before"), money.full(given["limit_before_minor"], digits=digits)),
            (_("Limit after"), money.full(given["limit_minor"], digits=digits)),
            (_("Expires on"), given["expires_on"]),
        ),
        url=reverse("desk:credit_line", args=[line.book.name, line.line_ref]),
        is_stale=line.changes.count() != given["after_change"],
    )
