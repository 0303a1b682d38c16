"""A book of a few loans to be serviced, and people who ask and decide; a test file imports it."""

from datetime import date

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.access import operations as access
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Book, Event
from daihou.web.ledger.queries import load_loan
from daihou.web.servicing import operations, previewing
from daihou.web.servicing.actions import Asked
from daihou.web.servicing.building import Loan
from daihou.web.servicing.models import Quote, SettlementOffer
from tests.web.ledger_books import loan, payment, tape
from tests.web.shown_book import PASSWORD

TODAY = date(2025, 5, 20)  # Business date of the book: loan A owes its instalments 3 and 4.
PENALTY = {"penalty_multiple": "1.5"}
WALKED = 30  # Loans for the walk by keyboard.
ROLES = ("manager", "finance", "collector", "compliance", "analyst", "operator", "agency")


def make_book(**more):
    book = ledger.create_book(name="desk", currency="CNY", acting_user=system_user())
    given = tape(
        loans=[
            loan("A", **PENALTY),
            loan("B", **PENALTY),
            loan("C", principal_minor=20_000_000, instalment_count=24, **PENALTY),
            loan("S", instalment_count=2),
        ],
        payments=[
            payment("A", date(2025, 2, 6), 11_002),
            payment("A", date(2025, 3, 6), 11_002),
            payment("B", date(2025, 2, 6), 150_000),
            payment("S", date(2025, 2, 6), 130_000),
        ],
        **more,
    )
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    Book.objects.filter(pk=book.pk).update(business_date=TODAY)
    book.refresh_from_db()
    return book


def make_site():
    """Make the book with its night, loans to walk through, and one user of each role."""
    book = make_book()
    walked = [f"W{number:02d}" for number in range(1, WALKED + 1)]
    ledger.post_tape(
        book=book,
        tape=tape(
            loans=[loan(ref, **PENALTY) for ref in walked],
            payments=[payment(ref, date(2025, 2, 6), 11_002) for ref in walked],
        ),
        acting_user=system_user(),
    )
    Book.objects.filter(pk=book.pk).update(business_date=None)
    run_end_of_day(book=book, through=TODAY, acting_user=system_user())
    return make_people()


def make_people():
    made = {}
    for role in ROLES:
        user = User.objects.filter(username=role).first()
        if user is None:
            user, _ = access.add_user(username=role, roles=[role], acting_user=system_user())
        user.password = ScryptPasswordHasher().encode(PASSWORD, "salt-of-the-tests")
        user.save()
        made[role] = user
    return made


@pytest.fixture
def book(db):
    return make_book()


def asked(action=None, *, on=TODAY, **given):
    return Asked(effective_on=on, **given)


def preview(book, action, ref="A", **given):
    return previewing.preview(
        book=book, loan_ref=ref, action=action, asked=asked(**given), at=timezone.now()
    )


def ask(book, user, action, ref="A", *, seen=None, reason="as agreed on the phone", **given):
    if seen is None:
        seen = sequence_of(book, ref)
    return operations.request(
        book=book,
        loan_ref=ref,
        action=action,
        asked=asked(**given),
        reason_code="hardship",
        reason=reason,
        seen_sequence=seen,
        acting_user=user,
    )


def approve(outcome, user):
    approval = Approval.objects.get(pk=outcome.approval_id)
    return approvals.decide(
        approval=approval, verdict="approved", reason="in order", acting_user=user
    )


def sequence_of(book, ref="A"):
    return max(event.sequence for event in load_loan(book=book, loan_ref=ref)[1])


def as_known(book, ref="A"):
    contract, events = load_loan(book=book, loan_ref=ref)
    return Loan(contract=contract, events=events, business_date=TODAY, today=TODAY)


def position_of(book, ref="A", on=TODAY):
    return as_known(book, ref).on(on)


def everything():
    return [
        list(model.objects.order_by("pk").values())
        for model in (Event, Approval, AuditRow, Quote, SettlementOffer)
    ]


def refused(code, call, *given, **more):
    """Check that a call is refused by its code and that nothing was written."""
    before = everything()
    with pytest.raises(DaihouError) as caught:
        call(*given, **more)
    assert caught.value.code == code, caught.value.code
    assert everything() == before
    return caught.value
