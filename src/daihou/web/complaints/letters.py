"""The written answer to a complaint or dispute, as a document kept in the archive."""

from datetime import date
from zoneinfo import ZoneInfo

from django.utils.translation import override

from daihou.web.access.models import User
from daihou.web.archive import operations as archive
from daihou.web.archive.models import File, Target
from daihou.web.complaints import texts
from daihou.web.complaints.models import Complaint
from daihou.web.documents import rendering
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.documents.operations import PDF
from daihou.web.documents.values import Values, day_in_words
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties

PARAGRAPH_MOST = 450


def write(*, complaint: Complaint, language: Language, made_on: date, acting_user: User) -> File:
    """Typeset the answer and keep it with the person and her loans.

    :raises DocumentRefused: as ``rendering``.
    """
    loans = list(complaint.loans.select_related("creditor"))
    written = values(complaint=complaint, loans=loans, language=language, made_on=made_on)
    rendered = rendering.pdf(kind=DocumentKind.ANSWER, values=written)
    owners = [archive.Owner(target_type=Target.LOAN, target_id=loan.pk) for loan in loans]
    if complaint.party_id is not None:
        owners.append(archive.Owner(target_type=Target.PARTY, target_id=complaint.party_id))
    (file,) = archive.store_produced(
        book=complaint.book,
        produced=[
            archive.Produced(
                name=f"answer-{complaint.reference}-{made_on.isoformat()}-{language.value}.pdf",
                content=rendered.content,
                media_type=PDF,
                made_from={
                    "document": DocumentKind.ANSWER.value,
                    "complaint": complaint.pk,
                    "language": language.value,
                    "template": rendered.template,
                    "as_of": made_on.isoformat(),
                },
                links=tuple(owners),
            )
        ],
        arrived_on=made_on,
        acting_user=acting_user,
    )
    return file


def values(*, complaint: Complaint, loans: list[Loan], language: Language, made_on: date) -> Values:
    """Give what stands in the answer."""
    data = parties.personal_data(party=complaint.party) if complaint.party else {}
    issuers = {loan.creditor_id: loan.creditor for loan in loans if loan.creditor is not None}
    issuer = str(getattr(complaint.book, "identity", ""))  # The house; the creditor who is named.
    for creditor in issuers.values():
        issuer = parties.personal_data(party=creditor).get("name", (issuer,))[0]
    reasoning = texts.opened(complaint_id=complaint.pk, place="reasoning", text=complaint.reasoning)
    received_on = complaint.received_at.astimezone(ZoneInfo(complaint.book.time_zone)).date()
    with override("zh-hans" if language == Language.CHINESE else "en"):
        words = {
            "nature": str(complaint.get_nature_display()),
            "topic": str(complaint.get_topic_display()),
            "finding": str(complaint.get_finding_display()),
            "remedies": [
                f"{remedy.get_kind_display()} {remedy.note}".strip()
                for remedy in complaint.remedies.order_by("pk")
            ],
        }
    return {
        "kind": DocumentKind.ANSWER.value,
        "language": language.value,
        "loan_ref": complaint.reference,
        "loans": ", ".join(loan.loan_ref for loan in loans),
        "borrower": data.get("name", ("",))[0],
        "issuer": issuer,
        "as_of": made_on.isoformat(),
        "sequence": complaint.pk,
        "date": [made_on.year, made_on.month, made_on.day],
        "day_long": day_in_words(made_on, language=language),
        "received": day_in_words(received_on, language=language),
        "paragraphs": _paragraphs(reasoning),
        "note": "",
        **words,
    }


def _paragraphs(text: str) -> list[str]:
    """Cut a text at its lines, and lines too long for a place at their length."""
    return [
        line[first : first + PARAGRAPH_MOST]
        for line in text.splitlines()
        if line.strip()
        for first in range(0, len(line), PARAGRAPH_MOST)
    ]
