"""Goal: a tape is posted once, whole, and nothing in it is lost silently."""

from dataclasses import replace
from datetime import date

import pytest

from daihou.core.events import Kind, check_events
from daihou.core.terms import Method
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import facts, operations, queries
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book, Event, ImportBatch, ImportErrorCount, LoanDrift
from daihou.web.loans.models import ContractTerms, Loan
from daihou.web.parties.models import PersonalDatum
from tests.web.ledger_books import START, frame, free_dues, loan, payment, random_tape, tape

pytestmark = pytest.mark.django_db

FREE = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}


@pytest.fixture
def book():
    return operations.create_book(
        name="demo", currency="CNY", shard_count=3, acting_user=system_user()
    )


def post(book, given):
    return operations.post_tape(book=book, tape=given, acting_user=system_user())


def test_posts_every_event_in_ledger_order(book):
    given = random_tape(1)
    result = post(book, given)

    expected = given.loans.height + given.payments.height + given.events.height
    assert (result.loans_new, result.events_new) == (given.loans.height, expected)
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, expected + 1)
    )
    assert Book.objects.get().next_sequence == expected + 1
    assert AuditRow.objects.filter(action="tape.post").count() == 1


def test_posting_twice_changes_nothing(book):
    given = random_tape(2)
    post(book, given)
    before = list(Event.objects.order_by("sequence").values())
    again = post(book, given)

    assert (again.loans_new, again.events_new, again.errors.height) == (0, 0, 0)
    assert again.loans_known == given.loans.height
    assert again.events_known == len(before)
    assert list(Event.objects.order_by("sequence").values()) == before


def test_a_loan_comes_back_as_it_was_agreed(book):
    dues = free_dues("A", principal_minor=120_000, count=6, first_on=date(2025, 2, 1))
    paid = payment("A", date(2025, 2, 3), 700)
    post(book, tape(loans=[loan("A", **FREE)], dues=dues, payments=[paid]))
    contract, events = queries.load_loan(book=book, loan_ref="A")

    assert contract.terms.method is Method.FREE
    assert [due.due_on for due in contract.terms.free_dues] == [due["due_on"] for due in dues]
    assert sum(due.principal_minor for due in contract.terms.free_dues) == 120_000
    assert [(event.kind, event.amount_minor) for event in events] == [
        (Kind.DISBURSED, 120_000),
        (Kind.PAYMENT_RECEIVED, 700),
    ]
    assert str(events[1].recorded_at) == "2025-02-03 23:59:59.999999+00:00"


def test_a_taken_key_with_other_content_is_refused_and_counted(book):
    paid = payment("A", date(2025, 2, 3), 700, key="p1")
    post(book, tape(loans=[loan("A"), loan("B")], payments=[paid]))
    others = [paid | {"amount_minor": 701}, paid | {"loan_ref": "B"}, paid]
    for other in others[:2]:
        result = post(book, tape(loans=[], payments=[other]))
        assert result.errors["code"].to_list() == ["event.key_conflict"]
        assert result.events_new == 0
    assert post(book, tape(loans=[], payments=others[2:])).events_known == 1
    assert Event.objects.get(key="p1").amount_minor == 700
    assert ImportErrorCount.objects.filter(code="event.key_conflict").count() == 2


def test_a_key_twice_in_one_tape_is_posted_once(book):
    paid = payment("A", date(2025, 2, 3), 700, key="p1")
    result = post(book, tape(loans=[loan("A")], payments=[paid, paid, paid | {"amount_minor": 1}]))

    assert (result.events_new, result.events_known) == (2, 1)
    assert result.errors.rows() == [(0, 3, "key", "event.key_conflict")]


def test_a_changed_contract_is_a_drift_and_the_loan_stays(book):
    dues = free_dues("A", principal_minor=120_000, count=6, first_on=date(2025, 2, 1))
    post(book, tape(loans=[loan("A", **FREE), loan("B")], dues=dues))
    moved = [
        due | {"due_on": date(2025, 2, 2)} if due["instalment_no"] == 1 else due for due in dues
    ]
    result = post(book, tape(loans=[loan("A", **FREE), loan("B", rate="0.20")], dues=moved))

    drifts = {row.loan.loan_ref: row.fields for row in LoanDrift.objects.select_related("loan")}
    assert drifts == {"A": ["due_on"], "B": ["terms"]}
    assert result.drifted == 2
    assert result.errors["code"].to_list() == ["loan.changed"] * 2
    assert queries.load_loan(book=book, loan_ref="B")[0].terms.rate.value.as_tuple().digits == (
        1,
        8,
    )


@pytest.mark.parametrize(
    ("given", "column", "code"),
    [
        (tape(loans=[loan("A", currency="USD")]), "currency", "book.wrong_currency"),
        (tape(loans=[loan("A", minor_digits=0)]), "minor_digits", "book.wrong_currency"),
        (
            tape(loans=[loan("A", penalty_multiple="1", penalty_rate="1")]),
            "method",
            "terms.penalty_ambiguous",
        ),
        (tape(loans=[loan("A", first_due_on=START)]), "first_due_on", "terms.due_before_start"),
        (
            tape(
                loans=[loan("A", **FREE)],
                dues=free_dues("A", principal_minor=119_999, count=2, first_on=date(2025, 2, 1)),
            ),
            "principal_minor",
            "terms.free_dues_not_principal",
        ),
        (
            tape(
                loans=[loan("A", **FREE)],
                dues=free_dues("A", principal_minor=120_000, count=2, first_on=date(2024, 2, 1)),
            ),
            "due_on",
            "terms.due_before_start",
        ),
    ],
)
def test_a_contract_that_makes_no_sense_is_an_error_row(book, given, column, code):
    result = post(book, given)

    assert (1, column, code) in [row[1:] for row in result.errors.rows()]
    assert not Loan.objects.exists()
    assert not Event.objects.exists()


def test_events_of_unknown_loans_and_aims_are_error_rows(book):
    reversal = {"loan_ref": "A", "kind": "payment_reversed", "effective_on": START, "key": "r"}
    given = tape(
        loans=[loan("A"), loan("B")],
        payments=[payment("X", START, 5), payment("B", START, 5, key="p-of-b")],
        events=[
            reversal | {"target_key": "nothing"},
            reversal | {"target_key": "p-of-b", "key": "s"},
        ],
        dues=free_dues("Y", principal_minor=10, count=1, first_on=START),
    )
    result = post(book, given)

    assert sorted(result.errors["code"]) == [
        "due.without_contract",
        "event.unknown_target",
        "event.unknown_target",
        "loan.unknown",
    ]
    assert result.events_new == 3
    assert ImportBatch.objects.get().rows_rejected == 4


ONE = {"loan_ref": "A", "effective_on": START, "key": "one"}
ADDED = {"kind": "charge_added", "amount_minor": 5, "component": "fee", "due_on": START}
WAIVED = {"kind": "charge_waived", "amount_minor": 5}


@pytest.mark.parametrize(
    ("event", "column", "code"),
    [
        (ADDED | {"component": None}, "component", "event.component_missing"),
        (ADDED | {"component": "compound_interest"}, "component", "event.component_wrong"),
        (ADDED | {"due_on": None}, "due_on", "event.due_on_missing"),
        (WAIVED, "target_key", "event.target_missing"),
        (WAIVED | {"target_key": "p"}, "target_key", "event.target_not_charge"),
        (
            WAIVED | {"amount_minor": None, "component": "fee", "instalment_no": 1},
            "amount_minor",
            "event.amount_not_positive",
        ),
        (
            WAIVED | {"component": "principal", "instalment_no": 1},
            "component",
            "event.component_wrong",
        ),
        ({"kind": "written_off", "amount_minor": 5}, "amount_minor", "event.amount_not_wanted"),
        (
            {"kind": "payment_reversed", "target_key": "c"},
            "target_key",
            "event.target_not_payment",
        ),
        ({"kind": "payment_reversed", "target_key": "r"}, "target_key", "event.reversed_twice"),
        (
            {"kind": "recovered", "amount_minor": 2**63 - 120_000},
            "amount_minor",
            "amount.sum_too_large",
        ),
    ],
)
@pytest.mark.parametrize("is_later", [False, True])
def test_an_event_that_core_would_refuse_at_night_is_an_error_row(
    book, event, column, code, is_later
):
    loans, paid = [loan("A"), loan("B")], [payment("A", START, 5, key=key) for key in "pr"]
    before = [
        ONE | ADDED | {"key": "c"},
        ONE | {"kind": "payment_reversed", "target_key": "r", "key": "s"},
    ]
    if is_later:
        post(book, tape(loans=loans, payments=paid, events=before))
        result = post(book, tape(loans=[], events=[ONE | event]))
    else:
        result = post(book, tape(loans=loans, payments=paid, events=[*before, ONE | event]))

    assert (column, code) in result.errors.select("column", "code").rows()
    assert not Event.objects.filter(key="one").exists()
    check_events(queries.load_loan(book=book, loan_ref="A")[1])


def test_nothing_is_left_when_posting_breaks(book, monkeypatch):
    def broken(**given):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(operations.audit, "record", broken)
    with pytest.raises(RuntimeError):
        post(book, random_tape(3))

    assert not Loan.objects.exists()
    assert not Event.objects.exists()
    assert not ContractTerms.objects.exists()
    assert Book.objects.get().next_sequence == 1


def test_people_of_the_tape_are_known_by_the_book_and_their_data_encrypted(book):
    she = {"party_ref": "she", "kind": "person", "name": "王芳", "phone": "13800000000"}
    given = tape(loans=[loan("A", party_ref="she", creditor="bank"), loan("B", party_ref="he")])
    result = post(book, replace(given, parties=frame("parties", [she])))
    rows = {row.loan_ref: row for row in Loan.objects.select_related("person", "creditor")}

    assert result.errors.height == 0
    assert [rows[ref].person.reference for ref in "AB"] == ["she", "he"]
    assert (rows["A"].creditor.kind, rows["A"].creditor.source) == ("company", "demo")
    assert rows["A"].person.personal_data.count() == 2
    stored = b"".join(bytes(row.ciphertext) for row in PersonalDatum.objects.all())
    assert "王芳".encode() not in stored


def test_loans_that_agree_share_their_terms(book):
    post(book, tape(loans=[loan(f"L{number}") for number in range(20)]))

    assert ContractTerms.objects.count() == 1
    assert {row.shard for row in Loan.objects.all()} == {0, 1, 2}


def test_the_end_of_an_effective_day_is_that_of_the_books_zone(book):
    given = tape(loans=[loan("A")])
    recorded = facts.facts(tape=given, time_zone="Asia/Shanghai")["recorded_at"][0]

    assert recorded.isoformat() == "2025-01-06T15:59:59.999999+00:00"


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "x" * 65])
def test_a_book_name_is_a_folder_name(name):
    with pytest.raises(LedgerRefused) as refused:
        operations.create_book(name=name, currency="CNY", acting_user=system_user())
    assert refused.value.code == "book.name_invalid"


def test_a_book_is_made_once(book):
    with pytest.raises(LedgerRefused) as refused:
        operations.create_book(name="demo", currency="CNY", acting_user=system_user())
    assert refused.value.code == "book.exists"
