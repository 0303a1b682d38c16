"""Goal: only what may be used reaches a person; what holds of her stops contact and interest."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.web.access.models import Role
from daihou.web.access.queries import system_user
from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.contacts import stops
from daihou.web.loans.models import Loan
from daihou.web.parties import cutover, editing, interest, reach, states
from daihou.web.parties.models import ContactPoint, PriorAttempt, ReachTally
from daihou.web.servicing.actions import Action
from tests.web.payment_channels import make_book, make_borrower
from tests.web.refusing import refused

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 22)
BY = "2026-11-20T10:00:00+08:00"


@pytest.fixture
def book(db):
    return make_book()


@pytest.fixture
def person(book):
    return make_borrower(book)


@pytest.fixture
def users(make_user):
    return (
        make_user(Role.COLLECTOR, username="maker"),
        make_user(Role.COMPLIANCE, username="judge"),
    )


def add(person, value, *, kind="phone", **origin):
    origin = reach.Origin(**({"source": "person"} | origin))
    return reach.add_point(
        party=person, kind=kind, value=value, origin=origin, acting_user=system_user()
    )


def faults(person, on=DAY):
    return {known.masked: known.fault for known in reach.points(party=person, on=on)}


def test_a_number_is_used_by_the_right_it_came_with(person):
    assert faults(person) == {"138****8000": ""}  # She gave it with the contract.
    found = add(person, "13900139000", source="other")
    assert faults(person)["139****9000"] == "no_basis"
    refused(
        "party.basis_unproved",
        reach.set_basis,
        point=found,
        basis="consent",
        evidence=" ",
        acting_user=system_user(),
    )
    reach.set_basis(point=found, basis="consent", evidence="call 12", acting_user=system_user())
    assert faults(person)["139****9000"] == ""
    reach.mark_wrong_party(
        point=found, at=timezone.now(), reason="a shop", acting_user=system_user()
    )
    assert faults(person)["139****9000"] == "wrong_party"
    reach.mark_wrong_party(point=found, at=None, reason="hers", acting_user=system_user())
    reach.end_point(point=found, ended_on=DAY, reason="moved", acting_user=system_user())
    assert faults(person)["139****9000"] == ""
    assert faults(person, DAY + timedelta(days=1))["139****9000"] == "ended"
    editing.put_datum(
        party=person, field="phone", value="13700137000", position=1, acting_user=system_user()
    )
    assert "value_gone" in faults(person).values()  # The value was replaced: it reaches nobody.
    plain = reach.reveal_point(
        point=ContactPoint.objects.order_by("pk").first(), reason="call", acting_user=system_user()
    )
    assert plain == "13800138000"
    assert AuditRow.objects.filter(action="contact_point.reveal").count() == 1
    assert plain not in str(list(AuditRow.objects.values_list("details", flat=True)))


def test_her_clock_is_as_stated_else_by_address_else_by_number(person):
    assert reach.time_zones(party=person, on=DAY).source == "phone"
    add(person, "北京市海淀区中关村大街1号", kind="address")
    found = reach.time_zones(party=person, on=DAY)
    assert (found.names, found.source) == (("Asia/Shanghai",), "address")
    point = person.contact_points.get(kind="phone")
    refused(
        "party.time_zone_unknown",
        reach.state_time_zone,
        point=point,
        time_zone="Mars/Base",
        acting_user=system_user(),
    )
    reach.state_time_zone(point=point, time_zone="Asia/Urumqi", acting_user=system_user())
    assert reach.time_zone(party=person, on=DAY).name == "Asia/Urumqi"


def test_the_best_time_is_an_hour_of_her_own_clock_tried_often_enough(person):
    point = person.contact_points.get()
    evening = datetime(2026, 11, 20, 11, 15, tzinfo=UTC)  # 19:15 in Shanghai.
    for days in range(4):
        reach.note_outcome(point=point, at=evening + timedelta(days=days), was_reached=days != 2)
    reach.note_outcome(point=point, at=evening - timedelta(hours=8), was_reached=True)
    (best,) = reach.best_times(party=person)
    assert (best.hour, best.tried, best.reached) == (19, 4, 3)
    point.refresh_from_db()
    assert point.last_success_at == evening + timedelta(days=3)
    assert ReachTally.objects.count() == 5


def test_a_reported_state_stops_contact_and_a_proved_one_asks_to_stop_interest(book, person, users):
    maker, judge = users
    state = states.note_state(
        party=person,
        kind="bankrupt",
        started_on=date(2025, 3, 1),
        note="her brother called",
        acting_user=maker,
    )
    assert stops.in_force(party=person, at=timezone.now()).get().kind == StopKind.BANKRUPTCY
    loan = Loan.objects.select_related("book").get(book=book, loan_ref="A")
    given = {"state": state, "loan": loan, "action": Action.PAUSE_INTEREST, "acting_user": judge}
    refused("party.interest_goes_on", interest.ask, **given)
    refused(
        "party.state_by_noter",
        states.prove_state,
        state=state,
        evidence="court file 7",
        acting_user=maker,
    )
    given["state"] = states.prove_state(state=state, evidence="court file 7", acting_user=judge)
    found = interest.stop_of(state=state, book=book, on=DAY)
    assert (found.rule.rule_id, found.rule.confidence) == ("CN-BKR-02", "memory")
    interest.ask(**given)
    asked = Approval.objects.get(kind="servicing.pause_interest")
    assert "CN-BKR-02" in asked.reason
    refused(
        "party.state_held",
        states.note_state,
        party=person,
        kind="bankrupt",
        started_on=DAY,
        note="again",
        acting_user=maker,
    )
    states.end_state(state=state, ended_on=DAY, reason="petition refused", acting_user=judge)
    assert not stops.in_force(party=person, at=timezone.now()).exists()
    assert states.kinds_on(party=person, on=DAY) == frozenset()


def test_hardship_is_known_and_stops_nothing_by_itself(person, users):
    states.note_state(
        party=person, kind="hardship", started_on=DAY, note="lost her job", acting_user=users[0]
    )
    assert not stops.in_force(party=person, at=timezone.now()).exists()
    assert states.kinds_on(party=person, on=DAY) == {"hardship"}


def test_a_cut_over_is_taken_once_and_bad_rows_are_told(book, person, tmp_path):
    ref = person.reference
    now = timezone.now()
    (tmp_path / "contact_points.csv").write_text(
        "party_ref,kind,value,basis,evidence\n"
        f"{ref},phone,13900139000,consent,old system\n"
        f"{ref},phone,12,consent,old system\n"
        "nobody,phone,13900139000,,\n"
    )
    (tmp_path / "stop_orders.csv").write_text(
        "party_ref,kind,started_at,channels,loan_refs,value_kind,value\n"
        f"{ref},opt_out,{BY},sms,,,\n"
        f"{ref},cease,{BY},,A,phone,13900139000\n"
        f"{ref},weather,{BY},,,,\n"
    )
    recent, old = (now - timedelta(hours=3)).isoformat(), (now - timedelta(days=30)).isoformat()
    (tmp_path / "attempts.csv").write_text(
        "party_ref,channel,value_kind,value,at,outcome\n"
        f"{ref},voice,phone,13800138000,{recent},effective\n"
        f"{ref},voice,phone,13800138000,{old},effective\n"
    )
    dry = cutover.bring(book=book, folder=tmp_path, acting_user=system_user(), is_dry_run=True)
    assert dry.taken == {"contact_points": 1, "stop_orders": 2, "attempts": 1}
    assert not PriorAttempt.objects.exists()
    report = cutover.bring(book=book, folder=tmp_path, acting_user=system_user())
    assert report.taken == dry.taken
    assert [(bad.file, bad.line, bad.code) for bad in report.bad] == [
        ("contact_points.csv", 3, "party.phone_wrong"),
        ("contact_points.csv", 4, "cutover.party_unknown"),
        ("stop_orders.csv", 4, "cutover.cell_wrong"),
        ("attempts.csv", 3, "cutover.too_old"),
    ]
    assert stops.in_force(party=person, at=now).count() == 2
    again = cutover.bring(book=book, folder=tmp_path, acting_user=system_user())
    assert (again.taken, again.known) == ({}, report.taken)
    assert PriorAttempt.objects.count() == 1
    refused("cutover.no_file", cutover.bring, book=book, folder=tmp_path / "x", acting_user=None)
