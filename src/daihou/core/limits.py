"""What the law and a policy refuse: dated figures in, refusals with the rule's id out.

Units   ``*_minor`` is an ``int`` count of minor units; rates are fractions of a year.
Shape   ``check`` compares the loan with and without what is proposed; ``check_terms_limits`` looks
        at what is to be agreed. Every figure says which rule it is, since when, by which source and
        how sure that is. A figure that is not given refuses nothing.
Errors  Refusals are values; ``EventRefused`` and ``CostRefused`` pass through.
Source  docs/algorithms/limits.md lists every rule with its source. None of them was read in full
        text except where its figure says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction

from daihou.core.calendar import MONTHS_IN_YEAR, add_months
from daihou.core.events import STARTING_KINDS, Event, Kind
from daihou.core.life_cost import (
    AnnualCost,
    CostBasis,
    LifeFlow,
    annual_cost,
    life_flows,
)
from daihou.core.periods import yearly_rate
from daihou.core.position import Position, position
from daihou.core.terms import Component, Contract, Method, MonthEnd, PeriodUnit, Rate, Terms

RATE_STEP = Decimal("0.0001")  # A yearly cost is compared in hundredths of a percent.
DAYS_OF_MONTH = 30  # Of half a month that is left over.
WAIVER_RULE = "OWN-WAIVE-01"  # Nothing is given up that is not owed.


class Payee(StrEnum):
    """Who gets a charge."""

    LENDER = "lender"
    GUARANTOR = "guarantor"
    PLATFORM = "platform"
    INSURER = "insurer"
    THIRD_PARTY = "third_party"  # A court, a notary, a valuer.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule in force: its id, the day it came in, where it stands, how sure that is."""

    rule_id: str
    valid_from: date
    source: str
    confidence: str  # full, secondary, memory or own.


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    value: Decimal
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class CostCap:
    """The most a loan may cost a year by one of the two measures."""

    most: Figure
    basis: CostBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    least: Figure
    most: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionLimit:
    """Loans of at most so many months may be extended by this share of their term, all told."""

    term_months_most: int
    share: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Everything that limits one loan on one day; built from dated parameters."""

    jurisdiction: str
    lender_type: str
    on: date
    contracted_on: date
    cost_caps: tuple[CostCap, ...] = ()
    penalty_overdue: Band | None = None  # Multiples of the contract's rate.
    penalty_misuse: Band | None = None
    compound_in_term: Figure | None = None  # The most as a multiple of the contract's rate.
    disclosure: Rule | None = None  # Nothing may be charged that the cost table does not show.
    payees_refused: tuple[tuple[Payee, Rule], ...] = ()
    extensions: tuple[ExtensionLimit, ...] = ()
    extension_kinds: frozenset[Kind] = frozenset({Kind.EXTENDED})
    bullet_months_most: Figure | None = None
    borrower_most_minor: Figure | None = None  # What one borrower may owe.
    waiver_shares: Mapping[Component, Figure] = field(default_factory=dict)  # The most given up.

    def rules(self) -> tuple[Rule, ...]:
        """Name every rule that is in force here, once, by id."""
        found = [cap.most.rule for cap in self.cost_caps]
        for band in (self.penalty_overdue, self.penalty_misuse):
            found += [] if band is None else [band.least.rule, band.most.rule]
        figures = [self.compound_in_term, self.bullet_months_most, self.borrower_most_minor]
        figures += [*self.waiver_shares.values(), *(each.share for each in self.extensions)]
        found += [figure.rule for figure in figures if figure is not None]
        found += [rule for _, rule in self.payees_refused]
        found += [] if self.disclosure is None else [self.disclosure]
        return tuple(sorted(set(found), key=lambda rule: (rule.rule_id, rule.valid_from)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """A line of the cost table that was disclosed: what is charged, how, how much, for whom."""

    item: str  # Its code within the table.
    component: Component
    method: str  # In words: once, per instalment, per day …
    standard: str  # In words: 0.5 % of the principal …
    payee: Payee
    most_minor: int | None = None  # Of one charge, where the standard is an amount.
    is_contingent: bool = False  # Only on default.


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFacts:
    """What a charge is for and who gets it; handed over beside its event."""

    item: str
    payee: Payee


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something may not be done. ``code`` has its words in messages, ``params`` fill them."""

    rule_id: str
    code: str
    params: Mapping[str, object]
    rule: Rule | None = None  # None for what is senseless by itself.

    @property
    def is_verified(self) -> bool:
        """Tell whether the rule's text was read in full."""
        return self.rule is None or self.rule.confidence in {"full", "own"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the events do not say and a limit needs."""

    charges: Mapping[str, ChargeFacts] = field(default_factory=dict)  # By their event's key.
    cost_table: tuple[CostItem, ...] | None = None  # As disclosed to her; None: none on file.
    outside: tuple[LifeFlow, ...] = ()  # What she pays to others, past this ledger.
    other_balance_minor: int = 0  # What she owes on her other loans here.


NOTHING_AROUND = Around()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    contract: Contract
    events: Sequence[Event]
    proposed: Sequence[Event]
    through: date
    limits: Limits
    around: Around

    @property
    def all_events(self) -> list[Event]:
        return [*self.events, *self.proposed]

    def is_started(self) -> bool:
        return any(event.kind in STARTING_KINDS for event in self.events)

    def before(self) -> Position:
        return position(contract=self.contract, events=self.events, as_of=self.through)

    def after(self) -> Position:
        return position(contract=self.contract, events=self.all_events, as_of=self.through)


def check(
    *,
    contract: Contract,
    events: Sequence[Event],
    proposed: Sequence[Event],
    as_of: date,
    limits: Limits,
    around: Around = NOTHING_AROUND,
) -> tuple[Refusal, ...]:
    """Say what refuses the proposed events; nothing where they may be done.

    A loan that broke a cost cap already may be helped: only what makes it dearer is refused.

    >>> from datetime import UTC, datetime
    >>> from daihou.core.terms import RatePer
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.30"), per=RatePer.YEAR),
    ...               instalment_count=12)
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=100_000,
    ...                     start_on=date(2026, 1, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2026, 1, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2026, 1, 1, tzinfo=UTC), amount_minor=100_000)
    >>> rule = Rule(rule_id="CN-CAP-01", valid_from=date(2018, 1, 1), source="…",
    ...             confidence="secondary")
    >>> cap = CostCap(most=Figure(value=Decimal("0.24"), rule=rule), basis=CostBasis.EFFECTIVE)
    >>> limits = Limits(jurisdiction="CN", lender_type="bank", on=date(2026, 1, 1),
    ...                 contracted_on=date(2026, 1, 1), cost_caps=(cap,))
    >>> found = check(contract=contract, events=[], proposed=[paid_out], as_of=date(2026, 1, 1),
    ...               limits=limits)
    >>> [(refusal.rule_id, refusal.code) for refusal in found]
    [('CN-CAP-01', 'limit.annual_cost')]
    """
    case = _Case(
        contract=contract,
        events=events,
        proposed=proposed,
        through=max([as_of, *(event.effective_on for event in proposed)]),
        limits=limits,
        around=around,
    )
    return tuple(refusal for rule in _RULES for refusal in rule(case))


def cost_of(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    outside: Sequence[LifeFlow] = (),
) -> AnnualCost:
    """Compute both annual measures over the life of the loan as it is planned on a day."""
    flows = life_flows(contract=contract, events=events, as_of=as_of, outside=outside)
    return annual_cost(flows=flows, unit=contract.terms.unit)


def _annual_cost(case: _Case) -> list[Refusal]:
    if not case.limits.cost_caps:
        return []
    now = _cost(case, case.all_events)
    before = _cost(case, case.events) if case.is_started() else None
    found = []
    for cap in case.limits.cost_caps:
        rate = compared(now.by(cap.basis))
        was = None if before is None else before.by(cap.basis)
        if rate > cap.most.value and (was is None or now.by(cap.basis) > was):
            found.append(
                _refusal(
                    cap.most.rule,
                    "limit.annual_cost",
                    rate=_percent(rate),
                    most=_percent(cap.most.value),
                    basis=cap.basis.value,
                )
            )
    return found


def _cost(case: _Case, events: Sequence[Event]) -> AnnualCost:
    return cost_of(
        contract=case.contract, events=events, as_of=case.through, outside=case.around.outside
    )


def compared(rate: Decimal) -> Decimal:
    return rate.quantize(RATE_STEP, rounding=ROUND_HALF_UP)


def _percent(rate: Decimal) -> str:
    """Write a rate in percent.

    >>> _percent(Decimal("0.2401")), _percent(Decimal("0.36"))
    ('24.01 %', '36.00 %')
    """
    return f"{rate * 100:.2f} %"


def _refusal(rule: Rule, code: str, **params: object) -> Refusal:
    return Refusal(rule_id=rule.rule_id, code=code, params=params, rule=rule)


def _agreed(case: _Case) -> list[Refusal]:
    """Look at the terms where the loan is about to begin."""
    if case.is_started():
        return []
    return list(
        check_terms_limits(
            terms=case.contract.terms,
            limits=case.limits,
            cost_table=case.around.cost_table,
            start_on=case.contract.start_on,
        )
    )


def check_terms_limits(
    *,
    terms: Terms,
    limits: Limits,
    cost_table: Sequence[CostItem] | None = None,
    start_on: date | None = None,
    is_misuse: bool = False,
) -> tuple[Refusal, ...]:
    """Say what refuses terms to be agreed: penalty, compound interest, disclosure, bullets.

    >>> from daihou.core.terms import PenaltyTerms, RatePer
    >>> rule = Rule(rule_id="CN-PEN-01", valid_from=date(2004, 1, 1), source="…",
    ...             confidence="secondary")
    >>> band = Band(least=Figure(value=Decimal("1.3"), rule=rule),
    ...             most=Figure(value=Decimal("1.5"), rule=rule))
    >>> limits = Limits(jurisdiction="CN", lender_type="bank", on=date(2026, 1, 1),
    ...                 contracted_on=date(2026, 1, 1), penalty_overdue=band)
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR),
    ...               penalty=PenaltyTerms(multiple=Decimal("1.6")))
    >>> [refusal.params["multiple"] for refusal in check_terms_limits(terms=terms, limits=limits)]
    [Decimal('1.6')]
    """
    found = [*_penalty(terms, limits, is_misuse=is_misuse), *_compound(terms, limits)]
    if limits.disclosure is not None:
        found += _undisclosed(terms, limits.disclosure, cost_table)
    most = limits.bullet_months_most
    if most is not None and terms.method in {Method.BULLET, Method.INTEREST_ONLY}:
        months = _term_months(terms, start_on)
        if months > Fraction(most.value):
            found.append(
                _refusal(most.rule, "limit.bullet_too_long", months=_whole(months), most=most.value)
            )
    return tuple(found)


def _term_months(terms: Terms, start_on: date | None) -> Fraction:
    per_month = {PeriodUnit.MONTH: Fraction(1), PeriodUnit.WEEK: Fraction(84, 365)}
    months = terms.instalment_count * terms.every * per_month.get(terms.unit, Fraction(12, 365))
    if terms.first_due_on is not None and start_on is not None:
        last_on = terms.first_due_on
        months -= terms.every * per_month.get(terms.unit, Fraction(12, 365))
        months += Fraction((last_on - start_on).days * MONTHS_IN_YEAR, 365)
    return months


def _whole(months: Fraction) -> Decimal:
    return round(Decimal(months.numerator) / months.denominator, 1)


def _yearly(terms: Terms, rate: Rate) -> Fraction:
    return Fraction(*yearly_rate(rate, terms.day_count))


def _penalty(terms: Terms, limits: Limits, *, is_misuse: bool) -> list[Refusal]:
    band = limits.penalty_misuse if is_misuse else limits.penalty_overdue
    penalty = terms.penalty
    if band is None or penalty is None or (penalty.rate is None and penalty.multiple is None):
        return []
    agreed = _yearly(terms, terms.rate)
    if penalty.multiple is not None:
        multiple = Fraction(penalty.multiple)
    else:
        assert penalty.rate is not None
        own = _yearly(terms, penalty.rate)
        if not agreed:
            return [] if not own else [_refusal(band.most.rule, "limit.penalty_on_no_rate")]
        multiple = own / agreed
    if Fraction(band.least.value) <= multiple <= Fraction(band.most.value):
        return []
    return [
        _refusal(
            band.most.rule,
            "limit.penalty_multiple",
            multiple=round(Decimal(multiple.numerator) / multiple.denominator, 4).normalize(),
            least=band.least.value,
            most=band.most.value,
        )
    ]


def _compound(terms: Terms, limits: Limits) -> list[Refusal]:
    """Hold interest on interest to the contract's rate within the term, then to the penalty's.

    One rate serves both here: with more than one instalment the lower of the two limits counts.
    """
    limit, penalty = limits.compound_in_term, terms.penalty
    if limit is None or penalty is None or penalty.compound_rate is None:
        return []
    agreed = _yearly(terms, terms.rate) * Fraction(limit.value)
    if terms.instalment_count == 1 or terms.method is Method.BULLET:
        if penalty.multiple is not None:
            agreed = max(agreed, agreed * Fraction(penalty.multiple))
        elif penalty.rate is not None:
            agreed = max(agreed, _yearly(terms, penalty.rate))
    compound = _yearly(terms, penalty.compound_rate)
    if compound <= agreed:
        return []
    rates = {
        name: _percent(Decimal(rate.numerator) / rate.denominator)
        for name, rate in (("rate", compound), ("most", agreed))
    }
    return [_refusal(limit.rule, "limit.compound_rate", **rates)]


def _undisclosed(terms: Terms, rule: Rule, cost_table: Sequence[CostItem] | None) -> list[Refusal]:
    """Find the components that the terms charge and the cost table does not show."""
    charged = []
    if terms.rate.value or any(due.interest_minor for due in terms.free_dues):
        charged.append(Component.INTEREST)
    if terms.instalment_fee_minor or any(due.fee_minor for due in terms.free_dues):
        charged.append(Component.FEE)
    if terms.penalty is not None and (terms.penalty.rate or terms.penalty.multiple):
        charged.append(Component.PENALTY)
    if terms.penalty is not None and terms.penalty.compound_rate:
        charged.append(Component.COMPOUND_INTEREST)
    shown = {item.component for item in cost_table or ()}
    return [
        _refusal(rule, "limit.component_not_disclosed", component=component.value)
        for component in charged
        if component not in shown
    ]


def _charges(case: _Case) -> list[Refusal]:
    """Refuse charges that were not disclosed, or go to somebody who may not take any."""
    limits, found = case.limits, []
    refused = dict(limits.payees_refused)
    table = (
        None
        if case.around.cost_table is None
        else {item.item: item for item in case.around.cost_table}
    )
    for event in case.proposed:
        if event.kind is not Kind.CHARGE_ADDED:
            continue
        facts = case.around.charges.get(event.key)
        if facts is None:
            named = limits.disclosure or next(iter(refused.values()), None)
            found += [] if named is None else [_refusal(named, "limit.charge_unnamed")]
            continue
        if facts.payee in refused:
            found.append(
                _refusal(refused[facts.payee], "limit.payee_refused", payee=facts.payee.value)
            )
        found += _not_shown(event, facts, limits.disclosure, table)
    return found


def _not_shown(
    event: Event, facts: ChargeFacts, rule: Rule | None, table: Mapping[str, CostItem] | None
) -> list[Refusal]:
    if rule is None:
        return []
    item = (table or {}).get(facts.item)
    if item is None or item.component is not event.component:
        return [_refusal(rule, "limit.charge_not_disclosed", item=facts.item)]
    if item.payee is not facts.payee:
        return [_refusal(rule, "limit.charge_other_payee", item=facts.item, payee=item.payee.value)]
    if item.most_minor is not None and event.amount_minor > item.most_minor:
        return [
            _refusal(
                rule,
                "limit.charge_above_standard",
                item=facts.item,
                amount=event.amount_minor,
                most=item.most_minor,
            )
        ]
    return []


def _extension(case: _Case) -> list[Refusal]:
    """Hold all extensions together to a share of the term that was agreed."""
    limits = case.limits
    if not limits.extensions or not any(
        event.kind in limits.extension_kinds for event in case.proposed
    ):
        return []
    first = _first_plan(case)
    if first is None:
        return []
    start_on, agreed_on = first
    for limit in sorted(limits.extensions, key=lambda limit: limit.term_months_most):
        if agreed_on > _months_on(start_on, limit.term_months_most):
            continue
        latest_on = _latest(start_on, agreed_on, Fraction(limit.share.value))
        last_on = case.after().instalments[-1].due_on
        if last_on <= latest_on:
            return []
        return [
            _refusal(
                limit.share.rule, "limit.extension_too_long", through=last_on, latest=latest_on
            )
        ]
    return []


def _first_plan(case: _Case) -> tuple[date, date] | None:
    """Find the start and the last due date of the loan as it was first agreed."""
    starts = [event for event in case.events if event.kind in STARTING_KINDS]
    if not starts:
        return None
    last_start_on = max(event.effective_on for event in starts)
    planned = position(contract=case.contract, events=starts, as_of=last_start_on)
    if planned.disbursed_on is None or not planned.instalments:
        return None
    return planned.disbursed_on, planned.instalments[-1].due_on


def _months_on(on: date, count: int) -> date:
    return add_months(from_on=on, count=count, month_end=MonthEnd.LAST_DAY)


def _latest(start_on: date, agreed_on: date, share: Fraction) -> date:
    """Go on from the agreed end by a share of the term, in months where those are whole."""
    months = (agreed_on.year - start_on.year) * MONTHS_IN_YEAR + agreed_on.month - start_on.month
    if _months_on(start_on, months) != agreed_on:
        return agreed_on + timedelta(days=int((agreed_on - start_on).days * share))
    whole, rest = divmod(months * share, 1)
    return _months_on(agreed_on, int(whole)) + timedelta(days=int(rest * DAYS_OF_MONTH))


def _borrower(case: _Case) -> list[Refusal]:
    most = case.limits.borrower_most_minor
    lent_minor = sum(e.amount_minor for e in case.proposed if e.kind in STARTING_KINDS)
    if most is None or not lent_minor:
        return []
    held_minor = case.before().principal_outstanding_minor if case.is_started() else 0
    owed_minor = case.around.other_balance_minor + held_minor + lent_minor
    if owed_minor <= most.value:
        return []
    return [_refusal(most.rule, "limit.borrower_cap", amount=owed_minor, most=most.value)]


def _waivers(case: _Case) -> list[Refusal]:
    """Refuse to give up more than is owed, or more of a component than the policy's share."""
    keys = {event.key for event in case.proposed if event.kind is Kind.CHARGE_WAIVED}
    gives_up = keys or any(event.kind is Kind.CLOSED for event in case.proposed)
    if not gives_up:
        return []
    after = case.after()
    found = [
        Refusal(
            rule_id=WAIVER_RULE,
            code="waiver.above_owed",
            params={"amount": flow.amount_minor, "owed": flow.amount_minor - flow.unapplied_minor},
        )
        for flow in after.waived
        if flow.event_key in keys and flow.unapplied_minor
    ]
    return found + _beyond_share(case, after)


def _beyond_share(case: _Case, after: Position) -> list[Refusal]:
    if not case.limits.waiver_shares:
        return []
    before, found = case.before(), []
    for component, share in case.limits.waiver_shares.items():
        owed_minor = sum(i.components[component].outstanding_minor for i in before.instalments)
        given_minor = _waived(after, component) - _waived(before, component)
        most_minor = int(Fraction(share.value) * owed_minor)
        if given_minor > most_minor:
            found.append(
                _refusal(
                    share.rule,
                    "limit.waiver_share",
                    component=component.value,
                    amount=given_minor,
                    most=most_minor,
                )
            )
    return found


def _waived(then: Position, component: Component) -> int:
    return sum(each.components[component].waived_minor for each in then.instalments)


_RULES: tuple[Callable[[_Case], list[Refusal]], ...] = (
    _annual_cost,
    _agreed,
    _charges,
    _extension,
    _borrower,
    _waivers,
)
