"""Which adapter an account speaks through."""

from collections.abc import Mapping

from daihou.web.channels.adapters.aliyun import Aliyun
from daihou.web.channels.adapters.freeswitch import Freeswitch
from daihou.web.channels.adapters.mail import Smtp
from daihou.web.channels.adapters.protocol import Adapter
from daihou.web.channels.adapters.push import Push
from daihou.web.channels.adapters.robot import Robot
from daihou.web.channels.adapters.tencent import Tencent
from daihou.web.channels.adapters.wechat import Wechat
from daihou.web.channels.adapters.whatsapp import Whatsapp
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Provider

ADAPTERS: Mapping[str, Adapter] = {
    Provider.ALIYUN: Aliyun(),
    Provider.TENCENT: Tencent(),
    Provider.SMTP: Smtp(),
    Provider.JPUSH: Push(),
    Provider.WECHAT: Wechat(),
    Provider.FREESWITCH: Freeswitch(),
    Provider.ROBOT: Robot(),
    Provider.WHATSAPP: Whatsapp(),
}


def adapter_of(*, provider: str) -> Adapter:
    """Return the adapter of a provider; letters have none, they are posted by people.

    :raises ChannelRefused: ``account.takes_no_messages``.
    """
    found = ADAPTERS.get(provider)
    if found is None:
        raise ChannelRefused("account.takes_no_messages", provider=provider)
    return found
