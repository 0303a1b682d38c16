"""Goal: ``daihou cases`` sets a book up to collect, opens, assigns and decides."""

import json
from datetime import date

import pytest

from daihou.cli import main
from daihou.web.access.queries import system_user
from daihou.web.cases import promises
from daihou.web.cases.models import Case, CaseNight, Team
from daihou.web.contacts.models import Finding
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from tests.web.collected_book import NIGHT, make_user
from tests.web.ledger_books import loan, tape


@pytest.fixture
def run(db, capsys, monkeypatch):
    from daihou.web.postgres import database

    monkeypatch.setattr(database, "ensure_database", lambda: None)  # It is there.

    def command(*arguments):
        with pytest.raises(SystemExit) as left:
            main.run(["cases", *arguments, "--json"])
        return left.value.code, json.loads(capsys.readouterr().out)

    return command


def test_a_book_is_set_up_to_collect_and_its_cases_are_given_out(run):
    book = ledger.create_book(name="desk", currency="CNY", acting_user=system_user())
    given = tape(loans=[loan(ref) for ref in ("A", "B", "C")])
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
    assert run("open")[1]["error"]["code"] == "case.rule_missing"
    code, rule = run("rule", "--from", "2025-01-01", "--entry-minor", "5000")
    assert (code, rule["entry_minor"], rule["exit_minor"]) == (0, 5000, 0)
    code, opened = run("open")
    assert (code, opened["opened"], opened["cases"]) == (0, 3, {"open": 3})
    assert run("open")[1]["cases"] == {"open": 3}
    assert CaseNight.objects.count() == 1
    make_user("mei")
    code, made = run("collector", "mei", "--team", "early", "--capacity", "2", "--skill", "field")
    assert (code, made) == (0, {"collector": "mei", "team": "early", "capacity": 2})
    assert run("collector", "nobody", "--team", "early")[1]["error"]["code"] == "user.unknown"
    code, report = run("assign")
    assert (code, report["assigned"], report["nobody"]) == (0, 2, {"capacity": 1})
    assert Case.objects.filter(owner__username="mei").count() == 2
    assert run("decide") == (0, {"book": "desk", "on": NIGHT.isoformat()})


def test_the_terms_of_a_promise_are_set_from_a_day_on(run):
    book = ledger.create_book(name="desk", currency="CNY", acting_user=system_user())
    asked = ("promise-rule", "part", "--from", "2026-02-01", "--threshold", "80")
    code, rule = run(*asked, "--grace-days", "3", "--days-most", "14")
    assert (code, rule["threshold"], rule["grace_days"], rule["days_most"]) == (0, 80, 3, 14)
    assert run(*asked, "--threshold", "90")[1]["threshold"] == 90
    before, after = (
        promises.terms_on(book=book, kind="part", on=on)
        for on in (date(2026, 1, 31), date(2026, 2, 1))
    )
    assert before == promises.DEFAULT_TERMS["part"]
    assert (after.threshold_percent, after.grace_days) == (90, 1)
    assert run(*asked, "--grace-days", "31")[1]["error"]["code"] == "case.promise_rule_wrong"
    wrong = run("promise-rule", "soon", "--from", "2026-02-01")
    assert wrong[1]["error"]["code"] == "case.promise_kind_unknown"


def test_teams_days_away_exclusions_and_exceptions_are_said(run):
    book = ledger.create_book(name="desk", currency="CNY", acting_user=system_user())
    ledger.post_tape(
        book=book, tape=tape(loans=[loan(ref) for ref in ("A", "B")]), acting_user=system_user()
    )
    run("rule", "--from", "2025-01-01")
    run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
    make_user("mei")
    code, made = run("team", "early", "--stage", "M2", "--stage", "M1")
    assert (code, made) == (0, {"team": "early", "stages": ["M1", "M2"], "lead": None})
    assert run("team", "early", "--stage", "M9")[1]["error"]["code"] == "case.stage_unknown"
    code, away = run("collector", "mei", "--team", "early", "--away", "2030-01-02")
    assert (code, away["away_until"]) == (0, "2030-01-02")
    assert Team.objects.get().stages == ["M1", "M2"]
    assert run("exclude", "mei", "A", "--reason", "kin")[0] == 0
    assert run("exclude", "mei", "A")[1]["error"]["code"] == "case.reason_missing"
    assert run("exclude", "mei", "A", "--end")[1]["ended"] is True
    assert run("exclude", "mei", "A", "--end")[1]["error"]["code"] == "case.exclusion_missing"
    code, out = run("direct", "A", "--as", "excluded", "--reason", "a court said so")
    assert (code, out) == (0, {"loan": "A", "as": "excluded", "case": None})
    assert run("direct", "A", "--as", "away")[1]["error"]["code"] == "case.direction_unknown"
    code, back = run("direct", "A")
    assert (code, back["as"]) == (0, "ended")
    assert back["case"] is not None
    assert run("direct", "A")[1]["error"]["code"] == "case.direction_missing"
    assert run("direct", "Z")[1]["error"]["code"] == "loan.unknown"


def test_sold_loans_rest_and_the_gate_before_a_bureau_report_answers(run, tmp_path):
    book = ledger.create_book(name="desk", currency="CNY", acting_user=system_user())
    given = tape(loans=[loan(ref) for ref in ("A", "B")])
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
    sold, wrong = tmp_path / "sold.txt", tmp_path / "wrong.txt"
    sold.write_text("B\nA\n")
    wrong.write_text("A\nnobody\n")
    words = ("--to", "Assets Ltd", "--on", "2025-05-20", "--evidence", "contract 7")
    assert run("transferred", str(wrong), *words)[1]["error"]["code"] == "contact.finding_loans"
    assert not Finding.objects.exists()
    code, told = run("transferred", str(sold), *words)
    assert (code, told["loans"], told["to"]) == (0, 2, "Assets Ltd")
    assert set(Finding.objects.values_list("kind", "named")) == {("transferred", "Assets Ltd")}
    code, gate = run("reporting", "--as-of", "2025-05-20")
    assert (code, gate["may"], gate["may_not"]) == (0, 0, 2)
    assert gate["loans"]["A"] == ["report.not_told", "report.no_consent"]
    assert run("reporting", "--as-of", "9999-12-31")[0] == 0
