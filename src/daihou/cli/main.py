"""The ``daihou`` command: finds the command modules that exist, reports every error in one line.

A command module defines ``app = typer.Typer(...)`` and has one line in ``COMMANDS``. An app with
one command becomes that command (``daihou eod``), one with several becomes a group
(``daihou db start``). Modules are imported only when their command runs, so ``--help`` is quick.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from daihou.cli import output
from daihou.errors import DaihouError

INTERRUPTED = 130
COMMANDS: dict[str, tuple[str, str]] = {
    "import": ("daihou.cli.importing", "Import a loan tape into a book. 导入借据"),
    "eod": ("daihou.cli.eod", "Run the end of day. 日终"),
    "position": ("daihou.cli.position", "Show one loan, as of a day, as known at a time. 余额"),
    "report": ("daihou.cli.report", "Ageing, roll rates, vintages and more. 报表"),
    "export": ("daihou.cli.export", "Write positions or dues to a file. 导出"),
    "accounting": ("daihou.cli.accounting", "The general ledger. 总账"),
    "audit": ("daihou.cli.audit", "Export and verify the sealed log. 存证"),
    "conformance": ("daihou.cli.conformance", "Run a peer's acceptance cases. 对照测试"),
    "bench": ("daihou.cli.bench", "Measure this machine. 基准测试"),
    "reach": ("daihou.cli.reach", "Remind before due; listen to the switch; try out. 触达"),
    "payments": ("daihou.cli.payments", "Take payments in, plan debits, reconcile. 收款"),
    "cutover": ("daihou.cli.cutover", "Take over from another collections system. 迁入"),
    "cases": ("daihou.cli.cases", "Open, assign and decide cases. 案件"),
    "demo": ("daihou.cli.demo", "Make the demonstration book and show it. 演示"),
    "documents": ("daihou.cli.documents", "Make statements and letters; plan notices. 文书"),
    "files": ("daihou.cli.files", "Verify and purge the archive of files. 档案"),
    "parameters": ("daihou.cli.parameters", "List and ask for dated parameters. 参数"),
    "products": ("daihou.cli.products", "List products; cost a sample loan. 产品"),
    "serve": ("daihou.cli.serve", "Serve the web pages. 网页服务"),
    "worker": ("daihou.cli.worker", "Do queued jobs. 后台任务"),
    "db": ("daihou.cli.db", "Start, stop, back up and restore the database. 数据库"),
    "api": ("daihou.cli.api", "Keys for programs, OpenAPI. 接口"),
    "privacy": ("daihou.cli.privacy", "Keys, exports and answers about personal data. 个人信息"),
    "user": ("daihou.cli.user", "Add and change the people who may log in. 用户"),
}


class CommandGroup(TyperGroup):
    """The commands of ``COMMANDS`` whose module is installed, each imported when it is used."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  Typer's own class is private.
        return [name for name, (module, _) in COMMANDS.items() if find_spec(module)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command's name and summary only, for lists of commands."""
        if cmd_name not in self.list_commands(ctx):
            return None
        listed = typer.Typer(add_completion=False)
        listed.command(name=cmd_name, help=COMMANDS[cmd_name][1])(lambda: None)
        return typer.main.get_command(listed)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the module of the command that is about to run."""
        name, _, rest = super().resolve_command(ctx, args)
        module, summary = COMMANDS[str(name)]
        found = import_module(module).app
        found._add_completion = False  # noqa: SLF001  Typer has no other way after the fact.
        command = typer.main.get_command(found)
        command.name, command.short_help = name, summary
        return name, command, rest


app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="贷后: an exact, replayable loan book. Data live in DAIHOU_HOME (default ./.daihou).",
)


@app.callback()
def _root() -> None:
    """Take the options common to all commands; there are none yet."""


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    output.suit_terminal()
    raise SystemExit(_exit_code(given))


def _exit_code(arguments: list[str]) -> int:
    as_json = "--json" in arguments
    try:
        result = app(args=arguments, prog_name="daihou", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        result = INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return 1
    except Exception as exception:
        if os.environ.get("DAIHOU_DEBUG"):
            raise
        return _failed(exception, as_json=as_json)
    if result == INTERRUPTED:  # Typer's own answer to Ctrl-C, too.
        output.fail(DaihouError("interrupted"), as_json=as_json)
    return result if isinstance(result, int) else 0


def _failed(exception: Exception, *, as_json: bool) -> int:
    format_message = getattr(exception, "format_message", None)
    if callable(format_message):  # The parser's own refusals; an empty one has shown the help.
        if text := format_message():
            output.fail(DaihouError("usage", text=text), as_json=as_json)
        return 2
    output.fail(exception, as_json=as_json)
    return 1


def _silence_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
