"""Goal: over every kind of fact of every pack, no figure loosens and no next time is untrue.

Method: random persons with everything that a rule may ask for; each rule's figures made stricter
in turn; questions at the next permitted instant and a minute before it.
"""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from daihou.collect.facts import Complaint
from daihou.collect.guard import decide
from daihou.collect.packs import (
    JURISDICTIONS,
    PackRefused,
    Tightening,
    rules_of,
    sources_in_chinese,
)
from daihou.collect.requests import Channel, Purpose
from tests.collect.asking import SAYS, at, facts, judge, request, why
from tests.collect.crowd import asked_of, some_attempts, some_facts, some_request, with_attempts

MINUTE = timedelta(minutes=1)
DAY = datetime(2026, 11, 24, tzinfo=UTC)
FIGURES = ("most", "least", "days", "opens", "closes")
SHIFTS = (-60, -1, 1, 60)


def crowd_of(seed, size=30):
    """Draw persons, and for each the same wish to reach her."""
    drawn = random.Random(seed)
    jurisdiction = JURISDICTIONS[seed % len(JURISDICTIONS)]
    asked = some_request(drawn, jurisdiction, DAY + timedelta(minutes=drawn.randrange(2880)))
    crowd = [some_facts(drawn, jurisdiction, number, asked.at) for number in range(size)]
    tried = some_attempts(drawn, asked, crowd)
    for number, known in enumerate(crowd):
        yield asked_of(asked, known, number), with_attempts(known, number, tried)


@pytest.mark.parametrize("count", [30, pytest.param(300, marks=pytest.mark.long)])
def test_at_the_next_permitted_time_it_is_allowed_and_a_minute_before_it_is_not(count):
    seen = Counter()
    for seed in range(count):
        for asked, known in crowd_of(seed):
            rules = rules_of(jurisdiction=known.jurisdiction)
            found = decide(request=asked, facts=known, rules=rules)
            until = found.next_permitted_at
            if until is None:
                continue
            then = decide(request=replace(asked, at=until), facts=known, rules=rules)
            assert then.is_allowed, (seed, found.refusals)
            if until - MINUTE > asked.at:
                before = replace(asked, at=until - MINUTE)
                assert not decide(request=before, facts=known, rules=rules).is_allowed
            seen[known.jurisdiction] += 1
    assert set(seen) == set(JURISDICTIONS)
    assert min(seen.values()) > 10, seen


def stricter_ones(jurisdiction):
    """Yield each figure of each rule, shifted both ways; what would loosen must be refused."""
    law = rules_of(jurisdiction=jurisdiction)
    for rule in law.in_force(on=date(2026, 11, 24)):
        shared = {"by": "funder:1", "rule_id": rule.rule_id, "valid_from": date(2026, 11, 1)}
        for name in FIGURES:
            value = getattr(rule, name)
            for shift in SHIFTS:
                if value is None or value + shift < 0:
                    continue
                yield Tightening(
                    tightening_id="OWN-1", source="contract", **shared, **{name: value + shift}
                )


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_no_figure_of_any_rule_can_be_loosened(jurisdiction):
    """Whatever is taken in allows nobody what the law refuses her, and each way one is refused."""
    first = JURISDICTIONS.index(jurisdiction)
    law = rules_of(jurisdiction=jurisdiction)
    cases = [
        (asked, known, decide(request=asked, facts=known, rules=law).is_allowed)
        for seed in range(first, 60, len(JURISDICTIONS))
        for asked, known in crowd_of(seed, size=3)
    ]
    refused_by_law = [case for case in cases if not case[2]]
    assert len(refused_by_law) > 10
    taken, turned_down = set(), set()
    for tightening in stricter_ones(jurisdiction):
        name = next(name for name in FIGURES if getattr(tightening, name) is not None)
        try:
            tight = rules_of(jurisdiction=jurisdiction, tightenings=[tightening])
        except PackRefused as refused:
            turned_down.add((tightening.rule_id, name, refused.code))
            continue
        taken.add((tightening.rule_id, name))
        for asked, known, _ in refused_by_law:
            assert not decide(request=asked, facts=known, rules=tight).is_allowed, tightening
    assert {(*each, "rules.loosens") for each in taken} == turned_down
    assert len(taken) > 10


COMPLAINTS = tuple(Complaint(at=at(f"2026-11-{day:02d}T20:00:00")) for day in (3, 20))


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_whoever_complains_twice_in_thirty_days_hears_of_a_person_alone(jurisdiction):
    asked = request(jurisdiction, channel=Channel.SMS)
    by_itself = replace(asked, actor=replace(asked.actor, is_system=True))
    robot = replace(asked, channel=Channel.ROBOT)
    once = facts(jurisdiction, complaints=COMPLAINTS[:1])
    twice = facts(jurisdiction, complaints=COMPLAINTS)
    for automatic in (by_itself, robot):
        assert judge(automatic, once).is_allowed
        refused = judge(automatic, twice)
        assert why(refused) == {"HOUSE-CMP-01": "contact.complained"}
        assert refused.refusals[0].params == {"count": "2", "most": "1", "days": "30"}
        opens = at("2026-12-03T08:00:00", jurisdiction)
        assert refused.next_permitted_at == opens
    assert judge(asked, twice).is_allowed
    notice = replace(by_itself, purpose=Purpose.STATUTORY_NOTICE)
    assert judge(notice, twice).is_allowed


def test_two_complaints_that_were_right_let_all_rest_until_one_is_old():
    right = tuple(replace(each, is_right=True) for each in COMPLAINTS)
    refused = judge(request(), facts(complaints=right))
    assert why(refused) == {"HOUSE-CMP-02": "contact.complained_rightly"}
    assert refused.next_permitted_at == at("2026-12-03T08:00:00")
    assert judge(request(), facts(complaints=(right[0], COMPLAINTS[1]))).is_allowed
    old = replace(right[0], at=at("2026-10-25T23:00:00"))
    assert judge(request(), facts(complaints=(old, right[1]))).is_allowed
    assert judge(request(purpose=Purpose.RECEIPT), facts(complaints=right)).is_allowed


@pytest.mark.parametrize("jurisdiction", ["US", "IN"])
def test_nobody_calls_or_writes_without_saying_for_whom(jurisdiction):
    nameless = request(jurisdiction, says=replace(SAYS, names_institution=False))
    assert why(judge(nameless, facts(jurisdiction))) == {
        f"{jurisdiction}-MSG-03": "contact.institution_not_named"
    }


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_every_source_stands_in_both_languages(jurisdiction):
    chinese = sources_in_chinese()
    for rule in rules_of(jurisdiction=jurisdiction).rules:
        told = chinese[rule.source]
        assert any("一" <= char <= "鿿" for char in told)
        assert any(char.isascii() and char.isalpha() for char in rule.source)
        assert ("凭记忆" in told) is ("from memory" in rule.source)
        assert ("据媒体报道" in told) is ("by press" in rule.source)
