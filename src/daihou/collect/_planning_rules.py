"""The guard's checks over columns: each says of every person whether its rule refuses her."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from daihou.collect._case import Case
from daihou.collect._times import minute_of
from daihou.collect.facts import AgreementKind, Limitation
from daihou.collect.guard import CHECKS
from daihou.collect.packs import Kind, Per, Rule
from daihou.collect.planning_columns import INSTANT, People
from daihou.collect.requests import COUNTED, DIALS, Channel, Purpose, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A group of persons whose rules are the same, each with the number of her row."""

    asked: Request
    at: datetime
    people: People
    persons: pl.DataFrame
    debts: pl.DataFrame
    cases: Mapping[str, Case]  # Of each combination of zones, with no facts of anybody.
    rows: pl.Series

    def having(self, rows: pl.Series) -> pl.Series:
        """Say of each person whether her row is among some."""
        return self.rows.is_in(rows.unique().implode())

    def nobody(self) -> pl.Series:
        return pl.repeat(value=False, n=len(self.rows), dtype=pl.Boolean, eager=True)

    def everybody_if(self, holds: bool) -> pl.Series:
        return pl.repeat(value=holds, n=len(self.rows), dtype=pl.Boolean, eager=True)

    def with_row(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Give facts the row of their person."""
        return frame.join(self.persons.select("person_key", "row"), on="person_key")


# What is the same for everybody at a place.


def _as_at_place(scope: Scope, rule: Rule) -> pl.Series:
    refused = [name for name, case in scope.cases.items() if CHECKS[rule.kind](case, rule)]
    return scope.persons["time_zones"].is_in(refused)


def _hours(scope: Scope, rule: Rule) -> pl.Series:
    return _as_at_place(scope, rule) & ~_agreed(scope, rule.unless_agreed)


def _agreed(scope: Scope, kind: AgreementKind | None) -> pl.Series:
    if kind is None:
        return scope.nobody()
    agreed = scope.people.agreements.filter(
        pl.col("kind") == kind.value, _reaches(scope), _is_active(scope)
    )
    return scope.having(scope.with_row(agreed)["row"])


def _reaches(scope: Scope) -> pl.Expr:
    return pl.col("channel").is_in(["", scope.asked.channel.value])


def _is_active(scope: Scope) -> pl.Expr:
    at = pl.lit(scope.at).cast(INSTANT)
    return (pl.col("from_at") <= at) & (pl.col("until_at").is_null() | (pl.col("until_at") > at))


# Hours of her own, and counters.


def _preferences(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    clocks = pl.DataFrame(
        [
            {
                "time_zones": name,
                "minute": minute_of(at=scope.at, zone=zone),
                "weekday": scope.at.astimezone(zone).weekday(),
            }
            for name, case in scope.cases.items()
            for zone in case.zones
        ],
        schema={"time_zones": pl.String, "minute": pl.Int64, "weekday": pl.Int64},
    )
    begins, ends, minute = pl.col("from_minute"), pl.col("until_minute"), pl.col("minute")
    within = (
        pl.when(begins < ends)
        .then((minute >= begins) & (minute < ends))
        .otherwise((minute >= begins) | (minute < ends))
    )
    on_day = (pl.col("weekdays").list.len() == 0) | pl.col("weekdays").list.contains(
        pl.col("weekday")
    )
    bad = (
        scope.people.inconvenient.filter(_reaches(scope))
        .join(scope.persons.select("person_key", "row", "time_zones"), on="person_key")
        .join(clocks, on="time_zones")
        .filter(within & on_day)
    )
    return scope.having(bad["row"])


def _live_dial(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    live = scope.people.attempts.filter(
        pl.col("outcome").is_null(),
        pl.col("channel").is_in([channel.value for channel in DIALS]),
        ~pl.col("is_inbound"),
    ).select(person_key="recipient_key")
    return scope.having(scope.with_row(live)["row"])


def cap(scope: Scope, rule: Rule) -> tuple[pl.Series, pl.Series]:
    """Return who has reached a cap, and what it leaves of each person's fullest key."""
    assert rule.days is not None
    assert rule.most is not None
    agreed = _agreed(scope, rule.unless_agreed)
    known_from = scope.people.attempts_from + timedelta(days=rule.days - 1)
    is_short = scope.persons["first_day"] < known_from
    taken = _taken(scope, rule)
    left = (rule.most - taken).clip(0)
    return (is_short | (taken >= rule.most)) & ~agreed, left.set(agreed, None)


def _taken(scope: Scope, rule: Rule) -> pl.Series:
    """Count over each person's own days, at the place and under the key where most were made."""
    counted = _counted(scope, rule)
    places = pl.DataFrame(
        [
            {"time_zones": name, "zone": zone.key, "since": day - timedelta(days=rule.days or 0)}
            for name, case in scope.cases.items()
            for zone, day in zip(case.zones, case.days, strict=True)
        ],
        schema={"time_zones": pl.String, "zone": pl.String, "since": pl.Date},
    )
    found = []
    for (zone,), part in counted.join(places, on="time_zones").group_by("zone"):
        day = pl.col("at").dt.convert_time_zone(str(zone)).dt.date()
        found.append(part.filter(day > pl.col("since")))
    if not found:
        return pl.repeat(0, len(scope.rows), dtype=pl.Int64, eager=True)
    most = (
        pl.concat(found)
        .group_by("row", "key", "zone")
        .len()
        .group_by("row")
        .agg(pl.col("len").max().cast(pl.Int64).alias("taken"))
    )
    return (
        scope.rows.to_frame()
        .join(most, on="row", how="left", maintain_order="left")["taken"]
        .fill_null(0)
    )


def _counted(scope: Scope, rule: Rule) -> pl.DataFrame:
    """Find the attempts that a cap counts, each with the row of who is asked for, and its key."""
    assert rule.counts is not None
    outcomes = [each.value for each in COUNTED[rule.counts] if each is not None]
    earliest = scope.at - timedelta(days=(rule.days or 0) + 2)
    wanted = pl.col("at") >= pl.lit(earliest).cast(INSTANT)
    wanted &= pl.col("outcome").is_null() | pl.col("outcome").is_in(outcomes)
    for name, values in (("channel", rule.channels), ("recipient", rule.recipients)):
        if values:
            wanted &= pl.col(name).is_in(sorted(value.value for value in values))
    fits = pl.lit(value=True)
    if rule.purposes:
        fits = pl.col("purpose").is_in(sorted(value.value for value in rule.purposes))
    wanted &= pl.when(pl.col("is_inbound")).then(pl.lit(rule.with_inbound)).otherwise(fits)
    tried = scope.people.attempts.filter(wanted)
    persons = scope.persons.select("row", "time_zones", "person_key", "address_key")
    if rule.per is Per.PERSON:
        pairs = tried.join(persons, left_on="recipient_key", right_on="person_key")
        return pairs.select("row", "time_zones", "at", key=pl.lit(""))
    if rule.per is Per.ADDRESS:
        pairs = tried.join(persons, on="address_key")
        return pairs.select("row", "time_zones", "at", key=pl.lit(""))
    pairs = (
        tried.with_columns(debt_key=pl.col("debt_keys").list.unique())
        .explode("debt_key")
        .join(scope.debts.select("row", "person_key", "debt_key"), on="debt_key")
        .join(persons.select("row", "time_zones"), on="row")
    )
    if rule.per is Per.PERSON_DEBT:
        pairs = pairs.filter(pl.col("recipient_key") == pl.col("person_key"))
    return pairs.select("row", "time_zones", "at", key="debt_key")


def _asked(scope: Scope, rule: Rule) -> pl.Series:
    """Say who neither wrote, called nor complained lately, by the days of any place of hers."""
    assert rule.days is not None
    inbound = scope.people.attempts.filter("is_inbound")
    told = pl.concat(
        [
            inbound.select("at", person_key="recipient_key"),
            scope.people.complaints.select("at", "person_key"),
        ]
    )
    silent = []
    for name, case in scope.cases.items():
        there = scope.persons.filter(pl.col("time_zones") == name).select("row", "person_key")
        hers = told.join(there, on="person_key")
        for zone, today in zip(case.zones, case.days, strict=True):
            day = pl.col("at").dt.convert_time_zone(zone.key).dt.date()
            recent = hers.filter(day > today - timedelta(days=rule.days))
            silent.append(there.join(recent, on="row", how="anti")["row"])
    return scope.having(pl.concat(silent)) if silent else scope.nobody()


def _complained(scope: Scope, rule: Rule) -> pl.Series:
    if not scope.asked.actor.is_system and scope.asked.channel is not Channel.ROBOT:
        return scope.nobody()
    return _complained_often(scope, rule, pl.lit(value=True))


def _complained_rightly(scope: Scope, rule: Rule) -> pl.Series:
    return _complained_often(scope, rule, pl.col("is_right"))


def _complained_often(scope: Scope, rule: Rule, wanted: pl.Expr) -> pl.Series:
    """Say who complained more often than ``most``, by the days of any place where she may be."""
    assert rule.days is not None
    assert rule.most is not None
    complaints = scope.people.complaints.filter(wanted).join(
        scope.persons.select("person_key", "row", "time_zones"), on="person_key"
    )
    found = []
    for name, case in scope.cases.items():
        hers = complaints.filter(pl.col("time_zones") == name)
        for zone, today in zip(case.zones, case.days, strict=True):
            day = pl.col("at").dt.convert_time_zone(zone.key).dt.date()
            recent = hers.filter(day > today - timedelta(days=rule.days))
            found.append(recent.group_by("row").len().filter(pl.col("len") > rule.most)["row"])
    return scope.having(pl.concat(found)) if found else scope.nobody()


# What rests, on what basis, where.


def _stop(scope: Scope, rule: Rule) -> pl.Series:
    orders = scope.people.stop_orders.filter(
        pl.col("kind").is_in(sorted(kind.value for kind in rule.stops)),
        _reaches(scope),
        _is_active(scope),
        pl.col("recipient_key").is_in([""]) | (pl.col("recipient_key") == pl.col("person_key")),
    )
    orders = orders.join(
        scope.persons.select("person_key", "row", own_address="address_key"), on="person_key"
    ).filter((pl.col("address_key") == "") | (pl.col("address_key") == pl.col("own_address")))
    of_all = orders.filter(pl.col("debt_key") == "")
    of_hers = orders.join(scope.debts, on=["row", "debt_key"], how="semi")
    return scope.having(pl.concat([of_all["row"], of_hers["row"]]))


def _basis(scope: Scope, rule: Rule) -> pl.Series:
    bases = scope.people.bases.filter(
        pl.col("kind").is_in(sorted(kind.value for kind in rule.bases)),
        pl.col("recipient") == scope.asked.recipient.value,
        _reaches(scope),
        _is_active(scope),
    )
    return ~scope.having(scope.with_row(bases)["row"])


def _address(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    return scope.persons["address_is_wrong"] | ~scope.persons["address_may_be_used"]


# What she owes, and what she was told.


def _any_debt(scope: Scope, fails: pl.Expr) -> pl.Series:
    return scope.having(scope.debts.filter(fails)["row"])


def _figures(scope: Scope, rule: Rule) -> pl.Series:
    assert rule.days is not None
    as_of = scope.persons["figures_as_of"]
    oldest = scope.people.business_date - timedelta(days=rule.days)
    return as_of.is_null() | (as_of < oldest).fill_null(value=False)


def _owed(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    collects = scope.asked.purpose is Purpose.COLLECTION
    return _any_debt(scope, pl.col("overdue_minor" if collects else "due_minor") <= 0)


def _transfer_notice(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    arrived_on = pl.col("transfer_notice_arrived_on")
    late = arrived_on.is_null() | (arrived_on > pl.col("first_day"))
    return _any_debt(scope, pl.col("is_transferred") & late)


def _validation_notice(scope: Scope, rule: Rule) -> pl.Series:
    assert rule.days is not None
    first_on, sent_on = pl.col("first_contact_on"), pl.col("validation_notice_on")
    due = (pl.col("last_day") - first_on).dt.total_days() > rule.days
    untold = sent_on.is_null() | (sent_on > pl.col("first_day"))
    return scope.persons.select((due & untold).fill_null(value=False)).to_series()


def _first_contact(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    says = scope.asked.says
    if says.names_institution and says.names_creditor and says.names_purpose:
        return scope.nobody()
    return scope.persons["first_contact_on"].is_null() | scope.persons["has_new_debt"]


def _expired(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    refused = []
    if scope.asked.actor.is_system:
        refused = [Limitation.EXPIRED.value, Limitation.UNKNOWN.value]
    elif not scope.asked.says.tells_expiry:
        refused = [Limitation.EXPIRED.value]
    return _any_debt(scope, pl.col("limitation").is_in(refused))


def _expired_suit(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    if not scope.asked.says.mentions_suit:
        return scope.nobody()
    return _any_debt(scope, pl.col("limitation") != Limitation.RUNNING.value)


def _placement(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    agency = scope.asked.actor.agency
    if agency is None or agency.is_subcontracted:
        return scope.everybody_if(holds=agency is not None)
    held = pl.col("placed_with")
    alone = (held.list.len() == 1) & held.list.contains(agency.agency_id)
    return _any_debt(scope, ~alone)


def _agent_notice(scope: Scope, rule: Rule) -> pl.Series:
    del rule
    agency = scope.asked.actor.agency
    if agency is None:
        return scope.nobody()
    return ~scope.persons["agents_told"].list.contains(agency.agency_id)


MANY: Final[Mapping[Kind, Callable[[Scope, Rule], pl.Series]]] = {
    Kind.HOURS: _hours,
    Kind.PREFERENCES: _preferences,
    Kind.LIVE_DIAL: _live_dial,
    Kind.STOP: _stop,
    Kind.BASIS: _basis,
    Kind.ADDRESS: _address,
    Kind.FIGURES: _figures,
    Kind.OWED: _owed,
    Kind.TRANSFER_NOTICE: _transfer_notice,
    Kind.VALIDATION_NOTICE: _validation_notice,
    Kind.FIRST_CONTACT: _first_contact,
    Kind.EXPIRED: _expired,
    Kind.EXPIRED_SUIT: _expired_suit,
    Kind.PLACEMENT: _placement,
    Kind.AGENT_NOTICE: _agent_notice,
    Kind.FORBIDDEN: _as_at_place,
    Kind.ASKED: _asked,
    Kind.COMPLAINED: _complained,
    Kind.COMPLAINED_RIGHTLY: _complained_rightly,
    Kind.INSTITUTION: _as_at_place,
    Kind.WORDING: _as_at_place,
    Kind.OPT_OUT_TEXT: _as_at_place,
    Kind.RECORDING: _as_at_place,
    Kind.VISIT: _as_at_place,
    Kind.STAFF: _as_at_place,
    Kind.AGENCY: _as_at_place,
    Kind.NO_DEBT_FACTS: _as_at_place,
}
