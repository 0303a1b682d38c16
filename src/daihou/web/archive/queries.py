"""Read the archive: files of a target, who looked, what is held, what may go, what is damaged."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet

from daihou.core.position import position
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import (
    Counted,
    File,
    FileLink,
    Hold,
    RetentionRule,
    Target,
)
from daihou.web.archive.storage import store
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loans
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party


def files(
    *, book: Book, target_type: str = "", target_id: int = 0, text: str = ""
) -> QuerySet[File]:
    """Query the live files of a book, newest first; those of one target, or of some name."""
    found = File.objects.filter(book=book, removal__isnull=True)
    if target_type:
        found = found.filter(links__target_type=target_type, links__target_id=target_id)
    if text:
        found = found.filter(name__icontains=text)
    return found.select_related("content", "added_by").order_by("-pk")


def of_funders(*, found: QuerySet[File], funder_ids: Collection[int]) -> QuerySet[File]:
    """Narrow files to those of loans of certain funders."""
    lent = Loan.objects.filter(funder_id__in=funder_ids, pk=OuterRef("target_id"))
    of_loans = FileLink.objects.filter(Exists(lent), file=OuterRef("pk"), target_type=Target.LOAN)
    return found.filter(Exists(of_loans))


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What a file belongs to, as people know it; ``text`` is a loan's or a party's reference."""

    target_type: str
    target_id: int
    text: str


def owners(*, files: Collection[File]) -> dict[int, list[Owned]]:
    """Say what each file belongs to."""
    links = list(FileLink.objects.filter(file__in=files).order_by("file_id", "pk"))
    ids: dict[str, set[int]] = {}
    for each in links:
        ids.setdefault(each.target_type, set()).add(each.target_id)
    loans = Loan.objects.filter(pk__in=ids.get(Target.LOAN, ()))
    parties = Party.objects.filter(pk__in=ids.get(Target.PARTY, ()))
    texts = {(Target.LOAN.value, pk): ref for pk, ref in loans.values_list("pk", "loan_ref")}
    texts |= {(Target.PARTY.value, pk): ref for pk, ref in parties.values_list("pk", "reference")}
    found: dict[int, list[Owned]] = {file.pk: [] for file in files}
    for each in links:
        text = texts.get((each.target_type, each.target_id), str(each.target_id))
        found[each.file_id].append(
            Owned(target_type=each.target_type, target_id=each.target_id, text=text)
        )
    return found


def is_known(*, book: Book, target_type: str, target_id: int) -> bool:
    """Tell whether a target is there; a loan has to be of the book."""
    if target_type == Target.LOAN:
        return Loan.objects.filter(book=book, pk=target_id).exists()
    name = _MODELS.get(target_type)
    return name is not None and bool(
        apps.get_model(name)._default_manager.filter(pk=target_id).exists()  # noqa: SLF001
    )


_MODELS: dict[str, str] = {
    Target.PARTY: "parties.Party",
    Target.COLLATERAL: "collateral.Item",
    Target.APPROVAL: "approvals.Approval",
    Target.RECEIPT: "payments.Receipt",
}


def holds_of(*, file: File) -> QuerySet[Hold]:
    """Query the holds in force on a file, its own and those of what it belongs to."""
    return _in_force().filter(_held(file.pk)).select_related("placed_by").order_by("pk")


def holds(*, book: Book) -> QuerySet[Hold]:
    """Query all holds in force in a book, newest first."""
    return _in_force().filter(book=book).select_related("placed_by", "file").order_by("-pk")


def _in_force() -> QuerySet[Hold]:
    return Hold.objects.filter(lift__isnull=True)


def _held(file_id: int) -> Q:
    belongs = FileLink.objects.filter(
        file_id=file_id, target_type=OuterRef("target_type"), target_id=OuterRef("target_id")
    )
    return Q(file_id=file_id) | Q(Exists(belongs))


def rules_on(*, on: date) -> dict[str, RetentionRule]:
    """Return the rule of every class that is in force on a day."""
    rules = RetentionRule.objects.filter(valid_from__lte=on).order_by("valid_from")
    return {rule.retention: rule for rule in rules}


def kept_until(*, files: Iterable[File], as_of: date) -> Mapping[int, date | None]:
    """Say by file through which day it is kept; None as long as its end is not known.

    The rule in force on ``as_of`` counts: a law that lengthens a period lengthens it for all.
    """
    rules, wanted = rules_on(on=as_of), list(files)
    closings = _closings(wanted, as_of)
    found: dict[int, date | None] = {}
    for file in wanted:
        rule = rules.get(file.retention)
        if rule is None:
            found[file.pk] = None
            continue
        start: date | None = file.arrived_on
        if rule.counted_from == Counted.SETTLEMENT and file.pk in closings:
            closed_on = closings[file.pk]
            start = None if closed_on is None else max(closed_on, file.arrived_on)
        found[file.pk] = None if start is None else _years_later(start, rule.years)
    return found


def _closings(files: Collection[File], as_of: date) -> dict[int, date | None]:
    """Say by file when the last of its loans was settled; None while one is open."""
    links = list(
        FileLink.objects.filter(file__in=files, target_type=Target.LOAN).values_list(
            "file_id", "target_id"
        )
    )
    closed: dict[int, date | None] = {}
    for book in {file.book_id: file.book for file in files}.values():
        ids = {loan_id for _, loan_id in links}
        for loan_id, (contract, events) in load_loans(book=book, loan_ids=ids).items():
            then = position(contract=contract, events=events, as_of=as_of, with_rows=False)
            closed[loan_id] = then.closed_on
    found: dict[int, date | None] = {}
    for file_id, loan_id in links:
        own, last = closed.get(loan_id), found.get(file_id, date.min)
        found[file_id] = None if own is None or last is None else max(own, last)
    return found


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February.
        return date(day.year + years, 3, 1)


def due_for_removal(*, book: Book, as_of: date) -> list[File]:
    """List the files whose retention ended before the day and that nobody holds."""
    rules = rules_on(on=as_of)
    old = Q(pk__in=[])
    for retention, rule in rules.items():
        old |= Q(retention=retention, arrived_on__lt=_years_earlier(as_of, rule.years))
    found = list(File.objects.filter(old, book=book, removal__isnull=True).select_related("book"))
    until = kept_until(files=found, as_of=as_of)
    return [
        file
        for file in found
        if (last := until[file.pk]) is not None
        and last < as_of
        and not holds_of(file=file).exists()
    ]


def _years_earlier(day: date, years: int) -> date:
    return date(day.year - years, day.month, min(day.day, 28))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """``missing`` and ``damaged`` name digests that files rely on; ``unknown`` nobody knows."""

    count: int
    size_bytes: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        return not (self.missing or self.damaged)


def verify() -> Iterator[Verified]:
    """Read every content again and compare its digest; tell how far it came, after each."""
    place = store()
    wanted = dict(
        File.objects.filter(removal__isnull=True)
        .order_by("content_id")
        .values_list("content_id", "content__size_bytes")
    )
    missing: list[str] = []
    damaged: list[str] = []
    count = size_bytes = 0
    for digest in wanted:
        count += 1
        try:
            found, length = _digest_of(place.read(digest=digest))
        except ArchiveRefused as refused:
            if refused.code != "archive.content_missing":
                raise
            missing.append(digest)
            continue
        size_bytes += length
        if found != digest:
            damaged.append(digest)
        yield _verified(count, size_bytes, missing, damaged, ())
    unknown = tuple(digest for digest in place.digests() if digest not in wanted)
    yield _verified(count, size_bytes, missing, damaged, unknown)


def _verified(
    count: int,
    size_bytes: int,
    missing: list[str],
    damaged: list[str],
    unknown: tuple[str, ...],
) -> Verified:
    return Verified(
        count=count,
        size_bytes=size_bytes,
        missing=tuple(missing),
        damaged=tuple(damaged),
        unknown=unknown,
    )


def _digest_of(pieces: Iterator[bytes]) -> tuple[str, int]:
    digest, length = sha256(), 0
    for piece in pieces:
        digest.update(piece)
        length += len(piece)
    return digest.hexdigest(), length
