"""Everything that can be asked for a loan: the actions, what each takes, on which loans.

Units   ``*_minor`` is an ``int`` of minor units; ``percent`` is parts of a hundred, exact.
Shape   One flat ``Asked`` for all actions; ``SPECS`` says which of its fields an action needs and
        which it may have besides.
Errors  ``ServicingRefused``: ``servicing.field_missing``, ``servicing.field_not_wanted``,
        ``servicing.amount_not_positive``, ``servicing.text_too_long``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from daihou.core.changes import InterestTreatment
from daihou.core.position import Status
from daihou.core.terms import MOST_MINOR, Component, PeriodUnit, Rate, Surplus
from daihou.web.servicing.errors import ServicingRefused

TEXT_LONGEST = 200


class Action(StrEnum):
    EXTEND = "extend"
    DEFER = "defer"
    RE_AGE = "re_age"
    RE_AMORTIZE = "re_amortize"
    MOVE_DUE_DATES = "move_due_dates"
    CHANGE_RATE = "change_rate"
    CHANGE_TERM = "change_term"
    PLAN_OVERDUE = "plan_overdue"
    CARD_INSTALMENTS = "card_instalments"
    ACCELERATE = "accelerate"
    PAUSE_INTEREST = "pause_interest"
    PREPAY = "prepay"
    PAY_OFF = "pay_off"
    SETTLE = "settle"
    WAIVE = "waive"
    ADD_CHARGE = "add_charge"
    STOP_PENALTY = "stop_penalty"
    START_PENALTY = "start_penalty"
    REFUND = "refund"
    CHARGE_BACK = "charge_back"
    REVERSE_PAYMENT = "reverse_payment"
    CHARGE_OFF = "charge_off"
    RECOVER = "recover"
    TRANSFER = "transfer"
    BUY_BACK = "buy_back"
    COMPENSATE = "compensate"
    RECOVER_CLAIM = "recover_claim"
    UNDO = "undo"


class Group(StrEnum):
    PLAN = "plan"
    MONEY = "money"
    RELIEF = "relief"
    OWNERSHIP = "ownership"
    LOSS = "loss"


class Spread(StrEnum):
    """How a waiver lies on the instalments that owe."""

    OLDEST_FIRST = "oldest_first"
    EVENLY = "evenly"  # In proportion to what each owes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person wants; fields an action does not take stay empty."""

    effective_on: date
    currency: str = ""  # Where given it has to be the loan's.
    amount_minor: int | None = None
    percent: Decimal | None = None  # Of what is owed.
    floor_minor: int | None = None  # What stays owed.
    components: tuple[Component, ...] = ()
    instalment_nos: tuple[int, ...] = ()  # None: all that are due.
    spread: Spread | None = None
    first_due_on: date | None = None
    through_on: date | None = None
    due_on: date | None = None
    expires_on: date | None = None
    instalment_count: int | None = None
    every: int | None = None
    unit: PeriodUnit | None = None
    rate: Rate | None = None
    interest: InterestTreatment | None = None
    surplus: Surplus | None = None
    discounts: tuple[tuple[Component, int], ...] = ()  # Of a settlement: given up, by component.
    charge: str = ""  # Its name in the disclosed cost table.
    payee: str = ""
    counterparty: str = ""
    price_minor: int | None = None
    target_key: str = ""
    quote_id: int | None = None
    fee_minor: int = 0  # Of the quote, taken from it.
    voucher: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    group: Group
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    statuses: frozenset[Status] = frozenset({Status.ACTIVE})
    is_restructure: bool = False
    may_be_future: bool = False


LIVE = frozenset({Status.ACTIVE, Status.WRITTEN_OFF})
PAID_OUT = LIVE | {Status.CLOSED}


def _plan(
    *needs: str,
    takes: tuple[str, ...] = (),
    is_restructure: bool = False,
    may_be_future: bool = False,
) -> Spec:
    return Spec(
        group=Group.PLAN,
        needs=needs,
        takes=takes,
        is_restructure=is_restructure,
        may_be_future=may_be_future,
    )


SPECS: Mapping[Action, Spec] = MappingProxyType(
    {
        Action.EXTEND: _plan("through_on", takes=("rate",), is_restructure=True),
        Action.DEFER: _plan("instalment_count", "interest", is_restructure=True),
        Action.RE_AGE: _plan(
            "first_due_on",
            "instalment_count",
            "interest",
            takes=("every", "unit"),
            is_restructure=True,
        ),
        Action.RE_AMORTIZE: _plan("interest", is_restructure=True),
        Action.MOVE_DUE_DATES: _plan("first_due_on"),
        Action.CHANGE_RATE: _plan("rate", may_be_future=True),
        Action.CHANGE_TERM: _plan("instalment_count", is_restructure=True),
        Action.PLAN_OVERDUE: _plan(
            "first_due_on", "instalment_count", takes=("every", "unit"), is_restructure=True
        ),
        Action.CARD_INSTALMENTS: _plan(
            "first_due_on", "instalment_count", "rate", is_restructure=True
        ),
        Action.ACCELERATE: _plan(),
        Action.PAUSE_INTEREST: _plan("through_on", may_be_future=True),
        Action.PREPAY: Spec(
            group=Group.MONEY, needs=("amount_minor", "surplus"), takes=("voucher",)
        ),
        Action.PAY_OFF: Spec(
            group=Group.MONEY, needs=("quote_id",), takes=("amount_minor", "voucher")
        ),
        Action.REFUND: Spec(
            group=Group.MONEY, needs=("amount_minor",), takes=("voucher",), statuses=PAID_OUT
        ),
        Action.CHARGE_BACK: Spec(
            group=Group.MONEY,
            needs=("target_key", "amount_minor"),
            takes=("voucher",),
            statuses=PAID_OUT,
        ),
        Action.REVERSE_PAYMENT: Spec(
            group=Group.MONEY, needs=("target_key",), takes=("voucher",), statuses=PAID_OUT
        ),
        Action.WAIVE: Spec(
            group=Group.RELIEF,
            needs=("components",),
            takes=("amount_minor", "percent", "floor_minor", "instalment_nos", "spread"),
            statuses=LIVE,
        ),
        Action.SETTLE: Spec(
            group=Group.RELIEF,
            needs=("amount_minor", "expires_on"),
            takes=("discounts",),
            statuses=LIVE,
        ),
        Action.STOP_PENALTY: Spec(group=Group.RELIEF),
        Action.START_PENALTY: Spec(group=Group.RELIEF),
        Action.ADD_CHARGE: Spec(
            group=Group.RELIEF,
            needs=("charge", "payee", "amount_minor", "due_on"),
            takes=("components",),
        ),
        Action.CHARGE_OFF: Spec(group=Group.LOSS),
        Action.RECOVER: Spec(
            group=Group.LOSS,
            needs=("amount_minor",),
            takes=("voucher",),
            statuses=frozenset({Status.WRITTEN_OFF}),
        ),
        Action.TRANSFER: Spec(
            group=Group.OWNERSHIP, needs=("counterparty", "price_minor"), statuses=LIVE
        ),
        Action.BUY_BACK: Spec(group=Group.OWNERSHIP, needs=("price_minor",), statuses=LIVE),
        Action.COMPENSATE: Spec(
            group=Group.OWNERSHIP,
            needs=("counterparty", "amount_minor"),
            takes=("voucher",),
            statuses=LIVE,
        ),
        Action.RECOVER_CLAIM: Spec(
            group=Group.OWNERSHIP,
            needs=("amount_minor",),
            takes=("voucher",),
            statuses=PAID_OUT,
        ),
        Action.UNDO: Spec(group=Group.PLAN, needs=("target_key",), statuses=PAID_OUT),
    }
)
_ALWAYS = frozenset({"effective_on", "currency"})
_POSITIVE = ("amount_minor", "instalment_count", "every", "percent")
_NOT_NEGATIVE = ("floor_minor", "price_minor")
_EMPTY = Asked(effective_on=date.min)


def kind_of(action: Action) -> str:
    """Name the action in the authority matrix.

    >>> kind_of(Action.WAIVE)
    'servicing.waive'
    """
    return f"servicing.{action.value}"


def check_asked(*, action: Action, asked: Asked) -> None:
    """Refuse what an action cannot be asked for with, whatever the loan.

    :raises ServicingRefused: see the module.

    >>> check_asked(action=Action.EXTEND, asked=Asked(effective_on=date(2026, 1, 1)))
    Traceback (most recent call last):
    daihou.web.servicing.errors.ServicingRefused: extend needs through_on
    """
    spec = SPECS[action]
    given = {f.name for f in fields(Asked) if getattr(asked, f.name) != getattr(_EMPTY, f.name)}
    missing = [name for name in spec.needs if name not in given]
    if missing:
        raise ServicingRefused("servicing.field_missing", action=action.value, field=missing[0])
    unwanted = sorted(given - _ALWAYS - set(spec.needs) - set(spec.takes))
    if unwanted:
        raise ServicingRefused("servicing.field_not_wanted", action=action.value, field=unwanted[0])
    for name in (*_POSITIVE, *_NOT_NEGATIVE):
        value = getattr(asked, name)
        least = 1 if name in {"amount_minor", "instalment_count", "every"} else 0
        if value is None:
            continue
        if value < least or (name == "percent" and not 0 < value <= 100):
            raise ServicingRefused("servicing.amount_not_positive", field=name)
        if value > MOST_MINOR:
            raise ServicingRefused("servicing.amount_too_large", field=name)
    for name in ("charge", "payee", "counterparty", "voucher", "target_key"):
        text = getattr(asked, name)
        if len(text) > TEXT_LONGEST or "\0" in text:
            raise ServicingRefused("servicing.text_too_long", field=name, most=TEXT_LONGEST)
