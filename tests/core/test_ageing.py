"""Goal: days and buckets turn on the named day. Method: every boundary, from both sides."""

from datetime import date, timedelta

import pytest

from daihou.core import ageing
from daihou.core.ageing import Bucket

DUE_ON = date(2024, 1, 31)
BOUNDARIES = [
    (0, "M0"),
    (1, "M1"),
    (30, "M1"),
    (31, "M2"),
    (60, "M2"),
    (61, "M3"),
    (90, "M3"),
    (91, "M4"),
    (120, "M4"),
    (121, "M5"),
    (150, "M5"),
    (151, "M6"),
    (180, "M6"),
    (181, "M6+"),
    (9_999, "M6+"),
]


@pytest.mark.parametrize(("days", "name"), BOUNDARIES)
def test_bucket_turns_on_its_day(days, name):
    assert ageing.bucket_of(days).value == name


def test_first_day_opens_its_bucket_and_not_the_one_before():
    for bucket in Bucket:
        first = ageing.first_day_of(bucket)
        assert ageing.bucket_of(first) is bucket
        assert first == 0 or ageing.bucket_of(first - 1) is not bucket


@pytest.mark.parametrize(("offset", "days"), [(-1, 0), (0, 0), (1, 1), (29, 29), (30, 30)])
def test_days_run_from_the_due_date(offset, days):
    as_of = DUE_ON + timedelta(days=offset)
    assert ageing.days_past_due(oldest_unpaid_due_on=DUE_ON, as_of=as_of) == days


def test_nothing_unpaid_is_not_past_due():
    assert ageing.days_past_due(oldest_unpaid_due_on=None, as_of=DUE_ON) == 0


def test_negative_days_are_refused():
    with pytest.raises(ageing.AgeingRefused) as refused:
        ageing.bucket_of(-1)
    assert refused.value.code == "days.negative"
