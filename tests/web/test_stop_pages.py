"""Goal: a stop is found, looked at and lifted by who may; a contact person refuses for good.

Method: the pages as compliance, as a collector and as who ordered it; agreements and recordings.
"""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel, Outcome, Recipient
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.archive import operations as archive
from daihou.web.archive.models import Kind, Target
from daihou.web.cases.contacting import contact_of
from daihou.web.cases.people import Asked
from daihou.web.channels import accounts, recordings, secrets
from daihou.web.channels.models import Delivery
from daihou.web.contacts import operations as contacts, stops
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import Agreement, Outcome as OutcomeRow, Permit, StopLift, StopOrder
from daihou.web.parties import states
from daihou.web.quality import drawing
from daihou.web.quality.models import Flag, Sample
from tests.web.desk_book import *  # noqa: F403
from tests.web.desk_book import give_part
from tests.web.test_desk_cases import Bench

DAY = timedelta(days=1)


@pytest.fixture
def at_work(noon, desk, client):
    client.force_login(User.objects.get(username="collector"))
    return Bench(desk, client)


def enter(bench, name):
    bench.client.force_login(User.objects.get(username=name))


def order(bench, *, by="collector", kind=StopKind.CEASE, **given):
    return stops.order(
        party=bench.case.party,
        kind=kind,
        at=timezone.now() - timedelta(hours=1),
        acting_user=User.objects.get(username=by),
        book=bench.book,
        **given,
    )


def lift(bench, stop, **sent):
    answer = bench.client.post(bench.url("stop_lift", stop.pk), sent, follow=True)
    return answer.status_code, answer.content.decode()


def test_a_stop_is_listed_looked_at_and_lifted_once_with_a_reason(at_work):
    scope = stops.Scope(channels=frozenset({Channel.SMS, Channel.VOICE}))
    made = order(at_work, note="别再打了", evidence="call 7", scope=scope)
    case_page = at_work.page().content.decode()
    assert at_work.url("stop", made.pk) in case_page
    shown = at_work.client.get(at_work.url("stop", made.pk)).content.decode()
    assert "别再打了" in shown
    assert at_work.url("stop_lift", made.pk) not in shown
    assert lift(at_work, made, reason="she may")[0] == 403
    enter(at_work, "compliance")
    person = at_work.client.get(at_work.url("person", at_work.case.party_id)).content.decode()
    assert at_work.url("stop", made.pk) in person
    listed = at_work.client.get(at_work.url("stops")).content.decode()
    assert "张**" in listed
    assert "张小明" not in listed
    assert "call 7" in listed
    assert (
        at_work.url("stop_lift", made.pk)
        in at_work.client.get(at_work.url("stop", made.pk)).content.decode()
    )
    assert "请填写理由" in lift(at_work, made, reason=" ")[1]
    assert not StopLift.objects.exists()
    assert "已解除" in lift(at_work, made, reason="她来函同意")[1]
    row = StopLift.objects.get()
    assert (row.order, row.acting_user.username) == (made, "compliance")
    assert "停止令已解除" in lift(at_work, made, reason="again")[1]
    assert StopLift.objects.count() == 1
    assert "张**" not in at_work.client.get(at_work.url("stops")).content.decode()
    ended = at_work.client.get(at_work.url("stops"), {"show": "ended", "kind": "cease"})
    assert "张**" in ended.content.decode()
    other = at_work.client.get(at_work.url("stops"), {"show": "ended", "kind": "attorney"})
    assert "张**" not in other.content.decode()
    assert not stops.in_force(party=at_work.case.party, at=timezone.now()).exists()


def test_who_ordered_it_lifts_only_what_she_takes_back_herself(at_work):
    enter(at_work, "compliance")
    attorney = order(at_work, by="compliance", kind=StopKind.ATTORNEY)
    assert "下令人不得自行解除" in lift(at_work, attorney, reason="x", her_word="letter 3")[1]
    wish = order(at_work, by="compliance")
    assert "下令人不得自行解除" in lift(at_work, wish, reason="x")[1]
    assert not StopLift.objects.exists()
    lift(at_work, wish, reason="she wrote", her_word="letter 3")
    assert StopLift.objects.get().order == wish


def test_what_ends_with_its_own_deed_is_not_lifted_by_hand(at_work):
    states.note_state(
        party=at_work.case.party,
        kind="deceased",
        started_on=timezone.localdate(),
        note="told so",
        evidence="",
        acting_user=User.objects.get(username="collector"),
    )
    enter(at_work, "compliance")
    of_state = StopOrder.objects.get()
    shown = at_work.client.get(at_work.url("stop", of_state.pk)).content.decode()
    assert at_work.url("stop_lift", of_state.pk) not in shown
    assert "随其状态" in lift(at_work, of_state, reason="x")[1]
    over = order(at_work, scope=stops.Scope(ends_at=timezone.now() - timedelta(minutes=5)))
    assert "已到期" in lift(at_work, over, reason="x")[1]
    refused = order(at_work, kind=StopKind.CONTACT_REFUSED)
    assert "不可解除" in lift(at_work, refused, reason="x")[1]
    assert not StopLift.objects.exists()
    other = reverse("desk:stop", args=[at_work.book.name, 999_999])
    assert at_work.client.get(other).status_code == 404


def test_evidence_that_reads_like_a_deed_makes_none(at_work):
    typed = order(at_work, evidence="complaint:5")
    assert (typed.origin, typed.origin_number) == ("", None)
    enter(at_work, "compliance")
    shown = at_work.client.get(at_work.url("stop", typed.pk)).content.decode()
    assert at_work.url("stop_lift", typed.pk) in shown
    lift(at_work, typed, reason="she wrote")
    assert StopLift.objects.get().order == typed


def test_a_contact_person_who_refuses_is_stopped_for_good_by_the_outcome(at_work):
    point = give_part(book=at_work.book, ref="A", role="contact", number=31)
    user, now = User.objects.get(username="collector"), timezone.now()
    who = Asked(party=point.party, recipient=Recipient.CONTACT_PERSON, loans=())
    contact = contact_of(
        case=at_work.case,
        loans=[each.loan for each in at_work.case.case_loans.select_related("loan")],
        point=at_work.phone(),
        channel=Channel.VOICE,
        user=user,
    )
    permit = contacts.ask(contact=contact, acting_user=user, at=now)
    # Asked for as the debtor: the guard refuses a contact person while the debtor is in reach.
    permit.recipient, permit.recipient_party = who.recipient.value, point.party
    contacts.record_outcome(
        permit=permit, outcome=Outcome.REFUSED, at=now, acting_user=user, details={"note": "不要"}
    )
    made = StopOrder.objects.get()
    assert (made.kind, made.party, made.evidence) == (
        "contact_refused",
        point.party,
        f"permit:{permit.pk}",
    )
    assert made.recipient_key
    assert not stops.in_force(party=at_work.case.party, at=now).exists()


def test_a_stop_about_somebody_else_binds_only_her(at_work):
    point = give_part(book=at_work.book, ref="A", role="contact", number=32)
    key = f"contact_person-{point.party_id}"
    assert key in at_work.form("stop").content.decode()
    at_work.do("stop", kind="contact_refused", note="x")  # The borrower is no contact person.
    assert not StopOrder.objects.exists()
    at_work.do("stop", kind="contact_refused", who="contact_person-0", note="x")
    assert not StopOrder.objects.exists()
    at_work.do("stop", kind="contact_refused", who=key, note="不要再打", channels=["sms"])
    made = StopOrder.objects.get()
    assert (made.party_id, made.kind, made.channels) == (point.party_id, "contact_refused", [])
    assert made.recipient_key


def test_what_she_agreed_to_is_noted_with_its_proof_and_ended(at_work):
    party = at_work.case.party
    page, act = at_work.url("person", party.pk), at_work.url("person_know", party.pk)
    sent = {"deed": "agree", "matter": "hours", "channel": "voice"}
    until = timezone.localdate() + timedelta(days=30)
    at_work.client.post(act, sent)
    at_work.client.post(act, sent | {"evidence": "x", "until": timezone.localdate() - 2 * DAY})
    at_work.client.post(act, sent | {"evidence": "x", "matter": "nothing"})
    assert not Agreement.objects.exists()
    at_work.client.post(act, sent | {"evidence": "letter 12", "until": until})
    made = Agreement.objects.get()
    assert (made.kind, made.channels) == ("hours", ["voice"])
    assert timezone.localdate(made.ends_at) == until + DAY
    assert "letter 12" in at_work.client.get(page).content.decode()
    ended = {"deed": "end_agreement", "agreement": made.pk}
    at_work.client.post(act, ended)
    assert "letter 12" not in at_work.client.get(page).content.decode()
    assert "约定已终止" in at_work.client.post(act, ended, follow=True).content.decode()
    enter(at_work, "quality")
    assert at_work.client.post(act, sent | {"evidence": "y"}).status_code == 403


def switch(bench, **extra):
    account = accounts.add_account(
        book=bench.book,
        code="switch",
        provider="freeswitch",
        sender="02712345678",
        per_second=5,
        per_day=1000,
        secret_ref="switch",
        acting_user=system_user(),
    )
    accounts.set_extension(
        user=User.objects.get(username="collector"), number="1001", acting_user=system_user()
    )
    given = {"gateway": "gw"} | extra
    keys = secrets.AccountSecrets(url="esl://127.0.0.1:8021", extra=given)
    secrets.save(secret_ref="switch", secrets=keys)
    return account


def test_a_talk_dialled_by_hand_needs_the_reference_of_its_recording(at_work):
    at_work.do("call", point=at_work.phone().pk)
    permit = Permit.objects.get()
    for outcome in ("effective", "refused", "wrong_person"):
        answer = at_work.do("outcome", permit=permit.pk, outcome=outcome, recording=" ")
        assert "录音" in answer.content.decode()
    with translation.override("en"), pytest.raises(ContactFault, match="reference"):
        recordings.check(permit=permit, outcome=Outcome.EFFECTIVE, reference="")
    assert not OutcomeRow.objects.exists()
    at_work.do("outcome", permit=permit.pk, outcome="effective", recording="device 7, 12")
    assert OutcomeRow.objects.get().reference == "device 7, 12"


def test_a_switch_that_keeps_no_recording_does_not_dial(at_work):
    switch(at_work)
    refused = at_work.do("call", point=at_work.phone().pk).content.decode()
    assert "CN-REC-01" in refused
    assert not Permit.objects.exists()
    switch_keys = secrets.load(secret_ref="switch")
    kept = {**switch_keys.extra, "recordings": "/recordings"}
    secrets.save(
        secret_ref="switch", secrets=secrets.AccountSecrets(url=switch_keys.url, extra=kept)
    )
    assert accounts.is_recorded(book=at_work.book, user=User.objects.get(username="collector"))


def test_quality_listens_to_what_the_switch_recorded(at_work):
    account = switch(at_work, recordings="/recordings")
    user, now = User.objects.get(username="collector"), timezone.now()
    at_work.do("call", point=at_work.phone().pk)
    permit = Permit.objects.get()
    sent = Delivery.objects.create(
        permit_ref=str(permit.pk),
        account=account,
        channel="voice",
        address_key=b"k",
        state="accepted",
        provider_ref="call-1",
        handed_at=now,
    )
    assert at_work.do("outcome", permit=permit.pk, outcome="effective").status_code == 204
    on = timezone.localdate(now)
    drawing.draw(book=at_work.book, on=on, acting_user=user)
    sample = Sample.objects.get()
    assert Flag.UNRECORDED in sample.flags
    sent.recording = archive.store_file(
        book=at_work.book,
        name="call-1.wav",
        content=BytesIO(b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)),
        kind=Kind.RECORDING,
        links=(archive.Owner(target_type=Target.PARTY, target_id=permit.party_id),),
        arrived_on=on,
        acting_user=user,
    )
    sent.save()
    Sample.objects.all().delete()
    drawing.draw(book=at_work.book, on=on, acting_user=user)
    sample = Sample.objects.get()
    assert Flag.UNRECORDED not in sample.flags
    enter(at_work, "quality")
    shown = at_work.client.get(at_work.url("quality_sample", sample.pk)).content.decode()
    assert at_work.url("file", sent.recording_id) in shown
