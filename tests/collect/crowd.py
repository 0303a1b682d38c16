"""Random persons with every kind of fact, as ``Facts`` one by one and as columns together."""

from dataclasses import replace
from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from daihou.collect.facts import (
    Agreement,
    AgreementKind,
    Attempt,
    Basis,
    BasisKind,
    Complaint,
    Debt,
    Facts,
    Inconvenient,
    Limitation,
    StopKind,
    StopOrder,
)
from daihou.collect.planning_columns import COLUMNS, People
from daihou.collect.requests import Agency, Channel, Outcome, Purpose, Recipient
from tests.collect.asking import LONG_AGO, request

ZONES = {
    "CN": ["Asia/Shanghai", "Asia/Shanghai", "Asia/Shanghai,America/New_York", "", "Mars/Olympus"],
    "US": ["America/New_York", "America/Los_Angeles", "America/Phoenix,America/Denver"],
    "IN": ["Asia/Kolkata", "Asia/Kolkata,Europe/London"],
}
BUSINESS_DATE = date(2026, 11, 24)
ATTEMPTS_FROM = date(2024, 12, 1)


def rarely(drawn):
    return drawn.random() < 0.12


def sometimes(drawn, value, other):
    return value if rarely(drawn) else other


def some_request(drawn, jurisdiction, at):
    agency = Agency(
        agency_id="a1",
        is_listed=True,
        contract_through=date(2027, 1, 1),
        evaluated_on=date(2026, 1, 15),
        is_subcontracted=rarely(drawn),
    )
    asked = request(
        jurisdiction,
        at=at,
        channel=drawn.choice(
            [Channel.VOICE] * 4 + [each for each in Channel if each is not Channel.VISIT]
        ),
        purpose=drawn.choice([Purpose.COLLECTION] * 3 + list(Purpose)),
        is_recorded=not rarely(drawn),
    )
    says = replace(
        asked.says,
        names_creditor=not rarely(drawn),
        names_institution=not rarely(drawn),
        mentions_suit=rarely(drawn),
        tells_expiry=rarely(drawn),
        has_opt_out=not rarely(drawn),
    )
    actor = replace(
        asked.actor,
        is_system=asked.channel is not Channel.VOICE and drawn.random() < 0.5,
        agency=sometimes(drawn, agency, None),
        certified_through=sometimes(drawn, at.date(), asked.actor.certified_through),
    )
    return replace(asked, says=says, actor=actor)


def some_debts(drawn, number, at):
    return tuple(
        Debt(
            key=f"d{number}.{place}",
            due_minor=drawn.choice([0, 5, 5, 5, 5]),
            overdue_minor=drawn.choice([0, 5, 5, 5, 5]),
            days_past_due=1,
            limitation=sometimes(drawn, drawn.choice(list(Limitation)), Limitation.RUNNING),
            product_class=drawn.choice(["microfinance", "", "consumer", "consumer"]),
            is_transferred=drawn.random() < 0.2,
            transfer_notice_arrived_on=drawn.choice([None, at.date(), date(2026, 1, 1)]),
            placed_with=drawn.choice([(), ("a1",), ("a1", "a2")]),
        )
        for place in range(drawn.choice([1, 1, 2]))
    )


def span(drawn, at):
    ends = [None, at, at + timedelta(hours=1)]
    begins = [LONG_AGO] * 3 + [at, at + timedelta(minutes=1)]
    from_at = drawn.choice(begins)
    return {"from_at": from_at, "until_at": drawn.choice(ends) if from_at == LONG_AGO else None}


def some_channels(drawn):
    some = [frozenset(), frozenset({Channel.VOICE}), frozenset({Channel.SMS, Channel.EMAIL})]
    return drawn.choice(some)


def some_bases(drawn, at):
    lasting = Basis(kind=BasisKind.CONTRACT, recipient=Recipient.DEBTOR, from_at=LONG_AGO)
    found = [
        Basis(
            kind=drawn.choice(list(BasisKind)),
            recipient=drawn.choice([Recipient.DEBTOR] * 6 + [Recipient.HEIR]),
            channels=some_channels(drawn),
            **span(drawn, at),
        )
        for _ in range(drawn.choice([0, 1, 2]))
    ]
    return (*found, *(() if rarely(drawn) else (lasting,)))


def some_stops(drawn, number, at):
    return tuple(
        StopOrder(
            order_id=f"s{number}",
            kind=drawn.choice(list(StopKind)),
            channels=some_channels(drawn),
            debt_keys=drawn.choice([frozenset(), frozenset({f"d{number}.0"}), frozenset({"x"})]),
            address_key=drawn.choice(["", f"n{number // 2}", "x"]),
            recipient_key=drawn.choice(["", f"p{number}", "x"]),
            **span(drawn, at),
        )
        for _ in range(drawn.choice([0, 0, 1, 2]))
    )


def some_agreements(drawn, at):
    return tuple(
        Agreement(
            kind=drawn.choice(list(AgreementKind)),
            evidence="file",
            channels=some_channels(drawn),
            **span(drawn, at),
        )
        for _ in range(drawn.choice([0, 0, 1]))
    )


def some_windows(drawn):
    return tuple(
        Inconvenient(
            from_minute=drawn.randrange(1440),
            until_minute=drawn.randrange(1440),
            weekdays=drawn.choice([frozenset(), frozenset({0, 1, 2})]),
            channels=some_channels(drawn),
        )
        for _ in range(drawn.choice([0, 0, 0, 1]))
    )


def some_facts(drawn, jurisdiction, number, at):
    """Draw one person's facts, without attempts; her keys follow from her number."""
    names = drawn.choice(ZONES[jurisdiction])
    as_of = drawn.choice([None, date(2026, 11, 22), date(2026, 11, 23)])
    return Facts(
        jurisdiction=jurisdiction,
        time_zones=tuple(names.split(",")) if names else (),
        time_zone_source="address",
        business_date=BUSINESS_DATE,
        figures_as_of=sometimes(drawn, as_of, BUSINESS_DATE),
        debts=some_debts(drawn, number, at),
        bases=some_bases(drawn, at),
        attempts=(),
        attempts_from=ATTEMPTS_FROM,
        stop_orders=some_stops(drawn, number, at),
        agreements=some_agreements(drawn, at),
        inconvenient=some_windows(drawn),
        address_is_wrong=rarely(drawn),
        address_may_be_used=not rarely(drawn),
        first_contact_on=drawn.choice([None, at.date(), date(2026, 1, 1), date(2026, 1, 1)]),
        has_new_debt=rarely(drawn),
        validation_notice_on=drawn.choice([None, at.date(), date(2026, 1, 2), date(2026, 1, 2)]),
        agents_told=drawn.choice([(), ("a1",)]),
        complaints=tuple(
            Complaint(at=at - timedelta(days=drawn.choice([0, 1, 29, 30])), is_right=rarely(drawn))
            for _ in range(drawn.choice([0, 0, 0, 1, 3]))
        ),
    )


def some_attempts(drawn, asked, crowd):
    """Draw attempts with all of them: to their numbers, which two may share, over their debts."""
    tried = []
    for number, known in enumerate(crowd):
        alike = drawn.choice([Outcome.EFFECTIVE, Outcome.UNANSWERED])
        count = drawn.choice([0, 1, 3, 7])
        tried += [some_attempt(drawn, asked, number, known, alike) for _ in range(count)]
    return tried


def some_attempt(drawn, asked, number, known, alike):
    return Attempt(
        at=asked.at - timedelta(minutes=drawn.choice([10, 500, 2000, 9000, 12000])),
        channel=drawn.choice([asked.channel] * 4 + [Channel.SMS]),
        purpose=drawn.choice([Purpose.COLLECTION] * 4 + list(Purpose)),
        recipient=drawn.choice([Recipient.DEBTOR] * 6 + [Recipient.CONTACT_PERSON]),
        recipient_key=drawn.choice([f"p{number}"] * 6 + ["friend"]),
        address_key=f"n{number // 2}",
        debt_keys=tuple(debt.key for debt in known.debts)[: drawn.choice([1, 2])],
        outcome=drawn.choice([alike] * 6 + [None, *Outcome]),
        is_inbound=drawn.random() < 0.1,
    )


def with_attempts(known, number, tried):
    """Give a person's facts the attempts that concern her."""
    hers = {debt.key for debt in known.debts}
    return replace(
        known,
        attempts=tuple(
            each
            for each in tried
            if each.recipient_key == f"p{number}"
            or each.address_key == f"n{number // 2}"
            or hers & set(each.debt_keys)
        ),
    )


def asked_of(asked, known, number):
    return replace(
        asked,
        recipient_key=f"p{number}",
        address_key=f"n{number // 2}",
        debt_keys=tuple(debt.key for debt in known.debts),
    )


def frame(name, owned):
    """Write values as rows, by the names of the columns; sets become a row for each member."""
    rows = []
    for key, value in owned:
        channels = sorted(getattr(value, "channels", ())) or [""]
        debts = sorted(getattr(value, "debt_keys", ())) or [""]
        row = {
            column: plain(getattr(value, column, None))
            for column in COLUMNS[name]
            if hasattr(value, column) and column != "time_zones"
        }
        if "person_key" in COLUMNS[name]:
            row["person_key"] = key
        if "channel" in COLUMNS[name] and "channel" not in row:
            spread = [{**row, "channel": str(channel)} for channel in channels]
            if "debt_key" in COLUMNS[name]:
                spread = [{**one, "debt_key": debt} for one in spread for debt in debts]
            rows += spread
        else:
            rows.append(row)
    return pl.DataFrame(rows, schema=COLUMNS[name])


def plain(value):
    if isinstance(value, StrEnum):
        return value.value
    return sorted(value) if isinstance(value, frozenset | tuple) else value


def columns_of(jurisdiction, crowd, tried):
    def every(name, field):
        owned = [(f"p{n}", each) for n, known in enumerate(crowd) for each in getattr(known, field)]
        return frame(name, owned)

    debts = [(f"p{n}", debt) for n, known in enumerate(crowd) for debt in known.debts]
    persons = frame("persons", [(f"p{n}", known) for n, known in enumerate(crowd)])
    return People(
        jurisdiction=jurisdiction,
        business_date=BUSINESS_DATE,
        attempts_from=ATTEMPTS_FROM,
        persons=persons.with_columns(
            address_key=pl.Series([f"n{n // 2}" for n in range(len(crowd))], dtype=pl.String),
            time_zones=pl.Series([",".join(each.time_zones) for each in crowd], dtype=pl.String),
        ),
        debts=frame("debts", debts).with_columns(
            debt_key=pl.Series([debt.key for _, debt in debts], dtype=pl.String)
        ),
        attempts=frame("attempts", [("", each) for each in tried]),
        stop_orders=every("stop_orders", "stop_orders"),
        agreements=every("agreements", "agreements"),
        bases=every("bases", "bases"),
        inconvenient=every("inconvenient", "inconvenient"),
        complaints=every("complaints", "complaints"),
    )
