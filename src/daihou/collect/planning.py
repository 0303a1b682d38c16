"""Decide one kind of contact for very many persons at once: the guard over columns.

Units   As ``requests`` and ``facts``; instants are UTC columns, days are the persons' own.
Shape   ``planning_columns.People`` in, one row per person out, in their order. Debtors only:
        whoever else is to be reached is decided one by one.
Errors  ``PlanningRefused`` before anything is computed.
Twin    ``guard.decide`` says the same of each; ``tests/collect/test_planning.py`` holds them equal.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl

from daihou.collect._case import Case, case_of
from daihou.collect._planning_rules import MANY, Scope, cap
from daihou.collect._times import start_of_day, zone_named
from daihou.collect.facts import Debt, Facts, Limitation
from daihou.collect.guard import CHECKS
from daihou.collect.packs import ONE_DAY, Kind, Rule, RuleSet
from daihou.collect.planning_columns import COLUMNS, INSTANT, People, PlanningRefused
from daihou.collect.requests import Recipient, Request


def decide_many(*, asked: Request, people: People, rules: RuleSet) -> pl.DataFrame:
    """Decide the same request for everybody, each with her own number and debts.

    Of ``asked`` the keys are replaced by each person's own. Returns ``person_key``, ``is_allowed``,
    ``refused_by`` (rule ids in order) and, for each cap that binds, ``left:`` with its id.

    :raises PlanningRefused: ``planning.columns_wrong``, ``planning.not_a_debtor``,
        ``planning.other_law``.
    """
    _check(asked, people, rules)
    everybody = _everybody(asked, people)
    days = everybody["first_zone_day"].unique().drop_nulls().sort().to_list()
    parts = [_unplaced(everybody)]
    for day in days:
        group = everybody.filter(pl.col("first_zone_day") == day)
        parts.append(_decide_group(group, asked, people, rules, day))
    return pl.concat(parts, how="diagonal").sort("row").drop("row")


def plan_day(*, on: date, asked: Request, people: People, rules: RuleSet) -> pl.DataFrame:
    """Decide for everybody at the first instant of her day at which hours allow the contact.

    Adds ``at``, that instant, to what ``decide_many`` returns; whoever has no such instant, or is
    nowhere known, is decided at the first of her day, and refused.

    :raises PlanningRefused: as ``decide_many``.
    """
    _check(asked, people, rules)
    names = people.persons["time_zones"].unique().to_list()
    opens = {name: _opens_at(name, on, asked, people, rules) for name in names}
    parts = []
    for moment in sorted(set(opens.values())):
        there = [name for name, at in opens.items() if at == moment]
        some = people.persons.with_row_index("place").filter(pl.col("time_zones").is_in(there))
        found = decide_many(
            asked=replace(asked, at=moment),
            people=replace(people, persons=some.drop("place")),
            rules=rules,
        )
        at = pl.lit(moment).cast(INSTANT).alias("at")
        parts.append(found.with_columns(some["place"], at))
    return pl.concat(parts, how="diagonal").sort("place").drop("place")


def _check(asked: Request, people: People, rules: RuleSet) -> None:
    if asked.recipient is not Recipient.DEBTOR:
        raise PlanningRefused("planning.not_a_debtor", asked.recipient.value)
    if rules.jurisdiction != people.jurisdiction:
        raise PlanningRefused("planning.other_law", people.jurisdiction)
    for name, columns in COLUMNS.items():
        frame: pl.DataFrame = getattr(people, name)
        if {**frame.schema} != {**columns}:
            raise PlanningRefused("planning.columns_wrong", name)


def _everybody(asked: Request, people: People) -> pl.DataFrame:
    """Give each person a row number and the days where she may be."""
    names = people.persons["time_zones"].unique().to_list()
    at = asked.at.astimezone(UTC)
    days = {name: _days(name, at) for name in names}
    placed = pl.DataFrame(
        {
            "time_zones": names,
            "first_zone_day": [found[0] if found else None for found in days.values()],
            "first_day": [min(found) if found else None for found in days.values()],
            "last_day": [max(found) if found else None for found in days.values()],
        },
        schema={
            "time_zones": pl.String,
            "first_zone_day": pl.Date,
            "first_day": pl.Date,
            "last_day": pl.Date,
        },
    )
    return people.persons.with_row_index("row").join(
        placed, on="time_zones", how="left", maintain_order="left"
    )


def _days(names: str, at: datetime) -> list[date]:
    zones = [zone_named(name) for name in names.split(",")]
    return [at.astimezone(zone).date() for zone in zones if zone] if all(zones) else []


def _unplaced(everybody: pl.DataFrame) -> pl.DataFrame:
    """Refuse whoever is nowhere known."""
    return everybody.filter(pl.col("first_zone_day").is_null()).select(
        "row",
        "person_key",
        pl.lit(value=False).alias("is_allowed"),
        pl.lit(["GUARD-ZONE"], dtype=pl.List(pl.String)).alias("refused_by"),
    )


def _decide_group(
    group: pl.DataFrame, asked: Request, people: People, rules: RuleSet, day: date
) -> pl.DataFrame:
    scope = _scope(group, asked, people)
    refusals: dict[str, pl.Series] = {}
    lefts: dict[str, pl.Series] = {}
    without = ~scope.having(scope.debts["row"])
    if rules.missing(on=day):
        refusals["GUARD-RULES"] = scope.everybody_if(holds=True)
    refusals["GUARD-DEBT"] = without
    for rule in rules.in_force(on=day):
        asks = rule.binds(channel=asked.channel, purpose=asked.purpose, recipient=asked.recipient)
        if not asks or rule.kind not in CHECKS:
            continue
        bound = _bound(scope, rule) & ~without
        if rule.kind is Kind.CAP:
            found, left = cap(scope, rule)
            lefts[f"left:{rule.rule_id}"] = left.set(~bound, None)
        else:
            found = MANY[rule.kind](scope, rule)
        refusals[rule.rule_id] = found & bound
    return _together(scope, refusals, lefts)


def _scope(group: pl.DataFrame, asked: Request, people: People) -> Scope:
    debts = people.debts.join(group.select("person_key", "row", "first_day"), on="person_key")
    return Scope(
        asked=asked,
        at=asked.at.astimezone(UTC),
        people=people,
        persons=group,
        debts=debts,
        cases={name: _empty_case(name, asked, people) for name in group["time_zones"].unique()},
        rows=group["row"],
    )


def _empty_case(names: str, asked: Request, people: People) -> Case:
    """Make a case of a place: what is the same for everybody there is asked of the guard."""
    zones = [zone_named(name) for name in names.split(",")]
    debt = Debt(
        key=asked.debt_keys[0],
        due_minor=0,
        overdue_minor=0,
        days_past_due=0,
        limitation=Limitation.RUNNING,
    )
    facts = Facts(
        jurisdiction=people.jurisdiction,
        time_zones=tuple(names.split(",")),
        time_zone_source="",
        business_date=people.business_date,
        figures_as_of=None,
        debts=(debt,),
        bases=(),
        attempts=(),
        attempts_from=people.attempts_from,
    )
    return case_of(request=asked, facts=facts, zones=[zone for zone in zones if zone])


def _bound(scope: Scope, rule: Rule) -> pl.Series:
    """Say whom a rule binds by the class of her debts."""
    if not rule.not_for and not rule.only_for:
        return scope.everybody_if(holds=True)
    fits = ~pl.col("product_class").is_in(sorted(rule.not_for))
    if rule.only_for:
        fits &= pl.col("product_class").is_in(sorted(rule.only_for))
    return scope.having(scope.debts.filter(fits)["row"])


def _together(
    scope: Scope, refusals: Mapping[str, pl.Series], lefts: Mapping[str, pl.Series]
) -> pl.DataFrame:
    frame = pl.DataFrame({"row": scope.rows, "person_key": scope.persons["person_key"]})
    frame = frame.with_columns(*(series.alias(name) for name, series in refusals.items()))
    is_refused = pl.any_horizontal(list(refusals)) if refusals else pl.lit(value=False)
    frame = frame.with_columns((~is_refused).alias("is_allowed"))
    reasons = frame.filter(~pl.col("is_allowed")).select(
        "row",
        pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in refusals])
        .list.drop_nulls()
        .alias("refused_by"),
    )
    frame = frame.with_columns(*(series.alias(name) for name, series in lefts.items()))
    return (
        frame.drop(list(refusals))
        .join(reasons, on="row", how="left", maintain_order="left")
        .with_columns(
            pl.col("refused_by").fill_null(pl.lit([], dtype=pl.List(pl.String))),
        )
    )


def _opens_at(names: str, on: date, asked: Request, people: People, rules: RuleSet) -> datetime:
    """Find the first instant of a day at a place at which hours allow the contact there."""
    zones = [zone_named(name) for name in names.split(",")]
    if not all(zones) or zones[0] is None:
        return asked.at.astimezone(UTC)
    begins = start_of_day(on=on, zone=zones[0])
    ends = start_of_day(on=on + ONE_DAY, zone=zones[0])
    hours = [
        rule
        for rule in rules.in_force(on=on)
        if rule.kind is Kind.HOURS
        and not rule.only_for
        and rule.binds(channel=asked.channel, purpose=asked.purpose, recipient=asked.recipient)
    ]
    at: datetime | None = begins
    while at is not None and at < ends:
        case = _empty_case(names, replace(asked, at=at), people)
        refused = [found for rule in hours if (found := CHECKS[rule.kind](case, rule))]
        if not refused:
            return at
        times = [found.again_at for found in refused]
        at = None if None in times else max(time for time in times if time is not None)
    return begins
