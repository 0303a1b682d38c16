"""``daihou cases``: entry rules, opening and closing, teams, assignment, promises."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book
    from daihou.web.parties.models import Party

app = typer.Typer(no_args_is_help=True, help="Open, assign and decide cases.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
CAPACITY = 300  # Of a new collector.


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
    team: Annotated[str | None, typer.Option(help="Her team; set up where it is new. 小组")] = None,
    capacity: Annotated[
        int | None, typer.Option(min=0, help="Open cases she can have; at first 300. 容量")
    ] = None,
    skills: Annotated[
        list[str] | None, typer.Option("--skill", help='What she can do; "" for nothing.')
    ] = None,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help='What she speaks; "" for none named.')
    ] = None,
    away: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="No new cases through this day. 休假至"),
    ] = None,
    is_back: Annotated[bool, typer.Option("--back", help="She is away no more.")] = False,
    is_active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether she works cases at all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user a collector of a team, or change of her what is named, nothing else (催收员)."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access.queries import system_user
    from daihou.web.cases.models import Collector, Team
    from daihou.web.cases.staffing import put_collector, put_team

    user, by = _user(username), system_user()
    known = Collector.objects.filter(user=user).select_related("team").first()
    named = Team.objects.filter(name=team).first() if team else known and known.team
    until = known.away_until if known else None
    if away or is_back:
        until = away.date() if away else None
    made = put_collector(
        user=user,
        team=named or put_team(name=team or "", acting_user=by),
        capacity=_given(capacity, known, "capacity", default=CAPACITY),
        skills=_given(skills, known, "skills", default=[]),
        languages=_given(languages, known, "languages", default=[]),
        away_until=until,
        is_active=_given(is_active, known, "is_active", default=True),
        acting_user=by,
    )
    told = {"collector": username, "team": made.team.name, "capacity": made.capacity}
    if made.away_until is not None:
        told["away_until"] = made.away_until
    output.emit(told, as_json=as_json)


def _given(value: Any, known: object, name: str, *, default: Any) -> Any:
    """Take what was named, else what is known already, else what a new one begins with."""
    if value is not None:
        return value
    return default if known is None else getattr(known, name)


@app.command()
def team(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    *,
    stages: Annotated[
        list[str] | None, typer.Option("--stage", help='M1 to M6+; "": every stage. 阶段')
    ] = None,
    lead: Annotated[
        str | None, typer.Option(help='The user who leads it; "" for nobody. 组长')
    ] = None,
    is_active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Whether it gets cases.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up a team, or change of it what is named, nothing else (小组)."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access.queries import system_user
    from daihou.web.cases.models import Team
    from daihou.web.cases.staffing import put_team

    known = Team.objects.filter(name=name).select_related("lead").first()
    made = put_team(
        name=name,
        lead=_user(lead) if lead else (known.lead if known and lead is None else None),
        stages=[each for each in _given(stages, known, "stages", default=[]) if each],
        is_active=_given(is_active, known, "is_active", default=True),
        acting_user=system_user(),
    )
    leader = made.lead.username if made.lead else None
    output.emit({"team": made.name, "stages": made.stages, "lead": leader}, as_json=as_json)


@app.command()
def exclude(
    username: Annotated[str, typer.Argument(help="The collector.")],
    loan: Annotated[str, typer.Argument(help="A loan of the person.")],
    *,
    reason: Annotated[str, typer.Option(help="Kin, a complaint, a conflict.")] = "",
    is_ended: Annotated[bool, typer.Option("--end", help="He may work her again.")] = False,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Keep a collector from a person; the next run takes her cases from him (回避)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.cases import staffing

    given: dict[str, Any] = {
        "user": _user(username),
        "party": _person(ledger, loan),
        "at": timezone.now(),
        "acting_user": system_user(),
    }
    if is_ended:
        staffing.end_exclusion(**given)
    else:
        staffing.exclude(reason=reason, **given)
    output.emit({"collector": username, "loan": loan, "ended": is_ended}, as_json=as_json)


@app.command()
def direct(
    loan: Annotated[str, typer.Argument(help="A loan of the person.")],
    *,
    what: Annotated[
        str | None, typer.Option("--as", help="forced: in; excluded: out; left out: by the rule.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day by the rule again.")
    ] = None,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Force a person into collections or keep her out; her case follows (强制入催, 不入催)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.cases import operations
    from daihou.web.cases.queries import open_case_of

    party = _person(ledger, loan)
    given: dict[str, Any] = {
        "book": ledger,
        "party": party,
        "on": ledger.business_date or timezone.localdate(),
        "at": timezone.now(),
        "acting_user": system_user(),
    }
    if what is None:
        operations.end_direction(**given)
    else:
        until_on = until.date() if until else None
        operations.direct(kind=what, reason=reason, until_on=until_on, **given)
    found = open_case_of(book=ledger, party=party)
    told = {"loan": loan, "as": what or "ended", "case": found.pk if found else None}
    output.emit(told, as_json=as_json)


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


@app.command()
def transferred(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Loans, one a line.")],
    *,
    to: Annotated[str, typer.Option(help="To whom they went. 受让方")],
    on: Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day of it.")],
    evidence: Annotated[str, typer.Option(help="Where the contract of transfer is kept.")],
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Note that loans went to another creditor: they rest until the notice arrived (债权转让)."""
    ledger = _open(book)
    from daihou.web.access.queries import system_user
    from daihou.web.contacts.findings import note_transfers

    refs = file.read_text(encoding="utf-8-sig").split()
    count = note_transfers(
        book=ledger, refs=refs, to=to, on=on.date(), evidence=evidence, acting_user=system_user()
    )
    output.emit({"book": ledger.name, "to": to, "on": on.date(), "loans": count}, as_json=as_json)


@app.command()
def reporting(
    *,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day of the report; else the book's day."),
    ] = None,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Say which overdue loans may be reported to a credit bureau, and why others not (征信报送)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.contacts import reporting as gate
    from daihou.web.loans.models import Loan

    on = as_of.date() if as_of else ledger.business_date or timezone.localdate()
    loans = gate.overdue(loans=Loan.objects.filter(book=ledger))
    lines = gate.lines(book=ledger, loans=loans, on=on)
    found = {line.loan.loan_ref: [each.code for each in line.refusals] for line in lines}
    allowed = sum(line.may_be_reported for line in lines)
    document = {"book": ledger.name, "as_of": on, "may": allowed, "may_not": len(lines) - allowed}
    told = "".join(
        f"{ref} {'may be reported' if not codes else ', '.join(codes)}\n"
        for ref, codes in found.items()
    )
    head = "".join(f"{name}: {value}\n" for name, value in document.items())
    output.emit({**document, "loans": found}, as_json=as_json, text=head + told)


def _user(username: str) -> "User":
    from daihou.web.access.models import User

    found = User.objects.filter(username=username).first()
    if found is None:
        raise DaihouError("user.unknown", username=username)
    return found


def _person(book: "Book", loan_ref: str) -> "Party":
    from daihou.web.loans.models import Loan

    found = Loan.objects.select_related("person").filter(book=book, loan_ref=loan_ref).first()
    if found is None or found.person is None:
        raise DaihouError("loan.unknown", loan_ref=loan_ref, book=book.name)
    return found.person


def _open(name: str | None) -> "Book":
    from daihou.cli.books import open_book

    return open_book(name).ledger


def _standing(book: "Book") -> dict[str, int]:
    from django.db.models import Count

    from daihou.web.cases.models import Case

    found = Case.objects.filter(book=book).order_by("state")
    return dict(found.values_list("state").annotate(count=Count("pk")))
