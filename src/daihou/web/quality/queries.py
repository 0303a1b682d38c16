"""The listening list, what counts of a sample, results by collector, agreement of reviewers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.quality.models import Review, Sample, ScoreSheet


def sheet_on(on: date) -> ScoreSheet:
    """Return the score sheet in force on a day.

    :raises DaihouError: ``quality.no_sheet``.
    """
    found = ScoreSheet.objects.filter(effective_on__lte=on).order_by("-effective_on").first()
    if found is None:
        raise DaihouError("quality.no_sheet")
    return found


def samples(*, book: Book) -> QuerySet[Sample]:
    """Query the samples of a book, newest draw first, with whether one was reviewed."""
    return (
        Sample.objects.filter(book=book)
        .select_related("collector", "reviewer", "permit")
        .annotate(is_reviewed=Exists(Review.objects.filter(sample=OuterRef("pk"))))
        .order_by("-drawn_on", "-pk")
    )


def waiting(*, book: Book, reviewer: User) -> QuerySet[Sample]:
    """Query what a reviewer can listen to: not her own contacts, nobody else's samples."""
    return (
        samples(book=book)
        .filter(Q(reviewer__isnull=True) | Q(reviewer=reviewer), reviews__isnull=True)
        .exclude(collector=reviewer)
    )


def counting(*, book: Book, from_on: date, through_on: date) -> QuerySet[Review]:
    """Query the reviews that count: the last word on each sample drawn in the days."""
    found = Review.objects.filter(
        sample__book=book,
        sample__is_calibration=False,
        sample__drawn_on__gte=from_on,
        sample__drawn_on__lte=through_on,
        replaced_by__isnull=True,
    )
    return found.select_related("sample__collector", "sheet", "reviewer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Of one collector, or of all (``collector`` None): counts, never ratios."""

    collector: User | None
    drawn: int
    reviewed: int
    passed: int
    points: int
    points_most: int


def results(*, book: Book, from_on: date, through_on: date) -> tuple[Result, ...]:
    """Add up by collector, ordered by name; what is appealed counts as it was last decided."""
    drawn = dict(
        Sample.objects.filter(
            book=book, is_calibration=False, drawn_on__gte=from_on, drawn_on__lte=through_on
        )
        .values_list("collector_id")
        .annotate(count=Count("pk"))
    )
    by_collector: dict[int, list[Review]] = {}
    for review in counting(book=book, from_on=from_on, through_on=through_on):
        by_collector.setdefault(review.sample.collector_id, []).append(review)
    people = User.objects.filter(pk__in=drawn).order_by("username")
    return tuple(
        Result(
            collector=person,
            drawn=drawn[person.pk],
            reviewed=len(found := by_collector.get(person.pk, [])),
            passed=sum(review.is_passed for review in found),
            points=sum(review.points for review in found),
            points_most=sum(review.points_most for review in found),
        )
        for person in people
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far reviewers of one calibration agree: pairs that agree on an item, of all pairs.

    ``kappa`` sets that against chance (Fleiss 1971); None where nobody could disagree.
    """

    agreeing: int
    pairs: int
    kappa: Fraction | None


def agreement(reviews: Sequence[Review]) -> Agreement:
    """Compare, item by item, whether each reviewer gave all points or not.

    Source  J. L. Fleiss, Measuring nominal scale agreement among many raters, 1971.
    """
    raters = len(reviews)
    if raters < 2:
        return Agreement(agreeing=0, pairs=0, kappa=None)
    items = [
        sum(review.marks[each["code"]] == each["points"] for review in reviews)
        for each in reviews[0].sheet.items
    ]
    agreeing = sum(full * (full - 1) + (raters - full) * (raters - full - 1) for full in items) // 2
    pairs = len(items) * raters * (raters - 1) // 2
    observed = Fraction(agreeing, pairs)
    share = Fraction(sum(items), len(items) * raters)
    chance = share * share + (1 - share) * (1 - share)
    kappa = None if chance == 1 else (observed - chance) / (1 - chance)
    return Agreement(agreeing=agreeing, pairs=pairs, kappa=kappa)
