"""Ask someone else whether a name, a number and a phone belong together.

A provider is any object of ``IdentityProvider``; ``providers()`` names those that are installed.
The sandbox is installed only where pages are served to this machine alone; it behaves as
the real ones do on a bad day: it times out, disagrees, has no record.
"""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from daihou.web.parties.models import CheckResult


class ProviderUnavailable(Exception):
    """No answer in time, or one that cannot be read; nothing is known then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRequest:
    """What is asked, in plain: it is sent, and never stored with the answer."""

    name: str
    id_number: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAnswer:
    result: str  # Of ``CheckResult``, never UNAVAILABLE: that is the exception.
    reference: str


class IdentityProvider(Protocol):
    name: str

    def check(self, *, request: IdentityRequest) -> IdentityAnswer:
        """Answer, or raise ``ProviderUnavailable``."""


class Sandbox:
    """Decides by the last digit of the phone, so that a test can choose what happens.

    9: no answer at all · 8: no answer the first time, then a match · 7: they do not belong
    together · 6: no record · 5: an answer that cannot be read · else: a match.
    """

    name = "sandbox"

    def __init__(self) -> None:
        self._asked: set[str] = set()

    def check(self, *, request: IdentityRequest) -> IdentityAnswer:
        text = f"{request.name}|{request.id_number}|{request.phone}"
        reference = hashlib.sha256(text.encode()).hexdigest()[:16]
        digit = request.phone[-1:]
        is_first = reference not in self._asked
        self._asked.add(reference)
        if digit in {"9", "5"} or (digit == "8" and is_first):
            raise ProviderUnavailable
        results = {"7": CheckResult.MISMATCH, "6": CheckResult.UNKNOWN}
        return IdentityAnswer(
            result=results.get(digit, CheckResult.MATCH).value, reference=f"sandbox-{reference}"
        )


_PROVIDERS: Final[dict[str, IdentityProvider]] = {}


def install(provider: IdentityProvider) -> None:
    """Make a provider known by its name."""
    _PROVIDERS[provider.name] = provider


def providers() -> dict[str, IdentityProvider]:
    return dict(_PROVIDERS)
