"""What the timeline of a case is told by contacts: what was permitted, stopped, established."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from daihou.collect import codec
from daihou.web.cases import timeline
from daihou.web.cases.timeline import Asked, Entry, before
from daihou.web.contacts import subjects
from daihou.web.contacts.models import (
    Finding,
    FindingEnd,
    Inbound,
    Permit,
    Refusal,
    StopLift,
    StopOrder,
)

NOTED = "note:"  # How the reference begins of what a person noted, with the note's number.


def register() -> None:
    """Let the timeline be told; called in ``AppConfig.ready``."""
    for source in (permits, inbound, refusals, stops, lifts, findings, findings_ended):
        timeline.register(source.__name__, source)


def permits(asked: Asked) -> Sequence[Entry]:
    """Tell each contact with the person in this book, and how it ended."""
    found = Permit.objects.filter(book_id=asked.case.book_id, subject_id__in=_family(asked))
    found = found.exclude(channel="visit")  # Told as a visit.
    rows = before(
        found.select_related("acting_user").prefetch_related("outcomes"), at="at", asked=asked
    )
    return [_permit(row) for row in rows]


def _permit(row: Permit) -> Entry:
    outcome = max(row.outcomes.all(), key=lambda each: (not each.is_first, each.pk), default=None)
    return Entry(
        source="permits",
        kind=outcome.outcome if outcome else "waiting",
        at=row.at,
        key=row.pk,
        label=row.get_channel_display(),
        actor=row.acting_user,
        facts={
            "channel": row.channel,
            "recipient": row.recipient,
            "purpose": row.get_purpose_display(),
            "state": outcome.get_outcome_display() if outcome else "",
            "seconds": outcome.seconds if outcome else None,
        },
        target=("permit", row.pk),
    )


def inbound(asked: Asked) -> Sequence[Entry]:
    """Tell each contact that a person here noted as begun by her; providers' are told by channels.

    What she said stands as a note.
    """
    found = Inbound.objects.filter(
        book_id=asked.case.book_id,
        case_number=asked.case.pk,
        reference__startswith=NOTED,
    )
    return [
        Entry(
            source="inbound",
            kind=row.outcome,
            at=row.at,
            key=row.pk,
            label=_("Called us"),
            actor=row.acting_user,
            facts={"recipient": row.recipient},
            target=("inbound", row.pk),
        )
        for row in before(found.select_related("acting_user"), at="at", asked=asked)
    ]


def refusals(asked: Asked) -> Sequence[Entry]:
    """Tell each contact with the person that was refused, with the rules that refused it."""
    found = Refusal.objects.filter(book_id=asked.case.book_id, subject_id__in=_family(asked))
    return [
        Entry(
            source="refusals",
            kind="not_permitted",
            at=row.at,
            key=row.pk,
            label=_("Not permitted"),
            actor=row.acting_user,
            facts={
                "state": row.get_channel_display(),
                "recipient": row.recipient,
                "decision": codec.from_text(codec.Decided, row.kept).decision,
            },
            target=("refusal", row.pk),
        )
        for row in before(found.select_related("acting_user"), at="at", asked=asked)
    ]


def stops(asked: Asked) -> Sequence[Entry]:
    """Tell each order to stop contact with the person; it binds every book."""
    found = StopOrder.objects.filter(subject_id__in=_family(asked)).select_related("acting_user")
    return [
        Entry(
            source="stops",
            kind=row.kind,
            at=row.started_at,
            key=row.pk,
            label=_("Contact stopped"),
            actor=row.acting_user,
            facts={"state": row.get_kind_display()},
        )
        for row in before(found, at="started_at", asked=asked)
    ]


def lifts(asked: Asked) -> Sequence[Entry]:
    """Tell each order that was lifted."""
    found = StopLift.objects.filter(order__subject_id__in=_family(asked))
    return [
        Entry(
            source="lifts",
            kind="lifted",
            at=row.at,
            key=row.pk,
            label=_("Contact allowed again"),
            actor=row.acting_user,
            facts={"state": row.order.get_kind_display()},
        )
        for row in before(found.select_related("acting_user", "order"), at="at", asked=asked)
    ]


def findings(asked: Asked) -> Sequence[Entry]:
    """Tell what was established of the case's loans."""
    found = Finding.objects.filter(loan__in=asked.loan_ids).select_related("acting_user", "loan")
    return [
        Entry(
            source="findings",
            kind=row.kind,
            at=row.made_at,
            key=row.pk,
            label=_("Established"),
            actor=row.acting_user,
            facts={"state": row.get_kind_display(), "loan": row.loan.loan_ref},
        )
        for row in before(found, at="made_at", asked=asked)
    ]


def findings_ended(asked: Asked) -> Sequence[Entry]:
    """Tell what of it was taken back."""
    found = FindingEnd.objects.filter(finding__loan__in=asked.loan_ids)
    found = found.select_related("acting_user", "finding__loan")
    return [
        Entry(
            source="findings_ended",
            kind="taken_back",
            at=row.at,
            key=row.pk,
            label=_("No longer established"),
            actor=row.acting_user,
            facts={
                "state": row.finding.get_kind_display(),
                "loan": row.finding.loan.loan_ref,
            },
        )
        for row in before(found, at="at", asked=asked)
    ]


def _family(asked: Asked) -> list[int]:
    subject = subjects.subject_of(party=asked.case.party)
    return subjects.family(subject_id=subject.pk) if subject else []
