"""What is known when the guard decides: of the person, her debts, and what was tried before.

Units   Instants are aware, days are the person's own; amounts are ``int`` minor units.
Shape   Frozen values, complete: a rule that needs a fact which is not here refuses.
Errors  None of its own.
Source  docs/algorithms/guard.md.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daihou.collect.requests import Channel, Outcome, Purpose, Recipient


class BasisKind(StrEnum):
    """Why her data may be used for a contact (个人信息保护法 13)."""

    CONTRACT = "contract"
    LEGAL_DUTY = "legal_duty"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    kind: BasisKind
    recipient: Recipient
    from_at: datetime
    until_at: datetime | None = None
    channels: frozenset[Channel] = frozenset()  # Empty: every one.
    evidence: str = ""


class AgreementKind(StrEnum):
    """What she agreed to that a rule forbids by default."""

    HOURS = "hours"  # Contact at night.
    DIALS = "dials"  # More dials to one number.


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    kind: AgreementKind
    from_at: datetime
    evidence: str
    until_at: datetime | None = None
    channels: frozenset[Channel] = frozenset()


class StopKind(StrEnum):
    CONTACT_REFUSED = "contact_refused"  # A contact person wants no more: for good.
    OPT_OUT = "opt_out"  # Of a channel, or of an address.
    CEASE = "cease"  # She asked to be left alone.
    DISPUTE = "dispute"
    COMPLAINT = "complaint"
    ATTORNEY = "attorney"
    BREATHING_SPACE = "breathing_space"
    DEATH = "death"
    INCAPACITY = "incapacity"
    BANKRUPTCY = "bankruptcy"
    IDENTITY_THEFT = "identity_theft"
    WORKPLACE = "workplace"  # The employer forbids it there.
    ALREADY_PAID = "already_paid"  # She says so; held until matched.
    HARDSHIP = "hardship"
    VULNERABLE = "vulnerable"
    HOLD = "hold"  # Somebody decided that it rests.


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOrder:
    """Empty ``channels`` and ``debt_keys``, no address, no recipient: everything of that kind."""

    order_id: str
    kind: StopKind
    from_at: datetime
    until_at: datetime | None = None
    channels: frozenset[Channel] = frozenset()
    debt_keys: frozenset[str] = frozenset()
    address_key: str = ""
    recipient_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A contact that was permitted, or came in. ``outcome`` None: not known yet, still reserved."""

    at: datetime
    channel: Channel
    purpose: Purpose
    recipient: Recipient
    recipient_key: str
    address_key: str
    debt_keys: tuple[str, ...]
    outcome: Outcome | None
    is_inbound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inconvenient:
    """A time she named as bad; minutes of her day, across midnight where it begins later."""

    from_minute: int
    until_minute: int
    weekdays: frozenset[int] = frozenset()  # Monday is 0; empty: every day.
    channels: frozenset[Channel] = frozenset()


class Limitation(StrEnum):
    UNKNOWN = "unknown"
    RUNNING = "running"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    key: str
    due_minor: int  # Falls due within the days a reminder looks ahead, or is overdue.
    overdue_minor: int
    days_past_due: int
    limitation: Limitation
    product_class: str = ""  # Empty: not known; the rules say what it then counts as.
    is_transferred: bool = False  # 债权转让
    transfer_notice_arrived_on: date | None = None
    bureau_notice_on: date | None = None  # Told before adverse data is reported.
    bureau_consent: bool = False
    placed_with: tuple[str, ...] = ()  # Agencies that hold it.
    validation_notice_on: date | None = None  # Whoever is to be reached was sent it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """``through_on``: last day of the guarantee period. A general guarantor answers last."""

    debt_keys: frozenset[str]
    through_on: date
    is_joint: bool  # 连带责任保证; else 一般保证.
    debtor_exhausted: bool = False  # Enforcement against the debtor found nothing.
    was_claimed: bool = False  # Within the period: the guarantor answers after it, too.
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """States of the debtor, each with its evidence; empty where it does not hold."""

    unreachable_evidence: str = ""
    unreachable_until: date | None = None  # Evidence wears out.
    deceased_evidence: str = ""
    incapable_evidence: str = ""
    joint_debt_evidence: str = ""  # Of the spouse.
    inheritance_evidence: str = ""  # Of the heir.
    estate_left_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What whoever is to be reached, or the debtor, complained of before; not what was taken back.

    ``is_right``: found so, in whole or in part.
    """

    at: datetime
    is_right: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a rule may ask for, as of the request.

    ``business_date``: the day on which the facts were gathered; ``figures_as_of``: the oldest day
    that the figures of one of the debts stand at.
    ``time_zones``: every place where the person may be; a contact must be right in all of them.
    Empty means unknown. The first counts the days. ``attempts``: over all channels, debts, agencies
    and funders, back to ``attempts_from`` at least, live ones included: those with the one who is
    to be reached, and those with others about these debts. ``first_contact_on`` is about a debt
    without validation notice, if there is one: its clock runs.
    """

    jurisdiction: str
    time_zones: tuple[str, ...]
    time_zone_source: str
    business_date: date
    figures_as_of: date | None
    debts: tuple[Debt, ...]
    bases: tuple[Basis, ...]
    attempts: tuple[Attempt, ...]
    attempts_from: date
    stop_orders: tuple[StopOrder, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    inconvenient: tuple[Inconvenient, ...] = ()
    person: Person = Person()
    guarantees: tuple[Guarantee, ...] = ()
    address_is_wrong: bool = False  # Somebody else answered there.
    address_may_be_used: bool = True
    first_contact_on: date | None = None  # With whoever is to be reached, by this creditor.
    has_new_debt: bool = False  # She was never contacted about one of these debts.
    validation_notice_on: date | None = None  # About every debt that she was contacted about.
    agents_told: tuple[str, ...] = ()  # Agencies whose details she was told.
    complaints: tuple[Complaint, ...] = ()
