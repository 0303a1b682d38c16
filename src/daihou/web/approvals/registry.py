"""The kinds of things that can be asked for: what to do once approved, how to show it before.

An app registers its kinds in its ``AppConfig.ready``. ``carry_out`` runs in the transaction of the
last decision, under the book's lock; what it raises leaves everything as it was, the request
pending. It raises ``ApprovalRefused("approval.stale")`` where its target moved since it was asked.
``on_ended`` runs in the transaction in which a request is refused, withdrawn or expires.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from daihou.web.access.models import User
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval

OPEN_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the inbox shows: a title, facts, a link to the target; a template for a full preview.

    ``refused`` is why it could not be carried out as things stand.
    """

    title: str
    facts: tuple[tuple[str, str], ...] = ()
    url: str = ""
    template: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    is_stale: bool = False
    refused: Exception | None = None


CarryOut = Callable[[Approval, User], None]
OnEnded = Callable[[Approval, User], None]
Describe = Callable[[Approval], Description]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    kind: str
    label: str | Promise
    carry_out: CarryOut
    describe: Describe
    open_days: int
    on_ended: OnEnded | None


_KINDS: dict[str, Registered] = {}


def register(
    *,
    kind: str,
    carry_out: CarryOut,
    describe: Describe,
    label: str | Promise = "",
    open_days: int = OPEN_DAYS,
    on_ended: OnEnded | None = None,
) -> None:
    """Make a kind known, whose requests expire after so many days. Again replaces it."""
    _KINDS[kind] = Registered(
        kind=kind,
        label=label or kind,
        carry_out=carry_out,
        describe=describe,
        open_days=open_days,
        on_ended=on_ended,
    )


def registered(kind: str) -> Registered:
    """Return a kind.

    :raises ApprovalRefused: ``approval.kind_unknown``.
    """
    found = _KINDS.get(kind)
    if found is None:
        raise ApprovalRefused("approval.kind_unknown", kind=kind)
    return found


def kinds() -> dict[str, Registered]:
    """Return all kinds by name."""
    return dict(sorted(_KINDS.items()))
