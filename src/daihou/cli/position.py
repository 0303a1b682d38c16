"""``daihou position LOAN``: one loan on any day, as known at any time."""

from datetime import UTC, datetime, time
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from daihou.cli import output

app = typer.Typer()


@app.command()
def position(
    loan: Annotated[str, typer.Argument(metavar="LOAN", help="The loan's reference. 借据号")],
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")],
    known_at: Annotated[
        datetime | None,
        typer.Option(
            "--known-at",
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"],
            help="What was known then: an instant, or a day of the book's zone to its end.",
        ),
    ] = None,
    book: Annotated[str | None, typer.Option(help="The book; may be left out if one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Show what one loan owes, instalment by instalment, and where its money went (余额)."""
    from daihou.cli.books import open_book
    from daihou.core.position import position as fold

    opened = open_book(book)
    from daihou.web.ledger.queries import load_loan

    contract, events = load_loan(book=opened.ledger, loan_ref=loan)
    instant = _instant(known_at, opened.ledger.time_zone)
    found = fold(
        contract=contract,
        events=events,
        as_of=as_of.date(),
        known_at=instant,
    )
    if as_json:
        document = {"book": opened.name, "known_at": instant, "position": _plain(found)}
        output.emit(document, as_json=True)
    else:
        _print(found, digits=contract.minor_digits)


def _instant(known_at: datetime | None, time_zone: str) -> datetime | None:
    """Take a day as its last moment in the zone of the book."""
    if known_at is None or known_at.tzinfo is not None:
        return known_at
    return datetime.combine(known_at, time.max, ZoneInfo(time_zone)).astimezone(UTC)


def _plain(value: Any) -> Any:
    """Turn frozen values into what JSON knows."""
    from dataclasses import fields, is_dataclass

    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _print(found: Any, *, digits: int) -> None:
    from rich.table import Table

    def money(amount_minor: int) -> str:
        return output.money(amount_minor, digits=digits)

    head = (
        f"{found.loan_ref} · {found.as_of} · {found.status} · {found.bucket} · "
        f"DPD {found.days_past_due} · overdue {money(sum(found.overdue_minor.values()))} · "
        f"principal {money(found.principal_outstanding_minor)} · "
        f"pay-off {money(found.payoff_minor)} · unapplied {money(found.unapplied_minor)}"
    )
    table = Table(
        "#", "due on", "component", "due", "paid", "waived", "left", "paid on", title=head
    )
    for instalment in found.instalments:
        for component, owed in instalment.components.items():
            if owed.due_minor:
                table.add_row(
                    str(instalment.instalment_no), str(instalment.due_on), component,
                    money(owed.due_minor), money(owed.paid_minor), money(owed.waived_minor),
                    money(owed.outstanding_minor), str(instalment.paid_on or "-"),
                )  # fmt: skip
    output.stdout().print(table)
