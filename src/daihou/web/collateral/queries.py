"""Read the register: items with their cover, papers with their place, settled loans, expiries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from daihou.core.position import position
from daihou.web.collateral import covering
from daihou.web.collateral.errors import CollateralRefused
from daihou.web.collateral.models import (
    Insurance,
    Item,
    Movement,
    MovementKind,
    Paper,
    Pledge,
    ReleaseTask,
    TaskState,
    Valuation,
)
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.values import settled_on
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loans
from daihou.web.loans.models import Loan
from daihou.web.parameters.queries import find_parameter, profile_on

LEAST = "collateral.coverage_least"
NOTHING_SAID = Decimal(1)  # Where no parameter says so: the value that counts covers the debt.
INSIDE = {MovementKind.IN, MovementKind.RETURNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """One loan that an item secures."""

    pledge: Pledge
    cover: covering.Cover
    is_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item as the register lists it, as of a day."""

    item: Item
    valuation: Valuation | None
    counted_minor: int
    secured: tuple[Secured, ...]
    insured_through_on: date | None
    lent_count: int  # Papers that are out on loan.

    @property
    def is_short(self) -> bool:
        return any(each.is_short for each in self.secured)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperPlace:
    """``last`` is the paper's newest movement; ``possible`` what may come next."""

    paper: Paper
    last: Movement | None
    possible: tuple[MovementKind, ...]


def items(*, book: Book, text: str = "") -> QuerySet[Item]:
    """Query a book's items; by number, identifier, description, or the loan they secure."""
    found = Item.objects.filter(book=book).select_related("owner").order_by("item_no")
    if not text:
        return found
    of_loan = Pledge.objects.filter(item=OuterRef("pk"), loan__loan_ref__istartswith=text)
    return found.filter(
        Q(item_no__istartswith=text)
        | Q(identifier__istartswith=text)
        | Q(description__icontains=text)
        | Q(Exists(of_loan))
    )


def of_funders(*, found: QuerySet[Item], funder_ids: Collection[int]) -> QuerySet[Item]:
    """Narrow items to those that secure loans of certain funders."""
    lent = Pledge.objects.filter(item=OuterRef("pk"), loan__funder_id__in=funder_ids)
    return found.filter(Exists(lent))


def rows(*, book: Book, items: Sequence[Item], as_of: date) -> list[Row]:
    """Put beside each item what it is worth, what it secures and how far, as of a day."""
    pledges = _active(item_ids=[item.pk for item in items])
    covers = cover_of(book=book, loan_ids={each.loan_id for each in pledges}, as_of=as_of)
    values = latest_values(item_ids=[item.pk for item in items], as_of=as_of)
    least = least_cover(book=book, on=as_of)
    insured = _insured(items, as_of)
    lent = _lent_counts(items)
    return [
        Row(
            item=item,
            valuation=values.get(item.pk),
            counted_minor=_counted(values.get(item.pk)),
            secured=tuple(
                Secured(
                    pledge=each,
                    cover=covers[each.loan_id],
                    is_short=covers[each.loan_id].is_short(least=least),
                )
                for each in pledges
                if each.item_id == item.pk
            ),
            insured_through_on=insured.get(item.pk),
            lent_count=lent.get(item.pk, 0),
        )
        for item in items
    ]


def least_cover(*, book: Book, on: date) -> Decimal:
    """Return the ratio below which cover is short, by the parameter in force."""
    profile = profile_on(book=book, on=on)
    found = find_parameter(name=LEAST, jurisdiction=profile.jurisdiction, on=on)
    return Decimal(str(found.value["ratio"])) if found is not None else NOTHING_SAID


def cover_of(*, book: Book, loan_ids: Collection[int], as_of: date) -> dict[int, covering.Cover]:
    """Return the cover of loans, with what their items owe to other loans taken off."""
    item_ids = set(
        Pledge.objects.filter(loan_id__in=loan_ids, released_on__isnull=True).values_list(
            "item_id", flat=True
        )
    )
    pledges = _active(item_ids=item_ids)
    values = latest_values(item_ids=item_ids, as_of=as_of)
    found = covering.cover(
        claims=[
            covering.Claim(
                item_id=each.item_id,
                loan_id=each.loan_id,
                rank=each.rank,
                amount_minor=each.amount_minor,
            )
            for each in pledges
        ],
        counted_minor={item_id: _counted(values.get(item_id)) for item_id in item_ids},
        exposure_minor=_exposures(book, {each.loan_id for each in pledges}, as_of),
    )
    return {loan_id: each for loan_id, each in found.items() if loan_id in loan_ids}


def latest_values(*, item_ids: Collection[int], as_of: date) -> dict[int, Valuation]:
    """Return the valuation in force of each item: of the latest day, the one entered last."""
    newest = (
        Valuation.objects.filter(item_id__in=item_ids, valued_on__lte=as_of)
        .order_by("item_id", "-valued_on", "-pk")
        .distinct("item_id")
    )
    return {each.item_id: each for each in newest}


def papers(*, item: Item) -> list[PaperPlace]:
    """Say of each paper where it is and what may be done with it."""
    found = []
    for paper in item.papers.order_by("pk"):
        last = _last_movement(paper)
        found.append(PaperPlace(paper=paper, last=last, possible=_possible(last)))
    return found


def movements(*, item: Item) -> QuerySet[Movement]:
    """Query all movements of an item's papers, newest first."""
    found = Movement.objects.filter(paper__item=item).order_by("-pk")
    return found.select_related("paper", "asked_by", "agreed_by")


def check_movement(*, paper: Paper, kind: str) -> None:
    """Refuse a movement that cannot follow the last one.

    :raises CollateralRefused: ``custody.not_possible``, ``custody.secures_a_loan``.
    """
    if kind not in _possible(_last_movement(paper)):
        raise CollateralRefused("custody.not_possible", number=paper.number)
    still_pledged = _active(item_ids=[paper.item_id])
    if kind == MovementKind.OUT and still_pledged:
        raise CollateralRefused("custody.secures_a_loan", loan_ref=still_pledged[0].loan.loan_ref)


def settled_loans_with_pledges(*, book: Book, as_of: date) -> dict[int, date]:
    """Return the loans that are settled and still have collateral, with the day of settlement."""
    held = Pledge.objects.filter(item__book=book, released_on__isnull=True)
    loan_ids = set(held.values_list("loan_id", flat=True))
    found: dict[int, date] = {}
    for loan_id, (contract, events) in load_loans(book=book, loan_ids=loan_ids).items():
        then = position(contract=contract, events=events, as_of=as_of, with_rows=False)
        try:
            found[loan_id] = settled_on(then)
        except DocumentRefused:  # It is not settled: no task.
            continue
    return found


def check_release(*, task: ReleaseTask, as_of: date) -> None:
    """Refuse a release that cannot be asked for.

    :raises CollateralRefused: ``release.not_open``, ``release.asked_already``,
        ``release.papers_lent``, ``release.not_settled``.
    """
    if task.state != TaskState.OPEN:
        raise CollateralRefused("release.not_open")
    if asked_for(task=task):
        raise CollateralRefused("release.asked_already")
    check_still_releasable(task=task, as_of=as_of)


def check_still_releasable(*, task: ReleaseTask, as_of: date) -> None:
    """Refuse where the loan is not settled (any more), or one of the papers is lent out.

    :raises CollateralRefused: ``release.papers_lent``, ``release.not_settled``.
    """
    if task.loan_id not in settled_loans_with_pledges(book=task.book, as_of=as_of):
        raise CollateralRefused("release.not_settled", loan_ref=task.loan.loan_ref)
    for each in Pledge.objects.filter(loan=task.loan, released_on__isnull=True):
        if any(place.last and place.last.kind == MovementKind.BORROWED for place in _places(each)):
            raise CollateralRefused("release.papers_lent", item=each.item.item_no)


def asked_for(*, task: ReleaseTask) -> bool:
    """Tell whether a sign-off is under way."""
    from daihou.web.approvals.models import Approval, State  # noqa: PLC0415  Read here alone.

    return Approval.objects.filter(
        target_type="release_task", target_id=str(task.pk), state=State.PENDING
    ).exists()


def tasks(*, book: Book, state: str = TaskState.OPEN) -> QuerySet[ReleaseTask]:
    """Query a book's release tasks, the oldest first."""
    found = ReleaseTask.objects.filter(book=book, state=state)
    return found.select_related("loan", "approval", "letter").order_by("pk")


def item_numbers(*, loan: Loan) -> list[str]:
    """Name the items that secure a loan."""
    held = Pledge.objects.filter(loan=loan, released_on__isnull=True)
    return list(held.order_by("item__item_no").values_list("item__item_no", flat=True))


def insurance_ends(
    *, book: Book, from_on: date, through: date
) -> list[tuple[int, str, date, int | None]]:
    """List, for each loan, the last policies of its items that end in a span of days."""
    newest = (
        Insurance.objects.filter(item__book=book)
        .order_by("item_id", "-ends_on", "-pk")
        .distinct("item_id")
    )
    ends = {each.item_id: each for each in newest if from_on <= each.ends_on <= through}
    return [
        (each.loan_id, each.loan.loan_ref, policy.ends_on, policy.sum_minor)
        for each in _active(item_ids=list(ends))
        if (policy := ends.get(each.item_id)) is not None
    ]


def _active(*, item_ids: Collection[int]) -> list[Pledge]:
    found = Pledge.objects.filter(item_id__in=item_ids, released_on__isnull=True)
    return list(found.select_related("loan", "item").order_by("item_id", "rank"))


def _counted(valuation: Valuation | None) -> int:
    if valuation is None:
        return 0
    return covering.counted(
        value_minor=valuation.value_minor, counted_share=valuation.counted_share
    )


def _exposures(book: Book, loan_ids: Collection[int], as_of: date) -> dict[int, int]:
    """Return what pays each loan off on the day."""
    return {
        loan_id: position(
            contract=contract, events=events, as_of=as_of, with_rows=False
        ).payoff_minor
        for loan_id, (contract, events) in load_loans(book=book, loan_ids=loan_ids).items()
    }


def _insured(items: Collection[Item], as_of: date) -> Mapping[int, date]:
    policies = Insurance.objects.filter(item__in=items, starts_on__lte=as_of)
    found: dict[int, date] = {}
    for item_id, ends_on in policies.values_list("item_id", "ends_on"):
        found[item_id] = max(ends_on, found.get(item_id, ends_on))
    return found


def _lent_counts(items: Collection[Item]) -> Mapping[int, int]:
    newest = (
        Movement.objects.filter(paper__item__in=items)
        .order_by("paper_id", "-pk")
        .distinct("paper_id")
        .select_related("paper")
    )
    found: dict[int, int] = {}
    for each in newest:
        if each.kind == MovementKind.BORROWED:
            found[each.paper.item_id] = found.get(each.paper.item_id, 0) + 1
    return found


def _places(pledge: Pledge) -> list[PaperPlace]:
    return papers(item=pledge.item)


def _last_movement(paper: Paper) -> Movement | None:
    movements = Movement.objects.filter(paper=paper).select_related("asked_by", "agreed_by")
    return movements.order_by("-pk").first()


def _possible(last: Movement | None) -> tuple[MovementKind, ...]:
    if last is None or last.kind == MovementKind.OUT:
        return (MovementKind.IN,)
    if last.kind == MovementKind.BORROWED:
        return (MovementKind.RETURNED,)
    return (MovementKind.BORROWED, MovementKind.OUT)
