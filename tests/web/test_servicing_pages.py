"""Goal: a person asks, sees what she asks for, another decides; pages say why when they refuse."""


import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db.models import F
from django.urls import reverse

from daihou.core.position import position
from daihou.core.terms import Component
from daihou.web.access import operations as access
from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Book, Position
from daihou.web.ledger.queries import load_loan
from daihou.web.servicing.actions import Action
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import ENDS_ON, PASSWORD

ROLES = ("finance", "collector", "compliance", "operator")


@pytest.fixture(scope="module", autouse=True)
def more_users(shown):
    for role in set(ROLES) - set(shown):
        user, _ = access.add_user(username=role, roles=[role], acting_user=system_user())
        user.password = ScryptPasswordHasher().encode(PASSWORD, "salt-of-the-tests")
        user.save()
        shown[role] = user


@pytest.fixture
def late(shown):
    """Give a loan that owes interest of more than one instalment."""
    rows = Position.objects.filter(status="active", bucket__in=["M2", "M3"])
    return rows.select_related("loan").order_by(F("overdue_interest_minor").desc()).first().loan


def url(name, *more):
    return reverse(f"desk:{name}", args=["demo", *more])


def interest_of(loan):
    book = Book.objects.get(name="demo")
    contract, events = load_loan(book=book, loan_ref=loan.loan_ref)
    then = position(contract=contract, events=events, as_of=ENDS_ON)
    return then.overdue_minor[Component.INTEREST]


WAIVER = {"effective_on": ENDS_ON.isoformat(), "components": ["interest"], "percent": "50"}


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_form_opens(enter, late, action, language):
    response = enter("collector", language).get(url("action", action.value, late.loan_ref))
    assert response.status_code == 200
    assert 'name="effective_on"' in response.content.decode()


@pytest.mark.parametrize("name", ["approvals", "authority", "servicing"])
def test_lists_open_when_nothing_is_there(enter, name):
    assert enter("collector").get(url(name)).status_code == 200


def test_a_waiver_is_previewed_and_done_by_the_form(enter, late):
    client = enter("collector")
    before = interest_of(late)
    assert before > 0
    address = url("action", "waive", late.loan_ref)
    shown = client.post(address, WAIVER | {"step": "preview"})
    assert "Before and after" in text_of(shown)
    assert interest_of(late) == before
    done = client.post(
        address,
        WAIVER
        | {
            "step": "ask",
            "seen": shown.context["seen"],
            "reason_code": "hardship",
            "reason": "lost her job",
        },
        follow=True,
    )
    assert "Done: Waiver." in text_of(done)
    assert interest_of(late) == before - (before + 1) // 2
