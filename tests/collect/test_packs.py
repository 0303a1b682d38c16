"""Goal: packs are dated, sourced data that nothing loosens. Method: rows that begin, end, merge."""

import ast
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from daihou.collect import guard
from daihou.collect.packs import (
    JURISDICTIONS,
    Confidence,
    Kind,
    PackRefused,
    Tightening,
    merged,
    read_pack,
    rules_of,
)
from daihou.collect.requests import Channel, Outcome, Purpose
from daihou.messages import MESSAGES
from daihou.messages.words import WORDS
from tests.collect.asking import at, attempt, facts, judge, request, why

ON = date(2026, 11, 24)
CAP = Tightening(
    tightening_id="OWN-1",
    by="funder:1",
    rule_id="CN-FREQ-01",
    valid_from=date(2026, 11, 1),
    source="contract",
    most=2,
)
HOURS = replace(CAP, rule_id="CN-TIME-01", most=None, opens=9 * 60, closes=20 * 60)


def rule_on(rules, rule_id, on=ON):
    return {rule.rule_id: rule for rule in rules.in_force(on=on)}.get(rule_id)


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_row_says_source_and_confidence_and_has_words(jurisdiction):
    rules = rules_of(jurisdiction=jurisdiction)
    for rule in rules.rules:
        assert rule.source
        assert rule.must_be_verified is (rule.confidence in {"secondary", "memory", "recomputed"})
        assert rule.kind.value in WORDS["rule_kind"]
        assert rule.kind in guard.CHECKS or rule.kind is Kind.BUREAU_NOTICE
    marked = {rule.confidence for rule in rules.rules if "from memory" in rule.source}
    assert marked <= {Confidence.MEMORY}


def test_what_was_read_second_hand_is_on_and_marked():
    rules = rules_of(jurisdiction="CN")
    effective = rule_on(rules, "CN-FREQ-01")
    assert (effective.most, effective.days, effective.must_be_verified) == (3, 1, True)
    assert rule_on(rules, "CN-WHO-04").must_be_verified is False
    assert rule_on(rules, "CN-FREQ-02", date(2026, 1, 29)) is None
    assert rule_on(rules, "CN-FREQ-02", date(2026, 1, 30)).most == 6
    assert rules.missing(on=date(2026, 1, 29)) == ("CN-FREQ-02", "CN-MSG-01", "CN-MSG-02")


def test_the_stricter_of_two_tightenings_counts():
    strict = merged(
        rules=rules_of(jurisdiction="CN"),
        tightenings=[CAP, replace(CAP, tightening_id="OWN-2", by="product:2", most=1)],
    )
    found = rule_on(strict, "CN-FREQ-01")
    assert (found.most, found.tightened_by) == (1, ("OWN-1", "OWN-2"))
    assert rule_on(strict, "CN-FREQ-01", date(2026, 10, 31)).most == 3


def test_a_law_that_became_stricter_counts_over_an_older_tightening():
    law = rules_of(jurisdiction="CN")
    stricter = replace(rule_on(law, "CN-FREQ-01"), most=1, valid_from=date(2026, 12, 1))
    strict = merged(rules=replace(law, rules=(*law.rules, stricter)), tightenings=[CAP])
    most = [rule_on(strict, "CN-FREQ-01", date(2026, month, 1)).most for month in (10, 11, 12)]
    assert most == [3, 2, 1]


def test_hours_that_close_before_they_open_are_never_open():
    late = replace(HOURS, opens=20 * 60, closes=None)
    early = replace(HOURS, tightening_id="OWN-2", opens=None, closes=9 * 60)
    decision = judge(request(), facts(), [late, early])
    assert (why(decision), decision.next_permitted_at) == ({"CN-TIME-01": "contact.hours"}, None)


def test_the_next_time_waits_for_a_tightening_to_end():
    forbid = replace(
        CAP, rule_id="", most=None, forbids=frozenset({Channel.VOICE}), valid_through=ON
    )
    decision = judge(request(), facts(), [forbid])
    assert [each.code for each in decision.refusals] == ["contact.forbidden"]
    assert decision.refusals[0].tightened_by == ("funder:1",)
    assert decision.next_permitted_at == at("2026-11-25T08:00:00")
    notice = judge(request(purpose=Purpose.STATUTORY_NOTICE), facts(), [forbid])
    assert notice.is_allowed


def test_a_tightened_cap_is_what_is_left_and_reserved():
    decision = judge(request(), facts(attempts=(attempt("08:10:00", Outcome.UNKNOWN),)), [CAP])
    assert decision.left_by_rule["CN-FREQ-01"] == 1
    assert {each.rule_id: each.most for each in decision.reserves}["CN-FREQ-01"] == 2


LOOSER = {
    "more calls": (replace(CAP, most=4), "rules.loosens"),
    "longer hours": (replace(HOURS, closes=23 * 60), "rules.loosens"),
    "earlier hours": (replace(HOURS, opens=7 * 60, closes=None), "rules.loosens"),
    "older figures": (
        replace(CAP, rule_id="HOUSE-FIGURES-01", most=None, days=2),
        "rules.loosens",
    ),
    "fewer visitors": (replace(CAP, rule_id="CN-VIS-01", most=None, least=1), "rules.loosens"),
    "nothing": (replace(CAP, most=None), "rules.changes_nothing"),
    "a figure the rule has not": (replace(CAP, least=2), "rules.unknown_figure"),
    "a rule there is not": (replace(CAP, rule_id="CN-X"), "rules.unknown_rule"),
    "a rule not yet in force": (
        replace(CAP, rule_id="CN-FREQ-02", valid_from=date(2026, 1, 1)),
        "rules.unknown_rule",
    ),
}


@pytest.mark.parametrize("name", LOOSER)
def test_what_loosens_or_says_nothing_is_refused(name):
    tightening, code = LOOSER[name]
    with pytest.raises(PackRefused) as refused:
        rules_of(jurisdiction="CN", tightenings=[tightening])
    assert refused.value.code == code


ROW = """
[[rule]]
rule_id = "A"
kind = "hours"
valid_from = 2026-01-01
opens = "08:00"
closes = "20:00"
source = "a law"
confidence = "full"
"""
HEAD = 'jurisdiction = "XX"\nversion = "1"\nrequired = ["A"]\n'
WRONG = [
    ROW,
    HEAD,
    HEAD + ROW + ROW,
    HEAD.replace('"A"', '"B"') + ROW,
    HEAD + ROW.replace("hours", "minutes"),
    HEAD + ROW.replace("08:00", "eight"),
    HEAD + ROW.replace("opens", "begins"),
    HEAD + ROW.replace("source", "#"),
    "no toml",
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_pack_is_refused_whole(number):
    assert read_pack(text=HEAD + ROW).rules[0].opens == 480
    with pytest.raises(PackRefused) as refused:
        read_pack(text=WRONG[number])
    assert refused.value.code == "rules.pack_wrong"


def test_every_refusal_has_its_line_in_both_languages():
    folder = Path(guard.__file__).parent
    names = set()
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = getattr(getattr(node, "func", None), "id", "")
            if called == "refused" and isinstance(node.args[0], ast.Constant):
                names.add(f"contact.{node.args[0].value}")
            if called in {"_gap", "_unfounded"} and isinstance(node.args[1], ast.Constant):
                names.add(f"contact.{node.args[1].value}")
    names |= {f"contact.cap_{each}" for each in ("effective", "unanswered", "attempts")}
    assert len(names) > 40
    assert names <= MESSAGES.keys()
