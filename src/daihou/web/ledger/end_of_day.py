"""The end of day of a book: restartable, one run at a time, published shard by shard.

A run's knowledge is fixed when it begins. Its shards are computed (files), the gates are asked,
then each shard is published in a transaction of its own together with its done mark, and at last
the version. Killed anywhere and run again, it ends with the same bytes and the same rows.
"""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import psycopg
from django.db import connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.web.access.models import User
from daihou.web.accounting.nightly import post_newest
from daihou.web.audit import operations as audit
from daihou.web.cases.operations import open_and_close
from daihou.web.ledger import gates, queries
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.extract import Knowledge, Taken, count_new, find_unknown
from daihou.web.ledger.halting import LOCK_CLASS, halt, obey
from daihou.web.ledger.models import (
    Book,
    BookVersion,
    EndOfDayRun,
    EndOfDayStep,
    ImportBatch,
    RunState,
    StepState,
)
from daihou.web.ledger.publishing import publish_shard, settle_persons
from daihou.web.ledger.shard_work import (
    ShardDone,
    ShardTask,
    compute_shard,
    compute_shard_on,
    watch_parent,
)

LOCK_WAIT = "10s"  # A killed run's session may live a moment longer than its process.
STAGING = "staging"  # Below the book's folder; gone when no run is under way.
SMALL_LOANS_MOST = 50_000  # Up to that, starting processes costs more than it gives …
NIGHT_SHARDS_MOST = 16  # … and for so many shards, once the book's first version is there.


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    phase: str  # compute, publish
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfDayResult:
    run_id: int | None  # None when there was nothing to do.
    business_date: date
    loans: int
    events: int
    changed: int
    seconds: float
    alarms: tuple[Mapping[str, Any], ...]


def no_progress(progress: Progress) -> None:
    """Take no notice."""


def run_end_of_day(
    *,
    book: Book,
    through: date,
    acting_user: User,
    on_progress: Callable[[Progress], None] = no_progress,
    processes: int | None = None,
    at: datetime | None = None,
) -> EndOfDayResult:
    """Bring the book to the end of ``through``; an unfinished run is finished first.

    ``at`` is the instant by which cases open, close and age; by default now.

    :raises LedgerRefused: ``end_of_day.before_book``, ``end_of_day.unfinished``,
        ``end_of_day.running``, ``end_of_day.halted``, ``end_of_day.no_events``.
    :raises GateFailed: ``gate.*``; the run is halted then.
    """
    started = time.perf_counter()
    with _only_run(book):
        while True:
            run = _begin(book=book, through=through, acting_user=acting_user)
            if run is None:
                _follow_up(book=book, at=at, acting_user=acting_user)  # Where a kill left that out.
                return _idle(book=book, seconds=time.perf_counter() - started)
            _carry_out(run=run, on_progress=on_progress, processes=processes)
            _follow_up(book=book, at=at, acting_user=acting_user)
            run.refresh_from_db(fields=["alarms"])
            if run.through_on == through:
                return _result(run=run, seconds=time.perf_counter() - started)


def _follow_up(*, book: Book, at: datetime | None, acting_user: User) -> None:
    """Post the newest version and let the cases follow it, each unless that was done."""
    post_newest(book=book, acting_user=acting_user)
    open_and_close(book=book, at=at or timezone.now(), acting_user=acting_user)


@contextmanager
def _only_run(book: Book) -> Iterator[None]:
    """Hold the book's advisory lock for the session; it goes when the process goes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_WAIT])
        try:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, book.pk])
        except Exception as exception:
            if isinstance(exception.__cause__, psycopg.errors.LockNotAvailable):
                raise LedgerRefused("end_of_day.running", book=book.name) from exception
            raise
        finally:
            cursor.execute("SELECT set_config('lock_timeout', '0', false)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, book.pk])


def _begin(*, book: Book, through: date, acting_user: User) -> EndOfDayRun | None:
    """Return the run to carry out: the unfinished one, or a new one if there is anything to do."""
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book.pk)
        unfinished = EndOfDayRun.objects.filter(book=book).exclude(state=RunState.DONE).first()
        if unfinished is not None:
            return _resumed(run=unfinished, through=through)
        if book.business_date is not None and through < book.business_date:
            raise LedgerRefused(
                "end_of_day.before_book",
                through=through,
                business_date=book.business_date,
                book=book.name,
            )
        if book.next_sequence == 1:
            raise LedgerRefused("end_of_day.no_events", book=book.name)
        return _new_run(book=book, through=through, acting_user=acting_user)


def _resumed(*, run: EndOfDayRun, through: date) -> EndOfDayRun:
    if through < run.through_on:
        raise LedgerRefused("end_of_day.unfinished", through=through, unfinished=run.through_on)
    if run.state == RunState.HALTED:
        raise LedgerRefused("end_of_day.halted", through=run.through_on, reason=run.halt_code)
    return run


def _new_run(*, book: Book, through: date, acting_user: User) -> EndOfDayRun | None:
    last = BookVersion.objects.filter(book=book).order_by("-pk").first()
    known_at = queries.cut_off_at(book=book, business_date=through)
    is_again = book.business_date == through
    is_whole = last is not None and _folder_holds(book=book, version=last)
    if is_again and is_whole and last is not None and _nothing_new(book, last, known_at):
        return None
    start_anew = is_again or not is_whole or last is None
    alarms = _alarms(book=book, through=through)
    if last is not None and not is_whole:
        alarms.append({"code": "book.rebuilt", "business_date": last.business_date.isoformat()})
    run = EndOfDayRun.objects.create(
        book=book,
        from_on=None if start_anew else book.business_date,
        through_on=through,
        after_sequence=0 if start_anew or last is None else last.ledger_sequence,
        ledger_sequence=book.next_sequence - 1,
        known_after=None if start_anew or last is None else last.known_at,
        known_at=known_at,
        held_from=None if start_anew or last is None else last.held_from,
        started_at=timezone.now(),
        acting_user=acting_user,
        alarms=alarms,
    )
    EndOfDayStep.objects.bulk_create(
        EndOfDayStep(run=run, shard=shard) for shard in range(book.shard_count)
    )
    return run


def _folder_holds(*, book: Book, version: BookVersion) -> bool:
    """Tell whether the book's folder ends with this very version; it is a cache and may be lost."""
    folder = queries.engine_book(book=book)
    dates = folder.business_dates()
    if not dates or version.business_date not in dates:
        return False
    return folder.manifest(business_date=version.business_date).digest == version.manifest_digest


def _nothing_new(book: Book, last: BookVersion, known_at: Any) -> bool:
    return last.ledger_sequence == book.next_sequence - 1 and last.known_at == known_at


def _alarms(*, book: Book, through: date) -> list[dict[str, Any]]:
    """Raise an alarm where an overlay's daily tape is missing or late."""
    batches = ImportBatch.objects.filter(book=book, stated_on__isnull=False)
    newest = batches.order_by("-stated_on").values_list("stated_on", flat=True).first()
    if newest is None or (through - newest).days < book.stale_after_days:
        return []
    days = (through - newest).days
    return [{"code": "tape.stale", "stated_on": newest.isoformat(), "days": days}]


def _carry_out(
    *, run: EndOfDayRun, on_progress: Callable[[Progress], None], processes: int | None
) -> None:
    started = time.perf_counter()
    folder = queries.engine_book(book=run.book)
    if run.from_on is None:
        _clear(folder.root, run=run)
    _sweep(folder.root, run=run)
    staging = folder.root / STAGING / f"run-{run.pk}"
    knowledge = knowledge_of(run=run)
    is_small = _is_small(run=run)
    pending = run.steps.exclude(state=StepState.DONE).order_by("shard")
    tasks = [
        ShardTask(
            connection=_connection_parameters(),
            book=folder,
            knowledge=knowledge,
            shard=step.shard,
            from_on=run.from_on,
            to_on=run.through_on,
            staging=staging,
            is_small=is_small,
        )
        for step in pending
    ]
    computed = _compute(run=run, tasks=tasks, on_progress=on_progress, processes=processes)
    totals = gates.totals_of(step.counts for step in run.steps.all())
    counted, held_from = count_new(_raw(), knowledge=knowledge)
    _ask_gates(run=run, totals=totals, counted=counted)
    for number, done in enumerate(computed, start=1):
        _publish(run=run, done=done, staging=staging)
        on_progress(Progress(phase="publish", done=number, total=len(computed)))
        if number < len(computed):
            obey(run=run)
    seconds = time.perf_counter() - started
    _finish(run=run, totals=totals, held_from=held_from, seconds=seconds)
    shutil.rmtree(folder.root / STAGING, ignore_errors=True)


def knowledge_of(*, run: EndOfDayRun) -> Knowledge:
    """Return what a run may know; it was fixed when the run began."""
    knowledge = Knowledge(
        book_id=run.book_id,
        currency=run.book.currency,
        minor_digits=run.book.minor_digits,
        shard_count=run.book.shard_count,
        after_sequence=run.after_sequence,
        ledger_sequence=run.ledger_sequence,
        known_after=run.known_after,
        known_at=run.known_at,
        held_from=run.held_from,
    )
    return replace(knowledge, unknown=find_unknown(_raw(), knowledge=knowledge))


def _clear(root: Path, *, run: EndOfDayRun) -> None:
    """Empty the folder before a book is built from nothing, once per run."""
    if not run.steps.exclude(state=StepState.PENDING).exists():
        shutil.rmtree(root, ignore_errors=True)


def _sweep(root: Path, *, run: EndOfDayRun) -> None:
    """Remove the drafts that a killed process has left where this run writes."""
    day = root / run.through_on.isoformat()
    for draft in (*root.glob(".*"), *day.rglob(".*")):
        draft.unlink(missing_ok=True)


def _raw() -> Connection[Any]:
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def _connection_parameters() -> dict[str, Any]:
    given = connection.get_connection_params()
    kept = ("host", "port", "user", "password", "dbname", "connect_timeout", "sslmode")
    return {name: given[name] for name in (*kept, "sslrootcert", "sslcert") if given.get(name)}


def _compute(
    *,
    run: EndOfDayRun,
    tasks: Sequence[ShardTask],
    on_progress: Callable[[Progress], None],
    processes: int | None,
) -> list[ShardDone]:
    found: list[ShardDone] = []
    obey(run=run)
    for done in _results(tasks=tasks, processes=processes):
        EndOfDayStep.objects.filter(run=run, shard=done.shard).update(
            state=StepState.COMPUTED,
            files=done.files,
            counts=done.counts,
            seconds=done.seconds,
        )
        found.append(done)
        on_progress(Progress(phase="compute", done=len(found), total=len(tasks)))
        obey(run=run)
    return sorted(found, key=lambda done: done.shard)


def _results(*, tasks: Sequence[ShardTask], processes: int | None) -> Iterator[ShardDone]:
    wanted = processes if processes is not None else _processes_worth(tasks)
    workers = min(wanted, len(tasks), os.cpu_count() or 1)
    if workers <= 1:
        yield from (compute_shard_on(_raw(), task) for task in tasks)
        return
    with ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=watch_parent
    ) as pool:
        futures = [pool.submit(compute_shard, task) for task in tasks]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _processes_worth(tasks: Sequence[ShardTask]) -> int:
    is_first = any(task.from_on is None for task in tasks)
    is_short = len(tasks) <= NIGHT_SHARDS_MOST and not is_first
    return 1 if is_short or all(task.is_small for task in tasks) else (os.cpu_count() or 1)


def _is_small(*, run: EndOfDayRun) -> bool:
    return not run.book.loans.all()[SMALL_LOANS_MOST : SMALL_LOANS_MOST + 1].exists()


def _ask_gates(*, run: EndOfDayRun, totals: Mapping[str, int], counted: Taken) -> None:
    overridden = {str(item["code"]) for item in run.overrides}
    if "gate.jump" in overridden:  # Who answers for the loans answers for what they owe.
        overridden.add("gate.overdue_principal")
    before = BookVersion.objects.filter(book=run.book).order_by("-pk").first()
    band = gates.Band(
        jump=run.book.jump_band,
        days=(run.through_on - run.from_on).days if run.from_on else None,
        before=before.totals if before is not None else None,
    )
    checks: tuple[Callable[[], None], ...] = (
        lambda: gates.check_counts(totals=totals, counted=counted),
        lambda: gates.check_jump(totals=totals, band=band),
        lambda: gates.check_overdue_principal(totals=totals, band=band),
        lambda: gates.check_principal(totals=totals, band=band),
    )
    for check in checks:
        try:
            check()
        except gates.GateFailed as failed:
            if failed.code in overridden:
                continue
            halt(run=run, code=failed.code, detail=failed.params, acting_user=run.acting_user)
            raise


def _publish(*, run: EndOfDayRun, done: ShardDone, staging: Path) -> None:
    started = time.perf_counter()
    publish_shard(run=run, done=done, staging=staging)
    seconds = {**done.seconds, "publish": round(time.perf_counter() - started, 3)}
    EndOfDayStep.objects.filter(run=run, shard=done.shard).update(seconds=seconds)


def _finish(
    *, run: EndOfDayRun, totals: Mapping[str, int], held_from: int | None, seconds: float
) -> None:
    """Publish the version: first the manifest, then the rows that speak of it."""
    steps = list(run.steps.order_by("shard"))
    manifest = queries.engine_book(book=run.book).publish(
        business_date=run.through_on,
        ledger_sequence=run.ledger_sequence,
        files=[step.files for step in steps],
    )
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=run.book_id)
        settle_persons(book=book, through=run.through_on)
        BookVersion.objects.create(
            book=book,
            run=run,
            business_date=run.through_on,
            ledger_sequence=run.ledger_sequence,
            known_at=run.known_at,
            held_from=held_from,
            manifest_digest=manifest.digest,
            totals=dict(totals),
            published_at=timezone.now(),
        )
        book.business_date = run.through_on
        book.save(update_fields=["business_date"])
        run.state, run.finished_at, run.seconds = RunState.DONE, timezone.now(), round(seconds, 3)
        for name in ("loans", "events", "changed", "delinquency_events"):
            setattr(run, name, totals[name])
        run.save()
        audit.record(
            acting_user=run.acting_user,
            action="end_of_day.finish",
            target_type="end_of_day_run",
            target_id=run.pk,
            details={"book": book.name, "business_date": run.through_on.isoformat()},
        )


def _result(*, run: EndOfDayRun, seconds: float) -> EndOfDayResult:
    return EndOfDayResult(
        run_id=run.pk,
        business_date=run.through_on,
        loans=run.loans,
        events=run.events,
        changed=run.changed,
        seconds=round(seconds, 3),
        alarms=tuple(run.alarms),
    )


def _idle(*, book: Book, seconds: float) -> EndOfDayResult:
    """Say that the book is there already and nothing new is known."""
    shutil.rmtree(queries.engine_book(book=book).root / STAGING, ignore_errors=True)
    last = BookVersion.objects.filter(book=book).latest("pk")
    return EndOfDayResult(
        run_id=None,
        business_date=last.business_date,
        loans=last.totals["loans"],
        events=0,
        changed=0,
        seconds=round(seconds, 3),
        alarms=(),
    )
