"""What tests of products, parties and credit lines share: a book, a product, people."""

from datetime import date
from decimal import Decimal

from daihou.core.limits import Payee
from daihou.core.terms import (
    Component,
    InterestBasis,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Terms,
)
from daihou.web.access import operations as access
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.ledger import operations as ledger
from daihou.web.loans import operations as products
from daihou.web.loans.costs import Charged, CostItem
from daihou.web.loans.queries import Content
from daihou.web.loans.ranges import Ranges

START = date(2026, 7, 1)
YEARLY = Rate(value=Decimal("0.144"), per=RatePer.YEAR)
TERMS = Terms(
    method=Method.EQUAL_INSTALMENT,
    rate=YEARLY,
    interest_basis=InterestBasis.PER_PERIOD,
    instalment_count=12,
    penalty=PenaltyTerms(multiple=Decimal("1.5")),
)
INTEREST = CostItem(
    code="interest",
    component=Component.INTEREST,
    method=Charged.IN_SCHEDULE,
    standard="14.4% a year",
    payee="Demo Bank",
)
PENALTY = CostItem(
    code="penalty",
    component=Component.PENALTY,
    method=Charged.ON_EVENT,
    standard="1.5 times the rate",
    payee="Demo Bank",
    is_contingent=True,
)
GUARANTEE = CostItem(
    code="guarantee",
    component=Component.FEE,
    method=Charged.EACH_INSTALMENT,
    standard="0.2% of the principal a month",
    payee="Surety",
    payee_role=Payee.GUARANTOR,
    share=Decimal("0.002"),
)
CONTENT = Content(
    terms=TERMS,
    effective_on=START,
    costs=(INTEREST, PENALTY),
    ranges=Ranges(principal_least_minor=100_000, principal_most_minor=20_000_000,
                  count_least=3, count_most=24),
    lender_type="bank",
)  # fmt: skip


def make_book(name="demo", **given):
    return ledger.create_book(name=name, currency="CNY", acting_user=system_user(), **given)


def user(name, *roles):
    from daihou.web.access.models import User

    found = User.objects.filter(username=name).first()
    return found or access.add_user(username=name, roles=roles, acting_user=system_user())[0]


def make_product(book, code="P1", name="Instalment loan"):
    return products.create_product(
        book=book, code=code, name=name, acting_user=user("maker", "analyst")
    )


def approve(target, *, by="checker"):
    """Approve what waits for a target as a second person."""
    waiting = Approval.objects.get(state="pending", target_id=str(target.pk))
    return approvals.decide(
        approval=waiting, verdict="approved", reason="fine", acting_user=user(by, "manager")
    )


def make_version(product, content=CONTENT):
    """Draft, submit and approve a version."""
    maker = user("maker", "analyst")
    version = products.draft_version(product=product, content=content, acting_user=maker)
    products.submit_version(version=version, reason="launch", acting_user=maker)
    approve(version)
    version.refresh_from_db()
    return version
