"""Goal: a new schedule keeps what was paid and what is owed in all. Method: plans by hand."""

from daihou.core._rows import PRINCIPAL, merge_schedule
from daihou.core.schedule import ScheduledInstalment
from tests.core.loans import START, on


def plan(*amounts):
    return [
        ScheduledInstalment(
            instalment_no=number,
            start_on=START if number == 1 else on(30 * number - 30),
            due_on=on(30 * number),
            principal_minor=principal,
            interest_minor=interest,
            fee_minor=0,
        )
        for number, (principal, interest) in enumerate(amounts, start=1)
    ]


def left(rows):
    return [row.left[PRINCIPAL] for row in rows]


def test_an_instalment_takes_the_difference_to_its_old_plan():
    rows = merge_schedule([], plan((100, 3), (100, 2)))
    rows[1].left[PRINCIPAL] -= 80
    rows = merge_schedule(rows, plan((150, 5), (150, 4), (50, 1)))
    assert left(rows) == [150, 70, 50]
    assert [row.owed[:2] for row in rows] == [[150, 5], [150, 4], [50, 1]]


def test_what_was_paid_too_much_counts_for_the_next_instalments():
    rows = merge_schedule([], plan((100, 3), (100, 9), (100, 1)))
    rows[1].left[PRINCIPAL] -= 80
    rows[1].left[1] -= 9
    rows = merge_schedule(rows, plan((100, 3), (60, 4), (140, 1)))
    assert left(rows) == [100, 0, 120]
    assert [row.owed[PRINCIPAL] for row in rows] == [100, 80, 120]
    assert [row.owed[1] for row in rows] == [3, 9, 1]  # Interest that was paid stays owed.


def test_an_instalment_that_vanishes_keeps_what_was_paid_on_it():
    rows = merge_schedule([], plan((100, 0), (100, 0), (100, 0)))
    rows[2].left[PRINCIPAL] -= 30
    rows = merge_schedule(rows, plan((150, 0), (150, 0)))
    assert [row.owed[PRINCIPAL] for row in rows] == [150, 120, 30]
    rows = merge_schedule(rows, plan((300, 0)))
    assert [row.owed[PRINCIPAL] for row in rows] == [270, 30]
