"""Goal: money goes where the payer says, then as the law orders. Method: random debts."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st

from daihou.core.designation import Debt, DesignationRefused, divide

TODAY = date(2026, 6, 1)
AMOUNTS = st.integers(1, 10_000)


def debt(loan_ref="A", days=-10, owed_minor=1_000, **more):
    given = {"due_on": TODAY + timedelta(days=days), "owed_minor": owed_minor}
    return Debt(loan_ref=loan_ref, **given | more)


DEBTS = st.lists(
    st.builds(
        debt,
        loan_ref=st.sampled_from("ABC"),
        days=st.sampled_from([-90, -30, 0, 1, 30]),
        owed_minor=AMOUNTS,
        secured_minor=st.sampled_from([0, 0, 500, 900]),
        burden=st.sampled_from([Decimal("0.12"), Decimal("0.24")]),
    ),
    min_size=1,
    max_size=8,
)


def rank(each, designated):
    place = designated.index(each.loan_ref) if each.loan_ref in designated else len(designated)
    return (place, each.due_on > TODAY, each.secured_minor, -each.burden, each.due_on)


@given(debts=DEBTS, payment_minor=st.integers(1, 60_000), data=st.data())
@example(debts=[debt(owed_minor=1), debt("B", owed_minor=1)], payment_minor=1, data=None)
def test_no_money_is_lost_and_none_is_paid_out_of_turn(debts, payment_minor, data):
    refs = sorted({each.loan_ref for each in debts})
    designated = data.draw(st.permutations(refs))[: len(refs) // 2] if data else []
    found = divide(payment_minor=payment_minor, debts=debts, as_of=TODAY, designated=designated)

    assert sum(found.parts_minor) + found.left_minor == payment_minor
    assert all(0 <= part <= d.owed_minor for part, d in zip(found.parts_minor, debts, strict=True))
    assert found.left_minor == max(0, payment_minor - sum(d.owed_minor for d in debts))
    for part, later in zip(found.parts_minor, debts, strict=True):
        earlier = [
            (p, d)
            for p, d in zip(found.parts_minor, debts, strict=True)
            if rank(d, designated) < rank(later, designated)
        ]
        assert part == 0 or all(p == d.owed_minor for p, d in earlier)


@given(debts=DEBTS, payment_minor=AMOUNTS, data=st.data())
def test_the_order_in_which_debts_are_given_does_not_matter_but_for_a_unit(
    debts, payment_minor, data
):
    order = data.draw(st.permutations(range(len(debts))))
    one = divide(payment_minor=payment_minor, debts=debts, as_of=TODAY).parts_minor
    other = divide(
        payment_minor=payment_minor, debts=[debts[i] for i in order], as_of=TODAY
    ).parts_minor
    for place, i in enumerate(order):
        assert abs(other[place] - one[i]) <= 1


FIRST = [
    ("what is due before what is not", debt(days=-1, secured_minor=9), debt("B", days=1)),
    ("the least secured of what is due", debt(days=-1), debt("B", days=-90, secured_minor=1)),
    (
        "the heaviest burden of the equally secured",
        debt(days=-1, burden=Decimal("0.24")),
        debt("B", days=-90, burden=Decimal("0.12")),
    ),
    ("the earliest due of equal burdens", debt(days=-90), debt("B", days=-1)),
]


@pytest.mark.parametrize(("why", "first", "second"), FIRST, ids=[why for why, _, _ in FIRST])
def test_the_law_puts_first(why, first, second):
    for debts, parts in (([first, second], (1_000, 1)), ([second, first], (1, 1_000))):
        assert divide(payment_minor=1_001, debts=debts, as_of=TODAY).parts_minor == parts


def test_debts_alike_share_by_what_is_owed():
    debts = [debt(owed_minor=100), debt("B", owed_minor=300)]
    assert divide(payment_minor=100, debts=debts, as_of=TODAY).parts_minor == (25, 75)


REFUSED = [
    ({"payment_minor": 0}, "designation.payment_not_positive"),
    ({"debts": [debt(owed_minor=0)]}, "designation.debt_not_positive"),
    ({"debts": [replace(debt(), secured_minor=-1)]}, "designation.security_negative"),
    ({"designated": ["Z"]}, "designation.loan_unknown"),
    ({"designated": ["A", "A"]}, "designation.loan_twice"),
]


@pytest.mark.parametrize(("wrong", "code"), REFUSED)
def test_what_cannot_be_divided_is_refused(wrong, code):
    given = {"payment_minor": 1, "debts": [debt()], "as_of": TODAY} | wrong
    with pytest.raises(DesignationRefused) as refused:
        divide(**given)
    assert refused.value.code == code
