"""Goal: every command starts quickly, answers once, and fails in one line."""

import json
import subprocess
import sys
from datetime import date

import polars as pl
import pytest

from daihou import errors
from daihou.cli import export, main, output
from daihou.core.events import EventRefused
from daihou.core.terms import Component


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main.run(arguments)
    return left.value.code, *capsys.readouterr()


def test_help_names_the_commands_and_imports_no_room():
    code = (
        "import sys\n"
        "from daihou.cli.main import run\n"
        "try:\n    run(['--help'])\n"
        "finally:\n"
        "    heavy = {'django', 'polars', 'numba', 'psycopg'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("db", "user", "import", "eod"):
        assert f" {name} " in shown.stdout


@pytest.mark.parametrize("arguments", [["nope"], ["db", "nope"], ["db", "status", "--nope"]])
def test_a_wrong_command_is_one_line(capsys, arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, json.loads(out)["error"]["code"], err.count("\n")) == (2, "usage", 1)
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_every_command_that_is_listed_loads(capsys):
    _, listed, _ = run(capsys, "--help")
    for name in [name for name in main.COMMANDS if f" {name} " in listed]:
        code, out, _ = run(capsys, name, "--help")
        assert (code, "Usage: daihou " + name in out) == (0, True), name


def test_a_failure_inside_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.description.describe", lambda: 1 / 0)
    code, out, err = run(capsys, "db", "status", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "internal")
    assert err == "error[internal]: internal error: ZeroDivisionError: division by zero\n"


def test_an_interrupt_is_said(capsys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("daihou.web.postgres.description.describe", interrupted)
    assert run(capsys, "db", "status") == (130, "", "error[interrupted]: interrupted\n")


def test_an_error_says_the_same_in_two_languages():
    said = errors.describe(errors.DaihouError("database.too_old", found=14, wanted=15))
    assert said.message_en == "PostgreSQL 14 is too old; 15 or newer is needed"
    assert said.message_zh == "数据库版本 14 过旧，需要 15 或更新"


def test_a_refusal_of_the_core_keeps_its_code():
    assert errors.describe(EventRefused("event.amount_missing")).code == "event.amount_missing"


@pytest.mark.parametrize("params", [{}, {"path": "{x}"}, {"path": "a\nb"}])
def test_odd_params_do_not_break_the_line(params):
    said = errors.describe(errors.DaihouError("backup.exists", **params))
    assert "\n" not in said.message_en
    assert said.message_en.endswith("exists already")


def test_prints_exact_json(capsys):
    from datetime import date
    from decimal import Decimal

    output.emit({"on": date(2026, 1, 31), "rate": Decimal("0.10"), "名": None}, as_json=True)
    assert capsys.readouterr().out == '{"on": "2026-01-31", "rate": "0.10", "名": null}\n'


def test_a_file_that_the_system_keeps_is_named():
    said = errors.describe(PermissionError(13, "Permission denied", "/secret/loans.csv"))
    assert (said.code, said.message_en) == (
        "file.refused",
        "the system does not let /secret/loans.csv be used: Permission denied",
    )


@pytest.mark.parametrize("arguments", [["position", "L1", "--as-of", "2024-03-01"]])
def test_a_command_sets_up_what_it_needs(tmp_path, arguments):
    code = (
        "import daihou.cli.books as books\n"
        "from daihou.errors import DaihouError\n"
        "def none(name):\n    raise DaihouError('book.none')\n"
        "books.open_book = none\n"
        f"from daihou.cli.main import run\nrun({arguments!r})\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert shown.stderr.startswith("error[book.none]")


@pytest.mark.parametrize("arguments", [["import", "nope", "x", "--json"], ["--help"]])
def test_a_terminal_with_few_characters_is_served(arguments):
    shown = subprocess.run(
        [sys.executable, "-c", f"from daihou.cli.main import run\nrun({arguments!r})"],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"},
    )
    assert b"Traceback" not in shown.stderr
    assert shown.returncode == (1 if "--json" in arguments else 0)
    if "--json" in arguments:
        assert json.loads(shown.stdout)["error"]["message_zh"].startswith("没有格式 nope")


@pytest.mark.parametrize(
    ("out", "code"),
    [
        ("/", "export.unknown_suffix"),
        ("missing/p.csv", "export.no_folder"),
        ("folder.csv", "export.is_folder"),
    ],
)
def test_an_impossible_target_is_refused_before_any_work(capsys, tmp_path, out, code):
    (tmp_path / "folder.csv").mkdir()
    target = str(tmp_path / out)
    left, shown, _ = run(
        capsys, "export", "positions", "--as-of", "2024-01-31", "--out", target, "--json"
    )
    assert (left, json.loads(shown)["error"]["code"]) == (1, code)


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".xlsx"])
def test_a_table_is_written_whole_in_every_kind(tmp_path, suffix):
    frame = pl.DataFrame({"loan_ref": ["=1", "L2"], "due_minor": [1, 2]})
    out = tmp_path / f"t{suffix}"
    export.write(frame, out)
    read = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".xlsx": pl.read_excel}[suffix](out)
    assert read["due_minor"].to_list() == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_a_table_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    frame = pl.DataFrame({"loan_ref": ["L1"], "due_minor": [10**16]})
    with pytest.raises(errors.DaihouError, match="cannot be held exactly"):
        export.write(frame, tmp_path / "t.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_what_is_due_on_no_day_is_exported_only_where_it_was_paid():
    amounts = {
        f"{component}_{figure}_minor": [0, 0, 0]
        for component in Component
        for figure in ("due", "paid")
    }
    wide = pl.DataFrame(
        {
            "loan_ref": ["dated", "never", "paid"],
            "instalment_no": [1, 1, 1],
            "due_on": [date(2024, 1, 31), date(9999, 1, 1), date(9999, 1, 1)],
            "paid_on": [None, None, None],
            **amounts,
            "principal_due_minor": [100, 100, 100],
            "principal_paid_minor": [0, 0, 40],
        }
    )
    assert export.by_component(wide)["loan_ref"].to_list() == ["dated", "paid"]


def test_roll_rates_go_forwards(capsys):
    code, out, _ = run(
        capsys, "report", "roll-rates", "--as-of", "2024-01-31", "--since", "2024-02-01", "--json"
    )
    assert (code, json.loads(out)["error"]["code"]) == (1, "report.since_not_before")
