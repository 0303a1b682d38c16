"""Changes of a loan: shown before they are asked for, asked for, quoted, taken back."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.core.changes import InterestTreatment
from daihou.core.life_cost import AnnualCost
from daihou.core.quote import FeeMethod, FeeRule
from daihou.core.terms import MOST_MINOR, Component, PeriodUnit, Rate, RatePer, Surplus
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.approvals import ApprovalOut, approval_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Minor,
    Reason,
    Reference,
    Text,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.servicing import operations, previewing, queries, quoting
from daihou.web.servicing.actions import Action, Asked, Spread
from daihou.web.servicing.models import Quote, ReasonCode

router = Router(tags=["servicing"])
PATH = "/books/{book_name}/loans/{loan_ref}"
SEES, ASKS = needs("servicing.view"), needs("servicing.request")
Share = Annotated[Decimal, Field(ge=0, le=100, max_digits=12, decimal_places=8)]
MinorOrZero = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Count = Annotated[int, Field(ge=1, le=1200)]


class RateIn(Schema):
    value: Annotated[Decimal, Field(ge=0, le=100, max_digits=12, decimal_places=9)]
    per: RatePer


class DiscountIn(Schema):
    component: Component
    amount_minor: Minor


class AskedIn(Schema):
    """What is wanted; an action refuses the fields it does not take."""

    effective_on: Day
    currency: Annotated[str, Field(pattern="^([A-Z]{3})?$")] = ""
    amount_minor: Minor | None = None
    percent: Share | None = None
    floor_minor: MinorOrZero | None = None
    components: Annotated[list[Component], Field(max_length=5)] = []
    instalment_nos: Annotated[list[Count], Field(max_length=1200)] = []
    spread: Spread | None = None
    first_due_on: Day | None = None
    through_on: Day | None = None
    due_on: Day | None = None
    expires_on: Day | None = None
    instalment_count: Count | None = None
    every: Count | None = None
    unit: PeriodUnit | None = None
    rate: RateIn | None = None
    interest: InterestTreatment | None = None
    surplus: Surplus | None = None
    discounts: Annotated[list[DiscountIn], Field(max_length=5)] = []
    charge: Text = ""
    payee: Text = ""
    counterparty: Text = ""
    price_minor: MinorOrZero | None = None
    target_key: Text = ""
    quote_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    voucher: Text = ""


class ActionIn(Schema):
    action: Action
    asked: AskedIn


class RequestIn(ActionIn):
    """``seen_sequence`` is the preview's: a loan that moved since refuses the request."""

    seen_sequence: Annotated[int, Field(ge=0, le=2**63 - 1)]
    reason_code: ReasonCode
    reason: Reason


class UndoIn(Schema):
    key: Reference
    seen_sequence: Annotated[int, Field(ge=0, le=2**63 - 1)]
    reason_code: ReasonCode
    reason: Reason


class CostOut(Schema):
    """Shares of one a year: ``"0.2398"`` is 23.98 %."""

    nominal: str  # Twelve times the monthly internal rate.
    effective: str


class SideOut(Schema):
    status: str
    days_past_due: int
    class_floor: str | None
    payoff_minor: int
    planned_minor: int
    last_due_on: date | None
    cost: CostOut | None


class RowOut(Schema):
    due_on: date
    before_minor: int | None
    after_minor: int | None
    before_principal_minor: int | None
    after_principal_minor: int | None


class RefusalOut(Schema):
    code: str
    rule_id: str


class PreviewOut(Schema):
    action: str
    shown_on: date
    sequence: int
    amount_minor: int
    checkers: int
    may_be_asked: bool
    refusals: list[RefusalOut]
    before: SideOut
    after: SideOut
    rows: list[RowOut]


class OutcomeOut(Schema):
    approval_id: int
    state: str
    event_keys: list[str]


class FeeRuleIn(Schema):
    """``item`` names the line of the disclosed cost table; ``value`` is a share or of months.

    Left out: the rule of the loan's product version.
    """

    item: Text
    method: FeeMethod
    value: Share
    free_after_instalments: Count | None = None


class QuoteIn(Schema):
    valid_on: Day
    fee_rule: FeeRuleIn | None = None


class QuoteOut(Schema):
    id: int
    quoted_on: date
    valid_through: date
    debt_minor: int
    fee_minor: int
    amount_minor: int


@router.post(PATH + "/preview", response=PreviewOut, auth=ASKS)
def preview_action(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: ActionIn
) -> dict[str, Any]:
    """Show what an action would do; nothing is written."""
    sight = sight_of(request, book_name=book_name, permission="servicing.request")
    shown = previewing.preview(
        book=sight.book,
        loan_ref=loan_of(sight, loan_ref).loan_ref,
        action=body.action,
        asked=_asked(body.asked),
        at=timezone.now(),
    )
    return _preview(shown)


@router.post(PATH + "/requests", response={202: OutcomeOut}, auth=ASKS)
def request_action(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: RequestIn
) -> Status[Any]:
    """Ask for an action as it was shown; what needs no checker is carried out at once."""
    sight = sight_of(request, book_name=book_name, permission="servicing.request")
    outcome = operations.request(
        book=sight.book,
        loan_ref=loan_of(sight, loan_ref).loan_ref,
        action=body.action,
        asked=_asked(body.asked),
        reason_code=body.reason_code.value,
        reason=body.reason,
        seen_sequence=body.seen_sequence,
        acting_user=user_of(request),
    )
    return Status(202, outcome)


@router.post(PATH + "/undo", response={202: OutcomeOut}, auth=ASKS)
def undo_event(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: UndoIn
) -> Status[Any]:
    """Ask to take back an event, with all that was recorded together with it."""
    sight = sight_of(request, book_name=book_name, permission="servicing.request")
    outcome = operations.undo(
        book=sight.book,
        loan_ref=loan_of(sight, loan_ref).loan_ref,
        key=body.key,
        reason_code=body.reason_code.value,
        reason=body.reason,
        seen_sequence=body.seen_sequence,
        acting_user=user_of(request),
    )
    return Status(202, outcome)


@router.get(PATH + "/requests", response=Page[ApprovalOut], auth=SEES)
def list_requests(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List everything asked for a loan, newest first."""
    sight = sight_of(request, book_name=book_name, permission="servicing.view")
    rows = queries.requests_of(book=sight.book, loan=loan_of(sight, loan_ref))
    return page_of(rows, paging=paging, shown=approval_out, newest_first=True)


@router.post(PATH + "/quotes", response={201: QuoteOut}, auth=ASKS)
def make_quote(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: QuoteIn
) -> Status[Any]:
    """Quote what closes the loan at the end of a day."""
    sight = sight_of(request, book_name=book_name, permission="servicing.request")
    quote = quoting.make_quote(
        book=sight.book,
        loan_ref=loan_of(sight, loan_ref).loan_ref,
        valid_on=body.valid_on,
        acting_user=user_of(request),
        at=timezone.now(),
        fee_rule=FeeRule(**body.fee_rule.model_dump()) if body.fee_rule else None,
    )
    return Status(201, _quote(quote))


@router.get(PATH + "/quotes", response=Page[QuoteOut], auth=SEES)
def list_quotes(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List the pay-off quotes of a loan, newest first."""
    sight = sight_of(request, book_name=book_name, permission="servicing.view")
    rows = queries.quotes_of(loan=loan_of(sight, loan_ref))
    return page_of(rows, paging=paging, shown=_quote, newest_first=True)


def _asked(given: AskedIn) -> Asked:
    simple = given.model_dump(exclude={"components", "instalment_nos", "discounts", "rate"})
    return Asked(
        **cast("Any", simple),
        components=tuple(given.components),
        instalment_nos=tuple(given.instalment_nos),
        discounts=tuple((each.component, each.amount_minor) for each in given.discounts),
        rate=Rate(value=given.rate.value, per=given.rate.per) if given.rate else None,
    )


def _preview(shown: previewing.Previewed) -> dict[str, Any]:
    return {
        "action": shown.action,
        "shown_on": shown.shown_on,
        "sequence": shown.sequence,
        "amount_minor": shown.amount_minor,
        "checkers": shown.authority.checkers,
        "may_be_asked": shown.may_be_asked,
        "refusals": [{"code": each.code, "rule_id": each.rule_id} for each in shown.refusals],
        "before": _side(shown.before),
        "after": _side(shown.after),
        "rows": [
            {
                "due_on": row.due_on,
                "before_minor": row.before,
                "after_minor": row.after,
                "before_principal_minor": row.before_principal,
                "after_principal_minor": row.after_principal,
            }
            for row in shown.rows
        ],
    }


def _side(side: previewing.Side) -> dict[str, Any]:
    return {
        "status": side.position.status,
        "days_past_due": side.position.days_past_due,
        "class_floor": side.floor.level if side.floor else None,
        "payoff_minor": side.position.payoff_minor,
        "planned_minor": side.planned_minor,
        "last_due_on": side.last_due_on,
        "cost": _cost(side.cost),
    }


def _cost(cost: AnnualCost | None) -> dict[str, str] | None:
    return (
        None if cost is None else {name: str(getattr(cost, name)) for name in CostOut.model_fields}
    )


def _quote(quote: Quote) -> dict[str, Any]:
    return {name: getattr(quote, name) for name in QuoteOut.model_fields}
