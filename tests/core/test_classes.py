"""Goal: the floor of a class follows days past due, restructures, cure and charge-off.

Method: loans led through each rule's boundary from both sides.
"""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, strategies as st

from daihou.core import terms as t
from daihou.core.changes import Change, InterestTreatment
from daihou.core.classes import (
    LEVELS,
    ClassesRefused,
    ClassRules,
    FiveLevel,
    Why,
    five_level_floor,
    is_never_better,
    level_of_days,
    worst_of,
)
from daihou.core.events import Kind
from daihou.core.position import position
from tests.core.loans import START, contract, disbursed, event, free, histories, on, paid, rate

RULES = ClassRules(
    valid_from=date(2023, 7, 1),
    special_mention_after_days=0,
    substandard_after_days=90,
    doubtful_after_days=270,
    loss_after_days=360,
    technical_days=7,
    observation_periods=2,
    observation_months=12,
    cure_periods=2,
    cure_months=6,
)
MONTHLY = [(30 * n, 1_000) for n in range(1, 25)]


def floor(agreed, events, offset, rules=RULES, **more):
    return five_level_floor(contract=agreed, events=events, as_of=on(offset), rules=rules, **more)


def reasons(found):
    return [reason.why for reason in found.reasons]


@pytest.mark.parametrize(
    ("days", "level"),
    [
        (0, "normal"),
        (1, "special_mention"),
        (90, "special_mention"),
        (91, "substandard"),
        (270, "substandard"),
        (271, "doubtful"),
        (360, "doubtful"),
        (361, "loss"),
    ],
)
def test_days_past_due_set_the_floor(days, level):
    found = floor(free((30, 1_000)), [disbursed(1_000)], 30 + days)
    assert found.level == level
    assert [(reason.why, reason.days) for reason in found.reasons] == (
        [(Why.DAYS, days)] if days else []
    )


def test_penalty_left_unpaid_does_not_age():
    agreed = free((30, 1_000), penalty=t.PenaltyTerms(rate=rate("0.01", t.RatePer.DAY)))
    events = [disbursed(1_000), paid(31, 1_000, sequence=1, channel="")]
    rule = t.rule_in_order(t.PRINCIPAL_FIRST_ORDER)
    agreed = replace(agreed, terms=replace(agreed.terms, allocation=t.AllocationTerms(normal=rule)))
    assert floor(agreed, events, 300).level is FiveLevel.NORMAL


def test_technical_lateness_is_forgiven_for_its_days_and_when_declared():
    agreed, events = free((30, 1_000)), [disbursed(1_000)]
    declared = frozenset({on(30)})
    assert floor(agreed, events, 37).level is FiveLevel.SPECIAL_MENTION
    assert floor(agreed, events, 37, technical_due_on=declared).level is FiveLevel.NORMAL
    assert floor(agreed, events, 38, technical_due_on=declared).level is FiveLevel.SPECIAL_MENTION


def test_a_loan_written_off_is_a_loss_and_a_closed_one_is_normal():
    agreed = free((30, 1_000))
    events = [disbursed(1_000), event(Kind.WRITTEN_OFF, 40, sequence=1)]
    assert reasons(floor(agreed, events, 45))[0] is Why.WRITTEN_OFF
    assert floor(agreed, events, 45).level is FiveLevel.LOSS
    assert floor(agreed, [*events, paid(50, 1_000, sequence=2)], 50).level is FiveLevel.NORMAL


def test_before_it_is_paid_out_a_loan_is_normal():
    assert floor(free((30, 1_000)), [disbursed(1_000, 5)], 4).level is FiveLevel.NORMAL


def npl_then_regular(*, missed_after=None):
    """Unpaid until day 130, then everything due and every instalment on its day."""
    dues = [offset for offset, _ in MONTHLY]
    events = [disbursed(24_000), paid(130, 4_000, sequence=1)]
    for n, offset in enumerate(dues[4:], start=2):
        late = 3 if offset == missed_after else 0
        events.append(paid(offset + late, 1_000, sequence=n))
    return free(*MONTHLY), events


def test_from_non_performing_the_way_up_takes_six_months_of_normal_payment():
    agreed, events = npl_then_regular()
    assert floor(agreed, events, 120).level is FiveLevel.SPECIAL_MENTION
    assert floor(agreed, events, 121).level is FiveLevel.SUBSTANDARD
    assert reasons(floor(agreed, events, 121)) == [Why.DAYS]
    cured_on = date(2024, 9, 29)  # Six months after 29 March 2024, day 130.
    assert on(130) == date(2024, 3, 29)
    offset = (cured_on - START).days
    just_before = floor(agreed, events, offset - 1)
    assert (just_before.level, reasons(just_before)) == (FiveLevel.SUBSTANDARD, [Why.CURE])
    assert just_before.reasons[0].until_on == cured_on
    assert floor(agreed, events, offset).level is FiveLevel.NORMAL


def test_two_periods_count_where_they_are_longer_than_six_months():
    quarterly = [(91 * n, 1_000) for n in range(1, 9)]
    agreed = free(*quarterly)
    events = [disbursed(8_000), paid(183, 2_000, sequence=1)]
    events += [paid(91 * n, 1_000, sequence=n) for n in range(3, 9)]
    rules = replace(RULES, cure_months=3)
    second = 91 * 4  # The second due date after day 183.
    assert floor(agreed, events, second, rules).level is FiveLevel.SUBSTANDARD
    assert floor(agreed, events, second + 1, rules).level is FiveLevel.NORMAL


def test_a_missed_payment_starts_the_cure_again():
    agreed, events = npl_then_regular(missed_after=240)
    again_from = on(243)
    until = date(again_from.year + 1, again_from.month - 6, again_from.day)
    assert floor(agreed, events, (until - START).days - 1).level is FiveLevel.SUBSTANDARD
    assert floor(agreed, events, (until - START).days).level is FiveLevel.NORMAL
    assert floor(agreed, events, 241).level is FiveLevel.SUBSTANDARD


LONG = contract(2_400_000, method=t.Method.EQUAL_PRINCIPAL, instalment_count=36, rate=rate("0.06"))


def deferred(offset, sequence=50, count=1):
    return event(
        Kind.DEFERRED,
        offset,
        sequence=sequence,
        change=Change(instalment_count=count, interest=InterestTreatment.GOES_ON),
    )


def pays_all(agreed, events, through):
    """Pay whatever is due on its day."""
    for sequence in range(100, 200):
        then = position(contract=agreed, events=events, as_of=on(through))
        open_dues = [each for each in then.instalments if each.outstanding_minor]
        if not open_dues or open_dues[0].due_on > on(through):
            return events
        first = open_dues[0]
        offset = (first.due_on - START).days
        amount = (
            position(contract=agreed, events=events, as_of=first.due_on)
            .instalments[first.instalment_no - 1]
            .outstanding_minor
        )
        events = [*events, paid(offset, amount, sequence=sequence)]
    return events


def observed(*changes, through=1000):
    events = pays_all(LONG, [disbursed(2_400_000)], (changes[0].effective_on - START).days)
    for change in changes:
        events = pays_all(LONG, [*events, change], (change.effective_on - START).days)
    return pays_all(LONG, events, through)


def test_a_restructured_loan_is_watched_for_a_year_from_its_next_payment():
    events = observed(deferred(70))
    found = floor(LONG, events, 71)
    assert (found.level, reasons(found)) == (FiveLevel.SPECIAL_MENTION, [Why.OBSERVATION])
    first_due = next(
        each.due_on
        for each in position(contract=LONG, events=events, as_of=on(71)).instalments
        if each.due_on > on(70) and each.outstanding_minor
    )
    until = found.reasons[0].until_on
    assert floor(LONG, events, (until - START).days - 1).level is FiveLevel.SPECIAL_MENTION
    assert floor(LONG, events, (until - START).days).level is FiveLevel.NORMAL
    assert until == first_due.replace(year=first_due.year + 1)


def test_a_second_restructure_within_the_observation_is_substandard_and_starts_it_again():
    first, second = deferred(70), deferred(200, sequence=60)
    once, twice = observed(first), observed(first, second)
    found = floor(LONG, twice, 201)
    assert (found.level, reasons(found)) == (FiveLevel.SUBSTANDARD, [Why.SECOND_RESTRUCTURE])
    assert found.reasons[0].until_on > floor(LONG, once, 201).reasons[0].until_on
    late = deferred(700, sequence=60)
    assert floor(LONG, observed(first, late), 701).level is FiveLevel.SPECIAL_MENTION


def test_what_was_undone_was_no_restructure():
    change = deferred(70)
    undone = event(Kind.UNDONE, 75, sequence=51, target_key=change.key)
    events = [*observed(change, through=74), undone]
    assert floor(LONG, events, 74).level is FiveLevel.SPECIAL_MENTION
    assert Why.OBSERVATION not in reasons(floor(LONG, events, 75))


def test_the_guarantors_claim_ages_on_from_the_oldest_unpaid_date():
    agreed = free((30, 1_000))
    compensated = event(
        Kind.COMPENSATED, 100, 1_000, sequence=1, change=Change(counterparty="guarantor")
    )
    events = [disbursed(1_000), compensated]
    for offset, level in ((100, "special_mention"), (121, "substandard"), (301, "doubtful")):
        found = floor(agreed, events, offset)
        assert (found.level, Why.COMPENSATED in reasons(found)) == (level, True)
    recovered = event(Kind.CLAIM_RECOVERED, 150, 1_000, sequence=2)
    assert floor(agreed, [*events, recovered], 150).level is FiveLevel.NORMAL


def test_figures_another_system_stated_count_by_their_days():
    stated = event(Kind.STATED, 40, sequence=1, figures=(("days_past_due", 100),))
    found = floor(free((30, 1_000)), [disbursed(1_000), stated], 45)
    assert found.level is FiveLevel.SUBSTANDARD


@pytest.mark.parametrize("days", [(0, 90, 90, 360), (-1, 90, 270, 360), (0, 270, 90, 360)])
def test_thresholds_that_do_not_rise_are_refused(days):
    names = ("special_mention", "substandard", "doubtful", "loss")
    changed = {f"{name}_after_days": n for name, n in zip(names, days, strict=True)}
    with pytest.raises(ClassesRefused) as refused:
        replace(RULES, **changed)
    assert refused.value.code == "classes.thresholds_not_rising"


def test_other_thresholds_give_other_floors():
    law = replace(RULES, substandard_after_days=180)
    assert floor(free((30, 1_000)), [disbursed(1_000)], 130, law).level == "special_mention"


def test_judgement_may_only_be_worse():
    for n, level in enumerate(LEVELS):
        for m, below in enumerate(LEVELS):
            assert is_never_better(level=below, floor=level) is (m >= n)
            assert worst_of(level, below) is LEVELS[max(n, m)]


@given(histories(), st.integers(0, 400))
def test_no_floor_is_better_than_the_days_past_due_ask_for(history, offset):
    agreed, events = history
    then = position(contract=agreed, events=events, as_of=on(offset))
    found = floor(agreed, events, offset)
    if then.status in {"active", "written_off"}:
        by_days = level_of_days(days_past_due=then.days_past_due, rules=RULES)
        assert is_never_better(level=found.level, floor=by_days)
    else:
        assert found.level is FiveLevel.NORMAL or then.claim_minor
