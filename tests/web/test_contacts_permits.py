"""Goal: no contact without a permit, and no permit beyond a cap, whatever the guard says."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from benchmarks import contact_people as people
from daihou.collect import codec, guard
from daihou.collect.facts import AgreementKind, StopKind
from daihou.collect.guard import Decision
from daihou.collect.packs import JURISDICTIONS
from daihou.collect.requests import Channel, Outcome, Purpose, Recipient
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.audit import withholding
from daihou.web.contacts import operations, providers, stops
from daihou.web.contacts.errors import ContactFault, ContactRefused
from daihou.web.contacts.limiting import limits_of
from daihou.web.contacts.models import (
    Inbound,
    Limit,
    Outbox,
    OutcomeKind,
    Permit,
    Refusal,
    Slot,
    StopKind as StopWord,
    Subject,
    SubjectMember,
)
from daihou.web.ledger.models import Book, Position
from daihou.web.parameters.models import LendingProfile
from daihou.web.parties import encryption, merging
from daihou.web.parties.models import ContactPoint, Party, PersonalDatum
from daihou.web.privacy.stores import STORES

AT = people.MORNING
HOUR = timedelta(hours=1)


@pytest.fixture
def made(db):
    return people.make(count=3)


@pytest.fixture
def caller(made):
    return User.objects.get(pk=made.user_id)


@pytest.fixture
def always_allowed(monkeypatch):
    allow = lambda **_: Decision(is_allowed=True, refusals=(), passed=())
    monkeypatch.setattr(guard, "decide", allow)


def call(made, caller, number=0, at=AT, outcome=None, **changed):
    contact = replace(people.contact_of(made=made, number=number), **changed)
    permit = operations.ask(contact=contact, acting_user=caller, at=at)
    if outcome is not None:
        operations.record_outcome(permit=permit, outcome=outcome, at=at, acting_user=caller)
    return permit


def refused(made, caller, number=0, at=AT, **changed):
    with pytest.raises(ContactRefused) as caught, transaction.atomic():
        call(made, caller, number=number, at=at, **changed)
    return caught.value


def held(permit):
    slots = Slot.objects.filter(permit=permit, released_at__isnull=True)
    return sorted(slots.values_list("rule_id", flat=True))


def test_a_dial_holds_one_slot_of_each_kind_until_its_outcome(made, caller):
    for outcome, kept in (
        (Outcome.EFFECTIVE, ["CN-FREQ-01"]),
        (Outcome.UNANSWERED, ["CN-FREQ-02"]),
        (Outcome.UNKNOWN, ["CN-FREQ-01", "CN-FREQ-02"]),
        (Outcome.FAILED, []),
    ):
        permit = call(made, caller)
        assert held(permit) == ["CN-FREQ-01", "CN-FREQ-02"]
        assert permit.outbox.live_recipient is not None
        codes = {ruling.code for ruling in refused(made, caller).decision.refusals}
        assert "contact.live_dial" in codes
        operations.record_outcome(permit=permit, outcome=outcome, at=AT, acting_user=caller)
        assert held(permit) == kept
        permit.outbox.refresh_from_db()
        assert (permit.outbox.state, permit.outbox.content) == ("done", "")


def test_only_unknown_is_followed_by_another_outcome_and_gives_back_then(made, caller):
    permit = call(made, caller, outcome=Outcome.UNKNOWN)
    operations.record_outcome(permit=permit, outcome=Outcome.BUSY, at=AT, acting_user=caller)
    assert held(permit) == ["CN-FREQ-02"]
    with pytest.raises(ContactFault) as caught:
        operations.record_outcome(permit=permit, outcome=Outcome.BUSY, at=AT, acting_user=caller)
    assert caught.value.code == "contact.outcome_known"


def test_the_fourth_call_is_refused_with_the_reason_and_the_next_instant(made, caller):
    for _ in range(3):
        call(made, caller, outcome=Outcome.EFFECTIVE)
    fault = refused(made, caller)
    assert [ruling.rule_id for ruling in fault.decision.refusals] == ["CN-FREQ-01"]
    next_morning = fault.decision.next_permitted_at
    assert next_morning == AT.replace(day=21, hour=0)
    assert "caps" not in str(fault)
    tomorrow = people.contact_of(made=made, number=0)
    seen = operations.preview(contact=tomorrow, acting_user=caller, at=next_morning)
    assert seen.is_allowed
    assert Permit.objects.count() == 3
    with pytest.raises(ContactRefused):  # Outside a block of the caller's own a refusal is kept.
        operations.ask(contact=people.contact_of(made=made, number=0), acting_user=caller, at=AT)
    assert Refusal.objects.get().kept.count("contact.cap_effective") == 1


def test_what_is_reserved_in_the_database_is_what_the_guard_reserves(made, caller):
    for channel in ("voice", "sms", "letter"):
        contact = people.contact_of(made=made, number=1, channel=channel)
        content = replace(contact.content, text_digest="0" * 64, wording_version="1")
        contact = replace(contact, content=content)
        decision = operations.preview(contact=contact, acting_user=caller, at=AT)
        expected = sorted(each.rule_id for each in decision.reserves)
        if not decision.is_allowed:  # A text is refused here for its wording alone.
            continue
        permit = operations.ask(contact=contact, acting_user=caller, at=AT)
        assert held(permit) == expected
        operations.record_outcome(permit=permit, outcome=Outcome.UNKNOWN, at=AT, acting_user=caller)


def test_the_caps_of_the_database_are_those_of_the_packs(db):
    names = [field.name for field in Limit._meta.concrete_fields if field.name != "id"]
    rows = {tuple(map(str, values)) for values in Limit.objects.values_list(*names)}
    packs = {
        tuple(str(getattr(limit, name)) for name in names)
        for limit in limits_of(jurisdictions=JURISDICTIONS)
    }
    assert rows == packs


def test_words_of_the_tables_are_those_of_the_guard():
    from daihou.web.contacts import models

    for ours, theirs in (
        (models.Channel, Channel),
        (models.Purpose, Purpose),
        (models.Recipient, Recipient),
        (OutcomeKind, Outcome),
        (StopWord, StopKind),
        (models.AgreementKind, AgreementKind),
    ):
        assert set(ours.values) == {word.value for word in theirs}


def test_the_guard_gone_no_day_cap_and_no_second_live_call_passes(made, caller, always_allowed):
    first = call(made, caller)
    assert refused(made, caller).code == "contact.live_dial"
    operations.record_outcome(permit=first, outcome=Outcome.EFFECTIVE, at=AT, acting_user=caller)
    for hour in (1, 2):
        call(made, caller, at=AT + hour * HOUR, outcome=Outcome.EFFECTIVE)
    fault = refused(made, caller, at=AT + 3 * HOUR)
    assert (fault.code, fault.params["rule"]) == ("contact.cap_reached", "CN-FREQ-01")
    call(made, caller, at=AT + timedelta(days=1))


def test_the_guard_gone_no_number_is_dialled_a_seventh_time_though_two_persons_share_it(
    made, caller, always_allowed
):
    digest = bytes(ContactPoint.objects.get(pk=made.people[0][2]).digest)
    ContactPoint.objects.filter(pk=made.people[1][2]).update(digest=digest)
    for number in (0, 1, 0, 1, 0, 1):
        call(made, caller, number=number, outcome=Outcome.UNANSWERED)
    for number in (0, 1):
        fault = refused(made, caller, number=number)
        assert (fault.code, fault.params["rule"]) == ("contact.cap_reached", "CN-FREQ-02")
    call(made, caller, number=2)


def test_the_guard_gone_no_rolling_window_is_exceeded(made, caller, always_allowed):
    LendingProfile.objects.create(
        book_id=made.book_id,
        valid_from=AT.date() - timedelta(days=1),
        jurisdiction="US",
        lender_type="licensed",
        added_by=system_user(),
    )
    for day in range(7):
        call(made, caller, at=AT + timedelta(days=day), outcome=Outcome.UNANSWERED)
    for hours in (0, 13, -24 * 6):  # On the day, later that day, and in between: always seven.
        fault = refused(made, caller, at=AT + timedelta(days=6, hours=hours))
        assert fault.params["rule"] == "US-FREQ-01"
    call(made, caller, at=AT + timedelta(days=7), outcome=Outcome.EFFECTIVE)
    fault = refused(made, caller, at=AT + timedelta(days=13))
    assert fault.params["rule"] in {"US-FREQ-01", "US-FREQ-02"}
    call(made, caller, at=AT + timedelta(days=14), outcome=Outcome.EFFECTIVE)
    assert refused(made, caller, at=AT + timedelta(days=20)).params["rule"] == "US-FREQ-02"


def test_the_guard_gone_nothing_leaves_under_a_law_without_caps(made, caller, always_allowed):
    Book.objects.filter(pk=made.book_id).update(currency="XAU")
    assert refused(made, caller).code == "contact.no_limits"


def test_one_person_is_counted_once_over_books_parties_and_merges(made, caller):
    other = people.make(count=2, name="other", first=500)
    other_caller = User.objects.get(pk=other.user_id)
    call(made, caller, number=0, outcome=Outcome.EFFECTIVE)
    call(other, other_caller, number=0, outcome=Outcome.EFFECTIVE)
    assert Subject.objects.filter(united_into=None).count() == 2
    for party_id in (made.people[0][0], other.people[0][0]):
        number(party_id, "11010519491231002X")
    assert not SubjectMember.objects.filter(is_current=True).exists()
    call(other, other_caller, number=0, outcome=Outcome.EFFECTIVE)
    assert refused(made, caller, number=0).decision.refusals[0].rule_id == "CN-FREQ-01"
    kept, absorbed = (Party.objects.get(pk=made.people[n][0]) for n in (0, 1))
    merging.merge(kept=kept, absorbed=absorbed, reason="one person", acting_user=caller)
    assert refused(made, caller, number=1).decision.refusals[0].rule_id == "CN-FREQ-01"
    assert refused(other, other_caller, number=0).code == "contact.refused"
    call(made, caller, number=2)


def number(party_id, plain):
    sealed = encryption.seal(plain=plain, place="test")
    PersonalDatum.objects.create(
        party_id=party_id,
        field="id_number",
        key_id=sealed.key_id,
        ciphertext=sealed.ciphertext,
        blind_index=encryption.blind_index(field="id_number", plain=plain),
    )


def test_a_stop_takes_back_what_waits_and_holds_until_lifted(made, caller):
    permit = call(made, caller)
    party = Party.objects.get(pk=made.people[0][0])
    order = stops.order(
        party=party, kind=StopKind.DISPUTE, at=AT, acting_user=caller, note="not my debt"
    )
    assert permit.outcomes.get().outcome == "withdrawn"
    assert held(permit) == []
    assert refused(made, caller, at=AT + HOUR).decision.refusals[0].rule_id == "HOUSE-STOP-01"
    assert list(stops.in_force(party=party, at=AT + HOUR)) == [order]
    assert withholding.text_of(digest=order.note_digest) == "not my debt"
    assert withholding.forget(party_ids=[party.pk]) == 1
    assert withholding.text_of(digest=order.note_digest) == ""
    stops.lift(stop=order, at=AT + HOUR, note="settled", acting_user=caller)
    call(made, caller, at=AT + 2 * HOUR)
    for_good = stops.order(party=party, kind=StopKind.CONTACT_REFUSED, at=AT, acting_user=caller)
    with pytest.raises(ContactFault) as caught:
        stops.lift(stop=for_good, at=AT, note="why not", acting_user=caller)
    assert caught.value.code == "contact.stop_for_good"


def test_a_payment_takes_back_what_waits_about_its_loan(made, caller):
    permit = call(made, caller)
    party = Party.objects.get(pk=made.people[0][0])
    given = {"party": party, "reason": "paid", "at": AT, "acting_user": caller}
    assert operations.withdraw_pending(**given, loan_ids=[made.people[1][1]]) == 0
    assert operations.withdraw_pending(**given, loan_ids=[made.people[0][1]]) == 1
    assert permit.outcomes.get().outcome == "withdrawn"


def test_an_agreement_lifts_a_cap_for_guard_and_database_alike(made, caller):
    for _ in range(6):
        call(made, caller, outcome=Outcome.UNANSWERED)
    assert refused(made, caller).decision.refusals[0].rule_id == "CN-FREQ-02"
    party = Party.objects.get(pk=made.people[0][0])
    agreed = stops.agree(
        party=party, kind=AgreementKind.DIALS, evidence="call 17", at=AT, acting_user=caller
    )
    call(made, caller, outcome=Outcome.UNANSWERED)
    stops.end_agreement(agreement=agreed, at=AT, acting_user=caller)
    assert refused(made, caller).decision.refusals[0].rule_id == "CN-FREQ-02"


def test_a_book_whose_nights_stopped_is_stale_by_the_clock(made, caller):
    fault = refused(made, caller, at=AT + timedelta(days=3))
    assert "contact.figures_stale" in {ruling.code for ruling in fault.decision.refusals}


def test_a_first_contact_is_of_its_debts_and_on_the_day_of_her_clock(made, caller, always_allowed):
    early = AT.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=7, minute=30)  # In UTC the eve.
    call(made, caller, at=early, outcome=Outcome.EFFECTIVE)
    contact = people.contact_of(made=made, number=0)
    (loan,) = contact.loans
    position = Position.objects.get(loan=loan)
    loan.pk, loan.loan_ref = None, "L-later"
    loan.save()
    position.pk = position.loan_id = loan.pk
    position.save(force_insert=True)
    later = call(made, caller, at=early + HOUR, outcome=Outcome.FAILED)
    of_another = call(made, caller, at=early + HOUR, loans=(loan,))
    known = [codec.from_text(codec.Decided, each.kept).facts for each in (later, of_another)]
    assert [each.first_contact_on for each in known] == [early.date(), None]


def test_stale_figures_and_a_wrong_number_refuse(made, caller):
    Position.objects.update(business_date=people.BUSINESS_DATE - timedelta(days=9))
    codes = {ruling.code for ruling in refused(made, caller).decision.refusals}
    assert codes == {"contact.figures_stale"}
    Position.objects.all().delete()
    codes = {ruling.code for ruling in refused(made, caller).decision.refusals}
    assert "contact.figures_missing" in codes


def test_an_inbound_talk_counts_where_the_rule_says_so(made, caller, always_allowed):
    LendingProfile.objects.create(
        book_id=made.book_id,
        valid_from=AT.date() - timedelta(days=1),
        jurisdiction="US",
        lender_type="licensed",
        added_by=system_user(),
    )
    contact = people.contact_of(made=made, number=0)
    operations.record_inbound(contact=contact, outcome=Outcome.EFFECTIVE, at=AT, acting_user=caller)
    assert Inbound.objects.get().slots.get().rule_id == "US-FREQ-02"
    assert refused(made, caller, at=AT + HOUR).params["rule"] == "US-FREQ-02"


def test_rows_of_evidence_and_slots_stay(made, caller):
    permit = call(made, caller)
    slot = permit.slots.first()
    for change in (
        lambda: Permit.objects.filter(pk=permit.pk).update(channel="sms"),
        lambda: Permit.objects.filter(pk=permit.pk).delete(),
        lambda: Slot.objects.filter(pk=slot.pk).delete(),
        lambda: Slot.objects.filter(pk=slot.pk).update(released_at=AT),
        lambda: Slot.objects.filter(pk=slot.pk).update(number=2),
        lambda: Slot.objects.filter(pk=slot.pk).update(permit=None),
        lambda: Outbox.objects.filter(pk=permit.pk).delete(),
        lambda: Limit.objects.update(most=99),
    ):
        with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
            change()


def test_every_provider_reads_in_the_one_statement(made, caller):
    names = {provider.name for provider in providers.registered()}
    assert {"persons", "training"} <= names
    with connection.execute_wrapper(count := Counter()):
        call(made, caller, number=2)
    assert count.statements <= 20  # Her first contact: finding out who she is is most of it.


class Counter:
    statements = 0

    def __call__(self, execute, sql, params, many, context):
        self.statements += 1
        return execute(sql, params, many, context)


def test_the_statements_of_a_permit_are_planned_once(made, caller):
    for number in range(3):
        call(made, caller, number)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%contacts_subjectmember%FOR UPDATE%'"
            " OR statement LIKE '%provided%' OR statement LIKE '%INTO contacts_permit%'"
        )
        plans = cursor.fetchall()
    assert len(plans) == 3
    assert all(generic >= 2 for generic, _ in plans)


def test_several_ways_to_one_number_are_answered_as_each_alone(made, caller):
    call(made, caller, outcome=Outcome.EFFECTIVE)
    talk = people.contact_of(made=made, number=0)
    asked = [
        talk,
        replace(talk, channel=Channel.SMS, purpose=Purpose.REMINDER),
        replace(talk, channel=Channel.ROBOT, recipient=Recipient.OTHER, is_recorded=False),
    ]
    together = operations.previews(contacts=asked, acting_user=caller, at=AT + HOUR)
    alone = [operations.preview(contact=each, acting_user=caller, at=AT + HOUR) for each in asked]
    assert together == alone
    assert len({decision.is_allowed for decision in together}) == 2


def test_what_waits_can_be_encrypted_again_under_a_new_key(made, caller):
    permit = call(made, caller, payload={"text": "call"})
    place = next(store.place for store in STORES if store.table == "contacts_outbox")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT content, {place} FROM contacts_outbox")
        ((sealed, found),) = cursor.fetchall()
    assert encryption.open_text(sealed=sealed, place=found) == '{"text": "call"}'
    assert operations.payload_of(row=permit.outbox) == {"text": "call"}
