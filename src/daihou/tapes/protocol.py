"""What a tape is, and what a format has to do: one module, one class, one method.

Shape   ``Tape`` holds the canonical frames (``canonical.py``). Nothing in it has been booked.
        ``statements`` and ``notes`` are for people and the reconciliation.
Errors  ``TapeRefused`` when a file cannot be read at all; a bad row is a row of ``Tape.errors``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from daihou.tapes import canonical


class TapeRefused(ValueError):
    """A file, as a whole, cannot be read; nothing of the batch is taken in."""

    def __init__(self, code: str, **params: object) -> None:
        shown = ", ".join(f"{name} {value}" for name, value in params.items())
        super().__init__(f"{code}: {shown}" if shown else code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One table of one file, as it was read: ``rows`` keeps the original columns."""

    file: str
    table: str
    rows: pl.DataFrame
    contract_ref: str | None = None  # Names the loan, where a bad row holds its contract back.


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    format_name: str
    unit: str  # What the reconciliation counts: "loans", "loan-months" …
    tolerance_minor: int = 0  # How far a compared figure may be off and still agree.
    sources: tuple[Source, ...] = ()
    calendars: pl.DataFrame = field(default_factory=lambda: canonical.empty("calendars"))
    parties: pl.DataFrame = field(default_factory=lambda: canonical.empty("parties"))
    loans: pl.DataFrame = field(default_factory=lambda: canonical.empty("loans"))
    dues: pl.DataFrame = field(default_factory=lambda: canonical.empty("dues"))
    payments: pl.DataFrame = field(default_factory=lambda: canonical.empty("payments"))
    events: pl.DataFrame = field(default_factory=lambda: canonical.empty("events"))
    stated: pl.DataFrame = field(default_factory=lambda: canonical.empty("stated"))
    errors: pl.DataFrame = field(default_factory=lambda: canonical.no_rows(canonical.Errors))
    statements: pl.DataFrame = field(
        default_factory=lambda: canonical.no_rows(canonical.Statements)
    )
    notes: pl.DataFrame = field(default_factory=lambda: canonical.no_rows(canonical.Notes))

    def frame(self, name: str) -> pl.DataFrame:
        frames: Mapping[str, pl.DataFrame] = {
            "calendars": self.calendars,
            "parties": self.parties,
            "loans": self.loans,
            "dues": self.dues,
            "payments": self.payments,
            "events": self.events,
            "stated": self.stated,
        }
        return frames[name]

    def with_frames(self, frames: Mapping[str, pl.DataFrame]) -> "Tape":
        """Replace the named frames."""
        return replace(
            self,
            calendars=frames.get("calendars", self.calendars),
            parties=frames.get("parties", self.parties),
            loans=frames.get("loans", self.loans),
            dues=frames.get("dues", self.dues),
            payments=frames.get("payments", self.payments),
            events=frames.get("events", self.events),
            stated=frames.get("stated", self.stated),
        )


class Format(Protocol):
    """A way of writing tapes. Register it under the entry point group ``daihou.formats``."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def time_zone(self) -> str:
        """Where the tape's days are days; a new book takes it over."""
        ...

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:
        """Read every file and say what it holds; never stop at a bad row.

        ``currency`` is the book's, where the book exists already.
        """
        ...
