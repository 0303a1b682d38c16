"""Goal: we agree with a peer wherever both have the operation. Method: its own acceptance cases."""

import pytest

from daihou.conformance.cases import load_cases
from daihou.conformance.run import Outcome, feature_table, run_cases, summary
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "conformance.md"
PASSED_AT_LEAST = {"A": 0.97, "B": 0.97, "C": 0.85}  # Of a trust grade.
DEVIATIONS_AT_MOST = 0.03


@pytest.fixture(scope="module")
def cases(shared):
    return load_cases(shared / "conformance" / "fineract_cases.json")


@pytest.fixture(scope="module")
def results(cases):
    return list(run_cases(cases))


def test_every_case_of_the_file_has_an_outcome(results, cases):
    assert [result.case.case_id for result in results] == [case.case_id for case in cases]


@pytest.mark.parametrize("trust", PASSED_AT_LEAST)
def test_enough_of_each_grade_passes(results, trust):
    counts = summary(results)["by_trust"][trust]
    assert counts["passed"] >= PASSED_AT_LEAST[trust] * counts["total"]


@pytest.mark.parametrize("trust", ["A", "B"])
def test_what_others_reproduced_never_fails(results, trust):
    failed = [
        (result.case.case_id, result.differences[0])
        for result in results
        if result.case.trust == trust and result.outcome is Outcome.FAILED
    ]
    assert failed == []


def test_deviations_are_few(results):
    for trust, counts in summary(results)["by_trust"].items():
        assert counts["deviation"] <= DEVIATIONS_AT_MOST * counts["total"], trust


def test_the_page_gives_the_reason_of_every_failure(results):
    failed = {each.case.case_id for each in results if each.outcome is Outcome.FAILED}
    rows = [line.split(" | ")[0][2:] for line in PAGE.read_text().splitlines() if line[:2] == "| "]
    assert failed == {row for row in rows if row in failed or row.startswith("Loan")}


def test_the_page_gives_the_reason_of_every_deviation(results):
    headings = [line[4:].lower() for line in PAGE.read_text().splitlines() if line[:4] == "### "]
    assert {each.reason for each in results if each.outcome is Outcome.DEVIATION} == set(headings)


def test_the_table_of_the_page_is_what_the_command_writes(results):
    text = PAGE.read_text()
    begin, end = "<!-- table -->\n", "<!-- end of table -->"
    assert text[text.index(begin) + len(begin) : text.index(end)] == feature_table(results)
