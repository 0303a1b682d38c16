"""Goal: what the law asks about a person reaches the guard, and the database where it counts.

Method: complaints, times she named, a cut-over with attempts and promises; asked for afterwards.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from benchmarks import contact_people as people
from daihou.collect import guard
from daihou.collect.guard import Decision
from daihou.collect.requests import Channel, Outcome
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases.models import Promise
from daihou.web.complaints.models import Complaint
from daihou.web.contacts import operations as contacts, prior as holding, stops, times
from daihou.web.contacts.errors import ContactFault, ContactRefused
from daihou.web.contacts.models import BadTime, Outcome as OutcomeRow, Slot
from daihou.web.ledger.models import Book
from daihou.web.parties import cutover
from daihou.web.parties.models import ContactPoint, Party, PriorAttempt
from tests.web.collected_book import *  # noqa: F403
from tests.web.collected_book import INSTALMENT, case_of, night
from tests.web.test_cases_following import pay

BY = "2025-05-01T08:00:00"
AT = people.MORNING


@pytest.fixture
def made(db):
    return people.make(count=2)


@pytest.fixture
def caller(made):
    return User.objects.get(pk=made.user_id)


def codes(made, user, at=AT, **changed):
    contact = replace(people.contact_of(made=made, number=0), **changed)
    decision = contacts.preview(contact=contact, acting_user=user, at=at)
    return {ruling.rule_id for ruling in decision.refusals}, decision


def complain(made, *, days_ago, **given):
    words = {
        "nature": "complaint",
        "intake": "phone",
        "topic": "conduct",
        "said": "x",
        "party_id": made.people[0][0],
        "recorded_by": system_user(),
        "received_at": AT - timedelta(days=days_ago),
    }
    if given.get("finding"):
        words |= {
            "state": "decided",
            "cause": "conduct",
            "reasoning": "x",
            "decided_at": AT,
            "decided_by": system_user(),
        }
    return Complaint.objects.create(book_id=made.book_id, **(words | given))


def test_what_was_complained_of_before_weighs_in_the_guard(made, caller):
    robot = {"channel": Channel.ROBOT}
    complain(made, days_ago=29)
    complain(made, days_ago=2, state="withdrawn")
    complain(made, days_ago=2, nature="dispute")
    complain(made, days_ago=2, party_id=made.people[1][0])
    assert "HOUSE-CMP-01" not in codes(made, caller, **robot)[0]
    nameless = complain(made, days_ago=1, party_id=None)
    nameless.loans.add(made.people[0][1])
    refused, decision = codes(made, caller, **robot)
    assert "HOUSE-CMP-01" in refused
    by_id = {ruling.rule_id: ruling.params for ruling in decision.refusals}
    assert by_id["HOUSE-CMP-01"]["count"] == "2"
    assert "HOUSE-CMP-01" not in codes(made, caller)[0]  # A person may still call.
    for days_ago in (3, 4):
        complain(made, days_ago=days_ago, finding="partly")
    assert "HOUSE-CMP-02" in codes(made, caller)[0]
    allowed = codes(made, caller, at=AT + timedelta(days=27))[1]
    assert "HOUSE-CMP-02" not in {ruling.rule_id for ruling in allowed.refusals}


def test_a_time_she_named_is_left_out_and_what_waits_is_taken_back(made, caller):
    party = Party.objects.get(pk=made.people[0][0])
    contact = people.contact_of(made=made, number=0)
    permit = contacts.ask(contact=contact, acting_user=caller, at=AT)
    shared = {"party": party, "at": AT, "acting_user": caller}
    bad = times.note(from_minute=22 * 60, until_minute=11 * 60, said="nights", **shared)
    assert OutcomeRow.objects.get(permit=permit).outcome == "withdrawn"
    refused, decision = codes(made, caller)
    assert refused == {"HOUSE-PREFERENCE-01"}
    assert decision.next_permitted_at == AT + timedelta(hours=1)
    times.note(from_minute=0, until_minute=1440, weekdays=[0, 1, 2], channels=[], **shared)
    friday, monday = AT + timedelta(hours=1), AT + timedelta(days=3, hours=1)
    assert codes(made, caller, at=friday)[0] == set()
    assert "HOUSE-PREFERENCE-01" in codes(made, caller, at=monday)[0]
    for minutes in ((60, 60), (-1, 60), (0, 1441)):
        with pytest.raises(ContactFault) as caught:
            times.note(from_minute=minutes[0], until_minute=minutes[1], **shared)
        assert caught.value.code == "contact.time_wrong"
    assert times.in_force(party=party, at=AT).count() == 2
    times.end(bad_time=bad, at=AT, acting_user=caller)
    assert codes(made, caller)[0] == set()
    with pytest.raises(ContactFault) as caught:
        times.end(bad_time=bad, at=AT, acting_user=caller)
    assert caught.value.code == "contact.time_ended"
    with pytest.raises(DatabaseError), transaction.atomic():
        BadTime.objects.update(from_minute=1)


def prior(made, number=0, **given):
    party_id, loan_id, point_id = made.people[number]
    point = ContactPoint.objects.get(pk=point_id)
    words = {
        "party_id": party_id,
        "recipient_party_id": party_id,
        "channel": "voice",
        "purpose": "collection",
        "recipient": "debtor",
        "point_kind": point.kind,
        "digest": bytes(point.digest),
        "loan_ids": [loan_id],
        "at": AT - timedelta(hours=1),
        "outcome": "effective",
    }
    attempt = PriorAttempt.objects.create(**(words | given))
    holding.hold(attempt=attempt, book=Book.objects.get(pk=made.book_id))
    return attempt


def held(attempt):
    return sorted(Slot.objects.filter(prior=attempt).values_list("rule_id", flat=True))


def test_what_another_system_did_holds_slots_like_ours(made, caller, monkeypatch):
    """With the guard gone, three calls are left for the day however they are shared out."""
    for outcome, kept in (
        ("effective", ["CN-FREQ-01"]),
        ("unanswered", ["CN-FREQ-02"]),
        ("unknown", ["CN-FREQ-01", "CN-FREQ-02"]),
        ("failed", []),
    ):
        assert held(prior(made, outcome=outcome)) == kept
    assert held(prior(made, at=AT - timedelta(days=1))) == ["CN-FREQ-01"]
    friend = {"recipient": "contact_person", "at": AT - timedelta(days=20)}
    assert held(prior(made, **friend)) == ["CN-FREQ-01", "HOUSE-FREQ-06"]
    assert held(prior(made, channel="sms", outcome="delivered")) == ["HOUSE-FREQ-01"]
    allow = lambda **_: Decision(is_allowed=True, refusals=(), passed=())
    monkeypatch.setattr(guard, "decide", allow)
    contact = people.contact_of(made=made, number=0)
    permit = contacts.ask(contact=contact, acting_user=caller, at=AT)
    contacts.record_outcome(permit=permit, outcome=Outcome.EFFECTIVE, at=AT, acting_user=caller)
    with pytest.raises(ContactRefused) as caught, transaction.atomic():
        contacts.ask(contact=contact, acting_user=caller, at=AT)
    assert caught.value.params["rule"] == "CN-FREQ-01"
    tomorrow = AT + timedelta(days=1)
    assert contacts.ask(contact=contact, acting_user=caller, at=tomorrow)


def test_more_than_a_cap_was_done_elsewhere_and_is_still_all_held(made, caller):
    for _ in range(5):
        prior(made)
    assert Slot.objects.filter(rule_id="CN-FREQ-01").count() == 5
    refused, _ = codes(made, caller)
    assert refused == {"CN-FREQ-01"}
    with pytest.raises(DatabaseError), transaction.atomic():
        Slot.objects.filter(prior__isnull=False).update(prior=None)


def test_a_cut_over_brings_open_promises_counters_of_the_whole_window_and_stops(
    collected, tmp_path
):
    """What was promised to the former system is judged by the next nights as if made here."""
    now, ref = timezone.now(), {name: case_of(collected, name).party.reference for name in "ABD"}
    tries = "".join(
        f"{ref['A']},voice,phone,13800138000,{now - timedelta(days=days)},effective,{whom}\n"
        for days, whom in ((0.1, "debtor"), (6, "debtor"), (25, "contact_person"), (40, "debtor"))
    )
    files = {
        "attempts": f"party_ref,channel,value_kind,value,at,outcome,recipient\n{tries}",
        "stop_orders": f"party_ref,kind,started_at,channels\n{ref['B']},opt_out,{BY},sms\n",
        "promises": "party_ref,kind,due_on,amount,made_on,source_ref\n"
        f"{ref['A']},part,2025-05-22,110.02,2025-05-10,old-1\n"
        f"{ref['B']},part,2025-05-22,110.02,2025-05-10,old-2\n"
        f"{ref['D']},part,2025-05-22,110.02,2999-01-01,old-3\n"
        f"{ref['D']},weather,2025-05-22,110.02,2025-05-10,old-4\n"
        "nobody,part,2025-05-22,1,,\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    report = cutover.bring(book=collected, folder=tmp_path, acting_user=system_user())
    assert report.taken == {"attempts": 3, "stop_orders": 1, "promises": 2}
    assert [(bad.file, bad.line, bad.code) for bad in report.bad] == [
        ("attempts.csv", 5, "cutover.too_old"),
        ("promises.csv", 4, "cutover.in_future"),
        ("promises.csv", 5, "promise.kind_unknown"),
        ("promises.csv", 6, "cutover.party_unknown"),
    ]
    assert Slot.objects.filter(prior__isnull=False).count() == 4
    assert stops.in_force(party=case_of(collected, "B").party, at=now).count() == 1
    again = cutover.bring(book=collected, folder=tmp_path, acting_user=system_user())
    assert (again.taken, Promise.objects.count()) == ({}, 2)

    def states():
        return dict(Promise.objects.values_list("source_ref", "state"))

    assert states() == {"old-1": "open", "old-2": "open"}
    pay(collected, "A", INSTALMENT, key="p1", on=date(2025, 5, 21))
    night(collected, date(2025, 5, 30))
    assert states() == {"old-1": "kept", "old-2": "broken"}
