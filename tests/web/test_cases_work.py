"""Cases are worked: taken, noted, tagged, promised, asked for relief, told of, given out."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from benchmarks import contact_people as people
from daihou.core.changes import InterestTreatment
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.cases import (
    assigning,
    noting,
    operations,
    promises,
    queries,
    relief,
    staffing,
    timeline,
    working,
)
from daihou.web.cases.models import (
    Assignment,
    Case,
    CaseRequest,
    NoteText,
    Promise,
    PromiseDecision,
    PromiseRule,
    Tag,
)
from daihou.web.cases.queries import Filters
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.models import Outbox
from daihou.web.ledger.models import Book, Position
from daihou.web.parties import encryption
from daihou.web.servicing.actions import Action, Asked
from tests.web.collected_book import *  # noqa: F403
from tests.web.collected_book import (
    NIGHT,
    NOW,
    case_of,
    make_user,
    night,
)
from tests.web.servicing_book import sequence_of
from tests.web.test_cases_following import do_jobs, pay, reverse

DAY = timedelta(days=1)
TODAY = NIGHT + DAY  # Of ``NOW``.
MINUTE = timedelta(minutes=1)


def refused(code, call, **given):
    before = AuditRow.objects.count(), list(Case.objects.order_by("pk").values())
    with pytest.raises(DaihouError) as caught, transaction.atomic():
        call(**given)
    assert caught.value.code == code, caught.value.code
    assert before == (AuditRow.objects.count(), list(Case.objects.order_by("pk").values()))


def stand(case):
    promise = Promise.objects.filter(case=case).latest("pk")
    return promise.state, promise.paid_minor


def test_a_lock_holds_while_a_case_is_worked_and_runs_out(collected, collector):
    case, other = case_of(collected, "A"), make_user("other")
    working.take(case=case, at=NOW, acting_user=collector)
    refused("case.locked", working.take, case=case, at=NOW + MINUTE, acting_user=other)
    refused("case.locked", working.release, case=case, at=NOW, acting_user=other)
    text = {"text": "x", "acting_user": other, "at": NOW}
    noting.note(case=case, **text)  # Anybody may note what she has seen.
    working.take(case=case, at=NOW + 14 * MINUTE, acting_user=collector)
    refused("case.locked", working.take, case=case, at=NOW + 20 * MINUTE, acting_user=other)
    taken = working.take(case=case, at=NOW + 40 * MINUTE, acting_user=other)
    assert taken.locked_by == other
    working.release(case=case, at=NOW + 41 * MINUTE, acting_user=other)
    assert Case.objects.get(pk=case.pk).locked_until is None


def test_the_next_case_is_the_first_that_nobody_works(collected, collector):
    other = make_user("other")
    given = {"book": collected, "filters": Filters(), "at": NOW + DAY}
    first = working.next_case(acting_user=collector, sort="amount", **given)
    assert first == case_of(collected, "D")
    second = working.next_case(acting_user=other, sort="amount", **given)
    assert second != first
    third = working.next_case(acting_user=collector, sort="amount", after=first, **given)
    assert third not in {first, second}
    assert Case.objects.get(pk=first.pk).locked_by is None
    quiet = replace(Filters(), least_minor=10**9)
    none = working.next_case(
        book=collected, filters=quiet, at=NOW, acting_user=collector, after=third
    )
    assert none is None


def test_a_plan_for_later_takes_a_case_out_of_what_is_due(collected, collector):
    case = case_of(collected, "A")
    at = NOW + DAY
    due = Filters(is_due=True)
    assert queries.queue(book=collected, filters=due, at=at).count == 4
    working.plan_next(case=case, next_at=at + DAY, action="ring", at=at, acting_user=collector)
    assert queries.queue(book=collected, filters=due, at=at).count == 3
    assert queries.queue(book=collected, filters=due, at=at + 2 * DAY).count == 4


@pytest.mark.parametrize("sort", list(queries.SORTS))
def test_pages_of_a_queue_follow_one_another_without_gap_or_repeat(collected, collector, sort):
    working.plan_next(
        case=case_of(collected, "B"), next_at=None, action="", at=NOW, acting_user=collector
    )
    promise = {"kind": "part", "at": NOW, "acting_user": collector}
    promises.promise(case=case_of(collected, "A"), parts=[(TODAY, 5)], **promise)
    given = {"book": collected, "filters": Filters(), "at": NOW, "sort": sort}
    whole = [case.pk for case in queries.queue(**given).cases]
    seen, cursor = [], ""
    while True:
        page = queries.queue(**given, rows=1, cursor=cursor)
        seen += [case.pk for case in page.cases]
        if not page.cursor:
            break
        cursor = page.cursor
    assert seen == whole
    assert len(whole) == 4
    refused("case.cursor_unreadable", queries.queue, **given, cursor="nonsense")


def test_filters_leave_what_they_say_and_are_kept_with_a_view(collected, collector):
    noting.tag(
        case=case_of(collected, "D"), kind="hardship", reason="ill", at=NOW, acting_user=collector
    )

    def refs(**given):
        filters = queries.filters_of(given)
        assert queries.filters_of(queries.plain_of(filters)) == filters
        found = queries.queue(book=collected, filters=filters, at=NOW, sort="amount")
        return [case.party.reference[-1] for case in found.cases]

    assert refs(stages=["M4"]) == ["D"]
    assert refs(tags="hardship") == ["D"]
    assert refs(least_days="100") == ["D"]
    assert sorted(refs(most_days="99")) == ["A", "B", "C"]
    assert refs(owner=collector.pk) == []
    assert len(refs(owner=0)) == len(refs(promise="none")) == len(refs(owner="x")) == 4
    assert refs(state="closed") == []
    found = queries.find(book=collected, text="C2")
    assert found == queries.find(book=collected, text=str(found[0].pk)) == [case_of(collected, "C")]
    assert queries.find(book=collected, text="\0") == []


def test_a_note_stays_as_it_was_written_and_only_its_text_can_go(collected, collector):
    case = case_of(collected, "A")
    note = noting.note(case=case, text=" lost her job ", at=NOW, acting_user=collector)
    note.refresh_from_db()
    assert noting.text_of(note) == "lost her job"
    assert bytes(note.digest) == encryption.blind_index(field="note", plain="lost her job")
    assert b"job" not in bytes(note.sealed.ciphertext)
    with pytest.raises(DatabaseError), transaction.atomic():
        type(note).objects.filter(pk=note.pk).update(made_at=NOW)
    NoteText.objects.filter(note=note).delete()
    (entry,) = timeline.timeline(case=case, only=["notes"]).entries
    assert (entry.text, entry.facts["is_deleted"]) == ("", True)
    refused("case.reason_missing", noting.note, case=case, text=" ", at=NOW, acting_user=collector)


def test_a_tag_holds_from_its_setting_to_its_clearing(collected, collector):
    case, given = case_of(collected, "A"), {"at": NOW, "acting_user": collector}
    noting.tag(case=case, kind="dispute", reason="says she paid", **given)
    noting.tag(case=case, kind="dispute", reason="again", **given)
    case.refresh_from_db()
    assert (case.tags, Tag.objects.count()) == (["dispute"], 1)
    noting.untag(case=case, kind="dispute", reason="receipt found", **given)
    case.refresh_from_db()
    assert case.tags == []
    refused("case.tag_missing", noting.untag, case=case, kind="dispute", reason="x", **given)
    refused("case.tag_unknown", noting.tag, case=case, kind="rich", reason="x", **given)


def test_payments_keep_a_promise_and_their_reversal_breaks_it(collected, collector):
    case = case_of(collected, "A")
    given = {"case": case, "at": NOW, "acting_user": collector}
    promises.promise(kind="part", parts=[(TODAY + DAY, 10_000)], **given)
    case.refresh_from_db()
    assert (case.promised_on, case.promised_minor) == (TODAY + DAY, 10_000)
    pay(collected, "A", 4_000, key="p1", on=TODAY)
    do_jobs()
    assert stand(case) == ("open", 4_000)
    case.refresh_from_db()
    assert case.promised_minor == 6_000
    pay(collected, "A", 6_000, key="p2", on=TODAY)
    do_jobs()
    assert stand(case) == ("kept", 10_000)
    reverse(collected, "A", "p2", on=TODAY)
    do_jobs()
    assert stand(case) == ("open", 4_000)
    night(collected, TODAY + 2 * DAY)  # The last day of grace.
    assert stand(case) == ("open", 4_000)
    night(collected, TODAY + 3 * DAY)
    assert stand(case) == ("broken", 4_000)
    case.refresh_from_db()
    assert (case.promised_on, case.priority) == (None, 2)
    pay(collected, "A", 6_000, key="p3", on=TODAY + DAY)  # Learnt late, paid in time.
    do_jobs()
    assert stand(case) == ("kept", 10_000)
    turns = PromiseDecision.objects.order_by("pk").values_list("state_from", "state_to")
    assert list(turns) == [
        ("open", "kept"),
        ("kept", "open"),
        ("open", "broken"),
        ("broken", "kept"),
    ]


def test_a_new_promise_supersedes_the_open_one_and_takes_only_later_money(collected, collector):
    case = case_of(collected, "A")
    given = {"case": case, "at": NOW, "acting_user": collector, "kind": "part"}
    first = promises.promise(parts=[(TODAY + DAY, 5_000)], **given)
    pay(collected, "A", 1_000, key="p1", on=TODAY)
    do_jobs()
    second = promises.promise(parts=[(TODAY + 5 * DAY, 2_000)], **given)
    first.refresh_from_db()
    assert (first.state, first.paid_minor, first.decided_on) == ("superseded", 1_000, TODAY)
    pay(collected, "A", 2_000, key="p2", on=TODAY)
    do_jobs()
    second.refresh_from_db()
    assert (second.state, second.paid_minor) == ("kept", 2_000)
    assert promises.history(case=case) == {"superseded": 1, "kept": 1}
    third = promises.promise(parts=[(TODAY + 5 * DAY, 9_000)], **given)
    reverse(collected, "A", "p2", on=TODAY)  # The second would be open again, but for the third.
    do_jobs()
    second.refresh_from_db()
    assert (second.state, second.paid_minor) == ("superseded", 0)
    promises.withdraw(promise=third, reason="noted wrongly", at=NOW, acting_user=collector)
    case.refresh_from_db()
    assert case.promised_on is None
    wrong = {"promise": third, "reason": "again", "at": NOW, "acting_user": collector}
    refused("promise.not_open", promises.withdraw, **wrong)


def test_promises_in_instalments_remind_by_part_and_rules_set_grace_and_share(collected, collector):
    PromiseRule.objects.create(
        book=collected,
        kind="instalments",
        effective_on=NIGHT,
        grace_days=3,
        threshold_percent=90,
        days_most=40,
        made_by=collector,
    )
    case = case_of(collected, "D")
    given = {"case": case, "kind": "instalments", "at": NOW, "acting_user": collector}
    parts = [(TODAY + DAY, 1_000), (TODAY + 20 * DAY, 1_000)]
    refused("promise.too_far", promises.promise, **given, parts=[(TODAY + 41 * DAY, 5)])
    promises.promise(**given, parts=parts)
    due = promises.due_for_reminder(book=collected, on=TODAY + 20 * DAY)
    assert [(part.part_no, part.promise.case) for part in due] == [(2, case)]
    pay(collected, "D", 900, key="p1", on=TODAY + 4 * DAY)
    do_jobs()
    case.refresh_from_db()
    assert (stand(case), case.promised_on) == (("open", 900), TODAY + 20 * DAY)


@pytest.mark.parametrize(
    ("kind", "parts", "code"),
    [
        ("gift", [(TODAY, 5)], "promise.kind_unknown"),
        ("part", [], "promise.parts_missing"),
        ("part", [(TODAY, 5), (TODAY + DAY, 5)], "promise.parts_not_one"),
        ("part", [(TODAY, 0)], "promise.amount_not_positive"),
        ("part", [(NIGHT, 5)], "promise.before_made"),
        ("part", [(TODAY + 31 * DAY, 5)], "promise.too_far"),
    ],
)
def test_a_promise_that_means_nothing_is_refused(collected, collector, kind, parts, code):
    given = {"case": case_of(collected, "A"), "at": NOW, "acting_user": collector}
    refused(code, promises.promise, kind=kind, parts=parts, **given)


def test_a_promise_of_another_system_comes_in_once_and_counts_from_its_own_day(
    collected, collector
):
    given = {
        "case": case_of(collected, "A"),
        "kind": "part",
        "parts": [(TODAY + DAY, 700)],
        "made_on": NIGHT,
        "source_ref": "old-1",
        "at": NOW,
        "acting_user": collector,
    }
    pay(collected, "A", 700, key="p1")
    made = promises.bring_in(**given)
    assert promises.bring_in(**given) == made
    promises.decide(
        book=collected, case_ids=[made.case_id], on=NIGHT, at=NOW, acting_user=collector
    )
    assert stand(made.case) == ("kept", 700)


def test_cases_are_assigned_evenly_handed_over_and_recalled_with_all_of_a_person(collected):
    lead = make_user("lead", "team_lead")
    refused("case.nobody_to_assign", assigning.assign, book=collected, at=NOW, acting_user=lead)
    team = staffing.put_team(name="one", acting_user=lead)
    staff = [make_user(name) for name in ("ann", "bea")]
    for user in staff:
        staffing.put_collector(user=user, team=team, capacity=10, acting_user=lead)
    run = assigning.assign(book=collected, at=NOW, acting_user=lead)
    assert (run.report["changed"], run.report["spread"]["cases_most"]) == (4, 2)
    assert Assignment.objects.filter(run=run, until_at__isnull=True).count() == 4
    assert assigning.assign(book=collected, at=NOW, acting_user=lead).report["changed"] == 0
    case = case_of(collected, "A")
    first, second = case.owner, next(user for user in staff if user != case.owner)
    given = {"case": case, "at": NOW + MINUTE, "acting_user": lead}
    assigning.hand_over(to=second, reason="knows her", **given)
    case.refresh_from_db()
    assert case.owner == second
    staffing.exclude(user=first, party=case.party, reason="kin", at=NOW, acting_user=lead)
    refused("case.collector_excluded", assigning.hand_over, to=first, reason="x", **given)
    refused("case.not_collector", assigning.hand_over, to=lead, reason="x", **given)
    refused("case.owned", assigning.claim, case=case, at=NOW, acting_user=first)
    assigning.recall(reason="complaint", **given)
    case.refresh_from_db()
    assert (case.owner, case.team) == (None, None)
    refused("case.not_owned", assigning.recall, reason="x", **given)
    assigning.claim(case=case, at=NOW + 2 * MINUTE, acting_user=second)
    told = Assignment.objects.filter(case=case).order_by("pk")
    assert list(told.values_list("reason", "ended_by")) == [
        ("run", "hand_over"),
        ("hand_over", "recall"),
        ("taken", ""),
    ]
    pay(collected, "A", 40_000, key="p1")
    do_jobs()
    case.refresh_from_db()
    assert (case.owner, told.last().ended_by) == (None, "closed")
    reverse(collected, "A", "p1")
    do_jobs()
    case.refresh_from_db()
    assert (case.state, case.owner) == ("open", second)


def test_a_plan_out_of_hardship_has_to_fit_what_is_left_of_her_income(collected, collector):
    case = case_of(collected, "A")
    wish = relief.Wish(
        loan_ref="A",
        action=Action.RE_AMORTIZE,
        asked=Asked(effective_on=TODAY, interest=InterestTreatment.SPREAD),
        reason_code="hardship",
        reason="lost her job",
        seen_sequence=sequence_of(collected, "A"),
    )
    given = {"case": case, "at": NOW, "acting_user": collector}
    refused("affordability.missing", relief.ask, wish=wish, **given)
    form = {"stated_on": TODAY, "household": 2, **given}
    wages = {"wages": 500_000}
    relief.state_affordability(income=wages, expenses={"housing": 495_000}, **form)
    refused("affordability.exceeded", relief.ask, wish=wish, **given)
    made = relief.state_affordability(income=wages, expenses={"housing": 400_000}, **form)
    assert made.left_minor == 100_000
    outcome = relief.ask(wish=wish, **given)
    assert CaseRequest.objects.get(approval_id=outcome.approval_id).affordability == made
    refused("case.loan_not_in_it", relief.ask, wish=replace(wish, loan_ref="B"), **given)
    odd = {**form, "income": {"luck": 1}, "expenses": {}}
    refused("affordability.line_unknown", relief.state_affordability, **odd)


def test_the_timeline_tells_everything_newest_first_page_by_page_by_one_query_a_source(
    collected, collector, django_assert_max_num_queries
):
    case, given = case_of(collected, "A"), {"acting_user": collector}
    for number in range(7):
        noting.note(case=case, text=f"note {number}", at=NOW, **given)  # All at one instant.
    noting.tag(case=case, kind="fraud", reason="x", at=NOW + MINUTE, **given)
    noting.untag(case=case, kind="fraud", reason="y", at=NOW + 2 * MINUTE, **given)
    promises.promise(case=case, kind="part", parts=[(TODAY, 5)], at=NOW, **given)
    whole = timeline.timeline(case=case, limit=100)
    assert whole.cursor == ""
    assert [e.at for e in whole.entries] == sorted((e.at for e in whole.entries), reverse=True)
    told = {entry.source for entry in whole.entries}
    assert told >= {"ledger", "turns", "notes", "tags_set", "tags_cleared", "promises"}
    with django_assert_max_num_queries(len(timeline.sources()) + 3):
        timeline.timeline(case=case, limit=4)
    seen, cursor = [], ""
    while True:
        page = timeline.timeline(case=case, limit=4, cursor=cursor)
        seen += [(entry.source, entry.key) for entry in page.entries]
        if not page.cursor:
            break
        cursor = page.cursor
    assert sorted(seen) == sorted((entry.source, entry.key) for entry in whole.entries)
    assert len(seen) == len(set(seen))


def test_what_waits_to_be_sent_is_taken_back_when_the_ledger_moved(db):
    made = people.make(count=2)
    book, caller = Book.objects.get(pk=made.book_id), User.objects.get(pk=made.user_id)
    given = {"book": book, "at": people.MORNING, "acting_user": system_user()}
    operations.set_entry_rule(
        book=book, effective_on=people.BUSINESS_DATE, acting_user=system_user()
    )
    loans = [loan_id for _, loan_id, _ in made.people]
    operations.look_again(loan_ids=loans, **given)
    for number, case in enumerate(Case.objects.order_by("party_id")):
        contact = replace(people.contact_of(made=made, number=number), case_number=case.pk)
        contacts.ask(contact=contact, acting_user=caller, at=people.MORNING)
    told = queries.queue(book=book, filters=Filters(), at=people.MORNING).cases
    assert [case.last_contact_at for case in told] == [people.MORNING] * 2
    Position.objects.filter(loan_id=loans[0]).update(overdue_minor=0)
    operations.look_again(loan_ids=loans[:1], **given)
    states = Outbox.objects.order_by("permit").values_list("state", "permit__outcomes__outcome")
    assert list(states) == [("done", "withdrawn"), ("waiting", None)]
    cases = Case.objects.order_by("party_id").values_list("state", flat=True)
    assert list(cases) == ["closed", "open"]
    operations._take_back_later(book=book, at_rest=list(Case.objects.values_list("pk", flat=True)))
    assert do_jobs() == loans[1:]  # Of a night, too: only where something waits.
    assert set(Outbox.objects.values_list("state", flat=True)) == {"done"}


def test_what_only_grows_refuses_change(collected):
    statement = "UPDATE cases_turn SET reason = ''"
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_queue_without_a_rule_says_so(collected):
    assert queries.has_rule(book=collected)
    operations.EntryRule.objects.all().delete()
    assert not queries.has_rule(book=collected)
    assert operations.open_and_close(book=collected, at=NOW, acting_user=system_user()) is None
