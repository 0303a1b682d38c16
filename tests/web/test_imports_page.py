"""Goal: what an import refused or found can be worked off. Method: import files, read the pages."""

import csv
import html

import pytest
from django.test import Client
from django.urls import reverse

from daihou.cli import importing
from daihou.web import home
from daihou.web.access.models import User
from daihou.web.audit.models import AuditRow
from daihou.web.ledger.models import Book, ImportBatch
from daihou.web.loans.models import Loan
from tests.web.board_site import text_of

pytestmark = pytest.mark.django_db
LOANS = "loan_ref,currency,principal,disbursed_on\n" + "".join(
    f"L{n:03d},CNY,1000,2024-01-31\n" for n in range(70)
)
DUES = "loan_ref,instalment_no,due_on,principal\n" + "".join(
    f"L{n:03d},1,2024-02-29,1000\n" for n in range(69)
)
PAYMENTS = "loan_ref,effective_on,amount\nL001,2024-02-29,400\n" + "".join(
    f"NAMED-{n},2024-02-29,1\n" for n in range(60)
)


@pytest.fixture(autouse=True)
def server_runs(monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.database.ensure_database", lambda: None)


@pytest.fixture
def batch(tmp_path):
    """Import loans of which one has no schedule, and 60 payments of loans that are not there."""
    for name, text in (("loans", LOANS), ("dues", DUES), ("payments", PAYMENTS)):
        (tmp_path / f"{name}.csv").write_text(text)
    importing.import_tape(format_name="native", paths=[tmp_path])
    found = ImportBatch.objects.get()
    exceptions = [
        difference(n, cause="charge_off" if n % 3 else "refund", theirs=100 * n) for n in range(65)
    ]
    found.summary["reconciliation"] |= {"total": 650, "agree": 585, "exceptions": exceptions}
    found.save()
    return found


def difference(n, *, cause, theirs):
    return {
        "loan": f"L{n:03d}", "as_of": "2024-03-31",
        "figure": "stated_days" if n == 64 else "balance",
        "cause": cause, "ours_minor": 100_000, "theirs_minor": theirs,
    }  # fmt: skip


@pytest.fixture
def enter(make_user):
    def make(*roles, language="en", **scope):
        client = Client(headers={"accept-language": language})
        user = make_user(*roles, **scope)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


def address(name, *more):
    return reverse(f"board:{name}", args=["native", *more])


def test_the_list_of_imports_leads_to_each(batch, enter):
    page = enter("analyst").get(address("quality")).content.decode()
    assert address("import", batch.pk) in page
    assert "90.00%" in page


@pytest.mark.parametrize(
    ("language", "text"), [("en", "is not in the book"), ("zh-hans", "没有该借据")]
)
def test_refused_rows_are_shown_with_their_place_and_message(batch, enter, language, text):
    with (home.home() / "imports" / f"native-{batch.pk}-errors.csv").open(
        encoding="utf-8-sig"
    ) as file:
        written = list(csv.DictReader(file))
    response = enter("analyst", language=language).get(address("import", batch.pk))
    rows = response.context["rows"]
    name = "message_en" if language == "en" else "message_zh"
    assert len(written) == 60
    assert [row["message"] for row in rows] == [row[name] for row in written[:50]]
    assert [row["row_number"] for row in rows[:2]] == ["2", "3"]
    assert rows[0]["message"] in response.content.decode()
    assert rows[0]["source_table"] == "payments"
    assert "NAMED-" not in response.content.decode()  # Content is in the file alone.


def test_the_errors_file_is_given_out_and_noted(batch, enter):
    response = enter("analyst").get(address("errors_file", batch.pk))
    body = b"".join(response.streaming_content)
    assert body == (home.home() / "imports" / f"native-{batch.pk}-errors.csv").read_bytes()
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert response.headers["Cache-Control"] == "no-store"
    row = AuditRow.objects.order_by("-pk").first()
    assert (row.action, row.target_id) == ("import.hand_out_errors", str(batch.pk))
    assert row.acting_user == User.objects.get(username="analyst")
    assert row.details == {"file": f"native-{batch.pk}-errors.csv", "rows": 60}


@pytest.mark.parametrize("kept", ["/etc/passwd", "../secrets/secrets.json", "..", "", "gone.csv"])
def test_only_a_file_of_our_own_folder_is_given_out(batch, enter, kept):
    ImportBatch.objects.filter(pk=batch.pk).update(errors_file=kept)
    client, before = enter("analyst"), AuditRow.objects.count()
    assert client.get(address("errors_file", batch.pk)).status_code == 404
    assert AuditRow.objects.count() == before
    page = text_of(client.get(address("import", batch.pk)))
    assert "not there any more" in page


def test_a_link_out_of_the_folder_is_not_followed(batch, enter):
    link = home.home() / "imports" / "link.csv"
    link.symlink_to(home.secrets_folder() / home.SECRETS_FILE)
    ImportBatch.objects.filter(pk=batch.pk).update(errors_file=str(link))
    try:
        assert enter("analyst").get(address("errors_file", batch.pk)).status_code == 404
    finally:
        link.unlink()


def test_the_file_is_for_those_who_may_see_the_whole_book(batch, enter):
    funder = Loan.objects.get(loan_ref="L001").person or _party()
    Loan.objects.filter(loan_ref="L001").update(funder=funder)
    assert enter("agency").get(address("errors_file", batch.pk)).status_code == 403
    assert (
        enter("manager", book_name="else").get(address("errors_file", batch.pk)).status_code == 404
    )
    narrow = enter("analyst", funder=funder)
    assert narrow.get(address("errors_file", batch.pk)).status_code == 403
    page = narrow.get(address("import", batch.pk))
    assert page.context["rows"] == []
    assert [each.loan for each in page.context["differences"]] == ["L001"]
    Book.objects.create(name="other", currency="CNY")
    other = reverse("board:errors_file", args=["other", batch.pk])
    assert enter("operator").get(other).status_code == 404


def _party():
    from daihou.web.parties.models import Party

    return Party.objects.create(source="test", reference="funder", kind="company")


def test_differences_are_paged_and_chosen_by_cause(batch, enter):
    client = enter("analyst")
    first = client.get(address("import", batch.pk))
    assert (len(first.context["differences"]), first.context["page_count"]) == (50, 2)
    assert first.context["causes"] == [("charge_off", 43), ("refund", 22)]
    assert first.context["differences"][3].difference_minor == 100_000 - 300
    assert "997.00" in text_of(first)
    last = client.get(address("import", batch.pk), {"page": "2"})
    assert len(last.context["differences"]) == 15
    refunds = client.get(address("import", batch.pk), {"cause": "refund", "page": "9"})
    assert {each.cause for each in refunds.context["differences"]} == {"refund"}
    assert refunds.context["found"] == 22
    assert client.get(address("import", batch.pk), {"cause": "none"}).context["cause"] == ""
    assert client.get(address("import", batch.pk + 1)).status_code == 404


def test_days_are_not_written_as_money(batch, enter):
    page = enter("analyst").get(address("import", batch.pk), {"page": "2"})
    assert not page.context["differences"][-1].is_money
    assert "100000" in text_of(page)


def test_notes_of_an_import_are_told(batch, enter):
    assert batch.summary["notes"] == {"loan.no_schedule": 1}
    client = enter("analyst")
    note = client.get(address("import", batch.pk)).context["notes"][0]
    assert (note["code"], note["rows"]) == ("loan.no_schedule", 1)
    for page in (address("quality"), address("import", batch.pk)):
        assert note["text"] in html.unescape(text_of(client.get(page)))
