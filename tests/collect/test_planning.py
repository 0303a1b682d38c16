"""Goal: planning for a million says of each what the guard says. Method: twins on random crowds."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from daihou.collect.guard import decide
from daihou.collect.packs import JURISDICTIONS, Tightening, rules_of
from daihou.collect.planning import decide_many, plan_day
from daihou.collect.planning_columns import PlanningRefused
from daihou.collect.requests import Channel, Purpose, Recipient
from tests.collect.asking import request
from tests.collect.crowd import (
    asked_of,
    columns_of,
    some_attempts,
    some_facts,
    some_request,
    with_attempts,
)

DAYS = [
    datetime(2026, 11, 24, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),  # A clock goes forward in America.
    datetime(2026, 11, 1, tzinfo=UTC),  # And back.
]
TIGHTER = [
    Tightening(
        tightening_id="t1",
        by="funder:one",
        rule_id="HOUSE-FREQ-01",
        valid_from=date(2026, 1, 1),
        source="contract",
        most=1,
    ),
    Tightening(
        tightening_id="t2",
        by="product:two",
        rule_id="",
        valid_from=date(2026, 1, 1),
        source="contract",
        forbids=frozenset({Channel.WHATSAPP}),
    ),
]


def drawn_crowd(seed, size):
    drawn = random.Random(seed)
    jurisdiction = JURISDICTIONS[seed % len(JURISDICTIONS)]
    at = drawn.choice(DAYS) + timedelta(minutes=drawn.randrange(2880))
    asked = some_request(drawn, jurisdiction, at)
    crowd = [some_facts(drawn, jurisdiction, number, at) for number in range(size)]
    tried = some_attempts(drawn, asked, crowd)
    facts = [with_attempts(known, number, tried) for number, known in enumerate(crowd)]
    rules = rules_of(jurisdiction=jurisdiction, tightenings=TIGHTER if seed % 2 else ())
    return asked, facts, columns_of(jurisdiction, crowd, tried), rules


def compare(asked, facts, planned, rules, seen):
    for number, (known, row) in enumerate(zip(facts, planned.to_dicts(), strict=True)):
        at = row.get("at") or asked.at
        found = decide(
            request=replace(asked_of(asked, known, number), at=at), facts=known, rules=rules
        )
        reasons = [ruling.rule_id for ruling in found.refusals]
        assert row["person_key"] == f"p{number}"
        assert (row["refused_by"], row["is_allowed"]) == (reasons, found.is_allowed), number
        left = {name: row[f"left:{name}"] for name in found.left_by_rule}
        assert left == found.left_by_rule
        seen.update(reasons or ["allowed"])


@pytest.mark.parametrize("size", [40, pytest.param(400, marks=pytest.mark.long)])
def test_the_crowd_is_decided_as_one_by_one(size):
    seen = Counter()
    for seed in range(30):
        asked, facts, people, rules = drawn_crowd(seed, size)
        planned = decide_many(asked=asked, people=people, rules=rules)
        compare(asked, facts, planned, rules, seen)
    assert len(seen) > 30, seen
    assert seen["allowed"] > size


def test_a_day_is_planned_for_the_first_instant_of_its_hours():
    for seed in range(6):
        asked, facts, people, rules = drawn_crowd(seed, 40)
        asked = replace(asked, channel=Channel.SMS, purpose=Purpose.COLLECTION)
        planned = plan_day(on=date(2026, 3, 8), asked=asked, people=people, rules=rules)
        compare(asked, facts, planned, rules, Counter())
    opened = planned.join(people.persons, on="person_key").filter(
        pl.col("time_zones") == "Asia/Kolkata"
    )
    assert set(opened["at"]) == {datetime(2026, 3, 8, 2, 30, tzinfo=UTC)}


def test_what_cannot_be_planned_is_refused():
    _, _, people, rules = drawn_crowd(0, 2)
    cases = [
        (request(recipient=Recipient.HEIR), people, "planning.not_a_debtor"),
        (request(), replace(people, jurisdiction="US"), "planning.other_law"),
        (
            request(),
            replace(people, debts=people.debts.drop("limitation")),
            "planning.columns_wrong",
        ),
    ]
    for asked, given, code in cases:
        with pytest.raises(PlanningRefused) as refused:
            decide_many(asked=asked, people=given, rules=rules)
        assert refused.value.code == code
