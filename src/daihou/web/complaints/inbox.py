"""How the inbox of approvals shows a request for a longer clock."""

from django.urls import reverse
from django.utils.translation import gettext as _

from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.complaints import clocks
from daihou.web.complaints.models import Complaint


def describe(approval: Approval) -> Description:
    """Say whose clock is to run how much longer, and by which rule."""
    complaint = Complaint.objects.select_related("book").get(pk=approval.payload["complaint"])
    clock = clocks.extended(
        book=complaint.book,
        name=complaint.clock["name"],
        is_special=True,
        received_on=clocks.day_of(complaint.clock["from_on"]),
    )
    return Description(
        title=_("Longer clock of complaint %(number)s") % {"number": complaint.reference},
        facts=(
            (_("Matter"), str(complaint.get_topic_display())),
            (_("Answer due"), str(complaint.due_on)),
            (_("New day"), clock.due_on.isoformat()),
            (_("Rule"), clock.rule_id),
        ),
        url=reverse("desk:complaint", args=[complaint.book.name, complaint.pk]),
    )
