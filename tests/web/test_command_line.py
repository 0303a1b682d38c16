"""Goal: every command starts quickly, answers once, and fails in one line."""

import json
import subprocess
import sys

import pytest

from daihou import errors
from daihou.cli import main, output
from daihou.core.events import EventRefused


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
