"""Shared by the tests of what is refused: the code is the one meant, and has its words."""

from contextlib import contextmanager

import pytest

from daihou.errors import MESSAGES, DaihouError


def refused(expected, operation, /, *given, **named):
    with refusing(expected):
        operation(*given, **named)


@contextmanager
def refusing(expected):
    with pytest.raises(DaihouError) as raised:
        yield
    assert raised.value.code == expected
    assert expected in MESSAGES
