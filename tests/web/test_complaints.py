"""Goal: a complaint holds what it is about at once, and is decided by somebody else in time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from daihou.web.access.models import Role
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.audit.models import AuditRow
from daihou.web.board.sight import Sight
from daihou.web.complaints import (
    claims,
    clocks,
    deciding,
    exports,
    letters,
    operations,
    queries,
)
from daihou.web.complaints.models import Complaint, State
from daihou.web.contacts import stops
from daihou.web.documents.kinds import Language
from daihou.web.documents.values import day_in_words
from daihou.web.loans.models import Loan
from daihou.web.payments.models import Receipt
from daihou.web.payments.posting import post_open
from tests.web.payment_channels import Provider, make_book, make_borrower, make_channel, movement
from tests.web.refusing import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(db):
    return make_book()


@pytest.fixture
def people(make_user):
    return {
        "maker": make_user(Role.COLLECTOR, username="maker"),
        "judge": make_user(Role.COMPLIANCE, username="judge"),
        "other": make_user(Role.COMPLIANCE, username="other"),
        "manager": make_user(Role.MANAGER, username="manager"),
    }


@pytest.fixture
def person(book):
    return make_borrower(book)


def told(party=None, loans=(), **given):
    words = {"nature": "complaint", "intake": "phone", "topic": "amount", "said": "金额不对"}
    return operations.Told(
        party=party,
        loans=loans,
        **(words | {"received_at": timezone.now()} | given),
    )


def loan_of(book, ref="A"):
    return Loan.objects.select_related("book", "person").get(book=book, loan_ref=ref)


def test_a_dispute_holds_its_debt_alone_until_it_is_answered_in_writing(book, person, people):
    loan = loan_of(book)
    made = operations.record(
        book=book,
        told=told(person, [loan], nature="dispute", said="我已还清，李四 13800138000"),
        acting_user=people["maker"],
    )
    order = stops.in_force(party=person, at=timezone.now()).get()
    assert (order.kind, len(order.debt_keys), order.channels) == ("dispute", 1, [])
    assert "李四" not in made.said
    assert queries.said(complaint=made).startswith("我已还清")
    assert made.due_on == clocks.day_of(made.clock["from_on"]) + timedelta(days=15)
    assert made.clock["confidence"] == "own"

    refused(
        "complaint.state_wrong",
        deciding.decide,
        complaint=made,
        decision=deciding.Decision(finding="upheld", cause="data", reasoning="x"),
        acting_user=people["judge"],
    )
    operations.take(complaint=made, acting_user=people["judge"])
    decision = deciding.Decision(
        finding="partly",
        cause="posting",
        reasoning="核对后更正。\n已调整账目。",
        remedies=["apology"],
    )
    refused(
        "complaint.not_handler",
        deciding.decide,
        complaint=made,
        decision=decision,
        acting_user=people["other"],
    )
    deciding.decide(complaint=made, decision=decision, acting_user=people["judge"])
    assert stops.in_force(party=person, at=timezone.now()).exists()
    answered = deciding.answer(
        complaint=made,
        language=Language.CHINESE,
        made_on=date(2026, 11, 22),
        acting_user=people["judge"],
    )
    assert not stops.in_force(party=person, at=timezone.now()).exists()
    assert answered.answer.name.startswith("answer-C")
    deciding.close(complaint=made, acting_user=people["judge"])
    again = operations.reopen(complaint=made, reason="不服", acting_user=people["maker"])
    assert (again.state, again.reopened, again.handler) == (State.RECORDED, 1, None)
    assert stops.in_force(party=person, at=timezone.now()).count() == 1
    refused(
        "complaint.decided_before",
        operations.take,
        complaint=made,
        acting_user=people["judge"],
    )
    operations.take(complaint=made, acting_user=people["other"])
    operations.withdraw(complaint=made, reason="本人撤回", acting_user=people["other"])
    assert not stops.in_force(party=person, at=timezone.now()).exists()
    notes = [note for _, note in queries.steps(complaint=made) if note]
    assert notes == ["本人撤回", "不服", "核对后更正。\n已调整账目。"]
    assert "李四" not in str(list(AuditRow.objects.values_list("details", flat=True)))


def test_who_is_complained_of_handles_nothing(book, person, people):
    made = operations.record(
        book=book,
        told=told(person, topic="conduct", people=[people["judge"]]),
        acting_user=people["maker"],
    )
    for deed, given in (
        (operations.take, {}),
        (operations.withdraw, {"reason": "x"}),
        (operations.extend, {"is_special": False, "reason": "x"}),
    ):
        refused("complaint.of_oneself", deed, complaint=made, acting_user=people["judge"], **given)
    order = stops.in_force(party=person, at=timezone.now()).get()
    assert (order.kind, order.debt_keys, order.address_key) == ("complaint", [], "")


def test_a_clock_runs_longer_once_and_specially_only_by_approval(book, person, people):
    made = operations.record(book=book, told=told(person), acting_user=people["maker"])
    received = clocks.day_of(made.clock["from_on"])
    assert (made.clock["rule_id"], made.clock["confidence"]) == ("CN-CMP-01", "memory")
    operations.extend(complaint=made, is_special=False, reason="复杂", acting_user=people["judge"])
    made.refresh_from_db()
    assert made.due_on == received + timedelta(days=30)
    asked = operations.extend(
        complaint=made, is_special=True, reason="调取材料", acting_user=people["judge"]
    )
    made.refresh_from_db()
    assert made.due_on == received + timedelta(days=30)
    refused(
        "complaint.extended_already",
        operations.extend,
        complaint=made,
        is_special=False,
        reason="again",
        acting_user=people["judge"],
    )
    approvals.decide(approval=asked, verdict="approved", reason="ok", acting_user=people["manager"])
    made.refresh_from_db()
    assert made.due_on == received + timedelta(days=60)
    assert made.extensions.get(is_special=True).approval_id == asked.pk


def test_a_request_sent_twice_is_recorded_once_and_wrong_words_not_at_all(book, person, people):
    first = operations.record(
        book=book, told=told(person, request_key="k1"), acting_user=people["maker"]
    )
    second = operations.record(
        book=book, told=told(person, request_key="k1"), acting_user=people["maker"]
    )
    assert first.pk == second.pk
    for code, given in (
        ("complaint.word_unknown", {"topic": "weather"}),
        ("complaint.text_missing", {"said": " "}),
        ("complaint.in_future", {"received_at": timezone.now() + timedelta(days=1)}),
        ("complaint.dispute_of_nothing", {"nature": "dispute"}),
        ("complaint.loan_of_other", {"loans": [loan_of(book, "B")]}),
    ):
        refused(
            code,
            operations.record,
            book=book,
            told=told(person, **given),
            acting_user=people["maker"],
        )
    assert Complaint.objects.count() == 1


def test_money_found_lets_go_of_what_a_claim_held(book, person, people):
    loan = loan_of(book)
    claimed = claims.Claimed(amount_minor=11_002, paid_on=date(2025, 3, 9))
    made = claims.claim(loan=loan, party=person, claimed=claimed, acting_user=people["maker"])
    order = stops.in_force(party=person, at=timezone.now()).get()
    assert (order.kind, len(order.debt_keys)) == ("already_paid", 1)
    refused(
        "claim.open_already",
        claims.claim,
        loan=loan,
        party=person,
        claimed=claimed,
        acting_user=people["maker"],
    )
    refused("claim.by_noter", claims.refuse, claim=made, reason="无", acting_user=people["maker"])
    Provider(make_channel(book)).tell(movement())
    assert claims.match_all(book_id=book.pk, acting_user=system_user()) == 0  # Not posted yet.
    post_open(book=book, acting_user=system_user())
    assert claims.match_all(book_id=book.pk, acting_user=system_user()) == 1
    made.refresh_from_db()
    assert (made.state, made.receipt) == ("matched", Receipt.objects.get())
    assert not stops.in_force(party=person, at=timezone.now()).exists()

    later = claims.Claimed(amount_minor=5_000, paid_on=date(2025, 3, 9))
    second = claims.claim(loan=loan, party=person, claimed=later, acting_user=people["maker"])
    claims.refuse(claim=second, reason="未查到", acting_user=people["judge"])
    assert not stops.in_force(party=person, at=timezone.now()).exists()


def test_complaints_are_counted_to_contacts_and_leave_without_names(book, person, people):
    made = operations.record(
        book=book, told=told(person, [loan_of(book)]), acting_user=people["maker"]
    )
    today = timezone.now().astimezone(UTC).date()
    found = queries.rate(book=book, first_on=today, last_on=today)
    assert (found.received, found.upheld, found.contacts) == (1, 0, 0)
    assert found.per_contacts is None
    sight = Sight(book=book, funder_ids=None)
    content = exports.export(
        sight=sight,
        first_on=today,
        last_on=today,
        language="en",
        file_type="csv",
        reason="quarterly report",
        acting_user=people["judge"],
    ).decode("utf-8-sig")
    assert made.reference in content
    assert "李四" not in content
    assert AuditRow.objects.get(action="complaint.export").details["rows"] == 1
    workbook = exports.export(
        sight=sight,
        first_on=today,
        last_on=today,
        language="zh-hans",
        file_type="xlsx",
        reason="季报",
        acting_user=people["judge"],
    )
    assert workbook[:2] == b"PK"
    past = queries.past_of(party=person, at=timezone.now())
    assert (past.open, past.of_year, past.upheld) == (1, 1, 0)


def test_an_answer_names_the_day_of_the_book_on_which_a_complaint_came(book, person, people):
    book.time_zone = "Asia/Shanghai"
    book.save()
    came = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # In Shanghai half past midnight of the 21st.
    made = operations.record(
        book=book,
        told=told(person, received_at=came),
        acting_user=people["maker"],
        at=came + timedelta(hours=9),
    )
    found = letters.values(
        complaint=made, loans=[], language=Language.CHINESE, made_on=date(2026, 11, 22)
    )
    assert found["received"] == day_in_words(date(2026, 11, 21), language=Language.CHINESE)
    taken_at = came + timedelta(hours=10)
    operations.take(complaint=made, acting_user=people["judge"], at=taken_at)
    assert [step.at for step, _ in queries.steps(complaint=made)] == [
        taken_at,
        came + timedelta(hours=9),
    ]


def test_working_days_leave_out_weekends_and_holidays():
    holiday = frozenset({date(2026, 10, 12)})
    assert clocks.count(
        from_on=date(2026, 10, 9), days=1, unit="working_days", holidays=holiday
    ) == date(2026, 10, 13)
    assert datetime(2026, 10, 9, tzinfo=UTC).weekday() == 4
