"""A book for the faces to show: a hundred invented loans, four month ends, users of every kind."""

from datetime import date

from django.contrib.auth.hashers import ScryptPasswordHasher

from daihou.simulate.portfolio import Portfolio, consumer_tape
from daihou.web.access import operations as access
from daihou.web.access.queries import system_user
from daihou.web.ledger import operations
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties.operations import PartyFacts, register_parties

STARTS_ON, ENDS_ON = date(2026, 1, 1), date(2026, 6, 30)
NIGHTS = (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), ENDS_ON)
NAME, PHONE = "欧阳静宜", "13800138000"
PASSWORD = "correct-horse-battery"


def make_shown_book(*, loan_count=100, seed=3):
    """Post, register one named borrower, run the nights; a second book stays empty."""
    book = operations.create_book(
        name="demo", currency="CNY", time_zone="Asia/Shanghai", acting_user=system_user()
    )
    tape = consumer_tape(
        Portfolio(loan_count=loan_count, seed=seed, starts_on=STARTS_ON, ends_on=ENDS_ON)
    )
    operations.post_tape(book=book, tape=tape, acting_user=system_user())
    _name_one_borrower(book)
    for through in NIGHTS:
        run_end_of_day(book=book, through=through, acting_user=system_user())
    operations.create_book(name="fresh", currency="USD", acting_user=system_user())
    book.refresh_from_db()
    return book


def _name_one_borrower(book):
    loan = Loan.objects.filter(book=book, person__isnull=False).order_by("pk").first()
    register_parties(
        source=loan.person.source,
        parties=[
            PartyFacts(
                reference=loan.person.reference,
                kind="person",
                data={"name": [NAME], "phone": [PHONE], "id_number": ["11010519491231002X"]},
            )
        ],
        acting_user=system_user(),
    )


def named_loan(book):
    return Loan.objects.filter(book=book, person__isnull=False).order_by("pk").first()


def make_users(*, only=()):
    """Add one user of each kind that the tests of the faces need, or some of them."""
    lent = Loan.objects.filter(funder__isnull=False).order_by("pk").first()
    wanted = {
        "manager": {"roles": ["manager"]},
        "analyst": {"roles": ["analyst"]},
        "other": {"roles": ["manager"], "book_name": "fresh"},
        "funder": {"roles": ["funder"], "funder": lent and lent.funder},
        "agency": {"roles": ["agency"], "book_name": "demo"},
        "compliance": {"roles": ["compliance"]},
        "finance": {"roles": ["finance"]},
        "administrator": {"roles": ["admin"]},
    }
    made = {}
    for name, given in wanted.items():
        if only and name not in only:
            continue
        user, _ = access.add_user(username=name, acting_user=system_user(), **given)
        user.password = ScryptPasswordHasher().encode(PASSWORD, "salt-of-the-tests")
        user.save()
        made[name] = user
    return made


def demo_book():
    return Book.objects.get(name="demo")
