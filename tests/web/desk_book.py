"""A book as a collector's desk finds it: cases with people in them, certified staff, texts."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.cases.models import Case
from daihou.web.channels import house
from daihou.web.parties import editing
from daihou.web.training import operations as training
from daihou.web.training.models import CheckKind, Course
from tests.web.collected_book import make_collected_book, make_user

STAFF = {
    "collector": ("collector",),
    "second": ("collector",),
    "field": ("field_collector",),
    "companion": ("field_collector",),
    "lead": ("team_lead",),
    "manager": ("manager",),
    "compliance": ("compliance",),
}
NAMES = ("张小明", "王芳", "李建国", "赵丽", "孙伟", "周敏")


def make_desk_book(*, name="desk"):
    """Make the collected book with names and numbers, and certified staff; A, C and D are hers."""
    book = make_collected_book(name=name)
    staff = make_staff()
    for number, case in enumerate(Case.objects.filter(book=book).order_by("pk")):
        give_data(case.party, number)
        if number != 1:
            Case.objects.filter(pk=case.pk).update(owner=staff["collector"])
    house.identify(
        book=book,
        institution="海棠消费金融",
        service_phone="400-800-1234",
        acting_user=system_user(),
    )
    return book


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


def _id_number(number):
    """Make a valid identity number (GB 11643)."""
    head = f"42010619900307{number % 1000:03d}"
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
    today = timezone.localdate()
    by = make_user("trainer", "quality")
    for course in Course.objects.filter(is_required=True):
        training.record_certificate(
            user=user,
            course=course,
            issued_on=today - timedelta(days=10),
            evidence="paper 1",
            today=today,
            acting_user=by,
        )
    for kind in CheckKind:
        training.record_check(
            user=user,
            kind=kind.value,
            is_good=True,
            on=today - timedelta(days=10),
            evidence="file 1",
            today=today,
            acting_user=by,
        )


@pytest.fixture
def desk(db):
    return make_desk_book()


LONG_AGO = date(2025, 1, 1)
