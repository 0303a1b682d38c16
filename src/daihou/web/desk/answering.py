"""Say on the next page how a request ended: done, or refused with the line of its code."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import get_language

from daihou.errors import DaihouError, describe


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
    """Give the line of an error in the language of the page."""
    described = describe(refused)
    is_chinese = (get_language() or "").startswith("zh")
    return described.message_zh if is_chinese else described.message_en
