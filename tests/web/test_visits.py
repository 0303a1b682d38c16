"""Visits: planned for two, permitted at the door, kept inside the window, proved where spoken."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from daihou.collect.route import Place
from daihou.web.access.models import User
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Outcome as ContactOutcome, Permit
from daihou.web.parties.models import ContactPoint
from daihou.web.visits import operations as visiting, queries
from daihou.web.visits.models import CheckIn, Entry, Outcome, Photo, Report, Visit
from tests.web.collected_book import case_of
from tests.web.desk_book import *  # noqa: F403
from tests.web.refusing import refused

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
WUHAN = Place(latitude=30_500_000, longitude=114_400_000)


def user(name):
    return User.objects.get(username=name)


def plan(book, noon, ref="A", **changed):
    case = case_of(book, ref)
    planned = {
        "begins_at": noon - timedelta(hours=1),
        "ends_at": noon + timedelta(hours=2),
        "lead": user("field"),
        "companion": user("companion"),
        "goal": "hand over the plan",
        "place": WUHAN,
    } | changed
    return visiting.plan(
        case=case,
        contact_point=ContactPoint.objects.get(party=case.party, kind="address"),
        planned=visiting.Planned(**planned),
        acting_user=user("lead"),
    )


def arrive(visit, now, *, by="field", key=None, at=None, place=WUHAN):
    arrival = visiting.Arrival(client_key=key or uuid4(), at=at or now, place=place, accuracy_m=12)
    return visiting.check_in(visit=visit, arrival=arrival, now=now, acting_user=user(by))


def tell(visit, at, **changed):
    told = {
        "client_key": uuid4(),
        "at": at,
        "outcome": Outcome.MET,
        "entry": Entry.CONSENTED,
        "identity_shown": True,
        "recording_reference": "v-1",
        "note": "她答应周五还款",
    } | changed
    return visiting.report(visit=visit, told=visiting.Told(**told), acting_user=user("companion"))


def test_a_visit_from_its_plan_to_its_report(desk, noon):
    visit = plan(desk, noon)
    assert not Permit.objects.exists()
    arrive(visit, noon)
    visit.refresh_from_db()
    assert (visit.state, visit.permit.channel) == ("under_way", "visit")
    assert queries.arrived_at(visit) == queries.place_of(visit) == WUHAN
    report = tell(visit, noon + timedelta(minutes=20))
    assert queries.note_of(report) == "她答应周五还款"
    assert ContactOutcome.objects.get().outcome == "effective"
    for row in (visit.sealed_place, visit.check_in.sealed_place, report.sealed_note):
        assert "114" not in row
        assert "周五" not in row


def test_it_takes_two_field_collectors_a_window_and_a_goal(desk, noon):
    refused("visit.two_collectors", plan, desk, noon, companion=user("field"))
    refused("visit.not_a_field_collector", plan, desk, noon, companion=user("collector"))
    refused("visit.window_wrong", plan, desk, noon, ends_at=noon + timedelta(hours=9))
    refused("visit.goal_missing", plan, desk, noon, goal=" ")
    at_night = {"begins_at": noon + timedelta(hours=11), "ends_at": noon + timedelta(hours=12)}
    refused("contact.refused", plan, desk, noon, **at_night)
    plan(desk, noon)
    refused("visit.one_is_open", plan, desk, noon)
    assert Visit.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        Visit.objects.update(companion=user("field"))


def test_outside_the_window_nothing_is_kept_and_nobody_else_checks_in(desk, noon):
    visit = plan(desk, noon)
    early = noon - timedelta(hours=2)
    refused("visit.outside_window", arrive, visit, early)
    refused("visit.outside_window", arrive, visit, noon, at=early)
    refused("visit.clock_wrong", arrive, visit, noon, at=noon + timedelta(minutes=30))
    refused("visit.not_hers", arrive, visit, noon, by="collector")
    assert not CheckIn.objects.exists()
    assert not Permit.objects.exists()


def test_a_stop_between_plan_and_door_refuses_the_knock_and_keeps_the_refusal(desk, noon):
    from daihou.collect.facts import StopKind
    from daihou.web.contacts import stops
    from daihou.web.contacts.models import Refusal

    visit = plan(desk, noon)
    stops.order(
        party=visit.party,
        kind=StopKind.CEASE,
        at=noon - timedelta(minutes=5),
        acting_user=user("collector"),
    )
    with pytest.raises(ContactRefused):
        arrive(visit, noon)
    visit.refresh_from_db()
    assert visit.state == "planned"
    assert Refusal.objects.count() == 1
    visiting.call_off(visit=visit, reason="she asked", acting_user=user("lead"))
    refused("visit.not_planned", arrive, visit, noon)


def test_what_is_sent_again_is_done_once(desk, noon, client):
    visit, key = plan(desk, noon), uuid4()
    client.force_login(user("field"))

    def post(name, **sent):
        address = reverse(f"desk:{name}", args=[desk.name, visit.pk])
        return client.post(address, {"client_key": str(key), **sent})

    place = {"latitude": "30.5", "longitude": "114.4", "accuracy": "9.6"}
    told = {"outcome": "nobody", "entry": "not_asked"}
    assert post("visit_check_in", **place).status_code == 409
    for _ in range(2):
        assert post("visit_check_in", together="1", **place).status_code == 302
        picture = SimpleUploadedFile("door.png", PNG)
        assert post("visit_photo", photo=picture).status_code == 302
    for _ in range(2):
        assert post("visit_report", **told).status_code == 302
    assert [model.objects.count() for model in (CheckIn, Photo, Report, Permit)] == [1] * 4
    assert CheckIn.objects.get().accuracy_m == 9
    other = plan(desk, noon, ref="D")
    refused("visit.key_taken", arrive, other, noon, key=key)


def test_a_time_without_a_zone_is_by_the_books_clock(desk, noon, client):
    visit = plan(desk, noon)
    client.force_login(user("field"))
    by_phone = f"{noon.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%dT%H:%M:%S}"
    sent = {"client_key": str(uuid4()), "together": "1", "at": by_phone}
    address = reverse("desk:visit_check_in", args=[desk.name, visit.pk])
    assert client.post(address, sent).status_code == 302
    assert CheckIn.objects.get().at == noon.replace(microsecond=0)


def test_who_was_spoken_to_saw_an_identity_and_was_recorded(desk, noon):
    visit = plan(desk, noon)
    refused("visit.not_under_way", tell, visit, noon)
    arrive(visit, noon)
    refused("visit.identity_not_shown", tell, visit, noon, identity_shown=False)
    refused("visit.recording_missing", tell, visit, noon, recording_reference=" ")
    refused("visit.entered_alone", tell, visit, noon, outcome=Outcome.NOBODY)
    refused("visit.clock_wrong", tell, visit, noon - timedelta(minutes=1))
    assert not Report.objects.exists()
    tell(visit, noon)
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.update(outcome="nobody")


def test_a_days_route_and_one_visit_are_pages_of_their_own(desk, noon, client):
    far = plan(desk, noon, place=Place(latitude=31_000_000, longitude=114_400_000))
    near = plan(desk, noon, ref="D", is_appointment=True)
    turns = queries.route(
        visits=queries.of_day(book=desk, on=timezone.localdate(noon)), start=WUHAN
    )
    assert [turn.visit.pk for turn in turns] == [near.pk, far.pk]
    client.force_login(user("field"))
    text = client.get(reverse("desk:visits", args=[desk.name])).content.decode()
    assert text.count("visit-card") == 2
    page = reverse("desk:visit", args=[desk.name, far.pk])
    assert "珞喻路" not in client.get(page).content.decode()
    shown = client.post(reverse("desk:visit_address", args=[desk.name, far.pk])).content.decode()
    assert "珞喻路1号" in shown
    client.force_login(user("lead"))
    assert client.get(reverse("desk:visits", args=[desk.name])).content.decode().count("visit-card")
    form = reverse("desk:visit_plan", args=[desk.name, case_of(desk, "C").pk])
    assert client.get(form).status_code == 200
    client.force_login(user("collector"))
    assert client.get(form).status_code == 403
