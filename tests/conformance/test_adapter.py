"""Goal: the comparison sees every difference. Method: one small case, changed cell by cell."""

import copy
import json

import pytest

from daihou.conformance.cases import Case, CasesRefused, load_cases
from daihou.conformance.run import Outcome, run_case, summary

TERMS = {
    "schedule_type": "CUMULATIVE",
    "currency": "EUR",
    "decimals": 2,
    "instalment_multiple_of": 1,
    "principal": "1000.00",
    "annual_rate_percent": "0",
    "interest_method": "NONE",
    "amortization": "EQUAL_INSTALMENT",
    "interest_calc_period": "SAME_AS_REPAYMENT_PERIOD",
    "day_count": {"days_in_year": "ACTUAL", "days_in_month": "ACTUAL"},
    "submitted_on": "2023-01-01",
    "instalments": 2,
    "repay_every": 1,
    "repay_unit": "MONTHS",
    "grace_on_principal_instalments": 0,
    "grace_on_interest_payment_instalments": 0,
    "grace_on_arrears_days": 3,
    "allocation": {"strategy": "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER"},
}
PAID = ["520.00", "520.00", "520.00", "0.00", "0.00"]
OPEN = ["500.00", "80.00", "80.00", "0.00", "420.00"]
SCHEDULE = [
    [None, None, "2023-01-01", None, "1000.00", None, None, "0.00", None, "0.00", "0.00"],
    [1, 31, "2023-02-01", "2023-01-20", "500.00", "500.00", "0.00", "0.00", "20.00", *PAID],
    [2, 28, "2023-03-01", None, "0.00", "500.00", "0.00", "0.00", "0.00", *OPEN],
]
TRANSACTIONS = [
    ["2023-01-01", "Disbursement", "1000.00", "0.00", "0.00", "0.00", "0.00", "1000.00"],
    ["2023-01-20", "Repayment", "600.00", "580.00", "0.00", "0.00", "20.00", "420.00"],
]
CHARGE = {
    "name": "NSF fee",
    "is_penalty": True,
    "due_at": "Specified due date",
    "due_date": "2023-01-15",
    "calc": "Flat",
    "due": "20.00",
    "paid": "20.00",
    "waived": "0.00",
    "outstanding": "0.00",
}
STEPS = [
    {"op": "set_business_date", "date": "2023-01-01"},
    {"op": "create_loan"},
    {
        "op": "approve",
        "date": "2023-01-01",
        "amount": "1000.00",
        "expected_disbursement": "2023-01-01",
    },
    {"op": "disburse", "date": "2023-01-01", "amount": "1000.00", "ref": "t1"},
    {"op": "set_business_date", "date": "2023-01-20"},
    {"op": "add_charge", "charge": "LOAN_NSF_FEE", "due_date": "2023-01-15", "amount": "20.00"},
    {
        "op": "transaction",
        "type": "repayment",
        "channel": "AUTOPAY",
        "date": "2023-01-20",
        "amount": "600.00",
        "ref": "t2",
    },
    {"op": "expect_schedule", "periods": 2, "rows": SCHEDULE},
    {"op": "expect_transactions", "complete": True, "rows": TRANSACTIONS},
    {"op": "expect_charges", "rows": [CHARGE]},
    {"op": "expect_balance", "outstanding": "420.00", "overpaid": "0.00"},
    {"op": "expect_status", "status": "ACTIVE"},
]


def case_of(steps, *, terms=TERMS, trust="A"):
    return Case(
        case_id="own", trust=trust, features=("own",), terms=terms, periods=(), steps=tuple(steps)
    )


def changed(step_no, path, value):
    steps = copy.deepcopy(STEPS)
    place = steps[step_no]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return steps


def test_a_case_that_agrees_passes():
    result = run_case(case_of(STEPS))
    assert (result.outcome, result.differences) == (Outcome.PASSED, ())


CHANGES = [
    (7, ("rows", 1, 8), "30.00", ("schedule", "penalties", "20.00")),
    (7, ("rows", 1, 3), None, ("schedule", "paid_date", "2023-01-20")),
    (7, ("rows", 2, 1), 29, ("schedule", "days", 28)),
    (7, ("rows", 0, 4), "999.00", ("schedule", "balance", "1000.00")),
    (7, ("periods",), 3, ("schedule", "periods", 2)),
    (8, ("rows", 1, 7), "421.00", ("transactions", "loan_balance", "420.00")),
    (8, ("rows",), TRANSACTIONS[:1], ("transactions", "row", None)),
    (9, ("rows", 0, "paid"), "0.00", ("charges", "paid", "20.00")),
    (9, ("rows",), [], ("charges", "row", None)),
    (10, ("outstanding",), "400.00", ("balance", "outstanding", "420.00")),
    (11, ("status",), "OVERPAID", ("status", "status", "ACTIVE")),
]


@pytest.mark.parametrize(("step_no", "path", "value", "seen"), CHANGES)
def test_one_changed_cell_is_one_named_difference(step_no, path, value, seen):
    result = run_case(case_of(changed(step_no, path, value)))
    assert result.outcome is Outcome.FAILED
    (found,) = result.differences
    assert found.step == step_no + 1
    table, column, ours = seen
    assert (found.difference.table, found.difference.column) == (table, column)
    assert ours is None or found.difference.ours == ours


NOT_BUILT = [
    ([*STEPS, {"op": "asset_transfer_request"}], TERMS, "asset_transfer_request"),
    (
        [*STEPS, {"op": "expect_rejected", "request": "own_request"}],
        TERMS,
        "rejection of own_request",
    ),
    ([*STEPS, {"op": "transaction", "type": "own_credit"}], TERMS, "own_credit"),
    ([*STEPS, {"op": "add_charge", "charge": "LOAN_OWN_FEE"}], TERMS, "LOAN_OWN_FEE"),
    (STEPS, {**TERMS, "allocation": {"strategy": "OWN_ORDER"}}, "product setting"),
    (STEPS, {**TERMS, "product_overdue_charges": ["OWN_LATE_FEE"]}, "late charge"),
    (
        STEPS,
        {
            **TERMS,
            "interest_recalculation": {"rest_frequency": "MONTHLY", "compounding": "NONE"},
        },
        "interest recalculation by period",
    ),
]


@pytest.mark.parametrize(("steps", "terms", "name"), NOT_BUILT)
def test_what_is_not_built_is_named_whatever_else_differs(steps, terms, name):
    result = run_case(case_of(steps, terms=terms))
    assert (result.outcome, result.reason) == (Outcome.UNSUPPORTED, name)


LOANS = ("ASSET", "112601", "Loans Receivable")
CLEARING = ("LIABILITY", "145023", "Suspense/Clearing account")
INCOME = ("ASSET", "112603", "Interest/Fee Receivable")


def entry(account, *, debit=None, credit=None):
    names = ("account_type", "gl_code", "account")
    return {**dict(zip(names, account, strict=True)), "debit": debit, "credit": credit}


REPAID = {
    "op": "expect_journal",
    "txn_type": "REPAYMENT",
    "date": "2023-01-20",
    "entries": [
        entry(LOANS, credit="580.00"),
        entry(INCOME, credit="20.00"),
        entry(CLEARING, debit="600.00"),
    ],
}
BACK = [
    {"op": "set_business_date", "date": "2023-01-25"},
    {"op": "chargeback", "amount": "600.00", "ref": "t3", "target": "t2"},
    {
        "op": "expect_transactions",
        "complete": False,
        "rows": [["2023-01-25", "Chargeback", "600.00", "600.00", "0.00", "0.00", "0.00"]],
    },
    {"op": "expect_balance", "outstanding": "1020.00", "overpaid": "0.00"},
    {
        "op": "expect_journal",
        "txn_type": "CHARGEBACK",
        "date": "2023-01-25",
        "entries": [entry(LOANS, debit="600.00"), entry(CLEARING, credit="600.00")],
    },
]


def test_journals_and_money_that_goes_back_are_compared():
    result = run_case(case_of([*STEPS, REPAID, *BACK, REPAID]))
    assert (result.outcome, result.differences) == (Outcome.PASSED, ())


@pytest.mark.parametrize("which", range(3))
def test_an_entry_that_is_missing_is_a_difference(which):
    step = copy.deepcopy(REPAID)
    del step["entries"][which]
    result = run_case(case_of([*STEPS, step]))
    (found,) = result.differences
    assert (found.difference.table, found.difference.theirs) == ("journal", "no such row")


def test_a_reversed_payment_shows_its_entries_both_ways():
    both = copy.deepcopy(REPAID)
    both["entries"] += [
        {**each, "debit": each["credit"], "credit": each["debit"]} for each in both["entries"]
    ]
    steps = [*STEPS, {"op": "undo_transaction", "target": "t2"}]
    assert run_case(case_of([*steps, both])).outcome is Outcome.PASSED
    assert run_case(case_of([*steps, REPAID])).outcome is Outcome.FAILED


REQUESTS = [
    ({"request": "charge_off", "date": "2023-01-20"}, False),
    ({"request": "undo_charge_off", "date": "2023-01-20"}, True),
    ({"request": "credit_balance_refund", "date": "2023-01-20", "amount": "1.00"}, False),
    ({"request": "credit_balance_refund", "date": "2023-01-21", "amount": "1.00"}, True),
    ({"request": "repayment", "date": "2023-01-20", "amount": "1.00"}, False),
]


@pytest.mark.parametrize(("request_step", "refused"), REQUESTS)
def test_what_we_would_do_is_no_refusal(request_step, refused):
    result = run_case(case_of([*STEPS, {"op": "expect_rejected", **request_step}]))
    assert (result.outcome is Outcome.PASSED) == refused


def test_a_loan_that_was_written_off_is_charged_no_more():
    off = {"op": "charge_off", "date": "2023-01-20"}
    for request in ("charge_off", "add_charge"):
        step = {"op": "expect_rejected", "request": request, "date": "2023-01-20"}
        assert run_case(case_of([*STEPS, off, step])).outcome is Outcome.PASSED


def test_changes_of_the_plan_show_what_they_emptied():
    later = {"op": "set_business_date", "date": "2023-02-10"}
    steps = [*STEPS[:4], later, {"op": "re_amortize"}]
    rows = [
        [None, None, "2023-01-01", None, "1000.00", None, None, "0.00", None, "0.00", "0.00"],
        [1, 31, "2023-02-01", "2023-02-10", "1000.00", *["0.00"] * 9],
        [
            2,
            28,
            "2023-03-01",
            None,
            "0.00",
            "1000.00",
            *["0.00"] * 3,
            "1000.00",
            *["0.00"] * 3,
            "1000.00",
        ],
    ]
    told = [["2023-02-10", "Re-amortize", "500.00", "500.00", "0.00", "0.00", "0.00", "0.00"]]
    result = run_case(
        case_of(
            [
                *steps,
                {"op": "expect_schedule", "periods": 2, "rows": rows},
                {"op": "expect_transactions", "complete": False, "rows": told},
            ]
        )
    )
    assert (result.outcome, result.differences) == (Outcome.PASSED, ())


def test_a_refusal_of_ours_is_a_failure_and_not_a_crash():
    steps = changed(6, ("amount",), "0.00")
    result = run_case(case_of(steps))
    assert result.outcome is Outcome.FAILED
    assert result.differences[0].difference.ours == "refused: event.amount_not_positive"


def test_the_summary_counts_by_trust_and_feature_and_lists_cells():
    wrong = changed(11, ("status",), "OVERPAID")
    results = [
        run_case(case_of(STEPS)),
        run_case(case_of(wrong, trust="B")),
        run_case(case_of([*STEPS, {"op": "asset_transfer_request"}], trust="B")),
    ]
    counted = summary(results)
    one = {"total": 1, "passed": 1, "failed": 0, "deviation": 0, "unsupported": 0}
    two = {"total": 2, "passed": 0, "failed": 1, "deviation": 0, "unsupported": 1}
    assert counted["by_trust"] == {"A": one, "B": two}
    assert counted["by_feature"]["own"]["total"] == counted["total"] == 3
    assert counted["failures"] == [
        {
            "case": "own",
            "step": 12,
            "table": "status",
            "row": "loan",
            "column": "status",
            "ours": "ACTIVE",
            "theirs": "OVERPAID",
        }
    ]
    json.dumps(counted)


@pytest.mark.parametrize(
    ("text", "code"),
    [("{", "cases.unreadable"), ("{}", "cases.malformed"), ('{"cases": [{}]}', "cases.malformed")],
)
def test_refuses_what_is_no_file_of_cases(tmp_path, text, code):
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(CasesRefused) as refused:
        load_cases(path)
    assert refused.value.code == code


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(CasesRefused) as refused:
        load_cases(tmp_path / "none.json")
    assert refused.value.code == "cases.unreadable"


def test_the_command_prints_one_document(shared, capsys):
    from daihou.cli.conformance import conformance

    conformance(file=shared / "conformance" / "fineract_cases.json", as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert list(document) == [
        "total",
        "passed",
        "failed",
        "deviation",
        "unsupported",
        "by_trust",
        "by_feature",
        "failures",
    ]
    assert document["total"] == sum(each["total"] for each in document["by_trust"].values())


def test_the_command_writes_the_table_of_the_page(shared, capsys):
    from daihou.cli.conformance import conformance

    conformance(file=shared / "conformance" / "fineract_cases.json", as_table=True)
    printed = capsys.readouterr().out
    assert printed.startswith("| Trust | total | passed | failed | deviation | unsupported |\n|---")
    assert "\n| charge off | " in printed


def test_the_command_shows_tables_and_reasons(shared, capsys):
    from daihou.cli.conformance import conformance

    conformance(file=shared / "conformance" / "fineract_cases.json")
    printed = capsys.readouterr().out
    assert "unsupported: asset_transfer_request" in printed
    assert "Trust" in printed
