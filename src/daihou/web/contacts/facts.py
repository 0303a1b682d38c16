"""Gather in one statement what the guard has to know, under the person's lock.

The figures of debts are the published positions; ``figures_as_of`` is the oldest of their days. A
position that a night left as it was holds for that night too; a loan that no night had to publish
is folded here.
Attempts are all that were permitted or came in for this person, this number or these debts, in any
book, for any funder, by anybody. What other apps know comes from ``providers``.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Max

from daihou.collect import facts as known
from daihou.collect.packs import JURISDICTIONS, RuleSet, rules_of
from daihou.collect.requests import Actor, Channel, Outcome, Purpose, Recipient, Request
from daihou.core.events import Event
from daihou.core.position import position
from daihou.core.terms import Contract
from daihou.errors import DaihouError
from daihou.web.access.models import SYSTEM_USERNAME, User
from daihou.web.contacts import keys, providers, rule_sets
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.statements import prepared
from daihou.web.contacts.subjects import Locked
from daihou.web.ledger.models import Book, BookVersion
from daihou.web.ledger.queries import load_loans
from daihou.web.limitation import queries as limitation
from daihou.web.loans.models import Loan
from daihou.web.parameters import tightenings
from daihou.web.parameters.queries import CURRENCY_LAW

REMINDED_DAYS = 7  # What falls due within them may be reminded of.
LIMITATION_YEARS_LEAST = 2  # No claim expires sooner after its due date, under any law here.
READINGS_MOST = 4
_PUT_TOGETHER = (
    "attempts",
    "stop_orders",
    "agreements",
    "bases",
    "inconvenient",
    "guarantees",
    "time_zones",
)
_CURRENCY_LAW = json.dumps(CURRENCY_LAW)
_SQL = """
WITH law AS (
    SELECT coalesce(
        (SELECT jurisdiction FROM parameters_lendingprofile AS profile
            WHERE profile.book_id = book.id AND profile.product_id IS NULL
                AND profile.valid_from <= %(on)s::date ORDER BY valid_from DESC, id DESC LIMIT 1),
        %(currency_law)s::jsonb ->> book.currency, '') AS jurisdiction,
        book.business_date,
        EXISTS (SELECT FROM parameters_tightening WHERE book_id = book.id) AS is_tightened
    FROM ledger_book AS book WHERE book.id = %(book_id)s),
since AS (
    SELECT %(at)s::timestamptz - make_interval(days => 1 + coalesce(
        (%(windows)s::jsonb ->> law.jurisdiction)::integer, 1)) AS at FROM law),
tried AS (
    SELECT id, at, channel, purpose, recipient, address_key, debt_keys, recipient_key,
        recipient_subject_id FROM contacts_permit
    WHERE subject_id = ANY (%(family)s::bigint[]) AND at >= (SELECT at FROM since)
    UNION
    SELECT id, at, channel, purpose, recipient, address_key, debt_keys, recipient_key,
        recipient_subject_id FROM contacts_permit
    WHERE recipient_subject_id = ANY (%(family)s::bigint[]) AND at >= (SELECT at FROM since)
    UNION
    SELECT id, at, channel, purpose, recipient, address_key, debt_keys, recipient_key,
        recipient_subject_id FROM contacts_permit
    WHERE address_key = %(address_key)s::text AND at >= (SELECT at FROM since))
SELECT jsonb_build_object(
    'rule_sets', (SELECT jsonb_agg(digest) FROM contacts_ruleset
        WHERE digest = ANY (%(rule_sets)s::text[])),
    'law', (SELECT jurisdiction FROM law),
    'business_date', (SELECT business_date FROM law),
    'is_tightened', (SELECT is_tightened FROM law),
    'since', (SELECT at FROM since),
    'attempts', (SELECT jsonb_agg(jsonb_build_array(tried.at, tried.channel, tried.purpose,
            tried.recipient, tried.address_key, tried.debt_keys,
            CASE WHEN tried.recipient_subject_id = ANY (%(reached)s::bigint[])
                THEN %(recipient_key)s::text ELSE tried.recipient_key END,
            (SELECT outcome FROM contacts_outcome WHERE permit_id = tried.id
             ORDER BY is_first LIMIT 1)) ORDER BY tried.at, tried.id) FROM tried),
    'inbound', (SELECT jsonb_agg(jsonb_build_array(at, channel, purpose, recipient, address_key,
            debt_keys, CASE WHEN subject_id = ANY (%(reached)s::bigint[])
            THEN %(recipient_key)s::text ELSE recipient_key END, outcome) ORDER BY at, id)
        FROM contacts_inbound WHERE subject_id = ANY (%(family)s::bigint[])
            AND at >= (SELECT at FROM since)),
    'stops', (SELECT jsonb_agg(jsonb_build_array(stop.id, stop.kind, stop.started_at, stop.ends_at,
            stop.channels, stop.debt_keys, stop.address_key, CASE
                WHEN stop.recipient_key = '' THEN ''
                WHEN stop.subject_id = ANY (%(reached)s::bigint[]) THEN %(recipient_key)s::text
                ELSE stop.recipient_key END) ORDER BY stop.id)
        FROM contacts_stoporder AS stop
        LEFT JOIN contacts_stoplift AS lift ON lift.order_id = stop.id
        WHERE stop.subject_id = ANY (%(family)s::bigint[])
            AND (lift.at IS NULL OR lift.at > %(at)s::timestamptz)),
    'agreements', (SELECT jsonb_agg(jsonb_build_array(agreed.kind, agreed.started_at,
            LEAST(agreed.ends_at, ended.at), agreed.channels, agreed.evidence) ORDER BY agreed.id)
        FROM contacts_agreement AS agreed
        LEFT JOIN contacts_agreementend AS ended ON ended.agreement_id = agreed.id
        WHERE agreed.subject_id = ANY (%(reached)s::bigint[])),
    'loans', (SELECT jsonb_agg(jsonb_build_array(loan.id, CASE
            WHEN position.business_date IS NOT NULL THEN greatest(position.business_date,
                (SELECT max(version.business_date) FROM ledger_bookversion AS version
                 WHERE version.book_id = loan.book_id)) END,
            position.oldest_unpaid_due_on, position.overdue_minor, position.next_due_on,
            position.next_due_minor, position.status, position.is_stale,
            CASE WHEN (SELECT jurisdiction FROM law) = ANY (%(classed)s::text[]) THEN coalesce(
                (SELECT nullif(product_class, '') FROM loans_productversion
                    WHERE id = loan.product_version_id),
                (SELECT product_class FROM parameters_lendingprofile AS profile
                    WHERE profile.book_id = loan.book_id AND profile.valid_from <= %(on)s::date
                        AND (profile.product_id IS NULL OR profile.product_id = loan.product_id)
                    ORDER BY profile.product_id IS NULL, valid_from DESC, id DESC LIMIT 1)) END)
            ORDER BY loan.id)
        FROM loans_loan AS loan LEFT JOIN ledger_position AS position
            ON position.loan_id = loan.id WHERE loan.id = ANY (%(loan_ids)s::bigint[])),
    'first_at', (SELECT jsonb_object_agg(first.key, first.at) FROM (
        SELECT key, min(permit.at) AS at FROM contacts_permit AS permit
        JOIN contacts_outcome AS result ON result.permit_id = permit.id
        CROSS JOIN LATERAL unnest(permit.debt_keys) AS key
        WHERE permit.subject_id = ANY (%(family)s::bigint[]) AND permit.book_id = %(book_id)s
            AND result.outcome IN ('effective', 'delivered')
            AND permit.debt_keys && %(debt_keys)s::varchar[]
            AND key = ANY (%(debt_keys)s::varchar[])
            AND permit.recipient_subject_id = ANY (%(reached)s::bigint[])
        GROUP BY key) AS first),
    'provided', jsonb_build_object({provided}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a decision is made from."""

    request: Request
    facts: known.Facts
    rules: RuleSet | None
    are_rules_kept: bool


def gather(*, contact: Contact, locked: Locked, acting_user: User, at: datetime) -> Gathered:
    """Read everything the guard asks for. The person's counter rows are locked."""
    windows = dict(windows_on(at.date()))
    for _ in range(READINGS_MOST):
        on = contact.book.business_date or at.astimezone(ZoneInfo(contact.book.time_zone)).date()
        asked = fact_request(contact, locked, acting_user, at=at, on=on)
        row = _read(contact, locked, asked, windows=windows)
        rules = rules_read(contact, row)
        days = rules.longest_window(on=on) if rules else 1
        if _date(row["business_date"]) != contact.book.business_date:
            contact.book.refresh_from_db()  # A night ended meanwhile.
        elif rules is not None and days > windows.get(row["law"], 1):
            windows[row["law"]] = days  # Somebody tightened a window.
        else:
            break
    return gathered_from(
        contact=contact, asked=asked, row=row, rules=rules, acting_user=acting_user
    )


def gathered_from(
    *,
    contact: Contact,
    asked: providers.FactRequest,
    row: Mapping[str, Any],
    rules: RuleSet | None,
    acting_user: User,
) -> Gathered:
    """Turn what ``statement`` read about one contact into what a decision is made from."""
    provided = [
        provider.read(asked, row["provided"].get(provider.name))
        for provider in providers.registered()
    ]
    facts = _facts(
        asked, {**row, "loans": _with_folds(contact, row["loans"] or [])}, book=contact.book
    )
    facts = _with_provided(facts, asked, provided)
    facts = _with_first_contact(facts, row["first_at"], book=contact.book)
    facts = _with_clocks(contact, facts, asked)
    actor = _actor(contact, acting_user, provided)
    return Gathered(
        request=_request(contact, asked, actor),
        facts=facts,
        rules=rules,
        are_rules_kept=rule_sets.digest_of(rules) in (row["rule_sets"] or []),
    )


def turned_to(*, gathered: Gathered, contact: Contact) -> Gathered:
    """Ask about another contact of the same point and loans; the facts are the same."""
    request = replace(
        gathered.request,
        channel=contact.channel,
        purpose=contact.purpose,
        recipient=contact.recipient,
        says=contact.content,
        actor=replace(gathered.request.actor, agency=contact.agency),
        visit=contact.visit,
        is_recorded=contact.is_recorded,
    )
    return replace(gathered, request=request)


@lru_cache(maxsize=8)
def windows_on(on: date) -> tuple[tuple[str, int], ...]:
    """Return for each law how many days of attempts its caps look back."""
    packs = ((name, rules_of(jurisdiction=name)) for name in JURISDICTIONS)
    return tuple((name, pack.longest_window(on=on)) for name, pack in packs if pack is not None)


@lru_cache(maxsize=1)
def _classed() -> tuple[str, ...]:
    """Name the laws with rules for some classes of product alone."""
    packs = ((name, rules_of(jurisdiction=name)) for name in JURISDICTIONS)
    return tuple(
        name
        for name, pack in packs
        if pack and any(row.only_for or row.not_for for row in pack.rules)
    )


def rules_read(contact: Contact, row: Mapping[str, Any]) -> RuleSet | None:
    """Return the rules that bind a contact, by the law that was read with it."""
    if not row["is_tightened"]:
        return rules_of(jurisdiction=row["law"])
    return tightenings.rules_for(book=contact.book, loans=contact.loans, jurisdiction=row["law"])


def fact_request(
    contact: Contact, locked: Locked, acting_user: User, *, at: datetime, on: date
) -> providers.FactRequest:
    """Say about whom and what the providers are asked."""
    point = contact.contact_point
    return providers.FactRequest(
        book_id=contact.book.pk,
        party_ids=locked.party_ids,
        recipient_party_ids=locked.recipient_party_ids,
        loan_ids=tuple(sorted(loan.pk for loan in contact.loans)),
        user_id=acting_user.pk,
        at=at,
        on=on,
        debt_keys={loan.pk: keys.debt_key(loan_id=loan.pk) for loan in contact.loans},
        recipient_key=keys.recipient_key(subject_id=locked.recipient_id),
        address_key=keys.address_key(kind=point.kind, digest=bytes(point.digest)),
    )


def _read(
    contact: Contact,
    locked: Locked,
    asked: providers.FactRequest,
    *,
    windows: Mapping[str, int],
) -> Mapping[str, Any]:
    parameters = parameters_of(contact, locked, asked, windows=windows)
    row: Mapping[str, Any] = json.loads(prepared(statement(), parameters)[0][0])
    return row


def parameters_of(
    contact: Contact,
    locked: Locked,
    asked: providers.FactRequest,
    *,
    windows: Mapping[str, int],
) -> dict[str, Any]:
    """Give what ``statement`` asks for, by name."""
    reached = {locked.recipient_id, *locked.recipient_united_ids}
    return {
        "family": sorted({locked.subject_id, *locked.united_ids} | reached),
        "reached": sorted(reached),
        "recipient_key": asked.recipient_key,
        "address_key": asked.address_key,
        "windows": json.dumps(windows),
        "classed": list(_classed()),
        "currency_law": _CURRENCY_LAW,
        "party_ids": list(asked.party_ids),
        "recipient_party_ids": list(asked.recipient_party_ids),
        "loan_ids": list(asked.loan_ids),
        "debt_keys": sorted(asked.debt_keys.values()),
        "book_id": contact.book.pk,
        "user_id": asked.user_id,
        "at": asked.at,
        "on": asked.on,
        "rule_sets": rule_sets.met(),
        "point_id": contact.contact_point.pk,
    }


@lru_cache(maxsize=1)
def statement() -> str:
    """Write the statement that reads everything about one contact, with every provider's part."""
    parts = [
        f"'{provider.name}', ({provider.sql})"
        for provider in providers.registered()
        if provider.sql
    ]
    return _SQL.replace("{provided}", ", ".join(parts))


def _facts(asked: providers.FactRequest, row: Mapping[str, Any], *, book: Book) -> known.Facts:
    loans = row["loans"] or []
    dates = [date.fromisoformat(loan[1]) for loan in loans if loan[1]]
    is_complete = len(dates) == len(asked.loan_ids) and not any(loan[7] for loan in loans)
    return known.Facts(
        jurisdiction=row["law"],
        time_zones=(),
        time_zone_source="",
        business_date=asked.at.astimezone(ZoneInfo(book.time_zone)).date(),
        figures_as_of=min(dates) if is_complete and dates else None,
        debts=tuple(_debt(asked, loan) for loan in loans),
        bases=(),
        attempts=tuple(_attempt(each) for each in row["attempts"] or [])
        + tuple(_attempt(each, is_inbound=True) for each in row["inbound"] or []),
        attempts_from=(_instant(row["since"]) + timedelta(days=1)).date(),
        stop_orders=tuple(_stop(each) for each in row["stops"] or []),
        agreements=tuple(_agreement(each) for each in row["agreements"] or []),
    )


def _with_folds(contact: Contact, loans: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """Fold the loans that no night had a reason to publish: those that always paid in time."""
    missing = {loan[0] for loan in loans if loan[1] is None}
    if not missing:
        return list(loans)
    on = BookVersion.objects.filter(book=contact.book).aggregate(on=Max("business_date"))["on"]
    if on is None:  # No night has looked at any loan.
        return list(loans)
    known_by_id = load_loans(book=contact.book, loan_ids=sorted(missing))
    return [
        [*_folded(loan[0], *known_by_id[loan[0]], on=on), loan[-1]] if loan[0] in missing else loan
        for loan in loans
    ]


def _folded(
    loan_id: int, contract: Contract, events: Sequence[Event], *, on: date
) -> Sequence[Any]:
    """Give a loan's figures in the shape of ``_SQL``, but for its class."""
    then = position(contract=contract, events=events, as_of=on, with_rows=False)
    oldest, coming = then.oldest_unpaid_due_on, then.next_due_on
    return [
        loan_id,
        on.isoformat(),
        oldest.isoformat() if oldest else None,
        sum(then.overdue_minor.values()),
        coming.isoformat() if coming else None,
        then.next_due_minor,
        then.status.value,
        then.is_stale,
    ]


def _with_clocks(contact: Contact, facts: known.Facts, asked: providers.FactRequest) -> known.Facts:
    """Read the limitation clock of debts so old that it may have run out."""
    unknown = {debt.key for debt in facts.debts if debt.limitation is known.Limitation.UNKNOWN}
    if not unknown:
        return facts
    states = {
        asked.debt_keys[loan.pk]: _limitation(loan, asked.on)
        for loan in contact.loans
        if asked.debt_keys[loan.pk] in unknown
    }
    debts = (
        replace(debt, limitation=states[debt.key]) if debt.key in states else debt
        for debt in facts.debts
    )
    return replace(facts, debts=tuple(debts))


def _limitation(loan: Loan, on: date) -> known.Limitation:
    try:
        clock = limitation.clock_of(loan=loan, as_of=on)
    except DaihouError:  # The law of the book is not known here.
        return known.Limitation.UNKNOWN
    expired = clock.state in limitation.OVER
    return known.Limitation.EXPIRED if expired else known.Limitation.RUNNING


def _debt(asked: providers.FactRequest, loan: Sequence[Any]) -> known.Debt:
    loan_id, business_date, oldest, overdue, next_on, next_minor, _, _, product_class = loan
    oldest_on = date.fromisoformat(oldest) if oldest else None
    due_minor = overdue or 0
    if next_on and date.fromisoformat(next_on) <= asked.on + timedelta(days=REMINDED_DAYS):
        due_minor += next_minor
    past = (asked.on - oldest_on).days if oldest_on else 0
    is_fresh = oldest_on is None or past < LIMITATION_YEARS_LEAST * 365
    return known.Debt(
        key=asked.debt_keys[loan_id],
        due_minor=due_minor if business_date else 0,
        overdue_minor=overdue or 0,
        days_past_due=max(0, past),
        limitation=known.Limitation.RUNNING if is_fresh else known.Limitation.UNKNOWN,
        product_class=product_class or "",
    )


def _attempt(each: Sequence[Any], *, is_inbound: bool = False) -> known.Attempt:
    at, channel, purpose, recipient, address_key, debt_keys, recipient_key, outcome = each
    return known.Attempt(
        at=_instant(at),
        channel=Channel(channel),
        purpose=Purpose(purpose),
        recipient=Recipient(recipient),
        address_key=address_key,
        debt_keys=tuple(debt_keys),
        outcome=Outcome(outcome) if outcome else None,
        is_inbound=is_inbound,
        recipient_key=recipient_key,
    )


def _stop(each: Sequence[Any]) -> known.StopOrder:
    order_id, kind, started, ends, channels, debt_keys, address_key, recipient_key = each
    return known.StopOrder(
        order_id=str(order_id),
        kind=known.StopKind(kind),
        from_at=_instant(started),
        until_at=_instant(ends) if ends else None,
        channels=frozenset(map(Channel, channels)),
        debt_keys=frozenset(debt_keys),
        address_key=address_key,
        recipient_key=recipient_key,
    )


def _agreement(each: Sequence[Any]) -> known.Agreement:
    kind, started, ends, channels, evidence = each
    return known.Agreement(
        kind=known.AgreementKind(kind),
        from_at=_instant(started),
        until_at=_instant(ends) if ends else None,
        channels=frozenset(map(Channel, channels)),
        evidence=evidence,
    )


def _with_provided(
    facts: known.Facts, asked: providers.FactRequest, provided: Sequence[providers.Provided]
) -> known.Facts:
    fields: dict[str, Any] = {
        name: tuple(chain(getattr(facts, name), *(getattr(each, name) for each in provided)))
        for name in _PUT_TOGETHER
    }
    person: dict[str, Any] = {}
    debts: dict[str, dict[str, Any]] = {}
    for each in provided:
        fields |= each.facts
        person |= each.person
        for loan_id, told in each.debts.items():
            debts.setdefault(asked.debt_keys[loan_id], {}).update(told)
    return replace(
        facts,
        **fields,
        person=replace(facts.person, **person) if person else facts.person,
        debts=tuple(replace(debt, **debts.get(debt.key, {})) for debt in facts.debts)
        if debts
        else facts.debts,
    )


def _with_first_contact(
    facts: known.Facts, first: Mapping[str, str] | None, *, book: Book
) -> known.Facts:
    """Date the first contact about each debt by her clock; of several zones by the earliest.

    A debt without validation notice goes first: its clock runs.
    """
    if not first:
        return facts
    zones = [ZoneInfo(zone) for zone in facts.time_zones or (book.time_zone,)]
    days = {
        key: min(_instant(at).astimezone(zone).date() for zone in zones)
        for key, at in first.items()
    }
    noticed = {debt.key: debt.validation_notice_on for debt in facts.debts if debt.key in days}
    sent = [day for day in noticed.values() if day is not None]
    untold = [days[key] for key, day in noticed.items() if day is None]
    return replace(
        facts,
        first_contact_on=min(untold or days.values()),
        has_new_debt=len(days) < len(facts.debts),
        validation_notice_on=None if untold else max(sent),
    )


def _actor(contact: Contact, acting_user: User, provided: Sequence[providers.Provided]) -> Actor:
    fields: dict[str, Any] = {}
    for each in provided:
        fields |= each.actor
    return Actor(
        user_id=str(acting_user.pk),
        is_system=acting_user.username == SYSTEM_USERNAME,
        agency=contact.agency,
        **fields,
    )


def _request(contact: Contact, asked: providers.FactRequest, actor: Actor) -> Request:
    return Request(
        at=asked.at,
        channel=contact.channel,
        purpose=contact.purpose,
        recipient=contact.recipient,
        recipient_key=asked.recipient_key,
        address_key=asked.address_key,
        debt_keys=tuple(asked.debt_keys[loan_id] for loan_id in asked.loan_ids),
        says=contact.content,
        actor=actor,
        visit=contact.visit,
        is_recorded=contact.is_recorded,
    )


def zone_of_day(*, facts: known.Facts, book: Book) -> str:
    """Name the zone by which the database counts days: the guard's first, else the book's."""
    return facts.time_zones[0] if facts.time_zones else book.time_zone


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
