"""The loans behind a figure: what was asked for, and the frame of loans that answer it.

Shape   ``Asked`` is read from an address; ``select`` keeps the rows of a positions frame.
Errors  A value that cannot be read is left out and named in ``Asked.not_understood``.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from daihou.core.classes import FiveLevel
from daihou.engine.columns import CLASS_FLOOR
from daihou.risk.buckets import BUCKETS, STATES
from daihou.risk.first_payment_default import first_payments
from daihou.risk.months import month_end_before
from daihou.risk.roll_rates import transitions
from daihou.web.board import figures
from daihou.web.board.page import Days, number_of
from daihou.web.board.source import Source, end_of_month

SORTS = {
    "overdue": ("overdue_minor", True),
    "days": ("days_past_due", True),
    "principal": ("principal_outstanding_minor", True),
    "next": ("next_due_on", False),
    "disbursed": ("disbursed_on", True),
    "loan": ("loan_ref", False),
}
DEFAULT_SORT = "overdue"
FLAGS = ("late", "missed", "stale")
FIRST_PAYMENT = ("late", "matured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    as_of: date
    text: str = ""
    bucket: str = ""
    status: str = ""
    class_floor: str = ""  # Of active loans and those written off.
    product_id: int | None = None
    funder_id: int | None = None
    month: str = ""  # Of disbursement, 2026-01.
    over_days: int | None = None
    start: str = ""  # A transition: from this state …
    end: str = ""  # … to this one …
    since: date | None = None  # … between this day and ``as_of``.
    first_payment: str = ""
    late: bool = False
    missed: bool = False
    stale: bool = False
    sort: str = DEFAULT_SORT
    is_turned: bool = False  # The other way round than the column's own order.
    page: int = 1
    not_understood: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # In words: days that could not be taken as they were given.


def ask(params: Mapping[str, str], *, business_date: date) -> Asked:
    """Read a list's address."""
    reading = _Reading(params=params, bad=[])
    days = Days(params)
    as_of = days.read("as_of", default=business_date, latest=business_date)
    since = days.read("since", default=date.min, latest=as_of) if params.get("since") else None
    sort = params.get("sort", DEFAULT_SORT)
    asked = Asked(
        as_of=as_of,
        text=params.get("q", "").strip()[:80],
        bucket=reading.one_of("bucket", BUCKETS),
        class_floor=reading.one_of("class_floor", tuple(FiveLevel)),
        status=reading.one_of("status", ("active", "closed", "written_off")),
        product_id=reading.number("product"),
        funder_id=reading.number("funder"),
        month=reading.month("month"),
        over_days=reading.number("over_days"),
        start=reading.one_of("from", STATES),
        end=reading.one_of("to", STATES),
        since=since,
        first_payment=reading.one_of("first_payment", FIRST_PAYMENT),
        sort=reading.one_of("sort", [*SORTS, *(f"-{name}" for name in SORTS)]).removeprefix("-")
        or DEFAULT_SORT,
        is_turned=sort.startswith("-"),
        page=max(1, reading.number("page") or 1),
        late=params.get("late") == "1",
        missed=params.get("missed") == "1",
        stale=params.get("stale") == "1",
    )
    if asked.start and not asked.since:
        asked = replace(asked, since=month_end_before(asked.as_of))
    return replace(asked, not_understood=tuple(reading.bad), remarks=tuple(days.remarks))


@dataclass(frozen=True, slots=True)
class _Reading:
    params: Mapping[str, str]
    bad: list[str]

    def one_of(self, name: str, allowed: Container[str]) -> str:
        text = self.params.get(name, "")
        if text and text not in allowed:
            self._refuse(name)
            return ""
        return text

    def number(self, name: str) -> int | None:
        text = self.params.get(name, "")
        number = number_of(text)
        if text and number is None:
            self._refuse(name)
        return number

    def month(self, name: str) -> str:
        text = self.params.get(name, "")
        try:
            return f"{date.fromisoformat(f'{text}-01'):%Y-%m}" if text else ""
        except ValueError:
            self._refuse(name)
            return ""

    def _refuse(self, name: str) -> None:
        self.bad.append(f"{name}={self.params[name][:40]}")


def select(
    source: Source, *, asked: Asked, person_ids: frozenset[int] = frozenset()
) -> pl.DataFrame:
    """Keep the loans asked for; ``person_ids`` are those whose data match the text."""
    frame = source.positions(asked.as_of).join(
        source.attributes(), on="loan_id", how="left", maintain_order="left"
    )
    if "class_floor" not in frame.columns:  # No law is known for the book or the day.
        frame = frame.with_columns(class_floor=pl.lit(None, dtype=CLASS_FLOOR))
    frame = frame.filter(*_conditions(asked, person_ids=person_ids))
    return _behind_figures(frame, source=source, asked=asked)


def in_order(frame: pl.DataFrame, *, asked: Asked) -> pl.LazyFrame:
    """Sort what was selected; a few of the first rows are found without sorting all."""
    name, descending = SORTS[asked.sort]
    return frame.lazy().sort(
        name, "loan_ref", descending=[descending != asked.is_turned, False], nulls_last=True
    )


def _conditions(asked: Asked, *, person_ids: frozenset[int]) -> list[pl.Expr]:
    is_active = pl.col("status") == "active"
    wanted = [pl.lit(value=True)]
    if asked.text:
        fits = pl.col("loan_ref").str.starts_with(asked.text)
        wanted.append(fits | pl.col("person_id").is_in(list(person_ids)))
    if asked.bucket:
        wanted.append(is_active & (pl.col("bucket") == asked.bucket))
    if asked.status:
        wanted.append(pl.col("status") == asked.status)
    if asked.class_floor:
        wanted.append((pl.col("status") != "closed") & (pl.col("class_floor") == asked.class_floor))
    if asked.late:
        wanted.append(is_active & (pl.col("days_past_due") > 0))
    if asked.over_days is not None:
        wanted.append(pl.col("days_past_due") > asked.over_days)
    if asked.product_id is not None:
        wanted.append(pl.col("product_id") == asked.product_id)
    if asked.funder_id is not None:
        wanted.append(pl.col("funder_id") == asked.funder_id)
    if asked.month:
        first = date.fromisoformat(f"{asked.month}-01")
        wanted.append(pl.col("disbursed_on").is_between(first, end_of_month(first)))
    return wanted


def _behind_figures(frame: pl.DataFrame, *, source: Source, asked: Asked) -> pl.DataFrame:
    if asked.start:
        assert asked.since is not None
        moved = transitions(
            before=source.positions(asked.since), after=source.positions(asked.as_of)
        ).filter(pl.col("from_state") == asked.start)
        moved = moved.filter(pl.col("to_state") == asked.end) if asked.end else moved
        frame = _only(frame, moved)
    if asked.stale:
        frame = _only(frame, figures.stale(frame, as_of=asked.as_of))
    if asked.missed:
        due = figures.day_1_instalments(
            instalments=source.instalments(asked.as_of), as_of=asked.as_of
        )
        frame = _only(frame, due.filter(pl.col("is_missed")))
    if asked.first_payment:
        first = first_payments(instalments=source.instalments(asked.as_of), as_of=asked.as_of)
        is_wanted = pl.col("is_late") | pl.lit(value=asked.first_payment == "matured")
        frame = _only(frame, first.filter(is_wanted))
    return frame


def _only(frame: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    return frame.join(loans.select("loan_id"), on="loan_id", how="semi", maintain_order="left")
