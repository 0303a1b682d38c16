"""Goal: a limit refuses exactly what its figure says, names its rule, and helps who needs help."""

from datetime import date
from decimal import Decimal

import pytest

from daihou.core import limits as lim, terms as t
from daihou.core.calendar import add_months
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Kind
from daihou.core.excess import excesses
from daihou.core.life_cost import CostBasis, LifeFlow, Source, annual_cost, excess_minor
from tests.core.loans import contract, disbursed, event, free, on, paid, rate


def rule(rule_id, confidence="secondary"):
    return lim.Rule(
        rule_id=rule_id, valid_from=date(2018, 1, 1), source="a test", confidence=confidence
    )


def figure(value, rule_id="R", confidence="secondary"):
    return lim.Figure(value=Decimal(value), rule=rule(rule_id, confidence))


def limits(**given):
    return lim.Limits(
        jurisdiction="CN",
        lender_type="bank",
        on=on(0),
        contracted_on=on(0),
        **given,
    )


def cap(most, basis=CostBasis.NOMINAL, rule_id="CN-CAP-01"):
    return limits(cost_caps=(lim.CostCap(most=figure(most, rule_id), basis=basis),))


def codes(found):
    return [refusal.code for refusal in found]


def lent(yearly, **more):
    """A year's loan whose every month bears a twelfth of the yearly rate."""
    return contract(
        1_200_000,
        method=t.Method.EQUAL_INSTALMENT,
        rate=rate(yearly),
        instalment_count=12,
        interest_basis=t.InterestBasis.PER_PERIOD,
        **more,
    )


def booked(agreed, law, **around):
    return lim.check(
        contract=agreed,
        events=[],
        proposed=[disbursed(agreed.principal_minor)],
        as_of=on(0),
        limits=law,
        around=lim.Around(**around),
    )


@pytest.mark.parametrize(
    ("yearly", "refused"), [("0.2399", False), ("0.24", False), ("0.2401", True), ("0.36", True)]
)
def test_twenty_four_percent_is_kept_by_24_00_and_broken_by_24_01(yearly, refused):
    found = booked(lent(yearly), cap("0.24"))
    assert codes(found) == (["limit.annual_cost"] if refused else [])
    assert {refusal.rule_id for refusal in found} <= {"CN-CAP-01"}


def test_the_basis_decides_which_measure_counts():
    agreed = lent("0.24")
    assert not booked(agreed, cap("0.24", CostBasis.NOMINAL))
    found = booked(agreed, cap("0.24", CostBasis.EFFECTIVE))
    assert found[0].params["rate"] == "26.82 %"
    assert found[0].params["basis"] == "effective"


def test_the_rate_holds_from_a_month_end_too():
    start = date(2024, 1, 31)
    agreed = t.Contract(
        loan_ref="L2",
        currency="CNY",
        minor_digits=2,
        principal_minor=1_200_000,
        start_on=start,
        terms=lent("0.24").terms,
    )
    paid_out = disbursed(1_200_000, (start - on(0)).days)
    found = lim.check(
        contract=agreed, events=[], proposed=[paid_out], as_of=start, limits=cap("0.24")
    )
    assert not found


def test_every_charge_counts_whoever_gets_it():
    agreed = lent("0.23")
    charge = event(
        Kind.CHARGE_ADDED, 0, 30_000, key="fee", component=t.Component.FEE, due_on=on(0), sequence=2
    )
    facts = {"fee": lim.ChargeFacts(item="guarantee", payee=lim.Payee.GUARANTOR)}
    law = cap("0.24")

    def found(proposed):
        return lim.check(
            contract=agreed,
            events=[],
            proposed=proposed,
            as_of=on(0),
            limits=law,
            around=lim.Around(charges=facts),
        )

    assert codes(found([disbursed(1_200_000), charge])) == ["limit.annual_cost"]
    assert not found([disbursed(1_200_000)])


def test_money_paid_to_others_past_the_ledger_counts():
    insured = LifeFlow(on=on(0), amount_minor=30_000, source=Source.OUTSIDE)
    assert not booked(lent("0.23"), cap("0.24"))
    assert codes(booked(lent("0.23"), cap("0.24"), outside=(insured,))) == ["limit.annual_cost"]


def test_a_loan_above_its_cap_may_be_helped_and_not_be_made_dearer():
    agreed = lent("0.30")
    events = [disbursed(1_200_000)]
    cut = event(Kind.RATE_CHANGED, 40, sequence=5, change=Change(rate=rate("0.10")))
    fee = event(Kind.CHARGE_ADDED, 40, 5_000, sequence=6, component=t.Component.FEE, due_on=on(60))

    def found(proposed):
        return codes(
            lim.check(
                contract=agreed,
                events=events,
                proposed=[proposed],
                as_of=on(40),
                limits=cap("0.24"),
            )
        )

    assert found(cut) == []
    assert found(fee) == ["limit.annual_cost"]


def test_a_restructure_counts_with_the_money_that_came_before_it():
    agreed = lent("0.20")
    events = [disbursed(1_200_000)]
    dearer = event(
        Kind.RE_AGED,
        40,
        sequence=9,
        change=Change(
            first_due_on=on(70), instalment_count=6, interest=InterestTreatment.CAPITALIZED
        ),
    )
    law = cap("0.205")
    raised = event(Kind.RATE_CHANGED, 40, sequence=10, change=Change(rate=rate("0.40")))
    alone = lim.check(contract=agreed, events=events, proposed=[dearer], as_of=on(40), limits=law)
    both = lim.check(
        contract=agreed, events=events, proposed=[dearer, raised], as_of=on(40), limits=law
    )
    assert "limit.annual_cost" not in codes(alone)
    assert "limit.annual_cost" in codes(both)


def band(least, most):
    return lim.Band(least=figure(least, "CN-PEN-01"), most=figure(most, "CN-PEN-01"))


@pytest.mark.parametrize(
    ("multiple", "refused"), [("1.29", True), ("1.3", False), ("1.5", False), ("1.51", True)]
)
def test_the_multiple_of_a_penalty_stays_in_its_band(multiple, refused):
    terms = lent("0.12", penalty=t.PenaltyTerms(multiple=Decimal(multiple))).terms
    law = limits(penalty_overdue=band("1.3", "1.5"), penalty_misuse=band("1.5", "2.0"))
    assert bool(lim.check_terms_limits(terms=terms, limits=law)) is refused
    is_fit_for_misuse = multiple in {"1.5", "1.51"}
    misuse = lim.check_terms_limits(terms=terms, limits=law, is_misuse=True)
    assert (not misuse) is is_fit_for_misuse


def test_a_penalty_of_its_own_rate_is_measured_by_the_contracts():
    law = limits(penalty_overdue=band("1.3", "1.5"))
    per_day = rate("0.0005", t.RatePer.DAY)  # 18.25 % a year: 1.52 times 12 %.
    terms = lent("0.12", penalty=t.PenaltyTerms(rate=per_day)).terms
    found = lim.check_terms_limits(terms=terms, limits=law)
    assert found[0].params["multiple"] == Decimal("1.5208")
    free_of_interest = lent("0", penalty=t.PenaltyTerms(rate=per_day)).terms
    assert codes(lim.check_terms_limits(terms=free_of_interest, limits=law)) == [
        "limit.penalty_on_no_rate"
    ]


@pytest.mark.parametrize(
    ("compound", "count", "refused"),
    [("0.12", 12, False), ("0.13", 12, True), ("0.18", 1, False), ("0.19", 1, True)],
)
def test_interest_on_interest_keeps_the_contract_rate_within_the_term(compound, count, refused):
    penalty = t.PenaltyTerms(multiple=Decimal("1.5"), compound_rate=rate(compound))
    terms = contract(rate=rate("0.12"), instalment_count=count, penalty=penalty).terms
    law = limits(compound_in_term=figure("1", "CN-PEN-02"))
    found = codes(lim.check_terms_limits(terms=terms, limits=law))
    assert found == (["limit.compound_rate"] if refused else [])


TABLE = (
    lim.CostItem(
        item="interest",
        component=t.Component.INTEREST,
        method="",
        standard="",
        payee=lim.Payee.LENDER,
    ),
    lim.CostItem(
        item="visit",
        component=t.Component.FEE,
        method="",
        standard="",
        payee=lim.Payee.THIRD_PARTY,
        most_minor=5_000,
        is_contingent=True,
    ),
)


def charged(facts, amount_minor=5_000, law=None, table=TABLE):
    charge = event(
        Kind.CHARGE_ADDED,
        5,
        amount_minor,
        key="c",
        sequence=2,
        component=t.Component.FEE,
        due_on=on(20),
    )
    return codes(
        lim.check(
            contract=lent("0.10"),
            events=[disbursed(1_200_000)],
            proposed=[charge],
            as_of=on(5),
            limits=law
            or limits(
                disclosure=rule("CN-DISC-02"),
                payees_refused=((lim.Payee.PLATFORM, rule("CN-FAC-02")),),
            ),
            around=lim.Around(charges={} if facts is None else {"c": facts}, cost_table=table),
        )
    )


@pytest.mark.parametrize(
    ("item", "payee", "amount_minor", "refused"),
    [
        ("visit", lim.Payee.THIRD_PARTY, 5_000, []),
        ("visit", lim.Payee.THIRD_PARTY, 5_001, ["limit.charge_above_standard"]),
        ("visit", lim.Payee.LENDER, 5_000, ["limit.charge_other_payee"]),
        ("advice", lim.Payee.LENDER, 5_000, ["limit.charge_not_disclosed"]),
        ("interest", lim.Payee.LENDER, 5_000, ["limit.charge_not_disclosed"]),
        (
            "visit",
            lim.Payee.PLATFORM,
            5_000,
            ["limit.payee_refused", "limit.charge_other_payee"],
        ),
    ],
)
def test_nothing_is_charged_that_was_not_disclosed_nor_by_the_platform(
    item, payee, amount_minor, refused
):
    assert charged(lim.ChargeFacts(item=item, payee=payee), amount_minor) == refused


def test_a_charge_must_say_what_it_is():
    assert charged(None) == ["limit.charge_unnamed"]
    assert charged(None, law=limits()) == []


def test_without_a_table_on_file_nothing_may_be_charged():
    facts = lim.ChargeFacts(item="visit", payee=lim.Payee.THIRD_PARTY)
    assert charged(facts, table=None) == ["limit.charge_not_disclosed"]


def test_terms_charge_only_what_the_table_shows():
    terms = lent(
        "0.10", instalment_fee_minor=100, penalty=t.PenaltyTerms(multiple=Decimal("1.5"))
    ).terms
    law = limits(disclosure=rule("CN-DISC-02"))
    found = lim.check_terms_limits(terms=terms, limits=law, cost_table=TABLE)
    assert [refusal.params["component"] for refusal in found] == ["penalty"]
    found = lim.check_terms_limits(terms=terms, limits=law)
    assert [refusal.params["component"] for refusal in found] == ["interest", "fee", "penalty"]


EXTENSIONS = (
    lim.ExtensionLimit(term_months_most=12, share=figure("1", "CN-EXT-01", "memory")),
    lim.ExtensionLimit(term_months_most=60, share=figure("0.5", "CN-EXT-01", "memory")),
)


@pytest.mark.parametrize(
    ("count", "last_on", "refused"),
    [
        (12, date(2025, 11, 20), False),  # A year more on a year.
        (12, date(2025, 11, 21), True),
        (24, date(2026, 11, 20), False),  # A year more on two.
        (24, date(2026, 11, 21), True),
        (72, date(2040, 11, 20), False),  # No rule for more than five years.
    ],
)
def test_extensions_together_stay_within_their_share_of_the_term(count, last_on, refused):
    agreed = contract(1_200_000, instalment_count=count, rate=rate("0.05"))
    extended = event(Kind.EXTENDED, 300, sequence=4, change=Change(through_on=last_on))
    found = lim.check(
        contract=agreed,
        events=[disbursed(1_200_000)],
        proposed=[extended],
        as_of=on(300),
        limits=limits(extensions=EXTENSIONS),
    )
    assert codes(found) == (["limit.extension_too_long"] if refused else [])
    assert all(not refusal.is_verified for refusal in found)


def test_a_second_extension_counts_with_the_first():
    agreed = contract(1_200_000, instalment_count=12, rate=rate("0.05"))
    first = event(Kind.EXTENDED, 300, sequence=4, change=Change(through_on=date(2025, 6, 20)))
    second = event(Kind.EXTENDED, 400, sequence=5, change=Change(through_on=date(2025, 12, 20)))
    found = lim.check(
        contract=agreed,
        events=[disbursed(1_200_000), first],
        proposed=[second],
        as_of=on(400),
        limits=limits(extensions=EXTENSIONS),
    )
    assert codes(found) == ["limit.extension_too_long"]


def test_a_bullet_runs_no_longer_than_its_months():
    law = limits(bullet_months_most=figure("12", "CN-LIM-01"))
    for months, refused in ((12, False), (13, True)):
        terms = contract(method=t.Method.BULLET, every=months).terms
        assert bool(lim.check_terms_limits(terms=terms, limits=law)) is refused


def test_a_borrower_owes_no_more_than_her_cap_on_all_her_loans():
    law = limits(borrower_most_minor=figure("2000000", "CN-LIM-01"))
    assert not booked(lent("0.10"), law, other_balance_minor=800_000)
    found = booked(lent("0.10"), law, other_balance_minor=800_001)
    assert codes(found) == ["limit.borrower_cap"]


def waived(amount_minor, law=None):
    agreed = free((30, 100_000, 2_000, 300))
    waiver = event(
        Kind.CHARGE_WAIVED,
        40,
        amount_minor,
        key="w",
        sequence=3,
        component=t.Component.INTEREST,
        instalment_no=1,
    )
    return lim.check(
        contract=agreed,
        events=[disbursed(100_000), paid(35, 1_000, sequence=1)],
        proposed=[waiver],
        as_of=on(40),
        limits=law or limits(),
    )


def test_no_more_is_waived_than_is_owed():
    owed_minor = 2_000 - 700  # The fee of 300 was paid first.
    assert not waived(owed_minor)
    found = waived(owed_minor + 1)
    assert codes(found) == ["waiver.above_owed"]
    assert found[0].params == {"amount": owed_minor + 1, "owed": owed_minor}


def test_a_policy_holds_the_share_that_may_be_given_up():
    law = limits(
        waiver_shares={
            t.Component.INTEREST: figure("0.5", "OWN", "own"),
            t.Component.PRINCIPAL: figure("0.2", "OWN", "own"),
        }
    )
    assert not waived(650, law)
    assert codes(waived(651, law)) == ["limit.waiver_share"]
    closed = event(Kind.CLOSED, 40, sequence=9)
    found = lim.check(
        contract=free((30, 100_000)),
        events=[disbursed(100_000), paid(35, 79_000, sequence=1)],
        proposed=[closed],
        as_of=on(40),
        limits=law,
    )
    assert [(each.code, each.params["component"]) for each in found] == [
        ("limit.waiver_share", "principal")
    ]


def test_limits_name_their_rules_once_and_in_order():
    law = limits(
        cost_caps=cap("0.24").cost_caps,
        penalty_overdue=band("1.3", "1.5"),
        disclosure=rule("CN-DISC-02"),
        extensions=EXTENSIONS,
    )
    assert [each.rule_id for each in law.rules()] == [
        "CN-CAP-01",
        "CN-DISC-02",
        "CN-EXT-01",
        "CN-PEN-01",
    ]


def test_limits_without_figures_refuse_nothing():
    assert not booked(lent("3.0", penalty=t.PenaltyTerms(multiple=Decimal(9))), limits())


def test_the_excess_over_a_cap_brings_the_cost_to_it():
    flows = [LifeFlow(on=on(0), amount_minor=-1_000_000, source=Source.LENT)]
    months = [date(2023, 12, 20), *(date(2024, m, 20) for m in range(1, 12))]
    flows += [LifeFlow(on=day, amount_minor=98_000, source=Source.PLANNED) for day in months]
    excess = excess_minor(
        flows=flows, most=Decimal("0.24"), basis=CostBasis.NOMINAL, as_of=months[5]
    )
    given_up = LifeFlow(on=months[5], amount_minor=-excess, source=Source.PLANNED)
    almost = LifeFlow(on=months[5], amount_minor=1 - excess, source=Source.PLANNED)
    assert annual_cost(flows=[*flows, given_up]).nominal <= Decimal("0.24")
    assert annual_cost(flows=[*flows, almost]).nominal > Decimal("0.24")
    assert not excess_minor(
        flows=flows, most=Decimal("0.40"), basis=CostBasis.NOMINAL, as_of=months[5]
    )


def test_a_late_loan_whose_penalty_breaks_the_cap_says_what_not_to_claim():
    agreed = lent("0.23", penalty=t.PenaltyTerms(rate=rate("0.002", t.RatePer.DAY)))
    events = [disbursed(1_200_000)]
    law = cap("0.24")
    assert not excesses(contract=agreed, events=events, as_of=on(10), limits=law)
    (found,) = excesses(contract=agreed, events=events, as_of=on(300), limits=law)
    assert found.cap.most.rule.rule_id == "CN-CAP-01"
    assert found.rate > Decimal("0.24")
    given_up = event(
        Kind.CHARGE_WAIVED,
        300,
        found.amount_minor,
        sequence=9,
        component=t.Component.PENALTY,
        instalment_no=1,
    )
    left = excesses(contract=agreed, events=[*events, given_up], as_of=on(300), limits=law)
    assert sum(each.amount_minor for each in left) < found.amount_minor


EU_EXAMPLES = [
    ("one_payment", [(18, 120_000)], 100_000, "12.9"),
    ("fee_kept_back", [(18, 120_000)], 95_000, "16.9"),
    ("two_payments", [(12, 60_000), (24, 60_000)], 100_000, "13.1"),
    ("quarters", [(3, 27_200), (6, 27_200), (12, 54_400)], 100_000, "13.2"),
    ("monthly", [(n, 27_411) for n in range(1, 25)], 600_000, "9.4"),
]


@pytest.mark.parametrize(
    ("back", "got_minor", "printed"),
    [row[1:] for row in EU_EXAMPLES],
    ids=[row[0] for row in EU_EXAMPLES],
)
def test_the_effective_cost_of_a_life_is_the_directives(back, got_minor, printed):
    start = date(2024, 1, 31)
    flows = [LifeFlow(on=start, amount_minor=-got_minor, source=Source.LENT)]
    flows += [
        LifeFlow(
            on=add_months(from_on=start, count=months, month_end=t.MonthEnd.LAST_DAY),
            amount_minor=amount,
            source=Source.PLANNED,
        )
        for months, amount in back
    ]
    assert round(annual_cost(flows=flows).effective * 100, 1) == Decimal(printed)


REGULATION_Z_EXAMPLES = [
    ("c1i", 500_000, [23_000] * 24, "9.69"),
    ("c2i", 500_000, [25_000] + [23_000] * 23, "10.08"),
    ("c3i", 500_000, [23_000] * 23 + [28_000], "10.50"),
    ("c4i", 500_000, [25_000] + [23_000] * 22 + [28_000], "10.90"),
]


@pytest.mark.parametrize(
    ("got_minor", "back", "printed"),
    [row[1:] for row in REGULATION_Z_EXAMPLES],
    ids=[row[0] for row in REGULATION_Z_EXAMPLES],
)
def test_the_nominal_cost_of_a_monthly_life_is_appendix_js(got_minor, back, printed):
    start = date(1978, 1, 10)
    flows = [LifeFlow(on=start, amount_minor=-got_minor, source=Source.LENT)]
    flows += [
        LifeFlow(
            on=add_months(from_on=start, count=n, month_end=t.MonthEnd.LAST_DAY),
            amount_minor=amount,
            source=Source.PLANNED,
        )
        for n, amount in enumerate(back, start=1)
    ]
    assert round(annual_cost(flows=flows).nominal * 100, 2) == Decimal(printed)
