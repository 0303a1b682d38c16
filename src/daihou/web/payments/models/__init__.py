"""Rows of the intake: channels, what they told us, receipts, links, debits, suspense."""

from daihou.web.payments.models.channels import AdapterKind, Channel, ChannelNotice
from daihou.web.payments.models.debits import (
    AttemptState,
    DebitAnswer,
    DebitAttempt,
    DebitBatch,
    Mandate,
)
from daihou.web.payments.models.links import LinkState, OrderKind, PayLink
from daihou.web.payments.models.receipts import Receipt, ReceiptKind, ReceiptState
from daihou.web.payments.models.reconciliation import (
    BillLine,
    BreakKind,
    BreakState,
    ChannelBill,
    ReconciliationBreak,
    ReconciliationRun,
)
from daihou.web.payments.models.suspense import (
    SuspenseItem,
    SuspenseState,
    SuspenseUse,
    UseKind,
)

__all__ = [
    "AdapterKind",
    "AttemptState",
    "BillLine",
    "BreakKind",
    "BreakState",
    "Channel",
    "ChannelBill",
    "ChannelNotice",
    "DebitAnswer",
    "DebitAttempt",
    "DebitBatch",
    "LinkState",
    "Mandate",
    "OrderKind",
    "PayLink",
    "Receipt",
    "ReceiptKind",
    "ReceiptState",
    "ReconciliationBreak",
    "ReconciliationRun",
    "SuspenseItem",
    "SuspenseState",
    "SuspenseUse",
    "UseKind",
]
