"""Goal: the plan of a day says what each case would be told. Method: batch form beside single."""

import csv
from datetime import timedelta
from io import StringIO
from itertools import product

import pytest
from django.utils import timezone

from daihou.cli import cases as command
from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel, Purpose
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.cases import day_plans
from daihou.web.cases.contacting import contact_of, point_for
from daihou.web.cases.models import Case, Collector, DayPlan, Team
from daihou.web.cases.queries import loans_of
from daihou.web.channels.models import ReminderRule
from daihou.web.contacts import operations as contacts, planning, stops
from daihou.web.parties import reach
from tests.web.collected_book import case_of
from tests.web.desk_book import *  # noqa: F403
from tests.web.test_supervision import Office, at_desk, user  # noqa: F401

HOUR = timedelta(hours=1)


def contacts_of(book, channels, purposes=("",)):
    on = book.business_date
    found = []
    for case in Case.objects.filter(book=book, state="open").order_by("pk"):
        known = reach.points(party=case.party, on=on)
        for channel, purpose in product(channels, purposes):
            kind = Channel.LETTER if channel is Channel.VISIT else channel  # To the same place.
            point = point_for(known, kind)
            if point is not None:
                given = {"case": case, "point": point, "channel": channel, "purpose": purpose}
                loans = list(loans_of(case=case))
                found.append(contact_of(loans=loans, user=user("collector"), **given))
    return found


def test_many_are_answered_as_one_by_one(desk, noon):
    book, by = desk, user("collector")
    stops.order(party=case_of(book, "A").party, kind=StopKind.CEASE, at=noon - HOUR, acting_user=by)
    calls = contacts_of(book, [Channel.VOICE])
    called = next(each for each in calls if each.party != case_of(book, "A").party)
    contacts.ask(contact=called, acting_user=by, at=noon - HOUR)  # Its outcome is not known.
    asked = contacts_of(
        book,
        [Channel.VOICE, Channel.SMS, Channel.VISIT],
        [Purpose.COLLECTION.value, Purpose.RECEIPT.value],
    )
    instants = [noon, noon + 5 * HOUR, noon + 10 * HOUR]  # Of the same day, as in a plan.
    gathered = planning.gather(contacts=asked, acting_user=by, at=noon)
    seen = set()
    for contact, answers in zip(
        asked, planning.answers(gathered=gathered, instants=instants), strict=True
    ):
        for at, answer in zip(instants, answers, strict=True):
            single = contacts.preview(contact=contact, acting_user=by, at=at)
            refused = tuple(ruling.rule_id for ruling in single.refusals)
            assert answer.refused_by == refused, (contact.channel, at)
            assert answer.is_allowed == single.is_allowed
            seen |= set(refused) or {"allowed"}
    assert {"allowed", "HOUSE-STOP-01"} <= seen
    assert len(seen) > 4


def test_a_plan_counts_every_open_case_once_for_each_way(at_desk, noon, monkeypatch):  # noqa: F811
    book = at_desk.book
    cases = Case.objects.filter(book=book, state="open")
    a, d = case_of(book, "A"), case_of(book, "D")
    stops.order(party=a.party, kind=StopKind.CEASE, at=noon - HOUR, acting_user=system_user())
    Case.objects.filter(pk=a.pk).update(team=Team.objects.get(name="early"))
    reach.points(party=d.party, on=book.business_date)[0].point.delete()
    assert at_desk.as_("collector").send("supervision_plan_make")[0] == 403
    assert at_desk.as_("quality").send("supervision_plan_make")[0] == 403
    assert "T06:30" not in at_desk.as_("lead").text("supervision_plan")
    assert at_desk.send("supervision_plan_make")[0] == 302
    made = DayPlan.objects.get()
    assert (made.case_count, made.made_by) == (cases.count(), user("lead"))
    of_all = day_plans.counts_of(plan=made)
    for counts in of_all.values():
        told = counts.now + counts.all_later + counts.not_today + counts.nowhere
        assert told == cases.count()
    calls = of_all[Channel.VOICE]
    assert (calls.now, calls.not_today, calls.nowhere) == (cases.count() - 2, 1, 1)
    assert calls.by_rule == {"HOUSE-STOP-01": 1}
    early = day_plans.counts_of(plan=made, team_id=a.team_id or Team.objects.get(name="early").pk)
    assert (early[Channel.VOICE].now, early[Channel.VOICE].not_today) == (0, 1)
    text = at_desk.text("supervision_plan")
    assert "HOUSE-STOP-01" in text
    rows = list(csv.DictReader(StringIO(at_desk.text("supervision_plan_export").lstrip("\ufeff"))))
    stopped = [
        row for row in rows if row["detail"] == "HOUSE-STOP-01" and row["channel"] == "voice"
    ]
    assert [(row["team"], row["cases"]) for row in stopped] == [("early", "1")]
    assert AuditRow.objects.filter(action__in=["case.plan_day", "supervision.export"]).count() == 2

    # Before the hours begin nobody may be called: later, by the hour. She had not said stop yet.
    early_morning = noon - 6 * HOUR
    monkeypatch.setattr("django.utils.timezone.now", lambda: early_morning)
    again = day_plans.plan(book=book, at=early_morning, acting_user=system_user())
    counts = day_plans.counts_of(plan=again)[Channel.VOICE]
    assert (counts.now, counts.later) == (0, {"08:00": cases.count() - 1})
    assert day_plans.newest(book=book, on=again.on) == again


def test_a_large_book_is_planned_by_the_worker_once(at_desk, monkeypatch):  # noqa: F811
    monkeypatch.setattr("daihou.web.desk.supervision.plans.AT_ONCE_MOST", 0)
    at_desk.as_("lead")
    assert at_desk.send("supervision_plan_make")[0] == 302
    assert not DayPlan.objects.exists()
    assert not day_plans.plan_later(book=at_desk.book)


def test_what_leaves_by_itself_is_set_from_a_day_on_by_who_may(at_desk):  # noqa: F811
    rule = {"act": "leaving", "overdue_days": "1，5, 30", "receipts": "1"}
    rule["effective_on"] = (timezone.localdate() + timedelta(days=9)).isoformat()
    assert at_desk.as_("lead").send("staffing_rules", **rule)[0] == 403
    at_desk.as_("manager").send("staffing_rules", **rule)
    at_desk.send("staffing_rules", **rule | {"overdue_days": "x"})
    at_desk.send("staffing_rules", **rule | {"overdue_days": "400"})
    held = ReminderRule.objects.get()
    assert (held.overdue_days, held.receipts, held.broken_promises) == ([1, 5, 30], True, False)
    assert "1, 5, 30" in at_desk.text("staffing")
    text = at_desk.text("staffing")
    assert '<option value="second">' in text
    assert '<option value="quality">' not in text


def test_the_command_changes_only_what_is_named(at_desk, capsys):  # noqa: F811
    command.collector("collector", skills=["hardship"], languages=["ug"])
    command.collector("collector", capacity=9)
    made = Collector.objects.get(user=user("collector"))
    assert (made.capacity, made.skills, made.languages) == (9, ["hardship"], ["ug"])
    assert made.team.name == "early"
    command.collector("collector", skills=[""], is_active=False)
    command.collector("collector", team="late")
    made.refresh_from_db()
    assert (made.skills, made.is_active, made.team.name) == ([], False, "late")
    with pytest.raises(DaihouError):
        command.collector("second")  # A new one needs a team.
    command.team("early", lead="lead")
    team = Team.objects.get(name="early")
    assert (team.stages, team.lead, team.is_active) == (["M1", "M2"], user("lead"), True)
    command.team("early", stages=[""], lead="")
    team.refresh_from_db()
    assert (team.stages, team.lead) == ([], None)
    assert "early" in capsys.readouterr().out
