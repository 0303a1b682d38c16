"""Put a tape's contracts into the book: new loans are added, known ones compared, none changed.

Errors  Rows of ``canonical.Errors``: ``book.wrong_currency``, ``calendar.unknown``, ``terms.*`` of
        core, ``accrual.too_wide`` where a penalty would not fit 64 bits. A loan whose contract
        differs from the one we hold is ``loan.changed`` and a drift.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg import Connection

from daihou.core import codec
from daihou.core.terms import Method, Terms, TermsRefused
from daihou.tapes.contracts import Calendars
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.facts import SCHEDULE
from daihou.web.ledger.models import Book
from daihou.web.ledger.products_in import put_versions
from daihou.web.loans.agreed import (
    TERMS_COLUMNS,
    agreed_terms,
    check_shifted,
    product_terms,
    widest_amounts,
)

AGREED = ("terms_id", "agreed_minor", "start_on", *SCHEDULE)
_OF_TERMS = dict.fromkeys(
    ("terms_id", "product_terms_id", "largest_minor", "widest_minor"), pl.Int64
)
CALENDAR_CODES = ("calendar.unknown", "terms.shift_without_calendar", "terms.due_dates_meet")
ERROR_COLUMNS = ("source_no", "source_row", "column", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractsPut:
    """``loans`` names every loan the tape may speak of: ``loan_ref``, ``loan_id``."""

    loans: pl.DataFrame
    errors: pl.DataFrame
    new_count: int
    known_count: int
    drifts: pl.DataFrame  # loan_id, fields


def put_contracts(
    connection: Connection[Any],
    *,
    book: Book,
    contracts: pl.DataFrame,
    parties: pl.DataFrame,
    calendars: Calendars,
) -> ContractsPut:
    """Add what is new. ``parties`` maps ``reference`` to ``party_id``."""
    known = _known_loans(connection, book)
    checked = _with_faults(_with_terms(connection, contracts, calendars), book)
    good = checked.filter(pl.col("code").is_null())
    bad = checked.filter(pl.col("code").is_not_null())
    joined = good.join(known, on="loan_ref", how="left", maintain_order="left")
    new = joined.filter(pl.col("loan_id").is_null())
    repeated = joined.filter(pl.col("loan_id").is_not_null())
    drifts = _drifts(connection, book=book, repeated=repeated)
    added = _insert(connection, book=book, new=new, parties=parties)
    changed = repeated.join(drifts, on="loan_id").with_columns(
        pl.col("fields").list.first().alias("column"), pl.lit("loan.changed").alias("code")
    )
    errors = [frame.select(ERROR_COLUMNS) for frame in (bad, changed)]
    return ContractsPut(
        loans=pl.concat([known, added]),
        errors=pl.concat(errors),
        new_count=added.height,
        known_count=repeated.height,
        drifts=drifts,
    )


def _known_loans(connection: Connection[Any], book: Book) -> pl.DataFrame:
    return copy_out(
        connection,
        query="SELECT loan_ref, id FROM loans_loan WHERE book_id = %s",
        params=(book.pk,),
        schema={"loan_ref": pl.String, "loan_id": pl.Int64},
    )


def _with_terms(
    connection: Connection[Any], contracts: pl.DataFrame, calendars: Calendars
) -> pl.DataFrame:
    """Add what follows from the terms, or ``column`` and ``code`` where they are refused.

    Terms are stored once each; ``product_terms_id`` is without what is a loan's own.
    """
    distinct = contracts.select(TERMS_COLUMNS).unique(maintain_order=True)
    rows = [_built_terms(row, calendars) for row in distinct.iter_rows(named=True)]
    terms = [found for found, _ in rows if found is not None]
    ids = _store_terms(connection, [*terms, *map(product_terms, terms)])
    known = [
        (None,) * len(_OF_TERMS)
        if found is None
        else (ids[found], ids[product_terms(found)], *widest_amounts(found))
        for found, _ in rows
    ]
    told = pl.DataFrame(known, schema=_OF_TERMS, orient="row").with_columns(
        pl.Series("code", [code for _, code in rows], pl.String)
    )
    joined = contracts.join(
        pl.concat([distinct, told], how="horizontal"),
        on=TERMS_COLUMNS,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    return _with_shift_faults(joined, {ids[found]: found for found in terms})


def _built_terms(row: dict[str, Any], calendars: Calendars) -> tuple[Terms | None, str | None]:
    try:
        return agreed_terms(row=row, calendars=calendars), None
    except TermsRefused as refused:
        return None, refused.code


def _with_shift_faults(contracts: pl.DataFrame, terms: dict[int, Terms]) -> pl.DataFrame:
    """Refuse loans whose instalments, moved off holidays, would meet: that depends on the start."""
    shifted = [terms_id for terms_id, item in terms.items() if item.calendar is not None]
    if not shifted:
        return contracts
    places = contracts.filter(pl.col("terms_id").is_in(shifted))
    starts = places.select("terms_id", "start_on").unique(maintain_order=True)
    codes = [
        check_shifted(terms=terms[terms_id], start_on=on) for terms_id, on in starts.iter_rows()
    ]
    found = starts.with_columns(pl.Series("shift_code", codes, pl.String))
    joined = contracts.join(found, on=["terms_id", "start_on"], how="left", maintain_order="left")
    return joined.with_columns(code=pl.coalesce("code", "shift_code")).drop("shift_code")


def _store_terms(connection: Connection[Any], terms: list[Terms]) -> dict[Terms, int]:
    digests = {codec.digest(item): item for item in terms}
    rows = pl.DataFrame(
        {
            "digest": ["\\x" + digest for digest in digests],
            "terms": [codec.canonical_text(item) for item in digests.values()],
        },
        schema={"digest": pl.String, "terms": pl.String},
    )
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE staged_terms (digest bytea, terms jsonb) ON COMMIT DROP")
        copy_in(connection, table="staged_terms", frame=rows)
        cursor.execute(
            "INSERT INTO loans_contractterms (digest, terms) SELECT digest, terms"
            " FROM staged_terms ORDER BY digest ON CONFLICT (digest) DO NOTHING"
        )
        cursor.execute(
            "SELECT encode(digest, 'hex'), t.id FROM loans_contractterms t"
            " JOIN staged_terms USING (digest)"
        )
        found = {digests[digest]: terms_id for digest, terms_id in cursor.fetchall()}
        cursor.execute("DROP TABLE staged_terms")
    return found


def _with_faults(contracts: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Set ``column`` and ``code`` where a contract cannot be taken in."""
    is_free = pl.col("method") == Method.FREE
    has_dues = pl.col("due_on").is_not_null()
    gaps_days = pl.col("due_on").cast(pl.List(pl.Int32)).list.diff(null_behavior="drop")
    faults = {
        ("currency", "book.wrong_currency"): pl.col("currency") != book.currency,
        ("minor_digits", "book.wrong_currency"): pl.col("minor_digits") != book.minor_digits,
        ("method", "terms.free_dues_unexpected"): has_dues & ~is_free,
        ("principal_minor", "terms.free_dues_not_principal"): has_dues
        & (pl.col("principal_minor").list.sum() != pl.col("agreed_minor")),
        ("due_on", "terms.free_dues_not_increasing"): has_dues & (gaps_days.list.min() <= 0),
        ("due_on", "terms.due_before_start"): has_dues
        & (pl.col("kind_of_start") == "disbursed")
        & (pl.col("due_on").list.first() < pl.col("start_on")),
        ("balloon_minor", "terms.balloon_beyond_principal"): pl.col("balloon_minor").fill_null(0)
        > pl.col("agreed_minor"),
        ("first_due_on", "terms.due_before_start"): pl.col("first_due_on") <= pl.col("start_on"),
        ("principal_minor", "schedule.too_large"): pl.col("agreed_minor") > pl.col("largest_minor"),
        ("principal_minor", "accrual.too_wide"): _widest_minor() > pl.col("widest_minor"),
    }
    refused = pl.col("code").is_not_null()
    is_of_calendar = pl.col("code").is_in(CALENDAR_CODES)
    named = pl.when(is_of_calendar).then(pl.lit("calendar")).otherwise(pl.lit("method"))
    columns = [pl.when(refused).then(named)]
    codes = [pl.col("code")]
    for (column, code), holds in faults.items():
        columns.append(pl.when(holds).then(pl.lit(column)))
        codes.append(pl.when(holds).then(pl.lit(code)))
    return contracts.with_columns(
        pl.coalesce(columns).alias("column"), pl.coalesce(codes).alias("code")
    )


def _widest_minor() -> pl.Expr:
    """Return what penalty or compound interest of a loan may at most accrue on."""
    return pl.max_horizontal("agreed_minor", pl.col("interest_minor").list.max())


def _insert(
    connection: Connection[Any], *, book: Book, new: pl.DataFrame, parties: pl.DataFrame
) -> pl.DataFrame:
    ids = _next_ids(connection, new.height)
    new = new.with_columns(ids)
    party_ids = dict(parties.select("reference", "party_id").iter_rows())
    products = _products(connection, book=book, codes=new["product_code"])
    new = put_versions(connection, loans=new, products=products)

    def mapped(column: str, ids: dict[str, int]) -> pl.Expr:
        names = pl.col(column)
        return (
            names.replace_strict(ids, default=None, return_dtype=pl.Int64)
            if ids
            else pl.lit(None, pl.Int64)
        )

    rows = new.select(
        pl.col("loan_id").alias("id"),
        pl.lit(book.pk).alias("book_id"),
        "loan_ref",
        (pl.col("loan_id") % book.shard_count).alias("shard"),
        mapped("party_ref", party_ids).alias("person_id"),
        mapped("creditor", party_ids).alias("creditor_id"),
        mapped("funder", party_ids).alias("funder_id"),
        mapped("product_code", products).alias("product_id"),
        "product_version_id",
        "terms_id",
        pl.col("agreed_minor").alias("principal_minor"),
        "start_on",
        "source_tag",
    )
    copy_in(connection, table="loans_loan", frame=rows)
    scheduled = new.filter(pl.col("due_on").is_not_null())
    copy_in(
        connection,
        table="loans_loanschedule",
        frame=scheduled.select("loan_id", *(_array_text(name) for name in SCHEDULE)),
    )
    return new.select("loan_ref", "loan_id")


def _next_ids(connection: Connection[Any], count: int) -> pl.Series:
    rows = connection.execute(
        "SELECT nextval(pg_get_serial_sequence('loans_loan', 'id')) FROM generate_series(1, %s)",
        (count,),
    ).fetchall()
    return pl.Series("loan_id", [row[0] for row in rows], pl.Int64)


def _products(connection: Connection[Any], *, book: Book, codes: pl.Series) -> dict[str, int]:
    names = codes.drop_nulls().unique().sort().to_list()
    connection.execute(
        "INSERT INTO loans_product (book_id, code, name) SELECT %s, code, code"
        " FROM unnest(%s::text[]) code ON CONFLICT (book_id, code) DO NOTHING",
        (book.pk, names),
    )
    query = "SELECT code, id FROM loans_product WHERE book_id = %s AND code = ANY(%s)"
    return dict(connection.execute(query, (book.pk, names)).fetchall())


def _array_text(name: str) -> pl.Expr:
    texts = pl.col(name).list.eval(pl.element().cast(pl.String)).list.join(",")
    return pl.format("{}{}{}", pl.lit("{"), texts, pl.lit("}")).alias(name)


def _drifts(connection: Connection[Any], *, book: Book, repeated: pl.DataFrame) -> pl.DataFrame:
    """Name the fields in which a loan told again differs from the one held."""
    nothing = pl.DataFrame(schema={"loan_id": pl.Int64, "fields": pl.List(pl.String)})
    if repeated.is_empty():
        return nothing
    told = repeated.select(
        "loan_id", "terms_id", "agreed_minor", "start_on", *(_array_text(n) for n in SCHEDULE)
    )
    held = copy_out(
        connection,
        query="SELECT l.id, terms_id, l.principal_minor, start_on, s.due_on, s.principal_minor,"
        " s.interest_minor, s.fee_minor FROM loans_loan l"
        " LEFT JOIN loans_loanschedule s ON s.loan_id = l.id WHERE book_id = %s",
        params=(book.pk,),
        schema=dict(told.schema),
    )
    both = told.join(held, on="loan_id", suffix="_held")
    differing = [
        pl.when(pl.col(name).ne_missing(pl.col(f"{name}_held"))).then(pl.lit(_field_name(name)))
        for name in AGREED
    ]
    named = both.select("loan_id", pl.concat_list(differing).list.drop_nulls().alias("fields"))
    return named.filter(pl.col("fields").list.len() > 0).sort("loan_id")


def _field_name(name: str) -> str:
    return {"terms_id": "terms", "agreed_minor": "principal_minor"}.get(name, name)
