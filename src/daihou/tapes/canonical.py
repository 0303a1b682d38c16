"""The canonical frames of a tape: the one declaration of what the ledger takes in.

Units   ``*_minor`` is an int64 count of minor units; dates are ``Date``; ``known_at`` is an
        instant in UTC; rates are decimal fractions as text ("0.12" is 12 %), so that none is bent.
Shape   One dataframely schema per frame. Every row names its source: ``source_no`` is an index into
        ``Tape.sources``, ``source_row`` the data row in that file (the first one is 1).
Errors  A row that breaks a schema becomes a row of the errors frame; ``codes_of`` names the code.
Source  docs/formats/native.md describes the same columns to users.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import dataframely as dy
import polars as pl

from daihou.core import changes, codec, events as core_events, terms as core_terms

INT64_MAX: Final = 2**63 - 1
METHODS = tuple(core_terms.Method)
UNSCHEDULED_ON: Final = date(9999, 1, 1)  # The due date of what has no day: never past due.
FIRST_ON: Final = date(1900, 1, 1)  # Days outside these are slips of the pen (0202, 20240).
LAST_ON: Final = date(2199, 12, 31)
LONGEST_DAYS: Final = 36_600
UNIT_DAYS: Final = {
    core_terms.PeriodUnit.DAY: 1,
    core_terms.PeriodUnit.WEEK: 7,
    core_terms.PeriodUnit.MONTH: 31,
}
EVENT_KINDS = tuple(
    kind
    for kind in core_events.Kind
    if kind
    not in {
        core_events.Kind.DISBURSED,
        core_events.Kind.OPENED,
        core_events.Kind.PAYMENT_RECEIVED,
        core_events.Kind.STATED,
    }
)
# Kinds that mean nothing without an amount; a waiver may be of all that is left.
AMOUNT_KINDS = tuple(
    sorted(core_events.AMOUNT_KINDS - core_events.STARTING_KINDS - {core_events.Kind.CHARGE_WAIVED})
)
TARGET_KINDS = tuple(sorted(core_events.TARGET_KINDS))
STARTS = ("disbursed", "opened")
PARTY_KINDS = ("person", "company")
TEXT_RATE = r"^[0-9]{1,9}(\.[0-9]{1,18})?$"


class Sourced(dy.Schema):
    source_no = dy.Int16(nullable=False, min=0)
    source_row = dy.Int64(nullable=False, min=1)


def _word(values: Iterable[str], *, nullable: bool = False) -> dy.String:
    allowed = list(values)
    return dy.String(nullable=nullable, check={"unknown": lambda column: column.is_in(allowed)})


def _day(*, nullable: bool = False) -> dy.Date:
    return dy.Date(
        nullable=nullable,
        check={
            "out_of_range": lambda day: day.is_between(FIRST_ON, LAST_ON) | (day == UNSCHEDULED_ON)
        },
    )


def _is_order(column: pl.Expr) -> pl.Expr:
    """Accept the five components, or all fifteen steps ("past_due:fee"), each once."""
    given = column.str.replace_all(" ", "").str.split(",").list.sort()
    components = sorted(core_terms.Component)
    steps = sorted(
        f"{timing}:{component}" for timing in core_terms.Timing for component in components
    )
    whole = (pl.lit(names, dtype=pl.List(pl.String)) for names in (components, steps))
    return pl.any_horizontal(*(given == names for names in whole))


def _is_change(column: pl.Expr) -> pl.Expr:
    return column.map_elements(_reads_as_change, return_dtype=pl.Boolean)


def _reads_as_change(text: str) -> bool:
    try:
        codec.decode_text(changes.Change, text)
    except codec.CodecRefused:
        return False
    return True


class Loans(Sourced):
    """One row per loan. Terms left empty take the defaults of ``core.terms.Terms``."""

    loan_ref = dy.String(nullable=False, min_length=1, max_length=128)
    currency = dy.String(nullable=False, regex=r"^[A-Z]{3}$")
    minor_digits = dy.Int64(nullable=False, min=0, max=4)
    principal_minor = dy.Int64(nullable=False, min=1)
    disbursed_on = _day()
    kind_of_start = _word(STARTS)  # disbursed, or opened at a cut-over.
    known_at = dy.Datetime(nullable=True, time_zone="UTC", time_unit="us")
    key = dy.String(nullable=False, min_length=1, max_length=200)  # Of the first event.
    product_code = dy.String(nullable=True, max_length=64)
    party_ref = dy.String(nullable=True, max_length=128)
    creditor = dy.String(nullable=True, max_length=128)
    funder = dy.String(nullable=True, max_length=128)
    source_tag = dy.String(nullable=True, max_length=64)  # The source's own status word.
    method = _word(METHODS)
    rate = dy.String(nullable=True, regex=TEXT_RATE)
    rate_per = _word(core_terms.RatePer, nullable=True)
    day_count = _word(core_terms.DayCount, nullable=True)
    interest_basis = _word(core_terms.InterestBasis, nullable=True)
    instalment_count = dy.Int64(nullable=True, min=1, max=3660)
    every = dy.Int64(nullable=True, min=1, max=366)
    unit = _word(core_terms.PeriodUnit, nullable=True)
    first_due_on = _day(nullable=True)
    month_end = _word(core_terms.MonthEnd, nullable=True)
    holiday_shift = _word(core_terms.HolidayShift, nullable=True)
    calendar = dy.String(nullable=True, min_length=1, max_length=64)  # A name of ``Calendars``.
    rounding = _word(core_terms.Rounding, nullable=True)
    multiple_minor = dy.Int64(nullable=True, min=1)
    balloon_minor = dy.Int64(nullable=True, min=0)
    principal_grace_count = dy.Int64(nullable=True, min=0)
    interest_grace_count = dy.Int64(nullable=True, min=0)
    instalment_fee_minor = dy.Int64(nullable=True, min=0)
    down_payment_rate = dy.String(nullable=True, regex=TEXT_RATE)
    grace_days = dy.Int64(nullable=True, min=0, max=366)
    tolerance_minor = dy.Int64(nullable=True, min=0)
    allocation_order = dy.String(
        nullable=True, check={"unknown": _is_order}
    )  # Components with commas, all five.
    allocation_mode = _word(core_terms.Mode, nullable=True)
    surplus = _word(core_terms.Surplus, nullable=True)
    late_allocation_order = dy.String(nullable=True, check={"unknown": _is_order})
    late_from_days = dy.Int64(nullable=True, min=1)
    penalty_rate = dy.String(nullable=True, regex=TEXT_RATE)
    penalty_rate_per = _word(core_terms.RatePer, nullable=True)
    penalty_multiple = dy.String(nullable=True, regex=TEXT_RATE)
    compound_rate = dy.String(nullable=True, regex=TEXT_RATE)
    compound_rate_per = _word(core_terms.RatePer, nullable=True)
    penalty_rounding = _word(core_terms.AccrualRounding, nullable=True)
    penalty_stop_after_days = dy.Int64(nullable=True, min=0)

    @dy.rule()
    def first_due_on__before_start(cls) -> pl.Expr:  # noqa: N805
        return pl.col("first_due_on").is_null() | (pl.col("first_due_on") >= pl.col("disbursed_on"))

    @dy.rule()
    def rate__needed(cls) -> pl.Expr:  # noqa: N805
        return (pl.col("method") == core_terms.Method.FREE) | (
            pl.col("rate").is_not_null() & pl.col("rate_per").is_not_null()
        )

    @dy.rule()
    def instalment_count__needed(cls) -> pl.Expr:  # noqa: N805
        return pl.col("method").is_in([core_terms.Method.FREE, core_terms.Method.BULLET]) | (
            pl.col("instalment_count").is_not_null()
        )

    @dy.rule()
    def instalment_count__too_long(cls) -> pl.Expr:  # noqa: N805
        days = (
            pl.col("unit")
            .fill_null(core_terms.PeriodUnit.MONTH)
            .replace_strict(UNIT_DAYS, default=None, return_dtype=pl.Int64)
        )
        length = pl.col("instalment_count") * pl.col("every").fill_null(1) * days
        return length.is_null() | (length <= LONGEST_DAYS)


class Dues(Sourced):
    """A schedule given date by date; such a loan has the method ``free``."""

    loan_ref = dy.String(nullable=False, min_length=1)
    instalment_no = dy.Int64(nullable=False, min=1, max=32_000)
    due_on = _day()
    principal_minor = dy.Int64(nullable=False, min=0)
    interest_minor = dy.Int64(nullable=False, min=0)
    fee_minor = dy.Int64(nullable=False, min=0)

    @dy.rule()
    def due_on__nothing_due(cls) -> pl.Expr:  # noqa: N805
        return (
            (pl.col("principal_minor") != 0)
            | (pl.col("interest_minor") != 0)
            | (pl.col("fee_minor") != 0)
        )


class Payments(Sourced):
    """Plain money in."""

    loan_ref = dy.String(nullable=False, min_length=1)
    effective_on = _day()
    amount_minor = dy.Int64(nullable=False, min=1)
    key = dy.String(nullable=False, min_length=1, max_length=200)
    known_at = dy.Datetime(nullable=True, time_zone="UTC", time_unit="us")
    source_ref = dy.String(nullable=True, max_length=200)
    channel = dy.String(nullable=True, max_length=64)  # How the money came in.


class Events(Sourced):
    """What else can happen to a loan (``core.events.Kind`` without money in and the start)."""

    loan_ref = dy.String(nullable=False, min_length=1)
    kind = _word(EVENT_KINDS)
    effective_on = _day()
    amount_minor = dy.Int64(nullable=True, min=1)
    component = _word(core_terms.Component, nullable=True)
    instalment_no = dy.Int64(nullable=True, min=1, max=32_000)
    due_on = _day(nullable=True)
    target_key = dy.String(nullable=True, max_length=200)
    key = dy.String(nullable=False, min_length=1, max_length=200)
    known_at = dy.Datetime(nullable=True, time_zone="UTC", time_unit="us")
    source_ref = dy.String(nullable=True, max_length=200)
    change = dy.String(nullable=True, max_length=2000, check={"unreadable": _is_change})

    @dy.rule()
    def amount_minor__needed(cls) -> pl.Expr:  # noqa: N805
        return ~pl.col("kind").is_in(AMOUNT_KINDS) | pl.col("amount_minor").is_not_null()

    @dy.rule()
    def target_key__needed(cls) -> pl.Expr:  # noqa: N805
        return ~pl.col("kind").is_in(TARGET_KINDS) | pl.col("target_key").is_not_null()


STATED_FIGURES = (
    "principal_outstanding_minor",
    "interest_outstanding_minor",
    "fee_outstanding_minor",
    "penalty_outstanding_minor",
    "overdue_minor",
    "days_past_due",
    "unapplied_minor",
)


class Stated(Sourced):
    """What a core system says of a loan at the end of a day (overlay mode)."""

    loan_ref = dy.String(nullable=False, min_length=1)
    as_of = _day()
    principal_outstanding_minor = dy.Int64(nullable=False, min=0)
    interest_outstanding_minor = dy.Int64(nullable=False, min=0)
    fee_outstanding_minor = dy.Int64(nullable=False, min=0)
    penalty_outstanding_minor = dy.Int64(nullable=False, min=0)
    overdue_minor = dy.Int64(nullable=False, min=0)
    days_past_due = dy.Int64(nullable=False, min=0, max=36_600)
    next_due_on = _day(nullable=True)
    unapplied_minor = dy.Int64(nullable=False, min=0)
    is_closed = dy.Bool(nullable=False)
    key = dy.String(nullable=False, min_length=1, max_length=200)
    known_at = dy.Datetime(nullable=True, time_zone="UTC", time_unit="us")


class Parties(Sourced):
    party_ref = dy.String(nullable=False, min_length=1, max_length=128)
    kind = _word(PARTY_KINDS)
    name = dy.String(nullable=True, max_length=200)
    id_number = dy.String(nullable=True, max_length=64)
    phone = dy.String(nullable=True, max_length=64)
    email = dy.String(nullable=True, max_length=200)
    address = dy.String(nullable=True, max_length=400)


class Calendars(Sourced):
    """A day on which no instalment falls due."""

    calendar = dy.String(nullable=False, min_length=1, max_length=64)
    closed_on = _day()


class Statements(dy.Schema):
    """What the source itself says, kept apart: it is compared and never booked."""

    loan_ref = dy.String(nullable=False)
    as_of = dy.Date(nullable=False)
    figure = dy.String(nullable=False)  # A figure of ``reconciliation.FIGURES``.
    theirs_minor = dy.Int64(nullable=False)
    cause = dy.String(nullable=True)  # Why it may differ, as the source's own rows show.


class Notes(dy.Schema):
    """Rows that were taken in and are worth a look; a note rejects nothing."""

    loan_ref = dy.String(nullable=False)
    code = dy.String(nullable=False)
    effective_on = dy.Date(nullable=True)
    amount_minor = dy.Int64(nullable=True)


class Errors(dy.Schema):
    """One row per rejected source row; its columns are looked up in ``Tape.originals``."""

    source_no = dy.Int16(nullable=False)
    source_row = dy.Int64(nullable=False)  # 0: the file as a whole.
    column = dy.String(nullable=True)
    code = dy.String(nullable=False)


FRAMES: Final[Mapping[str, type[dy.Schema]]] = {
    "calendars": Calendars,
    "parties": Parties,
    "loans": Loans,
    "dues": Dues,
    "payments": Payments,
    "events": Events,
    "stated": Stated,
}
KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "calendars": ("calendar", "closed_on"),
    "parties": ("party_ref",),
    "loans": ("loan_ref",),
    "dues": ("loan_ref", "instalment_no"),
    "payments": ("key",),
    "events": ("key",),
    "stated": ("loan_ref", "as_of"),
}
_CODES = {
    "nullability": "value.missing",
    "min_length": "value.missing",
    "max_length": "value.too_long",
    "regex": "value.malformed",
    "max": "value.too_large",
    "unknown": "value.unknown",
    "unreadable": "value.malformed",
    "out_of_range": "date.out_of_range",
    "too_long": "term.too_long",
    "needed": "value.missing",
    "before_start": "due.before_disbursement",
    "nothing_due": "due.nothing_due",
}


def no_rows(schema: type[dy.Schema]) -> pl.DataFrame:
    """Give a plain frame of this schema without rows."""
    return pl.DataFrame(schema={n: c.dtype for n, c in schema.columns().items()})


def empty(frame: str) -> pl.DataFrame:
    """Give the frame without rows.

    >>> empty("payments").width
    9
    """
    return no_rows(FRAMES[frame])


def columns_of(frame: str) -> tuple[str, ...]:
    """Name the columns a user may give, in order.

    >>> columns_of("dues")[:2]
    ('loan_ref', 'instalment_no')
    """
    names = FRAMES[frame].column_names()
    return tuple(name for name in names if name not in {"source_no", "source_row"})


def code_of(*, schema: type[dy.Schema], rule: str) -> tuple[str, str]:
    """Turn a schema's rule name into the column and the stable code of its failure.

    >>> code_of(schema=Payments, rule="amount_minor|min")
    ('amount_minor', 'amount.not_positive')
    """
    column, what = re.split(r"\|check__|\||__", rule, maxsplit=1)
    if what != "min":
        return column, _CODES[what]
    if not column.endswith("_minor"):
        return column, "value.too_small"
    lowest = getattr(schema.columns()[column], "min", 0)
    return column, "amount.not_positive" if lowest == 1 else "amount.negative"
