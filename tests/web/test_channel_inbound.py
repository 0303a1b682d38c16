"""Goal: what people say back is heard. Method: twins call our hooks; the switch, the commands."""

import json
import wave
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from daihou.cli import main, reach as command
from daihou.collect.requests import Channel, Outcome
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases import timeline, working
from daihou.web.cases.contacting import contact_of
from daihou.web.cases.models import Case
from daihou.web.channels import hearing, recordings, secrets, sending
from daihou.web.channels.adapters import freeswitch
from daihou.web.channels.models import Delivery, Heard, TemplateVersion
from daihou.web.channels.sandbox.telling import calls_of
from daihou.web.channels.sandbox.world import Fate
from daihou.web.complaints import queries as complaints
from daihou.web.complaints.models import Complaint
from daihou.web.contacts import operations as contacts, outbox
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.models import Inbound, Permit, StopOrder
from daihou.web.parties.models import ContactPoint
from tests.web.channel_site import book, message, opened
from tests.web.collected_book import case_of
from tests.web.desk_book import *  # noqa: F403

__all__ = ["book"]
PHONE = "13800130000"


@pytest.fixture
def case(noon, desk):
    return case_of(desk, "A")


def permitted(case, noon, user, channel=Channel.VOICE, **more):
    point = ContactPoint.objects.get(party=case.party, kind="phone")
    loans = [link.loan for link in case.case_loans.select_related("loan")]
    contact: Contact = contact_of(
        case=case, loans=loans, point=point, channel=channel, user=user, **more
    )
    return contacts.ask(contact=contact, acting_user=user, at=noon)


def texted(case, noon, user):
    from dataclasses import asdict

    from daihou.web.channels import facts, rendering

    version = rendering.choose(book=case.book, key="overdue", channel="sms", language="zh")
    loan = case.case_loans.get().loan
    values = facts.values_of(loan=loan, as_of=case.book.business_date, language="zh")
    rendered = rendering.render(version=version, values=values)
    return permitted(
        case,
        noon,
        user,
        Channel.SMS,
        content=rendered.content,
        payload=asdict(rendered.payload),
        purpose=version.template.purpose,
    )


def told_by_hook(account, site, at):
    """Let the twins call our hooks as providers do; return the statuses."""
    return [
        Client()
        .post(
            f"/reach/{account.code}/?{urlencode(call.query)}",
            data=call.body,
            content_type="application/json",
            headers=dict(call.headers),
        )
        .status_code
        for each in site.world.tell()
        for call in calls_of(each=each, at=at) * 2  # Every call comes twice.
    ]


def test_an_answer_that_complains_opens_a_complaint_once_and_holds(case, noon):
    collector = User.objects.get(username="collector")
    with opened(case.book, {PHONE: Fate.COMPLAINS}, only="aliyun") as (site, accounts):
        permit = texted(case, noon, collector)
        outbox.deliver(permit_id=_taken(permit, noon), now=noon)
        assert site.world.count_reached(str(permit.pk)) == 1
        assert set(told_by_hook(accounts["aliyun"], site, noon)) == {200}
    found = Complaint.objects.get()
    assert (found.topic, found.intake, found.nature) == ("frequency", "sms", "complaint")
    assert "投诉" in complaints.said(complaint=found)
    assert [link.permit_id for link in found.contacts.all()] == [permit.pk]
    assert [link.user for link in found.people.all()] == [collector]
    assert StopOrder.objects.get().channels == ["sms"]
    begun = Inbound.objects.get()
    assert (begun.channel, begun.outcome) == ("sms", "delivered")
    case.refresh_from_db()
    assert (case.priority, case.next_action_at) == (working.PRIORITY_ANSWERED, noon)
    sources = [entry.source for entry in timeline.timeline(case=case).entries]
    assert {"heard", "complaints", "stops"} <= set(sources)


def _taken(permit, noon):
    """Take its row up, as the worker does outside any transaction."""
    permit.outbox.state = "sending"
    permit.outbox.lease_until = noon + timedelta(minutes=5)
    permit.outbox.taken_at = noon
    permit.outbox.save()
    return permit.pk


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("不是我借的，别再找我", "identity"),
        ("我要打12378投诉", "other"),
        ("Stop calling my boss or I complain to the regulator", "third_party"),
        ("不会投诉，周五还", ""),
        ("利息是多少", ""),
    ],
)
def test_a_word_is_a_complaint_or_it_is_not(case, noon, text, topic):
    with opened(case.book, only="tencent") as (_, accounts):
        body = {"extend": "", "mobile": PHONE, "nationcode": "86", "sign": "s", "text": text}
        query = {"key": "sandbox-hook"}
        for _ in range(2):
            hearing.take(
                account=accounts["tencent"],
                headers={},
                query=query,
                body=json.dumps(body | {"time": int(noon.timestamp())}).encode(),
                now=noon,
            )
    assert [row.topic for row in Complaint.objects.all()] == [topic] * bool(topic)
    assert StopOrder.objects.exists() == bool(topic)


@pytest.mark.parametrize("seconds", [0, 42])
def test_a_call_back_is_in_the_timeline_counts_and_is_worked_next(case, noon, seconds):
    Case.objects.filter(pk=case.pk).update(next_action_at=noon + timedelta(days=5))
    with opened(case.book, only="freeswitch") as (site, accounts):
        account = accounts["freeswitch"]
        site.switch.ring_us(number="0" + PHONE, called="95599")  # Another's number.
        site.switch.ring_us(number="0" + PHONE, called=account.sender, seconds=seconds)
        loaded = secrets.load(secret_ref=account.secret_ref)
        said = next(freeswitch.listen(secrets=loaded, called=account.sender))
        for _ in range(2):
            hearing.keep(account=account, said=said, acting_user=system_user())
    row = Heard.objects.get()
    assert (row.kind, row.state, row.party, row.seconds) == (
        "call_back",
        "applied",
        case.party,
        seconds,
    )
    assert Inbound.objects.get().outcome == ("effective" if seconds else "unanswered")
    case.refresh_from_db()
    assert (case.priority, case.next_action_at) == (working.PRIORITY_ANSWERED, row.at)
    (entry,) = [each for each in timeline.timeline(case=case).entries if each.source == "heard"]
    assert (entry.kind, entry.facts["seconds"]) == ("call_back", seconds)


def test_whose_own_telephone_nobody_took_or_rang_called_nobody():
    head = "Event-Date-Timestamp: 1700000000000000\n"
    ended = freeswitch.read_event(
        f"Event-Name: CHANNEL_HANGUP_COMPLETE\n{head}Unique-ID: u\nHangup-Cause: NO_ANSWER\n"
        "variable_daihou_reference: p1\nvariable_answer_epoch: 0\nvariable_bridge_epoch: 0\n"
    )
    job = freeswitch.read_event(
        f"Event-Name: BACKGROUND_JOB\n{head}Job-UUID: u\nJob-Command: originate\n"
        "Content-Length: 24\n\n-ERR USER_NOT_REGISTERED\n"
    )
    assert [(each.told, each.provider_ref) for each in (ended, job)] == [("failed", "u")] * 2
    assert (ended.code, job.code) == ("NO_ANSWER", "USER_NOT_REGISTERED")
    assert hearing.OUTCOMES[job.told] is Outcome.FAILED  # It gives its slots back.
    withheld = f"Event-Name: CHANNEL_HANGUP_COMPLETE\n{head}Call-Direction: inbound\n"
    withheld += "Caller-Caller-ID-Number: anonymous\nCaller-Destination-Number: 400\n"
    assert freeswitch.read_event(withheld, called="400") is None


def test_a_recording_comes_into_the_archive_once_it_is_there(case, noon, tmp_path):
    from daihou.web.access.models import User
    from daihou.web.channels import accounts as changing

    collector = User.objects.get(username="collector")
    changing.set_extension(user=collector, number="1001", acting_user=collector)
    with opened(case.book, only="freeswitch") as (_, accounts):
        account = accounts["freeswitch"]
        loaded = secrets.load(secret_ref=account.secret_ref)
        extra = {**loaded.extra, "folder": str(tmp_path)}
        secrets.save(
            secret_ref=account.secret_ref, secrets=type(loaded)(**_plain(loaded) | {"extra": extra})
        )
        permit = permitted(case, noon, collector)
        outbox.deliver(permit_id=_taken(permit, noon), now=noon)
        said = next(freeswitch.listen(secrets=loaded, called=account.sender))
        hearing.keep(account=account, said=said, acting_user=system_user())
    Delivery.objects.update(told_at=noon - timedelta(minutes=5))
    assert recordings.fetch_new(acting_user=system_user()) == 0  # Not written yet: it waits.
    name = said.recording.rpartition("/")[2]
    with wave.open(str(tmp_path / name), "wb") as talk:
        talk.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        talk.writeframes(bytes(16_000))
    assert recordings.fetch_new(acting_user=system_user()) == 1
    assert recordings.fetch_new(acting_user=system_user()) == 0
    file = Delivery.objects.get().recording
    assert (file.kind, file.name) == ("recording", name)
    late = Delivery.objects.update(told_at=noon - timedelta(days=4), recording=None)
    assert (late, recordings.fetch_new(acting_user=system_user())) == (1, 0)


def _plain(loaded):
    from dataclasses import asdict

    return asdict(loaded)


@pytest.mark.parametrize("ref", ["../../etc/passwd", "/etc/passwd", "..", ""])
def test_a_recording_is_only_taken_from_the_folder_of_its_account(book, tmp_path, ref):
    with opened(book, only="freeswitch") as (_, accounts):
        account = accounts["freeswitch"]
        loaded = secrets.load(secret_ref=account.secret_ref)
        changed = _plain(loaded) | {"extra": {"folder": str(tmp_path)}}
        secrets.save(secret_ref=account.secret_ref, secrets=type(loaded)(**changed))
        path = recordings._path(Delivery(account=account), ref)
    assert path is None or path.parent == tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    from daihou.web.postgres import database

    monkeypatch.setattr(database, "ensure_database", lambda: None)  # It is there.

    def ended(*arguments):
        with pytest.raises(SystemExit):
            main.run(["reach", *arguments])
        return capsys.readouterr().err

    return ended


def test_the_command_sandbox_answers_what_is_sent_until_it_is_stopped(book, run, monkeypatch):
    turns = []

    def sleep(_seconds):
        turns.append(1)
        if len(turns) == 1:
            told = sending.send(sending=message(book, "aliyun"), now=timezone.now())
            assert told.provider_ref
        if len(turns) > 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", sleep)
    monkeypatch.setattr(
        "daihou.web.channels.sandbox.world.by_chance", lambda **_: lambda _address: Fate.DELIVERED
    )
    said = run("sandbox", "--book", book.name)
    assert "9 " in said
    assert Delivery.objects.get().told == "delivered"
    assert book.accounts.count() == 9


def test_the_command_listen_keeps_what_it_hears_and_connects_again(book, run, monkeypatch):
    breaks = []
    with opened(book, only="freeswitch") as (site, accounts):
        account = accounts["freeswitch"]
        right = secrets.load(secret_ref=account.secret_ref)
        wrong = type(right)(**_plain(right) | {"key_secret": "wrong"})
        secrets.save(secret_ref=account.secret_ref, secrets=wrong)

        def sleep(_seconds):
            breaks.append(1)
            if len(breaks) > 1:
                raise KeyboardInterrupt
            secrets.save(secret_ref=account.secret_ref, secrets=right)

        keep = hearing.keep

        def kept_then_gone(**given):
            found = keep(**given)
            site.switch.is_stopping.set()
            return found

        monkeypatch.setattr(command.time, "sleep", sleep)
        monkeypatch.setattr(hearing, "keep", kept_then_gone)
        site.switch.ring_us(number=PHONE, called=account.sender)
        said = run("listen", "--account", account.code)
    assert said.count(account.code) == 2
    row = Heard.objects.get()
    assert (row.kind, row.state) == ("call_back", "unmatched")  # Nobody has this number.


def test_listen_wants_an_account_of_a_switch(book, run):
    assert "account.unknown" in run("listen", "--account", "nobody")


def test_a_robot_called_from_the_desk_hands_over_and_her_case_is_worked_next(case, noon, client):
    client.force_login(User.objects.get(username="collector"))
    address = reverse("desk:case_do", args=[case.book.name, case.pk, "robot"])
    scripts = TemplateVersion.objects.filter(
        template__channel="robot", template__language="zh", state="approved"
    )
    loan, version = case.case_loans.get().loan, scripts.get(template__key="overdue")
    phone = ContactPoint.objects.get(party=case.party, kind="phone")
    sent = {"version": version.pk, "loan": loan.pk, "point": phone.pk}
    assert "account.none" in client.post(address, sent).content.decode()
    with opened(case.book, {PHONE: Fate.HANDED_OVER}, only="robot") as (site, accounts):
        shown = client.get(address).content.decode()
        assert "220.04" in shown
        assert "sms" not in shown
        assert client.post(address, sent).status_code == 302
        permit = Permit.objects.get()
        assert (permit.channel, permit.purpose) == ("robot", "collection")
        outbox.deliver(permit_id=_taken(permit, noon), now=noon)
        assert site.world.count_reached(str(permit.pk)) == 1
        assert set(told_by_hook(accounts["robot"], site, noon)) == {200}
    assert permit.outcomes.get().outcome == "effective"
    assert StopOrder.objects.get().kind == "dispute"
    case.refresh_from_db()
    assert (case.priority, case.next_action_at) == (working.PRIORITY_ANSWERED, noon)
    assert "heard" in {entry.source for entry in timeline.timeline(case=case).entries}
