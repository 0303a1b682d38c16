"""Goal: what leaves by itself besides reminders. Method: a book after its night, by the clock."""

from datetime import timedelta

import pytest

from daihou.core.events import Event, Kind
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.cases import promises
from daihou.web.cases.models import Case
from daihou.web.cases.operations import look_again
from daihou.web.channels import house, prompted, reminder_rules, reminders
from daihou.web.channels.models import Account, Reminder, ReminderRule
from daihou.web.contacts.models import Outcome, Permit
from daihou.web.ledger.recording import record_event
from tests.web.channel_site import VALUES
from tests.web.collected_book import case_of, make_user, night
from tests.web.ledger_books import payment as money, tape
from tests.web.test_channel_reminders import NOON, TODAY, make_book

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def book(db, monkeypatch):
    made = make_book()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    Account.objects.create(
        book=made,
        code="sms",
        name="SMS",
        channel="sms",
        provider="aliyun",
        secret_ref="sms",
        per_second=100,
        per_day=100_000,
    )
    house.identify(
        book=made,
        institution=VALUES["institution"],
        service_phone=VALUES["service_phone"],
        acting_user=system_user(),
    )
    assert prompted.plan(book=made, on=TODAY, at=NOON) == 0  # From now on, not of long ago.
    return made


def pay(book, ref, key, amount_minor=20_300, *, at=NOON, **more):
    given = {"kind": Kind.PAYMENT_RECEIVED, "amount_minor": amount_minor} | more
    event = Event(effective_on=at.date(), recorded_at=at, sequence=1, key=key, **given)
    return record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())


def ask(at=NOON):
    return reminders.ask_due(at=at, acting_user=system_user())


def only(**wanted):
    row = Reminder.objects.get(**wanted)
    return (row.state, row.code)


def permit_of(row):
    return Permit.objects.get(pk=int(row.permit_ref))


def test_each_payment_that_stands_has_one_receipt(book):
    pay(book, "A", "p1")
    pay(book, "B", "p2", 100)
    pay(book, "B", "p3")
    pay(book, "B", "back", 0, kind=Kind.PAYMENT_REVERSED, target_key="p3")
    assert prompted.plan(book=book, on=TODAY, at=NOON) == 3
    assert prompted.plan(book=book, on=TODAY, at=NOON) == 0
    assert (ask().asked, Reminder.objects.filter(state="skipped").count()) == (2, 1)
    of_a = Reminder.objects.get(occasion="receipt", loan__loan_ref="A")
    permit = permit_of(of_a)
    assert (permit.purpose, permit.channel, permit.case_number) == ("receipt", "sms", None)
    of_b = Reminder.objects.get(loan__loan_ref="B", state="asked")
    assert permit_of(of_b).case_number == case_of(book, "B").pk

    # The ledger moves before it has left: it is taken back, and asked for again.
    look_again(book=book, loan_ids=[of_b.loan_id], at=NOON, acting_user=system_user())
    assert Outcome.objects.get(permit=permit_of(of_b)).outcome == "withdrawn"
    assert prompted.plan(book=book, on=TODAY, at=NOON) == 1
    assert ask().asked == 1
    assert Permit.objects.filter(purpose="receipt", party=of_b.loan.person).count() == 2
    pay(book, "B", "back2", 0, kind=Kind.PAYMENT_REVERSED, target_key="p2")
    look_again(book=book, loan_ids=[of_b.loan_id], at=NOON, acting_user=system_user())
    prompted.plan(book=book, on=TODAY, at=NOON)
    assert (ask().skipped, only(pk=of_b.pk)) == (1, ("skipped", "reminder.not_needed"))


def test_a_receipt_is_sent_though_she_asked_to_be_left_alone(book):
    from daihou.collect.facts import StopKind
    from daihou.web.contacts import stops

    person = book.loans.get(loan_ref="A").person
    stops.order(party=person, kind=StopKind.CEASE, at=NOON - HOUR, acting_user=system_user())
    pay(book, "A", "p1", 120_000)  # More than everything she owes.
    prompted.plan(book=book, on=TODAY, at=NOON)
    ask()
    assert only(occasion="receipt") == ("asked", "")


def test_old_payments_of_an_import_prompt_nothing(book):
    from daihou.web.ledger import operations as ledger

    old = [money("A", TODAY - 40 * DAY, 100)]
    ledger.post_tape(book=book, tape=tape(loans=[], payments=old), acting_user=system_user())
    assert prompted.plan(book=book, on=TODAY, at=NOON) == 0


def test_a_broken_promise_is_told_once_unless_money_came(book):
    case = Case.objects.get(book=book)
    promised = {"kind": "part", "at": NOON, "acting_user": system_user()}
    promises.promise(case=case, parts=[(TODAY + DAY, 12_300)], **promised)
    night(book, TODAY + 3 * DAY)
    later = NOON + 4 * DAY
    assert prompted.plan(book=book, on=TODAY + 4 * DAY, at=later) == 1
    assert prompted.plan(book=book, on=TODAY + 4 * DAY, at=later) == 0
    row = Reminder.objects.get(occasion="promise_broken")
    assert row.due_at == later
    assert ask(later).asked == 1
    row.refresh_from_db()
    permit = permit_of(row)
    assert (permit.purpose, permit.case_number) == ("collection", case.pk)
    Reminder.objects.update(state="planned")
    pay(book, "B", "late", 100, at=later)
    look_again(book=book, loan_ids=[row.loan_id], at=later, acting_user=system_user())
    ask(later)
    assert only(pk=row.pk) == ("skipped", "reminder.not_needed")


def test_overdue_texts_go_out_on_the_days_of_the_rule(book):
    by = make_user("boss", "manager")
    given = {"book": book, "receipts": True, "broken_promises": True, "acting_user": by}
    set_rule = reminder_rules.set_rule
    set_rule(effective_on=TODAY, overdue_days=[11, 30], today=TODAY, **given)
    for wrong in ([0], [366], range(1, 20)):
        with pytest.raises(DaihouError) as refused:
            set_rule(effective_on=TODAY, overdue_days=wrong, today=TODAY, **given)
        assert refused.value.code == "reminder.days_wrong"
    with pytest.raises(DaihouError) as refused:
        set_rule(effective_on=TODAY - DAY, overdue_days=[], today=TODAY, **given)
    assert refused.value.code == "reminder.rule_in_past"
    reminders.plan(book=book, on=TODAY, acting_user=system_user())
    row = Reminder.objects.get(occasion="overdue")
    assert (row.loan.loan_ref, row.mark_days) == ("B", 11)
    ask()
    row.refresh_from_db()
    assert (row.state, row.code) == ("asked", "")
    assert permit_of(row).purpose == "collection"

    # Turned off, what is planned does not leave either.
    Reminder.objects.filter(pk=row.pk).update(state="planned")
    set_rule(effective_on=TODAY, overdue_days=[], today=TODAY, **given)
    assert ReminderRule.objects.count() == 1
    ask()
    assert only(pk=row.pk) == ("skipped", "reminder.not_needed")


def test_whoever_promised_is_not_written_to_of_what_is_overdue(book):
    reminder_rules.set_rule(
        book=book,
        effective_on=TODAY,
        receipts=False,
        broken_promises=False,
        overdue_days=[11],
        today=TODAY,
        acting_user=system_user(),
    )
    reminders.plan(book=book, on=TODAY, acting_user=system_user())
    said = {"kind": "part", "at": NOON, "acting_user": system_user()}
    promises.promise(case=case_of(book, "B"), parts=[(TODAY + 5 * DAY, 12_300)], **said)
    pay(book, "A", "p1")
    assert prompted.plan(book=book, on=TODAY, at=NOON) == 0  # No receipts here.
    ask()
    assert only(occasion="overdue") == ("skipped", "reminder.not_needed")


def test_a_refusal_waits_for_the_next_permitted_time_until_it_is_stale(book):
    late = NOON.replace(hour=15)  # Eleven at night in Shanghai.
    reminder_rules.set_rule(
        book=book,
        effective_on=TODAY,
        receipts=True,
        broken_promises=True,
        overdue_days=[11],
        today=TODAY,
        acting_user=system_user(),
    )
    reminders.plan(book=book, on=TODAY, acting_user=system_user())
    assert ask(late).later == 1
    row = Reminder.objects.get(occasion="overdue")
    assert (row.state, row.code != "") == ("planned", True)
    assert late < row.due_at <= late + 12 * HOUR
    assert ask(row.due_at - HOUR).count == 0
    night(book, TODAY)
    assert ask(row.due_at).asked == 1
    Reminder.objects.filter(pk=row.pk).update(state="planned")
    ask(NOON + 3 * DAY)
    assert only(pk=row.pk) == ("skipped", "reminder.too_late")
