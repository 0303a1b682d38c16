"""What can be done in a case: its key, its place in the bar, the right it needs."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """``is_main``: in the bar at all times; else in its menu."""

    key: str
    icon: str
    label: Promise
    permission: str
    is_main: bool = True


ACTIONS: dict[str, Action] = {
    "call": Action(key="d", icon="phone", label=_("Call"), permission="contact.make"),
    "message": Action(key="s", icon="message-2", label=_("Message"), permission="contact.make"),
    "promise": Action(key="p", icon="calendar-check", label=_("Promise"), permission="case.work"),
    "plan": Action(
        key="l", icon="adjustments-dollar", label=_("Plan"), permission="servicing.request"
    ),
    "hardship": Action(
        key="h", icon="heart-handshake", label=_("Hardship"), permission="case.work"
    ),
    "note": Action(key="n", icon="note", label=_("Note"), permission="case.work"),
    "stop": Action(key="x", icon="hand-stop", label=_("Stop contact"), permission="contact.stop"),
    "complaint": Action(
        key="q", icon="message-report", label=_("Complaint"), permission="complaint.record"
    ),
    "dispute": Action(
        key="u",
        icon="scale",
        label=_("Dispute"),
        permission="complaint.record",
        is_main=False,
    ),
    "paid": Action(
        key="a",
        icon="zoom-money",
        label=_("Says it is paid"),
        permission="complaint.record",
        is_main=False,
    ),
    "pay_link": Action(
        key="y", icon="qrcode", label=_("Pay link"), permission="case.work", is_main=False
    ),
    "hand_over": Action(
        key="o", icon="user-share", label=_("Hand over"), permission="case.work", is_main=False
    ),
    "later": Action(
        key="t", icon="clock-plus", label=_("Put away until"), permission="case.work", is_main=False
    ),
    "state": Action(
        key="w",
        icon="user-exclamation",
        label=_("State of the person"),
        permission="person.state",
        is_main=False,
    ),
    "reveal": Action(
        key="r",
        icon="eye",
        label=_("Reveal"),
        permission="party.view_personal_data",
        is_main=False,
    ),
}
