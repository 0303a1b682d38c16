"""Goal: complaints and persons are worked on at the desk, by who may, without showing numbers."""

import pytest
from django.test import Client
from django.utils import timezone

from daihou.web.access.models import Role
from daihou.web.complaints.models import Complaint, PaidClaim
from daihou.web.contacts import stops
from daihou.web.contacts.models import BadTime
from daihou.web.parties.models import PersonState
from tests.web.payment_channels import make_book, make_borrower

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture
def book(db):
    return make_book()


@pytest.fixture
def person(book):
    return make_borrower(book)


@pytest.fixture
def enter(make_user):
    def log_in(name, *roles):
        client = Client(headers={"accept-language": "en"})
        client.force_login(make_user(*roles, username=name))
        return client

    return log_in


def test_a_complaint_goes_its_way_at_the_desk(book, person, enter):
    maker, judge = enter("maker", Role.COLLECTOR), enter("judge", Role.COMPLIANCE)
    base = f"/books/{book.name}/complaints/"
    assert maker.get(f"{base}new/?loans=A").status_code == 200
    sent = {
        "nature": "dispute",
        "intake": "phone",
        "topic": "payment",
        "said": "I paid <b>twice</b>",
        "party": person.reference,
        "loans": "A",
    }
    assert maker.post(f"{base}record/", sent).status_code == 302
    found = Complaint.objects.get()
    page = f"{base}{found.pk}/"
    text = maker.get(page).content.decode()
    assert "I paid &lt;b&gt;twice" in text
    assert "OWN-DSP-01" in text
    assert maker.post(f"{page}act/", {"deed": "take"}).status_code == 403
    for given in (
        {"deed": "take"},
        {"deed": "note", "note": "bank asked"},
        {"deed": "extend", "special": "0", "reason": "bank is slow"},
        {
            "deed": "decide",
            "finding": "upheld",
            "cause": "posting",
            "reasoning": "You did.",
            "remedy": "apology",
        },
        {"deed": "answer", "language": "en"},
        {"deed": "close"},
    ):
        assert judge.post(f"{page}act/", given).status_code == 302, given
        assert judge.get(page).status_code == 200
    found.refresh_from_db()
    assert (found.state, found.answer is not None) == ("closed", True)
    assert not stops.in_force(party=person, at=timezone.now()).exists()
    assert found.reference in judge.get(f"{base}?show=ended&nature=dispute").content.decode()
    taken = judge.post(
        f"{base}export/",
        {"from": "2020-01-01", "through": "2100-01-01", "reason": "yearly", "type": "csv"},
    )
    assert found.reference in taken.content.decode("utf-8-sig")


def test_a_claim_of_payment_is_noted_and_refused_by_another(book, person, enter):
    maker, judge = enter("maker", Role.COLLECTOR), enter("judge", Role.COMPLIANCE)
    base = f"/books/{book.name}/complaints/"
    sent = {"loan": "A", "amount": "110.02", "paid_on": "2025-03-09", "evidence": "photo"}
    assert maker.post(f"{base}claims/", sent).status_code == 302
    claim = PaidClaim.objects.get()
    assert "Said to be paid" in judge.get(base).content.decode()
    refuse = {"deed": "refuse", "reason": "no such money"}
    maker.post(f"{base}claims/{claim.pk}/act/", refuse)
    claim.refresh_from_db()
    assert claim.state == "open"  # Who noted it does not refuse it.
    judge.post(f"{base}claims/{claim.pk}/act/", refuse)
    claim.refresh_from_db()
    assert claim.state == "refused"


def test_a_person_is_known_masked_and_revealed_for_a_reason(book, person, enter):
    maker, judge = enter("maker", Role.COLLECTOR), enter("judge", Role.COMPLIANCE)
    page = f"/books/{book.name}/parties/{person.pk}/known/"
    text = maker.get(page).content.decode()
    assert "138****8000" in text
    assert PHONE not in text
    point = person.contact_points.get()
    assert PHONE not in maker.post(f"{page}{point.pk}/reveal/", {"reason": " "}).content.decode()
    shown = maker.post(f"{page}{point.pk}/reveal/", {"reason": "she calls back"})
    assert PHONE in shown.content.decode()
    assert shown.headers["Cache-Control"] == "no-store"
    noted = {"deed": "state", "kind": "bankrupt", "started_on": "2026-11-01", "note": "brother"}
    assert maker.post(f"{page}act/", noted).status_code == 302
    state = PersonState.objects.get()
    maker.post(f"{page}act/", {"deed": "prove", "state": state.pk, "reason": "court file"})
    judge.post(f"{page}act/", {"deed": "prove", "state": state.pk, "reason": "court file"})
    state.refresh_from_db()
    assert state.proved_by.username == "judge"
    assert "CN-BKR-02" in judge.get(page).content.decode()
    new = {"deed": "point", "kind": "email", "value": "li@example.com", "source": "person"}
    assert maker.post(f"{page}act/", new).status_code == 302
    assert "l*@example.com" in maker.get(page).content.decode()


def test_a_time_that_she_names_is_noted_shown_and_ended_on_her_page(book, person, enter):
    maker = enter("maker", Role.COLLECTOR)
    page = f"/books/{book.name}/parties/{person.pk}/known/"
    asked = {"deed": "bad_time", "from": "12:00", "until": "14:00", "days": "work"}
    maker.post(f"{page}act/", asked | {"channel": "voice", "said": "she sleeps"})
    text = maker.get(page).content.decode()
    assert "12:00–14:00" in text
    assert "Monday to Friday" in text
    for wrong in ({"days": "never"}, {"from": "noon"}, {"from": "14:00"}, {"channel": "pigeon"}):
        maker.post(f"{page}act/", asked | wrong)
    bad = BadTime.objects.get()
    assert (bad.weekdays, bad.channels) == ([0, 1, 2, 3, 4], ["voice"])
    assert maker.post(f"{page}act/", {"deed": "end_bad_time", "time": "0"}).status_code == 404
    maker.post(f"{page}act/", {"deed": "end_bad_time", "time": bad.pk})
    assert "12:00–14:00" not in maker.get(page).content.decode()
