"""The plan of a day as a file: each team, channel and count."""

from collections.abc import Iterator

import polars as pl

from daihou.web.access.models import User
from daihou.web.accounting.exports import as_csv
from daihou.web.audit import operations as audit
from daihou.web.cases.day_plans import counts_of
from daihou.web.cases.models import DayPlan, Team
from daihou.web.supervision.exports import FORMULA

COLUMNS = ("book", "on", "at", "team", "channel", "count_of", "detail", "cases")


def export(*, plan: DayPlan, acting_user: User) -> bytes:
    """Give the file as CSV; that it was taken is noted."""
    rows = pl.DataFrame(
        list(_rows(plan)),
        schema=dict.fromkeys(COLUMNS, pl.String) | {"cases": pl.Int64},
        orient="row",
    ).with_columns(pl.col("team").str.replace(FORMULA, "'${0}"))
    audit.record(
        acting_user=acting_user,
        action="supervision.export",
        target_type="book",
        target_id=plan.book_id,
        details={"rows": rows.height, "on": plan.on.isoformat()},
    )
    return as_csv(rows)


def _rows(plan: DayPlan) -> Iterator[tuple[object, ...]]:
    names = dict(Team.objects.values_list("pk", "name"))
    for team in sorted(plan.counts, key=int):
        for channel, counts in counts_of(plan=plan, team_id=int(team)).items():
            head = (
                plan.book.name,
                plan.on.isoformat(),
                plan.at.isoformat(),
                names.get(int(team), ""),
                channel.value,
            )
            yield (*head, "now", "", counts.now)
            for hour, count in sorted(counts.later.items()):
                yield (*head, "later", hour, count)
            yield (*head, "not_today", "", counts.not_today)
            yield (*head, "nowhere", "", counts.nowhere)
            for rule_id, count in counts.by_rule.most_common():
                yield (*head, "by_rule", rule_id, count)
