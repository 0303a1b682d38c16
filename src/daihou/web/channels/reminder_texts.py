"""Write what leaves by itself: on which loan, through which channel, by which text, if at all.

Errors  ``ChannelRefused``: ``reminder.no_way``; as ``facts`` and ``rendering`` refuse.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from daihou.collect.requests import Channel, Purpose
from daihou.collect.templates import Value
from daihou.web.cases import promises
from daihou.web.cases.models import PromiseState
from daihou.web.cases.queries import open_case_of
from daihou.web.channels import accounts, facts, rendering
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import FIELD_OF, ChannelKind, Occasion, Reminder, TemplateVersion
from daihou.web.contacts.contact import Contact
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_events
from daihou.web.parties import reach

ORDER: Final = (  # Cheapest first.
    ChannelKind.WECHAT,
    ChannelKind.SMS,
    ChannelKind.PUSH,
    ChannelKind.WHATSAPP,
    ChannelKind.EMAIL,
)
LANGUAGE: Final = "zh"
PURPOSES: Final = {
    Occasion.DUE: Purpose.REMINDER,
    Occasion.PROMISE_DUE: Purpose.COLLECTION,
    Occasion.OVERDUE: Purpose.COLLECTION,
    Occasion.PROMISE_BROKEN: Purpose.COLLECTION,
    Occasion.RECEIPT: Purpose.RECEIPT,
}
KEYS: Final = {
    Occasion.PROMISE_DUE: "promise-due",
    Occasion.OVERDUE: "overdue",
    Occasion.PROMISE_BROKEN: "promise-broken",
    Occasion.RECEIPT: "receipt",
}


class NotNeeded(Exception):
    """What it was planned for holds no more: nothing is owed, or the payment was taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    version: TemplateVersion
    known: reach.Known


def contact_of(*, row: Reminder, on: date) -> Contact:
    """Write it for the first channel there is an account, a text and an address for.

    :raises NotNeeded: look again at what it was planned for.
    :raises ChannelRefused: see the module.
    """
    loan, occasion = row.loan, Occasion(row.occasion)
    more = _MORE[occasion](row)
    if loan.person is None:
        raise ChannelRefused("reminder.no_way")
    case = row.part.promise.case if row.part else open_case_of(book=row.book, party=loan.person)
    if occasion is Occasion.OVERDUE and case is not None and case.promised_on is not None:
        raise NotNeeded  # She said when she pays.
    way = _way(row, on=on)
    template = way.version.template
    values = facts.values_of(
        loan=loan, as_of=on, language=template.language, channel=template.channel, more=more
    )
    if _ABOUT.get(occasion) and values.get(_ABOUT[occasion]) != row.about_on:
        raise NotNeeded
    rendered = rendering.render(version=way.version, values=values)
    return Contact(
        book=row.book,
        party=loan.person,
        loans=(loan,),
        contact_point=way.known.point,
        channel=Channel(template.channel),
        purpose=PURPOSES[occasion],
        case_number=None if occasion is Occasion.DUE or case is None else case.pk,
        content=rendered.content,
        payload=rendered.payload.as_mapping(),
    )


_ABOUT: Final = {Occasion.DUE: "due_on", Occasion.OVERDUE: "overdue_since"}


def _nothing(_row: Reminder) -> dict[str, Value]:
    return {}


def _promised(row: Reminder) -> dict[str, Value]:
    """Give what a reminder of a promise says, while the promise stands."""
    assert row.part is not None
    if row.part.promise.state != PromiseState.OPEN:
        raise NotNeeded
    return _of_part(row)


def _missed(row: Reminder) -> dict[str, Value]:
    """Give what is said of a broken promise, while it is her last and nothing came since."""
    assert row.part is not None
    case = row.part.promise.case
    if promises.missed(case=case) != row.part:
        raise NotNeeded
    told = load_events(loan_ids=case.case_loans.values_list("loan_id", flat=True))
    came = [money for events in told.values() for money in promises.standing(events)]
    if any(money.effective_on > row.part.due_on and money.amount_minor > 0 for money in came):
        raise NotNeeded
    return _of_part(row)


def _of_part(row: Reminder) -> dict[str, Value]:
    assert row.part is not None
    amount = facts.money(row.book, row.part.amount_minor)
    return {"promised_on": row.part.due_on, "promised_amount": amount}


def _paid(row: Reminder) -> dict[str, Value]:
    """Give what a receipt says of a payment that stands, less what was charged back of it."""
    told = promises.standing(load_events(loan_ids=[row.loan_id])[row.loan_id])
    money = next((each for each in told if each.sequence == row.event_sequence), None)
    if money is None or money.amount_minor <= 0:
        raise NotNeeded
    return {
        "paid_on": money.effective_on,
        "paid_amount": facts.money(row.book, money.amount_minor),
    }


_MORE: Final = {
    Occasion.DUE: _nothing,
    Occasion.PROMISE_DUE: _promised,
    Occasion.OVERDUE: _nothing,
    Occasion.PROMISE_BROKEN: _missed,
    Occasion.RECEIPT: _paid,
}


def _way(row: Reminder, *, on: date) -> _Way:
    """Choose channel, text and the borrower's best usable address for it."""
    assert row.loan.person is not None
    known = [each for each in reach.points(party=row.loan.person, on=on) if each.is_usable]
    key = KEYS.get(Occasion(row.occasion), f"due-{row.mark_days}")
    for kind in ORDER:
        point = next(
            (each for each in known if reach.FIELDS[each.point.kind] == FIELD_OF[kind]), None
        )
        if point is None or not _has_account(row.book, kind):
            continue
        try:
            version = rendering.choose(
                book=row.book,
                key=key,
                channel=kind,
                language=LANGUAGE,
                funder_id=row.loan.funder_id,
            )
        except ChannelRefused:
            continue  # No approved text for this channel; the next may have one.
        return _Way(version=version, known=point)
    raise ChannelRefused("reminder.no_way")


def _has_account(book: Book, kind: ChannelKind) -> bool:
    try:
        accounts.accounts_for(book=book, channel=kind)
    except ChannelRefused:
        return False
    return True
