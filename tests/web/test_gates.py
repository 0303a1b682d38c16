"""Goal: a gate stops what no month explains and nothing else. Method: totals at the bounds."""

from decimal import Decimal

import pytest

from daihou.web.ledger import gates

BEFORE = {"active": 1_000, "overdue": 50, "principal_minor": 100_000, "overdue_principal_minor": 0}
TOTALS = BEFORE | {
    "own_before_minor": 100_000,
    "own_after_minor": 100_000,
    "paid_out_minor": 20_000,
    "paid_in_minor": 30_000,
}


def band(**given):
    return gates.Band(**({"jump": Decimal("0.25"), "days": 1, "before": BEFORE} | given))


@pytest.mark.parametrize(("overdue", "is_let_through"), [(25_000, True), (25_020, False)])
def test_the_share_of_principal_overdue_may_move_by_the_band(overdue, is_let_through):
    totals = TOTALS | {"overdue_principal_minor": overdue}
    if is_let_through:
        gates.check_overdue_principal(totals=totals, band=band())
        return
    with pytest.raises(gates.GateFailed) as failed:
        gates.check_overdue_principal(totals=totals, band=band())
    assert failed.value.code == "gate.overdue_principal"
    assert failed.value.params == {"before": 0, "after": 2_502, "band": "0.25"}


# 100,000 and 20,000 paid out; the band of a quarter is 30,000, and 30,000 came in.
@pytest.mark.parametrize(
    ("own_after", "is_let_through"),
    [(150_000, True), (150_001, False), (60_000, True), (59_999, False)],
)
def test_principal_moves_by_what_was_paid_out_and_in(own_after, is_let_through):
    totals = TOTALS | {"own_after_minor": own_after}
    if is_let_through:
        gates.check_principal(totals=totals, band=band())
        return
    with pytest.raises(gates.GateFailed) as failed:
        gates.check_principal(totals=totals, band=band())
    assert failed.value.code == "gate.principal"
    assert failed.value.params == {
        "ours": own_after,
        "least": 60_000,
        "most": 150_000,
        "band": "0.25",
    }


@pytest.mark.parametrize(
    "given", [{"days": None}, {"days": 32}, {"before": None}, {"before": BEFORE | {"active": 99}}]
)
def test_what_cannot_be_compared_is_let_through(given):
    wild = TOTALS | {"own_after_minor": 10**9, "overdue_principal_minor": 100_000}
    for check in (gates.check_principal, gates.check_overdue_principal, gates.check_jump):
        check(totals=wild | {"overdue": 1_000}, band=band(**given))
