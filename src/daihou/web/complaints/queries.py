"""Read complaints: lists by clock, their texts, how many there are to 10,000 contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404

from daihou.web.board.sight import Sight
from daihou.web.complaints import texts
from daihou.web.complaints.models import OPEN_STATES, Complaint, Finding, PaidClaim, State, Step
from daihou.web.contacts.models import OutcomeKind, Permit
from daihou.web.ledger.models import Book
from daihou.web.parties import queries as parties
from daihou.web.parties.models import Party

NOT_MADE = (OutcomeKind.WITHDRAWN, OutcomeKind.FAILED)
PER = 10_000
YEAR = timedelta(days=365)
FOUND = (Finding.UPHELD, Finding.PARTLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Complaints received in a span of days, and what they are measured by."""

    first_on: date
    last_on: date
    received: int
    upheld: int
    contacts: int
    persons: int

    @property
    def per_contacts(self) -> float | None:
        """Received complaints to 10,000 contacts."""
        return self.received * PER / self.contacts if self.contacts else None

    @property
    def per_persons(self) -> float | None:
        """Received complaints to 10,000 persons contacted."""
        return self.received * PER / self.persons if self.persons else None

    @property
    def upheld_per_contacts(self) -> float | None:
        """Complaints found to be right, in whole or part, to 10,000 contacts."""
        return self.upheld * PER / self.contacts if self.contacts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What somebody complained of before, as the guard and the desk ask for it."""

    open: int
    of_year: int
    upheld: int
    last_at: datetime | None


def in_sight(*, sight: Sight) -> QuerySet[Complaint]:
    """Query the complaints of a book that a user sees: of her funders' loans, or all."""
    found = Complaint.objects.filter(book=sight.book)
    if sight.funder_ids is None:
        return found
    return found.filter(loans__funder_id__in=sight.funder_ids).distinct()


def find(*, sight: Sight, complaint_id: int) -> Complaint:
    """Find a complaint in sight.

    :raises Http404: it is not there or not hers; both look the same.
    """
    told = ("book", "party", "handler", "answer", "recorded_by", "decided_by")
    found = in_sight(sight=sight).select_related(*told).filter(pk=complaint_id).first()
    if found is None:
        raise Http404
    return found


def listed(
    *, sight: Sight, words: Mapping[str, str] | None = None, is_open: bool | None = True
) -> QuerySet[Complaint]:
    """Query complaints: the clock that ends first is first, those without a clock before all.

    ``words`` filters by fields of choice: nature, topic, intake, state, handler.
    """
    found = in_sight(sight=sight).select_related("party", "handler", "book")
    if is_open is not None:
        states = Q(state__in=OPEN_STATES)
        found = found.filter(states) if is_open else found.exclude(states)
    for name, value in (words or {}).items():
        if value:
            found = found.filter(**{name: value})
    if is_open:
        return found.order_by(F("due_on").asc(nulls_first=True), "pk")
    return found.order_by("-received_at", "-pk")


def said(*, complaint: Complaint) -> str:
    """Decrypt what somebody said."""
    return texts.opened(complaint_id=complaint.pk, place="said", text=complaint.said)


def reasoning(*, complaint: Complaint) -> str:
    """Decrypt what was decided."""
    return texts.opened(complaint_id=complaint.pk, place="reasoning", text=complaint.reasoning)


def steps(*, complaint: Complaint) -> list[tuple[Step, str]]:
    """Return the history of a complaint with its notes in plain, newest first."""
    rows = complaint.steps.select_related("acting_user").order_by("-pk")
    return [
        (row, texts.opened(complaint_id=complaint.pk, place="note", text=row.note)) for row in rows
    ]


def past_of(*, party: Party, at: datetime) -> Past:
    """Tell what a person complained of before."""
    ids = parties.family_ids(party=party)
    found = Complaint.objects.filter(party_id__in=ids, received_at__lte=at)
    year = found.filter(received_at__gt=at - YEAR)
    newest = found.order_by("-received_at").values_list("received_at", flat=True).first()
    return Past(
        open=found.filter(state__in=OPEN_STATES).count(),
        of_year=year.count(),
        upheld=year.filter(finding__in=FOUND).count(),
        last_at=newest,
    )


def claims_open(*, sight: Sight) -> QuerySet[PaidClaim]:
    """Query the open claims of payment in sight, the one to be looked into first."""
    found = PaidClaim.objects.filter(state="open", loan__in=sight.loans())
    return found.select_related("loan", "party", "claimed_by").order_by("review_on", "pk")


def rate(*, book: Book, first_on: date, last_on: date) -> Rate:
    """Count complaints and contacts of a book in a span of days of its own zone.

    A contact is a permit that was not taken back and that did not fail to leave.
    """
    from_at, until_at = book.span(first_on=first_on, last_on=last_on)
    came = Complaint.objects.filter(book=book, received_at__gte=from_at, received_at__lt=until_at)
    counts: dict[str, Any] = came.aggregate(
        received=Count("pk"), upheld=Count("pk", filter=Q(finding__in=FOUND))
    )
    made = Permit.objects.filter(book=book, at__gte=from_at, at__lt=until_at)
    made = made.exclude(outcomes__outcome__in=NOT_MADE)
    contacts: dict[str, Any] = made.aggregate(
        contacts=Count("pk", distinct=True), persons=Count("subject_id", distinct=True)
    )
    return Rate(first_on=first_on, last_on=last_on, **counts, **contacts)


def overdue(*, sight: Sight, on: date) -> int:
    """Count open complaints whose clock has run out."""
    undecided = (State.RECORDED, State.IN_PROGRESS)
    return in_sight(sight=sight).filter(state__in=undecided, due_on__lt=on).count()
