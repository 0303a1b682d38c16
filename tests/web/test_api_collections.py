"""Goal: a program collects under the same law as the desk. Method: requests on a desk's book."""

from datetime import timedelta

import pytest

from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.cases.models import Case, Note
from daihou.web.channels.models import TemplateVersion
from daihou.web.complaints.models import Complaint
from daihou.web.contacts.models import Inbound, Outbox, Permit, Refusal, StopOrder
from daihou.web.parties import editing
from daihou.web.parties.models import ContactPoint
from tests.web.api_client import program
from tests.web.collected_book import case_of
from tests.web.desk_book import *  # noqa: F403
from tests.web.desk_book import give_part

PLAIN = ("张小明", "13800130000", "珞喻路")


@pytest.fixture
def dialer(noon, desk):
    return Caller(desk, "collector")


class Caller:
    """A program that acts as one of the staff, at one case."""

    def __init__(self, book, username, ref="A"):
        self.api = program(User.objects.get(username=username))
        self.case = case_of(book, ref)
        self.book = f"/books/{book.name}"
        self.of_case = f"{self.book}/cases/{self.case.pk}"
        self.person = f"{self.book}/parties/{self.case.party_id}"

    def get(self, path, status=200, **params):
        return self._answer(self.api.get(path, **params), status)

    def post(self, path, body=None, status=201, key=None):
        return self._answer(self.api.post(path, body or {}, key=key), status)

    def point(self, kind):
        points = self.get(f"{self.of_case}/contact-points")
        return next(each["id"] for each in points if each["kind"] == kind)

    def _answer(self, response, status):
        assert response.status_code == status, response.content.decode()
        return response.json()


def test_cases_are_listed_as_the_queue_has_them_masked_page_by_page(dialer):
    first = dialer.get(f"{dialer.book}/cases", limit=2, sort="amount")
    rest = dialer.get(f"{dialer.book}/cases", limit=50, sort="amount", cursor=first["next_cursor"])
    owed = [each["overdue_minor"] for each in (*first["items"], *rest["items"])]
    assert (len(owed), owed) == (Case.objects.exclude(state="closed").count(), sorted(owed)[::-1])
    assert dialer.get(f"{dialer.book}/cases", stage="M4")["items"][0]["stage"] == "M4"
    assert dialer.get(f"{dialer.book}/cases", tag="hardship")["items"] == []
    bad = dialer.get(f"{dialer.book}/cases", 400, cursor="nonsense")
    assert bad["code"] == "case.cursor_unreadable"
    shown = dialer.get(dialer.of_case)
    assert (shown["name"], shown["overdue_minor"]) == ("张**", 22_004)
    assert [each["loan_ref"] for each in shown["loans"]] == ["A"]
    of_loan = dialer.get(f"{dialer.book}/loans/A/cases")["items"]
    assert [each["id"] for each in of_loan] == [dialer.case.pk]
    opened = dialer.get(f"{dialer.book}/case-turns", limit=200)["items"]
    assert {each["kind"] for each in opened} >= {"opened"}


def test_a_dial_has_its_permit_its_number_once_and_its_outcome(dialer):
    asked = {"channel": "voice", "point_id": dialer.point("phone")}
    decision = dialer.post(f"{dialer.of_case}/contacts/preview", asked, 200)
    assert (decision["is_allowed"], Permit.objects.count()) == (True, 0)
    made = dialer.post(f"{dialer.of_case}/contacts", asked, key="dial-1")
    assert dialer.post(f"{dialer.of_case}/contacts", asked, key="dial-1") == made
    assert (Permit.objects.count(), made["outcome"], made["state"]) == (1, None, "waiting")
    path = f"{dialer.book}/contacts/{made['id']}"
    assert dialer.post(f"{path}/address", status=200) == {"address": "13800130000"}
    told = {"outcome": "effective", "seconds": 60, "reference": "r1", "note": "pays on Friday"}
    ended = dialer.post(f"{path}/outcome", told, 200)
    assert (ended["outcome"], ended["outcomes"][0]["seconds"]) == ("effective", 60)
    assert dialer.post(f"{path}/outcome", told, 409)["code"] == "contact.outcome_known"
    dialer.post(f"{path}/address", status=409)
    listed = dialer.get(f"{dialer.book}/contacts", party_id=dialer.case.party_id)["items"]
    assert [each["id"] for each in listed] == [made["id"]]
    entries = dialer.get(f"{dialer.of_case}/timeline", limit=100)["items"]
    assert ("permits", "effective") in [(each["source"], each["kind"]) for each in entries]
    for kept in AuditRow.objects.values_list("details", flat=True):
        assert not any(word in str(kept) for word in PLAIN)


def test_a_refusal_names_its_rules_is_kept_and_says_when_to_ask_again(dialer, noon, monkeypatch):
    night = noon + timedelta(hours=12)
    monkeypatch.setattr("django.utils.timezone.now", lambda: night)
    asked = {"channel": "voice", "point_id": dialer.point("phone")}
    for _ in range(2):
        refused = dialer.post(f"{dialer.of_case}/contacts", asked, 422, key="night")
    (rule,) = (each for each in refused["decision"]["refused_by"] if "TIME" in each["rule_id"])
    assert rule["inputs"]
    assert rule["detail_zh"]
    assert rule["version"]
    assert refused["decision"]["next_permitted_at"] > night.isoformat()
    assert (Permit.objects.count(), Refusal.objects.get().pk) == (0, refused["refusal_id"])
    (listed,) = dialer.get(f"{dialer.book}/refusals", case_id=dialer.case.pk)["items"]
    assert listed["decision"]["refused_by"] == refused["decision"]["refused_by"]
    entries = dialer.get(f"{dialer.of_case}/timeline", limit=100)["items"]
    (told,) = (each for each in entries if each["source"] == "refusals")
    assert rule["rule_id"] in told["refused_by"]


def test_a_text_goes_out_approved_about_one_loan_of_the_case(dialer):
    version = TemplateVersion.objects.get(
        template__key="overdue", template__channel="sms", template__language="zh"
    )
    asked = {
        "channel": "sms",
        "point_id": dialer.point("phone"),
        "template_version_id": version.pk,
    }
    path = f"{dialer.of_case}/contacts"
    assert dialer.post(path, asked, 422)["code"] == "api.one_loan_needed"
    assert dialer.post(path, asked | {"loan_refs": ["C"]}, 422)["code"] == "api.loan_not_in_case"
    other = asked | {"loan_refs": ["A"], "channel": "email"}
    dialer.post(path, other, 404)
    wrong = asked | {"loan_refs": ["A"], "template_version_id": 10**9}
    assert dialer.post(path, wrong, 422)["code"] == "api.template_unknown"
    made = dialer.post(path, asked | {"loan_refs": ["A"]})
    assert made["purpose"] == "collection"
    assert Outbox.objects.get(pk=made["id"]).content
    dialer.post(f"{dialer.book}/contacts/{made['id']}/outcome", {"outcome": "effective"}, 404)


def test_whoever_answers_for_a_loan_is_reached_in_her_part_as_at_the_desk(dialer, desk):
    point = give_part(book=desk, ref="A", role="guarantor", number=21, type="joint", months=36)
    named = give_part(book=desk, ref="A", role="contact", number=22)
    found = dialer.get(f"{dialer.of_case}/recipients")
    assert [(each["part"], each["party_id"]) for each in found] == [
        ("debtor", dialer.case.party_id),
        ("guarantor", point.party_id),
        ("contact_person", named.party_id),
    ]
    assert (found[1]["loan_refs"], found[1]["points"][0]["value"]) == (["A"], "138****0021")
    path = f"{dialer.of_case}/contacts"
    asked = {"channel": "voice", "point_id": point.pk}
    dialer.post(path, asked, 404)  # Not a number of the borrower.
    her = {"part": "guarantor", "party_id": point.party_id}
    made = dialer.post(path, asked | her)
    assert (made["recipient"], made["recipient_party_id"]) == ("guarantor", point.party_id)
    dialer.post(path, asked | her | {"part": "co_borrower"}, 404)
    refused = dialer.post(path, {**asked, "point_id": named.pk, "part": "contact_person",
                                 "party_id": named.party_id}, 422)  # fmt: skip
    assert "CN-WHO-01" in {each["rule_id"] for each in refused["decision"]["refused_by"]}

    def text(key):
        return TemplateVersion.objects.get(
            template__key=key, template__channel="sms", template__language="zh"
        ).pk

    written = {"channel": "sms", "point_id": point.pk, "loan_refs": ["A"], **her}
    wrong = dialer.post(path, written | {"template_version_id": text("overdue")}, 422)
    assert wrong["code"] == "api.template_unknown"
    sent = dialer.post(path, written | {"template_version_id": text("guarantor-overdue")})
    assert (sent["recipient"], sent["channel"]) == ("guarantor", "sms")
    to_named = {"part": "contact_person", "party_id": named.party_id, "point_id": named.pk}
    wrong = dialer.post(path, written | to_named | {"template_version_id": text("overdue")}, 422)
    assert wrong["code"] == "api.contact_person_in_writing"


def test_a_spouse_whose_part_was_established_is_listed_and_called(dialer, desk, make_user):
    spouse = editing.add_party(
        source=desk.name,
        kind="person",
        data={"name": ["林月"], "phone": ["13800139999"]},
        acting_user=system_user(),
    )
    points = ContactPoint.objects.filter(party=spouse, kind="phone")
    points.update(basis="consent", basis_evidence="file 3")
    fact = {"kind": "joint_debt", "loan_refs": ["A"], "party_id": spouse.pk}
    fact |= {"from_on": desk.business_date.isoformat(), "evidence": "marriage file 3"}
    wrong = dialer.post(f"{dialer.book}/findings", fact | {"party_id": None}, 422)
    assert wrong["code"] == "contact.finding_whom"
    asked = dialer.post(f"{dialer.book}/findings", fact)["approval"]
    assert (asked["state"], asked["made_by"]) == ("pending", "collector")
    assert len(dialer.get(f"{dialer.of_case}/recipients")) == 1
    make_user("compliance", username="approver")
    decision = {"verdict": "approved", "reason": "seen"}
    path = f"{dialer.book}/approvals/{asked['id']}/decision"
    dialer.post(path, decision, 403)
    Caller(desk, "approver").post(path, decision, 200)
    listed = dialer.get(f"{dialer.of_case}/recipients")
    assert [(each["part"], each["party_id"]) for each in listed[1:]] == [("spouse", spouse.pk)]
    body = {"channel": "voice", "point_id": points.get().pk, "part": "spouse"}
    made = dialer.post(f"{dialer.of_case}/contacts", body | {"party_id": spouse.pk})
    assert made["recipient"] == "spouse"


def test_a_transfer_holds_at_once_and_is_taken_back_by_two(dialer, desk):
    fact = {
        "kind": "transferred",
        "loan_refs": ["A", "A"],
        "named": "示例资产",
        "evidence": "deed 7",
    }
    fact["from_on"] = desk.business_date.isoformat()
    dialer.post(f"{dialer.book}/findings", fact | {"loan_refs": ["A", "nothing"]}, 404)
    for wrong in ({"evidence": ""}, {"loan_refs": []}, {"kind": "gone"}, {"amount_minor": -1}):
        dialer.post(f"{dialer.book}/findings", fact | wrong, 422)
    assert dialer.post(f"{dialer.book}/findings", fact)["approval"] is None
    dial = {"channel": "voice", "point_id": dialer.point("phone"), "loan_refs": ["A"]}
    refused = dialer.post(f"{dialer.of_case}/contacts", dial, 422)
    assert "CN-ASG-01" in {each["rule_id"] for each in refused["decision"]["refused_by"]}
    (held,) = dialer.get(f"{dialer.book}/loans/A/findings")["items"]
    assert (held["named"], held["by"], held["ended_at"]) == ("示例资产", "collector", None)
    path = f"{dialer.book}/findings/{held['id']}/end"
    asked = dialer.post(path, {"reason": "the sale was undone"}, 200)["approval"]
    assert asked["state"] == "pending"
    dialer.post(f"{dialer.of_case}/contacts", dial, 422)
    decision = {"verdict": "approved", "reason": "seen"}
    officer = Caller(desk, "compliance")
    officer.post(f"{dialer.book}/approvals/{asked['id']}/decision", decision, 200)
    (ended,) = dialer.get(f"{dialer.book}/loans/A/findings")["items"]
    assert ended["end_reason"] == "the sale was undone"
    dialer.post(f"{dialer.of_case}/contacts", dial)
    dialer.post(f"{dialer.book}/findings/999999/end", {"reason": "x"}, 404)
    auditor = Caller(desk, "quality")
    auditor.post(f"{dialer.book}/findings", fact, 403)


def test_a_call_that_was_taken_is_counted_and_told(dialer):
    body = {"point_id": dialer.point("phone"), "text": "she asks for a week"}
    path = f"{dialer.of_case}/calls-taken"
    noted = dialer.post(path, body)["note_id"]
    assert Note.objects.get().pk == noted
    assert Inbound.objects.get().outcome == "effective"
    dialer.post(path, body | {"point_id": 999_999}, 404)
    dialer.post(path, body | {"text": ""}, 422)
    assert Inbound.objects.count() == 1


def test_a_promise_a_note_a_tag_and_what_comes_next(dialer, noon):
    on = (noon + timedelta(days=3)).date().isoformat()
    asked = {"kind": "arrears", "parts": [{"due_on": on, "amount_minor": 22_004}]}
    made = dialer.post(f"{dialer.of_case}/promises", asked)
    assert (made["state"], made["parts"][0]["due_on"]) == ("open", on)
    assert dialer.get(dialer.of_case)["promised_on"] == on
    path = f"{dialer.of_case}/promises/{made['id']}/withdrawal"
    assert dialer.post(path, {"reason": "wrong day"}, 200)["state"] == "withdrawn"
    assert dialer.post(path, {"reason": "again"}, 422)["code"] == "promise.not_open"
    (row,) = dialer.get(f"{dialer.of_case}/promises")["items"]
    (turn,) = dialer.get(f"{dialer.book}/promise-decisions")["items"]
    assert (row["id"], turn["state_to"]) == (turn["promise_id"], "withdrawn")
    dialer.post(f"{dialer.of_case}/notes", {"text": "her son is in hospital"})
    dialer.post(f"{dialer.of_case}/tags", {"kind": "hardship", "reason": "hospital"})
    entries = dialer.get(f"{dialer.of_case}/timeline", limit=100)["items"]
    assert "her son is in hospital" in [each["text"] for each in entries]
    assert dialer.get(f"{dialer.book}/cases", tag="hardship")["items"][0]["id"] == dialer.case.pk
    dialer.post(f"{dialer.of_case}/tags/hardship/clear", {"reason": "well again"}, 200)
    later = {"next_at": (noon + timedelta(days=1)).isoformat(), "action": "ask again"}
    planned = dialer.post(f"{dialer.of_case}/next-action", later, 200)
    assert (planned["next_action"], planned["tags"]) == ("ask again", [])


def test_who_collects_stops_but_never_lifts(dialer, desk):
    path = f"{dialer.person}/stop-orders"
    made = dialer.post(path, {"kind": "cease", "note": "she said stop", "channels": ["voice"]})
    asked = {"channel": "voice", "point_id": dialer.point("phone")}
    refused = dialer.post(f"{dialer.of_case}/contacts", asked, 422)
    assert any("STOP" in each["rule_id"] for each in refused["decision"]["refused_by"])
    lift = f"{path}/{made['id']}/lift"
    assert dialer.post(lift, {"reason": "she may"}, 403)["code"] == "api.scope_missing"
    officer = Caller(desk, "compliance")
    assert officer.post(lift, {"reason": "she wrote so"}, 200)["lifted_at"]
    (row,) = officer.get(path)["items"]
    assert (row["id"], row["by"], row["kind"]) == (made["id"], "collector", "cease")
    dialer.post(f"{dialer.of_case}/contacts", asked)


def test_a_complaint_is_recorded_once_holds_and_is_decided_by_another(dialer, desk):
    asked = {
        "nature": "dispute",
        "intake": "app",
        "topic": "amount",
        "said": "I paid in March",
        "party_id": dialer.case.party_id,
        "loan_refs": ["A"],
        "request_key": "app-77",
    }
    path = f"{dialer.book}/complaints"
    made = dialer.post(path, asked)
    assert dialer.post(path, asked)["id"] == made["id"]
    assert (Complaint.objects.count(), StopOrder.objects.get().kind) == (1, "dispute")
    dial = {"channel": "voice", "point_id": dialer.point("phone"), "loan_refs": ["A"]}
    dialer.post(f"{dialer.of_case}/contacts", dial, 422)
    of_it = f"{path}/{made['id']}"
    dialer.post(f"{of_it}/take", status=403)
    officer = Caller(desk, "compliance")
    assert officer.get(f"{of_it}/said")["said"] == "I paid in March"
    officer.post(f"{of_it}/take", status=200)
    officer.post(f"{of_it}/notes", {"note": "the bank file has it"}, 200)
    found = {"finding": "upheld", "cause": "posting", "reasoning": "it was posted late"}
    assert officer.post(f"{of_it}/decision", found, 200)["state"] == "decided"
    answered = officer.post(f"{of_it}/answer", {"language": "zh"}, 200)
    assert answered["answer_file_id"]
    closed = officer.post(f"{of_it}/close", status=200)
    assert (closed["state"], closed["handler"]) == ("closed", "compliance")
    assert officer.get(path, state="recorded")["items"] == []
    dialer.post(f"{dialer.of_case}/contacts", dial)


def test_another_funders_case_and_person_are_not_there(dialer, desk):
    other = program(User.objects.get(username="second"), "contact.view")
    assert other.get(f"{dialer.book}/contacts").status_code == 200
    assert other.get(dialer.of_case).status_code == 403
    assert dialer.api.get(f"{dialer.book}/cases/999999").status_code == 404
    assert dialer.api.get(f"{dialer.book}/contacts/999999").status_code == 404
    assert dialer.api.get(f"{dialer.book}/parties/999999/stop-orders").status_code == 404
