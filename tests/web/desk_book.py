"""A book as a collector's desk finds it: cases with people in them, certified staff, texts."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases import operations
from daihou.web.cases.models import Case
from daihou.web.channels import house
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Position
from daihou.web.loans.models import Loan
from daihou.web.parties import editing, relations
from daihou.web.parties.models import ContactPoint
from daihou.web.training import operations as training
from daihou.web.training.models import CheckKind, Course
from tests.web.collected_book import NIGHT, make_collected_book, make_user
from tests.web.ledger_books import loan, payment, tape
from tests.web.shown_book import PASSWORD

STAFF = {
    "collector": ("collector",),
    "second": ("collector",),
    "field": ("field_collector",),
    "companion": ("field_collector",),
    "lead": ("team_lead",),
    "manager": ("manager",),
    "compliance": ("compliance",),
    "quality": ("quality",),
}
NAMES = ("张小明", "王芳", "李建国", "赵丽", "孙伟", "周敏")


def make_desk_book(*, name="desk"):
    """Make the collected book with names and numbers; the cases of A, C and D are hers."""
    book = make_collected_book(name=name)
    return _equip(book, owner_of=lambda number: number != 1)


def make_shift_book(*, name, count):
    """Make a book of so many overdue persons, all of them the collector's."""
    book = ledger.create_book(name=name, currency="CNY", acting_user=system_user())
    book.time_zone = "Asia/Shanghai"
    book.save()
    refs = [f"S{number:03d}" for number in range(1, count + 1)]
    given = tape(
        loans=[loan(ref) for ref in refs],
        payments=[payment(ref, date(2025, 2, 6), 11_002) for ref in refs],
    )
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    operations.set_entry_rule(book=book, effective_on=date(2025, 1, 1), acting_user=system_user())
    run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
    book.refresh_from_db()
    _equip(book, owner_of=lambda _number: True, first=1_000)
    User.objects.filter(username="collector").update(
        password=ScryptPasswordHasher().encode(PASSWORD, "salt-of-the-tests")
    )
    return book


def _equip(book, *, owner_of, first=0):
    freshen(book)
    staff = make_staff()
    for number, case in enumerate(Case.objects.filter(book=book).order_by("pk")):
        give_data(case.party, first + number)
        if owner_of(number):
            Case.objects.filter(pk=case.pk).update(owner=staff["collector"])
    house.identify(
        book=book,
        institution="海棠消费金融",
        service_phone="400-800-1234",
        acting_user=system_user(),
    )
    return book


def freshen(book):
    """Let the figures of the book's night be today's: nobody is contacted on older ones."""
    Position.objects.filter(loan__book=book).update(business_date=timezone.localdate())


def give_data(party, number):
    """Note a name, a number, an address and an identity number of a person."""
    held = set(party.personal_data.values_list("field", flat=True))
    for field, value in {
        "name": NAMES[number % len(NAMES)],
        "phone": f"1380013{number:04d}",
        "id_number": _id_number(number),
        "address": f"湖北省武汉市洪山区珞喻路{number + 1}号",
    }.items():
        if field not in held:
            editing.put_datum(
                party=party,
                field=field,
                value=value,
                source="contract",
                acting_user=system_user(),
            )


def give_part(*, book, ref, role, number, **agreed):
    """Give a new person a part in a loan since it began; return the point of her number."""
    made = editing.add_party(
        source=book.name,
        kind="person",
        data={"name": [NAMES[number % len(NAMES)]]},
        acting_user=system_user(),
    )
    give_data(made, number)
    given = Loan.objects.get(book=book, loan_ref=ref)
    relations.add_role(
        loan=given,
        party=made,
        role=role,
        started_on=given.start_on,
        acting_user=system_user(),
        guarantee=relations.Guarantee(**agreed) if agreed else None,
    )
    return ContactPoint.objects.get(party=made, kind="phone")


def _id_number(number):
    """Make a valid identity number (GB 11643)."""
    head = f"420106{19700101 + number // 1000:08d}{number % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True))
    return head + "10X98765432"[total % 11]


def make_staff():
    """Make one user of each kind, all certified and checked."""
    staff = {name: make_user(name, *roles) for name, roles in STAFF.items()}
    for user in staff.values():
        certify(user)
    return staff


def certify(user):
    if user.certificates.exists():
        return
    today = timezone.localdate()
    trainer = make_user("trainer", "quality")
    for course in Course.objects.filter(is_required=True):
        training.record_certificate(
            user=user,
            course=course,
            issued_on=today - timedelta(days=10),
            evidence="paper 1",
            today=today,
            acting_user=trainer,
        )
    for kind in CheckKind:
        training.record_check(
            user=user,
            kind=kind.value,
            is_good=True,
            on=today - timedelta(days=10),
            evidence="file 1",
            today=today,
            acting_user=trainer,
        )


def next_noon():
    """Give the next noon in Shanghai after a day has passed: a call is lawful then."""
    tomorrow = datetime.now(tz=UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(4), tzinfo=UTC)


@pytest.fixture
def noon(monkeypatch):
    """Let it be noon in Shanghai."""
    at = next_noon()
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    return at


@pytest.fixture
def desk(db):
    return make_desk_book()
