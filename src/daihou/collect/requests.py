"""What is asked of the guard: somebody wants to reach a person, now, with this content.

Units   Instants are aware; keys are keyed digests, never a name, number or address.
Shape   Frozen values that ``collect.codec`` turns into JSON and back, so that a permit can be
        decided again from what is stored with it.
Errors  ``RequestRefused`` where a value cannot mean anything.
Source  docs/algorithms/guard.md.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RequestRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Channel(StrEnum):
    VOICE = "voice"  # A person dials.
    ROBOT = "robot"  # 智能语音: a machine dials.
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    PUSH = "push"
    WECHAT = "wechat"
    WHATSAPP = "whatsapp"
    VISIT = "visit"


DIALS = frozenset({Channel.VOICE, Channel.ROBOT})
WRITTEN = frozenset(Channel) - DIALS - {Channel.VISIT}


class Purpose(StrEnum):
    REMINDER = "reminder"  # Of what falls due.
    COLLECTION = "collection"  # Of what is overdue.
    STATUTORY_NOTICE = "statutory_notice"  # What the law wants told.
    SERVICE_ANSWER = "service_answer"  # To what she asked.
    RECEIPT = "receipt"  # Of her money.


class Recipient(StrEnum):
    DEBTOR = "debtor"
    CO_BORROWER = "co_borrower"
    GUARANTOR = "guarantor"
    SPOUSE = "spouse"
    HEIR = "heir"
    CONTACT_PERSON = "contact_person"
    ATTORNEY = "attorney"
    OTHER = "other"


class Outcome(StrEnum):
    """How an attempt ended; None where nobody knows yet: it still holds what it reserved."""

    EFFECTIVE = "effective"  # Somebody answered and was spoken with.
    REFUSED = "refused"  # Answered, and would not be spoken with.
    WRONG_PERSON = "wrong_person"  # Answered by somebody else.
    UNANSWERED = "unanswered"
    BUSY = "busy"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"  # The network or provider never tried the person.
    UNKNOWN = "unknown"  # Cannot be found out: keeps everything it reserved.
    WITHDRAWN = "withdrawn"  # Taken back before it left.


class Counts(StrEnum):
    """What a cap counts."""

    EFFECTIVE = "effective"  # Calls in which somebody was spoken with.
    UNANSWERED = "unanswered"  # Dials that nobody took.
    ATTEMPTS = "attempts"  # Everything that left, whatever became of it.
    CONNECTED = "connected"  # As above, but for calls that found the number busy.


_HELD: frozenset[Outcome | None] = frozenset({None, Outcome.UNKNOWN})
_LEFT = frozenset(Outcome) - {Outcome.WITHDRAWN, Outcome.FAILED}
COUNTED: dict[Counts, frozenset[Outcome | None]] = {
    Counts.EFFECTIVE: _HELD | {Outcome.EFFECTIVE, Outcome.REFUSED},
    Counts.UNANSWERED: _HELD | {Outcome.UNANSWERED, Outcome.BUSY},
    Counts.ATTEMPTS: _HELD | _LEFT,
    Counts.CONNECTED: _HELD | (_LEFT - {Outcome.BUSY}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What will be said. The text itself stays outside: its digest and what was found in it stand.

    ``wording.read`` makes one from a text. Of a talk there is no text: the script's marks count.
    """

    template_key: str
    version: int
    text_digest: str | None  # SHA-256 of the rendered text; None of a talk.
    wording_version: str | None = None  # By which list of forbidden wording it was read.
    findings: tuple[str, ...] = ()  # Ids of forbidden wording that was found.
    names_institution: bool = False
    names_creditor: bool = False
    names_purpose: bool = False
    carries_debt_facts: bool = True
    has_opt_out: bool = False
    mentions_suit: bool = False
    tells_expiry: bool = False  # Says that the claim can no longer be sued for.
    language: str = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """The agency that acts, as it stands with the lender. Dates are the lender's."""

    agency_id: str
    is_listed: bool  # On the published list.
    contract_through: date | None
    evaluated_on: date | None
    is_subcontracted: bool = False  # The work was passed on to somebody else.


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts: a person, or the system on its own."""

    user_id: str
    is_system: bool = False
    agency: Agency | None = None
    certified_through: date | None = None  # Training and exam of the year.
    has_clean_record: bool = False
    signed_confidentiality: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitPlan:
    collector_ids: tuple[str, ...]
    shows_identification: bool
    asks_before_entering: bool
    records: bool  # Sound and picture from arrival to leaving.


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """``address_key`` names the number, mailbox, account or place; ``recipient_key`` the person."""

    at: datetime
    channel: Channel
    purpose: Purpose
    recipient: Recipient
    recipient_key: str
    address_key: str
    debt_keys: tuple[str, ...]
    says: Content
    actor: Actor
    visit: VisitPlan | None = None
    is_recorded: bool = False  # The call will be recorded.

    def __post_init__(self) -> None:
        if self.at.utcoffset() is None:
            raise RequestRefused("contact.instant_without_zone")
        if not self.debt_keys:
            raise RequestRefused("contact.no_debt")
