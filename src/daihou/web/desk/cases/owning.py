"""Forms of who works a case: taken by oneself, taken back from its owner, what it needs of one."""

from typing import Any

from django.utils.translation import gettext as _

from daihou.errors import DaihouError
from daihou.web.cases import assigning, staffing
from daihou.web.cases.models import Collector
from daihou.web.desk.cases.doing import Doing, Kind, nothing


def _claim(doing: Doing) -> str:
    """Take a case that nobody owns, with every other open case of the person."""
    taken = assigning.claim(case=doing.case, at=doing.at, acting_user=doing.user)
    if not taken:
        raise DaihouError("case.owned", by=str(doing.user))
    return _("The case is yours.")


def _recall(doing: Doing) -> str:
    assigning.recall(
        case=doing.case, reason=doing.sent.text("reason"), at=doing.at, acting_user=doing.user
    )
    return _("The case is taken back; nobody owns it until it is given out or taken over.")


def _need_form(_doing: Doing) -> dict[str, Any]:
    """Offer what the collectors can do and speak."""
    held = Collector.objects.filter(is_active=True).values_list("skills", "languages")
    return {
        "skills": sorted({skill for skills, _languages in held for skill in skills}),
        "languages": sorted({each for _skills, languages in held for each in languages}),
    }


def _need(doing: Doing) -> str:
    staffing.need(
        case=doing.case,
        skill=doing.sent.text("skill"),
        language=doing.sent.text("language"),
        acting_user=doing.user,
    )
    return _("What the case needs is noted; the next run heeds it.")


OWNING: tuple[Kind, ...] = (
    Kind(name="claim", form=nothing, act=_claim),
    Kind(name="recall", form=nothing, act=_recall),
    Kind(name="need", form=_need_form, act=_need),
)
