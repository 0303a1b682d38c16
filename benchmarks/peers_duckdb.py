"""The night of the generated book in SQL, set by set; see ``peers`` for what it stands for.

``MONEY`` brings each touched loan's instalments to the day its payment counts for (a later night's
penalty is taken back), spends the payment in the order in force, and accrues on through the day.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

RESULTS = ("dues", "loans", "positions", "events")

TOUCHED = """
create or replace temp table touched as
select l.*, coalesce(t.effective_on, $day) as at_on, coalesce(t.amount_minor, 0) as money,
       t.loan_id is not null as is_told
from {loans} l left join {told} t using (loan_id)
where t.loan_id is not null or l.next_change_on <= $day
"""

MONEY = """
create or replace temp table rows_now as
with open_then as (
    select d.*, t.at_on, t.money,
           principal_due_minor - principal_paid_minor as principal,
           interest_due_minor - interest_paid_minor as interest,
           fee_due_minor - fee_paid_minor as fee,
           greatest(0, t.at_on - due_on - $grace) as days_then,
           greatest(0, $day - due_on - $grace) as days_now,
           penalty_due_minor + daily(principal_due_minor - principal_paid_minor)
               * (greatest(0, t.at_on - due_on - $grace)
                  - greatest(0, accrued_through_on - due_on - $grace)) as penalty_then
    from {dues} d join touched t using (loan_id)
), owed as (
    select *, penalty_then - penalty_paid_minor as penalty,
           case when due_on <= at_on
                then principal + interest + fee + penalty_then - penalty_paid_minor
                else 0 end as due_then,
           coalesce(at_on - min(case when principal + interest + fee > 0 then due_on end)
               over (partition by loan_id) >= $late_from, false) as is_late
    from open_then
), shared as (
    select *, least(due_then, greatest(0, money + due_then - sum(due_then) over (
        partition by loan_id order by instalment_no rows unbounded preceding))) as taken
    from owed
), first_step as (
    select *, case when is_late then least(taken, principal) else least(taken, fee) end as one,
           case when is_late then interest else penalty end as second,
           case when is_late then penalty else interest end as third
    from shared
), steps as (
    select *, least(taken - one, second) as two,
           least(taken - one - least(taken - one, second), third) as three
    from first_step
), parts as (
    select *, case when is_late then one else taken - one - two - three end as to_principal,
           case when is_late then two else three end as to_interest,
           case when is_late then three else two end as to_penalty,
           case when is_late then taken - one - two - three else one end as to_fee
    from steps
)
select loan_id, instalment_no, start_on, due_on, principal_due_minor, interest_due_minor,
       fee_due_minor,
       penalty_then + daily(principal - to_principal) * (days_now - days_then)
           as penalty_due_minor,
       principal_paid_minor + to_principal as principal_paid_minor,
       interest_paid_minor + to_interest as interest_paid_minor,
       fee_paid_minor + to_fee as fee_paid_minor,
       penalty_paid_minor + to_penalty as penalty_paid_minor,
       case when taken > 0 and taken = principal + interest + fee + penalty
            then at_on else paid_on end as paid_on,
       taken
from parts
"""

FACTS = """
create or replace temp table facts as
with left_now as (
    select loan_id, start_on, due_on, taken, principal_due_minor, principal_paid_minor,
           interest_due_minor, interest_paid_minor,
           principal_due_minor - principal_paid_minor as principal,
           interest_due_minor - interest_paid_minor as interest,
           fee_due_minor - fee_paid_minor as fee,
           penalty_due_minor - penalty_paid_minor as penalty,
           principal_due_minor - principal_paid_minor + interest_due_minor - interest_paid_minor
               + fee_due_minor - fee_paid_minor as ages,
           principal + interest + fee + penalty as open
    from rows_now
), summed as (
    select loan_id, sum(taken) as taken, sum(open) as open, sum(principal) as principal_left,
           min(due_on) filter (ages > 0) as oldest, min(due_on) as first_due,
           max(due_on) as last_due, min(due_on) filter (due_on >= $day) as coming,
           coalesce(sum(principal) filter (due_on < $day), 0) as overdue_principal_minor,
           coalesce(sum(interest) filter (due_on < $day), 0) as overdue_interest_minor,
           coalesce(sum(fee) filter (due_on < $day), 0) as overdue_fee_minor,
           coalesce(sum(penalty) filter (due_on < $day), 0) as overdue_penalty_minor,
           min(due_on) filter (due_on >= $day and open > 0) as next_due_on,
           coalesce(arg_min(open, due_on) filter (due_on >= $day and open > 0), 0)
               as next_due_minor,
           coalesce(sum(greatest(0, (2 * interest_due_minor * ($day - start_on)
                   + (due_on - start_on)) // (2 * (due_on - start_on)) - interest_paid_minor))
               filter (start_on < $day and $day < due_on), 0) as accrued_interest_minor
    from left_now group by loan_id
)
select t.loan_id, t.loan_ref, t.person_id, t.disbursed_on, t.disbursed_minor, t.is_told,
       t.closed_on as known_closed, t.oldest_unpaid_due_on as known_oldest, s.* exclude (loan_id),
       case when t.is_told then greatest(coalesce(t.last_paid_on, t.at_on), t.at_on)
            else t.last_paid_on end as last_paid,
       t.unapplied_minor + t.money - s.taken as unapplied,
       coalesce(t.closed_on, case when s.open = 0 and s.taken > 0 then t.at_on end) as closed,
       greatest(0, coalesce($day - s.oldest, 0)) as days_past_due
from touched t join summed s using (loan_id)
"""

SELECTS = {
    "dues": "select * exclude (taken) from rows_now order by loan_id, instalment_no",
    "loans": """
select loan_id, oldest as oldest_unpaid_due_on, last_paid as last_paid_on, closed as closed_on,
       unapplied as unapplied_minor, principal_left as principal_outstanding_minor,
       case when closed is null and oldest is not null then least(
           oldest + cast(boundary($day - oldest) as integer), coming + 1) end as next_change_on
from facts order by loan_id
""",
    "positions": """
with all_touched as (
    select *, max(days_past_due) over (partition by loan_id % $shards, person_id) as of_person
    from facts
)
select loan_id, loan_ref, person_id, bucket(days_past_due) as bucket_no, days_past_due,
       oldest as oldest_unpaid_due_on,
       overdue_principal_minor + overdue_interest_minor + overdue_fee_minor
           + overdue_penalty_minor as overdue_minor,
       overdue_principal_minor, overdue_interest_minor, overdue_fee_minor, overdue_penalty_minor,
       principal_left as principal_outstanding_minor, unapplied as unapplied_minor,
       accrued_interest_minor, next_due_on, next_due_minor, disbursed_on, disbursed_minor,
       of_person as person_days_past_due
from all_touched where days_past_due > 0 order by loan_id
""",
    "events": """
with seen as (
    select *, bucket($day - 1 - known_oldest) as was, bucket($day - oldest) as now from facts
), raised as (
    select loan_id, case when was = 0 then 'entered_bucket' when now = 0 then 'cured'
           else 'rolled' end as kind, was as from_bucket, now as to_bucket, oldest
    from seen where was <> now
    union all select loan_id, 'first_payment_missed', 0, 1, oldest
    from seen where $day = first_due + 1 and oldest = first_due
    union all select loan_id, 'matured_unpaid', now, now, oldest
    from seen where $day = last_due + 1 and oldest is not null
    union all select loan_id, 'closed', 0, 0, null
    from seen where closed is not null and known_closed is null
)
select loan_id, kind, from_bucket, to_bucket, oldest as oldest_unpaid_due_on
from raised order by loan_id, kind
""",
}


def macros(numerator: int, denominator: int) -> list[str]:
    """Return the arithmetic of a day's penalty and of buckets."""
    bodies = {
        "daily(unpaid)": f"(2 * unpaid * {numerator} + {denominator}) // (2 * {denominator})",
        "bucket(days)": "least(7, (greatest(0, coalesce(days, 0)) + 29) // 30)",
        "boundary(days)": """case when days < 1 then 1 when days > 180 then null
            else ((days + 29) // 30) * 30 + 1 end""",
    }
    return [f"create or replace macro {name} as {body}" for name, body in bodies.items()]


def source(paths: list[str]) -> str:
    """Return the table function that reads these files."""
    return f"read_parquet({paths!r})"


def run(
    connection: duckdb.DuckDBPyConnection,
    *,
    sources: Mapping[str, str],
    values: Mapping[str, object],
    into: Path | None,
) -> None:
    """Run the night; write its four results as Parquet, or make tables of them."""
    for statement in (TOUCHED, MONEY, FACTS):
        text = statement.format(**sources)
        used = {name: value for name, value in values.items() if f"${name}" in text}
        connection.execute(text, used)
    for name in RESULTS:
        used = {key: value for key, value in values.items() if f"${key}" in SELECTS[name]}
        connection.execute(f"create or replace temp table {name}_out as {SELECTS[name]}", used)
        if into is not None:
            path = into / f"{name}.parquet"
            connection.execute(f"copy {name}_out to '{path}' (format parquet, codec zstd)")
