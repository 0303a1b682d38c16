"""Stop an end of day and let it go on: a gate halts it, or a person asks and it obeys.

A run looks between two shards whether someone has asked. What it has computed and published stays;
resumed, it does what is left.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book, EndOfDayRun, RunState

LOCK_CLASS = 0x0DA1  # Of the advisory lock a run holds; the book's id is the other half.
BY_PERSON = "halt.by_person"


def halt(*, run: EndOfDayRun, code: str, detail: Mapping[str, Any], acting_user: User) -> None:
    """Stop a run until someone resumes it."""
    with transaction.atomic():
        run.state, run.halt_code, run.halt_detail = RunState.HALTED, code, dict(detail)
        run.save(update_fields=["state", "halt_code", "halt_detail"])
        audit.record(
            acting_user=acting_user,
            action="end_of_day.halt",
            target_type="end_of_day_run",
            target_id=run.pk,
            details={"code": code},
        )


def ask_to_halt(*, book: Book, reason: str, acting_user: User) -> EndOfDayRun:
    """Ask the unfinished run to stop before its next shard; one nobody works on is halted at once.

    :raises LedgerRefused: ``end_of_day.not_running``, ``end_of_day.reason_missing``.
    """
    if not reason.strip():
        raise LedgerRefused("end_of_day.reason_missing")
    with transaction.atomic():
        running = EndOfDayRun.objects.select_for_update().filter(book=book, state=RunState.RUNNING)
        run = running.first()
        if run is None:
            raise LedgerRefused("end_of_day.not_running", book=book.name)
        run.halt_asked = {"reason": reason.strip(), "user": acting_user.username}
        run.save(update_fields=["halt_asked"])
        audit.record(
            acting_user=acting_user,
            action="end_of_day.ask_to_halt",
            target_type="end_of_day_run",
            target_id=run.pk,
            details={"reason": reason.strip()},
        )
        if not _is_worked_on(book):
            halt(run=run, code=BY_PERSON, detail=run.halt_asked, acting_user=acting_user)
    return run


def _is_worked_on(book: Book) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, book.pk])
        return not cursor.fetchone()[0]


def obey(*, run: EndOfDayRun) -> None:
    """Halt the run where someone has asked for it.

    :raises LedgerRefused: ``end_of_day.halted``.
    """
    asked = EndOfDayRun.objects.values_list("halt_asked", flat=True).get(pk=run.pk)
    if asked is None:
        return
    halt(run=run, code=BY_PERSON, detail=asked, acting_user=run.acting_user)
    raise LedgerRefused("end_of_day.halted", through=run.through_on, reason=asked["reason"])


def halted_run(*, book: Book) -> EndOfDayRun:
    """Return the run that waits for someone.

    :raises LedgerRefused: ``end_of_day.not_halted``.
    """
    run = EndOfDayRun.objects.filter(book=book, state=RunState.HALTED).first()
    if run is None:
        raise LedgerRefused("end_of_day.not_halted")
    return run


def resume(*, run: EndOfDayRun, acting_user: User, override_reason: str | None = None) -> None:
    """Let a halted run go on; with a reason, the gate that halted it is overridden.

    :raises LedgerRefused: ``end_of_day.not_halted``, ``end_of_day.reason_missing``.
    """
    with transaction.atomic():
        run = EndOfDayRun.objects.select_for_update().get(pk=run.pk)
        if run.state != RunState.HALTED:
            raise LedgerRefused("end_of_day.not_halted", through=run.through_on)
        if override_reason is not None:
            if not override_reason.strip():
                raise LedgerRefused("end_of_day.reason_missing")
            run.overrides = [
                *run.overrides,
                {
                    "code": run.halt_code,
                    "reason": override_reason.strip(),
                    "user": acting_user.username,
                    "at": timezone.now().isoformat(),
                },
            ]
        details = {"code": run.halt_code, "is_override": override_reason is not None}
        run.state, run.halt_code, run.halt_detail = RunState.RUNNING, "", {}
        run.halt_asked = None
        run.save(update_fields=["state", "halt_code", "halt_detail", "halt_asked", "overrides"])
        audit.record(
            acting_user=acting_user,
            action="end_of_day.resume",
            target_type="end_of_day_run",
            target_id=run.pk,
            details=details,
        )
