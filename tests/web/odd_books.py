"""Books that strain a page: other minor digits, huge amounts, 360 instalments, long names."""

from datetime import date, datetime

from daihou.web.access.queries import system_user
from daihou.web.ledger import operations
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Book, EndOfDayRun, RunState
from daihou.web.loans.models import Loan
from daihou.web.parties.operations import PartyFacts, register_parties
from tests.web.ledger_books import UTC, loan, payment, tape

ENDS_ON = date(2025, 12, 31)
LONG_NAME = "买买提阿不都热合曼吐尔逊江艾合买提库尔班尼亚孜巴图尔古丽娜扎尔"
LONG_REF = "合同-2025-内蒙古自治区呼和浩特市赛罕区-0000000000000000000000000000000000000001"
HUGE_MINOR = 999_999_999_999_00  # Twelve digits before the point.


def make_odd_books():
    """Add the books ``yen``, ``dinar``, ``odd`` and ``unscheduled``, each at its business date."""
    _book("yen", "JPY", 0, [loan("Y1", currency="JPY", minor_digits=0, principal_minor=1_200_000)])
    _book(
        "dinar", "KWD", 3, [loan("K1", currency="KWD", minor_digits=3, principal_minor=1_234_567)]
    )
    _book(
        "odd",
        "CNY",
        2,
        [
            loan("HUGE", principal_minor=HUGE_MINOR),
            loan("LONG-360", principal_minor=1_200_000_00, instalment_count=360, rate="0.049"),
            loan(LONG_REF, principal_minor=50_000_00),
            loan("NO-PERSON", party_ref=None),
        ],
        payments=[payment("LONG-360", date(2025, 2, 6), 6_500_00)],
    )
    nothing = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}
    due = {
        "loan_ref": "NO-DAY", "instalment_no": 1, "due_on": date(9999, 1, 1),
        "principal_minor": 120_000, "interest_minor": 0, "fee_minor": 0,
    }  # fmt: skip
    _book("unscheduled", "CNY", 2, [loan("NO-DAY", **nothing)], dues=[due])
    EndOfDayRun.objects.filter(book__name="dinar").update(
        state=RunState.HALTED,
        halt_code="gate.jump",
        halt_detail={"before": 249, "after": 3100, "band": "0.25"},
    )
    named = Loan.objects.get(loan_ref=LONG_REF)
    register_parties(
        source=named.person.source,
        parties=[
            PartyFacts(reference=named.person.reference, kind="person", data={"name": [LONG_NAME]})
        ],
        acting_user=system_user(),
    )


def _book(name, currency, digits, loans, *, dues=(), payments=()):
    book = operations.create_book(
        name=name, currency=currency, minor_digits=digits, acting_user=system_user()
    )
    posted = [
        {"known_at": datetime.combine(row["effective_on"], datetime.min.time(), UTC)} | row
        for row in payments
    ]
    given = tape(loans=loans, dues=dues, payments=posted)
    operations.post_tape(book=book, tape=given, acting_user=system_user())
    run_end_of_day(book=book, through=ENDS_ON, acting_user=system_user())
    return Book.objects.get(pk=book.pk)
