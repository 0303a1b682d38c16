"""Template tags of the workbench and of visits."""

from datetime import date, datetime

from django import template

from daihou.web.cases.locking import is_locked
from daihou.web.cases.models import Case
from daihou.web.desk.cases import words

register = template.Library()
KILOMETER = 1000


@register.filter
def case_word(value: object, table: str) -> str:
    """Look a word of collections up in a table of ``desk.cases.words``."""
    return str(getattr(words, table).get(value, value))


@register.filter
def distance(meters: int) -> str:
    """Write a distance: 850 m, 3.2 km."""
    return f"{meters} m" if meters < KILOMETER else f"{meters / KILOMETER:.1f} km"


@register.filter
def cut_words(text: str) -> list[str]:
    """Cut a text of words into them."""
    return text.split()


@register.filter
def is_locked_at(case: Case, at: datetime) -> bool:
    """Tell whether somebody works a case."""
    return is_locked(case=case, at=at)


@register.filter
def days_on(case: Case, on: date) -> int | str:
    """Count how long the oldest due of a case is past; nothing where nothing is overdue."""
    return "" if case.oldest_due_on is None else max(0, (on - case.oldest_due_on).days)
