"""Goal: a page says the right thing of any book. Method: books that strain it, each page read."""

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from daihou.core.position import position
from daihou.web.board import money
from daihou.web.ledger import queries
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from tests.database import scratch
from tests.web.board_site import text_of
from tests.web.odd_books import ENDS_ON, HUGE_MINOR, LONG_REF, make_odd_books
from tests.web.shown_book import make_users

BOOKS = {"yen": 0, "dinar": 3, "odd": 2, "unscheduled": 2}


@pytest.fixture(scope="module")
def client(running_database, django_db_blocker, tmp_path_factory):
    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("odd"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        caches["board"].clear()
        make_odd_books()
        client = Client(headers={"accept-language": "en"})
        user = make_users(only=["manager"])["manager"]
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        yield client


@pytest.mark.parametrize("name", BOOKS)
def test_every_page_of_an_odd_book_opens(client, name):
    for page in ("board", "loans", "runs", "quality"):
        assert client.get(reverse(f"board:{page}", args=[name])).status_code == 200


@pytest.mark.parametrize(("name", "digits"), BOOKS.items())
def test_amounts_have_the_digits_of_their_currency(client, name, digits):
    book = Book.objects.get(name=name)
    for row in Loan.objects.filter(book=book):
        contract, events = queries.load_loan(book=book, loan_ref=row.loan_ref)
        at = position(contract=contract, events=events, as_of=ENDS_ON)
        page = text_of(client.get(reverse("board:loan", args=[name, row.loan_ref])))
        assert money.full(at.payoff_minor, digits=digits) in page
        assert len(money.full(at.payoff_minor, digits=digits).partition(".")[2]) == digits


def test_a_loan_of_360_instalments_is_shown_whole(client):
    page = client.get(reverse("board:loan", args=["odd", "LONG-360"]))
    assert len(page.context["page_data"].instalments) == 360
    assert page.content.decode().count('class="no">') == 361


def test_huge_amounts_are_exact(client):
    page = text_of(client.get(reverse("board:loan", args=["odd", "HUGE"])))
    assert money.full(HUGE_MINOR, digits=2) == "999,999,999,999.00"
    assert "999,999,999,999.00" in page


def test_a_loan_of_nobody_is_called_by_its_number(client):
    page = client.get(reverse("board:loan", args=["odd", "NO-PERSON"])).content.decode()
    assert "NO-PERSON" in page.partition("<h1>")[2][:200]
    assert "None" not in text_of(client.get(reverse("board:loans", args=["odd"])))


def test_a_long_reference_is_its_own_address(client):
    address = reverse("board:loan", args=["odd", LONG_REF])
    assert client.get(address).status_code == 200
    assert client.get(reverse("board:loans", args=["odd"]), {"q": LONG_REF}).url == address


def test_a_loan_without_schedule_shows_no_far_day(client):
    loan = reverse("board:loan", args=["unscheduled", "NO-DAY"])
    pages = [reverse(f"board:{page}", args=["unscheduled"]) for page in ("board", "loans")]
    for address in (loan, f"{loan}?as_of=2025-01-06", f"{loan}?as_of=2025-01-05", *pages):
        response = client.get(address)
        assert response.status_code == 200
        assert "9999" not in response.content.decode(), address
    assert "gives no schedule" in client.get(loan).content.decode()
    quality = client.get(reverse("board:quality", args=["unscheduled"]))
    assert quality.context["without_schedule"] == ["NO-DAY"]
    listed = client.get(reverse("board:loans_csv", args=["unscheduled"]))
    lines = b"".join(listed.streaming_content).decode().splitlines()
    assert "9999" not in lines[1]
    assert lines[1].startswith("NO-DAY,")
