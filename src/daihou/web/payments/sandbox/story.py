"""What a day of a channel looks like: payments, some refused, repeated, late, refunded, strange.

Seeded: the same book, seed and day give the same messages in the same order.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from daihou.web.payments.adapters.protocol import Movement
from daihou.web.payments.models import AdapterKind

FAILURES = ("INSUFFICIENT_FUNDS", "LIMIT_EXCEEDED", "ACCOUNT_CLOSED", "SYSTEM_BUSY")
REPEATED, REFUNDED, STRANGE, CONTRADICTED, PARTLY, FAILED = 0.15, 0.03, 0.03, 0.01, 0.10, 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    """Somebody who may pay: our order (a debit's or the loan's reference) and how much is asked."""

    order_ref: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One message: a movement and the notice it comes in; a repeated notice keeps its name."""

    notice_ref: str
    movement: Movement


def tell_day(
    *, owing: Sequence[Owing], adapter: str, currency: str, at: datetime, seed: int
) -> list[Telling]:
    """Tell what happened, in the order in which the messages arrive."""
    chance = random.Random(f"{seed} {at.isoformat()} {adapter}")  # noqa: S311  A story, no secret.
    told: list[tuple[float, Telling]] = []
    for number, one in enumerate(owing):
        place = float(number)
        for step, telling in enumerate(_about(one, number, adapter, currency, at, seed, chance)):
            late = chance.expovariate(0.05) if step or chance.random() < 0.1 else 0.0
            told.append((place + late, telling))
    return [telling for _, telling in sorted(told, key=lambda pair: pair[0])]


def truth(*, told: Sequence[Telling]) -> list[Movement]:
    """Return what a bill of the day would list: each movement once, as it was told first."""
    seen: dict[str, Movement] = {}
    for telling in told:
        if telling.movement.kind != "failure":
            seen.setdefault(telling.movement.reference, telling.movement)
    return list(seen.values())


def _about(
    one: Owing,
    number: int,
    adapter: str,
    currency: str,
    at: datetime,
    seed: int,
    chance: random.Random,
) -> Iterator[Telling]:
    mark = f"{at:%Y%m%d}{seed:03d}{number:06d}"
    paid_at = at - timedelta(minutes=chance.randrange(1, 600))
    payment = Movement(
        kind="payment",
        reference=f"4200{mark}",
        amount_minor=one.amount_minor,
        currency=currency,
        paid_at=paid_at,
        order_ref=one.order_ref,
        remark=f"还款 {one.order_ref}",
        payer_account=f"62220202{chance.randrange(10**11):011d}",
    )
    if adapter == AdapterKind.BANK_DEBIT and chance.random() < FAILED:
        failure = replace(
            payment,
            kind="failure",
            reference=one.order_ref,
            failure_code=chance.choice(FAILURES),
        )
        yield Telling(notice_ref=f"F{mark}", movement=failure)
        return
    if adapter == AdapterKind.BANK_DEBIT and chance.random() < PARTLY:
        payment = replace(payment, amount_minor=max(1, one.amount_minor // 2))
    if chance.random() < STRANGE:
        payment = replace(payment, order_ref=f"X{mark}")
    first = Telling(notice_ref=f"P{mark}", movement=payment)
    yield first
    if chance.random() < CONTRADICTED:
        other = replace(payment, amount_minor=payment.amount_minor + 1)
        yield Telling(notice_ref=f"C{mark}", movement=other)
    while chance.random() < REPEATED:
        yield first
    if chance.random() < REFUNDED:
        part = payment.amount_minor if chance.random() < 0.5 else payment.amount_minor // 3 or 1
        refund = replace(
            payment,
            kind="refund",
            reference=f"5030{mark}",
            target_reference=payment.reference,
            amount_minor=part,
            paid_at=min(at, paid_at + timedelta(minutes=5)),
        )
        yield Telling(notice_ref=f"R{mark}", movement=refund)
