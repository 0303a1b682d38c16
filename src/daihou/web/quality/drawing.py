"""Draw the contacts of a day to listen to: every flagged one, and of each collector some at random.

The draw of a book and day is always the same: it follows from a digest of the permit's number, so
nobody can draw again until the sample pleases.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.quality.models import Flag, Sample

RANDOM_PERCENT = 5
RANDOM_LEAST = 1  # Of every collector who spoke with somebody that day.
SHORT_SECONDS, LONG_SECONDS = 10, 1200
LOOKS_AHEAD = timedelta(days=7)  # A complaint or a stop within a week after the contact.

TALKS = """
SELECT permit.id, permit.acting_user_id, outcome.seconds,
    outcome.recording_digest = ''
        AND outcome.reference IN ('', waited.reference)  -- What the sender gave is no recording.
        AND NOT EXISTS (SELECT FROM channels_delivery sent
            WHERE sent.permit_ref = permit.id::text AND sent.recording_id IS NOT NULL)
        AS is_unrecorded,
    permit.channel,
    EXISTS (SELECT FROM contacts_stoporder stop
        WHERE stop.subject_id = permit.subject_id
        AND stop.kind IN ('cease', 'contact_refused', 'opt_out')
        AND stop.started_at BETWEEN permit.at AND permit.at + %(ahead)s) AS was_stopped,
    EXISTS (SELECT FROM contacts_stoporder stop
        WHERE stop.subject_id = permit.subject_id AND stop.kind = 'complaint'
        AND stop.started_at BETWEEN permit.at AND permit.at + %(ahead)s) AS was_complained,
    EXISTS (SELECT FROM contacts_slot slot
        WHERE slot.permit_id = permit.id AND slot.released_at IS NULL
        AND slot.number = slot.most) AS was_last
FROM contacts_permit permit
JOIN contacts_outcome outcome ON outcome.permit_id = permit.id
    AND outcome.outcome IN ('effective', 'refused', 'wrong_person')
JOIN contacts_outbox waited ON waited.permit_id = permit.id
WHERE permit.book_id = %(book_id)s AND permit.channel IN ('voice', 'robot', 'visit')
    AND permit.at >= %(from_at)s AND permit.at < %(until_at)s
    AND NOT EXISTS (SELECT FROM quality_sample sample WHERE sample.permit_id = permit.id)
ORDER BY permit.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A contact in which somebody was spoken with, and what of it calls for a second look."""

    permit_id: int
    collector_id: int
    flags: tuple[Flag, ...]

    @property
    def lot(self) -> bytes:
        return hashlib.sha256(f"quality|{self.permit_id}".encode()).digest()


def draw(*, book: Book, on: date, acting_user: User) -> int:
    """Put the contacts of one day on the listening list, and return how many were new."""
    with transaction.atomic():
        talks = _talks(book, on)
        flagged = [talk for talk in talks if talk.flags]
        rows = [_sample(book, talk, on=on, flags=talk.flags) for talk in flagged]
        rows += [
            _sample(book, talk, on=on, flags=(Flag.RANDOM,))
            for talk in at_random(talk for talk in talks if not talk.flags)
        ]
        Sample.objects.bulk_create(rows, ignore_conflicts=True)
        audit.record(
            acting_user=acting_user,
            action="quality.draw",
            target_type="book",
            target_id=book.pk,
            details={"on": on.isoformat(), "talks": len(talks), "drawn": len(rows)},
        )
    return len(rows)


def at_random(talks: Iterable[Talk]) -> list[Talk]:
    """Choose of each collector's talks the ones with the lowest lots.

    >>> some = [Talk(permit_id=n, collector_id=n % 2, flags=()) for n in range(40)]
    >>> len(at_random(some))
    2
    """
    by_collector: dict[int, list[Talk]] = {}
    for talk in talks:
        by_collector.setdefault(talk.collector_id, []).append(talk)
    chosen = []
    for found in by_collector.values():
        count = max(RANDOM_LEAST, len(found) * RANDOM_PERCENT // 100)
        chosen += sorted(found, key=lambda talk: talk.lot)[:count]
    return chosen


def _talks(book: Book, on: date) -> list[Talk]:
    from_at, until_at = book.span(first_on=on, last_on=on)
    values: dict[str, Any] = {
        "book_id": book.pk,
        "from_at": from_at,
        "until_at": until_at,
        "ahead": LOOKS_AHEAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(TALKS, values)
        return [
            Talk(
                permit_id=permit_id,
                collector_id=collector_id,
                flags=_flags(channel, seconds, unrecorded, stopped, complained, last),
            )
            for (
                permit_id,
                collector_id,
                seconds,
                unrecorded,
                channel,
                stopped,
                complained,
                last,
            ) in cursor.fetchall()
        ]


def _flags(
    channel: str,
    seconds: int | None,
    unrecorded: bool,
    stopped: bool,
    complained: bool,
    last: bool,
) -> tuple[Flag, ...]:
    found = {
        Flag.COMPLAINED: complained,
        Flag.UNRECORDED: unrecorded and channel != "visit",  # A visit's report names its own.
        Flag.LAST_ALLOWED: last,
        Flag.SHORT: channel != "visit" and seconds is not None and seconds < SHORT_SECONDS,
        Flag.LONG: channel != "visit" and seconds is not None and seconds > LONG_SECONDS,
        Flag.STOPPED_AFTER: stopped,
    }
    return tuple(flag for flag, holds in found.items() if holds)


def _sample(book: Book, talk: Talk, *, on: date, flags: tuple[Flag, ...]) -> Sample:
    return Sample(
        book=book,
        permit_id=talk.permit_id,
        collector_id=talk.collector_id,
        flags=list(flags),
        drawn_on=on,
    )
