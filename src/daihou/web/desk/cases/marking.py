"""Forms of a case that mark it: tags set and cleared, a promise taken back."""

from typing import Any

from django.utils.translation import gettext as _

from daihou.errors import DaihouError
from daihou.web.cases import noting, promises
from daihou.web.cases.models import Promise, PromiseState, Tag, TagKind
from daihou.web.desk.cases import words
from daihou.web.desk.cases.doing import Doing, Kind


def _tags_form(doing: Doing) -> dict[str, Any]:
    held = Tag.objects.filter(case=doing.case, until_at__isnull=True).select_related("set_by")
    rows = [(tag, words.TAGS[tag.kind]) for tag in held.order_by("from_at", "pk")]
    kinds = {tag.kind for tag, _word in rows}
    free = [(kind.value, words.TAGS[kind.value]) for kind in TagKind if kind.value not in kinds]
    return {"held": rows, "free": free}


def _tags(doing: Doing) -> str:
    """Set the tag that was chosen, or clear the one whose button was pressed."""
    sent = doing.sent
    cleared = sent.text("clear")
    act = noting.untag if cleared else noting.tag
    if not cleared and doing.case.tag_rows.filter(kind=sent.text("set"), until_at=None).exists():
        raise DaihouError("case.tag_held", tag=str(words.TAGS[sent.text("set")]))
    act(
        case=doing.case,
        kind=cleared or sent.text("set"),
        reason=sent.text("reason"),
        at=doing.at,
        acting_user=doing.user,
    )
    return _("The tag is cleared.") if cleared else _("The tag is set.")


def _withdraw_form(doing: Doing) -> dict[str, Any]:
    return {"promise": doing.case.promises.filter(state=PromiseState.OPEN).first()}


def _withdraw(doing: Doing) -> str:
    """Take back the promise that the form showed; one made since then stays."""
    shown = Promise.objects.filter(case=doing.case, pk=doing.sent.number("promise")).first()
    if shown is None:
        raise DaihouError("promise.not_open")
    promises.withdraw(
        promise=shown, reason=doing.sent.text("reason"), at=doing.at, acting_user=doing.user
    )
    return _("The promise is withdrawn; it counts neither as kept nor as broken.")


MARKS: tuple[Kind, ...] = (
    Kind(name="tags", form=_tags_form, act=_tags),
    Kind(name="withdraw", form=_withdraw_form, act=_withdraw),
)
