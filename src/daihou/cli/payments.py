"""``daihou payments``: files in, debits out, three accounts held together, and a sandbox."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.payments.models import Channel

app = typer.Typer(no_args_is_help=True, help="Take payments in, plan debits, reconcile.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
ChannelCode = Annotated[str, typer.Option("--channel", help="The channel's code. 渠道")]
BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
Day = Annotated[datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="The day.")]
REFUSED_SHOWN = 20


@app.command()
def intake(
    file: Annotated[Path, typer.Argument(help="The channel's file of payments.")],
    *,
    channel: ChannelCode,
    as_json: AsJson = False,
) -> None:
    """Take a channel's file in and post it; given again it changes nothing (收款入账)."""
    import time

    found, now = _begin(channel)
    from daihou.web.access.queries import system_user
    from daihou.web.payments.files import take_file

    started = time.perf_counter()
    taken = take_file(
        channel=found,
        content=file.read_bytes(),
        acting_user=system_user(),
        as_of=_today(found, now),
        at=now,
    )
    output.emit(
        {
            "channel": found.code,
            "lines": taken.lines,
            "new": taken.new,
            "known": taken.known,
            "posted": taken.posted,
            "suspended": taken.suspended,
            "failures": taken.failures,
            "refused": taken.refused.height,
            "refused_lines": taken.refused.head(REFUSED_SHOWN).to_dicts(),
            "seconds": round(time.perf_counter() - started, 3),
        },
        as_json=as_json,
    )


@app.command("debit-plan")
def debit_plan(
    *,
    channel: ChannelCode,
    on: Day,
    file: Annotated[
        Path | None, typer.Option(help="Write the batch there and mark it sent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plan a day's debits under mandates in force; with --file, send them (代扣)."""
    found, now = _begin(channel)
    from daihou.web.access.queries import system_user
    from daihou.web.payments.debit_plan import plan_debits, send_batch

    actor = system_user()
    planned = plan_debits(channel=found, run_on=on.date(), acting_user=actor, at=now)
    if file is not None and planned.batch is not None:
        file.write_bytes(send_batch(batch=planned.batch, acting_user=actor, at=now))
    output.emit(
        {
            "channel": found.code,
            "batch": planned.batch.pk if planned.batch else None,
            "debits": planned.count,
            "total_minor": planned.total_minor,
            "left_out": planned.left_out,
            "file": file if planned.batch else None,
        },
        as_json=as_json,
    )


@app.command()
def reconcile(
    *,
    channel: ChannelCode,
    bill: Annotated[Path | None, typer.Option(help="The channel's bill, to take in first.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    through: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; default: the bill's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold bill, receipts and ledger together; differences become breaks (三方对账)."""
    found, now = _begin(channel)
    from daihou.web.access.queries import system_user
    from daihou.web.payments import reconciling

    actor = system_user()
    first = since.date() if since else None
    last = through.date() if through else first
    if bill is not None:
        taken = reconciling.take_bill(
            channel=found, content=bill.read_bytes(), acting_user=actor, at=now
        )
        first, last = first or taken.bill.from_on, last or taken.bill.through_on
    if first is None or last is None:
        raise DaihouError("reconciliation.days_missing")
    run = reconciling.reconcile(
        channel=found, from_on=first, through_on=last, acting_user=actor, at=now
    )
    output.emit(
        {
            "channel": found.code,
            "from": run.from_on,
            "through": run.through_on,
            "bill_lines": run.bill_lines,
            "receipts": run.receipts,
            "events": run.events,
            "agreed": run.agreed,
            "breaks": run.found,
            **run.sums,
            "seconds": run.seconds,
        },
        as_json=as_json,
    )


@app.command()
def sandbox(
    *,
    book: BookName = None,
    seed: Annotated[int, typer.Option(help="The same seed tells the same story.")] = 1,
    count: Annotated[int, typer.Option(min=1, help="Payers of each channel.")] = 50,
    bills: Annotated[Path | None, typer.Option(help="Write each channel's bill there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let make-believe channels tell a book of a day: late, twice, wrong, refunded (沙箱)."""
    from daihou.cli.books import open_book

    ledger = open_book(book).ledger
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.payments.sandbox.drive import drive, ensure_sandboxes

    actor, now = system_user(), timezone.now()
    told: list[dict[str, Any]] = []
    for channel in ensure_sandboxes(book=ledger, acting_user=actor):
        done = drive(channel=channel, at=now, seed=seed, count=count, acting_user=actor)
        if bills is not None:
            bills.mkdir(parents=True, exist_ok=True)
            (bills / f"{channel.code}.csv").write_bytes(done.bill)
        told.append(
            {
                "channel": channel.code,
                "told": done.told,
                "new": done.new,
                "known": done.known,
                "refused": done.refused,
                "posted": done.posted.posted,
                "suspended": done.posted.suspended,
                "waiting": done.posted.waiting,
            }
        )
    output.emit({"book": ledger.name, "channels": told}, as_json=as_json)


def _begin(code: str) -> tuple["Channel", datetime]:
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from django.utils import timezone

    from daihou.web.payments.queries import channel_of

    return channel_of(code=code), timezone.now()


def _today(channel: "Channel", now: datetime) -> Any:
    from zoneinfo import ZoneInfo

    return now.astimezone(ZoneInfo(channel.book.time_zone)).date()
