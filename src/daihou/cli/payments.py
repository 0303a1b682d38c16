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


@app.command("channel-add")
def channel_add(
    code: Annotated[str, typer.Argument(help="Its code: a-z, 0-9, - and _.")],
    *,
    adapter: Annotated[str, typer.Option(help="wechat_pay, alipay, bank_debit or manual.")],
    account: Annotated[str, typer.Option(help="Our number with the provider.")],
    secret_ref: Annotated[str, typer.Option(help="The file of its keys, without .json.")] = "",
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Add a channel to a book; its keys lie in <DAIHOU_SECRETS>/channels (新增渠道)."""
    from daihou.cli.books import open_book

    ledger = open_book(book).ledger
    from daihou.web.access.queries import system_user
    from daihou.web.payments import channels, secrets

    added = channels.add_channel(
        book=ledger,
        code=code,
        adapter=adapter,
        account=account,
        secret_ref=secret_ref,
        acting_user=system_user(),
    )
    keys = secrets.path_of(secret_ref=secret_ref) if secret_ref else None
    output.emit(
        {
            "channel": added.code,
            "book": ledger.name,
            "hook": f"/hooks/{added.code}/" if keys else None,
            "keys": keys,
            "keys_found": keys.is_file() if keys else None,
        },
        as_json=as_json,
    )


@app.command("channel-switch")
def channel_switch(
    *,
    channel: ChannelCode,
    on: Annotated[bool, typer.Option("--on/--off", help="Open it, or close it.")],
    as_json: AsJson = False,
) -> None:
    """Open or close a channel; what came in stays (启用、停用渠道)."""
    found, _ = _begin(channel)
    from daihou.web.access.queries import system_user
    from daihou.web.payments import channels

    changed = channels.set_active(channel=found, is_active=on, acting_user=system_user())
    output.emit({"channel": changed.code, "is_active": changed.is_active}, as_json=as_json)


@app.command("mandate-add")
def mandate_add(
    loan: Annotated[str, typer.Argument(help="The loan's reference. 借据")],
    *,
    channel: ChannelCode,
    reference: Annotated[str, typer.Option(help="The agreement's number. 协议号")],
    account: Annotated[str, typer.Option(help="The account that may be debited. 扣款账号")],
    evidence: Annotated[Path, typer.Option(help="The signed agreement; its SHA-256 is kept.")],
    on: Day,
    most_minor: Annotated[int | None, typer.Option(min=1, help="Most of one debit.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put on file that a payer agreed to be debited (签约)."""
    found, _ = _begin(channel)
    from hashlib import sha256

    from daihou.web.access.queries import system_user
    from daihou.web.loans.models import Loan
    from daihou.web.payments.mandates import add_mandate

    lent = Loan.objects.filter(book=found.book, loan_ref=loan).first()
    if lent is None:
        raise DaihouError("loan.unknown", loan_ref=loan, book=found.book.name)
    added = add_mandate(
        channel=found,
        loan=lent,
        reference=reference,
        account=account,
        evidence_digest=sha256(evidence.read_bytes()).hexdigest(),
        signed_on=on.date(),
        most_minor=most_minor,
        acting_user=system_user(),
    )
    output.emit(
        {
            "mandate": added.reference,
            "loan": loan,
            "account": added.account_masked,
            "evidence": added.evidence_digest,
        },
        as_json=as_json,
    )


@app.command("mandate-end")
def mandate_end(
    reference: Annotated[str, typer.Argument(help="The agreement's number. 协议号")],
    *,
    channel: ChannelCode,
    on: Day,
    as_json: AsJson = False,
) -> None:
    """End a mandate: from that day on nothing is debited under it (解约)."""
    found, _ = _begin(channel)
    from daihou.web.access.queries import system_user
    from daihou.web.payments.mandates import end_mandate, mandate_of

    ended = end_mandate(
        mandate=mandate_of(channel=found, reference=reference),
        ended_on=on.date(),
        acting_user=system_user(),
    )
    output.emit({"mandate": ended.reference, "ended_on": ended.ended_on}, as_json=as_json)


def _begin(code: str) -> tuple["Channel", datetime]:
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from django.utils import timezone

    from daihou.web.payments.queries import channel_of

    return channel_of(code=code), timezone.now()


def _today(channel: "Channel", now: datetime) -> Any:
    from zoneinfo import ZoneInfo

    return now.astimezone(ZoneInfo(channel.book.time_zone)).date()
