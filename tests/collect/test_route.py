"""Goal: a day's visits stand in an order a person would walk, and the same order every time."""

import pytest

from daihou.collect.route import MICRO, Place, Stop, meters_between, order


def at(north, east, **more):
    key = more.pop("key", f"{north}/{east}")
    place = Place(latitude=int(north * MICRO), longitude=int(east * MICRO))
    return Stop(key=key, place=place, **more)


def keys(legs):
    return [leg.stop.key for leg in legs]


START = Place(latitude=30_500_000, longitude=114_300_000)


def test_the_nearest_comes_next_and_each_leg_is_measured():
    far, near, middle = at(30.9, 114.3), at(30.51, 114.3), at(30.7, 114.3)
    legs = order(stops=[far, near, middle], start=START)
    assert keys(legs) == [near.key, middle.key, far.key]
    assert [leg.meters // 1000 for leg in legs] == [1, 21, 22]


def test_without_a_start_the_first_given_begins():
    first, second, third = at(30.9, 114.3), at(30.5, 114.3), at(30.8, 114.3)
    legs = order(stops=[first, second, third])
    assert keys(legs) == [first.key, third.key, second.key]
    assert legs[0].meters is None


def test_an_appointment_keeps_its_turn_and_the_others_gather_before_the_nearest_one():
    morning = at(30.51, 114.3, key="morning", begins_minute=9 * 60)
    evening = at(30.9, 114.3, key="evening", begins_minute=18 * 60)
    by_evening, by_morning = at(30.88, 114.3, key="b"), at(30.52, 114.3, key="a")
    legs = order(stops=[evening, by_evening, morning, by_morning], start=START)
    assert keys(legs) == ["a", "morning", "b", "evening"]


def test_a_stop_without_place_follows_its_district():
    wuchang, hankou = at(30.51, 114.3, district="Wuchang"), at(30.6, 114.2, district="Hankou")
    unknown = Stop(key="somewhere")
    beside = Stop(key="beside", district="Wuchang")
    legs = order(stops=[unknown, hankou, beside, wuchang], start=START)
    assert keys(legs) == [wuchang.key, "beside", hankou.key, "somewhere"]
    assert legs[1].meters is None


def test_by_district_alone_those_of_one_stand_together():
    stops = [Stop(key=str(n), district=name) for n, name in enumerate(["a", "b", "a", "c", "b"])]
    assert keys(order(stops=stops)) == ["0", "2", "1", "4", "3"]


def test_a_place_is_on_the_globe_and_distances_are_symmetric():
    with pytest.raises(ValueError, match="outside the globe"):
        Place(latitude=91 * MICRO, longitude=0)
    london = Place(latitude=51_507_400, longitude=-127_800)
    paris = Place(latitude=48_856_600, longitude=2_352_200)
    assert meters_between(london, paris) == meters_between(paris, london)
    assert abs(meters_between(london, paris) - 343_500) < 1_000
