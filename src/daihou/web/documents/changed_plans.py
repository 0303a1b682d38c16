"""The agreement on a changed plan: the plan before and after, what each costs, as previewed.

Units   Amounts come as minor units and leave as text, as in ``values``.
Shape   ``latest`` shows the newest change on record; ``restructure`` any preview of core.
Errors  ``DocumentRefused``: ``document.no_change``; ``EventRefused`` of core.
"""

from collections.abc import Sequence
from datetime import date
from itertools import zip_longest

from daihou.core.events import Event, Kind
from daihou.core.position import InstalmentPosition, Position
from daihou.core.preview import Cost, Preview, preview
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
    old, new = _unpaid(before), _unpaid(after)
    plain, amount = subject.plain, subject.amount
    return common(subject=subject, kind=DocumentKind.RESTRUCTURE, then=after) | {
        "reason": reason,
        "compared": [
            ["count", str(len(old)), str(len(new))],
            ["last_due", _last_due(old), _last_due(new)],
            ["rate", written_rate(before), written_rate(after)],
            [
                "principal",
                amount(before.principal_outstanding_minor),
                amount(after.principal_outstanding_minor),
            ],
            ["outstanding", amount(_sum(old)), amount(_sum(new))],
            ["annual_cost", _annual(shown.cost_before), _annual(shown.cost_after)],
        ],
        "plan": [
            [number, *_cells(subject, was), *_cells(subject, will)]
            for number, (was, will) in enumerate(zip_longest(old, new), start=1)
        ],
        "total_before": plain(_sum(old)),
        "total_after": plain(_sum(new)),
    }


def _unpaid(then: Position) -> list[InstalmentPosition]:
    return [each for each in then.instalments if each.outstanding_minor]


def _cells(subject: Subject, each: InstalmentPosition | None) -> tuple[str, str]:
    if each is None:
        return "–", "–"
    return written_due(each.due_on), subject.plain(each.outstanding_minor)


def _sum(unpaid: Sequence[InstalmentPosition]) -> int:
    return sum(each.outstanding_minor for each in unpaid)


def _last_due(unpaid: Sequence[InstalmentPosition]) -> str:
    return written_due(max(each.due_on for each in unpaid)) if unpaid else "–"


def _annual(cost_of_life: Cost) -> str:
    return percent(cost_of_life.whole_life.nominal) if cost_of_life.whole_life else "–"
