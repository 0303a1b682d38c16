"""What the timeline of a case is told by this app, the ledger and the archive."""

from collections.abc import Sequence
from operator import attrgetter

from django.utils.translation import gettext_lazy as _

from daihou.web.archive.models import File, Target
from daihou.web.cases import timeline
from daihou.web.cases.models import (
    Affordability,
    Assignment,
    CaseRequest,
    Note,
    Promise,
    PromiseDecision,
    Tag,
    Turn,
)
from daihou.web.cases.noting import text_of
from daihou.web.cases.timeline import Asked, Entry, before
from daihou.web.ledger.models import Event


def register_all() -> None:
    """Register the sources of this app."""
    for source in (
        ledger,
        turns,
        notes,
        tags_set,
        tags_cleared,
        promises,
        decisions,
        assigned,
        assignments_ended,
        affordability,
        requests,
        files,
    ):
        timeline.register(source.__name__, source)


def ledger(asked: Asked) -> Sequence[Entry]:
    """Tell the events of the loans, when they became known."""
    found = Event.objects.filter(book_id=asked.case.book_id, loan_id__in=asked.loan_ids)
    return [
        Entry(
            source="ledger",
            kind=row.kind,
            at=row.recorded_at,
            key=row.sequence,
            label=row.kind,
            amount_minor=row.amount_minor or None,
            facts={"loan": row.loan.loan_ref, "on": row.effective_on, "key": row.key},
            target=("loan", row.loan_id),
        )
        for row in before(
            found.select_related("loan"), at="recorded_at", key="sequence", asked=asked
        )
    ]


def turns(asked: Asked) -> Sequence[Entry]:
    """Tell how the case opened, closed, calmed and aged."""
    found = Turn.objects.filter(case_id=asked.case.pk)
    return [
        Entry(
            source="turns",
            kind=row.kind,
            at=row.at,
            key=row.pk,
            label=row.get_kind_display(),
            amount_minor=row.overdue_minor,
            facts={"from": row.stage_from, "to": row.stage_to, "on": row.happened_on},
        )
        for row in before(found, at="at", asked=asked)
    ]


def notes(asked: Asked) -> Sequence[Entry]:
    """Tell what people noted."""
    found = Note.objects.filter(case_id=asked.case.pk).select_related("made_by", "sealed")
    return [
        Entry(
            source="notes",
            kind="note",
            at=row.made_at,
            key=row.pk,
            label=_("Note"),
            actor=row.made_by,
            text=text_of(row) or "",
            facts={"is_deleted": text_of(row) is None},
        )
        for row in before(found, at="made_at", asked=asked)
    ]


def tags_set(asked: Asked) -> Sequence[Entry]:
    """Tell which tags were set."""
    found = Tag.objects.filter(case_id=asked.case.pk).select_related("set_by")
    return [
        Entry(
            source="tags_set",
            kind=row.kind,
            at=row.from_at,
            key=row.pk,
            label=_("Tag set"),
            actor=row.set_by,
            text=row.reason,
            facts={"tag": row.get_kind_display()},
        )
        for row in before(found, at="from_at", asked=asked)
    ]


def tags_cleared(asked: Asked) -> Sequence[Entry]:
    """Tell which tags were cleared."""
    found = Tag.objects.filter(case_id=asked.case.pk, until_at__isnull=False)
    return [
        Entry(
            source="tags_cleared",
            kind=row.kind,
            at=attrgetter("until_at")(row),
            key=row.pk,
            label=_("Tag cleared"),
            actor=row.cleared_by,
            text=row.cleared_reason,
            facts={"tag": row.get_kind_display()},
        )
        for row in before(found.select_related("cleared_by"), at="until_at", asked=asked)
    ]


def promises(asked: Asked) -> Sequence[Entry]:
    """Tell what was promised."""
    found = Promise.objects.filter(case_id=asked.case.pk).select_related("made_by")
    return [
        Entry(
            source="promises",
            kind=row.kind,
            at=row.made_at,
            key=row.pk,
            label=_("Promise to pay"),
            actor=row.made_by,
            amount_minor=row.amount_minor,
            facts={"by": row.promised_on, "state": row.get_state_display()},
            target=("promise", row.pk),
        )
        for row in before(found, at="made_at", asked=asked)
    ]


def decisions(asked: Asked) -> Sequence[Entry]:
    """Tell what payments decided of promises."""
    found = PromiseDecision.objects.filter(promise__case_id=asked.case.pk)
    return [
        Entry(
            source="decisions",
            kind=row.state_to,
            at=row.at,
            key=row.pk,
            label=row.get_state_to_display(),
            amount_minor=row.paid_minor,
            facts={"on": row.decided_on, "promised_minor": row.promise.amount_minor},
            target=("promise", row.promise_id),
        )
        for row in before(found.select_related("promise"), at="at", asked=asked)
    ]


def assigned(asked: Asked) -> Sequence[Entry]:
    """Tell who got the case."""
    found = Assignment.objects.filter(case_id=asked.case.pk)
    return [
        Entry(
            source="assigned",
            kind=row.reason,
            at=row.from_at,
            key=row.pk,
            label=row.get_reason_display(),
            actor=row.made_by,
            text=row.note,
            facts={"owner": str(row.owner)},
        )
        for row in before(found.select_related("owner", "made_by"), at="from_at", asked=asked)
    ]


def assignments_ended(asked: Asked) -> Sequence[Entry]:
    """Tell from whom the case was taken back, where nobody got it at once."""
    found = Assignment.objects.filter(
        case_id=asked.case.pk, ended_by__in=["recall", "closed"], until_at__isnull=False
    )
    return [
        Entry(
            source="assignments_ended",
            kind=row.ended_by,
            at=attrgetter("until_at")(row),
            key=row.pk,
            label=row.get_ended_by_display(),
            text=row.ended_note,
            facts={"owner": str(row.owner)},
        )
        for row in before(found.select_related("owner"), at="until_at", asked=asked)
    ]


def affordability(asked: Asked) -> Sequence[Entry]:
    """Tell the income and expense forms."""
    found = Affordability.objects.filter(case_id=asked.case.pk).select_related("made_by")
    return [
        Entry(
            source="affordability",
            kind="affordability",
            at=row.made_at,
            key=row.pk,
            label=_("Income and expenses"),
            actor=row.made_by,
            amount_minor=row.left_minor,
            target=("affordability", row.pk),
        )
        for row in before(found, at="made_at", asked=asked)
    ]


def requests(asked: Asked) -> Sequence[Entry]:
    """Tell what was asked for: plans, waivers, measures against hardship."""
    found = CaseRequest.objects.filter(case_id=asked.case.pk)
    return [
        Entry(
            source="requests",
            kind=row.approval.kind,
            at=row.approval.made_at,
            key=row.pk,
            label=_("Asked for a change"),
            actor=row.approval.made_by,
            amount_minor=row.approval.amount_minor,
            text=row.approval.reason,
            facts={"state": row.approval.get_state_display()},
            target=("approval", row.approval_id),
        )
        for row in before(
            found.select_related("approval__made_by"), at="approval__made_at", asked=asked
        )
    ]


def files(asked: Asked) -> Sequence[Entry]:
    """Tell which documents and files were added to the loans or to the person."""
    of_loans = File.objects.filter(
        links__target_type=Target.LOAN, links__target_id__in=asked.loan_ids
    )
    found = File.objects.filter(
        book_id=asked.case.book_id, removal__isnull=True, pk__in=of_loans.values("pk")
    )
    return [
        Entry(
            source="files",
            kind=row.kind,
            at=row.arrived_at,
            key=row.pk,
            label=row.get_kind_display(),
            actor=row.added_by,
            text=row.name,
            target=("file", row.pk),
        )
        for row in before(found.select_related("added_by"), at="arrived_at", asked=asked)
    ]
