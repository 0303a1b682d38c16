"""What a loan's forms offer to choose from, and the menu of actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from daihou.core.events import MONEY_IN_KINDS, UNDOABLE_KINDS, Event, without_taken_back
from daihou.core.limits import Payee
from daihou.core.position import Position
from daihou.web.access.models import User
from daihou.web.approvals.models import State
from daihou.web.board import money
from daihou.web.board.sight import Sight
from daihou.web.board.words import EVENTS
from daihou.web.desk.servicing.forms import Choices, Offered
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.servicing import queries
from daihou.web.servicing.actions import SPECS, Action, Group
from daihou.web.servicing.kinds import LABELS
from daihou.web.servicing.loading import Loaded
from daihou.web.servicing.models import OfferState

GROUPS: dict[Group, tuple[str, str, Promise]] = {  # Icon, key, word.
    Group.PLAN: ("calendar-cog", "p", _("Plan")),
    Group.MONEY: ("cash", "m", _("Money")),
    Group.RELIEF: ("heart-handshake", "r", _("Relief and charges")),
    Group.OWNERSHIP: ("arrows-exchange", "o", _("Owner and guarantor")),
    Group.LOSS: ("circle-x", "c", _("Charge-off")),
}
PAYEES: dict[Payee, Promise] = {
    Payee.LENDER: _("the lender"),
    Payee.GUARANTOR: _("the guarantor"),
    Payee.PLATFORM: _("the platform"),
    Payee.INSURER: _("the insurer"),
    Payee.THIRD_PARTY: _("a third party"),
}
NEWEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    icon: str
    key: str
    label: Promise
    actions: tuple[tuple[str, Promise], ...]


def menu(*, status: str = "") -> tuple[Menu, ...]:
    """Group the actions; with a status only those that a loan in it can take."""
    found = [
        (spec.group, action)
        for action, spec in SPECS.items()
        if not status or status in spec.statuses
    ]
    order = list(Group)
    found.sort(key=lambda pair: order.index(pair[0]))
    return tuple(
        Menu(
            icon=GROUPS[group][0],
            key=GROUPS[group][1],
            label=GROUPS[group][2],
            actions=tuple((action.value, LABELS[action]) for _group, action in of_group),
        )
        for group, of_group in groupby(found, key=lambda pair: pair[0])
    )


def offered(*, loaded: Loaded, book: Book) -> Offered:
    """Gather what a loan offers: its payments, its last events, its quotes, its cost table."""
    standing = sorted(without_taken_back(loaded.loan.events), key=lambda event: -event.sequence)
    charges: Choices = [
        (item.item, f"{item.item} · {item.standard}") for item in loaded.cost_table or ()
    ]
    return Offered(
        minor_digits=book.minor_digits,
        payments=_events(standing, kinds=MONEY_IN_KINDS, book=book),
        undoable=_events(standing, kinds=UNDOABLE_KINDS, book=book),
        quotes=[
            (str(each.pk), f"{_full(each.amount_minor, book)} · {each.valid_through}")
            for each in queries.quotes_of(loan=loaded.row)
            if each.ledger_sequence == loaded.loan.sequence
        ],
        charges=charges,
        payees=[(payee.value, word) for payee, word in PAYEES.items()],
    )


def _events(standing: Sequence[Event], *, kinds: Any, book: Book) -> Choices:
    found: Choices = [
        (
            event.key,
            " · ".join(
                part
                for part in (
                    str(EVENTS.get(event.kind.value, event.kind.value)),
                    event.effective_on.isoformat(),
                    _full(event.amount_minor, book) if event.amount_minor else "",
                )
                if part
            ),
        )
        for event in standing
        if event.kind in kinds
    ]
    return found[:NEWEST]


def _full(amount_minor: int, book: Book) -> str:
    return money.full(amount_minor, digits=book.minor_digits)


def on_loan_page(*, user: User, sight: Sight, row: Loan, position: Position) -> dict[str, Any]:
    """Give the loan page what servicing shows there; nothing to whom it is not open."""
    if not user.has_perm("servicing.view", row):
        return {}
    may_ask = user.has_perm("servicing.request", row)
    requests = queries.requests_of(book=sight.book, loan=row)
    return {
        "may_ask": may_ask and position.stated_on is None,
        "menu": menu(status=position.status.value) if may_ask else (),
        "waiting": [
            {"approval": each, "label": LABELS[Action(each.payload["action"])]}
            for each in requests.filter(state=State.PENDING)
        ],
        "offer": queries.offers_of(loan=row).filter(state=OfferState.OPEN).first(),
        "quote": queries.quotes_of(loan=row).first(),
        "last_sequence": queries.last_sequence(loan_id=row.pk),
        "undoable": frozenset(kind.value for kind in UNDOABLE_KINDS),
    }
