"""Goal: the whole way of a contact. Method: a book after its night, twins, the outbox, the hooks."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from daihou.web.access.queries import system_user
from daihou.web.cases import timeline
from daihou.web.channels import dead_letters, reminders
from daihou.web.channels.models import Account, Delivery, Heard, Reminder
from daihou.web.channels.sandbox.telling import calls_of
from daihou.web.channels.sandbox.world import Fate
from daihou.web.contacts import outbox, stops
from daihou.web.contacts.models import Outcome, Permit, Refusal
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.parties import reach
from tests.web.channel_site import opened
from tests.web.collected_book import case_of, make_collected_book, make_user
from tests.web.ledger_books import payment, tape

TODAY = date(2025, 6, 3)  # Three days before the sixth instalment falls due.
NOON = datetime(2025, 6, 3, 4, 0, tzinfo=UTC)
PHONES = {"A": "13800138001", "C2": "13800138003", "E": "13800138005"}


def give_phones(book):
    for ref, number in PHONES.items():
        person = book.loans.get(loan_ref=ref).person
        reach.add_point(
            party=person,
            kind="phone",
            value=number,
            origin=reach.Origin(source="contract", time_zone="Asia/Shanghai"),
            acting_user=system_user(),
        )


@pytest.fixture
def book(scratch_database, monkeypatch):
    made = make_collected_book()
    give_phones(made)
    run_end_of_day(book=made, through=TODAY - timedelta(days=1), acting_user=system_user())
    made.refresh_from_db()
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
    with opened(book, {PHONES["E"]: Fate.OPTS_OUT}) as (site, accounts):
        planned = reminders.plan(book=book, on=TODAY, acting_user=system_user())
        assert planned.new == planned.found > 0
        assert reminders.plan(book=book, on=TODAY, acting_user=system_user()).new == 0
        asked = reminders.ask_due(at=NOON, acting_user=system_user())
        rows = {row.loan.loan_ref: row for row in Reminder.objects.select_related("loan")}
        told = {ref: (row.state, row.code) for ref, row in rows.items()}
        assert told["E"] == ("asked", ""), (told, [r.decision for r in Refusal.objects.all()][:1])
        assert told["F"] == ("refused", "reminder.no_way")
        assert asked.asked == sum(row.state == "asked" for row in rows.values())
        while outbox.work():
            pass
        reached = [each for each in site.world.reached if each.address == PHONES["E"]]
        assert len(reached) == 1
        assert reached[0].slots["due_amount"] == "110.02元"
        tell(site, accounts)

    permit = Permit.objects.get(pk=int(rows["E"].permit_ref))
    assert permit.purpose == "reminder"
    assert Outcome.objects.get(permit=permit).outcome == "delivered"
    assert Heard.objects.get(kind="opt_out").party_id == permit.party_id
    (stop,) = stops.in_force(party=permit.recipient_party, at=NOON + timedelta(minutes=1))
    assert (stop.kind, stop.channels) == ("opt_out", ["sms"])

    # The next mark finds her order to stop.
    later = NOON + timedelta(days=2)
    reminders.plan(book=book, on=TODAY + timedelta(days=2), acting_user=system_user())
    reminders.ask_due(at=later, acting_user=system_user())
    row = Reminder.objects.get(loan__loan_ref="E", mark_days=1)
    assert (row.state, row.code) == ("refused", "contact.refused")


def test_what_was_paid_meanwhile_is_not_reminded_of(book):
    from daihou.web.ledger import operations as ledger

    with opened(book):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        ledger.post_tape(
            book=book,
            tape=tape(loans=[], payments=[payment("E", TODAY, 11_002)]),
            acting_user=system_user(),
        )
        reminders.ask_due(at=NOON, acting_user=system_user())
    row = Reminder.objects.get(loan__loan_ref="E")
    assert (row.state, row.code) == ("skipped", "reminder.not_needed")


def test_a_dead_letter_is_asked_for_anew_and_an_answer_comes_into_the_case(book):
    fates = {PHONES["E"]: Fate.REFUSED, PHONES["C2"]: Fate.REPLIES}
    with opened(book, fates) as (site, accounts):
        reminders.plan(book=book, on=TODAY, acting_user=system_user())
        reminders.ask_due(at=NOON, acting_user=system_user())
        while outbox.work():
            pass
        dead = dead_letters.waiting(book=book).get()
        assert dead.code == "isv.MOBILE_NUMBER_ILLEGAL"
        fates.pop(PHONES["E"])
        boss = make_user("boss", "manager")
        dead_letters.ask_again(delivery=dead, at=NOON + timedelta(minutes=1), acting_user=boss)
        while outbox.work():
            pass
        assert not dead_letters.waiting(book=book).exists()
        tell(site, accounts)
    assert Delivery.objects.filter(told="delivered").count() >= 2
    case = case_of(book, "C")
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
            if provider in {"whatsapp", "wechat"}:
                wanted = 403
            assert client.get(f"/reach/{account.code}/").status_code == wanted
        assert client.post(f"/reach/{code}/?key=wrong", "[]", "text/plain").status_code == 403
        assert client.post(f"/reach/{code}/?key=sandbox-hook", "[", "text/plain").status_code == 400
        assert client.post("/reach/nobody/", "[]", "text/plain").status_code == 404
    assert not Heard.objects.exists()
    assert Account.objects.count() == 9
