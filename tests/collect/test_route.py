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


def test_an_appointment_and_the_end_of_a_window_give_the_turn_the_nearest_first_among_equals():
    appointment = at(30.9, 114.3, key="appointment", by_minute=9 * 60)
    morning = [
        at(north, 114.3, key=f"morning {north}", by_minute=13 * 60) for north in (30.5, 30.8)
    ]
    evening = at(30.51, 114.3, key="evening", by_minute=21 * 60)
    any_time = at(30.502, 114.3, key="any time")
    legs = order(stops=[any_time, evening, *morning, appointment], start=START)
    assert keys(legs) == ["appointment", "morning 30.8", "morning 30.5", "evening", "any time"]


def test_a_stop_without_place_follows_its_district():
    wuchang, hankou = at(30.51, 114.3, district="Wuchang"), at(30.6, 114.2, district="Hankou")
    unknown = Stop(key="somewhere")
    beside = Stop(key="beside", district="Wuchang")
    legs = order(stops=[unknown, hankou, beside, wuchang], start=START)
    assert keys(legs) == [wuchang.key, "beside", hankou.key, "somewhere"]
    assert legs[1].meters is None


def test_a_stop_without_place_stays_in_its_turn():
    known = at(30.51, 114.3, key="known", district="Wuchang", by_minute=780)
    later = Stop(key="later", district="Wuchang", by_minute=1260)
    sooner = Stop(key="sooner", by_minute=780)
    assert keys(order(stops=[later, sooner, known])) == ["known", "sooner", "later"]


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
