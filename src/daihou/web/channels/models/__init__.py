"""Rows of channels: accounts with providers, templates, what was handed over, what was told."""

from daihou.web.channels.models.accounts import (
    FIELD_OF,
    SPEAKS,
    Account,
    AccountUse,
    ChannelKind,
    Extension,
    Provider,
)
from daihou.web.channels.models.deliveries import (
    Delivery,
    DeliveryState,
    Heard,
    HeardKind,
    HeardState,
)
from daihou.web.channels.models.letters import BatchState, Letter, LetterBatch
from daihou.web.channels.models.reminders import (
    Occasion,
    ReceiptMark,
    Reminder,
    ReminderDay,
    ReminderRule,
    ReminderState,
)
from daihou.web.channels.models.templates import (
    Identity,
    Language,
    Purpose,
    Review,
    ReviewState,
    Template,
    TemplateVersion,
    VersionState,
)

__all__ = [
    "FIELD_OF",
    "SPEAKS",
    "Account",
    "AccountUse",
    "BatchState",
    "ChannelKind",
    "Delivery",
    "DeliveryState",
    "Extension",
    "Heard",
    "HeardKind",
    "HeardState",
    "Identity",
    "Language",
    "Letter",
    "LetterBatch",
    "Occasion",
    "Provider",
    "Purpose",
    "ReceiptMark",
    "Reminder",
    "ReminderDay",
    "ReminderRule",
    "ReminderState",
    "Review",
    "ReviewState",
    "Template",
    "TemplateVersion",
    "VersionState",
]
