"""Keep a decision so that anybody can decide it again from what was kept.

Units   As ``requests`` and ``facts``.
Shape   ``Decided`` holds request, facts, the rules' digest and the decision; as JSON text it is
        the same for equal values. The rules are kept once, by their digest.
Errors  ``CodecRefused`` of ``core.codec``; ``RedecisionDiffers`` where the guard says otherwise.
Source  RFC 8259 for JSON; docs/algorithms/guard.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from daihou.collect.facts import Facts
from daihou.collect.guard import Decision, decide
from daihou.collect.packs import RuleSet
from daihou.collect.requests import Request
from daihou.core import codec

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    request: Request
    facts: Facts
    rules_digest: str  # Empty where no rules were known.
    decision: Decision


class RedecisionDiffers(ValueError):
    """What was kept and what the guard decides from it are not the same."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def to_text(value: object) -> str:
    """Write a request, facts, rules or a decision as JSON text, the same for equal values."""
    return codec.canonical_text(value)


def from_text(kind: type[Value], text: str) -> Value:
    """Build a value from its JSON text.

    :raises CodecRefused: as ``core.codec.decode_text``.
    """
    return codec.decode_text(kind, text)


def digest(value: object) -> str:
    """Name a value by the SHA-256 of its text."""
    return codec.digest(value)


def redecide(*, kept: str, rules: Mapping[str, RuleSet]) -> Decision:
    """Decide again what was kept as text of a ``Decided``; ``rules`` by their digests.

    :raises RedecisionDiffers: ``redecision.rules_missing``, ``redecision.differs``.
    :raises CodecRefused: where the text is none of ours.
    """
    decided = from_text(Decided, kept)
    found = rules.get(decided.rules_digest)
    if decided.rules_digest and found is None:
        raise RedecisionDiffers("redecision.rules_missing", decided.rules_digest)
    if found is not None and digest(found) != decided.rules_digest:
        raise RedecisionDiffers("redecision.rules_missing", decided.rules_digest)
    again = decide(request=decided.request, facts=decided.facts, rules=found)
    if to_text(again) != to_text(decided.decision):
        raise RedecisionDiffers("redecision.differs", to_text(again))
    return again
