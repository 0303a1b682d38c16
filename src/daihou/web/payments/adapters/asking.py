"""Ask a provider once over TLS; what it says is read as JSON."""

from collections.abc import Mapping
from typing import Any

from daihou.web.channels.adapters import transport
from daihou.web.channels.errors import ChannelRefused
from daihou.web.payments.errors import PaymentRefused

TIMEOUT_SECONDS = 8.0


def ask(*, url: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Post a request and return the answer, a refusal of the provider included.

    :raises PaymentRefused: ``order.no_answer``.
    """
    try:
        reply = transport.post(
            url=url, path=path, body=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        return reply.json()
    except (transport.NotSent, transport.AnswerLost, ChannelRefused) as exception:
        raise PaymentRefused("order.no_answer", text=str(exception)[:80]) from exception
