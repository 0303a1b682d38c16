"""Template tags of the faces: icons, amounts, days, states."""

import json
from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from daihou.collect import packs as contact_packs
from daihou.core.events import Event
from daihou.messages.words import WORDS
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.assets.icons import icon_svg
from daihou.web.board import money as writing, words
from daihou.web.parameters import packs as parameter_packs

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon; the markup comes from the locked package, never from data."""
    return mark_safe(icon_svg(name))  # noqa: S308


@register.filter
def as_kept(value: object) -> str:
    """Write a value of an audit row: a text as it is, anything else as the JSON that is kept."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@register.filter
def money(amount_minor: int | None, book: Any) -> str:
    """Write an amount with all its digits, without the currency's sign."""
    return "–" if amount_minor is None else writing.full(amount_minor, digits=book.minor_digits)


@register.filter
def signed_money(amount_minor: int | None, book: Any) -> str:
    """Write an amount with all its digits after the currency's sign."""
    return writing.sign(book.currency) + money(amount_minor, book)


@register.filter
def short_money(amount_minor: int, book: Any) -> str:
    """Write an amount to about four places after the currency's sign."""
    return writing.sign(book.currency) + writing.short(amount_minor, digits=book.minor_digits)


@register.filter
def share(rate: float | None, places: int = 2) -> str:
    return writing.share(rate, places=places)


@register.filter
def share_of(numerator: int, denominator: int) -> str:
    """Write numerator over denominator as a percentage; a dash over nothing."""
    return writing.share(numerator / denominator if denominator else None)


@register.filter
def counted(value: int) -> str:
    """Write a number of things, thousands apart."""
    return f"{value:,}"


@register.filter
def day(value: date | str | None) -> str:
    """Write a day as 2026-01-31, an absent one or that of a loan without schedule as a dash."""
    if not value or value == UNSCHEDULED_ON:
        return "–"
    return value if isinstance(value, str) else value.isoformat()[:10]


@register.filter
def has_no_day(value: date | None) -> bool:
    """Tell whether a due date stands for no day: its loan has no schedule."""
    return value == UNSCHEDULED_ON


@register.filter
def instant(value: datetime | None) -> str:
    """Write an instant in the business zone, to the minute."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if value else "–"


@register.filter
def seconds(value: float | None) -> str:
    """Write a duration: 0.42 s, 12.3 s, 3 min 05 s."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.{2 if value < 10 else 1}f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


@register.filter
def state_word(state: str) -> str:
    return words.state_word(state)


@register.filter
def slug_state(state: str) -> str:
    """Name a state's colour class: M6+ becomes m7."""
    return "m7" if state == "M6+" else state.lower()


@register.filter
def word(value: str, table: str) -> str:
    """Look a word of the ledger up in a table of ``words``."""
    return str(getattr(words, table).get(value, value))


@register.filter
def named(value: str, table: str) -> str:
    """Name a value as messages do, in the language of the request."""
    names = WORDS[table].get(value)
    if names is None:
        return value
    return names[0 if (get_language() or "").startswith("zh") else 1]


@register.filter
def rule_source(source: str) -> str:
    """Give the source of a row of our packs in the language of the request; others as they are."""
    if not (get_language() or "").startswith("zh"):
        return source
    of_contact = contact_packs.sources_in_chinese().get(source)
    return of_contact or parameter_packs.sources_in_chinese().get(source, source)


@register.filter
def event_icon(kind: str) -> str:
    return words.EVENT_ICONS.get(kind, "point")


@register.filter
def recorded_late(event: Event | None) -> bool:
    """Tell whether an event became known on a later day than it counts for."""
    if event is None:
        return False
    return timezone.localtime(event.recorded_at).date() > event.effective_on


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """Take one entry of a mapping."""
    return mapping.get(key)


@register.filter
def at(items: Any, index: int) -> Any:
    """Take one of a row of things by its place."""
    return items[index]
