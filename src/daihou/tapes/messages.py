"""What a row's error code says, in Chinese and English."""

from daihou.errors import message
from daihou.messages import ROW_MESSAGES


def message_of(code: str, column: str | None) -> tuple[str, str]:
    """Say what is wrong with a row; a code without a line is its own text.

    >>> message_of("value.missing", "due_on")[1]
    'due_on is missing'
    """
    lines = ROW_MESSAGES.get(code)
    if lines is None:
        return message(code=code, params={"column": column or ""}) or (code, code)
    zh, en = (line.replace("{column}", column or "") for line in lines)
    return zh, en
