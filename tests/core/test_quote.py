"""Goal: a quote closes the loan to the cent on its day, and says what each later day adds."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from daihou.core import terms as t
from daihou.core.events import Kind
from daihou.core.limits import CostItem, Payee
from daihou.core.position import Status, position
from daihou.core.quote import FeeMethod, FeeRule, QuoteRefused, payoff_quote
from tests.core.loans import contract, disbursed, event, free, histories, on, paid, rate

TABLE = (
    CostItem(
        item="early",
        component=t.Component.FEE,
        method="on prepayment",
        standard="a share",
        payee=Payee.LENDER,
        is_contingent=True,
    ),
)
LOAN = free((30, 1_000, 300), (60, 1_000, 200), (90, 1_000, 100))
LENT = [disbursed(3_000)]


def fee(method, value, free_after=None):
    return FeeRule(
        item="early", method=method, value=Decimal(value), free_after_instalments=free_after
    )


def quote(offset, events=LENT, agreed=LOAN, **more):
    return payoff_quote(contract=agreed, events=events, valid_on=on(offset), **more)


def test_interest_is_for_the_days_the_money_was_out():
    found = quote(10)
    assert (found.accrued_interest_minor, found.total_minor) == (100, 3_100)
    assert (found.per_day_minor, found.next_due_on) == (10, on(30))


def test_what_is_due_is_owed_in_full_by_component():
    found = quote(45)
    assert found.due_minor[t.Component.PRINCIPAL] == 1_000
    assert found.due_minor[t.Component.INTEREST] == 300
    assert found.principal_later_minor == 2_000
    assert found.total_minor == 1_300 + 2_000 + 100


def test_money_held_is_taken_off():
    found = quote(10, [*LENT, paid(5, 250, sequence=1)])
    assert (found.held_minor, found.total_minor) == (250, 2_850)


@pytest.mark.parametrize(
    ("rule", "fee_minor"),
    [
        (None, 0),
        (fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0.03"), 90),
        (fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0.0305"), 92),  # 91.5, half up.
        (fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0"), 0),
        (fee(FeeMethod.MONTHS_OF_INTEREST, "2"), 60),  # Two months at 12 % a year of 3,000.
    ],
)
def test_the_fee_follows_its_rule(rule, fee_minor):
    found = quote(10, fee_rule=rule, cost_table=TABLE)
    assert (found.fee_minor, found.total_minor) == (fee_minor, 3_100 + fee_minor)


def test_after_so_many_settled_instalments_the_fee_is_free():
    rule = fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0.03", free_after=2)
    one = [*LENT, paid(30, 1_300, sequence=1)]
    two = [*one, paid(60, 1_200, sequence=2)]
    assert quote(31, one, fee_rule=rule, cost_table=TABLE).fee_minor == 60
    assert quote(61, two, fee_rule=rule, cost_table=TABLE).fee_minor == 0


def test_no_fee_is_taken_on_principal_that_is_due():
    rule = fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0.10")
    assert quote(95, fee_rule=rule, cost_table=TABLE).fee_minor == 0


@pytest.mark.parametrize(
    "table",
    [
        None,
        (),
        (
            TABLE[0].__class__(
                item="early",
                component=t.Component.PENALTY,
                method="",
                standard="",
                payee=Payee.LENDER,
            ),
        ),
    ],
)
def test_a_fee_that_was_not_disclosed_is_refused(table):
    with pytest.raises(QuoteRefused) as refused:
        quote(10, fee_rule=fee(FeeMethod.PERCENT_OF_PRINCIPAL, "0.03"), cost_table=table)
    assert refused.value.code == "quote.fee_not_disclosed"


@pytest.mark.parametrize("value", ["-0.01", "NaN", "Infinity"])
def test_a_senseless_fee_is_refused(value):
    with pytest.raises(QuoteRefused) as refused:
        quote(10, fee_rule=fee(FeeMethod.PERCENT_OF_PRINCIPAL, value), cost_table=TABLE)
    assert refused.value.code == "quote.fee_senseless"


def test_only_a_loan_that_runs_is_quoted():
    with pytest.raises(QuoteRefused) as refused:
        quote(10, [])
    assert refused.value.code == "quote.not_active"
    stated = event(Kind.STATED, 5, sequence=3, figures=(("overdue_minor", 5),))
    with pytest.raises(QuoteRefused) as refused:
        quote(10, [*LENT, stated])
    assert refused.value.code == "quote.stated"


def test_a_loan_written_off_can_still_be_paid_off():
    written_off = event(Kind.WRITTEN_OFF, 95, sequence=1)
    assert quote(96, [*LENT, written_off]).total_minor == 3_600


def test_a_penalty_is_part_of_what_each_later_day_adds():
    penalty = t.PenaltyTerms(rate=rate("0.01", t.RatePer.DAY))
    agreed = free((30, 1_000), penalty=penalty)
    found = quote(40, [disbursed(1_000)], agreed)
    assert (found.total_minor, found.per_day_minor) == (1_100, 10)


@given(histories(), st.integers(0, 300))
def test_without_a_fee_the_total_is_the_positions_pay_off_to_the_cent(history, offset):
    agreed, events = history
    then = position(contract=agreed, events=events, as_of=on(offset))
    if then.status not in {Status.ACTIVE, Status.WRITTEN_OFF}:
        return
    found = payoff_quote(contract=agreed, events=events, valid_on=on(offset))
    assert found.total_minor == then.payoff_minor
    owed = sum(found.due_minor.values()) + found.principal_later_minor
    owed += found.accrued_interest_minor
    assert found.total_minor == max(0, owed - found.held_minor)


def test_paying_the_quote_and_closing_gives_nothing_up():
    agreed = contract(100_000, method=t.Method.EQUAL_INSTALMENT, instalment_count=6)
    events = [disbursed(100_000)]
    for offset in (10, 45, 100):
        found = payoff_quote(contract=agreed, events=events, valid_on=on(offset))
        payment = paid(offset, found.total_minor, sequence=8)
        closed = event(Kind.CLOSED, offset, sequence=9)
        then = position(contract=agreed, events=[*events, payment, closed], as_of=on(offset))
        principal = [each.components[t.Component.PRINCIPAL] for each in then.instalments]
        assert sum(owed.waived_minor for owed in principal) == 0
        assert then.unapplied_minor == 0
