"""The agreement on a changed plan: the plan before and after, what each costs, as previewed.

Units   Amounts come as minor units and leave as text, as in ``values``.
Shape   ``latest`` shows the newest change on record; ``restructure`` any preview of core.
Errors  ``DocumentRefused``: ``document.no_change``; ``EventRefused`` of core.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from daihou.core.events import Event, Kind
from daihou.core.position import InstalmentPosition, Position
from daihou.core.preview import Cost, Preview, SideBySide, preview
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind
from daihou.web.documents.values import (
    Subject,
    Values,
    common,
    percent,
    written_due,
    written_rate,
)

PLAN_CHANGES = frozenset(
    {
        Kind.EXTENDED,
        Kind.DEFERRED,
        Kind.RE_AGED,
        Kind.RE_AMORTIZED,
        Kind.DUE_DATES_MOVED,
        Kind.RATE_CHANGED,
        Kind.TERM_CHANGED,
        Kind.OVERDUE_PLANNED,
        Kind.CARD_INSTALMENTS,
    }
)


def latest(*, subject: Subject, as_of: date) -> Values:
    """Give the agreement on the newest change of the plan that counts on a day.

    :raises DocumentRefused: ``document.no_change``.
    """
    undone = {event.target_key for event in subject.events if event.kind is Kind.UNDONE}
    changes = [
        event
        for event in subject.events
        if event.kind in PLAN_CHANGES and event.effective_on <= as_of and event.key not in undone
    ]
    if not changes:
        raise DocumentRefused("document.no_change", loan_ref=subject.contract.loan_ref)
    newest = max(changes, key=lambda event: event.sequence)
    return restructure(subject=subject, shown=of_recorded(subject=subject, changes=[newest]))


def of_recorded(*, subject: Subject, changes: Sequence[Event]) -> Preview:
    """Preview again what was recorded, on what was known before it."""
    first = min(event.sequence for event in changes)
    return preview(
        contract=subject.contract,
        events=[event for event in subject.events if event.sequence < first],
        proposed=changes,
        as_of=max(event.effective_on for event in changes),
    )


def restructure(*, subject: Subject, shown: Preview, reason: str = "") -> Values:
    """Set a changed plan beside the one before it, with what each costs."""
    before, after = shown.before, shown.after
    left = [(_left(row.before), _left(row.after), row) for row in shown.rows]
    rows = [(old, new, row) for old, new, row in left if old or new]
    plain = subject.plain

    return common(subject=subject, kind=DocumentKind.RESTRUCTURE, then=after) | {
        "reason": reason,
        "compared": [
            [
                "count",
                str(sum(bool(old) for old, _, _ in rows)),
                str(sum(bool(new) for _, new, _ in rows)),
            ],
            ["last_due", _last_due(before), _last_due(after)],
            ["rate", written_rate(before), written_rate(after)],
            ["principal", *map(subject.amount, _principals(shown))],
            ["outstanding", subject.amount(_sum(rows, 0)), subject.amount(_sum(rows, 1))],
            ["annual_cost", _annual(shown.cost_before), _annual(shown.cost_after)],
        ],
        "plan": [
            [
                number,
                row.due_on.isoformat() if old else "–",
                plain(old) if old else "–",
                row.due_on.isoformat() if new else "–",
                plain(new) if new else "–",
            ]
            for number, (old, new, row) in enumerate(rows, start=1)
        ],
        "total_before": plain(_sum(rows, 0)),
        "total_after": plain(_sum(rows, 1)),
    }


def _left(each: InstalmentPosition | None) -> int:
    return each.outstanding_minor if each is not None else 0


def _count(rows: Sequence[tuple[int, int, SideBySide]], place: Literal[0, 1]) -> str:
    return str(sum(row[place] > 0 for row in rows))


def _sum(rows: Sequence[tuple[int, int, SideBySide]], place: Literal[0, 1]) -> int:
    return sum(row[place] for row in rows)


def _principals(shown: Preview) -> tuple[int, int]:
    return shown.before.principal_outstanding_minor, shown.after.principal_outstanding_minor


def _last_due(then: Position) -> str:
    owing = [each.due_on for each in then.instalments if each.outstanding_minor]
    return written_due(max(owing)) if owing else "–"


def _annual(cost_of_life: Cost) -> str:
    return percent(cost_of_life.whole_life.nominal) if cost_of_life.whole_life else "–"
