"""Goal: a pay-off quote charges what the loan's product discloses, untold. Method: operations."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.utils import timezone

from daihou.core.limits import Payee
from daihou.core.quote import FeeMethod
from daihou.core.terms import Component
from daihou.web.loans import models as loans
from daihou.web.loans.costs import Charged, CostItem, PrepaymentFee
from daihou.web.servicing import quoting
from daihou.web.servicing.actions import Action
from tests.web import lending
from tests.web.servicing_book import *  # noqa: F403
from tests.web.servicing_book import TODAY, position_of, preview

ONE_PERCENT = PrepaymentFee(method=FeeMethod.PERCENT_OF_PRINCIPAL, value=Decimal("0.01"))
EARLY = CostItem(
    code="early",
    component=Component.FEE,
    method=Charged.ON_EVENT,
    standard="1% of the principal not yet due",
    payee="Demo Bank",
    is_contingent=True,
    prepayment=ONE_PERCENT,
)


def sell(book, fee=ONE_PERCENT, *, code="P1"):
    """Say that loan A runs on a version whose table holds a fee for paying off early."""
    table = (lending.INTEREST, lending.PENALTY, replace(EARLY, prepayment=fee))
    content = replace(lending.CONTENT, effective_on=date(2024, 1, 1), costs=table)
    version = lending.make_version(lending.make_product(book, code=code), content)
    loans.Loan.objects.filter(book=book, loan_ref="A").update(product_version=version)


def quote(book, user, **given):
    return quoting.make_quote(
        book=book, loan_ref="A", valid_on=TODAY, acting_user=user, at=timezone.now(), **given
    )


def later_minor(book):
    return sum(
        each.components[Component.PRINCIPAL].outstanding_minor
        for each in position_of(book).instalments
        if each.due_on > TODAY
    )


def test_the_fee_of_the_product_is_quoted_without_being_told(book, make_user):
    user = make_user("collector")
    without = quote(book, user)
    assert without.fee_minor == 0
    sell(book)
    made = quote(book, user)
    assert made.fee_minor == round(later_minor(book) / 100) > 0
    assert made.debt_minor == without.debt_minor
    assert made.lines["fee_rule"]["item"] == "early"

    shown = preview(book, Action.PAY_OFF, quote_id=made.pk)
    assert shown.may_be_asked, shown.refusals
    assert shown.asked.charge == "early"
    assert shown.asked.payee == Payee.LENDER
    assert shown.after.position.payoff_minor == 0


def test_a_fee_in_months_of_interest_ends_with_its_instalments(book, make_user):
    months = PrepaymentFee(method=FeeMethod.MONTHS_OF_INTEREST, value=Decimal(1))
    sell(book, months)
    user = make_user("collector")
    yearly = position_of(book).rate.value
    assert quote(book, user).fee_minor == round(later_minor(book) * yearly / 12)
    sell(book, replace(months, free_after_instalments=2), code="P2")
    assert quote(book, user).fee_minor == 0  # Two instalments are paid.
