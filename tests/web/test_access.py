"""Goal: a right comes from a role on a scope, and from nothing else."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import DatabaseError, transaction

from daihou.cli import acting
from daihou.errors import DaihouError
from daihou.web.access import operations, queries
from daihou.web.access.adapters import MFAAdapter
from daihou.web.access.models import Role, User
from daihou.web.audit.models import AuditRow
from daihou.web.parties import encryption
from daihou.web.parties.models import Party

DEMO, OTHER = SimpleNamespace(name="demo"), SimpleNamespace(name="other")


@pytest.fixture
def funder(db):
    return Party.objects.create(kind="company", reference="bank")


def loan(book, funder=None):
    return SimpleNamespace(book=book, funder_id=funder.pk if funder else None)


def test_a_grant_without_a_book_holds_on_every_book(make_user):
    user = make_user("collector")
    assert user.has_perm("loan.view", loan(DEMO))
    assert user.has_perm("loan.view", OTHER)
    assert not user.has_perm("end_of_day.run")


def test_a_grant_on_a_book_holds_there_only(make_user):
    user = make_user("finance", book_name="demo")
    assert user.has_perm("tape.import", DEMO)
    assert user.has_perm("tape.import")
    assert not user.has_perm("tape.import", OTHER)


def test_a_funder_sees_her_own_loans_only(make_user, funder):
    user = make_user("funder", funder=funder)
    assert user.has_perm("loan.view", loan(DEMO, funder))
    assert not user.has_perm("loan.view", loan(DEMO))
    assert not user.has_perm("loan.view", DEMO)
    assert not user.has_perm("party.view_personal_data", loan(DEMO, funder))


def test_a_funder_on_one_book_sees_nothing_on_another(make_user, funder):
    user = make_user("funder", funder=funder, book_name="demo")
    assert user.has_perm("loan.view", loan(DEMO, funder))
    assert not user.has_perm("loan.view", loan(OTHER, funder))


def test_every_right_is_asked_for_somewhere():
    """``action=`` names what is written to the audit; it asks for nothing."""
    own = Path(queries.__file__)
    sources = [path for path in own.parents[2].rglob("*.py") if path != own]
    asked = {
        name
        for path in sources
        if not {"migrations", "messages"} & set(path.parts)
        for name in re.findall(r'(?<!action=)"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8"))
    }
    assert set(queries.PERMISSIONS) <= asked


def test_a_command_acts_for_a_user_who_may_or_for_the_machine(make_user):
    user = make_user("operator", username="olga", book_name="demo")
    assert acting.user_or_machine("olga", permission="tape.import", book=DEMO) == user
    machine = acting.user_or_machine(None, permission="tape.import", book=None)
    assert machine == queries.system_user()
    for name, permission, book, code in (
        ("olga", "tape.import", OTHER, "user.may_not"),
        ("olga", "tape.import", None, "user.may_not"),
        ("olga", "audit.export", DEMO, "user.may_not"),
        ("nobody", "tape.import", DEMO, "user.unknown"),
    ):
        with pytest.raises(DaihouError) as refused:
            acting.user_or_machine(name, permission=permission, book=book)
        assert refused.value.code == code


@pytest.mark.parametrize("permission", sorted(queries.PERMISSIONS))
def test_nobody_has_everything(make_user, permission):
    user = make_user("admin")
    its_own = {name for name, roles in queries.PERMISSIONS.items() if "admin" in roles}
    assert len(its_own) < len(queries.PERMISSIONS) / 3
    assert user.has_perm(permission) == (permission in its_own)
    user.is_superuser = True
    assert user.has_perm(permission) == (permission in its_own)


def test_an_unknown_permission_is_refused(make_user):
    assert not make_user(*(set(Role) - {"funder"}), username="all").has_perm("everything.do")


def test_a_locked_out_user_has_nothing(make_user):
    user = make_user("collector")
    operations.set_active(user=user, is_active=False, acting_user=queries.system_user())
    assert not User.objects.get(pk=user.pk).has_perm("loan.view")


def test_a_withdrawn_role_is_gone(make_user):
    user = make_user("collector")
    operations.withdraw_role(grant=user.grants.get(), acting_user=queries.system_user())
    assert not User.objects.get(pk=user.pk).has_perm("loan.view")


def test_every_write_is_in_the_audit_and_no_password(make_user):
    user = make_user("collector", book_name="demo")
    password = operations.reset_password(user=user, acting_user=queries.system_user())
    rows = AuditRow.objects.filter(target_type="user", target_id=str(user.pk)).order_by("pk")
    assert [row.action for row in rows] == ["user.add", "role.grant", "user.reset_password"]
    assert all(password not in str(row.details) for row in rows)


@pytest.mark.parametrize(
    ("username", "role", "code"),
    [
        ("system", "admin", "user.exists"),
        ("a b", "admin", "user.name_invalid"),
        ("", "admin", "user.name_invalid"),
        ("new", "emperor", "role.unknown"),
        ("new", "funder", "role.needs_funder"),
    ],
)
def test_refuses_and_leaves_nothing(db, username, role, code):
    with pytest.raises(DaihouError) as refused:
        operations.add_user(username=username, roles=[role], acting_user=queries.system_user())
    assert (refused.value.code, User.objects.count()) == (code, 1)


def test_the_database_refuses_a_funder_without_one(make_user):
    user = make_user()
    with pytest.raises(DatabaseError, match="funder_named"), transaction.atomic():
        user.grants.create(role="funder")


@pytest.fixture
def empty_cache(db):
    cache.clear()


def log_in(client, user, password=None):
    form = {"login": user.username, "password": password or user.plain_password}
    return client.post("/account/login/", form)


def test_logs_in_and_out(client, make_user, empty_cache):
    user = make_user("collector")
    assert log_in(client, user).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)
    assert client.post("/account/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_the_system_user_cannot_log_in(client, empty_cache):
    log_in(client, User.objects.get(username="system"), "!")
    assert "_auth_user_id" not in client.session


def test_a_locked_out_user_cannot_log_in(client, make_user, empty_cache):
    user = make_user("collector")
    operations.set_active(user=user, is_active=False, acting_user=queries.system_user())
    log_in(client, user)
    assert "_auth_user_id" not in client.session


def test_five_wrong_passwords_close_the_door(client, make_user, empty_cache):
    user = make_user("collector")
    for _ in range(5):
        assert log_in(client, user, "wrong").status_code == 200
    log_in(client, user)
    assert "_auth_user_id" not in client.session


def test_a_stranger_is_sent_to_the_log_in(client, db):
    response = client.get("/account/2fa/")
    assert (response.status_code, response.url.split("?")[0]) == (302, "/account/login/")


@pytest.mark.parametrize("path", ["/account/signup/", "/account/password/reset/"])
def test_there_is_no_way_in_by_oneself(client, db, path):
    assert client.get(path).status_code in {302, 404}


def test_the_policy_of_contents_is_strict(client, db):
    policy = client.get("/account/login/").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_second_factors_move_to_the_newest_key(make_user, own_keys):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    user = make_user("collector")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    before = Authenticator.objects.get(user=user).data["secret"]
    key_id = encryption.add_data_key()
    assert operations.encrypt_second_factors_again(acting_user=queries.system_user()) == 1
    after = Authenticator.objects.get(user=user).data["secret"]
    assert (before.split(":")[0], after.split(":")[0]) == ("1", key_id)
    assert MFAAdapter().decrypt(after) == "JBSWY3DPEHPK3PXP"
    assert "JBSWY3DPEHPK3PXP" not in before + after


def test_a_second_factor_is_asked_for(client, make_user, empty_cache):
    from allauth.mfa.totp.internal.auth import TOTP

    user = make_user("collector")
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    response = log_in(client, user)
    assert (response.status_code, response.url) == (302, "/account/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
