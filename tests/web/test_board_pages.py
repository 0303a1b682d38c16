"""Goal: every page shows the ledger its own figures, to whom they belong. Method: a real book."""

import html
import re
from datetime import date

import polars as pl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from daihou.core.position import position
from daihou.engine import replay
from daihou.risk.first_payment_default import first_payments
from daihou.risk.instalments import instalments
from daihou.web.audit.models import AuditRow
from daihou.web.board import figures, money, source
from daihou.web.board.sight import Sight
from daihou.web.jobs import loops
from daihou.web.ledger import queries
from daihou.web.ledger.models import Book, EndOfDayRun, RunState
from daihou.web.loans.models import Loan
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import ENDS_ON, NAME, NIGHTS, PHONE, named_loan

PAGES = ("board", "loans", "runs", "quality")
QUERIES_MOST = 20


def found_count(response):
    return int(re.search(r"([\d,]+) found", text_of(response)).group(1).replace(",", ""))


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_page_opens_in_few_queries(enter, page, language):
    client = enter("manager", language)
    client.get(reverse(f"board:{page}", args=["demo"]))
    with CaptureQueriesContext(
        connection,
    ) as ran:
        response = client.get(reverse(f"board:{page}", args=["demo"]))
    assert response.status_code == 200
    assert response.headers["Content-Language"] == language
    assert len(ran) <= QUERIES_MOST, "\n".join(query["sql"][:160] for query in ran)


def test_a_loan_opens_in_few_queries(enter):
    loan = named_loan(Book.objects.get(name="demo"))
    client = enter("manager")
    with CaptureQueriesContext(connection) as ran:
        response = client.get(reverse("board:loan", args=["demo", loan.loan_ref]))
    assert response.status_code == 200
    assert len(ran) <= QUERIES_MOST


def test_the_tiles_are_the_sums_of_the_positions(enter):
    book = Book.objects.get(name="demo")
    frame = replay.positions(book=queries.engine_book(book=book), as_of=ENDS_ON)
    active = frame.filter(pl.col("status") == "active")
    response = enter("manager").get(reverse("board:board", args=["demo"]))
    tiles = response.context["tiles"]
    assert tiles["loans"] == active.height > 50
    assert tiles["principal_outstanding_minor"] == active["principal_outstanding_minor"].sum()
    assert tiles["overdue_minor"] == active["overdue_minor"].sum() > 0
    assert money.full(tiles["overdue_minor"], digits=2) in text_of(response)


def test_a_bucket_opens_as_many_loans_as_the_board_counts(enter):
    client = enter("manager")
    board = client.get(reverse("board:board", args=["demo"]))
    seen = 0
    for row in board.context["buckets"]["rows"]:
        address = reverse("board:loans", args=["demo"])
        response = client.get(address, {"bucket": row["bucket"], "as_of": ENDS_ON.isoformat()})
        assert found_count(response) == row["loans"]
        seen += row["loans"] > 0
    assert seen > 1


def test_a_cell_of_the_roll_matrix_opens_its_loans(enter):
    client = enter("manager")
    board = client.get(reverse("board:board", args=["demo"]))
    moved = [
        (row["state"], cell["state"], cell["loans"])
        for row in board.context["matrix"]["rows"]
        for cell in row["cells"]
        if cell["loans"]
    ]
    assert len(moved) > 2
    for start, end, loans in moved:
        asked = {"from": start, "to": end, "since": str(board.context["compared_on"])}
        assert found_count(client.get(reverse("board:loans", args=["demo"]), asked)) == loans


def test_first_payments_open_numerator_and_denominator(enter):
    client = enter("manager")
    board = client.get(reverse("board:board", args=["demo"]))
    for row in board.context["first_payment"]:
        for kind, count in (("late", row["late_loans"]), ("matured", row["matured_loans"])):
            asked = {"month": row["month"], "first_payment": kind}
            response = client.get(reverse("board:loans", args=["demo"]), asked)
            assert found_count(response) == count


def test_the_day_1_tile_opens_loans_that_missed_an_instalment(enter):
    client = enter("manager")
    tile = client.get(reverse("board:board", args=["demo"])).context["tiles"]["day_1"]
    assert 0 < tile["missed_minor"] < tile["due_minor"]
    response = client.get(reverse("board:loans", args=["demo"]), {"missed": "1"})
    assert 0 < found_count(response) <= tile["missed_instalments"]


def test_an_earlier_day_can_be_asked_for(enter):
    client = enter("manager")
    response = client.get(reverse("board:board", args=["demo"]), {"as_of": NIGHTS[0].isoformat()})
    assert response.context["as_of"] == NIGHTS[0]
    assert response.context["compared_on"] == date(2026, 2, 28)
    assert response.context["tiles"]["loans"] < 100


def test_what_a_worker_drew_ahead_and_every_second_look_come_from_the_cache(enter, monkeypatch):
    address = reverse("board:board", args=["demo"])
    loops.run_once()

    def fail(**_):
        pytest.fail("computed again")

    monkeypatch.setattr(source.figures, "board", fail)
    client = enter("manager")
    first = client.get(address).context["tiles"]
    assert first["loans"] > 0
    assert client.get(address).context["tiles"] == first


def test_the_board_counts_by_few_instalments_what_all_of_them_count(enter):
    book = Book.objects.get(name="demo")
    whole = instalments(replay.dues(book=queries.engine_book(book=book), as_of=ENDS_ON))
    few = figures.decisive_instalments(instalments=whole, as_of=ENDS_ON)
    assert few.height < whole.height
    day_1 = (figures.day_1(instalments=each, as_of=ENDS_ON) for each in (few, whole))
    firsts = (first_payments(instalments=each, as_of=ENDS_ON) for each in (few, whole))
    assert next(day_1) == next(day_1)
    assert next(firsts).equals(next(firsts))


def test_search_finds_by_reference_name_and_phone(enter):
    loan = named_loan(Book.objects.get(name="demo"))
    own = Loan.objects.filter(book=loan.book, person=loan.person).count()
    client = enter("manager")
    address = reverse("board:loans", args=["demo"])
    opened = client.get(address, {"q": loan.loan_ref})
    assert opened.headers["Location"] == reverse("board:loan", args=["demo", loan.loan_ref])
    for text in (NAME, PHONE, "+86 138 0013 8000"):
        response = client.get(address, {"q": text, "status": ""})
        assert found_count(response) == own
    assert found_count(client.get(address, {"q": loan.loan_ref[:4], "page": "1"})) == 100
    assert found_count(client.get(address, {"q": "nobody at all", "page": "1"})) == 0


def test_an_analyst_cannot_find_people_by_their_data(enter):
    client = enter("analyst")
    response = client.get(reverse("board:loans", args=["demo"]), {"q": PHONE, "page": "1"})
    assert found_count(response) == 0


def test_personal_data_are_masked(enter):
    loan = named_loan(Book.objects.get(name="demo"))
    page = text_of(enter("manager").get(reverse("board:loan", args=["demo", loan.loan_ref])))
    assert "138****8000" in page
    assert "欧***" in page
    assert NAME not in page
    assert PHONE not in page


def test_the_loan_page_is_cores_position(enter):
    book = Book.objects.get(name="demo")
    client = enter("manager")
    for loan in Loan.objects.filter(book=book)[:8]:
        contract, events = queries.load_loan(book=book, loan_ref=loan.loan_ref)
        for day in (date(2026, 4, 3), ENDS_ON):
            at = position(contract=contract, events=events, as_of=day)
            address = reverse("board:loan", args=["demo", loan.loan_ref])
            page = text_of(client.get(address, {"as_of": day.isoformat()}))
            assert money.full(at.payoff_minor, digits=2) in page
            for each in at.instalments:
                assert each.due_on.isoformat() in page


def test_what_was_recorded_later_is_left_out_and_named(enter):
    book = Book.objects.get(name="demo")
    client = enter("manager")
    for loan in Loan.objects.filter(book=book).order_by("pk"):
        _, events = queries.load_loan(book=book, loan_ref=loan.loan_ref)
        paid = [event for event in events if event.kind.value == "payment_received"]
        if paid:
            break
    address = reverse("board:loan", args=["demo", loan.loan_ref])
    day = paid[0].effective_on
    asked = {"as_of": day.isoformat(), "known_at": date(2025, 12, 31).isoformat()}
    response = client.get(address, asked)
    assert "recorded after 2025-12-31" in text_of(response)
    assert not response.context["page_data"].payments
    assert client.get(address, {"as_of": day.isoformat()}).context["page_data"].payments


def test_the_date_pickers_reload_the_body_alone(enter):
    loan = named_loan(Book.objects.get(name="demo"))
    response = enter("manager").get(
        reverse("board:loan", args=["demo", loan.loan_ref]),
        {"as_of": "2026-04-01"},
        headers={"HX-Request": "true", "HX-Target": "loan-body"},
    )
    assert response.content.strip().startswith(b'<div id="loan-body"')


def test_the_list_comes_as_csv_without_formulas(enter):
    client = enter("manager")
    response = client.get(reverse("board:loans_csv", args=["demo"]), {"late": "1"})
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("loan_ref,currency,as_of,status,bucket")
    shown = found_count(client.get(reverse("board:loans", args=["demo"]), {"late": "1"}))
    assert len(lines) == shown + 1 > 2


def test_who_takes_a_list_is_noted_without_what_was_searched_for(enter, shown):
    book = Book.objects.get(name="demo")
    client = enter("manager")
    address = reverse("board:loans_csv", args=["demo"])
    before = AuditRow.objects.count()
    response = client.get(address, {"bucket": "M1", "q": PHONE, "x": "y"})
    rows = len(b"".join(response.streaming_content).splitlines()) - 1
    assert client.head(address).status_code == 405
    row = AuditRow.objects.order_by("-pk").first()
    assert AuditRow.objects.count() == before + 1
    assert (row.acting_user, row.action) == (shown["manager"], "book.hand_out_loans")
    assert (row.target_type, row.target_id) == ("book", str(book.pk))
    asked = {"bucket": "M1", "as_of": ENDS_ON.isoformat(), "has_text": True}
    assert row.details == {"rows": rows, "asked": asked}


def test_a_list_that_is_refused_is_not_noted(enter):
    before = AuditRow.objects.count()
    assert enter("agency").get(reverse("board:loans_csv", args=["demo"])).status_code == 403
    assert enter("other").get(reverse("board:loans_csv", args=["demo"])).status_code == 404
    assert AuditRow.objects.count() == before


def test_pages_of_the_list_hold_each_loan_once(enter):
    client = enter("manager")
    seen = []
    for page in ("1", "2", "3"):
        response = client.get(reverse("board:loans", args=["demo"]), {"sort": "loan", "page": page})
        seen += [row["loan_ref"] for row in response.context["rows"]]
    assert len(seen) - len(response.context["rows"]) == 100
    assert sorted(set(seen)) == seen[:100]


def test_what_is_not_understood_is_said(enter):
    asked = {"bucket": "M99", "month": "soon", "product": "-1", "since": "31-02", "page": "x"}
    response = enter("manager").get(reverse("board:loans", args=["demo"]), asked)
    assert response.status_code == 200
    assert set(response.context["asked"].not_understood) == {
        "bucket=M99", "month=soon", "product=-1", "page=x",
    }  # fmt: skip
    assert "“31-02” is not a day" in text_of(response)


@pytest.mark.parametrize("page", PAGES)
def test_a_book_of_others_looks_as_if_it_were_not_there(enter, page):
    client = enter("other")
    assert client.get(reverse(f"board:{page}", args=["demo"])).status_code == 404
    assert client.get(reverse(f"board:{page}", args=["no-such-book"])).status_code == 404
    ref = named_loan(Book.objects.get(name="demo")).loan_ref
    assert client.get(reverse("board:loan", args=["demo", ref])).status_code == 404


def test_a_role_without_the_right_is_refused(enter):
    client = enter("agency")
    assert client.get(reverse("board:loans", args=["demo"])).status_code == 200
    assert client.get(reverse("board:board", args=["demo"])).status_code == 403
    assert client.get(reverse("board:loans_csv", args=["demo"])).status_code == 403


def test_who_sees_no_loans_is_led_to_none(enter):
    loans = reverse("board:loans", args=["demo"])
    for page in ("board", "quality"):
        address = reverse(f"board:{page}", args=["demo"])
        assert f'href="{loans}' in enter("manager").get(address).content.decode()
    administrator = enter("administrator")
    assert administrator.get(loans).status_code == 403
    board = administrator.get(reverse("board:board", args=["demo"]))
    assert board.status_code == 200
    assert loans not in board.content.decode()


def test_a_funder_sees_her_own_loans_only(enter, shown):
    book = Book.objects.get(name="demo")
    funder_id = shown["funder"].grants.get().funder_id
    own = Loan.objects.filter(book=book, funder_id=funder_id)
    client = enter("funder")
    board = client.get(reverse("board:board", args=["demo"]))
    whole = enter("manager").get(reverse("board:board", args=["demo"])).context["tiles"]
    assert 0 < board.context["tiles"]["loans"] < whole["loans"]
    assert board.context["tiles"]["loans"] <= own.count()
    other = Loan.objects.filter(book=book).exclude(funder_id=funder_id).first()
    assert client.get(reverse("board:loan", args=["demo", other.loan_ref])).status_code == 404
    response = client.get(reverse("board:loan", args=["demo", own.first().loan_ref]))
    assert response.status_code == 200


def test_a_stranger_is_sent_to_the_log_in(shown):
    response = Client().get(reverse("board:board", args=["demo"]))
    assert response.headers["Location"].startswith(reverse("account_login"))


def test_a_fresh_book_says_what_to_type(enter):
    client = enter("other")
    assert client.get("/").headers["Location"] == reverse("board:board", args=["fresh"])
    for page in ("board", "loans", "runs", "quality"):
        response = client.get(reverse(f"board:{page}", args=["fresh"]))
        assert response.status_code == 200
        assert "daihou " in text_of(response)


def test_a_halted_run_says_why(enter):
    run = EndOfDayRun.objects.order_by("-pk").first()
    EndOfDayRun.objects.filter(pk=run.pk).update(
        state=RunState.HALTED,
        halt_code="gate.jump",
        halt_detail={"name": "principal", "before": 100, "after": 900},
    )
    page = text_of(enter("manager").get(reverse("board:run", args=["demo", run.pk])))
    EndOfDayRun.objects.filter(pk=run.pk).update(state=RunState.DONE, halt_code="", halt_detail={})
    assert "Halted before publishing" in page
    assert "after=900" in page
    assert "daihou eod --through 2026-06-30 --book demo --resume" in page
    assert '--override "the reason"' in html.unescape(page)


def test_a_running_run_is_followed_until_it_is_done(enter):
    run = EndOfDayRun.objects.order_by("-pk").first()
    client, part = enter("manager"), {"HX-Request": "true", "HX-Target": "run-detail"}
    addresses = [reverse("board:run", args=["demo", run.pk]), reverse("board:runs", args=["demo"])]
    EndOfDayRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    for address in addresses:
        response = client.get(address, headers=part)
        assert f'hx-get="{address}"' in response.content.decode()
        assert response.content.strip().startswith(b'<div id="run-detail"')
        assert "HX-Refresh" not in response.headers
    EndOfDayRun.objects.filter(pk=run.pk).update(state=RunState.DONE)
    for address in addresses:
        response = client.get(address, headers=part)
        assert "hx-get" not in response.content.decode()
        assert response.headers["HX-Refresh"] == "true"


def test_a_funders_board_is_never_the_cached_whole(shown):
    book = Book.objects.get(name="demo")
    whole, part = (Sight(book=book, funder_ids=ids) for ids in (None, frozenset({1})))
    assert whole.key != part.key
    assert (
        Sight(book=book, funder_ids=frozenset({1, 23})).key
        != Sight(book=book, funder_ids=frozenset({12, 3})).key
    )
