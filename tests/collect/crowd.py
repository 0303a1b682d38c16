"""Random persons with every kind of fact, as ``Facts`` one by one and as columns together."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from daihou.collect.facts import (
    Agreement,
    AgreementKind,
    Attempt,
    Basis,
    BasisKind,
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


def some_facts(drawn, jurisdiction, number, at):
    """Draw one person's facts, without attempts; her keys follow from her number."""
    debts = tuple(
        Debt(
            key=f"d{number}.{place}",
            due_minor=drawn.choice([0, 5, 5, 5, 5]),
            overdue_minor=drawn.choice([0, 5, 5, 5, 5]),
            days_past_due=1,
            limitation=sometimes(drawn, drawn.choice(list(Limitation)), Limitation.RUNNING),
            product_class=drawn.choice(["microfinance", "", ""]),
            is_transferred=drawn.random() < 0.2,
            transfer_notice_arrived_on=drawn.choice([None, at.date(), date(2026, 1, 1)]),
            placed_with=drawn.choice([(), ("a1",), ("a1", "a2")]),
        )
        for place in range(drawn.choice([1, 1, 2]))
    )
    spans = [(LONG_AGO, None), (LONG_AGO, at), (LONG_AGO, at + timedelta(hours=1)), (at, None)]
    channels = [frozenset(), frozenset({Channel.VOICE}), frozenset({Channel.SMS, Channel.EMAIL})]

    def span():
        from_at, until_at = drawn.choice([*spans, (at + timedelta(minutes=1), None)])
        return {"from_at": from_at, "until_at": until_at}

    bases = [
        Basis(
            kind=drawn.choice(list(BasisKind)),
            recipient=drawn.choice([Recipient.DEBTOR] * 6 + [Recipient.HEIR]),
            channels=drawn.choice(channels),
            **span(),
        )
        for _ in range(drawn.choice([0, 1, 2, 3]))
    ]
    stops = [
        StopOrder(
            order_id=f"s{number}",
            kind=drawn.choice(list(StopKind)),
            channels=drawn.choice(channels),
            debt_keys=drawn.choice([frozenset(), frozenset({debts[0].key}), frozenset({"x"})]),
            address_key=drawn.choice(["", f"n{number // 2}", "x"]),
            recipient_key=drawn.choice(["", f"p{number}", "x"]),
            **span(),
        )
        for _ in range(drawn.choice([0, 0, 1, 2]))
    ]
    agreements = [
        Agreement(
            kind=drawn.choice(list(AgreementKind)),
            evidence="file",
            channels=drawn.choice(channels),
            **span(),
        )
        for _ in range(drawn.choice([0, 0, 1]))
    ]
    windows = [
        Inconvenient(
            from_minute=drawn.randrange(1440),
            until_minute=drawn.randrange(1440),
            weekdays=drawn.choice([frozenset(), frozenset({0, 1, 2})]),
            channels=drawn.choice(channels),
        )
        for _ in range(drawn.choice([0, 0, 0, 1]))
    ]
    names = drawn.choice(ZONES[jurisdiction])
    return Facts(
        jurisdiction=jurisdiction,
        time_zones=tuple(names.split(",")) if names else (),
        time_zone_source="address",
        business_date=BUSINESS_DATE,
        figures_as_of=sometimes(
            drawn, drawn.choice([None, date(2026, 11, 22), date(2026, 11, 23)]), BUSINESS_DATE
        ),
        debts=debts,
        bases=(*bases, *lasting(drawn)),
        attempts=(),
        attempts_from=ATTEMPTS_FROM,
        stop_orders=tuple(stops),
        agreements=tuple(agreements),
        inconvenient=tuple(windows),
        address_is_wrong=rarely(drawn),
        address_may_be_used=not rarely(drawn),
        first_contact_on=drawn.choice([None, at.date(), date(2026, 1, 1), date(2026, 1, 1)]),
        validation_notice_on=drawn.choice([None, at.date(), date(2026, 1, 2), date(2026, 1, 2)]),
        agents_told=drawn.choice([(), ("a1",)]),
    )


def lasting(drawn):
    basis = Basis(kind=BasisKind.CONTRACT, recipient=Recipient.DEBTOR, from_at=LONG_AGO)
    return () if drawn.random() < 0.15 else (basis,)


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


def frame(name, rows):
    return pl.DataFrame(rows, schema=COLUMNS[name], orient="row")


def columns_of(jurisdiction, crowd, tried):
    def every(field):
        return [(f"p{number}", each) for number, known in enumerate(crowd) for each in field(known)]

    def spread(values):
        return [str(value) for value in values] or [""]

    return People(
        jurisdiction=jurisdiction,
        business_date=BUSINESS_DATE,
        attempts_from=ATTEMPTS_FROM,
        persons=frame(
            "persons",
            [
                (
                    f"p{number}",
                    f"n{number // 2}",
                    ",".join(known.time_zones),
                    known.figures_as_of,
                    known.first_contact_on,
                    known.validation_notice_on,
                    known.address_is_wrong,
                    known.address_may_be_used,
                    list(known.agents_told),
                )
                for number, known in enumerate(crowd)
            ],
        ),
        debts=frame(
            "debts",
            [
                (
                    key,
                    debt.key,
                    debt.due_minor,
                    debt.overdue_minor,
                    debt.limitation.value,
                    debt.product_class,
                    debt.is_transferred,
                    debt.transfer_notice_arrived_on,
                    list(debt.placed_with),
                )
                for key, debt in every(lambda known: known.debts)
            ],
        ),
        attempts=frame(
            "attempts",
            [
                (
                    each.at,
                    each.channel.value,
                    each.purpose.value,
                    each.recipient.value,
                    each.recipient_key,
                    each.address_key,
                    list(each.debt_keys),
                    each.outcome.value if each.outcome else None,
                    each.is_inbound,
                )
                for each in tried
            ],
        ),
        stop_orders=frame(
            "stop_orders",
            [
                (
                    key,
                    order.kind.value,
                    order.from_at,
                    order.until_at,
                    channel,
                    debt,
                    order.address_key,
                    order.recipient_key,
                )
                for key, order in every(lambda known: known.stop_orders)
                for channel in spread(order.channels)
                for debt in spread(order.debt_keys)
            ],
        ),
        agreements=frame(
            "agreements",
            [
                (key, each.kind.value, each.from_at, each.until_at, channel)
                for key, each in every(lambda known: known.agreements)
                for channel in spread(each.channels)
            ],
        ),
        bases=frame(
            "bases",
            [
                (key, each.kind.value, each.recipient.value, each.from_at, each.until_at, channel)
                for key, each in every(lambda known: known.bases)
                for channel in spread(each.channels)
            ],
        ),
        inconvenient=frame(
            "inconvenient",
            [
                (key, each.from_minute, each.until_minute, sorted(each.weekdays), channel)
                for key, each in every(lambda known: known.inconvenient)
                for channel in spread(each.channels)
            ],
        ),
    )
