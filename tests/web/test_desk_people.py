"""Who answers for a loan beside its borrower: offered, refused by the clock, told no more."""

from datetime import date

import pytest
from django.utils import timezone

from daihou.collect import codec
from daihou.collect.next_step import advise
from daihou.collect.requests import Recipient
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases import noting
from daihou.web.cases.models import Note
from daihou.web.channels import accounts, secrets
from daihou.web.channels.models import TemplateVersion
from daihou.web.contacts.models import Inbound, Permit, Refusal
from daihou.web.ledger.models import Book
from daihou.web.parties import relations
from daihou.web.parties.models import ReachTally
from tests.web.collected_book import case_of
from tests.web.desk_book import *  # noqa: F403
from tests.web.desk_book import give_part
from tests.web.test_desk_cases import Bench


@pytest.fixture
def at_work(noon, desk, client):
    client.force_login(User.objects.get(username="collector"))
    return Bench(desk, client)


def part(bench, role, number, **agreed):
    return give_part(book=bench.book, ref="A", role=role, number=number, **agreed)


def test_a_joint_guarantor_is_offered_and_dialled_in_her_part(at_work):
    point = part(at_work, "guarantor", 21, type="joint", months=36)
    assert "赵*" in at_work.page().content.decode()
    form = at_work.form("call", who=f"guarantor-{point.party_id}").content.decode()
    assert "138****0021" in form
    assert "13800130021" not in form
    dialled = at_work.do("call", point=point.pk).content.decode()
    assert "13800130021" in dialled
    permit = Permit.objects.get()
    assert (permit.recipient, permit.recipient_party_id) == ("guarantor", point.party_id)
    assert permit.party_id == at_work.case.party_id
    assert (
        at_work.do("outcome", permit=permit.pk, outcome="effective", recording="r1").status_code
        == 204
    )
    told = at_work.client.get(at_work.url("case_timeline", at_work.case.pk)).content.decode()
    assert f"{permit.acting_user} · 保证人" in told


@pytest.mark.parametrize(
    ("role", "agreed", "rule"),
    [
        ("guarantor", {"type": "general", "months": 36}, "CN-WHO-04"),
        ("contact", {}, "CN-WHO-01"),
    ],
)
def test_who_may_not_be_reached_yet_is_shown_with_the_rule_and_refused(at_work, role, agreed, rule):
    point = part(at_work, role, 22, **agreed)
    form = at_work.form("call").content.decode()
    assert "138****0022" in form
    assert rule in form
    refused = at_work.do("call", point=point.pk)
    assert refused.status_code == 200
    assert rule in refused.content.decode()
    assert not Permit.objects.exists()
    kept = codec.from_text(codec.Decided, Refusal.objects.get().kept)
    assert kept.request.says.carries_debt_facts == (role == "guarantor")
    assert kept.request.recipient in {Recipient.GUARANTOR, Recipient.CONTACT_PERSON}


def test_who_has_no_part_any_more_is_not_offered(at_work):
    point = part(at_work, "co_borrower", 23)
    assert "138****0023" in at_work.form("call").content.decode()
    role = point.party.roles.get()
    relations.end_role(
        role=role, ended_on=timezone.localdate(), reason="released", acting_user=system_user()
    )
    assert "138****0023" not in at_work.form("call").content.decode()
    assert at_work.do("call", point=point.pk).status_code == 200
    assert not Permit.objects.exists()


def text(key):
    return TemplateVersion.objects.get(
        template__key=key, template__channel="sms", template__language="zh", state="approved"
    )


def test_a_guarantor_is_written_to_in_the_words_for_guarantors_only(at_work):
    point = part(at_work, "guarantor", 24, type="joint", months=36)
    who, loan = f"guarantor-{point.party_id}", at_work.case.case_loans.get().loan_id
    shown = at_work.form("message", who=who, loan=loan).content.decode()
    assert "您保证的" in shown
    assert "张**" in shown
    assert text("guarantor-overdue").template.name in shown
    assert text("guarantor-overdue").template.name not in at_work.form("message").content.decode()
    sent = {"who": who, "loan": loan, "point": point.pk}
    at_work.do("message", version=text("overdue").pk, **sent)
    assert not Permit.objects.exists()
    at_work.do("message", version=text("guarantor-overdue").pk, **sent)
    assert (Permit.objects.get().recipient, Permit.objects.get().channel) == ("guarantor", "sms")


def test_the_switch_dials_and_the_number_stays_masked(at_work):
    collector, on = User.objects.get(username="collector"), system_user()
    accounts.add_account(
        book=at_work.book,
        code="switch",
        provider="freeswitch",
        sender="02712345678",
        per_second=5,
        per_day=1000,
        secret_ref="switch",
        acting_user=on,
    )
    accounts.set_extension(user=collector, number="1001", acting_user=on)
    keys = secrets.AccountSecrets(url="esl://127.0.0.1", extra={"recordings": "/recordings"})
    secrets.save(secret_ref="switch", secrets=keys)
    assert "1001" in at_work.form("call").content.decode()
    dialled = at_work.do("call", point=at_work.phone().pk).content.decode()
    assert "1001" in dialled
    assert "138****0000" in dialled
    assert "13800130000" not in dialled


def test_the_end_of_a_claim_is_fed_to_the_suggested_step(at_work, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "daihou.web.desk.cases.showing.advise",
        lambda situation: seen.append(situation.limitation_ends_on) or advise(situation),
    )
    at_work.case = case_of(at_work.book, "D")
    for on in (date(2026, 6, 1), date(2028, 12, 7)):
        Book.objects.filter(pk=at_work.book.pk).update(business_date=on)
        at_work.page()
    assert seen == [None, date(2029, 1, 6)]


def test_a_call_she_made_is_noted_counts_and_leads_on(at_work):
    form = at_work.form("called").content.decode()
    assert "138****0000" in form
    point = at_work.phone()
    key = f"debtor-{at_work.case.party_id}-{point.pk}"
    wrong = at_work.do("called", point=f"guarantor-{key}", text="下周发工资")
    assert wrong.status_code == 200
    assert not Inbound.objects.exists()
    said = at_work.do("called", point=key, text="下周发工资就还").content.decode()
    assert f"/cases/{at_work.case.pk}/promise/" in said
    kept = Inbound.objects.get()
    assert (kept.channel, kept.outcome, kept.purpose) == ("voice", "effective", "service_answer")
    assert (kept.case_number, kept.recipient) == (at_work.case.pk, "debtor")
    assert noting.text_of(Note.objects.get(case=at_work.case)) == "下周发工资就还"
    tally = ReachTally.objects.get(point=point)
    assert (tally.tried, tally.reached) == (1, 1)
    told = at_work.client.get(at_work.url("case_timeline", at_work.case.pk)).content.decode()
    assert "下周发工资就还" in told
    assert "来电" in told
    assert not Permit.objects.exists()


def test_a_guarantors_call_is_noted_in_her_part(at_work):
    point = part(at_work, "guarantor", 25, type="joint", months=36)
    at_work.do("called", point=f"guarantor-{point.party_id}-{point.pk}", text="问还欠多少")
    kept = Inbound.objects.get()
    assert (kept.recipient, kept.party_id) == ("guarantor", point.party_id)
