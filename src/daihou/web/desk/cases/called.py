"""She called: from which number, what she said, and what follows from it."""

from typing import Any

from django.utils.translation import gettext as _

from daihou.errors import DaihouError
from daihou.web.board.sight import may
from daihou.web.cases import people
from daihou.web.cases.called import note_call
from daihou.web.cases.people import Asked
from daihou.web.desk.cases.actions import ACTIONS
from daihou.web.desk.cases.doing import Doing, Kind, Panel
from daihou.web.parties.models import PointKind
from daihou.web.parties.reach import Known

FOLLOWS = ("promise", "plan", "hardship", "paid", "dispute", "complaint", "stop", "later")


def _numbers(doing: Doing) -> list[tuple[Asked, list[Known]]]:
    """List every number that is known of each person, usable for us or not: she used it."""
    found = people.asked(case=doing.case, loans=doing.loans, on=doing.today)
    return [(who, who.points(kind=PointKind.PHONE, on=doing.today)) for who in found]


def _form(doing: Doing) -> dict[str, Any]:
    groups = _numbers(doing)
    return {
        "groups": groups,
        "first": next((known for _who, numbers in groups for known in numbers), None),
    }


def _act(doing: Doing) -> Panel:
    wanted = doing.sent.text("point")
    named = (
        (who, known)
        for who, numbers in _numbers(doing)
        for known in numbers
        if f"{who.key}-{known.point.pk}" == wanted
    )
    who, known = next(named, (None, None))
    if who is None or known is None:
        raise DaihouError("form.choice_wrong", field="point")
    note_call(
        case=doing.case,
        who=who,
        point=known.point,
        text=doing.sent.text("text"),
        at=doing.at,
        acting_user=doing.user,
    )
    follows = [
        (name, ACTIONS[name])
        for name in FOLLOWS
        if may(doing.request, doing.sight, ACTIONS[name].permission)
        and ACTIONS[name].fits(doing.case)
    ]
    context = {"said": _("The call is noted. What follows from it?"), "follows": follows}
    return Panel(template="desk/cases/acts/follows.html", context=context)


CALLED = (Kind(name="called", form=_form, act=_act),)
