"""What the slots of a text are filled with for one loan: figures of the day, names masked."""

from collections.abc import Mapping
from datetime import date, timedelta

from daihou.collect.reporting import days_to_wait
from daihou.collect.requests import Channel
from daihou.collect.templates import Language, Money, Value
from daihou.core.position import Position, position
from daihou.web.board.borrowers import company_name
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Identity
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loans
from daihou.web.loans.models import Loan
from daihou.web.parameters.queries import profile_on
from daihou.web.parameters.tightenings import rules_for
from daihou.web.parties import queries as parties
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Field, Party

OPT_OUT = {Language.CHINESE: "回复T退订", Language.ENGLISH: "Reply STOP to opt out."}
OPT_OUT_OF_MAIL = {
    Language.CHINESE: "如不愿再收到此类邮件，请回复“退订”。",
    Language.ENGLISH: "To receive no more e-mails like this, reply UNSUBSCRIBE.",
}
PRODUCT = {Language.CHINESE: "借款", Language.ENGLISH: "loan"}
TAIL = 4


def values_of(
    *,
    loan: Loan,
    as_of: date,
    language: str,
    channel: str = "",
    more: Mapping[str, Value] | None = None,
    recipient: Party | None = None,
) -> dict[str, Value]:
    """Give every slot that a loan has a value for on a day; ``more`` adds what the caller knows.

    ``channel`` decides how to opt out is said; ``recipient`` is who is written to where it is not
    the borrower.

    :raises ChannelRefused: ``identity.missing``.
    """
    book, language = loan.book, Language(language)
    identity = Identity.objects.filter(book=book).first()
    if identity is None:
        raise ChannelRefused("identity.missing", book=book.name)
    contract, events = load_loans(book=book, loan_ids=[loan.pk])[loan.pk]
    then = position(contract=contract, events=events, as_of=as_of)
    lender = loan.creditor or book.creditor
    product = loan.product.name if loan.product else ""
    values: dict[str, Value] = {
        "borrower": _name(recipient or loan.person, language),
        "creditor": company_name(lender) or identity.institution,
        "institution": identity.institution,
        "service_phone": identity.service_phone,
        "product": product or PRODUCT[language],
        "loan_tail": loan.loan_ref[-TAIL:],
        "figures_on": as_of,
        "opt_out": (OPT_OUT_OF_MAIL if channel == Channel.EMAIL else OPT_OUT)[language],
        **_report(loan, as_of),
        **_due(book, then),
        **_overdue(book, then),
    }
    return values | dict(more or {})


def _report(loan: Loan, as_of: date) -> dict[str, Value]:
    """Give the day from which adverse data may be reported if she is told on a day, if it may."""
    law = profile_on(book=loan.book, on=as_of).jurisdiction
    rules = rules_for(book=loan.book, loans=[loan], jurisdiction=law)
    days = days_to_wait(rules=rules, on=as_of)
    return {} if days is None else {"report_on": as_of + timedelta(days=days)}


def _name(person: Party | None, language: Language) -> str:
    known = parties.personal_data(party=person).get(Field.NAME.value, ()) if person else ()
    if known:
        return masked(field="name", plain=known[0])
    return "**客户" if language is Language.CHINESE else "Customer **"


def _due(book: Book, then: Position) -> dict[str, Value]:
    """Say what falls due next, and of which instalment; money held for it is taken off."""
    left = then.next_due_minor - then.unapplied_minor
    if then.next_due_on is None or left <= 0:
        return {}
    nos = [row.instalment_no for row in then.instalments if row.due_on == then.next_due_on]
    return {
        "due_on": then.next_due_on,
        "due_amount": money(book, left),
        **({"instalment_no": nos[0]} if nos else {}),
    }


def _overdue(book: Book, then: Position) -> dict[str, Value]:
    if then.oldest_unpaid_due_on is None or not then.days_past_due:
        return {}
    return {
        "overdue_amount": money(book, sum(then.overdue_minor.values())),
        "overdue_since": then.oldest_unpaid_due_on,
        "days_past_due": then.days_past_due,
    }


def money(book: Book, amount_minor: int) -> Money:
    """Write an amount of a book's currency for a slot."""
    return Money(amount_minor=amount_minor, currency=book.currency, digits=book.minor_digits)
