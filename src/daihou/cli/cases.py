"""``daihou cases``: entry rules, opening and closing, teams, assignment, promises."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.ledger.models import Book

app = typer.Typer(no_args_is_help=True, help="Open, assign and decide cases.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]


@app.command()
def rule(
    *,
    effective: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day it holds.")
    ],
    entry_minor: Annotated[
        int, typer.Option(min=1, help="Overdue from this much on. 入催金额")
    ] = 1,
    entry_days: Annotated[int, typer.Option(min=0, help="And so many days past due.")] = 1,
    forced_days: Annotated[
        int | None, typer.Option(min=1, help="Whatever is overdue, from so many days on.")
    ] = None,
    exit_minor: Annotated[int, typer.Option(min=0, help="Closed at this much or less.")] = 0,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Say when persons enter and leave collections (入催规则); cases open after the end of day."""
    ledger = _open(book)
    from daihou.web.access.queries import system_user
    from daihou.web.cases.operations import set_entry_rule

    made = set_entry_rule(
        book=ledger,
        effective_on=effective.date(),
        entry_minor=entry_minor,
        entry_days=entry_days,
        forced_days=forced_days,
        exit_minor=exit_minor,
        acting_user=system_user(),
    )
    output.emit(
        {
            "book": ledger.name,
            "from": made.effective_on,
            "entry_minor": made.entry_minor,
            "entry_days": made.entry_days,
            "forced_days": made.forced_days,
            "exit_minor": made.exit_minor,
        },
        as_json=as_json,
    )


@app.command("promise-rule")
def promise_rule(
    kind: Annotated[str, typer.Argument(help="full, arrears, part or instalments.")],
    *,
    effective: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day it holds.")
    ],
    grace_days: Annotated[int, typer.Option(help="Days after its date. 宽限天数")] = 1,
    threshold: Annotated[int, typer.Option(help="The percentage that keeps it. 履约比例")] = 100,
    days_most: Annotated[int, typer.Option(help="How far off its date may be. 最长天数")] = 30,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Say what a type of promise allows; promises made before keep their terms (承诺规则)."""
    ledger = _open(book)
    from daihou.web.access.queries import system_user
    from daihou.web.cases.promise_rules import set_rule
    from daihou.web.cases.promises import Terms

    made = set_rule(
        book=ledger,
        kind=kind,
        effective_on=effective.date(),
        terms=Terms(grace_days=grace_days, threshold_percent=threshold, days_most=days_most),
        acting_user=system_user(),
    )
    output.emit(
        {
            "book": ledger.name,
            "kind": made.kind,
            "from": made.effective_on,
            "grace_days": made.grace_days,
            "threshold": made.threshold_percent,
            "days_most": made.days_most,
        },
        as_json=as_json,
    )


@app.command("open")
def open_cases(*, book: BookName = None, as_json: AsJson = False) -> None:
    """Let cases follow the newest end of day, where that was not done by it (开案与出催)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.cases.operations import open_and_close
    from daihou.web.cases.queries import has_rule

    if not has_rule(book=ledger):
        raise DaihouError("case.rule_missing", book=ledger.name)
    night = open_and_close(book=ledger, at=timezone.now(), acting_user=system_user())
    found: dict[str, Any] = {} if night is None else {**night.counts, "seconds": night.seconds}
    found.pop("last_loan", None)
    output.emit({"book": ledger.name, **found, "cases": _standing(ledger)}, as_json=as_json)


@app.command()
def collector(
    username: Annotated[str, typer.Argument(help="A user who may log in.")],
    *,
    team: Annotated[str, typer.Option(help="Her team; set up where it is new. 小组")],
    capacity: Annotated[int, typer.Option(min=0, help="Open cases she can have. 容量")] = 300,
    skills: Annotated[list[str] | None, typer.Option("--skill", help="What she can do.")] = None,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="What she speaks.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user a collector of a team (催收员)."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access.models import User
    from daihou.web.access.queries import system_user
    from daihou.web.cases.models import Team
    from daihou.web.cases.staffing import put_collector, put_team

    user = User.objects.filter(username=username).first()
    if user is None:
        raise DaihouError("user.unknown", username=username)
    of_name = Team.objects.filter(name=team).first()
    made = put_collector(
        user=user,
        team=of_name or put_team(name=team, acting_user=system_user()),
        capacity=capacity,
        skills=skills or (),
        languages=languages or (),
        acting_user=system_user(),
    )
    output.emit(
        {"collector": username, "team": made.team.name, "capacity": made.capacity}, as_json=as_json
    )


@app.command()
def assign(*, book: BookName = None, as_json: AsJson = False) -> None:
    """Give every open case to a collector, evenly, and report how even (分案)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.cases.assigning import assign as assign_cases

    run = assign_cases(book=ledger, at=timezone.now(), acting_user=system_user())
    output.emit(
        {"book": ledger.name, "run": run.pk, **run.report, "seconds": run.seconds}, as_json=as_json
    )


@app.command()
def decide(*, book: BookName = None, as_json: AsJson = False) -> None:
    """Decide every promise that is due or had money, by the payments known (承诺判定)."""
    ledger = _open(book)
    from django.db import transaction
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.cases.promises import decide_due

    counts: dict[str, int] = {}
    if ledger.business_date is not None:
        with transaction.atomic():
            counts = decide_due(
                book=ledger,
                on=ledger.business_date,
                at=timezone.now(),
                acting_user=system_user(),
            )
    output.emit({"book": ledger.name, "on": ledger.business_date, **counts}, as_json=as_json)


def _open(name: str | None) -> "Book":
    from daihou.cli.books import open_book

    return open_book(name).ledger


def _standing(book: "Book") -> dict[str, int]:
    from django.db.models import Count

    from daihou.web.cases.models import Case

    found = Case.objects.filter(book=book).order_by("state")
    return dict(found.values_list("state").annotate(count=Count("pk")))
