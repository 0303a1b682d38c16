"""Goal: a holiday moves the due date from the file to the book; products have versions.

Method: small native files and tapes, posted and aged in a scratch database.
"""

from datetime import date

import pytest

from daihou.core.position import position
from daihou.engine import replay
from daihou.tapes.contracts import contracts_of
from daihou.tapes.native import Native
from daihou.web.access.queries import system_user
from daihou.web.ledger import end_of_day, operations, queries
from daihou.web.loans.models import HolidayCalendar, Loan, ProductVersion
from tests.web.ledger_books import free_dues, loan, tape

LOANS = (
    "loan_ref,currency,principal,disbursed_on,method,rate,rate_per,instalment_count,"
    "holiday_shift,calendar\n"
    "A,CNY,1200.00,2025-01-06,equal_instalment,0.18,year,12,following,CN\n"
    "B,CNY,1200.00,2025-01-06,equal_instalment,0.18,year,12,,\n"
    "C,CNY,1200.00,2025-01-06,equal_instalment,0.18,year,12,following,Mars\n"
    "D,CNY,1200.00,2025-01-06,equal_instalment,0.18,year,12,following,\n"
)
CALENDARS = "calendar,closed_on\nCN,2025-02-06\nCN,2025-02-07\nCN,2025-02-08\nCN,2025-10-06\n"


@pytest.fixture
def unblocked(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def make_book():
    return operations.create_book(
        name="demo", currency="CNY", shard_count=1, acting_user=system_user()
    )


def post(book, given):
    return operations.post_tape(book=book, tape=given, acting_user=system_user())


def run(book, on):
    book.refresh_from_db()
    return end_of_day.run_end_of_day(book=book, through=on, acting_user=system_user())


def days_past_due(book, on):
    frame = replay.positions(book=queries.engine_book(book=book), as_of=on)
    return dict(frame.select("loan_ref", "days_past_due").iter_rows())


@pytest.fixture
def read(tmp_path):
    (tmp_path / "loans.csv").write_text(LOANS)
    (tmp_path / "calendars.csv").write_text(CALENDARS)
    return Native().read([tmp_path])


def test_a_holiday_moves_the_due_date_through_to_the_position(unblocked, read):
    book = make_book()
    result = post(book, read)
    run(book, date(2025, 2, 11))

    assert days_past_due(book, date(2025, 2, 11)) == {"A": 2, "B": 5}
    contract, events = queries.load_loan(book=book, loan_ref="A")
    found = position(contract=contract, events=events, as_of=date(2025, 2, 11))
    assert found.oldest_unpaid_due_on == date(2025, 2, 9)
    assert result.errors.select("source_row", "column", "code").rows() == [
        (3, "calendar", "calendar.unknown"),
        (4, "calendar", "terms.shift_without_calendar"),
        (3, "loan_ref", "loan.unknown"),
        (4, "loan_ref", "loan.unknown"),
    ]


def test_a_calendar_grows_and_what_was_agreed_keeps_its_days(unblocked, read):
    book = make_book()
    post(book, read)
    more = tape(
        loans=[loan("E", holiday_shift="following", calendar="CN")],
        calendars=[{"calendar": "CN", "closed_on": date(2025, 2, 9)}],
    )
    post(book, more)
    assert HolidayCalendar.objects.get().closed_on[2:4] == [date(2025, 2, 8), date(2025, 2, 9)]
    run(book, date(2025, 2, 11))

    assert days_past_due(book, date(2025, 2, 11)) == {"A": 2, "B": 5, "E": 1}


def test_core_reads_the_calendars_of_a_tape_alone(read):
    known = read.with_frames({"loans": read.loans.head(2)})
    shifted, plain = (contract.terms.calendar for contract, _ in contracts_of(known))

    assert (len(shifted.closed_on), plain) == (4, None)


def test_due_dates_that_meet_after_holidays_are_an_error_row_not_a_crash(unblocked):
    book = make_book()
    daily = {"unit": "day", "holiday_shift": "following", "calendar": "CN"}
    days = [{"calendar": "CN", "closed_on": date(2025, 1, day)} for day in (8, 9)]
    late = loan("B", disbursed_on=date(2025, 2, 6), **daily)
    result = post(book, tape(loans=[loan("A", **daily), late], calendars=days))

    assert result.errors.select("column", "code").row(0) == ("calendar", "terms.due_dates_meet")
    assert list(Loan.objects.values_list("loan_ref", flat=True)) == ["B"]
    assert run(book, date(2025, 2, 11)).loans == 1


@pytest.mark.parametrize(
    ("agreed", "code"),
    [
        ({"penalty_multiple": "1.5"}, "accrual.too_wide"),
        ({"penalty_rate": "0.0005", "penalty_rate_per": "day"}, "accrual.too_wide"),
        ({"compound_rate": "0.0005", "compound_rate_per": "day"}, "accrual.too_wide"),
        (
            {"principal_minor": 100, "rate": "0.180000001", "penalty_multiple": "1.300000001"},
            "accrual.too_wide",
        ),
        ({"rate": "9", "principal_minor": 2**63 - 1}, "schedule.too_large"),
    ],
)
def test_what_would_not_fit_64_bits_at_night_is_an_error_row(unblocked, agreed, code):
    book = make_book()
    huge = {"principal_minor": 10**15} | agreed
    result = post(book, tape(loans=[loan("A", **huge), loan("B")]))

    assert result.errors.select("column", "code").row(0) == ("principal_minor", code)
    assert run(book, date(2025, 6, 1)).loans == 1


def test_the_largest_loan_that_is_taken_in_ages_through_the_night(unblocked):
    from daihou.web.loans.agreed import agreed_terms, widest_amounts

    book = make_book()
    agreed = {"penalty_rate": "0.0005", "penalty_rate_per": "day"}
    row = tape(loans=[loan("A", **agreed)]).loans.row(0, named=True)
    most = min(widest_amounts(agreed_terms(row=row, calendars={})))
    result = post(
        book,
        tape(
            loans=[
                loan("A", principal_minor=most, **agreed),
                loan("B", principal_minor=most + 1, **agreed),
            ]
        ),
    )

    assert result.errors["code"].to_list() == ["accrual.too_wide", "loan.unknown"]
    assert run(book, date(2030, 6, 1)).loans == 1


def test_a_product_gets_a_version_for_each_terms_first_seen(unblocked):
    book = make_book()
    day = date(2025, 1, 6)
    cash = {"product_code": "cash"}
    loans = [
        loan("A", disbursed_on=date(2025, 3, 1), rate="0.15", **cash),
        loan("B", disbursed_on=date(2025, 1, 10), **cash),
        loan("C", disbursed_on=day, first_due_on=date(2025, 2, 20), **cash),
        loan("D", product_code="car"),
        loan("E"),
    ]
    post(book, tape(loans=loans))
    assert versions() == [
        ("car", 1, day, ["D"]),
        ("cash", 1, day, ["B", "C"]),
        ("cash", 2, date(2025, 3, 1), ["A"]),
    ]

    free = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}
    later = [
        loan("F", rate="0.15", disbursed_on=date(2025, 2, 1), **cash),
        loan("G", **free, **cash),
        loan("H", **free, **cash),
    ]
    dues = [
        *free_dues("G", principal_minor=120_000, count=2, first_on=date(2025, 2, 6)),
        *free_dues("H", principal_minor=120_000, count=3, first_on=date(2025, 2, 7)),
    ]
    post(book, tape(loans=later, dues=dues))
    post(book, tape(loans=later, dues=dues))
    assert versions()[1:] == [
        ("cash", 1, day, ["B", "C"]),
        ("cash", 2, date(2025, 2, 1), ["A", "F"]),
        ("cash", 3, day, ["G", "H"]),
    ]
    assert Loan.objects.get(loan_ref="E").product_version is None


def versions():
    rows = ProductVersion.objects.order_by("product__code", "version_no")
    return [
        (
            row.product.code,
            row.version_no,
            row.effective_on,
            sorted(row.loans.values_list("loan_ref", flat=True)),
        )
        for row in rows.select_related("product")
    ]
