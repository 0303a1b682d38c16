"""Goal: evidence is kept for good, the clock reads it, and debts near their end are found."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, transaction

from daihou.core.limitation import ClockState
from daihou.errors import DaihouError, describe
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.publishing import refresh
from daihou.web.limitation import operations, queries
from daihou.web.limitation.models import Evidence
from daihou.web.loans.models import Loan, Product
from daihou.web.parameters.models import LendingProfile
from daihou.web.parties import editing, relations
from tests.web import ledger_books

LENT_ON, DUE_ON = date(2023, 1, 10), date(2023, 7, 10)
TODAY = date(2026, 6, 1)
EXPIRES = date(2026, 7, 10)
YEAR = {"method": "bullet", "instalment_count": 1, "every": 6, "disbursed_on": LENT_ON}


@pytest.fixture
def book(db):
    """Three loans due on one day three years ago: unpaid, paid on, and settled."""
    book = ledger.create_book(
        name="old", currency="CNY", time_zone="Asia/Shanghai", acting_user=system_user()
    )
    tape = ledger_books.tape(
        loans=[ledger_books.loan(ref, **YEAR) for ref in ("quiet", "paying", "settled")],
        payments=[
            ledger_books.payment("paying", date(2025, 3, 1), 5_000),
            ledger_books.payment("settled", DUE_ON, 500_000),
        ],
    )
    ledger.post_tape(book=book, tape=tape, acting_user=system_user())
    ids = list(Loan.objects.filter(book=book).values_list("pk", flat=True))
    refresh(book=book, loan_ids=ids, as_of=TODAY)
    return book


@pytest.fixture
def loan(book):
    return Loan.objects.select_related("book").get(loan_ref="quiet")


def record(loan, ground="demand", on=date(2026, 5, 1), **more):
    given = {"reference": "sha256:ab12", **more}
    return operations.record_evidence(
        loan=loan, ground=ground, on=on, acting_user=system_user(), **given
    )


def clock(loan, as_of=TODAY):
    return queries.clock_of(loan=loan, as_of=as_of)


def test_evidence_restarts_the_clock_and_is_linked(loan):
    assert clock(loan).expires_on == EXPIRES
    record(loan, arrived_at=datetime(2026, 5, 3, 1, 0, tzinfo=UTC))
    found = clock(loan)
    assert found.expires_on == date(2029, 5, 3)
    assert (found.last_restart.reference, found.last_restart.on) == (
        "sha256:ab12",
        date(2026, 5, 1),
    )
    assert AuditRow.objects.filter(action="evidence.record", target_id=str(loan.pk)).count() == 1


def test_the_day_of_arrival_is_one_of_the_books_zone(loan):
    record(loan, arrived_at=datetime(2026, 5, 3, 17, 0, tzinfo=UTC))  # The 4th in Shanghai.
    assert clock(loan).expires_on == date(2029, 5, 4)


def test_a_demand_without_proof_of_arrival_restarts_nothing(loan):
    record(loan)
    assert clock(loan).expires_on == EXPIRES
    assert clock(loan).turns[0].reason == "not_arrived"


def test_withdrawn_evidence_counts_no_more_and_stays_to_be_seen(loan):
    row = record(loan, "promise")
    assert clock(loan).expires_on == date(2029, 5, 1)
    operations.withdraw_evidence(evidence=row, reason="another debtor", acting_user=system_user())
    assert clock(loan).expires_on == EXPIRES
    assert queries.evidence_of(loan=loan).get().withdrawn.reason == "another debtor"
    with pytest.raises(DaihouError) as refused:
        operations.withdraw_evidence(evidence=row, reason="again", acting_user=system_user())
    assert refused.value.code == "evidence.withdrawn_already"


def test_evidence_is_never_changed(loan):
    row = record(loan, "promise")
    for change in (
        lambda: Evidence.objects.filter(pk=row.pk).update(on=date(2026, 5, 2)),
        lambda: Evidence.objects.filter(pk=row.pk).delete(),
    ):
        refusal = pytest.raises(DatabaseError, match=r"append_only|permission denied")
        with refusal, transaction.atomic():
            change()


def test_the_same_evidence_twice_is_refused(loan):
    record(loan, "promise")
    with pytest.raises(DaihouError) as refused:
        record(loan, "promise")
    assert refused.value.code == "evidence.repeated"
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ground": "rumour"}, "evidence.ground_unknown"),
        ({"reference": "  "}, "evidence.reference_missing"),
        ({"reference": "x" * 257}, "evidence.reference_too_long"),
        ({"on": date(2999, 1, 1)}, "evidence.in_future"),
        ({"through": date(2026, 4, 30)}, "evidence.ends_before_it_begins"),
        (
            {"arrived_at": datetime(2026, 4, 30, 1, tzinfo=UTC)},
            "evidence.arrived_before_sent",
        ),
        ({"arrived_at": datetime(2999, 1, 1, tzinfo=UTC)}, "evidence.in_future"),
    ],
)
def test_evidence_that_cannot_be_is_refused_and_nothing_is_kept(loan, wrong, code):
    with pytest.raises(DaihouError) as refused:
        record(loan, **wrong)
    assert refused.value.code == code
    assert "<" not in describe(refused.value).message_zh
    assert not Evidence.objects.exists()


def test_debts_near_their_end_are_found_the_first_first(book, loan):
    rows = queries.expiring(book=book, as_of=TODAY, funder_ids=None)
    assert [(row.loan.loan_ref, row.clock.days_left, row.alert_days) for row in rows] == [
        ("quiet", 39, 90)
    ]
    over = queries.expiring(book=book, as_of=date(2026, 7, 11), funder_ids=None)
    assert [(row.loan.loan_ref, row.clock.state) for row in over] == [("quiet", ClockState.EXPIRED)]
    record(loan, "promise")
    assert queries.expiring(book=book, as_of=TODAY, funder_ids=None) == []


def test_alerts_are_for_loans_in_sight(book):
    assert queries.expiring(book=book, as_of=TODAY, funder_ids=[]) == []


def test_a_payment_on_the_ledger_restarts_it_by_itself(book):
    paying = Loan.objects.select_related("book").get(loan_ref="paying")
    assert clock(paying).expires_on == date(2028, 3, 1)
    settled = Loan.objects.select_related("book").get(loan_ref="settled")
    assert clock(settled).state is ClockState.NOTHING_OWED


def surety(loan, months=None, name="甲"):
    party = editing.add_party(
        source=loan.book.name, kind="person", data={"name": [name]}, acting_user=system_user()
    )
    guarantee = relations.Guarantee(type="joint", months=months)
    return relations.add_role(
        loan=loan,
        party=party,
        role="guarantor",
        started_on=LENT_ON,
        guarantee=guarantee,
        acting_user=system_user(),
    )


def period(role):
    return queries.guarantee_of(role=role, as_of=TODAY)


def test_the_guarantee_period_is_told_beside_it(loan):
    role = surety(loan)
    assert (period(role).expires_on, period(role).is_free) == (date(2024, 1, 10), True)
    role.guarantee_months = 48
    assert (period(role).expires_on, period(role).is_free) == (date(2027, 7, 10), False)


def test_what_was_noted_of_a_guarantor_and_the_evidence_of_the_loan_both_count(loan):
    role = surety(loan)
    at = datetime(2023, 12, 1, 1, 0, tzinfo=UTC)
    record(loan, "guarantor_demand", on=date(2023, 12, 1), arrived_at=at)
    assert (period(role).acted_on, period(role).is_free) == (date(2023, 12, 1), False)
    other = surety(loan, name="乙")
    assert [period(each).is_free for each in (role, other)] == [True, True]  # Which was asked?
    relations.note_claim(
        role=other, claimed_on=date(2023, 11, 5), evidence="F7", acting_user=system_user()
    )
    told = queries.guarantees_of(loan=loan, as_of=TODAY)
    assert [(found, clock.acted_on) for found, clock in told] == [
        (role, None),
        (other, date(2023, 11, 5)),
    ]


def test_nothing_owed_needs_no_guarantor(book):
    role = surety(Loan.objects.select_related("book").get(book=book, loan_ref="settled"))
    assert period(role) is None


def test_without_a_known_law_there_is_no_clock(db):
    book = ledger.create_book(name="far", currency="USD", acting_user=system_user())
    tape = ledger_books.tape(loans=[ledger_books.loan("far", currency="USD", **YEAR)])
    ledger.post_tape(book=book, tape=tape, acting_user=system_user())
    with pytest.raises(DaihouError) as refused:
        clock(Loan.objects.select_related("book").get(book=book))
    assert refused.value.code == "parameter.not_in_force"


def test_a_product_under_another_law_runs_by_that_law(book, loan):
    product = Product.objects.create(book=book, code="abroad")
    Loan.objects.filter(pk=loan.pk).update(product=product)
    LendingProfile.objects.create(
        book=book,
        product=product,
        valid_from=LENT_ON,
        jurisdiction="US",
        lender_type="licensed",
        added_by=system_user(),
    )
    with pytest.raises(DaihouError) as refused:  # Its periods are not known here.
        clock(Loan.objects.get(pk=loan.pk))
    assert refused.value.params["jurisdiction"] == "US"
    assert queries.expiring(book=book, as_of=TODAY, funder_ids=None) == []
