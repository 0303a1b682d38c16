"""What stands in each document: the loan page's own figures, written out.

Units   Amounts come as minor units and leave as text with all digits of the book's currency.
Shape   Each function gives a mapping that JSON can hold, for the template of its kind.
Errors  ``DocumentRefused``: ``document.not_settled``, ``document.not_overdue``,
        ``document.nothing_to_show``; ``QuoteRefused`` and ``CostRefused`` of core.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from daihou.core.events import Event
from daihou.core.position import Position, Status, position
from daihou.core.quote import payoff_quote
from daihou.core.terms import Component, Contract
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.board import loan_page, money
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.loans import costs

Values = dict[str, Any]
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A loan with everything a document says of it beside its figures."""

    contract: Contract
    events: tuple[Event, ...]
    language: Language
    borrower: str = ""
    id_number: str = ""
    issuer: str = ""
    product: str = ""
    note: str = ""
    cost_items: tuple[costs.CostItem, ...] = ()

    def amount(self, amount_minor: int) -> str:
        """Write an amount after its currency, as the head of the loan page does."""
        return money.sign(self.contract.currency) + self.plain(amount_minor)

    def plain(self, amount_minor: int) -> str:
        return money.full(amount_minor, digits=self.contract.minor_digits)

    def day(self, value: date) -> str:
        return day_in_words(value, language=self.language)


def day_in_words(value: date, *, language: Language) -> str:
    """Write a day in the words of a language.

    >>> day_in_words(date(2026, 3, 1), language=Language.ENGLISH)
    '1 March 2026'
    """
    if language == Language.CHINESE:
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def folded(*, subject: Subject, as_of: date) -> tuple[Position, loan_page.Page]:
    """Fold the loan and lay it out as its page does."""
    then = position(contract=subject.contract, events=subject.events, as_of=as_of)
    return then, loan_page.page(contract=subject.contract, events=subject.events, position=then)


def common(*, subject: Subject, kind: DocumentKind, then: Position) -> Values:
    """Give what every document shows."""
    counted = [e.sequence for e in subject.events if e.effective_on <= then.as_of]
    return {
        "kind": kind.value,
        "language": subject.language.value,
        "issuer": subject.issuer,
        "borrower": subject.borrower,
        "id_number": subject.id_number,
        "loan_ref": then.loan_ref,
        "product": subject.product,
        "currency": then.currency,
        "note": subject.note,
        "as_of": then.as_of.isoformat(),
        "day_long": subject.day(then.as_of),
        "date": [then.as_of.year, then.as_of.month, then.as_of.day],
        "sequence": max(counted, default=0),
        "disbursed": _on(subject, then.disbursed_minor, then.disbursed_on),
    }


def statement(*, subject: Subject, as_of: date, since: date | None = None) -> Values:
    """Give the statement of a loan, with the payments since a day."""
    then, page = folded(subject=subject, as_of=as_of)
    from_on = since or subject.contract.start_on
    plain, owed = subject.plain, page.owed
    payments = [row for row in page.payments if row.applied.effective_on >= from_on]
    parts = [_by_component(row.applied.parts) for row in payments]
    shown = [name for name in page.components if any(name in each for each in parts)]
    return common(subject=subject, kind=DocumentKind.STATEMENT, then=then) | {
        "state": "late" if then.days_past_due else then.status.value,
        "owed": subject.amount(owed.total_minor),
        "owed_by": [[name, plain(amount)] for name, amount in owed.by_component],
        "overdue": subject.amount(owed.overdue_minor),
        "days_past_due": str(then.days_past_due),
        "principal_outstanding": subject.amount(then.principal_outstanding_minor),
        "payoff": subject.amount(then.payoff_minor),
        "held": subject.amount(then.unapplied_minor) if then.unapplied_minor else "",
        "next_due": _on(subject, then.next_due_minor, then.next_due_on),
        "since": from_on.isoformat(),
        "paid_components": shown,
        "payments": [
            [
                row.applied.effective_on.isoformat(),
                plain(row.applied.amount_minor),
                *(plain(each.get(name, 0)) for name in shown),
                plain(row.applied.unapplied_minor),
            ]
            for row, each in zip(reversed(payments), reversed(parts), strict=True)
        ],
        "instalments": [
            [
                row.instalment_no,
                written_due(row.due_on),
                plain(row.total.due_minor),
                plain(row.total.paid_minor),
                plain(row.total.waived_minor),
                plain(row.total.outstanding_minor),
                row.state,
            ]
            for row in page.instalments
        ],
        "total": [
            plain(page.total.due_minor),
            plain(page.total.paid_minor),
            plain(page.total.waived_minor),
            plain(page.total.outstanding_minor),
        ],
    }


def schedule(*, subject: Subject, as_of: date) -> Values:
    """Give the schedule as it stands on a day."""
    then, page = folded(subject=subject, as_of=as_of)
    if not page.instalments:
        raise DocumentRefused("document.nothing_to_show", loan_ref=then.loan_ref)
    plain = subject.plain
    return common(subject=subject, kind=DocumentKind.SCHEDULE, then=then) | {
        "method": subject.contract.terms.method.value,
        **_rate(then),
        "components": list(page.components),
        "instalments": [
            [
                row.instalment_no,
                written_due(row.due_on),
                *(plain(cell.due_minor) for cell in row.cells),
                plain(row.total.due_minor),
                plain(row.total.outstanding_minor),
            ]
            for row in page.instalments
        ],
        "total": [
            *(plain(cell.due_minor) for cell in page.totals),
            plain(page.total.due_minor),
            plain(page.total.outstanding_minor),
        ],
    }


def payoff(*, subject: Subject, as_of: date) -> Values:
    """Give what pays the loan off on a day."""
    then, _ = folded(subject=subject, as_of=as_of)
    quote = payoff_quote(contract=subject.contract, events=subject.events, valid_on=as_of)
    lines = [(name.value, amount) for name, amount in quote.due_minor.items()]
    lines += [
        ("later", quote.principal_later_minor),
        ("accrued", quote.accrued_interest_minor),
        ("prepayment_fee", quote.fee_minor),
        ("held", -quote.held_minor),
    ]
    return common(subject=subject, kind=DocumentKind.PAYOFF, then=then) | {
        "valid_on": as_of.isoformat(),
        "valid_long": subject.day(as_of),
        "total": subject.amount(quote.total_minor),
        "lines": [[name, subject.plain(amount)] for name, amount in lines if amount],
        "per_day": subject.amount(quote.per_day_minor),
        "next_due_on": quote.next_due_on.isoformat() if quote.next_due_on else "",
    }


def settlement(*, subject: Subject, as_of: date) -> Values:
    """Certify that a loan is settled; only one that is.

    :raises DocumentRefused: ``document.not_settled``.
    """
    then, page = folded(subject=subject, as_of=as_of)
    closed_on = settled_on(then)
    started_on = then.disbursed_on or subject.contract.start_on
    return common(subject=subject, kind=DocumentKind.SETTLEMENT, then=then) | {
        "disbursed_amount": subject.amount(then.disbursed_minor),
        "start_long": subject.day(started_on),
        "closed_on": closed_on.isoformat(),
        "closed_long": subject.day(closed_on),
        "waived": subject.amount(page.total.waived_minor) if page.total.waived_minor else "",
        "paid": subject.amount(page.total.paid_minor),
        "owed": subject.amount(0),
    }


def settled_on(then: Position) -> date:
    """Return the day a loan was settled.

    :raises DocumentRefused: ``document.not_settled``.
    """
    is_owing = then.payoff_minor or then.claim_minor or any(then.overdue_minor.values())
    if then.status is not Status.CLOSED or then.closed_on is None or is_owing or then.is_stale:
        raise DocumentRefused("document.not_settled", loan_ref=then.loan_ref, as_of=then.as_of)
    return then.closed_on


def release(*, subject: Subject, as_of: date, items: Sequence[Sequence[str]]) -> Values:
    """Give a settled loan's collateral back: description, identifier, owner, papers of each.

    :raises DocumentRefused: ``document.not_settled``.
    """
    then, _ = folded(subject=subject, as_of=as_of)
    closed_on = settled_on(then)
    return common(subject=subject, kind=DocumentKind.RELEASE, then=then) | {
        "closed_on": closed_on.isoformat(),
        "closed_long": subject.day(closed_on),
        "items": [list(each) for each in items],
    }


def overdue(*, subject: Subject, as_of: date) -> Values:
    """Give notice of what is past due.

    :raises DocumentRefused: ``document.not_overdue``.
    """
    then, page = folded(subject=subject, as_of=as_of)
    if not page.owed.overdue_minor:
        raise DocumentRefused("document.not_overdue", loan_ref=then.loan_ref, as_of=as_of)
    late = [row for row in page.instalments if row.days_past_due]
    plain = subject.plain
    return common(subject=subject, kind=DocumentKind.OVERDUE, then=then) | {
        "days_past_due": str(then.days_past_due),
        "overdue": subject.amount(page.owed.overdue_minor),
        "components": list(page.components),
        "instalments": [
            [
                row.instalment_no,
                written_due(row.due_on),
                row.days_past_due,
                *(plain(cell.outstanding_minor) for cell in row.cells),
                plain(row.total.outstanding_minor),
            ]
            for row in late
        ],
        "total": [
            *(
                plain(sum(row.cells[number].outstanding_minor for row in late))
                for number in range(len(page.components))
            ),
            plain(sum(row.total.outstanding_minor for row in late)),
        ],
    }


def cost(*, subject: Subject, as_of: date) -> Values:
    """Give the cost disclosure table of the loan as agreed, paid as agreed."""
    then, _ = folded(subject=subject, as_of=as_of)
    contract = subject.contract
    if not subject.cost_items:
        raise DocumentRefused("document.no_cost_table", loan_ref=then.loan_ref)
    found = costs.sample(
        terms=contract.terms,
        costs=subject.cost_items,
        principal_minor=contract.principal_minor,
        start_on=contract.start_on,
    )
    rows = [
        [row.item.component.value, row.item.method.value, row.item.standard, row.item.payee]
        for row in found.rows
    ]
    amounts = [row.amount_minor for row in found.rows]
    return common(subject=subject, kind=DocumentKind.COST, then=then) | {
        "principal": subject.amount(found.principal_minor),
        "received": subject.amount(found.received_minor),
        "count": str(len(found.instalments)),
        "method": contract.terms.method.value,
        "nominal": percent(found.nominal_rate),
        "effective": percent(found.effective_rate),
        "sure": [
            [*row, subject.plain(amount)]
            for row, amount in zip(rows, amounts, strict=True)
            if amount is not None
        ],
        "contingent": [row for row, amount in zip(rows, amounts, strict=True) if amount is None],
        "total": subject.plain(found.cost_minor),
    }


def percent(rate: Decimal) -> str:
    """Write a rate as a percentage with two places, as the law's table has it.

    >>> percent(Decimal("0.1455"))
    '14.55%'
    """
    return f"{rate * 100:.2f}%"


def _rate(then: Position) -> Values:
    return {"rate": written_rate(then), "rate_per": then.rate.per.value}


def written_rate(then: Position) -> str:
    return f"{(then.rate.value * 100).normalize():f}%"


def _by_component(parts: Sequence[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        name = Component(part.component).value
        found[name] = found.get(name, 0) + part.amount_minor
    return found


def _on(subject: Subject, amount_minor: int, day: date | None) -> str:
    if day is None or day == UNSCHEDULED_ON:
        return "–"
    return f"{subject.amount(amount_minor)} · {day.isoformat()}"


def written_due(day: date) -> str:
    return "–" if day == UNSCHEDULED_ON else day.isoformat()
