"""Cases are given out evenly, the same way every time, and only to whom may have them."""

import random

import pytest
from hypothesis import given, strategies as st

from daihou.collect.assignment import (
    AssignmentRefused,
    Collector,
    Nobody,
    Unit,
    assign,
)

STAGES = ("M1", "M2", "M3")


def unit(person, amount_minor=100, *, stage="M1", skills=(), excluded=(), **more):
    return Unit(
        person=person,
        stage=stage,
        amount_minor=amount_minor,
        skills=frozenset(skills),
        excluded=frozenset(excluded),
        **more,
    )


def collector(key, capacity=1000, *, stages=(), skills=(), languages=(), **more):
    return Collector(
        key=key,
        capacity=capacity,
        stages=frozenset(stages),
        skills=frozenset(skills),
        languages=frozenset(languages),
        **more,
    )


def test_count_stage_and_money_come_out_even():
    drawn = random.Random(7)
    units = [
        unit(n, int(drawn.lognormvariate(12, 1)), stage=drawn.choice(STAGES)) for n in range(5000)
    ]
    found = assign(units=units, collectors=[collector(key) for key in range(1, 21)])
    assert len(found.owners) == 5000
    assert found.spread.cases_most - found.spread.cases_least <= 1
    assert found.spread.amount_over_mean_ppm < 20_000
    for stage in STAGES:
        counts = [share.stages[stage] for share in found.shares]
        assert max(counts) - min(counts) <= 1


def test_a_share_follows_capacity():
    units = [unit(n, 100) for n in range(300)]
    found = assign(units=units, collectors=[collector(1, 100), collector(2, 400)])
    assert [share.cases for share in found.shares] == [60, 240]
    assert found.spread.cases_over_mean_ppm == 0


def test_each_need_names_who_failed_it():
    staff = [
        collector(1, stages=["M1"], skills=["legal"], languages=["ug"]),
        collector(2, 0, stages=["M2"]),
        collector(3, stages=["M3"], takes_new=False),
    ]
    units = [
        unit(1, stage="M3"),
        unit(2, skills=["field"]),
        unit(3, language="bo"),
        unit(4, excluded=[1]),
        unit(5, stage="M2"),
        unit(6, skills=["legal"], language="ug"),
    ]
    found = assign(units=units, collectors=staff)
    assert dict(found.nobody) == {
        1: Nobody.STAGE,
        2: Nobody.SKILL,
        3: Nobody.LANGUAGE,
        4: Nobody.EXCLUDED,
        5: Nobody.CAPACITY,
    }
    assert dict(found.owners) == {6: 1}


def test_who_has_a_person_keeps_her_unless_she_may_not_or_is_full():
    staff = [collector(1, 2), collector(2, 9, takes_new=False), collector(3, 9)]
    units = [
        unit(1, owner=1),
        unit(2, 900, owner=1),
        unit(3, 800, owner=1),  # Too many: the smallest goes.
        unit(4, owner=2),  # Away, but hers.
        unit(5, owner=3, excluded=[3]),
        unit(6, owner=77),  # Left.
    ]
    found = assign(units=units, collectors=staff)
    assert dict(found.owners) == {2: 1, 3: 1, 4: 2, 1: 3, 6: 3}
    assert dict(found.nobody) == {5: Nobody.CAPACITY}
    assert [share.kept for share in found.shares] == [2, 1, 0]


def test_a_person_with_several_cases_goes_whole_to_whom_has_room_for_all():
    staff = [collector(1, 2), collector(2, 3)]
    units = [unit(1, 500, cases=3), unit(2, 100), unit(3, 90)]
    assert dict(assign(units=units, collectors=staff).owners) == {1: 2, 2: 1, 3: 1}


@pytest.mark.parametrize(
    ("units", "staff", "code"),
    [
        ([unit(1), unit(1)], [collector(1)], "assignment.person_twice"),
        ([unit(1)], [collector(1), collector(1)], "assignment.collector_twice"),
    ],
)
def test_what_is_there_twice_is_refused(units, staff, code):
    with pytest.raises(AssignmentRefused) as caught:
        assign(units=units, collectors=staff)
    assert caught.value.code == code


_SETS = st.frozensets(st.sampled_from(["a", "b"]), max_size=2)
_STAFF = st.lists(
    st.builds(
        Collector,
        key=st.integers(1, 6),
        capacity=st.integers(0, 12),
        stages=st.frozensets(st.sampled_from(STAGES), max_size=2),
        skills=_SETS,
        languages=_SETS,
        takes_new=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda each: each.key,
)
_UNITS = st.lists(
    st.builds(
        Unit,
        person=st.integers(1, 60),
        stage=st.sampled_from(STAGES),
        amount_minor=st.integers(0, 10_000),
        cases=st.integers(1, 3),
        skills=st.frozensets(st.sampled_from(["a", "b"]), max_size=1),
        language=st.sampled_from(["", "a"]),
        excluded=st.frozensets(st.integers(1, 6), max_size=2),
        owner=st.none() | st.integers(1, 7),
    ),
    max_size=40,
    unique_by=lambda each: each.person,
)


@given(_UNITS, _STAFF, st.randoms(use_true_random=False))
def test_nobody_gets_what_she_may_not_have_and_no_order_of_asking_matters(units, staff, random):
    found = assign(units=units, collectors=staff)
    held = {each.key: each for each in staff}
    load = dict.fromkeys(held, 0)
    for each in units:
        owner = found.owners.get(each.person)
        assert (owner is None) == (each.person in found.nobody)
        if owner is None:
            continue
        by = held[owner]
        load[owner] += each.cases
        assert not by.stages or each.stage in by.stages
        assert each.skills <= by.skills
        assert not each.language or each.language in by.languages
        assert owner not in each.excluded
        assert by.takes_new or each.owner == owner
    assert all(load[key] <= held[key].capacity for key in held)
    assert {share.collector: share.cases for share in found.shares} == load
    shuffled, again = [*units], [*staff]
    random.shuffle(shuffled)
    random.shuffle(again)
    assert assign(units=shuffled, collectors=again) == found
