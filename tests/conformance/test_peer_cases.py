"""Goal: we agree with a peer wherever both have the operation. Method: its own acceptance cases."""

import pytest

from daihou.conformance.cases import load_cases
from daihou.conformance.commands import COMMANDS
from daihou.conformance.compare import CHECKS
from daihou.conformance.run import Outcome, run_cases, summary
from daihou.conformance.support import unsupported_operation

DEVIATIONS_AT_MOST = 0.03  # Of a trust grade.
KNOWN_FAILURES_OF_C = 1  # The file itself calls that case's order of events not understood.


@pytest.fixture(scope="module")
def results(shared):
    return list(run_cases(load_cases(shared / "conformance" / "fineract_cases.json")))


def test_every_case_of_the_file_has_an_outcome(results, shared):
    cases = load_cases(shared / "conformance" / "fineract_cases.json")
    assert [result.case.case_id for result in results] == [case.case_id for case in cases]


@pytest.mark.parametrize("trust", ["A", "B", "D"])
def test_what_is_built_agrees_with_the_peer(results, trust):
    failed = [
        (result.case.case_id, result.differences[0])
        for result in results
        if result.case.trust == trust and result.outcome is Outcome.FAILED
    ]
    assert failed == []


def test_cases_taken_as_stated_agree_but_for_the_one_nobody_understands(results):
    outcomes = [each.outcome for each in results if each.case.trust == "C"]
    assert outcomes.count(Outcome.FAILED) <= KNOWN_FAILURES_OF_C


def test_deviations_are_few(results):
    for trust, counts in summary(results)["by_trust"].items():
        assert counts["deviation"] <= DEVIATIONS_AT_MOST * counts["total"], trust


def test_only_operations_that_are_not_built_are_unsupported(results):
    """A case of trust A whose every operation we have is never set aside."""
    for result in results:
        has_all = set(result.case.operations()) <= COMMANDS.keys() | CHECKS.keys()
        plain = "interest_recalculation" not in result.case.terms
        types = {step["type"] for step in result.case.steps if step["op"] == "transaction"}
        if result.case.trust == "A" and has_all and plain and "credit_balance_refund" not in types:
            assert unsupported_operation(result.case) is None, result.case.case_id


def test_every_deviation_has_its_reason_on_the_page(results):
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
    headings = [line[4:].lower() for line in page.read_text().splitlines() if line[:4] == "### "]
    reasons = {each.reason for each in results if each.outcome is Outcome.DEVIATION}
    assert reasons <= set(headings)
