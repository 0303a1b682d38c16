"""Goal: ``daihou parameters`` lists what is in force and asks for rows; it adds none itself."""

import json
from datetime import date

import pytest

from daihou.cli import main
from daihou.web.approvals.models import Approval
from daihou.web.ledger.models import Book
from daihou.web.parameters.models import Parameter

FIRST_DAY = ["--from", "2026-11-20"]
WHY = ["--source", "that day's publication", "--reason", "published"]


@pytest.fixture
def run(db, capsys, monkeypatch):
    from daihou.web.postgres import database

    monkeypatch.setattr(database, "ensure_database", lambda: None)  # It is there.

    def command(*arguments):
        with pytest.raises(SystemExit) as left:
            main.run(["parameters", *arguments, "--json"])
        return left.value.code, json.loads(capsys.readouterr().out)

    return command


def test_lists_rows_with_source_and_confidence(run):
    code, shown = run("list", "--search", "lpr.one_year", "--jurisdiction", "CN")
    row = next(row for row in shown["parameters"] if row["name"] == "lpr.one_year")
    assert code == 0
    assert (row["value"], row["valid_through"], row["confidence"]) == (
        {"rate": "0.030"},
        "2025-12-31",
        "secondary",
    )


def test_asks_for_a_row_and_adds_none(run, make_user):
    make_user("compliance", username="cora")
    before = Parameter.objects.count()
    code, shown = run(
        "set", "lpr.one_year", '{"rate": "0.031"}', *FIRST_DAY, *WHY, "--user", "cora"
    )
    assert (code, shown["state"]) == (0, "pending")
    asked = Approval.objects.get(pk=shown["approval"])
    assert (asked.payload["rule_id"], asked.made_by.username) == ("CN-LPR-1Y", "cora")
    assert Parameter.objects.count() == before


@pytest.mark.parametrize(
    ("name", "value", "user", "refused"),
    [
        ("lpr.one_year", "{rate", "cora", "parameter.value_malformed"),
        ("lpr.one_year", '{"share": 1}', "cora", "parameter.form_differs"),
        ("LPR", '{"rate": "0.031"}', "cora", "parameter.name_invalid"),
        ("lpr.one_year", '{"rate": "0.031"}', "nobody", "user.unknown"),
        ("lpr.one_year", '{"rate": "0.031"}', "mary", "user.may_not"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(run, make_user, name, value, user, refused):
    make_user("compliance", username="cora")
    make_user("manager", username="mary")
    code, shown = run("set", name, value, *FIRST_DAY, *WHY, "--user", user)
    assert (code, shown["error"]["code"]) == (1, refused)
    assert not Approval.objects.exists()


def test_asks_for_a_books_profile(run, make_user):
    make_user("compliance", username="cora")
    Book.objects.create(name="lent", currency="CNY", business_date=date(2026, 1, 1))
    code, shown = run(
        "profile", "lent", "bank", *FIRST_DAY, "--user", "cora", "--reason", "the licence"
    )
    assert (code, shown["state"]) == (0, "pending")
    assert Approval.objects.get(pk=shown["approval"]).payload["lender_type"] == "bank"
