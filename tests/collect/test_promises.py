"""Promises are kept and broken by the money that stands, whatever the order it was learnt in."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from daihou.collect.promises import (
    Money,
    Part,
    Promised,
    PromiseRefused,
    State,
    check,
    decide,
)

DAY = date(2026, 3, 1)


def promised(*parts, key=1, made=0, grace=1, threshold=100, after=0, through=None):
    return Promised(
        key=key,
        made_on=DAY + timedelta(days=made),
        parts=tuple(Part(due_on=DAY + timedelta(days=d), amount_minor=a) for d, a in parts),
        grace_days=grace,
        threshold_percent=threshold,
        after_sequence=after,
        through_sequence=through,
    )


def money(day, amount, sequence=10):
    return Money(sequence=sequence, effective_on=DAY + timedelta(days=day), amount_minor=amount)


def states(promises, payments, *, on):
    found = decide(promises=promises, payments=payments, on=DAY + timedelta(days=on))
    return [(each.state.value, each.paid_minor) for each in found]


def test_money_by_the_date_and_its_grace_keeps_a_promise_and_no_later_money_does():
    promise = promised((5, 1000))
    assert states([promise], [money(6, 1000)], on=30) == [("kept", 1000)]
    assert states([promise], [money(7, 1000)], on=30) == [("broken", 0)]
    assert states([promise], [], on=6) == [("open", 0)]
    assert states([promise], [], on=7) == [("broken", 0)]
    (found,) = decide(promises=[promise], payments=[], on=DAY + timedelta(days=40))
    assert found.decided_on == DAY + timedelta(days=7)


def test_a_threshold_keeps_a_promise_that_is_paid_nearly_and_is_rounded_up():
    promise = promised((5, 999), threshold=90)
    assert states([promise], [money(1, 899)], on=30) == [("broken", 899)]
    assert states([promise], [money(1, 900)], on=30) == [("kept", 900)]


def test_money_known_before_the_promise_or_for_an_earlier_day_does_not_count():
    promise = promised((5, 1000), made=2, after=10)
    assert states([promise], [money(3, 1000, sequence=10)], on=3) == [("open", 0)]
    assert states([promise], [money(1, 1000, sequence=11)], on=3) == [("open", 0)]
    assert states([promise], [money(3, 1000, sequence=11)], on=3) == [("kept", 1000)]


def test_a_payment_taken_back_breaks_again_what_it_had_kept():
    promise = promised((5, 1000))
    assert states([promise], [money(5, 400), money(5, 600, sequence=11)], on=9) == [("kept", 1000)]
    assert states([promise], [money(5, 400)], on=9) == [("broken", 400)]


def test_money_learnt_late_but_paid_in_time_keeps_a_promise_that_was_broken():
    promise = promised((5, 1000))
    assert states([promise], [], on=8) == [("broken", 0)]
    assert states([promise], [money(5, 1000, sequence=99)], on=9) == [("kept", 1000)]


def test_money_goes_to_the_oldest_promise_first_and_on_when_that_has_what_it_needs():
    older = promised((5, 1000), key=1, threshold=90)
    newer = promised((6, 500), key=2, made=1, after=5)
    assert states([older, newer], [money(2, 1200)], on=4) == [("kept", 900), ("open", 300)]
    assert states([older, newer], [money(2, 1450)], on=4) == [("kept", 950), ("kept", 500)]
    early = [money(2, 1000, sequence=3)]  # Before the newer was made.
    assert states([older, newer], early, on=4) == [("kept", 1000), ("open", 0)]


def test_instalments_are_kept_together_and_broken_by_the_first_that_fails():
    plan = promised((5, 300), (15, 300), (25, 300), grace=2)
    paid = [money(5, 300), money(15, 300, sequence=11), money(27, 300, sequence=12)]
    assert states([plan], paid[:1], on=16) == [("open", 300)]
    assert states([plan], paid, on=40) == [("kept", 900)]
    assert states([plan], [paid[0], paid[2]], on=40) == [("broken", 600)]
    (found,) = decide(promises=[plan], payments=paid, on=DAY + timedelta(days=40))
    assert [part.state for part in found.parts] == [State.KEPT] * 3
    assert found.decided_on == DAY + timedelta(days=27)


@pytest.mark.parametrize(
    ("promise", "code"),
    [
        (promised(), "promise.parts_missing"),
        (promised((5, 0)), "promise.amount_not_positive"),
        (promised((5, 1), (5, 1)), "promise.parts_out_of_order"),
        (promised((1, 1), made=2), "promise.before_made"),
        (promised((1, 1), threshold=0), "promise.threshold_wrong"),
        (promised((1, 1), grace=-1), "promise.threshold_wrong"),
    ],
)
def test_a_promise_that_can_mean_nothing_is_refused(promise, code):
    with pytest.raises(PromiseRefused) as caught:
        check(promise)
    assert caught.value.code == code


_AMOUNT = st.integers(1, 2000)
_PARTS = st.lists(st.tuples(st.integers(3, 30), _AMOUNT), min_size=1, max_size=4, unique_by=min)


@st.composite
def histories(draw):
    """Draw promises and payments of one case, and a day."""
    promises = [
        promised(
            *sorted({day: (day, amount) for day, amount in draw(_PARTS)}.values()),
            key=number,
            made=draw(st.integers(0, 3)),
            grace=draw(st.integers(0, 3)),
            threshold=draw(st.integers(1, 100)),
            after=draw(st.integers(0, 8)),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    payments = [
        money(draw(st.integers(0, 35)), draw(_AMOUNT), sequence=number)
        for number in range(draw(st.integers(0, 10)))
    ]
    return promises, payments, draw(st.integers(0, 40))


@given(histories(), st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_a_decision_and_no_money_is_laid_twice(history, random):
    promises, payments, on = history
    found = decide(promises=promises, payments=payments, on=DAY + timedelta(days=on))
    shuffled = [*payments]
    random.shuffle(shuffled)
    assert decide(promises=promises, payments=shuffled, on=DAY + timedelta(days=on)) == found
    assert sum(each.paid_minor for each in found) <= sum(m.amount_minor for m in payments)
    for each in found:
        for part in each.parts:
            assert 0 <= part.paid_minor <= part.amount_minor


@given(histories())
def test_more_money_never_turns_a_kept_promise_into_a_broken_one_when_it_comes_alone(history):
    promises, payments, on = history
    for promise in promises:
        less = decide(promises=[promise], payments=payments[1:], on=DAY + timedelta(days=on))
        more = decide(promises=[promise], payments=payments, on=DAY + timedelta(days=on))
        if less[0].state is State.KEPT:
            assert more[0].state is State.KEPT
        assert more[0].paid_minor >= less[0].paid_minor


@given(histories())
def test_as_days_go_by_open_turns_once_and_then_stays(history):
    promises, payments, on = history
    before = decide(promises=promises, payments=payments, on=DAY + timedelta(days=on))
    after = decide(promises=promises, payments=payments, on=DAY + timedelta(days=on + 1))
    for early, late in zip(before, after, strict=True):
        assert early.state in {State.OPEN, late.state}
        assert early.paid_minor == late.paid_minor
