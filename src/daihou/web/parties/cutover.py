"""Cut-over from another system: open promises, the last days' attempts, stop orders, numbers.

Each file is read row by row; a row that cannot be taken becomes an error row with line, column and
code. The others are taken in together, in one transaction, or, on a dry run, not at all. A row
that was taken before is known by its keyed digest and changes nothing.
Source  docs/guides/cutover.md has the columns of each file.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.collect.packs import rules_of
from daihou.collect.requests import Channel, Outcome, Purpose, Recipient
from daihou.errors import DaihouError, describe
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases import promises, queries as cases
from daihou.web.contacts import prior, stops
from daihou.web.contacts.stops import Scope
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parameters.queries import profile_on
from daihou.web.parties import encryption, queries, reach
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import (
    ContactPoint,
    CutoverRow,
    Party,
    PersonalDatum,
    PointKind,
    PointSource,
    PriorAttempt,
)

ATTEMPT_DAYS_LEAST: Final = 8  # Where no law is known.
ROWS_MOST: Final = 200_000
CELL_MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    file: str
    line: int
    column: str
    code: str
    message_zh: str
    message_en: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What became of the rows, by file."""

    taken: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    bad: list[BadRow] = field(default_factory=list)
    is_dry_run: bool = False


class CellRefused(PartyRefused):
    """A cell that cannot be taken."""

    def __init__(self, column: str, code: str = "cutover.cell_wrong", **params: object) -> None:
        super().__init__(code, column=column, **params)
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row with the book it is for; reading a cell that is wrong names its column."""

    book: Book
    cells: Mapping[str, str]
    at: datetime

    def text(self, name: str) -> str:
        value = (self.cells.get(name) or "").strip()
        if len(value) > CELL_MOST or "\0" in value:
            raise CellRefused(name)
        return value

    def need(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise CellRefused(name, "cutover.cell_missing")
        return value

    def word(self, name: str, known: Any) -> Any:
        try:
            return known(self.need(name))
        except ValueError as exception:
            raise CellRefused(name) from exception

    def words(self, name: str, known: Any) -> frozenset[Any]:
        try:
            return frozenset(known(each) for each in self.text(name).split(";") if each)
        except ValueError as exception:
            raise CellRefused(name) from exception

    def day(self, name: str) -> date:
        try:
            return date.fromisoformat(self.need(name))
        except ValueError as exception:
            raise CellRefused(name) from exception

    def instant(self, name: str) -> datetime:
        try:
            found = datetime.fromisoformat(self.need(name))
        except ValueError as exception:
            raise CellRefused(name) from exception
        return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(self.book.time_zone))

    def instant_or_none(self, name: str) -> datetime | None:
        return self.instant(name) if self.text(name) else None

    def amount(self, name: str) -> int:
        try:
            exact = Decimal(self.need(name)).scaleb(self.book.minor_digits)
        except InvalidOperation as exception:
            raise CellRefused(name) from exception
        if not exact.is_finite() or exact != exact.to_integral_value() or exact <= 0:
            raise CellRefused(name)
        return int(exact)

    def party(self, name: str = "party_ref") -> Party:
        found = Party.objects.filter(source=self.book.name, reference=self.need(name)).first()
        if found is None:
            raise CellRefused(name, "cutover.party_unknown")
        return queries.root_of(party=found)

    def loans(self) -> list[Loan]:
        refs = [each for each in self.text("loan_refs").split(";") if each]
        found = list(Loan.objects.filter(book=self.book, loan_ref__in=refs).order_by("pk"))
        if len(found) != len(set(refs)):
            raise CellRefused("loan_refs", "cutover.loan_unknown")
        return found


def bring(*, book: Book, folder: Path, acting_user: User, is_dry_run: bool = False) -> Report:
    """Take in the files of a folder, or one file, by their names (``READERS``).

    :raises PartyRefused: ``cutover.no_file``, ``cutover.file_unreadable``,
        ``cutover.columns_missing``, ``cutover.too_many_rows``.
    """
    files = _files(folder)
    report = Report(is_dry_run=is_dry_run)
    with transaction.atomic():
        for path in files:
            _bring_file(book, path, report, acting_user)
        audit.record(
            acting_user=acting_user,
            action="cutover.import",
            target_type="book",
            target_id=book.pk,
            details={
                "taken": dict(report.taken),
                "known": dict(report.known),
                "bad": len(report.bad),
            },
        )
        transaction.set_rollback(is_dry_run)
    return report


def _files(folder: Path) -> list[Path]:
    found = [folder] if folder.is_file() else [folder / f"{name}.csv" for name in READERS]
    files = [path for path in found if path.is_file() and path.stem in READERS]
    if not files:
        raise PartyRefused("cutover.no_file", path=folder, known=", ".join(READERS))
    return files


def _bring_file(book: Book, path: Path, report: Report, acting_user: User) -> None:
    name = path.stem
    take, needed = READERS[name]
    held = {
        bytes(digest)
        for digest in CutoverRow.objects.filter(book=book, file=name).values_list(
            "digest", flat=True
        )
    }
    now = timezone.now()
    for line, cells in _rows(path, needed):
        digest = _digest(cells)
        if digest in held:
            report.known[name] += 1
            continue
        try:
            with transaction.atomic():
                take(Row(book=book, cells=cells, at=now), acting_user)
                CutoverRow.objects.create(book=book, file=name, digest=digest, taken_by=acting_user)
        except DaihouError as refused:
            told = describe(refused)
            report.bad.append(
                BadRow(
                    file=path.name,
                    line=line,
                    column=getattr(refused, "column", ""),
                    code=told.code,
                    message_zh=told.message_zh,
                    message_en=told.message_en,
                )
            )
            continue
        held.add(digest)
        report.taken[name] += 1


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exception:
        raise PartyRefused("cutover.file_unreadable", path=path.name) from exception
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = set(needed) - set(reader.fieldnames or ())
    if missing:
        raise PartyRefused(
            "cutover.columns_missing", path=path.name, columns=", ".join(sorted(missing))
        )
    for count, cells in enumerate(reader):
        if count >= ROWS_MOST:
            raise PartyRefused("cutover.too_many_rows", most=ROWS_MOST)
        plain = {str(key): value or "" for key, value in cells.items() if key is not None}
        yield reader.line_num, plain


def _digest(cells: Mapping[str, str]) -> bytes:
    text = "\x1f".join(f"{name}={value.strip()}" for name, value in sorted(cells.items()))
    return encryption.blind_index(field="cutover_row", plain=text)


def _contact_point(row: Row, acting_user: User) -> None:
    party, kind = row.party(), row.word("kind", PointKind)
    value = row.need("value")
    known = _known_point(party, kind, value)
    point = known or reach.add_point(
        party=party,
        kind=kind,
        value=value,
        origin=reach.Origin(
            source=row.text("source") or PointSource.PREVIOUS.value,
            basis=row.text("basis"),
            evidence=row.text("evidence"),
            time_zone=row.text("time_zone"),
            valid_from=row.day("valid_from") if row.text("valid_from") else None,
        ),
        acting_user=acting_user,
    )
    ContactPoint.objects.filter(pk=point.pk).update(
        last_success_at=row.instant_or_none("last_success_at") or point.last_success_at,
        wrong_party_at=row.instant_or_none("wrong_party_at") or point.wrong_party_at,
        valid_until=row.day("valid_until") if row.text("valid_until") else point.valid_until,
    )


def _stop_order(row: Row, acting_user: User) -> None:
    party, started = row.party(), row.instant("started_at")
    if started > row.at:
        raise CellRefused("started_at", "cutover.in_future")
    point = None
    if row.text("value"):
        point = _known_point(party, row.word("value_kind", PointKind), row.need("value"))
        if point is None:
            raise CellRefused("value", "cutover.number_unknown")
    stops.order(
        party=party,
        kind=row.word("kind", StopKind),
        at=started,
        scope=Scope(
            channels=row.words("channels", Channel),
            loan_ids=frozenset(loan.pk for loan in row.loans()),
            contact_point=point,
            only_as_recipient=row.text("only_as_recipient") == "1",
            ends_at=row.instant_or_none("ends_at"),
        ),
        evidence=row.text("evidence") or "cut-over",
        book=row.book,
        acting_user=acting_user,
    )


def _attempt(row: Row, acting_user: User) -> None:
    del acting_user  # Who brought it stands beside the row's digest.
    party, at = row.party(), row.instant("at")
    recipient = row.party("recipient_ref") if row.text("recipient_ref") else party
    if at > row.at:
        raise CellRefused("at", "cutover.in_future")
    days = _days_counted(row.book, row.at.date())
    if at < row.at - timedelta(days=days):
        raise CellRefused("at", "cutover.too_old", days=days)
    loans = row.loans() or list(Loan.objects.filter(book=row.book, person=party))
    if not loans:
        raise CellRefused("loan_refs", "cutover.loan_unknown")
    kind = row.word("value_kind", PointKind)
    attempt = PriorAttempt.objects.create(
        party=party,
        recipient_party=recipient,
        channel=row.word("channel", Channel).value,
        purpose=(row.word("purpose", Purpose) if row.text("purpose") else Purpose.COLLECTION).value,
        recipient=(
            row.word("recipient", Recipient) if row.text("recipient") else Recipient.DEBTOR
        ).value,
        point_kind=kind,
        digest=encryption.blind_index(field=reach.FIELDS[kind], plain=row.need("value")),
        loan_ids=[loan.pk for loan in loans],
        at=at,
        outcome=row.word("outcome", Outcome).value,
    )
    prior.hold(attempt=attempt, book=row.book)


def _days_counted(book: Book, on: date) -> int:
    """Return how many days back an attempt can still count under a cap of the book's law."""
    rules = rules_of(jurisdiction=profile_on(book=book, on=on).jurisdiction)
    return max(ATTEMPT_DAYS_LEAST, rules.longest_window(on=on) if rules else 0)


def _promise(row: Row, acting_user: User) -> None:
    case = cases.open_case_of(book=row.book, party=row.party())
    if case is None:
        raise CellRefused("party_ref", "cutover.no_case")
    today = row.at.astimezone(ZoneInfo(row.book.time_zone)).date()
    made_on = row.day("made_on") if row.text("made_on") else today
    if made_on > today:
        raise CellRefused("made_on", "cutover.in_future")
    promises.bring_in(
        case=case,
        kind=row.need("kind"),
        parts=[(row.day("due_on"), row.amount("amount"))],
        made_on=made_on,
        source_ref=row.text("source_ref") or _digest(row.cells).hex(),
        at=row.at,
        acting_user=acting_user,
    )


def _known_point(party: Party, kind: str, value: str) -> ContactPoint | None:
    field_name = reach.FIELDS[kind]
    index = encryption.blind_index(field=field_name, plain=value)
    ids = queries.family_ids(party=party)
    on_file = PersonalDatum.objects.filter(
        party_id__in=ids, field=field_name, blind_index=index
    ).exists()
    found = ContactPoint.objects.filter(party_id__in=ids, kind=kind, digest=index)
    return found.select_related("party").first() if on_file else None


Take = Callable[[Row, User], None]
READERS: Final[Mapping[str, tuple[Take, tuple[str, ...]]]] = {  # In the order they are taken in.
    "contact_points": (_contact_point, ("party_ref", "kind", "value")),
    "stop_orders": (_stop_order, ("party_ref", "kind", "started_at")),
    "attempts": (_attempt, ("party_ref", "channel", "value_kind", "value", "at", "outcome")),
    "promises": (_promise, ("party_ref", "kind", "due_on", "amount")),
}
