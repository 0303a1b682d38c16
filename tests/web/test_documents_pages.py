"""Goal: documents are made by page by those who may, and notices are shown by day and kind."""

import pytest

from daihou.web.archive.models import File, Kind
from daihou.web.assets.npm import ensure_installed
from tests.web.board_site import *  # noqa: F403
from tests.web.board_site import text_of
from tests.web.shown_book import NAME, demo_book, named_loan

PAGES = "/books/demo/documents/"


@pytest.fixture
def loan_ref(shown):
    ensure_installed()
    return named_loan(demo_book()).loan_ref


def asked(loan_ref, **more):
    given = {"loan": loan_ref, "kind": "statement", "language": "zh", "as_of": "2026-06-30"}
    return given | more


def test_a_document_is_made_and_shown(enter, loan_ref):
    manager = enter("manager")
    answer = manager.post(f"{PAGES}make/", asked(loan_ref), follow=True)
    assert "The document is made and kept." in text_of(answer)
    file = File.objects.filter(kind=Kind.PRODUCED).latest("pk")
    assert file.made_from["document"] == "statement"
    got = b"".join(manager.get(f"/books/demo/files/{file.pk}/content/").streaming_content)
    assert got.startswith(b"%PDF")
    shown = text_of(manager.get(f"{PAGES}?loan={loan_ref}&kind=payoff"))
    assert file.name in shown
    assert NAME not in shown


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"loan": "nobody"}, "has no loan nobody"),
        ({"kind": "verdict"}, "The kind has to be one of the list"),
        ({"as_of": "soon"}, "The day has to be a day"),
        ({"kind": "settlement"}, "is not settled"),
        ({"kind": "cost"}, "discloses no costs"),
        ({"kind": "restructure"}, "no change of its plan"),
        ({"note": "x" * 10_000}, "more than 500 characters"),
    ],
)
def test_a_refusal_is_said_and_nothing_is_kept(enter, loan_ref, change, line):
    before = File.objects.count()
    answer = enter("manager").post(f"{PAGES}make/", asked(loan_ref, **change), follow=True)
    assert line in text_of(answer)
    assert File.objects.count() == before


@pytest.mark.parametrize("name", ["analyst", "funder", "agency", "other"])
def test_those_without_the_right_make_nothing(enter, loan_ref, name):
    client = enter(name)
    for path in (PAGES, f"{PAGES}notices/"):
        assert client.get(path).status_code in {403, 404}
    assert client.post(f"{PAGES}make/", asked(loan_ref)).status_code in {403, 404}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_notices_are_counted_by_day_and_listed(enter, loan_ref, language):
    manager = enter("manager", language)
    whole = text_of(manager.get(f"{PAGES}notices/"))
    assert ("Reminder" if language == "en" else "还款提醒") in whole
    assert "T-3" in whole
    for query in ("day=2026-07-01", "kind=overdue", "kind=x&day=y&page=%00", "from=2030-01-01"):
        assert manager.get(f"{PAGES}notices/?{query}").status_code == 200


def test_a_book_without_a_version_says_so(enter):
    assert enter("manager").get("/books/fresh/documents/notices/").status_code == 200


def test_an_agreement_needs_its_request(enter, loan_ref):
    answer = enter("manager").post(f"{PAGES}agreements/999/", {"language": "zh"})
    assert answer.status_code == 404
