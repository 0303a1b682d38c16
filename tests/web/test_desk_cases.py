"""The workbench: a queue, a case on one page, what is done in it; refused, stale, locked."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit.models import AuditRow
from daihou.web.cases import working
from daihou.web.cases.models import Affordability, Case, CaseRequest, Note, Promise, SavedView
from daihou.web.cases.queries import owed_on
from daihou.web.complaints.models import Complaint, PaidClaim
from daihou.web.contacts.models import Outcome, Permit, Refusal, StopOrder
from daihou.web.ledger.models import Book, Position
from daihou.web.parties.models import ContactPoint, PersonState
from tests.web.collected_book import NIGHT, case_of
from tests.web.desk_book import *  # noqa: F403
from tests.web.desk_book import give_data
from tests.web.test_cases_following import pay

QUERIES_MOST = 20  # The beginning and the end of a transaction among them: nothing one by one.
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def at_work(noon, desk, client):
    client.force_login(User.objects.get(username="collector"))
    return Bench(desk, client)


class Bench:
    """A collector at the page of one case."""

    def __init__(self, book, client, ref="A"):
        self.book, self.client, self.case = book, client, case_of(book, ref)

    def url(self, name, *given):
        return reverse(f"desk:{name}", args=[self.book.name, *given])

    def page(self):
        return self.client.get(self.url("case", self.case.pk))

    def form(self, action, **asked):
        return self.client.get(self.url("case_do", self.case.pk, action), asked, headers=FRAGMENT)

    def do(self, action, **sent):
        return self.client.post(self.url("case_do", self.case.pk, action), sent, headers=FRAGMENT)

    def phone(self):
        return ContactPoint.objects.get(party=self.case.party, kind="phone")


def test_the_queue_shows_hers_first_and_finds_single_cases(at_work):
    text = at_work.client.get(at_work.url("cases")).content.decode()
    assert [name in text for name in ("张**", "王*", "李**", "赵*")] == [True, False, True, True]
    whole = at_work.client.get(at_work.url("cases"), {"view": "all"}).content.decode()
    assert "王*" in whole
    assert "张小明" not in whole
    for asked, shown in (
        ({"q": "13800130003"}, ["赵*"]),
        ({"q": "C2"}, ["李**"]),
        ({"q": "nobody"}, []),
        ({"stages": "M4"}, ["赵*"]),
        ({"tags": "hardship"}, []),
        ({"cursor": "nonsense", "view": "all"}, ["张**", "王*", "李**", "赵*"]),
    ):
        text = at_work.client.get(at_work.url("cases"), asked).content.decode()
        assert [name for name in ("张**", "王*", "李**", "赵*") if name in text] == shown, asked


def test_a_view_is_saved_shared_and_deleted_by_her_alone(at_work):
    sent = {"name": "Old ones", "stages": ["M4"], "sort": "amount", "is_shared": "1"}
    at_work.client.post(at_work.url("case_views"), sent)
    view = SavedView.objects.get()
    assert (view.filters, view.sort, view.is_shared) == ({"stages": ["M4"]}, "amount", True)
    text = at_work.client.get(at_work.url("cases"), {"view": view.pk}).content.decode()
    assert "赵*" in text
    assert "张**" not in text
    at_work.client.force_login(User.objects.get(username="second"))
    at_work.client.post(at_work.url("case_views"), {"delete": view.pk})
    assert SavedView.objects.exists()
    at_work.client.force_login(User.objects.get(username="collector"))
    at_work.client.post(at_work.url("case_views"), {"delete": view.pk})
    assert not SavedView.objects.exists()


def test_one_page_tells_everything_masked_with_few_queries(at_work, noon):
    at_work.page()
    with CaptureQueriesContext(connection) as captured:
        text = at_work.page().content.decode()
    assert len(captured) <= QUERIES_MOST, len(captured)
    for shown in ("张**", "220.04", "M2 · 44", "138****0000", "Asia/Shanghai", "2025-04-06"):
        assert shown in text, shown
    for hidden in ("张小明", "13800130000", "珞喻路"):
        assert hidden not in text, hidden
    assert 'class="is-open"' in text
    told = at_work.client.post(at_work.url("case_take", at_work.case.pk), headers=FRAGMENT)
    assert "110.02" in told.content.decode()
    assert at_work.client.get(at_work.url("case_timeline", at_work.case.pk)).status_code == 200


def test_what_she_pays_today_is_seen_at_once_though_the_night_has_not_come(at_work, monkeypatch):
    today = NIGHT + timedelta(days=1)
    before = owed_on(book=at_work.book, today=today + timedelta(days=1))
    assert (owed_on(book=at_work.book, today=today), before) == (today, NIGHT)
    at = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    assert ">¥220.04<" in at_work.page().content.decode()
    pay(at_work.book, "A", 22_004, key="at-noon", on=today)
    text = at_work.page().content.decode()
    assert all(shown in text for shown in (">¥0.00<", f"{today} 逾期", "无需催收"))
    assert "下一次日终完成前" not in at_work.client.get(at_work.url("cases")).content.decode()


def test_nights_that_stand_still_are_told_before_anything_else(at_work, noon):
    assert 'id="stale"' not in at_work.page().content.decode()
    Position.objects.filter(loan__book=at_work.book).update(business_date=NIGHT)
    text = at_work.page().content.decode()
    assert all(
        shown in text for shown in ('id="stale"', "等待日终", f"{NIGHT}", "HOUSE-FIGURES-01")
    )
    assert "下一次日终完成前" in at_work.client.get(at_work.url("cases")).content.decode()


def test_a_call_takes_its_permit_shows_the_number_and_waits_for_its_outcome(at_work, noon):
    assert "138****0000" in at_work.form("call").content.decode()
    dialled = at_work.do("call", point=at_work.phone().pk).content.decode()
    permit = Permit.objects.get()
    assert "13800130000" in dialled
    assert "13800130000" not in at_work.page().content.decode()
    assert f'value="{permit.pk}"' in at_work.page().content.decode()
    again = at_work.do("call", point=at_work.phone().pk).content.decode()
    assert "refusal" in again
    at_work.do("outcome", permit=permit.pk, outcome="effective", note="will pay", recording="r1")
    assert Outcome.objects.get().outcome == "effective"
    assert "step-after_talk" in at_work.page().content.decode()
    assert at_work.do("outcome", permit=permit.pk, outcome="busy").status_code == 200
    assert Outcome.objects.count() == 1


def test_a_refusal_names_rule_source_and_when_to_ask_again(at_work, noon, monkeypatch):
    night = noon + timedelta(hours=12)
    monkeypatch.setattr("django.utils.timezone.now", lambda: night)
    at_work.client.force_login(User.objects.get(username="collector"))
    text = at_work.do("call", point=at_work.phone().pk).content.decode()
    assert "CN-TIME-01" in text
    assert f"{(noon + timedelta(days=1)).date()} 08:00" in text
    assert Refusal.objects.count() == 1
    assert not Permit.objects.exists()
    page = at_work.page().content.decode()
    assert "is-shut" in page
    assert "CN-TIME-01" in page


def test_what_is_noted_in_a_case_is_kept_and_the_next_case_follows(at_work, noon):
    soon = (timezone.localdate(noon) + timedelta(days=2)).isoformat()
    at_work.do("note", text="her mother is ill")
    at_work.do("promise", kind="arrears", amount_1="220.04", on_1=soon)
    at_work.do("hardship", wages="3000", food="1,200.50", household="2", is_hardship="1")
    at_work.do("state", kind="hardship", started_on=soon[:8] + "01", note="lost her work")
    ended = at_work.do("later", on=soon, clock="10:00", what="ask\0 again", then="next")
    at_work.case.refresh_from_db()
    assert Note.objects.count() == 1
    assert Promise.objects.get().amount_minor == 22_004
    assert Affordability.objects.get().left_minor == 179_950
    assert at_work.case.tags == ["hardship"]
    assert at_work.case.next_action == "ask again"
    assert at_work.case.locked_by is None
    assert PersonState.objects.filter(party=at_work.case.party, kind="hardship").exists()
    taken = Case.objects.get(locked_by__username="collector")
    assert ended.headers["HX-Redirect"] == at_work.url("case", taken.pk)
    assert taken.pk != at_work.case.pk
    wrong = at_work.do("promise", kind="arrears", amount_1="x", on_1=soon)
    assert "form.amount_wrong" in wrong.content.decode()


def test_what_she_says_against_it_holds_at_once(at_work, noon):
    loan = at_work.case.case_loans.get().loan
    at_work.do("complaint", topic="frequency", intake="phone", said="every day")
    at_work.do("dispute", topic="amount", intake="phone", said="never", loans=[loan.pk])
    at_work.do("paid", loan=loan.pk, amount="220.04", paid_on=noon.date().isoformat())
    at_work.do("stop", kind="cease", note="leave me alone", channels=["sms"])
    assert set(Complaint.objects.values_list("nature", flat=True)) == {"complaint", "dispute"}
    assert PaidClaim.objects.get().loan == loan
    assert StopOrder.objects.filter(kind="cease", channels=["sms"]).exists()
    refused = at_work.do("call", point=at_work.phone().pk).content.decode()
    assert 'id="refusal"' in refused
    assert at_work.do("dispute", topic="amount", intake="phone", said="x").status_code == 200
    assert "case-holds" in at_work.page().content.decode()


def test_a_stop_of_one_way_turns_the_advice_to_the_next_and_only_a_whole_one_silences(at_work):
    assert "step-call" in at_work.page().content.decode()
    for channels, step in ((["voice", "robot"], "step-message"), ([], "step-keep_silent")):
        at_work.do("stop", kind="cease", note="not so", channels=channels)
        assert step in at_work.page().content.decode()


def test_plain_data_are_shown_for_a_reason_that_is_kept(at_work):
    assert "13800130000" not in at_work.do("reveal", reason="").content.decode()
    assert "13800130000" in at_work.do("reveal", reason="she asks which number").content.decode()
    row = AuditRow.objects.filter(action="party.reveal").get()
    assert row.details == {"reason": "she asks which number"}


def test_a_message_is_shown_as_it_leaves_and_sent_with_a_permit(at_work, noon):
    from daihou.web.channels.models import TemplateVersion

    version = TemplateVersion.objects.get(
        template__key="overdue",
        template__channel="sms",
        template__language="zh",
        state="approved",
    )
    loan = at_work.case.case_loans.get().loan
    shown = at_work.form("message", version=version.pk, loan=loan.pk).content.decode()
    assert "220.04" in shown
    at_work.do("message", version=version.pk, loan=loan.pk, point=at_work.phone().pk)
    assert Permit.objects.get().channel == "sms"


def test_a_text_of_a_broken_promise_is_there_for_one_that_was_broken(at_work, noon):
    from daihou.web.cases.models import PromisePart
    from daihou.web.channels.models import TemplateVersion

    version = TemplateVersion.objects.get(
        template__key="promise-broken", template__channel="sms", template__language="zh"
    )
    assert "50.00" not in at_work.form("message", version=version.pk).content.decode()
    day = date(2025, 5, 10)
    made = Promise.objects.create(
        case=at_work.case,
        kind="instalments",
        amount_minor=80_00,
        paid_minor=30_00,
        promised_on=day,
        made_on=day,
        made_by=User.objects.get(username="collector"),
        grace_days=0,
        threshold_percent=100,
        after_sequence=0,
        state="broken",
        decided_on=day,
    )
    for number, amount in enumerate((30_00, 50_00), 1):
        PromisePart.objects.create(promise=made, part_no=number, due_on=day, amount_minor=amount)
    shown = at_work.form("message", version=version.pk).content.decode()
    assert "50.00" in shown
    Promise.objects.filter(pk=made.pk).update(paid_minor=40_00)
    assert "50.00" not in at_work.form("message", version=version.pk).content.decode()


def test_a_plan_asked_for_from_a_case_is_tied_to_it(at_work):
    address = at_work.url("action", "extend", "A")
    assert f"{address}?case={at_work.case.pk}" in at_work.form("plan").content.decode()
    asked = {"effective_on": "2025-05-20", "through_on": "2026-03-06", "case": at_work.case.pk}
    shown = at_work.client.post(address, asked | {"step": "preview"}).content.decode()
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    sent = asked | {"step": "ask", "seen": seen, "reason_code": "request", "reason": "by phone"}
    at_work.client.post(address, sent)
    assert CaseRequest.objects.get().case == at_work.case


def test_a_case_that_another_works_is_read_and_not_changed(at_work):
    second = User.objects.get(username="second")
    working.take(case=at_work.case, at=timezone.now(), acting_user=second)
    text = at_work.page().content.decode()
    assert 'id="locked"' in text
    taken = at_work.client.post(at_work.url("case_take", at_work.case.pk), headers=FRAGMENT)
    assert taken.headers["HX-Redirect"] == at_work.url("case", at_work.case.pk)
    refused = at_work.do("later", on="2030-01-01").content.decode()
    assert "case.locked" in refused


def test_stale_figures_are_said_and_nobody_is_contacted_on_them(at_work):
    Book.objects.update(business_date="2025-05-21")  # The cases have not followed this night yet.
    text = at_work.page().content.decode()
    assert 'id="stale"' in text
    assert "step-refresh" in text


def test_who_may_only_read_is_offered_nothing_and_refused_everything(at_work):
    at_work.client.force_login(User.objects.get(username="quality"))
    text = at_work.page().content.decode()
    assert "张**" in text
    assert at_work.url("case_do", at_work.case.pk, "call") not in text
    for action in ("call", "note", "promise", "reveal", "nonsense"):
        assert at_work.form(action).status_code == 404, action
    assert at_work.client.post(at_work.url("case_next")).status_code == 403
    assert at_work.client.get(at_work.url("case", 10**9)).status_code == 404


def test_an_empty_queue_says_so(at_work):
    Case.objects.update(owner=None)
    text = at_work.client.get(at_work.url("cases")).content.decode()
    assert "empty-state" in text
    gone = at_work.client.post(at_work.url("case_next"))
    assert gone.headers["Location"] == at_work.url("cases")


def test_without_a_script_every_form_stands_on_the_page_of_the_case(at_work):
    text = at_work.client.get(at_work.url("case_do", at_work.case.pk, "note")).content.decode()
    assert 'data-act="note"' in text
    assert "<html" in text
    assert at_work.client.post(at_work.url("case_do", at_work.case.pk, "note")).status_code == 409


def test_names_are_given_once(desk):
    party = case_of(desk, "A").party
    before = party.personal_data.count()
    give_data(party, 0)
    assert party.personal_data.count() == before
