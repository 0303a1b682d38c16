"""Invented examples for the desk of the demo: a bit of everything that is not lent or paid.

Imported only once the database is there. Every example is made as a person would make it, by the
same operations; what needs a second person is decided by one.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from daihou.core.changes import InterestTreatment
from daihou.core.position import position
from daihou.core.terms import (
    Component,
    InterestBasis,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Terms,
)
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.collateral import operations as collateral
from daihou.web.collateral.models import ItemKind, PaperKind, ValuedBy
from daihou.web.credit import operations as credit
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loan
from daihou.web.loans import operations as products
from daihou.web.loans.costs import Charged, CostItem
from daihou.web.loans.models import Loan, Product
from daihou.web.loans.queries import Content
from daihou.web.loans.ranges import Ranges
from daihou.web.parties import editing, relations
from daihou.web.parties.models import Party
from daihou.web.payments import mandates, manual
from daihou.web.payments.models import AdapterKind, Channel
from daihou.web.payments.sandbox.drive import ensure_sandboxes
from daihou.web.servicing import operations as servicing, previewing
from daihou.web.servicing.actions import Action, Asked

LENDER = "示例消费金融丙"
PRODUCT = "SLD-12"
LOOKED_AT = 80
MANDATED = 20  # Loans whose borrowers have agreed to be debited.
TERMS = Terms(
    method=Method.EQUAL_INSTALMENT,
    rate=Rate(value=Decimal("0.144"), per=RatePer.YEAR),
    interest_basis=InterestBasis.PER_PERIOD,
    instalment_count=12,
    penalty=PenaltyTerms(multiple=Decimal("1.5")),
)
COSTS = (
    CostItem(
        code="interest",
        component=Component.INTEREST,
        method=Charged.IN_SCHEDULE,
        standard="年利率 14.4% · 14.4% a year",
        payee=LENDER,
    ),
    CostItem(
        code="penalty",
        component=Component.PENALTY,
        method=Charged.ON_EVENT,
        standard="合同利率的 1.5 倍 · 1.5 times the rate",
        payee=LENDER,
        is_contingent=True,
    ),
)


def are_there(*, book: Book) -> bool:
    """Tell whether the examples were added before."""
    return Product.objects.filter(book=book, code=PRODUCT).exists()


def add_examples(*, book: Book, on: date, at: datetime, maker: User, checker: User) -> None:
    """Add them once, as of the last night ``on``; ``maker`` asks and ``checker`` decides."""
    current, late = _loans(book=book, on=on)
    _launch_product(book=book, on=on, maker=maker, checker=checker)
    _open_channels(book=book, loans=[*current, *late][:MANDATED], on=on, maker=maker)
    if current:
        _secure(loan=current[0], on=on, maker=maker)
        _open_line(book=book, party=current[0].person, on=on, maker=maker, checker=checker)
        _ask_deferral(loan=current[-1], on=on, at=at, maker=maker)
    if late:
        _enter_payment(loan=late[0], on=on, at=at, maker=maker)


def _loans(*, book: Book, on: date) -> tuple[list[Loan], list[Loan]]:
    """Part the newest loans into those that owe nothing overdue and those that are late."""
    current: list[Loan] = []
    late: list[Loan] = []
    rows = Loan.objects.filter(book=book, person__isnull=False).select_related("person", "book")
    for loan in rows.order_by("-pk")[:LOOKED_AT]:
        contract, events = load_loan(book=book, loan_ref=loan.loan_ref)
        found = position(contract=contract, events=events, as_of=on)
        if found.status.value == "active":
            (late if found.days_past_due else current).append(loan)
    return current, late


def _approve(approval: Approval, *, checker: User) -> None:
    approvals.decide(
        approval=approval, verdict="approved", reason="示例：已复核", acting_user=checker
    )


def _launch_product(*, book: Book, on: date, maker: User, checker: User) -> None:
    product = products.create_product(
        book=book, code=PRODUCT, name="示例十二期贷", acting_user=maker
    )
    ranges = Ranges(
        principal_least_minor=100_000, principal_most_minor=5_000_000, count_least=3, count_most=24
    )
    content = Content(
        terms=TERMS,
        effective_on=on,
        costs=COSTS,
        ranges=ranges,
        lender_type="consumer_finance",
    )
    version = products.draft_version(product=product, content=content, acting_user=maker)
    products.submit_version(version=version, reason="示例：新产品上线", acting_user=maker)
    waiting = Approval.objects.get(
        kind="product.approve", target_id=str(version.pk), state="pending"
    )
    _approve(waiting, checker=checker)
    later = replace(content, effective_on=on + timedelta(days=31))
    products.draft_version(product=product, content=later, acting_user=maker)


def _open_channels(*, book: Book, loans: list[Loan], on: date, maker: User) -> None:
    """Open a sandbox of each kind and a counter; let some borrowers agree to be debited."""
    channels = ensure_sandboxes(book=book, acting_user=maker)
    bank = next(each for each in channels if each.adapter == AdapterKind.BANK_DEBIT)
    for number, loan in enumerate(loans):
        reference = f"QY{loan.loan_ref}"
        mandates.add_mandate(
            channel=bank,
            loan=loan,
            reference=reference,
            account=f"62000000{number:08d}",
            evidence_digest=sha256(reference.encode()).hexdigest(),
            signed_on=min(on, loan.start_on),
            acting_user=maker,
        )


def _secure(*, loan: Loan, on: date, maker: User) -> None:
    """Give a loan a guarantor and a car as security."""
    guarantor = editing.add_party(
        source=loan.book.name, kind="person", data={"name": ["示例保证人"]}, acting_user=maker
    )
    relations.add_role(
        loan=loan,
        party=guarantor,
        role="guarantor",
        started_on=loan.start_on,
        guarantee=relations.Guarantee(type="joint"),
        acting_user=maker,
    )
    item = collateral.add_item(
        book=loan.book,
        item_no="YP-0001",
        kind=ItemKind.VEHICLE,
        description="示例轿车一辆",
        identifier="SHILI00000000001",
        owner=loan.person,
        acting_user=maker,
    )
    collateral.value_item(
        item=item,
        valued_on=on,
        value_minor=6_800_000,
        counted_share=Decimal("0.7"),
        valued_by=ValuedBy.APPRAISER,
        source="示例评估报告 1 号",
        acting_user=maker,
    )
    collateral.pledge(
        item=item,
        loan=loan,
        rank=1,
        amount_minor=None,
        pledged_on=on,
        registration="示例登记 1 号",
        acting_user=maker,
    )
    collateral.add_paper(item=item, kind=PaperKind.VEHICLE, number="示例 0001", acting_user=maker)


def _open_line(*, book: Book, party: Party | None, on: date, maker: User, checker: User) -> None:
    assert party is not None
    opening = credit.Opening(
        line_ref="SX-0001", limit_minor=5_000_000, expires_on=on + timedelta(days=365)
    )
    line = credit.open_line(
        book=book, party=party, opening=opening, reason="示例：首次授信", acting_user=maker
    )
    waiting = Approval.objects.get(
        kind="credit_line.raise", target_id=str(line.pk), state="pending"
    )
    _approve(waiting, checker=checker)


def _ask_deferral(*, loan: Loan, on: date, at: datetime, maker: User) -> None:
    """Leave one request for whoever looks at the demo to decide."""
    asked = Asked(effective_on=on, instalment_count=1, interest=InterestTreatment.GOES_ON)
    seen = previewing.preview(
        book=loan.book, loan_ref=loan.loan_ref, action=Action.DEFER, asked=asked, at=at
    )
    servicing.request(
        book=loan.book,
        loan_ref=loan.loan_ref,
        action=Action.DEFER,
        asked=asked,
        reason_code="hardship",
        reason="示例：客户住院，申请顺延一期",
        seen_sequence=seen.sequence,
        acting_user=maker,
    )


def _enter_payment(*, loan: Loan, on: date, at: datetime, maker: User) -> None:
    entry = manual.Entry(
        reference="PZ-0001",
        amount_minor=10_000,
        currency=loan.book.currency,
        paid_on=on,
        voucher_digest=sha256(b"voucher PZ-0001").hexdigest(),
        order_ref=loan.loan_ref,
        remark="示例：柜面还款",
    )
    counter = Channel.objects.get(book=loan.book, adapter=AdapterKind.MANUAL)
    manual.enter_payment(channel=counter, entry=entry, acting_user=maker, as_of=on, at=at)
