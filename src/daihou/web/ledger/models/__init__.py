"""Rows of the ledger, of the ends of day, and of what they publish."""

from daihou.web.ledger.models.books import Book
from daihou.web.ledger.models.end_of_day import (
    BookVersion,
    EndOfDayRun,
    EndOfDayStep,
    RunState,
    StepState,
)
from daihou.web.ledger.models.events import Event
from daihou.web.ledger.models.imports import ImportBatch, ImportErrorCount, LoanDrift
from daihou.web.ledger.models.published import Bucket, DelinquencyEvent, Position, Status

__all__ = [
    "Book",
    "BookVersion",
    "Bucket",
    "DelinquencyEvent",
    "EndOfDayRun",
    "EndOfDayStep",
    "Event",
    "ImportBatch",
    "ImportErrorCount",
    "LoanDrift",
    "Position",
    "RunState",
    "Status",
    "StepState",
]
