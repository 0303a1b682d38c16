"""``daihou conformance FILE``: run a peer's acceptance cases through our core."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output

if TYPE_CHECKING:
    from rich.table import Table

    from daihou.conformance.run import Result

app = typer.Typer()
COUNTS = ("total", "passed", "failed", "deviation", "unsupported")


@app.command()
def conformance(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of neutral cases (JSON).")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    as_table: Annotated[bool, typer.Option("--table", help="Markdown, for the page.")] = False,
) -> None:
    """Count what passes by trust and feature, and show the first differing cell of each failure."""
    from daihou.conformance.cases import load_cases
    from daihou.conformance.run import feature_table, run_cases, summary

    cases = load_cases(file)
    results = _with_progress(run_cases(cases), total=len(cases))
    if as_table:
        output.stdout().print(feature_table(results), markup=False, soft_wrap=True, end="")
        return
    document = summary(results)
    if as_json:
        output.emit(document, as_json=True)
        return
    console = output.stdout()
    for title, key in (("Feature", "by_feature"), ("Trust", "by_trust")):
        console.print(_counts_table(title, document, key))
    _print_reasons(results)
    _print_failures(results)


def _with_progress(results: "Iterable[Result]", *, total: int) -> "list[Result]":
    from rich.progress import track

    return list(track(results, "Cases", total=total, console=output.stderr(), transient=True))


def _counts_table(title: str, document: dict[str, object], key: str) -> "Table":
    from rich.table import Table

    table = Table(title)
    for name in COUNTS:
        table.add_column(name, justify="right")
    groups = document[key]
    assert isinstance(groups, dict)
    for name, counts in groups.items():
        table.add_row(name, *(str(counts[count]) for count in COUNTS))
    table.add_section()
    table.add_row("all", *(str(document[count]) for count in COUNTS))
    return table


def _print_reasons(results: "Sequence[Result]") -> None:
    for outcome in ("unsupported", "deviation"):
        reasons = Counter(each.reason for each in results if each.outcome == outcome)
        for reason, count in reasons.most_common():
            output.stdout().print(f"{outcome}: {reason} ({count})")


def _print_failures(results: "Sequence[Result]") -> None:
    from rich.markup import escape

    for result in results:
        if result.outcome == "failed":
            first = result.differences[0]
            cell = first.difference
            place = " / ".join(part for part in (cell.table, cell.row, cell.column) if part)
            line = (
                f"{result.case.case_id} ({result.case.trust}), step {first.step}: {place}: "
                f"ours {cell.ours}, theirs {cell.theirs}"
                f" (differing cells: {len(result.differences)})"
            )
            output.stdout().print(f"[red]failed[/red] {escape(line)}")
