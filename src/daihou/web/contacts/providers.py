"""What other apps know that the guard must know. Each registers once, in ``AppConfig.ready``.

A provider that needs the database gives ``sql``: one scalar expression, best ``jsonb``, which is
read together with everybody's in one statement under the person's lock, and whose value goes to
``read``. It may name ``%(party_ids)s`` (all parties that are this debtor),
``%(recipient_party_ids)s``, ``%(loan_ids)s``, ``%(book_id)s``, ``%(point_id)s``, ``%(user_id)s``,
``%(at)s`` and ``%(on)s`` (the business date).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from daihou.collect.facts import (
    Agreement,
    Attempt,
    Basis,
    Guarantee,
    Inconvenient,
    StopOrder,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRequest:
    """About whom and what is asked. ``on`` is the book's business date."""

    book_id: int
    party_ids: tuple[int, ...]
    recipient_party_ids: tuple[int, ...]
    loan_ids: tuple[int, ...]
    user_id: int
    at: datetime
    on: date
    debt_keys: Mapping[int, str]  # By loan.
    recipient_key: str
    address_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """What one provider adds. Tuples are put together; of two values for a name the last counts.

    ``person``, ``actor`` and ``debts`` (by loan id) name fields of ``collect.facts.Person``,
    ``collect.requests.Actor`` and ``collect.facts.Debt``; ``facts`` other fields of ``Facts``.
    """

    attempts: tuple[Attempt, ...] = ()  # That were made elsewhere, before the cut-over.
    stop_orders: tuple[StopOrder, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    bases: tuple[Basis, ...] = ()
    inconvenient: tuple[Inconvenient, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
    time_zones: tuple[str, ...] = ()
    person: Mapping[str, Any] = field(default_factory=dict)
    actor: Mapping[str, Any] = field(default_factory=dict)
    debts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    name: str
    read: Callable[[FactRequest, Any], Provided]
    sql: str


_PROVIDERS: Final[dict[str, Provider]] = {}


def register(*, name: str, read: Callable[[FactRequest, Any], Provided], sql: str = "") -> None:
    """Let an app tell what it knows; ``read`` gets the value of ``sql``, or None without one."""
    _PROVIDERS[name] = Provider(name=name, read=read, sql=sql)


def registered() -> tuple[Provider, ...]:
    """Return all providers, in order of name."""
    return tuple(_PROVIDERS[name] for name in sorted(_PROVIDERS))
