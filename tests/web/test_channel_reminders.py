"""Goal: the whole way of a contact. Method: a book after its night, twins, outbox, hooks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from daihou.web.access.queries import system_user
from daihou.web.cases import operations as cases, promises, timeline
from daihou.web.cases.models import Case
from daihou.web.channels import dead_letters, reminders
from daihou.web.channels.models import Account, Delivery, Heard, Reminder
from daihou.web.channels.sandbox.telling import calls_of
from daihou.web.channels.sandbox.world import Fate
from daihou.web.contacts import outbox, stops
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Outcome, Permit, Refusal
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.parties import reach
from tests.web.channel_site import opened
from tests.web.collected_book import case_of, make_user
from tests.web.ledger_books import free_dues, loan, payment, tape

# What was agreed is noted now, and the rules are those of now: so this is tomorrow.
NOON = datetime.now(tz=UTC).replace(hour=4, minute=0, second=0, microsecond=0) + timedelta(days=1)
TODAY = NOON.date()  # At noon in Shanghai.
PHONES = {"A": "13800138001", "B": "13800138003"}


def make_book(name="desk"):
    """Make a book in which loans fall due in three days: A and B can be reached, C cannot."""
    book = ledger.create_book(name=name, currency="CNY", acting_user=system_user())
    book.time_zone = "Asia/Shanghai"
    book.save()
    first_on = TODAY + timedelta(days=3 - 14 * 2)
    agreed = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}
    loans = [
        loan(ref, disbursed_on=first_on - timedelta(days=14), **agreed) for ref in ("A", "B", "C")
    ]
    dues = [
        due
        for ref in ("A", "B", "C")
        for due in free_dues(ref, principal_minor=120_000, count=6, first_on=first_on)
    ]
    paid = [
        payment(ref, first_on + timedelta(days=14 * n), 20_300)
        for ref in ("A", "B", "C")
        for n in range(2)
        if (ref, n) != ("B", 1)  # B owes one: she has a case.
    ]
    ledger.post_tape(
        book=book, tape=tape(loans=loans, dues=dues, payments=paid), acting_user=system_user()
    )
    cases.set_entry_rule(book=book, effective_on=first_on, acting_user=system_user())
    for ref, number in PHONES.items():
        reach.add_point(
            party=book.loans.get(loan_ref=ref).person,
            kind="phone",
            value=number,
            origin=reach.Origin(source="contract", time_zone="Asia/Shanghai"),
            acting_user=system_user(),
        )
    run_end_of_day(book=book, through=TODAY - timedelta(days=1), acting_user=system_user())
    book.refresh_from_db()
    return book


@pytest.fixture
def book(scratch_database, monkeypatch):
    made = make_book()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    return made


def tell(site, code_of):
    """Let the providers call our hooks, as they would: by HTTP."""
    client = Client()
    for each in site.world.tell():
        for call in calls_of(each=each, at=NOON):
            answer = client.post(
                f"/reach/{code_of[each.provider].code}/",
                data=call.body,
                content_type="application/octet-stream",
                headers=dict(call.headers),
                query_params=dict(call.query),
            )
            assert answer.status_code == 200, answer.content


def test_reminders_go_out_once_and_what_people_answer_comes_back(book):
    with opened(book, {PHONES["A"]: Fate.OPTS_OUT}) as (site, accounts):
        planned = reminders.plan(book=book, on=TODAY, acting_user=system_user())
        assert planned.new == planned.found > 0
        assert reminders.plan(book=book, on=TODAY, acting_user=system_user()).new == 0
        asked = reminders.ask_due(at=NOON, acting_user=system_user())
        rows = {row.loan.loan_ref: row for row in Reminder.objects.select_related("loan")}
        told = {ref: (row.state, row.code) for ref, row in rows.items()}
        assert told == {
            "A": ("asked", ""),
            "B": ("asked", ""),
            "C": ("refused", "reminder.no_way"),
        }
        assert (asked.asked, asked.refused) == (2, 1)
        while outbox.work():
            pass
        reached = [each for each in site.world.reached if each.address == PHONES["A"]]
        assert len(reached) == 1
        assert reached[0].slots["due_amount"] == "203.00元"
        tell(site, accounts)

    permit = Permit.objects.get(pk=int(rows["A"].permit_ref))
    assert permit.purpose == "reminder"
    assert Outcome.objects.get(permit=permit).outcome == "delivered"
    assert Heard.objects.get(kind="opt_out").party_id == permit.party_id
    (stop,) = stops.in_force(party=permit.recipient_party, at=NOON + timedelta(minutes=1))
    assert (stop.kind, stop.channels) == ("opt_out", ["sms"])

    # The next mark finds her order to stop.
    later = NOON + timedelta(days=2)
    run_end_of_day(book=book, through=TODAY + timedelta(days=1), acting_user=system_user())
    reminders.plan(book=book, on=TODAY + timedelta(days=2), acting_user=system_user())
    reminders.ask_due(at=later, acting_user=system_user())
    row = Reminder.objects.get(loan__loan_ref="A", mark_days=1)
    assert (row.state, row.code) == ("refused", "HOUSE-STOP-02")


def test_what_was_paid_meanwhile_is_not_reminded_of(book):
    with opened(book):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        ledger.post_tape(
            book=book,
            tape=tape(loans=[], payments=[payment("A", TODAY, 20_300)]),
            acting_user=system_user(),
        )
        reminders.ask_due(at=NOON, acting_user=system_user())
    row = Reminder.objects.get(loan__loan_ref="A")
    assert (row.state, row.code) == ("skipped", "reminder.not_needed")


def test_a_dead_letter_is_asked_for_anew_and_an_answer_comes_into_the_case(book):
    fates = {PHONES["A"]: Fate.REFUSED, PHONES["B"]: Fate.REPLIES}
    with opened(book, fates) as (site, accounts):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        reminders.ask_due(at=NOON, acting_user=system_user())
        while outbox.work():
            pass
        dead = dead_letters.waiting(book=book).get()
        assert dead.code == "isv.MOBILE_NUMBER_ILLEGAL"
        fates.pop(PHONES["A"])
        with pytest.raises(ContactRefused):  # She holds no certificate; the refusal is kept.
            dead_letters.ask_again(delivery=dead, at=NOON, acting_user=make_user("boss", "manager"))
        assert Refusal.objects.filter(acting_user__username="boss").exists()
        dead_letters.ask_again(delivery=dead, at=NOON, acting_user=system_user())
        while outbox.work():
            pass
        assert not dead_letters.waiting(book=book).exists()
        tell(site, accounts)
    assert Delivery.objects.filter(told="delivered").count() >= 2
    case = case_of(book, "B")
    entries = timeline.timeline(case=case, only=("heard",)).entries
    assert {entry.kind for entry in entries} == {"receipt", "reply"}
    assert any(entry.text == "下周三发工资就还" for entry in entries)
    assert case.priority == 3


def test_a_hook_takes_nothing_that_is_not_proven(book):
    with opened(book) as (_, accounts):
        client = Client()
        code = accounts["aliyun"].code
        for provider, account in accounts.items():
            wanted = 404 if provider == "letters" else 405
            if provider in {"whatsapp", "wechat", "jpush"}:  # They ask first whether it is ours.
                wanted = 403
            assert client.get(f"/reach/{account.code}/").status_code == wanted
        assert client.post(f"/reach/{code}/?key=wrong", "[]", "text/plain").status_code == 403
        assert client.post(f"/reach/{code}/?key=sandbox-hook", "[", "text/plain").status_code == 400
        assert client.post("/reach/nobody/", "[]", "text/plain").status_code == 404
    assert not Heard.objects.exists()
    assert Account.objects.count() == 9


def test_a_promise_is_reminded_of_the_day_before_while_it_stands(book):
    case = Case.objects.get(book=book)
    promised = {"case": case, "kind": "part", "at": NOON, "acting_user": system_user()}
    said = promises.promise(parts=[(TODAY + timedelta(days=1), 12_300)], **promised)
    with opened(book) as (site, _accounts):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        row = Reminder.objects.get(part__promise=said)
        reminders.ask_due(at=NOON, acting_user=system_user())
        row.refresh_from_db()
        assert (row.state, row.code) == ("asked", "")
        permit = Permit.objects.get(pk=int(row.permit_ref))
        assert (permit.purpose, permit.case_number) == ("collection", case.pk)
        while outbox.work():
            pass
        told = [each for each in site.world.reached if "promised_amount" in each.slots]
        assert [each.slots["promised_amount"] for each in told] == ["123.00元"]


def test_a_promise_taken_back_is_not_reminded_of(book):
    case = Case.objects.get(book=book)
    promised = {"case": case, "kind": "part", "at": NOON, "acting_user": system_user()}
    said = promises.promise(parts=[(TODAY + timedelta(days=1), 12_300)], **promised)
    with opened(book):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        promises.withdraw(promise=said, reason="mistake", at=NOON, acting_user=system_user())
        reminders.ask_due(at=NOON, acting_user=system_user())
    row = Reminder.objects.get(part__promise=said)
    assert (row.state, row.code) == ("skipped", "reminder.not_needed")
