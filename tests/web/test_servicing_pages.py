"""Goal: a person asks, sees what she asks for, another decides; pages say why when they refuse."""

import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from daihou.core.events import Event, Kind
from daihou.core.terms import Component
from daihou.web.access.queries import system_user
from daihou.web.approvals.models import Approval
from daihou.web.ledger.models import Book
from daihou.web.ledger.recording import record_event
from daihou.web.servicing.actions import Action
from daihou.web.servicing.explaining import Line
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
    asked = {"Loan B", "Last day 2026-03-06", "Counts from"}  # In words: no preview any more.
    assert not [words for words in asked if words not in text_of(decided)]
    assert "through_on" not in text_of(decided)
    assert "Extended" in text_of(manager.get(reverse("board:loan", args=["desk", "B"])))


def test_an_address_for_forms_says_where_its_page_is(enter):  # noqa: F811
    answer = enter("manager").get(url("approval_decide", 1))
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert f'href="{url("approval", 1)}"' in answer.content.decode()


OPEN = ["approvals", "authority", "servicing"]


@pytest.mark.parametrize("name", OPEN)
def test_who_sees_nothing_of_the_book_finds_nothing(enter, name):  # noqa: F811
    assert enter("agency").get(url(name)).status_code in {403, 404}


@pytest.mark.parametrize(
    ("user", "action"), [("analyst", "extend"), ("operator", "waive"), ("agency", "extend")]
)
def test_who_may_not_ask_sees_no_form_and_asks_nothing(enter, user, action):  # noqa: F811
    client, before = enter(user), Approval.objects.count()
    assert client.get(url("action", action, "A")).status_code in {403, 404}
    assert client.post(url("action", action, "A"), EXTENSION).status_code in {403, 404}
    assert client.post(url("quote", "A"), {"valid_on": DAY}).status_code in {403, 404}
    assert Approval.objects.count() == before


def test_who_may_not_decide_is_refused_at_the_door(enter):  # noqa: F811
    longer = EXTENSION | {"through_on": "2027-06-06"}
    asked = ask(enter("collector"), "extend", longer, "C").context["approval"]
    address = url("approval_decide", asked.pk)
    verdict = {"verdict": "approved", "reason": "mine"}
    for user in ("analyst", "operator", "agency", "collector"):
        assert enter(user).post(address, verdict).status_code in {403, 404}
    told = enter("finance").post(address, verdict, follow=True)
    assert "you may not decide on this" in text_of(told)
    told = enter("manager").post(address, verdict | {"reason": " "}, follow=True)
    assert "a reason is needed" in text_of(told)
    assert Approval.objects.get(pk=asked.pk).state == "pending"
    withdrawn = enter("collector").post(
        url("approval_withdraw", asked.pk), {"reason": "the wrong loan"}, follow=True
    )
    assert "Your request was withdrawn." in text_of(withdrawn)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("action", ("extend", "NOBODY")),
        ("action", ("no_such", "A")),
        ("explain", ("NOBODY",)),
        ("approval", (9_999_999,)),
    ],
)
def test_what_is_not_there_is_not_found(enter, name, more):  # noqa: F811
    assert enter("collector").get(url(name, *more)).status_code == 404


@pytest.mark.parametrize("query", ["no=99&part=penalty", "no=3&part=gold", "no=x&part=fee"])
def test_an_amount_that_is_not_there_is_not_explained(enter, query):  # noqa: F811
    assert enter("collector").get(f"{url('explain', 'A')}?{query}").status_code == 404


@pytest.mark.parametrize("ref", ["A", "B", "C", "S"])
def test_the_lines_of_every_amount_add_up(enter, ref):  # noqa: F811
    client, then = enter("collector"), position_of(Book.objects.get(name="desk"), ref)
    for instalment in then.instalments[:5]:
        for component, amounts in instalment.components.items():
            query = f"?no={instalment.instalment_no}&part={component.value}"
            shown = client.get(url("explain", ref) + query)
            assert shown.context["total_minor"] == amounts.outstanding_minor
            if amounts.due_minor:
                assert shown.context["lines"]
    shown = client.get(url("explain", ref))
    total = sum(each["line"].amount_minor for each in shown.context["lines"])
    assert max(0, total) == then.payoff_minor == shown.context["total_minor"]


def explained(client, ref="A", **query):
    shown = client.get(url("explain", ref), query)
    assert shown.status_code == 200, query
    assert (
        sum(each["line"].amount_minor for each in shown.context["lines"])
        == (shown.context["total_minor"])
    )
    return shown.context["total_minor"]


@pytest.mark.parametrize("ref", ["A", "B", "C"])
def test_sums_payments_and_what_is_owed_name_their_cells(enter, ref):  # noqa: F811
    client, then = enter("collector"), position_of(Book.objects.get(name="desk"), ref)
    due = [each for each in then.instalments if each.due_on <= TODAY]
    assert explained(client, ref, of="owed") == sum(each.outstanding_minor for each in due)
    assert explained(client, ref, part="principal") == then.principal_outstanding_minor
    assert explained(client, ref, of="left") == sum(e.outstanding_minor for e in then.instalments)
    for each in then.instalments[:3]:
        assert explained(client, ref, no=each.instalment_no) == each.outstanding_minor
        shown = client.get(url("explain", ref), {"no": each.instalment_no}).context["lines"]
        assert len(shown) >= 2  # A paid one names its principal and interest as well.
    owed = explained(client, ref, of="owed", part="interest")
    assert owed == sum(each.components[Component.INTEREST].outstanding_minor for each in due)
    for applied in then.applied:
        assert explained(client, ref, key=applied.event_key) == applied.amount_minor
    assert client.get(url("explain", ref), {"key": "no such"}).status_code == 404
    assert client.get(url("explain", ref), {"no": "999"}).status_code == 404


def test_every_amount_of_the_loan_page_opens_what_made_it(enter):  # noqa: F811
    client = enter("collector")
    page = client.get(reverse("board:loan", args=["desk", "A"]), {"as_of": DAY})
    links = set(re.findall(r'class="why-link" href="([^"]+)"', page.content.decode()))
    queries = {unescape(link).partition("&")[2].partition("=")[0] for link in links}
    assert queries == {"", "of", "part", "no", "key"}
    for link in links:
        assert f"as_of={DAY}" in link
        assert client.get(unescape(link)).status_code == 200, link


def test_an_amount_is_explained_as_it_was_known(enter):  # noqa: F811
    client = enter("collector")
    long_ago = {"as_of": DAY, "known_at": "2025-02-10"}
    page = client.get(reverse("board:loan", args=["desk", "A"]), long_ago)
    assert "known_at=2025-02-10" in page.context["why"]
    then = page.context["position"]
    assert then.payoff_minor != position_of(Book.objects.get(name="desk")).payoff_minor
    shown = client.get(url("explain", "A"), long_ago)
    assert shown.context["total_minor"] == then.payoff_minor
    assert explained(client, no=2, **long_ago) == then.instalments[1].outstanding_minor
    assert "2025-02-10" in text_of(shown)


def test_money_that_was_charged_back_is_no_waiver(enter):  # noqa: F811
    book = Book.objects.get(name="desk")
    target = position_of(book, "W01").applied[0]
    event = Event(
        kind=Kind.CHARGED_BACK,
        effective_on=TODAY,
        recorded_at=timezone.now(),
        sequence=0,
        key="back",
        target_key=target.event_key,
        amount_minor=5_000,
    )
    record_event(book=book, loan_ref="W01", event=event, acting_user=system_user())
    client, then = enter("collector"), position_of(book, "W01")
    for each in then.instalments[:5]:
        for component, amounts in each.components.items():
            query = {"no": each.instalment_no, "part": component.value}
            assert explained(client, "W01", **query) == amounts.outstanding_minor
            shown = client.get(url("explain", "W01"), query).context["lines"]
            assert not [line for line in shown if line["line"].line is Line.WAIVED], query


def test_a_change_of_the_matrix_is_decided_by_another(enter):  # noqa: F811
    change = {
        "kind": "servicing.stop_penalty",
        "valid_from": "2030-01-01",
        "amount_0": "0",
        "people_0": "1",
        "roles_0": ["manager"],
        "reason": "audit finding 12",
    }
    assert enter("manager").post(url("authority_change"), change).status_code == 403
    asked = enter("compliance").post(url("authority_change"), change, follow=True)
    assert "Change of who decides" in text_of(asked)
    assert "You asked for this" in text_of(asked)
    bad = change | {"people_0": "many"}
    told = enter("compliance").post(url("authority_change"), bad, follow=True)
    assert "the people or the amount of line 1" in text_of(told)
    for wrong in ({"valid_from": "soon"}, {"roles_0": []}, {"amount_0": "1e9"}):
        told = enter("compliance").post(url("authority_change"), change | wrong, follow=True)
        assert told.redirect_chain[-1][0] == url("authority")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (
            {"effective_on": "2999-01-01", "amount_minor": "600", "surplus": "lower"},
            "servicing.in_future",
        ),
        (
            {"effective_on": "2025-01-01", "amount_minor": "600", "surplus": "lower"},
            "servicing.before_disbursement",
        ),
    ],
)
def test_a_form_says_why_it_is_refused(enter, data, code):  # noqa: F811
    told = post(enter("collector"), "prepay", data, step="preview")
    assert told.status_code == 409
    assert code in text_of(told)


@pytest.mark.parametrize(
    "wrong", [{"through_on": "soon"}, {"through_on": ""}, {"rate": "-5"}, {"rate": "1" * 400}]
)
def test_a_field_that_cannot_be_read_is_said_beside_it(enter, wrong):  # noqa: F811
    told = post(enter("collector"), "extend", EXTENSION | wrong, step="preview")
    assert told.status_code == 200
    assert told.context["form"].errors
    assert told.context["shown"] is None
