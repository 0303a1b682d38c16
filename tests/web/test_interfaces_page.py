"""Goal: keys and places are made on a page and shown once. Method: post its forms."""

import re

import pytest

from daihou.web.api.models import Client as Program, Endpoint
from tests.web.api_client import Program as Caller

pytestmark = pytest.mark.django_db
PLACE = {"name": "core", "url": "https://example.com/hook", "topics": "event.* approval.*"}


@pytest.fixture
def page(client, make_user):
    from daihou.web.access.queries import system_user
    from daihou.web.ledger.operations import create_book

    create_book(name="demo", currency="CNY", acting_user=system_user())
    make_user("finance", username="bank")

    def enter(role):
        user = make_user(role, username=f"the-{role}")
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


def test_a_key_is_shown_once_and_works(page):
    admin = page("admin")
    made = admin.post(
        "/books/demo/interfaces/keys/", {"name": "core", "user": "bank", "scope": "loan.view"}
    )
    key = re.search(r"dh_[\w-]+", made.content.decode())[0]
    assert made.headers["Cache-Control"] == "no-store"
    assert Caller(key).get("/books").status_code == 200
    assert key not in admin.get("/books/demo/interfaces/").content.decode()
    admin.post(f"/books/demo/interfaces/keys/{Program.objects.get().client_id}/revoke/")
    assert Caller(key).get("/books").status_code == 401


def test_a_place_is_added_switched_and_given_another_secret(page):
    admin = page("admin")
    first = admin.post("/books/demo/interfaces/webhooks/", PLACE).content.decode()
    endpoint = Endpoint.objects.get()
    assert endpoint.topics == ["approval.*", "event.*"]
    address = f"/books/demo/interfaces/webhooks/{endpoint.pk}"
    second = admin.post(f"{address}/change/", {"deed": "secret"}).content.decode()
    secrets = {re.search(r"whsec_[^<]+", text)[0] for text in (first, second)}
    assert len(secrets) == 2
    admin.post(f"{address}/change/", {"deed": "off"})
    endpoint.refresh_from_db()
    assert not endpoint.is_active
    assert admin.post(f"{address}/replay/").status_code == 302


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("webhooks/", PLACE | {"url": "http://10.0.0.1/"}),
        ("webhooks/", PLACE | {"topics": " "}),
        ("webhooks/", {}),
        ("keys/", {"name": "x", "user": "nobody", "scope": "loan.view"}),
        ("keys/", {"name": "x", "user": "bank", "scope": "made.up"}),
        ("keys/", {"name": "x", "user": "bank"}),
        ("webhooks/999/change/", {"deed": "off"}),
        ("webhooks/999/replay/", {}),
        ("keys/none/revoke/", {}),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(page, path, form):
    admin = page("admin")
    answer = admin.post(f"/books/demo/interfaces/{path}", form, follow=True)
    assert "alert" in answer.content.decode() or "notice" in answer.content.decode()
    assert not Endpoint.objects.exists()
    assert not Program.objects.exists()


def test_others_may_not(page):
    assert page("manager").get("/books/demo/interfaces/").status_code == 403
