"""What the steps of a complaint are called."""

from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

STEPS = MappingProxyType(
    {
        "record": _("Recorded"),
        "take": _("Taken on"),
        "note": _("Noted"),
        "name_people": _("Colleagues named"),
        "extend": _("Clock extended"),
        "withdraw": _("Taken back"),
        "reopen": _("Opened again"),
        "decide": _("Decided"),
        "remedy": _("Remedy"),
        "answer": _("Answered in writing"),
        "close": _("Complaint closed"),
    }
)
