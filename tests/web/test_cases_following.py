"""Cases open, calm, close and open again as the ledger says, by night and when money comes."""

from datetime import date

from daihou.web.cases.models import Case, CaseNight, Turn
from tests.web.collected_book import *  # noqa: F403
from tests.web.collected_book import NIGHT


def test_a_night_opens_one_case_for_each_overdue_person_with_all_her_loans(collected):
    cases = {case.party.reference: case for case in Case.objects.select_related("party")}
    assert sorted(cases) == ["person-A", "person-B", "person-C", "person-D"]
    assert {case.state for case in cases.values()} == {"open"}
    assert (cases["person-A"].stage, cases["person-D"].stage) == ("M2", "M4")
    refs = cases["person-C"].case_loans.values_list("loan__loan_ref", flat=True)
    assert sorted(refs) == ["C", "C2"]
    assert cases["person-C"].loan_count == 1
    assert cases["person-A"].oldest_due_on == date(2025, 4, 6)
    assert cases["person-A"].overdue_minor == cases["person-A"].entered_minor > 0
    assert set(Turn.objects.values_list("kind", "happened_on")) == {("opened", NIGHT)}
    night = CaseNight.objects.get()
    assert (night.through_on, night.counts["opened"]) == (NIGHT, 4)
