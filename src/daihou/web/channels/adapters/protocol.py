"""What every adapter gives: a message handed over, what was told read. No database.

An adapter never tries twice. What it cannot know (a connection that broke after the request had
left, an answer that cannot be read) is ``Unknown``: nobody may take that for "not sent". Where it
raises ``transport.NotSent`` or ``AnswerLost``, ``sending`` answers for it.
Errors  ``ChannelRefused``: ``hook.malformed``, ``hook.header_missing``, ``hook.signature_wrong``,
        ``hook.too_old``, ``hook.kind_unknown``, ``account.secrets_missing``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from daihou.web.channels.secrets import AccountSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message or dial, in plain: it lives in memory only.

    ``reference`` is the permit's own, told to a provider that takes one (it then refuses a second
    of the same). ``provider_template`` is the number a provider gave a reviewed template; ``slots``
    are its parameters in the order of the text. ``agent`` is the extension of the person who dials.
    """

    reference: str
    address: str = field(repr=False)
    text: str = field(repr=False)
    language: str
    subject: str = field(default="", repr=False)
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)
    provider_template: str = ""
    sender: str = ""
    agent: str = ""
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has it; whether it reaches the person is a receipt's to say."""

    provider_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider said no: it did not go out. ``is_passing``: the same may go out later."""

    code: str
    detail: str = ""
    is_passing: bool = False
    after_seconds: int = 20  # When to try again, where it may.


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Perhaps it went out. It counts as if it had, and is never sent again."""

    detail: str = ""


Answer = Accepted | Refused | Unknown


class Told(StrEnum):
    """What a provider tells of a message; ``collect.requests.Outcome`` follows from it."""

    DELIVERED = "delivered"
    FAILED = "failed"  # It will not arrive: switched off, full, blocked by the network.
    BOUNCED = "bounced"  # The address does not exist (any more).
    SPOKEN = "spoken"  # A call was answered by somebody.
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"  # The person pressed the call away.
    WRONG_PERSON = "wrong_person"
    RETURNED = "returned"  # A letter came back.
    OPENED = "opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``notice_ref`` names this receipt: the same one told twice counts once.

    ``reference`` is our own where the provider gives it back, else "".
    """

    notice_ref: str
    provider_ref: str
    told: Told
    at: datetime
    reference: str = ""
    code: str = ""
    seconds: int | None = None
    recording: str = ""  # Where the provider or the switch keeps it.


class InboundKind(StrEnum):
    REPLY = "reply"
    CALL_BACK = "call_back"
    OPT_OUT = "opt_out"  # Said by the provider itself; our own words are found in a reply.
    COMPLAINT = "complaint"  # Marked as unwanted.
    HAND_OVER = "hand_over"  # A machine asks for a person.


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """``seconds`` of a call: how long somebody spoke, 0 where nobody took it."""

    notice_ref: str
    kind: InboundKind
    address: str = field(repr=False)
    text: str = field(default="", repr=False)
    at: datetime
    provider_ref: str = ""  # Of the message that is answered, where it is told.
    reference: str = ""
    seconds: int | None = None


Heard = Receipt | Inbound


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    status: int
    content_type: str = "application/json"
    body: bytes = b"{}"


class Adapter(Protocol):
    """``needs_review``: only texts that the provider has reviewed may go out through it."""

    needs_review: bool

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:
        """Hand one message over, once."""
        ...

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,
    ) -> Sequence[Heard]:
        """Prove a call of the provider and read what it tells; header names in lower case."""
        ...

    def taken(self) -> HookAnswer:
        """Tell the provider that it need not tell this again."""
        ...
