"""Goal: the right contacts are listened to, marked by another, and no mark is ever overwritten."""

from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import DatabaseError, transaction

from daihou.collect.requests import Outcome
from daihou.web.cases.assigning import claim
from daihou.web.cases.models import Collector, Team
from daihou.web.quality import drawing, operations, queries
from daihou.web.quality.models import Flag, Review, Sample
from daihou.web.supervision import figures, live, moving
from tests.web.collected_book import case_of, make_user
from tests.web.refusing import refusing
from tests.web.talked_book import DAY, TEN, call, make_talked_book, staff

FULL = {
    "identity": 15,
    "introduction": 15,
    "privacy": 15,
    "language": 20,
    "figures": 10,
    "listening": 15,
    "solution": 10,
}


@pytest.fixture
def book(db):
    return make_talked_book()


@pytest.fixture
def ann():
    return staff("ann")


@pytest.fixture
def reviewer():
    return make_user("listener", "quality")


def test_flagged_contacts_are_drawn_and_of_the_others_one_by_lot(book, ann, reviewer):
    unrecorded = call(book, "A", ann, recording="")
    short = call(book, "B", ann, seconds=4)
    call(book, "D", ann)
    call(book, "A", ann, at=TEN + timedelta(hours=1), outcome=Outcome.UNANSWERED)
    assert drawing.draw(book=book, on=DAY, acting_user=reviewer) == 3
    flags = dict(Sample.objects.values_list("permit_id", "flags"))
    assert flags.pop(unrecorded.pk) == [Flag.UNRECORDED]
    assert flags.pop(short.pk) == [Flag.SHORT]
    assert list(flags.values()) == [[Flag.RANDOM]]
    assert drawing.draw(book=book, on=DAY, acting_user=reviewer) == 0


def test_a_missed_critical_item_fails_whatever_the_points(book, ann, reviewer):
    sample = asked(call(book, "A", ann), reviewer)
    made = operations.review(
        sample=sample, marks={**FULL, "identity": 14}, remark="", on=DAY, acting_user=reviewer
    )
    assert (made.points, made.is_passed, made.missed_critical) == (99, False, ["identity"])
    with refusing("quality.reviewed"):
        operations.review(sample=sample, marks=FULL, remark="", on=DAY, acting_user=reviewer)
    with pytest.raises(DatabaseError, match=r"append_only|permission denied"), transaction.atomic():
        Review.objects.update(points=1)


def asked(permit, by):
    return operations.ask_for_review(permit=permit, on=DAY, acting_user=by)


def test_nobody_marks_herself_or_decides_on_her_own_review(book, ann, reviewer):
    sample = asked(call(book, "A", ann), reviewer)
    with refusing("quality.own_contact"):
        operations.take(sample=sample, acting_user=ann)
    operations.take(sample=sample, acting_user=reviewer)
    other = make_user("listener-2", "quality")
    with refusing("quality.taken"):
        operations.take(sample=sample, acting_user=other)
    with refusing("quality.marks_incomplete"):
        operations.review(
            sample=sample, marks={"identity": 15}, remark="", on=DAY, acting_user=reviewer
        )
    first = operations.review(
        sample=sample, marks={**FULL, "listening": 0}, remark="", on=DAY, acting_user=reviewer
    )
    with refusing("quality.not_hers"):
        operations.appeal(review=first, reason="no", acting_user=other)
    appeal = operations.appeal(review=first, reason="I did", acting_user=ann)
    with refusing("quality.own_review"):
        operations.decide_appeal(appeal=appeal, marks=FULL, reason="ok", acting_user=reviewer)
    operations.decide_appeal(appeal=appeal, marks=FULL, reason="heard it", acting_user=other)
    (counted,) = queries.counting(book=book, from_on=DAY, through_on=DAY)
    assert (counted.points, counted.follows) == (100, first)
    (result,) = queries.results(book=book, from_on=DAY, through_on=DAY)
    assert (result.collector, result.drawn, result.reviewed, result.points) == (ann, 1, 1, 100)


def test_reviewers_of_a_calibration_are_compared_with_chance(book, ann, reviewer):
    sample = asked(call(book, "A", ann), reviewer)
    operations.set_calibration(sample=sample, acting_user=reviewer)
    others = [make_user(f"listener-{number}", "quality") for number in (2, 3)]
    marks = [FULL, FULL, {**FULL, "figures": 0}]
    reviews = [
        operations.review(sample=sample, marks=given, remark="", on=DAY, acting_user=by)
        for by, given in zip([reviewer, *others], marks, strict=True)
    ]
    found = queries.agreement(reviews)
    assert (found.agreeing, found.pairs) == (19, 21)
    share = Fraction(20, 21)
    chance = share**2 + (1 - share) ** 2
    assert found.kappa == (Fraction(19, 21) - chance) / (1 - chance)


def test_a_sheet_takes_effect_on_its_day(book, reviewer):
    items = [{"code": "all", "zh": "全部", "en": "All", "points": 10, "is_critical": False}]
    given = {"items": items, "pass_percent": 60, "today": DAY, "acting_user": reviewer}
    with refusing("quality.sheet_in_past"):
        operations.put_sheet(effective_on=DAY, **given)
    with refusing("quality.sheet_incomplete"):
        operations.put_sheet(effective_on=DAY + timedelta(days=1), **given | {"items": items * 2})
    made = operations.put_sheet(effective_on=DAY + timedelta(days=1), **given)
    assert queries.sheet_on(DAY) != made
    assert queries.sheet_on(DAY + timedelta(days=1)) == made


def test_figures_are_counts_over_counts(book, ann, reviewer):
    call(book, "A", ann)
    call(book, "A", ann, at=TEN + timedelta(hours=1), outcome=Outcome.UNANSWERED)
    call(book, "D", ann, outcome=Outcome.WRONG_PERSON)
    counts = figures.by_collector(book=book, from_on=DAY, through_on=DAY)[ann.pk]
    pairs = {each.code: counts.pair(each) for each in figures.FIGURES}
    assert pairs["intensity"] == (3, 2)
    assert pairs["connect"] == (2, 3)
    assert pairs["right_party"] == (1, 3)
    assert pairs["reach"] == (1, 2)
    assert pairs["refusal"] == (0, 3)
    assert counts["talk_seconds"] == 270
    before = DAY - timedelta(days=1)
    assert ann.pk not in figures.by_collector(book=book, from_on=before, through_on=before)


def test_a_seat_shows_who_is_idle_and_cases_are_handed_over_together(book, ann):
    team = Team.objects.create(name="M1")
    bea = staff("bea")
    for user in (ann, bea):
        Collector.objects.create(user=user, team=team, capacity=2)
    call(book, "A", ann)
    now = TEN + timedelta(minutes=40)
    seats = {seat.user: seat for seat in live.seats(book=book, today=DAY, now=now)}
    assert seats[ann].idle(now=now) == timedelta(minutes=40)
    assert seats[bea].idle(now=now) is None
    for ref in "AB":
        claim(case=case_of(book, ref), at=now, acting_user=ann)
    given = {"book": book, "from_user": ann, "reason": "ill", "at": now, "acting_user": ann}
    with refusing("supervision.to_oneself"):
        moving.hand_over_many(to_user=ann, most=5, **given)
    given["acting_user"] = make_user("lead", "team_lead")
    assert moving.hand_over_many(to_user=bea, most=5, **given) == 2
    assert {case_of(book, ref).owner for ref in "AB"} == {bea}
