"""Post a loan in double entry: its movements through rules that are data.

Units   ``amount_minor`` is an ``int`` of minor units: a debit is positive, a credit negative.
Shape   ``movements`` says what moved, ``Rules`` which roles that debits and credits, in one view
        (lender, platform, guarantor); ``entries`` puts both together. A role names an account of
        the view's chart. Entries through an earlier day are the same, whatever later days bring.
Errors  ``PostingRefused`` with a stable code; ``EventRefused`` as ``position``.
Source  docs/algorithms/posting.md. The rules: ``posting.toml`` beside this module.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from itertools import product
from types import MappingProxyType
from typing import Any

from daihou.core._movements import (
    ACCRUAL,
    SUSPENSE,
    Move,
    Movement,
    State,
    movements,
    movements_and_figures,
    sub_ledger,
)
from daihou.core.allocation import COMPONENTS
from daihou.core.events import Event, Kind
from daihou.core.terms import Component, Contract

__all__ = [
    "ACCRUAL",
    "PROVISION",
    "SUSPENSE",
    "Account",
    "AccountType",
    "Entry",
    "Move",
    "Movement",
    "PostingRefused",
    "Rule",
    "Rules",
    "State",
    "balances",
    "components_of",
    "entries",
    "entries_of",
    "measures",
    "movements",
    "movements_and_figures",
    "parse_rules",
    "rules_of",
    "sub_ledger",
]

PROVISION = "provision"  # A cause that no event makes: the book's provisions.
OWN_CAUSES = (ACCRUAL, SUSPENSE, PROVISION)
EVERYTHING = "*"
OF_THE_LOAN = frozenset(
    {
        Move.HELD,
        Move.REFUNDED,
        Move.PRICE,
        Move.PRICE_RESULT,
        Move.CLAIM,
        Move.PROVIDED,
    }
)
OF_PRINCIPAL = frozenset({Move.LENT, Move.LENT_OTHERWISE})
OF_INCOME = frozenset({Move.EARNED, Move.CAPITALIZED})
PAYABLE_IN_ADVANCE = (Component.INTEREST, Component.FEE)
OF_ADVANCES = frozenset({Move.ADVANCED, Move.ADVANCE_LEFT, Move.ADVANCE_ENTERED})


class PostingRefused(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"
    MEMO = "memo"  # Beside the balance sheet.


CREDIT_TYPES = frozenset({AccountType.LIABILITY, AccountType.EQUITY, AccountType.INCOME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``measure`` names the figure of the position that this account is a part of, or is ""."""

    role: str
    code: str
    type: AccountType
    name_zh: str
    name_en: str
    measure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``lines`` are pairs of roles, debit first; empty sets of conditions fit everything."""

    moves: frozenset[str]
    causes: frozenset[str]
    components: frozenset[str]
    states: frozenset[str]
    valid_from: date
    lines: tuple[tuple[str, str], ...]

    def fits(self, *, cause: str, move: str, component: str, state: str, on: date) -> bool:
        return (
            move in self.moves
            and (not self.causes or cause in self.causes)
            and (not self.components or component in self.components)
            and (not self.states or state in self.states)
            and self.valid_from <= on
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The posting rules of one view, and its chart of accounts by role."""

    version: str
    view: str
    name_zh: str
    name_en: str
    causes: Mapping[str, str]  # Of each kind of event.
    accounts: Mapping[str, Account]
    rules: tuple[Rule, ...]
    days: tuple[date, ...]  # On which a rule begins to hold.
    _found: dict[tuple[str, str, str, str, int], tuple[tuple[str, str], ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def cause_of(self, kind: str) -> str:
        """Name the cause of a kind of event.

        :raises PostingRefused: ``posting.kind_without_cause``.
        """
        if kind in OWN_CAUSES:
            return kind
        if kind not in self.causes:
            raise PostingRefused("posting.kind_without_cause", kind)
        return self.causes[kind]

    def lines(
        self, *, cause: str, move: Move, component: Component | None, state: State, on: date
    ) -> tuple[tuple[str, str], ...]:
        """Find the pairs of roles, debit and credit, of a movement.

        :raises PostingRefused: ``posting.rule_missing``.
        """
        name = component.value if component is not None else ""
        begun = sum(day <= on for day in self.days)
        place = cause, move.value, name, state.value, begun
        if place not in self._found:
            fitting = [
                rule
                for rule in self.rules
                if rule.fits(cause=cause, move=move, component=name, state=state, on=on)
            ]
            if not fitting:
                raise PostingRefused("posting.rule_missing", f"{self.view}: {' '.join(place[:4])}")
            rule = max(fitting, key=lambda rule: rule.valid_from)  # The first of equals.
            self._found[place] = tuple(
                (debit.format(component=name), credit.format(component=name))
                for debit, credit in rule.lines
            )
        return self._found[place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One side of a posting. All entries of one ``event_key`` and day add up to zero."""

    on: date
    cause: str
    event_key: str  # "" where only a day passed.
    role: str
    amount_minor: int
    component: Component | None
    instalment_no: int | None
    move: Move
    state: State


def components_of(move: Move) -> tuple[Component | None, ...]:
    """Tell of which components a move can be; None: of the loan as a whole.

    >>> components_of(Move.LENT), components_of(Move.HELD)
    ((<Component.PRINCIPAL: 'principal'>,), (None,))
    """
    if move in OF_THE_LOAN:
        return (None,)
    if move in OF_PRINCIPAL:
        return (Component.PRINCIPAL,)
    if move in OF_ADVANCES:
        return PAYABLE_IN_ADVANCE
    return COMPONENTS[1:] if move in OF_INCOME else COMPONENTS


def parse_rules(text: str) -> Mapping[str, Rules]:
    r"""Read posting rules, by view; see ``posting.toml`` for the form.

    Every kind of event must have its cause, and every movement there can be a rule.

    :raises PostingRefused: ``posting.unreadable``, ``posting.kind_without_cause``,
        ``posting.rule_missing``, ``posting.account_unknown``, ``posting.role_twice``.

    >>> parse_rules("version = 'x'\nviews = []\n[causes]\ndisbursed = 'disbursement'")
    Traceback (most recent call last):
    daihou.core.posting.PostingRefused: posting.kind_without_cause: accelerated
    """
    try:
        told = tomllib.loads(text)
        causes = {str(kind): str(cause) for kind, cause in told["causes"].items()}
        views = [_view(view, str(told["version"]), causes) for view in told["views"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as fault:
        raise PostingRefused("posting.unreadable", str(fault)) from fault
    for kind in sorted(Kind):
        if kind.value not in causes:
            raise PostingRefused("posting.kind_without_cause", kind.value)
    for view in views:
        _check(view)
    return MappingProxyType({view.view: view for view in views})


def _view(told: Mapping[str, Any], version: str, causes: Mapping[str, str]) -> Rules:
    accounts: dict[str, Account] = {}
    for row in told["accounts"]:
        if row["role"] in accounts:
            raise PostingRefused("posting.role_twice", row["role"])
        accounts[row["role"]] = Account(
            role=row["role"],
            code=row["code"],
            type=_type(row["type"]),
            name_zh=row["zh"],
            name_en=row["en"],
            measure=row.get("measure", ""),
        )
    rules = tuple(_rule(row) for row in told["rules"])
    return Rules(
        version=version,
        view=told["name"],
        name_zh=told["zh"],
        name_en=told["en"],
        causes=MappingProxyType(dict(causes)),
        accounts=MappingProxyType(accounts),
        rules=rules,
        days=tuple(sorted({rule.valid_from for rule in rules})),
    )


def _type(name: str) -> AccountType:
    try:
        return AccountType(name)
    except ValueError as fault:
        raise PostingRefused("posting.unreadable", f"no type of account: {name}") from fault


def _rule(told: Mapping[str, Any]) -> Rule:
    return Rule(
        moves=frozenset(told["move"]),
        causes=_conditions(told, "cause"),
        components=_conditions(told, "component"),
        states=_conditions(told, "state"),
        valid_from=told.get("from", date.min),
        lines=tuple((debit, credit) for debit, credit in told["lines"]),
    )


def _conditions(told: Mapping[str, Any], name: str) -> frozenset[str]:
    given = told.get(name, ())
    return frozenset() if EVERYTHING in given else frozenset(given)


def _check(rules: Rules) -> None:
    """Refuse rules that leave a movement without accounts, or the accounts without names."""
    roles = {role for rule in rules.rules for role in _roles(rule)}
    for role in sorted(roles):
        if role not in rules.accounts:
            raise PostingRefused("posting.account_unknown", role)
    places = product(Move, State, {*rules.causes.values(), *OWN_CAUSES}, rules.days)
    for move, state, cause, on in places:
        for component in components_of(move):
            rules.lines(cause=cause, move=move, component=component, state=state, on=on)


def _roles(rule: Rule) -> Iterator[str]:
    moves = (Move(move) for move in sorted(rule.moves))
    components = {
        component.value if component else "" for m in moves for component in components_of(m)
    }
    for component in sorted(rule.components & components or components):
        for role in (role for line in rule.lines for role in line):
            yield role.format(component=component)


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Rules]:
    text = resources.files("daihou.core").joinpath("posting.toml").read_text(encoding="utf-8")
    return parse_rules(text)


def rules_of(view: str = "lender") -> Rules:
    """Return the posting rules that daihou brings for a view.

    :raises PostingRefused: ``posting.view_unknown``.

    >>> rules_of("lender").accounts["principal_receivable"].name_zh
    '贷款本金'
    """
    views = _shipped()
    if view not in views:
        raise PostingRefused("posting.view_unknown", view)
    return views[view]


def entries_of(moved: Iterable[Movement], *, rules: Rules) -> tuple[Entry, ...]:
    """Post movements: for each line of its rule, a debit and a credit.

    :raises PostingRefused: ``posting.kind_without_cause``, ``posting.rule_missing``.

    >>> paid = Movement(on=date(2024, 5, 1), cause="payment_received", event_key="p1",
    ...     move=Move.PAID, component=Component.INTEREST, state=State.NORMAL, amount_minor=70)
    >>> [(entry.role, entry.amount_minor) for entry in entries_of([paid], rules=rules_of())]
    [('cash', 70), ('interest_receivable', -70)]
    """
    posted = []
    for moved_one in moved:
        cause = rules.cause_of(moved_one.cause)
        shown = rules.cause_of(moved_one.taken_back_by) if moved_one.taken_back_by else cause
        lines = rules.lines(
            cause=cause,
            move=moved_one.move,
            component=moved_one.component,
            state=moved_one.state,
            on=moved_one.on,
        )
        for line in lines:
            for role, sign in zip(line, (1, -1), strict=True):
                entry = Entry(
                    on=moved_one.on,
                    cause=shown,
                    event_key=moved_one.event_key,
                    role=role,
                    amount_minor=sign * moved_one.amount_minor,
                    component=moved_one.component,
                    instalment_no=moved_one.instalment_no,
                    move=moved_one.move,
                    state=moved_one.state,
                )
                posted.append(entry)
    return tuple(posted)


def entries(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    known_at: datetime | None = None,
    rules: Rules | None = None,
) -> tuple[Entry, ...]:
    """Post everything that happened to a loan through a day, as known at an instant.

    Interest is recognized day by day as its period runs; what is reversed or undone stands where
    it stood and is taken back on the day of the reversal. The balances of the accounts that have a
    ``measure`` are the figures of ``position`` on every day (figures another system stated apart).

    :raises PostingRefused: ``posting.kind_without_cause``, ``posting.rule_missing``.
    :raises EventRefused: see ``check_events``.

    >>> from datetime import UTC
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> [(entry.role, entry.amount_minor)
    ...  for entry in entries(contract=contract, events=[paid_out], as_of=date(2024, 5, 1))]
    [('principal_receivable', 1000), ('cash', -1000)]
    """
    moved = movements(contract=contract, events=events, as_of=as_of, known_at=known_at)
    return entries_of(moved, rules=rules or rules_of())


def balances(posted: Iterable[Entry]) -> dict[str, int]:
    """Add up entries by role; a debit balance is positive, roles at zero are left out.

    >>> balances([])
    {}
    """
    sums: dict[str, int] = {}
    for entry in posted:
        sums[entry.role] = sums.get(entry.role, 0) + entry.amount_minor
    return {role: amount_minor for role, amount_minor in sums.items() if amount_minor}


def measures(by_role: Mapping[str, int], *, rules: Rules) -> dict[str, int]:
    """Add up the balances that together make each figure of the sub-ledger, as positive figures.

    >>> measures({"principal_receivable": 900, "suspense": -20}, rules=rules_of())["unapplied"]
    20
    """
    sums = {account.measure: 0 for account in rules.accounts.values() if account.measure}
    for role, amount_minor in by_role.items():
        account = rules.accounts[role]
        if account.measure:
            sign = -1 if account.type in CREDIT_TYPES else 1
            sums[account.measure] += sign * amount_minor
    return sums
