"""``daihou reach``: reminders before due, the switch's events, and a sandbox of every provider."""

import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.channels.models import Account
    from daihou.web.ledger.models import Book

app = typer.Typer(no_args_is_help=True, help="Remind before due; listen to the switch; try out.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
AGAIN_SECONDS = 3.0


@app.command()
def remind(
    *,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today by default.")
    ] = None,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Plan a day's reminders and ask for those due now (还款提醒); again changes nothing."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.channels import reminders
    from daihou.web.servicing.loading import local_day

    now = timezone.now()
    day = on.date() if on else local_day(book=ledger, at=now)
    planned = reminders.plan(book=ledger, on=day, acting_user=system_user())
    asked = reminders.ask_due(at=now, acting_user=system_user())
    output.emit(
        {
            "book": ledger.name,
            "on": planned.on,
            "found": planned.found,
            "new": planned.new,
            "asked": asked.asked,
            "refused": asked.refused,
            "skipped": asked.skipped,
            "later": asked.later,
        },
        as_json=as_json,
    )


@app.command()
def listen(
    *, account: Annotated[str, typer.Option(help="The account of the switch. 话务账户")]
) -> None:
    """Take down how calls end and who calls, until stopped; connects again (话务监听)."""
    found = _account(account)
    from daihou.web.access.queries import system_user
    from daihou.web.channels import hearing, secrets
    from daihou.web.channels.adapters import freeswitch

    while True:
        try:
            loaded = secrets.load(secret_ref=found.secret_ref)
            for said in freeswitch.listen(secrets=loaded, called=found.sender):
                hearing.keep(account=found, said=said, acting_user=system_user())
        except OSError as exception:
            typer.echo(f"{found.code}: {type(exception).__name__}", err=True)
            time.sleep(AGAIN_SECONDS)


@app.command()
def sandbox(
    *,
    book: BookName = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same fates.")] = 1,
    minutes: Annotated[
        int | None, typer.Option(min=1, help="End after so long; else when stopped.")
    ] = None,
) -> None:
    """Run make-believe providers and point a book's accounts to them (触达沙箱)."""
    ledger = _open(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.channels.sandbox import site as sandbox_of
    from daihou.web.channels.sandbox.world import USUAL, World, by_chance

    world = World(fate_of=by_chance(seed=seed, weights=USUAL))
    until = time.monotonic() + minutes * 60 if minutes else None
    with sandbox_of.running(world=world) as site:
        accounts = sandbox_of.open_accounts(book=ledger, site=site, acting_user=system_user())
        typer.echo(f"{ledger.name}: {len(accounts)} 个沙箱账户 sandbox accounts", err=True)
        while until is None or time.monotonic() < until:
            sandbox_of.tell(site=site, accounts_by_provider=accounts, at=timezone.now())
            time.sleep(1)


def _open(book: str | None) -> "Book":
    from daihou.cli.books import open_book

    return open_book(book).ledger


def _account(code: str) -> "Account":
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.channels.models import Account

    found = Account.objects.filter(code=code, provider="freeswitch").first()
    if found is None:
        raise DaihouError("account.unknown", account=code)
    return found
