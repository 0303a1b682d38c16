"""Goal: cover is computed by rank, papers move by two people, settled loans give theirs back."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given, strategies as st
from pypdf import PdfReader

from daihou.core.events import Event, Kind as EventKind
from daihou.core.position import position
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.archive.operations import open_file
from daihou.web.assets.npm import ensure_installed
from daihou.web.collateral import covering, operations, queries
from daihou.web.collateral.errors import CollateralRefused
from daihou.web.collateral.models import (
    ItemKind,
    Movement,
    MovementKind,
    PaperKind,
    Pledge,
    ReleaseTask,
    TaskState,
    Valuation,
    ValuedBy,
)
from daihou.web.ledger.operations import create_book, post_tape
from daihou.web.ledger.queries import load_loan
from daihou.web.ledger.recording import record_event
from daihou.web.loans.models import Loan
from tests.web import ledger_books as books

DAY = date(2025, 6, 1)
REFUSAL = r"permission denied|append_only"
COVERED = st.integers(0, 10**12)


@given(
    st.lists(st.tuples(st.integers(1, 4), COVERED, st.none() | st.integers(1, 10**12)), max_size=5),
    COVERED,
)
def test_an_item_covers_no_more_than_it_counts(loans, counted_minor):
    claims = [
        covering.Claim(item_id=1, loan_id=loan_id, rank=rank, amount_minor=limit)
        for rank, (loan_id, _, limit) in enumerate(loans, start=1)
    ]
    exposure = {loan_id: owed for loan_id, owed, _ in loans}
    found = covering.cover(claims=claims, counted_minor={1: counted_minor}, exposure_minor=exposure)
    assert sum(each.covered_minor for each in found.values()) <= counted_minor
    assert min((each.covered_minor for each in found.values()), default=0) >= 0
    assert all((each.ratio is None) == (exposure[loan_id] == 0) for loan_id, each in found.items())


@pytest.fixture
def book(db):
    book = create_book(name="secured", currency="CNY", acting_user=system_user())
    tape = books.tape(loans=[books.loan("S1"), books.loan("S2")])
    post_tape(book=book, tape=tape, acting_user=system_user())
    return book


@pytest.fixture
def people(make_user):
    return {role: make_user(role) for role in ("manager", "finance", "compliance")}


def loan(book, ref="S1"):
    return Loan.objects.get(book=book, loan_ref=ref)


def item(book, number="YP-1", **more):
    given = {
        "kind": ItemKind.HOME,
        "description": "海淀区某小区 3-502",
        "identifier": f"京(2024)海不动产权第{number}号",
        "owner": None,
    }
    return operations.add_item(book=book, item_no=number, acting_user=system_user(), **given | more)


def value(found, value_minor, *, on=DAY, share="0.7"):
    return operations.value_item(
        item=found,
        valued_on=on,
        value_minor=value_minor,
        counted_share=Decimal(share),
        valued_by=ValuedBy.APPRAISER,
        source="评估报告 2025-18",
        acting_user=system_user(),
    )


def pledged(found, to, *, rank=1, amount_minor=None):
    return operations.pledge(
        item=found,
        loan=to,
        rank=rank,
        amount_minor=amount_minor,
        pledged_on=books.START,
        registration="",
        acting_user=system_user(),
    )


def owed(book, ref, on=DAY):
    contract, events = load_loan(book=book, loan_ref=ref)
    return position(contract=contract, events=events, as_of=on).payoff_minor


def code_of(call):
    with pytest.raises((CollateralRefused, ApprovalRefused)) as refused:
        call()
    return refused.value.code


def test_cover_is_value_times_share_over_what_is_owed(book):
    home = item(book)
    pledged(home, loan(book))
    (row,) = queries.rows(book=book, items=[home], as_of=DAY)
    assert (row.valuation, row.counted_minor, row.is_short) == (None, 0, True)
    value(home, 200_000, on=date(2025, 5, 1))
    value(home, 190_000, on=date(2025, 5, 20))
    value(home, 10, on=date(2025, 7, 1))
    (row,) = queries.rows(book=book, items=[home], as_of=DAY)
    wanted = Decimal(133_000) / owed(book, "S1")
    assert row.counted_minor == 133_000
    assert abs(row.secured[0].cover.ratio - wanted) < Decimal("0.0001")
    assert not row.is_short
    (later,) = queries.rows(book=book, items=[home], as_of=date(2025, 7, 1))
    assert later.is_short


def test_the_second_rank_gets_what_the_first_leaves(book):
    home = item(book)
    value(home, 200_000, share="1")
    pledged(home, loan(book, "S2"), rank=2)
    pledged(home, loan(book, "S1"), rank=1)
    first, second = owed(book, "S1"), owed(book, "S2")
    covers = queries.cover_of(
        book=book, loan_ids={loan(book, "S1").pk, loan(book, "S2").pk}, as_of=DAY
    )
    assert covers[loan(book, "S1").pk].covered_minor == first
    assert covers[loan(book, "S2").pk].covered_minor == 200_000 - first
    assert covers[loan(book, "S2").pk].is_short(least=Decimal(1)) == (200_000 - first < second)


def test_values_and_movements_only_grow(book):
    made = value(item(book), 100)
    with pytest.raises(DatabaseError, match=REFUSAL), transaction.atomic():
        Valuation.objects.filter(pk=made.pk).update(value_minor=1)


def test_a_pledge_is_released_once_and_nothing_else_of_it_changes(book):
    made = pledged(item(book), loan(book))
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        Pledge.objects.filter(pk=made.pk).update(rank=5)
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        Pledge.objects.filter(pk=made.pk).delete()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"item_no": ""}, "collateral.text_refused"),
        ({"item_no": "x" * 65}, "collateral.text_refused"),
        ({"description": "a\u202eb"}, "collateral.text_refused"),
        ({"identifier": "x" * 10_000}, "collateral.text_refused"),
        ({"item_no": "YP-1", "identifier": "other"}, "collateral.item_known"),
        ({"item_no": "YP-2", "identifier": "京(2024)海不动产权第YP-1号"}, "collateral.item_known"),
    ],
)
def test_an_item_without_sense_is_refused(book, change, code):
    item(book)
    given = {"number": change.pop("item_no", "YP-9"), **change}
    with transaction.atomic():
        assert code_of(lambda: item(book, **given)) == code


def test_values_pledges_and_policies_without_sense_are_refused(book):
    home = item(book)
    assert code_of(lambda: value(home, -1)) == "collateral.amount_refused"
    assert code_of(lambda: value(home, 10**19)) == "collateral.amount_refused"
    for share in ("0", "1.01", "NaN", "-1"):
        assert code_of(lambda share=share: value(home, 1, share=share)) == (
            "collateral.share_refused"
        )
    assert code_of(lambda: value(home, 1, on=date(1800, 1, 1))) == "collateral.day_refused"
    other = create_book(name="other", currency="CNY", acting_user=system_user())
    assert code_of(lambda: pledged(item(other), loan(book))) == "collateral.other_book"
    assert code_of(lambda: pledged(home, loan(book), rank=0)) == "collateral.rank_refused"
    assert code_of(lambda: pledged(home, loan(book), amount_minor=0)) == "collateral.amount_refused"
    pledged(home, loan(book))
    assert code_of(lambda: pledged(home, loan(book), rank=2)) == "collateral.pledged_already"
    assert code_of(lambda: pledged(home, loan(book, "S2"))) == "collateral.pledged_already"
    assert code_of(lambda: insured(home, ends_on=date(2024, 1, 1))) == "collateral.days_refused"
    insured(home)
    assert code_of(lambda: insured(home)) == "collateral.policy_known"


def insured(found, ends_on=date(2026, 1, 31)):
    return operations.insure(
        item=found,
        insurer="某财险",
        policy_no="P-1",
        starts_on=date(2025, 2, 1),
        ends_on=ends_on,
        sum_minor=100_000,
        acting_user=system_user(),
    )


def test_insurance_that_ends_is_found_unless_it_was_renewed(book):
    home = item(book)
    pledged(home, loan(book))
    insured(home)
    span = {"from_on": date(2026, 1, 1), "through": date(2026, 1, 31)}
    found = queries.insurance_ends(book=book, **span)
    assert found == [(loan(book).pk, "S1", date(2026, 1, 31), 100_000)]
    operations.insure(
        item=home,
        insurer="某财险",
        policy_no="P-2",
        starts_on=date(2026, 2, 1),
        ends_on=date(2027, 1, 31),
        sum_minor=100_000,
        acting_user=system_user(),
    )
    assert queries.insurance_ends(book=book, **span) == []


def asked(paper, kind, user, *, due_back_on=None):
    return operations.request_movement(
        paper=paper,
        kind=MovementKind(kind),
        moved_on=DAY,
        place="保险柜 A-3",
        reason="抵押登记完成",
        due_back_on=due_back_on,
        acting_user=user,
    )


def agree(approval, user):
    return approvals.decide(
        approval=approval, verdict="approved", reason="已核对", acting_user=user
    )


def test_a_paper_moves_when_a_second_person_agrees(book, people):
    home = item(book)
    paper = operations.add_paper(
        item=home, kind=PaperKind.TITLE, number="T-1", acting_user=people["manager"]
    )
    assert code_of(lambda: asked(paper, "out", people["manager"])) == "custody.not_possible"
    approval = asked(paper, "in", people["manager"])
    assert not Movement.objects.exists()
    assert code_of(lambda: agree(approval, people["manager"])) == "approval.by_maker"
    assert code_of(lambda: agree(approval, people["compliance"])) == "approval.no_authority"
    agree(approval, people["finance"])
    (place,) = queries.papers(item=home)
    assert (place.last.asked_by, place.last.agreed_by) == (people["manager"], people["finance"])
    assert place.possible == (MovementKind.BORROWED, MovementKind.OUT)


def test_papers_are_lent_until_a_day_and_come_back(book, people):
    home = item(book)
    paper = operations.add_paper(
        item=home, kind=PaperKind.TITLE, number="T-1", acting_user=people["manager"]
    )
    agree(asked(paper, "in", people["manager"]), people["finance"])
    for wrong in (None, date(2025, 1, 1)):
        assert code_of(
            lambda wrong=wrong: asked(paper, "borrowed", people["manager"], due_back_on=wrong)
        ) == ("custody.due_back_refused")
    lent = asked(paper, "borrowed", people["manager"], due_back_on=date(2025, 6, 9))
    twice = asked(paper, "borrowed", people["manager"], due_back_on=date(2025, 6, 9))
    agree(lent, people["finance"])
    assert code_of(lambda: agree(twice, people["finance"])) == "approval.stale"
    (row,) = queries.rows(book=book, items=[home], as_of=DAY)
    assert row.lent_count == 1
    agree(asked(paper, "returned", people["finance"]), people["manager"])
    assert Movement.objects.count() == 3


def test_papers_of_a_pledged_item_stay(book, people):
    home = item(book)
    paper = operations.add_paper(
        item=home, kind=PaperKind.TITLE, number="T-1", acting_user=people["manager"]
    )
    agree(asked(paper, "in", people["manager"]), people["finance"])
    pledged(home, loan(book))
    assert code_of(lambda: asked(paper, "out", people["manager"])) == "custody.secures_a_loan"


def settle(book, ref="S1", on=DAY):
    event(book, ref, EventKind.PAYMENT_RECEIVED, on, f"all:{ref}", owed(book, ref, on))
    event(book, ref, EventKind.CLOSED, on, f"closed:{ref}", 0)


def event(book, ref, kind, on, key, amount_minor, target_key=None):
    record_event(
        book=book,
        loan_ref=ref,
        event=Event(
            kind=kind,
            effective_on=on,
            recorded_at=datetime(2025, 6, 1, tzinfo=UTC),
            sequence=0,
            key=key,
            amount_minor=amount_minor,
            target_key=target_key,
        ),
        acting_user=system_user(),
    )


def raise_tasks(book, on=DAY):
    return operations.raise_release_tasks(book=book, as_of=on, acting_user=system_user())


def test_a_settled_loan_raises_its_task_once(book):
    pledged(item(book), loan(book))
    assert raise_tasks(book) == []
    settle(book)
    (task,) = raise_tasks(book)
    assert (task.loan.loan_ref, task.settled_on, task.state) == ("S1", DAY, TaskState.OPEN)
    assert raise_tasks(book) == []
    assert raise_tasks(book, date(2025, 6, 2)) == []
    assert ReleaseTask.objects.count() == 1


@pytest.fixture
def store(tmp_path, monkeypatch):
    from daihou.web import home

    ensure_installed()
    monkeypatch.setenv("DAIHOU_SECRETS", str(home.secrets_folder()))
    monkeypatch.setenv("DAIHOU_HOME", str(tmp_path))


def test_two_roles_sign_and_the_letter_is_made(book, people, store):
    home = item(book)
    paper = operations.add_paper(
        item=home, kind=PaperKind.TITLE, number="T-1", acting_user=people["manager"]
    )
    agree(asked(paper, "in", people["manager"]), people["finance"])
    made = pledged(home, loan(book))
    settle(book)
    (task,) = raise_tasks(book)
    approval = operations.request_release(
        task=task, as_of=DAY, reason="已结清", acting_user=people["compliance"]
    )
    assert code_of(
        lambda: operations.request_release(
            task=task, as_of=DAY, reason="again", acting_user=people["compliance"]
        )
    ) == ("release.asked_already")
    agree(approval, people["manager"])
    made.refresh_from_db()
    assert made.released_on is None
    agree(approval, people["finance"])
    made.refresh_from_db()
    task.refresh_from_db()
    assert (made.released_on, task.state, task.approval) == (DAY, TaskState.RELEASED, approval)
    content = b"".join(open_file(file=task.letter, acting_user=people["manager"]))
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "押品解除及权证领取函" in text
    assert "T-1" in text
    assert raise_tasks(book) == []
    asked(paper, "out", people["manager"])


def test_a_loan_that_is_owing_again_gives_nothing_back(book, people):
    pledged(item(book), loan(book))
    event(book, "S1", EventKind.PAYMENT_RECEIVED, DAY, "all", owed(book, "S1"))
    event(book, "S1", EventKind.CLOSED, DAY, "closed", 0)
    (task,) = raise_tasks(book)
    approval = operations.request_release(
        task=task, as_of=DAY, reason="已结清", acting_user=people["compliance"]
    )
    event(book, "S1", EventKind.UNDONE, DAY, "undo", 0, target_key="closed")
    event(book, "S1", EventKind.PAYMENT_REVERSED, DAY, "back", 0, target_key="all")
    agree(approval, people["manager"])
    assert code_of(lambda: agree(approval, people["finance"])) == "approval.stale"
    assert raise_tasks(book) == []
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED


def test_the_register_is_searched(book):
    home = item(book)
    item(book, "YP-2", description="货车", identifier="VIN123", kind=ItemKind.VEHICLE)
    pledged(home, loan(book))
    for text, wanted in (("YP-2", 1), ("VIN", 1), ("小区", 1), ("S1", 1), ("", 2), ("none", 0)):
        assert queries.items(book=book, text=text).count() == wanted
