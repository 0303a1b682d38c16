"""Goal: sessions end, sensitive roles are given by two and need more than a password."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from daihou.errors import DaihouError
from daihou.web.access import granting, operations, queries, sessions
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.ledger.operations import create_book

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def book(db):
    cache.clear()
    return create_book(name="demo", currency="CNY", acting_user=queries.system_user())


def entered(user, password=None):
    client = Client(headers={"accept-language": "en", "user-agent": "test"})
    form = {"login": user.username, "password": password or user.plain_password}
    client.post("/account/login/", form)
    return client


def is_in(client):
    return client.get("/account/sessions/").status_code == 200


def back_date(client, **seconds):
    session = client.session
    for name, ago in seconds.items():
        session[name] -= ago
    session.save()


@pytest.mark.parametrize(
    ("name", "ago", "why"), [("seen_at", 1801, "idle"), ("began_at", 43_201, "old")]
)
def test_a_session_ends_when_idle_and_when_old(book, make_user, name, ago, why):
    client = entered(make_user("collector"))
    assert is_in(client)
    back_date(client, **{name: ago - 120})
    assert is_in(client)
    back_date(client, **{name: ago})
    sent = client.get("/account/sessions/")
    assert (sent.status_code, f"ended={why}" in sent.url) == (302, True)
    assert "Your session ended" in client.get(sent.url).content.decode()
    assert not is_in(client)


def test_work_keeps_a_session_alive(book, make_user):
    client = entered(make_user("collector"))
    assert is_in(client)
    for _ in range(3):
        back_date(client, seen_at=1700)
        assert is_in(client)


def test_a_change_of_the_password_ends_the_other_sessions(book, make_user):
    user = make_user("collector")
    here, there = entered(user), entered(user)
    new = "another-horse-battery-77"
    form = {"oldpassword": user.plain_password, "password1": new, "password2": new}
    assert here.post("/account/password/change/", form).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)


def test_one_sees_and_ends_ones_own_sessions(book, make_user):
    user, other = make_user("collector"), make_user("team_lead")
    here, there, hers = entered(user), entered(user), entered(other)
    assert is_in(here)
    mine = UserSession.objects.get(session_key=there.session.session_key)
    foreign = UserSession.objects.get(user=other)
    here.post("/account/sessions/", {"session": foreign.pk})
    assert is_in(hers)
    here.post("/account/sessions/", {"session": mine.pk})
    assert (is_in(here), is_in(there)) == (True, False)
    assert AuditRow.objects.filter(action="session.end", acting_user=user).count() == 2


def test_who_is_locked_out_is_out_at_once_and_stays_out_when_let_in_again(book, make_user):
    user, boss = make_user("collector"), make_user("admin")
    client = entered(user)
    assert is_in(client)
    for is_active in (False, True):
        operations.set_active(user=user, is_active=is_active, acting_user=boss)
        assert not is_in(client)


def test_nobody_serves_herself(make_user):
    boss = make_user("admin")
    for call, given in (
        (operations.grant_role, {"role": "collector"}),
        (granting.ask_for_role, {"role": "collector", "reason": "r"}),
        (operations.set_active, {"is_active": False}),
        (granting.new_password, {}),
        (granting.ask_to_remove_factors, {"reason": "r"}),
    ):
        with pytest.raises(DaihouError) as refused:
            call(user=boss, acting_user=boss, **given)
        assert refused.value.code in {"role.to_oneself", "user.not_oneself"}


def test_a_sensitive_role_takes_two_people_and_not_the_one_who_gets_it(book, make_user):
    boss, checker = make_user("admin"), make_user("compliance")
    page, inbox = entered(boss), entered(checker)
    new = make_user(username="new")
    plain = {"role": "collector", "book": "demo", "reason": "starts today"}
    page.post(f"/books/demo/access/{new.pk}/roles/", plain)
    assert [(held.role, held.book_name) for held in new.grants.all()] == [("collector", "demo")]
    page.post(f"/books/demo/access/{new.pk}/roles/", plain | {"role": "finance"})
    asked = Approval.objects.get(kind="role.grant")
    assert new.grants.count() == 1
    assert "payment.record" in inbox.get(f"/books/demo/approvals/{asked.pk}/").content.decode()
    decision = {"verdict": "approved", "reason": "agreed with her lead"}
    inbox.post(f"/books/demo/approvals/{asked.pk}/decide/", decision)
    assert {held.role for held in new.grants.all()} == {"collector", "finance"}
    own = granting.ask_for_role(user=checker, role="auditor", reason="r", acting_user=boss)
    with pytest.raises(DaihouError) as refused:
        approvals.decide(approval=own, verdict="approved", reason="me", acting_user=checker)
    assert refused.value.code == "role.to_oneself"


def test_roles_that_are_kept_apart_take_two_people(make_user):
    boss, new = make_user("admin"), make_user("quality", username="new")
    assert granting.ask_for_role(user=new, role="collector", reason="r", acting_user=boss)
    assert not new.grants.filter(role="collector").exists()


def test_an_administrator_cannot_become_somebody_else(book, make_user):
    boss = make_user("admin")
    victim = make_user("compliance")
    page = entered(boss)
    before = User.objects.get(pk=victim.pk).password
    page.post(f"/books/demo/access/{victim.pk}/act/", {"deed": "password"})
    assert User.objects.get(pk=victim.pk).password == before
    plain = make_user("collector")
    told = page.post(f"/books/demo/access/{plain.pk}/act/", {"deed": "password"}).content.decode()
    assert User.objects.get(pk=plain.pk).password != plain.password
    assert "shown this once" in told


def test_a_lost_second_factor_takes_two_people(make_user):
    boss, checker = make_user("admin"), make_user("compliance")
    user = make_user("collector")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    asked = granting.ask_to_remove_factors(user=user, reason="phone lost", acting_user=boss)
    assert Authenticator.objects.filter(user=user).exists()
    approvals.decide(approval=asked, verdict="approved", reason="seen her", acting_user=checker)
    assert not Authenticator.objects.filter(user=user).exists()


def test_who_needs_a_second_factor_sets_it_up_first(book, make_user, settings):
    settings.SECOND_FACTOR = "required"
    for role, book_name, needs in (
        ("admin", "", True),
        ("compliance", "demo", True),
        ("collector", "", True),
        ("collector", "demo", False),
        ("analyst", "", False),
    ):
        user = make_user(role, username=f"{role}{book_name}", book_name=book_name)
        assert queries.needs_second_factor(user) == needs
        client = Client()
        client.force_login(user, backend=BACKEND)
        sent = client.get("/")
        assert (sent.url == "/account/2fa/") == needs
        assert client.get("/account/2fa/").status_code == 200
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
        assert client.get("/").url != "/account/2fa/"


def test_the_note_of_a_session_is_written_once_a_minute_at_most(book, make_user):
    client = entered(make_user("collector"))
    assert is_in(client)
    seen = client.session[sessions.SEEN]
    back_date(client, seen_at=30)
    assert is_in(client)
    assert client.session[sessions.SEEN] == seen - 30


def test_a_page_left_open_asks_who_is_logged_in(book, make_user):
    user = make_user("collector")
    client = entered(user)
    said = client.get("/account/session/")
    assert said.json()["user"] == user.pk
    assert len(said.json()["token"]) == 64
    assert "no-store" in said.headers["Cache-Control"]
    back_date(client, seen_at=1801)
    assert client.get("/account/session/").status_code == 302
    assert client.get("/account/session/").status_code == 302
