"""``daihou parameters``: what the law says here, and asking for another row or a book's profile."""

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.cli.acting import user_who_may
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.approvals.models import Approval
    from daihou.web.parameters.models import Parameter

app = typer.Typer(no_args_is_help=True, help="Dated parameters: limits, thresholds, periods.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Username = Annotated[str, typer.Option("--user", help="Who asks; another one approves.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
From = Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")]


@app.command("list")
def show(
    *,
    search: Annotated[str, typer.Option(help="Part of a name, a rule or a source.")] = "",
    jurisdiction: Annotated[str, typer.Option(help="CN, …; default: all.")] = "",
    as_json: AsJson = False,
) -> None:
    """List all rows, the newest of each name first."""
    _begin()
    from daihou.web.parameters.queries import history_of

    rows = [_row(row) for row in history_of(search=search, jurisdiction=jurisdiction)]
    output.emit({"parameters": rows}, text=_text(rows), as_json=as_json)


@app.command("set")
def put(
    name: Annotated[str, typer.Argument(help="As listed.")],
    value: Annotated[str, typer.Argument(help="JSON with the keys of the rows before it.")],
    *,
    valid_from: From,
    source: Annotated[str, typer.Option(help="Where it says so.")],
    user: Username,
    reason: Reason,
    confidence: Annotated[str, typer.Option(help="full, secondary, memory or own.")] = "secondary",
    jurisdiction: Annotated[str, typer.Option(help="Whose law.")] = "CN",
    rule_id: Annotated[str, typer.Option("--rule", help="Default: as before.")] = "",
    through: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day, if it ends by itself.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a row. It is in force once somebody else has approved it."""
    _begin()
    from daihou.web.parameters import operations, queries

    before = queries.history_of(jurisdiction=jurisdiction).filter(name=name).first()
    asked = operations.request_parameter(
        fields={
            "name": name,
            "jurisdiction": jurisdiction,
            "valid_from": valid_from.date(),
            "valid_through": through.date() if through else None,
            "value": _value(value),
            "rule_id": rule_id or (before.rule_id if before else ""),
            "source": source,
            "confidence": confidence,
        },
        reason=reason,
        acting_user=user_who_may(user, permission="parameter.change"),
    )
    output.emit(_asked(asked), as_json=as_json)


@app.command()
def profile(
    book: Annotated[str, typer.Argument(help="The book.")],
    lender_type: Annotated[str, typer.Argument(help="bank, micro_lender, private, …")],
    *,
    valid_from: From,
    user: Username,
    reason: Reason,
    jurisdiction: Annotated[str, typer.Option(help="Whose law.")] = "CN",
    as_json: AsJson = False,
) -> None:
    """Ask for a book's profile: under which law and as what kind of lender it lends."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from daihou.web.parameters import operations

    asked = operations.request_profile(
        book=opened.ledger,
        valid_from=valid_from.date(),
        jurisdiction=jurisdiction,
        lender_type=lender_type,
        reason=reason,
        acting_user=user_who_may(user, permission="parameter.change", target=opened.ledger),
    )
    output.emit(_asked(asked), as_json=as_json)


def _begin() -> None:
    from daihou.web.postgres.database import ensure_database

    ensure_database()


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exception:
        raise DaihouError("parameter.value_malformed", text=exception) from exception


def _asked(approval: "Approval") -> dict[str, object]:
    return {"approval": approval.pk, "state": approval.state, "expires_at": approval.expires_at}


def _row(row: "Parameter") -> dict[str, object]:
    return {
        "name": row.name,
        "jurisdiction": row.jurisdiction,
        "rule_id": row.rule_id,
        "valid_from": row.valid_from,
        "valid_through": row.valid_through,
        "value": row.value,
        "source": row.source,
        "confidence": row.confidence,
    }


def _text(rows: list[dict[str, object]]) -> str:
    lines = []
    for row in rows:
        ends = f" through {row['valid_through']}" if isinstance(row["valid_through"], date) else ""
        value = json.dumps(row["value"], ensure_ascii=False)
        named = f"{row['name']} ({row['jurisdiction']}, {row['rule_id'] or '-'})"
        lines += [
            f"{named} from {row['valid_from']}{ends}: {value}",
            f"    {row['confidence']}: {row['source']}",
        ]
    return "\n".join(lines)
