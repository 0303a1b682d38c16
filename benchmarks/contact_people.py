"""People who may be called: a book, overdue loans with published positions, a certified collector.

Made row by row in the database that is configured; everything is invented.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

BUSINESS_DATE = date(2026, 11, 20)
MORNING = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai.
PHONES_FROM = 13_800_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    book_id: int
    user_id: int
    people: tuple[tuple[int, int, int], ...]  # Party, loan and phone of each.


def make(*, count: int, name: str = "called", first: int = 0) -> Made:
    """Make a book whose every borrower is thirty days overdue and may be called."""
    from daihou.web.access import operations as access
    from daihou.web.access.queries import system_user
    from daihou.web.ledger.models import Book

    book = Book.objects.create(
        name=name, currency="CNY", time_zone="Asia/Shanghai", business_date=BUSINESS_DATE
    )
    user, _ = access.add_user(
        username=f"{name}-collector",
        roles=["collector"],
        book_name=name,
        acting_user=system_user(),
    )
    certify(user_id=user.pk)
    return Made(book_id=book.pk, user_id=user.pk, people=_people(book.pk, count, first))


def certify(*, user_id: int) -> None:
    """Give a user what the guard wants of a collector."""
    from daihou.web.access.queries import system_user
    from daihou.web.training.models import Certificate, CheckKind, Course, StaffCheck

    for course in Course.objects.filter(is_required=True):
        Certificate.objects.create(
            user_id=user_id,
            course=course,
            evidence="made",
            issued_on=BUSINESS_DATE - timedelta(days=1),
            valid_through=BUSINESS_DATE + timedelta(days=300),
            recorded_by=system_user(),
        )
    for kind in CheckKind.values:
        StaffCheck.objects.create(
            user_id=user_id,
            kind=kind,
            is_good=True,
            on=BUSINESS_DATE - timedelta(days=1),
            evidence="made",
            recorded_by=system_user(),
        )


def contact_of(*, made: Made, number: int, channel: str = "voice", text: str = "call"):  # noqa: ANN201
    """Return the contact with one of the people: a talk about her overdue loan."""
    from daihou.collect.requests import Channel, Content, Purpose
    from daihou.web.contacts.contact import Contact
    from daihou.web.ledger.models import Book
    from daihou.web.loans.models import Loan
    from daihou.web.parties.models import ContactPoint, Party

    party_id, loan_id, point_id = made.people[number]
    return Contact(
        book=Book.objects.get(pk=made.book_id),
        party=Party.objects.get(pk=party_id),
        loans=(Loan.objects.get(pk=loan_id),),
        contact_point=ContactPoint.objects.get(pk=point_id),
        channel=Channel(channel),
        purpose=Purpose.COLLECTION,
        content=Content(
            template_key=text,
            version=1,
            text_digest=None,
            names_institution=True,
            names_creditor=True,
            names_purpose=True,
        ),
        payload={},
        is_recorded=True,
    )


def _people(book_id: int, count: int, first: int) -> tuple[tuple[int, int, int], ...]:
    from daihou.core import codec
    from daihou.web.ledger.models import Position
    from daihou.web.loans.models import ContractTerms, Loan
    from daihou.web.parties import encryption, queries
    from daihou.web.parties.models import ContactPoint, Party, PersonalDatum

    terms, _ = ContractTerms.objects.get_or_create(
        digest=bytes.fromhex(codec.digest("made")), defaults={"terms": {}}
    )
    parties = Party.objects.bulk_create(
        Party(kind="person", source=f"made {book_id}", reference=f"P{n}") for n in range(count)
    )
    data, points = [], []
    for number, party in enumerate(parties):
        plain = str(PHONES_FROM + first + number)
        place = queries.place(party_id=party.pk, field="phone", position=0)
        sealed = encryption.seal(plain=plain, place=place)
        index = encryption.blind_index(field="phone", plain=plain)
        data.append(
            PersonalDatum(
                party=party,
                field="phone",
                key_id=sealed.key_id,
                ciphertext=sealed.ciphertext,
                blind_index=index,
            )
        )
        points.append(
            ContactPoint(
                party=party,
                kind="phone",
                digest=index,
                source="contract",
                noted_at=MORNING - timedelta(days=200),
            )
        )
    PersonalDatum.objects.bulk_create(data)
    ContactPoint.objects.bulk_create(points)
    loans = Loan.objects.bulk_create(
        Loan(
            book_id=book_id,
            loan_ref=f"L{number}",
            shard=0,
            person=party,
            terms=terms,
            principal_minor=1_000_000,
            start_on=BUSINESS_DATE - timedelta(days=200),
        )
        for number, party in enumerate(parties)
    )
    Position.objects.bulk_create(_position(book_id, loan.pk) for loan in loans)
    ids = [
        (party.pk, loan.pk, point.pk)
        for party, loan, point in zip(parties, loans, points, strict=True)
    ]
    return tuple(ids)


def _position(book_id: int, loan_id: int):  # noqa: ANN202
    from daihou.web.ledger.models import Position

    return Position(
        loan_id=loan_id,
        book_id=book_id,
        business_date=BUSINESS_DATE,
        ledger_sequence=1,
        status="active",
        bucket="M1",
        oldest_unpaid_due_on=BUSINESS_DATE - timedelta(days=30),
        person_oldest_unpaid_due_on=BUSINESS_DATE - timedelta(days=30),
        overdue_minor=90_000,
        principal_outstanding_minor=900_000,
        unapplied_minor=0,
        next_due_minor=0,
    )
