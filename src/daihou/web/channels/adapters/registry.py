"""Which adapter an account speaks through."""

from collections.abc import Mapping

from daihou.web.channels.adapters.protocol import Adapter
from daihou.web.channels.errors import ChannelRefused

ADAPTERS: Mapping[str, Adapter] = {}


def adapter_of(*, provider: str) -> Adapter:
    """Return the adapter of a provider.

    :raises ChannelRefused: ``account.provider_unknown``; letters go out by ``letters``.
    """
    found = ADAPTERS.get(provider)
    if found is None:
        raise ChannelRefused("account.provider_unknown", provider=provider)
    return found
