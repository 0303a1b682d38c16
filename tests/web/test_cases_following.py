"""Cases open, calm, close and open again as the ledger says, by night and when money comes."""

from datetime import UTC, date, datetime, timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from daihou.core.events import Event, Kind
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.cases import operations, working
from daihou.web.cases.models import Case, CaseNight, Turn
from daihou.web.cases.tasks import look
from daihou.web.ledger.recording import record_event
from daihou.web.parties.models import Party
from tests.web.collected_book import *  # noqa: F403
from tests.web.collected_book import (
    INSTALMENT,
    NIGHT,
    NOW,
    case_of,
    make_collected_book,
    make_user,
    night,
)

DAY = timedelta(days=1)


def pay(book, ref, amount_minor, *, key, on=NIGHT):
    return record(book, ref, kind=Kind.PAYMENT_RECEIVED, amount_minor=amount_minor, key=key, on=on)


def reverse(book, ref, target, *, on=NIGHT):
    kind = Kind.PAYMENT_REVERSED
    return record(book, ref, kind=kind, key=f"back:{target}", on=on, target_key=target)


def record(book, ref, *, kind, key, on, **more):
    event = Event(
        kind=kind,
        effective_on=on,
        recorded_at=datetime(on.year, on.month, on.day, 4, tzinfo=UTC),
        sequence=1,
        key=key,
        **more,
    )
    return record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())


def do_jobs():
    """Do the looks that were queued, and tell at how many loans."""
    jobs = ProcrastinateJob.objects.filter(task_name="cases.look_again", status="todo")
    asked = [job.args for job in jobs.order_by("id")]
    for args in asked:
        look(**args)
    return [loan for args in asked for loan in args["loan_ids"]]


def kinds(case):
    return list(Turn.objects.filter(case=case).order_by("pk").values_list("kind", flat=True))


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
    assert CaseNight.objects.get().counts["opened"] == 4
    before = list(Case.objects.order_by("pk").values())
    night(collected, NIGHT)  # Again: nothing is new.
    assert list(Case.objects.order_by("pk").values()) == before
    assert CaseNight.objects.count() == 1


def test_without_a_rule_no_case_opens(db):
    book = make_collected_book(rule={"entry_days": 90})
    assert [case.party.reference for case in Case.objects.all()] == ["person-D"]
    book.entry_rules.all().delete()
    night(book, NIGHT + DAY)
    assert CaseNight.objects.count() == 1


def test_money_closes_a_case_within_its_job_and_its_reversal_opens_the_same_one_again(collected):
    case, owner = case_of(collected, "A"), make_user("owner")
    working.take(case=case, at=NOW, acting_user=owner)
    pay(collected, "A", 40_000, key="p1")
    assert do_jobs() == [case.case_loans.get().loan_id]
    case.refresh_from_db()
    assert (case.state, case.close_reason, case.closed_on) == ("closed", "cured", NIGHT)
    assert (case.overdue_minor, case.locked_by) == (0, None)
    reverse(collected, "A", "p1")
    do_jobs()
    case.refresh_from_db()
    assert (case.state, case.close_reason, case.reopened_on) == ("open", "", NIGHT)
    assert case.overdue_minor > 0
    assert kinds(case) == ["opened", "closed", "reopened"]
    assert Case.objects.filter(party=case.party).count() == 1
    night(collected, NIGHT + DAY)
    assert kinds(case) == ["opened", "closed", "reopened"]


def test_part_of_the_money_calms_a_case_below_the_amount_of_entry_and_age_rouses_it(db):
    book = make_collected_book(rule={"entry_minor": 5_000, "exit_minor": 100, "forced_days": 60})
    pay(book, "A", 2 * INSTALMENT - 2_000, key="p1")
    do_jobs()
    case = case_of(book, "A")
    assert (case.state, kinds(case)) == ("calm", ["opened", "stage", "calmed"][::2])
    night(book, date(2025, 6, 5))
    case.refresh_from_db()
    assert case.state == "calm"
    night(book, date(2025, 7, 10))
    case.refresh_from_db()
    assert (case.state, kinds(case)[-1]) == ("open", "roused")


def test_a_new_default_after_a_cure_is_a_new_case(collected):
    pay(collected, "A", 40_000, key="p1")
    do_jobs()
    first = case_of(collected, "A")
    night(collected, date(2025, 8, 20))
    second = case_of(collected, "A")
    assert (first.state, second.state, second.opened_on) == ("closed", "open", date(2025, 8, 20))
    assert second.pk != first.pk


def test_events_of_persons_who_have_no_case_cost_no_job(collected):
    pay(collected, "E", 500, key="p1")
    assert not ProcrastinateJob.objects.filter(task_name="cases.look_again").exists()


def test_a_person_is_forced_in_or_kept_out_whatever_she_owes(collected):
    party = Party.objects.get(reference="person-E")
    given = {"book": collected, "at": NOW, "acting_user": system_user()}
    operations.direct(party=party, kind="forced", reason="fraud ring", on=NIGHT, **given)
    case = case_of(collected, "E")
    assert (case.state, case.stage, case.overdue_minor) == ("open", "M0", 0)
    operations.end_direction(party=party, on=NIGHT, **given)
    case.refresh_from_db()
    assert (case.state, case.close_reason) == ("closed", "cured")
    other = case_of(collected, "A")
    operations.direct(party=other.party, kind="excluded", reason="staff", on=NIGHT, **given)
    other.refresh_from_db()
    assert (other.state, other.close_reason) == ("closed", "excluded")
    night(collected, NIGHT + DAY)
    assert case_of(collected, "A").state == "closed"
    operations.end_direction(party=other.party, on=NIGHT + DAY, **given)
    other.refresh_from_db()
    assert (other.state, kinds(other)) == ("open", ["opened", "closed", "reopened"])
    with pytest.raises(DaihouError) as caught:
        operations.end_direction(party=other.party, on=NIGHT + 2 * DAY, **given)
    assert caught.value.code == "case.direction_missing"


def test_days_age_a_case_through_its_stages(collected):
    night(collected, date(2025, 6, 10))
    case = case_of(collected, "A")
    assert (case.stage, case.figures_on, kinds(case)) == (
        "M3",
        date(2025, 6, 10),
        ["opened", "stage"],
    )
    assert AuditRow.objects.filter(action="case.open_and_close").count() == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"entry_minor": 5, "exit_minor": 5}, "case.rule_wrong"),
        ({"effective_on": NIGHT}, "case.rule_in_past"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(collected, asked, code):
    given = {"effective_on": NIGHT + DAY, **asked}
    with pytest.raises(DaihouError) as caught:
        operations.set_entry_rule(book=collected, acting_user=system_user(), **given)
    assert caught.value.code == code
