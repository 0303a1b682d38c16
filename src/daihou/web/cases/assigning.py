"""Who works which case: one run over a book's open cases, hand-over, recall, claim.

All open cases of one person have one owner (人户合一), in every book where that owner may work.

Errors  ``CaseRefused``: ``case.nobody_to_assign``, ``case.not_collector``, ``case.collector_away``,
        ``case.collector_excluded``, ``case.owned``, ``case.not_owned``, ``case.closed``,
        ``case.locked``, ``case.reason_missing``, ``case.text_too_long``.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection, transaction
from django.db.models import Count, Value
from django.db.models.functions import Greatest
from psycopg import Connection

from daihou.collect import assignment
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import check_open, checked_text, is_locked, lock_case, record
from daihou.web.cases.models import (
    Assignment,
    AssignmentRun,
    AssignReason,
    Case,
    CaseState,
    Collector,
    CollectorExclusion,
)
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.models import Book

# A person is her counter row where she has one, else her party; the last digit tells which.
_PERSON: Final = (
    "coalesce((SELECT coalesce(s.united_into_id, s.id) FROM contacts_subjectmember m"
    " JOIN contacts_subject s ON s.id = m.subject_id WHERE m.party_id = c.party_id) * 2 + 1,"
    " c.party_id * 2)"
)
_OPEN_CASES: Final = (
    f"WITH elsewhere AS (SELECT {_PERSON} AS person, min(c.owner_id) AS owner_id"  # noqa: S608
    "  FROM cases_case c WHERE c.book_id <> %s AND c.state <> 'closed'"
    "  AND c.owner_id IS NOT NULL GROUP BY 1)"
    f" SELECT c.id, {_PERSON} AS person, c.party_id, c.stage, c.overdue_minor, c.skill,"
    " c.language, c.owner_id, e.owner_id"
    f" FROM cases_case c LEFT JOIN elsewhere e ON e.person = {_PERSON}"
    " WHERE c.book_id = %s AND c.state = 'open' ORDER BY c.id"
)
_OPEN_CASE: Final[Mapping[str, Any]] = {
    "case_id": pl.Int64,
    "person": pl.Int64,
    "party_id": pl.Int64,
    "stage": pl.String,
    "overdue_minor": pl.Int64,
    "skill": pl.String,
    "language": pl.String,
    "owner": pl.Int64,
    "elsewhere": pl.Int64,
}


def assign(*, book: Book, at: datetime, acting_user: User) -> AssignmentRun:
    """Give every open case of a book to a collector, as evenly as can be; keep who has one.

    What somebody else changes meanwhile stays as she changed it. The report is on the run.

    :raises CaseRefused: ``case.nobody_to_assign``.
    """
    started = time.perf_counter()
    on = at.astimezone(ZoneInfo(book.time_zone)).date()
    working = [each for each in _collectors() if _may_work(each.user, book)]
    if not working:
        raise CaseRefused("case.nobody_to_assign")
    cases = copy_out(_raw(), query=_OPEN_CASES, params=(book.pk, book.pk), schema=_OPEN_CASE).rows(
        named=True
    )
    elsewhere = _cases_elsewhere(book)
    found = assignment.assign(
        units=_units(cases, excluded=_exclusions(at=at)),
        collectors=[
            assignment.Collector(
                key=each.user_id,
                capacity=max(0, each.capacity - elsewhere[each.user_id]),
                stages=frozenset(each.team.stages),
                skills=frozenset(each.skills),
                languages=frozenset(each.languages),
                takes_new=each.away_until is None or each.away_until < on,
            )
            for each in working
        ],
    )
    computed = time.perf_counter() - started
    with transaction.atomic():
        run = AssignmentRun.objects.create(
            book=book, report={}, seconds=0, made_by=acting_user, made_at=at
        )
        teams = {each.user_id: each.team_id for each in working}
        changed = _write(run, cases=cases, owners=found.owners, teams=teams)
        run.report = _report(found, changed=changed, computed=computed)
        run.seconds = round(time.perf_counter() - started, 3)
        run.save(update_fields=["report", "seconds"])
        audit.record(
            acting_user=acting_user,
            action="case.assign",
            target_type="book",
            target_id=book.pk,
            details={"run": run.pk, "changed": changed, "cases": len(cases)},
        )
    return run


def _raw() -> Connection[Any]:
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def _collectors() -> list[Collector]:
    found = Collector.objects.filter(is_active=True, user__is_active=True, team__is_active=True)
    return list(found.select_related("user", "team").order_by("user_id"))


def _may_work(user: User, book: Book) -> bool:
    return access.may(user=user, permission="case.work", target=book)


def _cases_elsewhere(book: Book) -> Counter[int]:
    found = Case.objects.filter(state=CaseState.OPEN, owner__isnull=False).exclude(book=book)
    rows = found.order_by().values_list("owner_id").annotate(count=Count("pk"))
    return Counter({owner: count for owner, count in rows if owner is not None})


def _exclusions(*, at: datetime) -> dict[int, frozenset[int]]:
    """Return by party who must not work her."""
    found: dict[int, set[int]] = defaultdict(set)
    held = CollectorExclusion.objects.filter(from_at__lte=at, until_at__isnull=True)
    for party_id, user_id in held.values_list("party_id", "user_id"):
        found[party_id].add(user_id)
    return {party_id: frozenset(users) for party_id, users in found.items()}


def _units(
    cases: Sequence[Mapping[str, Any]], *, excluded: Mapping[int, frozenset[int]]
) -> list[assignment.Unit]:
    by_person: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for case in cases:
        by_person[case["person"]].append(case)
    return [_unit(person, rows, excluded=excluded) for person, rows in by_person.items()]


def _unit(
    person: int, rows: Sequence[Mapping[str, Any]], *, excluded: Mapping[int, frozenset[int]]
) -> assignment.Unit:
    first = rows[0]
    if len(rows) == 1:
        skills = frozenset({first["skill"]} if first["skill"] else ())
        barred = excluded.get(first["party_id"], frozenset())
    else:
        skills = frozenset(row["skill"] for row in rows if row["skill"])
        barred = frozenset().union(*(excluded.get(row["party_id"], ()) for row in rows))
    owners = [row[name] for name in ("owner", "elsewhere") for row in rows if row[name]]
    return assignment.Unit(
        person=person,
        stage=max((row["stage"] for row in rows), key=lambda stage: (len(stage), stage)),
        amount_minor=sum(row["overdue_minor"] for row in rows),
        cases=len(rows),
        skills=skills,
        language=next((row["language"] for row in rows if row["language"]), ""),
        excluded=barred,
        owner=owners[0] if owners else None,
    )


def _write(
    run: AssignmentRun,
    *,
    cases: Sequence[Mapping[str, Any]],
    owners: Mapping[int, int],
    teams: Mapping[int, int],
) -> int:
    """Write who has what now, where that changed and nobody else changed it; return how many."""
    moved = [
        (case["case_id"], case["owner"], owners.get(case["person"]))
        for case in cases
        if owners.get(case["person"]) != case["owner"]
    ]
    frame = pl.DataFrame(
        {
            "case_id": [case_id for case_id, _, _ in moved],
            "owner_was": [was for _, was, _ in moved],
            "owner_id": [now for _, _, now in moved],
            "team_id": [None if now is None else teams[now] for _, _, now in moved],
        },
        schema=dict.fromkeys(("case_id", "owner_was", "owner_id", "team_id"), pl.Int64),
    )
    raw = _raw()
    raw.execute("DROP TABLE IF EXISTS staged_owner")
    raw.execute(
        "CREATE TEMP TABLE staged_owner (case_id bigint, owner_was bigint, owner_id bigint,"
        " team_id bigint) ON COMMIT DROP"
    )
    copy_in(raw, table="staged_owner", frame=frame)
    raw.execute("ANALYZE staged_owner")
    raw.execute(
        "SELECT FROM cases_case WHERE id IN (SELECT case_id FROM staged_owner)"
        " ORDER BY id FOR UPDATE"
    )
    raw.execute(
        "DELETE FROM staged_owner s WHERE NOT EXISTS (SELECT FROM cases_case c"
        " WHERE c.id = s.case_id AND c.state = 'open'"
        " AND c.owner_id IS NOT DISTINCT FROM s.owner_was)"
    )
    raw.execute(
        "UPDATE cases_assignment a SET until_at = greatest(%s, a.from_at), ended_by = 'run'"
        " FROM staged_owner s WHERE a.case_id = s.case_id AND a.until_at IS NULL",
        (run.made_at,),
    )
    raw.execute(
        "INSERT INTO cases_assignment (case_id, owner_id, team_id, from_at, reason, ended_by,"
        " note, ended_note, overdue_minor, run_id, made_by_id)"
        " SELECT s.case_id, s.owner_id, s.team_id, %s, 'run', '', '', '', c.overdue_minor, %s, %s"
        " FROM staged_owner s JOIN cases_case c ON c.id = s.case_id"
        " WHERE s.owner_id IS NOT NULL ORDER BY s.case_id",
        (run.made_at, run.pk, run.made_by_id),
    )
    changed = raw.execute(
        "UPDATE cases_case c SET owner_id = s.owner_id, team_id = s.team_id,"
        " locked_by_id = NULL, locked_until = NULL"
        " FROM staged_owner s WHERE c.id = s.case_id"
    ).rowcount
    raw.execute("DROP TABLE staged_owner")
    return changed


def _report(found: assignment.Assigned, *, changed: int, computed: float) -> dict[str, Any]:
    return {
        "changed": changed,
        "assigned": len(found.owners),
        "nobody": dict(sorted(Counter(reason.value for reason in found.nobody.values()).items())),
        "spread": None if found.spread is None else asdict(found.spread),
        "collectors": [
            {
                "user": share.collector,
                "capacity": share.capacity,
                "cases": share.cases,
                "amount_minor": share.amount_minor,
                "stages": dict(share.stages),
                "kept": share.kept,
            }
            for share in found.shares
        ],
        "seconds_computed": round(computed, 3),
    }


def hand_over(*, case: Case, to: User, reason: str, at: datetime, acting_user: User) -> list[Case]:
    """Give a person's open cases to another collector, in every book where she may work.

    :raises CaseRefused: see the module.
    """
    text = checked_text(reason)
    with transaction.atomic():
        cases = _lock_person(case)
        collector = _checked_collector(case=cases[0], to=to, at=at)
        mine = [each for each in cases if _may_work(to, each.book)]
        for each in mine:
            _move(
                each,
                collector=collector,
                reason=AssignReason.HAND_OVER,
                note=text,
                at=at,
                acting_user=acting_user,
            )
            record(each, "case.hand_over", acting_user, to=to.pk)
    return mine


def claim(*, case: Case, at: datetime, acting_user: User) -> list[Case]:
    """Take a case that nobody owns, with every other open case of the person.

    :raises CaseRefused: see the module.
    """
    with transaction.atomic():
        cases = _lock_person(case)
        owned = next((each for each in cases if each.owner_id not in {None, acting_user.pk}), None)
        if owned is not None:
            raise CaseRefused("case.owned", by=str(owned.owner))
        collector = _checked_collector(case=cases[0], to=acting_user, at=at)
        free = [e for e in cases if e.owner_id is None and _may_work(acting_user, e.book)]
        for each in free:
            _move(
                each,
                collector=collector,
                reason=AssignReason.TAKEN,
                note="",
                at=at,
                acting_user=acting_user,
            )
            record(each, "case.claim", acting_user)
    return free


def recall(*, case: Case, reason: str, at: datetime, acting_user: User) -> Case:
    """Take a case back from whoever owns or works it; nobody owns it then.

    :raises CaseRefused: see the module.
    """
    text = checked_text(reason)
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        check_open(locked)
        if locked.owner_id is None and not is_locked(case=locked, at=at):
            raise CaseRefused("case.not_owned")
        _move(
            locked,
            collector=None,
            reason=AssignReason.RECALL,
            note=text,
            at=at,
            acting_user=acting_user,
        )
        record(locked, "case.recall", acting_user)
    return locked


def _lock_person(case: Case) -> list[Case]:
    """Lock the open cases of a case's person, that case first in what is returned."""
    found = Case.objects.select_for_update(of=("self",)).filter(party_id=case.party_id)
    rows = list(
        found.exclude(state=CaseState.CLOSED).select_related("book", "owner").order_by("pk")
    )
    if all(row.pk != case.pk for row in rows):
        case.refresh_from_db(fields=["state", "closed_on"])
        check_open(case)
    return sorted(rows, key=lambda row: (row.pk != case.pk, row.pk))


def _checked_collector(*, case: Case, to: User, at: datetime) -> Collector:
    collector = Collector.objects.filter(user=to, is_active=True).select_related("team").first()
    if collector is None or not to.is_active or not _may_work(to, case.book):
        raise CaseRefused("case.not_collector", user=str(to))
    on = at.astimezone(ZoneInfo(case.book.time_zone)).date()
    if collector.away_until is not None and collector.away_until >= on:
        raise CaseRefused("case.collector_away", user=str(to), until=collector.away_until)
    barred = CollectorExclusion.objects.filter(
        user=to, party=case.party_id, from_at__lte=at, until_at__isnull=True
    )
    if barred.exists():
        raise CaseRefused("case.collector_excluded", user=str(to))
    return collector


def _move(
    case: Case,
    *,
    collector: Collector | None,
    reason: AssignReason,
    note: str,
    at: datetime,
    acting_user: User,
) -> None:
    Assignment.objects.filter(case=case, until_at__isnull=True).update(
        until_at=Greatest("from_at", Value(at)), ended_by=reason, ended_note=note
    )
    case.owner = None if collector is None else collector.user
    case.team = None if collector is None else collector.team
    case.locked_by, case.locked_until = None, None
    case.save(update_fields=["owner", "team", "locked_by", "locked_until"])
    if collector is not None:
        Assignment.objects.create(
            case=case,
            owner=collector.user,
            team=collector.team,
            from_at=at,
            reason=reason,
            note=note,
            overdue_minor=case.overdue_minor,
            made_by=acting_user,
        )
