"""Pay-off quotes: what closes a loan, valid to a day; and what a quote asks an action to do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from daihou.core import codec
from daihou.core.limits import CostItem
from daihou.core.quote import FeeRule, Quote as CoreQuote, payoff_quote
from daihou.core.terms import Surplus
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.servicing import loading
from daihou.web.servicing.actions import Action, Asked
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.models import Quote

LONGEST_DAYS = 31


def make_quote(
    *,
    book: Book,
    loan_ref: str,
    valid_on: date,
    acting_user: User,
    at: datetime,
    fee_rule: FeeRule | None = None,
) -> Quote:
    """Quote what closes a loan at the end of a day, with the fee that its product discloses.

    :raises ServicingRefused: ``quote.day_wrong``, ``quote.nothing_owed``.
    :raises QuoteRefused: as ``core.quote.payoff_quote``.
    """
    with transaction.atomic():
        loaded = loading.load(book=book, loan_ref=loan_ref, at=at)
        loan = loaded.loan
        if not 0 <= (valid_on - loan.last_on).days <= LONGEST_DAYS:
            raise ServicingRefused("quote.day_wrong", first=loan.last_on, most=LONGEST_DAYS)
        fee_rule = fee_rule or loaded.fee_rule
        found = payoff_quote(
            contract=loan.contract,
            events=loan.events,
            valid_on=valid_on,
            fee_rule=fee_rule,
            cost_table=loaded.cost_table,
        )
        if not found.total_minor:
            raise ServicingRefused("quote.nothing_owed")
        quote = Quote.objects.create(
            book=book,
            loan=loaded.row,
            quoted_on=loan.last_on,
            valid_through=valid_on,
            debt_minor=found.total_minor - found.fee_minor,
            fee_minor=found.fee_minor,
            lines=_lines(found, fee_rule),
            ledger_sequence=loan.sequence,
            made_by=acting_user,
        )
        audit.record(
            acting_user=acting_user,
            action="quote.make",
            target_type="loan",
            target_id=loaded.row.pk,
            details={"quote": quote.pk, "amount_minor": quote.amount_minor},
        )
    return quote


def _lines(found: CoreQuote, fee_rule: FeeRule | None) -> dict[str, Any]:
    return {
        "due": {component.value: amount for component, amount in found.due_minor.items()},
        "principal_later": found.principal_later_minor,
        "accrued_interest": found.accrued_interest_minor,
        "held": found.held_minor,
        "per_day": found.per_day_minor,
        "fee_rule": codec.encode(fee_rule) if fee_rule else None,
    }


def filled(*, loaded: loading.Loaded, action: Action, asked: Asked) -> Asked:
    """Take the amount of a pay-off from its quote; other actions stay as asked.

    :raises ServicingRefused: ``quote.unknown``, ``quote.expired``, ``quote.stale``,
        ``quote.underpaid``.
    """
    if action is not Action.PAY_OFF:
        return asked
    assert asked.quote_id is not None
    quote = Quote.objects.filter(pk=asked.quote_id, loan=loaded.row).first()
    if quote is None:
        raise ServicingRefused("quote.unknown", quote=asked.quote_id)
    if not quote.quoted_on <= asked.effective_on <= quote.valid_through:
        raise ServicingRefused("quote.expired", quoted=quote.quoted_on, valid=quote.valid_through)
    if quote.ledger_sequence != loaded.loan.sequence:
        raise ServicingRefused("quote.stale")
    amount_minor = asked.amount_minor or quote.amount_minor
    if amount_minor < quote.amount_minor:
        raise ServicingRefused("quote.underpaid", amount=quote.amount_minor)
    return replace(
        asked,
        amount_minor=amount_minor,
        surplus=Surplus.LOWER,
        **(_fee(quote, loaded.cost_table) if quote.fee_minor else {}),
    )


def _fee(quote: Quote, table: Sequence[CostItem] | None) -> dict[str, Any]:
    """Name the fee's line of the cost table, and who gets it."""
    item = quote.lines["fee_rule"]["item"]
    payees = [each.payee.value for each in table or () if each.item == item]
    return {"fee_minor": quote.fee_minor, "charge": item, "payee": payees[0] if payees else ""}
