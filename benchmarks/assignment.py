"""Measure cases at size: ``python -m benchmarks.assignment --cases 100000``.

Persons, loans and published positions are made by SQL; what is measured is the code itself: the
night that opens cases, a quiet night after it, a night with a seventh of the positions changed, a
night that breaks a promise in every tenth case, one assignment of everything and one again, pages
of the queue, the next case, a timeline, a look after a payment.
"""

import argparse
import json
import os
import resource
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import homes, machine

NIGHT = date(2026, 3, 31)
NOW = datetime(2026, 4, 3, 1, tzinfo=UTC)
STAGES_OF_TEAMS = (("early", ["M1"]), ("middle", ["M2", "M3"]), ("late", ["M4", "M5", "M6", "M6+"]))
LANGUAGE_EVERY, SKILL_EVERY = 50, 40  # One case in so many needs a language, a skill.
ROUNDS = 20

PARTIES = """
INSERT INTO parties_party (kind, source, reference)
SELECT 'person', 'bench', 'p' || n FROM generate_series(1, %(persons)s) n
"""
LOANS = """
INSERT INTO loans_loan (book_id, loan_ref, shard, person_id, terms_id, principal_minor, start_on,
    source_tag)
SELECT %(book)s, 'L' || n, n %% 16, first + n %% %(persons)s, %(terms)s,
    100000 + (n::bigint * 7919) %% 900000, '2025-06-01', ''
FROM generate_series(1, %(loans)s) n,
    (SELECT min(id) AS first FROM parties_party WHERE source = 'bench') p
"""
POSITIONS = """
INSERT INTO ledger_position (loan_id, book_id, business_date, ledger_sequence, status, bucket,
    oldest_unpaid_due_on, overdue_minor, principal_outstanding_minor, unapplied_minor,
    next_due_minor, is_stale)
SELECT l.id, l.book_id, %(on)s, 1, 'active', 'M1',
    %(on)s::date - (1 + l.id * 31 %% 29 + 30 * (l.id * 17 %% 8) * (l.id %% 3) / 2)::int,
    1000 + (l.id * 104729) %% 300000, l.principal_minor, 0, 0, false
FROM loans_loan l, (SELECT min(id) AS first FROM parties_party WHERE source = 'bench') p
WHERE l.book_id = %(book)s AND l.person_id < p.first + %(cases)s
    AND (l.id %% 3 = 0 OR l.id %% %(persons)s = l.person_id - p.first)
ON CONFLICT DO NOTHING
"""
PROMISES = """
WITH made AS (
    INSERT INTO cases_promise (case_id, kind, amount_minor, promised_on, made_on, made_by_id,
        grace_days, threshold_percent, after_sequence, state, paid_minor, reason, source_ref)
    SELECT id, 'part', 5000, %(on)s, %(on)s, %(user)s, 1, 100, 0, 'open', 0, '', ''
    FROM cases_case WHERE id %% 10 = 0 RETURNING id, promised_on)
INSERT INTO cases_promisepart (promise_id, part_no, due_on, amount_minor)
SELECT id, 1, promised_on, 5000 FROM made
"""


def main() -> None:
    """Parse the command line, measure in a home that is thrown away, print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--persons", type=int, default=300_000)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--collectors", type=int, default=400)
    asked = parser.parse_args()
    with homes.thrown_away("cases"):
        from daihou.web.postgres.database import ensure_database

        ensure_database()
        figures = measure(asked)
    print(json.dumps({"machine": machine.describe(), **figures}, indent=1))


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Make the book, then run what is measured, in the order a day has it."""
    from daihou.web.cases.assigning import assign
    from daihou.web.cases.models import Case

    book, user = _make(asked)
    figures: dict[str, Any] = {"loans": asked.loans, "persons": asked.persons}
    figures["first_night"] = _night(book, NIGHT, user)
    figures["cases"] = Case.objects.count()
    figures["quiet_night"] = _night(book, NIGHT + timedelta(days=1), user)
    _execute(
        "UPDATE ledger_position SET overdue_minor = overdue_minor + 500 WHERE loan_id %% 7 = 0"
    )
    figures["night_of_changes"] = _night(book, NIGHT + timedelta(days=2), user)
    _execute(PROMISES, {"on": NIGHT + timedelta(days=2), "user": user.pk})
    figures["night_of_promises"] = _night(book, NIGHT + timedelta(days=4), user)
    _staff(book, asked.collectors, user)
    for name in ("assign_all", "assign_again"):
        worked = _worked()
        run, seconds = _timed(lambda: assign(book=book, at=NOW, acting_user=user))
        report = run.report
        figures[name] = {
            "seconds": seconds,
            "processor_seconds": round(_worked() - worked, 2),
            "computed": report["seconds_computed"],
            "changed": report["changed"],
            "nobody": report["nobody"],
            "spread": report["spread"],
        }
    return {**figures, **_pages(book, user)}


def _make(asked: argparse.Namespace) -> tuple[Any, Any]:
    from daihou.web.access.queries import system_user
    from daihou.web.cases.operations import set_entry_rule
    from daihou.web.ledger.operations import create_book

    user = system_user()
    book = create_book(name="bench", currency="CNY", acting_user=user)
    terms = _execute(
        "INSERT INTO loans_contractterms (digest, terms) VALUES ('\\x00', '{\"grace_days\": 0}')"
        " RETURNING id"
    )
    given = {**vars(asked), "book": book.pk, "terms": terms, "on": NIGHT}
    for statement in (PARTIES, LOANS, POSITIONS):
        _execute(statement, given)
    _execute("ANALYZE")
    set_entry_rule(book=book, effective_on=date(2026, 1, 1), acting_user=user)
    return book, user


def _night(book: Any, on: date, user: Any) -> dict[str, Any]:
    """Say that an end of day was done, then time what cases make of it.

    ``processor_seconds`` are those of this process and of the database's process for it.
    """
    from daihou.web.cases.operations import open_and_close
    from daihou.web.ledger.models import BookVersion, EndOfDayRun

    given = {"ledger_sequence": 1, "known_at": NOW}
    run = EndOfDayRun.objects.create(
        book=book,
        through_on=on,
        after_sequence=0,
        started_at=NOW,
        acting_user=user,
        state="done",
        **given,
    )
    BookVersion.objects.create(
        book=book,
        run=run,
        business_date=on,
        manifest_digest="-",
        totals={},
        published_at=NOW,
        **given,
    )
    book.business_date = on
    book.save()
    worked = _worked()
    night, seconds = _timed(lambda: open_and_close(book=book, at=NOW, acting_user=user))
    turns = {name: count for name, count in night.counts.items() if name != "last_loan"}
    return {
        "seconds": seconds,
        "processor_seconds": round(_worked() - worked, 2),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "turns": turns,
    }


def _worked() -> float:
    """Return the processor seconds so far of this process and of its database process."""
    from django.db import connection

    connection.ensure_connection()
    told = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    ticks = sum(map(int, told.rpartition(")")[2].split()[11:13]))
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _staff(book: Any, count: int, user: Any) -> None:
    from django.conf import settings

    from daihou.web.access.operations import add_user
    from daihou.web.cases.models import Case
    from daihou.web.cases.staffing import put_collector, put_team

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # Nobody logs in.
    teams = [
        put_team(name=name, stages=stages, acting_user=user) for name, stages in STAGES_OF_TEAMS
    ]
    room = Case.objects.filter(book=book).count() * 3 // count
    for number in range(count):
        made, _ = add_user(username=f"collector{number}", roles=["collector"], acting_user=user)
        put_collector(
            user=made,
            team=teams[number % len(teams)],
            capacity=room - room // 2 * (number % 2),
            skills=["hardship"] if number % 8 == 0 else (),
            languages=["ug"] if number % 10 == 0 else (),
            acting_user=user,
        )
    _execute("UPDATE cases_case SET language = 'ug' WHERE id %% %s = 0", [LANGUAGE_EVERY])
    _execute("UPDATE cases_case SET skill = 'hardship' WHERE id %% %s = 0", [SKILL_EVERY])


def _pages(book: Any, user: Any) -> dict[str, Any]:
    """Time pages of the queue, the next case, a timeline, a look after a payment."""
    from daihou.web.cases import queries, timeline, working
    from daihou.web.cases.models import Case
    from daihou.web.cases.operations import look_again
    from daihou.web.cases.queries import Filters

    owner = Case.objects.filter(owner__isnull=False).values_list("owner_id", flat=True)[0]
    views = {
        "own_by_turn": (Filters(owner=owner, is_due=True), "turn"),
        "whole_by_turn": (Filters(), "turn"),
        "whole_by_amount": (Filters(), "amount"),
        "late_by_age": (Filters(stages=("M6", "M6+"), least_days=150), "age"),
        "tagged": (Filters(tags=("hardship",)), "turn"),
    }
    figures = {
        f"queue_{name}": _often(
            lambda filters=filters, sort=sort: queries.queue(
                book=book, filters=filters, at=NOW, sort=sort
            )
        )
        for name, (filters, sort) in views.items()
    }
    case = Case.objects.filter(book=book).order_by("?")[0]
    loan_ids = list(case.case_loans.values_list("loan_id", flat=True))
    figures["next_case"] = _often(
        lambda: working.next_case(book=book, filters=Filters(), at=NOW, acting_user=user)
    )
    figures["timeline"] = _often(lambda: timeline.timeline(case=case))
    figures["look_again"] = _often(
        lambda: look_again(book=book, loan_ids=loan_ids, at=NOW, acting_user=user)
    )
    return figures


def _often(call: Callable[[], object]) -> dict[str, float]:
    """Time a call some times, in milliseconds."""
    call()
    took = sorted(_timed(call)[1] * 1000 for _ in range(ROUNDS))
    return {"median_ms": round(statistics.median(took), 1), "most_ms": round(took[-1], 1)}


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    found = call()
    return found, round(time.perf_counter() - begun, 4)


def _execute(statement: str, params: Any = ()) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0] if cursor.description else None


if __name__ == "__main__":
    main()
