"""Template tags of products, parties and credit lines."""

from django import template

from daihou.web.desk.parties.words import FIELDS
from daihou.web.desk.products.words import CHARGED, PAYEES, prepayment_text as said
from daihou.web.loans.costs import Charged, PrepaymentFee

register = template.Library()


@register.filter
def charged_word(method: Charged) -> str:
    """Say how an item of the cost table is charged."""
    return str(CHARGED[method])


@register.filter
def prepayment_text(fee: PrepaymentFee) -> str:
    """Say what paying off early costs."""
    return said(fee)


@register.filter
def payee_word(payee: str) -> str:
    """Say who gets a charge."""
    return next((str(word) for role, word in PAYEES.items() if role == payee), payee)


@register.filter
def field_word(field: str) -> str:
    """Name a field of personal data."""
    return str(FIELDS.get(field, field))
