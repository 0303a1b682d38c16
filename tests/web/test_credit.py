"""Goal: a line never lends more than its limit, whoever draws at once. Method: processes, SQL."""

import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections, transaction

from daihou.core.events import Event, Kind
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.credit import lending, operations, queries, staging
from daihou.web.credit.lending import Payout
from daihou.web.credit.models import Condition, CreditLine, LineChange, Tranche
from daihou.web.credit.operations import Opening
from daihou.web.credit.staging import Stage
from daihou.web.ledger.models import Event as EventRow
from daihou.web.ledger.queries import load_loan
from daihou.web.ledger.recording import record_event
from daihou.web.loans.models import Loan
from daihou.web.loans.ranges import Ranges
from daihou.web.parties import editing, merging
from daihou.web.parties.models import Party
from tests.web.lending import (
    CONTENT,
    GUARANTEE,
    INTEREST,
    PENALTY,
    START,
    approve,
    make_book,
    make_product,
    make_version,
    user,
)
from tests.web.refusing import refused

END = START + timedelta(days=365)
DAY = timedelta(days=1)
TEN_THOUSAND = 1_000_000


class World:
    """A book with one approved product version, one borrower and a line of 30,000."""

    def __init__(self, *, limit_minor=3 * TEN_THOUSAND, content=CONTENT):
        self.book = make_book()
        self.product = make_product(self.book)
        self.version = make_version(self.product, content)
        self.borrower = editing.add_party(
            source="demo", kind="person", data={"name": ["王小明"]}, acting_user=system_user()
        )
        self.line = self.open_line("C1", limit_minor)

    def open_line(self, ref, limit_minor, **given):
        line = operations.open_line(
            book=self.book,
            party=given.pop("party", self.borrower),
            opening=Opening(
                line_ref=ref,
                limit_minor=limit_minor,
                **{"opened_on": START, "expires_on": END} | given,
            ),
            reason="granted",
            acting_user=user("maker", "analyst"),
        )
        approve(line)
        line.refresh_from_db()
        return line

    def draw(self, ref="L1", amount_minor=TEN_THOUSAND, **given):
        wanted = {
            "version": self.version,
            "borrower": self.borrower,
            "principal_minor": amount_minor,
            "start_on": START,
            "loan_ref": ref,
            "line": self.line,
            "acting_user": system_user(),
        } | given
        return lending.originate(**wanted)

    def pay_out(self, loan, amount_minor=TEN_THOUSAND, *, on=START, key=""):
        payout = Payout(amount_minor=amount_minor, on=on, key=key or f"out:{loan.loan_ref}")
        return lending.disburse(loan=loan, payout=payout, acting_user=system_user())

    def usage(self, on=START):
        self.line.refresh_from_db()
        return queries.usage(line=self.line, as_of=on)


@pytest.fixture
def world(db):
    return World()


def repay(world, ref, amount_minor, on, key="p"):
    event = Event(
        kind=Kind.PAYMENT_RECEIVED, effective_on=on, recorded_at=datetime(2026, 7, 1, tzinfo=UTC),
        sequence=0, key=key, amount_minor=amount_minor,
    )  # fmt: skip
    record_event(book=world.book, loan_ref=ref, event=event, acting_user=system_user())


def test_a_line_has_nothing_to_draw_until_a_second_person_agrees(db):
    world = World()
    line = operations.open_line(
        book=world.book,
        party=world.borrower,
        opening=Opening(line_ref="C2", limit_minor=TEN_THOUSAND, expires_on=END, opened_on=START),
        reason="granted",
        acting_user=user("maker", "analyst"),
    )
    assert line.limit_minor == 0
    refused("line.exceeded", world.draw, line=line)
    waiting = Approval.objects.get(state="pending")
    refused(
        "approval.by_maker",
        approvals.decide,
        approval=waiting, verdict="approved", reason="x", acting_user=user("maker"),
    )  # fmt: skip
    approve(line)
    world.draw(line=CreditLine.objects.get(pk=line.pk))
    deeds = list(LineChange.objects.filter(line=line).values_list("deed", "limit_minor"))
    assert deeds == [("opened", 0), ("raised", TEN_THOUSAND)]


def test_use_is_what_is_owed_and_what_is_reserved(world):
    loan = world.draw()
    found = world.usage()
    assert (found.outstanding_minor, found.reserved_minor) == (0, TEN_THOUSAND)
    world.pay_out(loan, 400_000)
    found = world.usage()
    assert (found.outstanding_minor, found.reserved_minor) == (400_000, 600_000)
    assert found.free_minor == 2 * TEN_THOUSAND
    world.pay_out(loan, 600_000, key="second")
    repay(world, "L1", 90_000, START + 31 * DAY)
    later = world.usage(START + 31 * DAY)
    assert later.reserved_minor == 0
    assert later.outstanding_minor == later.uses[0].position.principal_outstanding_minor
    assert 900_000 < later.outstanding_minor < TEN_THOUSAND
    assert world.usage().outstanding_minor == TEN_THOUSAND


def test_repaid_principal_can_be_drawn_again(world):
    for ref in ("L1", "L2", "L3"):
        world.pay_out(world.draw(ref))
    refused("line.exceeded", world.draw, ref="L4")
    due_on = date(2026, 8, 1)
    for ref in ("L1", "L2", "L3"):
        repay(world, ref, 90_000, due_on, key=f"paid:{ref}")
    freed_minor = world.usage(due_on).free_minor
    assert 200_000 < freed_minor < 270_000
    world.draw("L4", amount_minor=100_000, start_on=due_on)
    assert world.usage(due_on).free_minor == freed_minor - 100_000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"amount_minor": 3 * TEN_THOUSAND + 1}, "line.exceeded"),
        ({"start_on": END + DAY}, "line.expired"),
        ({"start_on": START - DAY}, "line.not_begun"),
        ({"borrower": None}, "line.of_other_party"),
    ],
)
def test_a_draw_beyond_its_line_is_refused_and_leaves_nothing(world, given, code):
    if "borrower" in given:
        given = {"borrower": Party.objects.create(kind="person", source="demo", reference="x")}
    refused(code, world.draw, **given)
    assert not Loan.objects.exists()


def test_a_line_of_other_products_is_refused(world):
    other = make_product(world.book, code="P2")
    line = world.open_line("C9", TEN_THOUSAND, products=(other,))
    refused("line.other_product", world.draw, line=line)


def test_a_line_is_cut_frozen_restored_extended_and_closed_with_reasons(world):
    given = {"line": world.line, "reason": "risk", "acting_user": user("maker")}
    operations.change_limit(limit_minor=2 * TEN_THOUSAND, **given)
    assert world.usage().free_minor == 2 * TEN_THOUSAND
    operations.freeze_line(**given)
    refused("line.frozen", world.draw)
    refused("line.frozen", operations.freeze_line, **given)
    operations.restore_line(**given)
    assert world.usage().state == "frozen"
    approve(world.line)
    assert world.usage().state == "open"
    operations.extend_line(expires_on=END + 30 * DAY, **given)
    approve(world.line)
    operations.extend_line(expires_on=START + DAY, **given)
    assert world.usage(START + 2 * DAY).state == "expired"
    operations.close_line(**given)
    for operation, more in (
        (operations.freeze_line, {}),
        (operations.close_line, {}),
        (operations.change_limit, {"limit_minor": 1}),
        (operations.extend_line, {"expires_on": END}),
    ):
        refused("line.closed", operation, **given, **more)
    deeds = LineChange.objects.filter(line=world.line).values_list("deed", flat=True)
    assert list(deeds.order_by("change_no")) == [
        "opened", "raised", "cut", "frozen", "restored", "extended", "extended", "closed",
    ]  # fmt: skip


def test_a_raise_that_was_overtaken_is_stale(world):
    given = {"line": world.line, "reason": "more", "acting_user": user("maker")}
    operations.change_limit(limit_minor=9 * TEN_THOUSAND, **given)
    operations.freeze_line(**given)
    refused("approval.stale", approve, target=world.line)
    assert world.usage().line.limit_minor == 3 * TEN_THOUSAND


@pytest.mark.parametrize(
    ("operation", "given", "code"),
    [
        (operations.change_limit, {"limit_minor": -1}, "line.limit_wrong"),
        (operations.change_limit, {"limit_minor": 3 * TEN_THOUSAND}, "line.limit_same"),
        (operations.change_limit, {"limit_minor": 1, "reason": " "}, "line.reason_missing"),
        (operations.change_limit, {"limit_minor": 1, "reason": "x" * 10_000},
         "line.reason_missing"),
        (operations.extend_line, {"expires_on": START - DAY}, "line.days_wrong"),
        (operations.restore_line, {}, "line.not_frozen"),
    ],
)  # fmt: skip
def test_changes_that_make_no_sense_are_refused(world, operation, given, code):
    wanted = {"line": world.line, "reason": "why", "acting_user": user("maker")} | given
    refused(code, operation, **wanted)
    assert LineChange.objects.filter(line=world.line).count() == 2


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        ({"line_ref": "C1"}, "line.exists"),
        ({"line_ref": "a b"}, "line.ref_wrong"),
        ({"limit_minor": 0}, "line.limit_wrong"),
        ({"limit_minor": 2**63}, "line.limit_wrong"),
        ({"expires_on": START - DAY}, "line.days_wrong"),
    ],
)
def test_lines_that_make_no_sense_are_not_opened(world, opening, code):
    given = {"line_ref": "C2", "limit_minor": 1, "expires_on": END, "opened_on": START} | opening
    refused(
        code,
        operations.open_line,
        book=world.book, party=world.borrower, opening=Opening(**given), reason="r",
        acting_user=system_user(),
    )  # fmt: skip
    assert CreditLine.objects.count() == 1


def test_a_payout_is_repeated_without_harm_and_held_to_what_was_agreed(world):
    loan = world.draw()
    first, again = (world.pay_out(loan, 600_000, key="k") for _ in range(2))
    assert (first.is_new, again.is_new) == (True, False)
    refused("event.key_conflict", world.pay_out, loan=loan, amount_minor=1, key="k")
    refused("disbursement.above_agreed", world.pay_out, loan=loan, amount_minor=400_001, key="m")
    refused("disbursement.amount_wrong", world.pay_out, loan=loan, amount_minor=0, key="m")
    refused("disbursement.key_wrong", world.pay_out, loan=loan, key="x" * 1000)
    refused("disbursement.before_start", world.pay_out, loan=loan, on=START - DAY, key="m")
    assert EventRow.objects.count() == 1


def test_nothing_is_paid_out_on_a_line_that_was_frozen_or_cut_since(world):
    loan, other = world.draw("L1"), world.draw("L2")
    given = {"line": world.line, "reason": "risk", "acting_user": user("maker")}
    operations.change_limit(limit_minor=TEN_THOUSAND, **given)
    world.pay_out(loan)
    refused("line.exceeded", world.pay_out, loan=other)
    operations.freeze_line(**given)
    refused("line.frozen", world.pay_out, loan=other)


def test_one_borrower_owes_no_more_than_the_law_lets_her_over_her_loans_and_duplicates(db):
    content = replace(
        CONTENT,
        product_class="online_consumer",
        ranges=Ranges(principal_least_minor=100_000, principal_most_minor=10**9,
                      count_least=3, count_most=24),
    )  # fmt: skip
    world = World(limit_minor=10**9, content=content)
    duplicate = editing.add_party(
        source="demo", kind="person", data={"name": ["王小明"]}, acting_user=system_user()
    )
    world.draw("L1", 25_000_000)
    world.draw("L2", 4_000_000, borrower=duplicate, line=None)
    merging.merge(kept=world.borrower, absorbed=duplicate, reason="same", acting_user=system_user())
    refused("limit.borrower_cap", world.draw, ref="L3", amount_minor=1_000_001)
    world.draw("L3", 1_000_000)
    assert Loan.objects.count() == 3


def test_what_is_paid_beside_the_schedule_counts_in_the_cap_of_annual_cost(db):
    dear = replace(GUARANTEE, share=Decimal("0.012"))
    with pytest.raises(DaihouError) as raised:
        World(content=replace(CONTENT, costs=(INTEREST, PENALTY, dear)))
    assert raised.value.code == "limit.annual_cost"
    assert raised.value.params["rule_id"] == "CN-CAP-01"


def test_a_line_follows_a_merge(world):
    other = editing.add_party(
        source="demo", kind="person", data={"name": ["王明"]}, acting_user=system_user()
    )
    made = merging.merge(
        kept=other, absorbed=world.borrower, reason="same", acting_user=system_user()
    )
    assert CreditLine.objects.get().party_id == other.pk
    refused("line.of_other_party", world.draw)
    world.line.refresh_from_db()
    world.draw(borrower=other)
    merging.undo(merge=made, reason="two", acting_user=system_user())
    assert CreditLine.objects.get().party_id == world.borrower.pk


STAGES = (
    Stage(amount_minor=400_000, planned_on=START, conditions=("invoice",)),
    Stage(amount_minor=600_000, planned_on=START + 30 * DAY, conditions=("half built", "insured")),
)


@pytest.fixture
def staged(world):
    loan = world.draw()
    staging.plan_tranches(loan=loan, stages=STAGES, acting_user=user("maker"))
    return loan


def meet(tranche):
    for condition in Condition.objects.filter(tranche=tranche):
        staging.file_evidence(condition=condition, evidence="F1", acting_user=user("maker"))
        staging.sign_off(condition=condition, acting_user=user("signer", "manager"))


def pay_tranche(tranche, on):
    return staging.pay_out_tranche(tranche=tranche, on=on, acting_user=system_user())


def test_tranches_are_paid_out_in_order_when_their_conditions_are_signed_off(world, staged):
    first, second = queries.tranches(loan=staged)
    refused("loan.staged", world.pay_out, loan=staged)
    refused("tranche.conditions_open", pay_tranche, tranche=first, on=START)
    meet(second)
    refused("tranche.out_of_order", pay_tranche, tranche=second, on=START)
    meet(first)
    pay_tranche(first, START)
    refused("tranche.settled", pay_tranche, tranche=first, on=START)
    assert world.usage().outstanding_minor == 400_000
    pay_tranche(second, START + 30 * DAY)
    _, events = load_loan(book=world.book, loan_ref="L1")
    assert [(event.kind, event.amount_minor) for event in events] == [
        (Kind.DISBURSED, 400_000),
        (Kind.DISBURSED, 600_000),
    ]
    assert world.usage(START + 30 * DAY).reserved_minor == 0


def test_the_rest_is_cancelled_and_its_room_given_back(world, staged):
    first, second = queries.tranches(loan=staged)
    meet(first)
    pay_tranche(first, START)
    given = {"loan": staged, "acting_user": system_user()}
    refused("line.reason_missing", staging.cancel_rest, reason="", **given)
    assert staging.cancel_rest(reason="no longer needed", **given) == 1
    assert (world.usage().used_minor, queries.planned_minor(loan=staged)) == (400_000, 400_000)
    refused("tranche.settled", pay_tranche, tranche=second, on=START)
    refused("tranche.nothing_left", staging.cancel_rest, reason="again", **given)


def test_a_condition_takes_two_people(staged):
    condition = Condition.objects.filter(tranche__tranche_no=1).get()
    maker, signer = user("maker"), user("signer", "manager")
    refused("condition.not_filed", staging.sign_off, condition=condition, acting_user=signer)
    refused("tranche.text_wrong", staging.file_evidence, condition=condition,
            evidence="x" * 10_000, acting_user=maker)  # fmt: skip
    staging.file_evidence(condition=condition, evidence="F1", acting_user=maker)
    refused("condition.by_filer", staging.sign_off, condition=condition, acting_user=maker)
    staging.sign_off(condition=condition, acting_user=signer)
    refused("condition.signed", staging.sign_off, condition=condition, acting_user=signer)


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ((), "tranche.sum_wrong"),
        ((STAGES[0],), "tranche.sum_wrong"),
        ((replace(STAGES[0], amount_minor=-1), replace(STAGES[1], amount_minor=1_000_001)),
         "tranche.sum_wrong"),
        ((STAGES[1], STAGES[0]), "tranche.days_wrong"),
        ((replace(STAGES[0], planned_on=START - DAY), STAGES[1]), "tranche.days_wrong"),
        ((replace(STAGES[0], conditions=(" ",)), STAGES[1]), "tranche.text_wrong"),
        ((replace(STAGES[0], conditions=("x",) * 21), STAGES[1]), "tranche.too_many"),
    ],
)  # fmt: skip
def test_plans_that_make_no_sense_are_refused(world, stages, code):
    loan = world.draw()
    given = {"loan": loan, "stages": stages, "acting_user": system_user()}
    refused(code, staging.plan_tranches, **given)
    assert not Tranche.objects.exists()


def test_a_loan_is_planned_once_and_before_it_is_paid_out(world, staged):
    given = {"stages": STAGES, "acting_user": system_user()}
    refused("tranche.planned_already", staging.plan_tranches, loan=staged, **given)
    paid = world.draw("L2")
    world.pay_out(paid)
    refused("tranche.paid_out_already", staging.plan_tranches, loan=paid, **given)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_tranche SET state = 'paid_out', paid_out_on = planned_on, event_key = 'x'",
        "DELETE FROM credit_condition",
        "DELETE FROM credit_tranche",
        "UPDATE credit_linechange SET limit_minor = 0",
        "UPDATE credit_condition SET evidence = 'x', filed_by_id = 1, signed_by_id = 1",
    ],
)
def test_the_database_refuses_to_go_round_conditions_and_history(staged, statement):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def _draw_in_a_process(number, start, answers):
    connections.close_all()
    start.wait()
    try:
        lending.originate(
            version=Loan._meta.get_field("product_version").related_model.objects.get(),
            borrower=Party.objects.get(kind="person"),
            principal_minor=TEN_THOUSAND,
            start_on=START,
            loan_ref=f"L{number}",
            line=CreditLine.objects.get(),
            acting_user=system_user(),
        )
        answers.put("drawn")
    except DaihouError as error:
        answers.put(error.code)
    finally:
        connections.close_all()


def test_eight_processes_that_draw_at_once_never_exceed_the_line(
    scratch_database, django_db_blocker
):
    with django_db_blocker.unblock():
        World()
        connections.close_all()
        context = multiprocessing.get_context("fork")
        answers, start = context.Queue(), context.Barrier(8)
        workers = [
            context.Process(target=_draw_in_a_process, args=(n, start, answers)) for n in range(8)
        ]
        for worker in workers:
            worker.start()
        found = sorted(answers.get(timeout=60) for _ in workers)
        for worker in workers:
            worker.join(30)
        line = CreditLine.objects.get()
        assert found == ["drawn"] * 3 + ["line.exceeded"] * 5
        assert queries.usage(line=line, as_of=date(2026, 7, 1)).free_minor == 0
