"""Supervision: cases given out, staff and rules set up, and what is counted of the days."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit.models import AuditRow
from daihou.web.cases import assigning, noting, promises
from daihou.web.cases.models import (
    AssignmentRun,
    Case,
    Collector,
    CollectorExclusion,
    Direction,
    EntryRule,
    Promise,
    Tag,
    Team,
)
from daihou.web.cases.staffing import put_collector, put_team
from tests.web.collected_book import NIGHT, case_of
from tests.web.desk_book import *  # noqa: F403

FRAGMENT = {"HX-Request": "true"}


def user(name):
    return User.objects.get(username=name)


@pytest.fixture
def at_desk(noon, desk, client):
    team = put_team(name="early", stages=["M1", "M2"], acting_user=user("manager"))
    put_collector(user=user("collector"), team=team, capacity=2, acting_user=user("manager"))
    return Office(desk, client)


class Office:
    """Whoever is logged in, at the pages of one book."""

    def __init__(self, book, client):
        self.book, self.client = book, client

    def as_(self, name):
        self.client.force_login(user(name))
        return self

    def url(self, name, *given):
        return reverse(f"desk:{name}", args=[self.book.name, *given])

    def text(self, name, *given):
        return self.client.get(self.url(name, *given)).content.decode()

    def send(self, name, /, **sent):
        answer = self.client.post(self.url(name), sent)
        said = [str(each) for each in get_messages(answer.wsgi_request)]
        return answer.status_code, " ".join(said)

    def do(self, case, action, **sent):
        url = self.url("case_do", case.pk, action)
        return self.client.post(url, sent, headers=FRAGMENT)


def test_cases_are_given_out_and_the_page_tells_how_evenly(at_desk):
    case_ids = Case.objects.filter(book=at_desk.book)
    assert at_desk.as_("collector").send("supervision_assign")[0] == 403
    assert at_desk.as_("compliance").send("supervision_assign")[0] == 403
    assert not AssignmentRun.objects.exists()
    assert at_desk.as_("lead").send("supervision_assign")[0] == 302
    run = AssignmentRun.objects.get()
    assert run.made_by == user("lead")
    assert case_ids.filter(owner=user("collector")).count() == run.report["assigned"]
    text = at_desk.text("supervision")
    for shown in ("M2", run.report["spread"]["cases_most"], "supervision/assign/"):
        assert str(shown) in text, shown
    assert "supervision/assign/" not in at_desk.as_("quality").text("supervision")
    Collector.objects.update(is_active=False)
    status, _said = at_desk.as_("lead").send("supervision_assign")
    assert (status, AssignmentRun.objects.count()) == (302, 1)


def test_staff_and_rules_are_set_up_by_who_may(at_desk):
    team = {"act": "team", "name": "late", "stages": ["M4", "M3"], "is_active": "1"}
    person = {"act": "collector", "username": "second", "team": "late", "capacity": "7"}
    rule = {"act": "rule", "entry": "50.00", "exit": "0", "entry_days": "2", "lock_minutes": "9"}
    rule["effective_on"] = (NIGHT + timedelta(days=9)).isoformat()
    for name, sent in (
        ("staffing_people", team),
        ("staffing_rules", rule),
        ("staffing_rules", {"act": "direct", "loan": "E", "kind": "forced", "reason": "x"}),
    ):
        assert at_desk.as_("lead").send(name, **sent)[0] == 403
    at_desk.as_("manager")
    at_desk.send("staffing_people", **team)
    assert Team.objects.get(name="late").stages == ["M3", "M4"]
    away = date(2030, 1, 2)
    at_desk.send("staffing_people", **person, skills="field, legal", away_until=away, is_active="1")
    made = Collector.objects.get(user=user("second"))
    assert (made.capacity, made.skills, made.away_until) == (7, ["field", "legal"], away)
    at_desk.send("staffing_people", **person | {"username": "nobody"})
    at_desk.send("staffing_people", **person | {"team": "nowhere"})
    assert Collector.objects.count() == 2
    at_desk.send("staffing_rules", **rule)
    held = EntryRule.objects.get(effective_on=rule["effective_on"])
    assert (held.entry_minor, held.entry_days, held.forced_days) == (5000, 2, None)
    at_desk.send("staffing_rules", **rule | {"effective_on": NIGHT.isoformat()})
    at_desk.send("staffing_rules", **rule | {"lock_minutes": "99999"})
    assert EntryRule.objects.filter(lock_minutes=9).count() == 1
    assert at_desk.client.post(at_desk.url("staffing_rules"), {"act": "no"}).status_code == 404
    text = at_desk.text("staffing")
    for shown in ("late", "M3, M4", "2030-01-02", "50.00", "field, legal"):
        assert shown in text, shown
    assert "<form" not in at_desk.as_("quality").text("staffing").split("<main")[1]


def test_a_person_is_forced_in_and_kept_out_and_a_collector_kept_from_her(at_desk):
    at_desk.as_("manager")
    case = case_of(at_desk.book, "A")
    out = {"act": "direct", "loan": "A", "kind": "excluded", "reason": "a court said so"}
    at_desk.send("staffing_rules", **out | {"reason": " "})
    at_desk.send("staffing_rules", **out | {"loan": "nowhere"})
    assert not Direction.objects.exists()
    at_desk.send("staffing_rules", **out)
    held = Direction.objects.get()
    case.refresh_from_db()
    assert (case.state, held.party) == ("closed", case.party)
    at_desk.send("staffing_rules", act="end_direction", row=held.pk)
    assert case_of(at_desk.book, "A").state == "open"
    at_desk.send("staffing_rules", act="end_direction", row=held.pk)
    assert AuditRow.objects.filter(action="case.direct").count() == 2
    at_desk.send(
        "staffing_rules", **out | {"loan": "E", "kind": "forced", "until_on": "2030-01-02"}
    )
    assert case_of(at_desk.book, "E").state == "open"
    kin = {"act": "exclude", "username": "collector", "loan": "A", "reason": "her brother"}
    for _time in range(2):
        at_desk.send("staffing_rules", **kin)
    kept = CollectorExclusion.objects.get()
    text = at_desk.text("staffing")
    assert "her brother" in text
    assert "2030-01-02" in text
    at_desk.send("staffing_rules", act="end_exclusion", row=kept.pk)
    kept.refresh_from_db()
    assert kept.until_at is not None


def test_a_case_is_taken_over_and_taken_back(at_desk):
    case = case_of(at_desk.book, "B")
    assert at_desk.as_("quality").do(case, "claim").status_code == 404
    at_desk.as_("collector")
    assert f'{at_desk.url("case_do", case.pk, "claim")}"' in at_desk.text("case", case.pk)
    assert at_desk.do(case, "recall", reason="x").status_code == 404
    assert at_desk.do(case, "claim").status_code == 204
    case.refresh_from_db()
    assert case.owner == user("collector")
    assert "case.owned" in at_desk.do(case, "claim").content.decode()
    at_desk.as_("lead")
    assert "case.reason_missing" in at_desk.do(case, "recall", reason=" ").content.decode()
    assert at_desk.do(case, "recall", reason="she is ill").status_code == 204
    case.refresh_from_db()
    assert case.owner is None
    assert case.assignments.get().ended_note == "she is ill"
    assert "case.not_owned" in at_desk.do(case, "recall", reason="again").content.decode()
    at_desk.do(case, "need", skill="legal", language="ug")
    case.refresh_from_db()
    assert (case.skill, case.language) == ("legal", "ug")


def test_tags_are_set_and_cleared_with_a_reason_each(at_desk):
    case = case_of(at_desk.book, "A")
    assert at_desk.as_("compliance").do(case, "tags", set="fraud", reason="x").status_code == 404
    at_desk.as_("collector")
    assert "case.reason_missing" in at_desk.do(case, "tags", set="fraud").content.decode()
    assert "case.tag_unknown" in at_desk.do(case, "tags", set="ugly", reason="x").content.decode()
    for kind in ("vulnerable", "lost_contact"):
        assert at_desk.do(case, "tags", set=kind, reason="she told us").status_code == 204
    again = at_desk.do(case, "tags", set="vulnerable", reason="twice").content.decode()
    assert "case.tag_held" in again
    at_desk.do(case, "tags", clear="lost_contact", reason="she called")
    at_desk.do(case, "tags", clear="lost_contact", reason="she called again")
    case.refresh_from_db()
    assert case.tags == ["vulnerable"]
    assert Tag.objects.get(kind="lost_contact").cleared_reason == "she called"
    form = at_desk.client.get(at_desk.url("case_do", case.pk, "tags"), headers=FRAGMENT)
    assert "she told us" in form.content.decode()


def test_a_promise_is_withdrawn_with_a_reason_and_only_the_one_that_was_shown(at_desk, noon):
    case = case_of(at_desk.book, "A")
    soon = timezone.localdate(noon) + timedelta(days=2)
    given = {"case": case, "kind": "part", "at": noon, "acting_user": user("collector")}
    first = promises.promise(parts=[(soon, 5000)], **given)
    at_desk.as_("collector")
    assert "withdraw/" in at_desk.text("case", case.pk)
    sent = {"promise": first.pk, "reason": "wrong case"}
    refused = at_desk.do(case, "withdraw", promise=first.pk, reason="")
    assert "case.reason_missing" in refused.content.decode()
    second = promises.promise(parts=[(soon, 6000)], **given)
    assert "promise.not_open" in at_desk.do(case, "withdraw", **sent).content.decode()
    assert Promise.objects.get(state="open") == second
    assert at_desk.do(case, "withdraw", **sent | {"promise": second.pk}).status_code == 204
    second.refresh_from_db()
    assert (second.state, second.reason) == ("withdrawn", "wrong case")
    assert "withdraw/" not in at_desk.text("case", case.pk)
    other = case_of(at_desk.book, "C")
    assert "promise.not_open" in at_desk.do(other, "withdraw", **sent).content.decode()


def test_the_figures_of_each_collector_are_taken_home_with_both_numbers(at_desk, noon):
    assigning.assign(book=at_desk.book, at=noon, acting_user=user("lead"))
    case = case_of(at_desk.book, "A")
    for minutes, name in ((0, "collector"), (40, "collector"), (45, "collector"), (5, "second")):
        at = noon + timedelta(minutes=minutes)
        noting.note(case=case, text="called", at=at, acting_user=user(name))
    day = timezone.localdate(noon).isoformat()
    span = {"from": day, "through": day}
    url = at_desk.url("supervision_export")
    assert at_desk.as_("collector").client.get(url, span).status_code == 403
    answer = at_desk.as_("lead").client.get(url, span)
    assert answer.headers["Content-Disposition"].endswith(f'figures-{day}-{day}.csv"')
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    mine = {row["figure"]: row for row in rows if row["collector"] == "collector"}
    assert (mine["idle"]["numerator"], mine["idle"]["denominator"]) == ("40", "1")
    assert (mine["coverage"]["numerator"], mine["coverage"]["unit"]) == ("0", "count")
    assert "." in mine["liquidation"]["denominator"]
    assert mine["liquidation"]["unit"] == "CNY"
    assert AuditRow.objects.filter(action="supervision.export").count() == 1
    text = at_desk.client.get(at_desk.url("supervision_figures"), span).content.decode()
    assert "early" in text
    assert ">40<" in text.replace("\n", "")


def test_who_did_nothing_today_is_idle_since_work_began_unless_away(at_desk, noon, monkeypatch):
    team = Team.objects.get()
    for name, away in (("second", None), ("field", date(2030, 1, 1))):
        put_collector(
            user=user(name), team=team, capacity=5, away_until=away, acting_user=user("manager")
        )
    at_desk.as_("lead")
    rows = at_desk.client.get(at_desk.url("supervision_seats")).context["rows"]
    assert {row["minutes"] for row in rows} == {None}
    began = noon - timedelta(minutes=50)
    case = case_of(at_desk.book, "A")
    noting.note(case=case, text="began", at=began, acting_user=user("collector"))
    rows = at_desk.client.get(at_desk.url("supervision_seats")).context["rows"]
    found = {row["seat"].user.username: (row["minutes"], row["is_idle"]) for row in rows}
    assert found == {"collector": (50, True), "second": (50, True), "field": (None, False)}
    at_desk.as_("second").client.post(at_desk.url("case_take", case.pk), headers=FRAGMENT)
    rows = at_desk.as_("lead").client.get(at_desk.url("supervision_seats")).context["rows"]
    found = {row["seat"].user.username: row["minutes"] for row in rows}
    assert found["second"] == 0
