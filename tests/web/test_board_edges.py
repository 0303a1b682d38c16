"""Goal: no address breaks a page, and every refusal is told in our own look, in both languages."""

from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from daihou.web.board.views import board as board_view
from daihou.web.ledger.models import Book, EndOfDayRun
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import ENDS_ON, PASSWORD, named_loan

PAGES = ("board", "loans", "loans_csv", "runs", "quality")
NAMES = (
    "as_of", "compared_on", "known_at", "since", "q", "bucket", "status", "product", "funder",
    "month", "over_days", "from", "to", "first_payment", "sort", "page", "late", "missed",
    "stale", "cause", "nonsense",
)  # fmt: skip
GARBAGE = (
    "", " ", "x", "-1", "0", "1e9", "9" * 30, "٣", "½", "\0", "a\0b", "%", "'; --", "<b>",
    "0001-01-01", "9999-12-31", "9999-12-30", "10000-01-01", "2026-02-30", "2026-13", "0000-00",
    "2026-06-30T00:00", "1900-01-01", "M1", "-loan", "matured", "1", "😀" * 50, "\ud7ff\uffff",
    "[]", "1,2", "NaN", "../../etc", "x" * 5000, "2026-W01-1", "20260630",
)  # fmt: skip
ALONE = ("\0", "9" * 30, "0001-01-01", "9999-12-31", "M1")


def body_of(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.parametrize("page", [*PAGES, "loan", "import"])
def test_no_value_in_an_address_breaks_a_page(enter, page, monkeypatch):
    monkeypatch.setattr(board_view.frames, "board", _same_figures(board_view.frames.board))
    client, book = enter("manager"), Book.objects.get(name="demo")
    more = {"loan": [named_loan(book).loan_ref], "import": [book.import_batches.get().pk]}
    address = reverse(f"board:{page}", args=["demo", *more.get(page, [])])
    every = [dict.fromkeys(NAMES, value) for value in GARBAGE]
    single = [{name: value} for name in NAMES for value in ALONE]
    for asked in every + single:
        response = client.get(address, asked)
        assert response.status_code in {200, 302}, asked
        assert b"Traceback" not in body_of(response)


def _same_figures(compute):
    """Days are read for every value; the figures of one day will do for all."""
    kept = []

    def board(source, **_):
        if not kept:
            kept.append(compute(source, as_of=ENDS_ON, compared_on=ENDS_ON))
        return kept[0]

    return board


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "1899-12-31", "9999-12-31"])
def test_the_board_of_any_day_is_drawn(enter, day):
    address = reverse("board:board", args=["demo"])
    assert enter("manager").get(address, {"as_of": day}).status_code == 200
    assert enter("manager").get(address, {"compared_on": day}).status_code == 200


def test_no_value_in_a_path_breaks_a_page(enter):
    client = enter("manager")
    for value in (*GARBAGE, "a/b", "demo "):
        part = quote(value, safe="")
        for path in (f"/books/{part}/", f"/books/demo/loans/{part}/", f"/books/{part}/loans.csv"):
            assert client.get(path).status_code in {200, 404}, path
    for number in ("0", "1" * 30):
        for path in (f"runs/{number}/", f"quality/{number}/", f"quality/{number}/errors.csv"):
            assert client.get(f"/books/demo/{path}").status_code == 404, path


@pytest.mark.parametrize(
    ("language", "beyond", "odd"),
    [
        ("en", "2030-01-01 lies after 2026-06-30", "is not a day"),
        ("zh-hans", "2030-01-01 晚于可显示的最后一天 2026-06-30", "不是日期"),
    ],
)
def test_a_day_that_cannot_be_shown_is_told(enter, language, beyond, odd):
    client = enter("manager", language)
    for page in ("board", "loans"):
        address = reverse(f"board:{page}", args=["demo"])
        response = client.get(address, {"as_of": "2030-01-01"})
        assert response.status_code == 200
        assert beyond in text_of(response)
        assert odd in text_of(client.get(address, {"as_of": "31/12/2026"}))
        early = text_of(client.get(address, {"as_of": "1066-10-14"}))
        assert "1900-01-01" in early
    loan = reverse("board:loan", args=["demo", named_loan(Book.objects.get(name="demo")).loan_ref])
    ahead = text_of(client.get(loan, {"as_of": "2027-01-01"}))
    assert ("after the business date" if language == "en" else "晚于会计日") in ahead
    assert "2027-01-01" in ahead
    assert odd in text_of(client.get(loan, {"known_at": "yesterday"}))


def test_who_has_no_board_starts_with_what_she_has(enter):
    client = enter("agency")
    assert client.get("/").headers["Location"] == reverse("board:loans", args=["demo"])
    refused = client.get(reverse("board:board", args=["demo"]))
    assert refused.status_code == 403
    assert "Not allowed" in text_of(refused)
    assert "<title>Not allowed" in refused.content.decode()
    page = client.get(reverse("board:loans", args=["demo"])).content.decode()
    bar = page.partition("bar-nav")[2].partition("</nav>")[0]
    assert reverse("board:loans", args=["demo"]) in bar
    assert reverse("board:runs", args=["demo"]) not in bar
    assert f'href="{reverse("board:board", args=["demo"])}" data-key' not in bar


def test_a_session_that_ended_leaves_the_whole_page(shown):
    run = EndOfDayRun.objects.order_by("-pk").first()
    address = reverse("board:run", args=["demo", run.pk])
    stranger = Client()
    part = {"HX-Request": "true", "HX-Target": "run-detail"}
    here = {"HX-Current-URL": f"http://testserver{address}?x=1"}
    response = stranger.get(address, headers=part | here)
    assert (response.status_code, response.content) == (204, b"")
    log_in = reverse("account_login")
    assert response.headers["HX-Redirect"] == f"{log_in}?next={quote(address, safe='')}%3Fx%3D1"
    there = {"HX-Current-URL": "https://evil.example/books/"}
    assert stranger.get(address, headers=part | there).headers["HX-Redirect"].endswith("next=%2F")
    assert stranger.get(address).status_code == 302


@pytest.mark.parametrize(("language", "text"), [("en", "has expired"), ("zh-hans", "已过期")])
def test_a_form_that_expired_is_told_in_our_look(shown, language, text):
    client = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    response = client.post(reverse("account_login"), {"login": "manager", "password": "x"})
    assert response.status_code == 403
    assert text in text_of(response)
    assert "site" in response.content.decode().partition("<link")[2]


@pytest.mark.parametrize(("language", "text"), [("en", "Too many"), ("zh-hans", "过多")])
def test_too_many_log_ins_are_told(shown, language, text):
    cache.clear()
    client = Client(headers={"accept-language": language})
    address = reverse("account_login")
    told = [
        text_of(client.post(address, {"login": "manager", "password": f"wrong {n}"}))
        for n in range(6)
    ]
    assert text not in told[0]
    assert text in told[-1]
    right = client.post(address, {"login": "manager", "password": PASSWORD})
    assert right.status_code == 200
    assert text in text_of(right)
    pages = [client.post(address, {"login": f"n{n}", "password": "x"}) for n in range(30)]
    assert pages[-1].status_code == 429
    assert text in text_of(pages[-1])
    assert "empty-state" in pages[-1].content.decode()
    cache.clear()
