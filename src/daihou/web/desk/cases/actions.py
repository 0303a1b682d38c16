"""What can be done in a case: its key, its place in the bar, the right it needs."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.web.cases.models import Case, CaseState


def _always(_case: Case) -> bool:
    return True


def _is_free(case: Case) -> bool:
    return case.owner_id is None and case.state != CaseState.CLOSED


def _is_owned(case: Case) -> bool:
    return case.owner_id is not None and case.state != CaseState.CLOSED


def _has_promise(case: Case) -> bool:
    return case.promised_on is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """``is_main``: in the bar at all times; else in its menu. ``fits``: cases it is shown for."""

    key: str
    icon: str
    label: Promise
    permission: str
    is_main: bool = True
    fits: Callable[[Case], bool] = _always


Row = tuple[str, str, str, Promise, str]
MAIN: tuple[Row, ...] = (  # Name, key, icon, label, permission.
    ("call", "d", "phone", _("Call"), "contact.make"),
    ("message", "s", "message-2", _("Message"), "contact.make"),
    ("promise", "p", "calendar-check", _("Promise"), "case.work"),
    ("plan", "l", "adjustments-dollar", _("Plan"), "servicing.request"),
    ("hardship", "h", "heart-handshake", _("Hardship"), "case.work"),
    ("note", "n", "note", _("Note"), "case.work"),
    ("stop", "x", "hand-stop", _("Stop contact"), "contact.stop"),
    ("complaint", "q", "message-report", _("Complaint"), "complaint.record"),
)
MORE: tuple[Row, ...] = (
    ("called", "f", "phone-incoming", _("She called"), "case.work"),
    ("dispute", "u", "scale", _("Dispute"), "complaint.record"),
    ("paid", "a", "zoom-money", _("Says it is paid"), "complaint.record"),
    ("pay_link", "y", "qrcode", _("Pay link"), "case.work"),
    ("hand_over", "o", "user-share", _("Hand over"), "case.work"),
    ("robot", "k", "robot", _("Let the robot call"), "contact.make"),
    ("later", "t", "clock-plus", _("Put away until"), "case.work"),
    ("state", "w", "user-exclamation", _("State of the person"), "person.state"),
    ("reveal", "r", "eye", _("Reveal"), "party.view_personal_data"),
    ("tags", "e", "tag", _("Tags"), "case.work"),
    ("withdraw", "z", "calendar-x", _("Withdraw the promise"), "case.work"),
    ("claim", "c", "user-plus", _("Take over"), "case.work"),
    ("recall", "b", "user-minus", _("Take back from its owner"), "case.assign"),
    ("need", "i", "adjustments", _("What the case needs"), "case.assign"),
)
FITS: dict[str, Callable[[Case], bool]] = {
    "withdraw": _has_promise,
    "claim": _is_free,
    "recall": _is_owned,
}
ACTIONS: dict[str, Action] = {
    name: Action(
        key=key,
        icon=icon,
        label=label,
        permission=permission,
        is_main=is_main,
        fits=FITS.get(name, _always),
    )
    for rows, is_main in ((MAIN, True), (MORE, False))
    for name, key, icon, label, permission in rows
}
