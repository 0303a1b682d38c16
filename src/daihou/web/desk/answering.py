"""Say on the next page how a request ended: done, or refused with the line of its code."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import get_language

from daihou.errors import DaihouError, describe, message
from daihou.messages.forms import FIELDS

SHOWN_MOST = 200  # Characters of one value in a line.


def attempt(request: HttpRequest, act: Callable[[], object], *, done: str) -> bool:
    """Do it and say so; a refusal is said instead. Tell whether it was done."""
    try:
        act()
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return False
    messages.success(request, done)
    return True


def line_of(refused: BaseException) -> str:
    """Give the line of an error in the language of the page, with its fields as pages name them."""
    is_chinese = (get_language() or "").startswith("zh")
    code, params = getattr(refused, "code", None), getattr(refused, "params", None)
    lines = None
    if isinstance(code, str) and isinstance(params, Mapping):
        lines = message(code=code, params={name: _said(name, params[name]) for name in params})
    if lines is None:
        described = describe(refused)
        lines = (described.message_zh, described.message_en)
    return lines[0 if is_chinese else 1]


def _said(name: str, value: object) -> object:
    """Shorten what somebody sent at length; give a field the name that the page shows."""
    if name == "field" and str(value) in FIELDS:
        return FIELDS[str(value)][0 if (get_language() or "").startswith("zh") else 1]
    text = str(value)
    return value if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…"
