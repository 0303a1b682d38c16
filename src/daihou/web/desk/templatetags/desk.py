"""Template tags of the desk: lines of refusals, words of rules and roles."""

from collections.abc import Sequence

from django import template
from django.utils.translation import gettext_lazy as _

from daihou.core.classes import ClassReason, Why
from daihou.core.limits import Refusal
from daihou.errors import DaihouError
from daihou.web.access.models import Role
from daihou.web.desk.answering import line_of

register = template.Library()
CONFIDENCE = {
    "full": _("read in full"),
    "secondary": _("second hand"),
    "memory": _("from memory, to be verified"),
    "own": _("our own"),
}

CLASS_REASONS = {
    Why.DAYS: _("by days past due"),
    Why.WRITTEN_OFF: _("charged off"),
    Why.CURE: _("being cured"),
    Why.OBSERVATION: _("observed after a restructure"),
    Why.SECOND_RESTRUCTURE: _("restructured again while observed"),
    Why.COMPENSATED: _("the guarantor paid"),
}


@register.filter
def error_line(refused: BaseException) -> str:
    """Say an error in the language of the page."""
    return line_of(refused)


@register.filter
def refusal_line(refusal: Refusal) -> str:
    """Say why a limit refuses."""
    return line_of(DaihouError(refusal.code, **refusal.params))


@register.filter
def role_words(roles: Sequence[str]) -> str:
    """Name roles, between dots."""
    return " · ".join(str(Role(role).label) for role in roles if role in Role.values)


@register.filter
def confidence(value: str) -> str:
    """Say how sure a rule's text is."""
    return str(CONFIDENCE.get(value, value))


@register.filter
def class_reason(reason: ClassReason) -> str:
    """Say why a loan is not better than its floor."""
    return str(CLASS_REASONS[reason.why])
