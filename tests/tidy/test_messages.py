"""Goal: every message says the same in both languages. Method: compare what they fill in."""

from string import Formatter

import pytest

from daihou.collect.facts import StopKind
from daihou.collect.packs import Kind
from daihou.collect.requests import Channel, Purpose, Recipient
from daihou.core.life_cost import CostBasis
from daihou.core.limits import Payee
from daihou.core.terms import Component, TermsRefused
from daihou.engine.book import BookRefused
from daihou.errors import MESSAGES, ROW_MESSAGES, DaihouError, describe
from daihou.messages.words import WORDS


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


NAMED = {
    "component": Component,
    "basis": CostBasis,
    "payee": Payee,
    "stop_kind": StopKind,
    "recipient": Recipient,
    "contact_channel": Channel,
    "contact_purpose": Purpose,
    "rule_kind": Kind,
}


@pytest.mark.parametrize("name", NAMED)
def test_every_value_that_a_message_names_has_words(name):
    assert set(WORDS[name]) == {value.value for value in NAMED[name]}
    for value, (chinese, english) in WORDS[name].items():
        assert value not in chinese or chinese == english
        assert "_" not in english


def test_a_refusal_says_its_values_in_words():
    refused = DaihouError("limit.annual_cost", rate="30 %", most="24 %", basis="irr_times_twelve")
    assert "口径：内部收益率×12" in describe(refused).message_zh
    assert "12 times the monthly internal rate" in describe(refused).message_en
    other = DaihouError("limit.component_not_disclosed", component="penalty")
    assert describe(other).message_zh == "综合融资成本明示表没有该科目：罚息"
    several = DaihouError("approval.no_authority", roles=["finance", "team_lead"])
    assert describe(several).message_zh.endswith("需要角色：财务、组长")
    assert describe(several).message_en.endswith("one of these roles: finance, team lead")
