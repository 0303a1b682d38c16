"""Let cases follow the ledger: opened, kept up, calmed, closed, opened again by the rule in force.

The same statements serve a whole book after its end of day and a few persons after money came in,
so that both come to the same. A person is looked at by what her loans' published positions owe.

Units   Minor units of the book's currency; days past due are counted to ``on``.
Errors  None of its own; without a rule in force nothing is opened and nothing changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, cast

from django.db import connection
from psycopg import Connection

from daihou.core.ageing import BUCKETS, DAYS_IN_BUCKET, LAST_BUCKET_NO
from daihou.web.cases import statements
from daihou.web.cases.models import EntryRule
from daihou.web.ledger.models import Book

PRIORITY_NEW: Final = 1
PRIORITY_BROKEN: Final = 2
NEVER_DAYS: Final = 1_000_000  # More days past due than any debt has.


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How many cases came to stand otherwise, by kind of turn; which ones no longer are worked."""

    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    at_rest: tuple[int, ...] = ()  # Ids of cases that were closed or calmed.


def rule_on(*, book: Book, on: date) -> EntryRule | None:
    """Return the rule of a book in force on a day; none: nobody is collected from in it."""
    found = EntryRule.objects.filter(book=book, effective_on__lte=on)
    return found.order_by("-effective_on").first()


def follow(
    *,
    book: Book,
    on: date,
    at: datetime,
    acting_user_id: int,
    party_ids: Sequence[int] | None = None,
    after_loan: int = 0,
) -> Followed:
    """Bring the cases of a book, or of some persons in it, to what is published, as of ``on``.

    The caller has a transaction open and holds the book's lock where it is the whole book.
    ``after_loan`` is the highest loan id that an earlier call for the whole book has seen.
    """
    rule = rule_on(book=book, on=on)
    if rule is None:
        return Followed()
    raw = cast("Connection[Any]", connection.connection)
    given = {
        "book": book.pk,
        "on": on,
        "at": at,
        "by": acting_user_id,
        "parties": sorted(party_ids or ()),
        "stages": [bucket.value for bucket in BUCKETS],
        "width": DAYS_IN_BUCKET,
        "last": LAST_BUCKET_NO,
        "exit_minor": rule.exit_minor,
        "entry_minor": rule.entry_minor,
        "entry_days": rule.entry_days,
        "forced_days": NEVER_DAYS if rule.forced_days is None else rule.forced_days,
        "priority": PRIORITY_NEW,
        "after_loan": after_loan,
    }
    of_whom = statements.whole if party_ids is None else str
    raw.execute("DROP TABLE IF EXISTS case_turned")
    turned = raw.execute(of_whom(statements.TURNED), given).rowcount
    followed = _turn(raw, given) if turned else Followed()
    if party_ids is None and not after_loan:
        _add_all_loans(raw, given)
    else:
        raw.execute(of_whom(statements.ADD_NEW_LOANS), given)
    if turned and after_loan:
        raw.execute(statements.ADD_OLDER_LOANS, given)
    raw.execute("DROP TABLE case_turned")
    return followed


def _add_all_loans(raw: Connection[Any], given: Mapping[str, object]) -> None:
    """Add the loans of all cases by hashing: tables that were just filled have no statistics."""
    raw.execute("SET LOCAL enable_nestloop = off")
    raw.execute(statements.whole(statements.ADD_NEW_LOANS), given)
    raw.execute("SET LOCAL enable_nestloop TO DEFAULT")


def _turn(raw: Connection[Any], given: Mapping[str, object]) -> Followed:
    """Let the cases that are not as they should be turn; nothing is read into memory but ids."""
    raw.execute("ANALYZE case_turned")
    raw.execute(statements.LOCK)
    raw.execute(statements.KEEP_UP, given)
    raw.execute(statements.END_ASSIGNMENTS, given)
    counts: dict[str, int] = {}
    for statement in (statements.NOTE_TURNS, statements.REOPEN, statements.OPEN):
        counts |= dict(raw.execute(statement, given).fetchall())
    at_rest = tuple(case_id for (case_id,) in raw.execute(statements.AT_REST))
    return Followed(counts=MappingProxyType(counts), at_rest=at_rest)
