"""Goal: every message says the same in both languages. Method: compare what they fill in."""

from string import Formatter

import pytest

from daihou.core.terms import TermsRefused
from daihou.engine.book import BookRefused
from daihou.errors import MESSAGES, ROW_MESSAGES, DaihouError, describe


def fields(line):
    return {name for _, name, _, _ in Formatter().parse(line) if name is not None}


LINES = [*MESSAGES.items(), *ROW_MESSAGES.items()]


@pytest.mark.parametrize(("code", "lines"), LINES, ids=[code for code, _ in LINES])
def test_both_languages_name_the_same_facts(code, lines):
    chinese, english = lines
    assert fields(chinese) == fields(english)
    assert "\n" not in chinese + english


DESCRIBED = [
    (DaihouError("home.not_usable", path="/a", text="full"), "the folder /a cannot be used: full"),
    (BookRefused("book.damaged", "x.parquet"), "a file of the book is damaged: x.parquet"),
    (TermsRefused("terms.rate_negative"), MESSAGES["terms.rate_negative"][1]),
    (ZeroDivisionError("by\nzero"), "internal error: ZeroDivisionError: by zero"),
]


@pytest.mark.parametrize(("exception", "line"), DESCRIBED)
def test_any_exception_becomes_one_line(exception, line):
    assert describe(exception).message_en == line
