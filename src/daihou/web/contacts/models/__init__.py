"""Permits and everything that bounds them: persons counted once, limits, slots, stops, outbox."""

from daihou.web.contacts.models.findings import OF_DEBT, WITH_NAME, Finding, FindingEnd, FindingKind
from daihou.web.contacts.models.limits import Counts, Limit, Per, Slot
from daihou.web.contacts.models.outbox import Outbox, OutboxState
from daihou.web.contacts.models.permits import (
    Channel,
    Inbound,
    Outcome,
    OutcomeKind,
    Permit,
    Purpose,
    Recipient,
    Refusal,
    RuleSet,
)
from daihou.web.contacts.models.stops import (
    Agreement,
    AgreementEnd,
    AgreementKind,
    StopKind,
    StopLift,
    StopOrder,
    StopOrigin,
)
from daihou.web.contacts.models.subjects import Subject, SubjectMember
from daihou.web.contacts.models.times import BadTime, BadTimeEnd

__all__ = [
    "OF_DEBT",
    "WITH_NAME",
    "Agreement",
    "AgreementEnd",
    "AgreementKind",
    "BadTime",
    "BadTimeEnd",
    "Channel",
    "Counts",
    "Finding",
    "FindingEnd",
    "FindingKind",
    "Inbound",
    "Limit",
    "Outbox",
    "OutboxState",
    "Outcome",
    "OutcomeKind",
    "Per",
    "Permit",
    "Purpose",
    "Recipient",
    "Refusal",
    "RuleSet",
    "Slot",
    "StopKind",
    "StopLift",
    "StopOrder",
    "StopOrigin",
    "Subject",
    "SubjectMember",
]
