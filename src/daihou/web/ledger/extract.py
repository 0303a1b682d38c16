"""What the ledger has learnt of one shard, as the engine takes it. Raw COPY: no Django here.

Units   As ``engine.columns``.
Shape   A run knows events with ``sequence <= ledger_sequence`` and ``recorded_at <= known_at``;
        it extracts those of them that the version before did not know.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from psycopg import Connection

from daihou.core import codec
from daihou.core.changes import Change
from daihou.core.events import PLAIN_KINDS, STARTING_KINDS, Event, Kind
from daihou.core.terms import Component, Contract, FreeDue, Method, Terms
from daihou.engine import columns as c, others
from daihou.engine.expand import expand
from daihou.engine.tables import NewFacts
from daihou.web.ledger.copying import copy_out

MICROS = pl.Datetime("us", "UTC")
NEW_EVENT = {
    "loan_id": pl.Int64,
    "sequence": pl.Int64,
    "kind": pl.String,
    "effective_on": pl.Date,
    "amount_minor": pl.Int64,
    "channel": pl.String,
}
WHOLE_EVENT = NEW_EVENT | {
    "recorded_at": MICROS,
    "key": pl.String,
    "source_ref": pl.String,
    "component": pl.String,
    "instalment_no": pl.Int64,
    "due_on": pl.Date,
    "target_key": pl.String,
    "change": pl.String,
}
CONTRACT: dict[str, Any] = {
    "loan_id": pl.Int64,
    "loan_ref": pl.String,
    "person_id": pl.Int64,
    "terms_key": pl.String,
    "principal_agreed_minor": pl.Int64,
    "agreed_start_on": pl.Date,
    "due_on": pl.List(pl.Date),
    "principal_minor": pl.List(pl.Int64),
    "interest_minor": pl.List(pl.Int64),
    "fee_minor": pl.List(pl.Int64),
}
ORDINAL_OF_EPOCH = 719_163
PLAIN_NAMES = sorted(kind.value for kind in PLAIN_KINDS)
START_NAMES = sorted(kind.value for kind in STARTING_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What a run may know, and what the version before it knew (``after_sequence`` 0: nothing)."""

    book_id: int
    currency: str
    minor_digits: int
    shard_count: int
    after_sequence: int
    ledger_sequence: int
    known_after: datetime | None
    known_at: datetime
    held_from: int | None
    unknown: tuple[int, int] | None = None  # Sequences, all of them known too late for the run.

    @property
    def is_first(self) -> bool:
        return self.known_after is None

    @property
    def lowest(self) -> int:
        """The first sequence worth looking at: an event held back earlier may be known now."""
        held = self.held_from if self.held_from is not None else self.after_sequence + 1
        return min(held, self.after_sequence + 1)

    @property
    def spans(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The sequences worth looking at: what lies around ``unknown``."""
        first, last = self.unknown or (self.ledger_sequence + 1, self.ledger_sequence)
        return (self.lowest, first - 1), (last + 1, self.ledger_sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many events a shard took in, and sums of their amounts, for the gates."""

    events: int
    events_minor: int
    paid_in_minor: int = 0  # Of these, payments received.


def extract_shard(
    connection: Connection[Any], *, knowledge: Knowledge, shard: int, held: pl.DataFrame
) -> tuple[NewFacts, Taken]:
    """Return the shard's new facts and what events they come from.

    ``held`` is the shard's ``loans`` table as the version before left it.
    """
    new = _new_events(connection, knowledge, shard)
    touched = new.join(held.select("loan_id", "is_plain", "disbursed_on"), on="loan_id", how="left")
    goes_on = (
        (pl.col("kind") == Kind.PAYMENT_RECEIVED)
        & (pl.col("channel") == "")
        & pl.col("is_plain")
        & (pl.col("effective_on") >= pl.col("disbursed_on"))
    ) | ((pl.col("kind") == Kind.STATED) & pl.col("is_plain").is_not_null())
    again = touched.filter(~goes_on.fill_null(value=False))["loan_id"].unique().sort()
    quiet = new.filter(~pl.col("loan_id").is_in(again.implode()))
    facts = _facts_of(connection, knowledge, loan_ids=again, new=new)
    known_ids = pl.concat([held["loan_id"], facts.loans["loan_id"]])
    payments = pl.concat([facts.payments, _payments(quiet)]).sort(c.PAYMENTS.key)
    stated = _stated(connection, knowledge, shard=shard, loan_ids=again, with_new=new)
    stated = stated.filter(pl.col("loan_id").is_in(known_ids.implode()))
    paid = new.filter(pl.col("kind") == Kind.PAYMENT_RECEIVED)
    taken = Taken(
        events=new.height,
        events_minor=int(new["amount_minor"].sum()),
        paid_in_minor=int(paid["amount_minor"].sum()),
    )
    return replace(facts, payments=payments, stated=stated).check(), taken


def facts_of_loans(
    connection: Connection[Any],
    *,
    knowledge: Knowledge,
    loan_ids: pl.Series,
    held: NewFacts | None = None,
) -> NewFacts:
    """Return everything known of some loans, for folding them on their own.

    ``held`` is what shards hold of them; it spares planning their instalments again.
    """
    none_new = pl.DataFrame(schema=NEW_EVENT)
    facts = _facts_of(connection, knowledge, loan_ids=loan_ids, new=none_new, held=held)
    stated = _stated(connection, knowledge, shard=0, loan_ids=loan_ids, with_new=none_new)
    return replace(facts, stated=stated).check()


def count_new(connection: Connection[Any], *, knowledge: Knowledge) -> tuple[Taken, int | None]:
    """Count in one go what the shards of a run should take in, and find what is held back.

    The second value is the first sequence that is known too late for the run, if there is one.
    """
    is_new, new_params = _is_new(knowledge)
    looked_at, params = _looked_at(knowledge)
    row = connection.execute(
        f"SELECT count(*) FILTER (WHERE {is_new}),"  # noqa: S608
        f" coalesce(sum(e.amount_minor) FILTER (WHERE {is_new}), 0),"
        " min(e.sequence) FILTER (WHERE e.recorded_at > %s)"
        f" FROM ledger_event e WHERE {looked_at}",
        (*new_params, *new_params, knowledge.known_at, *params),
    ).fetchone()
    assert row is not None
    held = [row[2], None if knowledge.unknown is None else knowledge.unknown[0]]
    first_held = min((sequence for sequence in held if sequence is not None), default=None)
    return Taken(events=int(row[0]), events_minor=int(row[1])), first_held


def find_unknown(connection: Connection[Any], *, knowledge: Knowledge) -> tuple[int, int] | None:
    """Find the rest of a batch in order of knowledge that the run has not reached yet."""
    row = connection.execute(
        "SELECT (SELECT e.sequence FROM ledger_event e WHERE e.book_id = b.book_id"
        "  AND e.sequence BETWEEN %s AND b.last_sequence AND e.recorded_at > %s"
        "  ORDER BY e.sequence LIMIT 1), b.last_sequence"
        " FROM ledger_importbatch b WHERE b.book_id = %s AND b.is_by_knowledge"
        " AND %s BETWEEN b.first_sequence AND b.last_sequence AND b.last_sequence <= %s",
        (
            knowledge.lowest,
            knowledge.known_at,
            knowledge.book_id,
            knowledge.lowest,
            knowledge.ledger_sequence,
        ),
    ).fetchone()
    return None if row is None or row[0] is None else (row[0], row[1])


def where_new(knowledge: Knowledge) -> tuple[str, list[object]]:
    """Return the condition of what is new to the run."""
    looked_at, params = _looked_at(knowledge)
    is_new, new_params = _is_new(knowledge)
    return f"{looked_at} AND {is_new}", [*params, *new_params]


def _looked_at(knowledge: Knowledge) -> tuple[str, list[object]]:
    text = "e.book_id = %s AND (e.sequence BETWEEN %s AND %s OR e.sequence BETWEEN %s AND %s)"
    before, after = knowledge.spans
    return text, [knowledge.book_id, *before, *after]


def _is_new(knowledge: Knowledge) -> tuple[str, list[object]]:
    text, params = "e.recorded_at <= %s", [knowledge.known_at]
    if knowledge.is_first:
        return text, [*params]
    text += " AND (e.sequence > %s OR e.recorded_at > %s)"
    return text, [*params, knowledge.after_sequence, knowledge.known_after]


def _new_events(connection: Connection[Any], knowledge: Knowledge, shard: int) -> pl.DataFrame:
    where, params = where_new(knowledge)
    return copy_out(
        connection,
        query=f"SELECT {', '.join(NEW_EVENT)} FROM ledger_event e"  # noqa: S608
        f" WHERE {where} AND mod(e.loan_id, %s) = %s",
        params=[*params, knowledge.shard_count, shard],
        schema=NEW_EVENT,
    )


def _payments(events: pl.DataFrame) -> pl.DataFrame:
    paid = events.filter(pl.col("kind") == Kind.PAYMENT_RECEIVED)
    return paid.select(c.PAYMENTS.names).sort(c.PAYMENTS.key)


def _facts_of(
    connection: Connection[Any],
    knowledge: Knowledge,
    *,
    loan_ids: pl.Series,
    new: pl.DataFrame,
    held: NewFacts | None = None,
) -> NewFacts:
    """Return the facts of loans that are new, or that the kernel can no longer fold as before."""
    if loan_ids.is_empty():
        return NewFacts()
    events = _known_events(connection, knowledge, loan_ids=loan_ids, new=new)
    begun = _begun(events)
    contracts = _contracts(connection, loan_ids=begun["loan_id"])
    terms = _terms(connection, contracts["terms_key"].unique().to_list())
    joined = contracts.join(begun, on="loan_id").sort("loan_id")
    expanded = expand(
        contracts=joined.with_columns(pl.col("disbursed_on").alias("start_on")).select(
            "loan_id",
            "loan_ref",
            "person_id",
            "terms_key",
            "start_on",
            "disbursed_on",
            "disbursed_minor",
            "is_plain",
            *_schedule_or_none(terms),
        ),
        terms=terms,
        held=held,
    )
    plain_ids = expanded.loans.filter("is_plain")["loan_id"]
    not_plain = joined.filter(~pl.col("loan_id").is_in(plain_ids.implode()))
    return NewFacts(
        loans=expanded.loans,
        dues=expanded.dues,
        rules=expanded.rules,
        payments=_payments(events.filter(pl.col("loan_id").is_in(plain_ids.implode()))),
        others=_others(connection, knowledge, contracts=not_plain, terms=terms),
    )


def _known_events(
    connection: Connection[Any], knowledge: Knowledge, *, loan_ids: pl.Series, new: pl.DataFrame
) -> pl.DataFrame:
    if knowledge.is_first:
        return new.filter(pl.col("loan_id").is_in(loan_ids.implode()))
    return copy_out(
        connection,
        query=f"SELECT {', '.join(NEW_EVENT)} FROM ledger_event e"  # noqa: S608
        " WHERE e.loan_id = ANY(%s) AND e.sequence <= %s AND e.recorded_at <= %s",
        params=(loan_ids.to_list(), knowledge.ledger_sequence, knowledge.known_at),
        schema=NEW_EVENT,
    )


def _begun(events: pl.DataFrame) -> pl.DataFrame:
    """Return each loan that has started: when, with how much, and whether its events are plain.

    Stated figures lie over a loan and do not make it less plain.
    """
    told = events.filter(pl.col("kind") != Kind.STATED)
    is_start = pl.col("kind").is_in(START_NAMES)
    is_plain_kind = pl.col("kind").is_in(PLAIN_NAMES) & (pl.col("channel") == "")
    starts = pl.col("effective_on").filter(is_start)
    return (
        told.lazy()
        .group_by("loan_id")
        .agg(
            starts.min().alias("disbursed_on"),
            pl.col("amount_minor").filter(is_start).sum().alias("disbursed_minor"),
            (
                is_plain_kind.all()
                & (starts.len() == 1)
                & (pl.col("effective_on").min() >= starts.min())
            ).alias("is_plain"),
        )
        .filter(pl.col("disbursed_on").is_not_null())
        .sort("loan_id")
        .collect()
    )


def _contracts(connection: Connection[Any], *, loan_ids: pl.Series) -> pl.DataFrame:
    with connection.transaction():
        return copy_out(
            connection,
            query="SELECT l.id, l.loan_ref, l.person_id, l.terms_id, l.principal_minor,"
            " l.start_on, s.due_on, s.principal_minor, s.interest_minor, s.fee_minor"
            " FROM loans_loan l LEFT JOIN loans_loanschedule s ON s.loan_id = l.id"
            " WHERE l.id = ANY(%s)",
            params=(loan_ids.to_list(),),
            schema=CONTRACT,
        )


def _terms(connection: Connection[Any], keys: list[str]) -> dict[str, Terms]:
    rows = connection.execute(
        "SELECT id::text, terms::text FROM loans_contractterms WHERE id = ANY(%s::bigint[])"
        " ORDER BY id",
        (keys,),
    ).fetchall()
    return {key: codec.decode_text(Terms, text) for key, text in rows}


def _schedule_or_none(terms: dict[str, Terms]) -> list[pl.Expr]:
    """Keep the lists of free schedules; a free loan without dues has empty ones."""
    free = [key for key, value in terms.items() if value.method is Method.FREE]
    is_free = pl.col("terms_key").is_in(free)
    return [
        pl.when(is_free).then(pl.col(name).fill_null(pl.lit([], dtype=CONTRACT[name]))).alias(name)
        for name in ("due_on", "principal_minor", "interest_minor", "fee_minor")
    ]


def _others(
    connection: Connection[Any],
    knowledge: Knowledge,
    *,
    contracts: pl.DataFrame,
    terms: dict[str, Terms],
) -> pl.DataFrame:
    if contracts.is_empty():
        return c.OTHERS.empty()
    columns = [
        "(extract(epoch FROM recorded_at) * 1000000)::bigint" if n == "recorded_at" else n
        for n in WHOLE_EVENT
    ]
    rows = copy_out(
        connection,
        query=f"SELECT {', '.join(columns)} FROM ledger_event"  # noqa: S608
        " WHERE loan_id = ANY(%s) AND sequence <= %s AND recorded_at <= %s AND kind <> 'stated'"
        " ORDER BY loan_id, sequence",
        params=(contracts["loan_id"].to_list(), knowledge.ledger_sequence, knowledge.known_at),
        schema=WHOLE_EVENT,
    )
    events: dict[int, list[Event]] = {loan_id: [] for loan_id in contracts["loan_id"]}
    for row in rows.iter_rows(named=True):
        events[row["loan_id"]].append(_event(row))
    made = [
        others.encode(
            loan_id=row["loan_id"],
            contract=_contract(row, knowledge, terms[row["terms_key"]]),
            events=events[row["loan_id"]],
        )
        for row in contracts.iter_rows(named=True)
    ]
    return pl.DataFrame(made, schema=c.OTHERS.schema).sort("loan_id")


def _event(row: dict[str, Any]) -> Event:
    typed = {"loan_id", "kind", "component", "change"}
    fields = {name: row[name] for name in row if name not in typed}
    component = Component(row["component"]) if row["component"] else None
    change = codec.decode_text(Change, row["change"]) if row["change"] else None
    return Event(kind=Kind(row["kind"]), component=component, change=change, **fields)


def _contract(row: dict[str, Any], knowledge: Knowledge, terms: Terms) -> Contract:
    if terms.method is Method.FREE and row["due_on"]:
        lists = (row[name] for name in ("due_on", "principal_minor", "interest_minor", "fee_minor"))
        dues = tuple(
            FreeDue(
                due_on=due_on, principal_minor=principal, interest_minor=interest, fee_minor=fee
            )
            for due_on, principal, interest, fee in zip(*lists, strict=True)
        )
        terms = replace(terms, free_dues=dues)
    return Contract(
        loan_ref=row["loan_ref"],
        currency=knowledge.currency,
        minor_digits=knowledge.minor_digits,
        principal_minor=row["principal_agreed_minor"],
        start_on=row["agreed_start_on"],
        terms=terms,
    )


def _stated(
    connection: Connection[Any],
    knowledge: Knowledge,
    *,
    shard: int,
    loan_ids: pl.Series,
    with_new: pl.DataFrame,
) -> pl.DataFrame:
    """Return what was stated anew; of loans taken in afresh, all that was stated."""
    has_new = (with_new["kind"] == Kind.STATED).any()
    afresh = [] if knowledge.is_first else loan_ids.to_list()
    if not has_new and not afresh:
        return c.STATED.empty()
    figures = ", ".join(f"(e.figures->>'{name}')::bigint" for name in _FIGURE_NAMES)
    told = f"SELECT e.loan_id, e.effective_on, e.sequence, {figures} FROM ledger_event e WHERE"  # noqa: S608
    parts: list[str] = []
    params: list[object] = []
    if has_new:
        where, params = where_new(knowledge)
        parts.append(f"{told} e.kind = 'stated' AND mod(e.loan_id, %s) = %s AND {where}")
        params = [knowledge.shard_count, shard, *params]
    if afresh:
        known = "e.sequence <= %s AND e.recorded_at <= %s"
        parts.append(f"{told} e.kind = 'stated' AND e.loan_id = ANY(%s) AND {known}")
        params += [afresh, knowledge.ledger_sequence, knowledge.known_at]
    rows = copy_out(
        connection,
        query=" UNION ".join(parts) + " ORDER BY 1, 2, 3",
        params=params,
        schema={"loan_id": pl.Int64, "stated_on": pl.Date, "sequence": pl.Int64}
        | dict.fromkeys(_FIGURE_NAMES, pl.Int64),
    )
    ordinal = pl.col("next_due_on") - ORDINAL_OF_EPOCH
    typed = rows.unique(["loan_id", "stated_on"], keep="last", maintain_order=True).with_columns(
        pl.when(pl.col("next_due_on") > 0).then(ordinal).cast(pl.Int32).cast(pl.Date),
        (pl.col("closed") == 1).alias("is_closed"),
    )
    return typed.select(pl.col(col.name).cast(col.dtype) for col in c.STATED.columns)


_FIGURE_NAMES = (
    "principal_outstanding_minor",
    "interest_outstanding_minor",
    "fee_outstanding_minor",
    "penalty_outstanding_minor",
    "overdue_minor",
    "days_past_due",
    "next_due_on",
    "unapplied_minor",
    "closed",
)
