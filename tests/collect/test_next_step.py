"""Goal: the advised step is the first rule that fits, and says why."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from daihou.collect.next_step import Situation, Step, Way, advise

DAY = date(2026, 3, 2)
LATER = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
OPEN, SHUT = Way(is_open=True), Way(is_open=False, opens_at=LATER)
PLAIN = Situation(
    business_date=DAY,
    figures_as_of=DAY,
    overdue_minor=120_00,
    days_past_due=12,
    ways={"voice": OPEN, "sms": OPEN, "visit": OPEN},
)
# Each line is stronger than those below it: all of them hold at once, the first speaks.
IN_ORDER = [
    (Step.REFRESH, "stale", {"figures_as_of": date(2026, 3, 1)}),
    (Step.HAND_OVER, "state", {"states": frozenset({"deceased", "hardship"})}),
    (Step.MATCH_PAYMENT, "claimed", {"has_claimed_payment": True}),
    (Step.ANSWER, "complaint", {"has_complaint": True}),
    (Step.ANSWER, "dispute", {"has_dispute": True}),
    (Step.KEEP_SILENT, "stopped", {"stops": frozenset({"refused_contact"})}),
    (Step.AWAIT_PROMISE, "promised", {"promised_on": date(2026, 3, 5)}),
    (Step.AFTER_TALK, "talked", {"talked_today": True}),
    (Step.HARDSHIP, "state", {"states": frozenset({"hardship"})}),
    (Step.PLAN, "broken", {"broken_promises": 2}),
    (Step.DEMAND, "limitation", {"limitation_ends_on": date(2026, 4, 30)}),
    (Step.FIND_NUMBER, "no_number", {"has_number": False}),
    (Step.MESSAGE, "unanswered", {"unanswered_in_a_row": 5}),
    (Step.CALL, "overdue", {}),
]


@pytest.mark.parametrize("number", range(len(IN_ORDER)))
def test_the_stronger_reason_speaks(number):
    changes = {}
    for _step, _code, more in reversed(IN_ORDER[number:]):
        changes |= more
    step, code, _more = IN_ORDER[number]
    advice = advise(replace(PLAIN, **changes))
    assert (advice.step, advice.reasons[0].code) == (step, code)


def test_nothing_overdue_asks_for_nothing():
    assert advise(replace(PLAIN, overdue_minor=0)).step is Step.NOTHING


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"has_number": False, "days_past_due": 60}, Step.VISIT),
        ({"unanswered_in_a_row": 5, "days_past_due": 60}, Step.VISIT),
        ({"ways": {"voice": SHUT, "sms": OPEN}}, Step.MESSAGE),
        ({"promised_on": date(2026, 3, 1)}, Step.CALL),
    ],
)
def test_the_way_depends_on_what_is_open_and_how_late_it_is(changes, step):
    assert advise(replace(PLAIN, **changes)).step is step


@pytest.mark.parametrize(
    ("open_ways", "days", "step"),
    [
        ({"sms", "visit"}, 12, Step.MESSAGE),
        ({"email"}, 12, Step.MESSAGE),
        ({"visit"}, 60, Step.VISIT),
        ({"visit"}, 59, Step.WAIT),
        (set(), 60, Step.WAIT),
    ],
)
def test_an_order_that_leaves_a_way_open_turns_the_advice_to_it_and_is_named(open_ways, days, step):
    ways = {
        name: OPEN if name in open_ways else SHUT for name in ("voice", "sms", "email", "visit")
    }
    held = replace(PLAIN, part_stops=frozenset({"opt_out"}), ways=ways, days_past_due=days)
    advice = advise(held)
    assert advice.step is step
    assert advice.reasons[-1].params == {"kind": "opt_out"}
    assert advise(replace(held, stops=frozenset({"opt_out"}))).step is Step.KEEP_SILENT


def test_with_no_way_open_the_advice_says_when_one_opens():
    advice = advise(replace(PLAIN, ways={"voice": SHUT, "sms": Way(is_open=False)}))
    assert (advice.step, advice.at) == (Step.WAIT, LATER)
    assert advise(replace(PLAIN, ways={})).at is None


def test_a_broken_promise_is_named_with_the_call():
    reasons = advise(replace(PLAIN, broken_promises=1)).reasons
    assert [reason.code for reason in reasons] == ["overdue", "broken"]
