"""The clock of a debt, and the debts whose clock runs out soon.

The contact guard asks ``clock_of``; nothing here decides whether anybody may be contacted.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from daihou.core.events import Event
from daihou.core.limitation import (
    ClockState,
    Evidence as CoreEvidence,
    Ground,
    GuaranteeClock,
    LimitationClock,
    LimitationRules,
    clock_of as core_clock_of,
    guarantee_clock,
)
from daihou.core.terms import Contract
from daihou.errors import DaihouError
from daihou.web.ledger.models import Book, Position
from daihou.web.ledger.queries import load_loans
from daihou.web.limitation.models import Evidence
from daihou.web.loans.models import Loan, Product
from daihou.web.parameters.limits import limitation_rules_on
from daihou.web.parameters.queries import parameter_on, profile_on
from daihou.web.parties.models import LoanRole, Role

ALERTED = {ClockState.RUNNING, ClockState.ENFORCEABLE}
OVER = {ClockState.EXPIRED, ClockState.ENFORCEMENT_EXPIRED}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanClock:
    loan: Loan
    clock: LimitationClock
    alert_days: int | None  # The smallest number of days before the end that was reached.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Law:
    periods: LimitationRules
    alert_days: Sequence[int]  # Before the end, ascending.


def evidence_of(*, loan: Loan) -> QuerySet[Evidence]:
    """Query what is on record for a loan, the newest first, withdrawn records among it."""
    return (
        Evidence.objects.filter(loan=loan)
        .select_related("recorded_by", "withdrawn")
        .order_by("-on", "-pk")
    )


def clock_of(*, loan: Loan, as_of: date) -> LimitationClock:
    """Tell the limitation clock of a loan at the end of a day.

    :raises DaihouError: ``parameter.not_in_force`` where the loan's law is not known here.
    """
    contract, events = load_loans(book=loan.book, loan_ids=[loan.pk])[loan.pk]
    return clock_from(
        loan=loan,
        contract=contract,
        events=events,
        as_of=as_of,
        records=list(evidence_of(loan=loan)),
        rules=_periods(loan, as_of),
    )


def guarantee_of(*, role: LoanRole, as_of: date) -> GuaranteeClock | None:
    """Tell the period of one guarantee; None for other roles and where nothing is owed.

    What was noted of this guarantor counts, and so does the evidence of the loan. Of several
    guarantors a demand in the loan's evidence does not say which was asked: for them only what was
    noted does (担保制度解释 29).

    :raises DaihouError: ``parameter.not_in_force`` where the loan's law is not known here.
    """
    if role.role != Role.GUARANTOR:
        return None
    loan = role.loan
    clock = clock_of(loan=loan, as_of=as_of)
    if clock.starts_on is None:
        return None
    sureties = LoanRole.objects.filter(loan=loan, role=Role.GUARANTOR)
    is_one_of_several = sureties.exclude(party=role.party_id).exists()
    evidence = [
        record
        for record in _records(loan, evidence_of(loan=loan))
        if record.ground is not Ground.GUARANTOR_DEMAND or not is_one_of_several
    ]
    return guarantee_clock(
        due_on=clock.starts_on,
        agreed_months=role.guarantee_months,
        evidence=[*evidence, *_noted(role)],
        as_of=as_of,
        rules=_periods(loan, as_of),
    )


def guarantees_of(*, loan: Loan, as_of: date) -> list[tuple[LoanRole, GuaranteeClock]]:
    """Tell the period of every guarantee of a loan that has not ended.

    :raises DaihouError: as ``guarantee_of``.
    """
    roles = LoanRole.objects.filter(loan=loan, role=Role.GUARANTOR, ended_on__isnull=True)
    told = [
        (role, guarantee_of(role=role, as_of=as_of))
        for role in roles.select_related("party", "loan__book").order_by("pk")
    ]
    return [(role, clock) for role, clock in told if clock is not None]


def _noted(role: LoanRole) -> list[CoreEvidence]:
    if role.claimed_on is None:
        return []
    return [
        CoreEvidence(
            ground=Ground.GUARANTOR_DEMAND,
            on=role.claimed_on,
            reference=role.claim_evidence,
            arrived_on=role.claimed_on,
        )
    ]


def expiring(*, book: Book, as_of: date, funder_ids: Iterable[int] | None) -> list[LoanClock]:
    """Find the past-due loans in sight whose clock has run out or runs out soon, the first first.

    Only loans with a published position can be past due; the rest have nothing to expire.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    laws = _laws(book, as_of)
    late = _late(book, as_of, laws=[law for law in laws.values() if law is not None])
    loans = Loan.objects.filter(book=book, pk__in=late.values("loan_id"))
    loans = loans.select_related("book", "product")
    if funder_ids is not None:
        loans = loans.filter(funder_id__in=list(funder_ids))
    found = []
    for row, law in _clocks(book, list(loans), as_of, laws=laws):
        days, limits = row.clock.days_left, law.alert_days
        if row.clock.state in OVER:
            found.append(row)
        elif row.clock.state in ALERTED and days is not None and days <= limits[-1]:
            reached = next(limit for limit in limits if days <= limit)
            found.append(LoanClock(loan=row.loan, clock=row.clock, alert_days=reached))
    return sorted(found, key=lambda row: (row.clock.days_left or 0, row.loan.loan_ref))


def _late(book: Book, as_of: date, *, laws: Iterable[_Law]) -> QuerySet[Position]:
    """Query loans unpaid for long enough that a period of theirs may be near its end.

    No period here is shorter than the enforcement timer's; what was due later cannot be near.
    """
    days = max(
        law.alert_days[-1] - 365 * min(law.periods.years, law.periods.enforcement_years)
        for law in laws
    )
    latest_on = as_of + timedelta(days=days)
    return Position.objects.filter(book=book, oldest_unpaid_due_on__lte=latest_on)


def _clocks(
    book: Book, loans: Sequence[Loan], as_of: date, *, laws: Mapping[int | None, _Law | None]
) -> Iterable[tuple[LoanClock, _Law]]:
    """Tell the clock of each loan and the law it runs under; a law not known here has none."""
    loaded = load_loans(book=book, loan_ids=[loan.pk for loan in loans])
    records: dict[int, list[Evidence]] = {loan.pk: [] for loan in loans}
    for row in Evidence.objects.filter(loan__in=loans).select_related("withdrawn"):
        records[row.loan_id].append(row)
    for loan in loans:
        law = laws.get(loan.product_id, laws[None])
        if law is None:
            continue
        contract, events = loaded[loan.pk]
        clock = clock_from(
            loan=loan,
            contract=contract,
            events=events,
            as_of=as_of,
            records=records[loan.pk],
            rules=law.periods,
        )
        yield LoanClock(loan=loan, clock=clock, alert_days=None), law


def clock_from(
    *,
    loan: Loan,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    records: Iterable[Evidence],
    rules: LimitationRules,
) -> LimitationClock:
    """Tell the clock of a loan that is loaded already, with its records."""
    return core_clock_of(
        contract=contract,
        events=events,
        evidence=_records(loan, records),
        as_of=as_of,
        rules=rules,
    )


def _periods(loan: Loan, on: date) -> LimitationRules:
    profile = profile_on(book=loan.book, on=on, product=loan.product)
    return limitation_rules_on(jurisdiction=profile.jurisdiction, on=on)


def _laws(book: Book, on: date) -> dict[int | None, _Law | None]:
    """Tell the book's law, under None, and that of each product with a profile of its own."""
    laws: dict[int | None, _Law | None] = {
        None: _law(profile_on(book=book, on=on).jurisdiction, on)
    }
    for product in Product.objects.filter(book=book, profiles__valid_from__lte=on).distinct():
        laws[product.pk] = None
        with suppress(DaihouError):  # No period of its law is known here.
            profile = profile_on(book=book, on=on, product=product)
            laws[product.pk] = _law(profile.jurisdiction, on)
    return laws


def _law(jurisdiction: str, on: date) -> _Law:
    row = parameter_on(name="limitation.alert_days", jurisdiction=jurisdiction, on=on)
    return _Law(
        periods=limitation_rules_on(jurisdiction=jurisdiction, on=on),
        alert_days=sorted(int(days) for days in row.value["days"]),
    )


def _records(loan: Loan, rows: Iterable[Evidence]) -> list[CoreEvidence]:
    """Bring records that still count to what ``core`` takes."""
    zone = ZoneInfo(loan.book.time_zone)
    return [
        CoreEvidence(
            ground=Ground(row.ground),
            on=row.on,
            reference=row.reference,
            through=row.through,
            arrived_on=row.arrived_at.astimezone(zone).date() if row.arrived_at else None,
        )
        for row in rows
        if getattr(row, "withdrawn", None) is None
    ]
