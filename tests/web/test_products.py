"""Goal: a product is launched by data and a second person alone. Method: operations and SQL."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from daihou.core import cost
from daihou.core.quote import FeeMethod
from daihou.core.schedule import build_schedule
from daihou.core.terms import Component, Method, PeriodUnit
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.queries import load_loan
from daihou.web.loans import costs, operations, queries
from daihou.web.loans.costs import Charged, PrepaymentFee
from daihou.web.loans.models import Loan, ProductVersion
from daihou.web.loans.origination import Wanted, open_contract
from daihou.web.loans.ranges import Ranges
from daihou.web.parties.models import Party
from tests.web.ledger_books import loan, tape
from tests.web.lending import (
    CONTENT,
    GUARANTEE,
    INTEREST,
    PENALTY,
    START,
    TERMS,
    YEARLY,
    approve,
    make_book,
    make_product,
    make_version,
    user,
)
from tests.web.refusing import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def book():
    return make_book()


@pytest.fixture
def product(book):
    return make_product(book)


@pytest.fixture
def maker():
    return user("maker", "analyst")


def draft(product, content=CONTENT):
    return operations.draft_version(
        product=product, content=content, acting_user=user("maker", "analyst")
    )


def test_a_version_is_drafted_changed_submitted_and_approved_by_a_second_person(product, maker):
    version = draft(product)
    cheaper = replace(CONTENT, terms=replace(TERMS, rate=replace(YEARLY, value=Decimal("0.12"))))
    operations.change_draft(version=version, content=cheaper, acting_user=maker)
    submitted = operations.submit_version(version=version, reason="launch", acting_user=maker)
    assert submitted.state == "submitted"
    waiting = Approval.objects.get()
    assert waiting.payload["nominal_rate"] == "0.120001"

    refused(
        "approval.by_maker",
        approvals.decide,
        approval=waiting,
        verdict="approved",
        reason="mine",
        acting_user=maker,
    )
    approve(version)
    version.refresh_from_db()
    assert version.state == "approved"
    assert version.approved_at is not None
    assert queries.version_on(product=product, on=START) == version
    actions = list(AuditRow.objects.order_by("pk").values_list("action", flat=True))
    assert [action for action in actions if action.startswith("product")] == [
        "product.create",
        "product_version.draft",
        "product_version.change",
        "product_version.submit",
        "product_version.approve",
    ]


def test_what_was_submitted_is_edited_no_more(product, maker):
    version = draft(product)
    operations.submit_version(version=version, reason="launch", acting_user=maker)
    refused(
        "product.not_draft",
        operations.change_draft,
        version=version,
        content=CONTENT,
        acting_user=maker,
    )
    refused(
        "product.not_draft",
        operations.submit_version,
        version=version,
        reason="again",
        acting_user=maker,
    )
    refused(
        "product.approval_pending", operations.reopen_version, version=version, acting_user=maker
    )
    assert Approval.objects.count() == 1


def refuse(approval, maker):
    checker = user("checker", "manager")
    approvals.decide(approval=approval, verdict="refused", reason="dear", acting_user=checker)


def withdraw(approval, maker):
    approvals.withdraw(approval=approval, reason="a slip", acting_user=maker)


def let_expire(approval, maker):
    assert approvals.expire(at=approval.expires_at, acting_user=system_user()) == 1


@pytest.mark.parametrize("end", [refuse, withdraw, let_expire])
def test_a_version_whose_request_ended_is_a_draft_again_at_once(product, maker, end):
    version = draft(product)
    operations.submit_version(version=version, reason="launch", acting_user=maker)
    end(Approval.objects.get(), maker)
    version.refresh_from_db()
    assert version.state == "draft"
    assert AuditRow.objects.filter(action="product_version.reopen").count() == 1
    operations.submit_version(version=version, reason="again", acting_user=maker)
    approve(version)
    version.refresh_from_db()
    assert version.state == "approved"


def test_an_old_request_that_expires_late_leaves_the_new_submission_alone(
    product, maker, monkeypatch
):
    version = draft(product)
    operations.submit_version(version=version, reason="launch", acting_user=maker)
    old = Approval.objects.get()
    monkeypatch.setattr(timezone, "now", lambda: old.expires_at)
    operations.reopen_version(version=version, acting_user=maker)
    operations.submit_version(version=version, reason="again", acting_user=maker)
    assert approvals.expire(at=old.expires_at, acting_user=system_user()) == 1
    version.refresh_from_db()
    assert version.state == "submitted"


def test_an_open_version_ends_the_day_before_its_successor(product):
    first = make_version(product)
    second = make_version(product, replace(CONTENT, effective_on=START + timedelta(days=31)))
    first.refresh_from_db()

    assert first.effective_until == START + timedelta(days=30)
    assert queries.version_on(product=product, on=first.effective_until) == first
    assert queries.version_on(product=product, on=second.effective_on) == second
    refused("product.no_version", queries.version_on, product=product, on=START - timedelta(days=1))


def test_versions_that_overlap_are_refused_by_operation_and_by_constraint(product, maker):
    until = START + timedelta(days=60)
    make_version(product, replace(CONTENT, effective_until=until))
    late = draft(product, replace(CONTENT, effective_on=until))
    operations.submit_version(version=late, reason="launch", acting_user=maker)
    with pytest.raises(DaihouError) as raised:
        approve(late)
    assert raised.value.code == "product.versions_overlap"
    late.refresh_from_db()
    assert late.state == "submitted"
    with pytest.raises(IntegrityError), transaction.atomic():
        ProductVersion.objects.filter(pk=late.pk).update(state="approved")


@pytest.mark.parametrize(
    "change",
    [
        "costs = '[]'",
        "effective_on = effective_on + 1",
        "state = 'draft'",
        "terms_id = terms_id + 1",
        "origin = 'imported'",
    ],
)
def test_the_database_keeps_an_approved_version_as_it_is(product, change):
    version = make_version(product)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE loans_productversion SET {change} WHERE id = {version.pk}")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM loans_productversion")


def test_imported_versions_stay_apart_from_our_own(book):
    given = tape(loans=[loan("A", product_code="P1"), loan("B", product_code="P1")])
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    imported = ProductVersion.objects.get()
    content = queries.content_of(version=imported)
    assert (imported.state, imported.origin, content.costs) == ("approved", "imported", ())

    own = make_version(imported.product, replace(CONTENT, terms=content.terms, costs=(INTEREST,)))
    assert own.version_no == 2
    assert own.terms_id == imported.terms_id
    more = tape(loans=[loan("C", product_code="P1")])
    ledger.post_tape(book=book, tape=more, acting_user=system_user())
    assert set(Loan.objects.values_list("product_version_id", flat=True)) == {imported.pk}
    refused(
        "product.imported",
        operations.retire_version,
        version=imported,
        reason="x",
        acting_user=system_user(),
    )


def test_the_sample_is_what_core_plans_and_costs(product):
    version = draft(product, replace(CONTENT, costs=(INTEREST, PENALTY, GUARANTEE)))
    found = queries.sample_of(version=version, principal_minor=1_200_000, start_on=START)
    plan = build_schedule(terms=TERMS, principal_minor=1_200_000, start_on=START)
    paid = [row.principal_minor + row.interest_minor + 2_400 for row in plan]

    assert found.instalments == plan
    assert found.nominal_rate == cost.irr_times_twelve(amount_minor=1_200_000, monthly_minor=paid)
    assert found.effective_rate == cost.effective_rate(amount_minor=1_200_000, monthly_minor=paid)
    assert [row.amount_minor for row in found.rows] == [
        sum(row.interest_minor for row in plan),
        None,
        12 * 2_400,
    ]
    assert found.cost_minor == sum(paid) - 1_200_000


def test_what_is_kept_back_at_the_start_raises_the_annual_cost():
    service = replace(GUARANTEE, code="service", method=Charged.AT_START, share=Decimal("0.02"))
    given = {"terms": TERMS, "principal_minor": 1_000_000, "start_on": START}
    plain = costs.sample(costs=(INTEREST,), **given)
    dear = costs.sample(costs=(INTEREST, service), **given)
    assert dear.received_minor == 980_000
    assert dear.nominal_rate > plain.nominal_rate + Decimal("0.03")
    assert dear.cost_minor == plain.cost_minor + 20_000


def test_a_daily_product_is_costed_by_its_days():
    daily = replace(TERMS, unit=PeriodUnit.DAY, every=30, instalment_count=6)
    found = costs.sample(costs=(INTEREST,), terms=daily, principal_minor=10**6, start_on=START)
    assert found.effective_rate > found.nominal_rate > Decimal("0.14")


def early(value, *, code="early", method=FeeMethod.PERCENT_OF_PRINCIPAL):
    return replace(
        PENALTY,
        code=code,
        component=Component.FEE,
        prepayment=PrepaymentFee(method=method, value=Decimal(value)),
    )


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ((INTEREST,), "cost.component_missing"),
        ((PENALTY,), "cost.component_missing"),
        ((INTEREST, PENALTY, replace(GUARANTEE, share=None)), "cost.amount_wrong"),
        ((INTEREST, PENALTY, replace(GUARANTEE, amount_minor=5)), "cost.amount_wrong"),
        ((INTEREST, PENALTY, replace(GUARANTEE, share=Decimal(-1))), "cost.amount_wrong"),
        ((INTEREST, PENALTY, replace(GUARANTEE, component=Component.PRINCIPAL)),
         "cost.amount_wrong"),
        ((INTEREST, PENALTY, PENALTY), "cost.code_twice"),
        ((INTEREST, replace(PENALTY, is_contingent=False)), "cost.contingent_wrong"),
        ((replace(INTEREST, code="Zins!"),), "cost.code_wrong"),
        ((replace(INTEREST, payee=" "),), "cost.text_missing"),
        ((replace(INTEREST, standard="x" * 10_000),), "cost.text_too_long"),
        ((INTEREST, PENALTY, early("1.5")), "cost.prepayment_wrong"),
        ((INTEREST, PENALTY, early("0")), "cost.prepayment_wrong"),
        ((INTEREST, PENALTY, early("NaN")), "cost.prepayment_wrong"),
        ((INTEREST, PENALTY, early("13", method=FeeMethod.MONTHS_OF_INTEREST)),
         "cost.prepayment_wrong"),
        ((INTEREST, replace(PENALTY, prepayment=early("0.01").prepayment)),
         "cost.prepayment_wrong"),
        ((INTEREST, PENALTY, early("0.01"), early("0.02", code="again")),
         "cost.prepayment_twice"),
    ],
)  # fmt: skip
def test_a_cost_table_that_hides_or_contradicts_is_refused(table, code):
    refused(code, costs.check_costs, costs=table, terms=TERMS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"terms": replace(TERMS, instalment_count=0)}, "terms.count_not_positive"),
        ({"terms": replace(TERMS, instalment_count=36)}, "range.own_terms_outside"),
        ({"ranges": Ranges(principal_least_minor=0)}, "range.principal_wrong"),
        ({"ranges": Ranges(count_least=9, count_most=3)}, "range.count_wrong"),
        ({"ranges": Ranges(methods=(Method.FREE,), count_least=1)}, "range.method_free"),
        ({"ranges": Ranges(rate_least=Decimal("0.2"), rate_most=Decimal("0.1"))},
         "range.rate_wrong"),
        ({"effective_until": START - timedelta(days=1)}, "product.days_wrong"),
        ({"lender_type": "pawnshop"}, "product.lender_type_unknown"),
        ({"note": "x" * 10_000}, "product.note_too_long"),
    ],
)  # fmt: skip
def test_a_senseless_draft_is_refused(product, change, code):
    refused(
        code,
        operations.draft_version,
        product=product,
        content=replace(CONTENT, **change),
        acting_user=system_user(),
    )
    assert not ProductVersion.objects.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lender_type": ""}, "product.lender_type_missing"),
        ({"costs": ()}, "cost.component_missing"),
    ],
)
def test_an_incomplete_draft_is_saved_but_not_submitted(product, maker, change, code):
    version = draft(product, replace(CONTENT, **change))
    refused(code, operations.submit_version, version=version, reason="go", acting_user=maker)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("code", ["", " ", "a b", "x" * 41, "产品", "a\0b"])
def test_a_code_that_no_address_holds_is_refused(book, code):
    refused(
        "product.code_wrong",
        operations.create_product,
        book=book,
        code=code,
        name="x",
        acting_user=system_user(),
    )


def test_a_product_exists_once(book, product):
    refused(
        "product.exists",
        operations.create_product,
        book=book,
        code="P1",
        name="x",
        acting_user=system_user(),
    )


def test_differences_name_the_fields(product):
    before = queries.content_of(version=draft(product))
    after = replace(
        before,
        terms=replace(before.terms, grace_days=3),
        costs=(*before.costs, GUARANTEE),
        effective_on=date(2026, 9, 1),
    )
    found = {each.field: (each.before, each.after) for each in queries.differences(
        before=before, after=after)}  # fmt: skip
    assert found["terms.grace_days"] == (0, 3)
    assert found["effective_on"] == ("2026-07-01", "2026-09-01")
    assert found["costs.guarantee.payee"] == (None, "Surety")
    assert not any(name.startswith("costs.interest") for name in found)


def open_loan(version, **given):
    borrower, _ = Party.objects.get_or_create(kind="person", source="demo", reference="b")
    wanted = {
        "principal_minor": 1_200_000,
        "start_on": START,
        "loan_ref": "L1",
        "borrower": borrower,
        "acting_user": system_user(),
    } | given
    return open_contract(version=version, **wanted)


def test_a_loan_is_opened_on_a_version_without_code(book, product):
    version = make_version(product)
    made = open_loan(version, wanted=Wanted(instalment_count=6))
    contract, events = load_loan(book=book, loan_ref="L1")

    assert (made.product_version, made.shard, events) == (version, 0, ())
    assert contract.terms == replace(TERMS, instalment_count=6)
    assert list(queries.loans_of(version=version)) == [made]
    assert queries.versions(product=product).get().loan_count == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"principal_minor": 99_999}, "loan.outside_range"),
        ({"principal_minor": 20_000_001}, "loan.outside_range"),
        ({"wanted": Wanted(instalment_count=25)}, "loan.outside_range"),
        ({"wanted": Wanted(method=Method.BULLET)}, "loan.outside_range"),
        ({"wanted": Wanted(rate=replace(YEARLY, value=Decimal("0.2")))}, "loan.outside_range"),
        ({"wanted": Wanted(first_due_on=START)}, "terms.due_before_start"),
        ({"start_on": START - timedelta(days=1)}, "product.not_in_force"),
        ({"loan_ref": " "}, "loan.ref_wrong"),
        ({"loan_ref": "x" * 10_000}, "loan.ref_wrong"),
    ],
)
def test_a_loan_outside_its_version_is_refused(product, given, code):
    version = make_version(product)
    refused(code, open_loan, version=version, **given)
    assert not Loan.objects.exists()


def test_drafts_retired_and_future_versions_open_no_loans(product, maker):
    version = draft(product, replace(CONTENT, effective_on=START))
    refused("product.not_in_force", open_loan, version=version)
    operations.submit_version(version=version, reason="launch", acting_user=maker)
    approve(version)
    version.refresh_from_db()
    open_loan(version)
    refused("loan.exists", open_loan, version=version)
    operations.retire_version(version=version, reason="replaced", acting_user=maker)
    refused("product.not_in_force", open_loan, version=version, loan_ref="L2")
    assert Loan.objects.count() == 1
