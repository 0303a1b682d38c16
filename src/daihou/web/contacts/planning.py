"""Tell of very many contacts what ``operations.preview`` answers: the guard's batch form.

The facts are those of a single contact, read by the same statement, for many persons in a round
trip. Nothing is reserved: whatever leaves is decided one by one.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from daihou.collect import planning
from daihou.collect.planning_facts import people_of
from daihou.collect.requests import Actor
from daihou.web.access.models import User
from daihou.web.contacts import facts as facts_of, rule_sets, subjects
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.facts import Gathered

BATCH: Final = 500
_TYPES: Final = {  # What differs from person to person.
    "family": "bigint[]",
    "reached": "bigint[]",
    "recipient_key": "text",
    "address_key": "text",
    "party_ids": "bigint[]",
    "recipient_party_ids": "bigint[]",
    "loan_ids": "bigint[]",
    "debt_keys": "text[]",
    "point_id": "bigint",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the guard says of one contact at one instant: the ids of the rules that refuse it."""

    refused_by: tuple[str, ...]

    @property
    def is_allowed(self) -> bool:
        return not self.refused_by


def answers(*, gathered: Sequence[Gathered], instants: Sequence[datetime]) -> list[list[Answer]]:
    """Decide each contact at each instant of the day it was gathered on; the facts stay."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    seen: dict[tuple[object, ...], int] = defaultdict(int)
    for place, each in enumerate(gathered):
        request = each.request
        alike = (
            rule_sets.digest_of(each.rules),
            each.facts.jurisdiction,
            request.channel,
            request.purpose,
            request.recipient,
            request.says,
            request.actor,
        )
        whose = (*alike, request.recipient_key)
        groups[(*alike, seen[whose])].append(place)  # Each person once.
        seen[whose] += 1
    found: list[list[Answer]] = [[] for _ in gathered]
    for places in groups.values():
        _decide([gathered[place] for place in places], places, instants, found)
    return found


def _decide(
    group: Sequence[Gathered],
    places: Sequence[int],
    instants: Sequence[datetime],
    found: list[list[Answer]],
) -> None:
    rules = group[0].rules
    if rules is None:  # No law is known here: whatever is asked is refused.
        for place in places:
            found[place] = [Answer(refused_by=("GUARD-RULES",)) for _ in instants]
        return
    people = people_of([(each.request, each.facts) for each in group])
    for at in instants:
        asked = replace(group[0].request, at=at)
        decided = planning.decide_many(asked=asked, people=people, rules=rules)
        for place, refused_by in zip(places, decided["refused_by"].to_list(), strict=True):
            found[place].append(Answer(refused_by=tuple(refused_by)))


@transaction.atomic
def gather(
    *, contacts: Sequence[Contact], acting_user: User, at: datetime, actor: Actor | None = None
) -> list[Gathered]:
    """Read what ``preview`` reads of each contact of one book; ``actor`` in the user's stead.

    What is known is read once for each point with its loans, whatever the channels.
    """
    once = list({each.about: each for each in contacts}.values())
    read: dict[tuple[int, ...], Gathered] = {}
    for first in range(0, len(once), BATCH):
        some = once[first : first + BATCH]
        found = _gather(some, acting_user=acting_user, at=at)
        read |= zip((each.about for each in some), found, strict=True)
    turned = [facts_of.turned_to(gathered=read[each.about], contact=each) for each in contacts]
    if actor is None:
        return turned
    return [replace(each, request=replace(each.request, actor=actor)) for each in turned]


def _gather(contacts: Sequence[Contact], *, acting_user: User, at: datetime) -> list[Gathered]:
    book = contacts[0].book
    windows = dict(facts_of.windows_on(at.date()))
    on = book.business_date or at.astimezone(ZoneInfo(book.time_zone)).date()
    persons = subjects.see(party_ids={each.contact_point.party_id for each in contacts})
    locked = [persons[each.contact_point.party_id] for each in contacts]
    asked = [
        facts_of.fact_request(contact, whose, acting_user, at=at, on=on)
        for contact, whose in zip(contacts, locked, strict=True)
    ]
    while True:
        rows = _read(
            [
                facts_of.parameters_of(contact, whose, about, windows=windows)
                for contact, whose, about in zip(contacts, locked, asked, strict=True)
            ]
        )
        rules = [
            facts_of.rules_read(contact, row) for contact, row in zip(contacts, rows, strict=True)
        ]
        law = rows[0]["law"]
        days = max((each.longest_window(on=on) for each in rules if each), default=1)
        if days <= windows.get(law, 1):
            break
        windows[law] = days  # Somebody tightened a window.
    return [
        facts_of.gathered_from(
            contact=contact, asked=about, row=row, rules=law_of, acting_user=acting_user
        )
        for contact, about, row, law_of in zip(contacts, asked, rows, rules, strict=True)
    ]


def _read(given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    people = [
        {"place": place, **{name: each[name] for name in _TYPES}}
        for place, each in enumerate(given)
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(), {**given[0], "people": json.dumps(people)})
        return [json.loads(text) for (text,) in cursor.fetchall()]


@lru_cache(maxsize=1)
def _statement() -> str:
    """Write the statement of one contact below a row for each."""
    columns = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())
    names = "|".join(_TYPES)
    one = re.sub(rf"%\(({names})\)s", r"(each.\1)", facts_of.statement())
    return f"""
        SELECT ({one})::text FROM jsonb_to_recordset(%(people)s::jsonb)
            AS each (place integer, {columns}) ORDER BY each.place
    """  # noqa: S608  Constants.
