"""Goal: a person asks, sees what she asks for, another decides; pages say why when they refuse."""

import pytest
from django.urls import reverse

from daihou.core.terms import Component
from daihou.web.approvals.models import Approval
from daihou.web.ledger.models import Book
from daihou.web.servicing.actions import Action
from tests.database import scratch
from tests.web.board_site import enter, text_of  # noqa: F401
from tests.web.servicing_book import TODAY, make_site, position_of


@pytest.fixture(scope="module")
def shown(running_database, django_db_blocker, tmp_path_factory):
    """Give the users of a book with loans that owe, made once for this file."""
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("desk"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        yield make_site()


def url(name, *more):
    return reverse(f"desk:{name}", args=["desk", *more])


def owed(component, ref="A"):
    return position_of(Book.objects.get(name="desk"), ref).overdue_minor[component]


DAY = TODAY.isoformat()
WAIVER = {"effective_on": DAY, "components": ["penalty"], "percent": "50"}
EXTENSION = {"effective_on": DAY, "through_on": "2026-03-06"}
WHY = {"reason_code": "hardship", "reason": "lost her job"}


def post(client, action, data, ref="A", **more):
    return client.post(url("action", action, ref), data | more, follow=True)


def ask(client, action, data, ref="A", **more):
    """Preview and ask, as a person does."""
    seen = post(client, action, data, ref, step="preview").context["seen"]
    return post(client, action, data, ref, step="ask", seen=seen, **(WHY | more))


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_form_opens(enter, action, language):  # noqa: F811
    response = enter("collector", language).get(url("action", action.value, "A"))
    assert response.status_code == 200
    assert 'name="effective_on"' in response.content.decode()


@pytest.mark.parametrize("name", ["approvals", "authority", "servicing"])
def test_lists_open(enter, name):  # noqa: F811
    assert enter("collector").get(url(name)).status_code == 200


def test_a_small_waiver_is_previewed_and_done(enter):  # noqa: F811
    client = enter("collector")
    before = owed(Component.PENALTY)
    assert before > 0
    shown = post(client, "waive", WAIVER, step="preview")
    assert "Before and after" in text_of(shown)
    assert "Nobody else has to decide" in text_of(shown)
    assert owed(Component.PENALTY) == before
    assert "Done: Waiver." in text_of(ask(client, "waive", WAIVER))
    assert owed(Component.PENALTY) == before // 2


def test_an_extension_waits_until_another_decides(enter):  # noqa: F811
    asked = ask(enter("collector"), "extend", EXTENSION, "B")
    approval = asked.context["approval"]
    assert "You asked for this" in text_of(asked)
    manager = enter("manager")
    inbox = manager.get(url("approvals"))
    assert approval in [row["approval"] for row in inbox.context["rows"]]
    page = manager.get(url("approval", approval.pk))
    assert "The two plans" in text_of(page)
    assert "2026-03-06" in text_of(page)
    decided = manager.post(
        url("approval_decide", approval.pk),
        {"verdict": "approved", "reason": "in order"},
        follow=True,
    )
    assert "Your decision was recorded." in text_of(decided)
    assert Approval.objects.get(pk=approval.pk).state == "carried_out"
    assert "Extended" in text_of(manager.get(reverse("board:loan", args=["desk", "B"])))
