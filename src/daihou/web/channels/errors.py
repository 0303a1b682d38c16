"""What channels refuse, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class ChannelRefused(DaihouError):
    """Nothing has been sent, and nothing has been changed."""
