"""Goal: nothing passes the gate unknown, twice or unreadable. Method: call as a program would."""

import base64
import json
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from daihou.web.access import queries as access
from daihou.web.access.operations import add_user, grant_role
from daihou.web.api import credentials, masks
from daihou.web.api.models import Answer, Endpoint
from daihou.web.ledger import operations as ledger
from tests.web.api_client import Program, program

pytestmark = pytest.mark.django_db
HOOK = {"name": "core", "url": "https://example.com/hook", "topics": ["tape.*"]}


@pytest.fixture
def admin(make_user):
    return program(make_user("admin"))


def code(response):
    assert response.headers["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == response.status_code
    assert body["detail_zh"] != body["detail_en"]
    return body["code"]


def buy(form, headers=None):
    return Browser().post(
        "/api/v1/oauth/token",
        urlencode(form),
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )


@pytest.mark.parametrize("key", ["", "dh_x_y", "dht_no", "x", "dh__", "dh_é_y"])
def test_who_is_not_known_learns_nothing(db, key):
    response = Program(key).get("/webhooks")
    assert (response.status_code, code(response)) == (401, "api.not_authenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_or_expired_key_is_none(make_user):
    caller = program(make_user("admin"))
    client = credentials.find_caller(credential=caller.key).client
    credentials.revoke_client(client_id=client.client_id, acting_user=access.system_user())
    assert caller.get("/webhooks").status_code == 401


def test_a_key_carries_its_scopes_only_and_never_more_than_its_user(make_user):
    narrow = program(make_user("admin", username="a"), "board.view")
    assert code(narrow.get("/webhooks")) == "api.scope_missing"
    wide = program(make_user("collector"), "webhook.change")
    assert code(wide.get("/webhooks")) == "api.scope_missing"


def test_who_administers_one_book_neither_hears_of_the_others_nor_makes_keys(db, client):
    book = ledger.create_book(
        name="one", currency="CNY", acting_user=access.system_user(), time_zone="UTC"
    )
    user, _ = add_user(username="one", roles=[], acting_user=access.system_user())
    grant_role(user=user, role="admin", book_name=book.name, acting_user=access.system_user())
    caller = program(user)
    assert code(caller.get("/webhooks")) == "api.scope_missing"
    assert code(caller.post("/webhooks", HOOK)) == "api.scope_missing"
    client.force_login(user)
    for place, form in (("", None), ("keys/", {"name": "k", "user": "one", "scope": "loan.view"})):
        path = f"/books/one/interfaces/{place}"
        answer = client.get(path) if form is None else client.post(path, form)
        assert answer.status_code == 403, path
    assert not Endpoint.objects.exists()


def test_a_token_is_bought_with_id_and_secret(make_user):
    caller = program(make_user("admin"), "webhook.change", "board.view")
    _, client_id, secret = caller.key.split("_", 2)
    form = {"grant_type": "client_credentials", "scope": "webhook.change"}
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    answer = buy(form, headers={"Authorization": f"Basic {basic}"})
    body = answer.json()
    assert (answer.status_code, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    assert Program(body["access_token"]).get("/webhooks").status_code == 200
    posted = buy(form | {"client_id": client_id, "client_secret": secret})
    assert posted.status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"scope": "user.change"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_token_is_refused_as_rfc_6749_says(make_user, change, error):
    caller = program(make_user("admin"), "webhook.change")
    _, client_id, secret = caller.key.split("_", 2)
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
    }
    answer = buy(form | change)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] == error


def test_the_same_request_again_is_answered_not_done(admin):
    first = admin.post("/webhooks", HOOK, key="one")
    again = admin.post("/webhooks", HOOK, key="one")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert Endpoint.objects.count() == 1


def test_another_request_under_the_same_key_is_refused(admin):
    admin.post("/webhooks", HOOK, key="one")
    other = admin.post("/webhooks", HOOK | {"name": "other"}, key="one")
    assert (other.status_code, code(other)) == (422, "api.idempotency_key_reused")


def test_what_was_refused_changes_nothing_and_is_refused_again(admin):
    bad = HOOK | {"url": "http://127.0.0.1/hook"}
    for _ in range(2):
        assert code(admin.post("/webhooks", bad, key="bad")) == "webhook.url_refused"
    assert Endpoint.objects.count() == 0
    assert Answer.objects.count() == 1


@pytest.mark.parametrize(
    ("key", "found"),
    [("", "missing"), ("a b", "invalid"), ("é", "invalid"), ("k" * 256, "invalid")],
)
def test_a_write_needs_a_key(admin, key, found):
    assert code(admin.post("/webhooks", HOOK, key=key)) == f"api.idempotency_key_{found}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("[]", 422),
        ('{"name": 1}', 422),
        (json.dumps(HOOK | {"name": "a\0b"}), 422),
        (json.dumps(HOOK | {"name": "\ud800"}), 422),
        (json.dumps(HOOK | {"name": "x" * 65}), 422),
        (json.dumps(HOOK | {"topics": []}), 422),
        (json.dumps(HOOK | {"topics": ["a"] * 51}), 422),
    ],
)
def test_what_cannot_be_read_is_a_problem(admin, body, status):
    response = admin.post("/webhooks", body)
    assert (response.status_code, code(response)) == (status, "api.request_invalid")


def test_lists_go_on_by_cursor(admin):
    for number in range(5):
        assert admin.post("/webhooks", HOOK | {"name": f"h{number}"}).status_code == 201
    names, cursor = [], ""
    while cursor is not None:
        page = admin.get("/webhooks", limit=2, cursor=cursor).json()
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert names == [f"h{number}" for number in range(5)]
    assert code(admin.get("/webhooks", cursor="made-up")) == "api.cursor_invalid"


def test_a_mask_leaves_the_rest_out(admin):
    admin.post("/webhooks", HOOK)
    answer = admin.get("/webhooks", fields="name,topics")
    assert answer.json()["items"] == [{"name": "core", "topics": ["tape.*"]}]
    assert answer.headers["Content-Type"] == masks.MASKED
    assert code(admin.get("/webhooks", fields="nothing")) == "api.field_unknown"


def test_addresses_that_are_not_there_are_problems(admin):
    assert code(admin.get("/nowhere")) == "api.not_found"
    assert code(admin.post("/books", {})) == "api.method_not_allowed"


def test_a_secret_is_said_when_it_is_new_and_its_answer_not_kept(admin):
    made = admin.post("/webhooks", HOOK).json()
    assert "secret" not in made
    kept = Answer.objects.count()
    address = f"/webhooks/{made['id']}"
    said = [
        admin.post(address, {"new_secret": True}, key="same", method="patch").json()["secret"]
        for _ in range(2)
    ]
    assert said[0] != said[1]
    assert Answer.objects.count() == kept
    quiet = admin.post(address, {"is_active": False}, method="patch").json()
    assert (quiet["secret"], quiet["is_active"]) == (None, False)
