"""Make documents and keep them: the same loan on the same day gives the same bytes."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType

from daihou.errors import Described, describe
from daihou.web.access.models import User
from daihou.web.approvals.models import Approval
from daihou.web.archive import operations as archive
from daihou.web.archive.models import File, Target
from daihou.web.documents import (
    asked_changes as servicing,
    changed_plans,
    queries,
    rendering,
    values,
)
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.documents.values import Subject, Values
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan

PDF = "application/pdf"
BATCH = 200
NOT_IN_A_NAME = re.compile(r"[^\w.-]+")
MAKERS: Mapping[DocumentKind, Callable[..., Values]] = MappingProxyType(
    {
        DocumentKind.STATEMENT: values.statement,
        DocumentKind.SCHEDULE: values.schedule,
        DocumentKind.PAYOFF: values.payoff,
        DocumentKind.SETTLEMENT: values.settlement,
        DocumentKind.OVERDUE: values.overdue,
        DocumentKind.COST: values.cost,
        DocumentKind.RESTRUCTURE: changed_plans.latest,
    }
)


def make(
    *,
    book: Book,
    loan_ref: str,
    kind: DocumentKind,
    language: Language,
    as_of: date,
    made_on: date,
    acting_user: User,
    note: str = "",
) -> File:
    """Make one document of a loan and keep it in the archive, linked to the loan.

    :raises LedgerRefused: ``loan.unknown``.
    :raises DocumentRefused: ``document.*``, as ``values`` and ``rendering`` say.
    :raises QuoteRefused, CostRefused: as ``core``.
    """
    found = Loan.objects.filter(book=book, loan_ref=loan_ref).first()
    if found is None:
        raise LedgerRefused("loan.unknown", loan_ref=loan_ref, book=book.name)
    if kind not in MAKERS:
        raise DocumentRefused("document.kind_unknown", kind=kind)
    loans = queries.with_names(book=book, loan_ids=[found.pk])
    ((loan, subject),) = queries.subjects(book=book, loans=loans, language=language, note=note)
    written = MAKERS[kind](subject=subject, as_of=as_of)
    produced = typeset(loan=loan, kind=kind, written=written)
    (file,) = archive.store_produced(
        book=book, produced=[produced], arrived_on=made_on, acting_user=acting_user
    )
    return file


def make_agreement(
    *, approval: Approval, language: Language, made_on: date, acting_user: User
) -> File:
    """Make the agreement on a change of the plan that was asked for, carried out or not yet.

    :raises DocumentRefused: ``document.no_change`` where the request changes no plan.
    :raises ServicingRefused: where what was asked can no longer be shown.
    """
    book, loan_ref = approval.book, str(approval.payload.get("loan_ref", ""))
    found = Loan.objects.filter(book=book, loan_ref=loan_ref).first()
    if book is None or found is None:
        raise DocumentRefused("document.no_change", loan_ref=loan_ref)
    loans = queries.with_names(book=book, loan_ids=[found.pk])
    ((loan, subject),) = queries.subjects(book=book, loans=loans, language=language)
    written = changed_plans.restructure(
        subject=subject,
        shown=servicing.preview_of(approval=approval, subject=subject),
        reason=approval.reason,
    )
    produced = typeset(loan=loan, kind=DocumentKind.RESTRUCTURE, written=written)
    link = archive.Owner(target_type=Target.APPROVAL, target_id=approval.pk)
    (file,) = archive.store_produced(
        book=book,
        produced=[replace(produced, links=(*produced.links, link))],
        arrived_on=made_on,
        acting_user=acting_user,
    )
    return file


def typeset(*, loan: Loan, kind: DocumentKind, written: Values) -> archive.Produced:
    """Make the PDF of a document's values."""
    rendered = rendering.pdf(kind=kind, values=written)
    safe_ref = NOT_IN_A_NAME.sub("-", loan.loan_ref)[:100]
    name = f"{kind.value}-{safe_ref}-{written['as_of']}-{written['language']}.pdf"
    return archive.Produced(
        name=name,
        content=rendered.content,
        media_type=PDF,
        made_from={
            "document": kind.value,
            "language": written["language"],
            "template": rendered.template,
            "as_of": written["as_of"],
            "sequence": written["sequence"],
        },
        links=(archive.Owner(target_type=Target.LOAN, target_id=loan.pk),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One loan's document of a run: its file's name, or why there is none."""

    loan_ref: str
    name: str = ""
    digest: str = ""
    refused: Described | None = None


def make_statements(
    *,
    book: Book,
    as_of: date,
    language: Language,
    folder: Path,
    made_on: date,
    acting_user: User,
    is_kept: bool = True,
    most: int | None = None,
) -> Iterator[Made]:
    """Write a statement of every loan paid out by a day; keep them too, a batch at a time.

    A loan whose statement cannot be made is told with the reason; the others go on.
    """
    started = Loan.objects.filter(book=book, start_on__lte=as_of).order_by("loan_ref")
    loan_ids = list(started.values_list("pk", flat=True)[:most])
    for first in range(0, len(loan_ids), BATCH):
        loans = queries.with_names(book=book, loan_ids=loan_ids[first : first + BATCH])
        subjects = list(queries.subjects(book=book, loans=loans, language=language))
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            batch = list(pool.map(partial(_statement, as_of=as_of), subjects))
        produced = [each for each in batch if isinstance(each, archive.Produced)]
        files = _keep(book, produced, made_on, acting_user) if is_kept else []
        digests = dict(zip((each.name for each in produced), files, strict=is_kept))
        for loan, each in zip(loans, batch, strict=True):
            if isinstance(each, Described):
                yield Made(loan_ref=loan.loan_ref, refused=each)
                continue
            (folder / each.name).write_bytes(each.content)
            yield Made(loan_ref=loan.loan_ref, name=each.name, digest=digests.get(each.name, ""))


def _statement(given: tuple[Loan, Subject], *, as_of: date) -> archive.Produced | Described:
    loan, subject = given
    try:
        written = values.statement(subject=subject, as_of=as_of)
        return typeset(loan=loan, kind=DocumentKind.STATEMENT, written=written)
    except (ValueError, DocumentRefused) as refused:  # Core's refusals are of the first kind.
        return describe(refused)


def _keep(
    book: Book, produced: Sequence[archive.Produced], made_on: date, acting_user: User
) -> list[str]:
    files = archive.store_produced(
        book=book, produced=produced, arrived_on=made_on, acting_user=acting_user
    )
    return [file.content_id for file in files]
