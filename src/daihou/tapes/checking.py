"""Hold parsed rows to the canonical schemas and to each other.

Shape   ``conform`` checks one frame by its schema (dataframely); ``cross_check`` checks a whole
        tape. Both move bad rows to the errors and never touch a row by itself.
Errors  Codes of ``daihou.tapes.messages``. A loan's contract is its row and all its dues: if one
        of them is wrong, the others are ``row.held_back``, and so is what hangs on the loan.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import polars as pl

from daihou.core.terms import PeriodUnit, RatePer
from daihou.tapes import canonical
from daihou.tapes.findings import PLACE, errors_frame, with_errors
from daihou.tapes.parsing import Parsed
from daihou.tapes.protocol import Tape

NO_SCHEDULE = "loan.no_schedule"
RATE_DAYS = {RatePer.YEAR: 360, RatePer.MONTH: 28, RatePer.DAY: 1}
EARLY_PAYMENT = "payment.before_disbursement"
REPEATED = "row.repeated"


def shape(
    frame: str, raw: pl.DataFrame, *, number: int, columns: Mapping[str, Parsed | pl.Expr]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make canonical rows of a source's rows: values and error rows.

    ``columns`` gives each canonical column as something parsed (its error names the source's own
    column) or as a plain expression over the source's columns. What is left out stays empty.
    """
    blank = canonical.empty(frame).schema
    codes = {name: parsed for name, parsed in columns.items() if isinstance(parsed, Parsed)}
    values = {
        name: given.value if isinstance(given, Parsed) else given for name, given in columns.items()
    }
    parsed_rows = raw.select(
        pl.lit(number, dtype=pl.Int16).alias("source_no"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_row"),
        *(
            values.get(name, pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in blank.items()
            if name not in PLACE
        ),
        *(parsed.code.alias(f"!{name}") for name, parsed in codes.items()),
    )
    errors = [canonical.no_rows(canonical.Errors)]
    for name, parsed in codes.items():
        wrong = parsed_rows.filter(pl.col(f"!{name}").is_not_null())
        shown = wrong.with_columns(code=pl.col(f"!{name}"), column=pl.lit(parsed.column or name))
        errors.append(errors_frame(shown))
    bad = pl.concat(errors)
    clean = parsed_rows.join(bad, on=PLACE, how="anti", maintain_order="left")
    good, refused = conform(frame, clean)
    own = {name: parsed.column for name, parsed in codes.items() if parsed.column}
    return good, pl.concat([bad, refused.with_columns(pl.col("column").replace(own))])


def conform(frame: str, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split rows into those that keep the schema of ``frame`` and error rows of the others."""
    schema = canonical.FRAMES[frame]
    shaped = rows.select(
        pl.col(name).cast(dtype) for name, dtype in canonical.empty(frame).schema.items()
    )
    good, failure = schema.filter(shaped)
    counts = failure.counts()
    if not counts:
        return pl.DataFrame(good), canonical.no_rows(canonical.Errors)
    details = failure.details()
    found = []
    for rule in counts:
        column, code = canonical.code_of(schema=schema, rule=rule)
        failed = details.filter(pl.col(rule).cast(pl.String) == "invalid")
        found.append(errors_frame(failed, code=code, column=column))
    return pl.DataFrame(good), pl.concat(found)


def filled(rows: pl.DataFrame, *, frame: str) -> pl.DataFrame:
    """Bring rows to a frame's columns; those not given are empty."""
    given = set(rows.columns)
    return rows.select(
        (pl.col(name) if name in given else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in canonical.empty(frame).schema.items()
    )


def with_unscheduled(tape: Tape) -> Tape:
    """Owe the whole principal on no day in particular where a loan came without a schedule."""
    free = tape.loans.filter(pl.col("method") == "free")
    missing = free.join(tape.dues, on="loan_ref", how="anti", maintain_order="left")
    dues = missing.select(
        *PLACE,
        "loan_ref",
        "principal_minor",
        instalment_no=pl.lit(1),
        due_on=pl.lit(canonical.UNSCHEDULED_ON),
        interest_minor=pl.lit(0),
        fee_minor=pl.lit(0),
    )
    return tape.with_frames({"dues": pl.concat([tape.dues, filled(dues, frame="dues")])})


def cross_check(tape: Tape) -> Tape:
    """Check rows against each other: repeated keys, currencies, schedules and their loans."""
    tape = _without_repeats(tape)
    tape = with_errors(tape, [_mixed_currencies(tape), _beyond_64_bits(tape)])
    tape = with_errors(tape, _bad_dues(tape))
    tape = with_errors(tape, _bad_schedules(tape))
    tape = _hold_back(tape)
    lost = tape.dues.join(tape.loans, on="loan_ref", how="anti")
    tape = with_errors(tape, [errors_frame(lost, code="due.without_loan", column="loan_ref")])
    return replace(tape, notes=pl.concat([tape.notes, _early_payments(tape), _unscheduled(tape)]))


def refuse_currency(tape: Tape, *, currency: str) -> Tape:
    """Move loans in another currency than the book's to the errors, with all that is theirs."""
    wrong = tape.loans.filter(pl.col("currency") != currency)
    return _hold_back(
        with_errors(tape, [errors_frame(wrong, code="currency.wrong", column="currency")])
    )


def _without_repeats(tape: Tape) -> Tape:
    frames: dict[str, pl.DataFrame] = {}
    errors: list[pl.DataFrame] = []
    notes: list[pl.DataFrame] = []
    for name, keys in canonical.KEYS.items():
        frame = tape.frame(name)
        if frame.is_empty() or not (repeated := frame.select(keys).is_duplicated()).any():
            frames[name] = frame
            continue
        suspects = frame.filter(repeated)
        content = [column for column in frame.columns if column not in PLACE]
        first = suspects.unique(list(keys), keep="first", maintain_order=True)
        same = suspects.join(first.select(content), on=content, how="semi", nulls_equal=True)
        later = same.join(first, on=PLACE, how="anti")
        other = suspects.join(same, on=PLACE, how="anti")
        errors.append(errors_frame(other, code="key.conflict", column=keys[-1]))
        frames[name] = frame.join(pl.concat([later, other]).select(PLACE), on=PLACE, how="anti")
        if "loan_ref" in later.columns:
            notes.append(_notes(later, code=REPEATED))
    cleaned = replace(tape.with_frames(frames), notes=pl.concat([tape.notes, *notes]))
    return with_errors(cleaned, errors) if errors else cleaned


def _notes(
    rows: pl.DataFrame, *, code: str, on: str | None = None, amount: str | None = None
) -> pl.DataFrame:
    return rows.select(
        "loan_ref",
        code=pl.lit(code),
        effective_on=pl.lit(None, dtype=pl.Date) if on is None else pl.col(on),
        amount_minor=pl.lit(None, dtype=pl.Int64) if amount is None else pl.col(amount),
    )


def _mixed_currencies(tape: Tape) -> pl.DataFrame:
    counts = tape.loans.group_by("currency", maintain_order=True).len()
    if counts.height < 2:
        return canonical.no_rows(canonical.Errors)
    main = counts.sort("len", descending=True, maintain_order=True).item(0, "currency")
    other = tape.loans.filter(pl.col("currency") != main)
    return errors_frame(other, code="currency.mixed", column="currency")


def _bad_dues(tape: Tape) -> Iterable[pl.DataFrame]:
    loans = tape.loans.select("loan_ref", "disbursed_on", "kind_of_start", "method")
    dues = tape.dues.join(loans, on="loan_ref", how="inner", maintain_order="left")
    early = (pl.col("due_on") < pl.col("disbursed_on")) & (pl.col("kind_of_start") == "disbursed")
    yield errors_frame(dues.filter(early), code="due.before_disbursement", column="due_on")
    yield errors_frame(dues.filter(pl.col("method") != "free"), code="dues.not_free")
    in_order = tape.dues.sort("loan_ref", "instalment_no")
    previous = pl.col("due_on").shift(1)
    is_same_loan = pl.col("loan_ref") == pl.col("loan_ref").shift(1)
    unordered = in_order.filter(is_same_loan & (pl.col("due_on") <= previous))
    yield errors_frame(unordered, code="due.out_of_order", column="due_on")


def _bad_schedules(tape: Tape) -> Iterable[pl.DataFrame]:
    parts = ["principal_minor", "interest_minor", "fee_minor"]
    sums = tape.dues.group_by("loan_ref").agg(pl.col(parts).cast(pl.Int128).sum())
    total = pl.sum_horizontal(parts)
    free = tape.loans.filter(pl.col("method") == "free").select(
        *PLACE, "loan_ref", agreed=pl.col("principal_minor")
    )
    compared = free.join(sums, on="loan_ref", how="inner")
    large = compared.filter(total > canonical.INT64_MAX)
    yield errors_frame(large, code="amount.sum_too_large", column="principal_minor")
    differs = compared.filter(
        (pl.col("principal_minor") != pl.col("agreed")) & (total <= canonical.INT64_MAX)
    )
    yield errors_frame(differs, code="schedule.sum_differs", column="principal_minor")


def _beyond_64_bits(tape: Tape) -> pl.DataFrame:
    """Refuse planned loans whose dues may not fit 64 bits, by a bound that no schedule exceeds.

    No more is owed at once than was paid out, so interest is at most principal by rate by time;
    the bound is twice that. It is a width check only, hence the float.
    """
    per_day = pl.col("rate").cast(pl.Float64) / pl.col("rate_per").replace_strict(
        RATE_DAYS, default=1, return_dtype=pl.Float64
    )
    period_days = pl.col("unit").fill_null(PeriodUnit.MONTH).replace_strict(
        canonical.UNIT_DAYS, return_dtype=pl.Int64
    ) * pl.col("every").fill_null(1)
    planned_days = pl.col("instalment_count").fill_null(1) * period_days
    first_days = (pl.col("first_due_on") - pl.col("disbursed_on")).dt.total_days().fill_null(0)
    interest = pl.col("principal_minor") * per_day * (planned_days + first_days)
    fees = pl.col("instalment_fee_minor").fill_null(0) * pl.col("instalment_count").fill_null(1)
    bound = 2 * (pl.col("principal_minor") + interest + fees.cast(pl.Float64))
    large = tape.loans.filter((pl.col("method") != "free") & (bound > canonical.INT64_MAX))
    return errors_frame(large, code="amount.sum_too_large", column="principal_minor")


def _hold_back(tape: Tape) -> Tape:
    """Hold back what belongs to a loan whose contract has a bad row."""
    refs = _refs_of_bad_contracts(tape)
    if refs.is_empty():
        return tape
    held = [
        errors_frame(
            tape.frame(name).filter(pl.col("loan_ref").is_in(refs.implode())),
            code="row.held_back",
            column="loan_ref",
        )
        for name in ("loans", "dues", "payments", "events", "stated")
    ]
    return with_errors(tape, held)


def _refs_of_bad_contracts(tape: Tape) -> pl.Series:
    """Look up the loan references of rejected loan and due rows in the sources themselves."""
    refs = [pl.Series(dtype=pl.String)]
    for number, source in enumerate(tape.sources):
        column = source.contract_ref
        if column is None:
            continue
        bad = tape.errors.filter(pl.col("source_no") == number).get_column("source_row").unique()
        places = bad.filter(bad.is_between(1, source.rows.height)) - 1
        refs.append(source.rows.get_column(column)[places].cast(pl.String).str.strip_chars())
    return pl.concat(refs).drop_nulls().unique()


def _early_payments(tape: Tape) -> pl.DataFrame:
    loans = tape.loans.select("loan_ref", "disbursed_on")
    early = tape.payments.join(loans, on="loan_ref", how="inner", maintain_order="left").filter(
        pl.col("effective_on") < pl.col("disbursed_on")
    )
    return _notes(early, code=EARLY_PAYMENT, on="effective_on", amount="amount_minor")


def _unscheduled(tape: Tape) -> pl.DataFrame:
    dated = tape.dues.filter(pl.col("due_on") < canonical.UNSCHEDULED_ON)
    free = tape.loans.filter(pl.col("method") == "free")
    missing = free.join(dated.select("loan_ref").unique(), on="loan_ref", how="anti")
    return _notes(missing, code=NO_SCHEDULE, on="disbursed_on", amount="principal_minor")
