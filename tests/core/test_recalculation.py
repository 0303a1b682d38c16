"""Goal: interest follows the balance to the cent. Method: figures by hand; days one by one."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, strategies as st

from daihou.core._fold import Fold
from daihou.core.changes import Change, InterestTreatment
from daihou.core.course import standings
from daihou.core.events import Kind, is_plain
from daihou.core.money import round_amount
from daihou.core.position import Status, freeze, position
from daihou.core.terms import (
    STATUTORY_ORDER,
    AllocationTerms,
    Component,
    DayCount,
    InterestBasis,
    Method,
    PenaltyTerms,
    PeriodUnit,
    Rate,
    RatePer,
    Recalculation,
    Surplus,
    TermsRefused,
    check_terms_alone,
    rule_in_order,
)
from tests.core.loans import contract, event, on, rate
from tests.core.test_posting import assert_is_position, assert_pays_off

DAILY = Rate(value=Decimal("0.0005"), per=RatePer.DAY)  # 万分之五: 5 on 10,000 a day.


def loan(*, surplus=Surplus.HOLD, principal_minor=1_000_000, **terms):
    """1,000,000 in four instalments of 250,000, due on days 30, 61, 92 and 121."""
    follows = {
        name: terms.pop(name)
        for name in ("overdue_bears", "earned_first", "counts_for_next", "rounds_pieces")
        if name in terms
    }
    rule = rule_in_order(STATUTORY_ORDER, surplus=surplus)
    settings = {
        "rate": DAILY,
        "instalment_count": 4,
        "allocation": AllocationTerms(normal=rule),
        "recalculation": Recalculation(**follows),
    }
    return contract(principal_minor, **settings | terms)


def at(offset, *events, of, paid_out=1_000_000):
    first = event(Kind.DISBURSED, 0, paid_out)
    return position(contract=of, events=[first, *events], as_of=on(offset))


def payment(offset, amount, sequence=1, **more):
    return event(Kind.PAYMENT_RECEIVED, offset, amount, sequence=sequence, **more)


def plan(now):
    owed = [each.components for each in now.instalments]
    return [(o[Component.PRINCIPAL].due_minor, o[Component.INTEREST].due_minor) for o in owed]


def test_the_days_of_the_periods_are_as_the_figures_below_need_them():
    days = [(each.due_on - on(0)).days for each in at(0, of=loan()).instalments]
    assert days == [30, 61, 92, 121]
    assert plan(at(0, of=loan())) == [
        (250_000, 15_000),
        (250_000, 11_625),
        (250_000, 7_750),
        (250_000, 3_625),
    ]


def test_a_prepayment_pays_what_was_earned_and_then_stops_bearing():
    """10 days of 500 are earned; 200,000 less bear 400 a day for the 20 days left."""
    now = at(10, payment(10, 205_000), of=loan(surplus=Surplus.SHORTEN))
    assert [(p.component, p.amount_minor) for p in now.applied[0].parts] == [
        (Component.INTEREST, 5_000),
        (Component.PRINCIPAL, 200_000),
    ]
    assert now.instalments[0].components[Component.INTEREST].due_minor == 5_000 + 20 * 400
    assert plan(now) == [(450_000, 13_000), (250_000, 8_525), (250_000, 4_650), (50_000, 725)]
    assert now.principal_outstanding_minor == 800_000


def test_a_lower_instalment_spreads_what_is_left_over_all_that_are_to_come():
    now = at(10, payment(10, 205_000), of=loan(surplus=Surplus.LOWER))
    assert plan(now) == [(400_000, 13_000), (200_000, 9_300), (200_000, 6_200), (200_000, 2_900)]


def test_paid_off_early_a_loan_costs_the_days_it_ran():
    contract = loan(surplus=Surplus.SHORTEN)
    owed = at(17, of=contract)
    assert (owed.accrued_interest_minor, owed.payoff_minor) == (17 * 500, 1_008_500)
    now = at(17, payment(17, 1_008_500), of=contract)
    assert (now.status, now.closed_on, now.unapplied_minor) == (Status.CLOSED, on(17), 0)


@pytest.mark.parametrize("earned_first", [True, False])
@pytest.mark.parametrize("counts_for_next", [True, False])
@pytest.mark.parametrize("surplus", list(Surplus))
def test_a_prepayment_of_all_pays_off_whatever_the_product(earned_first, counts_for_next, surplus):
    contract = loan(
        surplus=surplus,
        earned_first=earned_first,
        counts_for_next=counts_for_next,
        instalment_fee_minor=150,
    )
    change = Change(surplus=Surplus.LOWER)
    prepaid = event(Kind.PREPAID, 17, 1_008_500, change=change)
    now = at(17, prepaid, of=contract)
    assert (now.principal_outstanding_minor, now.payoff_minor, now.unapplied_minor) == (0, 0, 0)


def test_principal_owed_again_after_the_term_can_be_prepaid_too():
    later = event(
        Kind.CHARGE_ADDED, 100, 700, key="c1", component=Component.FEE, due_on=on(200), sequence=1
    )
    out = event(Kind.REFUNDED, 130, 5_000, sequence=3)
    contract = loan()
    paid = payment(121, at(121, of=contract).payoff_minor, sequence=2)
    change = Change(surplus=Surplus.LOWER)
    prepaid = event(Kind.PREPAID, 140, 5_000, sequence=4, change=change)
    now = at(140, later, paid, out, prepaid, of=contract)
    assert (now.principal_outstanding_minor, now.unapplied_minor) == (0, 0)
    assert now.instalments[4].outstanding_minor == 700


def test_one_unit_too_much_stays_in_hand():
    now = at(17, payment(17, 1_008_501), of=loan(surplus=Surplus.SHORTEN))
    assert (now.status, now.unapplied_minor) == (Status.CLOSED, 1)


def test_interest_paid_ahead_that_is_never_earned_becomes_principal():
    """Two whole instalments on day 10: what the second one's interest asked for pays principal."""
    contract = loan(surplus=Surplus.NEXT_INSTALMENT)
    now = at(10, payment(10, 265_000 + 261_625), of=contract)
    paid = {part.component: 0 for part in now.applied[0].parts}
    for part in now.applied[0].parts:
        paid[part.component] += part.amount_minor
    assert sum(paid.values()) == 526_625
    balance = 1_000_000 - paid[Component.PRINCIPAL]
    first = Fraction(5_000) + 20 * balance * Fraction(5, 10_000)
    assert now.instalments[0].components[Component.INTEREST].due_minor == round(first)
    assert now.principal_outstanding_minor == balance
    for each in now.instalments:
        owed = each.components[Component.INTEREST]
        assert owed.paid_minor <= owed.due_minor


def test_overdue_principal_bears_on_only_where_the_product_says_so():
    """250,000 overdue bear 125 a day from day 30 on."""
    assert plan(at(40, of=loan()))[1] == (250_000, 11_625)
    bears = loan(overdue_bears=True)
    assert plan(at(30, of=bears))[1] == (250_000, 11_625)
    assert plan(at(40, of=bears))[1] == (250_000, 11_625 + 10 * 125)
    late = at(61, payment(40, 265_000), of=bears)
    assert plan(late)[1] == (250_000, 11_625 + 10 * 125)
    assert plan(at(92, of=bears))[2] == (250_000, 31 * 500)


def test_an_equal_instalment_keeps_its_amount_and_the_last_one_absorbs():
    contract = loan(method=Method.EQUAL_INSTALMENT, overdue_bears=True)
    before, late = plan(at(0, of=contract)), plan(at(61, of=contract))
    assert [sum(each) for each in late[:3]] == [sum(each) for each in before[:3]]
    assert late[1][1] == 31 * 500
    assert sum(each[0] for each in late) == 1_000_000
    assert late[3][0] > before[3][0]


def test_pieces_may_round_each_by_itself():
    """12.5 a day: 3 days and 27 days make 37.5 + 225 where the balance changed between them."""
    terms = {"principal_minor": 25_000, "surplus": Surplus.NEXT_INSTALMENT}
    once = loan(**terms)
    pieces = loan(**terms, rounds_pieces=True)
    early = payment(3, 1)
    for of, interest in ((once, 375), (pieces, 38 + 337)):
        now = at(3, early, of=of, paid_out=25_000)
        assert plan(now)[0][1] == interest, of.terms.recalculation
    both = payment(1, 1), payment(2, 1, sequence=2)
    assert plan(at(2, *both, of=once, paid_out=25_000))[0][1] == 375
    assert plan(at(2, *both, of=pieces, paid_out=25_000))[0][1] == 13 + 12 + 350


def test_early_money_may_stand_for_the_next_instalment():
    contract = loan(surplus=Surplus.LOWER, earned_first=False, counts_for_next=True)
    less = at(10, payment(10, 100_000), of=contract)
    assert plan(less)[0] == (250_000, 5_000 + 20 * 450)
    assert less.instalments[0].outstanding_minor == 150_000 + 14_000
    more = at(10, payment(10, 400_000), of=contract)
    assert plan(more) == [(400_000, 11_000), (200_000, 9_300), (200_000, 6_200), (200_000, 2_900)]
    assert more.instalments[0].outstanding_minor == 11_000
    on_time = at(30, payment(30, 265_000 + 150_000), of=contract)
    assert plan(on_time)[0] == (400_000, 15_000)
    assert plan(on_time)[1:] == plan(more)[1:]


def test_money_paid_out_later_bears_from_its_own_day():
    second = event(Kind.DISBURSED, 10, 300_000, key="d2")
    now = at(10, second, of=loan(principal_minor=1_300_000))
    assert plan(now)[0][1] == 10 * 500 + 20 * 650
    assert sum(each[0] for each in plan(now)) == 1_300_000


def test_what_is_charged_back_bears_from_its_day():
    back = event(Kind.CHARGED_BACK, 40, 250_000, target_key="payment_received-30-1", sequence=2)
    now = at(40, payment(30, 265_000), back, of=loan())
    assert now.principal_outstanding_minor == 1_000_000 - 250_000 + 235_000
    assert plan(now)[1][0] == 250_000 + 235_000
    bearing = 750_000 * 10 + 985_000 * 21
    assert bearing * 5 == 140_925_000  # 14,092.5 after 10,000 times the rate; a half goes up.
    assert plan(now)[1][1] == 15_000 + 14_093


def test_a_bullet_bears_on_what_is_left():
    contract = loan(method=Method.BULLET, surplus=Surplus.SHORTEN)
    now = at(21, payment(21, 10_500 + 400_000), of=contract)
    assert plan(now) == [(1_000_000, 10_500 + 100 * 300)]


def test_the_course_says_what_the_position_says():
    contract = loan(overdue_bears=True, surplus=Surplus.SHORTEN)
    events = [event(Kind.DISBURSED, 0, 1_000_000), payment(35, 100_000), payment(70, 500_000)]
    days = [on(offset) for offset in range(0, 130, 7)]
    for day, told in zip(days, standings(contract=contract, events=events, days=days), strict=True):
        now = position(contract=contract, events=events, as_of=day)
        assert told.principal_outstanding_minor == now.principal_outstanding_minor
        assert told.overdue_minor == sum(now.overdue_minor.values())


PAUSED = event(Kind.INTEREST_PAUSED, 0, change=Change(through_on=on(31)))
RE_AGED = event(
    Kind.RE_AGED,
    82,
    change=Change(
        first_due_on=on(100),
        instalment_count=4,
        every=2,
        unit=PeriodUnit.WEEK,
        interest=InterestTreatment.GOES_ON,
    ),
)
DAILY_PENALTY = PenaltyTerms(rate=DAILY)


@pytest.mark.parametrize(
    ("terms", "events"),
    [
        ({"day_count": DayCount.ACTUAL_ACTUAL, "rate": rate("0.24")}, ()),
        ({"method": Method.INTEREST_ONLY}, (PAUSED,)),
        ({"day_count": DayCount.THIRTY_360, "rate": rate("0.24")}, (RE_AGED,)),
        ({"overdue_bears": True, "penalty": DAILY_PENALTY}, (RE_AGED,)),
        ({"overdue_bears": True, "penalty": DAILY_PENALTY}, (payment(70, 300_000),)),
    ],
)
def test_to_stop_on_every_day_changes_nothing(terms, events):
    contract = loan(**terms)
    told = [event(Kind.DISBURSED, 0, 1_000_000), *events]
    fold = Fold(contract)
    for offset in range(150):
        fold.run([each for each in told if each.effective_on == on(offset)], on(offset))
        now = position(contract=contract, events=told, as_of=on(offset))
        assert freeze(fold, on(offset), ()) == now, offset


def test_a_pause_keeps_the_instalment_and_the_last_one_shrinks():
    """10 of 30 days rest: 20 times 500 are earned in the first period."""
    contract = loan(method=Method.EQUAL_INSTALMENT)
    before = plan(at(0, of=contract))
    paused = event(Kind.INTEREST_PAUSED, 5, change=Change(through_on=on(14)))
    after = plan(at(5, paused, of=contract))
    assert after[0] == (sum(before[0]) - 10_000, 10_000)
    assert [sum(each) for each in after[:3]] == [sum(each) for each in before[:3]]
    assert sum(after[3]) < sum(before[3])
    assert sum(each[0] for each in after) == 1_000_000


def test_a_changed_rate_counts_from_its_day():
    """10 days of 500, then 20 of 250."""
    slower = Rate(value=Decimal("0.00025"), per=RatePer.DAY)
    changed = event(Kind.RATE_CHANGED, 10, change=Change(rate=slower))
    now = at(10, changed, of=loan())
    assert plan(now) == [(250_000, 10_000), (250_000, 5_813), (250_000, 3_875), (250_000, 1_813)]


def test_such_a_loan_is_not_plain():
    events = [event(Kind.DISBURSED, 0, 1_000_000)]
    assert not is_plain(contract=loan(), events=events)
    without = replace(loan().terms, recalculation=None)
    assert is_plain(contract=replace(loan(), terms=without), events=events)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"method": Method.FLAT}, "terms.recalculation_without_balance"),
        ({"interest_grace_count": 1}, "terms.recalculation_with_interest_grace"),
    ],
)
def test_refuses_what_has_no_balance_to_follow(terms, code):
    with pytest.raises(TermsRefused) as refused:
        check_terms_alone(loan(**terms).terms)
    assert refused.value.code == code


@st.composite
def histories(draw):
    of = loan(
        surplus=draw(st.sampled_from(Surplus)),
        method=draw(
            st.sampled_from([Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_ONLY])
        ),
        rate=rate(draw(st.sampled_from(["0.078", "0.24"]))),
        day_count=draw(st.sampled_from([DayCount.ACTUAL_365, DayCount.ACTUAL_360])),
        interest_basis=InterestBasis.DAILY,
        overdue_bears=draw(st.booleans()),
        earned_first=draw(st.booleans()),
        counts_for_next=draw(st.booleans()),
    )
    events = [
        payment(draw(st.integers(0, 125)), draw(st.integers(1, 600_000)), sequence=i, key=f"p{i}")
        for i in range(1, draw(st.integers(1, 6)) + 1)
    ]
    return of, events


@given(history=histories(), offset=st.integers(0, 130))
def test_a_period_that_is_over_earned_what_its_days_bore(history, offset):
    """The oracle adds up each day's balance, read off where the payments went."""
    of, events = history
    now = at(offset, *events, of=of)
    principal = [
        part for each in now.applied for part in each.parts if part.component is Component.PRINCIPAL
    ]
    assert sum(each[0] for each in plan(now)) == 1_000_000
    assert (
        sum(part.amount_minor for part in principal) == 1_000_000 - now.principal_outstanding_minor
    )
    year = 365 if of.terms.day_count is DayCount.ACTUAL_365 else 360
    for each in now.instalments:
        if each.due_on > now.as_of:
            continue
        borne = 0
        for day in range(each.start_on.toordinal(), each.due_on.toordinal()):
            on_day = date.fromordinal(day)
            owed = 1_000_000 - sum(p.amount_minor for p in principal if p.applied_on <= on_day)
            if not of.terms.recalculation.overdue_bears:
                owed -= sum(
                    row.components[Component.PRINCIPAL].due_minor
                    - sum(
                        p.amount_minor
                        for p in principal
                        if p.instalment_no == row.instalment_no and p.applied_on <= on_day
                    )
                    for row in now.instalments
                    if row.due_on <= on_day
                )
            borne += owed
        exact = borne * Fraction(of.terms.rate.value) / year
        owed = each.components[Component.INTEREST]
        assert owed.due_minor == round_amount(amount=exact, rounding=of.terms.rounding)
    money = sum(part.amount_minor for each in now.applied for part in each.parts)
    assert money + now.unapplied_minor == sum(each.amount_minor for each in now.applied)


@given(history=histories())
def test_paid_off_nothing_is_left(history):
    of, events = history
    before = at(125, *events, of=of)
    assume(before.payoff_minor)
    last = payment(125, before.payoff_minor, sequence=99, key="last")
    after = at(125, *events, last, of=of)
    assert (after.status, after.unapplied_minor) == (Status.CLOSED, 0)


@given(history=histories(), offset=st.integers(0, 130))
def test_the_books_hold_what_the_position_says(history, offset):
    of, events = history
    told = of, [event(Kind.DISBURSED, 0, 1_000_000), *events]
    assert_is_position(told, offset)
    assert_pays_off(told, offset)
